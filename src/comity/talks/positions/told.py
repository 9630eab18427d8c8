"""Positions and friends as plain data: what `comity positions --json` prints and the talks' results hold."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np

from comity.records import Array, Benchmark, Closure, Equilibrium
from comity.talks.positions.agreement import Agreement, Group, Point, agreement
from comity.talks.positions.friends import Friends, friends
from comity.talks.positions.stance import Stances, Steps, Weights, at_benchmark, stances

UNDEFINED = "undefined"
SHOWN_SECTORS = 12


def positions(
    benchmark: Benchmark,
    parties: tuple[str, ...],
    closure: Closure,
    *,
    steps: Steps | None = None,
    governments: Weights | None = None,
    activity: tuple[str, ...] = (),
    world: bool = False,
) -> dict[str, Any]:
    """Where the parties' positions coincide and clash in the world as it is, and who is a friend of whom.

    `governments` gives w by party and sector: pairs are then there for governments too, beside those of nations. With `world`
    the elasticities of all economies to all are there, not only those from and to the parties.
    """
    eq = at_benchmark(benchmark, closure)
    found = stances(eq, parties, steps=steps)
    weighed = [stances(eq, parties, steps=steps, governments=governments, activity=activity)] if governments else []
    near = Friends(found.parties, benchmark.economies, found.growth, found.residual)
    everyone = friends(eq) if world else None
    return {
        "closure": {"factors": closure.factors, "deficits": closure.deficits},
        "steps_pct": {name: _round(100 * size) for name, size in found.steps.size.items()},
        "sectors": list(found.steps.sectors),
        "flows": int(found.moving.sum()),
        "pairs": _pairs(found),
        "governments": _pairs(weighed[0]) if weighed else None,
        "friends": _friends(near, parties) | (_everyone(everyone, parties, eq) if everyone else {}),
        "residual": float(f"{max(s.residual for s in (found, *weighed, everyone or near)):.1e}"),
    }


def _round(value: float | None, digits: int = 6) -> float | None:
    return None if value is None else round(float(value), digits) + 0.0


def _group(one: Group, *, name: str = "name") -> dict[str, Any]:
    told: dict[str, Any] = {name: one.name, "coincidence": _round(one.coincidence)}
    told["outcome"] = UNDEFINED if one.coincidence is None else "defined"
    if one.part is not None or one.stake != (None, None):
        told |= {"part": _round(one.part), "stake_a": _round(one.stake[0]), "stake_b": _round(one.stake[1])}
    return told


def _pairs(s: Stances) -> list[dict[str, Any]]:
    return [_pair(s, agreement(s, k, m)) for k, m in combinations(range(len(s.parties)), 2)]


def _pair(s: Stances, one: Agreement) -> dict[str, Any]:
    income = dict(zip(s.parties, s.income, strict=True))
    return {
        "a": one.a,
        "b": one.b,
        "coincidence": _round(one.whole.coincidence),
        "outcome": UNDEFINED if one.whole.coincidence is None else "defined",
        "between_them": _group(one.own),
        "by_instrument": [_group(group) for group in one.by_instrument],
        "by_movement": [_group(group) for group in one.by_movement],
        "by_place": [_group(group) for group in one.by_place],
        "by_sector": [_group(group, name="sector") for group in one.by_sector[:SHOWN_SECTORS]],
        "clashes": [_point(one, point, income) for point in one.clashes],
        "causes": [_point(one, point, income) for point in one.causes],
    }


def _point(pair: Agreement, one: Point, income: dict[str, float]) -> dict[str, Any]:
    """Gains of both when the instrument rises by its step, in per cent and USD mn."""
    gains = dict(zip((pair.a, pair.b), one.gain, strict=True))
    return {
        "instrument": one.instrument,
        "importer": one.importer,
        "exporter": one.exporter,
        "sector": one.sector,
        "gain": {
            code: {"gain_pct": float(f"{100 * gain:.6g}"), "ev_usd_mn": float(f"{gain * income[code]:.6g}")}
            for code, gain in gains.items()
        },
    }


def _row(found: Friends, values: Array) -> dict[str, float]:
    return {code: float(f"{v:.4g}") for code, v in zip(found.economies, values, strict=True)}


def _friends(found: Friends, parties: tuple[str, ...]) -> dict[str, Any]:
    """What growth elsewhere does to each party, and how alike two parties' friends and enemies are."""
    return {
        "unit": "per cent of real income for one per cent of productivity in all sectors",
        "of": {code: _row(found, found.towards(code)) for code in parties},
        "likeness": [{"a": a, "b": b, "correlation": _round(found.likeness(a, b))} for a, b in combinations(parties, 2)],
    }


def _everyone(found: Friends, parties: tuple[str, ...], eq: Equilibrium) -> dict[str, Any]:
    """All economies' friends and enemies, and what the parties' growth does to all others."""
    return {
        "world": {code: _row(found, found.towards(code)) for code in found.economies},
        "by": {code: dict(zip(found.of, _row(found, found.from_(code)).values(), strict=True)) for code in parties},
        "negative": int((found.elasticity < 0).sum()),
        "pairs": int(found.elasticity.size - len(found.economies)),
        "world_usd_mn": {code: round(float(v), 1) for code, v in zip(parties, _worth(found, parties, eq), strict=True)},
    }


def _worth(found: Friends, parties: tuple[str, ...], eq: Equilibrium) -> list[float]:
    """What one per cent more productivity of each party is worth to all other economies together, USD mn."""
    b = eq.benchmark
    level = 0.01 * (b.income - b.deficit)
    worth = []
    for code in parties:
        column = np.array(found.from_(code))
        column[b.economy_index(code)] = 0.0
        worth.append(float(level @ column))
    return worth
