"""What an economy earns and spends (model.md, equations 5 to 7 and the deficit closures)."""

from __future__ import annotations

from collections.abc import Callable

import jax
import jax.numpy as jnp

WorldSum = Callable[[jax.Array], jax.Array]


def tariff_revenue(X: jax.Array, border: jax.Array) -> jax.Array:
    """Import duties R′_n = Σ_j (X′_n^j − Σ_i F′_ni^j): spending less its value at the border (eq. 5); … × sector to …, USD mn."""
    return jnp.sum(X - border, axis=-1)


def export_revenue(levied: jax.Array) -> jax.Array:
    """Export taxes E′_i = Σ_nj s′/(1+s′) F′_ni^j, of what each sector's exports bear (eq. 5); … × sector to …, USD mn."""
    return jnp.sum(levied, axis=-1)


def dividends(owned: jax.Array, capital: jax.Array) -> jax.Array:
    """Σ_ij Ω′_{n,i}^j (1−λ_i^j) γ′_i^j Y′_i^j: what residents of n receive of all capital income, their own at home too (eq. 6).

    `owned` owner × economy × sector, `capital` income country × sector, USD mn; returns country, USD mn.
    """
    return jnp.einsum("nij,ij->n", owned, capital)


def pooled_duties(key: jax.Array, duties: jax.Array, total: jax.Array) -> jax.Array:
    """Net receipts from a customs pool, key_n Σ_m P_m − P_n, with P_n the own duties that go into it (eq. 6); …, USD mn."""
    return key * total - duties


def spending(a: jax.Array, income: jax.Array, inputs: jax.Array) -> jax.Array:
    """X′_n^j = a′_n^j I′_n + spending on j as an input (Caliendo & Parro 2015, eq. 13); … × sector, USD mn."""
    return a * income[..., None] + inputs


def input_spending(g: jax.Array, spent: jax.Array) -> jax.Array:
    """Σ_k g^{jk} (1−γ^k) Y′_n^k: spending on each input when no share moves (Caliendo & Parro 2015, eq. 13).

    `g` … × input × sector, `spent` (1−γ^k) Y′_n^k, what each sector spends on all inputs; returns … × sector, USD mn.
    """
    return jnp.einsum("...kj,...j->...k", g, spent)


def ces_input_spending(g: jax.Array, lnP: jax.Array, lnm: jax.Array, spent: jax.Array, epsilon: jax.Array | None) -> jax.Array:
    """Σ_k g′^{jk} (1−γ′^k) Y′_n^k with g′ = g (P̂^j/m̂^k)^{1−ε} (model.md, eqs. 2 and 5); … × sector, USD mn.

    `g` … × input × sector, `spent` what each sector spends on all inputs, `epsilon` … × 1 (the powers are taken out of the
    sum) or … × sector.
    """
    if epsilon is None:
        return input_spending(g, spent)
    power = 1 - epsilon
    if epsilon.shape[-1] == 1:
        return jnp.exp(power * lnP) * jnp.einsum("...kj,...j->...k", g, jnp.exp(-power * lnm) * spent)
    moved = g * jnp.exp(power[..., None, :] * (lnP[..., :, None] - lnm[..., None, :]))
    return jnp.einsum("...kj,...j->...k", moved, spent)


def fixed_deficit(D: jax.Array) -> jax.Array:
    """D′ = D in units of world value added (Caliendo & Parro 2015; model.md, deficit closures); …, USD mn; country."""
    return D


def scaled_deficit(D: jax.Array, hat: jax.Array, weight: jax.Array, pool: WorldSum) -> jax.Array:
    """D′_n = D_n ĥ_n − ω′_n Σ_m D_m ĥ_m, so that Σ D′ = 0.

    `hat` and the share in the world `weight` ω′ are those of own value added (`proportional`) or of own exports plus imports
    (`with_trade`, ours), `pool` the sum over economies; …, USD mn.
    """
    return D * hat - weight * pool(D * hat)
