"""The largest self-enforcing package: compared on a grid of depths, refined around what was found, raised to the end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np

from comity.records import Array
from comity.talks.keeping.lattice import GREATEST, LARGEST_WORTH, MAXIMAL, Grid, Lattice, search
from comity.talks.keeping.trust import Deal, Punishment

POINTS = 12_000
"""Packages of one state that are compared at a time; where there are more, depths are thinned first and refined after."""

Looked = Sequence[Sequence[Array]]
"""Positions among the depths that are looked at, by state and proposal."""


@dataclass(frozen=True, eq=False)
class Depths:
    """The packages in question: each concession of `moving` at one of `steps` of what was agreed, in each of the states `sure`.

    A package is an array of positions among the steps, state × proposal; what does not move stands at the last one. `future` is
    δ/(1−δ).
    """

    deal: Deal
    after: Punishment
    moving: tuple[int, ...]
    steps: Array
    sure: tuple[int, ...]
    future: float
    tolerance: float

    @property
    def full(self) -> Array:
        """Everything as agreed."""
        return np.full(self.deal.x.shape, len(self.steps) - 1)

    def x(self, at: Array) -> Array:
        """The intensities of a package."""
        return self.deal.x * self.steps[at]

    def worth(self, at: Array) -> Array:
        """V_n of a package."""
        return self.deal.probability @ (self.deal.payoffs.at(self.x(at)) - self.after.payoff)

    def around(self, at: Array, offsets: Array) -> Looked:
        """What moves at its position and offsets from it, the rest where it is."""
        rows: list[list[Array]] = [[np.array([m]) for m in row] for row in at]
        for s, k in product(self.sure, self.moving):
            near = at[s, k] + offsets
            rows[s][k] = near[(near >= 0) & (near < len(self.steps))]
        return rows

    def grid(self, s: int, looked: Sequence[Array]) -> tuple[list[Array], Grid]:
        """One state's packages with the positions on their axes: whatever can be withdrawn stands at nothing too."""
        able = [k in self.deal.standing and self.deal.x[s, k] > 0 for k in range(len(looked))]
        places = [np.union1d([0], own) if may else np.array([len(self.steps) - 1]) for may, own in zip(able, looked, strict=True)]
        axes = [self.steps[place] * whole for place, whole in zip(places, self.deal.x[s], strict=True)]
        return places, Grid.of(self.deal, s, axes, self.after)

    def compared(self, looked: Looked) -> tuple[Array | None, str]:
        """The best package of a grid with its certificate; see `search`."""
        sides = [self.grid(s, looked[s]) for s in self.sure]
        places = [side for side, _ in sides]
        low = np.array(
            [
                [int(np.searchsorted(place, own[0])) if len(place) > 1 else 0 for place, own in zip(row, looked[s], strict=True)]
                for s, row in zip(self.sure, places, strict=True)
            ]
        )
        lattice = Lattice(tuple(grid for _, grid in sides), self.deal.probability[list(self.sure)], self.future, self.tolerance)
        points, certificate = search(lattice, low, self.after.x[list(self.sure)])
        if points is None:
            return None, certificate
        at = self.full
        for s, row, grid, point in zip(self.sure, places, lattice.grids, points, strict=True):
            at[s] = [place[m] for place, m in zip(row, grid.place[point], strict=True)]
        return at, certificate

    def line(self, at: Array, s: int, k: int) -> Line:
        """One concession at every depth, the rest of a package as it is."""
        looked = [np.array([m]) for m in at[s]]
        looked[k] = np.arange(len(self.steps))
        places, grid = self.grid(s, looked)
        last = np.array([len(place) - 1 for place in places])
        on = np.all(np.delete(grid.place == last, k, axis=1), axis=1)
        return Line(places[k], grid.value[on], grid.temptation[on])


@dataclass(frozen=True, eq=False)
class Line:
    """Positions of one concession in one state, and value and temptation there, position × party."""

    place: Array
    value: Array
    temptation: Array


@dataclass(frozen=True, eq=False)
class Largest:
    """The largest self-enforcing package (None: none was found), what is certain of it, and the one that is worth most.

    `best` is what was raised to `at`, worth more to all together where raising costs more than it brings; `complete` says
    whether no self-enforcing package at all is worth more than `best`.
    """

    at: Array | None
    certificate: str
    best: Array | None
    complete: bool


def largest(depths: Depths) -> Largest:
    """The self-enforcing package that is worth most to all together, raised one concession at a time until nothing can be.

    Every combination of depths is compared where that can be afforded. Otherwise depths are thinned, and finer ones looked at
    around what was found, as many together as can be afforded.
    """
    last, count = len(depths.steps) - 1, max(1, len(depths.moving))
    strides = [step for step in range(1, last + 1) if last % step == 0]
    stride = next((step for step in strides if (last // step + 1) ** count <= POINTS), last)
    every = stride == 1
    at, certificate = depths.compared(depths.around(depths.full, stride * np.arange(-last // stride, 1)))
    complete = every and certificate != MAXIMAL
    if at is None:
        return Largest(None, certificate if every else MAXIMAL, None, complete)
    if certificate == GREATEST and (every or np.array_equal(at, depths.full)):
        return Largest(at, GREATEST, at, False)
    if not every:
        at = _refined(depths, at, [step for step in strides if step < stride and stride % step == 0], count)
    raised = _raised(depths, at)
    same = depths.worth(raised).sum() >= depths.worth(at).sum() - depths.tolerance
    return Largest(raised, LARGEST_WORTH if complete and same else MAXIMAL, at, complete)


def _refined(depths: Depths, at: Array, strides: Sequence[int], count: int) -> Array:
    """From a self-enforcing package to the best one around it, again and again, from wide strides to narrow ones."""
    reach = (int(POINTS ** (1 / count)) - 1) // 2
    for stride in reversed(strides if reach else ()):
        better = True
        while better:
            near, _ = depths.compared(depths.around(at, stride * np.arange(-reach, reach + 1)))
            better = near is not None and depths.worth(near).sum() > depths.worth(at).sum() + depths.tolerance
            at = near if near is not None and better else at
    return at


def _raised(depths: Depths, at: Array) -> Array:
    """A self-enforcing package raised one concession in one state at a time until none can be, what is worth most first."""
    at, probability = at.copy(), depths.deal.probability
    lines = {(s, k): depths.line(at, s, k) for s, k in product(depths.sure, depths.moving)}
    while True:
        worth = depths.worth(at)
        here = {(s, k): int(np.searchsorted(line.place, at[s, k])) for (s, k), line in lines.items()}
        tempted = {s: line.temptation[here[s, k]] for (s, k), line in lines.items()}
        best, step = -np.inf, None
        for (s, k), line in lines.items():
            then = worth + probability[s] * (line.value - line.value[here[s, k]])
            elsewhere = np.max([t for other, t in tempted.items() if other != s], axis=0, initial=-np.inf)
            kept = np.all(np.maximum(line.temptation, elsewhere) <= depths.future * then + depths.tolerance, axis=1)
            top = int(np.max(np.flatnonzero(kept), initial=-1))
            gain = float((then[top] - worth).sum())
            if top > here[s, k] and gain > best:
                best, step = gain, (s, k, line.place[top])
        if step is None:
            return at
        s, k, place = step
        at[s, k] = place
        lines |= {(s, j): depths.line(at, s, j) for j in depths.moving}
