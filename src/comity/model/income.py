"""What an economy earns and spends (model.md, equations 5 to 7 and the deficit closures)."""

from __future__ import annotations

from collections.abc import Callable

import jax
import jax.numpy as jnp

WorldSum = Callable[[jax.Array], jax.Array]


def tariff_revenue(X: jax.Array, border: jax.Array) -> jax.Array:
    """Import duties R′_n = Σ_j (X′_n^j − Σ_i F′_ni^j): spending less its value at the border (eq. 5); … × sector to …, USD mn."""
    return jnp.sum(X - border, axis=-1)


def spending(a: jax.Array, income: jax.Array, use: jax.Array, Y: jax.Array) -> jax.Array:
    """X′_n^j = a′_n^j I′_n + Σ_k (1−γ^k) g^{jk} Y′_n^k (Caliendo & Parro 2015, eq. 14).

    `use` = (1−γ^k) g^{jk}, … × input × sector: spending on an input per unit of output; returns … × sector, USD mn.
    """
    return a * income[..., None] + jnp.einsum("...kj,...j->...k", use, Y)


def fixed_deficit(D: jax.Array) -> jax.Array:
    """D′ = D in units of world value added; …, USD mn."""
    return D


def scaled_deficit(D: jax.Array, hat: jax.Array, weight: jax.Array, pool: WorldSum) -> jax.Array:
    """D′_n = D_n ĥ_n − ω′_n Σ_m D_m ĥ_m, so that Σ D′ = 0.

    `hat` is that of own value added (`proportional`) or of own exports plus imports (`with_trade`, ours), `weight` the
    share ω′ in world value added, `pool` the sum over economies; …, USD mn.
    """
    return D * hat - weight * pool(D * hat)
