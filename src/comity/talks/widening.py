"""A proposal as the whole union would make it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from comity.policy.instruments import Instrument, Trade
from comity.policy.wedges import cells
from comity.records import Benchmark
from comity.talks.agenda import Proposal


def union_wide(proposal: Proposal, members: Sequence[str], benchmark: Benchmark) -> Proposal | None:
    """The same changes between every ordered pair of different members; None where a change leaves the union.

    A proposal that spans all members already comes back as it is. Where both directions of the pair have
    different sizes in one sector, the pair keeps its own and the other pairs get the smaller.
    """
    if not proposal.changes:
        return None
    inside = {benchmark.economy_index(code) for code in members}
    widened: list[Instrument] = []
    for change in proposal.changes:
        if not isinstance(change, Trade):
            return None
        importers, exporters, _ = cells(change, benchmark).axes
        if not set(importers) <= inside or not set(exporters) <= inside:
            return None
        widened.append(change.model_copy(update={"importer": tuple(members), "exporter": tuple(members)}))
    if all(
        set(cells(change, benchmark).axes[0]) == set(cells(change, benchmark).axes[1]) == inside for change in proposal.changes
    ):
        return proposal
    return replace(proposal, changes=_without_conflict(proposal, widened, members, benchmark))


def _without_conflict(
    proposal: Proposal, widened: Sequence[Instrument], members: Sequence[str], benchmark: Benchmark
) -> tuple[Instrument, ...]:
    """The widened changes once each; where two meet in a sector, the pairs named keep theirs and the rest get the smaller."""
    distinct = list(dict.fromkeys(widened))
    goods = [set(cells(change, benchmark).axes[2]) for change in distinct]
    if all(not (a & b) for position, a in enumerate(goods) for b in goods[:position]):
        return tuple(distinct)
    kept: list[Instrument] = list(proposal.changes)
    smallest = min(distinct, key=_size)
    named = [cells(change, benchmark).axes for change in proposal.changes]
    for code in members:
        n = benchmark.economy_index(code)
        taken = {i for importers, exporters, _ in named if n in importers for i in exporters}
        others = tuple(other for other in members if other != code and benchmark.economy_index(other) not in taken)
        if others:
            kept.append(smallest.model_copy(update={"importer": (code,), "exporter": others}))
    return tuple(kept)


def _size(instrument: Instrument) -> float:
    """How much an instrument moves; only to tell the smaller of two."""
    for name in ("change", "add", "rate"):
        if (value := getattr(instrument, name, None)) is not None:
            return abs(value)
    if hasattr(instrument, "from_"):
        return abs(instrument.to - instrument.from_)  # type: ignore[union-attr]
    return float("inf")
