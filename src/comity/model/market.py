"""All equations together: the map u = G(u) whose fixed point is the equilibrium (model.md).

The unknowns are u = (ln P̂, ln X′/X, y): prices and spending by country and sector, and y, the log change of value
added, by country (`mobile`) or by country and sector (`specific`, `immobile`). The numéraire, world value added, is
part of G; without it I − G_u has an exact unit eigenvalue.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp

from comity.model import accounts, costs, income, nests, prices
from comity.model.arrays import Base, Exchange, Outcome, Shock, State, Technology

__all__ = ["Base", "Exchange", "Outcome", "Shock", "State", "Technology"]


def exchange_abroad(shock: Shock) -> Exchange:
    """Trade of all economies with each other but not with themselves, and who owns what (eqs. 3, 5 and 6).

    Sums over suppliers, Σ_i M ĉ^{−θ} and Σ_i M/(1+t′) ĉ^{−θ}, and over buyers, Σ_n M/(1+t′)/(1+s′) X′ P̂^θ; country × sector each.
    """
    received = shock.border if shock.keep is None else shock.border * shock.keep

    def buy(c_power: jax.Array) -> tuple[jax.Array, jax.Array]:
        total = jnp.einsum("jni,ij->nj", shock.M, c_power)
        return total, jnp.einsum("jni,ij->nj", shock.border, c_power)

    def sell(q: jax.Array) -> jax.Array:
        return jnp.einsum("jni,nj->ij", received, q)

    def levy(q: jax.Array) -> jax.Array:
        return jnp.einsum("jni,nj->ij", shock.border - received, q)

    def claims(capital: jax.Array) -> jax.Array:
        assert shock.owned is not None
        return income.dividends(shock.owned, capital)

    return Exchange(
        buy,
        sell,
        jnp.sum,
        jnp.sum,
        None if shock.keep is None else levy,
        None if shock.owned is None else claims,
    )


def world_exchange(shock: Shock) -> Exchange:
    """Trade of all economies with each other and at home (eqs. 3, 5 and 6): M_nn ĉ_n^{−θ} and its like added to the sums.

    What is bought at home bears no levy; the same sums as `exchange_abroad`, country × sector.
    """
    others = exchange_abroad(shock)

    def buy(c_power: jax.Array) -> tuple[jax.Array, jax.Array]:
        total, border = others.buy(c_power)
        return total + shock.M_home * c_power, border + shock.border_home * c_power

    def sell(q: jax.Array) -> jax.Array:
        return others.sell(q) + shock.border_home * q

    return others._replace(buy=buy, sell=sell)


def with_home(kernel: jax.Array, home: jax.Array) -> jax.Array:
    """M = π κ̂^{−θ} with its diagonal, what is bought at home (eq. 3).

    `kernel` sector × importer × exporter, `home` country × sector.
    """
    n = jnp.arange(kernel.shape[-1])
    return kernel.at[:, n, n].set(home.T)


def with_pool(base: Base, shock: Shock, exchange: Exchange) -> Exchange:
    """The exchange with the customs pool, key_n Σ_m P_m − P_n (eq. 6), where the base has one; country, USD mn."""
    if base.key is None or exchange.share is not None:
        return exchange

    key = base.key

    def share(c_power: jax.Array, q: jax.Array) -> jax.Array:
        duties = jnp.sum(q * outer_duties(base, shock, c_power), axis=-1)
        return income.pooled_duties(key, duties, jnp.sum(duties))

    return exchange._replace(share=share)


def outer_duties(base: Base, shock: Shock, c_power: jax.Array) -> jax.Array:
    """Σ_i t′_ni^j F′_ni^j over suppliers outside a customs union, per unit of X′ P̂^θ (eq. 6); country × sector, 0 outside."""
    assert base.outer is not None
    gross = shock.M if shock.rent is None else shock.M / shock.rent
    return jnp.einsum("jni,ni,ij->nj", gross - shock.border, base.outer, c_power)


def value_added_price(base: Base, shock: Shock, y: jax.Array, factors: str) -> jax.Array:
    """Log price of value added, ln v̂, under a factor closure (eq. 1: `price_mobile` and its siblings); … × sector."""
    if factors == "mobile":
        return costs.price_mobile(y, shock.lnL, base.gamma.shape[-1])
    if factors == "specific":
        return costs.price_specific(y, base.lam, base.lam * base.value_added, shock.lnL, shock.lnK)
    return costs.price_immobile(y, base.lam, shock.lnL, shock.lnK)


def evaluate(
    base: Base, shock: Shock, u: State, exchange: Exchange, factors: str, deficits: str, *, numeraire: bool = True
) -> Outcome:
    """The map u = G(u), all equations once (eqs. 1 to 7): prices, spending and value added that follow from those supposed.

    The numéraire is in it: X′ and Y′ are scaled so that Σ γ′Y′ is the benchmark's world value added. Arrays are country × sector,
    or those of one economy with the others held (sector).
    """
    exchange = with_pool(base, shock, exchange)
    lnv = value_added_price(base, shock, u.y, factors)
    made = nests.technology(base, shock, lnv, u.lnP)
    c_power = jnp.exp(-base.theta * made.lnc)
    S, S_border = exchange.buy(c_power)
    X = base.expenditure * jnp.exp(u.lnX)
    sales = accounts.flows(shock, exchange, X, X / S, c_power, S_border)

    added = made.gamma * sales.output
    world = exchange.world
    scale = world(jnp.sum(base.value_added, axis=-1)) / world(jnp.sum(added, axis=-1)) if numeraire else 1.0
    Y, added = sales.output * scale, added * scale
    earned = accounts.accounts(base, shock, exchange, sales, added, scale, deficits)
    final = nests.final_demand(base, shock, u.lnP)[1]
    spending = income.spending(final, earned.income, nests.input_demand(base, made, u.lnP, Y))

    tiny = jnp.finfo(spending.dtype).tiny
    bought = base.expenditure > 0
    lnX = jnp.where(bought, jnp.log(jnp.maximum(spending / jnp.where(bought, base.expenditure, 1.0), tiny)), 0.0)
    if factors == "mobile":
        y = jnp.log(earned.own / jnp.sum(base.value_added, axis=-1))
    else:
        ratio = jnp.where(base.active > 0, added / jnp.where(base.active > 0, base.value_added, 1.0), 1.0)
        y = jnp.log(jnp.maximum(ratio, tiny))
    return Outcome(
        state=State(prices.price_index(S, base.theta), lnX, y),
        lnv=lnv,
        lnc=made.lnc,
        S=S,
        output=Y,
        value_added=added,
        revenue=earned.revenue,
        deficit=earned.deficit,
        income=earned.income,
        exports=earned.exports,
        imports=earned.imports,
        export_revenue=earned.export_revenue,
        received=earned.received,
        paid=earned.paid,
    )


def residuals(base: Base, shock: Shock, u: State, factors: str, deficits: str) -> dict[str, jax.Array]:
    """Every equation of the model (eqs. 1 to 7) at a state, in levels, relative and cell by cell; nothing is rescaled.

    `shares` Σ_i π′ − 1 and `goods` (country × sector), `factor` (country × sector, or country), `labour`, `income`,
    `external` (country), `deficits` and `numeraire` (one number).
    """
    lnv = value_added_price(base, shock, u.y, factors)
    made = nests.technology(base, shock, lnv, u.lnP)
    c_power = jnp.exp(-base.theta * made.lnc)
    trade = with_pool(base, shock, world_exchange(shock))
    S, S_border = trade.buy(c_power)
    P_power = jnp.exp(base.theta * u.lnP)
    X = base.expenditure * jnp.exp(u.lnX)
    sales = accounts.flows(shock, trade, X, X * P_power, c_power, S_border)
    Y = sales.output
    added = made.gamma * Y
    got = accounts.accounts(base, shock, trade, sales, added, 1.0, deficits)
    inputs = nests.input_demand(base, made, u.lnP, Y)
    spending = income.spending(nests.final_demand(base, shock, u.lnP)[1], got.income, inputs)
    bought = base.expenditure > 0
    if factors == "mobile":
        factor = got.own / (jnp.sum(base.value_added, axis=-1) * jnp.exp(u.y)) - 1
    else:
        expected = jnp.where(base.active > 0, base.value_added * jnp.exp(u.y), 1.0)
        # Where nothing is sold nothing is earned: what is supposed there counts against the whole economy's value added.
        size = jnp.where(Y > 0, expected, jnp.sum(base.value_added, axis=-1)[:, None])
        factor = jnp.where(base.active > 0, (added - expected) / size, 0.0)
    wages = base.lam * base.value_added
    wage = jnp.exp(log_wage(base, shock, u.y, factors) + shock.lnL)
    paid = jnp.sum(base.lam * added, axis=-1) if factors != "mobile" else got.own
    stock = jnp.sum(wages if factors != "mobile" else base.value_added, axis=-1)
    world = jnp.sum(base.value_added)
    return {
        "shares": jnp.where(bought, S * P_power - 1, 0.0),
        "goods": jnp.where(bought, spending / jnp.where(bought, X, 1.0) - 1, 0.0),
        "factor": factor,
        "labour": paid / (wage * stock) - 1,
        "income": (jnp.sum(X, axis=-1) - jnp.sum((1 - made.gamma) * Y, axis=-1)) / got.income - 1,
        "external": (got.imports - got.exports - got.abroad) / got.income,
        "deficits": jnp.sum(got.deficit) / world,
        "numeraire": jnp.sum(got.own) / world - 1,
    }


def log_wage(base: Base, shock: Shock, y: jax.Array, factors: str) -> jax.Array:
    """ln ŵ: the price of the composite factor when all is mobile, the average wage else (eqs. 1 and 7); country."""
    if factors == "mobile":
        return y - shock.lnL
    return costs.average_wage(y, base.lam * base.value_added, shock.lnL)


def pack(u: State) -> jax.Array:
    """The unknowns of each economy side by side: … × (2J + 1 or 3J)."""
    y = u.y[..., None] if u.y.ndim < u.lnP.ndim else u.y
    return jnp.concatenate([u.lnP, u.lnX, y], axis=-1)


def unpack(x: jax.Array, sectors: int, factors: str) -> State:
    """The inverse of `pack`."""
    y = x[..., 2 * sectors :]
    return State(x[..., :sectors], x[..., sectors : 2 * sectors], y[..., 0] if factors == "mobile" else y)
