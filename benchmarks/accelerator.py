"""Many equilibria at once on an accelerator: how long, the same bits twice, and the same numbers as a processor's.

    JAX_PLATFORMS=cpu python benchmarks/accelerator.py --save cpu.npz
    python benchmarks/accelerator.py --against cpu.npz --out accelerator.json

The first call solves on the processor, one by one in threads, and keeps what it found; the second solves the same on whatever
device JAX finds, as lanes of one program. Packages are cuts of twenty trade costs between two members in a crisis of 10 % on all
trade costs, as in `comity bench`; scenarios of their own are tariffs of the United States from nothing to 50 %.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax
import numpy as np

from comity.data.load import load
from comity.evidence.bench import COMPLEMENTS, LONG_RUN, SHORT_RUN
from comity.records import Array, Benchmark, CellValues, Closure, Wedges
from comity.solve import batch
from comity.solve.equilibrium import solve

CLOSURES = {"mobile, fixed": LONG_RUN, "specific, with_trade": SHORT_RUN, "specific, with_trade, ε = η = 0.5": COMPLEMENTS}


def timed(task: Callable[[], Any], runs: int = 3) -> tuple[Any, float, float]:
    """The result, seconds of the first call (with compiling) and the median of those after it."""
    times = []
    found = None
    for _ in range(runs + 1):
        begin = time.perf_counter()
        found = task()
        times.append(time.perf_counter() - begin)
    return found, times[0], statistics.median(times[1:])


def packages(b: Benchmark, closure: Closure, count: int, lanes: int, host: bool) -> tuple[dict[str, Any], Array]:
    """Cuts of trade costs around a crisis: figures, and real income by package and economy."""
    n, i, goods = b.economy_index("KAZ"), b.economy_index("BLR"), np.arange(20)
    abroad = (1 - np.eye(len(b.economies)))[:, :, None] * np.ones(b.trade_flow.shape)
    near = batch.Variations(b, Wedges(trade_cost=1 + 0.1 * abroad), batch.Cells(np.full(20, n), np.full(20, i), goods), closure)
    tariff = np.asarray(b.tariff)[n, i, goods]
    begin = time.perf_counter()
    start = near.anchor(CellValues(np.full(20, 1.1), tariff))
    anchor = time.perf_counter() - begin
    cut = np.random.default_rng(1).uniform(0.0, 0.1, (count, 20)) * (np.random.default_rng(2).random((count, 20)) < 0.5)
    values = [CellValues(1.1 * (1 - size), tariff) for size in cut]

    def all_of_them() -> list[batch.Solved]:
        if host:
            return batch.in_parallel(lambda one: near.solve(one, start.x), values, None)
        return near.solve_lanes(values, [start.x] * count, lanes)

    found, first, again = timed(all_of_them)
    income = np.array([one.values["real_income"] for one in found])
    twice = np.array([one.values["real_income"] for one in all_of_them()])
    return {
        "anchor_s": anchor,
        "first_s": first,
        "ms_each": 1e3 * again / count,
        "steps": statistics.median(one.steps for one in found),
        "residual": max(one.residual for one in found),
        "same_bits_twice": bool(np.array_equal(income, twice)),
    }, income


def own(b: Benchmark, count: int, lanes: int, host: bool) -> tuple[dict[str, Any], Array]:
    """Scenarios of their own."""
    usa = b.economy_index("USA")
    abroad = (np.arange(len(b.economies)) != usa)[:, None] * np.ones(len(b.sectors))
    scenarios = []
    for rate in np.linspace(0.0, 0.5, count):
        tariff = np.array(b.tariff)
        tariff[usa] = rate * abroad
        scenarios.append(Wedges(tariff=tariff))

    def all_of_them() -> list[Any]:
        return batch.solve_many(b, scenarios, closure=LONG_RUN, batch=None if host else lanes)

    found, first, again = timed(all_of_them)
    income = np.array([one.values["real_income"] for one in found])
    twice = np.array([one.values["real_income"] for one in all_of_them()])
    return {
        "first_s": first,
        "ms_each": 1e3 * again / count,
        "steps": statistics.median(one.steps for one in found),
        "residual": max(one.residual for one in found),
        "same_bits_twice": bool(np.array_equal(income, twice)),
    }, income


def alone(b: Benchmark) -> tuple[dict[str, Any], Array]:
    """One counterfactual: +20 % on all trade costs."""
    abroad = (1 - np.eye(len(b.economies)))[:, :, None] * np.ones(b.trade_flow.shape)
    found, first, again = timed(lambda: solve(b, Wedges(trade_cost=1 + 0.2 * abroad), closure=LONG_RUN), 5)
    return {"first_s": first, "ms_each": 1e3 * again, "steps": found.steps, "residual": found.residual}, found.values[
        "real_income"
    ]


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=256)
    parser.add_argument("--lanes", type=int, default=64)
    parser.add_argument("--save", type=Path)
    parser.add_argument("--against", type=Path)
    parser.add_argument("--out", type=Path)
    given = parser.parse_args()
    b, host = load(), jax.default_backend() == "cpu"
    told: dict[str, Any] = {"device": jax.devices()[0].device_kind, "jax": jax.__version__, "count": given.count}
    told["lanes"] = None if host else given.lanes
    incomes: dict[str, Array] = {}
    for name, closure in CLOSURES.items():
        told[name], incomes[name] = packages(b, closure, given.count, given.lanes, host)
        print(name, told[name], flush=True)
    for name, (row, income) in {
        "scenarios of their own": own(b, given.count // 4, given.lanes, host),
        "one counterfactual": alone(b),
    }.items():
        told[name], incomes[name] = row, income
        print(name, row, flush=True)
    if given.save:
        np.savez(given.save, **incomes)
    if given.against:
        before = np.load(given.against)
        told["largest_difference"] = {name: float(np.abs(incomes[name] / before[name] - 1).max()) for name in incomes}
    text = json.dumps(told, indent=2, ensure_ascii=False)
    print(text)
    if given.out:
        given.out.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
