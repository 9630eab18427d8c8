"""Governments' payoffs and their exact slopes at any set of their rates: one equilibrium and one linear system a call."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

import numpy as np

from comity.errors import InputError
from comity.records import Array, Benchmark, Closure, Equilibrium, Gradient, Wedges
from comity.solve import equilibrium
from comity.solve.derivatives import adjoint, levers
from comity.strategy.curvature import Curvature, curvature
from comity.strategy.payoff import Payoff, sum_of
from comity.strategy.players import Control, Player, controls, opened, refuse_closure, refuse_overlap

BOUNDS = (-0.3, 10.0)
"""The lowest and the highest rate that is tried: a subsidy of 30 % and a duty of 1,000 %."""

Rates = tuple[Array, ...]
"""z = ln(1 + t) of each player."""


@dataclass(frozen=True, eq=False)
class Point:
    """Payoffs of all players at their rates; slopes of the players asked, each in its own rates."""

    z: Rates
    payoffs: Array
    slopes: dict[int, Array]
    eq: Equilibrium | None = None


class Plays(Protocol):
    """What the search for best responses and Nash points asks of a game."""

    low: Rates
    high: Rates

    def at(self, z: Rates, who: Sequence[int], near: Point | None = None) -> Point:
        """The point at these rates, with the slopes of the players named. Raises NoEquilibriumError."""
        ...

    def divide(self, point: Point, k: int, slope: Array) -> Array:
        """Curvature⁻¹ times a slope in the rates of player k."""
        ...


@dataclass
class Count:
    """The work done: equilibria and linear systems for derivatives, with the steps of each."""

    solves: int = 0
    steps: int = 0
    gradients: int = 0


@dataclass(eq=False)
class Game:
    """Players on a benchmark. `wedges` is what else holds in the world (and the tariffs of those who do not play)."""

    benchmark: Benchmark
    players: tuple[Player, ...]
    closure: Closure
    wedges: Wedges = field(default_factory=Wedges)
    bounds: tuple[float, float] = BOUNDS
    tolerance: float = equilibrium.TOLERANCE
    count: Count = field(default_factory=Count)

    def __post_init__(self) -> None:
        refuse_overlap(self.players, self.benchmark)
        refuse_closure(self.players, self.closure)
        low, high = self.bounds
        if not -1 < low <= 0 < high < np.inf:
            raise InputError(f"bounds: {low:g} to {high:g}; the lowest rate is above −100 % and not above 0, the highest above 0")
        self.declared = self.closure
        if self.closure.deficits == "balanced":
            self.benchmark = equilibrium.balanced_benchmark(self.benchmark, self.closure)
            self.closure = equilibrium.of_map(self.closure)
        for name in {name for one in self.players for name in one.instruments}:
            if name not in levers.AXES:
                raise InputError(f"instruments: {name} is none that has a derivative ({', '.join(levers.AXES)})")
        self.tariff = opened(self.players, self.benchmark, self.wedges)
        self.export_tax = _export_tax(self.benchmark, self.wedges)
        self.controls = tuple(controls(one, self.benchmark) for one in self.players)
        self.payoffs = tuple(Payoff(one, self.benchmark, self.closure, self.wedges.ownership) for one in self.players)
        sizes = [sum(c.size for c in own) for own in self.controls]
        self.low = tuple(np.full(size, np.log1p(low)) for size in sizes)
        self.high = tuple(np.full(size, np.log1p(high)) for size in sizes)
        self.today: Equilibrium = self.solve(self.wedges, None)
        self._last = self.today
        self._curved: tuple[Equilibrium | None, dict[int, list[Curvature]]] = (None, {})

    def solve(self, wedges: Wedges, near: Equilibrium | None) -> Equilibrium:
        """The world under these wedges, started from another equilibrium; counted."""
        eq = equilibrium.solve(self.benchmark, wedges, closure=self.closure, tolerance=self.tolerance, start=near)
        self.count.solves += 1
        self.count.steps += eq.steps
        return eq

    def rates_today(self) -> Rates:
        """Each player's rates in force, averaged over the cells that must move together, within the bounds."""
        return tuple(
            np.clip(np.concatenate([c.mean(self._levels(c), self.benchmark.trade_flow) for c in own]), self.low[k], self.high[k])
            for k, own in enumerate(self.controls)
        )

    def rates_of(self, rate: float) -> Rates:
        """The same rate everywhere."""
        return tuple(np.clip(np.full(len(low), np.log1p(rate)), low, high) for low, high in zip(self.low, self.high, strict=True))

    def _levels(self, c: Control) -> Array:
        return self.tariff if c.instrument == "tariff" else self.export_tax

    def parts(self, k: int, z: Array) -> list[tuple[Control, Array]]:
        """A player's numbers by instrument."""
        ends = np.cumsum([c.size for c in self.controls[k]])
        return list(zip(self.controls[k], np.split(z, ends[:-1]), strict=True))

    def policy(self, z: Rates) -> Wedges:
        """The world's wedges with the players' rates put in."""
        arrays = {"tariff": self.tariff.copy()}
        for k, own in enumerate(z):
            for c, numbers in self.parts(k, own):
                if c.instrument not in arrays:
                    arrays[c.instrument] = self.export_tax.copy()
                c.put(numbers, arrays[c.instrument])
        return replace(self.wedges, **arrays)

    def at(self, z: Rates, who: Sequence[int], near: Point | None = None) -> Point:
        """One equilibrium, and one linear system with a right-hand side for each player asked."""
        start = near.eq if near is not None else self._last
        eq = self._last = self.solve(self.policy(z), start)
        payoffs = np.array([p.value(eq.values) for p in self.payoffs])
        return Point(z, payoffs, self.slopes(eq, z, who), eq)

    def slopes(self, eq: Equilibrium, z: Rates, who: Sequence[int]) -> dict[int, Array]:
        """Derivative of each player's payoff in its own numbers."""
        if not who:
            return {}
        names = tuple(dict.fromkeys(name for k in who for name in self.players[k].instruments))
        found = adjoint.gradients(eq, [self.payoffs[k].outcome for k in who], names)
        self.count.gradients += 1
        slopes = {}
        for row, k in enumerate(who):
            slopes[k] = self._slope(k, z[k], found, row, self.payoffs[k].per_unit(eq.values))
        return slopes

    def _slope(self, k: int, z: Array, found: Gradient, row: int, unit: float) -> Array:
        """One row of the engine's derivatives as slopes in player k's numbers."""
        return np.concatenate([c.slope(own, unit * np.asarray(found.values[c.instrument][row])) for c, own in self.parts(k, z)])

    def joint_slope(self, eq: Equilibrium, z: Rates, weights: Array) -> list[Array]:
        """Derivative of Σ_p weight_p × payoff_p in every player's numbers, by one linear system."""
        names = tuple(dict.fromkeys(name for one in self.players for name in one.instruments))
        found = adjoint.gradients(eq, sum_of(self.payoffs, weights), names)
        self.count.gradients += 1
        return [self._slope(k, own, found, 0, 1.0) for k, own in enumerate(z)]

    def worth_of_a_dollar(self, eq: Equilibrium) -> Array:
        """Derivative of each player's payoff in a transfer to each economy (player × economy, per USD mn, paid by all)."""
        found = adjoint.gradients(eq, [p.outcome for p in self.payoffs], ("transfer",))
        self.count.gradients += 1
        return np.asarray(found.values["transfer"]) * np.array([[p.per_unit(eq.values)] for p in self.payoffs])

    def divide(self, point: Point, k: int, slope: Array) -> Array:
        """Curvature⁻¹ slope, with the curvature at the point's own trade."""
        parts = []
        for own, (_, part) in zip(self.curvature(point, k), self.parts(k, slope), strict=True):
            parts.append(own.divide(part))
        return np.concatenate(parts)

    def curvature(self, point: Point, k: int) -> list[Curvature]:
        """The player's curvature at a point, made once for it."""
        eq = point.eq
        assert eq is not None
        if self._curved[0] is not eq:
            self._curved = (eq, {})
        if k not in self._curved[1]:
            theta = np.broadcast_to(self.benchmark.trade_elasticity, (self.benchmark.output.shape[1],))
            flow = eq.values["trade_share"] * eq.values["expenditure"][:, None, :]
            earner = self.worth(k)
            self._curved[1][k] = [curvature(c, flow, theta, earner) for c in self.controls[k]]
        return self._curved[1][k]

    def worth(self, k: int) -> Array:
        """What a dollar of each economy is worth to player k, as a fraction of its real income."""
        alpha = np.zeros(len(self.benchmark.economies))
        alpha[list(self.players[k].members)] = self.players[k].weights
        return np.maximum(alpha, 1e-6 * alpha.max()) / self.payoffs[k].scale


def _export_tax(benchmark: Benchmark, wedges: Wedges) -> Array:
    """Export taxes in force; none where neither the scenario nor the benchmark has any."""
    found = getattr(wedges, "export_tax", None)
    if found is None:
        found = getattr(benchmark, "export_tax", None)
    return np.zeros_like(benchmark.tariff) if found is None else np.broadcast_to(found, benchmark.tariff.shape).copy()
