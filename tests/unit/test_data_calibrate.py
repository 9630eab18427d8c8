"""The gate from tables to a benchmark: small faults mended by a reported rule, large ones refused with the worst cells."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from comity.data.calibrate import calibrate
from comity.data.checks import check
from comity.errors import DataError, InputError


@pytest.fixture
def tables(world) -> dict[str, Any]:
    """A small world as tables in money."""
    use = world.input_share * ((1 - world.value_added_share) * world.output)[:, None, :]
    return {
        "economies": world.economies,
        "sectors": world.sectors,
        "trade_flow": np.array(world.trade_flow),
        "input_use": use,
        "tariff": np.array(world.tariff),
        "trade_elasticity": np.array(world.trade_elasticity),
        "labour_share": np.array(world.labour_share),
        "output": np.array(world.output),
    }


def largest(values: np.ndarray) -> tuple[Any, ...]:
    return np.unravel_index(np.argmax(values), values.shape)


def test_sound_tables_pass_untouched(tables, world):
    done = calibrate(**tables)
    assert done.repairs == ()
    np.testing.assert_allclose(done.benchmark.final_demand, world.final_demand, rtol=1e-12, atol=1e-12 * world.income.max())
    np.testing.assert_allclose(done.benchmark.deficit, world.deficit, atol=1e-12 * world.income.max())


def test_a_table_unbalanced_by_five_per_cent_is_refused_with_its_worst_cell(tables, world):
    cell = largest(world.output)
    tables["output"][cell] *= 1.05
    with pytest.raises(DataError, match=f"{world.economies[cell[0]]}, {world.sectors[cell[1]]}.*4.76%"):
        calibrate(**tables)


def test_a_small_imbalance_is_reported(tables, world):
    cell = largest(world.output)
    tables["output"][cell] *= 1.0005
    done = calibrate(**tables)
    assert done.repairs[0].count == 1
    assert done.repairs[0].usd_mn == pytest.approx(0.0005 * world.output[cell])


def test_small_negative_flows_become_zero_and_are_counted(tables, world):
    zero = np.argwhere((world.trade_flow == 0) & (world.expenditure[:, None, :] > 0))
    if not len(zero):
        zero = np.argwhere(world.trade_flow == world.trade_flow.min())
    cell = tuple(zero[0])
    amount = 1e-4 * world.expenditure[cell[0], cell[2]]
    tables["trade_flow"][cell] = -amount
    tables["input_use"] *= 0.5
    tables["output"] = None
    done = calibrate(**tables)
    rule = next(r for r in done.repairs if "negative flows" in r.rule)
    assert rule.count == 1
    assert rule.usd_mn == pytest.approx(amount)
    assert done.benchmark.trade_flow[cell] == 0
    assert all(item.ok for item in check(done.benchmark))


def test_large_negative_flows_are_refused(tables, world):
    cell = largest(world.trade_flow)
    tables["trade_flow"][cell] *= -1
    with pytest.raises(DataError, match=r"negative flows.*too large in 1 cells"):
        calibrate(**tables)


def test_a_sector_without_output_and_an_empty_pair_are_admitted(tables):
    tables["trade_flow"][:, 0, 0] = 0
    tables["input_use"][0, :, 0] = 0
    tables["input_use"][:, 0, :] *= 0.2
    tables["trade_flow"][0, 1] = 0
    tables["input_use"][0] *= 0.2
    tables["output"] = None
    benchmark = calibrate(**tables).benchmark
    assert benchmark.output[0, 0] == 0
    assert benchmark.value_added_share[0, 0] == 1
    assert all(item.ok for item in check(benchmark))


def test_an_economy_that_trades_with_nobody_is_admitted(tables):
    tables["trade_flow"][0, 1:] = 0
    tables["trade_flow"][1:, 0] = 0
    tables["trade_flow"][0, 0] = 50.0
    tables["input_use"] *= 0.2
    tables["input_use"][0] = 1.0
    tables["output"] = None
    benchmark = calibrate(**tables).benchmark
    assert benchmark.deficit[0] == pytest.approx(0, abs=1e-9)
    assert all(item.ok for item in check(benchmark))


def test_inputs_far_above_output_are_refused(tables, world):
    tables["input_use"] *= 10
    with pytest.raises(DataError, match="inputs above") as refused:
        calibrate(**tables)
    assert any(economy in str(refused.value) for economy in world.economies)


def test_inputs_just_above_output_are_cut_and_reported(tables, world):
    n, j = largest(world.output)
    use = tables["input_use"]
    room = world.final_demand[n]
    total = world.output[n, j] * 1.0005
    use[n] = 0
    use[n, :, j] = total * room / room.sum()
    if (use[n].sum(axis=1) > world.expenditure[n]).any():
        pytest.fail("the example needs an economy that can afford its inputs")
    done = calibrate(**tables)
    assert [r.count for r in done.repairs if r.rule == "inputs above output cut"] == [1]
    assert done.benchmark.value_added_share[n, j] == pytest.approx(0.01)


def test_all_faults_are_listed_at_once(tables):
    tables["trade_flow"][0, 0, 0] = np.nan
    tables["tariff"][1, 0, 0] = np.inf
    with pytest.raises(DataError) as refused:
        calibrate(**tables)
    assert len(refused.value.problems) == 2


def test_an_economy_without_final_demand_is_refused_by_name(tables, world):
    tables["trade_flow"][1] = 0
    tables["input_use"][1] = 0
    tables["output"] = None
    with pytest.raises(DataError, match=f"{world.economies[1]} has no final demand"):
        calibrate(**tables, small=1.0)


def test_shapes_are_checked(tables):
    tables["trade_flow"] = tables["trade_flow"][:-1]
    with pytest.raises(InputError, match="trade_flow: shape"):
        calibrate(**tables)
