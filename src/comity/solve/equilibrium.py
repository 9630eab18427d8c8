"""solve(): one counterfactual."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Protocol
from weakref import WeakKeyDictionary

import jax
import jax.numpy as jnp
import numpy as np

from comity.errors import InputError, NoEquilibriumError, NotConvergedError
from comity.model import market
from comity.records import Array, Benchmark, Closure, Equilibrium, Reported, Wedges, read_only
from comity.solve import homotopy, posed, problem, quotas, rebase, report, root, target
from comity.solve.declared import reference

TOLERANCE = 1e-10
"""Largest relative residual of any equation at which a state counts as an equilibrium."""

AIMS = (0.2, 0.02, 0.002)
"""The iteration aims below the tolerance by these factors, in turn until every equation in levels passes the gate."""


class HasWedges(Protocol):
    """A scenario: anything that can say what it does to a benchmark's arrays."""

    def wedges(self, benchmark: Benchmark) -> Wedges:
        """The scenario as arrays."""
        ...


def solve(
    benchmark: Benchmark,
    scenario: HasWedges | Wedges | None = None,
    *,
    closure: Closure | None = None,
    tolerance: float = TOLERANCE,
    start: Equilibrium | Mapping[str, Array] | None = None,
) -> Equilibrium:
    """The world after the scenario, in general equilibrium.

    Every equation of the model holds to `tolerance` (relative, max-norm) in what is returned. `start` may name another
    equilibrium, or hats (`price`, `expenditure`, `wage`, `value_added`) to start from. The reference is `.benchmark` of the
    result: today's rents of barriers, a customs pool and elasticities that the scenario states are put in first, and under
    `balanced` deficits it is the benchmark without deficits, solved first under the same closure of factors. Raises
    InputError for a scenario that does not fit, NoEquilibriumError when none was found.
    """
    closure = closure or Closure()
    benchmark = reference(benchmark, scenario)
    if getattr(scenario, "calibrated", ()):
        scenario, _, _ = target.resolve(benchmark, scenario, closure, solve)
    if getattr(scenario, "quotas", ()):
        return quotas.resolve(benchmark, scenario, closure, solve, tolerance=tolerance, start=start)[0]
    wedges = as_wedges(benchmark, scenario)
    problem.check_wedges(benchmark, wedges, closure)
    if closure.deficits == "balanced":
        benchmark = balanced_benchmark(benchmark, closure)
    w = problem.world(benchmark, closure)
    refuse_lost_suppliers(w, wedges)
    posed.refuse_unbalanced(w, wedges, closure)
    closure_of_map = of_map(closure)
    steer = homotopy.benchmark_steer(w, closure_of_map)
    ends: dict[float, market.Shock] = {}

    def path(s: float) -> market.Shock:
        if s not in ends:
            ends.clear()
            ends[s] = problem.shock(w, wedges, s)
        return ends[s]

    x0 = problem.start_state(w, closure_of_map, start)
    values, residuals, _, steps = settle(w, path, closure_of_map, x0, tolerance, steer)
    end = path(1.0)
    told = Reported(values, report.LATER, report.Later(benchmark, wedges, w, end))
    return Equilibrium(benchmark, wedges, closure, told, read_only(residuals), steps)


def settle(
    w: problem.World, path: homotopy.Path, closure: Closure, x0: jax.Array, tolerance: float, steer: root.Steer
) -> tuple[dict[str, Array], dict[str, float], jax.Array, int]:
    """Values, residuals, packed unknowns and steps at the end of `path`, where every equation in levels holds to `tolerance`.

    The iteration judges the equations in logs, market by market; what they add up to (an economy's external account) may
    be off by a little more, so it aims lower, and lower again where that was not enough. Raises NoEquilibriumError.
    """
    point = homotopy.reach(w, path, closure, x0, AIMS[0] * tolerance, steer)
    values, residuals = reported(w, path(1.0), point.x, closure)
    steps = point.steps
    for aim in AIMS[1:]:
        if all(value <= tolerance for value in residuals.values()):
            break
        point = homotopy.reach(w, path, closure, point.x, aim * tolerance, steer)
        values, residuals = reported(w, path(1.0), point.x, closure)
        steps += point.steps
    worst = max(residuals, key=lambda name: residuals[name] if np.isfinite(residuals[name]) else np.inf)
    reason = "" if residuals[worst] <= tolerance else posed.reason(w, path(1.0), path(1.0), closure, point.x)
    if reason:
        found = f"the residual of {worst} stays at {residuals[worst]:.2g}, above {tolerance:.0e}"
        raise NoEquilibriumError(f"no equilibrium was found: {found}. {reason}", residual=residuals[worst], worst=worst)
    gate(residuals, tolerance)
    return values, residuals, point.x, steps


def as_wedges(benchmark: Benchmark, scenario: HasWedges | Wedges | None) -> Wedges:
    """The scenario as arrays, whichever way it was given."""
    if scenario is None:
        return Wedges()
    if isinstance(scenario, Wedges):
        return scenario
    if not hasattr(scenario, "wedges"):
        raise InputError(f"scenario: {type(scenario).__name__} is neither a Scenario nor Wedges")
    return scenario.wedges(benchmark)


def refuse_lost_suppliers(w: problem.World, wedges: Wedges) -> None:
    """Raise, with all of them named, when an embargo leaves a market without any supplier."""
    lost = problem.lost_suppliers(w, wedges)
    if lost:
        listed = ", ".join(f"{n} {j}" for n, j in lost[:60])
        n, j = lost[0]
        raise NoEquilibriumError(
            f"no equilibrium: the embargo leaves {len(lost)} markets without any supplier: {listed}.{_nor_buyers(w, wedges)}"
            " A high trade cost instead of an embargo, or a benchmark aggregated so that each has a home producer, would work.",
            worst=f"price index of {n}, {j}",
        )


def _nor_buyers(w: problem.World, wedges: Wedges) -> str:
    """Words on the markets that an embargo on all imports leaves empty because nobody buys there either."""
    shut = np.isinf(np.asarray(wedges.trade_cost)).sum(axis=1) >= len(w.economies) - 1
    empty = np.argwhere(shut & (np.asarray(w.base.expenditure) <= 0))
    if not len(empty):
        return ""
    listed = ", ".join(f"{w.economies[n]} {w.sectors[j]}" for n, j in empty[:20])
    return f" There are {len(empty)} more without supplier where nobody buys: {listed}."


def reported(w: problem.World, shock: market.Shock, x, closure: Closure) -> tuple[dict[str, Array], dict[str, float]]:
    """Reported values and the worst residual of each equation, as plain arrays."""
    run = report.compiled(closure.factors, closure.deficits)
    values, residuals = run(w.base, shock, x, jnp.asarray(w.income), jnp.asarray(w.output))
    return {k: np.asarray(v) for k, v in values.items()}, {k: float(v) for k, v in residuals.items()}


def gate(residuals: Mapping[str, float], tolerance: float) -> None:
    """Refuse to hand out what does not satisfy the model's equations."""
    for name, value in residuals.items():
        if not value <= tolerance:
            raise NotConvergedError(
                f"not converged: residual of {name} is {value:.2g}, above {tolerance:.0e}", residual=value, worst=name
            )


def of_map(closure: Closure) -> Closure:
    """The closure that the equations know: balanced deficits are fixed ones of a balanced benchmark."""
    return replace(closure, deficits="fixed") if closure.deficits == "balanced" else closure


_balanced: WeakKeyDictionary[Benchmark, dict[Closure, Benchmark]] = WeakKeyDictionary()


def balanced_benchmark(benchmark: Benchmark, closure: Closure) -> Benchmark:
    """The benchmark with every deficit moved to zero (Dekle, Eaton & Kortum 2008), made once for factors and nests."""
    known = _balanced.setdefault(benchmark, {})
    fixed = replace(closure, deficits="fixed")
    if fixed not in known:
        w = problem.world(benchmark, fixed)
        quiet = Wedges()
        steer = homotopy.benchmark_steer(w, fixed)
        x0 = problem.start_state(w, fixed, None)
        point = homotopy.reach(w, lambda s: problem.shock(w, quiet, s, balance=True), fixed, x0, 1e-13, steer)
        shock = problem.shock(w, quiet, 1.0, balance=True)
        known[fixed] = rebase.rebase(benchmark, w, shock, point.x, closure.factors)
    return known[fixed]
