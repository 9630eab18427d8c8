"""A benchmark and a scenario as the arrays that the equations take."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any
from weakref import WeakKeyDictionary

import jax
import jax.numpy as jnp
import numpy as np

from comity.errors import InputError
from comity.model import balance, market, shares
from comity.records import Array, Benchmark, Closure, Equilibrium, Wedges
from comity.solve import kernels
from comity.solve.checks import check_wedges
from comity.solve.compiling import on_accelerator

__all__ = ["World", "check_wedges", "from_shares", "lost_suppliers", "nested", "shock", "start_state", "world"]


@dataclass(frozen=True, eq=False)
class World:
    """The benchmark on the device. Kernels have the sector first; `deficit` is what the base is calibrated with."""

    base: market.Base
    pi: jax.Array  # sector × importer × exporter
    tariff: jax.Array  # sector × importer × exporter
    final_share: jax.Array
    income: Array
    output: Array
    economies: tuple[str, ...]
    sectors: tuple[str, ...]
    export_tax: jax.Array | None = None  # as tariff; None where there is none
    import_rent: jax.Array | None = None
    export_rent: jax.Array | None = None
    ownership: Array | None = None

    @property
    def size(self) -> tuple[int, int]:
        """Number of economies and of sectors."""
        return len(self.economies), len(self.sectors)

    @cached_property
    def kernels(self) -> tuple[jax.Array, jax.Array, jax.Array, jax.Array]:
        """π and π/(1+t) of trade with others (as `pi`, 0 at home), and at home (country × sector), at the benchmark."""
        return kernels.apart(self.pi, self.pi / (1 + self.tariff))

    @cached_property
    def plain_tariff(self) -> Array:
        """The benchmark's tariff with the axes that scenarios have; importer × exporter × sector."""
        return np.ascontiguousarray(np.asarray(self.tariff).transpose(1, 2, 0))

    @cached_property
    def nothing(self) -> tuple[Array, Array]:
        """Zeros: country, and country × sector."""
        n, j = self.size
        return np.zeros(n), np.zeros((n, j))

    def unchanged(self, factors: str) -> jax.Array:
        """The packed unknowns at the benchmark: logs of ratios, all zero."""
        n, j = self.size
        return jnp.zeros((n, 2 * j + 1 if factors == "mobile" else 3 * j))


_worlds: WeakKeyDictionary[Benchmark, OrderedDict[tuple, World]] = WeakKeyDictionary()

KEPT_NESTS = 8
"""Sets of elasticities of substitution for which a benchmark's arrays and preconditioners are kept."""

ROUNDING = 1e-12
"""Lending, as a fraction of income, that counts as none."""

COBB_DOUGLAS = Closure()


def world(benchmark: Benchmark, closure: Closure = COBB_DOUGLAS) -> World:
    """The benchmark's arrays on the device with the closure's nests; made once. InputError for a list of the wrong length."""
    known = _worlds.setdefault(benchmark, OrderedDict())
    nests = closure.nests
    if nests not in known:
        plain = known.get(COBB_DOUGLAS.nests) or _plain(benchmark)
        known.setdefault(COBB_DOUGLAS.nests, plain)
        if nests != COBB_DOUGLAS.nests:
            known[nests] = replace(plain, base=nested(plain.base, closure))
        while len(known) > KEPT_NESTS:
            known.pop(next(key for key in known if key not in (COBB_DOUGLAS.nests, nests)), None)
    return known[nests]


def nested(base: market.Base, closure: Closure) -> market.Base:
    """The base with elasticities of substitution as arrays; one that is 1 everywhere is None, which compiles to nothing."""
    n, j = base.gamma.shape

    def by_sector(name: str) -> jax.Array | None:
        given = getattr(closure, name)
        if given == 1.0:
            return None
        if not isinstance(given, tuple):
            return jnp.full((n, 1), given)
        if len(given) != j:
            raise InputError(f"{name}: {len(given)} elasticities of substitution for {j} sectors")
        return jnp.asarray(np.broadcast_to(given, (n, j)).copy())

    sigma = None if closure.final == 1.0 else jnp.full(n, closure.final)
    return base._replace(epsilon=by_sector("inputs"), eta=by_sector("value_added"), sigma=sigma)


def _plain(b: Benchmark) -> World:
    home = np.einsum("nnj->nj", b.trade_flow)
    exports = (b.trade_flow.sum(axis=0) - home).sum(axis=1)
    imports = (b.trade_flow.sum(axis=1) - home).sum(axis=1)
    w = from_shares(
        economies=b.economies,
        sectors=b.sectors,
        trade_share=b.trade_share,
        tariff=b.tariff,
        input_share=b.input_share,
        value_added_share=np.where(b.output > 0, b.value_added_share, 1.0),
        labour_share=b.labour_share,
        trade_elasticity=b.trade_elasticity,
        final_share=b.final_share,
        value_added=b.value_added,
        expenditure=b.expenditure,
        # Less is rounding of a balanced benchmark; for an economy without trade any lending at all is too much.
        deficit=np.where(np.abs(b.deficit) > ROUNDING * b.income, b.deficit, 0.0),
        trade=exports + imports,
        income=b.income,
        output=b.output,
    )
    return replace(
        w,
        base=_pooled(w.base, b),
        export_tax=_optional(b.export_tax),
        import_rent=_optional(b.import_rent),
        export_rent=_optional(b.export_rent),
        ownership=b.ownership,
    )


def _pooled(base: market.Base, b: Benchmark) -> market.Base:
    """The base with the customs pool of the benchmark."""
    if not b.customs_pool:
        return base
    return base._replace(key=jnp.asarray(b.pool_key), outer=jnp.asarray(b.pooled_pairs.astype(float)))


def _optional(values: Array | None) -> jax.Array | None:
    return None if values is None else _sector_first(values)


def _sector_first(values: Array) -> jax.Array:
    return jnp.asarray(np.ascontiguousarray(np.asarray(values, dtype=np.float64).transpose(2, 0, 1)))


def from_shares(
    *,
    economies: tuple[str, ...],
    sectors: tuple[str, ...],
    trade_share: Array,
    tariff: Array,
    input_share: Array,
    value_added_share: Array,
    labour_share: Array,
    trade_elasticity: Array,
    final_share: Array,
    value_added: Array,
    expenditure: Array,
    deficit: Array,
    trade: Array,
    income: Array,
    output: Array,
) -> World:
    """A world from shares and value added. They need not be an equilibrium: then solve the base first (`rebase`)."""
    n, j = len(economies), len(sectors)
    # An economy without trade has no trade hat; its deficit is zero, so any positive scale serves.
    scale = np.where(trade > 0, trade, 1.0)
    base = market.Base(
        gamma=jnp.asarray(value_added_share),
        g=jnp.asarray(input_share),
        lam=jnp.asarray(labour_share),
        theta=jnp.asarray(np.broadcast_to(trade_elasticity, (n, j)).copy()),
        value_added=jnp.asarray(value_added),
        expenditure=jnp.asarray(expenditure),
        active=jnp.asarray((value_added > 0).astype(float)),
        deficit=jnp.asarray(deficit),
        trade=jnp.asarray(scale),
    )
    return World(
        base=base,
        pi=jnp.asarray(np.ascontiguousarray(trade_share.transpose(2, 0, 1))),
        tariff=jnp.asarray(np.ascontiguousarray(tariff.transpose(2, 0, 1))),
        final_share=jnp.asarray(final_share),
        income=np.asarray(income),
        output=np.asarray(output),
        economies=tuple(economies),
        sectors=tuple(sectors),
    )


def shock(w: World, wedges: Wedges, s: Any = 1.0, *, balance: bool = False) -> market.Shock:
    """The scenario at the fraction s of its way: 0 is the benchmark, 1 the scenario; logs of factors grow in proportion.

    With `balance` the deficits go to zero along the way. `s` is a number, or an array of JAX to differentiate by.
    """
    host = isinstance(s, float | int) and not on_accelerator()
    xp: Any = np if host else jnp

    none: Any = w.nothing

    def log(values: Array | None, axes: int) -> Any:
        return none[axes - 1] if values is None else s * xp.log(xp.asarray(values))

    if host:
        M, border, M_home, border_home = kernels.on_host(w, wedges.tariff, wedges.trade_cost, s)
    else:
        t1, d = (None if given is None else jnp.asarray(given) for given in (wedges.tariff, wedges.trade_cost))
        M, border, M_home, border_home = kernels.on_device(w.pi, w.tariff, w.base.theta[0], t1, d, jnp.asarray(s))
    plain = market.Shock(
        M=M,
        border=border,
        M_home=M_home,
        border_home=border_home,
        lnA=log(wedges.productivity, 2),
        lnL=log(wedges.labour, 1),
        lnK=log(wedges.capital, 2),
        a=w.final_share if wedges.taste is None else shares.final_share(w.final_share, 1 + s * (jnp.asarray(wedges.taste) - 1)),
        deficit=w.base.deficit * (1 - s) if balance else w.base.deficit,
        transfer=none[0] if wedges.transfer is None else s * xp.asarray(wedges.transfer),
    )
    return _with_owners(w, wedges, s, _with_levies(w, wedges, s, plain))


def _with_levies(w: World, wedges: Wedges, s: float, plain: market.Shock) -> market.Shock:
    """The arrays with export taxes and rents, which are costs to buyers and income to somebody (eqs. 3 and 5)."""

    def moved(name: str) -> tuple[jax.Array | None, jax.Array | None]:
        old, new = getattr(w, name), _optional(getattr(wedges, name))
        if old is None and new is None:
            return None, None
        old = jnp.zeros_like(w.pi) if old is None else old
        return old, old if new is None else old + s * (new - old)

    rates = {name: moved(name) for name in ("export_tax", "import_rent", "export_rent")}
    given = {name: (old, new) for name, (old, new) in rates.items() if old is not None and new is not None}
    if not given:
        return plain
    lnkappa = sum(jnp.log1p(new) - jnp.log1p(old) for old, new in given.values())
    other = jnp.exp(-w.base.theta[0][:, None, None] * lnkappa)
    rent = 1 + given["import_rent"][1] if "import_rent" in given else None
    border = plain.border * other if rent is None else plain.border * other / rent
    keep = None
    for name in ("export_tax", "export_rent"):
        if name in given:
            keep = (1.0 if keep is None else keep) / (1 + given[name][1])
    return plain._replace(M=plain.M * other, border=border, keep=keep, rent=rent, other=other)


def _with_owners(w: World, wedges: Wedges, s: float, shock: market.Shock) -> market.Shock:
    """The arrays with owners abroad (eq. 6); without any, residents own all."""
    if w.ownership is None and wedges.ownership is None:
        return shock
    n, j = w.size
    old = np.repeat(np.eye(n)[:, :, None], j, axis=2) if w.ownership is None else w.ownership
    new = old if wedges.ownership is None else np.asarray(wedges.ownership)
    owned = jnp.asarray(old + s * (new - old))
    return shock._replace(owned=owned, owned_home=jnp.einsum("nnj->nj", owned))


def lost_suppliers(w: World, wedges: Wedges) -> list[tuple[str, str]]:
    """Markets (economy, sector) with spending at the benchmark whose every supplier is under embargo."""
    if not wedges.has_embargo:
        return []
    open_ = np.isfinite(np.asarray(wedges.trade_cost)).transpose(2, 0, 1)
    left = (np.asarray(w.pi) * open_).sum(axis=2)
    lost = (left <= 0) & (np.asarray(w.base.expenditure).T > 0)
    return [(w.economies[n], w.sectors[j]) for j, n in zip(*np.nonzero(lost), strict=True)]


def start_state(w: World, closure: Closure, start: Equilibrium | Mapping[str, Array] | None) -> jax.Array:
    """The packed unknowns to start from: None (the benchmark), an Equilibrium, or hats by name.

    Names: `price`, `expenditure`, `value_added` (country × sector) and `wage` (country; where no value added is given it
    moves with the wage). InputError for another name.
    """
    n, j = w.size
    if start is None:
        return w.unchanged(closure.factors)
    given = _hats(start) if isinstance(start, Equilibrium) else dict(start or {})
    unknown = set(given) - {"price", "expenditure", "wage", "value_added"}
    if unknown:
        raise InputError(f"start: unknown {', '.join(sorted(unknown))}; known are price, expenditure, wage, value_added")
    wage = np.broadcast_to(given.get("wage", 1.0), (n,))
    added = np.broadcast_to(given.get("value_added", wage[:, None]), (n, j))
    if closure.factors == "mobile":
        level = np.asarray(w.base.value_added)
        y = np.log((added * level).sum(axis=1) / level.sum(axis=1))
    else:
        y = np.log(added)
    lnP = np.log(np.broadcast_to(given.get("price", 1.0), (n, j)))
    lnX = np.log(np.broadcast_to(given.get("expenditure", 1.0), (n, j)))
    return market.pack(market.State(jnp.asarray(lnP), jnp.asarray(lnX), jnp.asarray(y)))


def _hats(eq: Equilibrium) -> dict[str, Array]:
    """An equilibrium as ratios to its benchmark; cells that are empty there stay as they are."""

    def ratio(new: Array, old: Array) -> Array:
        return np.divide(new, old, out=np.ones_like(old), where=(old > 0) & (new > 0))

    b = eq.benchmark
    return {
        "price": eq.values["price"],
        "expenditure": ratio(eq.values["expenditure"], b.expenditure),
        "value_added": np.where(
            (b.value_added > 0) & (eq.values["value_added"] <= 0),
            np.exp(balance.UNSOLD),
            ratio(eq.values["value_added"], b.value_added),
        ),
    }
