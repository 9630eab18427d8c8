"""Bands: for which patience and which weight of own producers a party keeps a deal (talks.md, part 6 and "What a party wants").

Everything here is an interval between roots of expressions that are linear in the weight, or have at most two roots in δ.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from comity.errors import InputError
from comity.records import Array
from comity.talks.bargaining.payoffs import Payoffs, Remembered
from comity.talks.keeping.trust import Deal, Trust, at_rest, crossing, withdrawals


@dataclass(frozen=True)
class Band:
    """An interval with its ends, `high` possibly infinite; empty where low > high."""

    low: float
    high: float

    @property
    def empty(self) -> bool:
        """Whether no number lies in it."""
        return not self.low <= self.high

    def __contains__(self, value: float) -> bool:
        return self.low <= value <= self.high

    def __and__(self, other: Band) -> Band:
        return Band(max(self.low, other.low), min(self.high, other.high))


EMPTY = Band(np.inf, -np.inf)

SAME_WEIGHT = 1e-12
"""Relative distance of weights below which they are one."""


def where_positive(a: Array, b: Array, low: float = 0.0, high: float = np.inf, tolerance: float = 0.0) -> Band:
    """The z in [low, high] with a + b z ≥ −tolerance for every pair of entries."""
    a, b = (np.ravel(part) for part in np.broadcast_arrays(np.asarray(a, dtype=float) + tolerance, np.asarray(b, dtype=float)))
    if np.any((b == 0) & (a < 0)):
        return EMPTY
    up, down = b > 0, b < 0
    found = Band(float(max([low, *(-a[up] / b[up])])), float(min([high, *(a[down] / -b[down])])))
    return EMPTY if found.empty else found


def future(patience: float) -> float:
    """δ/(1−δ), what a dollar in every later year is worth today. InputError unless 0 ≤ δ < 1."""
    if not 0 <= patience < 1:
        raise InputError(f"patience {patience}: a number from 0 to below 1")
    return patience / (1 - patience)


@dataclass(frozen=True)
class Bands:
    """Intervals that do not touch, in rising order; `low` and `high` are the ends of them all."""

    pieces: tuple[Band, ...]

    @classmethod
    def joined(cls, pieces: Iterable[Band]) -> Bands:
        """From intervals in rising order; those that touch are one."""
        found: list[Band] = []
        for one in pieces:
            if one.empty:
                continue
            if found and one.low <= found[-1].high:
                one = Band(found.pop().low, one.high)
            found.append(one)
        return cls(tuple(found))

    @property
    def low(self) -> float:
        """Of the first."""
        return self.pieces[0].low if self.pieces else EMPTY.low

    @property
    def high(self) -> float:
        """Of the last."""
        return self.pieces[-1].high if self.pieces else EMPTY.high

    @property
    def empty(self) -> bool:
        """Whether no number lies in any of them."""
        return not self.pieces

    def __contains__(self, value: float) -> bool:
        return any(value in piece for piece in self.pieces)


@dataclass(frozen=True)
class Weights:
    """The weights w of own producers at which a party signs (V ≥ 0) and those at which it also keeps the deal."""

    party: str
    signs: Bands
    keeps: Bands


@dataclass(eq=False)
class _Along:
    """Governments just above a weight 1 + `omega`, worth as (RI, PS); `until` is the ω at which the first comparison turns."""

    income: Remembered
    producers: Remembered
    omega: float
    tolerance: float
    until: float = np.inf

    def worth(self, x: Array, party: int) -> Array:
        """RI and PS, 2 × state."""
        return np.stack([self.income.at(x)[:, party], self.producers.at(x)[:, party]])

    def better(self, one: Array, other: Array) -> Array:
        """Whether more by the tolerance, a + b ω > 0; where that is zero here, b decides."""
        a, b = one - other
        a = a - self.tolerance
        turn = np.divide(-a, b, out=np.full_like(a, np.inf), where=b != 0)
        near = SAME_WEIGHT * (1 + self.omega)
        self.until = float(min(self.until, np.min(turn[turn > self.omega + near], initial=np.inf)))
        return np.where(np.abs(turn - self.omega) <= near, b > 0, a + b * self.omega > 0)


def stretches(income: Deal, producers: Payoffs, tolerance: float = 0.0) -> Iterator[tuple[Band, Array]]:
    """Intervals of ω = w − 1, and what follows a break there: where best responses lead, as in `punishment`."""
    low, known = 0.0, (Remembered(income.payoffs), Remembered(producers))
    while low < np.inf:
        judge = _Along(*known, low, tolerance)
        y, _ = at_rest(income, judge)
        yield Band(low, judge.until), y
        low = judge.until


def weights(income: Deal, producers: Payoffs, patience: float, tolerance: float = 0.0) -> tuple[Weights, ...]:
    """For each party the w where it signs and keeps a deal at a patience, G = RI + (w − 1) PS.

    `income` is the deal with payoffs RI; `producers.at(x)` is PS, the real income of the producers that the weight is about,
    state × party. What follows a break is what `punishment` says at that w: it changes at single weights alone, and between
    them both conditions are linear in w for every set that a party could withdraw, so that the intervals are exact. w < 1 is
    not looked at.
    """
    worth, q = future(patience), income.probability
    deals = (income, Deal(producers, income.conceded_by, income.x, income.lasting))
    names = income.payoffs.parties
    gain = [[withdrawals(deal, n)[1][:, q > 0] for deal in deals] for n in range(len(names))]
    signs: list[list[Band]] = [[] for _ in names]
    keeps: list[list[Band]] = [[] for _ in names]
    for stretch, y in stretches(income, producers, tolerance):
        value = [q @ (deal.agreed - deal.payoffs.at(y)) for deal in deals]
        for n, (won, lost) in enumerate(gain):
            ends = (stretch.low, stretch.high, tolerance)
            signs[n].append(where_positive(value[0][n], value[1][n], *ends))
            keeps[n].append(signs[n][-1] & where_positive(worth * value[0][n] - won, worth * value[1][n] - lost, *ends))
    return tuple(Weights(*row) for row in zip(names, map(_shifted, signs), map(_shifted, keeps), strict=True))


def _shifted(omega: Iterable[Band]) -> Bands:
    """From ω = w − 1 to w."""
    return Bands(tuple(Band(1 + piece.low, 1 + piece.high) for piece in Bands.joined(omega).pieces))


def horizon(short: Trust, long: Trust, years: int, tolerance: float = 0.0) -> Band:
    """The δ at which a party keeps a deal whose break bites differently later: V of `short` for `years`, then V of `long`.

    Capital is specific for H years after a break and mobile from then on: T* ≤ δ(1−δ^H)/(1−δ) V_short + δ^(H+1)/(1−δ) V_long,
    T* of `short` (the break is decided while capital is specific). Multiplied by 1 − δ the difference is convex or concave in
    δ and not positive at 0, so that one interval answers; 1 stands for every δ below it. Empty: no patience keeps the deal.
    """
    if years < 0:
        raise InputError(f"a horizon of {years} years")
    tempted, near, far = (0.0 if abs(v) <= tolerance else v for v in (short.largest, short.value, long.value))
    if tempted == 0:

        def surplus(delta: float) -> float:
            return near + (far - near) * delta**years

        points = [0.0, 1.0]
    else:

        def surplus(delta: float) -> float:
            return -tempted + (tempted + near) * delta + (far - near) * delta ** (years + 1)

        points = [0.0, *_turning(tempted + near, (years + 1) * (far - near), years), 1.0]
    kept = [_kept(surplus, low, high) for low, high in pairwise(points)]
    kept = [piece for piece in kept if not piece.empty]
    return Band(kept[0].low, kept[-1].high) if kept else EMPTY


def _turning(a: float, b: float, power: int) -> list[float]:
    """Where a + b δ^power is zero between 0 and 1, as a list of none or one."""
    if power == 0 or b == 0 or not 0 < -a / b < 1:
        return []
    return [(-a / b) ** (1 / power)]


def _kept(surplus: Callable[[float], float], low: float, high: float) -> Band:
    """Where a function that rises or falls between two points is not negative; a δ of 1 itself does not count."""
    below, above = surplus(low), surplus(high)
    if below >= 0 and above >= 0:
        return Band(low, high)
    if below < 0 and (above < 0 or (above == 0 and high == 1)):
        return EMPTY
    change = crossing(surplus, low, high)
    return Band(change, high) if below < 0 else Band(low, change)
