"""Peace: rates that all players choose together, what it is worth to each over war, and transfers that share it.

Without transfers the players maximise Σ_p w_p G_p in benchmark USD mn. With transfers they maximise the gain over war that
all have in equal per cent of their real income: payments are part of the equilibrium (who receives, buys more of its own
goods), so that they are found together with the rates and not added afterwards.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from comity.errors import ComityError, InputError, NoEquilibriumError
from comity.records import Array, Benchmark, Closure, Equilibrium, Wedges
from comity.strategy.ascent import Sight, Top, climb
from comity.strategy.game import BOUNDS, Game, Point, Rates
from comity.strategy.nash import War, nash
from comity.strategy.players import Player
from comity.strategy.response import TOLERANCE, Certificate, certificate

EXACT = 1e-10
"""Largest difference between the players' gains, as fractions of real income, at which transfers share equally."""

SHARINGS = 30
"""Newton steps for the transfers."""

ROUNDS = 6
"""Times that rates and transfers are found anew, each from the other."""


@dataclass(frozen=True, eq=False)
class Peace:
    """What the players choose together.

    `over_today` and `over_war` are each player's payoff gains as fractions of its benchmark real income; `transfers` what
    each player receives in benchmark USD mn (zeros without transfers); `start` the start that led there. In the certificate
    `other_starts` says by how much the weighted sum falls short from each other start.
    """

    game: Game
    war: War
    z: Rates
    eq: Equilibrium
    weights: Array
    over_today: Array
    over_war: Array
    transfers: Array
    start: str
    certificate: Certificate


def cooperate(
    benchmark: Benchmark,
    players: Sequence[Player],
    *,
    closure: Closure,
    wedges: Wedges | None = None,
    bounds: tuple[float, float] = BOUNDS,
    weights: Mapping[str, float] | None = None,
    transfers: bool = False,
    war: War | None = None,
    tolerance: float = TOLERANCE,
) -> Peace:
    """The rates that maximise the players' weighted sum (`weights` by code, 1 unless given), or with `transfers` an equal gain.

    Started from today's rates, from free trade and from the point of war, so that the sum is never below war's; with
    transfers nobody is below war. `war` is computed unless given. Raises InputError as `nash` does.
    """
    war = war or nash(benchmark, players, closure=closure, wedges=wedges, bounds=bounds, second_start=False, verify=False)
    if not war.converged:
        raise NoEquilibriumError(
            "no Nash point was found to compare with: start from another, or give the rates of war", worst="war"
        )
    game = war.game
    w = _weights(weights or {}, game.players)
    starts = [("today's rates", game.rates_today()), ("free trade", game.rates_of(0.0)), ("war", war.ending.point.z)]
    tops = [(name, joint(game, z, w, tolerance=tolerance)) for name, z in starts]
    name, best = max(tops, key=lambda one: one[1].at.value)
    others = tuple((other, float(best.at.value - top.at.value)) for other, top in tops if top is not best)
    paid = np.zeros(len(players))
    if transfers:
        best, paid = _shared(game, best, war, tolerance)
    point = best.at.record
    assert point.eq is not None
    base = np.array([p.value(game.today.values) for p in game.payoffs])
    return Peace(
        game, war, point.z, point.eq, w, point.payoffs - base, point.payoffs - war.ending.point.payoffs, paid, name,
        certificate(game, best, np.concatenate(game.low), np.concatenate(game.high), others, point.eq.residual),
    )  # fmt: skip


def _weights(given: Mapping[str, float], players: Sequence[Player]) -> Array:
    codes = [one.code for one in players]
    wrong = [f"{code}: {value:g}" for code, value in given.items() if code not in codes or not 0 <= value < np.inf]
    if wrong:
        raise InputError(f"weights: {', '.join(wrong)}; a weight is a number from 0 for a player ({', '.join(codes)})")
    w = np.array([float(given.get(code, 1.0)) for code in codes])
    if not w.sum() > 0:
        raise InputError("weights: somebody must count")
    return w


def joint(game: Game, z: Rates, w: Array, *, paid: Array | None = None, tolerance: float = TOLERANCE) -> Top[Point]:
    """The climb of Σ_p w_p G_p over all players' rates together; `paid` is a transfer to each economy (USD mn)."""
    scale = w * np.array([p.scale for p in game.payoffs])
    scale = scale / scale.sum()
    cuts = np.cumsum([len(own) for own in z])[:-1]

    def see(x: Array, near: Point | None) -> Sight[Point]:
        rates = tuple(np.split(x, cuts))
        point = game.at(rates, (), near) if paid is None else paying(game, rates, paid, near)
        assert point.eq is not None
        slope = np.concatenate(game.joint_slope(point.eq, rates, scale))

        def divide(g: Array) -> Array:
            parts = [game.divide(point, k, part) / max(scale[k], 1e-3) for k, part in enumerate(np.split(g, cuts))]
            return np.concatenate(parts)

        return Sight(x, float(scale @ point.payoffs), slope, divide, point)

    x = np.concatenate(z)
    return climb(see, x, np.concatenate(game.low), np.concatenate(game.high), tolerance=tolerance, limit=200)


def paying(game: Game, z: Rates, paid: Array, near: Point | None) -> Point:
    """The point at these rates with transfers to economies."""
    transfer = paid if game.wedges.transfer is None else game.wedges.transfer + paid
    eq = game.solve(replace(game.policy(z), transfer=transfer), near.eq if near is not None else None)
    return Point(z, np.array([p.value(eq.values) for p in game.payoffs]), {}, eq)


def to_economies(game: Game, paid: Array) -> Array:
    """Transfers to players as transfers to economies: members of a union share by their real income."""
    total = np.zeros(len(game.benchmark.economies))
    for k, one in enumerate(game.players):
        own = list(one.members)
        size = (game.benchmark.income - game.benchmark.deficit)[own]
        total[own] += paid[k] * size / size.sum()
    return total


def share(game: Game, z: Rates, floor: Array, near: Point, paid: Array) -> tuple[Point, Array, float, Array]:
    """Transfers between players at these rates that give all the same gain over `floor`: Newton with exact derivatives.

    Returns the point, the transfers by player (they sum to zero), the gain and the marginal worth of a dollar to each player
    from each (player × player, per USD mn). Raises ComityError if they are not found.
    """
    count = len(game.players)
    spread = np.array([to_economies(game, row) for row in np.eye(count)]).T
    for _ in range(SHARINGS):
        point = paying(game, z, to_economies(game, paid), near)
        assert point.eq is not None
        worth = game.worth_of_a_dollar(point.eq) @ spread
        gap = point.payoffs - floor
        system = np.zeros((count + 1, count + 1))
        system[:count, :count] = worth
        system[:count, count] = -1.0
        system[count, :count] = 1.0
        gain = float(gap.mean())
        if float(np.max(np.abs(gap - gain))) <= EXACT:
            return point, paid, gain, worth
        paid = paid + np.linalg.solve(system, np.append(-gap, 0.0))[:count]
        paid -= paid.mean()
        near = point
    raise ComityError("the transfers that share the gain equally were not found")


def _shared(game: Game, top: Top[Point], war: War, tolerance: float) -> tuple[Top[Point], Array]:
    """Rates and transfers, each found anew from the other, with the largest equal gain over war seen.

    The rates maximise Σ λ_p u_p with λ such that a dollar is worth the same wherever it goes: then no rate is chosen for
    what a transfer does better. War with no transfer is one of the candidates, so that the gain is never negative.
    """
    floor = war.ending.point.payoffs
    paid = np.zeros(len(game.players))
    best: tuple[float, Top[Point], Array] | None = None
    for _ in range(ROUNDS):
        try:
            point, paid, gain, worth = share(game, top.at.record.z, floor, top.at.record, paid)
        except ComityError:
            break
        if best is not None and gain <= best[0] + EXACT:
            break
        best = (gain, _at(top, point), paid)
        weight = _indifferent(worth) / np.array([p.scale for p in game.payoffs])
        top = joint(game, top.at.record.z, weight, paid=to_economies(game, paid), tolerance=tolerance)
    if best is None or best[0] < 0:
        at = war.ending.point
        return _at(top, at), np.zeros(len(game.players))
    return best[1], best[2]


def _at(top: Top[Point], point: Point) -> Top[Point]:
    return replace(top, at=replace(top.at, z=np.concatenate(point.z), record=point))


def _indifferent(worth: Array) -> Array:
    """λ ≥ 0 with λᵀ (worth of a dollar to k) equal for all k: what a planner with transfers weighs payoffs by."""
    count = len(worth)
    system = np.vstack([worth.T - worth.T.mean(axis=0), np.full(count, worth.mean())])
    found = np.linalg.lstsq(system, np.append(np.zeros(count), worth.mean() * count), rcond=None)[0]
    return np.maximum(found, 0.0)
