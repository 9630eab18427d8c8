"""The agenda: a talks file whose words have got their meaning in one benchmark, checked against the union's law."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from comity.countries import country_name
from comity.data.pools import pool_of, with_pool
from comity.errors import InputError, Problem
from comity.policy import selectors
from comity.policy.instruments import CommodityPrice, Instrument
from comity.policy.reading import Loc
from comity.policy.scenario import nothing_changes
from comity.policy.strict import path_text
from comity.policy.wedges import cells, combine, refuse_double
from comity.records import Array, Benchmark, Closure
from comity.solve.declared import with_rents
from comity.talks.file import CrisisEntry, ProposalEntry, TalksFile
from comity.talks.law import Flag, Union, find_union, flags_of
from comity.talks.names import slugs
from comity.talks.stakes.finance import PE
from comity.talks.stakes.stake import Stake, refuse_impossible
from comity.talks.wants import governments

NO_CRISIS = "none"


@dataclass(frozen=True)
class Crisis:
    """A crisis of one year; the first of an agenda is always "no crisis" with the probability that remains."""

    id: str
    name: str
    probability: float
    shocks: tuple[Instrument, ...] = ()
    reason: str | None = None
    assumed: bool = False


@dataclass(frozen=True)
class Proposal:
    """A proposal with the economies that offer it and those that concede it, by ISO code; it changes things or sells a stake."""

    id: str
    name: str
    by: tuple[str, ...]
    conceded_by: tuple[str, ...]
    changes: tuple[Instrument, ...]
    reason: str | None = None
    assumed: bool = False
    stake: Stake | None = None


@dataclass(frozen=True)
class Agenda:
    """What is to be computed: everything resolved to codes of the benchmark."""

    title: str
    parties: tuple[str, ...]
    union: Union | None
    closure: Closure
    elasticities: str | None
    crises: tuple[Crisis, ...]
    proposals: tuple[Proposal, ...]
    losses: str
    weights: str | dict[str, float]
    nobody_worse_off: str
    flags: tuple[Flag, ...]
    """What the union's treaty says: violations (only with `allow_violations`) and notes."""
    inside_row: tuple[tuple[str, str], ...]
    """(place in the file, name): members of a chosen group that the benchmark keeps inside ROW, hence untouched."""
    patience: float | None = None
    """δ of the file: what a dollar a year later is worth."""
    pooled: bool = False
    """Whether the union shares its duties by its key."""
    risk_aversion: float = 0.0
    """Relative, of every party: 0 counts expectations."""
    bargaining_weights: Mapping[str, float] | None = None
    """b_n of the Nash product by party; None: equal."""
    largest_transfer: float | None = None
    """What a party pays or gets at most, USD mn a year; None: unbounded."""
    wants: governments.Governments = governments.ALIKE
    """Whose producers which government counts for more."""

    @property
    def governments(self) -> Mapping[str, Mapping[str, float]]:
        """w by party and sector, as the file gives them."""
        return self.wants.weights

    @property
    def nash_weights(self) -> Array | None:
        """b_n in the order of the parties."""
        given = self.bargaining_weights
        return None if given is None else np.array([given[code] for code in self.parties])

    @property
    def stakes(self) -> tuple[int, ...]:
        """Positions of the proposals that sell a stake."""
        return tuple(k for k, p in enumerate(self.proposals) if p.stake is not None)

    @property
    def trade(self) -> tuple[int, ...]:
        """Positions of all others: those that change what the engine solves for each package."""
        return tuple(k for k, p in enumerate(self.proposals) if p.stake is None)

    @property
    def members(self) -> tuple[str, ...]:
        """Union members in the benchmark, parties first; the parties alone without a union."""
        others = self.union.members if self.union else ()
        return tuple(dict.fromkeys((*self.parties, *others)))

    def calibrated(self, benchmark: Benchmark) -> Benchmark:
        """The benchmark with the rents that the barriers of crises and proposals state for today, and with the customs pool."""
        found = _calibrated(benchmark, self.crises, self.proposals)
        return with_pool(found, self.union.code) if self.pooled and self.union is not None else found


def _calibrated(benchmark: Benchmark, crises: Sequence[Crisis], proposals: Sequence[Proposal]) -> Benchmark:
    return with_rents(benchmark, [*(s for c in crises for s in c.shocks), *(c for p in proposals for c in p.changes)])


class _Collector:
    """Runs each step and keeps the faults, so that all of them are told at once."""

    def __init__(self, talks: TalksFile):
        self.talks = talks
        self.problems: list[Problem] = []

    def run(self, loc: Loc, step: Callable[[], Any], default: Any = None) -> Any:
        try:
            return step()
        except InputError as error:
            for problem in error.problems:
                self.add(loc, problem.message)
            return default

    def add(self, loc: Loc, message: str) -> None:
        self.problems.append(self.talks.problem(f"{path_text(loc)}: {message}" if loc else message, loc))


def bind(talks: TalksFile, benchmark: Benchmark, *, allow_violations: bool = False) -> Agenda:
    """Resolve every word of a talks file in a benchmark. InputError lists every fault with its line.

    What the union's treaty forbids is a fault too, unless `allow_violations`; then it stays as a flag.
    """
    seen = _Collector(talks)
    parties = _parties(talks, benchmark, seen)
    union = None if talks.union is None else seen.run(("union",), lambda: find_union(str(talks.union), benchmark))
    if talks.customs_pool and union is not None:
        seen.run(("customs_pool",), lambda: pool_of(union.code))
    weights = _weights(talks.objective.weights, ("objective", "weights"), parties, benchmark, seen)
    asked = talks.rules.bargaining_weights or "equal"
    bargaining = _weights(asked, ("rules", "bargaining_weights"), parties, benchmark, seen)
    wants = governments.bind(talks.governments, parties, talks.closure.record, benchmark, seen)
    crises = _crises(talks.crises, benchmark, seen)
    proposals = _proposals(talks.proposals, parties, union, benchmark, seen, talks.rules.patience is not None)
    _refuse_overlaps(proposals, benchmark, seen)
    outside = _outside(talks, parties, union, benchmark, seen)
    seen.run(("positions", "sectors"), lambda: talks.positions.refuse_unknown(benchmark))
    if seen.problems:
        raise InputError(_ordered(seen.problems))
    _try_extremes(crises, proposals, benchmark, seen)
    flags = flags_of(union, [(p.name, p.changes, p.conceded_by) for p in proposals], parties, outside, benchmark)
    if not allow_violations:
        for flag in flags:
            if flag.violation:
                loc = ("parties",) if flag.proposal is None else ("proposals", flag.proposal)
                seen.add(loc, f"{flag.text}; it is computed only with --allow-violations")
    if seen.problems:
        raise InputError(_ordered(seen.problems))
    objective = talks.objective
    return Agenda(
        title=talks.title,
        parties=parties,
        union=union,
        closure=talks.closure.record,
        elasticities=given if isinstance(given := talks.closure.elasticities, str) else None,
        crises=crises,
        proposals=proposals,
        losses=objective.losses,
        weights=weights,
        nobody_worse_off=talks.rules.nobody_worse_off,
        flags=tuple(flags),
        inside_row=_inside_row(crises, proposals, benchmark),
        patience=talks.rules.patience,
        pooled=talks.customs_pool,
        risk_aversion=objective.risk_aversion,
        bargaining_weights=None if isinstance(bargaining, str) else bargaining,
        largest_transfer=talks.rules.largest_transfer_usd_mn,
        wants=wants,
    )


def _ordered(problems: Iterable[Problem]) -> list[Problem]:
    return sorted(dict.fromkeys(problems), key=lambda problem: problem.line or 0)


def _single(word: str, benchmark: Benchmark) -> str:
    found = selectors.economies((word,), benchmark)
    if len(found.indices) != 1 or found.inside_row:
        raise InputError(f"{word!r} is a group; name one economy")
    return benchmark.economies[found.indices[0]]


def _parties(talks: TalksFile, benchmark: Benchmark, seen: _Collector) -> tuple[str, ...]:
    codes = [seen.run(("parties", i), lambda word=word: _single(word, benchmark)) for i, word in enumerate(talks.parties)]
    for i, code in enumerate(codes):
        if code is not None and code in codes[:i]:
            seen.add(("parties", i), f"{code} stands twice")
        if code == "ROW":
            seen.add(("parties", i), "ROW is the rest of the world and cannot sit at a table")
    if len(codes) < 2:
        seen.add(("parties",), "talks need at least two parties")
    return tuple(code for code in codes if code is not None)


def _weights(
    given: str | Mapping[str, float], loc: Loc, parties: tuple[str, ...], benchmark: Benchmark, seen: _Collector
) -> str | dict[str, float]:
    if isinstance(given, str):
        return given
    by_code = {seen.run((*loc, word), lambda word=word: _single(word, benchmark)): weight for word, weight in given.items()}
    for code in by_code:
        if code is not None and code not in parties:
            seen.add(loc, f"{code} is no party")
    missing = [code for code in parties if code not in by_code]
    if missing:
        seen.add(loc, f"no weight is given for {', '.join(missing)}")
    return {code: by_code[code] for code in parties if code in by_code}


def _crises(entries: Sequence[CrisisEntry], benchmark: Benchmark, seen: _Collector) -> tuple[Crisis, ...]:
    ids = slugs([entry.name for entry in entries], "crisis")
    found = [Crisis(NO_CRISIS, "No crisis", max(0.0, round(1 - sum(entry.probability for entry in entries), 12)))]
    for position, (entry, own) in enumerate(zip(entries, ids, strict=True)):
        shocks = tuple(line.instrument for line in entry.shocks)
        loc: Loc = ("crises", position)
        for number, shock in enumerate(shocks):
            seen.run((*loc, "shocks", number), lambda shock=shock: _exists(shock, benchmark))
        if not seen.problems:
            seen.run((*loc, "shocks"), lambda shocks=shocks: refuse_double(benchmark, shocks))
        found.append(Crisis(own, entry.name, entry.probability, shocks, *_reason(entry, entry.shocks)))
    return tuple(found)


def _exists(instrument: Instrument, benchmark: Benchmark) -> None:
    cells(instrument, benchmark)
    if isinstance(instrument, CommodityPrice):
        if len(selectors.sectors(instrument.sector, benchmark).indices) != 1:
            raise InputError("commodity_price: one sector has one world price; name a single sector")
    elif nothing_changes(combine(with_rents(benchmark, (instrument,)), (), [(instrument, 1.0)])):
        raise InputError("changes nothing: every cell is at this level already")


def _reason(entry: CrisisEntry | ProposalEntry, lines: Sequence[Any]) -> tuple[str | None, bool]:
    """The reasons of an entry and of its lines as one text; assumed if any of them is."""
    texts = [entry.reason, *(line.reason for line in lines)]
    text = " ".join(dict.fromkeys(text if text[-1] in ".!?…" else f"{text}." for text in texts if text))
    return text or None, entry.assumed or any(line.assumed for line in lines)


def _proposals(
    entries: Sequence[ProposalEntry],
    parties: tuple[str, ...],
    union: Union | None,
    benchmark: Benchmark,
    seen: _Collector,
    patient: bool,
) -> tuple[Proposal, ...]:
    ids = slugs([entry.name for entry in entries], "proposal")
    found: list[Proposal] = []
    for position, (entry, own) in enumerate(zip(entries, ids, strict=True)):
        loc: Loc = ("proposals", position)
        by = seen.run((*loc, "by"), lambda entry=entry: _who(entry.by, parties, union, benchmark), ())
        conceded = []
        for number, line in enumerate(entry.changes):
            here: Loc = (*loc, "changes", number)
            seen.run(here, lambda line=line: _exists(line.instrument, benchmark))
            words = entry.conceded_by if line.conceded_by is None else line.conceded_by
            where: Loc = (*loc, "conceded_by") if line.conceded_by is None else (*here, "conceded_by")
            conceded += seen.run(where, lambda words=words: _who(words, parties, union, benchmark), ())
        stake = None
        if entry.stake is not None:
            at: Loc = (*loc, "stake")
            stake = seen.run(at, lambda entry=entry: _stake(entry.stake, parties, benchmark))
            if entry.stake.price.kind == PE and not patient:
                seen.add((*at, "price"), "a price-earnings ratio needs rules.patience: what a dollar a year later is worth")
            conceded += seen.run(
                (*loc, "conceded_by"), lambda entry=entry: _who(entry.conceded_by, parties, union, benchmark), ()
            )
        changes = tuple(line.instrument for line in entry.changes)
        twin = next((o.name for o in found if (set(o.changes), o.stake) == (set(changes), stake) and (changes or stake)), None)
        if twin is not None:
            seen.add(loc, f"the same {'changes are' if changes else 'stake is'} proposed already as {twin!r}")
        lines = entry.changes if entry.stake is None else (entry.stake,)
        reason = _reason(entry, lines)
        found.append(Proposal(own, entry.name, by, tuple(dict.fromkeys(conceded)), changes, *reason, stake=stake))
    seen.run(("proposals",), lambda: refuse_impossible([p.stake for p in found if p.stake is not None]))
    return tuple(found)


def _stake(stake: Stake | None, parties: Sequence[str], benchmark: Benchmark) -> Stake:
    """A stake with the codes of the benchmark. InputError where a side is no party, or the sector pays no capital."""
    assert stake is not None
    issuer, buyer = (_single(word, benchmark) for word in (stake.issuer, stake.buyer))
    for code in (issuer, buyer):
        if code not in parties:
            raise InputError(f"{code} is no party (parties: {', '.join(parties)}); a stake passes between parties")
    found = selectors.sectors((stake.sector,), benchmark).indices
    if len(found) != 1:
        raise InputError(f"{stake.sector!r} is {len(found)} sectors; an enterprise is in one")
    if issuer == buyer:
        raise InputError(f"{issuer} cannot sell to itself")
    n, j = benchmark.economy_index(issuer), found[0]
    sector = benchmark.sectors[j]
    if not (1 - benchmark.labour_share[n, j]) * benchmark.value_added[n, j] > 0:
        raise InputError(
            f"{sector} of {issuer} earns no capital income in {benchmark.name}: an enterprise there pays no dividends"
        )
    return stake.model_copy(update={"issuer": issuer, "buyer": buyer, "sector": sector})


def _who(words: Sequence[str], parties: tuple[str, ...], union: Union | None, benchmark: Benchmark) -> tuple[str, ...]:
    codes: list[str] = []
    for word in words:
        if selectors.fold(word) == "union":
            if union is None:
                raise InputError("'union' needs a union in the file")
            codes += union.members
            continue
        code = _single(word, benchmark)
        if code not in parties:
            raise InputError(f"{code} is no party (parties: {', '.join(parties)}; or 'union')")
        codes.append(code)
    return tuple(dict.fromkeys(codes))


def _refuse_overlaps(proposals: Sequence[Proposal], benchmark: Benchmark, seen: _Collector) -> None:
    """Two proposals on one tariff cell, or one barrier: which of them would hold?"""
    if seen.problems:
        return
    for position, proposal in enumerate(proposals):
        alone = ("proposals", position, "changes")
        if seen.run(alone, lambda proposal=proposal: refuse_double(benchmark, proposal.changes) or True) is None:
            continue
        for other in proposals[:position]:
            try:
                refuse_double(benchmark, (*other.changes, *proposal.changes))
            except InputError as error:
                seen.add(alone, f"this and the proposal {other.name!r} overlap: {error.problems[0].message}")


def _outside(
    talks: TalksFile, parties: tuple[str, ...], union: Union | None, benchmark: Benchmark, seen: _Collector
) -> tuple[str, ...]:
    """Parties of which the file itself says that they are no members of the union."""
    found = []
    for i, word in enumerate(talks.outside_union or ()):
        code = seen.run(("outside_union", i), lambda word=word: _single(word, benchmark))
        if code is not None and union is not None and (code in union.members or code not in parties):
            what = f"a member of {union.code}" if code in union.members else "no party"
            seen.add(("outside_union", i), f"{code} is {what}")
        found.append(code)
    return tuple(code for code in found if code is not None)


def _try_extremes(crises: Sequence[Crisis], proposals: Sequence[Proposal], benchmark: Benchmark, seen: _Collector) -> None:
    """Every crisis with the full set of proposals must stay inside the caps."""
    everything = [(change, 1.0) for proposal in proposals for change in proposal.changes]
    benchmark = seen.run(("proposals",), lambda: _calibrated(benchmark, crises, proposals))
    if benchmark is None:
        return
    for position, crisis in enumerate(crises):
        shocks = [(shock, 1.0) for shock in crisis.shocks if not isinstance(shock, CommodityPrice)]
        loc: Loc = ("crises", position - 1) if position else ("proposals",)
        seen.run(loc, lambda shocks=shocks: combine(benchmark, shocks, everything))


def _inside_row(crises: Sequence[Crisis], proposals: Sequence[Proposal], benchmark: Benchmark) -> tuple[tuple[str, str], ...]:
    found = []
    for entry, instruments in [*((c, c.shocks) for c in crises), *((p, p.changes) for p in proposals)]:
        for instrument in instruments:
            for code in cells(instrument, benchmark).inside_row:
                found.append((entry.name, country_name(code)))
    return tuple(dict.fromkeys(found))
