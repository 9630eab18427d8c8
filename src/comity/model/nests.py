"""Technology and tastes as nests: what costs and spending follow from prices, Cobb–Douglas or CES (model.md, eqs. 2, 4, 5)."""

from __future__ import annotations

import jax

from comity.model import costs, income, prices, shares
from comity.model.arrays import Base, Shock, Technology


def technology(base: Base, shock: Shock, lnv: jax.Array, lnP: jax.Array) -> Technology:
    """ln m̂, ln ĉ and γ′ = γ (v̂/(Âĉ))^{1−η} at the prices of value added and of sectors (model.md, eq. 2); country × sector."""
    lnm = costs.input_price(base.g, lnP, base.epsilon)
    lnc = costs.unit_cost(lnv, lnm, base.gamma, shock.lnA, base.eta)
    if base.eta is None:
        return Technology(lnm, lnc, base.gamma, None if base.epsilon is None else 1 - base.gamma)
    # Shares move with prices relative to cost before productivity: one better machine saves both parts alike.
    cost = lnc + shock.lnA
    added = shares.nest_share(base.gamma, lnv, cost, base.eta)
    return Technology(lnm, lnc, added, shares.nest_share(1 - base.gamma, lnm, cost, base.eta))


def input_demand(base: Base, made: Technology, lnP: jax.Array, Y: jax.Array) -> jax.Array:
    """Spending on each good as an input, Σ_k (1−γ′^k) g′^{jk} Y′^k (eq. 5); … × sector, USD mn."""
    if made.bought is None:
        return income.input_spending(base.g, (1 - base.gamma) * Y)
    return income.ces_input_spending(base.g, lnP, made.lnm, made.bought * Y, base.epsilon)


def final_demand(base: Base, shock: Shock, lnP: jax.Array) -> tuple[jax.Array, jax.Array]:
    """Log price of consumption ln P̂_n and shares of final spending a′ = a (P̂_n^j / P̂_n)^{1−σ} (eq. 4).

    `shock.a` shares after the change of taste; returns country, and country × sector.
    """
    index = prices.consumer_price(shock.a, lnP, base.sigma)
    if base.sigma is None:
        return index, shock.a
    return index, shares.nest_share(shock.a, lnP, index[..., None], base.sigma[..., None])


def input_shares(base: Base, made: Technology, lnP: jax.Array) -> jax.Array:
    """g′ = g (P̂^k / m̂)^{1−ε}: shares of inputs at new prices (eq. 2); country × input × sector."""
    if base.epsilon is None:
        return base.g
    return shares.nest_share(base.g, lnP[..., :, None], made.lnm[..., None, :], base.epsilon[..., None, :])
