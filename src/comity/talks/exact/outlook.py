"""The talks as payoffs of intensities, by solving and from the table: what everything in this room asks (talks.md, parts 2–5)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from comity.records import Array
from comity.solve.derivatives.nearby import Objectives
from comity.talks.bargaining.best import Guard
from comity.talks.bargaining.payoffs import Payoffs, Remembered, TablePayoffs
from comity.talks.evaluate import EquilibriumPayoffs
from comity.talks.packages import Neighbourhood
from comity.talks.results import Judged
from comity.talks.wants.governments import omega


@dataclass(frozen=True, eq=False)
class Part:
    """Some rows of payoffs that others share: one solve answers for all of them.

    `payments` are added to what is solved: dividends and prices of stakes, from the table.
    """

    whole: Remembered
    parties: tuple[str, ...]
    rows: tuple[int, ...]
    payments: TablePayoffs | None = None

    @property
    def states(self) -> tuple[str, ...]:
        """The crises."""
        return self.whole.payoffs.states

    @property
    def probability(self) -> Array:
        """Of each state."""
        return self.whole.payoffs.probability

    @property
    def proposals(self) -> tuple[str, ...]:
        """Ids."""
        return self.whole.payoffs.proposals

    def at(self, x: Array) -> Array:
        """Payoff, state × party."""
        value = self.whole.at(x)[:, self.rows]
        return value if self.payments is None else value + self.payments.at(x)

    def with_gradient(self, x: Array) -> tuple[Array, Array]:
        """Payoff and its derivative, state × party × proposal."""
        value, slope = self.whole.with_gradient(x)
        if self.payments is None:
            return value[:, self.rows], slope[:, self.rows]
        paid, by = self.payments.with_gradient(x)
        return value[:, self.rows] + paid, slope[:, self.rows] + by


@dataclass(frozen=True, eq=False)
class Outlook:
    """What parties, governments and members get from intensities in every crisis of judged talks.

    `near` one neighbourhood a crisis over the proposals of the agenda. Rows: real income of parties and members, then what the
    parties' governments count where that differs.
    """

    judged: Judged
    near: Sequence[Neighbourhood]

    def key(self, what: str, *parts: Any) -> str:
        """The content hash of something that follows from these talks."""
        j, near = self.judged, self.near[0]
        cells = [near.touched.importer, near.touched.exporter, near.touched.sector, [repr(p) for p in j.agenda.proposals]]
        asked = [
            j.agenda.losses,
            j.agenda.risk_aversion,
            repr(j.agenda.weights),
            j.agenda.nobody_worse_off,
            self.members,
            repr(j.counted),
        ]
        shocks = [one.solved.wedges.digest() for one in self.near]
        return near.engine.key(what, shocks, cells, asked, j.probability, j.real_income, j.table.real_income, *parts)

    @property
    def members(self) -> tuple[str, ...]:
        """Parties, then other members of the union."""
        return self.judged.agenda.members

    @property
    def parties(self) -> tuple[str, ...]:
        """Those at the table."""
        return self.judged.agenda.parties

    @cached_property
    def solving_payoffs(self) -> EquilibriumPayoffs:
        """Every row, by solving."""
        j, parties = self.judged, self.parties
        rows: list[tuple[str, Mapping[str, float]]] = [(code, {}) for code in self.members]
        rows += [(code, j.counted.get(code, {})) for code in parties] if j.weighed else []
        ids = [p.id for p in j.agenda.proposals]
        codes = [code for code, _ in rows]
        return EquilibriumPayoffs(self.near, j.probability, codes, ids, j.real_income, goal=self._goal(rows))

    @cached_property
    def solving(self) -> Remembered:
        """Every row, each point once."""
        return Remembered(self.solving_payoffs, [k for k, part in enumerate(self.near[0].parts) if not part])

    def _goal(self, rows: Sequence[tuple[str, Mapping[str, float]]]) -> Objectives:
        """Real income of each row's economy and its own producers' as far as it counts them for more."""
        b, engine = self.judged.benchmark, self.near[0].engine
        n, sectors = b.output.shape
        income, producers = np.zeros((len(rows), n)), np.zeros((len(rows), n, sectors))
        for row, (code, weights) in enumerate(rows):
            at = b.economy_index(code)
            income[row, at] = self.judged.real_income[at]
            if weights:
                share = engine.counted[engine.parties.index(code)]
                producers[row, at] = omega({code: weights}, [code], b.sectors)[0] * share
        return Objectives(income, np.zeros_like(producers), producers)

    def income(self, codes: Sequence[str]) -> Array:
        """RI⁰ in USD mn."""
        return self.judged.real_income[self._at(codes)]

    def _at(self, codes: Sequence[str]) -> list[int]:
        return [self.judged.benchmark.economy_index(code) for code in codes]

    def _read(self, codes: Sequence[str]) -> Array:
        """Real income as the table of packages has it, crisis × package × economy, USD mn."""
        at = self._at(codes)
        return self.judged.table.real_income[:, :, at] * self.judged.real_income[at]

    def table(self, codes: Sequence[str], values: Array) -> TablePayoffs:
        """Payoffs from the table of packages; `values` crisis × package × economy, USD mn."""
        j = self.judged
        chance = {c.crisis.id: float(q) for c, q in zip(j.table.crises, j.probability, strict=True)}
        return TablePayoffs.from_packages(codes, chance, [p.id for p in j.agenda.proposals], j.table.packages, values)

    def _part(self, codes: Sequence[str], rows: Sequence[int], values: Array) -> Part:
        """Rows by solving; what stakes add to them in the table is added here, interpolated between whole packages."""
        stakes, packages = self.judged.agenda.stakes, self.judged.table.packages
        if not stakes:
            return Part(self.solving, tuple(codes), tuple(rows))
        trade = [packages.index(tuple(k for k in package if k not in stakes)) for package in packages]
        return Part(self.solving, tuple(codes), tuple(rows), self.table(codes, values - values[:, trade]))

    @cached_property
    def nations(self) -> Part:
        """Real income of the parties, by solving."""
        return self._part(self.parties, range(len(self.parties)), self._read(self.parties))

    @cached_property
    def nations_read(self) -> TablePayoffs:
        """Real income of the parties, from the table."""
        return self.table(self.parties, self._read(self.parties))

    @cached_property
    def everyone(self) -> Part:
        """Real income of parties and other members, by solving."""
        return self._part(self.members, range(len(self.members)), self._read(self.members))

    @property
    def _counting(self) -> list[int]:
        """Rows of what the parties' governments count."""
        return [row + (len(self.members) if self.judged.weighed else 0) for row in range(len(self.parties))]

    @cached_property
    def governments(self) -> Part:
        """What the parties' governments count, by solving; the nations' own real income where everybody counts alike."""
        return self._part(self.parties, self._counting, self.judged.payoff) if self.judged.weighed else self.nations

    @cached_property
    def governments_read(self) -> TablePayoffs:
        """What the parties' governments count, from the table."""
        return self.table(self.parties, self.judged.payoff) if self.judged.weighed else self.nations_read

    @cached_property
    def _guarded(self) -> tuple[Payoffs, TablePayoffs] | None:
        rule = self.judged.agenda.nobody_worse_off
        if rule != "union":
            return None if rule == "none" else (self.governments, self.governments_read)
        others = self.members[len(self.parties) :]
        values = np.concatenate([self.judged.payoff, self._read(others)], axis=2)
        rows = [*self._counting, *range(len(self.parties), len(self.members))]
        return self._part(self.members, rows, values), self.table(self.members, values)

    @cached_property
    def guard(self) -> Guard | None:
        """Whom the rule of the talks protects, by solving: governments of the parties, and members where it says so."""
        found = self._guarded
        return None if found is None else Guard(found[0], self.income(found[0].parties), corners=found[1])

    @cached_property
    def guard_read(self) -> Guard | None:
        """The same from the table."""
        found = self._guarded
        return None if found is None else Guard(found[1], self.income(found[1].parties))
