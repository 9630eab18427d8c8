"""The union's law and budget as plain data: who may offer what, and the duties that each member gets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from comity.data.pools import POOLS
from comity.policy import describe
from comity.records import Array, Benchmark
from comity.talks.agenda import Agenda
from comity.talks.law import FORBIDDEN, MEMBER, OUTSIDE, UNION, room
from comity.talks.results import Judged, rounded

ORDER = (FORBIDDEN, UNION, MEMBER, OUTSIDE)
"""The strictest answer of a proposal's lines is that of the proposal."""


def legal(agenda: Agenda, benchmark: Benchmark) -> list[dict[str, Any]] | None:
    """Each proposal in the union's law: who may offer it, line by line, and members left out; None without a union."""
    if agenda.union is None:
        return None
    found = []
    for proposal in agenda.proposals:
        changes = [None] if proposal.stake is not None else list(proposal.changes)
        rooms = [room(change, proposal.conceded_by, agenda.union, benchmark, proposal.changes) for change in changes]
        lines = [
            {"text": None if change is None else describe.describe(change, benchmark), "who": one.who, "why": one.why}
            for change, one in zip(changes, rooms, strict=True)
        ]
        left = dict.fromkeys(code for one in rooms for code in one.left_out)
        who = min((one.who for one in rooms), key=ORDER.index)
        found.append({"proposal": proposal.id, "who": who, "lines": lines, "left_out": list(left)})
    return found


def budget(j: Judged, before: Sequence[Mapping[str, Array]], after: Sequence[Mapping[str, Array]]) -> dict[str, Any]:
    """Duties that parties and members get, without a package and with the recommended one, by crisis; the pool and its key.

    USD mn of world value added; `before` and `after` the solved values by crisis. Trade part only: stakes move no duties here.
    """
    b, ids = j.benchmark, [c.crisis.id for c in j.table.crises]
    rows = [np.stack([np.asarray(values["tariff_revenue"]) for values in side]) for side in (before, after)]
    mean = [j.probability @ side for side in rows]
    duties = {crisis: {b.economies[n]: _step(rows[0][s, n], rows[1][s, n]) for n in j.shown} for s, crisis in enumerate(ids)} | {
        "expected": {b.economies[n]: _step(mean[0][n], mean[1][n]) for n in j.shown}
    }
    return {"duties_usd_mn": duties, "pool": _pool(j.agenda, b)}


def _step(nothing: float, package: float) -> dict[str, float]:
    return {"nothing": rounded(nothing, 3), "package": rounded(package, 3), "change": rounded(package - nothing, 3)}


def _pool(agenda: Agenda, b: Benchmark) -> dict[str, Any] | None:
    """The key, and what members collected and are due by it in the base year; `applied`: whether it was computed with."""
    if agenda.union is None or agenda.union.code not in POOLS:
        return None
    known = POOLS[agenda.union.code]
    key = known.key(b)
    members = [b.economy_index(code) for code in key]
    others = [n for n in range(len(b.economies)) if n not in members]
    collected = np.array([(b.tariff[n] * b.trade_flow[n])[others].sum() for n in members])
    return {
        "applied": agenda.pooled,
        "treaty_pct": dict(known.share_pct),
        "key_pct": {code: rounded(100 * share, 4) for code, share in key.items()},
        "left_out": list(known.left_out(b)),
        "since": known.since,
        "source": known.source,
        "collected_usd_mn": {code: rounded(v, 3) for code, v in zip(key, collected, strict=True)},
        "by_key_usd_mn": {code: rounded(share * collected.sum(), 3) for code, share in key.items()},
    }
