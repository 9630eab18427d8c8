"""The weight of own producers at which a government refuses to open, and what a barrier kept today reveals of it; ours.

A government wants G = RI + ω PS, ω = w − 1. It refuses an opening that moves RI by a and its producers' income PS by b where
a + ω b < 0. Governments that count producers for more: Baldwin (1987), Grossman & Helpman (1994), Ossa (2014).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from comity.records import Array

WEIGHT = "weight"
NO_PRODUCER_MOTIVE = "no_producer_motive"
UNDEFINED = "undefined"
TERMS_OF_TRADE = "terms_of_trade"
NOT_RATIONALISED = "not_rationalised"
OUTCOMES = (WEIGHT, NO_PRODUCER_MOTIVE, UNDEFINED, TERMS_OF_TRADE, NOT_RATIONALISED)

SURE = 1e-9
"""A change below this part of the nation's real income is rounding: ten times what equations are solved to."""


@dataclass(frozen=True)
class BreakEven:
    """What explains that a government keeps a barrier: `weight` with w ≥ 1, or a named outcome without one.

    `terms_of_trade`: the nation itself loses by opening; `no_producer_motive`: its own producers gain, or there are none;
    `undefined`: their income does not move.
    """

    outcome: str
    weight: float | None = None


def break_even(nation: float, producers: float, least: float, own: float = np.inf) -> BreakEven:
    """w = 1 − ΔRI / ΔPS of an opening that moves the nation's income and its producers' by so much, USD mn.

    A change within ±`least` is none; `own` is what the producers earn today.
    """
    if nation < -least:
        return BreakEven(TERMS_OF_TRADE)
    if own <= least or producers > least:
        return BreakEven(NO_PRODUCER_MOTIVE)
    if producers >= -least:
        return BreakEven(UNDEFINED)
    return BreakEven(WEIGHT, 1 - max(nation, 0.0) / producers)


@dataclass(frozen=True)
class Revealed:
    """What a barrier kept today says of the weight: w from `low` (found at the opening `at`) to `high` (None: no raise is legal).

    `outcome` as of a break-even weight, or `not_rationalised`: no weight explains the barrier, for low > high.
    """

    outcome: str
    low: float | None = None
    at: float | None = None
    high: float | None = None


def revealed(
    sizes: Sequence[float], nation: Array, producers: Array, least: float, own: float = np.inf, limit: float | None = None
) -> Revealed:
    """The supremum of break-even weights over openings (sizes > 0) and their infimum over legal raises (sizes < 0).

    A raise by which the nation loses a and its producers gain b is resisted only where w ≤ 1 + a / b. `limit` is the
    break-even weight of a vanishing opening, where the second-order test lets it count (`FirstOrder.weight`). The outcome
    without a weight is that of the largest opening.
    """
    opened = [(x, break_even(a, b, least, own)) for x, a, b in zip(sizes, nation, producers, strict=True) if x > 0]
    found = [(one.weight, x) for x, one in opened if one.weight is not None]
    if limit is not None:
        found.append((limit, 0.0))
    if not found:
        return Revealed(max(opened, key=lambda pair: pair[0])[1].outcome)
    low, at = max(found)
    raised = [1 - a / b for x, a, b in zip(sizes, nation, producers, strict=True) if x < 0 and b > least]
    if raised and limit is not None:
        raised.append(limit)
    high = max(1.0, min(raised)) if raised else None
    if high is not None and low > high * (1 + SURE):
        return Revealed(NOT_RATIONALISED, low, at, high)
    return Revealed(WEIGHT, low, at, high)


def jointly(nation: Array, producers: Array, least: float) -> Array | None:
    """The weights at which a government is indifferent to each of several openings, all sectors' producers counted at once.

    a_k + Σ_j ω_j b_kj = 0, `nation` a by opening, `producers` b opening × sector, one opening a sector. None where a weight
    would lie below 1 or the openings do not tell the sectors apart.
    """
    b = np.asarray(producers, dtype=float)
    if not len(b) or np.any(np.diag(b) >= -least) or np.linalg.cond(b) > 1 / SURE:
        return None
    w = 1 + np.linalg.solve(b, -np.asarray(nation, dtype=float))
    return w if np.all(w >= 1 - SURE) else None


@dataclass(frozen=True)
class FirstOrder:
    """The weight of the first-order condition, only where today's barrier is the government's maximum at that weight.

    `second` is the second derivative of G along the opening at that weight, USD mn per squared intensity; `kind` says
    `maximum`, `minimum` (at that weight the government would rather move either way; no weight is stated) or a named outcome.
    """

    kind: str
    weight: float | None = None
    second: float | None = None


def first_order(nation: tuple[float, float], producers: tuple[float, float], least: float, own: float = np.inf) -> FirstOrder:
    """From the first and second derivatives of RI and PS along an opening: w with RI′ + ω PS′ = 0, and the sign of G″ there."""
    at = break_even(nation[0], producers[0], least, own)
    if at.weight is None:
        return FirstOrder(at.outcome)
    second = nation[1] + (at.weight - 1) * producers[1]
    return FirstOrder("maximum", at.weight, second) if second < 0 else FirstOrder("minimum", None, second)
