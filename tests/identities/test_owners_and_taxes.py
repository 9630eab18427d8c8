"""Export taxes, rents, owners abroad and a customs pool: accounts that add up, and arrangements that must come to the same."""

from __future__ import annotations

from dataclasses import replace

import jax.numpy as jnp
import numpy as np
import pytest

from comity.evidence.audit import audit
from comity.evidence.verify import stress
from comity.model import accounts, balance, income, market
from comity.records import Benchmark, Closure, Wedges
from comity.solve import problem
from comity.solve.equilibrium import solve
from referee import lopsided

RNG = np.random.default_rng(5)
N, J = 4, 3
ABROAD = (1 - np.eye(N))[:, :, None] * np.ones((N, N, J))
HATS = ("wage", "price", "price_index", "real_income", "welfare")


def levy(low: float = 0.0, high: float = 0.2) -> np.ndarray:
    return ABROAD * RNG.uniform(low, high, (N, N, J))


def claims() -> np.ndarray:
    own = ABROAD * RNG.uniform(0, 0.15, (N, N, J))
    return own + np.eye(N)[:, :, None] * (1 - own.sum(0))


def world(**other) -> Benchmark:
    return Benchmark.from_arrays(**{**lopsided(28, N, J).arrays(), **other})


FULL = {
    "export_tax": levy(-0.05),
    "import_rent": levy(),
    "export_rent": levy(),
    "ownership": claims(),
    "customs_pool": {"E0": 0.7, "E2": 0.1, "E3": 0.2},
}
STORM = {name: levy() for name in ("export_tax", "import_rent", "export_rent")} | {"ownership": claims()}
ONE_BY_ONE = [{name: value} for name, value in FULL.items()]


def apart(left, right) -> float:
    return max(float(np.abs(np.asarray(left.values[k]) - np.asarray(right.values[k])).max()) for k in HATS)


@pytest.mark.parametrize("given", [FULL, *ONE_BY_ONE], ids=lambda g: next(iter(g)) if len(g) == 1 else "all")
def test_the_benchmark_adds_up(given: dict):
    b = world(**given)
    assert abs(b.deficit.sum()) < 1e-9 * b.income.sum()
    assert abs(b.dividends.sum()) < 1e-9 * b.income.sum()
    earned = b.value_added.sum(1) + b.dividends + b.tariff_revenue + b.export_tax_revenue + b.deficit
    np.testing.assert_allclose(earned, b.income, rtol=1e-12)


@pytest.mark.parametrize("factors", ["mobile", "specific"])
def test_the_benchmark_is_an_equilibrium(factors: str):
    b = world(**FULL)
    eq = solve(b, closure=Closure(factors, "fixed"))
    assert max(np.abs(np.asarray(eq.values[k]) - 1).max() for k in HATS) < 1e-12
    np.testing.assert_allclose(eq.values["export_tax_revenue"], b.export_tax_revenue, atol=1e-9)
    np.testing.assert_allclose(eq.values["tariff_revenue"], b.tariff_revenue, atol=1e-9)
    net = np.asarray(eq.values["dividends_received"]) - np.asarray(eq.values["dividends_paid"])
    np.testing.assert_allclose(net, b.dividends, atol=1e-9)


@pytest.mark.parametrize(
    ("given", "factors"),
    [(FULL, "mobile"), (FULL, "specific"), ({}, "specific"), *((one, "specific") for one in ONE_BY_ONE)],
    ids=lambda v: v if isinstance(v, str) else next(iter(v), "none") if len(v) < 2 else "all",
)
def test_every_market_clears(given: dict, factors: str):
    b = world(**given)
    shock = replace(stress(b), **STORM)
    gaps = audit(solve(b, shock, closure=Closure(factors, "with_trade", 0.5, 0.6, 0.9)))
    assert max(gap.value for gap in gaps.values()) <= 1e-9, gaps
    if given == FULL:  # the audit would notice: without the levies the same numbers do not add up
        eq = solve(b, shock, closure=Closure(factors, "with_trade"))
        for left_out in STORM:
            other = replace(eq, wedges=replace(shock, **{left_out: getattr(b, left_out)}))
            assert max(gap.value for gap in audit(other).values()) > 1e-4


def test_an_importers_rent_is_a_tariff_and_an_exporters_rent_an_export_tax():
    """Who levies it does not matter to markets, as long as residents get it."""
    b, rate = world(), levy()
    as_tariff = solve(b, Wedges(tariff=(1 + b.tariff) * (1 + rate) - 1))
    assert apart(solve(b, Wedges(import_rent=rate)), as_tariff) < 1e-9
    assert apart(solve(b, Wedges(export_rent=rate)), solve(b, Wedges(export_tax=rate))) < 1e-9
    both = solve(b, Wedges(export_tax=rate, export_rent=rate))
    assert apart(both, solve(b, Wedges(export_tax=(1 + rate) ** 2 - 1))) < 1e-9


def test_export_tax_and_tariff_differ_in_who_is_paid_only():
    """The same wedge on the same border: shares move alike at given costs, revenue goes to the other side."""
    b = world()
    rate = np.zeros((N, N, J))
    rate[0, 1] = 0.2
    tax, duty = solve(b, Wedges(export_tax=rate)), solve(b, Wedges(tariff=(1 + b.tariff) * (1 + rate) - 1))
    paid = np.asarray(tax.values["trade_flow"])[0, 1].sum() / 1.2 * 0.2
    assert float(tax.values["export_tax_revenue"][1]) == pytest.approx(paid, rel=1e-9)
    assert float(tax.real_income[1]) > float(duty.real_income[1])
    assert float(tax.real_income[0]) < float(duty.real_income[0])
    assert np.asarray(duty.values["export_tax_revenue"]).max() == 0


def test_lerner_a_uniform_export_tax_is_a_uniform_tariff():
    """Lerner (1936), no deficits, one economy that taxes all its exports or all its imports at one rate."""
    arrays = lopsided(28, N, J).arrays()
    b = solve(world(tariff=np.zeros_like(arrays["tariff"])), closure=Closure("mobile", "balanced"), tolerance=1e-12).benchmark
    imports, exports = np.zeros((N, N, J)), np.zeros((N, N, J))
    imports[1, :], exports[:, 1] = 0.15, 0.15
    imports, exports = imports * ABROAD, exports * ABROAD
    one, two = (solve(b, w, tolerance=1e-12) for w in (Wedges(tariff=imports), Wedges(export_tax=exports)))
    np.testing.assert_allclose(one.values["real_income"], two.values["real_income"], rtol=1e-9)
    assert abs(float(one.real_income[1]) - 1) > 1e-4


def test_embargo_by_tax_is_the_limit_of_an_embargo():
    b = world()
    rate, cost = np.zeros((N, N, J)), np.ones((N, N, J))
    rate[0, 1], cost[0, 1] = 1e9, np.inf
    closure = Closure("specific", "with_trade")
    assert apart(solve(b, Wedges(export_tax=rate), closure=closure), solve(b, Wedges(trade_cost=cost), closure=closure)) < 1e-7


def test_owning_what_one_owns_already_changes_nothing():
    b = world()
    home = np.eye(N)[:, :, None] * np.ones((N, N, J))
    assert apart(solve(b, Wedges(ownership=home)), solve(b)) < 1e-12
    named = replace(b, ownership=home)
    np.testing.assert_allclose(named.deficit, b.deficit, atol=1e-9)
    assert apart(solve(named, stress(b)), solve(b, stress(b))) < 1e-10


def test_owners_abroad_share_a_windfall():
    """A better machine of which foreigners own the capital is worth more to them and less to residents than an own one."""
    better = np.ones((N, J))
    better[2, 1] = 1.2
    own = np.eye(N)[:, :, None] * np.ones((N, N, J))
    own[2, 2, 1], own[0, 2, 1] = 0.2, 0.8
    closure = Closure("specific", "fixed")
    domestic, foreign = (solve(b, Wedges(productivity=better), closure=closure) for b in (world(), world(ownership=own)))
    assert float(foreign.real_income[2]) < float(domestic.real_income[2])
    assert float(foreign.real_income[0]) > float(domestic.real_income[0])
    received = np.asarray(foreign.values["dividends_received"])
    assert received[0] > 0
    assert np.count_nonzero(received > 1e-9) == 1
    assert received.sum() == pytest.approx(np.asarray(foreign.values["dividends_paid"]).sum(), rel=1e-12)


def test_a_customs_pool_shares_duties_by_its_key():
    members = {"E0": 0.5, "E2": 0.5}
    plain, pooled = world(), world(customs_pool=members)
    np.testing.assert_array_equal(plain.income, pooled.income)
    assert pooled.tariff_revenue.sum() == pytest.approx(plain.tariff_revenue.sum(), rel=1e-12)
    tariff = np.array(plain.tariff)
    tariff[0, 1] += 0.2  # one member raises a duty on an outsider: half of what it brings goes to the other
    alone, shared = (solve(b, Wedges(tariff=tariff)) for b in (plain, pooled))
    assert float(shared.real_income[0]) < float(alone.real_income[0])
    assert float(shared.real_income[2]) > float(alone.real_income[2])
    F = np.asarray(shared.values["trade_flow"])
    external = (tariff * F * pooled.pooled_pairs[:, :, None]).sum(axis=(1, 2))
    internal = (tariff * F).sum(axis=(1, 2)) - external
    expected = internal + pooled.pool_key * external.sum()
    expected[[1, 3]] = (tariff * F).sum(axis=(1, 2))[[1, 3]]
    np.testing.assert_allclose(shared.values["tariff_revenue"], expected, rtol=1e-9)


def test_equations_of_revenue_and_dividends():
    levied = RNG.uniform(0, 5, (N, J))
    np.testing.assert_allclose(income.export_revenue(levied), levied.sum(1), rtol=1e-15)
    owned, capital = claims(), RNG.uniform(1, 9, (N, J))
    got = np.asarray(income.dividends(owned, capital))
    assert got.sum() == pytest.approx(capital.sum(), rel=1e-14)
    np.testing.assert_allclose(income.dividends(np.eye(N)[:, :, None] * np.ones((N, N, J)), capital), capital.sum(1), rtol=1e-15)
    key, duties = np.array([0.2, 0.8, 0, 0]), np.array([5.0, 1.0, 0, 0])
    net = np.asarray(income.pooled_duties(key, duties, duties.sum()))
    np.testing.assert_allclose(net, [1.2 - 5, 4.8 - 1, 0, 0], atol=1e-15)


@pytest.mark.parametrize("closure", [Closure("mobile", "fixed"), Closure("specific", "proportional")], ids=lambda c: c.factors)
def test_accounts_and_blocks_of_a_full_world(closure: Closure):
    """Accounts at the benchmark are the benchmark's; one economy with the others held sees the same world."""
    b = world(**FULL)
    w = problem.world(b, closure)
    shock = problem.shock(w, Wedges())
    u = market.unpack(problem.start_state(w, closure, None), J, closure.factors)
    trade = market.with_pool(w.base, shock, market.world_exchange(shock))
    assert market.with_pool(w.base, shock, trade) is trade
    X, c_power = w.base.expenditure, jnp.ones((N, J))
    S, S_border = trade.buy(c_power)
    sales = accounts.flows(shock, trade, X, X / S, c_power, S_border)
    np.testing.assert_allclose(sales.output, b.output, rtol=1e-12)
    got = accounts.accounts(w.base, shock, trade, sales, w.base.value_added, 1.0, closure.deficits)
    np.testing.assert_allclose(got.income, b.income, rtol=1e-12)
    np.testing.assert_allclose(got.abroad, b.trade_flow.sum((1, 2)) - b.trade_flow.sum((0, 2)), atol=1e-9)
    D = accounts.deficit(w.base, shock, got.own, got.exports + got.imports, trade, closure.deficits)
    np.testing.assert_allclose(D, b.deficit, atol=1e-9)
    outer = np.asarray(market.outer_duties(w.base, shock, c_power)) * np.asarray(X / S)
    np.testing.assert_allclose(outer, (b.tariff * b.trade_flow * b.pooled_pairs[:, :, None]).sum(1), atol=1e-9)
    blocks = balance.diagonal_blocks(w.base, shock, u, closure.factors, closure.deficits)
    assert bool(jnp.isfinite(blocks).all())
    eq = solve(b, replace(stress(b), **STORM), closure=closure)
    assert eq.steps < 40
