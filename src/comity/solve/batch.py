"""Many equilibria: scenarios of their own, or variations of a few trade cells on one scenario.

On a CPU each scenario is solved on its own by a small pool of threads (the compiled steps run outside Python's lock):
measured on two cores this is twice as fast as one program with the scenarios as an axis, which runs as long as its
slowest member and leaves the cache.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar

import jax
import jax.numpy as jnp
import numpy as np

from comity.errors import InputError
from comity.model import market, shares
from comity.records import Array, Benchmark, Closure, Equilibrium, Wedges, read_only
from comity.solve import equilibrium, homotopy, problem

WORKERS = 2
"""Threads unless the caller names another number."""

T = TypeVar("T")
R = TypeVar("R")


def in_parallel(task: Callable[[T], R], items: Iterable[T], workers: int | None = None) -> list[R]:
    """The task's results in the order of the items; the first error ends it."""
    with ThreadPoolExecutor(workers or WORKERS) as pool:
        futures = [pool.submit(task, item) for item in items]
        try:
            return [future.result() for future in futures]
        except BaseException:
            for future in futures:
                future.cancel()
            raise


def solve_many(
    benchmark: Benchmark,
    scenarios: Sequence[Any],
    *,
    closure: Closure | None = None,
    tolerance: float = equilibrium.TOLERANCE,
    workers: int | None = None,
) -> list[Equilibrium]:
    """`solve` for each scenario, in order."""
    if not scenarios:
        return []
    # The first alone, so that the programs are compiled and the preconditioner is made once.
    first = equilibrium.solve(benchmark, scenarios[0], closure=closure, tolerance=tolerance)
    rest = in_parallel(lambda s: equilibrium.solve(benchmark, s, closure=closure, tolerance=tolerance), scenarios[1:], workers)
    return [first, *rest]


@dataclass(frozen=True, eq=False)
class Solved:
    """One solved variation: packed unknowns (to start others from), reported values without flows, residual, steps."""

    x: Array
    values: Mapping[str, Array]
    residual: float
    steps: int


@dataclass(frozen=True, eq=False)
class Cells:
    """Trade cells that variations change, as positions on the importer, exporter and sector axes."""

    importer: Array
    exporter: Array
    sector: Array


@jax.jit
def vary(
    shock: market.Shock, pi: jax.Array, tariff: jax.Array, theta: jax.Array, at: tuple, cost: jax.Array, t1: jax.Array
) -> market.Shock:
    """The arrays of a scenario with these trade-cost factors and tariffs at the cells `at` (sector, importer, exporter)."""
    shut = jnp.isposinf(cost)
    lnkappa = jnp.log(jnp.where(shut, 1.0, cost)) + jnp.log1p(t1) - jnp.log1p(tariff[at])
    M = shares.trade_kernel(pi[at], lnkappa, shut, theta[at[0]])
    if shock.other is not None:
        M = M * shock.other[at]
    border = M / (1 + t1) if shock.rent is None else M / ((1 + t1) * shock.rent[at])
    return shock._replace(M=shock.M.at[at].set(M), border=shock.border.at[at].set(border))


class Variations:
    """Variations of a few trade cells around one scenario of one benchmark under one closure."""

    def __init__(
        self, benchmark: Benchmark, wedges: Wedges, cells: Cells, closure: Closure, tolerance: float = equilibrium.TOLERANCE
    ):
        if closure.deficits == "balanced":
            benchmark = equilibrium.balanced_benchmark(benchmark, closure)
            closure = equilibrium.of_map(closure)
        if np.any(cells.importer == cells.exporter):
            raise InputError("a variation changes what an economy buys at home")
        problem.check_wedges(benchmark, wedges, closure)
        self.benchmark, self.closure, self.tolerance = benchmark, closure, tolerance
        self._wedges = wedges
        self.world = problem.world(benchmark, closure)
        equilibrium.refuse_lost_suppliers(self.world, wedges)
        self.at = (jnp.asarray(cells.sector), jnp.asarray(cells.importer), jnp.asarray(cells.exporter))
        self.blocks = homotopy.benchmark_blocks(self.world, closure, problem.shock(self.world, Wedges()))
        self.scenario = problem.shock(self.world, wedges)

    @property
    def of_map(self) -> tuple[str, str]:
        """Factors and deficits, as compiled functions are named."""
        return self.closure.factors, self.closure.deficits

    def shock(self, cost: Array, tariff: Array) -> market.Shock:
        """The scenario's arrays with these trade-cost factors and tariffs at the cells."""
        return self._varied(self.scenario, cost, tariff)

    def _varied(self, shock: market.Shock, cost: Array, tariff: Array) -> market.Shock:
        w = self.world
        if len(cost) == 0:
            return shock
        return vary(shock, w.pi, w.tariff, w.base.theta[0], self.at, jnp.asarray(cost), jnp.asarray(tariff))

    def solve(self, cost: Array, tariff: Array, start: Array | None = None) -> Solved:
        """The equilibrium with these trade-cost factors and tariffs at the cells (both: number of cells).

        `start` is the packed unknowns to begin at. Raises NoEquilibriumError.
        """
        w = self.world
        end = self.shock(cost, tariff)
        base_tariff = np.asarray(w.tariff)[tuple(np.asarray(a) for a in self.at)]

        def path(s: float) -> market.Shock:
            if s == 1.0:
                return end
            partial = np.where(np.isinf(cost), cost if s > 0 else 1.0, np.where(np.isinf(cost), 1.0, cost) ** s)
            return self._varied(problem.shock(w, self._wedges, s), partial, base_tariff + s * (tariff - base_tariff))

        x0 = problem.start_state(w, self.closure, None) if start is None else jnp.asarray(start)
        values, residuals, x, steps = equilibrium.settle(w, path, self.closure, x0, self.tolerance, self.blocks)
        return Solved(np.asarray(x), read_only(values), max(residuals.values()), steps)
