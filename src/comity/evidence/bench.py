"""How fast this machine solves: medians of warm runs beside their targets, and beside what its memory allows, in one run.

What travels between machines is the last column: time over the time in which the arrays that the work must touch can be read
once for every step at the memory speed measured in the same run.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from comity.data.load import load
from comity.evidence.synthetic import synthetic
from comity.records import Benchmark, CellValues, Closure, Equilibrium, Wedges
from comity.solve import batch, problem, root
from comity.solve.derivatives import adjoint
from comity.solve.equilibrium import solve

LONG_RUN = Closure("mobile", "fixed")
SHORT_RUN = Closure("specific", "with_trade")
COMPLEMENTS = Closure("specific", "with_trade", inputs=0.5, value_added=0.5)

SIZES = ((20, 20), (40, 30), (81, 50), (190, 50))
"""Economies and sectors of the synthetic worlds that the cost of growth is measured on."""

COMMAND = "from comity.cli import main; main()"


def scenarios(b: Benchmark) -> list[tuple[str, Wedges, Closure, float]]:
    """Single counterfactuals: name, arrays, closure, target (ms)."""
    n = len(b.economies)
    abroad = (1 - np.eye(n))[:, :, None] * np.ones(b.trade_flow.shape)
    first, second, usa = (b.economy_index(code) for code in ("BLR", "KAZ", "USA"))
    pair = np.ones_like(abroad)
    pair[first, second] = pair[second, first] = 0.9
    tariff = np.array(b.tariff)
    tariff[usa] = 0.25 * abroad[usa]
    costs = {factor: Wedges(trade_cost=1 + (factor - 1) * abroad) for factor in (1.2, 1000.0)}
    return [
        ("trade costs −10 % between two members", Wedges(trade_cost=pair), LONG_RUN, 10.0),
        ("United States, 25 % on all goods and services", Wedges(tariff=tariff), LONG_RUN, 15.0),
        ("all trade costs +20 %", costs[1.2], LONG_RUN, 20.0),
        ("60 % of all on all", Wedges(tariff=0.6 * abroad), LONG_RUN, 40.0),
        ("all trade costs × 1000, with_trade", costs[1000.0], Closure("mobile", "with_trade"), 120.0),
        ("all trade costs +20 %, specific, ε = η = 0.5", costs[1.2], COMPLEMENTS, 40.0),
    ]


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
    """One pass over the trade shares: Σ_i π_ni^j x_i^j for all n and j; milliseconds."""
    pi = problem.world(benchmark).pi
    x = jnp.ones((pi.shape[1], pi.shape[0]))
    once = jax.jit(lambda p, v: jnp.einsum("jni,ij->nj", p, v))
    return median_ms(lambda: once(pi, x).block_until_ready(), 50)


def memory_gb_s() -> float:
    """Bytes that one core sums from memory in a second, GB/s: an array of 256 MB, far beyond any cache."""
    long = np.ones(32_000_000)
    return long.nbytes / 1e6 / median_ms(lambda: long.sum(), 5)


def step_mb(benchmark: Benchmark, closure: Closure) -> float:
    """What one step must read, MB: two kernels (that of border values twice), the input shares twice, blocks and modes."""
    n, j = benchmark.expenditure.shape
    unknowns = 2 * j + (1 if closure.factors == "mobile" else j)
    return (8 * (3 * n * n * j + 2 * n * j * j) + 4 * n * unknowns * (unknowns + 2 * root.MODES)) / 1e6


class Clock:
    """The machine's own speeds, and rows that set a time beside them."""

    def __init__(self, benchmark: Benchmark, runs: int):
        self.benchmark, self.runs = benchmark, runs
        self.floor, self.memory = pass_ms(benchmark), memory_gb_s()

    def row(
        self, figure: str, value: float, target: float | None, eq: Equilibrium | None = None, unit: str = "ms"
    ) -> dict[str, Any]:
        """One figure: value and target in `unit`, passes over the trade array, time over the bound of memory, steps, residual."""
        bound = eq.steps * step_mb(eq.benchmark, eq.closure) / self.memory if eq is not None else None
        return {
            "figure": figure,
            "value": float(f"{value:.4g}"),
            "unit": unit,
            "target": target,
            "passes": round(value / self.floor, 1) if unit == "ms" else None,
            "over_bound": round(value / bound, 2) if bound else None,
            "steps": eq.steps if eq is not None else None,
            "residual": float(f"{eq.residual:.1e}") if eq is not None else None,
        }

    def solve_ms(self, wedges: Wedges, closure: Closure) -> tuple[float, Equilibrium]:
        """Median of a warm solve, and its equilibrium."""
        eq = solve(self.benchmark, wedges, closure=closure)
        return median_ms(lambda: solve(self.benchmark, wedges, closure=closure), self.runs), eq


def bench(runs: int = 9, *, growth: bool = False) -> list[dict[str, Any]]:
    """Every figure of the table in docs/performance.md; with `growth` also the exponent of time in N²J (minutes)."""
    clock = Clock(load(), runs)
    found = []
    for name, wedges, closure, target in scenarios(clock.benchmark):
        value, eq = clock.solve_ms(wedges, closure)
        found.append(clock.row(name, value, target, eq))
    found += [_many(clock, LONG_RUN, 8.0), _many(clock, SHORT_RUN, 15.0), *_gradients(clock)]
    if growth:
        found.append(_growth(clock))
    found.append(_first_solve(clock))
    found.append(clock.row("one pass over all trade shares", clock.floor, None))
    found.append(clock.row("memory, one core", clock.memory, None, unit="GB/s"))
    return found


def packages(b: Benchmark, closure: Closure, count: int) -> tuple[batch.Variations, batch.Solved, list[CellValues]]:
    """Cuts of 20 trade costs between two members in a crisis of 10 % on all: the solver around it, the crisis alone, the cuts.

    The crisis is solved and its preconditioner made here.
    """
    n, i, goods = b.economy_index("KAZ"), b.economy_index("BLR"), np.arange(20)
    abroad = (1 - np.eye(len(b.economies)))[:, :, None] * np.ones(b.trade_flow.shape)
    cells = batch.Cells(np.full(20, n), np.full(20, i), goods)
    near = batch.Variations(b, Wedges(trade_cost=1 + 0.1 * abroad), cells, closure)
    tariff = np.asarray(b.tariff)[n, i, goods]
    cut = np.random.default_rng(1).uniform(0.0, 0.1, (count, 20)) * (np.random.default_rng(2).random((count, 20)) < 0.5)
    crisis = near.anchor(CellValues(np.full(20, 1.1), tariff))
    return near, crisis, [CellValues(1.1 * (1 - size), tariff) for size in cut]


def _many(clock: Clock, closure: Closure, target: float, count: int = 256) -> dict[str, Any]:
    """Packages around a crisis as talks solve them: the crisis first, then each from there, by threads.

    The crisis and its preconditioner are part of the time; one run after one that is not counted.
    """
    found: list[batch.Solved] = []

    def all_of_them() -> None:
        near, crisis, values = packages(clock.benchmark, closure, count)
        found[:] = batch.in_parallel(lambda one: near.solve(one, crisis.x), values)

    total = median_ms(all_of_them, 1)
    steps, residual = statistics.median(one.steps for one in found), max(one.residual for one in found)
    row = clock.row(f"{count} packages in a crisis, an equilibrium: {closure.factors}, {closure.deficits}", total / count, target)
    return row | {"steps": round(steps), "residual": float(f"{residual:.1e}")}


def _gradients(clock: Clock) -> list[dict[str, Any]]:
    """Real income of two economies, and of all, in every tariff at once, over the time of the solve it starts from."""
    _, wedges, closure, _ = scenarios(clock.benchmark)[2]
    base, eq = clock.solve_ms(wedges, closure)
    rows = []
    for name, of, target in (("two economies", ("BLR", "KAZ"), 3.0), ("all economies", clock.benchmark.economies, 30.0)):
        value = median_ms(lambda of=of: adjoint.gradients(eq, of, ("tariff",)), max(3, clock.runs // 3))
        rows.append(clock.row(f"gradient of {name} in all tariffs, over a solve", value / base, target, unit="solves"))
    return rows


def _growth(clock: Clock) -> dict[str, Any]:
    """Exponent of the time of a solve (+20 % on all trade costs) in N²J, over synthetic worlds of growing size."""
    sizes, times = [], []
    for n, j in SIZES:
        world = synthetic(n, j)
        abroad = (1 - np.eye(n))[:, :, None] * np.ones((n, n, j))
        shock = Wedges(trade_cost=1 + 0.2 * abroad)
        sizes.append(np.log(n * n * j))
        times.append(np.log(median_ms(lambda w=world, s=shock: solve(w, s, closure=LONG_RUN), 3)))
    slope = float(np.polyfit(sizes, times, 1)[0])
    names = " → ".join(f"{n} × {j}" for n, j in (SIZES[0], SIZES[-1]))
    return clock.row(f"exponent of time in N²J, {names}", slope, 1.15, unit="")


def _first_solve(clock: Clock) -> dict[str, Any]:
    """`comity solve` in a new process, its programs compiled by an earlier one."""
    text = "title: bench\nchanges:\n  - tariff: {importer: USA, exporter: all, sector: goods, rate: 25%}\n"
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "bench.yaml"
        file.write_text(text, encoding="utf-8")
        command = [sys.executable, "-c", COMMAND, "solve", str(file), "--of", "USA"]
        value = median_ms(lambda: subprocess.run(command, capture_output=True, check=True), 3)
    return clock.row("first `comity solve` in a new process, compiled before", value / 1000, 3.0, unit="s")
