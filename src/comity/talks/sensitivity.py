"""What the answer hangs on: the recommended package again under other elasticities and closures."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import groupby
from typing import Any

import numpy as np

from comity.data.load import NAMES, elasticity_sets
from comity.errors import ComityError, InterruptedRun
from comity.policy.instruments import Barrier, Instrument
from comity.records import Array, Benchmark, Closure
from comity.solve.declared import with_rents
from comity.talks import packages
from comity.talks.results import Judged, by_economy
from comity.vocabulary import ELASTICITY_SETS, FACTORS

LONG_RUN = (
    "caliendo-parro-2015",
    "fontagne-2022",
    "giri-yi-yilmazkuday-2021",
    "lashkaripour-lugovskyy-2023",
    "shapiro-2016",
    "simonovska-waugh-2014",
    "boehm-2023-long-run",
)
"""Published sets of trade elasticities that are run; those of a single year are part of the set `crisis`."""
RENT_SHARES = (0.5, 1.0)
"""What of a barrier may be a rent where the file does not say."""


@dataclass(frozen=True, eq=False)
class Variant:
    """One other way to compute the same: what differs, in one word of the file's `closure`, and with what."""

    kind: str  # elasticities, factors, deficits or rents
    name: str
    benchmark: Benchmark
    closure: Closure
    rent_share: float | None = None
    """ρ of the barriers for which the file states none."""

    def restated(self, change: Instrument) -> Instrument:
        """A change of a proposal as this variant takes it."""
        if self.rent_share is None or not _unknown(change):
            return change
        return change.model_copy(update={"rent_share": self.rent_share, "rent_to": "importer"})


def _unknown(change: Instrument) -> bool:
    """Whether a barrier stands without a word on what of it is a rent; the file's own run takes it for pure cost."""
    return isinstance(change, Barrier) and "rent_share" not in change.model_fields_set


def variants(
    benchmark: Benchmark, closure: Closure, elasticities: str | None, changes: Sequence[Instrument] = ()
) -> Iterator[Variant]:
    """The other published trade elasticities, the set `crisis`, other factors, other deficits, other shares of rent.

    One thing differs at a time. A benchmark of one's own has no other elasticities; there the closure alone varies. Of barriers
    among `changes` whose share of rent is not stated a half and all is a rent that importers keep (model.md, "Barriers").
    """
    if benchmark.name in NAMES:
        own = elasticities or benchmark.provenance.get("elasticities")
        for name in LONG_RUN:
            if name != own:
                theta = elasticity_sets()[name]
                yield Variant("elasticities", name, _with_elasticity(benchmark, theta, name), closure)
        for name, one in ELASTICITY_SETS.items():
            if name != own:
                nests = replace(closure, inputs=one.inputs, value_added=one.value_added, final=one.final)
                yield Variant("elasticities", name, _with_elasticity(benchmark, elasticity_sets()[one.trade], name), nests)
    for factors in FACTORS:
        if factors != closure.factors:
            yield Variant("factors", factors, benchmark, replace(closure, factors=factors))
    for deficits in ("proportional", "with_trade"):
        if deficits != closure.deficits and closure.deficits != "balanced":
            yield Variant("deficits", deficits, benchmark, replace(closure, deficits=deficits))
    if any(_unknown(change) for change in changes):
        for share in RENT_SHARES:
            yield Variant("rents", f"{share:g}", benchmark, closure, share)


def _with_elasticity(benchmark: Benchmark, theta: Array, name: str) -> Benchmark:
    if np.array_equal(theta, benchmark.trade_elasticity):
        return benchmark
    return replace(benchmark, trade_elasticity=theta, provenance={**benchmark.provenance, "elasticities": name})


def count(
    benchmark: Benchmark, closure: Closure, elasticities: str | None, crises: int, changes: Sequence[Instrument] = ()
) -> int:
    """Equilibria that `sensitivity` asks for."""
    return 2 * crises * sum(1 for _ in variants(benchmark, closure, elasticities, changes))


Row = dict[str, Any]


def parts(engine: packages.Engine, judged: Judged) -> list[Callable[[], list[Row]]]:
    """The recommended package under every variant, in parts that may go on side by side: `sensitivity` puts them together."""
    agenda = judged.agenda
    changes = [change for proposal in agenda.proposals for change in proposal.changes]
    other = variants(judged.benchmark, agenda.closure, agenda.elasticities, changes)
    kinds = [list(group) for _, group in groupby(other, key=lambda variant: variant.kind)]
    return [lambda group=group: [_row(engine, judged, variant) for variant in group] for group in kinds]


def sensitivity(judged: Judged, rows: Sequence[Row]) -> dict[str, Any]:
    """What the recommended package is worth under every variant, what the crises cost, and the interval over all.

    `rows` are what `parts` return, in their order. A variant without an equilibrium in some crisis, or in which a shock has no
    meaning, is named with the reason and counts in no interval.
    """
    mean = np.tensordot(judged.probability, judged.gain, axes=(0, 0))
    # Stakes pass money between the parties and are no part of the variants.
    best = judged.trade_part
    own = {"over_nothing": by_economy(judged, mean[best] - mean[0]), "crises": by_economy(judged, mean[0])}
    found = [own, *(row for row in rows if row["failed"] is None)]
    return {"variants": list(rows), "interval": {what: _interval(judged, [row[what] for row in found]) for what in own}}


def _interval(judged: Judged, rows: Sequence[dict[str, dict[str, float]]]) -> dict[str, Any]:
    """The smallest and the largest of each party's figures, and of their sum, over the file's own run and the variants."""

    def ends(values: Sequence[float]) -> dict[str, float]:
        return {"low": min(values), "high": max(values)}

    by_party = {
        code: {unit: ends([row[code][unit] for row in rows]) for unit in ("gain_pct", "ev_usd_mn")}
        for code in judged.agenda.parties
    }
    joint = [round(sum(row[code]["ev_usd_mn"] for code in judged.agenda.parties), 3) for row in rows]
    return {"parties": by_party, "joint_ev_usd_mn": ends(joint)}


def _row(engine: packages.Engine, judged: Judged, variant: Variant) -> Row:
    shown: Row = {"kind": variant.kind, "name": variant.name}
    rows: list[Array] = []
    try:
        for row in _gains(engine, judged, variant):
            rows.append(row)
            engine.tick(2)
    except InterruptedRun:
        raise
    except ComityError as error:
        engine.tick(2 * (len(judged.probability) - len(rows)))
        return {**shown, "over_nothing": None, "crises": None, "failed": str(error)}
    mean = np.tensordot(judged.probability, np.stack(rows), axes=(0, 0))
    worth, cost = by_economy(judged, mean[1] - mean[0]), by_economy(judged, mean[0])
    return {**shown, "over_nothing": worth, "crises": cost, "failed": None}


def _gains(engine: packages.Engine, judged: Judged, variant: Variant) -> Iterator[Array]:
    """V̂ − 1 without a package and with the recommended one, 2 × country, crisis by crisis."""
    quiet = engine.meter.quiet()
    agenda = judged.agenda
    changes = [[variant.restated(change) for change in p.changes] for p in agenda.proposals]
    benchmark = variant.benchmark
    if variant.rent_share is not None:
        benchmark = with_rents(benchmark, [change for part in changes for change in part])
    other = replace(engine, benchmark=benchmark, closure=variant.closure, parties=(), activity=(), meter=quiet)
    chosen = judged.table.packages[judged.choice.best]
    touched = packages.touched_cells(benchmark, changes)
    for crisis in agenda.crises:
        near = packages.Neighbourhood(other, packages.solve_crisis(other, crisis), *touched)
        values = [near.values(()), near.values(chosen)]
        income = near.chunk(values, partial(near.from_crisis, values))[0]
        engine.meter.begin(quiet.solved)
        quiet.solved = 0
        yield income - 1
