"""Many scenarios in one compiled program, with the scenarios as an axis: the right shape for an accelerator.

The loop runs until its slowest scenario is done and those that are done stand still (masked), so that the results do not hang
on who shares a batch. What does not converge in the common loop, or has arrays of another kind, is solved on its own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from comity.records import Array, Benchmark, CellValues, Closure, Equilibrium, Reported, Wedges, read_only
from comity.solve import equilibrium, homotopy, posed, problem, report, root
from comity.solve.cells import Levies, Solved, vary
from comity.solve.declared import reference as reference_of

if TYPE_CHECKING:
    from comity.solve.batch import Variations

LIMIT = 120
"""Steps that the common loop may take; a scenario that needs more is solved on its own, in stages."""

OPTIONAL = ("export_tax", "import_rent", "export_rent", "ownership")
"""Arrays that the equations leave out where nobody gives them: scenarios with different ones are different programs."""


class Lanes(NamedTuple):
    """What the common loop came to; every array begins with the axis of scenarios."""

    gap: jax.Array
    steps: jax.Array
    x: jax.Array
    values: dict[str, jax.Array]
    residuals: dict[str, jax.Array]

    def lane(self, k: int, aim: float, tolerance: float) -> tuple[dict[str, Array], dict[str, float]] | None:
        """Reported values and residuals of one scenario; None where it is not an equilibrium yet."""
        residuals = {name: float(value[k]) for name, value in self.residuals.items()}
        if not (self.gap[k] <= aim and all(value <= tolerance for value in residuals.values())):
            return None
        return {name: np.asarray(value[k]) for name, value in self.values.items()}, residuals


def _lane(factors: str, deficits: str, base, shock, x0, steer, aim, levels) -> Lanes:
    it = root.iterate(base, shock, x0, steer, aim, jnp.array(LIMIT), factors=factors, deficits=deficits)
    x = it.x + it.correction
    return Lanes(it.residual, it.steps, x, *report.compiled(factors, deficits)(base, shock, x, *levels))


@lru_cache(maxsize=16)
def _scenarios(factors: str, deficits: str):
    """Compiled: scenarios of their own from one start."""
    return jax.jit(jax.vmap(partial(_lane, factors, deficits), in_axes=(None, 0, None, None, None, None)))


@lru_cache(maxsize=16)
def _variations(factors: str, deficits: str):
    """Compiled: new values at the same cells of one scenario, each from a start of its own."""

    def one(base, world, at, scenario, before: Levies, values: CellValues, x0, steer, aim, levels) -> Lanes:
        shock = scenario if at is None else vary(scenario, *world, at, before, values)
        return _lane(factors, deficits, base, shock, x0, steer, aim, levels)

    return jax.jit(jax.vmap(one, in_axes=(None, None, None, None, None, 0, 0, None, None, None)))


def solve_variations(
    near: Variations, values: Sequence[CellValues], starts: Sequence[Array | None], size: int
) -> list[Solved | None]:
    """Each variation from its start (None is the benchmark), `size` at a time; None where the common loop did not solve it."""
    w, aim = near.world, equilibrium.AIMS[0] * near.tolerance
    world, levels = (w.pi, w.tariff, w.base.theta[0]), (jnp.asarray(w.income), jnp.asarray(w.output))
    at = near.at if len(near.at[0]) else None
    benchmark = problem.start_state(w, near.closure, None)
    found: list[Solved | None] = []
    for begin in range(0, len(values), size):
        part = values[begin : begin + size]
        first = [benchmark if start is None else start for start in starts[begin : begin + size]]
        fill = size - len(part)
        lanes = jax.tree.map(lambda *rows: np.stack(rows), *part, *[part[-1]] * fill)
        x0 = np.stack([*first, *[first[-1]] * fill])
        run = _variations(*near.of_map)
        told = jax.device_get(run(w.base, world, at, near.scenario, near.before(part[0]), lanes, x0, near.steer, aim, levels))
        for k in range(len(part)):
            good = told.lane(k, aim, near.tolerance)
            found.append(good and Solved(told.x[k], read_only(good[0]), max(good[1].values()), int(told.steps[k])))
    return found


def solve_batches(
    benchmark: Benchmark,
    scenarios: Sequence[Any],
    size: int,
    *,
    closure: Closure,
    tolerance: float,
    done: Callable[[], None],
) -> list[Equilibrium]:
    """`solve` for each scenario, in order, `size` at a time; `done` is called for each. Raises as `solve` does."""
    balanced = closure.deficits == "balanced"
    reference = equilibrium.balanced_benchmark(benchmark, closure) if balanced else benchmark
    kinds: dict[tuple[bool, ...], list[tuple[int, Wedges]]] = {}
    for k, scenario in enumerate(scenarios):
        if not _has_arrays(benchmark, scenario):
            continue
        wedges = equilibrium.as_wedges(benchmark, scenario)
        problem.check_wedges(benchmark, wedges, closure)
        kinds.setdefault(tuple(getattr(wedges, name) is None for name in OPTIONAL), []).append((k, wedges))
    found: dict[int, Equilibrium] = {}
    for members in kinds.values():
        for at in range(0, len(members), size):
            for k, eq in _one_batch(reference, closure, members[at : at + size], size, tolerance):
                found[k] = eq
                done()
    for k, scenario in enumerate(scenarios):
        if k not in found:
            found[k] = equilibrium.solve(benchmark, scenario, closure=closure, tolerance=tolerance)
            done()
    return [found[k] for k in range(len(scenarios))]


def _has_arrays(benchmark: Benchmark, scenario: Any) -> bool:
    """Whether the scenario is arrays on this benchmark, and not a price, a quota or a rent of today to be found first."""
    if getattr(scenario, "calibrated", ()) or getattr(scenario, "quotas", ()):
        return False
    return reference_of(benchmark, scenario) is benchmark


def _one_batch(
    reference: Benchmark, closure: Closure, members: list[tuple[int, Wedges]], size: int, tolerance: float
) -> list[tuple[int, Equilibrium]]:
    """Those of the members that the common loop solved; always `size` lanes, the last repeated, so that one program serves."""
    of_map = equilibrium.of_map(closure)
    w = problem.world(reference, of_map)
    for _, wedges in members:
        equilibrium.refuse_lost_suppliers(w, wedges)
        posed.refuse_unbalanced(w, wedges, closure)
    shocks = [problem.shock(w, wedges) for _, wedges in members]
    lanes = jax.tree.map(lambda *parts: jnp.stack(parts), *shocks, *[shocks[-1]] * (size - len(shocks)))
    x0 = problem.start_state(w, of_map, None)
    steer = homotopy.benchmark_steer(w, of_map)
    aim = equilibrium.AIMS[0] * tolerance
    levels = jnp.asarray(w.income), jnp.asarray(w.output)
    told = jax.device_get(_scenarios(of_map.factors, of_map.deficits)(w.base, lanes, x0, steer, aim, levels))
    solved = []
    for lane, ((k, wedges), shock) in enumerate(zip(members, shocks, strict=True)):
        good = told.lane(lane, aim, tolerance)
        if good is not None:
            values = Reported(good[0], report.LATER, report.Later(reference, wedges, w, shock))
            solved.append((k, Equilibrium(reference, wedges, closure, values, read_only(good[1]), int(told.steps[lane]))))
    return solved
