"""Each equation of the model by the property that defines it. Named here as module.function: see test_register.py."""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np
import pytest

from comity.evidence.verify import CLOSURES, stress
from comity.model import costs, decompose, income, market, prices, shares, welfare
from comity.records import Benchmark, Closure, Wedges
from comity.solve import problem
from comity.solve.equilibrium import solve

RNG = np.random.default_rng(8)
N, J = 3, 4


def shares_over(axis: int, *shape: int) -> np.ndarray:
    raw = RNG.uniform(0.1, 1, shape)
    return raw / raw.sum(axis=axis, keepdims=True)


g = shares_over(1, N, J, J)
a = shares_over(1, N, J)
pi = shares_over(1, N, N, J)
gamma = RNG.uniform(0.2, 0.9, (N, J))
lam = RNG.uniform(0.2, 0.9, (N, J))
theta = RNG.uniform(1.5, 65, J)
lnP = RNG.normal(0, 0.3, (N, J))
zero = np.zeros((N, J))
value_added = RNG.uniform(10, 50, (N, J))
labour_income = lam * value_added


# -- costs ---------------------------------------------------------------------------------------------


def test_input_price_is_a_weighted_mean_of_log_prices():
    mean = np.asarray(costs.input_price(g, lnP))
    assert (mean <= lnP.max(axis=1, keepdims=True)).all()
    assert (mean >= lnP.min(axis=1, keepdims=True)).all()
    np.testing.assert_allclose(costs.input_price(g, zero + 0.7), 0.7, atol=1e-15)
    one = np.array([0.0, 0.3, 0.0, 0.0])  # only the second input becomes dearer: its share of the price rise
    np.testing.assert_allclose(costs.input_price(g, np.tile(one, (N, 1))), 0.3 * g[:, 1, :], atol=1e-15)


def test_unit_cost_is_homogeneous_and_falls_with_productivity():
    base = np.asarray(costs.unit_cost(lnP, lnP, gamma, zero))
    np.testing.assert_allclose(base, lnP, atol=1e-15)
    np.testing.assert_allclose(costs.unit_cost(zero + 0.2, zero, gamma, zero), 0.2 * gamma, atol=1e-15)
    np.testing.assert_allclose(costs.unit_cost(zero, zero, gamma, zero + np.log(1.1)), -np.log(1.1), atol=1e-15)


def test_average_wage_clears_the_labour_market():
    y, lnL = RNG.normal(0, 0.2, (N, J)), RNG.normal(0, 0.1, N)
    wage = np.exp(np.asarray(costs.average_wage(y, labour_income, lnL)))
    np.testing.assert_allclose(wage * np.exp(lnL) * labour_income.sum(1), (labour_income * np.exp(y)).sum(1), rtol=1e-14)


def test_the_price_of_value_added_times_its_quantity_is_value_added():
    """In each closure price and quantity of factors give back value added."""
    lnL, lnK = RNG.normal(0, 0.1, N), RNG.normal(0, 0.1, (N, J))
    own, y = RNG.normal(0, 0.2, N), RNG.normal(0, 0.2, (N, J))
    np.testing.assert_allclose(np.asarray(costs.price_mobile(own, lnL, J)) + lnL[:, None], np.tile(own[:, None], J), atol=1e-15)
    immobile = np.asarray(costs.price_immobile(y, lam, lnL, lnK))
    np.testing.assert_allclose(immobile + lam * lnL[:, None] + (1 - lam) * lnK, y, atol=1e-15)
    # Specific: rents (y − K̂) and the common wage, weighted by their shares in value added.
    specific = np.asarray(costs.price_specific(y, lam, labour_income, lnL, lnK))
    wage = np.asarray(costs.average_wage(y, labour_income, lnL))[:, None]
    np.testing.assert_allclose(specific, lam * wage + (1 - lam) * (y - lnK), atol=1e-14)


def test_factor_closures_agree_when_all_sectors_move_alike():
    own = RNG.normal(0, 0.2, N)
    y, lnL, lnK = np.tile(own[:, None], J), np.zeros(N), zero
    mobile = np.asarray(costs.price_mobile(own, lnL, J))
    np.testing.assert_allclose(costs.price_specific(y, lam, labour_income, lnL, lnK), mobile, atol=1e-14)
    np.testing.assert_allclose(costs.price_immobile(y, lam, lnL, lnK), mobile, atol=1e-14)


# -- prices and shares ---------------------------------------------------------------------------------


def test_price_index_of_equal_costs_is_the_cost_and_lies_between_unequal_ones():
    lnc = RNG.normal(0, 0.2, (N, J))
    S = (pi * np.exp(-theta * lnc)[None]).sum(1)
    index = np.asarray(prices.price_index(S, theta))
    assert (index <= lnc.max(0) + 1e-14).all()
    assert (index >= lnc.min(0) - 1e-14).all()
    np.testing.assert_allclose(prices.price_index((pi * np.exp(-theta * 0.1)).sum(1), theta), 0.1, atol=1e-13)


def test_consumer_price_is_homogeneous_of_degree_one():
    np.testing.assert_allclose(prices.consumer_price(a, lnP + 0.4), np.asarray(prices.consumer_price(a, lnP)) + 0.4, atol=1e-14)


def test_trade_kernel_blocks_exactly_and_only_needs_the_power():
    lnkappa = RNG.uniform(0, 0.2, (N, N, J))
    blocked = np.zeros((N, N, J))
    blocked[0, 1] = 1
    kernel = np.asarray(shares.trade_kernel(pi, lnkappa, blocked, theta))
    assert (kernel[0, 1] == 0).all()
    np.testing.assert_allclose(kernel[2], pi[2] * np.exp(lnkappa[2]) ** -theta, rtol=1e-12)


def test_trade_shares_sum_to_one_and_obey_gravity():
    lnc = RNG.normal(0, 0.2, (N, J))
    power = np.exp(-theta * lnc)
    S = np.einsum("nij,ij->nj", pi, power)
    share = np.asarray(shares.trade_share(pi, power, S))
    np.testing.assert_allclose(share.sum(1), 1, atol=1e-14)
    # Odds of two suppliers move with their relative cost to the power −theta, wherever they sell.
    odds = (share[:, 0] / share[:, 1]) / (pi[:, 0] / pi[:, 1])
    np.testing.assert_allclose(odds, np.tile(np.exp(-theta * (lnc[0] - lnc[1])), (N, 1)), rtol=1e-12)


def test_final_shares_sum_to_one_after_a_change_of_taste():
    taste = RNG.uniform(0.5, 2, (N, J))
    new = np.asarray(shares.final_share(a, taste))
    np.testing.assert_allclose(new.sum(1), 1, atol=1e-15)
    np.testing.assert_allclose((new / a)[:, 0] / (new / a)[:, 1], taste[:, 0] / taste[:, 1], rtol=1e-14)


# -- income --------------------------------------------------------------------------------------------


def test_tariff_revenue_is_the_wedge_between_paid_and_received(world: Benchmark):
    border = world.trade_flow.sum(axis=1)
    np.testing.assert_allclose(income.tariff_revenue(world.expenditure, border), world.tariff_revenue, rtol=1e-12)


def test_spending_of_the_benchmark_is_its_expenditure(world: Benchmark):
    use = world.input_share * (1 - world.value_added_share)[:, None, :]
    spent = income.spending(world.final_share, world.income, income.input_spending(use, world.output))
    np.testing.assert_allclose(spent, world.expenditure, rtol=1e-12)


def test_deficits_sum_to_zero_whatever_they_are_scaled_by():
    D = RNG.normal(0, 1, N)
    D -= D.mean()
    hat, weight = RNG.uniform(0.2, 2, N), shares_over(0, N)
    scaled = np.asarray(income.scaled_deficit(jnp.asarray(D), jnp.asarray(hat), jnp.asarray(weight), jnp.sum))
    assert scaled.sum() == pytest.approx(0, abs=1e-14)
    np.testing.assert_allclose(
        income.scaled_deficit(jnp.asarray(D), jnp.ones(N) * 1.7, jnp.asarray(weight), jnp.sum), 1.7 * D, atol=1e-14
    )
    np.testing.assert_array_equal(income.fixed_deficit(jnp.asarray(D)), D)


# -- market: all equations together --------------------------------------------------------------------


@pytest.mark.parametrize("closure", CLOSURES, ids=lambda c: c.factors)
def test_the_benchmark_is_a_fixed_point(world: Benchmark, closure: Closure):
    w = problem.world(world)
    shock = problem.shock(w, Wedges())
    x = problem.start_state(w, closure, None)
    u = market.unpack(x, w.size[1], closure.factors)
    got = market.evaluate(w.base, shock, u, market.world_exchange(shock), closure.factors, closure.deficits)
    np.testing.assert_allclose(market.pack(got.state), x, atol=1e-13)
    np.testing.assert_allclose(got.output, world.output, rtol=1e-12, atol=1e-12 * world.output.max())
    np.testing.assert_allclose(market.value_added_price(w.base, shock, u.y, closure.factors), 0, atol=1e-14)
    np.testing.assert_allclose(market.log_wage(w.base, shock, u.y, closure.factors), 0, atol=1e-14)
    for name, cells in market.residuals(w.base, shock, u, closure.factors, closure.deficits).items():
        assert np.abs(cells).max() < 1e-12, name


@pytest.mark.parametrize("closure", CLOSURES, ids=lambda c: c.factors)
def test_residuals_see_a_state_that_is_no_equilibrium(world: Benchmark, closure: Closure):
    w = problem.world(world)
    shock = problem.shock(w, Wedges())
    u = market.unpack(problem.start_state(w, closure, None), w.size[1], closure.factors)
    for name in ("lnP", "lnX", "y"):
        moved = u._replace(**{name: getattr(u, name).at[1].add(0.01)})
        found = market.residuals(w.base, shock, moved, closure.factors, closure.deficits)
        assert max(float(np.abs(cells).max()) for cells in found.values()) > 1e-3


@pytest.mark.parametrize("factors", ["mobile", "specific", "immobile"])
def test_pack_and_unpack_are_inverse(factors: str):
    y = RNG.normal(0, 1, N) if factors == "mobile" else RNG.normal(0, 1, (N, J))
    u = market.State(jnp.asarray(lnP), jnp.asarray(lnP + 1), jnp.asarray(y))
    again = market.unpack(market.pack(u), J, factors)
    assert all(np.array_equal(left, right) for left, right in zip(u, again, strict=True))


# -- welfare -------------------------------------------------------------------------------------------


def test_measures_of_welfare_agree_without_deficits():
    before, after, index = RNG.uniform(50, 100, N), RNG.uniform(50, 100, N), RNG.normal(0, 0.1, N)
    none = np.zeros(N)
    real = np.asarray(welfare.real_income(after, none, before, none, index))
    np.testing.assert_allclose(real, welfare.welfare(after, before, index), rtol=1e-15)
    np.testing.assert_allclose(welfare.equivalent_variation(real, before, none), after * np.exp(-index) - before, rtol=1e-12)
    np.testing.assert_allclose(welfare.real_wage(index + np.log(1.1), index), 1.1, rtol=1e-14)


def test_borrowing_more_is_no_gain_of_real_income():
    income_0, D = np.array([100.0]), np.array([5.0])
    lent = welfare.real_income(income_0 + 7, D + 7, income_0, D, np.zeros(1))
    assert float(lent[0]) == pytest.approx(1, abs=1e-15)
    assert float(welfare.welfare(income_0 + 7, income_0, np.zeros(1))[0]) == pytest.approx(1.07)


# -- decomposition -------------------------------------------------------------------------------------


def decomposed(world: Benchmark, size: float) -> tuple[np.ndarray, np.ndarray]:
    """First-order sum and exact change of welfare for a tariff change of a given size, without deficits."""
    closure = Closure("mobile", "balanced")
    balanced = solve(world, closure=closure).benchmark
    tariff = balanced.tariff + size * (stress(balanced).tariff - balanced.tariff)
    cf = solve(balanced, Wedges(tariff=tariff), closure=Closure("mobile", "fixed")).values
    F, cost = balanced.trade_flow, np.asarray(cf["unit_cost"])
    growth = np.divide(np.asarray(cf["trade_flow"]), F, out=np.ones_like(F), where=F > 0)
    terms = decompose.terms_of_trade(F, cost, balanced.income)
    volume = decompose.volume_of_trade(F, balanced.tariff, growth, cost, balanced.income)
    pairs = (
        decompose.terms_of_trade_by_pair(F, cost, balanced.income),
        decompose.volume_of_trade_by_pair(F, balanced.tariff, growth, cost, balanced.income),
    )
    np.testing.assert_allclose(pairs[0].sum(axis=(1, 2)) + pairs[1].sum(axis=(1, 2)), terms + volume, atol=1e-14)
    # What one gains on a price the other loses: terms of trade are a zero-sum game between partners.
    money = pairs[0] * balanced.income[:, None, None]
    np.testing.assert_allclose(money + np.swapaxes(money, 0, 1), 0, atol=1e-9 * balanced.income.max())
    return terms + volume, np.asarray(cf["welfare"]) - 1


def test_the_first_order_sum_is_the_change_of_welfare_to_first_order(world: Benchmark):
    small, exact = decomposed(world, 1e-2)
    smaller, exacter = decomposed(world, 1e-3)
    error, less = np.abs(small - exact).max(), np.abs(smaller - exacter).max()
    assert np.abs(exacter).max() > 10 * less
    assert less < error / 50
