"""The same equations as `market`, arranged for solving: well scaled however little is traded (model.md, equations 1 to 7).

An economy that hardly trades is an equilibrium of its own at any level of its wages: its factor markets say nothing about
them, to as many digits as its trade share has zeros. Its external account does. So income is taken from the value added
supposed, and the level of value added is found from exports over imports, a ratio that is as sharp at a trade share of 1e-15
as at 0.3. Trade with others is summed without the part bought at home, so that no digits are lost.
"""

from __future__ import annotations

from typing import NamedTuple

import jax
import jax.numpy as jnp

from comity.model import accounts, income, market, nests, prices
from comity.model.arrays import Base, Exchange, Shock, State

ALONE = 1e-30
"""Trade, as a fraction of own value added, below which an economy counts as alone: its value added stays at the benchmark's."""


LOW = 0.05
"""Spending over spending supposed: below this its log goes on as a straight line, for on the way incomes may be negative."""


def _log(ratio: jax.Array) -> jax.Array:
    return jnp.where(ratio > LOW, jnp.log(jnp.maximum(ratio, LOW)), jnp.log(LOW) + ratio / LOW - 1)


UNSOLD = -30.0
"""Log of the value added supposed of a sector whose every buyer is cut off: nothing, to thirteen digits, and a finite number."""


def unsold(base: Base, shock: Shock) -> jax.Array:
    """1 where Σ_n M_ni^j = 0: i makes a good that none may buy any more, itself included (eq. 5); country × sector."""
    return (base.active > 0) & (jnp.einsum("jni->ij", shock.M) + shock.M_home <= 0)


class Terms(NamedTuple):
    """What both sides of the equations are made of, at a state; country × sector unless said."""

    S: jax.Array
    spending: jax.Array
    X: jax.Array
    output: jax.Array
    added: jax.Array  # γ′Y′
    supposed: jax.Array  # value added supposed: country × sector, or country (`mobile`)
    inflow: jax.Array  # exports and all else that comes in; country
    outflow: jax.Array  # imports and all else that goes out; country
    income: jax.Array  # country


def terms(base: Base, shock: Shock, u: State, exchange: Exchange, factors: str, deficits: str) -> Terms:
    """Demand, supply, incomes and external accounts at a state (eqs. 1 to 6); own income is Σ_j v′, as supposed.

    `exchange` without what is bought at home, Y′ = exports + home; country × sector, accounts country; USD mn.
    """
    made = nests.technology(base, shock, market.value_added_price(base, shock, u.y, factors), u.lnP)
    c = jnp.exp(-base.theta * made.lnc)
    S_abroad, border_abroad = exchange.buy(c)
    S = S_abroad + shock.M_home * c
    X = base.expenditure * jnp.exp(u.lnX)
    q = X / S
    home = q * shock.border_home * c
    sold = c * exchange.sell(q)
    bought = q * border_abroad
    Y = sold + home
    supposed = jnp.sum(base.value_added, axis=-1) * jnp.exp(u.y) if factors == "mobile" else base.value_added * jnp.exp(u.y)
    own = supposed if factors == "mobile" else jnp.sum(supposed, axis=-1)
    exports, imports = jnp.sum(sold, axis=-1), jnp.sum(bought, axis=-1)
    revenue = income.tariff_revenue(q * S_abroad, bought) + jnp.sum(q * c * (shock.M_home - shock.border_home), axis=-1)
    if exchange.levy is not None:
        taxed = income.export_revenue(c * exchange.levy(q))
        exports, revenue = exports + taxed, revenue + taxed
    D = accounts.deficit(base, shock, own, exports + imports, exchange, deficits)
    gifts = [D, shock.transfer]
    if exchange.claims is not None and shock.owned_home is not None:
        capital = (1 - base.lam) * made.gamma * Y
        kept = jnp.sum(shock.owned_home * capital, axis=-1)
        gifts += [exchange.claims(capital) - kept, kept - jnp.sum(capital, axis=-1)]
    if exchange.share is not None:
        gifts.append(exchange.share(c, q))
    earned = own + revenue + sum(gifts)
    spending = income.spending(nests.final_demand(base, shock, u.lnP)[1], earned, nests.input_demand(base, made, u.lnP, Y))
    inflow = exports + sum(jnp.maximum(gift, 0.0) for gift in gifts)
    outflow = imports - sum(jnp.minimum(gift, 0.0) for gift in gifts)
    return Terms(S, spending, X, Y, made.gamma * Y, supposed, inflow, outflow, earned)


def gaps(base: Base, shock: Shock, u: State, exchange: Exchange, factors: str, deficits: str) -> State:
    """What is left of each equation, in logs: prices, goods markets, and factor markets with the external account.

    Ours, of eqs. 1 to 7; country × sector, or country. ln P̂: −ln S/θ − ln P̂. ln X′: ln of spending over X′. y: ln of inflow
    over outflow less the numéraire's ln Σ v′/Σ v, and where factors stay in their sectors also ln γ′Y′/v′ less its mean, v′
    the value added supposed. All zero at an equilibrium and only there: where goods markets clear at incomes from v′, the
    external account is the mean of the factor markets.
    """
    exchange = market.with_pool(base, shock, exchange)
    t = terms(base, shock, u, exchange, factors, deficits)
    bought = base.expenditure > 0
    lnX = jnp.where(bought, _log(jnp.where(bought, t.spending, 1.0) / jnp.where(bought, t.X, 1.0)), -u.lnX)
    first = jnp.sum(base.value_added, axis=-1)
    own = t.supposed if factors == "mobile" else jnp.sum(t.supposed, axis=-1)
    world = jnp.log(exchange.world(own) / exchange.world(first))
    level = jnp.log((t.inflow + ALONE * first) / (t.outflow + ALONE * own)) - world
    gap = State(prices.price_index(t.S, base.theta) - u.lnP, lnX, level)
    if factors == "mobile":
        return gap
    active, tiny = base.active > 0, jnp.finfo(jnp.float64).tiny
    sells = active & (t.output > 0)
    f = jnp.log(jnp.where(sells, jnp.maximum(t.added, tiny), 1.0) / jnp.where(sells, t.supposed, 1.0))
    mean = jnp.sum(f * t.supposed, axis=-1) / own
    y = jnp.where(active, f - mean[..., None] + level[..., None], -u.y)
    return gap._replace(y=jnp.where(active & ~sells, UNSOLD - u.y, y))


class Held(NamedTuple):
    """What one economy sees of the others at a point, as sums; by country, then that economy's slice of each (sector)."""

    S: jax.Array  # Σ_i M ĉ^{−θ} over the others
    S_border: jax.Array
    sold: jax.Array  # Σ_n received X′ P̂^θ over the others
    levied: jax.Array | None  # Σ_n (border − received) X′ P̂^θ
    dividends: jax.Array | None  # received of all the others
    S_outer: jax.Array | None  # duties that go into the customs pool, per unit of X′ P̂^θ
    pool: jax.Array | None  # what the others pay into it


def held(base: Base, shock: Shock, u: State, factors: str) -> Held:
    """What each economy sees of the others at a state: Σ_i M ĉ^{−θ} and the other sums over them (eqs. 3, 5 and 6).

    Country × sector, dividends and what the others pay into a pool country.
    """
    made = nests.technology(base, shock, market.value_added_price(base, shock, u.y, factors), u.lnP)
    c = jnp.exp(-base.theta * made.lnc)
    trade = market.exchange_abroad(shock)
    S, S_border = trade.buy(c)
    q = base.expenditure * jnp.exp(u.lnX) / (S + shock.M_home * c)
    sold = trade.sell(q)
    dividends = S_outer = pool = None
    if trade.claims is not None and shock.owned_home is not None:
        capital = (1 - base.lam) * made.gamma * c * (sold + q * shock.border_home)
        dividends = trade.claims(capital) - jnp.sum(shock.owned_home * capital, axis=-1)
    if base.key is not None:
        S_outer = market.outer_duties(base, shock, c)
        duties = jnp.sum(q * S_outer, axis=-1)
        pool = jnp.sum(duties) - duties
    return Held(S, S_border, sold, None if trade.levy is None else trade.levy(q), dividends, S_outer, pool)


def local_exchange(base: Base, shock: Shock, at: Held) -> Exchange:
    """Trade of one economy with the others held at a point (eqs. 3, 5 and 6): their Σ_i M ĉ^{−θ} and what they buy stand still.

    All arguments are that economy's slices (sector).
    """
    levied, owned = at.levied, shock.owned_home

    def claims(capital: jax.Array) -> jax.Array:
        assert at.dividends is not None
        assert owned is not None
        return at.dividends + jnp.sum(owned * capital, axis=-1)

    def share(c: jax.Array, q: jax.Array) -> jax.Array:
        assert base.key is not None
        assert at.pool is not None
        assert at.S_outer is not None
        duties = jnp.sum(q * at.S_outer, axis=-1)
        return income.pooled_duties(base.key, duties, duties + at.pool)

    return Exchange(
        buy=lambda c: (at.S, at.S_border),
        sell=lambda q: at.sold,
        world=lambda own: own,
        pool=jnp.zeros_like,
        levy=None if levied is None else lambda q: levied,
        claims=None if at.dividends is None else claims,
        share=None if at.pool is None else share,
    )


def diagonal_blocks(base: Base, shock: Shock, u: State, factors: str, deficits: str) -> jax.Array:
    """∂ gaps_n / ∂u_n for every economy n with all others held; ours; country × unknown × unknown.

    Exact but for the economy's own weight in the numéraire and in the world's balance of lending.
    """
    total = jnp.sum(base.value_added)
    flat = market.pack(u)

    def one(x: jax.Array, base_n: Base, shock_n: Shock, at: Held) -> jax.Array:
        others = total - jnp.sum(base_n.value_added)
        local = local_exchange(base_n, shock_n, at)._replace(world=lambda own: own + others)
        return market.pack(gaps(base_n, shock_n, market.unpack(x, base_n.gamma.shape[-1], factors), local, factors, deficits))

    def none(kernel: jax.Array | None) -> jax.Array | None:
        return None if kernel is None else jnp.zeros(len(flat))

    kernels = ("M", "border", "keep", "rent", "other", "owned")
    no_kernels = shock._replace(**{name: none(getattr(shock, name)) for name in kernels})
    return jax.vmap(jax.jacfwd(one))(flat, base, no_kernels, held(base, shock, u, factors))
