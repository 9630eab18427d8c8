"""War: rates at which no player gains by changing its own alone, verified by searching for a better answer from elsewhere.

All players move at once by their own Newton steps, and Anderson acceleration (1965; Walker & Ni 2011) takes what the
steps of some do to the slopes of others. Whether the end is a Nash point is not believed but tried: each player climbs from
other starts with the others held. Where that finds a better answer, the players answer each other in turn from there, and
what they do is reported: another point, a cycle, or no rest within the rounds allowed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np

from comity.errors import InputError, NoEquilibriumError
from comity.records import Array, Benchmark, Closure, Equilibrium, Wedges
from comity.strategy.ascent import Top, held
from comity.strategy.game import BOUNDS, Game, Plays, Point, Rates
from comity.strategy.players import Player
from comity.strategy.response import SAME, SECOND, TOLERANCE, respond

DEPTH = 10
"""Past steps that Anderson acceleration combines."""

LONGEST = 0.4
"""The most that ln(1 + t) moves in one step."""

LIMIT = 80
"""Joint steps before the search gives up."""

ROUNDS = 40
"""Rounds of best answers in turn before the search gives up."""

WORSE = 30.0
"""The joint step starts anew, shortened, from the best point so far where it has grown by this factor."""

DEVIATION = 1e-8
"""A gain from deviating below this (a fraction of real income) is the solver's rounding."""


@dataclass(frozen=True, eq=False)
class Joint:
    """Where the joint search ended: `newton` is the largest projected Newton step of any player."""

    point: Point
    newton: float
    steps: int
    converged: bool


@dataclass(frozen=True)
class Deviation:
    """A player's best answer to a point, searched from a start of its own: what it would gain, how far it lies."""

    player: int
    start: str
    gain: float
    distance: float
    converged: bool


@dataclass(frozen=True, eq=False)
class Ending:
    """What one search ended with.

    `outcome` is `nash` (no deviation found that pays), `cycle` (best answers return to where they were after `period`
    rounds), `not_nash` (a deviation pays and the answers did not come to rest) or `not_converged`.
    """

    start: str
    outcome: str
    point: Point
    newton: float
    steps: int
    rounds: int
    period: int
    deviations: tuple[Deviation, ...]

    @property
    def temptation(self) -> float:
        """The largest gain that a deviation was found to bring, as a fraction of real income."""
        return max((d.gain for d in self.deviations), default=0.0)


def together(game: Plays, z: Rates, *, tolerance: float = TOLERANCE, limit: int = LIMIT) -> Joint:
    """All players' Newton steps at once, accelerated, until no rate would move by more than the tolerance."""
    who = tuple(range(len(z)))
    low, high = np.concatenate(game.low), np.concatenate(game.high)
    cuts = np.cumsum([len(own) for own in z])[:-1]
    damping, best = 1.0, None
    x = np.concatenate(z)
    past: list[tuple[Array, Array]] = []
    near: Point | None = None
    for step in range(limit + 1):
        try:
            here = game.at(tuple(np.split(x, cuts)), who, near)
        except NoEquilibriumError:
            if best is None:
                raise
            x, past, damping = best[1], [], damping / 2
            x = np.clip(x + damping * best[2], low, high)
            continue
        move = newton_step(game, here)
        size = float(np.max(np.abs(move), initial=0.0))
        if best is None or size < best[0]:
            best = (size, x, move, here)
        if size <= tolerance:
            return Joint(here, size, step, True)
        if size > WORSE * best[0] and damping > 1 / 64:
            past, damping, (_, x, move, here) = [], damping / 2, best
        near = here
        past = [*past[-DEPTH:], (x, move)]
        x = np.clip(_accelerated(past, damping), low, high)
    assert best is not None
    return Joint(best[3], best[0], limit, False)


def newton_step(game: Plays, here: Point) -> Array:
    """The projected Newton step of every player, one after another."""
    parts = []
    for k, own in enumerate(here.z):
        free = ~held(own, here.slopes[k], game.low[k], game.high[k])
        step = game.divide(here, k, np.where(free, here.slopes[k], 0.0))
        parts.append(np.clip(own + np.where(free, step, 0.0), game.low[k], game.high[k]) - own)
    return np.concatenate(parts)


def _accelerated(past: Sequence[tuple[Array, Array]], damping: float) -> Array:
    """The next rates from the last ones and their steps (type II)."""
    x, move = past[-1]
    step = damping * move
    if len(past) > 1:
        dx = np.array([b[0] - a[0] for a, b in pairwise(past)])
        df = np.array([b[1] - a[1] for a, b in pairwise(past)])
        mix = np.linalg.lstsq(df.T, move, rcond=1e-10)[0]
        step = damping * (move - mix @ df) - mix @ dx
    return x + step * min(1.0, LONGEST / max(float(np.max(np.abs(step))), 1e-300))


SAME_WORLD = 1e-6
"""Two endings are one world where no economy's real income differs by more (ratio)."""

TWINS = (
    "; the search from elsewhere ends at other rates that make the same world, as uniform tariffs and export taxes do (Lerner)"
)

Starts = Sequence[tuple[str, Callable[[int], Array]]]


def deviations(
    game: Plays, at: Point, starts: Starts, *, tolerance: float = TOLERANCE
) -> tuple[list[Deviation], list[Top[Point]]]:
    """Each player's best answers to a point, from each start."""
    found, tops = [], []
    for k in range(len(at.z)):
        for name, start in starts:
            top = respond(game, at.z, k, start(k), tolerance=tolerance)
            gain = top.at.value - float(at.payoffs[k])
            found.append(Deviation(k, name, gain, float(np.max(np.abs(top.at.z - at.z[k]))), top.converged))
            tops.append(top)
    return found, tops


def in_turn(game: Plays, z: Rates, *, tolerance: float = TOLERANCE, rounds: int = ROUNDS) -> tuple[Point, int, int]:
    """Best answers one player after another: the last point, the rounds played, and the period of a cycle (0: none, 1: rest)."""
    history = [np.concatenate(z)]
    point: Point | None = None
    for played in range(1, rounds + 1):
        for k in range(len(z)):
            tops = [respond(game, z, k, start, tolerance=tolerance) for start in (z[k], game.high[k], game.low[k])]
            point = max(tops, key=lambda top: top.at.value).at.record
            z = point.z
        now = np.concatenate(z)
        for period, before in enumerate(reversed(history), start=1):
            if float(np.max(np.abs(now - before))) <= SAME:
                assert point is not None
                return point, played, period
        history.append(now)
    assert point is not None
    return point, rounds, 0


def search(game: Plays, start: str, z: Rates, starts: Starts, *, tolerance: float = TOLERANCE, rounds: int = ROUNDS) -> Ending:
    """From one start to an ending, tried by deviations from `starts`."""
    joint = together(game, z, tolerance=tolerance)
    point, newton, played, period = joint.point, joint.newton, 0, 0
    tried, tops = deviations(game, point, starts, tolerance=tolerance) if joint.converged else ([], [])
    if joint.converged and max(d.gain for d in tried) <= DEVIATION:
        return Ending(start, "nash", point, newton, joint.steps, 0, 0, tuple(tried))
    if tops:
        point = tops[int(np.argmax([d.gain for d in tried]))].at.record
    point, played, period = in_turn(game, point.z, tolerance=tolerance, rounds=rounds)
    if period == 1:
        again = together(game, point.z, tolerance=tolerance)
        if again.converged:
            tried, _ = deviations(game, again.point, starts, tolerance=tolerance)
            if max(d.gain for d in tried) <= DEVIATION:
                return Ending(start, "nash", again.point, again.newton, joint.steps + again.steps, played, 1, tuple(tried))
    outcome = "cycle" if period > 1 else "not_nash" if joint.converged else "not_converged"
    return Ending(start, outcome, point, newton, joint.steps, played, period, tuple(tried))


@dataclass(frozen=True, eq=False)
class War:
    """Nash tariffs. `ending` is the one chosen, `endings` all, `points` the different Nash points among them.

    `gain` is each player's payoff over today's, as a fraction of its benchmark real income.
    """

    game: Game
    ending: Ending
    endings: tuple[Ending, ...]
    points: tuple[Ending, ...]
    gain: Array
    solves: int
    gradients: int
    choice: str = field(default="")

    @property
    def eq(self) -> Equilibrium:
        """The world in the ending that was chosen."""
        assert self.ending.point.eq is not None
        return self.ending.point.eq

    @property
    def converged(self) -> bool:
        """Whether the ending is a Nash point."""
        return self.ending.outcome == "nash"


def nash(
    benchmark: Benchmark,
    players: Sequence[Player],
    *,
    closure: Closure,
    wedges: Wedges | None = None,
    bounds: tuple[float, float] = BOUNDS,
    tolerance: float = TOLERANCE,
    second_start: bool = True,
    verify: bool = True,
) -> War:
    """Rates at which every player's are a best answer to the others'.

    Searched from today's rates and, with `second_start`, from 50 % everywhere; with `verify` every player's best answer is
    searched from today's rates and from 50 %. Of several Nash points the one from today's rates is chosen; a cycle and
    several points are said in the result. Raises InputError as `best_response` does.
    """
    if len(players) < 2:
        raise InputError("players: a war takes two; `best` finds one government's best tariffs")
    game = Game(benchmark, tuple(players), closure, wedges or Wedges(), bounds)
    today, elsewhere = game.rates_today(), game.rates_of(SECOND)
    second = f"{100 * SECOND:g} % everywhere"
    starts: Starts = [("today's rates", lambda k: today[k]), (second, lambda k: elsewhere[k])] if verify else []
    endings = [_ending(game, "today's rates", today, starts, tolerance)]
    if second_start:
        endings.append(_again(game, second, elsewhere, endings[0], starts, tolerance))
    points: list[Ending] = []
    twins = 0
    for one in endings:
        if one.outcome != "nash" or any(apart(one, other) <= SAME for other in points):
            continue
        if any(same_world(one, other) for other in points):
            twins += 1
        else:
            points.append(one)
    chosen = points[0] if points else endings[0]
    base = np.array([p.value(game.today.values) for p in game.payoffs])
    return War(
        game, chosen, tuple(endings), tuple(points), chosen.point.payoffs - base, game.count.solves, game.count.gradients,
        (f"the Nash point that the search from {chosen.start} ends in" if points else "none is a Nash point")
        + (TWINS if twins else ""),
    )  # fmt: skip


def _ending(game: Game, name: str, z: Rates, starts: Starts, tolerance: float) -> Ending:
    if starts:
        return search(game, name, z, starts, tolerance=tolerance)
    joint = together(game, z, tolerance=tolerance)
    return Ending(name, "nash" if joint.converged else "not_converged", joint.point, joint.newton, joint.steps, 0, 0, ())


def _again(game: Game, name: str, z: Rates, first: Ending, starts: Starts, tolerance: float) -> Ending:
    """A second search; deviations are tried anew only where it ends elsewhere."""
    joint = together(game, z, tolerance=tolerance)
    if joint.converged:
        ending = Ending(name, first.outcome, joint.point, joint.newton, joint.steps, 0, 0, first.deviations)
        if apart(ending, first) <= SAME:
            return ending
    return _ending(game, name, joint.point.z, starts, tolerance)


def same_world(one: Ending, other: Ending) -> bool:
    """Whether two endings leave every economy with the same real income, whatever the rates that do it."""
    here, there = one.point.eq, other.point.eq
    if here is None or there is None:
        return False
    return float(np.max(np.abs(here.values["real_income"] - there.values["real_income"]))) <= SAME_WORLD


def apart(one: Ending, other: Ending) -> float:
    """The largest difference of a rate between two endings, in ln(1 + t)."""
    return float(np.max(np.abs(np.concatenate(one.point.z) - np.concatenate(other.point.z))))
