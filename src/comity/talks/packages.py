"""The table: every package of proposals in every crisis, one equilibrium each, kept by content hash."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from functools import cached_property, partial
from itertools import accumulate, combinations, pairwise
from threading import Event, Lock
from typing import Any, NamedTuple

import numpy as np

from comity.errors import InterruptedRun
from comity.policy.instruments import Instrument
from comity.policy.scenario import Scenario
from comity.policy.sparse import TradeCells, package_values, trade_cells
from comity.records import Array, Benchmark, CellValues, Closure, Wedges
from comity.solve import batch, equilibrium, target
from comity.solve.compiling import on_accelerator
from comity.store import Cache, code_digest, key
from comity.talks.agenda import Agenda, Crisis
from comity.talks.wants.governments import counted_share, producers_income

CHUNK = 64
"""Equilibria kept in one cache entry: what a killed run can lose."""

Package = tuple[int, ...]
Progress = Callable[[int, int], None]
Values = CellValues


class Rows(NamedTuple):
    """Real income of all (ratio to the benchmark), that of the parties' producers (by sector, USD mn), and the residual.

    `capital` is the capital income of the parties' sectors, (1−λ)γ′Y′ in USD mn of world value added, whoever owns it;
    `price_index` the parties' P̂.
    """

    real_income: Array
    producers: Array
    capital: Array
    price_index: Array
    residual: Array


def packages_of(proposals: int | Sequence[int]) -> tuple[Package, ...]:
    """All subsets of so many proposals, or of those named, by size and then in the order of the file; the empty one first."""
    chosen = range(proposals) if isinstance(proposals, int) else proposals
    return tuple(subset for size in range(len(chosen) + 1) for subset in combinations(chosen, size))


@dataclass(frozen=True, eq=False)
class SolvedCrisis:
    """A crisis with the size of its calibrated shock found."""

    crisis: Crisis
    wedges: Wedges
    achieved: tuple[target.Achieved, ...]


@dataclass(eq=False)
class Meter:
    """How far a run is, for whoever looks on; shared by threads and by every engine of the run."""

    progress: Progress | None = None
    total: int = 0
    done: int = 0
    solved: int = 0
    stopped: Event = field(default_factory=Event)
    """Set when the run ends early: no further equilibrium is begun."""
    _lock: Any = field(default_factory=Lock)

    def tick(self, count: int = 1) -> None:
        """More equilibria are there, solved or read."""
        with self._lock:
            self.done += count
            if self.progress is not None:
                self.progress(min(self.done, self.total), self.total)

    def begin(self, count: int = 1) -> None:
        """Equilibria are about to be solved. Raises InterruptedRun once stopped."""
        if self.stopped.is_set():
            raise InterruptedRun("stopped because another part of the run has ended early")
        with self._lock:
            self.solved += count

    def quiet(self) -> Meter:
        """One that nobody looks at and that stops with this one."""
        return Meter(stopped=self.stopped)


@dataclass(eq=False)
class Engine:
    """What every solve of these talks shares: benchmark, closure, cache, workers, and the count of equilibria solved."""

    benchmark: Benchmark
    closure: Closure
    cache: Cache
    parties: tuple[str, ...] = ()
    """Whose producers' incomes are kept."""
    activity: tuple[str, ...] = ()
    """Whose government counts value added."""
    tolerance: float = equilibrium.TOLERANCE
    workers: int | None = None
    meter: Meter = field(default_factory=Meter)

    def tick(self, count: int = 1) -> None:
        """Tell the observer that more equilibria are there."""
        self.meter.tick(count)

    def at_once(self, *parts: Callable[[], Any]) -> list[Any]:
        """Parts of a run that need nothing of each other, as many side by side as there are workers, the first parts first.

        The first error ends the run: no part begins another equilibrium.
        """
        with ThreadPoolExecutor(min(self.workers or batch.WORKERS, batch.AT_ONCE)) as pool:
            futures = [pool.submit(part) for part in parts]
            try:
                wait(futures, return_when=FIRST_EXCEPTION)
            finally:
                if not all(future.done() and future.exception() is None for future in futures):
                    self.meter.stopped.set()
        errors = [found for found in (future.exception() for future in futures) if found is not None]
        for error in errors:
            if not isinstance(error, InterruptedRun):
                raise error
        return [future.result() for future in futures]

    @cached_property
    def counted(self) -> Array:
        """The part of value added that the producers at home draw, party × sector."""
        return counted_share(self.benchmark, self.closure, self.parties, self.activity)

    def producers(self, found: batch.Solved) -> Array:
        """The real income of the parties' producers, party × sector, USD mn."""
        return producers_income(found.values, self.counted, self.positions)

    @cached_property
    def positions(self) -> list[int]:
        """Of the parties among the economies."""
        return [self.benchmark.economy_index(code) for code in self.parties]

    def row(self, found: batch.Solved) -> Rows:
        """What is kept of one equilibrium."""
        values, at = found.values, self.positions
        capital = (1 - self.benchmark.labour_share[at]) * values["value_added"][at]
        index, producers = values["price_index"][at], self.producers(found)
        return Rows(values["real_income"], producers, capital, index, np.array(found.residual))

    def kept(self, name: str, compute: Callable[[], Any]) -> Any:
        """Plain data under a key: as the cache has it, else computed and kept."""
        found = self.cache.get_json(name)
        if found is None:
            found = compute()
            self.cache.put_json(name, found)
        return found

    def key(self, what: str, *parts: Any) -> str:
        """The content hash of something computed by this code from this benchmark under this closure."""
        c = self.closure
        nests = (c.factors, c.deficits, c.inputs, c.value_added, c.final)
        return key(what, code_digest(), self.benchmark.digest, nests, self.tolerance, *parts)


def solve_crisis(engine: Engine, crisis: Crisis) -> SolvedCrisis:
    """The crisis as arrays; a price that it states is reached by solving, and what was reached is kept."""
    scenario = Scenario(crisis.shocks)
    if not scenario.calibrated:
        return SolvedCrisis(crisis, scenario.wedges(engine.benchmark), ())
    name = engine.key("calibration", [repr(shock) for shock in crisis.shocks])
    kept = engine.cache.get_json(name)
    if kept is None:
        _, achieved, _ = target.resolve(engine.benchmark, scenario, engine.closure, equilibrium.solve)
        kept = [[a.sector, a.instrument, a.factor, a.target, a.achieved] for a in achieved]
        engine.cache.put_json(name, kept)
    found = tuple(target.Achieved(*row) for row in kept)
    shock = scenario.calibrated[0]
    return SolvedCrisis(crisis, scenario.replacing(shock, shock.at(found[0].factor)).wedges(engine.benchmark), found)


class Neighbourhood:
    """Packages around one crisis: changes of a few trade cells, kept in chunks, each solved from a start near its solution."""

    def __init__(
        self, engine: Engine, solved: SolvedCrisis, touched: TradeCells, parts: Sequence[Sequence[int]], *, many: bool = False
    ):
        """`parts` lists, for each proposal, the positions of its instruments in `touched`.

        `many` where dozens of packages will be solved: the solver is then steered by the preconditioner of the crisis itself.
        """
        self.engine, self.solved, self.touched, self.parts, self.many = engine, solved, touched, parts, many
        self._variations: batch.Variations | None = None
        self._small: dict[Package, batch.Solved] = {}
        self._making = Lock()

    def over(self, touched: TradeCells) -> Neighbourhood:
        """The same around the same crisis, with other instruments on the same cells."""
        found = Neighbourhood(self.engine, self.solved, touched, self.parts, many=self.many)
        found._variations = self.variations
        return found

    def values(self, package: Package) -> Values:
        """Trade costs, tariffs, rents and export taxes at the touched cells under a package."""
        active = {position for proposal in package for position in self.parts[proposal]}
        intensity = [1.0 if position in active else 0.0 for position in range(len(self.touched.instruments))]
        return package_values(self.engine.benchmark, self.solved.wedges, self.touched, intensity)

    def solve(self, values: Values, start: Array | None) -> batch.Solved:
        """One equilibrium."""
        self.engine.meter.begin()
        return self.variations.solve(values, start)

    @property
    def variations(self) -> batch.Variations:
        """The solver around this crisis, made when first needed."""
        with self._making:
            if self._variations is None:
                at = batch.Cells(self.touched.importer, self.touched.exporter, self.touched.sector)
                e = self.engine
                made = batch.Variations(e.benchmark, self.solved.wedges, at, e.closure, e.tolerance)
                if self.many:
                    e.meter.begin()
                    self._small[()] = made.anchor(self.values(()))
                self._variations = made
        return self._variations

    def guess(self, x: Array) -> Array:
        """Unknowns to start from at any intensities: the crisis alone and each proposal's effect in proportion."""
        nothing = self.small(()).x
        moves = (w * (self.small((k,)).x - nothing) for k, w in enumerate(x) if w > 0 and self.parts[k])
        return sum(moves, start=nothing.copy())

    def small(self, package: Package) -> batch.Solved:
        """The equilibrium of a package of at most two proposals, solved once."""
        if package == () and self.many:
            assert self.variations  # with them comes the crisis alone
        if package not in self._small:
            self._small[package] = self.solve(self.values(package), self.start(package))
        return self._small[package]

    def start(self, package: Package) -> Array | None:
        """What singles and pairs add up to: x_∅ + Σ_k Δ_k + Σ_{k<l} Δ_kl, exact but for interactions of three and more.

        A pair starts from its singles, a single from the crisis alone, which starts from the benchmark (None).
        """
        if not package:
            return None
        size = len(package)
        nothing = self.small(()).x
        if size == 1:
            return nothing
        singles = sum((self.small((k,)).x for k in package), start=np.zeros_like(nothing))
        if size == 2:
            return singles - nothing
        pairs = sum((self.small(pair).x for pair in combinations(package, 2)), start=np.zeros_like(nothing))
        return (1 - size + size * (size - 1) // 2) * nothing - (size - 2) * singles + pairs

    def solve_all(
        self, values: Sequence[Values], starts: Sequence[Array | None], tell: Callable[[int], None] = lambda count: None
    ) -> list[batch.Solved]:
        """Variations, each from its start; `tell` how many more are there.

        Side by side in threads; many of them on an accelerator as lanes of one program.
        """
        if self.many and on_accelerator():
            self.engine.meter.begin(len(values))
            found = self.variations.solve_lanes(values, starts, CHUNK)
            tell(len(values))
            return found

        def one(which: int) -> batch.Solved:
            found = self.solve(values[which], starts[which])
            tell(1)
            return found

        return batch.in_parallel(one, range(len(values)), self.engine.workers)

    def from_crisis(self, values: Sequence[Values]) -> list[batch.Solved]:
        """Variations, each from the crisis alone."""
        return self.solve_all(values, [self.small(()).x] * len(values), self.engine.tick)

    def grow(self, packages: Sequence[Package], tell: Callable[[int], None] = lambda count: None) -> list[batch.Solved]:
        """Packages of at most two proposals, kept from now on: the crisis alone, singles from it, pairs from singles."""
        for size in range(3):
            level = [p for p in packages if len(p) == size]
            if () in level:
                self.small(())
            new = [p for p in level if p not in self._small]
            found = self.solve_all([self.values(p) for p in new], [self.start(p) for p in new], tell)
            self._small.update(zip(new, found, strict=True))
            tell(len(level) - len(new))
        return [self._small[p] for p in packages]

    def chunk(self, values: Sequence[Values], solve: Callable[[], Sequence[batch.Solved]]) -> Rows:
        """What variations come to, from the cache; else as `solve()` finds them, in their order."""
        e = self.engine
        cells = [self.touched.importer, self.touched.exporter, self.touched.sector]
        whose = [e.parties, e.counted]
        name = e.key("variations", self.solved.wedges.digest(), cells, whose, [list(one) for one in values])
        kept = e.cache.get(name)
        if kept is not None:
            e.tick(len(values))
            return Rows(**kept)
        rows = Rows(*(np.stack(part) for part in zip(*map(e.row, solve()), strict=True)))
        e.cache.put(name, rows._asdict())
        return rows

    def table(self, packages: Sequence[Package]) -> Rows:
        """What packages sorted by size come to, in their order."""
        small = [p for p in packages if len(p) <= 2]
        large = [p for p in packages if len(p) > 2]

        def from_small(part: Sequence[Package], values: Sequence[Values]) -> list[batch.Solved]:
            self.grow(small)
            return self.solve_all(values, [self.start(p) for p in part], self.engine.tick)

        found = [self.chunk([self.values(p) for p in small], lambda: self.grow(small, self.engine.tick))]
        for begin in range(0, len(large), CHUNK):
            part = large[begin : begin + CHUNK]
            values = [self.values(p) for p in part]
            found.append(self.chunk(values, partial(from_small, part, values)))
        return Rows(*(np.concatenate(part) for part in zip(*found, strict=True)))


@dataclass(frozen=True, eq=False)
class Table:
    """Every package in every crisis: real income (ratio to the benchmark), crisis × package × country; residuals.

    `producers` is the real income of the producers of each sector at home, crisis × package × party × sector, USD mn;
    `capital` the capital income earned there in USD mn of world value added, `price_index` the parties' P̂.
    """

    packages: tuple[Package, ...]
    crises: tuple[SolvedCrisis, ...]
    real_income: Array
    residual: Array
    producers: Array
    capital: Array
    price_index: Array


def around(engine: Engine, agenda: Agenda, crises: Sequence[SolvedCrisis]) -> list[Neighbourhood]:
    """The neighbourhood of each crisis over the proposals of the agenda."""
    touched = touched_cells(engine.benchmark, [proposal.changes for proposal in agenda.proposals])
    return [Neighbourhood(engine, crisis, *touched, many=True) for crisis in crises]


def compute_table(
    engine: Engine, agenda: Agenda, crises: Sequence[SolvedCrisis], near: Sequence[Neighbourhood] | None = None
) -> Table:
    """Solve every package of the agenda in every crisis; stakes are lines that change no equilibrium here (`talks.stakes`)."""
    packages = packages_of(agenda.trade)
    found = [one.table(packages) for one in near or around(engine, agenda, crises)]
    return Table(
        packages,
        tuple(crises),
        np.stack([f.real_income for f in found]),
        np.stack([f.residual for f in found]),
        np.stack([f.producers for f in found]),
        np.stack([f.capital for f in found]),
        np.stack([f.price_index for f in found]),
    )


def touched_cells(
    benchmark: Benchmark, changes: Sequence[Sequence[Instrument]], *, may_overlap: bool = False
) -> tuple[TradeCells, list[range]]:
    """The cells that lists of changes (one list a proposal) can touch, and which of their instruments are whose."""
    flat = [one for part in changes for one in part]
    ends = [0, *accumulate(len(part) for part in changes)]
    return trade_cells(benchmark, flat, may_overlap=may_overlap), [range(a, b) for a, b in pairwise(ends)]
