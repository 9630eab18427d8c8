"""Each check of verify() is green on a sound world and turns red under a planted fault."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from types import MappingProxyType

import numpy as np
import pytest

from comity.data.checks import check
from comity.data.load import load
from comity.errors import NoEquilibriumError
from comity.evidence import verify as v
from comity.evidence.audit import audit
from comity.evidence.full import decomposition, full_world, gradient
from comity.evidence.second import small_world, tatonnement
from comity.records import Array, Benchmark, Closure, Equilibrium, Wedges
from comity.solve.derivatives import adjoint, levers, path
from comity.solve.equilibrium import solve
from referee import lopsided


@pytest.fixture(scope="module")
def small() -> Benchmark:
    return Benchmark.from_arrays(**lopsided(12, 5, 4, zeros=8).arrays(), name="small")


SHOCKS = [*((closure, v.stress) for closure in v.CLOSURES), (v.SHORT_RUN, v.stress_all)]


@pytest.fixture(scope="module", params=SHOCKS, ids=lambda c: f"{c[0].factors}-{c[0].deficits}-{c[1].__name__}")
def shocked(request: pytest.FixtureRequest, small: Benchmark) -> Equilibrium:
    closure, shock = request.param
    return solve(small, shock(small), closure=closure)


def tampered(eq: Equilibrium, **values: Array) -> Equilibrium:
    """The same equilibrium with some reported values replaced."""
    return replace(eq, values=MappingProxyType({**eq.values, **values}))


def red(eq: Equilibrium) -> set[str]:
    return {item.name.removeprefix("after a shock: ") for item in v.markets_clear([eq]) if not item.ok}


def one_off(eq: Equilibrium, name: str) -> Equilibrium:
    """One cell of one reported quantity, that of the third economy (at home), one per cent too large."""
    values = np.array(eq.values[name])
    values[{1: (2,), 2: (2, 0), 3: (2, 2, 0)}[values.ndim]] *= 1.01
    return tampered(eq, **{name: values})


def test_a_sound_world_is_green_and_every_check_is_named_once(small: Benchmark):
    checks = v.verify(small)
    assert all(item.ok for item in checks), [item for item in checks if not item.ok]
    names = [item.name for item in checks]
    assert len(names) == len(set(names))
    assert {"replication", "replication, start off by 20 %", "homogeneity", "numéraire", "second solver"} <= set(names)
    assert {f"after a shock: {name}" for name in v.MEANINGS} <= set(names)


def test_importer_and_exporter_swapped(shocked: Equilibrium):
    turned = np.swapaxes(np.asarray(shocked.values["trade_flow"]), 0, 1)
    assert {"goods markets", "spending", "Walras, external accounts", "duties"} <= red(tampered(shocked, trade_flow=turned))


def test_one_cell_one_per_cent_off(shocked: Equilibrium):
    flow = np.array(shocked.values["trade_flow"])
    flow[1, 2, 0] *= 1.01
    item = {c.name: c for c in v.markets_clear([tampered(shocked, trade_flow=flow)])}["after a shock: goods markets"]
    assert not item.ok
    assert item.worst.startswith("E2 S0")


@pytest.mark.parametrize(
    ("name", "caught"),
    [
        ("wage", {"factor markets"}),
        ("price", {"prices", "unit costs", "price of consumption"}),
        ("price_index", {"price of consumption"}),
        ("unit_cost", {"unit costs", "prices", "trade shares"}),
        ("value_added_price", {"unit costs"}),
        ("income_cf", {"income", "spending", "GDP, income and expenditure"}),
        ("tariff_revenue", {"duties", "income", "GDP, production and income"}),
        ("deficit", {"income", "Walras, external accounts", "lending", "deficits sum to zero"}),
        ("value_added", {"goods markets", "factor markets", "world value added", "GDP, production and income"}),
        ("trade_share", {"shares sum to one", "shares are spending", "trade shares"}),
    ],
)
def test_one_reported_number_one_per_cent_off(shocked: Equilibrium, name: str, caught: set[str]):
    assert caught <= red(one_off(shocked, name))


def test_every_market_check_is_turned_red_by_some_fault(shocked: Equilibrium):
    """No check of a market is a decoration: each of them falls to one wrong number."""
    names = ("wage", "price", "price_index", "unit_cost", "income_cf", "tariff_revenue", "deficit", "value_added", "trade_share")
    fallen = set().union(*(red(one_off(shocked, name)) for name in names))
    everything = shocked.wedges.export_tax is not None
    if everything:
        fallen |= red(one_off(shocked, "export_tax_revenue")) | red(one_off(shocked, "dividends_paid"))
    assert fallen == set(v.MEANINGS) - (set() if everything else {"export taxes", "dividends"})


def test_a_number_that_is_not_finite_is_red(shocked: Equilibrium):
    flow = np.array(shocked.values["trade_flow"])
    flow[0, 1, 1] = np.nan
    assert {"goods markets", "spending", "duties"} <= red(tampered(shocked, trade_flow=flow))
    assert audit(tampered(shocked, trade_flow=flow))["goods markets"].value == np.inf


def without_tariffs_in_shares(benchmark: Benchmark) -> Benchmark:
    """The fault of a public engine: shares of flows before tariffs, prices with tariffs."""
    wrong = replace(benchmark)
    wrong.__dict__["trade_share"] = benchmark.trade_flow / benchmark.trade_flow.sum(axis=1, keepdims=True)
    return wrong


def test_tariffs_left_out_of_shares(small: Benchmark):
    wrong = without_tariffs_in_shares(small)
    accounts = {item.name: item for item in check(wrong)}
    assert not accounts["goods market"].ok
    assert not v.replication(wrong).ok
    assert v.replication(small).ok
    assert accounts["goods market"].residual > 1e-3


def test_numeraire_dropped(small: Benchmark):
    kept, dropped = v.numeraire(small), v.numeraire(small, kept=False)
    assert kept.ok
    assert kept.residual < 1e3
    assert not dropped.ok
    assert dropped.residual > 1e9


def test_the_jacobian_of_the_embedded_world_without_numeraire_is_singular():
    small = small_world(load(), 5, 4)
    for closure in v.CLOSURES:
        with_, without = (np.eye(len(J)) - J for J in (v.jacobian(small, closure, kept=k) for k in (True, False)))
        assert np.linalg.norm(with_, -2) > 1e-2
        assert np.linalg.norm(without, -2) < 1e-12


def off_by(factor: float, name: str) -> Callable[..., Equilibrium]:
    """A solver that reports one quantity wrong."""

    def wrong(*args, **kwargs) -> Equilibrium:
        eq = solve(*args, **kwargs)
        return tampered(eq, **{name: np.asarray(eq.values[name]) * factor})

    return wrong


def test_replication_sees_one_part_in_a_billion(small: Benchmark):
    assert not v.replication(small, off_by(1 + 1e-11, "wage")).ok
    assert v.replication(small, off_by(1 + 1e-14, "wage")).ok


def test_replication_from_elsewhere_sees_a_solver_that_stays_where_it_starts(small: Benchmark):
    def lazy(benchmark: Benchmark, shock: object, *, closure: Closure, start: dict[str, Array]) -> Equilibrium:
        return tampered(solve(benchmark, None, closure=closure), wage=start["wage"])

    assert not v.replication_off_start(small, lazy).ok
    assert v.replication_off_start(small, lazy).residual == pytest.approx(0.2)


@pytest.fixture(scope="module")
def full(small: Benchmark) -> Benchmark:
    return full_world(small)


@pytest.fixture(scope="module")
def stormy(full: Benchmark) -> Equilibrium:
    return solve(full, v.stress_all(full), closure=v.SHORT_RUN)


def test_a_full_world_has_everything(full: Benchmark):
    assert all(np.abs(getattr(full, name)).max() > 0.01 for name in ("export_tax", "import_rent", "export_rent"))
    assert np.abs(full.dividends).max() > 0
    assert sum(full.customs_pool.values()) == pytest.approx(1)
    checks = v.everything_on(full)
    assert [item for item in checks if not item.ok] == []
    assert len({item.name for item in checks}) == 5


LEFT_OUT = ("export_tax", "import_rent", "export_rent", "ownership", "customs_pool")


@pytest.mark.parametrize("name", LEFT_OUT)
def test_a_solver_that_leaves_an_arrangement_out(full: Benchmark, name: str):
    """It solves the same flows as if there were no such levy, owner or pool, and calls that the world it was given."""

    def forgetful(benchmark: Benchmark, *args, **kwargs) -> Equilibrium:
        eq = solve(replace(benchmark, **{name: {} if name == "customs_pool" else None}), *args, **kwargs)
        return replace(eq, benchmark=benchmark)

    bad = {item.name for item in v.arrangements(full, forgetful) if not item.ok}
    assert bad == {"replication", "after a shock"}


@pytest.mark.parametrize("instrument", tuple(levers.AXES))
def test_a_gradient_that_is_wrong_in_one_instrument(full: Benchmark, instrument: str):
    def wrong(*args, **kwargs):
        found = adjoint.gradients(*args, **kwargs)
        return replace(found, values={**found.values, instrument: found.values[instrument] * (1 + 1e-5)})

    item = gradient(full, v.SHORT_RUN, wrong)
    assert not item.ok
    assert item.worst.startswith(instrument)


@pytest.mark.parametrize("channel", ["terms_of_trade", "volume_of_exports", "dividends", "ownership", "customs_pool", "deficit"])
def test_a_decomposition_that_forgets_a_channel(stormy: Equilibrium, channel: str):
    def forgetful(*args, **kwargs):
        found = path.decompose(*args, **kwargs)
        return replace(found, channels={**found.channels, channel: 0 * found.channels[channel]})

    assert decomposition(stormy).ok
    assert not decomposition(stormy, forgetful).ok


def test_parts_that_do_not_add_up_are_red_and_no_crash(stormy: Equilibrium):
    wrong = tampered(stormy, real_income=1.001 * np.asarray(stormy.values["real_income"]))
    assert not decomposition(wrong).ok


def test_a_decomposition_that_puts_a_part_down_to_the_wrong_instrument(full: Benchmark):
    eq = solve(full, Wedges(export_tax=np.asarray(full.export_tax) * 2), closure=v.SHORT_RUN)

    def confused(*args, **kwargs):
        found = path.decompose(*args, **kwargs)
        swapped = {
            **found.instruments,
            "export_tax": found.instruments["export_rent"],
            "export_rent": found.instruments["export_tax"],
        }
        return replace(found, instruments=swapped)

    assert decomposition(eq).ok
    assert "did not move" in decomposition(eq, confused).worst


def test_homogeneity_sees_an_answer_that_depends_on_units(small: Benchmark):
    def in_dollars(benchmark: Benchmark, *args, **kwargs) -> Equilibrium:
        eq = solve(benchmark, *args, **kwargs)
        return tampered(eq, wage=np.asarray(eq.values["wage"]) + 1e-9 * benchmark.income)

    assert v.homogeneity(small).ok
    assert not v.homogeneity(small, in_dollars).ok


def test_the_second_solver_disagrees_with_a_wrong_one(small: Benchmark):
    assert v.second_solver(small).ok
    assert not v.second_solver(small, off_by(1 + 1e-7, "price")).ok


def test_the_second_solver_says_when_it_fails(small: Benchmark):
    with pytest.raises(NoEquilibriumError, match="labour market of E"):
        tatonnement(small, v.stress(small).tariff, tolerance=-1.0)


def test_a_small_world_keeps_the_money_and_is_in_balance(small: Benchmark):
    merged = small_world(load(), 6, 5)
    world = load()
    assert all(item.ok for item in check(merged))
    assert merged.income.sum() == pytest.approx(world.income.sum(), rel=1e-12)
    assert merged.deficit[0] == pytest.approx(world.deficit[world.economy_index(merged.economies[0])], rel=1e-9)
    assert len(merged.economies) == 6
    assert small_world(small, 9, 9).economies[:-1] == tuple(
        small.economies[i] for i in np.argsort(-small.value_added.sum(axis=1))[:-1]
    )


@pytest.mark.parametrize("fault", ["swapped", "one cell"])
def test_the_embedded_world_is_held_against_its_control_totals(fault: str):
    """Whatever is done to the flows, derived accounts still add up; the totals kept beside them do not."""
    world = load()
    flow = np.array(world.trade_flow)
    if fault == "swapped":
        flow = np.swapaxes(flow, 0, 1)
    else:
        flow[3, 5, 7] *= 1.01
    bad = {item.name for item in check(replace(world, trade_flow=flow)) if not item.ok}
    assert "control: trade" in bad


def test_the_embedded_world_passes_every_check():
    checks = {item.name: item for item in v.verify()}
    assert [item for item in checks.values() if not item.ok] == []
    assert checks["replication"].residual <= 1e-12
    assert checks["replication, start off by 20 %"].residual <= 1e-8
    assert checks["after a shock: Walras, external accounts"].residual <= 1e-9
    assert checks["homogeneity"].residual <= 1e-10
    assert {"GDP three ways", "control: trade", "second solver", "numéraire"} <= set(checks)
