"""Where a path of equilibria ends: does it turn back? The path is followed by an unknown instead of by the shock.

Next to a fold an unknown moves without bound for a small piece of the shock, so that steps in the shock, however short, find
nothing. Steps in the unknown that moves most do (Rheinboldt & Burkardt 1983, "local parameterization"): the shock becomes an
unknown and the system stays regular. If the shock then falls while the unknown goes on, the path has turned back.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache

import jax
import jax.numpy as jnp
import numpy as np

from comity.model import market
from comity.records import Closure
from comity.solve import problem, root
from comity.solve.compiling import seldom

STRIDES, STRIDE, LONGEST = 24, 0.05, 1.0
"""How many points are looked for, and the first and longest step of the unknown, in logs; each is half as long again."""

ITERATIONS, SHARP = 8, 1e-7
"""Newton steps for one point, and the residual at which it counts as found."""

CLEARLY = 1e-6
"""How far the shock must have fallen behind its largest fraction, for the path to count as turned."""

DIFFERENCE = 1e-6
"""Of the fraction of the shock, for the equations' derivative in it."""


BEFORE_THE_END = 1 - 1e-5
"""The largest fraction of the shock that is guessed; the end itself is for the stages."""

Path = Callable[[float], market.Shock]


@dataclass(frozen=True, eq=False)
class Turn:
    """What was seen beyond the end: the largest fraction reached, whether the path turned there, the point, the unknown."""

    at: float
    turned: bool
    x: jax.Array
    unknown: tuple[int, int]  # country, unknown of its own


@lru_cache(maxsize=32)
def _newton(factors: str, deficits: str):
    """Compiled Newton step of (x, s) with one unknown held: GMRES, bordered blocks as preconditioner."""

    @seldom
    def run(
        base: market.Base, shock: market.Shock, x: jax.Array, slope: jax.Array, blocks: jax.Array, held: jax.Array
    ) -> tuple[jax.Array, jax.Array]:
        F, push = jax.linearize(lambda v: root.residual(base, shock, v, factors, deficits), x)
        exact = blocks.astype(jnp.float64)

        def near(r: jax.Array) -> jax.Array:
            return -jnp.einsum("nab,nb->na", exact, r)

        def system(z: tuple[jax.Array, jax.Array]) -> tuple[jax.Array, jax.Array]:
            return push(z[0]) + slope * z[1], z[0].ravel()[held]

        of_slope = near(slope)

        def precondition(r: tuple[jax.Array, jax.Array]) -> tuple[jax.Array, jax.Array]:
            p = near(r[0])
            share = (p.ravel()[held] - r[1]) / of_slope.ravel()[held]
            return p - share * of_slope, share

        rhs = (-F, jnp.zeros(()))
        found, _ = jax.scipy.sparse.linalg.gmres(system, rhs, M=precondition, tol=1e-6, restart=40, maxiter=3)
        return found

    return run


def _point(w: problem.World, path: Path, closure: Closure, x: jax.Array, s: float, held: int) -> tuple[jax.Array, float, float]:
    """Newton's method from (x, s) with the unknown `held` where it is: point, fraction and residual."""
    key = (closure.factors, closure.deficits)
    blocks = root.inverse_blocks(*key)(w.base, path(s), x)
    worst = np.inf
    for _ in range(ITERATIONS):
        slope = _slope(w, path, closure, x, s)
        dx, ds = _newton(*key)(w.base, path(s), x, slope, blocks, jnp.array(held))
        most = float(jnp.max(jnp.abs(dx)))
        if not np.isfinite(most):
            return x, s, np.inf
        cut = min(1.0, root.LONGEST_STEP / most) if most > 0 else 1.0
        x, s = x + cut * dx, s + cut * float(ds)
        if not 0 < s < 1 - 2 * DIFFERENCE:
            return x, s, np.inf
        worst = float(root.largest_gap(*key)(w.base, path(s), x))
        if worst <= SHARP:
            break
    return x, s, worst


def _slope(w: problem.World, path: Path, closure: Closure, x: jax.Array, s: float) -> jax.Array:
    """The equations' derivative in the fraction of the shock, by central differences; country × unknown."""
    F = [root.residual(w.base, path(s + h), x, closure.factors, closure.deficits) for h in (DIFFERENCE * s, -DIFFERENCE * s)]
    return (F[0] - F[1]) / (2 * DIFFERENCE * s)


def follow(w: problem.World, path: Path, closure: Closure, x: jax.Array, at: float) -> Turn | None:
    """The path beyond its last point `x` (fraction `at` of the shock), led by whichever unknown moves most.

    None where no further point was found.
    """
    if not 0 < at < 1 - 2 * DIFFERENCE:
        return None
    blocks = root.inverse_blocks(closure.factors, closure.deficits)(w.base, path(at), x)
    move = np.asarray(jnp.einsum("nab,nb->na", blocks, _slope(w, path, closure, x, at)))
    held = int(np.argmax(np.abs(move)))
    here, s, worst = _point(w, path, closure, x, at, held)
    if not np.isfinite(move).all() or not move.any() or worst > SHARP:
        return None
    best = Turn(s, False, here, divmod(held, move.shape[1]))
    stride, pace, forward = STRIDE, 0.0, False
    for _ in range(STRIDES):
        held = int(np.argmax(np.abs(move)))
        direction = move / abs(move.ravel()[held])
        found, onward, worst = _point(w, path, closure, here + stride * direction, min(s + stride * pace, BEFORE_THE_END), held)
        if worst > SHARP:
            stride /= 4
            if stride < STRIDE / 64:
                break
            continue
        if onward < s and not forward:
            # Next to a fold the blocks cannot tell forth from back; the way on is where the shock grows, from either side.
            move, pace, forward = -np.asarray(found - here), 0.0, True
            continue
        move, pace, forward = np.asarray(found - here), (onward - s) / stride, True
        here, s, stride = found, onward, min(1.5 * stride, LONGEST)
        if s > best.at:
            best = Turn(s, False, here, divmod(held, move.shape[1]))
        elif s < best.at * (1 - CLEARLY):
            return replace(best, turned=True)
    return best if best.at > at else None
