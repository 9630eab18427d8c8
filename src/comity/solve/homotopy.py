"""From the benchmark to the scenario: at once where that works, in stages where the shock is large."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from weakref import WeakKeyDictionary

import jax
import numpy as np

from comity.model import market
from comity.records import Closure, Wedges
from comity.solve import posed, problem, root, slow, turning

DIRECT_LIMIT = 80
"""Steps that the direct attempt may take before the shock is cut into stages."""

STAGE_LIMIT = 60
"""Steps that one stage may take before its length is halved."""

SHORTEST_STAGE = 1 / 4096
"""Of the way that is left."""

STALE_LIMIT = 20
"""Steps that a loose stage may take with the blocks of an earlier one: making them anew costs as much as thirty."""

MOST_STAGES = 200

NEAR, FAR = 4.0, 4.0
"""Largest gap of any equation (a log) at which the direct attempt, or a stage, is worth a try."""

POLISHES = 6
"""How often a last stage that is near goes on with blocks made where it stands, when its steps are used up."""

FOLLOWED = 3
"""How often the path is followed by its fastest unknown where stages of the shock find nothing more."""

SHRINK = (1 / 8, 0.8)
"""A stage whose guess is further off than FAR is cut in proportion, within these: the gap is about linear in its length."""

CUT = 0.9
"""Of FAR: the gap that a stage which was cut aims at."""

LOOSE, ON_THE_WAY = 0.1, 1e-3
"""How sharp the end of a stage must be: it is only the start of the next one. Loose until a stage is not reached; then all
begins anew with sharper ends and blocks of their own, for where a path ends its last point is looked into."""

Path = Callable[[float], market.Shock]

_steers: WeakKeyDictionary[problem.World, dict[tuple[str, str], root.Steer]] = WeakKeyDictionary()


@dataclass(frozen=True, eq=False)
class Point:
    """A solved point: packed unknowns, the steps that led to it and the residual there."""

    x: jax.Array
    steps: int
    residual: float
    stages: int = 1


def benchmark_steer(w: problem.World, closure: Closure) -> root.Steer:
    """The preconditioner at the benchmark, made once for a closure."""
    known = _steers.setdefault(w, {})
    key = (closure.factors, closure.deficits)
    if key not in known:
        known[key] = steer_at(w, problem.shock(w, Wedges()), closure, problem.start_state(w, closure, None))
    return known[key]


def steer_at(w: problem.World, shock: market.Shock, closure: Closure, x: jax.Array) -> root.Steer:
    """The preconditioner at a point: the economies' inverse blocks and the slow modes of what they leave."""
    return slow.steer(w, shock, closure, x, root.inverse_blocks(closure.factors, closure.deficits)(w.base, shock, x))


def reach(
    w: problem.World, path: Path, closure: Closure, x0: jax.Array, tolerance: float, steer: root.Steer, near: float = NEAR
) -> Point:
    """The equilibrium at the end of `path` (fraction of the shock to arrays of the shock).

    From a start further away than `near` the direct attempt is not worth a try, where the benchmark itself is an equilibrium.
    Raises NoEquilibriumError, naming the worst equation, economy and sector, when the path ends before the shock does.
    """
    run = root.compiled(closure.factors, closure.deficits)
    it = run(w.base, path(1.0), x0, steer, tolerance, DIRECT_LIMIT, near)
    steps = int(it.steps)
    if float(it.residual) <= tolerance:
        return Point(it.x + it.correction, steps, float(it.residual))
    return _in_stages(w, path, closure, tolerance, steps)


def corrected(it: root.Iterate, gap: Callable[[jax.Array], float]) -> jax.Array:
    """The last point after its correction, where that brings it nearer: next to a singular block a correction may go anywhere."""
    onward = it.x + it.correction
    return onward if gap(onward) <= float(it.residual) else it.x


def _stage(
    w: problem.World, shock: market.Shock, closure: Closure, guess: jax.Array, sharp: float, kept: root.Steer | None
) -> tuple[root.Iterate, root.Steer, int]:
    """Where the iteration to the end of one stage stands, what steered it last, and the steps.

    By the blocks `kept` from an earlier stage, where there are any and they reach it; else by its own.
    """
    run, invert = (make(closure.factors, closure.deficits) for make in (root.compiled, root.inverse_blocks))
    steps = 0
    if kept is not None:
        it = run(w.base, shock, guess, kept, sharp, STALE_LIMIT, np.inf)
        steps += int(it.steps)
        if float(it.residual) <= sharp:
            return it, kept, steps
    steer = root.Steer.of(invert(w.base, shock, guess))
    it = run(w.base, shock, guess, steer, sharp, STAGE_LIMIT, np.inf)
    steps += int(it.steps)
    for _ in range(POLISHES):
        if not sharp < float(it.residual) <= ON_THE_WAY:
            break
        it = run(w.base, shock, it.x, root.Steer.of(invert(w.base, shock, it.x)), sharp, STAGE_LIMIT, np.inf)
        steps += int(it.steps)
    return it, steer, steps


def _in_stages(w: problem.World, path: Path, closure: Closure, tolerance: float, steps: int) -> Point:
    """Stages as long as the equations stay within `FAR` of the guess: loose ones until one is not reached, then all anew, sharp,
    each half as long where it was not reached."""
    gap = root.largest_gap(closure.factors, closure.deficits)
    at, at_before, length, stages = 0.0, 0.0, 1.0, 0
    x = before = failed = start = problem.start_state(w, closure, None)
    followed, reason, turn = FOLLOWED, "", None
    steer: root.Steer | None = None
    loose = True
    for _ in range(MOST_STAGES):
        goal = 1.0 if length >= 1 - at else at + length
        shock = path(goal)
        starts = [x] if at == at_before else [x + (goal - at) / (at - at_before) * (x - before), x]
        far, guess = min(((float(gap(w.base, shock, point)), point) for point in starts), key=lambda pair: pair[0])
        if far <= FAR or length < SHORTEST_STAGE:
            sharp = tolerance if goal == 1.0 else max(tolerance, LOOSE if loose else ON_THE_WAY)
            # The last stage is worth blocks of its own: it goes on to the last digit.
            it, steer, taken = _stage(w, shock, closure, guess, sharp, steer if loose and goal < 1.0 else None)
            steps += taken
            failed = it.x
            if float(it.residual) <= sharp:
                before, at_before, x, at = x, at, corrected(it, lambda point, of=shock: float(gap(w.base, of, point))), goal
                stages += 1
                if at == 1.0:
                    return Point(x, steps, float(it.residual), stages)
                length = min(2 * length, 1 - at)
                continue
            if loose:
                loose, at, at_before, length = False, 0.0, 0.0, goal
                x = before = start
                continue
            length /= 2.0
        else:
            length *= min(max(CUT * FAR / far, SHRINK[0]), SHRINK[1])
        if length < SHORTEST_STAGE * (1 - at) or 1 - at < 1e-12:
            reason = posed.reason(w, path(min(1.0, at + length)), path(1.0), closure, x)
            turn = None if reason or not followed else turning.follow(w, path, closure, x, at)
            if turn is None or turn.turned:
                break
            before, at_before, x, at, followed = x, at, turn.x, turn.at, followed - 1
            length = max(at - at_before, SHORTEST_STAGE * (1 - at))
    shock = path(min(1.0, at + length))
    raise posed.no_equilibrium(w, shock, closure, failed, at, reason or posed.turned(w, closure, turn))
