"""Bargaining with continuous intensities: the solutions of `bargain` over every package between nothing and everything."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from comity.errors import InputError
from comity.records import Array
from comity.talks.bargaining.bargain import GAIN, NO_GAIN, ROTATION, Agreement, Bargain, checked_weights, shares
from comity.talks.bargaining.frontier import TIE, Frontier, Lottery, frontier, levels, lottery
from comity.talks.bargaining.gains import Gains
from comity.talks.bargaining.optimum import Optimum, Programme
from comity.talks.bargaining.payoffs import Payoffs

CLIMB = 80
"""Evaluations that one programme takes, all its starts together, as measured; the cost estimate uses it."""
BUDGET = 300_000
"""Solves (evaluations × states) above which bargaining is refused unless a larger budget is given."""
ROUNDS = 5
"""Searches for a package worth drawing that is not on the list yet."""


CONCEPTS = ("nash", "egalitarian_pct", "egalitarian_usd", "kalai_smorodinsky", "utilitarian")


def cost(parties: int, states: int, points: int = 11, *, concepts: Sequence[str] = CONCEPTS, few: bool = False) -> int:
    """About how many solves (evaluations × states) `negotiate` takes beside those of whole packages; `few`: starts are given."""
    fair = len({*CONCEPTS[1:4]} & {*concepts}) * (parties * (parties + 1) // 2 + parties + 1)
    grid = 0 if points == 0 or parties == 1 else levels(parties, points) ** (parties - 1)
    return CLIMB // (3 if few else 1) * (parties + 4 + fair + grid + (ROUNDS if points else 0)) * states


def negotiate(
    payoffs: Payoffs,
    base: Array,
    *,
    risk_aversion: float = 0.0,
    weights: Array | None = None,
    largest_transfer: float | None = None,
    points: int = 11,
    concepts: Sequence[str] = CONCEPTS,
    corners: Payoffs | None = None,
    starts: Sequence[Array] | None = None,
    budget: int = BUDGET,
) -> Bargain:
    """Every solution over intensities in [0, 1]; `base` RI_n⁰ in USD mn, `points` of the frontier (0: none, and no lottery).

    First t* = max_x min_n g_n / RI_n⁰, then each party's ideal, then the solutions from there. `corners` reads the payoffs of
    whole packages more cheaply than `payoffs`; `starts` replaces the usual starts (what a table gave, to be found again by
    solving), `concepts` are those asked for. InputError when the estimated cost exceeds `budget`.
    """
    count = len(payoffs.parties)
    b = checked_weights(weights, count)
    if unknown := set(concepts) - set(CONCEPTS):
        raise InputError(f"{', '.join(sorted(unknown))}: none of {', '.join(CONCEPTS)}")
    estimate = cost(count, len(payoffs.states), points, concepts=concepts, few=starts is not None)
    if estimate > budget:
        advice = "ask for no frontier (points 0), " if points else ""
        raise InputError(
            f"bargaining between {count} parties would take about {estimate:,} solves, more than the budget of {budget:,}: "
            f"{advice}bargain over the list of packages, or raise the budget"
        )
    gains = Gains(payoffs, base, risk_aversion, corners=corners, starts=starts)
    everyone, nobody = np.ones(count, dtype=bool), np.zeros(count)
    first = _sure(gains.push(gains.base, everyone, nobody))
    ideal = np.array([_ideal(gains, n) for n in range(count)])
    movable = ideal > TIE * gains.base
    second = _sure(gains.push(gains.base, movable, nobody)) if movable.any() and not movable.all() else first
    room = max(0.0, float((gains.at(first.x) / gains.base).min()))
    room_movable = max(0.0, float((gains.at(second.x) / gains.base)[movable].min())) if movable.any() else 0.0
    outcome = NO_GAIN if not movable.any() else GAIN if room_movable > TIE else ROTATION
    agreements: dict[str, Agreement] = {}
    if outcome == GAIN:
        agreements = _agreements(gains, b, movable, ideal, concepts)
    shared = _with_transfers(gains, b, largest_transfer) if "utilitarian" in concepts else None
    if shared is not None:
        agreements["utilitarian"] = shared
    edge, drawn = None, None
    if points:
        edge = frontier(gains, ideal, points, [a.x for a in agreements.values() if a.x is not None and not a.transfer.any()])
        drawn = _rotation(gains, edge, b, movable)
    return Bargain(
        payoffs.parties,
        gains.base,
        outcome,
        room,
        room_movable,
        movable,
        ideal,
        agreements,
        drawn,
        edge,
        certificate=first.certificate,
        room_x=first.x,
        evaluations=gains.evaluations,
    )


def _sure(found: Optimum | None) -> Optimum:
    """A result that exists because x = 0 keeps every floor at zero."""
    if found is None:  # pragma: no cover - no package is always tried
        raise InputError("no package keeps everybody at the status quo, not even none: the payoffs are not finite")
    return found


def _ideal(gains: Gains, n: int) -> float:
    """The most for one party while no other loses."""
    alone = np.arange(len(gains.parties)) == n
    return max(0.0, _sure(gains.lift(alone / gains.unit[n], np.where(alone, -np.inf, 0.0))).value * gains.unit[n])


def _agreements(gains: Gains, b: Array, movable: Array, ideal: Array, concepts: Sequence[str]) -> dict[str, Agreement]:
    """The three lexicographic max-min solutions, and Nash from the best of all points visited on the way."""
    count = len(b)
    scales = {"egalitarian_pct": gains.base, "egalitarian_usd": np.ones(count), "kalai_smorodinsky": ideal}
    fair = {concept: gains.leximin(scale, movable, np.zeros(count)) for concept, scale in scales.items() if concept in concepts}
    found = {"nash": _nash(gains, b, movable, ideal) if "nash" in concepts else None, **fair}
    return {
        concept: Agreement(concept, gains.at(o.x), np.zeros(count), x=o.x, ties=o.ties, certificate=o.certificate)
        for concept, o in found.items()
        if o is not None
    }


def _nash(gains: Gains, b: Array, movable: Array, ideal: Array) -> Optimum | None:
    """max Σ b_n ln g_n over those who can gain, the others kept from losing, from points where all of the former do.

    The best point visited and the ideals bound each gain at the optimum from below: ln h_n ≥ V / b_n for gains h in shares of
    the ideals. Half of that bound is a limit of the climb; outside it the logarithm goes on as its second-order expansion.
    """
    share = b[movable] / b[movable].sum()
    scale, floor = ideal[movable], np.where(movable, -np.inf, 0.0)
    able = np.array([g for g in gains.gain if np.all(g[movable] > 0) and gains.keeps(g, floor)])
    best = np.max(np.log(np.minimum(able[:, movable] / scale, 1.0)) @ share)
    least = np.maximum(0.5 * np.exp(best / share), 1e-9)

    def log(gain: Array) -> tuple[Array, Array]:
        z = gain[..., movable] / scale
        below, above = (np.minimum(z, least) - least) / least, np.maximum(z, least)
        return np.log(above) + below - below**2 / 2, np.where(z < least, (1 - below) / least, 1 / above)

    def value(x: Array) -> tuple[float, Array]:
        gain, slope = gains.with_gradient(x)
        level, by_gain = log(gain)
        return float(share @ level), (share * by_gain / scale) @ slope[movable]

    def limits(x: Array) -> tuple[Array, Array]:
        kept, rows = gains.above(x, floor)
        gain, slope = gains.with_gradient(x)
        return np.append(gain[movable] / scale - least, kept), np.vstack([slope[movable] / scale[:, None], rows])

    def rank(gain: Array) -> Array:
        inside = gains.keeps(gain, floor) & np.all(gain[:, movable] / scale >= least, axis=1)
        return np.where(inside, log(gain)[0] @ share, -np.inf)

    size = len(gains.proposals)
    programme = Programme(value, limits, np.zeros(size), np.ones(size), size, unit=1.0)
    return gains.search(programme, rank, lambda x, _: x, inside=True)


def _with_transfers(gains: Gains, b: Array, largest: float | None) -> Agreement | None:
    """The largest sum Σ g that transfers can share so that nobody loses, split by the weights; None where nothing is gained."""
    count, size = len(b), len(gains.proposals)
    if largest is None or largest <= 0 or count == 1:
        found = gains.lift(1 / np.full(count, gains.unit.sum()), np.full(count, -np.inf if largest is None else 0.0))
    else:
        found = gains.search(_shared(gains, largest), lambda g: _shareable(g, b, largest), lambda x, g: _paid(x, g, b, largest))
    if found is None:
        return None
    x = found.x[:size]
    gain = gains.at(x)
    after = shares(np.where(np.abs(gain) > 1e-9 * gains.unit, gain, 0.0), b, largest)
    if after is None or after.sum() <= TIE * gains.base.sum():
        return None
    return Agreement("utilitarian", after, after - gain, x=x, ties=found.ties, certificate=found.certificate)


def _shared(gains: Gains, largest: float) -> Programme:
    """Intensities and the transfers of all parties but the last, in units of the largest one."""
    count, size = len(gains.parties), len(gains.proposals)
    total = gains.unit.sum()
    # Transfer by variable: the last party pays what the others get.
    by_variable = np.vstack([np.eye(count - 1), -np.ones(count - 1)])

    def value(z: Array) -> tuple[float, Array]:
        gain, slope = gains.with_gradient(z[:size])
        return float(gain.sum() / total), np.append(slope.sum(axis=0) / total, np.zeros(count - 1))

    def limits(z: Array) -> tuple[Array, Array]:
        gain, slope = gains.with_gradient(z[:size])
        paid = by_variable @ z[size:]
        unit = gains.unit + largest
        kept = np.hstack([slope / unit[:, None], by_variable * (largest / unit)[:, None]])
        last = np.hstack([np.zeros((2, size)), np.stack([by_variable[-1], -by_variable[-1]])])
        return np.concatenate([(gain + largest * paid) / unit, [1 + paid[-1], 1 - paid[-1]]]), np.vstack([kept, last])

    lower = np.concatenate([np.zeros(size), -np.ones(count - 1)])
    return Programme(value, limits, lower, np.ones(size + count - 1), size)


def _shareable(gain: Array, b: Array, largest: float) -> Array:
    """The sum of gains where transfers can keep everybody from losing."""
    return np.array([row.sum() if shares(row, b, largest) is not None else -np.inf for row in gain])


def _paid(x: Array, gain: Array, b: Array, largest: float) -> Array:
    """A start with the transfers that share its gains, or none where that cannot be."""
    after = shares(gain, b, largest)
    return np.append(x, np.zeros(len(b) - 1) if after is None else (after - gain)[:-1] / largest)


def _rotation(gains: Gains, edge: Frontier, b: Array, movable: Array) -> Lottery | None:
    """The best lottery over packages visited; each round the package worth most at its prices is searched for and added."""
    found, x = None, np.array(gains.x)
    for _ in range(ROUNDS):
        x, gain = np.array(gains.x), np.array(gains.gain)
        kept = gain.max(axis=1) > 0
        x, gain = np.vstack([x[kept], edge.x]), np.vstack([gain[kept], edge.gain])
        found = lottery(gain, b, movable)
        if found is None or not movable.all():
            break
        price = b / b.sum() / found.gain
        better = gains.lift(price, np.full(len(b), -np.inf))
        gap = -np.inf if better is None else better.value - 1
        found = replace(found, gap=max(found.gap, gap))
        if gap <= 1e-8:
            break
    if found is None:
        return None
    drawn = [x[m] if m >= 0 else np.zeros(len(gains.proposals)) for m in found.positions]
    return replace(found, x=np.array(drawn))
