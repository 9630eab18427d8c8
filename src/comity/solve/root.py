"""The forward solver: Anderson-accelerated steps, preconditioned by each economy's own Newton block.

One step evaluates all equations at u, takes what is left of each, F(u), and corrects it with the inverse of −dF_n/du_n for
every economy n (its prices, spending and factor incomes move together; the others are held). What is left is the
coupling through trade: its slowest modes are solved with (`slow`), the others are left to Anderson acceleration (1965; Walker
& Ni 2011). Convergence is judged by F, the model's own residuals, relative and in max-norm, never by the size of a step.
"""

from __future__ import annotations

from functools import lru_cache, partial
from typing import NamedTuple

import jax
import jax.numpy as jnp

from comity.model import balance, market

DEPTH = 6
"""How many past steps Anderson acceleration combines."""

MODES = 20
"""Slow modes of trade that are solved with at every step."""

LONGEST_STEP = 1.5
"""Largest change of any log unknown in one step: keeps early steps of a large shock inside the region of trust."""


class Steer(NamedTuple):
    """What turns what is left of the equations into a correction, in single precision: it only steers, the residual judges.

    The correction d = −(dF_n/du_n)^{-1} F of each economy becomes d + Q [(I − T)^{-1} − I] Qᵀ d, with Q the slow modes of the
    plain iteration and T what one step leaves of them.
    """

    blocks: jax.Array  # −(dF_n/du_n)^{-1}, country × unknown × unknown
    spread: jax.Array  # Q [(I − T)^{-1} − I], (country · unknown) × MODES
    modes: jax.Array  # Qᵀ, MODES × (country · unknown)

    @classmethod
    def of(cls, blocks: jax.Array) -> Steer:
        """By the blocks alone."""
        none = jnp.zeros((blocks.shape[0] * blocks.shape[1], MODES), jnp.float32)
        return cls(blocks, none, none.T)


class Iterate(NamedTuple):
    """Where the iteration stands."""

    steps: jax.Array
    x: jax.Array  # country × unknown
    correction: jax.Array
    past: jax.Array  # moves and what they did to the correction, added up, DEPTH × (country · unknown)
    past_f: jax.Array  # what they did to the correction
    gram: jax.Array  # past_f past_fᵀ
    along: jax.Array  # past_f · correction
    residual: jax.Array
    best: jax.Array  # smallest residual so far


@lru_cache(maxsize=32)
def inverse_blocks(factors: str, deficits: str):
    """Compiled −(dF_n/du_n)^{-1} at a point, in single precision: it only steers, the residual judges."""

    @jax.jit
    def run(base: market.Base, shock: market.Shock, x: jax.Array) -> jax.Array:
        u = market.unpack(x, base.gamma.shape[-1], factors)
        return -inverse(balance.diagonal_blocks(base, shock, u, factors, deficits), base.gamma.shape[-1]).astype(jnp.float32)

    return run


def inverse(blocks: jax.Array, J: int) -> jax.Array:
    """The inverses of blocks whose first J equations, prices, do not have the next J unknowns, spending, in them.

    By the Schur complement of the prices: half the work, and two small factorisations instead of a large one. country ×
    unknown × unknown.
    """
    prices, wages = blocks[:, :J, :J], blocks[:, :J, 2 * J :]
    inner = jnp.linalg.inv(prices)
    passed = blocks[:, J:, :J] @ inner
    rest = jnp.linalg.inv(blocks[:, J:, J:].at[:, :, J:].add(-passed @ wages))
    below, moved = -rest @ passed, inner @ wages
    above = jnp.concatenate([inner - moved @ below[:, J:], -moved @ rest[:, J:]], axis=2)
    return jnp.concatenate([above, jnp.concatenate([below, rest], axis=2)], axis=1)


def residual(base: market.Base, shock: market.Shock, x: jax.Array, factors: str, deficits: str) -> jax.Array:
    """F: what is left of prices, goods markets, factor markets and external accounts, in logs; country × unknown."""
    u = market.unpack(x, base.gamma.shape[-1], factors)
    return market.pack(balance.gaps(base, shock, u, market.exchange_abroad(shock), factors, deficits))


def _sold(base: market.Base, shock: market.Shock, x: jax.Array, factors: str) -> jax.Array:
    """The point with no value added supposed where nobody may buy; a sector's, so only where factors stay in theirs."""
    if factors == "mobile":
        return x
    J = base.gamma.shape[-1]
    return x.at[:, 2 * J :].set(jnp.where(balance.unsold(base, shock), balance.UNSOLD, x[:, 2 * J :]))


def worst_of(F: jax.Array) -> jax.Array:
    """max |F|, infinite where any is not a number: a maximum over numbers may pass over what is none."""
    return jnp.where(jnp.isfinite(F).all(), jnp.max(jnp.abs(F)), jnp.inf)


def iterate(
    base: market.Base,
    shock: market.Shock,
    x0: jax.Array,
    steer: Steer,
    tolerance: jax.Array,
    limit: jax.Array,
    near: jax.Array = jnp.inf,  # type: ignore[assignment]
    *,
    factors: str,
    deficits: str,
) -> Iterate:
    """Steps until the residual is below `tolerance`, is not finite, has grown a millionfold, or `limit` steps are done.

    None where the start is further away than `near`, a residual.
    """
    x0 = _sold(base, shock, x0, factors)

    def correct(x: jax.Array) -> tuple[jax.Array, jax.Array]:
        F = residual(base, shock, x, factors, deficits)
        step = jnp.einsum("nab,nb->na", steer.blocks, F.astype(jnp.float32)).ravel()
        step = step + steer.spread @ (steer.modes @ step)
        return step.astype(jnp.float64).reshape(x.shape), worst_of(F)

    def advance(it: Iterate) -> Iterate:
        ridge = 1e-14 * jnp.trace(it.gram) + 1e-300
        mix = jnp.linalg.solve(it.gram + ridge * jnp.eye(DEPTH), it.along)
        move = it.correction - (mix @ it.past).reshape(it.x.shape)
        move = move * jnp.minimum(1.0, LONGEST_STEP / jnp.max(jnp.abs(move)))
        x = it.x + move
        correction, worst = correct(x)
        slot = it.steps % DEPTH
        change = (correction - it.correction).ravel()
        past = it.past.at[slot].set(move.ravel() + change)
        past_f = it.past_f.at[slot].set(change)
        row, along = past_f @ change, past_f @ correction.ravel()
        gram = it.gram.at[slot].set(row).at[:, slot].set(row)
        return Iterate(it.steps + 1, x, correction, past, past_f, gram, along, worst, jnp.minimum(it.best, worst))

    def go_on(it: Iterate) -> jax.Array:
        hopeful = jnp.isfinite(it.residual) & (it.residual < 1e6 * it.best)
        return (it.steps < limit) & (it.residual > tolerance) & hopeful

    correction, worst = correct(x0)
    limit = jnp.where(worst <= near, limit, 0)
    empty, gram = jnp.zeros((DEPTH, x0.size)), jnp.zeros((DEPTH, DEPTH))
    start = Iterate(jnp.array(0), x0, correction, empty, empty, gram, gram[0], worst, worst)
    return jax.lax.while_loop(go_on, advance, start)


@lru_cache(maxsize=32)
def compiled(factors: str, deficits: str):
    """`iterate` compiled for one closure."""
    return jax.jit(partial(iterate, factors=factors, deficits=deficits))


@lru_cache(maxsize=32)
def largest_gap(factors: str, deficits: str):
    """Compiled max |F| at a point; infinite where it is not a number."""

    @jax.jit
    def run(base: market.Base, shock: market.Shock, x: jax.Array) -> jax.Array:
        return worst_of(residual(base, shock, _sold(base, shock, x, factors), factors, deficits))

    return run
