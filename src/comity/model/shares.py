"""Trade shares and spending shares (model.md, equations 3 and 4)."""

from __future__ import annotations

import jax
import jax.numpy as jnp


def trade_kernel(pi: jax.Array, lnkappa: jax.Array, blocked: jax.Array, theta: jax.Array) -> jax.Array:
    """M = π κ̂^{−θ}: all that trade policy does to demand (model.md, eq. 3); importer × exporter × sector.

    `lnkappa` log of trade-cost and tariff factors, `blocked` the fraction of a flow cut off (1 = embargo, an exact zero).
    """
    return pi * jnp.exp(-theta * lnkappa) * (1 - blocked)


def trade_share(M: jax.Array, c_power: jax.Array, S: jax.Array) -> jax.Array:
    """Expenditure shares π′_ni^j = M_ni^j (ĉ_i^j)^{−θ} / Σ_i′ M (ĉ)^{−θ} (Caliendo & Parro 2015, eq. 13); n × i × j."""
    return M * c_power[None, :, :] / S[:, None, :]


def final_share(a: jax.Array, taste: jax.Array) -> jax.Array:
    """Shares of final spending after a change of taste, a′ = a δ̂ / Σ_j a δ̂ (model.md, eq. 4 at σ = 1); … × sector."""
    return a * taste / jnp.sum(a * taste, axis=-1, keepdims=True)
