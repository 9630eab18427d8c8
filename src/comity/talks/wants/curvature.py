"""The first-order weight of a barrier kept today, with the second-order test without which it says nothing (talks.md)."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from comity.policy.sparse import package_slopes
from comity.records import Array, Equilibrium
from comity.solve.derivatives.adjoint import Along
from comity.talks.packages import Neighbourhood
from comity.talks.wants.breakeven import FirstOrder, first_order
from comity.talks.wants.openings import Opening


def direction(near: Neighbourhood, opening: Opening) -> dict[str, Array]:
    """How instruments move as the opening begins (cost factors are 1 today), by instrument, importer × exporter × sector."""
    touched = near.touched
    mine = replace(
        touched,
        where=tuple(touched.where[p] for p in opening.instruments),
        instruments=tuple(touched.instruments[p] for p in opening.instruments),
    )
    found: dict[str, Array] = {}
    for slopes in package_slopes(near.engine.benchmark, near.solved.wedges, mine, [0.0] * len(mine.instruments)):
        for name, (where, slope) in slopes.items():
            keep = opening.cells[where]
            at = where[keep]
            step = found.setdefault(name, np.zeros(near.engine.benchmark.trade_flow.shape))
            step[touched.importer[at], touched.exporter[at], touched.sector[at]] += slope[keep]
    return found


def tested(eq: Equilibrium, near: Neighbourhood, opening: Opening, real_income: Array, least: float) -> FirstOrder:
    """The first-order weight at today's equilibrium `eq` and whether today's barrier is a maximum of G there.

    At that weight G′ = 0, so that the sign of G″ does not hang on how the opening is measured.
    """
    benchmark = near.engine.benchmark
    n, j = benchmark.economy_index(opening.party), benchmark.sectors.index(opening.sector)
    row = near.engine.parties.index(opening.party)
    along = Along(eq, direction(near, opening))
    nation = tuple(real_income[n] * float(d["real_income"][n]) for d in (along.first, along.second))
    producers = _twice_real(along, n, j)
    share = near.engine.counted[row, j]
    earned = share * benchmark.value_added[n, j]
    return first_order(nation, (share * producers[0], share * producers[1]), least, earned)


def _twice_real(along: Along, n: int, j: int) -> tuple[float, float]:
    """First and second derivative of value added ÷ P̂ from those of both, (v/p)″ = v″/p − 2 v′p′/p² − v p″/p² + 2 v p′²/p³."""
    v, p = (along.place.eq.values[name] for name in ("value_added", "price_index"))
    v0, p0 = float(v[n, j]), float(p[n])
    v1, v2 = (float(d["value_added"][n, j]) for d in (along.first, along.second))
    p1, p2 = (float(d["price_index"][n]) for d in (along.first, along.second))
    return v1 / p0 - v0 * p1 / p0**2, v2 / p0 - (2 * v1 * p1 + v0 * p2) / p0**2 + 2 * v0 * p1**2 / p0**3
