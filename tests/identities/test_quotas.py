"""Quotas and tariff quotas: limits are kept, rents are those that a search by tariffs finds, regimes meet their limits."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import brentq

from comity.errors import InputError
from comity.evidence.audit import audit
from comity.policy.instruments import Instrument, Quota, Tariff, TariffQuota
from comity.policy.scenario import Scenario
from comity.records import Array, Benchmark, Closure, Equilibrium
from comity.solve import quotas
from comity.solve.equilibrium import solve
from policy_world import small
from referee import Levels, Nests, Shock, changes, lopsided

WORLD = small()
CLOSURE = Closure("specific", "with_trade")
LINE = {"importer": "KAZ", "exporter": "BLR", "sector": "C10T12"}
CELL = (1, 0, 2)
WIDE = {"importer": "KAZ", "exporter": "all", "sector": "goods"}


def run(*instruments: Instrument, closure: Closure = CLOSURE) -> tuple[Equilibrium, list[quotas.Quoted]]:
    return quotas.resolve(WORLD, Scenario(instruments), closure, solve, tolerance=1e-10)


def quantity(eq: Equilibrium, cell: tuple[int, int, int] = CELL) -> float:
    """Flow over price at the border, as a ratio to the base year; without export levies the price is the producer's."""
    price = eq.values["unit_cost"][cell[1:]]
    return float(eq.values["trade_flow"][cell] / eq.benchmark.trade_flow[cell] / price)


def duty(rate: float) -> Equilibrium:
    tariff = WORLD.tariff.copy()
    tariff[CELL] = (1 + tariff[CELL]) * (1 + rate) - 1
    return solve(WORLD, Scenario.from_arrays(tariff=tariff), closure=CLOSURE, tolerance=1e-12)


def test_a_limit_above_todays_quantity_binds_nobody():
    eq, found = run(Quota(**WIDE, limit="200%", rent_to="importer"))
    assert eq.wedges.import_rent is None
    assert {one.regime for one in found} == {"below"}
    assert {one.rent for one in found} == {0.0}
    assert np.abs(np.asarray(eq.values["real_income"]) - 1).max() < 1e-10


def test_the_rent_is_the_tariff_that_a_search_finds():
    eq, (one,) = run(Quota(**LINE, limit="60%", rent_to="importer"))
    rate = brentq(lambda r: quantity(duty(r)) - 0.6, 0, 2, xtol=1e-12)
    assert one.rent == pytest.approx(rate, rel=1e-8)
    assert quantity(eq) == pytest.approx(0.6, rel=1e-9)
    np.testing.assert_allclose(eq.values["real_income"], duty(rate).values["real_income"], rtol=1e-9)
    assert one.rent_usd_mn == pytest.approx(rate * (1 + WORLD.tariff[CELL]) * float(eq.values["trade_flow"][CELL]), rel=1e-9)


@pytest.mark.parametrize("factors", ["mobile", "specific", "immobile"])
@pytest.mark.parametrize("owner", ["importer", "exporter"])
def test_many_quotas_at_once_keep_every_limit_and_every_market_clears(factors: str, owner: str):
    closure = Closure(factors, "balanced", 0.5, 0.7, 0.9)
    lines = (
        Quota(**WIDE, limit="80%", rent_to=owner),
        Quota(importer="BLR", exporter="RUS, KOR", sector="goods", limit="105%", rent_to=owner),
        Tariff(importer="RUS", exporter="KOR", sector="goods", add="30%"),
    )
    eq, found = run(*lines, closure=closure)
    assert eq.residuals["quota"] <= 1e-10
    assert eq.residual <= 1e-10
    assert max(gap.value for gap in audit(eq).values()) <= 1e-9
    for one in found:
        assert one.quantity <= one.limit * (1 + 1e-9)
        assert one.rent >= 0
        assert one.rent == 0 or one.quantity == pytest.approx(one.limit, rel=1e-9)
    assert {"below", "at"} == {one.regime for one in found}


def test_where_the_rent_goes_is_who_gains():
    mine, theirs = (run(Quota(**LINE, limit="60%", rent_to=owner)) for owner in ("importer", "exporter"))
    assert mine[1][0].quantity == pytest.approx(theirs[1][0].quantity, rel=1e-9)
    assert float(mine[0].real_income[1]) > float(theirs[0].real_income[1])
    assert float(mine[0].real_income[0]) < float(theirs[0].real_income[0])
    rent = theirs[1][0]
    assert rent.rent_usd_mn == pytest.approx(float(theirs[0].values["export_tax_revenue"][0]), rel=1e-9)


def regimes(limit: str, owner: str = "importer") -> tuple[Equilibrium, quotas.Quoted]:
    eq, (one,) = run(TariffQuota(**LINE, within="2%", above="15%", limit=limit, rent_to=owner))
    return eq, one


def rate(level: str) -> Array:
    return np.asarray(solve(WORLD, Scenario((Tariff(**LINE, rate=level),)), closure=CLOSURE).values["real_income"])


def test_the_three_regimes_of_a_tariff_quota():
    """Few licences: the higher rate rules. Many: the lower one. Between: the quantity is the limit and the rent fills the gap."""
    few, one = regimes("40%")
    assert one.regime == "above"
    assert one.quantity > 0.4
    assert one.rent == pytest.approx(1.15 / 1.02 - 1, rel=1e-12)
    np.testing.assert_allclose(few.values["real_income"], rate("15%"), rtol=1e-9)
    flow = float(few.values["trade_flow"][CELL])
    assert one.rent_usd_mn == pytest.approx((0.15 - 0.02) * flow * 0.4 / one.quantity, rel=1e-8)
    many, one = regimes("150%")
    assert (one.regime, one.rent) == ("below", 0.0)
    np.testing.assert_allclose(many.values["real_income"], rate("2%"), rtol=1e-9)
    lowest, highest = (quantity(solve(WORLD, Scenario((Tariff(**LINE, rate=r),)), closure=CLOSURE)) for r in ("15%", "2%"))
    _, one = regimes(f"{50 * (lowest + highest)!r}%")
    assert one.regime == "at"
    assert 0 < one.rent < 1.15 / 1.02 - 1
    assert one.quantity == pytest.approx((lowest + highest) / 2, rel=1e-9)


@pytest.mark.parametrize("owner", ["importer", "exporter"])
def test_duties_of_a_tariff_quota_are_paid_at_both_rates(owner: str):
    """Each unit within the limit pays the lower rate on its price at the border, each beyond it the higher one."""
    eq, one = regimes("40%", owner)
    assert one.regime == "above"
    assert max(gap.value for gap in audit(eq).values()) <= 1e-9
    flow = float(eq.values["trade_flow"][CELL])
    inside = 0.4 / one.quantity
    bare = flow / (1 + inside * one.rent) if owner == "exporter" else flow
    charged = bare * (1 + one.rent) if owner == "exporter" else bare
    duties = 0.02 * charged * inside + 0.15 * bare * (1 - inside)
    assert eq.wedges.tariff is not None
    assert eq.wedges.tariff[CELL] * flow == pytest.approx(duties, rel=1e-8)
    assert one.rent_usd_mn == pytest.approx(one.rent * bare * inside * (1.02 if owner == "importer" else 1), rel=1e-8)


def test_amounts_limit_one_flow_and_nonsense_is_refused():
    amount = 0.6 * WORLD.trade_flow[CELL]
    eq, _ = run(Quota(**LINE, usd_mn=amount, rent_to="importer"))
    np.testing.assert_allclose(
        eq.values["real_income"], run(Quota(**LINE, limit="60%", rent_to="importer"))[0].values["real_income"], rtol=1e-9
    )
    with pytest.raises(InputError, match="limits one flow, this line has 16"):
        run(Quota(**WIDE, usd_mn=5, rent_to="importer"))
    with pytest.raises(InputError, match=r"C10T12 sold by BLR to KAZ needs a rent above 10,000 %.*embargo"):
        run(Quota(**LINE, limit="1e-10%", rent_to="importer"))
    with pytest.raises(InputError, match="quota touches no trade"):
        run(Quota(importer="BLR", exporter="KOR", sector="B06", limit="50%", rent_to="importer"))
    with pytest.raises(InputError, match="two instruments set the quota of KAZ on C10T12 from BLR"):
        run(Quota(**LINE, limit="50%", rent_to="importer"), TariffQuota(**LINE, within=0, above="5%", limit="50%"))
    with pytest.raises(InputError, match="its rent is found by solving"):
        Scenario((Quota(**LINE, limit="50%", rent_to="importer"),)).wedges(WORLD)


def test_the_independent_solver_finds_the_same_world_at_that_rent():
    """The model in levels (tests/referee.py), with the rent as a tariff: its quantity is the limit, to the last digits."""
    economy = lopsided(28, 4, 3)
    world = Benchmark.from_arrays(**economy.arrays())
    line = Quota(importer="E1", exporter="E3", sector="S1", limit="70%", rent_to="importer")
    nests = {"inputs": 0.5, "value_added": 0.7, "final": 0.9}
    closure = Closure("specific", "with_trade", **nests)
    eq, (one,) = quotas.resolve(world, Scenario((line,)), closure, solve, tolerance=1e-10)
    assert one.regime == "at"
    tariff = economy.tariff.copy()
    tariff[1, 3, 1] = (1 + tariff[1, 3, 1]) * (1 + one.rent) - 1
    truth = changes(Levels(economy, "specific", "with_trade", seed=5, nests=Nests(**nests)), Shock(tariff=tariff))
    arrived = truth["trade_flow"][1, 3, 1] / economy.flow[1, 3, 1] / truth["unit_cost"][3, 1]
    assert arrived == pytest.approx(0.7, rel=1e-8)
    np.testing.assert_allclose(eq.values["real_income"], truth["real_income"], rtol=1e-8)


@pytest.mark.parametrize("seed", range(8))
def test_any_mixture_of_limits_is_solved(seed: int):
    """Quotas and tariff quotas of random sizes on random flows, with another shock: every limit and every market holds."""
    rng = np.random.default_rng(seed)
    lines: list[Instrument] = [Tariff(importer="KOR", exporter="all", sector="goods", add=float(rng.uniform(0, 0.5)))]
    for importer in ("BLR", "KAZ", "RUS", "ROW"):
        for sector in ("A01", "C10T12", "C29"):
            kind, limit = rng.integers(4), float(np.exp(rng.uniform(-2, 0.7)))
            who = {"importer": importer, "exporter": f"all except {importer}", "sector": sector, "limit": f"{100 * limit!r}%"}
            owner = ("importer", "exporter")[rng.integers(2)]
            if kind == 0:
                lines.append(Quota(**who, rent_to=owner))
            elif kind == 1:
                low = float(rng.uniform(0, 0.2))
                lines.append(TariffQuota(**who, within=low, above=low + float(rng.uniform(0.05, 0.6)), rent_to=owner))
    closure = Closure(("mobile", "specific", "immobile")[seed % 3], ("fixed", "with_trade")[seed % 2], 0.5, 0.5, 0.9)
    eq, found = run(*lines, closure=closure)
    assert eq.residual <= 1e-10
    assert max(gap.value for gap in audit(eq).values()) <= 1e-9
    for one in found:
        at_limit = one.quantity == pytest.approx(one.limit, rel=1e-9)
        assert {"below": one.rent == 0 and (one.quantity < one.limit or at_limit), "at": at_limit}.get(one.regime, True)
        assert one.regime != "above" or one.quantity >= one.limit * (1 - 1e-9)
