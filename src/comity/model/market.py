"""All equations together: the map u = G(u) whose fixed point is the equilibrium (model.md).

The unknowns are u = (ln P̂, ln X′/X, y): prices and spending by country and sector, and y, the log change of value
added, by country (`mobile`) or by country and sector (`specific`, `immobile`). The numéraire, world value added, is
part of G; without it I − G_u has an exact unit eigenvalue.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp

from comity.model import costs, income, nests, prices
from comity.model.arrays import Base, Exchange, Outcome, Shock, State, Technology

__all__ = ["Base", "Exchange", "Outcome", "Shock", "State", "Technology"]


def world_exchange(shock: Shock) -> Exchange:
    """Trade of all economies with each other."""

    def buy(c_power: jax.Array) -> tuple[jax.Array, jax.Array]:
        total = jnp.einsum("jni,ij->nj", shock.M, c_power)
        return total, jnp.einsum("jni,ij->nj", shock.border, c_power)

    return Exchange(buy, lambda q: jnp.einsum("jni,nj->ij", shock.border, q), jnp.sum, jnp.sum)


def value_added_price(base: Base, shock: Shock, y: jax.Array, factors: str) -> jax.Array:
    """Log price of value added under a factor closure (eq. 1); … × sector."""
    if factors == "mobile":
        return costs.price_mobile(y, shock.lnL, base.gamma.shape[-1])
    if factors == "specific":
        return costs.price_specific(y, base.lam, base.lam * base.value_added, shock.lnL, shock.lnK)
    return costs.price_immobile(y, base.lam, shock.lnL, shock.lnK)


def evaluate(
    base: Base, shock: Shock, u: State, exchange: Exchange, factors: str, deficits: str, *, numeraire: bool = True
) -> Outcome:
    """All equations once (eqs. 1 to 7): what prices, spending and value added follow from those supposed."""
    lnv = value_added_price(base, shock, u.y, factors)
    made = nests.technology(base, shock, lnv, u.lnP)
    c_power = jnp.exp(-base.theta * made.lnc)
    S, S_border = exchange.buy(c_power)
    X = base.expenditure * jnp.exp(u.lnX)
    q = X / S
    Y = c_power * exchange.sell(q)
    border = q * S_border
    home = q * shock.border_home * c_power

    added = made.gamma * Y
    world = exchange.world
    scale = world(jnp.sum(base.value_added, axis=-1)) / world(jnp.sum(added, axis=-1)) if numeraire else 1.0
    Y, added = Y * scale, added * scale
    own = jnp.sum(added, axis=-1)
    exports = jnp.sum(Y - home * scale, axis=-1)
    imports = jnp.sum(border - home, axis=-1) * scale
    revenue = income.tariff_revenue(X, border) * scale
    D = _deficit(base, shock, own, exports + imports, exchange, deficits)
    earned = own + revenue + D + shock.transfer
    spending = income.spending(nests.final_demand(base, shock, u.lnP)[1], earned, nests.input_demand(base, made, u.lnP, Y))

    tiny = jnp.finfo(jnp.float64).tiny
    bought = base.expenditure > 0
    lnX = jnp.where(bought, jnp.log(jnp.maximum(spending / jnp.where(bought, base.expenditure, 1.0), tiny)), 0.0)
    if factors == "mobile":
        y = jnp.log(own / jnp.sum(base.value_added, axis=-1))
    else:
        ratio = jnp.where(base.active > 0, added / jnp.where(base.active > 0, base.value_added, 1.0), 1.0)
        y = jnp.log(jnp.maximum(ratio, tiny))
    state = State(prices.price_index(S, base.theta), lnX, y)
    return Outcome(state, lnv, made.lnc, S, Y, added, revenue, D, earned, exports, imports)


def _deficit(base: Base, shock: Shock, own: jax.Array, trade: jax.Array, exchange: Exchange, deficits: str) -> jax.Array:
    if deficits == "proportional":
        return income.scaled_deficit(
            shock.deficit, own / jnp.sum(base.value_added, axis=-1), own / exchange.world(own), exchange.pool
        )
    if deficits == "with_trade":
        return income.scaled_deficit(shock.deficit, trade / base.trade, own / exchange.world(own), exchange.pool)
    return income.fixed_deficit(shock.deficit)


def residuals(base: Base, shock: Shock, u: State, factors: str, deficits: str) -> dict[str, jax.Array]:
    """Every equation of the model at a state, in levels, relative and cell by cell; nothing is rescaled or left out.

    `shares` Σ_i π′ − 1 and `goods` (country × sector), `factor` (country × sector, or country), `labour`, `income`,
    `external` (country), `deficits` and `numeraire` (one number).
    """
    lnv = value_added_price(base, shock, u.y, factors)
    made = nests.technology(base, shock, lnv, u.lnP)
    c_power = jnp.exp(-base.theta * made.lnc)
    trade = world_exchange(shock)
    S, S_border = trade.buy(c_power)
    P_power = jnp.exp(base.theta * u.lnP)
    X = base.expenditure * jnp.exp(u.lnX)
    Y = c_power * trade.sell(X * P_power)
    border = X * P_power * S_border
    home = X * P_power * shock.border_home * c_power
    added = made.gamma * Y
    own = jnp.sum(added, axis=-1)
    exports, imports = jnp.sum(Y - home, axis=-1), jnp.sum(border - home, axis=-1)
    D = _deficit(base, shock, own, exports + imports, trade, deficits)
    earned = own + income.tariff_revenue(X, border) + D + shock.transfer
    inputs = nests.input_demand(base, made, u.lnP, Y)
    spending = income.spending(nests.final_demand(base, shock, u.lnP)[1], earned, inputs)
    bought = base.expenditure > 0
    if factors == "mobile":
        factor = own / (jnp.sum(base.value_added, axis=-1) * jnp.exp(u.y)) - 1
    else:
        expected = jnp.where(base.active > 0, base.value_added * jnp.exp(u.y), 1.0)
        factor = jnp.where(base.active > 0, added / expected - 1, 0.0)
    wages = base.lam * base.value_added
    wage = jnp.exp(log_wage(base, shock, u.y, factors) + shock.lnL)
    paid = jnp.sum(base.lam * added, axis=-1) if factors != "mobile" else own
    stock = jnp.sum(wages if factors != "mobile" else base.value_added, axis=-1)
    world = jnp.sum(base.value_added)
    return {
        "shares": jnp.where(bought, S * P_power - 1, 0.0),
        "goods": jnp.where(bought, spending / jnp.where(bought, X, 1.0) - 1, 0.0),
        "factor": factor,
        "labour": paid / (wage * stock) - 1,
        "income": (jnp.sum(X, axis=-1) - jnp.sum((1 - made.gamma) * Y, axis=-1)) / earned - 1,
        "external": (imports - exports - D - shock.transfer) / earned,
        "deficits": jnp.sum(D) / world,
        "numeraire": jnp.sum(own) / world - 1,
    }


def log_wage(base: Base, shock: Shock, y: jax.Array, factors: str) -> jax.Array:
    """Log wage: the price of the composite factor when all is mobile, the average wage else (eqs. 1 and 7); country."""
    if factors == "mobile":
        return y - shock.lnL
    return costs.average_wage(y, base.lam * base.value_added, shock.lnL)


def local_exchange(
    shock: Shock, c_power: jax.Array, q: jax.Array, S: jax.Array, S_border: jax.Array, sold: jax.Array
) -> Exchange:
    """Trade of one economy with the others held at a point; all arguments are that economy's slices (sector)."""
    return Exchange(
        lambda c: (S + shock.M_home * (c - c_power), S_border + shock.border_home * (c - c_power)),
        lambda own_q: sold + shock.border_home * (own_q - q),
        lambda own: own,
        jnp.zeros_like,
    )


def diagonal_blocks(base: Base, shock: Shock, u: State, factors: str, deficits: str) -> jax.Array:
    """dG_n/du_n for every economy n with all others held: country × unknown × unknown.

    Exact but for the economy's own weight in the numéraire and in the world's balance of lending.
    """
    lnv = value_added_price(base, shock, u.y, factors)
    c_power = jnp.exp(-base.theta * nests.technology(base, shock, lnv, u.lnP).lnc)
    trade = world_exchange(shock)
    S, S_border = trade.buy(c_power)
    q = base.expenditure * jnp.exp(u.lnX) / S
    sold = trade.sell(q)
    total = jnp.sum(base.value_added)
    flat = pack(u)

    def one(
        x: jax.Array, base_n: Base, shock_n: Shock, c_n: jax.Array, q_n: jax.Array, point: tuple[jax.Array, ...]
    ) -> jax.Array:
        fixed = local_exchange(shock_n, c_n, q_n, *point)
        others = total - jnp.sum(base_n.value_added)
        local = fixed._replace(world=lambda own: own + others)
        return pack(evaluate(base_n, shock_n, unpack(x, c_n.shape[-1], factors), local, factors, deficits).state)

    no_kernels = shock._replace(M=jnp.zeros(len(flat)), border=jnp.zeros(len(flat)))
    return jax.vmap(jax.jacfwd(one))(flat, base, no_kernels, c_power, q, (S, S_border, sold))


def pack(u: State) -> jax.Array:
    """The unknowns of each economy side by side: … × (2J + 1 or 3J)."""
    y = u.y[..., None] if u.y.ndim < u.lnP.ndim else u.y
    return jnp.concatenate([u.lnP, u.lnX, y], axis=-1)


def unpack(x: jax.Array, sectors: int, factors: str) -> State:
    """The inverse of `pack`."""
    y = x[..., 2 * sectors :]
    return State(x[..., :sectors], x[..., sectors : 2 * sectors], y[..., 0] if factors == "mobile" else y)
