"""What the equations take and give, as tuples of arrays. Country × sector unless said; a field that is None is switched off.

A switch is part of the tuple's structure: JAX compiles the equations without what is off, so that a world of Cobb–Douglas
nests without export taxes or foreign owners costs what it always did.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import jax

from comity.model.income import WorldSum


class Base(NamedTuple):
    """The benchmark as the equations see it."""

    gamma: jax.Array
    g: jax.Array  # country × input × sector
    lam: jax.Array
    theta: jax.Array  # country × sector (equal over countries)
    value_added: jax.Array
    expenditure: jax.Array
    active: jax.Array  # 1 where the economy produces the good
    deficit: jax.Array  # country
    trade: jax.Array  # country, exports plus imports
    epsilon: jax.Array | None = None  # country × 1 or × using sector; None is 1, Cobb–Douglas
    eta: jax.Array | None = None  # country × 1 or × sector
    sigma: jax.Array | None = None  # country
    key: jax.Array | None = None  # country: share in the pooled duties of a customs union, 0 outside
    outer: jax.Array | None = None  # importer × exporter: 1 where duties are pooled


class Shock(NamedTuple):
    """A scenario as the equations see it. The kernels have the sector first, for speed: sector × importer × exporter.

    They are those of trade with others, zero on their diagonals; what is bought at home is apart, so that no digits are lost
    where little is traded.
    """

    M: jax.Array  # π κ̂^{−θ}, 0 at home
    border: jax.Array  # M / (1+t′), 0 at home
    M_home: jax.Array  # π κ̂^{−θ} at home, country × sector
    border_home: jax.Array
    lnA: jax.Array
    lnL: jax.Array  # country
    lnK: jax.Array
    a: jax.Array  # final shares after the change of taste, at benchmark prices
    deficit: jax.Array  # country; the benchmark's, or zero on the way to balance
    transfer: jax.Array  # country
    keep: jax.Array | None = None  # 1/(1+s′), what producers keep of the border price; sector × importer × exporter
    rent: jax.Array | None = None  # 1 + importers' rents in the gross tariff; sector × importer × exporter
    other: jax.Array | None = None  # part of κ̂^{−θ} that is neither trade cost nor tariff; sector × importer × exporter
    owned: jax.Array | None = None  # Ω′, owner × economy × sector
    owned_home: jax.Array | None = None  # its diagonal, country × sector


class State(NamedTuple):
    """The unknowns."""

    lnP: jax.Array
    lnX: jax.Array
    y: jax.Array


class Exchange(NamedTuple):
    """Who trades with whom: the world, or one economy with the others held."""

    buy: Callable[[jax.Array], tuple[jax.Array, jax.Array]]  # ĉ^{−θ} -> Σ_i M ĉ^{−θ}, Σ_i border ĉ^{−θ}
    sell: Callable[[jax.Array], jax.Array]  # X′ P̂^θ of buyers -> Σ_n border X′ P̂^θ
    world: WorldSum  # sum of incomes over all economies
    pool: WorldSum  # sum of lending over all economies; zero where the others are held
    levy: Callable[[jax.Array], jax.Array] | None = None  # X′ P̂^θ of buyers -> Σ_n (1 − keep) border X′ P̂^θ
    claims: Callable[[jax.Array], jax.Array] | None = None  # capital income -> what owners receive of it; country
    share: Callable[[jax.Array, jax.Array], jax.Array] | None = None  # ĉ^{−θ}, X′ P̂^θ -> net receipts from the customs pool


class Flows(NamedTuple):
    """What is sold and bought, before anything is scaled to the numéraire; country × sector, USD mn."""

    X: jax.Array
    q: jax.Array  # X′ P̂^θ
    c_power: jax.Array  # ĉ^{−θ}
    output: jax.Array  # what producers receive
    border: jax.Array  # purchases at border prices, home included
    home: jax.Array


class Accounts(NamedTuple):
    """What an economy earns and where from; country, USD mn."""

    own: jax.Array
    revenue: jax.Array  # after the customs pool
    export_revenue: jax.Array
    received: jax.Array
    paid: jax.Array
    deficit: jax.Array
    income: jax.Array
    exports: jax.Array
    imports: jax.Array
    abroad: jax.Array  # all that comes from abroad: deficit, transfer, net dividends, net receipts from the pool


class Technology(NamedTuple):
    """Costs and the shares that follow from them."""

    lnm: jax.Array  # log price of the input bundle
    lnc: jax.Array  # log unit cost
    gamma: jax.Array  # γ′
    bought: jax.Array | None  # 1 − γ′; None where no share moves


class Outcome(NamedTuple):
    """One evaluation of all equations at a state, in levels (USD mn) where not a log."""

    state: State  # G(u)
    lnv: jax.Array
    lnc: jax.Array
    S: jax.Array  # Σ_i M ĉ^{−θ}
    output: jax.Array
    value_added: jax.Array  # country × sector
    revenue: jax.Array
    deficit: jax.Array
    income: jax.Array
    exports: jax.Array
    imports: jax.Array
    export_revenue: jax.Array
    received: jax.Array  # dividends from abroad
    paid: jax.Array  # dividends to abroad
