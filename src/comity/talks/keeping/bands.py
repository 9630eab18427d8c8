"""Bands: for which patience and which weight of own producers a party keeps a deal (talks.md, part 6 and "What a party wants").

Everything here is an interval between roots of expressions that are linear in the weight, or have at most two roots in δ.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from comity.errors import InputError
from comity.records import Array
from comity.talks.bargaining.payoffs import Payoffs
from comity.talks.keeping.trust import Deal, Trust, crossing, withdrawals


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
class Weights:
    """The weights w of own producers at which a party signs (V ≥ 0) and those at which it also keeps the deal."""

    party: str
    signs: Band
    keeps: Band


def weights(income: Deal, producers: Payoffs, patience: float, tolerance: float = 0.0) -> tuple[Weights, ...]:
    """For each party the band of w where it signs and keeps a deal at a patience, G = RI + (w − 1) PS.

    `income` is the deal with payoffs RI; `producers.at(x)` is PS, the real income of the producers that the weight is about,
    state × party. After a break nobody concedes. Both conditions are linear in w for every set that a party could withdraw,
    so that the band is exact; w < 1 is not looked at.
    """
    worth = future(patience)
    counted = Deal(producers, income.conceded_by, income.x, income.lasting)
    none = income.without(income.standing)
    q = income.probability
    value = [q @ (deal.agreed - deal.payoffs.at(none)) for deal in (income, counted)]
    result = []
    for n, name in enumerate(income.payoffs.parties):
        gain = [withdrawals(deal, n)[1][:, q > 0] for deal in (income, counted)]
        signs = where_positive(value[0][n], value[1][n], tolerance=tolerance)
        kept = where_positive(worth * value[0][n] - gain[0], worth * value[1][n] - gain[1], tolerance=tolerance)
        keeps = signs & kept
        result.append(Weights(name, _shifted(signs), _shifted(keeps)))
    return tuple(result)


def _shifted(omega: Band) -> Band:
    """From ω = w − 1 to w."""
    return EMPTY if omega.empty else Band(1 + omega.low, 1 + omega.high)


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
