"""The tariffs that a party outside a union could set alone, as part of its room (talks.md, part 5, and "Strategic policy")."""

from __future__ import annotations

from typing import Any

import numpy as np

from comity.errors import InputError
from comity.records import Benchmark
from comity.strategy.players import CUSTOMS_UNIONS, player, refuse_closure
from comity.strategy.response import Response, best_response
from comity.talks.exact.outlook import Outlook
from comity.talks.results import by_economy, rounded

UNIONS, NOT_SEARCHED, SEARCHED = "the union's", "not searched", "searched"


def own_tariffs(outlook: Outlook, code: str) -> dict[str, Any]:
    """Who sets a party's tariffs; its best most-favoured-nation rates on goods in a year without crisis, or why they are not
    searched.

    What its own government counts is maximised while all others keep their rates. The rates come beside the rungs of the ladder:
    a sector's rate has no part in the proposals.
    """
    agenda, benchmark = outlook.judged.agenda, outlook.judged.benchmark
    union = agenda.union.code if agenda.union and code in agenda.union.members else _customs_union(code, benchmark)
    if union:
        return _told(UNIONS, f"the external tariff is that of {union}")
    counted = outlook.judged.counted.get(code, {})
    try:
        who = player(code, benchmark, sensitive=counted, activity=code in agenda.wants.activity)
        refuse_closure((who,), agenda.closure)
        near = outlook.near[0]
        found = best_response(benchmark, who, closure=agenda.closure, wedges=near.solved.wedges)
    except InputError as error:
        return _told(NOT_SEARCHED, "; ".join(problem.message for problem in error.problems))
    near.engine.meter.begin(found.certificate.solves)
    why = "its best rate for each sector, the same for all partners, in a year without crisis, whatever its agreements bind"
    return _told(SEARCHED, why) | {"tariffs": _rates(outlook, found)}


def _customs_union(code: str, benchmark: Benchmark) -> str | None:
    """The customs union that an economy belongs to, whether or not it is at the table."""
    return next((union for union in CUSTOMS_UNIONS if code in benchmark.groups.get(union, ())), None)


def _told(what: str, why: str) -> dict[str, Any]:
    return {"own_tariffs": what, "own_tariffs_why": why, "tariffs": None}


def _rates(outlook: Outlook, found: Response) -> dict[str, Any]:
    j, proof = outlook.judged, found.certificate
    gain = np.asarray(found.eq.values["real_income"]) - np.asarray(found.game.today.values["real_income"])
    (control,) = found.game.controls[0]
    at = [j.benchmark.economy_index(code) for code in outlook.parties]
    rates = zip(control.sector, np.expm1(found.z), strict=True)
    return {
        "rate_pct": {j.benchmark.sectors[int(sector)]: rounded(100 * rate, 3) for sector, rate in rates},
        "gain": by_economy(j, gain, at),
        "converged": proof.converged,
        "same_from_second_start": proof.same,
        "newton": float(f"{proof.newton:.1e}"),
        "solves": proof.solves,
    }
