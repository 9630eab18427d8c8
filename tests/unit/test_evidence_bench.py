"""The bench's worlds and clocks: what is measured is an economy, and rows say what they are."""

from __future__ import annotations

import numpy as np
import pytest

from comity.evidence import bench
from comity.evidence.synthetic import synthetic
from comity.records import Closure, Wedges


def test_a_synthetic_world_is_an_economy_of_unequal_members():
    world = synthetic(6, 4)
    assert world.trade_flow.shape == (6, 6, 4)
    assert (world.final_demand > 0).all()
    assert abs(world.deficit.sum()) < 1e-9 * world.income.sum()
    home = np.einsum("nnj->n", world.trade_flow) / world.trade_flow.sum(axis=(1, 2))
    assert 0.4 < home.min() < home.max() < 0.99
    assert world.income.max() > 5 * world.income.min()
    assert np.array_equal(world.trade_flow, synthetic(6, 4).trade_flow)


def test_rows_set_a_time_beside_the_target_and_the_bound_of_memory():
    clock = bench.Clock(synthetic(6, 4), 1)
    value, eq = clock.solve_ms(Wedges(), Closure("mobile", "fixed"))
    row = clock.row("nothing", value, 10.0, eq)
    assert row["unit"] == "ms"
    assert row["residual"] <= 1e-10
    assert row["over_bound"] is None  # no step, no bound
    bytes_read = 8 * (3 * 6 * 6 * 4 + 2 * 6 * 4 * 4) + 4 * 6 * 9 * (9 + 2 * 20)  # kernels, input shares, blocks and twenty modes
    assert bench.step_mb(clock.benchmark, Closure()) == bytes_read / 1e6
    assert bench.step_mb(clock.benchmark, Closure("specific")) > bench.step_mb(clock.benchmark, Closure("mobile"))
    assert clock.row("a share", 2.0, 3.0, unit="solves")["passes"] is None


@pytest.mark.parametrize(("economies", "sectors"), bench.SIZES)
def test_worlds_of_every_size_of_the_growth_figure_can_be_made(economies: int, sectors: int):
    """Negative final demand, where inputs at random use more of a good than there is, was refused at 20 × 20."""
    world = synthetic(economies, sectors)
    assert world.trade_flow.shape == (economies, economies, sectors)
