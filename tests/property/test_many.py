"""Many equilibria at once: the same as one by one, the same bits twice, told how far it is, stopped when asked."""

from __future__ import annotations

import numpy as np
import pytest

from comity.errors import InterruptedRun, NoEquilibriumError
from comity.records import Benchmark, Closure, Wedges
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
