"""The best package between nothing and everything, found by solving, as the results show it (talks.md, part 2)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from comity.records import Array
from comity.talks import judge
from comity.talks.bargaining.best import Best, best_package
from comity.talks.bargaining.payoffs import corner_payoffs, percent, remainder
from comity.talks.exact.outlook import Outlook
from comity.talks.results import pair, rounded

LOSSES = ("expected", "worst", "cvar-90")
WEIGHTS = ("equal", "gdp", "population")
BUDGET = 60
"""Points (each one equilibrium with its gradient a crisis) after which no further measure is asked."""
SAME = 1e-3
"""Intensities closer than this are the same package."""


def continuous(outlook: Outlook, population: Mapping[str, float]) -> dict[str, Any]:
    """The package with the smallest joint loss over all intensities in [0, 1], its certificate, and what other measures choose.

    The table of packages says where to look; every figure here is of solved equilibria and exact gradients.
    """
    agenda = outlook.judged.agenda
    found = _solved(outlook, outlook.judged.weights, agenda.losses)
    shown = found.as_dict()
    nations = outlook.nations
    expected = judge.expected(nations.at(found.x) - nations.at(np.zeros(len(found.x))), outlook.judged.probability)
    income = outlook.income(outlook.parties)
    shown["over_nothing"] = {
        code: pair(gain / base, base) for code, gain, base in zip(outlook.parties, expected, income, strict=True)
    }
    del shown["over_nothing_usd_mn"]
    measures = _measures(outlook, found, population)
    evaluations = outlook.solving.evaluations
    return shown | {
        "weights": agenda.weights if isinstance(agenda.weights, str) else dict(agenda.weights),
        "whole": bool(np.all((found.x < SAME) | (found.x > 1 - SAME))),
        "degenerate": found.every_concession_pays,
        "measures": measures,
        "solves": evaluations * len(nations.states),
    }


def _solved(outlook: Outlook, weights: Array, losses: str) -> Best:
    """The best package by solving, from where the table has it, from the best whole package and from half of that."""
    base, agenda = outlook.income(outlook.parties), outlook.judged.agenda
    conceded = [p.conceded_by if p.stake is None else () for p in agenda.proposals]
    rho = agenda.risk_aversion
    read = best_package(outlook.nations_read, base, weights=weights, losses=losses, guard=outlook.guard_read, risk_aversion=rho)
    starts = _distinct([read.x, read.discrete, 0.5 * read.discrete])
    return best_package(
        outlook.nations,
        base,
        weights=weights,
        losses=losses,
        guard=outlook.guard,
        conceded_by=conceded,
        corners=outlook.nations_read,
        starts=starts,
        risk_aversion=rho,
    )


def _distinct(points: list[Array]) -> list[Array]:
    kept: list[Array] = []
    for point in points:
        if all(np.abs(point - other).max() > SAME for other in kept):
            kept.append(point)
    return kept


def _measures(outlook: Outlook, main: Best, population: Mapping[str, float]) -> list[dict[str, Any]]:
    """Every measure of losses with every weighting of the parties: what each would choose, and whether that is the same."""
    agenda, base = outlook.judged.agenda, outlook.income(outlook.parties)
    given: list[Any] = [] if isinstance(agenda.weights, str) else [agenda.weights]
    found = []
    for losses in LOSSES:
        for named in (*WEIGHTS, *given):
            weights = judge.party_weights(named, outlook.parties, base, population)
            own = losses == agenda.losses and named == agenda.weights
            one = main if own else _other(outlook, weights, losses, main)
            found.append(
                {
                    "losses": losses,
                    "weights": named if isinstance(named, str) else "given",
                    **_chosen(one, main, agenda.trade),
                }
            )
    return found


def _other(outlook: Outlook, weights: Array, losses: str, main: Best) -> Best | None:
    """Another measure's best package, climbed to from the main one and from its own best whole one; None past the budget."""
    if outlook.solving.evaluations > BUDGET:
        return None
    base, rho = outlook.income(outlook.parties), outlook.judged.agenda.risk_aversion
    return best_package(
        outlook.nations,
        base,
        weights=weights,
        losses=losses,
        guard=outlook.guard,
        corners=outlook.nations_read,
        starts=_distinct([main.x, _whole(outlook, weights, losses)]),
        risk_aversion=rho,
    )


def _whole(outlook: Outlook, weights: Array, losses: str) -> Array:
    """The best package of whole proposals by a measure, as the table has it."""
    j, rho = outlook.judged, outlook.judged.agenda.risk_aversion
    x, corner = corner_payoffs(outlook.nations_read)
    gain = corner.swapaxes(0, 1) / outlook.income(outlook.parties) @ weights - 1
    guard = outlook.guard_read
    fine = np.ones(len(x), dtype=bool)
    if guard is not None:
        guarded = corner_payoffs(guard.payoffs)[1].swapaxes(0, 1) / guard.base - 1
        fine = judge.nobody_worse_off(guarded, j.probability, losses, 0, rho)
    return x[judge.choose(gain, j.probability, losses, fine, [int(row.sum()) for row in x], rho).best]


def _chosen(one: Best | None, main: Best, trade: Sequence[int]) -> dict[str, Any]:
    if one is None:
        nothing = ("intensity", "joint_over_nothing_pct", "same", "same_trade", "projected_gradient", "holds")
        return dict.fromkeys(nothing)
    apart = np.abs(one.x - main.x)
    return {
        "intensity": {name: rounded(v, 6) for name, v in zip(one.proposals, one.x, strict=True)},
        "joint_over_nothing_pct": percent(one.joint - one.joint_nothing),
        "same": bool(apart.max() <= SAME),
        "same_trade": bool(apart[list(trade)].max(initial=0.0) <= SAME),
        "projected_gradient": remainder(one.certificate.projected_gradient),
        "holds": one.certificate.holds,
    }
