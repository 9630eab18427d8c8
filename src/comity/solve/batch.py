"""Many equilibria: scenarios of their own, or variations of a few trade cells on one scenario.

On a CPU each scenario is solved on its own by a small pool of threads (the compiled steps run outside Python's lock):
measured on two cores this is twice as fast as one program with the scenarios as an axis, which runs as long as its
slowest member and leaves the cache. That program is there too (`batch`), for an accelerator.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import BoundedSemaphore, Lock
from typing import Any, TypeVar

import jax
import jax.numpy as jnp
import numpy as np

from comity.errors import InputError, InterruptedRun
from comity.model import POOL, market
from comity.records import Array, Benchmark, CellValues, Closure, Equilibrium, Wedges, read_only
from comity.solve import equilibrium, homotopy, posed, problem, together
from comity.solve.cells import LEVIES, Cells, Levies, Solved, vary

__all__ = ["Cells", "Solved", "Variations", "in_parallel", "solve_many"]

WORKERS = 2
"""Threads unless the caller names another number."""

AT_ONCE = 4
"""Parts of a run that may go on side by side, each on a thread of its own."""

SLOTS = BoundedSemaphore(max(1, POOL - AT_ONCE))
"""Programs that `in_parallel` runs at once; with those of AT_ONCE − 1 other threads fewer than XLA has threads."""

T = TypeVar("T")
R = TypeVar("R")


def in_parallel(task: Callable[[T], R], items: Iterable[T], workers: int | None = None) -> list[R]:
    """The task's results in the order of the items; the first error ends it. A task must not ask for threads in its turn."""

    def admitted(item: T) -> R:
        with SLOTS:
            return task(item)

    with ThreadPoolExecutor(min(workers or WORKERS, POOL)) as pool:
        futures = [pool.submit(admitted, item) for item in items]
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
    batch: int | None = None,
    progress: Callable[[int, int], None] | None = None,
    cancel: Callable[[], bool] | None = None,
) -> list[Equilibrium]:
    """`solve` for each scenario, in order; the first error ends it.

    By a pool of threads, or with `batch` as one compiled program of so many scenarios at a time, for an accelerator; twice the
    same call gives the same bits. `progress(done, total)` is called after each; InterruptedRun after `cancel()` returns True.
    """
    closure, total, lock = closure or Closure(), len(scenarios), Lock()
    count = 0

    def done() -> None:
        nonlocal count
        with lock:
            count += 1
            if progress is not None:
                progress(count, total)
        if cancel is not None and cancel():
            raise InterruptedRun(f"stopped after {count} of {total} equilibria")

    def one(scenario: Any) -> Equilibrium:
        eq = equilibrium.solve(benchmark, scenario, closure=closure, tolerance=tolerance)
        done()
        return eq

    if not scenarios:
        return []
    if batch is not None:
        return together.solve_batches(benchmark, scenarios, batch, closure=closure, tolerance=tolerance, done=done)
    # The first alone, so that the programs are compiled and the preconditioner is made once.
    return [one(scenarios[0]), *in_parallel(one, scenarios[1:], workers)]


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
        posed.refuse_unbalanced(self.world, wedges, closure)
        self.at = (jnp.asarray(cells.sector), jnp.asarray(cells.importer), jnp.asarray(cells.exporter))
        self.steer = homotopy.benchmark_steer(self.world, closure)
        self.scenario = problem.shock(self.world, wedges)

    def anchor(self, values: CellValues) -> Solved:
        """The equilibrium with these values at the cells; what is solved from now on is steered by the preconditioner there.

        It costs as much as some ten solves, and saves half the steps of every later one. Raises NoEquilibriumError.
        """
        found = self.solve(values)
        self.steer = homotopy.steer_at(self.world, self.shock(values), self.closure, jnp.asarray(found.x))
        return found

    @property
    def of_map(self) -> tuple[str, str]:
        """Factors and deficits, as compiled functions are named."""
        return self.closure.factors, self.closure.deficits

    def shock(self, values: CellValues) -> market.Shock:
        """The scenario's arrays with these values at the cells."""
        return self._varied(self.scenario, self.before(values), values)

    def _varied(self, shock: market.Shock, before: Levies, values: CellValues) -> market.Shock:
        w = self.world
        if len(values.tariff) == 0:
            return shock
        return vary(shock, w.pi, w.tariff, w.base.theta[0], self.at, before, CellValues(*map(_on_device, values)))

    def before(self, values: CellValues, s: float = 1.0) -> Levies:
        """Rents and export taxes that the scenario, at the fraction s of its way, has at the cells, where `values` names them."""

        def at(name: str) -> jax.Array | None:
            if getattr(values, name) is None:
                return None
            old, new = getattr(self.world, name), getattr(self._wedges, name)
            start = jnp.zeros(len(values.tariff)) if old is None else old[self.at]
            if new is None:
                return start
            sector, importer, exporter = (np.asarray(axis) for axis in self.at)
            return start + s * (jnp.asarray(np.asarray(new)[importer, exporter, sector]) - start)

        return Levies(*(at(name) for name in LEVIES))

    def solve(self, values: CellValues, start: Array | None = None) -> Solved:
        """The equilibrium with these values at the cells (each: number of cells).

        `start` is the packed unknowns to begin at. Raises NoEquilibriumError.
        """
        w = self.world
        end = self.shock(values)

        def path(s: float) -> market.Shock:
            if s == 1.0:
                return end
            return self._varied(problem.shock(w, self._wedges, s), self.before(values, s), self._partial(values, s))

        x0 = problem.start_state(w, self.closure, None) if start is None else jnp.asarray(start)
        found, residuals, x, steps = equilibrium.settle(w, path, self.closure, x0, self.tolerance, self.steer)
        return Solved(np.asarray(x), read_only(found), max(residuals.values()), steps)

    def solve_lanes(self, values: Sequence[CellValues], starts: Sequence[Array | None], lanes: int) -> list[Solved]:
        """`solve` of each from its start (None is the benchmark), `lanes` at a time in one compiled program: for an accelerator.

        Those that it leaves unsolved are solved on their own. Raises NoEquilibriumError.
        """
        found = together.solve_variations(self, values, starts, lanes)
        return [one or self.solve(value, start) for one, value, start in zip(found, values, starts, strict=True)]

    def _partial(self, values: CellValues, s: float) -> CellValues:
        """The values at the fraction s of their way from the benchmark: costs in proportion to their logs, rates in a line."""
        cost = np.asarray(values.trade_cost)
        shut = np.isinf(cost)
        partial = {"trade_cost": np.where(shut, cost if s > 0 else 1.0, np.where(shut, 1.0, cost) ** s)}
        for name in CellValues._fields[1:]:
            if (end := getattr(values, name)) is not None:
                old = getattr(self.world, name)
                start = 0.0 if old is None else np.asarray(old[self.at])
                partial[name] = start + s * (np.asarray(end) - start)
        return CellValues(**partial)


def _on_device(values: Array | None) -> jax.Array | None:
    return None if values is None else jnp.asarray(values)
