"""Price indices of sectors and of consumption (model.md, equations 3 and 4)."""

from __future__ import annotations

import jax
import jax.numpy as jnp


def price_index(S: jax.Array, theta: jax.Array) -> jax.Array:
    """Log price index of a sector, P̂_n^j = [Σ_i π_ni^j (κ̂_ni^j ĉ_i^j)^{−θ}]^{−1/θ} (Caliendo & Parro 2015, eq. 12).

    `S` is the sum in brackets, `theta` the trade elasticity; both … × sector.
    """
    return -jnp.log(S) / theta


def consumer_price(a: jax.Array, lnP: jax.Array) -> jax.Array:
    """Log price of final consumption, ln P̂_n = Σ_j a_n^j ln P̂_n^j (model.md, eq. 4 at σ = 1); … × sector to …."""
    return jnp.sum(a * lnP, axis=-1)
