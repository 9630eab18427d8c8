"""Many equilibria at once: the same as one by one, the same bits twice, told how far it is, stopped when asked."""

from __future__ import annotations

import numpy as np
import pytest

from comity.errors import InterruptedRun, NoEquilibriumError
from comity.records import Benchmark, CellValues, Closure, Wedges
from comity.solve import batch as many
from comity.solve.batch import solve_many
from comity.solve.equilibrium import solve
from referee import lopsided

N, J = 4, 3
HATS = ("real_income", "wage", "price", "expenditure", "trade_flow")


@pytest.fixture
def small() -> Benchmark:
    return Benchmark.from_arrays(**lopsided(28, N, J).arrays())


def scenarios(b: Benchmark, count: int = 5) -> list[Wedges]:
    """Tariffs from nothing to prohibitive, one with export taxes, one at trade costs that need stages."""
    abroad = (1 - np.eye(N))[:, :, None] * np.ones((N, N, J))
    shocks = [Wedges(tariff=b.tariff + size * abroad) for size in np.linspace(0, 3, count)]
    return [*shocks, Wedges(export_tax=0.1 * abroad), Wedges(trade_cost=1 + 499 * abroad)]


@pytest.mark.parametrize("closure", [Closure("specific", "with_trade"), Closure("mobile", "balanced")], ids=lambda c: c.factors)
def test_a_batch_is_a_loop_and_itself_twice(small: Benchmark, closure: Closure):
    shocks = scenarios(small)
    one_by_one = [solve(small, shock, closure=closure) for shock in shocks]
    batch, again = (solve_many(small, shocks, closure=closure, batch=4) for _ in range(2))
    for single, left, right in zip(one_by_one, batch, again, strict=True):
        assert left.residual <= 1e-10
        for name in HATS:
            scale = np.abs(single.values[name]).max()
            np.testing.assert_allclose(left.values[name], single.values[name], rtol=1e-8, atol=1e-8 * scale)
            assert np.array_equal(left.values[name], right.values[name]), name


@pytest.mark.parametrize("batch", [None, 3])
def test_progress_is_told_and_a_run_can_be_stopped(small: Benchmark, batch: int | None):
    seen: list[tuple[int, int]] = []
    shocks = scenarios(small)[:4]
    solve_many(small, shocks, batch=batch, progress=lambda done, total: seen.append((done, total)))
    assert seen == [(k + 1, 4) for k in range(4)]
    with pytest.raises(InterruptedRun, match="of 4 equilibria"):
        solve_many(small, shocks, batch=batch, cancel=lambda: True)


@pytest.mark.parametrize("batch", [None, 2])
def test_an_ill_posed_member_is_named(small: Benchmark, batch: int | None):
    cost = np.ones((N, N, J))
    cost[0, 1:] = np.inf
    with pytest.raises(NoEquilibriumError, match="E0"):
        solve_many(small, [Wedges(), Wedges(trade_cost=cost)], closure=Closure("mobile", "with_trade"), batch=batch)


@pytest.mark.parametrize("closure", [Closure("specific", "with_trade"), Closure("mobile", "balanced")], ids=lambda c: c.factors)
@pytest.mark.parametrize("rents", [False, True], ids=["costs", "rents"])
def test_lanes_of_variations_are_variations_one_by_one(small: Benchmark, closure: Closure, rents: bool):
    """Cuts of costs and rents in a crisis, and a cost that ends a flow: each what it is alone, whoever shares its batch."""
    abroad = (1 - np.eye(N))[:, :, None] * np.ones((N, N, J))
    near = many.Variations(
        small, Wedges(trade_cost=1 + 0.3 * abroad), many.Cells(np.array([1, 2]), np.array([3, 1]), np.array([0, 2])), closure
    )
    costs = [(1.3, 1.3), (1.2, 1.3), (1.0, 0.9), (1.3, np.inf), (40.0, 1.3)]
    rent = [np.array([0.0, 0.1 * k]) if rents else None for k in range(len(costs))]
    values = [CellValues(np.array(cost), np.array([0.05, 0.0]), r) for cost, r in zip(costs, rent, strict=True)]
    start = near.solve(values[0])
    alone = [near.solve(one, start.x) for one in values]
    for size in (2, 8):
        lanes = near.solve_lanes(values, [start.x] * len(values), size)
        for one, single in zip(lanes, alone, strict=True):
            assert one.residual <= 1e-10
            np.testing.assert_allclose(one.values["real_income"], single.values["real_income"], rtol=1e-9)
            np.testing.assert_allclose(one.x, single.x, atol=1e-9)


def test_a_lane_that_the_common_loop_leaves_is_solved_on_its_own(small: Benchmark, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(many.together, "LIMIT", 1)
    many.together._variations.cache_clear()
    near = many.Variations(small, Wedges(), many.Cells(np.array([1]), np.array([3]), np.array([0])), Closure("mobile", "fixed"))
    values = [CellValues(np.array([cost]), np.zeros(1)) for cost in (1.0, 0.8)]
    start = near.solve(values[0])
    lanes = near.solve_lanes(values, [start.x] * 2, 2)
    many.together._variations.cache_clear()
    assert lanes[0].steps <= 1 < lanes[1].steps
    assert max(one.residual for one in lanes) <= 1e-10
