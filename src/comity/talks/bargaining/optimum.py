"""The largest value of a smooth function on a box under smooth constraints, from several starts, with a certificate.

SLSQP (Kraft 1988) climbs; whether it arrived is judged here, from the first-order conditions at the point it returned and never
from its own word.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
from scipy.optimize import minimize, nnls

from comity.records import Array
from comity.talks.bargaining.payoffs import remainder

VIOLATION = 1e-8
"""By how much a constraint may be missed, in its own unit; below 1e-9 of income where packages move less than a tenth of it."""
STATIONARY = 1e-6
"""Projected gradient, in the unit of slope, below which a point is a maximum of the first order."""
SAME_VALUE = 1e-8
"""Difference of scaled values below which two starts found equally good points."""
SAME_POINT = 1e-3
"""Distance in intensities below which two of those are one point."""
STEPS = 100
ARRIVED = 1e-8
"""Projected gradient at which a climb is ended, and distance at which a constraint is active."""
NEAR = 1e-5
"""Distance over which the polish takes differences of gradients, and to a bound within which it lets a variable be."""
LEAST_SLOPE = 1e-3
"""Part of the steepest slope below which a variable's unit grows no further."""
ROUNDS = 5
PULLS = 12
"""Halvings of the way back to a start that keeps the constraints, where the climb's end misses one by a little."""

Valued = Callable[[Array], tuple[float, Array]]
Limited = Callable[[Array], tuple[Array, Array]]


@dataclass(frozen=True, eq=False)
class Programme:
    """max value(z) with lower ≤ z ≤ upper and limits(z) ≥ 0; both functions return their derivative by z as well."""

    value: Valued
    limits: Limited | None
    lower: Array
    upper: Array
    shown: int
    """How many leading entries of z are intensities; the rest are auxiliary."""
    unit: float | None = None
    """Of the value's slope; None: the largest slope at a start."""


@dataclass(frozen=True, eq=False)
class Certificate:
    """How far an optimum can be trusted.

    `projected_gradient` is what no multiplier explains, in the unit of slope; `multipliers` the value that
    one unit of each constraint costs; `violation` the worst miss of a constraint in its own unit.
    """

    projected_gradient: float
    multipliers: Array
    violation: float
    evaluations: int
    starts: int
    found_by: tuple[int, ...]
    """Numbers of the starts that ended there."""

    @property
    def holds(self) -> bool:
        """Whether the conditions of the first order hold and no constraint is missed."""
        return self.projected_gradient <= STATIONARY and self.violation <= VIOLATION

    def as_dict(self) -> dict[str, object]:
        """As plain data."""
        return {
            "projected_gradient": remainder(self.projected_gradient),
            "multipliers": [float(f"{m:.6g}") for m in self.multipliers],
            "violation": remainder(self.violation),
            "evaluations": self.evaluations,
            "starts": self.starts,
            "found_by": list(self.found_by),
            "holds": self.holds,
        }


@dataclass(frozen=True, eq=False)
class Optimum:
    """The best point found, its value, its certificate and other points that are as good (intensities alone)."""

    z: Array
    x: Array
    value: float
    certificate: Certificate
    ties: tuple[Array, ...] = field(default=())


@dataclass
class _Scaled:
    """The programme with slopes of about one, as SLSQP wants it; remembers the last points."""

    programme: Programme
    value_unit: float = 1.0
    limit_unit: Array | float = 1.0

    def __post_init__(self) -> None:
        self._value = lru_cache(maxsize=512)(lambda key: self.programme.value(np.frombuffer(key)))
        limits = self.programme.limits
        self._limits = lru_cache(maxsize=512)(lambda key: limits(np.frombuffer(key)) if limits else _nothing(len(key) // 8))

    def value(self, z: Array) -> tuple[float, Array]:
        value, slope = self._value(np.asarray(z, dtype=float).tobytes())
        return value / self.value_unit, slope / self.value_unit

    def limits(self, z: Array) -> tuple[Array, Array]:
        value, slope = self._limits(np.asarray(z, dtype=float).tobytes())
        return value / self.limit_unit, slope / np.reshape(self.limit_unit, (-1, 1))

    def missed(self, z: Array) -> float:
        """The worst violation in the constraints' own units."""
        return float(np.max(-self._limits(np.asarray(z, dtype=float).tobytes())[0], initial=0.0))


def _nothing(size: int) -> tuple[Array, Array]:
    return np.zeros(0), np.zeros((0, size))


def maximise(programme: Programme, starts: Sequence[Array], evaluations: Callable[[], int] = lambda: 0) -> Optimum | None:
    """The best point that the starts lead to; None where none of them finds one that keeps the constraints.

    `evaluations` reads a counter of what was evaluated. Ties go to the smaller sum of intensities, then to the earlier start.
    """
    before = evaluations()
    scaled = _scaled(programme, starts)
    found = [(number, z) for number, start in enumerate(starts) if (z := _arrive(scaled, start)) is not None]
    if not found:
        return None
    groups = _groups(scaled, found)
    chosen = min(groups, key=lambda group: (round(float(group[0][1][: programme.shown].sum()), 4), min(n for n, _ in group)))
    z = _polish(scaled, chosen[0][1])
    others = tuple(group[0][1][: programme.shown] for group in groups if group is not chosen)
    residual, multipliers = first_order(scaled, z)
    by = tuple(sorted(n for n, _ in chosen))
    certificate = Certificate(residual, multipliers, scaled.missed(z), evaluations() - before, len(starts), by)
    return Optimum(z, z[: programme.shown], programme.value(z)[0], certificate, others)


def _arrive(scaled: _Scaled, start: Array) -> Array | None:
    """Where a start leads to: the climb's end unless the start itself is better; None where neither keeps the constraints."""
    begin = np.clip(start, scaled.programme.lower, scaled.programme.upper)
    end = _climb(scaled, begin)
    if end is not None and scaled.missed(end) > VIOLATION >= scaled.missed(begin):
        end = _pull(scaled, begin, end)
    ends = [z for z in (end, begin) if z is not None and scaled.missed(z) <= VIOLATION]
    if not ends:
        return None
    return ends[0] if scaled.value(ends[0])[0] >= scaled.value(ends[-1])[0] - 1e-12 else ends[-1]


def _pull(scaled: _Scaled, begin: Array, end: Array) -> Array:
    """The furthest point found of the way from a start that keeps the constraints to an end that does not."""
    low, high = 0.0, 1.0
    for _ in range(PULLS):
        middle = (low + high) / 2
        low, high = (middle, high) if scaled.missed(begin + middle * (end - begin)) <= VIOLATION else (low, middle)
    return begin + low * (end - begin)


def _groups(scaled: _Scaled, found: list[tuple[int, Array]]) -> list[list[tuple[int, Array]]]:
    """The best points, those at one place together, the best of each place first; each with the numbers of its starts."""
    shown = scaled.programme.shown
    ranked = sorted(found, key=lambda pair: -scaled.value(pair[1])[0])
    top = scaled.value(ranked[0][1])[0]
    groups: list[list[tuple[int, Array]]] = []
    for number, z in ranked:
        if scaled.value(z)[0] < top - SAME_VALUE:
            break
        near = [g for g in groups if np.max(np.abs(g[0][1][:shown] - z[:shown]), initial=0.0) <= SAME_POINT]
        if near:
            near[0].append((number, z))
        else:
            groups.append([(number, z)])
    return groups


def _scaled(programme: Programme, starts: Sequence[Array]) -> _Scaled:
    """Units in which the largest slope at any start is one."""
    raw = _Scaled(programme)
    inside = [np.clip(start, programme.lower, programme.upper) for start in starts]
    slope = max(float(np.abs(raw.value(z)[1]).max(initial=0.0)) for z in inside)
    slopes = np.max([np.abs(raw.limits(z)[1]).max(axis=1, initial=0.0) for z in inside], axis=0)
    raw.value_unit = slope if slope > 0 else 1.0
    raw.limit_unit = np.where(slopes > 0, slopes, 1.0)
    return raw


class _Arrived(Exception):
    """A climb is where the conditions of the first order hold."""

    def __init__(self, z: Array):
        self.z = z
        super().__init__()


def _reach(scaled: _Scaled, start: Array) -> Array:
    """Units of the variables in which each moves the steepest of value and constraints by as much.

    Without them a proposal of small effect creeps to its bound while one of large effect leaps there. Powers of two, so that
    bounds are met to the last digit.
    """
    steep = np.maximum(np.abs(scaled.value(start)[1]), np.abs(scaled.limits(start)[1]).max(axis=0, initial=0.0))
    top = float(steep.max(initial=0.0))
    return np.ones_like(start) if top == 0 else np.exp2(-np.round(np.log2(np.maximum(steep / top, LEAST_SLOPE))))


def _climb(scaled: _Scaled, start: Array) -> Array | None:
    """Where SLSQP ends, cleaned of distances to the bounds that are rounding; None where it lost its way."""
    programme = scaled.programme
    unit = _reach(scaled, start)
    bounds = list(zip(programme.lower / unit, programme.upper / unit, strict=True))
    constraints = []

    def watch(y: Array) -> None:
        z = y * unit
        if scaled.missed(z) <= 0.1 * VIOLATION and first_order(scaled, z)[0] <= ARRIVED:
            raise _Arrived(z)

    if scaled.limits(start)[0].size:
        constraints = [
            {"type": "ineq", "fun": lambda y: scaled.limits(y * unit)[0], "jac": lambda y: scaled.limits(y * unit)[1] * unit}
        ]
    try:
        with np.errstate(all="ignore"):
            end = unit * (
                minimize(
                    lambda y: -scaled.value(y * unit)[0],
                    start / unit,
                    jac=lambda y: -scaled.value(y * unit)[1] * unit,
                    bounds=bounds,
                    constraints=constraints,
                    method="SLSQP",
                    callback=watch,
                    options={"ftol": 1e-14, "maxiter": STEPS},
                ).x
            )
    except _Arrived as arrived:
        end = arrived.z
    if not np.all(np.isfinite(end)):
        return None
    z = np.clip(end, programme.lower, programme.upper)
    clean = z.copy()
    for bound in (programme.lower, programme.upper):
        near = np.isfinite(bound) & (np.abs(z - bound) < 1e-9)
        clean[near] = bound[near]
    return clean if scaled.missed(clean) <= max(scaled.missed(z), VIOLATION) else z


def _polish(scaled: _Scaled, z: Array) -> Array:
    """Newton's method on the first-order conditions, for what a climb by values cannot see: gains are small beside incomes.

    The curvature is the difference of gradients over NEAR; a step that does not lessen the residual is not taken.
    """
    programme = scaled.programme
    residual = first_order(scaled, z)[0]
    for _ in range(ROUNDS):
        free = np.nonzero((z > programme.lower + NEAR) & (z < programme.upper - NEAR))[0]
        if residual <= 0.1 * STATIONARY or not len(free):
            break
        weight = first_order(scaled, z)[1] * np.broadcast_to(scaled.limit_unit, scaled.limits(z)[0].shape) / scaled.value_unit
        active = np.nonzero(weight > 0)[0]
        limit, rows = scaled.limits(z)

        def slope(point: Array, weight: Array = weight) -> Array:
            return scaled.value(point)[1] + weight @ scaled.limits(point)[1]

        curve = np.stack([(slope(z + NEAR * e) - slope(z - NEAR * e))[free] / (2 * NEAR) for e in np.eye(len(z))[free]])
        side = rows[np.ix_(active, free)]
        system = np.block([[(curve + curve.T) / 2, side.T], [side, np.zeros((len(active), len(active)))]])
        step = np.linalg.lstsq(system, -np.concatenate([slope(z)[free], limit[active]]), rcond=1e-12)[0][: len(free)]
        trial = z.copy()
        trial[free] += step * min(1.0, 0.05 / max(float(np.abs(step).max()), 1e-300))
        trial = np.clip(trial, programme.lower, programme.upper)
        found = first_order(scaled, trial)[0]
        lost = scaled.value(z)[0] - scaled.value(trial)[0]
        if not found < residual or lost > SAME_VALUE or scaled.missed(trial) > VIOLATION:
            break
        z, residual = trial, found
    return z


def first_order(scaled: _Scaled, z: Array) -> tuple[float, Array]:
    """The part of the gradient that no multiplier of an active bound or constraint explains, and the constraints' multipliers.

    Least squares over multipliers of at least zero (Lawson & Hanson 1974); multipliers in value per unit of the constraint.
    """
    programme = scaled.programme
    slope = scaled.value(z)[1]
    per = scaled.value_unit / programme.unit if programme.unit else 1.0
    limit, jacobian = scaled.limits(z)
    active = np.nonzero(limit <= ARRIVED)[0]
    at_lower = np.nonzero(z <= programme.lower + 1e-9)[0]
    at_upper = np.nonzero(z >= programme.upper - 1e-9)[0]
    eye = np.eye(len(z))
    normals = np.concatenate([jacobian[active], eye[at_lower], -eye[at_upper]]).T
    multipliers = np.zeros(len(limit))
    if not normals.size:
        return float(np.abs(slope).max(initial=0.0)) * per, multipliers
    found, _ = nnls(normals, -slope)
    residual = float(np.abs(slope + normals @ found).max(initial=0.0)) * per
    unit = np.broadcast_to(scaled.limit_unit, limit.shape)
    multipliers[active] = found[: len(active)] * scaled.value_unit / unit[active]
    return residual, multipliers
