"""From sales to incomes: value added, revenues, dividends, lending (model.md, equations 5 to 7 and the deficit closures)."""

from __future__ import annotations

import jax
import jax.numpy as jnp

from comity.model import income
from comity.model.arrays import Accounts, Base, Exchange, Flows, Shock


def flows(shock: Shock, exchange: Exchange, X: jax.Array, q: jax.Array, c_power: jax.Array, S: jax.Array) -> Flows:
    """Sales and purchases: F′_ni^j = π′_ni^j X′_n^j / (1+t′_ni^j), Y′_i^j = Σ_n F′_ni^j / (1+s′_ni^j) (eq. 5).

    `X` spending, `q` = X′ P̂^θ, `c_power` = ĉ^{−θ}, `S` its sum over the kernel of border values; all country × sector.
    """
    return Flows(X, q, c_power, c_power * exchange.sell(q), q * S, q * shock.border_home * c_power)


def accounts(
    base: Base,
    shock: Shock,
    exchange: Exchange,
    sales: Flows,
    added: jax.Array,
    scale: jax.Array | float,
    deficits: str,
) -> Accounts:
    """What economies earn, I′ = Σ_j γ′Y′ + dividends received − paid + R′ + E′ + D′ + T (eqs. 5 to 7).

    `sales` as they come from last guesses, times `scale` (the numéraire's); `added` γ′Y′ scaled already, country × sector, USD
    mn; returns country, USD mn.
    """
    own = jnp.sum(added, axis=-1)
    exports = jnp.sum(sales.output * scale - sales.home * scale, axis=-1)
    imports = jnp.sum(sales.border - sales.home, axis=-1) * scale
    revenue = income.tariff_revenue(sales.X, sales.border) * scale
    taxed = received = paid = jnp.zeros_like(own)
    if exchange.levy is not None:
        taxed = income.export_revenue(sales.c_power * exchange.levy(sales.q)) * scale
        exports = exports + taxed
    if exchange.claims is not None and shock.owned_home is not None:
        capital = (1 - base.lam) * added
        kept = jnp.sum(shock.owned_home * capital, axis=-1)
        received, paid = exchange.claims(capital) - kept, jnp.sum(capital, axis=-1) - kept
    D = deficit(base, shock, own, exports + imports, exchange, deficits)
    earned = own + revenue + D + shock.transfer
    abroad = D + shock.transfer
    if exchange.levy is not None:
        earned = earned + taxed
    if exchange.claims is not None:
        earned, abroad = earned + (received - paid), abroad + (received - paid)
    if exchange.share is not None:
        pooled = exchange.share(sales.c_power, sales.q) * scale
        revenue, earned, abroad = revenue + pooled, earned + pooled, abroad + pooled
    return Accounts(own, revenue, taxed, received, paid, D, earned, exports, imports, abroad)


def deficit(base: Base, shock: Shock, own: jax.Array, trade: jax.Array, exchange: Exchange, deficits: str) -> jax.Array:
    """D′_n under a closure: D_n when `fixed`, else D_n ĥ_n − ω′_n Σ_m D_m ĥ_m (`scaled_deficit`).

    The hat and the share ω′ in the world are those of own value added (`proportional`) or of own exports plus imports
    (`with_trade`; ours): an economy that trades little cannot be made to lend. `own` value added and `trade` exports plus
    imports, country, USD mn; returns country, USD mn.
    """
    if deficits == "proportional":
        return income.scaled_deficit(
            shock.deficit, own / jnp.sum(base.value_added, axis=-1), own / exchange.world(own), exchange.pool
        )
    if deficits == "with_trade":
        return income.scaled_deficit(shock.deficit, trade / base.trade, trade / exchange.world(trade), exchange.pool)
    return income.fixed_deficit(shock.deficit)
