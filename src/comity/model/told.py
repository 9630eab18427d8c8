"""What is reported of a solved world beside welfare: prices at borders, terms of trade, GDP, factor incomes, employment.

Values are those of the counterfactual (USD mn of benchmark world value added), ratios are to the benchmark. Prices at the border
are those before transport, p_ni = c_i (1+s_ni), for the exporter and for the importer alike (decision 0019): a price is then
what one receives and the other pays, and a dearer way is no change of the terms of trade. Indices have base flows as weights.
Axes: importer n, exporter i, sector j; the diagonal n = i is what an economy sells itself.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp


def border_price(c_hat: jax.Array, levy_hat: jax.Array) -> jax.Array:
    """Price at the exporter's border, p̂_ni = ĉ_i (1+s′_ni)/(1+s_ni), exporters' rents in s (model.md, eq. 3).

    `c_hat` ĉ country × sector, `levy_hat` the change of the gross rate or one number; returns importer × exporter × sector.
    """
    return jnp.broadcast_to(c_hat[None], (len(c_hat), *c_hat.shape)) * levy_hat


def buyer_price(border_price: jax.Array, cost_hat: jax.Array) -> jax.Array:
    """What buyers pay, q̂_ni = p̂_ni d̂_ni (1+t′_ni)/(1+t_ni), importers' rents in t (model.md, eq. 3: κ̂ ĉ).

    `cost_hat` the change of trade cost and gross tariff, infinite under an embargo; importer × exporter × sector, ratios.
    """
    return border_price * cost_hat


def partner_price(weight: jax.Array, price: jax.Array) -> jax.Array:
    """Price of all that n buys from i, Σ_j w_ni^j p̂_ni^j / Σ_j w_ni^j (an index of Laspeyres; ours).

    `weight` base flows at the prices that are compared, `price` ratios; importer × exporter × sector. Returns importer ×
    exporter: 1 where nothing was bought, infinite where a part of the basket is under embargo.
    """
    return _index(weight, price, (2,))


def export_price(F: jax.Array, price: jax.Array) -> jax.Array:
    """Price of exports at the border, Σ_{n≠i,j} F_ni p̂_ni / Σ_{n≠i,j} F_ni (Laspeyres; SNA 2008, ch. 15).

    `F` base flows, `price` p̂ at the border; importer × exporter × sector. Returns country, a ratio; 1 without exports.
    """
    return _index(_abroad(F), price, (0, 2))


def import_price(F: jax.Array, price: jax.Array) -> jax.Array:
    """Price of imports at the border before tariffs, Σ_{i≠n,j} F_ni p̂_ni / Σ_{i≠n,j} F_ni (Laspeyres; SNA 2008, ch. 15).

    `F` base flows, `price` p̂ at the border; importer × exporter × sector. Returns country, a ratio; 1 without imports.
    """
    return _index(_abroad(F), price, (1, 2))


def terms_of_trade(export_price: jax.Array, import_price: jax.Array) -> jax.Array:
    """Price of exports = terms of trade × price of imports, both at the border (SNA 2008, ch. 15); country, a ratio.

    Σ_n of exports times the change of their price less imports times the change of theirs is zero: what one gains others lose.
    """
    return export_price / import_price


def exports(F: jax.Array) -> jax.Array:
    """Σ_{n≠i} F_ni^j: sales abroad at the border, export taxes and exporters' rents included (ours); country × sector, USD mn."""
    return jnp.sum(_abroad(F), axis=0)


def imports(F: jax.Array) -> jax.Array:
    """Σ_{i≠n} F_ni^j: purchases abroad at the border, before the importer's tariff (ours); country × sector, USD mn."""
    return jnp.sum(_abroad(F), axis=1)


def partner_trade(F: jax.Array) -> jax.Array:
    """Σ_j F_ni^j for n ≠ i: exports of i to n, which are imports of n from i (ours); importer × exporter, USD mn, 0 at home."""
    return jnp.sum(_abroad(F), axis=2)


def labour_income(value_added: jax.Array, lam: jax.Array) -> jax.Array:
    """Wages, w L = λ γ′Y′ (model.md, eq. 7: labour's share of value added is constant); country × sector, USD mn."""
    return lam * value_added


def capital_income(value_added: jax.Array, lam: jax.Array) -> jax.Array:
    """Income of capital (1−λ) γ′Y′, whoever owns it (model.md, eq. 7); country × sector, USD mn."""
    return (1 - lam) * value_added


def employment_share(wages: jax.Array) -> jax.Array:
    """Share of a sector in an economy's labour, λγ′Y′ / Σ_j λγ′Y′ (ours): people are counted by what they earn at one wage.

    `wages` those of the counterfactual where labour moves and all earn the same, those of the benchmark where it stays; country ×
    sector, USD mn. Where all factors are mobile only the composite factor is given: λ is labour's share of it in each sector.
    """
    return wages / jnp.sum(wages, axis=-1, keepdims=True)


def gdp(income: jax.Array, exports: jax.Array, imports: jax.Array) -> jax.Array:
    """GDP at market prices, I′ + exports − imports (SNA 2008, ch. 16); country, USD mn.

    It is also value added with duties, export taxes and rents, and output less inputs with them; a customs pool's payments,
    dividends and transfers are not in it.
    """
    return income + exports - imports


def real_gdp(before: tuple[jax.Array, ...], now: tuple[jax.Array, ...], lnP: jax.Array, price: jax.Array) -> jax.Array:
    """Volume of GDP = √(Laspeyres × Paasche) of final spending + exports − imports (Fisher 1922; SNA 2008, ch. 15 and 16).

    Laspeyres is Σ q′p / Σ qp and Paasche Σ q′p′ / Σ qp′. `before` and `now` final spending a I (country × sector) and flows F at
    the border (importer × exporter × sector), USD mn; `lnP` prices of sectors in logs, `price` p̂ at the border. Returns country,
    a ratio; not a number where one year's GDP is worth nothing at the other's prices.
    """
    (final_0, F_0), (final_1, F_1) = before, now
    P = jnp.exp(lnP)
    old, new = _spent(final_0, F_0), _spent(final_1, F_1)
    return jnp.sqrt(_spent(final_1 / P, F_1 / price) / old * (new / _spent(final_0 * P, F_0 * price)))


def _spent(final: jax.Array, F: jax.Array) -> jax.Array:
    abroad = _abroad(F)
    return jnp.sum(final, axis=1) + jnp.sum(abroad, axis=(0, 2)) - jnp.sum(abroad, axis=(1, 2))


def _abroad(F: jax.Array) -> jax.Array:
    return F * (1 - jnp.eye(len(F)))[:, :, None]


def _index(weight: jax.Array, price: jax.Array, axes: tuple[int, ...]) -> jax.Array:
    """The weighted mean of prices; a price without weight may be infinite."""
    total = jnp.sum(weight, axis=axes)
    spent = jnp.sum(jnp.where(weight > 0, weight * price, 0.0), axis=axes)
    return jnp.where(total > 0, spent / jnp.where(total > 0, total, 1.0), 1.0)
