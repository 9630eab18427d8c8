"""Every sector of every party against every partner, opened by the same step: which products are sensitive (talks.md).

One equilibrium each, in the year without crisis: `comity sensitive` ranks what it finds by what own producers lose.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from comity.policy.instruments import TradeCost
from comity.records import Array
from comity.solve import equilibrium
from comity.talks.agenda import Agenda
from comity.talks.packages import Engine, Neighbourhood, around, solve_crisis, touched_cells
from comity.talks.wants import breakeven
from comity.talks.wants.answers import called_not_sensitive
from comity.talks.wants.openings import Opening, solve_openings
from comity.talks.wants.sensitive import HIGH, Studied, as_dict, study

STEP = -0.05
"""The change of trade costs that every sector is opened by, unless another is asked."""


@dataclass(frozen=True)
class Ranked:
    """What opening one party's sector to one partner does, USD mn a year, with the weight at which it would be refused."""

    party: str
    partner: str
    sector: str
    trade: float
    effects: dict[str, float]
    at: breakeven.BreakEven

    @property
    def sensitive(self) -> bool:
        """Whether a government that counts its producers for more, within reason, would refuse it."""
        return self.at.weight is not None and self.at.weight <= HIGH

    def as_dict(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "party": self.party,
            "partner": self.partner,
            "sector": self.sector,
            "imports_usd_mn": round(self.trade, 3),
            "sensitive": self.sensitive,
            "effects_usd_mn": {name: round(v, 6) + 0.0 for name, v in self.effects.items()},
            "break_even": {"outcome": self.at.outcome, "weight": None if self.at.weight is None else round(self.at.weight, 4)},
        }


def report(agenda: Agenda, engine: Engine, step: float = STEP) -> dict[str, Any]:
    """The file's own openings, all others by a step of trade costs, and what is called sensitive but is not."""
    near = around(engine, agenda, [solve_crisis(engine, agenda.crises[0])])[0]
    found = study(agenda, near)
    counted = found.counted(agenda.wants)
    ranked = survey(agenda, engine, step)
    return {
        "step_pct": round(100 * step, 6),
        "high": HIGH,
        "openings": [as_dict(one, agenda, engine.benchmark.economies, counted) for one in _by_loss(found.found)],
        "ranked": [one.as_dict() for one in ranked],
        "called_not_sensitive": called_not_sensitive(found, counted),
    }


def _by_loss(found: Sequence[Studied]) -> list[Studied]:
    named = [one for one in found if one.named]
    return sorted(named, key=lambda one: (one.opening.party, float(one.effects.producers[one.full, one.sector])))


def survey(agenda: Agenda, engine: Engine, step: float = STEP) -> list[Ranked]:
    """All goods of each party against each other party and member, ranked by party, then partner, then its producers' loss."""
    benchmark = engine.benchmark
    goods = benchmark.sector_groups.get("goods", benchmark.sectors)
    pairs = [
        (party, partner, sector)
        for party, share in zip(engine.parties, engine.counted, strict=True)
        if share.any()
        for partner in agenda.members
        if partner != party
        for sector in goods
        if benchmark.trade_flow[_cell(engine, party, partner, sector)] > 0
    ]
    if not pairs:
        return []
    changes = [[TradeCost(importer=(n,), exporter=(i,), sector=(j,), change=step)] for n, i, j in pairs]
    quiet = solve_crisis(engine, agenda.crises[0])
    near = Neighbourhood(engine, quiet, *touched_cells(benchmark, changes), many=True)
    asked = [_opening(near, k, *pair) for k, pair in enumerate(pairs)]
    reference = benchmark
    if engine.closure.deficits == "balanced":
        reference = equilibrium.balanced_benchmark(benchmark, engine.closure)
    real_income = reference.income - reference.deficit
    e = solve_openings(near, [(one, 1.0) for one in asked], real_income)
    found = [_ranked(engine, one, k, e, real_income) for k, one in enumerate(asked)]
    order = {pair: k for k, pair in enumerate(dict.fromkeys((n, i) for n, i, _ in pairs))}
    return sorted(found, key=lambda one: (order[one.party, one.partner], not one.sensitive, one.effects["own_producers"]))


def _cell(engine: Engine, party: str, partner: str, sector: str) -> tuple[int, int, int]:
    b = engine.benchmark
    return b.economy_index(party), b.economy_index(partner), b.sectors.index(sector)


def _opening(near: Neighbourhood, k: int, party: str, partner: str, sector: str) -> Opening:
    cells = np.zeros(near.touched.size, dtype=bool)
    cells[near.touched.where[k]] = True
    return Opening(party, sector, (partner,), (k,), (k,), cells, False)


def _ranked(engine: Engine, one: Opening, k: int, e: Any, real_income: Array) -> Ranked:
    n, i, j = _cell(engine, one.party, one.partners[0], one.sector)
    row = engine.parties.index(one.party)
    own = float(e.producers[k, j])
    effects = {
        "nation": float(e.nation[k, n]),
        "own_producers": own,
        "wages": float(e.wages[k]),
        "revenue": float(e.rest[k]),
        "consumers": float(e.consumers[k]),
        "firms": float(e.firms[k]),
        "partner": float(e.nation[k, i]),
    }
    if engine.closure.factors == "immobile":
        effects["own_wages"] = own * float(engine.benchmark.labour_share[n, j] / engine.counted[row, j])
    earned = float(engine.counted[row, j] * engine.benchmark.value_added[n, j])
    at = breakeven.break_even(effects["nation"], own, breakeven.SURE * float(real_income[n]), earned)
    return Ranked(one.party, one.partners[0], one.sector, float(engine.benchmark.trade_flow[n, i, j]), effects, at)
