"""Trust where a break is punished for some years, seen late, or bites differently once capital has moved (talks.md, part 6)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from comity.records import Array
from comity.talks.games import Games
from comity.talks.keeping.bands import Band, horizon
from comity.talks.keeping.trust import Trust, deal_patience, trust
from comity.talks.packages import Engine, Neighbourhood, solve_crisis, touched_cells
from comity.talks.results import Judged, rounded
from comity.talks.wants.governments import omega

YEARS = (1, 3, 5, 10)
"""Years of punishment that are shown beside one for ever."""
LAGS = (1, 2, 3)
"""Years until a break is seen."""
HORIZONS = (1, 3, 5)
"""Years after a break until capital has moved."""


@dataclass(frozen=True, eq=False)
class Variant:
    """The trust of all parties under one variant."""

    years: float
    lag: int
    parties: tuple[Trust, ...]


def variants(games: Games) -> list[Variant]:
    """The recommended package with a punishment of L years, and with a break that is seen after some years."""
    pairs = [*((years, 0) for years in YEARS), *((np.inf, lag) for lag in LAGS)]
    return [
        Variant(years, lag, trust(games.deal, years=years, lag=lag, tolerance=games.tolerance, after=games.after))
        for years, lag in pairs
    ]


def long_run(engine: Engine, judged: Judged, games: Games) -> tuple[Trust, ...]:
    """Each party's trust with V as it is once capital is mobile: the same package and the same punishment, solved again.

    Where factors are mobile no income is specific to producers, so that governments count real income; those that count
    `activity` go on counting the value added of their sensitive sectors. What its stakes pay stays at its value of the short
    run. Raises NoEquilibriumError where the mobile world has none in some state.
    """
    agenda = judged.agenda
    mobile = replace(
        engine,
        closure=replace(engine.closure, factors="mobile"),
        parties=agenda.parties,
        activity=tuple(agenda.wants.activity),
    )
    more = omega(judged.counted, agenda.parties, judged.benchmark.sectors)
    touched = touched_cells(mobile.benchmark, [p.changes for p in agenda.proposals])
    value = np.zeros(len(agenda.parties))
    for s, crisis in enumerate(agenda.crises):
        if games.deal.probability[s] == 0:
            continue
        near = Neighbourhood(mobile, solve_crisis(mobile, crisis), *touched)
        kept, broken = (_counted(near, x[s], agenda.trade, games.base, more) for x in (games.deal.x, games.after.x))
        value += games.deal.probability[s] * (kept - broken)
    value += _paid(games, judged)
    return tuple(replace(one, value=float(v)) for one, v in zip(games.trusts, value, strict=True))


def _counted(near: Neighbourhood, x: Array, trade: Sequence[int], base: Array, more: Array) -> Array:
    """G = RI + Σ ω PS of the parties at whole proposals, USD mn; `more` ω, party × sector."""
    found = near.solve(near.values(tuple(k for k in trade if x[k] > 0)), near.small(()).x)
    nation = found.values["real_income"][near.engine.positions] * base
    return nation + (more * near.engine.producers(found)).sum(axis=1)


def _paid(games: Games, judged: Judged) -> Array:
    """What stakes add to the worth of keeping the package, party, USD mn a year: dividends that a break would end."""
    if not judged.agenda.stakes:
        return np.zeros(len(games.base))
    worth = []
    for x in (games.deal.x, games.after.x):
        bare = x.copy()
        bare[:, list(judged.agenda.stakes)] = 0
        worth.append(games.payoffs.probability @ (games.payoffs.at(x) - games.payoffs.at(bare)))
    return worth[0] - worth[1]


def horizons(short: Sequence[Trust], long: Sequence[Trust], tolerance: float) -> list[tuple[int, tuple[Band, ...]]]:
    """The patience at which each party keeps the package, by years until capital has moved."""
    return [
        (years, tuple(horizon(one, other, years, tolerance) for one, other in zip(short, long, strict=True)))
        for years in HORIZONS
    ]


def told(engine: Engine, judged: Judged, games: Games) -> dict[str, Any]:
    """As the results show it. Horizons need a second world, with mobile capital: only where somebody is tempted at all."""
    found: dict[str, Any] = {
        "variants": [
            {
                "years": one.years if np.isfinite(one.years) else None,
                "lag": one.lag,
                "delta": _delta(deal_patience(one.parties)),
                "parties": {p.party: {"delta": _delta(p.sort_key), "outcome": p.critical.outcome} for p in one.parties},
            }
            for one in variants(games)
        ],
        "horizons": None,
    }
    tempted = any(one.largest > games.tolerance for one in games.trusts)
    if engine.closure.factors == "mobile" or not tempted:
        return found
    long = long_run(engine, judged, games)
    found["horizons"] = {
        "counts_activity": list(judged.agenda.wants.activity),
        "value_long_run_usd_mn": {one.party: rounded(one.value, 3) for one in long},
        "bands": [
            {
                "years": years,
                "parties": {
                    one.party: {"low": _delta(band.low), "high": _delta(band.high), "empty": band.empty}
                    for one, band in zip(long, bands, strict=True)
                },
            }
            for years, bands in horizons(games.trusts, long, games.tolerance)
        ],
    }
    return found


def _delta(value: float) -> float | None:
    return rounded(value, 6) if np.isfinite(value) else None
