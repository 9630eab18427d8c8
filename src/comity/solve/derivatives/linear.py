"""Linear systems with the equilibrium's own operator I − G_u or its transpose, many right-hand sides as one block.

Block GCR (Eisenstat, Elman & Schultz 1983; block form after O'Leary 1980): in each step all residuals, preconditioned
by the economies' own Newton blocks, become new directions that every right-hand side may use. With one direction for
each economy the slow modes, which are the economies' wages, are in the space after one step: 81 right-hand sides take
8 to 10 steps to 1e-12 where one alone takes 20 to 26. The operator comes from `root.residual` by automatic
differentiation, so that it is that of the equations, whatever they are.
"""

from __future__ import annotations

from functools import lru_cache, partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from comity.errors import NoEquilibriumError
from comity.model import market
from comity.records import Array
from comity.solve import root

TOLERANCE = 1e-12
"""Largest residual of a linear system, relative to the larger of its right-hand side and its solution (max-norm)."""

CYCLES = 6
"""Restarts from the true residual before the system counts as not solvable."""

WIDE, DEPTH, DEPTH_WIDE = 16, 40, 10
"""From how many right-hand sides on fewer steps are kept between restarts, and how many: it bounds the memory."""

MOST = 128
"""Right-hand sides that are solved together; more are cut into blocks of this size."""

FAINT, DEPENDENT = 1e-9, 1e-5
"""A direction of whose image less than this (relative) lies outside the span of earlier steps, of its own step, is left out."""

ROUNDING = 1e-13
"""Added to the diagonal before Cholesky, so that dependent rows end as small pivots (3e-7) and not as roots of −1e-16."""

FEW = 4
"""Up to so many right-hand sides go through the equations one by one: matrix products of two columns are slow."""


class Cycle(NamedTuple):
    """Where one cycle stands. Directions Z and their images, Q orthonormal: A Z_m = Σ_{j<m} H_jm Q_j + L_m Q_m; rows."""

    steps: jax.Array
    r: jax.Array  # right-hand side × unknown
    Q: jax.Array  # step × direction × unknown
    Z: jax.Array
    H: jax.Array  # step j × step m × direction × direction
    L: jax.Array  # step × direction × direction, lower triangular
    g: jax.Array  # step × right-hand side × direction
    worst: jax.Array


class Solution(NamedTuple):
    """Solutions (right-hand side × country × unknown), the worst relative residual (checked afterwards) and all steps."""

    x: jax.Array
    residual: float
    steps: int


def _norm(rows: jax.Array) -> jax.Array:
    size = jnp.sqrt(jnp.sum(rows * rows, axis=1, keepdims=True))
    return jnp.where(size > 0, size, 1.0)


def _orthonormal(w: jax.Array, image: jax.Array) -> tuple[jax.Array, jax.Array]:
    """Rows W = L Q by Cholesky, on few rows many times faster than Householder's way; `image` their size before.

    Q is orthonormal only as far as W is well conditioned. That costs steps, not truth: the recurrences of the solver hold
    for any Q. A row that depends on the others, or of which nothing is left, gets a zero in Q and a unit row in L.
    """
    size = _norm(w)
    fresh = (size > FAINT * image)[:, 0]
    q = jnp.where(fresh[:, None], w / size, 0.0)
    found = jnp.linalg.cholesky(q @ q.T + jnp.diag(jnp.where(fresh, ROUNDING, 1.0)))
    fresh = fresh & (jnp.diag(found) > DEPENDENT)
    found = jnp.where(fresh[:, None] & fresh[None, :], found, jnp.eye(len(w)))
    q = jnp.where(fresh[:, None], jax.scipy.linalg.solve_triangular(found, jnp.eye(len(w)), lower=True) @ q, 0.0)
    return q, jnp.where(fresh[:, None], size, 1.0) * found


def _operator(base: market.Base, shock: market.Shock, x: jax.Array, factors: str, deficits: str, transposed: bool):
    """C -> (I − G_u) C, or its transpose, for rows C (right-hand side × unknown)."""
    shape = x.shape
    if transposed:
        _, pull = jax.vjp(lambda v: root.residual(base, shock, v, factors, deficits), x)
        one = lambda c: pull(c.reshape(shape))[0].ravel()  # noqa: E731
    else:
        _, push = jax.linearize(lambda v: root.residual(base, shock, v, factors, deficits), x)
        one = lambda c: push(c.reshape(shape)).ravel()  # noqa: E731
    return lambda rows: -(jax.lax.map(one, rows) if len(rows) <= FEW else jax.vmap(one)(rows))


def _precondition(steer: root.Steer, transposed: bool, rows: jax.Array) -> jax.Array:
    """New directions, in single precision: half the memory, and exact as what was multiplied."""
    shape = (rows.shape[0], *steer.blocks.shape[:2])
    part = rows.astype(jnp.float32)
    if transposed:
        part = part + (part @ steer.spread) @ steer.modes
        return jnp.einsum("nab,kna->knb", steer.blocks, part.reshape(shape)).reshape(rows.shape)
    part = jnp.einsum("nab,knb->kna", steer.blocks, part.reshape(shape)).reshape(rows.shape)
    return part + (part @ steer.modes.T) @ steer.spread.T


def _cycle(
    base: market.Base,
    shock: market.Shock,
    x: jax.Array,
    steer: root.Steer,
    rhs: jax.Array,
    guess: jax.Array,
    tolerance: jax.Array,
    fresh: jax.Array,
    *,
    factors: str,
    deficits: str,
    transposed: bool,
    depth: int,
) -> tuple[jax.Array, jax.Array, jax.Array]:
    """One cycle from `guess`: solutions, relative residual of each (computed anew), steps. Rows: right-hand side × unknown.

    `fresh` where the guess is nothing, whose residual is the right-hand side itself.
    """
    act = _operator(base, shock, x, factors, deficits, transposed)
    k, n = rhs.shape

    def relative(r: jax.Array) -> jax.Array:
        return jnp.max(jnp.abs(r), axis=1) / scale

    def advance(c: Cycle) -> Cycle:
        z = _precondition(steer, transposed, c.r / _norm(c.r))
        m = c.steps

        def against(j: jax.Array, state: tuple[jax.Array, jax.Array]) -> tuple[jax.Array, jax.Array]:
            w, H = state
            h = w @ c.Q[j].T
            return w - h @ c.Q[j], H.at[j, m].set(h)

        image = act(z.astype(jnp.float64))
        w, H = jax.lax.fori_loop(0, m, against, (image, c.H))
        q, L = _orthonormal(w, _norm(image))
        g = c.r @ q.T
        r = c.r - g @ q
        return Cycle(m + 1, r, c.Q.at[m].set(q), c.Z.at[m].set(z), H, c.L.at[m].set(L), c.g.at[m].set(g), jnp.max(relative(r)))

    def back(step: jax.Array, state: tuple[jax.Array, jax.Array]) -> tuple[jax.Array, jax.Array]:
        g, total = state
        m = done.steps - 1 - step
        y = jax.scipy.linalg.solve_triangular(done.L[m], g[m].T, lower=True, trans=1).T
        return g - jnp.einsum("kd,jde->jke", y, done.H[:, m]), total + y @ done.Z[m].astype(jnp.float64)

    r = jax.lax.cond(fresh, lambda: rhs, lambda: rhs - act(guess))
    scale = jnp.max(jnp.abs(rhs), axis=1)
    scale = jnp.where(scale > 0, scale, 1.0)
    square = jnp.zeros((depth, k, k))
    Q, Z = jnp.zeros((depth, k, n)), jnp.zeros((depth, k, n), jnp.float32)
    first = Cycle(jnp.array(0), r, Q, Z, jnp.zeros((depth, depth, k, k)), square, square, jnp.max(relative(r)))
    done = jax.lax.while_loop(lambda c: (c.steps < depth) & (c.worst > tolerance), advance, first)
    _, change = jax.lax.fori_loop(0, done.steps, back, (done.g, jnp.zeros_like(rhs)))
    found = guess + change
    gap = jnp.max(jnp.abs(rhs - act(found)), axis=1)
    return found, gap / jnp.maximum(scale, jnp.max(jnp.abs(found), axis=1)), done.steps


@lru_cache(maxsize=64)
def compiled(factors: str, deficits: str, transposed: bool, depth: int):
    """`_cycle` compiled for one closure and direction."""
    return jax.jit(partial(_cycle, factors=factors, deficits=deficits, transposed=transposed, depth=depth))


def solve(
    base: market.Base,
    shock: market.Shock,
    x: jax.Array,
    steer: root.Steer,
    rhs: jax.Array,
    closure: tuple[str, str],
    *,
    transposed: bool,
    tolerance: float = TOLERANCE,
    guess: Array | None = None,
) -> Solution:
    """(I − G_u) X = B, or with the transpose, at the point `x` (country × unknown).

    `rhs` right-hand side × country × unknown, `steer` the preconditioner (anywhere near), `closure` factors and deficits,
    `guess` where to begin, in the shape of `rhs`.
    Restarts with a preconditioner made at `x` itself if the first cycle does not reach the tolerance. Raises
    NoEquilibriumError if none does: then the equations are singular there, or nearly.
    """
    if len(rhs) > MOST:
        parts = [
            solve(
                base,
                shock,
                x,
                steer,
                rhs[at : at + MOST],
                closure,
                transposed=transposed,
                tolerance=tolerance,
                guess=None if guess is None else guess[at : at + MOST],
            )
            for at in range(0, len(rhs), MOST)
        ]
        return Solution(jnp.concatenate([p.x for p in parts]), max(p.residual for p in parts), sum(p.steps for p in parts))
    depth = DEPTH_WIDE if len(rhs) >= WIDE else DEPTH
    rows = rhs.reshape(len(rhs), -1)
    found = jnp.zeros_like(rows) if guess is None else jnp.asarray(guess).reshape(rows.shape)
    steps, worst = 0, np.inf
    for cycle in range(CYCLES):
        if cycle == 1:
            steer = root.Steer.of(root.inverse_blocks(*closure)(base, shock, x))
        run = compiled(*closure, transposed, depth)
        found, gaps, more = run(base, shock, x, steer, rows, found, tolerance / 2, cycle == 0 and guess is None)
        steps += int(more)
        worst = float(jnp.max(gaps))
        if worst <= tolerance:
            return Solution(found.reshape(rhs.shape), worst, steps)
        if not np.isfinite(worst):
            break
    raise NoEquilibriumError(
        f"the derivatives at this equilibrium were not found: residual {worst:.2g} of the linear system after {steps} steps,"
        f" above {tolerance:.0e}. The equilibrium is at, or next to, a point where it ceases to be unique or to exist.",
        residual=worst,
        worst="linear system of the derivatives",
    )
