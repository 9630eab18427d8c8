"""What strategic policy finds, as plain data: rates by sector and partner, gains of everybody, certificates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from comity.records import Array, Benchmark, Closure, Equilibrium
from comity.strategy.cooperate import Peace
from comity.strategy.game import Game, Rates
from comity.strategy.nash import Ending, War
from comity.strategy.players import Control, Player
from comity.strategy.response import Certificate, Response

SCHEMA = "comity-policy-1"


def _pct(value: float, digits: int = 6) -> float:
    return round(100 * float(value), digits) + 0.0


def _small(value: float) -> float:
    return float(f"{value:.2e}")


def head(what: str, title: str, benchmark: Benchmark, closure: Closure) -> dict[str, Any]:
    """What was asked of which world."""
    return {
        "schema": SCHEMA,
        "what": what,
        "title": title,
        "benchmark": {"name": benchmark.name, "sha256": benchmark.digest},
        "elasticities": benchmark.provenance.get("elasticities"),
        "closure": {"factors": closure.factors, "deficits": closure.deficits},
    }


def best(answers: Sequence[Response], *, rates: bool = False) -> dict[str, Any]:
    """Each player's best tariffs with the others' held."""
    return {
        "answers": [
            {
                **told_player(r.game, 0, (r.z,), r.gain, rates=rates),
                "certificate": proof(r.certificate),
                "world": world(r.game, r.eq),
                "economies": economies(r.game, r.eq),
            }
            for r in answers
        ]
    }


def war(found: War, *, rates: bool = False) -> dict[str, Any]:
    """Nash tariffs, every ending of the search and what was tried against them."""
    game, z = found.game, found.ending.point.z
    return {
        "outcome": found.ending.outcome,
        "choice": found.choice,
        "nash_points": len(found.points),
        "players": [told_player(game, k, z, found.gain[k], rates=rates) for k in range(len(z))],
        "world": world(game, found.eq),
        "economies": economies(game, found.eq),
        "endings": [ending(game, one) for one in found.endings],
        "work": {"solves": found.solves, "gradients": found.gradients, "residual": _small(found.eq.residual)},
    }


def ending(game: Game, one: Ending) -> dict[str, Any]:
    """One search: where from, how it ended, the best deviation of each player."""
    codes = [p.code for p in game.players]
    return {
        "start": one.start,
        "outcome": one.outcome,
        "newton": _small(one.newton),
        "steps": one.steps,
        "rounds": one.rounds,
        "period": one.period,
        "largest_gain_from_deviating_pct": _pct(one.temptation, 9),
        "deviations": [
            {
                "player": codes[d.player],
                "start": d.start,
                "gain_pct": _pct(d.gain, 9),
                "distance": _small(d.distance),
                "converged": d.converged,
            }
            for d in one.deviations
        ],
    }


def peace(found: Peace, *, rates: bool = False) -> dict[str, Any]:
    """What the players choose together, over today and over war."""
    game = found.game
    players = []
    for k in range(len(found.z)):
        told = told_player(game, k, found.z, found.over_today[k], rates=rates)
        told |= {
            "over_war_pct": _pct(found.over_war[k]),
            "over_war_usd_mn": round(float(found.over_war[k] * game.payoffs[k].scale), 3),
            "receives_usd_mn": round(float(found.transfers[k]), 3) + 0.0,
            "weight": float(found.weights[k]),
        }
        players.append(told)
    return {
        "players": players,
        "world": world(game, found.eq),
        "economies": economies(game, found.eq),
        "start": found.start,
        "below_other_starts": {name: _small(gap) for name, gap in found.certificate.other_starts},
        "certificate": proof(found.certificate, starts=False),
        "war": {"gain_pct": {p.code: _pct(g) for p, g in zip(game.players, found.war.gain, strict=True)}},
    }


def proof(c: Certificate, *, starts: bool = True) -> dict[str, Any]:
    """A certificate in numbers."""
    told = asdict(c) | {"newton": _small(c.newton), "promise": _small(c.promise), "residual": _small(c.residual)}
    told.pop("other_starts")
    told.pop("short")
    if starts:
        told |= {"other_starts": {name: _small(gap) for name, gap in c.other_starts}, "same": c.same}
        told |= {"short_pct": _pct(c.short, 9), "as_good": c.as_good}
    return told


def economies(game: Game, eq: Equilibrium) -> list[dict[str, Any]]:
    """Real income of every economy over today's."""
    b = game.benchmark
    today, now = game.today.values["real_income"], eq.values["real_income"]
    level = b.income - b.deficit
    return [
        {
            "iso3": code,
            "name": b.economy_names.get(code, ""),
            "gain_pct": _pct(now[n] / today[n] - 1),
            "ev_usd_mn": round(float(level[n] * (now[n] - today[n])), 3) + 0.0,
        }
        for n, code in enumerate(b.economies)
    ]


def world(game: Game, eq: Equilibrium) -> dict[str, float]:
    """The sum of what players, all others and the world gain over today, USD mn, and the world's in per cent of its income."""
    b = game.benchmark
    level = b.income - b.deficit
    change = level * (eq.values["real_income"] - game.today.values["real_income"])
    inside = np.zeros(len(change), dtype=bool)
    for one in game.players:
        inside[list(one.members)] = True
    return {
        "players_usd_mn": round(float(change[inside].sum()), 3) + 0.0,
        "others_usd_mn": round(float(change[~inside].sum()), 3) + 0.0,
        "world_pct": _pct(change.sum() / (level * game.today.values["real_income"]).sum()),
    }


def told_player(game: Game, k: int, z: Rates, gain: float, *, rates: bool) -> dict[str, Any]:
    """A player's rates and what they bring it."""
    who = game.players[k]
    return {
        "player": who.code,
        "members": [game.benchmark.economies[n] for n in who.members],
        "inside_row": list(who.inside_row),
        "tariffs": who.design,
        "sensitive": dict(who.sensitive),
        "rule_of_thumb_pct": _pct(rule_of_thumb(game, k)),
        "gain_pct": _pct(gain),
        "gain_usd_mn": round(float(gain * game.payoffs[k].scale), 3),
        "instruments": {c.instrument: _rates(game, who, c, own, rates) for c, own in game.parts(k, z[k])},
    }


def rule_of_thumb(game: Game, k: int) -> float:
    """One over the elasticity of foreign demand for what the player sells: the tariff that one sector without inputs has.

    The elasticity is θ (1 − own share of the market), averaged over the player's benchmark exports.
    """
    b, own = game.benchmark, list(game.players[k].members)
    sold = b.trade_flow[:, own].sum(axis=1)
    share = b.trade_share[:, own].sum(axis=1)
    sold[own] = 0.0
    return float(sold.sum() / (sold * b.trade_elasticity * (1 - share)).sum())


def _rates(game: Game, who: Player, c: Control, z: Array, every: bool) -> dict[str, Any]:
    """Mean rates of an instrument, today's and new, weighted by the benchmark's trade; with `every` each number."""
    b = game.benchmark
    today = game.tariff if c.instrument == "tariff" else game.export_tax
    new = today.copy()
    c.put(z, new)
    flow = np.where(c.grid >= 0, b.trade_flow, 0.0)
    axis = 1 if c.instrument == "tariff" else 0

    def row(at: int, along: int) -> dict[str, float]:
        part = np.take(flow, at, along)
        return {
            "trade_usd_mn": round(float(part.sum()), 3),
            "today_pct": _mean(np.take(today, at, along), part),
            "pct": _mean(np.take(new, at, along), part),
        }

    sectors = [{"sector": s, "name": b.sector_names.get(s, ""), **row(j, 2)} for j, s in enumerate(b.sectors)]
    partners = [{"iso3": s, **row(i, axis)} for i, s in enumerate(b.economies)]
    told: dict[str, Any] = {
        "numbers": c.size,
        "mean_pct": _mean(new, flow),
        "today_pct": _mean(today, flow),
        "lowest_pct": _pct(np.expm1(z.min())),
        "highest_pct": _pct(np.expm1(z.max())),
        "by_sector": [one for one in sectors if one["trade_usd_mn"] > 0],
        "by_partner": [one for one in partners if one["trade_usd_mn"] > 0],
    }
    if every:
        told["rates"] = _each(game, c, z, flow.sum(axis=1 - axis))
    return told


def _each(game: Game, c: Control, z: Array, trade: Array) -> list[dict[str, Any]]:
    """Every number with what it is about and the benchmark's trade that it bears on (`trade` partner × sector)."""
    b, told = game.benchmark, []
    for rate, i, j in zip(np.expm1(z), c.partner, c.sector, strict=True):
        on = trade[i if i >= 0 else slice(None), j if j >= 0 else slice(None)]
        told.append(
            {
                "partner": b.economies[i] if i >= 0 else "all",
                "sector": b.sectors[j] if j >= 0 else "all",
                "pct": _pct(rate),
                "trade_usd_mn": round(float(on.sum()), 3),
            }
        )
    return told


def _mean(rates: Array, flow: Array) -> float:
    """Mean rate in per cent, weighted by the benchmark's trade."""
    total = float(flow.sum())
    return _pct(float((rates * flow).sum()) / total) if total > 0 else 0.0
