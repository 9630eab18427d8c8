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

VIOLATION = 1e-9
"""By how much a constraint may be missed, in its own unit."""
STATIONARY = 1e-6
"""Projected gradient, relative to the largest gradient at a start, below which a point is a maximum of the first order."""
SAME_VALUE = 1e-8
"""Difference of scaled values below which two starts found equally good points."""
SAME_POINT = 1e-4
"""Distance in intensities below which two of those are one point."""
STEPS = 200

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


@dataclass(frozen=True, eq=False)
class Certificate:
    """How far an optimum can be trusted.

    `projected_gradient` is what no multiplier explains, relative to the largest gradient at a start; `multipliers` the value that
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
            "projected_gradient": float(f"{self.projected_gradient:.2e}"),
            "multipliers": [float(f"{m:.6g}") for m in self.multipliers],
            "violation": float(f"{max(self.violation, 0.0):.1e}"),
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
    found: list[tuple[float, int, Array]] = []
    for number, start in enumerate(starts):
        begin = np.clip(start, programme.lower, programme.upper)
        for z in (_climb(scaled, begin), begin):
            if z is not None and scaled.missed(z) <= VIOLATION:
                found.append((scaled.value(z)[0], number, z))
    if not found:
        return None
    top = max(value for value, _, _ in found)
    best = [(number, z) for value, number, z in found if value >= top - SAME_VALUE]
    number, z = min(best, key=lambda pair: (round(float(pair[1][: programme.shown].sum()), 6), pair[0]))
    x = z[: programme.shown]
    others: list[Array] = []
    for _, other in best:
        own = other[: programme.shown]
        if all(np.max(np.abs(own - seen), initial=0.0) > SAME_POINT for seen in (x, *others)):
            others.append(own)
    same = tuple(dict.fromkeys(n for n, other in best if np.max(np.abs(other[: programme.shown] - x), initial=0.0) <= SAME_POINT))
    residual, multipliers = first_order(scaled, z)
    certificate = Certificate(residual, multipliers, scaled.missed(z), evaluations() - before, len(starts), same)
    return Optimum(z, x, programme.value(z)[0], certificate, tuple(others))


def _scaled(programme: Programme, starts: Sequence[Array]) -> _Scaled:
    """Units in which the largest slope at any start is one."""
    raw = _Scaled(programme)
    inside = [np.clip(start, programme.lower, programme.upper) for start in starts]
    slope = max(float(np.abs(raw.value(z)[1]).max(initial=0.0)) for z in inside)
    slopes = np.max([np.abs(raw.limits(z)[1]).max(axis=1, initial=0.0) for z in inside], axis=0)
    raw.value_unit = slope if slope > 0 else 1.0
    raw.limit_unit = np.where(slopes > 0, slopes, 1.0)
    return raw


def _climb(scaled: _Scaled, start: Array) -> Array | None:
    """Where SLSQP ends, cleaned of distances to the bounds that are rounding; None where it lost its way."""
    programme = scaled.programme
    bounds = list(zip(programme.lower, programme.upper, strict=True))
    constraints = []
    if scaled.limits(start)[0].size:
        constraints = [{"type": "ineq", "fun": lambda z: scaled.limits(z)[0], "jac": lambda z: scaled.limits(z)[1]}]
    with np.errstate(all="ignore"):
        out = minimize(
            lambda z: -scaled.value(z)[0],
            start,
            jac=lambda z: -scaled.value(z)[1],
            bounds=bounds,
            constraints=constraints,
            method="SLSQP",
            options={"ftol": 1e-14, "maxiter": STEPS},
        )
    if not np.all(np.isfinite(out.x)):
        return None
    z = np.clip(out.x, programme.lower, programme.upper)
    clean = z.copy()
    for bound in (programme.lower, programme.upper):
        near = np.isfinite(bound) & (np.abs(z - bound) < 1e-9)
        clean[near] = bound[near]
    return clean if scaled.missed(clean) <= max(scaled.missed(z), VIOLATION) else z


def first_order(scaled: _Scaled, z: Array) -> tuple[float, Array]:
    """The part of the gradient that no multiplier of an active bound or constraint explains, and the constraints' multipliers.

    Least squares over multipliers of at least zero (Lawson & Hanson 1974); multipliers in value per unit of the constraint.
    """
    programme = scaled.programme
    slope = scaled.value(z)[1]
    limit, jacobian = scaled.limits(z)
    active = np.nonzero(limit <= 1e-7)[0]
    at_lower = np.nonzero(z <= programme.lower + 1e-9)[0]
    at_upper = np.nonzero(z >= programme.upper - 1e-9)[0]
    eye = np.eye(len(z))
    normals = np.concatenate([jacobian[active], eye[at_lower], -eye[at_upper]]).T
    multipliers = np.zeros(len(limit))
    if not normals.size:
        return float(np.abs(slope).max(initial=0.0)), multipliers
    found, _ = nnls(normals, -slope)
    residual = float(np.abs(slope + normals @ found).max(initial=0.0))
    unit = np.broadcast_to(scaled.limit_unit, limit.shape)
    multipliers[active] = found[: len(active)] * scaled.value_unit / unit[active]
    return residual, multipliers


def spread(count: int, dimension: int) -> list[Array]:
    """`count` points that fill the unit cube evenly, always the same: the additive recurrence of Roberts (2018)."""
    root = 2.0
    for _ in range(64):
        root = (1 + root) ** (1 / (dimension + 1))
    step = root ** -np.arange(1.0, dimension + 1)
    return [(0.5 + n * step) % 1.0 for n in range(1, count + 1)]
