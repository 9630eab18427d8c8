"""Prices of value added, of inputs and of output (model.md, equations 1 and 2).

Nests have a constant elasticity of substitution; where it is None it is 1, Cobb–Douglas. An elasticity may also be exactly 1
in some cells of an array: the limit is exact there.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp

NEAR = 0.05
"""Within this distance of 1 sums of powers are taken as sums of (power − 1): no digits are lost next to the limit."""


def mean_of_order(weight: jax.Array, x: jax.Array, mean: jax.Array, elasticity: jax.Array, axis: int = -1) -> jax.Array:
    """Log of the CES price, [Σ w e^{(1−e) x}]^{1/(1−e)}, for weights that sum to one (Arrow, Chenery, Minhas & Solow 1961).

    Any nest of model.md, eqs. 2 and 4: e is ε, η or σ. `x` log prices (… × `axis`), `mean` their weighted mean (the limit
    e = 1; kept as an axis of length one), `elasticity` e, broadcast against `x`. The sum is taken around the mean: it is 1 or
    more there, whatever the prices. Drops `axis`.
    """
    power = 1 - elasticity
    total = jnp.sum(weight * jnp.expm1(power * (x - mean)), axis=axis)
    level, power = jnp.squeeze(mean, axis), jnp.squeeze(power, axis)
    return level + jnp.where(power == 0, 0.0, jnp.log1p(total) / jnp.where(power == 0, 1.0, power))


def input_price(g: jax.Array, lnP: jax.Array, epsilon: jax.Array | None = None) -> jax.Array:
    """Log price of the input bundle of each sector, m̂_i^j = [Σ_k g_i^{kj} (P̂_i^k)^{1−ε}]^{1/(1−ε)} (Baqaee & Farhi 2019).

    At ε = 1, ln m̂_i^j = Σ_k g_i^{kj} ln P̂_i^k (Caliendo & Parro 2015, eq. 10). `g` … × input × sector, `lnP` … × sector,
    `epsilon` … × 1 (one for all sectors: one matrix product) or … × sector; returns … × sector, 0 for a sector without inputs.
    """
    mean = jnp.einsum("...kj,...k->...j", g, lnP)
    if epsilon is None:
        return mean
    if epsilon.shape[-1] != 1:
        return mean_of_order(g, lnP[..., :, None], mean[..., None, :], epsilon[..., None, :], axis=-2)
    power = 1 - epsilon
    near = jnp.abs(power) < NEAR
    z = power * lnP
    total = jnp.einsum("...kj,...k->...j", g, jnp.where(near, jnp.expm1(z), jnp.exp(z)))
    log = jnp.where(near, jnp.log1p(jnp.where(near, total, 0.0)), jnp.log(jnp.where(total > 0, total, 1.0)))
    return jnp.where(power == 0, mean, log / jnp.where(power == 0, 1.0, power))


def unit_cost(lnv: jax.Array, lnm: jax.Array, gamma: jax.Array, lnA: jax.Array, eta: jax.Array | None = None) -> jax.Array:
    """Log unit cost, ĉ = [γ v̂^{1−η} + (1−γ) m̂^{1−η}]^{1/(1−η)} / Â (Baqaee & Farhi 2019); … × sector.

    At η = 1, ln ĉ = γ ln v̂ + (1−γ) ln m̂ − ln Â (Caliendo & Parro 2015, eq. 10). `eta` … × 1 or … × sector.
    """
    mean = gamma * lnv + (1 - gamma) * lnm
    if eta is None:
        return mean - lnA
    parts, weight = jnp.stack([lnv, lnm], -1), jnp.stack([gamma, 1 - gamma], -1)
    return mean_of_order(weight, parts, mean[..., None], eta[..., None]) - lnA


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


def rental(y: jax.Array, lnK: jax.Array) -> jax.Array:
    """Log price of a unit of capital where it stays in its sector, r̂ = (γ′Y′)/(γY)/K̂ (eq. 1; where it is mobile it earns ŵ).

    `y` log change of value added by sector, of which capital has a constant share, `lnK` log capital; returns … × sector.
    """
    return y - lnK


def price_specific(y: jax.Array, lam: jax.Array, labour_income: jax.Array, lnL: jax.Array, lnK: jax.Array) -> jax.Array:
    """Log price of value added when capital stays in its sector: ln v̂ = λ ln ŵ + (1−λ) ln r̂, r̂ = (γ′Y′)/(γY)/K̂ (eq. 1)."""
    return lam * average_wage(y, labour_income, lnL)[..., None] + (1 - lam) * rental(y, lnK)


def price_immobile(y: jax.Array, lam: jax.Array, lnL: jax.Array, lnK: jax.Array) -> jax.Array:
    """Log price of value added when labour stays too: v̂ = (γ′Y′)/(γY) over the sector's own factors L̂^λ K̂^{1−λ} (eq. 1)."""
    return y - lam * lnL[..., None] - (1 - lam) * lnK
