"""One government's best tariffs, the others' held, with the certificate that they are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from comity.records import Array, Benchmark, Closure, Equilibrium, Wedges
from comity.strategy.ascent import Sight, Top, climb
from comity.strategy.game import BOUNDS, Game, Plays, Point, Rates
from comity.strategy.players import Player

TOLERANCE = 1e-7
"""The largest projected Newton step, in ln(1 + t), at which rates count as optimal."""

SAME = 1e-5
"""Two searches found the same point where no rate differs by more (in ln(1 + t))."""

SAME_GAIN = 1e-8
"""Two ends are as good as each other where payoffs differ by no more (a fraction of real income)."""

SECOND = 0.5
"""The rate that the second search starts from."""


@dataclass(frozen=True)
class Certificate:
    """Why an optimum is one.

    `newton` is the largest step, in ln(1 + t), that a projected Newton step would still move a rate, `promise` what it would
    bring (a fraction of real income), `at_bounds` how many rates are held by a bound. `other_starts` says, for each further
    start by name, how far its end lies from this one, and `same` whether all ended here (None: there was one start);
    `short` by how much the worst of those ends falls short of this one (a fraction of real income).
    """

    converged: bool
    newton: float
    promise: float
    at_bounds: int
    rates: int
    steps: int
    solves: int
    solver_steps: int
    gradients: int
    residual: float
    other_starts: tuple[tuple[str, float], ...] = ()
    short: float = 0.0

    @property
    def as_good(self) -> bool:
        """Whether every further start ended as high as here, at these rates or at others.

        With tariffs and export taxes together there are always such others: a uniform tariff and a uniform export tax are the
        same policy (Lerner 1936).
        """
        return self.short <= SAME_GAIN

    @property
    def same(self) -> bool | None:
        """Whether every further start found the same point."""
        return all(gap <= SAME for _, gap in self.other_starts) if self.other_starts else None


@dataclass(frozen=True, eq=False)
class Response:
    """A government's best rates: `z` = ln(1 + t) by free number, `wedges` the whole world's policy, `eq` the world then.

    `gain` is its payoff over today's, as a fraction of its benchmark real income; `game` holds today's world.
    """

    game: Game
    z: Array
    eq: Equilibrium
    gain: float
    certificate: Certificate

    @property
    def wedges(self) -> Wedges:
        """The policy of all."""
        return self.eq.wedges


def best_response(
    benchmark: Benchmark,
    who: Player,
    *,
    closure: Closure,
    wedges: Wedges | None = None,
    bounds: tuple[float, float] = BOUNDS,
    tolerance: float = TOLERANCE,
    second_start: bool = True,
) -> Response:
    """The rates that maximise one player's payoff while all others keep theirs.

    Raises InputError for deficits that tariffs would move, for weights where no producer earns a rent, and for an instrument
    that has no derivative. A search that did not converge is returned with `certificate.converged` false.
    """
    game = Game(benchmark, (who,), closure, wedges or Wedges(), bounds)
    starts = [("today's rates", game.rates_today()[0])]
    if second_start:
        starts.append((f"{100 * SECOND:g} % everywhere", game.rates_of(SECOND)[0]))
    tops = [(name, respond(game, game.rates_today(), 0, z, tolerance=tolerance)) for name, z in starts]
    best = max(tops, key=lambda top: (top[1].converged, top[1].at.value))[1]
    others = tuple((name, float(np.max(np.abs(top.at.z - best.at.z)))) for name, top in tops if top is not best)
    short = max((float(best.at.value - top.at.value) for _, top in tops), default=0.0)
    eq = best.at.record.eq
    assert eq is not None
    today = game.payoffs[0].value(game.today.values)
    proof = replace(certificate(game, best, game.low[0], game.high[0], others, eq.residual), short=short)
    return Response(game, best.at.z, eq, best.at.value - today, proof)


def respond(
    game: Plays, z: Rates, k: int, start: Array | None = None, *, tolerance: float = TOLERANCE, limit: int = 80
) -> Top[Point]:
    """Player k's climb from `start` (its rates in z unless given) with the others at z."""

    def see(own: Array, near: Point | None) -> Sight[Point]:
        point = game.at((*z[:k], own, *z[k + 1 :]), (k,), near)
        return Sight(own, float(point.payoffs[k]), point.slopes[k], lambda g: game.divide(point, k, g), point)

    return climb(see, z[k] if start is None else start, game.low[k], game.high[k], tolerance=tolerance, limit=limit)


def certificate(
    game: Game, top: Top[Point], low: Array, high: Array, others: Sequence[tuple[str, float]], residual: float
) -> Certificate:
    """The certificate of a climb between these bounds, with all the work of its game so far."""
    z, count = top.at.z, game.count
    bound = int(((z <= low) | (z >= high)).sum())
    return Certificate(
        top.converged, top.newton, top.promise, bound, len(z), top.steps, count.solves, count.steps, count.gradients, residual,
        tuple(others),
    )  # fmt: skip
