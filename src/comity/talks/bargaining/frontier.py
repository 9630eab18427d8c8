"""What the parties can have together: points that nothing dominates, and lotteries over packages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.optimize import linprog, minimize_scalar

from comity.records import Array
from comity.talks.bargaining.gains import Gains

TIE = 1e-9
"""Differences of gains, relative to their unit, that are none."""
ROUNDS = 200


@dataclass(frozen=True, eq=False)
class Lottery:
    """Packages drawn with fixed probabilities (a rotation): the Nash point of what lotteries reach."""

    positions: tuple[int, ...]
    """In the list of packages given; −1 is no package."""
    probability: Array
    gain: Array
    """Expected certainty equivalents over no package, party."""
    over_pure: float
    """Σ b ln g above that of the best single package; infinite where no single one lets everybody gain."""
    gap: float
    """Certificate: by how much the best package not drawn beats the prices at the optimum; at most 0 but for rounding."""
    x: Array | None = None
    """The packages drawn, package × proposal, where they are intensities."""

    @property
    def needs_rotation(self) -> bool:
        """Whether drawing between packages is better than the best single one."""
        return len(self.positions) > 1 and self.over_pure > TIE


def nondominated(gain: Array, tolerance: float = TIE) -> Array:
    """Which rows no other row beats for some party without loss for any; of equal rows the first. `gain` point × party."""
    unit = np.abs(gain).max(axis=0)
    g = gain / np.where(unit > 0, unit, 1.0)
    kept = np.ones(len(g), dtype=bool)
    for m, row in enumerate(g):
        no_worse = np.all(g >= row - tolerance, axis=1)
        better = np.any(g > row + tolerance, axis=1)
        same = no_worse & ~better & (np.arange(len(g)) < m)
        kept[m] = not (np.any(no_worse & better) or np.any(same & kept))
    return kept


def lottery(gain: Array, weights: Array, movable: Array | None = None) -> Lottery | None:
    """Probabilities that maximise Σ_n b_n ln Σ_m p_m g_mn over the parties that can gain; no package drawn hurts the others.

    `gain` point × party over no package, which may be drawn too; None where not even a lottery lets all of them gain. Solved by
    exchange: each round the package worth most at the present prices b_n / g_n enters, then all probabilities are found anew.
    """
    free = np.ones(gain.shape[1], dtype=bool) if movable is None else movable
    if not free.any():
        return None
    points = np.vstack([gain, np.zeros(gain.shape[1])])
    unit = np.abs(points).max(axis=0)
    scaled = points / np.where(unit > 0, unit, 1.0)
    harmless = np.nonzero(np.all(scaled[:, ~free] >= -TIE, axis=1))[0]
    g, b = scaled[np.ix_(harmless, free)], weights[free] / weights[free].sum()
    start = _level(g)
    if start is None:
        return None
    drawn, gap = _exchange(g, b, start)
    used = np.nonzero(drawn > 1e-9)[0]
    p = drawn[used] / drawn[used].sum()
    pure = np.max(np.log(g[np.all(g > TIE, axis=1)]) @ b, initial=-np.inf)
    positions = tuple(-1 if m == len(gain) else int(m) for m in harmless[used])
    return Lottery(positions, p, p @ points[harmless[used]], float(b @ np.log(p @ g[used]) - pure), gap)


def _level(g: Array) -> Array | None:
    """The lottery that raises the least gain most; None where that is nothing."""
    m, n = g.shape
    cost = np.append(np.zeros(m), -1.0)
    rows, total = np.hstack([-g.T, np.ones((n, 1))]), np.append(np.ones(m), 0.0)[None]
    bounds = [(0, None)] * m + [(None, None)]
    out: Any = linprog(cost, A_ub=rows, b_ub=np.zeros(n), A_eq=total, b_eq=[1.0], bounds=bounds, method="highs")
    return out.x[:m] if out.status == 0 and out.x[-1] > TIE else None


def _exchange(g: Array, b: Array, p: Array) -> tuple[Array, float]:
    """Probabilities at the optimum, and how much the best package still beats its prices: a concave programme's certificate."""
    gap = np.inf
    for _ in range(ROUNDS):
        worth = g @ (b / (p @ g))
        best = int(np.argmax(worth))
        gap = float(worth[best] - 1.0)
        if gap <= 1e-10:
            break
        p = _weigh(g, b, _towards(g, b, p, best))
    return p, gap


def _towards(g: Array, b: Array, p: Array, best: int) -> Array:
    """The best point of the way from a lottery to one package."""
    here, way = p @ g, g[best] - p @ g
    falling = way < 0
    furthest = float(np.min(here[falling] / -way[falling], initial=1.0))

    def loss(step: float) -> float:
        return -float(b @ np.log(np.maximum(here + step * way, 1e-300)))

    found: Any = minimize_scalar(loss, bounds=(0.0, furthest), method="bounded", options={"xatol": 1e-12})
    step = 1.0 if furthest == 1 and loss(1.0) <= loss(found.x) else float(found.x)
    return p + step * (np.eye(len(p))[best] - p)


def _weigh(g: Array, b: Array, p: Array) -> Array:
    """Newton's method for the probabilities of the packages drawn, one of them the remainder, each kept at zero or above."""
    for _ in range(50):
        drawn = np.nonzero(p > 1e-12)[0]
        base = int(drawn[np.argmax(p[drawn])])
        others = drawn[drawn != base]
        if not len(others):
            return p
        d, total = g[others] - g[base], p @ g
        move = np.linalg.lstsq((d * (b / total**2)) @ d.T, d @ (b / total), rcond=1e-12)[0]
        if np.abs(move).max() < 1e-15:
            return p
        full = np.zeros_like(p)
        full[others], full[base] = move, -move.sum()
        falling = full < 0
        trial = np.maximum(p + full * min(1.0, float(np.min(p[falling] / -full[falling], initial=1.0))), 0.0)
        gain = trial @ g
        if np.any(gain <= 0) or b @ np.log(gain) < b @ np.log(total) - 1e-15:
            return p
        p = trial / trial.sum()
    return p


@dataclass(frozen=True, eq=False)
class Frontier:
    """Points that nothing found dominates, by rising gain of the first party; point × proposal and point × party in USD mn."""

    x: Array
    gain: Array
    dropped: int
    """How many points of the search were dominated by others."""


def levels(parties: int, points: int) -> int:
    """Levels for each party but the first, so that about `points` programmes are solved; at least two."""
    return points if parties <= 2 else max(2, round(points ** (1 / (parties - 1))))


def frontier(gains: Gains, ideal: Array, points: int = 11, agreed: Sequence[Array] = ()) -> Frontier:
    """ε-constraint: the most for the first party while each other has at least a level between nothing and its ideal.

    The points `agreed` stand beside those. All of them compete with whole packages and with every point that bargaining
    visited; what is dominated is dropped, and what dominates takes its place.
    """
    count = len(gains.parties)
    x = list(agreed)
    if count > 1:
        grid = np.linspace(0.0, 1.0, levels(count, points))
        for share in np.stack(np.meshgrid(*[grid] * (count - 1), indexing="ij"), axis=-1).reshape(-1, count - 1):
            floor = np.append(-np.inf, share * ideal[1:] - 1e-12 * gains.unit[1:])
            found = gains.lift(np.eye(count)[0] / gains.unit[0], floor)
            x += [] if found is None else [found.x]
    solved = len(x)
    if not solved:
        return Frontier(np.zeros((0, len(gains.proposals))), np.zeros((0, count)), 0)
    x = np.vstack([np.array(x), np.array(gains.x)])
    gain = np.vstack([np.array([gains.at(row) for row in x[:solved]]), np.array(gains.gain)])
    inside = np.all(gain >= -1e-8 * gains.unit, axis=1)
    kept = inside & nondominated(np.where(inside[:, None], gain, 0.0), 1e-7)
    unit = np.where(np.abs(gain).max(axis=0) > 0, np.abs(gain).max(axis=0), 1.0)
    for m in range(solved, len(x)):
        ahead = (gain[m] - gain[:solved][inside[:solved]]) / unit
        kept[m] &= bool(np.any(np.all(ahead >= -1e-7, axis=1) & np.any(ahead > 1e-7, axis=1)))
    order = np.lexsort(gain[kept].T[::-1])
    return Frontier(x[kept][order], gain[kept][order], int((~kept[:solved]).sum()))
