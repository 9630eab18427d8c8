"""Prices of value added, of inputs and of output (model.md, equations 1 and 2)."""

from __future__ import annotations

import jax
import jax.numpy as jnp


def input_price(g: jax.Array, lnP: jax.Array) -> jax.Array:
    """Log price of the input bundle of each sector.

    ln m̂_i^j = Σ_k g_i^{kj} ln P̂_i^k, the Cobb–Douglas nest of Caliendo & Parro (2015, eq. 11).
    `g` … × input × sector, `lnP` … × sector; returns … × sector.
    """
    return jnp.einsum("...kj,...k->...j", g, lnP)


def unit_cost(lnv: jax.Array, lnm: jax.Array, gamma: jax.Array, lnA: jax.Array) -> jax.Array:
    """Log unit cost, ln ĉ = γ ln v̂ + (1−γ) ln m̂ − ln Â (Caliendo & Parro 2015, eq. 11); … × sector."""
    return gamma * lnv + (1 - gamma) * lnm - lnA


def average_wage(y: jax.Array, labour_income: jax.Array, lnL: jax.Array) -> jax.Array:
    """Log wage that clears the labour market, Σ_j λγ′Y′ = ŵ L̂ wL (model.md, eq. 7).

    `y` log change of value added by sector, `labour_income` λγY at the benchmark (USD mn), `lnL` log labour; returns ….
    """
    return jnp.log(jnp.sum(labour_income * jnp.exp(y), axis=-1) / jnp.sum(labour_income, axis=-1)) - lnL


def price_mobile(y: jax.Array, lnL: jax.Array, sectors: int) -> jax.Array:
    """Log price of value added in the long run, v̂_i^j = ŵ_i: one composite factor an economy (eq. 1).

    `y` log change of an economy's value added (…), `lnL` its log endowment; returns … × sector.
    """
    return jnp.broadcast_to((y - lnL)[..., None], (*y.shape, sectors))


def price_specific(y: jax.Array, lam: jax.Array, labour_income: jax.Array, lnL: jax.Array, lnK: jax.Array) -> jax.Array:
    """Log price of value added when capital stays in its sector: ln v̂ = λ ln ŵ + (1−λ) ln r̂, r̂ = (γ′Y′)/(γY)/K̂ (eq. 1)."""
    return lam * average_wage(y, labour_income, lnL)[..., None] + (1 - lam) * (y - lnK)


def price_immobile(y: jax.Array, lam: jax.Array, lnL: jax.Array, lnK: jax.Array) -> jax.Array:
    """Log price of value added when labour stays too: v̂ = (γ′Y′)/(γY) over the sector's own factors L̂^λ K̂^{1−λ} (eq. 1)."""
    return y - lam * lnL[..., None] - (1 - lam) * lnK
