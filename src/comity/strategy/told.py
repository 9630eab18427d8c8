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
    if starts:
        told |= {"other_starts": {name: _small(gap) for name, gap in c.other_starts}, "same": c.same}
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


def told_player(game: Game, k: int, z: Rates, gain: float, *, rates: bool) -> dict[str, Any]:
    """A player's rates and what they bring it."""
    who = game.players[k]
    return {
        "player": who.code,
        "members": [game.benchmark.economies[n] for n in who.members],
        "inside_row": list(who.inside_row),
        "tariffs": who.design,
        "sensitive": dict(who.sensitive),
        "gain_pct": _pct(gain),
        "gain_usd_mn": round(float(gain * game.payoffs[k].scale), 3),
        "instruments": {c.instrument: _rates(game, who, c, own, rates) for c, own in game.parts(k, z[k])},
    }


def _rates(game: Game, who: Player, c: Control, z: Array, every: bool) -> dict[str, Any]:
    b = game.benchmark
    today = game.tariff if c.instrument == "tariff" else game.export_tax
    new = today.copy()
    c.put(z, new)
    flow = np.where(c.grid >= 0, b.trade_flow, 0.0)
    partner_axis = 1 if c.instrument == "tariff" else 0
    own_axis = 1 - partner_axis
    told: dict[str, Any] = {
        "numbers": c.size,
        "mean_pct": _mean(new, flow),
        "today_pct": _mean(today, flow),
        "lowest_pct": _pct(np.expm1(z.min())),
        "highest_pct": _pct(np.expm1(z.max())),
        "by_sector": [
            {
                "sector": code,
                "name": b.sector_names.get(code, ""),
                "trade_usd_mn": round(float(flow[..., j].sum()), 3),
                "today_pct": _mean(today[..., j], flow[..., j]),
                "pct": _mean(new[..., j], flow[..., j]),
            }
            for j, code in enumerate(b.sectors)
            if flow[..., j].sum() > 0
        ],
        "by_partner": [
            {
                "iso3": code,
                "trade_usd_mn": round(float(f.sum()), 3),
                "today_pct": _mean(np.take(today, i, partner_axis), f),
                "pct": _mean(np.take(new, i, partner_axis), f),
            }
            for i, code in enumerate(b.economies)
            if (f := np.take(flow, i, partner_axis)).sum() > 0
        ],
    }
    if every:
        trade = flow.sum(axis=own_axis)
        told["rates"] = [
            {
                "partner": b.economies[i] if (i := int(c.partner[p])) >= 0 else "all",
                "sector": b.sectors[j] if (j := int(c.sector[p])) >= 0 else "all",
                "pct": _pct(np.expm1(z[p])),
                "trade_usd_mn": round(float(trade[i if i >= 0 else slice(None), j if j >= 0 else slice(None)].sum()), 3),
            }
            for p in range(c.size)
        ]
    return told


def _mean(rates: Array, flow: Array) -> float:
    """Mean rate in per cent, weighted by the benchmark's trade."""
    total = float(flow.sum())
    return _pct(float((rates * flow).sum()) / total) if total > 0 else 0.0
