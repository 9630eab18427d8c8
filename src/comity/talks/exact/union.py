"""Proposals as the whole union would make them, around each crisis (talks.md, part 5; docs/decisions/0009)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from comity.policy.instruments import Instrument
from comity.policy.sparse import TradeCells, package_values, trade_cells
from comity.policy.wedges import arrays_of
from comity.records import Array, Benchmark, Wedges
from comity.solve.declared import with_rents
from comity.talks.packages import Engine, Neighbourhood, SolvedCrisis, solve_crisis, touched_cells

Changes = Sequence[Sequence[Instrument]]


@dataclass(frozen=True, eq=False)
class Wide:
    """Widened proposals around each crisis.

    Where a barrier bears a rent, its union-wide version supposes that the barrier stands, with its rent, between all members: a
    world of its own, `engine.benchmark`, whose change against doing nothing is put on the world at hand in units of `scale`
    (RI there / RI here, country; None where it is the same world). `meet` proposal × proposal: whether two touch a common cell
    as they are proposed, so that both cuts hold there; where only their widened versions meet, the deeper cut holds, once.
    """

    engine: Engine
    near: tuple[Neighbourhood, ...]
    meet: Array
    scale: Array | None

    @classmethod
    def of(cls, engine: Engine, crises: Sequence[SolvedCrisis], changes: Changes, originals: Changes = ()) -> Wide:
        """`changes` of the widened proposals, `originals` of the same as proposed (none: no two of them meet)."""
        world = with_rents(engine.benchmark, [one for part in changes for one in part], largest=True)
        own, solved, scale = engine, list(crises), None
        if world is not engine.benchmark:
            own = replace(engine, benchmark=world)
            solved = [solve_crisis(own, crisis.crisis) for crisis in crises]
            here = engine.benchmark
            scale = (world.income - world.deficit) / (here.income - here.deficit)
        touched, parts = touched_cells(world, changes, may_overlap=True)
        near = tuple(Neighbourhood(own, crisis, touched, parts) for crisis in solved)
        return cls(own, near, meeting(world, originals or [()] * len(changes)), scale)

    def once(self, chosen: Sequence[int]) -> tuple[Neighbourhood, ...]:
        """The neighbourhoods in which proposals of `chosen` that only meet when widened cut once, the deeper one."""
        first = self.near[0]
        trimmed = cut_once(self.engine.benchmark, first.touched, first.parts, self.meet, chosen)
        return tuple(one.over(trimmed) for one in self.near)

    def incomes(self, together: Sequence[int], nothing: Array) -> tuple[Array, Array]:
        """Each widened proposal alone, then `together` at once: real income, crisis × (proposals + 1) × country; residuals.

        `nothing` crisis × country: real income where nothing is agreed, in the world at hand.
        """
        found = []
        for near, joint, base in zip(self.near, self.once(together), nothing, strict=True):
            values = [near.values((k,)) for k in range(len(near.parts))] + [joint.values(tuple(together))]
            if self.scale is not None:
                values.append(near.values(()))
            rows = near.chunk(values, partial(near.from_crisis, values))
            income, residual = rows.real_income, rows.residual
            if self.scale is not None:
                income, residual = base + (income[:-1] - income[-1]) * self.scale, residual[:-1]
            found.append((income, residual))
        return np.stack([income for income, _ in found]), np.stack([residual for _, residual in found])


def meeting(benchmark: Benchmark, proposals: Changes) -> Array:
    """Whether two proposals move one array in one cell, proposal × proposal."""
    found = np.eye(len(proposals), dtype=bool)
    for a, first in enumerate(proposals):
        for b, second in enumerate(proposals[:a]):
            both = trade_cells(benchmark, (*first, *second), may_overlap=True)
            found[a, b] = found[b, a] = any(
                set(arrays_of(one)) & set(arrays_of(other)) and np.intersect1d(both.where[i], both.where[len(first) + j]).size
                for i, one in enumerate(first)
                for j, other in enumerate(second)
            )
    return found


def cut_once(
    benchmark: Benchmark, touched: TradeCells, parts: Sequence[Sequence[int]], meet: Array, chosen: Sequence[int]
) -> TradeCells:
    """Each instrument's cells less those where one of another chosen proposal cuts deeper; the earlier of two equal ones stays.

    Proposals that meet as they are proposed leave each other alone; those not chosen take nothing away.
    """
    owner = {position: proposal for proposal, own in enumerate(parts) for position in own}
    depth = _depth(benchmark, touched)
    where = list(touched.where)
    active = [position for proposal in chosen for position in parts[proposal]]
    for i in active:
        dropped = np.zeros(touched.size, dtype=bool)
        for other in active:
            rivals = not meet[owner[i], owner[other]] and set(arrays_of(touched.instruments[i])) & set(
                arrays_of(touched.instruments[other])
            )
            if rivals:
                deeper = depth[other] > depth[i] if other > i else depth[other] >= depth[i]
                dropped |= deeper & (depth[other] > 0)
        where[i] = touched.where[i][~dropped[touched.where[i]]]
    return replace(touched, where=tuple(where))


def _depth(benchmark: Benchmark, touched: TradeCells) -> Array:
    """By how much each instrument moves each cell, all its arrays together, in logarithms; instrument × cell."""
    quiet = package_values(benchmark, Wedges(), touched, [0.0] * len(touched.instruments))
    found = np.zeros((len(touched.instruments), touched.size))
    for i, row in enumerate(np.eye(len(touched.instruments))):
        moved = package_values(benchmark, Wedges(), touched, list(row))
        for name in arrays_of(touched.instruments[i]):
            level = 0.0 if name == "trade_cost" else 1.0
            found[i] += np.abs(np.log((level + getattr(moved, name)) / (level + getattr(quiet, name))))
    return found
