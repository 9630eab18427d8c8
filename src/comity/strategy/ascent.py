"""The highest point of a smooth function between bounds: projected quasi-Newton with a curvature that the caller supplies.

L-BFGS (Nocedal 1980) started from the caller's curvature, on the numbers that are not held at a bound (Bertsekas 1982).
Close to the top, where differences of the function drown in the solver's rounding, a step is judged by its slope
(Hager & Zhang 2005). What counts as the top is the size of the projected Newton step, never the size of a step taken.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np

from comity.errors import NoEquilibriumError
from comity.records import Array

MEMORY = 12
"""Past steps that shape the curvature."""

LONGEST = 0.4
"""The most that ln(1 + t) moves in one step."""

NOISE = 1e-9
"""Relative differences of the function below this are the solver's rounding (its own tolerance, 1e-10, and room)."""

ARMIJO = 1e-4
TRIALS = 12

T = TypeVar("T")


@dataclass(frozen=True, eq=False)
class Sight(Generic[T]):
    """The function at one place: value, slope, the caller's own record, and H⁻¹ as a function."""

    z: Array
    value: float
    slope: Array
    divide: Callable[[Array], Array]
    record: T


@dataclass(frozen=True, eq=False)
class Top(Generic[T]):
    """Where the climb ended. `newton` is the largest projected Newton step left, `promise` the gain that it would bring."""

    at: Sight[T]
    newton: float
    promise: float
    steps: int
    converged: bool


def climb(
    see: Callable[[Array, T | None], Sight[T]], z: Array, low: Array, high: Array, *, tolerance: float = 1e-7, limit: int = 80
) -> Top[T]:
    """Climb from z. `see(z, near)` evaluates, and may raise NoEquilibriumError where there is nothing to see."""
    here = see(np.clip(z, low, high), None)
    memory: deque[tuple[Array, Array]] = deque(maxlen=MEMORY)
    for step in range(limit + 1):
        free = ~held(here.z, here.slope, low, high)
        newton, promise = left(here, free, low, high)
        if newton <= tolerance or step == limit:
            return Top(here, newton, promise, step, newton <= tolerance)
        found = None
        while found is None:
            direction = _direction(here, free, memory)
            found = _search(see, here, direction, low, high)
            if found is None:
                if not memory:
                    return Top(here, newton, promise, step, False)
                memory.clear()
        moved, turned = found.z - here.z, here.slope - found.slope
        if moved @ turned > 1e-12 * np.linalg.norm(moved) * np.linalg.norm(turned):
            memory.append((moved, turned))
        here = found
    raise AssertionError("unreachable")


def held(z: Array, slope: Array, low: Array, high: Array) -> Array:
    """Numbers at a bound that the slope pushes against."""
    return ((z <= low) & (slope <= 0)) | ((z >= high) & (slope >= 0))


def left(here: Sight, free: Array, low: Array, high: Array) -> tuple[float, float]:
    """The largest projected Newton step, and half of slope times step: the gain that it promises."""
    slope = np.where(free, here.slope, 0.0)
    step = np.clip(here.z + np.where(free, here.divide(slope), 0.0), low, high) - here.z
    return float(np.max(np.abs(step), initial=0.0)), float(0.5 * slope @ step)


def _direction(here: Sight, free: Array, memory: deque[tuple[Array, Array]]) -> Array:
    """H⁻¹ slope on the free numbers, with the curvature that the last steps have shown."""
    q = np.where(free, here.slope, 0.0)
    used = []
    for s, y in reversed(memory):
        s, y = np.where(free, s, 0.0), np.where(free, y, 0.0)
        if (sy := s @ y) <= 1e-12 * np.linalg.norm(s) * np.linalg.norm(y):
            continue
        a = (s @ q) / sy
        q = q - a * y
        used.append((s, y, sy, a))
    d = np.where(free, here.divide(q), 0.0)
    if used:
        _, y, sy, _ = used[0]
        d *= np.clip(sy / max(y @ np.where(free, here.divide(y), 0.0), 1e-300), 0.1, 10.0)
    for s, y, sy, a in reversed(used):
        d = d + (a - (y @ d) / sy) * s
    return np.where(free, d, 0.0)


def _search(
    see: Callable[[Array, T | None], Sight[T]], here: Sight[T], direction: Array, low: Array, high: Array
) -> Sight[T] | None:
    """A step along the direction, bent at the bounds, that goes up; None when none of twelve does."""
    size = min(1.0, LONGEST / max(float(np.max(np.abs(direction))), 1e-300))
    noise = NOISE * abs(here.value)
    for _ in range(TRIALS):
        z = np.clip(here.z + size * direction, low, high)
        moved = z - here.z
        expected = float(here.slope @ moved)
        if expected <= 0:
            return None
        try:
            there = see(z, here.record)
        except NoEquilibriumError:
            size *= 0.25
            continue
        gain, slope = there.value - here.value, float(there.slope @ moved)
        if expected > noise:
            if gain >= ARMIJO * expected:
                return there
        elif gain >= -noise and slope >= -(1 - 2 * ARMIJO) * expected:
            return there
        bend = expected - slope
        size *= float(np.clip(expected / bend if bend > 0 else 0.5, 0.1, 0.6))
    return None
