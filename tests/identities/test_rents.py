"""Barriers as cost or rent: what is calibrated in adds up, and rents come to the same as the taxes that they work like."""

from __future__ import annotations

import numpy as np
import pytest

from comity.data.checks import check
from comity.errors import DataError, InputError
from comity.evidence.audit import audit
from comity.policy.instruments import Barrier, Instrument, Tariff, TradeCost
from comity.policy.scenario import Scenario
from comity.records import Benchmark, Closure
from comity.solve.declared import with_rents
from comity.solve.equilibrium import solve
from policy_world import small

WORLD = small()
CLOSURE = Closure("specific", "with_trade")
LINE = {"importer": "KAZ", "exporter": "BLR", "sector": "C10T12"}
OTHER = {"importer": "all", "exporter": "KAZ", "sector": "A01"}


def barrier(rent_share: float, rent_to: str | None = "importer", line: dict = LINE, low: float = 0.1) -> Barrier:
    owner = {} if rent_share == 0 else {"rent_to": rent_to}
    return Barrier(**line, from_=0.4, to=low, rent_share=rent_share, **owner)


def in_full() -> tuple[Barrier, ...]:
    return barrier(0.5), barrier(0.7, "exporter", OTHER), barrier(1.0, "exporter", {**LINE, "sector": "C29"})


@pytest.mark.parametrize("changes", [in_full(), *((one,) for one in in_full())], ids=len)
def test_the_calibrated_benchmark_passes_every_check(changes: tuple[Instrument, ...]):
    b = with_rents(WORLD, changes)
    assert all(one.ok for one in check(b))
    np.testing.assert_array_equal(b.trade_flow, WORLD.trade_flow)
    np.testing.assert_allclose(b.deficit, WORLD.deficit, atol=1e-9)
    eq = solve(b, closure=CLOSURE)
    assert np.abs(np.asarray(eq.values["real_income"]) - 1).max() < 1e-12


def test_an_exporters_rent_moves_out_of_value_added_and_nothing_else_does():
    b = with_rents(WORLD, [barrier(1.0, "exporter", OTHER)])
    paid = WORLD.trade_flow[:, 1, 0].sum() - WORLD.trade_flow[1, 1, 0]
    rent = paid * 0.4 / 1.4
    moved = np.zeros_like(WORLD.value_added)
    moved[1, 0] = rent
    np.testing.assert_allclose(WORLD.value_added - b.value_added, moved, atol=1e-9)
    assert b.export_tax_revenue[1] == pytest.approx(rent, rel=1e-12)
    told = b.provenance["rents"]["export_rent"]
    assert told["usd_mn"] == pytest.approx(rent, rel=1e-12)
    assert told["cells"] == 4
    np.testing.assert_allclose(b.income, WORLD.income, rtol=1e-12)
    np.testing.assert_allclose(b.final_demand, WORLD.final_demand, rtol=1e-12)


def test_an_importers_rent_enters_like_a_tariff():
    """The same world made from tables whose tariff holds the rent, users of the dearer good paying in proportion."""
    rate = np.zeros_like(WORLD.tariff)
    rate[1, 0, 2] = 0.4
    as_tariff = (1 + WORLD.tariff) * (1 + rate) - 1
    use = WORLD.input_share * ((1 - WORLD.value_added_share) * WORLD.output)[:, None, :]
    dearer = ((1 + as_tariff) * WORLD.trade_flow).sum(axis=1) / WORLD.expenditure
    from comity.data.calibrate import assemble

    twin = assemble(
        economies=WORLD.economies,
        sectors=WORLD.sectors,
        trade_flow=WORLD.trade_flow,
        input_use=use * dearer[:, :, None],
        tariff=as_tariff,
        trade_elasticity=WORLD.trade_elasticity,
        labour_share=WORLD.labour_share,
    )
    b = with_rents(WORLD, [barrier(1.0)])
    earned = b.provenance["rents"]["import_rent"]["usd_mn"]
    assert earned == pytest.approx((b.tariff_revenue - WORLD.tariff_revenue).sum(), rel=1e-9)
    for name in ("value_added", "final_demand", "deficit", "income", "tariff_revenue"):
        np.testing.assert_allclose(getattr(b, name), getattr(twin, name), rtol=1e-12, atol=1e-9)
    ours = solve(WORLD, Scenario((barrier(1.0),)), closure=CLOSURE, tolerance=1e-12)
    lower = twin.tariff.copy()
    lower[1, 0, 2] = (1 + WORLD.tariff[1, 0, 2]) * 1.1 - 1
    theirs = solve(twin, Scenario.from_arrays(tariff=lower), closure=CLOSURE, tolerance=1e-12)
    for name in ("real_income", "price", "tariff_revenue", "trade_flow"):
        np.testing.assert_allclose(ours.values[name], theirs.values[name], rtol=1e-9)


def test_without_a_rent_nothing_is_calibrated_and_the_result_is_that_of_the_cost():
    change = barrier(0.0)
    assert with_rents(WORLD, [change]) is WORLD
    cost = TradeCost(**LINE, change=1.1 / 1.4 - 1)
    one, two = (solve(WORLD, Scenario((c,)), closure=CLOSURE) for c in (change, cost))
    np.testing.assert_allclose(one.values["real_income"], two.values["real_income"], rtol=1e-13)


@pytest.mark.parametrize("rent_to", ["importer", "exporter"])
def test_a_small_rent_share_is_the_limit_of_none(rent_to: str):
    none = solve(WORLD, Scenario((barrier(0.0),)), closure=CLOSURE)
    little = solve(WORLD, Scenario((barrier(1e-7, rent_to),)), closure=CLOSURE)
    np.testing.assert_allclose(little.values["real_income"], none.values["real_income"], rtol=1e-8)
    assert np.abs(np.asarray(little.values["real_income"]) - np.asarray(none.values["real_income"])).max() > 0


@pytest.mark.parametrize("factors", ["mobile", "specific", "immobile"])
@pytest.mark.parametrize("deficits", ["fixed", "balanced", "with_trade"])
def test_every_market_clears_after_rents_move(factors: str, deficits: str):
    scenario = Scenario((*in_full(), Tariff(importer="RUS", exporter="KOR", sector="goods", add="10%")))
    gaps = audit(solve(WORLD, scenario, closure=Closure(factors, deficits)))
    assert max(gap.value for gap in gaps.values()) <= 1e-9, gaps


def test_whose_rent_it_is_decides_who_gains_from_opening():
    """A rent of one's own importers is lost by opening, that of foreigners is not: the nation gains more (Bhagwati 1965)."""
    mine, theirs = (solve(WORLD, Scenario((barrier(1.0, who),)), closure=CLOSURE) for who in ("importer", "exporter"))
    cost = solve(WORLD, Scenario((barrier(0.0),)), closure=CLOSURE)
    importer, exporter = 1, 0
    gains = [[float(eq.real_income[n]) for eq in (mine, theirs, cost)] for n in (importer, exporter)]
    assert gains[0][0] < gains[0][1]
    assert gains[1][0] > gains[1][1]
    assert gains[0][2] == max(gains[0])  # waste ends: more than a transfer can bring


def test_a_rent_that_is_new_needs_no_calibration_and_one_of_the_benchmark_is_found_again():
    new = Barrier(**LINE, from_=0, to=0.2, rent_share=1, rent_to="importer")
    assert with_rents(WORLD, [new]) is WORLD
    rate = np.zeros_like(WORLD.tariff)
    rate[1, 0, 2] = 0.2
    one = solve(WORLD, Scenario((new,)), closure=CLOSURE)
    two = solve(WORLD, Scenario.from_arrays(import_rent=rate), closure=CLOSURE)
    np.testing.assert_allclose(one.values["real_income"], two.values["real_income"], rtol=1e-12)
    b = with_rents(WORLD, [barrier(0.5)])
    assert with_rents(b, [barrier(0.5)]) is b
    assert with_rents(WORLD, [barrier(0.5)]) is b
    assert isinstance(b, Benchmark)


def test_what_does_not_fit_is_refused_by_name():
    with pytest.raises(InputError, match=r"C10T12 sold by BLR to KAZ is stated twice, as 18\.3.* and as 40 per cent"):
        with_rents(WORLD, [barrier(0.5), barrier(1.0)])
    with pytest.raises(InputError, match="more rent is taken away than the benchmark holds"):
        Scenario((barrier(0.5),)).wedges(WORLD)
    thin = np.full((5, 6), 0.6)
    thin[0, 2] = 1e-4
    with pytest.raises(DataError, match=r"rents: BLR, C10T12 has value added of USD 0\.0\d+ mn .* left with -"):
        with_rents(small(value_added_share=thin), [barrier(1.0, "exporter", LINE)])
