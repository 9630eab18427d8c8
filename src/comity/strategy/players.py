"""Who plays and with which instruments: a government's tariffs as a few free numbers, exactly.

A design says which cells of the tariff array move together. The numbers are z = ln(1 + t), one for each set of cells, so
that most-favoured-nation rates and a union's common external tariff hold to the last digit and never as a penalty.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from comity.errors import InputError, Problem
from comity.policy import selectors
from comity.records import Array, Benchmark, Closure, Wedges

DESIGNS = {
    "free": "a rate for each partner and sector",
    "sector": "a rate for each sector, the same for all partners (most-favoured-nation)",
    "partner": "a rate for each partner, the same in all sectors",
    "one": "one rate on all that is imported",
}
"""How free a government is, from most to least."""

INSTRUMENTS = ("tariff", "export_tax")

CUSTOMS_UNIONS = ("EAEU", "EU27", "GCC", "MERCOSUR")
"""Groups of the benchmark whose members have one external tariff and cannot join another union alone."""


@dataclass(frozen=True)
class Player:
    """A government at the table: one economy, or a union whose members act as one.

    `weights` is α of each member (1 unless given). `sensitive` is w of a sector: how many dollars the government counts for
    one dollar of that sector's own producers (1 where not named). `taxed` selects sectors whose trade it may tax, `keep`
    partners whose rates stay as they are (a free-trade agreement). `activity` counts value added instead of producers' rents.
    """

    code: str
    members: tuple[int, ...]
    weights: tuple[float, ...]
    sensitive: Mapping[str, float] = field(default_factory=dict)
    design: str = "sector"
    instruments: tuple[str, ...] = ("tariff",)
    taxed: tuple[str, ...] = ("all",)
    keep: tuple[str, ...] = ()
    activity: bool = False
    inside_row: tuple[str, ...] = ()

    @property
    def nation(self) -> bool:
        """Whether it counts real income alone."""
        return not any(w != 1 for w in self.sensitive.values())


def player(
    who: str,
    benchmark: Benchmark,
    *,
    design: str = "sector",
    weights: Mapping[str, float] | None = None,
    sensitive: Mapping[str, float] | None = None,
    instruments: Sequence[str] = ("tariff",),
    taxed: Sequence[str] | None = None,
    keep: Sequence[str] = (),
    activity: bool = False,
) -> Player:
    """A player by code, name or group (a group plays as one union). InputError with every fault of what is asked.

    `taxed` is all goods where the benchmark knows which sectors are goods, and all sectors else.
    """
    problems: list[Problem] = []
    found = selectors.economies((who,), benchmark)
    if not found.indices:
        raise InputError(f"{who}: has no member of its own in {benchmark.name}")
    codes = tuple(benchmark.economies[n] for n in found.indices)
    code = codes[0] if len(codes) == 1 and not found.inside_row else _group(who, benchmark)
    if design not in DESIGNS:
        problems.append(Problem(f"{code}: tariffs: {design!r} is none of {', '.join(DESIGNS)}"))
    for name in instruments:
        if name not in INSTRUMENTS:
            problems.append(Problem(f"{code}: instruments: {name!r} is none of {', '.join(INSTRUMENTS)}"))
    counted = []
    for who_else, value in (weights or {}).items():
        if who_else not in codes:
            problems.append(Problem(f"{code}: weights: {who_else} is no member ({', '.join(codes)})"))
        elif not (np.isfinite(value) and value >= 0):
            problems.append(Problem(f"{code}: weights: {who_else} has {value:g}; a weight is a number from 0"))
    counted = tuple(float((weights or {}).get(c, 1.0)) for c in codes)
    if not sum(counted) > 0:
        problems.append(Problem(f"{code}: weights: somebody must count"))
    valued, more = _valued(code, sensitive or {}, benchmark)
    problems += more
    if problems:
        raise InputError(problems)
    goods = ("goods",) if "goods" in benchmark.sector_groups else ("all",)
    return Player(
        code, found.indices, counted, valued, design, tuple(instruments), tuple(taxed or goods), tuple(keep), activity,
        found.inside_row,
    )  # fmt: skip


def _group(who: str, benchmark: Benchmark) -> str:
    return next((g for g in benchmark.groups if selectors.fold(g) == selectors.fold(who)), who)


def _valued(code: str, sensitive: Mapping[str, float], benchmark: Benchmark) -> tuple[dict[str, float], list[Problem]]:
    """w by sector code, with the faults of what was given."""
    valued: dict[str, float] = {}
    problems = []
    for term, weight in sensitive.items():
        if not (np.isfinite(weight) and weight >= 1):
            problems.append(Problem(f"{code}: sensitive: {term} has {weight:g}; a government counts producers for 1 at least"))
            continue
        for j in selectors.sectors((term,), benchmark).indices:
            if valued.get(benchmark.sectors[j], weight) != weight:
                problems.append(Problem(f"{code}: sensitive: {benchmark.sectors[j]} stands twice with different weights"))
            valued[benchmark.sectors[j]] = float(weight)
    return valued, problems


def refuse_overlap(players: Sequence[Player], benchmark: Benchmark) -> None:
    """Nobody plays twice. InputError names who does."""
    seen: dict[int, str] = {}
    problems = []
    for one in players:
        for n in one.members:
            if n in seen:
                problems.append(Problem(f"players: {benchmark.economies[n]} plays twice, in {seen[n]} and in {one.code}"))
            seen[n] = one.code
    if not players:
        problems.append(Problem("players: nobody plays"))
    if problems:
        raise InputError(problems)


def refuse_closure(players: Sequence[Player], closure: Closure) -> None:
    """Strategic tariffs need deficits that nobody chooses, and weights need producers with rents. InputError."""
    problems = []
    if closure.deficits not in ("fixed", "balanced"):
        problems.append(
            Problem(
                f"closure: {closure.deficits} deficits: a tariff would move a lending flow that nobody models, and be chosen for"
                " it; strategic policy needs `fixed` or `balanced` deficits"
            )
        )
    for one in players:
        if not one.nation and closure.factors == "mobile" and not one.activity:
            problems.append(
                Problem(
                    f"{one.code}: sensitive: under mobile factors no income is specific to a sector's producers, so that"
                    " there is nothing to count more; use `specific` or `immobile` factors, or `activity: true` (value added)"
                )
            )
    if problems:
        raise InputError(problems)


@dataclass(frozen=True, eq=False)
class Control:
    """One instrument of one player as free numbers: `grid` says which number each cell follows, −1 for none.

    `grid` is importer × exporter × sector for the whole world; `partner` and `sector` say what each number is about (−1: all).
    """

    instrument: str
    grid: Array
    partner: Array
    sector: Array

    @property
    def size(self) -> int:
        """How many numbers there are."""
        return len(self.partner)

    @cached_property
    def cells(self) -> tuple[Array, ...]:
        """Positions of the cells that follow a number."""
        return np.nonzero(self.grid >= 0)

    @cached_property
    def index(self) -> Array:
        """The number that each of `cells` follows."""
        return self.grid[self.cells]

    def put(self, z: Array, into: Array) -> None:
        """Write the rates into an array of the instrument."""
        into[self.cells] = np.expm1(z)[self.index]

    def collect(self, per_cell: Array) -> Array:
        """Sum over the cells of each number."""
        return np.bincount(self.index, weights=per_cell[self.cells], minlength=self.size)

    def slope(self, z: Array, gradient: Array) -> Array:
        """Derivative in z from the derivative in each rate: dt = (1 + t) dz."""
        return np.exp(z) * self.collect(gradient)

    def mean(self, rates: Array, flow: Array) -> Array:
        """z of the rates in force: the mean of ln(1 + t) in each set of cells, weighted by trade."""
        return self.collect(flow * np.log1p(rates)) / self.collect(flow)


def controls(who: Player, benchmark: Benchmark) -> tuple[Control, ...]:
    """The free numbers of each instrument; sets of cells without any trade at the benchmark are left as they are."""
    n, _, j = benchmark.trade_flow.shape
    taxed = selectors.sectors(who.taxed, benchmark).indices
    kept = selectors.economies(who.keep, benchmark).indices if who.keep else ()
    partners = [i for i in range(n) if i not in who.members and i not in kept]
    if not partners or not taxed:
        raise InputError(f"{who.code}: has no trade that it may tax")
    found = []
    for name in who.instruments:
        number = {
            "free": lambda i, k: i * j + k,
            "sector": lambda i, k: k + 0 * i,
            "partner": lambda i, k: i + 0 * k,
            "one": lambda i, k: 0 * (i + k),
        }[who.design](np.asarray(partners)[:, None], np.asarray(taxed)[None, :])
        grid = np.full((n, n, j), -1)
        for m in who.members:
            at = (m, np.asarray(partners)[:, None], np.asarray(taxed)[None, :])
            grid[at if name == "tariff" else (at[1], m, at[2])] = number
        found.append(_used(name, grid, who.design, j, benchmark.trade_flow))
    return tuple(found)


def _used(name: str, grid: Array, design: str, sectors: int, flow: Array) -> Control:
    """Numbers in order from zero, without those that no trade follows."""
    moving = np.unique(grid[(grid >= 0) & (flow > 0)])
    order = np.full(int(grid.max()) + 2, -1)
    order[moving] = np.arange(len(moving))
    everywhere = np.full(len(moving), -1)
    partner = {"free": moving // sectors, "partner": moving}.get(design, everywhere)
    sector = {"free": moving % sectors, "sector": moving}.get(design, everywhere)
    return Control(name, order[grid], partner, sector)


def opened(players: Sequence[Player], benchmark: Benchmark, wedges: Wedges) -> Array:
    """The tariffs in force with nothing charged inside the players' unions; a new array."""
    tariff = np.array(benchmark.tariff if wedges.tariff is None else wedges.tariff)
    for one in players:
        if len(one.members) > 1:
            tariff[np.ix_(one.members, one.members)] = 0.0
    return tariff
