"""Talks: a talks file, and the run that turns it into results."""

from __future__ import annotations

import hashlib
import importlib.metadata
import os
import platform
from dataclasses import dataclass, field
from itertools import chain, combinations
from pathlib import Path
from typing import Any

import numpy as np

import comity
from comity.policy.instruments import Instrument
from comity.records import Benchmark, Closure
from comity.store import Cache, code_digest, key
from comity.talks.agenda import Agenda
from comity.talks.file import TalksFile
from comity.talks.widening import union_wide

SECONDS = 0.03
"""About what one equilibrium of the table takes on one thread, as measured on world-2022 (81 economies, 50 sectors)."""
COMPILING = 100.0
"""About what compiling takes on two processors, once for a version on a machine; kept for later runs."""
SEARCHES = 25.0
"""About what compiled searches, derivatives and the brief take beside the equilibria that are counted, on two processors."""
VARIANTS = 12
"""About how many other elasticities and closures the recommended package is computed under."""


@dataclass(frozen=True)
class Estimate:
    """What a run takes: equilibria of the table of packages and all that are counted beforehand, and minutes.

    `minutes` where the program is compiled already, `minutes_first` on a machine where it is not.
    """

    table: int
    equilibria: int
    minutes: float
    minutes_first: float


@dataclass(frozen=True)
class TalksRun:
    """A finished run: `results` is all that the brief and `--json` show."""

    results: dict[str, Any] = field(repr=False)
    solves: int = 0
    """Equilibria that this run solved itself, those of searches among them; 0 where everything was kept."""

    @property
    def best(self) -> dict[str, Any]:
        """The recommended package."""
        return self.results["best"]

    @property
    def trust(self) -> dict[str, Any]:
        """Whether each party would keep it."""
        return self.results["trust"]

    @property
    def packages(self) -> list[dict[str, Any]]:
        """Every package with its outcomes."""
        return self.results["packages"]


@dataclass(frozen=True)
class Talks:
    """Talks as a file describes them. `from_yaml` reads one; `run` computes."""

    file: TalksFile
    text: bytes = field(repr=False, default=b"")
    name: str = "talks.yaml"

    @classmethod
    def from_yaml(cls, source: str | os.PathLike[str]) -> Talks:
        """Talks from a path or from YAML text; InputError lists every fault with file and line."""
        file = TalksFile.from_yaml(source)
        is_text = isinstance(source, str) and "\n" in source
        text = str(source).encode() if is_text else Path(source).read_bytes()
        path = Path("talks.yaml") if is_text else Path(source)
        return cls(file, text, path.name if path.is_absolute() else path.as_posix())

    def run(
        self,
        *,
        cache: Path | Cache | None = None,
        workers: int | None = None,
        progress: Any = None,
        allow_violations: bool = False,
    ) -> TalksRun:
        """Every package in every crisis, the best one, and the same by the whole union.

        `cache` is a folder of results by content hash (None keeps them in memory): a second run reads them, a killed one
        goes on. `progress(done, total)` is told how many equilibria are there. Raises InputError and NoEquilibriumError.
        """
        store = cache if isinstance(cache, Cache) else Cache(cache)
        name = self._run_key(allow_violations)
        results = store.get_json(name)
        if results is not None:
            return TalksRun(results)
        benchmark = self.file.load_benchmark()
        agenda = self.file.bind(benchmark, allow_violations=allow_violations)
        benchmark = agenda.calibrated(benchmark)
        results, solves = _compute(self, agenda, benchmark, store, workers, progress)
        store.put_json(name, results)
        return TalksRun(results, solves)

    def estimate(self, workers: int = 1) -> Estimate:
        """What a run takes that finds nothing kept from an earlier one."""
        states = len(self.file.crises) + 1
        trade = sum(one.stake is None for one in self.file.proposals)
        table = states * 2**trade
        equilibria = table + states * (2 * VARIANTS + 2 + (trade + 1 if self.file.union else 0))
        seconds = SEARCHES + equilibria * SECONDS / workers
        return Estimate(table, equilibria, seconds / 60, (seconds + COMPILING) / 60)

    @property
    def left_out(self) -> tuple[str, ...]:
        """What so many parties are not computed for, with what it would take."""
        from comity.talks.bargaining import core
        from comity.talks.exact import bargains
        from comity.talks.games import CORE

        parties = len(self.file.parties)
        reasons = (
            bargains.refused(parties, len(self.file.crises) + 1),
            core.refused(parties, 2 ** len(self.file.proposals), CORE),
        )
        return tuple(reason for reason in reasons if reason is not None)

    def _run_key(self, allow_violations: bool) -> str:
        from comity.data.load import checksums

        return key("run", code_digest(), dict(checksums()), self.text, self.name, allow_violations, _versions())


def _versions() -> dict[str, str]:
    names = ("jax", "jaxlib", "numpy")
    return {"python": platform.python_version(), **{name: importlib.metadata.version(name) for name in names}}


def _compute(
    talks: Talks, agenda: Agenda, benchmark: Benchmark, store: Cache, workers: int | None, progress: Any
) -> tuple[dict[str, Any], int]:
    from comity.talks import games, packages, results, sensitivity, treaty
    from comity.talks.exact.outlook import Outlook
    from comity.talks.stakes import told, worth
    from comity.talks.wants import answers, sensitive

    meter = packages.Meter(progress)
    engine = packages.Engine(
        benchmark, agenda.closure, store, agenda.parties, agenda.wants.activity, workers=workers, meter=meter
    )
    widened = _widened(agenda, benchmark)
    runs = len(agenda.crises)
    meter.total = runs * (2 ** len(agenda.trade) + (len(widened) + 1 if widened else 0) + 2)
    changes = [change for proposal in agenda.proposals for change in proposal.changes]
    meter.total += sensitivity.count(benchmark, agenda.closure, agenda.elasticities, runs, changes)
    solved = [packages.solve_crisis(engine, crisis) for crisis in agenda.crises]
    around = packages.around(engine, agenda, solved)
    table = packages.compute_table(engine, agenda, solved, around)
    study = sensitive.study(agenda, around[0])
    j, sale = _judged(agenda, benchmark, table, study.counted(agenda.wants))
    played = games.Games.of(j, talks.file.rules.patience)

    before, after = [], []
    for near in around:
        nothing = near.small(())
        before.append(nothing.values)
        best = j.table.packages[j.choice.best]
        after.append(near.solve(near.values(best), nothing.x).values if best else nothing.values)
        engine.tick(2)

    (exact, union), stakes, positions, *rows = engine.at_once(
        lambda: _exact(engine, Outlook(j, around), solved, widened, played, talks.file.rules.transfers),
        lambda: (
            sale
            and told.stakes(engine, j, sale, worth.Worth(played, sale, j.counted, agenda.wants.activity), agenda.risk_aversion)
        ),
        lambda: _positions(talks, agenda, benchmark, j.counted),
        *sensitivity.parts(engine, j),
    )
    pairs = _pairs(benchmark, agenda)
    return {
        "schema": results.SCHEMA,
        "title": agenda.title,
        "benchmark": _benchmark(benchmark),
        "closure": {
            "factors": agenda.closure.factors,
            "deficits": agenda.closure.deficits,
            "elasticities": benchmark.provenance.get("elasticities"),
            **_nests(agenda.closure),
        },
        "parties": results.named(agenda.parties, benchmark),
        "governments": results.governments(j),
        "union": _union(agenda, benchmark),
        "crises": results.crises(solved, benchmark),
        "proposals": results.proposals(agenda, benchmark),
        "packages": results.packages(j),
        "best": results.best(j, results.sectors_of(j, before, after)) | {"continuous": exact.pop("between")},
        "union_wide": union,
        "alone_together": results.alone_together(j, union),
        "ladder": exact.pop("ladder"),
        "sensitivity": sensitivity.sensitivity(j, list(chain.from_iterable(rows))),
        **exact,
        "sensitive": answers.answers(study, j, played),
        "stakes": stakes,
        "positions": positions,
        "legal": treaty.legal(agenda, benchmark),
        "budget": treaty.budget(j, before, after),
        "law": [{"text": f.text, "violation": f.violation, "proposal": f.proposal} for f in agenda.flags],
        "not_touched": [{"entry": entry, "name": name} for entry, name in agenda.inside_row],
        "relations": pairs[0],
        "relations_pairs": pairs,
        "manifest": _manifest(talks, benchmark, engine, j),
    }, meter.solved


def _pairs(benchmark: Benchmark, agenda: Agenda) -> list[dict[str, Any]]:
    from comity.relations import relations

    return [relations(benchmark, a, b).as_dict() for a, b in combinations(agenda.parties, 2)]


def _exact(
    engine: Any, outlook: Any, solved: Any, widened: Any, played: Any, transfers: bool
) -> tuple[dict[str, Any], dict[str, Any] | None]:
    """What is found by solving between the packages of the table: the best one, the ladder, the games, the union's version."""
    from comity.talks import results
    from comity.talks.exact import ladder
    from comity.talks.exact.best import continuous
    from comity.talks.exact.union import Wide

    j, population = outlook.judged, _population()
    between = engine.kept(outlook.key("between", population), lambda: continuous(outlook, population))
    union, wider = None, None
    if widened:
        chosen = [row for row, k in enumerate(widened) if k in j.table.packages[j.choice.best]]
        wide = Wide.of(engine, solved, list(widened.values()), [j.agenda.proposals[k].changes for k in widened])
        income, _ = wide.incomes(chosen, j.gain[:, 0] + 1)
        union = results.union_wide(j, list(widened), income)
        wider = ladder.Union(wide, income, tuple(widened))
    climbed = engine.kept(outlook.key("ladder"), lambda: ladder.ladder(outlook, wider))
    return {"between": between, "ladder": climbed, **_played(engine, outlook, played, transfers)}, union


def _positions(talks: Talks, agenda: Agenda, benchmark: Benchmark, counted: Any) -> dict[str, Any]:
    from comity.talks.positions.told import positions

    return positions(
        benchmark, agenda.parties, agenda.closure, steps=talks.file.positions.record,
        governments=counted, activity=agenda.wants.activity,
    )  # fmt: skip


def _played(engine: Any, outlook: Any, played: Any, transfers: bool) -> dict[str, Any]:
    """What the games answer, trust with its variants."""
    from comity.talks import games
    from comity.talks.exact import bargains
    from comity.talks.keeping import later

    found = games.answers(played)
    agenda = outlook.judged.agenda
    found["bargaining"] |= engine.kept(
        outlook.key("bargains", transfers, repr(agenda.bargaining_weights), agenda.largest_transfer),
        lambda: {"between": bargains.between(outlook), "shared": bargains.shared(outlook) if transfers else None},
    )
    found["bargaining"]["between_reason"] = bargains.refused(len(outlook.parties), len(agenda.crises))
    found["counter_offers"] = bargains.verified(outlook, found["counter_offers"])
    found["trust"]["later"] = later.told(engine, outlook.judged, played)
    return found


def _population() -> dict[str, float]:
    from comity.data.load import metadata

    return {code: row["population_mn_2025"] for code, row in metadata().items()}


def _judged(agenda: Agenda, benchmark: Benchmark, table: Any, counted: Any) -> tuple[Any, Any]:
    """The table with its stakes as lines, judged, and the stakes with their prices (None where none is sold)."""
    from comity.solve import equilibrium
    from comity.talks import results
    from comity.talks.stakes import sale as stakes

    reference = benchmark
    if agenda.closure.deficits == "balanced":
        reference = equilibrium.balanced_benchmark(benchmark, agenda.closure)
    base = reference.income - reference.deficit

    def judged(whole: Any) -> results.Judged:
        return results.judged(agenda, benchmark, whole, base, _population(), counted)

    if not agenda.stakes:
        return judged(table), None
    sale = stakes.sell(agenda, benchmark, table, base, lambda whole: judged(whole).choice.best)
    return judged(sale.table), sale


def _manifest(talks: Talks, benchmark: Benchmark, engine: Any, j: Any) -> dict[str, Any]:
    return {
        "comity": comity.__version__,
        "benchmark_sha256": benchmark.provenance.get("sha256", benchmark.digest),
        "talks_file": talks.name,
        "talks_sha256": hashlib.sha256(talks.text).hexdigest(),
        "command": f"comity talks {talks.name}",
        "solves": len(j.table.crises) * 2 ** len(j.agenda.trade),
        # Table, union-wide version, openings and variants, solved or read: the same in every run; searches come on top.
        "equilibria": engine.meter.total,
        "tolerance": engine.tolerance,
        "worst_residual": float(f"{np.max(j.table.residual):.1e}"),
        "versions": _versions(),
    }


def _widened(agenda: Agenda, benchmark: Benchmark) -> dict[int, tuple[Instrument, ...]]:
    """The proposals that the whole union could make, with the changes that it would make."""
    if agenda.union is None:
        return {}
    versions = {k: union_wide(p, agenda.union.members, benchmark) for k, p in enumerate(agenda.proposals)}
    return {k: version.changes for k, version in versions.items() if version is not None}


def _nests(closure: Closure) -> dict[str, Any]:
    """ε, η and σ where one of them is not 1."""
    return {} if closure.nests == Closure().nests else dict(zip(("inputs", "value_added", "final"), closure.nests, strict=True))


def _benchmark(benchmark: Benchmark) -> dict[str, Any]:
    known = benchmark.provenance
    return {
        "name": benchmark.name,
        "year": known.get("year"),
        "sha256": known.get("sha256", benchmark.digest),
        "economies": len(benchmark.economies),
        "sectors": len(benchmark.sectors),
        "note": known.get("attribution"),
        "rents": known.get("rents"),
        "owners_abroad": benchmark.ownership is not None,
        "economy_names": dict(benchmark.economy_names),
        "sector_names": dict(benchmark.sector_names),
    }


def _union(agenda: Agenda, benchmark: Benchmark) -> dict[str, Any] | None:
    if agenda.union is None:
        return None
    from comity.data.load import inside_row
    from comity.talks.results import named

    trade = {row["iso3"]: row for row in inside_row(agenda.union.code)}

    def goods(code: str) -> dict[str, float] | None:
        row = trade.get(code)
        return None if row is None else {"exports": row["exports"], "imports": row["imports"]}

    return {
        "code": agenda.union.code,
        "name": agenda.union.name,
        "members": named(agenda.union.members, benchmark),
        "inside_row": [{"iso3": code, "name": name, "goods_usd_mn": goods(code)} for code, name in agenda.union.inside_row],
    }
