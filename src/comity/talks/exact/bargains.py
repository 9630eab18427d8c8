"""Bargaining and counter-offers between whole packages, searched on the table and solved where they end (talks.md, 3 and 9)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from comity.records import Array
from comity.talks.bargaining.bargain import checked_weights, shares
from comity.talks.bargaining.gains import Gains
from comity.talks.bargaining.negotiate import cost, negotiate
from comity.talks.bargaining.payoffs import certainty_equivalent, remainder, usd
from comity.talks.exact.outlook import Outlook, Part
from comity.talks.results import pair, rounded

POINTS = 7
"""Of the frontier that is searched."""
PARTIES = 4
"""Above which intensities between whole packages are not bargained over here."""
ROUNDS = 8
SHARED = 1e-7
"""Part of the sum shared to which a split by payments is met."""
EDGE = 1e-6
SURE = 1e-3
"""USD mn: a margin or a floor missed by less is met."""


def refused(parties: int, states: int) -> str | None:
    """Why points between whole packages are not bargained over, with what it would take; None where they are."""
    if parties <= PARTIES:
        return None
    return (
        f"bargaining over parts of proposals between {parties} parties would read the table at about "
        f"{cost(parties, states, POINTS):,} points; it is done for up to {PARTIES} parties, for more whole packages are compared"
    )


def between(outlook: Outlook) -> dict[str, Any] | None:
    """The named solutions over all intensities: where the table says, with the gains that solving gives there.

    None for more parties than PARTIES: the table's whole packages then are the answer, see `refused`.
    """
    if len(outlook.parties) > PARTIES:
        return None
    base, agenda = outlook.income(outlook.parties), outlook.judged.agenda
    found = negotiate(
        outlook.governments_read,
        base,
        risk_aversion=agenda.risk_aversion,
        weights=agenda.nash_weights,
        largest_transfer=agenda.largest_transfer,
        points=POINTS,
    )
    read = Gains(outlook.governments_read, base, agenda.risk_aversion)
    solved = _Solved(outlook)
    agreements = {}
    for concept, one in found.agreements.items():
        if one.x is None:
            continue
        told = _point(outlook, read, solved, one.x)
        slope = _first_order(outlook, one.x) if concept == "nash" else None
        agreements[concept] = told | {"first_order": slope}
    edge = [] if found.frontier is None else [_point(outlook, read, solved, x) for x in found.frontier.x]
    assert found.room_x is not None
    assert found.certificate is not None
    room = _point(outlook, read, solved, found.room_x)
    gaps = [row["difference_usd_mn"] for row in (room, *agreements.values(), *edge)]
    return found.room_dict() | {
        "room": room,
        "certificate": found.certificate.as_dict(),
        "agreements": agreements,
        "frontier": edge,
        "needs_rotation": bool(found.lottery and found.lottery.needs_rotation),
        "largest_difference_usd_mn": max(gaps, default=0.0),
        "points_solved": solved.points,
    }


@dataclass
class _Solved:
    """Gains of the parties by solving; counts the points."""

    outlook: Outlook
    points: int = 0

    def gain(self, x: Array) -> Array:
        """Certainty equivalents over no package, party, USD mn."""
        before = self.outlook.solving.evaluations
        payoff, q, rho = self.outlook.governments, self.outlook.judged.probability, self.outlook.judged.agenda.risk_aversion
        found = certainty_equivalent(payoff.at(x), q, rho) - certainty_equivalent(payoff.at(np.zeros(len(x))), q, rho)
        self.points += self.outlook.solving.evaluations > before
        return found


def _point(outlook: Outlook, read: Gains, solved: _Solved, x: Array) -> dict[str, Any]:
    approximate, exact = read.at(x), solved.gain(x)
    return {
        "intensity": {name: rounded(v, 6) for name, v in zip(read.proposals, x, strict=True)},
        "gain_read": _figures(outlook, approximate),
        "gain": _figures(outlook, exact),
        "difference_usd_mn": usd(float(np.abs(exact - approximate).max())),
    }


def _figures(outlook: Outlook, gain: Array) -> dict[str, dict[str, float]]:
    rows = zip(outlook.parties, gain, outlook.income(outlook.parties), strict=True)
    return {code: pair(v / base, base) for code, v, base in rows}


def _first_order(outlook: Outlook, x: Array) -> float | None:
    """What is left of the slope of Σ b_n ln g_n in the intensities that may still move, by exact derivatives; a pure number.

    b sums to the number of parties. None where somebody gains nothing there, so that the product has no slope.
    """
    agenda = outlook.judged.agenda
    gains = Gains(outlook.governments, outlook.income(outlook.parties), agenda.risk_aversion,
                  corners=outlook.governments_read, starts=[x])  # fmt: skip
    gain, slope = gains.with_gradient(x)
    able = gain > 1e-9 * gains.base
    if not able.all():
        return None
    total = (_weights(outlook)[:, None] * slope / gain[:, None]).sum(axis=0)
    left = np.where(x <= EDGE, np.maximum(total, 0), np.where(x >= 1 - EDGE, np.minimum(total, 0), total))
    return remainder(np.abs(left).max())


def _weights(outlook: Outlook) -> Array:
    """b_n, one on average."""
    b = checked_weights(outlook.judged.agenda.nash_weights, len(outlook.parties))
    return b / b.mean()


def shared(outlook: Outlook) -> dict[str, Any] | None:
    """The package with the largest sum, its gains shared by payments that are inside the solve; None without a gain to share.

    Shares follow the weights b_n, and no payment is above the largest one of the talks file. Payments p answer themselves: they
    are what shares the gains that would be left without them, g(p) − p. That is solved by Newton steps on equilibria, the
    slope at first that of payments at face value, then corrected by the differences between rounds (Broyden 1965).
    """
    j, base, rho = outlook.judged, outlook.income(outlook.parties), outlook.judged.agenda.risk_aversion
    read = certainty_equivalent(outlook.governments_read.corner, j.probability, rho)
    gain, weights, largest = read - read[0], _weights(outlook), j.agenda.largest_transfer
    able = [m for m, row in enumerate(gain) if shares(row, weights, largest) is not None]
    number = max(able, key=lambda m: float(gain[m].sum()))
    target = shares(gain[number], weights, largest)
    if target is None or target.sum() <= 1e-9 * base.sum():
        return None
    x = ((number >> np.arange(len(j.agenda.proposals))) & 1).astype(float)
    face = target - gain[number]
    found = _settle(outlook, x, face, weights)
    each = found.gain / weights
    return {
        "intensity": {p.id: rounded(v, 6) for p, v in zip(j.agenda.proposals, x, strict=True)},
        "transfer_usd_mn": _money(outlook, found.transfer),
        "gain": _figures(outlook, found.gain),
        "face_value": {"transfer_usd_mn": _money(outlook, face), "gain": _figures(outlook, target)},
        "sum_usd_mn": usd(float(found.gain.sum())),
        "lost_to_prices_usd_mn": usd(float(target.sum() - found.gain.sum())),
        "unequal_usd_mn": usd(each.max() - each.min()),
        "bargaining_weights": {code: rounded(b, 6) for code, b in zip(outlook.parties, weights, strict=True)},
        "largest_transfer_usd_mn": largest,
        "bounded": bool(largest is not None and np.abs(found.transfer).max() >= largest * (1 - SHARED)),
        "rounds": found.rounds,
        "settled": found.settled,
    }


@dataclass(frozen=True, eq=False)
class _Split:
    transfer: Array
    gain: Array
    rounds: int
    settled: bool


def _settle(outlook: Outlook, x: Array, paid: Array, weights: Array) -> _Split:
    """Payments that share what is gained with them; the last party pays what the others get."""
    largest = outlook.judged.agenda.largest_transfer
    slope, before = np.eye(len(paid) - 1), None
    gain = _gain_when(outlook, x, paid)
    for rounds in range(ROUNDS):
        left = gain - paid
        target = shares(left, weights, largest)
        if target is None:
            return _Split(paid, gain, rounds, False)
        miss = (paid - (target - left))[:-1]
        if np.abs(miss).max(initial=0.0) <= SHARED * max(float(np.abs(gain).sum()), 1.0):
            return _Split(paid, gain, rounds, True)
        if before is not None:
            step, change = paid[:-1] - before[0], miss - before[1]
            slope = slope + np.outer(change - slope @ step, step) / (step @ step)
        before = (paid[:-1], miss)
        move = -np.linalg.solve(slope, miss)
        paid = np.append(paid[:-1] + move, paid[-1] - move.sum())
        gain = _gain_when(outlook, x, paid)
    return _Split(paid, gain, ROUNDS, False)


def _gain_when(outlook: Outlook, x: Array, transfer: Array) -> Array:
    """Gains of the parties over no package and no payment, with payments in the solve; party, USD mn."""
    j, part = outlook.judged, outlook.governments
    country = np.zeros(len(j.benchmark.economies))
    country[[j.benchmark.economy_index(code) for code in outlook.parties]] = transfer
    payoff = _with_payments(part, outlook.solving_payoffs.paid(x, country), x)
    q, rho = j.probability, j.agenda.risk_aversion
    return certainty_equivalent(payoff, q, rho) - certainty_equivalent(part.at(np.zeros(len(x))), q, rho)


def _with_payments(part: Part, whole: Array, x: Array) -> Array:
    value = whole[:, part.rows]
    return value if part.payments is None else value + part.payments.at(x)


def _money(outlook: Outlook, values: Array) -> dict[str, float]:
    return {code: usd(v) for code, v in zip(outlook.parties, values, strict=True)}


def verified(outlook: Outlook, offers: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Counter-offers with the gains that solving gives at their intensities, and whether margin and floors hold there."""
    solved = _Solved(outlook)
    ids = [p.id for p in outlook.judged.agenda.proposals]

    def at(intensity: Mapping[str, float]) -> Array:
        return solved.gain(np.array([intensity[name] for name in ids]))

    told = []
    for row in offers:
        paper = at(row["paper"])
        own = outlook.parties.index(row["by"])
        floor = np.zeros(len(paper)) if row["others_keep"] == "status_quo" else paper
        checked = []
        for offer in row["offers"]:
            gain = at(offer["intensity"])
            over = gain - paper
            short = np.delete(gain - floor, own).min(initial=np.inf) < -SURE
            holds = bool(over[own] >= row["margin_usd_mn"] - SURE and not short)
            exact = {"gain_usd_mn": _money(outlook, gain), "over_paper_usd_mn": _money(outlook, over), "holds": holds}
            checked.append(offer | {"solved": exact})
        told.append(row | {"offers": checked})
    return told
