"""Sensitive products in the results of talks: break-even and revealed weights, their test, and bands (talks.md)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from comity.records import Array, Equilibrium
from comity.solve import equilibrium
from comity.talks.agenda import Agenda
from comity.talks.packages import Neighbourhood
from comity.talks.wants import breakeven
from comity.talks.wants.breakeven import BreakEven, FirstOrder, Revealed
from comity.talks.wants.curvature import tested
from comity.talks.wants.governments import Governments
from comity.talks.wants.openings import Effects, Opening, openings, solve_openings

SIZES = (0.25, 0.5, 0.75, 1.0)
"""Openings at which the break-even weight is looked at, as parts of what the file asks."""
RAISES = (-0.25, -0.5, -1.0)
"""Raises at which it is looked at, where one is legal."""
NARROW = 5
"""A proposal on more sectors than these is general: it calls no single product sensitive."""
HIGH = 5.0
"""Above this weight a sector is not called sensitive: no estimate for a government that we know of comes near it."""


@dataclass(frozen=True, eq=False)
class Studied:
    """One opening with what it does at the file's size and what follows for the weight."""

    opening: Opening
    named: bool
    """Whether a proposal on few sectors names this one."""
    effects: Effects
    """At the sizes looked at, in the order of `sizes`."""
    sizes: tuple[float, ...]
    at_full: BreakEven
    revealed: Revealed | None
    test: FirstOrder | None
    nation: int
    sector: int

    @property
    def full(self) -> int:
        """Position of the file's size among the sizes."""
        return self.sizes.index(1.0)


@dataclass(frozen=True, eq=False)
class Study:
    """All openings of an agenda; `joint` the weights of the named sectors when all are counted at once, by party."""

    found: tuple[Studied, ...]
    joint: Mapping[str, Mapping[str, float] | None]

    def counted(self, wants: Governments) -> dict[str, Mapping[str, float]]:
        """w by party and sector: what the file gives, or what the party's barriers reveal where it asks for that."""
        return {**wants.weights, **{party: self.lower_bounds(party) for party in wants.revealed}}

    def lower_bounds(self, party: str) -> dict[str, float]:
        """The weights that a party's barriers reveal, of sectors that a proposal names."""
        mine = [one for one in self.found if one.opening.party == party and one.named]
        return {one.opening.sector: one.revealed.low for one in mine if one.revealed and one.revealed.low is not None}


def study(agenda: Agenda, near: Neighbourhood, *, test: bool = True) -> Study:
    """Break-even weights of every barrier that the file moves; `near` around the year without crisis.

    Sectors that only a general proposal moves are looked at in the file's size alone.
    """
    counting = {party for party, share in zip(near.engine.parties, near.engine.counted, strict=True) if share.any()}
    listed = [one for one in openings(agenda, near) if one.party in counting]
    narrow = _narrow(near)
    named = [any(k in narrow for k in one.proposals) for one in listed]
    sizes = [(*SIZES, *(RAISES if one.raisable else ())) if own else (1.0,) for one, own in zip(listed, named, strict=True)]
    asked = [(one, x) for one, own in zip(listed, sizes, strict=True) for x in own]
    if not asked:
        return Study((), {})
    near.engine.meter.total += len(asked)
    reference, closure = near.engine.benchmark, near.engine.closure
    if closure.deficits == "balanced":
        reference = equilibrium.balanced_benchmark(reference, closure)
    real_income = reference.income - reference.deficit
    effects = solve_openings(near, asked, real_income)
    today = equilibrium.solve(near.engine.benchmark, None, closure=closure) if test and any(named) else None
    found, start = [], 0
    for one, own, calls in zip(listed, sizes, named, strict=True):
        mine = Effects(*(array[start : start + len(own)] for array in vars(effects).values()))
        start += len(own)
        found.append(_studied(one, calls, own, mine, near, real_income, today))
    opened = dict.fromkeys(one.party for one in listed)
    return Study(tuple(found), {party: _joint(found, party, real_income) for party in opened})


def _studied(
    one: Opening, named: bool, sizes: tuple[float, ...], e: Effects, near: Neighbourhood, ri: Array, today: Equilibrium | None
) -> Studied:
    """What follows for the weight from what an opening does at its sizes."""
    engine = near.engine
    n, j = engine.benchmark.economy_index(one.party), engine.benchmark.sectors.index(one.sector)
    least = breakeven.SURE * float(ri[n])
    income = float(engine.counted[engine.parties.index(one.party), j] * engine.benchmark.value_added[n, j])
    full = sizes.index(1.0)
    at_full = breakeven.break_even(e.nation[full, n], e.producers[full, j], least, income)
    test = tested(today, near, one, ri, least) if named and today is not None else None
    limit = None if test is None else test.weight
    reveals = breakeven.revealed(sizes, e.nation[:, n], e.producers[:, j], least, income, limit) if named else None
    return Studied(one, named, e, sizes, at_full, reveals, test, n, j)


def _narrow(near: Neighbourhood) -> set[int]:
    """Proposals on few sectors."""
    touched = near.touched
    found = set()
    for k, positions in enumerate(near.parts):
        sectors = {int(j) for position in positions for j in touched.sector[touched.where[position]]}
        if len(sectors) <= NARROW:
            found.add(k)
    return found


def _joint(found: Sequence[Studied], party: str, real_income: Array) -> dict[str, float] | None:
    """Weights of the party's named sectors with a break-even weight, all producers counted at once; None: see `jointly`."""
    mine = [one for one in found if one.opening.party == party and one.named and one.at_full.weight is not None]
    if len(mine) < 2:
        return None
    nation = np.array([one.effects.nation[one.full, one.nation] for one in mine])
    producers = np.array([[one.effects.producers[one.full, other.sector] for other in mine] for one in mine])
    w = breakeven.jointly(nation, producers, breakeven.SURE * float(real_income[mine[0].nation]))
    return None if w is None else {one.opening.sector: float(v) for one, v in zip(mine, w, strict=True)}


def as_dict(
    studied: Studied, agenda: Agenda, economies: Sequence[str], counted: Mapping[str, Mapping[str, float]]
) -> dict[str, Any]:
    """One opening as plain data, USD mn a year against today."""
    one, at = studied.opening, studied.full
    e = studied.effects
    own = float(e.producers[at, studied.sector])
    curve = [
        {"x": x, "nation_usd_mn": usd(e.nation[k, studied.nation]), "producers_usd_mn": usd(e.producers[k, studied.sector])}
        for k, x in sorted(enumerate(studied.sizes), key=lambda pair: pair[1])
    ]
    others = [code for code in agenda.members if code != one.party]
    return {
        "party": one.party,
        "sector": one.sector,
        "partners": list(one.partners),
        "proposals": [agenda.proposals[k].id for k in one.proposals],
        "named": studied.named,
        "counted": counted.get(one.party, {}).get(one.sector),
        "effects_usd_mn": {
            "nation": usd(e.nation[at, studied.nation]),
            "own_producers": usd(own),
            "other_producers": usd(e.capital[at] - own),
            "wages": usd(e.wages[at]),
            "revenue": usd(e.rest[at]),
            "consumers": usd(e.consumers[at]),
            "firms": usd(e.firms[at]),
            "others": {code: usd(e.nation[at, economies.index(code)]) for code in others},
        },
        "break_even": {"outcome": studied.at_full.outcome, "weight": weight(studied.at_full.weight)},
        "curve": curve,
        "revealed": studied.revealed and _revealed(studied.revealed),
        "first_order": studied.test and _test(studied.test),
    }


def _revealed(one: Revealed) -> dict[str, Any]:
    bound = None if one.low is None else "lower" if one.high is None else "both"
    return {
        "outcome": one.outcome,
        "at_least": weight(one.low),
        "found_at": one.at,
        "at_most": weight(one.high),
        "bound": bound,
    }


def _test(one: FirstOrder) -> dict[str, Any]:
    second = None if one.second is None else float(f"{one.second:.4g}")
    return {"second_order": one.kind, "weight": weight(one.weight), "second_usd_mn": second}


def usd(value: float) -> float:
    """USD mn as the results show it; a small opening needs more digits than a package."""
    return round(float(value), 6) + 0.0


def weight(value: float | None) -> float | None:
    """A weight as the results show it."""
    return None if value is None else round(float(value), 4)
