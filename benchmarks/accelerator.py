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
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import jax
import numpy as np

from comity.data.load import load
from comity.evidence.bench import COMPLEMENTS, LONG_RUN, SHORT_RUN, packages, scenarios
from comity.records import Array, Benchmark, Closure, Equilibrium, Wedges
from comity.solve import batch
from comity.solve.batch import Solved
from comity.solve.compiling import on_accelerator
from comity.solve.equilibrium import solve

CLOSURES = {"mobile, fixed": LONG_RUN, "specific, with_trade": SHORT_RUN, "specific, with_trade, ε = η = 0.5": COMPLEMENTS}


def timed(task: Callable[[], Sequence[Solved | Equilibrium]], runs: int = 3) -> tuple[dict[str, Any], Array]:
    """Seconds of the first call (with compiling), median of those after it, whether all gave the same bits; real income.

    Real income is by equilibrium and economy, a ratio to the benchmark.
    """
    times: list[float] = []
    incomes: list[Array] = []
    found: Sequence[Solved | Equilibrium] = ()
    for _ in range(runs + 1):
        begin = time.perf_counter()
        found = task()
        times.append(time.perf_counter() - begin)
        incomes.append(np.array([one.values["real_income"] for one in found]))
    return {
        "first_s": times[0],
        "ms_each": 1e3 * statistics.median(times[1:]) / len(found),
        "steps": statistics.median(one.steps for one in found),
        "residual": max(one.residual for one in found),
        "same_bits_twice": all(np.array_equal(one, incomes[0]) for one in incomes),
    }, incomes[0]


def around_a_crisis(b: Benchmark, closure: Closure, count: int, lanes: int | None) -> tuple[dict[str, Any], Array]:
    """Packages of `comity bench`; `anchor_s` is the crisis and its preconditioner, once for all."""
    begin = time.perf_counter()
    near, crisis, values = packages(b, closure, count)
    anchor = time.perf_counter() - begin

    def all_of_them() -> list[Solved]:
        if lanes is None:
            return batch.in_parallel(lambda one: near.solve(one, crisis.x), values)
        return near.solve_lanes(values, [crisis.x] * count, lanes)

    row, income = timed(all_of_them)
    return {"anchor_s": anchor} | row, income


def of_their_own(b: Benchmark, count: int, lanes: int | None) -> tuple[dict[str, Any], Array]:
    """Tariffs of the United States on all, from nothing to 50 %."""
    usa, tariffs = b.economy_index("USA"), []
    abroad = (np.arange(len(b.economies)) != usa)[:, None] * np.ones(len(b.sectors))
    for rate in np.linspace(0.0, 0.5, count):
        tariff = np.array(b.tariff)
        tariff[usa] = rate * abroad
        tariffs.append(Wedges(tariff=tariff))
    return timed(lambda: batch.solve_many(b, tariffs, closure=LONG_RUN, batch=lanes))


def alone(b: Benchmark) -> tuple[dict[str, Any], Array]:
    """One counterfactual: +20 % on all trade costs."""
    _, wedges, closure, _ = scenarios(b)[2]
    return timed(lambda: [solve(b, wedges, closure=closure)], 5)


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=256)
    parser.add_argument("--lanes", type=int, default=64)
    parser.add_argument("--save", type=Path)
    parser.add_argument("--against", type=Path)
    parser.add_argument("--out", type=Path)
    given = parser.parse_args()
    b, lanes = load(), given.lanes if on_accelerator() else None
    told: dict[str, Any] = {"device": jax.devices()[0].device_kind, "jax": jax.__version__, "count": given.count, "lanes": lanes}
    tasks: dict[str, Callable[[], tuple[dict[str, Any], Array]]] = {
        name: partial(around_a_crisis, b, closure, given.count, lanes) for name, closure in CLOSURES.items()
    }
    tasks["scenarios of their own"] = partial(of_their_own, b, given.count // 4, lanes)
    tasks["one counterfactual"] = partial(alone, b)
    incomes: dict[str, Array] = {}
    for name, task in tasks.items():
        told[name], incomes[name] = task()
        print(name, told[name], flush=True)
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
