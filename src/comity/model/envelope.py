"""The envelope condition: what a small change of prices, policies and endowments is worth to an economy.

All quantities are those of the current equilibrium (levels, USD mn), changes are of logarithms unless said. Each term is
in USD mn; divided by I − D it is a change of ln V. Axes: country n, partner i, sector j; flows importer × exporter × sector.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp

from comity.records import specific_share


def producers_income(
    value_added: jax.Array, lam: jax.Array, price_index: jax.Array, labour_too: bool, home: jax.Array | float = 1.0
) -> jax.Array:
    """Real income of a sector's producers at home: (1−λ) Ω_nn γ′Y′ / P̂_n, with λ γ′Y′ / P̂_n where labour stays too; ours.

    `value_added`, λ and Ω_nn (`home`) country × sector, `price_index` country; returns country × sector, USD mn.
    """
    return specific_share(lam, home, labour_too) * value_added / price_index[:, None]


def terms_of_trade(F: jax.Array, dlnp: jax.Array) -> jax.Array:
    """Dearer exports less dearer imports, F_in d ln p_in − F_ni d ln p_ni, at prices before transport, p_ni = c_i (1+s_ni).

    Caliendo & Parro (2015), eq. 17, at the current flows; export taxes and exporters' rents are part of the price. `F` and
    `dlnp` importer × exporter × sector; returns country × partner × sector: what one gains the other loses.
    """
    return jnp.swapaxes(F * dlnp, 0, 1) - F * dlnp


def volume_of_trade(F: jax.Array, t: jax.Array, dF: jax.Array, dlnp: jax.Array) -> jax.Array:
    """Duties on the change of the quantity that is imported, t_ni (dF_ni − F_ni d ln p_ni) (Caliendo & Parro 2015, eq. 17).

    `dF` change of the flow in money, `dlnp` of its price with transport; importer × exporter × sector, as the result.
    """
    return t * (dF - F * dlnp)


def volume_of_exports(Q: jax.Array, s: jax.Array, dQ: jax.Array, dlnc: jax.Array) -> jax.Array:
    """Export taxes and exporters' rents on the change of the quantity exported, s_in (dQ_in − Q_in d ln c_n); ours.

    `Q` what producers receive of each market and `dQ` its change (importer × exporter × sector, USD mn), `s` the rate on it,
    `dlnc` country × sector; returns country × partner × sector.
    """
    return jnp.swapaxes(s * (dQ - Q * dlnc[None]), 0, 1)


def dividends(owned: jax.Array, dcapital: jax.Array) -> jax.Array:
    """Capital abroad that earns more, less own capital of others that does, Ω_{n,i} dK_i − Ω_{i,n} dK_n; ours.

    `owned` Ω owner × economy × sector, `dcapital` change of capital income dK (country × sector, USD mn); returns country ×
    partner × sector, 0 at home: what residents own at home is in their value added.
    """
    received = owned * dcapital[None]
    return received - jnp.swapaxes(received, 0, 1)


def ownership(downed: jax.Array, capital: jax.Array) -> jax.Array:
    """Claims that change hands, dΩ_{n,i} K_i − dΩ_{i,n} K_n; ours.

    `downed` dΩ owner × economy × sector, `capital` K country × sector (USD mn); returns country × partner × sector. As
    `dividends`: shares of owners sum to one, so that a change at home is that of all foreigners.
    """
    return dividends(downed, capital)


def customs_pool(key: jax.Array, dduties: jax.Array) -> jax.Array:
    """Net receipts from a customs pool by member, key_n dP_m − key_m dP_n; ours.

    `key` country, `dduties` change of the duties P that a member pays in (country × sector, USD mn); returns country × partner ×
    sector. Keys sum to one, so that the sum over partners is key_n Σ_m dP_m − dP_n (model.md, eq. 6).
    """
    given = key[:, None, None] * dduties[None]
    return given - jnp.swapaxes(given, 0, 1)


def trade_cost(F: jax.Array, dlnd: jax.Array) -> jax.Array:
    """What dearer transport uses up of imports, −F_ni d ln d_ni; ours; importer × exporter × sector."""
    return -F * dlnd


def productivity(Y: jax.Array, dlnA: jax.Array) -> jax.Array:
    """More output from the same inputs, Y_n^j d ln A_n^j (Hulten 1978: sales weights); country × sector."""
    return Y * dlnA


def taste(income: jax.Array, dlnP: jax.Array, bought: jax.Array) -> jax.Array:
    """What a change of taste does to the cost of a consumer's basket beyond prices, Σ_j a_j I d ln P_j − I d ln P; ours; country.

    `bought` is the first term: spending on goods less inputs, each times the change of its price.
    """
    return bought - income * dlnP
