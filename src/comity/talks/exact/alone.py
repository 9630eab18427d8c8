"""What parties would do alone: each within its own legal room, then all at once (talks.md, part 5, L1 and L2)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from comity.records import Array
from comity.talks.agenda import Agenda
from comity.talks.bargaining.gains import Gains
from comity.talks.bargaining.optimum import Certificate, Programme, maximise

ROUNDS = 20
"""Rounds of best responses after which the parties are said not to settle."""
STILL = 1e-6
"""A change of intensities below this is none."""
CERTAIN = 1e-9
"""Part of income below which a deviation brings nothing."""


@dataclass(frozen=True, eq=False)
class Response:
    """A party's best own concessions while the others' stand at given intensities; gain over no package, party, USD mn."""

    party: str
    x: Array
    gain: Array
    certificate: Certificate | None
    """None where its room is empty."""


@dataclass(frozen=True, eq=False)
class Unled:
    """Everybody's own best concessions at once.

    `deviation` is the most that each party was found to win by another choice in its room, from other starts (USD mn; at most
    rounding where the point is a mutual best response). `settled` False: the responses go round in `visited`.
    """

    x: Array
    gain: Array
    settled: bool
    rounds: int
    deviation: Mapping[str, float]
    visited: tuple[Array, ...]


def rooms(agenda: Agenda) -> dict[str, tuple[int, ...]]:
    """By party: the proposals that it could carry out alone, because nobody else concedes a part of them; no stakes."""
    return {
        code: tuple(k for k in agenda.trade if agenda.proposals[k].conceded_by == (code,) and agenda.proposals[k].changes)
        for code in agenda.parties
    }


def respond(gains: Gains, party: int, room: tuple[int, ...], others: Array, starts: list[Array]) -> Response:
    """The largest u_n over a party's own intensities, climbed to from `starts` (each over its room) and the table's best corner.

    `others` every intensity, of which those of the room are replaced.
    """
    name = gains.parties[party]
    if not room:
        return Response(name, others, gains.at(others), None)
    own = list(room)

    def whole(a: Array) -> Array:
        x = others.copy()
        x[own] = np.clip(a, 0.0, 1.0)
        return x

    def value(a: Array) -> tuple[float, Array]:
        gain, slope = gains.with_gradient(whole(a))
        return float(gain[party] / gains.unit[party]), slope[party, own] / gains.unit[party]

    programme = Programme(value, None, np.zeros(len(own)), np.ones(len(own)), len(own))
    found = maximise(programme, starts, lambda: gains.evaluations)
    assert found is not None  # without constraints every start leads somewhere
    x = whole(found.x)
    return Response(name, x, gains.at(x), found.certificate)


def alone(gains: Gains, read: Gains, own: Mapping[str, tuple[int, ...]]) -> list[Response]:
    """Each party's best response to nothing from the others; `read` the same payoffs from the table."""
    nothing = np.zeros(len(gains.proposals))
    return [respond(gains, n, own[code], nothing, _starts(read, n, own[code], nothing)) for n, code in enumerate(gains.parties)]


def at_once(gains: Gains, read: Gains, own: Mapping[str, tuple[int, ...]], first: list[Response]) -> Unled:
    """Best responses in turn from everybody's own to nothing, until nobody moves; then each asked again from other starts."""
    x = np.max([one.x for one in first], axis=0)
    visited, settled, rounds = [x], False, 0
    while not settled and rounds < ROUNDS:
        rounds += 1
        before = x
        for n, code in enumerate(gains.parties):
            if own[code]:
                x = respond(gains, n, own[code], x, [x[list(own[code])]]).x
        settled = bool(np.abs(x - before).max(initial=0.0) < STILL)
        if not settled and any(np.abs(x - other).max() < STILL for other in visited):
            break
        visited.append(x)
    here = gains.at(x)
    deviation = {}
    for n, code in enumerate(gains.parties):
        starts = _starts(read, n, own[code], x)
        better = respond(gains, n, own[code], x, starts).gain[n] - here[n]
        deviation[code] = 0.0 if abs(better) <= CERTAIN * gains.base[n] else float(better)
    return Unled(x, here, settled and max(deviation.values()) <= 0, rounds, deviation, () if settled else tuple(visited))


def _starts(read: Gains, party: int, room: tuple[int, ...], others: Array) -> list[Array]:
    """Nothing, and the best whole choice in the room as the table has it."""
    if not room:
        return []
    own = list(room)
    corners = (np.arange(2 ** len(own))[:, None] >> np.arange(len(own))) & 1
    x = np.repeat(others[None], len(corners), axis=0)
    x[:, own] = corners
    value = [read.at(row)[party] for row in x]
    best = corners[int(np.argmax(value))].astype(float)
    return [best] if not best.any() else [best, np.zeros(len(own))]
