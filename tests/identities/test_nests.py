"""Nests with a constant elasticity of substitution, by the properties that define them; and Cobb–Douglas as their exact limit."""

from __future__ import annotations

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from comity.evidence.audit import audit
from comity.evidence.verify import stress
from comity.model import costs, income, market, nests, prices, shares
from comity.records import Benchmark, Closure
from comity.solve import problem
from comity.solve.equilibrium import solve
from referee import lopsided

RNG = np.random.default_rng(11)
N, J = 3, 4
FAR = (0.05, 0.5, 1.0, 1 + 1e-9, 1.3, 5.0)


def shares_over(axis: int, *shape: int) -> np.ndarray:
    raw = RNG.uniform(0.1, 1, shape)
    return raw / raw.sum(axis=axis, keepdims=True)


g, a = shares_over(1, N, J, J), shares_over(1, N, J)
gamma = RNG.uniform(0.2, 0.9, (N, J))
lnP, lnv, lnA = (RNG.normal(0, 0.4, (N, J)) for _ in range(3))
SECTORS = np.array([0.05, 1.0, 1 + 1e-9, 5.0])


def power_mean(weight: np.ndarray, x: np.ndarray, e: float) -> np.ndarray:
    """Paper and pencil, over the last axis."""
    if e == 1:
        return (weight * x).sum(-1)
    return np.log((weight * np.exp((1 - e) * x)).sum(-1)) / (1 - e)


@pytest.mark.parametrize("e", FAR)
def test_a_mean_of_order_is_homogeneous_and_lies_between_its_parts(e: float):
    def mean(x: np.ndarray) -> np.ndarray:
        return np.asarray(costs.mean_of_order(a, x, (a * x).sum(-1, keepdims=True), jnp.full((N, 1), e)))

    np.testing.assert_allclose(mean(lnP), power_mean(a, lnP, e), atol=1e-6 if 0 < abs(e - 1) < 1e-6 else 1e-14)
    np.testing.assert_allclose(mean(lnP + 0.7), mean(lnP) + 0.7, atol=1e-14)
    np.testing.assert_allclose(mean(np.full((N, J), 3.0)), 3.0, atol=1e-14)
    assert (mean(30 * lnP) <= 30 * lnP.max(1)).all()
    assert (mean(30 * lnP) >= 30 * lnP.min(1)).all()
    # Less substitution, dearer: the mean falls with the elasticity.
    assert (mean(lnP) <= power_mean(a, lnP, 0.01) + 1e-12).all()


@pytest.mark.parametrize("e", FAR)
def test_one_elasticity_for_all_sectors_is_the_same_one_for_each(e: float):
    one = costs.input_price(g, lnP, jnp.full((N, 1), e))
    each = costs.input_price(g, lnP, jnp.full((N, J), e))
    np.testing.assert_allclose(one, each, atol=1e-13)
    spent = RNG.uniform(1, 9, (N, J))
    both = [income.ces_input_spending(g, lnP, one, spent, jnp.full((N, size), e)) for size in (1, J)]
    np.testing.assert_allclose(both[0], both[1], rtol=1e-12)
    np.testing.assert_allclose(np.asarray(both[0]).sum(1), spent.sum(1), rtol=1e-12)


def test_at_one_everything_is_cobb_douglas_to_the_last_digit():
    ones = jnp.ones((N, J))
    np.testing.assert_array_equal(costs.input_price(g, lnP, ones[:, :1]), costs.input_price(g, lnP))
    np.testing.assert_allclose(costs.input_price(g, lnP, ones), costs.input_price(g, lnP), atol=1e-15)
    np.testing.assert_array_equal(costs.unit_cost(lnv, lnP, gamma, lnA, ones), costs.unit_cost(lnv, lnP, gamma, lnA))
    np.testing.assert_array_equal(prices.consumer_price(a, lnP, ones[:, 0]), prices.consumer_price(a, lnP))
    np.testing.assert_array_equal(shares.nest_share(gamma, lnv, lnP, ones), gamma)
    spent = RNG.uniform(1, 9, (N, J))
    np.testing.assert_allclose(income.ces_input_spending(g, lnP, lnv, spent, ones), income.input_spending(g, spent), rtol=1e-15)
    np.testing.assert_array_equal(income.ces_input_spending(g, lnP, lnv, spent, None), income.input_spending(g, spent))


def test_derivatives_pass_through_the_limit():
    """Of the price of inputs in prices: the new shares, at 1 as beside it (no NaN from the branch not taken)."""
    for e in (1.0, 1 + 1e-7, 0.95, 0.3):
        for size in (1, J):
            epsilon = jnp.full((N, size), e)
            slope = np.asarray(jax.jacfwd(lambda x, e=epsilon: costs.input_price(g, x, e))(jnp.asarray(lnP)))
            moved = g * np.exp((1 - e) * (lnP[:, :, None] - np.asarray(costs.input_price(g, lnP, epsilon))[:, None, :]))
            for n in range(N):
                np.testing.assert_allclose(slope[n, :, n, :], moved[n].T, atol=1e-12)


def technology_of(world: Benchmark, closure: Closure):
    w = problem.world(world, closure)
    shock = problem.shock(w, stress(world))
    shape = world.expenditure.shape
    v, P = RNG.normal(0, 0.3, shape), jnp.asarray(RNG.normal(0, 0.3, shape))
    return w.base, shock, v, P, nests.technology(w.base, shock, v, P)


@pytest.mark.parametrize("inputs", [0.2, (0.05, 1.0, 5.0)])
def test_shares_of_a_nest_sum_to_one_at_any_prices(inputs):
    world = Benchmark.from_arrays(**lopsided(28, 4, 3).arrays())
    base, shock, v, P, made = technology_of(world, Closure("specific", "fixed", inputs, 0.4, 0.7))
    np.testing.assert_allclose(np.asarray(made.gamma) + np.asarray(made.bought), 1, atol=1e-14)
    np.testing.assert_allclose(np.asarray(nests.input_shares(base, made, P)).sum(1), 1, atol=1e-13)
    index, final = nests.final_demand(base, shock, P)
    np.testing.assert_allclose(np.asarray(final).sum(1), 1, atol=1e-14)
    np.testing.assert_allclose(index, power_mean(np.asarray(shock.a), np.asarray(P), 0.7), atol=1e-14)
    Y = RNG.uniform(1, 5, world.output.shape)
    used = np.einsum("nkj,nj->nk", nests.input_shares(base, made, P), np.asarray(made.bought) * Y)
    np.testing.assert_allclose(nests.input_demand(base, made, P, Y), used, rtol=1e-13)
    # Shephard's lemma: a dearer factor raises unit cost by its share.
    h = 1e-6
    up, down = (np.asarray(nests.technology(base, shock, v + d, P).lnc) for d in (h, -h))
    np.testing.assert_allclose((up - down) / (2 * h), made.gamma, atol=1e-9)


@pytest.mark.parametrize("factors", ["mobile", "specific"])
def test_just_beside_one_brackets_the_limit(factors: str):
    """Elasticities of 1 ± 1e-6 lie on both sides of Cobb–Douglas, a millionth away."""
    world = Benchmark.from_arrays(**lopsided(28, 4, 3).arrays())
    shock = stress(world)
    limit = Closure(factors, "with_trade")
    middle = np.asarray(solve(world, shock, closure=limit, tolerance=1e-13).values["price"])
    for name in ("inputs", "value_added", "final"):
        below, above = (
            np.asarray(solve(world, shock, closure=replace(limit, **{name: 1 + d}), tolerance=1e-13).values["price"]) - middle
            for d in (-1e-6, 1e-6)
        )
        seen = np.abs(below) > 1e-10
        assert seen.any()
        assert (below * above)[seen].max() < 0
        np.testing.assert_allclose(below, -above, atol=1e-10)
        assert np.abs(below).max() < 1e-6


@pytest.mark.parametrize("factors", ["mobile", "specific", "immobile"])
def test_every_market_clears_with_nests(world: Benchmark, factors: str):
    by_sector = (0.1, 1.0, 2.0)[: len(world.sectors)] + (0.4,) * (len(world.sectors) - 3)
    for inputs in (0.2, by_sector):
        closure = Closure(factors, "with_trade", inputs, 0.5, 0.9)
        gaps = audit(solve(world, stress(world), closure=closure))
        assert max(gap.value for gap in gaps.values()) <= 1e-9, gaps
        # And the audit sees the nests: read as Cobb–Douglas, the same numbers do not clear.
        other = replace(solve(world, stress(world), closure=closure), closure=Closure(factors, "with_trade"))
        assert max(gap.value for gap in audit(other).values()) > 1e-6


def test_the_benchmark_is_a_fixed_point_under_every_elasticity(world: Benchmark):
    w = problem.world(world, Closure("specific", "fixed", 0.05, 5.0, 0.3))
    shock = problem.shock(w, stress(world), 0.0)
    u = market.unpack(problem.start_state(w, Closure("specific"), None), w.size[1], "specific")
    got = market.evaluate(w.base, shock, u, market.world_exchange(shock), "specific", "fixed")
    np.testing.assert_allclose(market.pack(got.state), 0, atol=1e-13)
