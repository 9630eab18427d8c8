"""The slow modes of the iteration: what a step of every economy on its own leaves of an error, taken apart once at a point.

With all other economies held, one step takes an error e to E e, E = I + B dF/du with B the economies' own inverse blocks. Its
largest eigenvalues (0.9, 0.7, … at the world of 2022) belong to prices and wages of regions that trade much with each other;
the rest are below 0.4. Arnoldi's method finds them from E alone (Saad 2011, chapter 6); a step then solves with them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from scipy.linalg import schur

from comity.model import market
from comity.records import Array, Closure
from comity.solve import problem, root

KRYLOV = 40
"""Vectors in which the modes are sought."""

SMALL = 1e-3
"""Largest change of a log unknown by which E is read off the equations: the modes only steer, its square is nothing."""

BROKEN = 1e-7
"""Length of what is left of a vector below which the Krylov space has all that there is (E is read off to six digits)."""

STIFF = 1e6
"""Condition of I − T above which the modes are left alone: the equations are singular there, or nearly."""

SEED = 20
"""Of the vector that Arnoldi's method begins with."""


def steer(w: problem.World, shock: market.Shock, closure: Closure, x: jax.Array, blocks: jax.Array) -> root.Steer:
    """The blocks of the point `x` with the slow modes there; the blocks alone where the modes are no use."""
    run, plain = root.compiled(closure.factors, closure.deficits), root.Steer.of(blocks)

    def corrected(point: jax.Array) -> Array:
        return np.asarray(run(w.base, shock, point, plain, 0.0, 0, np.inf).correction).ravel()

    here = corrected(x)

    def left(v: Array) -> Array:
        size = SMALL / float(np.max(np.abs(v)))
        return v + (corrected(x + jnp.asarray(size * v.reshape(x.shape))) - here) / size

    Q, T = _modes(left, x.size)
    one = np.eye(len(T))
    if len(T) == 0 or np.linalg.cond(one - T) > STIFF:
        return plain
    spread, modes = np.zeros((x.size, root.MODES), np.float32), np.zeros((root.MODES, x.size), np.float32)
    spread[:, : len(T)], modes[: len(T)] = Q @ (np.linalg.inv(one - T) - one), Q.T
    return root.Steer(blocks, jnp.asarray(spread), jnp.asarray(modes))


def _modes(apply: Callable[[Array], Array], size: int) -> tuple[Array, Array]:
    """Q, orthonormal (size × modes), and T = Qᵀ E Q for the subspace of the largest eigenvalues of E: Arnoldi, then Schur.

    MODES of them, or one less where a complex pair would be cut; no more than the Krylov space has.
    """
    length = min(KRYLOV, size)
    basis, H = np.zeros((length + 1, size)), np.zeros((length + 1, length))
    basis[0] = np.random.default_rng(SEED).standard_normal(size)
    basis[0] /= np.linalg.norm(basis[0])
    for k in range(length):
        v = apply(basis[k])
        for _ in range(2):  # twice is enough (Kahan, in Parlett 1998): orthogonal to rounding
            part = basis[: k + 1] @ v
            v -= part @ basis[: k + 1]
            H[: k + 1, k] += part
        H[k + 1, k] = np.linalg.norm(v)
        if not H[k + 1, k] > BROKEN:
            length = k + 1
            break
        basis[k + 1] = v / H[k + 1, k]
    H = H[:length, :length]
    if not np.isfinite(H).all():
        return basis[:0].T, H[:0, :0]
    sizes = np.sort(np.abs(np.linalg.eigvals(H)))[::-1]
    least = sizes[root.MODES] if length > root.MODES else 0.0
    sorted_schur: Any = schur(H, output="real", sort=lambda re, im: np.hypot(re, im) > least * (1 + 1e-9))
    T, Z, count = sorted_schur
    count = min(count, root.MODES)
    return (Z[:, :count].T @ basis[:length]).T, T[:count, :count]
