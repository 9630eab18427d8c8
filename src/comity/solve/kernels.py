"""The kernels of a scenario, M = π κ̂^{−θ} and M/(1+t′) (eq. 3), sector × importer × exporter: on the device, and by NumPy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import jax
import jax.numpy as jnp
import numpy as np

from comity.model import shares
from comity.records import Array

if TYPE_CHECKING:
    from comity.solve.problem import World

CLOSING = 8
"""A flow under embargo shrinks on the way as (1 − s)^8: where demand hardly gives way it must be as good as nothing long before
the end, for prices there rise with the logarithm of what is left."""


def apart(M: jax.Array, border: jax.Array) -> tuple[jax.Array, jax.Array, jax.Array, jax.Array]:
    """Kernels of trade with others, zero on their diagonals, and the diagonals (country × sector)."""
    others = 1 - jnp.eye(M.shape[-1])
    return M * others, border * others, jnp.einsum("jnn->nj", M), jnp.einsum("jnn->nj", border)


@jax.jit
def on_device(pi: jax.Array, t: jax.Array, theta: jax.Array, t1: jax.Array | None, d: jax.Array | None, s: jax.Array):
    """M and M/(1+t′) abroad, and of each what is bought at home; `t1`, `d` importer × exporter × sector, None where as before."""
    M, t_s = pi, t
    lnkappa = shut = jnp.zeros(())
    if d is not None:
        d = d.transpose(2, 0, 1)
        shut = jnp.isposinf(d)
        lnkappa = s * jnp.log(jnp.where(shut, 1.0, d))
    if t1 is not None:
        t_s = t + s * (t1.transpose(2, 0, 1) - t)
        lnkappa = lnkappa + jnp.log((1 + t_s) / (1 + t))
    if d is not None or t1 is not None:
        M = shares.trade_kernel(pi, lnkappa, jnp.zeros(()), theta[:, None, None]) * jnp.where(shut, (1 - s) ** CLOSING, 1.0)
    return apart(M, M / (1 + t_s))


FEW = 1 / 8
"""Of all flows: where a scenario touches fewer, the others are copied and not computed again."""


def on_host(w: World, t1: Array | None, d: Array | None, s: float) -> tuple[Any, ...]:
    """`on_device` by NumPy, in place: on a CPU a third of the time of the compiled one, whose logarithms are slow."""
    if t1 is None and d is None:
        return w.kernels
    pi, t, theta = (np.asarray(given) for given in (w.pi, w.tariff, w.base.theta[0]))
    t1, d = (None if given is None else np.asarray(given) for given in (t1, d))
    M, border = _room(pi.shape), _room(pi.shape)
    touched = np.flatnonzero(_touched(w, t1, d))
    if len(touched) < FEW * pi.size:
        importer, exporter, sector = np.unravel_index(touched, (*pi.shape[1:], len(pi)))
        at = (sector, importer, exporter)
        t1, d = (None if given is None else given.ravel()[touched] for given in (t1, d))
        M_at, border_at = np.empty(len(touched)), np.empty(len(touched))
        _move(M_at, border_at, pi[at], t[at], theta[sector], t1, d, s)
        for kernel, before, moved in ((M, w.kernels[0], M_at), (border, w.kernels[1], border_at)):
            kernel[...] = before
            kernel[at] = moved
        home = w.kernels[2:]  # no rate and no cost at home
    else:
        t1, d = (None if given is None else given.transpose(2, 0, 1) for given in (t1, d))
        _move(M, border, pi, t, theta[:, None, None], t1, d, s)
        home = [np.einsum("jnn->nj", kernel).copy() for kernel in (M, border)]
        for kernel in (M, border):
            np.einsum("jnn->nj", kernel)[...] = 0.0
    return jax.device_put(M), jax.device_put(border), *home


def _touched(w: World, t1: Array | None, d: Array | None) -> Array:
    """Where a scenario has another tariff or trade cost than the benchmark; importer × exporter × sector."""
    parts = [given != before for given, before in ((t1, w.plain_tariff), (d, 1.0)) if given is not None]
    return parts[0] if len(parts) == 1 else parts[0] | parts[1]


def _move(M: Array, border: Array, pi: Array, t: Array, theta: Array, t1: Array | None, d: Array | None, s: float) -> None:
    """M = π κ̂^{−θ} and M/(1+t′) at the fraction s of the way, written into `M` and `border`; all arrays of one shape."""
    closed = None
    if t1 is not None:
        np.add(t, s * (t1 - t), out=border)
        border += 1.0
        np.divide(border, 1 + t, out=M)
        np.log(M, out=M)
    if d is not None:
        closed = np.isposinf(d) if np.isposinf(d.max(initial=1.0)) else None
        cost = np.log(d if closed is None else np.where(closed, 1.0, d))
        cost *= s
        M[...] = cost if t1 is None else M + cost
    M *= -theta
    np.exp(M, out=M)
    M *= pi
    if closed is not None:
        M[closed] *= (1 - s) ** CLOSING
    np.divide(M, 1 + t if t1 is None else border, out=border)


LINE = 64
"""Bytes at whose multiples an array begins that a CPU device takes over without a copy."""


def _room(shape: tuple[int, ...]) -> Array:
    """An empty array that begins at a multiple of LINE bytes."""
    size = 8 * int(np.prod(shape))
    memory = np.empty(size + LINE, dtype=np.uint8)
    first = -memory.ctypes.data % LINE
    return memory[first : first + size].view(np.float64).reshape(shape)
