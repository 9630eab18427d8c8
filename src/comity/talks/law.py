"""What a customs union's treaty lets a member offer alone, and what needs the union."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from comity.countries import country_name
from comity.errors import InputError
from comity.policy import selectors
from comity.policy.instruments import Barrier, Embargo, ExportTax, Instrument, Tariff, Trade, TradeCost, kind_of
from comity.policy.wedges import base_level, cells, combine, moved
from comity.records import Benchmark

_UNIONS = {
    "EAEU": "Eurasian Economic Union",
    "EU27": "European Union",
    "GCC": "Gulf Cooperation Council",
    "MERCOSUR": "Mercosur",
}
_NO_UNIONS = (
    "ASEAN AfCFTA BRICS CIS CPTPP EFTA G7 OECD OPEC RCEP SANCTIONS_COALITION SCO USMCA all goods services".casefold().split()
)
_SAME = 1e-9


@dataclass(frozen=True)
class Union:
    """A customs union as the benchmark holds it: members with an own row, and those inside ROW."""

    code: str
    name: str
    members: tuple[str, ...]
    inside_row: tuple[tuple[str, str], ...]
    """(ISO code, name) of members that are part of the rest of the world."""


@dataclass(frozen=True)
class Flag:
    """What the treaty says about a proposal (its position) or about the table itself (None)."""

    text: str
    violation: bool
    proposal: int | None = None


def find_union(word: str, benchmark: Benchmark) -> Union:
    """The customs union of that name. InputError for a group that has no common external tariff."""
    code = next((group for group in benchmark.groups if selectors.fold(group) == selectors.fold(word)), None)
    if selectors.fold(word) in _NO_UNIONS:
        raise InputError(f"{word} is a group without a common external tariff, no customs union")
    if code is None:
        selectors.economies((word,), benchmark)
        raise InputError(f"{word!r} is no union of the benchmark (there are {', '.join(benchmark.groups)})")
    found = selectors.economies((code,), benchmark)
    inside = tuple((iso, country_name(iso)) for iso in found.inside_row)
    return Union(code, _UNIONS.get(code, code), tuple(benchmark.economies[i] for i in found.indices), inside)


def flags_of(
    union: Union | None,
    proposals: Sequence[tuple[str, Sequence[Instrument], Sequence[str]]],
    parties: Sequence[str],
    outside: Sequence[str],
    benchmark: Benchmark,
) -> list[Flag]:
    """What the treaty says of each (name, changes, conceded_by), and of parties that are no members."""
    if union is None:
        return []
    flags = [
        Flag(f"{code} is no member of {union.code}; if that is meant, write it under 'outside_union'", True)
        for code in parties
        if code not in union.members and code not in outside
    ]
    for position, (name, changes, conceded_by) in enumerate(proposals):
        violations = [*_tariff_violations(changes, union, benchmark), *_embargoes(changes, union, benchmark)]
        if not violations and _moves_common_tariff(changes, union, benchmark) and set(conceded_by) < set(union.members):
            violations = [f"the common external tariff of {union.code} can be conceded only by the union (conceded_by: union)"]
        flags += [Flag(f"{name!r}: {text}", True, position) for text in violations]
        if left_out(changes, union, benchmark):
            flags.append(Flag(f"{name!r} is kept from the other members of {union.code}", False, position))
    return flags


def _after(changes: Sequence[Instrument], benchmark: Benchmark) -> np.ndarray:
    moved = combine(benchmark, (), [(change, 1.0) for change in changes if isinstance(change, Tariff)]).tariff
    return benchmark.tariff if moved is None else moved


def _split(union: Union, benchmark: Benchmark) -> tuple[list[int], list[int]]:
    members = [benchmark.economy_index(code) for code in union.members]
    return members, [i for i in range(len(benchmark.economies)) if i not in members]


def _tariff_violations(changes: Sequence[Instrument], union: Union, benchmark: Benchmark) -> list[str]:
    """Duties between members raised, and duties on outsiders that differ among members more than they do today."""
    members, others = _split(union, benchmark)
    before, after = benchmark.tariff, _after(changes, benchmark)
    found = []
    raised = after[np.ix_(members, members)] > np.maximum(before[np.ix_(members, members)], 0) + _SAME
    if raised.any():
        n, i, j = (int(c) for c in np.argwhere(raised)[0])
        pair = f"{union.members[n]} on {benchmark.sectors[j]} from {union.members[i]}"
        found.append(f"a duty between members of {union.code} ({pair})")
    spread = [np.ptp(tariff[np.ix_(members, others)], axis=0) for tariff in (before, after)]
    apart = spread[1] > spread[0] + _SAME
    if apart.any():
        i, j = (int(c) for c in np.argwhere(apart)[0])
        rates = ", ".join(f"{union.members[k]} {100 * after[n, others[i], j]:.4g} %" for k, n in enumerate(members))
        where = f"{benchmark.sectors[j]} from {benchmark.economies[others[i]]}: {rates}"
        found.append(f"a member's own rate against the common external tariff of {union.code} ({where})")
    return found


def _moves_common_tariff(changes: Sequence[Instrument], union: Union, benchmark: Benchmark) -> bool:
    members, others = _split(union, benchmark)
    grid = np.ix_(members, others)
    return bool((np.abs(_after(changes, benchmark)[grid] - benchmark.tariff[grid]) > _SAME).any())


def _embargoes(changes: Sequence[Instrument], union: Union, benchmark: Benchmark) -> list[str]:
    members, _ = _split(union, benchmark)
    for change in changes:
        if isinstance(change, Embargo):
            importers, exporters, _ = cells(change, benchmark).axes
            if any(n != i for n in importers for i in exporters if n in members and i in members):
                return [f"an embargo between members of {union.code}"]
    return []


def left_out(changes: Sequence[Instrument], union: Union, benchmark: Benchmark) -> tuple[str, ...]:
    """Members from whom a member that eases its purchases from another member of the union keeps the same easing.

    All changes of a proposal are judged together, sector by sector, by the sign of what they do to the price of buying from
    each member (decision 0018). With a member that has an own row are left out those inside ROW, which no line can name.
    """
    eased = np.asarray(_cost_change(changes, union, benchmark) < -_SAME)
    kept = eased.any(axis=1, keepdims=True) & ~eased
    kept[np.arange(len(kept)), np.arange(len(kept))] = False
    left = [code for code, out in zip(union.members, np.asarray(kept.any(axis=(0, 2))), strict=True) if out]
    return (*left, *(code for code, _ in union.inside_row)) if left else ()


def _cost_change(changes: Sequence[Instrument], union: Union, benchmark: Benchmark) -> np.ndarray:
    """Σ of the changes in the logarithm of what it costs to buy from a member: importer × exporter × sector, members only."""
    members, _ = _split(union, benchmark)
    total = np.zeros(benchmark.trade_flow.shape)
    for change in changes:
        if isinstance(change, Trade):
            grid = cells(change, benchmark).grid
            total[grid] += _log_factor(change, grid, benchmark)
    return total[np.ix_(members, members)]


def _log_factor(change: Trade, grid: tuple[np.ndarray, ...], benchmark: Benchmark) -> np.ndarray | float:
    """The logarithm of one change's factor on prices in the cells that it touches; quotas move none by themselves."""
    if isinstance(change, Tariff | ExportTax):
        name = kind_of(change)
        before = base_level(name, benchmark)[grid]
        return np.log1p(moved(name, before, change, 1.0)) - np.log1p(before)
    if isinstance(change, TradeCost):
        return float(np.log1p(change.change))
    if isinstance(change, Barrier):
        return float(np.log(change.ratio(1.0)))
    return np.inf if isinstance(change, Embargo) else 0.0


MEMBER, UNION, FORBIDDEN, OUTSIDE = "member", "union", "forbidden", "outside"
"""Who may offer an instrument: a member alone, the union only, nobody, or somebody whom the treaty does not bind."""


@dataclass(frozen=True)
class Room:
    """The legal room of one instrument of a proposal: who may offer it, why, and members who are left out of an easing."""

    who: str
    why: str
    left_out: tuple[str, ...] = ()


def room(
    change: Instrument | None,
    conceded_by: Sequence[str],
    union: Union,
    benchmark: Benchmark,
    together: Sequence[Instrument] | None = None,
) -> Room:
    """What the union's treaty says of one change of a proposal; None stands for a sale of shares.

    Whom it leaves out is judged with the other changes of the proposal, `together` (this one among them).
    """
    if change is None:
        return Room(MEMBER, "a sale of shares is no matter of the customs union")
    if not set(conceded_by) & set(union.members):
        return Room(OUTSIDE, f"nobody who concedes it is a member of {union.code}")
    if _embargoes([change], union, benchmark):
        return Room(FORBIDDEN, f"trade between members of {union.code} cannot be closed")
    if isinstance(change, Tariff):
        if _raises_inside(change, union, benchmark):
            return Room(FORBIDDEN, f"members of {union.code} levy no duties on each other")
        if _moves_common_tariff([change], union, benchmark):
            return Room(UNION, f"the common external tariff of {union.code} is set by the union")
    if set(conceded_by) >= set(union.members):
        return Room(UNION, "every member concedes it")
    why = "rules at its own border that are not harmonised are a member's own"
    return Room(MEMBER, why, left_out([change] if together is None else together, union, benchmark))


def _raises_inside(change: Instrument, union: Union, benchmark: Benchmark) -> bool:
    members, _ = _split(union, benchmark)
    inside = np.ix_(members, members)
    return bool((_after([change], benchmark)[inside] > np.maximum(benchmark.tariff[inside], 0) + _SAME).any())
