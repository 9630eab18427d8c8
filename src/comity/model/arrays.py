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
    use: jax.Array  # (1−γ) g, country × input × sector
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


class Shock(NamedTuple):
    """A scenario as the equations see it. The kernels have the sector first, for speed: sector × importer × exporter."""

    M: jax.Array  # π κ̂^{−θ}
    border: jax.Array  # M / (1+t′)
    M_home: jax.Array  # diagonal of M, country × sector
    border_home: jax.Array
    lnA: jax.Array
    lnL: jax.Array  # country
    lnK: jax.Array
    a: jax.Array  # final shares after the change of taste, at benchmark prices
    deficit: jax.Array  # country; the benchmark's, or zero on the way to balance
    transfer: jax.Array  # country


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
