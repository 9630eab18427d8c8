"""The envelope condition: what a small change of prices, policies and endowments is worth to an economy.

All quantities are those of the current equilibrium (levels, USD mn), changes are of logarithms unless said. Each term is
in USD mn; divided by I − D it is a change of ln V. Axes: country n, partner i, sector j; flows importer × exporter × sector.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp


def producers_income(value_added: jax.Array, lam: jax.Array, price_index: jax.Array, labour_too: bool) -> jax.Array:
    """Real income of a sector's producers at home: (1−λ) γ′Y′ / P̂_n, or all of γ′Y′ / P̂_n where labour stays too; ours.

    `value_added` and λ country × sector, `price_index` country; returns country × sector, USD mn.
    """
    share = jnp.ones_like(lam) if labour_too else 1 - lam
    return share * value_added / price_index[:, None]


def terms_of_trade(F: jax.Array, dlnc: jax.Array) -> jax.Array:
    """Dearer exports less dearer imports, F_in d ln c_n − F_ni d ln c_i (Caliendo & Parro 2015, eq. 17, at the current flows).

    `F` importer × exporter × sector, `dlnc` country × sector; returns country × partner × sector.
    """
    return jnp.swapaxes(F, 0, 1) * dlnc[:, None, :] - F * dlnc[None, :, :]


def volume_of_trade(F: jax.Array, t: jax.Array, dF: jax.Array, dlnp: jax.Array) -> jax.Array:
    """Duties on the change of the quantity that is imported, t_ni (dF_ni − F_ni d ln p_ni) (Caliendo & Parro 2015, eq. 17).

    `dF` change of the flow in money, `dlnp` of its price with transport; importer × exporter × sector, as the result.
    """
    return t * (dF - F * dlnp)


def trade_cost(F: jax.Array, dlnd: jax.Array) -> jax.Array:
    """What dearer transport uses up of imports, −F_ni d ln d_ni; importer × exporter × sector."""
    return -F * dlnd


def productivity(Y: jax.Array, dlnA: jax.Array) -> jax.Array:
    """Y_n^j d ln A_n^j: more output from the same inputs; country × sector."""
    return Y * dlnA


def taste(income: jax.Array, dlnP: jax.Array, bought: jax.Array) -> jax.Array:
    """What a change of taste does to the cost of a consumer's basket beyond prices, Σ_j a_j I d ln P_j − I d ln P; country.

    `bought` is the first term: spending on goods less inputs, each times the change of its price.
    """
    return bought - income * dlnP
