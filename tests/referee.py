"""The referee: the same model written in levels and handed to SciPy.

Nothing here comes from comity. Quantities, endowments and technology have levels, in units that are drawn at random, since
no answer may depend on units; the equilibrium is a root of the market-clearing conditions and not of a system in ratios.
Axes: importer n, exporter i, sector j; an input comes before the sector that uses it.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from scipy.optimize import root

Array = np.ndarray


@dataclass(frozen=True)
class Economy:
    """A small world in money: flows at the border, export taxes included, and the shares of technology and tastes.

    `ownership` owner × economy × sector: who gets the capital income (None: residents). `pool` members and their keys: duties on
    imports from outside the union are shared (None: everybody keeps their own).
    """

    flow: Array
    tariff: Array
    input_share: Array
    value_added_share: Array
    theta: Array
    labour_share: Array
    export_tax: Array | float = 0.0
    ownership: Array | None = None
    pool: Array | None = None

    @property
    def output(self) -> Array:
        return (self.flow / (1 + self.export_tax)).sum(0)

    @property
    def claims(self) -> Array:
        return _claims(self.ownership, *self.output.shape)

    @property
    def value_added(self) -> Array:
        return self.value_added_share * self.output

    @property
    def expenditure(self) -> Array:
        return ((1 + self.tariff) * self.flow).sum(1)

    @property
    def final(self) -> Array:
        bought = np.einsum("nkj,nj->nk", self.input_share, (1 - self.value_added_share) * self.output)
        return self.expenditure - bought

    @property
    def deficit(self) -> Array:
        """What is left of income after value added, dividends and revenue: the transfer that closes the account."""
        capital = (1 - self.labour_share) * self.value_added
        dividends = np.einsum("nij,ij->n", self.claims, capital) - capital.sum(1)
        revenue = np.einsum("nmij,mij->n", self.revenue(self.tariff, self.export_tax), self.flow)
        return self.final.sum(1) - self.value_added.sum(1) - dividends - revenue

    def revenue(self, tariff: Array, export_tax: Array | float) -> Array:
        """What a flow brings to each state, per unit of its value at the border; state × importer × exporter × sector."""
        n = len(tariff)
        own = np.eye(n)
        duty = own[:, :, None, None] * tariff
        if self.pool is not None:
            inside = self.pool > 0
            outer = (inside[:, None] & ~inside[None, :])[None, :, :, None]
            duty = np.where(outer, self.pool[:, None, None, None] * tariff, duty)
        tax = np.broadcast_to(export_tax, tariff.shape)
        return duty + own[:, None, :, None] * tax / (1 + tax)

    def arrays(self) -> dict[str, Any]:
        """The arguments of a benchmark that is made from arrays."""
        more = {"ownership": self.ownership}
        if np.ndim(self.export_tax):
            more["export_tax"] = self.export_tax
        if self.pool is not None:
            more["customs_pool"] = {f"E{n}": float(key) for n, key in enumerate(self.pool) if key > 0}
        return more | {
            "economies": [f"E{n}" for n in range(self.flow.shape[0])],
            "sectors": [f"S{j}" for j in range(self.flow.shape[2])],
            "trade_flow": self.flow,
            "tariff": self.tariff,
            "input_share": self.input_share,
            "value_added_share": self.value_added_share,
            "trade_elasticity": self.theta,
            "labour_share": self.labour_share,
        }


def lopsided(seed: int, countries: int = 3, sectors: int = 2, *, zeros: int = 0, idle: bool = False) -> Economy:
    """A world in which nothing is symmetric: sizes, tariffs, elasticities, deficits, and some flows that are zero.

    `idle` leaves the first economy without any output of the first sector: it imports all it uses.
    """
    rng = np.random.default_rng(seed)
    size = np.exp(rng.normal(0, 1, countries))
    flow = rng.uniform(0.2, 2, (countries, countries, sectors)) * size[:, None, None] * size[None, :, None] ** 0.7
    home = np.eye(countries, dtype=bool)
    flow[home] *= 4
    tariff = rng.uniform(0, 0.3, flow.shape)
    tariff[home] = 0
    abroad = np.argwhere(~np.broadcast_to(home[:, :, None], flow.shape))
    for n, i, j in abroad[rng.permutation(len(abroad))[:zeros]]:
        flow[n, i, j] = 0
    if idle:
        flow[:, 0, 0] = 0
    shares = rng.uniform(0.1, 1, (countries, sectors, sectors))
    world = Economy(
        flow=100 * flow,
        tariff=tariff,
        input_share=shares / shares.sum(1, keepdims=True),
        value_added_share=rng.uniform(0.45, 0.9, (countries, sectors)),
        theta=rng.uniform(1.5, 9, sectors),
        labour_share=rng.uniform(0.3, 0.8, (countries, sectors)),
    )
    # More value added until every final demand is positive.
    while world.final.min() < 0.02 * world.expenditure.max(1).min():
        world = replace(world, value_added_share=1 - 0.8 * (1 - world.value_added_share))
    return world


@dataclass(frozen=True)
class Shock:
    """What changes: new tariffs, export taxes and owners, factors on the rest, a transfer in money of world value added."""

    tariff: Array | None = None
    export_tax: Array | None = None
    ownership: Array | None = None
    trade_cost: Array | float = 1.0
    productivity: Array | float = 1.0
    labour: Array | float = 1.0
    capital: Array | float = 1.0
    taste: Array | float = 1.0
    transfer: Array | float = 0.0


@dataclass(frozen=True)
class State:
    """An equilibrium in levels."""

    wage: Array
    price: Array
    output: Array
    made: Array
    unit_cost: Array
    value_added_price: Array
    expenditure: Array
    share: Array
    flow: Array
    income: Array
    deficit: Array
    tariff_revenue: Array
    export_tax_revenue: Array
    dividends: Array
    value_added: Array
    final_share: Array
    gap: float = field(default=0.0)


@dataclass(frozen=True)
class Nests:
    """Elasticities of substitution: among inputs, of value added for inputs, among final goods; numbers or by sector."""

    inputs: Array | float = 1.0
    value_added: Array | float = 1.0
    final: float = 1.0


def power_mean(weight: Array, price: Array, elasticity: Array | float, axis: int) -> Array:
    """[Σ w p^(1−e)]^(1/(1−e)); for e = 1 the geometric mean with the same weights. The elasticity has `axis` left out."""
    one = np.asarray(elasticity) == 1
    power = np.where(one, 1.0, 1 - np.asarray(elasticity))
    total = (weight * price ** np.expand_dims(power, axis) if power.ndim else weight * price**power).sum(axis)
    return np.where(one, np.exp((weight * np.log(price)).sum(axis)), total ** (1 / power))


class Levels:
    """A world with technology, endowments and tastes in levels, calibrated so that it reproduces an Economy.

    Each nest is weighed at prices relative to those it was calibrated at, times a scale of its own: weights are shares there.
    """

    def __init__(self, economy: Economy, factors: str, deficits: str, seed: int = 0, nests: Nests | None = None):
        self.economy, self.factors, self.deficits = economy, factors, deficits
        rng = np.random.default_rng(seed)
        e, nests = economy, nests or Nests()
        n, j = e.output.shape
        self.nests = Nests(*(np.broadcast_to(v, (n, j)) for v in (nests.inputs, nests.value_added)), nests.final)
        self.active = e.output > 0
        self.wage0 = np.exp(rng.normal(0, 0.5, n))
        self.rent0 = np.exp(rng.normal(0, 0.5, (n, j)))
        self.price0 = np.exp(rng.normal(0, 0.5, (n, j)))
        self.distance = 1 + rng.uniform(0, 1, e.flow.shape)
        self.technology = np.exp(rng.normal(0, 0.5, (n, j)))
        self.bundle = np.exp(rng.normal(0, 0.5, (n, j)))
        self.taste = e.final / e.final.sum(1, keepdims=True)
        self.hours = (e.labour_share * e.value_added).sum(1) / self.wage0
        self.composite = e.value_added.sum(1) / self.wage0
        self.sector_hours = e.labour_share * e.value_added / self.wage0[:, None]
        self.machines = (1 - e.labour_share) * e.value_added / self.rent0
        self.paid0 = self._value_added_price0()
        # Armington weights that make the observed shares optimal at the prices just drawn.
        share = (1 + e.tariff) * e.flow / e.expenditure[:, None, :]
        landed = self._landed(self._technique(self.paid0, self.price0, 1.0)[0], e.tariff, e.export_tax, 1.0)
        self.weight = share * (landed / self.price0[:, None, :]) ** e.theta

    def _value_added_price0(self) -> Array:
        lam = self.economy.labour_share
        if self.factors == "mobile":
            return np.broadcast_to(self.wage0[:, None], lam.shape)
        return self.wage0[:, None] ** lam * self.rent0 ** (1 - lam)

    def _technique(self, paid: Array, price: Array, productivity: Array | float) -> tuple[Array, Array, Array]:
        """Unit cost and the shares that are cheapest: value added in cost, inputs in the bundle (Shephard's lemma)."""
        e, nests = self.economy, self.nests
        fresh = (price / self.price0)[:, :, None]
        bundle = power_mean(e.input_share, fresh, nests.inputs, 1)
        inputs = e.input_share * (fresh / bundle[:, None, :]) ** (1 - nests.inputs[:, None, :])
        parts = np.stack([paid / self.paid0, bundle], -1)
        weight = np.stack([e.value_added_share, 1 - e.value_added_share], -1)
        cost = power_mean(weight, parts, nests.value_added, 2)
        added = e.value_added_share * (parts[..., 0] / cost) ** (1 - nests.value_added)
        return cost * self.bundle / (self.technology * productivity), added, inputs

    def _landed(self, cost: Array, tariff: Array, export_tax: Array | float, trade_cost: Array | float) -> Array:
        return cost[None] * self.distance * trade_cost * (1 + export_tax) * (1 + tariff)

    def _value_added_price(self, wage: Array, value_added: Array, shock: Shock) -> Array:
        lam = self.economy.labour_share
        if self.factors == "mobile":
            return np.broadcast_to(wage[:, None], lam.shape)
        idle = ~self.active
        rent = (1 - lam) * value_added / np.where(idle, 1, self.machines * shock.capital)
        if self.factors == "specific":
            pay = np.broadcast_to(wage[:, None], lam.shape)
        else:
            labour = np.broadcast_to(np.asarray(shock.labour, float).reshape(-1, 1), lam.shape)
            pay = lam * value_added / np.where(idle, 1, self.sector_hours * labour)
        return np.where(idle, self.paid0, np.where(idle, 1, pay) ** lam * np.where(idle, 1, rent) ** (1 - lam))

    def _deficit(self, value_added: Array, flow: Array) -> Array:
        e = self.economy
        if self.deficits == "balanced":
            return np.zeros(len(value_added))
        if self.deficits == "fixed":
            return e.deficit
        if self.deficits == "proportional":
            size, before = value_added.sum(1), e.value_added.sum(1)
        else:
            size, before = _trade(flow), _trade(e.flow)
        hat, weight = size / before, size / size.sum()
        return e.deficit * hat - weight * (e.deficit * hat).sum()

    def _state(self, wage: Array, price: Array, added: Array, deficit: Array, shock: Shock) -> State:
        """Everything that follows from wages, prices, value added and a guess of the deficits."""
        e, capital = self.economy, (1 - self.economy.labour_share) * added
        tariff = e.tariff if shock.tariff is None else shock.tariff
        tax = e.export_tax if shock.export_tax is None else shock.export_tax
        claims = e.claims if shock.ownership is None else shock.ownership
        paid = self._value_added_price(wage, added, shock)
        cost, share_added, inputs = self._technique(paid, price, shock.productivity)
        made = added / share_added
        pull = self.weight * np.exp(-e.theta * np.log(self._landed(cost, tariff, tax, shock.trade_cost)))
        share = pull / pull.sum(1, keepdims=True)
        taste = self.taste * shock.taste
        taste = taste / taste.sum(1, keepdims=True)
        index = power_mean(taste, price / self.price0, self.nests.final, 1)
        final = taste * ((price / self.price0) / index[:, None]) ** (1 - self.nests.final)
        bought = np.einsum("nkj,nj->nk", inputs, made - added)
        dividends = np.einsum("nij,ij->n", claims, capital) - capital.sum(1)
        # Income contains the duties and export taxes that spending pays, at home and abroad: a linear system in incomes.
        border = share / (1 + tariff)
        take = np.einsum("smij,mij->smj", e.revenue(tariff, tax), border)
        own = added.sum(1) + dividends + deficit + shock.transfer + np.einsum("smj,mj->s", take, bought)
        income = np.linalg.solve(np.eye(len(wage)) - np.einsum("smj,mj->sm", take, final), own)
        spending = final * income[:, None] + bought
        flow = border * spending[:, None, :]
        duties = np.einsum("smij,mij->s", e.revenue(tariff, 0.0), flow)
        return State(
            wage=wage, price=pull.sum(1) ** (-1 / e.theta), output=(flow / (1 + tax)).sum(0), made=made, unit_cost=cost,
            value_added_price=paid, expenditure=spending, share=share, flow=flow, income=income, deficit=deficit,
            tariff_revenue=duties, export_tax_revenue=(flow * tax / (1 + tax)).sum((0, 2)), dividends=dividends,
            value_added=added, final_share=final,
        )  # fmt: skip

    def _labour_gap(self, wage: Array, state: State, shock: Shock) -> Array:
        paid = state.value_added if self.factors == "mobile" else self.economy.labour_share * state.value_added
        supply = self.composite if self.factors == "mobile" else self.hours
        return np.log(paid.sum(1) / (wage * supply * shock.labour))

    def _unpack(self, u: Array) -> tuple[Array, Array, Array, Array]:
        n, j = self.active.shape
        added = np.zeros((n, j))
        wage, price, rest, deficit = np.split(u, [n, n + n * j, len(u) - n])
        added[self.active] = np.exp(rest)
        return np.exp(wage), np.exp(price).reshape(n, j), added, deficit * self.economy.value_added.sum()

    def _residual(self, u: Array, shock: Shock) -> Array:
        """Price indices, goods markets (the largest replaced by the numéraire), factor markets, deficits."""
        wage, price, added, deficit = self._unpack(u)
        state = self._state(wage, price, added, deficit, shock)
        world = self.economy.value_added.sum()
        goods = np.log(state.output[self.active] / state.made[self.active])
        goods[np.argmax(self.economy.output[self.active])] = np.log(added.sum() / world)
        return np.concatenate(
            [
                np.log(state.price / price).ravel(),
                goods,
                self._labour_gap(wage, state, shock),
                (self._deficit(state.value_added, state.flow) - deficit) / world,
            ]
        )

    def solve(self, shock: Shock | None = None) -> State:
        """The equilibrium at a shock, to 1e-12 in every equation; AssertionError if SciPy does not get there."""
        shock, e = shock or Shock(), self.economy
        start = [np.log(self.wage0), np.log(self.price0).ravel(), np.log(e.value_added[self.active])]
        deficit = np.zeros(len(self.wage0)) if self.deficits == "balanced" else e.deficit
        found = root(self._residual, np.concatenate([*start, deficit / e.value_added.sum()]), (shock,), tol=1e-14)
        u = found.x
        for _ in range(3):  # a few Newton steps with a fresh Jacobian polish what hybrid steps leave
            u = u - np.linalg.solve(_jacobian(self._residual, u, shock), self._residual(u, shock))
        gap = float(np.abs(self._residual(u, shock)).max())
        assert gap < 1e-12, f"the referee did not converge: {gap:.2e}"
        wage, price, added, deficit = self._unpack(u)
        return replace(self._state(wage, price, added, deficit, shock), gap=gap)


def _claims(ownership: Array | None, economies: int, sectors: int) -> Array:
    """Owner × economy × sector; residents own everything where nothing is said."""
    if ownership is not None:
        return ownership
    return np.repeat(np.eye(economies)[:, :, None], sectors, 2)


def _trade(flow: Array) -> Array:
    """Exports plus imports before tariffs, by country."""
    abroad = flow * (1 - np.eye(flow.shape[0]))[:, :, None]
    return abroad.sum((0, 2)) + abroad.sum((1, 2))


def _jacobian(function: Any, u: Array, shock: Shock) -> Array:
    step = 1e-6
    columns = [(function(u + step * e, shock) - function(u - step * e, shock)) / (2 * step) for e in np.eye(len(u))]
    return np.stack(columns, 1)


def changes(levels: Levels, shock: Shock) -> dict[str, Array]:
    """What a shock changes: ratios to the reference equilibrium (solved too, not assumed) and new levels in money."""
    before, after = levels.solve(), levels.solve(shock)
    taste = before.final_share * shock.taste
    taste = taste / taste.sum(1, keepdims=True)
    price_index = power_mean(taste, after.price / before.price, levels.nests.final, 1)
    earned = (after.income - after.deficit) / (before.income - before.deficit)
    wage = after.wage / before.wage
    active = levels.active
    return {
        "wage": wage,
        "price": after.price / before.price,
        "price_index": price_index,
        "output": np.where(active, after.output / np.where(active, before.output, 1.0), 1.0),
        "output_cf": after.output,
        "unit_cost": np.where(active, after.unit_cost / before.unit_cost, np.nan),
        "value_added_price": np.where(active, after.value_added_price / before.value_added_price, np.nan),
        "real_income": earned / price_index,
        "welfare": after.income / before.income / price_index,
        "real_wage": wage / price_index,
        "income": after.income / before.income,
        "income_cf": after.income,
        "deficit": after.deficit,
        "tariff_revenue": after.tariff_revenue,
        "export_tax_revenue": after.export_tax_revenue,
        "dividends": after.dividends,
        "value_added": after.value_added,
        "trade_flow": after.flow,
        "trade_share": after.share,
        "gain_pct": 100 * (earned / price_index - 1),
        "ev_usd_mn": (before.income - before.deficit) * (earned / price_index - 1),
    }
