"""Dekle, Eaton and Kortum (2008), "Global Rebalancing with Gravity", IMF Staff Papers 55(3): the system of wage changes.

Their counterfactual: what must wages be when every deficit is zero? In changes, for one sector without inputs,
ŵ_i Y_i = Σ_n π_ni ŵ_i^{−θ} / (Σ_k π_nk ŵ_k^{−θ}) (ŵ_n Y_n + D′_n): N equations in N wages, given trade shares and incomes.
Inputs: flows of world-2022 added up over sectors, no tariffs, θ = 8.28 (theirs, of Eaton and Kortum 2002). The system is
solved here by SciPy. Tolerance: 1e-8. Not matched: their numbers, which are of 2004 and have a second, nontraded sector.
"""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import root

from comity.data.load import load
from comity.evidence.second import small_world
from comity.records import Benchmark, Closure, Wedges
from comity.solve.equilibrium import solve

THETA = 8.28


@pytest.fixture(scope="module")
def world() -> Benchmark:
    merged = small_world(load(), 30, 1)
    n = len(merged.economies)
    return Benchmark.from_arrays(
        economies=merged.economies,
        sectors=["goods"],
        trade_flow=merged.trade_flow,
        tariff=np.zeros((n, n, 1)),
        input_share=np.zeros((n, 1, 1)),
        value_added_share=np.ones((n, 1)),
        trade_elasticity=[THETA],
    )


def wages(world: Benchmark, deficit: np.ndarray, cost: np.ndarray | float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    """Changes of wages (world income held) and of prices that solve the paper's system; `cost` factor on trade costs."""
    Y, pi = world.output[:, 0], world.trade_share[:, :, 0]

    def shares(w: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        pull = pi * (w[None, :] * cost) ** -THETA
        return pull / pull.sum(1, keepdims=True), pull.sum(1) ** (-1 / THETA)

    def excess(log_w: np.ndarray) -> np.ndarray:
        w = np.exp(log_w)
        sold = shares(w)[0].T @ (w * Y + deficit)
        gap = sold / (w * Y) - 1
        gap[0] = (w * Y).sum() / Y.sum() - 1  # one market is redundant: world income is the unit
        return gap

    found = root(excess, np.zeros(len(Y)), tol=1e-14)
    assert np.abs(excess(found.x)).max() < 1e-11
    return np.exp(found.x), shares(np.exp(found.x))[1]


def test_rebalancing_moves_wages_as_the_paper_s_system_says(world: Benchmark):
    balanced = solve(world, closure=Closure("mobile", "balanced"), tolerance=1e-11).benchmark
    ours = (balanced.value_added / world.value_added)[:, 0]
    theirs, _ = wages(world, np.zeros(len(ours)))
    assert np.abs(theirs - 1).max() > 0.01
    np.testing.assert_allclose(ours, theirs, rtol=1e-8)
    # Who lent spends it at home instead, mostly on own goods: the wages of lenders rise against those of borrowers.
    surplus = -world.deficit / world.income
    assert np.corrcoef(surplus, np.log(theirs))[0, 1] > 0.5


@pytest.mark.parametrize("deficits", ["fixed", "balanced"])
def test_trade_costs_with_deficits_kept_or_not(world: Benchmark, deficits: str):
    n = len(world.economies)
    cost = 1 + (1 - np.eye(n)) * np.random.default_rng(3).uniform(-0.1, 0.3, (n, n))
    eq = solve(world, Wedges(trade_cost=cost[:, :, None]), closure=Closure("mobile", deficits))
    base = eq.benchmark  # under `balanced` the world after rebalancing
    theirs, prices = wages(base, base.deficit, cost)
    np.testing.assert_allclose(eq.values["wage"], theirs, rtol=1e-8)
    np.testing.assert_allclose(np.asarray(eq.values["price"])[:, 0], prices, rtol=1e-8)
    np.testing.assert_allclose(eq.values["real_wage"], theirs / prices, rtol=1e-8)
