"""Price indices of sectors and of consumption (model.md, equations 3 and 4)."""

from __future__ import annotations

import jax
import jax.numpy as jnp

from comity.model.costs import mean_of_order


def price_index(S: jax.Array, theta: jax.Array) -> jax.Array:
    """Log price index of a sector, P̂_n^j = [Σ_i π_ni^j (κ̂_ni^j ĉ_i^j)^{−θ}]^{−1/θ} (Caliendo & Parro 2015, eq. 11).

    `S` is the sum in brackets, `theta` the trade elasticity; both … × sector.
    """
    return -jnp.log(S) / theta


def consumer_price(a: jax.Array, lnP: jax.Array, sigma: jax.Array | None = None) -> jax.Array:
    """Log price of final consumption, P̂_n = [Σ_j a_n^j (P̂_n^j)^{1−σ}]^{1/(1−σ)} (model.md, eq. 4); … × sector to ….

    `a` shares after the change of taste, at benchmark prices; `sigma` …, None is 1: ln P̂_n = Σ_j a_n^j ln P̂_n^j.
    """
    mean = jnp.sum(a * lnP, axis=-1)
    if sigma is None:
        return mean
    return mean_of_order(a, lnP, mean[..., None], sigma[..., None])
