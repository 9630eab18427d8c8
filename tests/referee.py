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
    """A small world in money: flows before tariffs and the shares that technology and tastes imply."""

    flow: Array
    tariff: Array
    input_share: Array
    value_added_share: Array
    theta: Array
    labour_share: Array

    @property
    def output(self) -> Array:
        return self.flow.sum(0)

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
        return (self.flow.sum((1, 2)) - self.flow.sum((0, 2))).copy()

    def arrays(self) -> dict[str, Any]:
        """The arguments of a benchmark that is made from arrays."""
        return {
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
    """What changes: new tariffs, factors on everything else, a transfer in money of world value added."""

    tariff: Array | None = None
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
    unit_cost: Array
    value_added_price: Array
    expenditure: Array
    share: Array
    flow: Array
    income: Array
    deficit: Array
    tariff_revenue: Array
    value_added: Array
    gap: float = field(default=0.0)


class Levels:
    """A world with technology, endowments and tastes in levels, calibrated so that it reproduces an Economy."""

    def __init__(self, economy: Economy, factors: str, deficits: str, seed: int = 0):
        self.economy, self.factors, self.deficits = economy, factors, deficits
        rng = np.random.default_rng(seed)
        e = economy
        n, j = e.output.shape
        self.active = e.output > 0
        self.wage0 = np.exp(rng.normal(0, 0.5, n))
        self.rent0 = np.exp(rng.normal(0, 0.5, (n, j)))
        self.price0 = np.exp(rng.normal(0, 0.5, (n, j)))
        self.distance = 1 + rng.uniform(0, 1, e.flow.shape)
        self.technology = np.exp(rng.normal(0, 0.5, (n, j)))
        self.taste = e.final / e.final.sum(1, keepdims=True)
        self.hours = (e.labour_share * e.value_added).sum(1) / self.wage0
        self.composite = e.value_added.sum(1) / self.wage0
        self.sector_hours = e.labour_share * e.value_added / self.wage0[:, None]
        self.machines = (1 - e.labour_share) * e.value_added / self.rent0
        # Armington weights that make the observed shares optimal at the prices just drawn.
        share = (1 + e.tariff) * e.flow / e.expenditure[:, None, :]
        landed = self._landed(self._unit_cost(self._value_added_price0(), self.price0, 1.0), e.tariff, 1.0)
        self.weight = share * (landed / self.price0[:, None, :]) ** e.theta

    def _value_added_price0(self) -> Array:
        lam = self.economy.labour_share
        if self.factors == "mobile":
            return np.broadcast_to(self.wage0[:, None], lam.shape)
        return self.wage0[:, None] ** lam * self.rent0 ** (1 - lam)

    def _unit_cost(self, value_added_price: Array, price: Array, productivity: Array | float) -> Array:
        gamma = self.economy.value_added_share
        inputs = np.exp(np.einsum("nkj,nk->nj", self.economy.input_share, np.log(price)))
        return value_added_price**gamma * inputs ** (1 - gamma) / (self.technology * productivity)

    def _landed(self, cost: Array, tariff: Array, trade_cost: Array | float) -> Array:
        return cost[None] * self.distance * trade_cost * (1 + tariff)

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
        return np.where(idle, 1.0, np.where(idle, 1, pay) ** lam * np.where(idle, 1, rent) ** (1 - lam))

    def _deficit(self, value_added: Array, flow: Array) -> Array:
        e = self.economy
        if self.deficits == "balanced":
            return np.zeros(len(value_added))
        if self.deficits == "fixed":
            return e.deficit
        if self.deficits == "proportional":
            hat = value_added.sum(1) / e.value_added.sum(1)
        else:
            hat = _trade(flow) / _trade(e.flow)
        weight = value_added.sum(1) / value_added.sum()
        return e.deficit * hat - weight * (e.deficit * hat).sum()

    def _state(self, wage: Array, price: Array, output: Array, deficit: Array, shock: Shock) -> State:
        """Everything that follows from wages, prices, outputs and a guess of the deficits."""
        e = self.economy
        tariff = e.tariff if shock.tariff is None else shock.tariff
        value_added = e.value_added_share * output
        paid = self._value_added_price(wage, value_added, shock)
        cost = self._unit_cost(paid, price, shock.productivity)
        pull = self.weight * np.exp(-e.theta * np.log(self._landed(cost, tariff, shock.trade_cost)))
        share = pull / pull.sum(1, keepdims=True)
        index = pull.sum(1) ** (-1 / e.theta)
        taste = self.taste * shock.taste
        taste = taste / taste.sum(1, keepdims=True)
        bought = np.einsum("nkj,nj->nk", e.input_share, (1 - e.value_added_share) * output)
        duty = (share * tariff / (1 + tariff)).sum(1)
        # Income contains the duties that its own spending pays.
        own = value_added.sum(1) + deficit + shock.transfer + (duty * bought).sum(1)
        income = own / (1 - (duty * taste).sum(1))
        spending = taste * income[:, None] + bought
        flow = share * spending[:, None, :] / (1 + tariff)
        return State(
            wage=wage, price=index, output=flow.sum(0), unit_cost=cost, value_added_price=paid, expenditure=spending,
            share=share, flow=flow, income=income, deficit=deficit, tariff_revenue=(tariff * flow).sum((1, 2)),
            value_added=value_added,
        )  # fmt: skip

    def _labour_gap(self, wage: Array, state: State, shock: Shock) -> Array:
        paid = state.value_added if self.factors == "mobile" else self.economy.labour_share * state.value_added
        supply = self.composite if self.factors == "mobile" else self.hours
        return np.log(paid.sum(1) / (wage * supply * shock.labour))

    def _unpack(self, u: Array) -> tuple[Array, Array, Array, Array]:
        n, j = self.active.shape
        output = np.zeros((n, j))
        wage, price, rest, deficit = np.split(u, [n, n + n * j, len(u) - n])
        output[self.active] = np.exp(rest)
        return np.exp(wage), np.exp(price).reshape(n, j), output, deficit * self.economy.value_added.sum()

    def _residual(self, u: Array, shock: Shock) -> Array:
        """Price indices, goods markets (the largest replaced by the numéraire), factor markets, deficits."""
        wage, price, output, deficit = self._unpack(u)
        state = self._state(wage, price, output, deficit, shock)
        world = self.economy.value_added.sum()
        goods = np.log(state.output[self.active] / output[self.active])
        goods[np.argmax(self.economy.output[self.active])] = np.log(state.value_added.sum() / world)
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
        start = [np.log(self.wage0), np.log(self.price0).ravel(), np.log(e.output[self.active])]
        deficit = np.zeros(len(self.wage0)) if self.deficits == "balanced" else e.deficit
        found = root(self._residual, np.concatenate([*start, deficit / e.value_added.sum()]), (shock,), tol=1e-14)
        u = found.x
        for _ in range(3):  # a few Newton steps with a fresh Jacobian polish what hybrid steps leave
            u = u - np.linalg.solve(_jacobian(self._residual, u, shock), self._residual(u, shock))
        gap = float(np.abs(self._residual(u, shock)).max())
        assert gap < 1e-12, f"the referee did not converge: {gap:.2e}"
        wage, price, output, deficit = self._unpack(u)
        return replace(self._state(wage, price, output, deficit, shock), gap=gap)


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
    taste = levels.taste * shock.taste
    taste = taste / taste.sum(1, keepdims=True)
    price_index = np.exp((taste * np.log(after.price / before.price)).sum(1))
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
        "value_added": after.value_added,
        "trade_flow": after.flow,
        "trade_share": after.share,
        "gain_pct": 100 * (earned / price_index - 1),
        "ev_usd_mn": (before.income - before.deficit) * (earned / price_index - 1),
    }
