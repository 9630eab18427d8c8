"""What the parties get from intensities of the proposals, state by state: the only thing that bargaining needs to know.

Everything above works on the protocol `Payoffs`; a table of packages, an analytic example and the equilibrium itself all fit it.
A payment between parties is an intensity like any other, so transfers inside the solve need no second protocol.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from comity.errors import InputError
from comity.records import Array

CORNERS = 8
"""Proposals up to which every package at intensities 0 or 1 is looked at; the table of packages holds them all."""
SCOUTS = 512
"""Points at which a table is read in search of starts."""


class Payoffs(Protocol):
    """What the parties get from intensities, state by state."""

    @property
    def parties(self) -> tuple[str, ...]: ...

    @property
    def states(self) -> tuple[str, ...]:
        """The crises, "none" first."""
        ...

    @property
    def probability(self) -> Array:
        """Of each state."""
        ...

    @property
    def proposals(self) -> tuple[str, ...]: ...

    def at(self, x: Array) -> Array:
        """Payoff, state × party, in benchmark USD mn; `x` proposal or state × proposal, each in [0, 1]."""
        ...

    def with_gradient(self, x: Array) -> tuple[Array, Array]:
        """The payoff and its derivative by the intensities of its own state, state × party × proposal."""
        ...


def certainty_equivalent(payoff: Array, probability: Array, risk_aversion: float = 0.0) -> Array:
    """The sure payoff that is as good as one a state, (Σ_s q_s c_s^(1−ρ))^(1/(1−ρ)); its mean at ρ = 0, exp Σ q ln c at ρ = 1.

    Constant relative risk aversion (Arrow 1965, Pratt 1964). `payoff` state × …; InputError if one is not positive and ρ ≠ 0.
    """
    return _equivalent(payoff, probability, risk_aversion)[0]


def certainty_slope(payoff: Array, probability: Array, risk_aversion: float = 0.0) -> tuple[Array, Array]:
    """The certainty equivalent and its derivative by the payoff of each state, q_s (c_s / CE)^(−ρ)."""
    return _equivalent(payoff, probability, risk_aversion)


def _equivalent(payoff: Array, probability: Array, rho: float) -> tuple[Array, Array]:
    c = np.asarray(payoff, dtype=float)
    q = np.asarray(probability, dtype=float).reshape(-1, *[1] * (c.ndim - 1))
    if not 0 <= rho < np.inf:
        raise InputError(f"risk aversion {rho}: a number of at least 0")
    if rho == 0:
        return (q * c).sum(axis=0), np.broadcast_to(q, c.shape).copy()
    if np.any(c <= 0):
        raise InputError("a payoff is not positive, so that no certainty equivalent exists; set risk_aversion: 0")
    top = c.max(axis=0)
    mean = (q * np.log(c / top)).sum(axis=0)
    # Differences from the geometric mean keep the digits when the states are close to each other.
    z = np.log(c / top) - mean
    log = mean if rho == 1 else mean + np.log1p((q * np.expm1((1 - rho) * z)).sum(axis=0)) / (1 - rho)
    return top * np.exp(log), q * np.exp(-rho * (z + mean - log))


@dataclass(frozen=True, eq=False)
class TablePayoffs:
    """Payoffs known at the 2^K packages, multilinear in the intensities between them.

    `corner` state × package × party; package number Σ_k 2^k for the proposals k that stand. The gradient is that of the
    interpolant, exactly.
    """

    parties: tuple[str, ...]
    states: tuple[str, ...]
    probability: Array
    proposals: tuple[str, ...]
    corner: Array

    def __post_init__(self) -> None:
        shape = (len(self.states), 2 ** len(self.proposals), len(self.parties))
        if self.corner.shape != shape:
            raise InputError(f"table of payoffs: shape {self.corner.shape}, expected {shape} (state × package × party)")
        if not np.all(np.isfinite(self.corner)):
            raise InputError("table of payoffs: finite numbers only")

    @classmethod
    def from_packages(
        cls,
        parties: Sequence[str],
        probability: Mapping[str, float],
        proposals: Sequence[str],
        packages: Sequence[Sequence[int]],
        payoff: Array,
    ) -> TablePayoffs:
        """From packages as lists of proposals in any order, each subset once; `payoff` state × package × party."""
        number = [sum(1 << k for k in package) for package in packages]
        if sorted(number) != list(range(2 ** len(proposals))):
            raise InputError("a table of payoffs needs every subset of the proposals once")
        corner = np.empty_like(np.asarray(payoff, dtype=float))
        corner[:, number] = payoff
        q = np.array(list(probability.values()))
        return cls(tuple(parties), tuple(probability), q, tuple(proposals), corner)

    def at(self, x: Array) -> Array:
        """Payoff, state × party."""
        return self.with_gradient(x)[0]

    def with_gradient(self, x: Array) -> tuple[Array, Array]:
        """Payoff and its derivative, state × party × proposal."""
        x = np.asarray(x, dtype=float)
        if x.ndim == 1:
            found = np.tensordot(_weights(x), self.corner, axes=(1, 1))
            return found[0], np.moveaxis(found[1:], 0, -1)
        rows = [_weights(row) @ corner for row, corner in zip(x, self.corner, strict=True)]
        return np.stack([row[0] for row in rows]), np.stack([row[1:].T for row in rows])

    def many(self, x: Array) -> Array:
        """Payoffs at many points at once, the same in each state; point × proposal to point × state × party."""
        weight = np.ones((len(x), 1))
        for k in range(x.shape[1]):
            weight = np.concatenate([weight * (1 - x[:, k, None]), weight * x[:, k, None]], axis=1)
        return np.einsum("xm,smp->xsp", weight, self.corner)


def _weights(x: Array) -> Array:
    """Weight of each package at the intensities, and below it its derivative by each of them, (1 + proposal) × package."""
    found = np.zeros((1 + len(x), 2 ** len(x)))
    found[0, 0] = 1.0
    for k, value in enumerate(x):
        half = 2**k
        found[k + 1, :half], found[k + 1, half : 2 * half] = -found[0, :half], found[0, :half]
        found[: k + 1, half : 2 * half] = value * found[: k + 1, :half]
        found[: k + 1, :half] *= 1 - value
    return found


def on_grid(payoffs: Payoffs, s: int, axes: Sequence[Array]) -> Array:
    """Payoffs in one state at every combination of intensities, an axis a proposal and the parties last.

    A table is interpolated one proposal after another, anything else evaluated point by point.
    """
    count, parties = len(axes), len(payoffs.parties)
    if not isinstance(payoffs, TablePayoffs):
        points = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, count)
        return np.stack([payoffs.at(x)[s] for x in points]).reshape(*(len(axis) for axis in axes), parties)
    # The last proposal has the highest bit of a package's number.
    found = payoffs.corner[s].reshape(*[2] * count, parties).transpose(*range(count - 1, -1, -1), count)
    for k, axis in enumerate(axes):
        x = axis.reshape(-1, *[1] * (count - k))
        found = (1 - x) * found.take([0], axis=k) + x * found.take([1], axis=k)
    return found


SAME_PLACE = 10
"""Decimals of an intensity."""


class Remembered:
    """Payoffs that keep what they were asked, so that objective and constraints share one evaluation; counts them.

    Intensities are rounded to SAME_PLACE decimals: a search comes back to a corner with errors of rounding.

    `idle` positions of proposals that move no payoff here (stakes, whose money is added elsewhere): packages that differ in them
    alone are one.
    """

    def __init__(self, payoffs: Payoffs, idle: Sequence[int] = ()):
        self.payoffs, self._idle = payoffs, list(idle)
        self.evaluations = 0
        self._kept: dict[bytes, tuple[Array, Array]] = {}
        self._values: dict[bytes, Array] = {}

    def with_gradient(self, x: Array) -> tuple[Array, Array]:
        """As the payoffs' own."""
        asked, place = self._place(x)
        if place not in self._kept:
            self._kept[place] = self.payoffs.with_gradient(asked)
            self.evaluations += 1
        return self._kept[place]

    def at(self, x: Array) -> Array:
        """As the payoffs' own, without the gradient where that is not known already."""
        asked, place = self._place(x)
        if place in self._kept:
            return self._kept[place][0]
        if place not in self._values:
            self._values[place] = self.payoffs.at(asked)
            self.evaluations += 1
        return self._values[place]

    def _place(self, x: Array) -> tuple[Array, bytes]:
        asked = np.round(np.asarray(x, dtype=float), SAME_PLACE)
        asked[..., self._idle] = 0.0
        return asked, asked.tobytes()


def corner_intensities(count: int) -> Array:
    """Packages at intensities 0 or 1, package × proposal: all by number up to CORNERS proposals, else none, each alone, all."""
    if count <= CORNERS:
        return _every(count)
    return np.concatenate([np.zeros((1, count)), np.eye(count), np.ones((1, count))])


def _every(count: int) -> Array:
    return ((np.arange(2**count)[:, None] >> np.arange(count)) & 1).astype(float)


def corner_payoffs(payoffs: Payoffs) -> tuple[Array, Array]:
    """Those packages and their payoffs, package × state × party; a table is read, anything else evaluated."""
    if isinstance(payoffs, TablePayoffs):
        x = _every(len(payoffs.proposals))
        number = (x @ 2.0 ** np.arange(x.shape[1])).astype(int)
        return x, payoffs.corner[:, number].swapaxes(0, 1)
    x = corner_intensities(len(payoffs.proposals))
    return x, np.stack([payoffs.at(row) for row in x])


def scouts(payoffs: Payoffs) -> tuple[Array, Array]:
    """Points all over the cube and its faces with what a table gives there, to find starts by; none where there is no table."""
    count = len(payoffs.proposals)
    if not isinstance(payoffs, TablePayoffs):
        return np.zeros((0, count)), np.zeros((0, len(payoffs.states), len(payoffs.parties)))
    x = np.clip(1.5 * np.array(spread(SCOUTS, count)) - 0.25, 0.0, 1.0)
    return x, payoffs.many(x)


def spread(count: int, dimension: int) -> list[Array]:
    """`count` points that fill the unit cube evenly, always the same: the additive recurrence of Roberts (2018)."""
    root = 2.0
    for _ in range(64):
        root = (1 + root) ** (1 / (dimension + 1))
    step = root ** -np.arange(1.0, dimension + 1)
    return [(0.5 + n * step) % 1.0 for n in range(1, count + 1)]


def remainder(value: float) -> float:
    """What an exact condition leaves over, to two digits; below 1e-12 it is told as 1e-12, since rounding alone decides there."""
    return float(f"{max(float(value), 1e-12):.1e}")


def usd(value: float) -> float:
    """USD mn as the results show it; zero has no sign."""
    return round(float(value), 3) + 0.0


def percent(ratio: float) -> float:
    """A ratio in per cent as the results show it."""
    return round(100 * float(ratio), 6) + 0.0
