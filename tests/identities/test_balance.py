"""The equations arranged for solving say the same as those in levels, and stay sharp where hardly anything is traded."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from comity.evidence.verify import stress
from comity.model import balance, market
from comity.records import Benchmark, Closure, Wedges
from comity.solve import problem, root
from comity.solve.equilibrium import solve
from referee import lopsided

N, J = 4, 3
CLOSURES = [Closure(factors, deficits) for factors in ("mobile", "specific", "immobile") for deficits in ("fixed", "with_trade")]
FACTORS = [Closure("mobile", "proportional"), Closure("specific", "fixed")]


@pytest.fixture
def small() -> Benchmark:
    return Benchmark.from_arrays(**lopsided(28, N, J).arrays())


def far(b: Benchmark, factor: float) -> Wedges:
    n, j = b.expenditure.shape
    return Wedges(trade_cost=np.where(np.eye(n)[:, :, None] == 1, 1.0, factor) * np.ones((n, n, j)))


@pytest.mark.parametrize("closure", CLOSURES, ids=lambda c: f"{c.factors} {c.deficits}")
def test_where_the_map_stands_still_nothing_is_left_and_only_there(small: Benchmark, closure: Closure):
    w = problem.world(small, closure)
    eq = solve(small, stress(small), closure=closure)
    shock = problem.shock(w, eq.wedges)
    x = problem.start_state(w, closure, eq)
    u = market.unpack(x, J, closure.factors)
    out = market.evaluate(w.base, shock, u, market.world_exchange(shock), closure.factors, closure.deficits)
    np.testing.assert_allclose(market.pack(out.state), x, atol=1e-9)
    assert np.abs(root.residual(w.base, shock, x, closure.factors, closure.deficits)).max() < 1e-9
    for name in ("lnP", "lnX", "y"):
        moved = market.pack(u._replace(**{name: getattr(u, name).at[1].add(0.01)}))
        assert np.abs(root.residual(w.base, shock, moved, closure.factors, closure.deficits)).max() > 1e-3


@pytest.mark.parametrize("closure", FACTORS, ids=lambda c: c.factors)
def test_terms_at_the_benchmark_are_the_benchmarks(small: Benchmark, closure: Closure):
    w = problem.world(small, closure)
    shock = problem.shock(w, Wedges())
    assert float(jnp.abs(jnp.einsum("jnn->jn", shock.M)).max()) == 0.0
    u = market.unpack(problem.start_state(w, closure, None), J, closure.factors)
    t = balance.terms(w.base, shock, u, market.exchange_abroad(shock), closure.factors, closure.deficits)
    np.testing.assert_allclose(t.output, small.output, rtol=1e-12)
    np.testing.assert_allclose(t.spending, small.expenditure, rtol=1e-12)
    np.testing.assert_allclose(t.income, small.income, rtol=1e-12)
    np.testing.assert_allclose(t.inflow, t.outflow, rtol=1e-12)
    left = balance.gaps(w.base, shock, u, market.exchange_abroad(shock), closure.factors, closure.deficits)
    assert float(jnp.abs(market.pack(left)).max()) < 1e-12


@pytest.mark.parametrize("closure", FACTORS, ids=lambda c: c.factors)
def test_diagonal_blocks_are_those_of_the_full_jacobian(world: Benchmark, closure: Closure):
    """One economy with the others held: exact but for its weight in their prices, in the numéraire and in the world's lending."""
    w = problem.world(world)
    shock = problem.shock(w, Wedges())
    x = problem.start_state(w, closure, None)
    u = market.unpack(x, w.size[1], closure.factors)
    blocks = np.asarray(balance.diagonal_blocks(w.base, shock, u, closure.factors, closure.deficits))
    full = np.asarray(jax.jacfwd(lambda v: root.residual(w.base, shock, v, closure.factors, closure.deficits))(x))
    share = np.where(w.base.expenditure[None] > 0, world.trade_share, 0) * (1 - np.eye(len(world.economies)))[:, :, None]
    weight = share.max(axis=(0, 2)) + world.value_added.sum(axis=1) / world.value_added.sum()
    for n in range(len(world.economies)):
        own = full[n, :, n, :]
        np.testing.assert_allclose(blocks[n][: w.size[1]], own[: w.size[1]], atol=1e-12)
        assert np.abs(blocks[n] - own).max() < 4 * weight[n] * np.abs(own).max()


def test_what_is_bought_abroad_and_at_home_is_all_that_is_bought(world: Benchmark):
    w = problem.world(world)
    shock = problem.shock(w, Wedges())
    whole = np.asarray(market.with_home(shock.M, shock.M_home))
    bought = world.expenditure > 0
    np.testing.assert_allclose(whole.transpose(1, 2, 0).sum(axis=1)[bought], 1.0, rtol=1e-14)
    np.testing.assert_array_equal(whole, w.pi)
    everyone, others = market.world_exchange(shock), market.exchange_abroad(shock)
    power = jnp.asarray(np.random.default_rng(6).uniform(0.5, 2.0, world.expenditure.shape))
    np.testing.assert_allclose(everyone.buy(power)[0], np.einsum("jni,ij->nj", whole, power), rtol=1e-14)
    np.testing.assert_allclose(everyone.sell(power) - others.sell(power), shock.border_home * power, rtol=1e-9)


def test_one_economy_at_a_point_trades_as_in_the_world(world: Benchmark):
    """The local exchange reproduces the world's sums when the economy does not move."""
    w = problem.world(world)
    shock = problem.shock(w, Wedges())
    trade = market.exchange_abroad(shock)
    power = jnp.ones(world.expenditure.shape)
    S, border = trade.buy(power)
    q = w.base.expenditure / (S + shock.M_home)
    u = market.unpack(problem.start_state(w, CLOSURES[0], None), w.size[1], "mobile")
    seen = balance.held(w.base, shock, u, "mobile")
    at = jax.tree.map(lambda part: part[1], seen)
    local = balance.local_exchange(w.base, shock, at)
    np.testing.assert_allclose(local.buy(power[1]), (S[1], border[1]), rtol=1e-14)
    np.testing.assert_allclose(local.sell(q[1]), trade.sell(q)[1], rtol=1e-14)
    exports = world.trade_flow.sum(axis=0) - np.einsum("iij->ij", world.trade_flow)
    np.testing.assert_allclose(trade.sell(q), exports, rtol=1e-12, atol=1e-12 * world.output.max())


@pytest.mark.parametrize("closure", [Closure("mobile", "with_trade"), Closure("immobile", "with_trade")], ids=lambda c: c.factors)
def test_wages_are_determined_however_little_is_traded(small: Benchmark, closure: Closure):
    """At costs × 1000 trade is 1e-12 of income: two starts give the same wages, and accounts balance relative to trade."""
    one = solve(small, far(small, 1000.0), closure=closure)
    rng = np.random.default_rng(3)
    start = {"wage": np.exp(rng.normal(0, 0.3, N)), "price": np.exp(rng.normal(0, 0.3, (N, J)))}
    two = solve(small, far(small, 1000.0), closure=closure, start=start)
    np.testing.assert_allclose(one.values["wage"], two.values["wage"], rtol=1e-7)
    flow = np.asarray(one.values["trade_flow"])
    abroad = flow * (1 - np.eye(N))[:, :, None]
    sold, bought = abroad.sum(axis=(0, 2)), abroad.sum(axis=(1, 2))
    assert (bought < 1e-6 * np.asarray(one.values["income_cf"])).all()
    np.testing.assert_allclose(sold + np.asarray(one.values["deficit"]), bought, rtol=1e-7)


@pytest.mark.parametrize("factors", ["mobile", "specific", "immobile"])
def test_a_sector_that_loses_its_last_buyer_earns_nothing(factors: str):
    """It sells abroad alone and its only buyer shuts its border: no sale, no value added, and the world goes on."""
    flow = np.array(lopsided(28, N, J).flow)
    flow[[0, 2, 3], 0, 0] = 0
    b = Benchmark.from_arrays(**{**lopsided(28, N, J).arrays(), "trade_flow": flow})
    cost = np.ones((N, N, J))
    cost[1, 0, 0] = np.inf
    closure = Closure(factors, "with_trade")
    eq = solve(b, Wedges(trade_cost=cost), closure=closure)
    assert np.asarray(eq.values["output_cf"])[0, 0] == 0 == np.asarray(eq.values["value_added"])[0, 0]
    # What buyers pay under an embargo is infinite, and nothing else is.
    shut = {"buyer_price": cost == np.inf, "buyer_price_by_partner": (cost == np.inf).any(axis=2)}
    for name, value in eq.values.items():
        assert (np.isfinite(value) | (shut.get(name, False) & np.isposinf(value))).all(), name
    shock = problem.shock(problem.world(b, closure), eq.wedges)
    alone = np.asarray(balance.unsold(problem.world(b, closure).base, shock))
    assert alone[0, 0]
    assert alone.sum() == 1
    cost[1, 0, 0] = 1e5
    near = solve(b, Wedges(trade_cost=cost), closure=Closure("mobile", "with_trade")) if factors == "mobile" else eq
    np.testing.assert_allclose(near.values["real_income"], eq.values["real_income"], rtol=1e-6)
