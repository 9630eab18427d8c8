"""The forward solver: Anderson-accelerated steps, preconditioned by each economy's own Newton block.

One step evaluates all equations at u, takes the residual F = G(u) − u and corrects it with the inverse of I − dG_n/du_n
for every economy n (its prices, spending and factor incomes move together; the others are held). What is left is the
coupling through trade, which Anderson acceleration (1965; Walker & Ni 2011) removes in 10 to 30 steps. Convergence is
judged by F, the model's own residuals, relative and in max-norm, never by the size of a step.
"""

from __future__ import annotations

from functools import lru_cache, partial
from typing import NamedTuple

import jax
import jax.numpy as jnp

from comity.model import market

DEPTH = 8
"""How many past steps Anderson acceleration combines."""

LONGEST_STEP = 1.5
"""Largest change of any log unknown in one step: keeps early steps of a large shock inside the region of trust."""


class Iterate(NamedTuple):
    """Where the iteration stands."""

    steps: jax.Array
    x: jax.Array  # country × unknown
    correction: jax.Array
    past_x: jax.Array  # DEPTH × (country · unknown)
    past_f: jax.Array
    residual: jax.Array
    best: jax.Array  # smallest residual so far


@lru_cache(maxsize=32)
def inverse_blocks(factors: str, deficits: str):
    """Compiled (I − dG_n/du_n)^{-1} at a point, in single precision: it only steers, the residual judges."""

    @jax.jit
    def run(base: market.Base, shock: market.Shock, x: jax.Array) -> jax.Array:
        u = market.unpack(x, base.gamma.shape[-1], factors)
        blocks = market.diagonal_blocks(base, shock, u, factors, deficits)
        return jnp.linalg.inv(jnp.eye(blocks.shape[-1]) - blocks).astype(jnp.float32)

    return run


def residual(base: market.Base, shock: market.Shock, x: jax.Array, factors: str, deficits: str) -> jax.Array:
    """F = G(u) − u: prices, goods and factor markets in relative terms; country × unknown."""
    u = market.unpack(x, base.gamma.shape[-1], factors)
    return market.pack(market.evaluate(base, shock, u, market.world_exchange(shock), factors, deficits).state) - x


def iterate(
    base: market.Base,
    shock: market.Shock,
    x0: jax.Array,
    blocks: jax.Array,
    tolerance: jax.Array,
    limit: jax.Array,
    *,
    factors: str,
    deficits: str,
) -> Iterate:
    """Steps until the residual is below `tolerance`, is not finite, has grown a millionfold, or `limit` steps are done."""

    def correct(x: jax.Array) -> tuple[jax.Array, jax.Array]:
        F = residual(base, shock, x, factors, deficits)
        step = jnp.einsum("nab,nb->na", blocks, F.astype(jnp.float32)).astype(jnp.float64)
        return step, jnp.max(jnp.abs(F))

    def advance(it: Iterate) -> Iterate:
        gram = it.past_f @ it.past_f.T
        ridge = 1e-14 * jnp.trace(gram) + 1e-300
        mix = jnp.linalg.solve(gram + ridge * jnp.eye(DEPTH), it.past_f @ it.correction.ravel())
        move = it.correction - ((it.past_x + it.past_f).T @ mix).reshape(it.x.shape)
        move = move * jnp.minimum(1.0, LONGEST_STEP / jnp.max(jnp.abs(move)))
        x = it.x + move
        correction, worst = correct(x)
        slot = it.steps % DEPTH
        past_x = it.past_x.at[slot].set(move.ravel())
        past_f = it.past_f.at[slot].set((correction - it.correction).ravel())
        return Iterate(it.steps + 1, x, correction, past_x, past_f, worst, jnp.minimum(it.best, worst))

    def go_on(it: Iterate) -> jax.Array:
        hopeful = jnp.isfinite(it.residual) & (it.residual < 1e6 * it.best)
        return (it.steps < limit) & (it.residual > tolerance) & hopeful

    correction, worst = correct(x0)
    empty = jnp.zeros((DEPTH, x0.size))
    return jax.lax.while_loop(go_on, advance, Iterate(jnp.array(0), x0, correction, empty, empty, worst, worst))


@lru_cache(maxsize=32)
def compiled(factors: str, deficits: str):
    """`iterate` compiled for one closure."""
    return jax.jit(partial(iterate, factors=factors, deficits=deficits))
