"""How fast this machine solves: medians of warm solves, and their ratio to one pass over the trade array in the same run.

The ratio is what travels between machines: how many times a solve reads all N × N × J trade shares' worth of memory.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from comity.data.load import load
from comity.policy.instruments import Instrument, Tariff, TradeCost
from comity.policy.scenario import Scenario
from comity.records import Benchmark, CellValues, Closure
from comity.solve import batch, problem
from comity.solve.equilibrium import solve

LONG_RUN = Closure("mobile", "fixed")
SHORT_RUN = Closure("specific", "with_trade")

FIGURES: tuple[tuple[str, tuple[Instrument, ...], Closure, float | None], ...] = (
    (
        "trade costs −10 % between two members",
        (
            TradeCost(importer=("BLR",), exporter=("KAZ",), sector=("all",), change=-0.1),
            TradeCost(importer=("KAZ",), exporter=("BLR",), sector=("all",), change=-0.1),
        ),
        LONG_RUN,
        50.0,
    ),
    (
        "United States, 25 % on all goods",
        (Tariff(importer=("USA",), exporter=("all",), sector=("goods",), rate=0.25),),
        LONG_RUN,
        50.0,
    ),
    (
        "all trade costs +20 %",
        (TradeCost(importer=("all",), exporter=("all",), sector=("all",), change=0.2),),
        LONG_RUN,
        50.0,
    ),
    (
        "all trade costs +20 %, specific capital, with_trade",
        (TradeCost(importer=("all",), exporter=("all",), sector=("all",), change=0.2),),
        SHORT_RUN,
        None,
    ),
)


def median_ms(task: Callable[[], Any], runs: int) -> float:
    """Median wall time of a call after one that is not counted, in milliseconds."""
    task()
    times = []
    for _ in range(runs):
        begin = time.perf_counter()
        task()
        times.append(1e3 * (time.perf_counter() - begin))
    return statistics.median(times)


def pass_ms(benchmark: Benchmark) -> float:
    """One pass over the trade shares: Σ_i π_ni^j x_i^j for all n and j, the floor under every step; milliseconds."""
    pi = problem.world(benchmark).pi
    x = jnp.ones((pi.shape[1], pi.shape[0]))
    once = jax.jit(lambda p, v: jnp.einsum("jni,ij->nj", p, v))
    return median_ms(lambda: once(pi, x).block_until_ready(), 50)


def bench(runs: int = 9) -> list[dict[str, Any]]:
    """Every figure: median (ms, per solve), target, ratio to one pass over the trade shares, steps, residual."""
    benchmark = load()
    floor = pass_ms(benchmark)
    found = []
    for name, instruments, closure, target in FIGURES:
        wedges = Scenario(instruments).wedges(benchmark)
        eq = solve(benchmark, wedges, closure=closure)
        median = median_ms(lambda w=wedges, c=closure: solve(benchmark, w, closure=c), runs)
        found.append(_row(name, median, target, floor, eq.steps, eq.residual))
    found.append(_many(benchmark, floor))
    found.append(_row("one pass over all trade shares", floor, None, floor, 0, 0.0))
    return found


def _many(benchmark: Benchmark, floor: float, count: int = 64) -> dict[str, Any]:
    """Package-like variations of two cells around one crisis, by the pool of threads, a solve."""
    crisis = Scenario((TradeCost(importer=("all",), exporter=("all",), sector=("goods",), change=0.1),)).wedges(benchmark)
    n, i = benchmark.economy_index("KAZ"), benchmark.economy_index("BLR")
    goods = np.arange(20)
    cells = batch.Cells(np.full(20, n), np.full(20, i), goods)
    near = batch.Variations(benchmark, crisis, cells, SHORT_RUN)
    tariff = np.asarray(benchmark.tariff)[n, i, goods]
    assert crisis.trade_cost is not None
    base = crisis.trade_cost[n, i, goods]
    start = near.solve(CellValues(base, tariff))
    sizes = [CellValues(base * (1 - 0.1 * (k + 1) / count), tariff) for k in range(count)]
    steps = [near.solve(size, start.x).steps for size in sizes[:8]]
    total = median_ms(lambda: batch.in_parallel(lambda size: near.solve(size, start.x), sizes), 3)
    name = f"{count} variations of a crisis, specific capital, with_trade, a solve"
    return _row(name, total / count, None, floor, round(statistics.median(steps)), start.residual)


def _row(name: str, median: float, target: float | None, floor: float, steps: int, residual: float) -> dict[str, Any]:
    return {
        "figure": name,
        "median_ms": round(median, 3),
        "target_ms": target,
        "ratio": round(median / floor, 1),
        "steps": steps,
        "residual": float(f"{residual:.1e}"),
    }
