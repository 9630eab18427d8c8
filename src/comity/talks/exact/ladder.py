"""Alone or together: the ladder from nothing to the union's optimum, by crisis and in expectation (talks.md, part 5)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from comity.records import Array
from comity.talks import judge
from comity.talks.bargaining.best import Best, Guard, best_package
from comity.talks.bargaining.gains import Gains
from comity.talks.bargaining.payoffs import Remembered, TablePayoffs, usd
from comity.talks.evaluate import EquilibriumPayoffs
from comity.talks.exact.alone import Response, Unled, alone, at_once, rooms
from comity.talks.exact.outlook import Outlook
from comity.talks.exact.tariffs import own_tariffs
from comity.talks.exact.union import Wide
from comity.talks.results import by_economy, rounded

RUNGS = ("nothing", "alone", "at_once", "package", "union_wide", "union_best")
EXPECTED = "expected"


@dataclass(frozen=True, eq=False)
class Union:
    """The union's own rungs: the recommended package by all members, and the best intensities of all that could be widened.

    `income` ratio, crisis × (proposals + 1) × country: each widened proposal alone, then those recommended together. `lines`
    positions of the proposals that have a union-wide version.
    """

    wide: Wide
    income: Array
    lines: tuple[int, ...]


def ladder(outlook: Outlook, union: Union | None) -> dict[str, Any]:
    """Every rung with its outcomes, the steps between them, and what acting together is worth: L3 − L2."""
    agenda = outlook.judged.agenda
    own = rooms(agenda)
    base, risk_aversion = outlook.income(outlook.parties), agenda.risk_aversion
    starts = [np.ones(len(agenda.proposals))]
    gains = Gains(outlook.governments, base, risk_aversion, corners=outlook.governments_read, starts=starts)
    read = Gains(outlook.governments_read, base, risk_aversion)
    first = alone(gains, read, own)
    unled = at_once(gains, read, own, first)
    reach = _Reach(outlook)
    rungs: dict[str, Array | None] = {
        "nothing": outlook.judged.gain[:, 0],
        "alone": reach.own(first),
        "at_once": reach.at(unled.x),
        "package": outlook.judged.gain[:, outlook.judged.choice.best],
        "union_wide": None,
        "union_best": None,
    }
    optimum = None
    if union is not None:
        rungs["union_wide"] = union.income[:, -1] - 1
        optimum, rungs["union_best"] = _optimum(outlook, union)
    return {
        "risk_aversion": risk_aversion,
        "rooms": _rooms(outlook, own),
        "rungs": [_rung(outlook, name, gain) for name, gain in rungs.items() if gain is not None],
        "responses": [_response(one, gains) for one in first],
        "at_once": _unled(unled, gains),
        "steps": _steps(outlook, rungs),
        "together": _together(outlook, rungs),
        "union_best": optimum,
        "consent": _consent(outlook),
        "displaced": _displaced(outlook, rungs),
    }


@dataclass(frozen=True, eq=False)
class _Reach:
    """Outcomes by solving, put into the shape of the table: gain as a ratio, crisis × country (not a number where not asked)."""

    outlook: Outlook

    def at(self, x: Array) -> Array:
        """Of parties and members at intensities."""
        found = np.full(self.outlook.judged.gain[:, 0].shape, np.nan)
        codes = self.outlook.members
        found[:, self._at(codes)] = self.outlook.everyone.at(x) / self.outlook.income(codes) - 1
        return found

    def own(self, responses: Sequence[Response]) -> Array:
        """Of each party at its own response."""
        found = np.full(self.outlook.judged.gain[:, 0].shape, np.nan)
        for n, one in enumerate(responses):
            at = self._at([one.party])
            found[:, at] = self.outlook.nations.at(one.x)[:, [n]] / self.outlook.income([one.party]) - 1
        return found

    def _at(self, codes: Sequence[str]) -> list[int]:
        return [self.outlook.judged.benchmark.economy_index(code) for code in codes]


def _optimum(outlook: Outlook, union: Union) -> tuple[dict[str, Any], Array]:
    """The members' largest sum of real income over intensities of the union-wide proposals, no member worse off; its outcomes."""
    j, members, wide = outlook.judged, outlook.members, union.wide
    count, at = len(union.lines), [j.benchmark.economy_index(code) for code in members]
    ids = [j.agenda.proposals[k].id for k in union.lines]
    # In the world at hand: a world of its own counts by what changes against doing nothing there.
    scale = j.real_income if wide.scale is None else j.real_income * wide.scale
    solving = EquilibriumPayoffs(wide.once(range(count)), j.probability, members, ids, scale)
    payoffs = Remembered(solving)
    shift = np.zeros((len(solving.states), len(members)))
    if wide.scale is not None:
        shift = (j.gain[:, 0, at] + 1) * j.real_income[at] - payoffs.at(np.zeros(count))
    moved = _Shifted(payoffs, shift)
    base = outlook.income(members)
    read = _added(outlook, union, at)
    weights = base / base.sum()
    guard = None if j.agenda.nobody_worse_off == "none" else Guard(moved, base, corners=read)
    whole = np.ones(count)
    found = best_package(
        moved,
        base,
        weights=weights,
        losses=j.agenda.losses,
        guard=guard,
        corners=read,
        starts=[whole, 0.5 * whole],
        risk_aversion=j.agenda.risk_aversion,
    )
    gain = np.full(j.gain[:, 0].shape, np.nan)
    gain[:, at] = moved.at(found.x) / base - 1
    return _told(found, payoffs.evaluations * len(solving.states)), gain


def _told(found: Best, solves: int) -> dict[str, Any]:
    names = zip(found.proposals, found.x, strict=True)
    return {
        "intensity": {name: rounded(v, 6) for name, v in names},
        "certificate": found.certificate.as_dict(),
        "shadow_price": {code: float(f"{v:.6g}") for code, v in found.shadow.items()},
        "solves": solves,
    }


@dataclass(frozen=True, eq=False)
class _Shifted:
    """Payoffs with a constant added by state and party."""

    payoffs: Remembered
    shift: Array

    @property
    def parties(self) -> tuple[str, ...]:
        return self.payoffs.payoffs.parties

    @property
    def states(self) -> tuple[str, ...]:
        return self.payoffs.payoffs.states

    @property
    def probability(self) -> Array:
        return self.payoffs.payoffs.probability

    @property
    def proposals(self) -> tuple[str, ...]:
        return self.payoffs.payoffs.proposals

    def at(self, x: Array) -> Array:
        return self.payoffs.at(x) + self.shift

    def with_gradient(self, x: Array) -> tuple[Array, Array]:
        value, slope = self.payoffs.with_gradient(x)
        return value + self.shift, slope


def _added(outlook: Outlook, union: Union, at: Sequence[int]) -> TablePayoffs:
    """Whole lists of union-wide proposals as the sum of what each does alone: only to tell where a search begins."""
    j, count = outlook.judged, len(union.lines)
    nothing = j.gain[:, 0, at] + 1
    effect = union.income[:, :-1, at] - nothing[:, None]
    chosen = (np.arange(2**count)[:, None] >> np.arange(count)) & 1
    corner = nothing[:, None] + np.einsum("mk,skp->smp", chosen, effect)
    states = tuple(c.crisis.id for c in j.table.crises)
    ids = tuple(j.agenda.proposals[k].id for k in union.lines)
    return TablePayoffs(outlook.members, states, j.probability, ids, corner * j.real_income[list(at)])


def _rung(outlook: Outlook, name: str, gain: Array) -> dict[str, Any]:
    j = outlook.judged
    nothing = j.gain[:, 0]
    states = [c.crisis.id for c in j.table.crises]
    shown = [n for n in j.shown if not np.isnan(gain[:, n]).any()]
    mean = judge.expected(gain, j.probability)
    return {
        "id": name,
        "outcomes": {state: by_economy(j, gain[s], shown) for s, state in enumerate(states)},
        "expected": by_economy(j, mean, shown),
        "over_nothing": by_economy(j, mean - judge.expected(nothing, j.probability), shown),
    }


def _steps(outlook: Outlook, rungs: Mapping[str, Array | None]) -> dict[str, Any]:
    """What each rung adds to the one before it, USD mn; an economy that a rung says nothing of skips it, so that steps add up."""
    j = outlook.judged
    rows = {EXPECTED: None} | {c.crisis.id: s for s, c in enumerate(j.table.crises)}

    def level(gain: Array, s: int | None, n: int) -> float:
        one = judge.expected(gain, j.probability) if s is None else gain[s]
        return float(one[n] * j.real_income[n])

    found: dict[str, Any] = {}
    for label, s in rows.items():
        found[label] = {}
        for n in j.shown:
            steps, before = {}, 0.0
            for name, gain in rungs.items():
                if gain is None or np.isnan(gain[:, n]).any():
                    continue
                here = level(gain, s, n)
                if name != "nothing":
                    steps[name] = usd(here - before)
                before = here
            found[label][j.benchmark.economies[n]] = steps
    return found


def _together(outlook: Outlook, rungs: Mapping[str, Array | None]) -> dict[str, Any]:
    """L3 − L2: what the package adds to what all would do anyway."""
    j = outlook.judged
    package, unled = rungs["package"], rungs["at_once"]
    assert package is not None
    assert unled is not None
    more = package - unled
    mean = judge.expected(more, j.probability)
    parties = [j.benchmark.economy_index(code) for code in outlook.parties]
    states = [c.crisis.id for c in j.table.crises]
    return {
        EXPECTED: by_economy(j, mean),
        **{state: by_economy(j, more[s]) for s, state in enumerate(states)},
        "joint_usd_mn": {
            EXPECTED: usd(float(mean[parties] @ j.real_income[parties])),
            **{state: usd(float(more[s, parties] @ j.real_income[parties])) for s, state in enumerate(states)},
        },
    }


def _rooms(outlook: Outlook, own: Mapping[str, tuple[int, ...]]) -> list[dict[str, Any]]:
    """What each party could do alone, and what of its own concessions needs others."""
    agenda = outlook.judged.agenda
    ids = [p.id for p in agenda.proposals]
    inside = agenda.union.members if agenda.union else ()
    return [
        {
            "party": code,
            "union": agenda.union.code if agenda.union and code in inside else None,
            "alone": [ids[k] for k in own[code]],
            "with_others": [p.id for k, p in enumerate(agenda.proposals) if code in p.conceded_by and k not in own[code]],
            **own_tariffs(outlook, code),
        }
        for code in agenda.parties
    ]


def _response(one: Response, gains: Gains) -> dict[str, Any]:
    return {
        "party": one.party,
        "intensity": _named(one.x, gains),
        "gain_usd_mn": {code: usd(v) for code, v in zip(gains.parties, one.gain, strict=True)},
        "certificate": one.certificate and one.certificate.as_dict(),
    }


def _unled(unled: Unled, gains: Gains) -> dict[str, Any]:
    return {
        "intensity": _named(unled.x, gains),
        "gain_usd_mn": {code: usd(v) for code, v in zip(gains.parties, unled.gain, strict=True)},
        "settled": unled.settled,
        "rounds": unled.rounds,
        "deviation_usd_mn": {code: usd(v) for code, v in unled.deviation.items()},
        "visited": [_named(x, gains) for x in unled.visited],
    }


def _named(x: Array, gains: Gains) -> dict[str, float]:
    return {name: rounded(v, 6) for name, v in zip(gains.proposals, x, strict=True)}


def _consent(outlook: Outlook) -> dict[str, Any]:
    """Who must agree to the package besides the parties, to which of its proposals; and to the union-wide version, everybody."""
    j = outlook.judged
    package = j.table.packages[j.choice.best]
    others: dict[str, list[str]] = {}
    for k in package:
        for code in j.agenda.proposals[k].conceded_by:
            if code not in j.agenda.parties:
                others.setdefault(code, []).append(j.agenda.proposals[k].id)
    union = j.agenda.union
    return {
        "package": others,
        "union_wide": [] if union is None else [code for code in union.members if code not in j.agenda.parties],
        "inside_row": [] if union is None else [name for _, name in union.inside_row],
    }


def _displaced(outlook: Outlook, rungs: Mapping[str, Array | None]) -> list[dict[str, Any]]:
    """Other members that a rung leaves worse off than nothing, in expectation."""
    j = outlook.judged
    nothing = judge.expected(j.gain[:, 0], j.probability)
    found = []
    for name in ("package", "union_wide", "union_best"):
        gain = rungs[name]
        if gain is None:
            continue
        more = judge.expected(gain, j.probability) - nothing
        for code in outlook.members[len(outlook.parties) :]:
            n = j.benchmark.economy_index(code)
            if more[n] < -judge.TIE:
                found.append({"rung": name, "iso3": code, "ev_usd_mn": usd(more[n] * j.real_income[n])})
    return found
