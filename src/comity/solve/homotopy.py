"""From the benchmark to the scenario: at once where that works, in stages where the shock is large."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from weakref import WeakKeyDictionary

import jax
import jax.numpy as jnp
import numpy as np

from comity.errors import NoEquilibriumError
from comity.model import market
from comity.records import Closure
from comity.solve import problem, root

DIRECT_LIMIT = 45
"""Steps that the direct attempt may take before the shock is cut into stages."""

STAGE_LIMIT = 60
"""Steps that one stage may take before its length is halved."""

SHORTEST_STAGE = 1 / 4096

Path = Callable[[float], market.Shock]

_blocks: WeakKeyDictionary[problem.World, dict[tuple[str, str], jax.Array]] = WeakKeyDictionary()


@dataclass(frozen=True, eq=False)
class Point:
    """A solved point: packed unknowns, the steps that led to it and the residual there."""

    x: jax.Array
    steps: int
    residual: float
    stages: int = 1


def benchmark_blocks(w: problem.World, closure: Closure, quiet: market.Shock) -> jax.Array:
    """The preconditioner at the benchmark, made once for a closure."""
    known = _blocks.setdefault(w, {})
    key = (closure.factors, closure.deficits)
    if key not in known:
        known[key] = root.inverse_blocks(*key)(w.base, quiet, problem.start_state(w, closure, None))
    return known[key]


def reach(w: problem.World, path: Path, closure: Closure, x0: jax.Array, tolerance: float, blocks: jax.Array) -> Point:
    """The equilibrium at the end of `path` (fraction of the shock to arrays of the shock).

    Raises NoEquilibriumError, naming the worst equation, economy and sector, when stages become shorter than 1/4096.
    """
    run = root.compiled(closure.factors, closure.deficits)
    end = path(1.0)
    it = run(w.base, end, x0, blocks, tolerance, DIRECT_LIMIT)
    steps = int(it.steps)
    if float(it.residual) <= tolerance:
        return Point(it.x + it.correction, steps, float(it.residual))
    return _in_stages(w, path, closure, tolerance, steps)


def _in_stages(w: problem.World, path: Path, closure: Closure, tolerance: float, steps: int) -> Point:
    run = root.compiled(closure.factors, closure.deficits)
    invert = root.inverse_blocks(closure.factors, closure.deficits)
    at, length, stages = 0.0, 0.5, 0
    x = before = problem.start_state(w, closure, None)
    at_before = 0.0
    while True:
        goal = min(1.0, at + length)
        shock = path(goal)
        guess = x if at == at_before else x + (goal - at) / (at - at_before) * (x - before)
        blocks = invert(w.base, shock, guess)
        if not bool(jnp.isfinite(blocks).all()):
            guess, blocks = x, invert(w.base, path(at), x)
        # On the way a stage need not be sharp: its end is only the start of the next one.
        it = run(w.base, shock, guess, blocks, tolerance if goal == 1.0 else max(tolerance, 1e-6), STAGE_LIMIT)
        steps += int(it.steps)
        if float(it.residual) <= (tolerance if goal == 1.0 else max(tolerance, 1e-6)):
            before, at_before, x, at = x, at, it.x + it.correction, goal
            stages += 1
            if at == 1.0:
                return Point(x, steps, float(it.residual), stages)
            length *= 2.0
            continue
        length /= 2.0
        if length < SHORTEST_STAGE:
            raise no_equilibrium(w, path(goal), closure, x, it.x, at)


def no_equilibrium(
    w: problem.World, shock: market.Shock, closure: Closure, x: jax.Array, failed: jax.Array, at: float
) -> NoEquilibriumError:
    """The error that says where it stopped: the worst equation, and who runs out of income where that is the reason."""
    F = np.abs(np.asarray(root.residual(w.base, shock, failed, closure.factors, closure.deficits)))
    F = np.where(np.isfinite(F), F, np.inf)
    n, k = np.unravel_index(np.argmax(F), F.shape)
    J = len(w.sectors)
    equation = ("price index", "goods market", "factor market")[min(int(k) // J, 2)]
    sector = "" if closure.factors == "mobile" and k >= 2 * J else f", {w.sectors[int(k) % J]}"
    worst = f"{equation} of {w.economies[n]}{sector}"
    u = market.unpack(x, J, closure.factors)
    got = market.evaluate(w.base, shock, u, market.world_exchange(shock), closure.factors, closure.deficits)
    poorest = int(np.argmin(np.asarray(got.income) / w.income))
    share = float(got.income[poorest]) / float(w.income[poorest])
    message = f"no equilibrium was found beyond {100 * at:.3g} % of the shock; worst: {worst} (residual {F[n, k]:.2g})."
    if share < 0.25 and closure.deficits in ("fixed", "proportional"):
        message += (
            f" The spending of {w.economies[poorest]} falls to {100 * share:.2g} % of the benchmark's: with {closure.deficits}"
            " deficits it must go on lending a surplus that its income no longer carries. Deficits `with_trade` or `balanced`"
            " would work."
        )
    return NoEquilibriumError(message, residual=float(F[n, k]), worst=worst)
