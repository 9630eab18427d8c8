"""Many scenarios in one compiled program, with the scenarios as an axis: the right shape for an accelerator.

The loop runs until its slowest scenario is done and those that are done stand still (masked), so that the results do not hang
on who shares a batch. What does not converge in the common loop, or has arrays of another kind, is solved on its own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache, partial
from typing import Any

import jax
import jax.numpy as jnp

from comity.records import Benchmark, Closure, Equilibrium, Reported, Wedges, read_only
from comity.solve import equilibrium, homotopy, posed, problem, report, root
from comity.solve.declared import reference as reference_of

LIMIT = 120
"""Steps that the common loop may take; a scenario that needs more is solved on its own, in stages."""

OPTIONAL = ("export_tax", "import_rent", "export_rent", "ownership")
"""Arrays that the equations leave out where nobody gives them: scenarios with different ones are different programs."""


@lru_cache(maxsize=16)
def _compiled(factors: str, deficits: str):
    run = partial(root.iterate, factors=factors, deficits=deficits)
    return jax.jit(jax.vmap(run, in_axes=(None, 0, None, None, None, None)))


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
    it = _compiled(of_map.factors, of_map.deficits)(w.base, lanes, x0, steer, aim, LIMIT)
    solved = []
    for lane, ((k, wedges), shock) in enumerate(zip(members, shocks, strict=True)):
        if not float(it.residual[lane]) <= aim:
            continue
        values, residuals = equilibrium.reported(w, shock, it.x[lane] + it.correction[lane], of_map)
        if all(value <= tolerance for value in residuals.values()):
            told = Reported(values, report.LATER, report.Later(reference, wedges, w, shock))
            eq = Equilibrium(reference, wedges, closure, told, read_only(residuals), int(it.steps[lane]))
            solved.append((k, eq))
    return solved
