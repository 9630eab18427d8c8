"""Self-enforcing packages on a grid: every concession at its own intensity in every state of the world (talks.md, part 6).

A package is kept if in every state no party wins more by a break than the deal is worth to it, T_n(s) ≤ δ/(1−δ) V_n. A state's
grid holds V's part and T at every combination of intensities; boxes of such points are cut, and split, the most promising first.
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from comity.records import Array
from comity.talks.bargaining.payoffs import on_grid
from comity.talks.keeping.trust import Deal, Punishment

GREATEST = "greatest"
LARGEST_WORTH = "largest_worth"
MAXIMAL = "maximal"

BOXES = 5000
"""Boxes that are split before a search is cut short."""
WORK = 10_000_000
"""Points that are looked at, boxes times points of all grids, before it is."""

Points = tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Grid:
    """One state's packages at every combination of intensities, the last axis varying fastest.

    `axes` the intensities of each proposal, rising, from 0 where it can be withdrawn; `value` what a package is worth over what
    follows a break and `temptation` what the best own withdrawal wins, point × party, USD mn; `place` point × proposal.
    """

    axes: tuple[Array, ...]
    value: Array
    temptation: Array
    place: Array

    @classmethod
    def of(cls, deal: Deal, s: int, axes: Sequence[Array], after: Punishment) -> Grid:
        """From the deal's payoffs in one state. Withdrawing a set is withdrawing its members one after another."""
        payoff = on_grid(deal.payoffs, s, axes)
        parties = payoff.shape[-1]
        best = payoff.copy()
        for n in range(parties):
            for k in deal.own(n):
                np.maximum(best[..., n], best[..., n].take([0], axis=k), out=best[..., n])
        place = np.indices(payoff.shape[:-1]).reshape(len(axes), -1).T
        return cls(tuple(axes), (payoff - after.payoff[s]).reshape(-1, parties), (best - payoff).reshape(-1, parties), place)

    def x(self, point: int) -> Array:
        """The intensities of a point."""
        return np.array([axis[m] for axis, m in zip(self.axes, self.place[point], strict=True)])

    def point(self, place: Array) -> int:
        """The point at positions on the axes."""
        return int(np.ravel_multi_index(tuple(place), [len(axis) for axis in self.axes]))


@dataclass(frozen=True, eq=False)
class Box:
    """Positions from `low` to `high`, state × proposal; of its points `kept`, by state, may belong to a package that holds."""

    low: Array
    high: Array
    kept: tuple[Array, ...]


@dataclass(frozen=True, eq=False)
class Lattice:
    """The grids of the states that can come; `future` is δ/(1−δ)."""

    grids: tuple[Grid, ...]
    probability: Array
    future: float
    tolerance: float

    def worth(self, at: Points) -> Array:
        """V_n of a package."""
        return np.sum([q * grid.value[m] for q, grid, m in zip(self.probability, self.grids, at, strict=True)], axis=0)

    def holds(self, at: Points) -> bool:
        """Whether nobody breaks a package in any state."""
        tempted = np.max([grid.temptation[m] for grid, m in zip(self.grids, at, strict=True)], axis=0)
        return bool(np.all(tempted <= self.future * self.worth(at) + self.tolerance))

    def top(self, box: Box) -> Points:
        """A box's upper end."""
        return tuple(grid.point(place) for grid, place in zip(self.grids, box.high, strict=True))

    def everything(self, low: Array) -> Box:
        """All packages from these positions on."""
        high = np.array([[len(axis) - 1 for axis in grid.axes] for grid in self.grids])
        return Box(low, high, tuple(np.ones(len(grid.place), dtype=bool) for grid in self.grids))

    def cut(self, box: Box) -> Box | None:
        """The box without what not even the best of its packages enforces; None if nothing is left.

        A party's best worth when one state stands at a point is at most its value there and its best values in the other
        states, so that no self-enforcing package is lost.
        """
        inside = [
            np.flatnonzero(kept & np.all((grid.place >= a) & (grid.place <= b), axis=1))
            for grid, kept, a, b in zip(self.grids, box.kept, box.low, box.high, strict=True)
        ]
        while all(len(points) for points in inside):
            here = [q * g.value[m] for q, g, m in zip(self.probability, self.grids, inside, strict=True)]
            most = [value.max(axis=0) for value in here]
            best = np.sum(most, axis=0)
            left = [
                m[np.all(g.temptation[m] <= self.future * (best - top + value) + self.tolerance, axis=1)]
                for g, m, value, top in zip(self.grids, inside, here, most, strict=True)
            ]
            if [len(m) for m in left] == [len(m) for m in inside]:
                ends = [(g.place[m].min(axis=0), g.place[m].max(axis=0)) for g, m in zip(self.grids, left, strict=True)]
                kept = tuple(np.isin(np.arange(len(g.place)), m) for g, m in zip(self.grids, left, strict=True))
                return Box(np.array([a for a, _ in ends]), np.array([b for _, b in ends]), kept)
            inside = left
        return None

    def best(self, box: Box) -> Points:
        """The point of each state that is worth most to all, the last of equals: no package of the box is worth more."""
        joint = [np.where(kept, grid.value.sum(axis=1), -np.inf) for grid, kept in zip(self.grids, box.kept, strict=True)]
        return tuple(len(v) - 1 - int(np.argmax(v[::-1])) for v in joint)


def search(lattice: Lattice, low: Array, after: Array) -> tuple[Points | None, str]:
    """The self-enforcing package that is greatest in every part, or else worth most to all together; None if none is found.

    `low` positions from which on concessions may stand, `after` the intensities that follow a break, state × proposal.
    `greatest`: every self-enforcing package lies at or below it (for None: there is none). `largest_worth`: none is worth more.
    `maximal`: the search was cut short; the better one of what the usual way down leads to and of what follows a break.
    """
    whole = lattice.everything(low)
    first = lattice.cut(whole)
    if first is None:
        return None, GREATEST
    if lattice.holds(lattice.top(first)):
        return lattice.top(first), GREATEST
    found, sure = _most(lattice, first)
    if sure:
        return found, GREATEST if found is None else LARGEST_WORTH
    broken = np.where(after > 0, whole.high, 0)
    rest = tuple(grid.point(place) for grid, place in zip(lattice.grids, broken, strict=True))
    able = [rest] if np.all(broken >= low) and lattice.holds(rest) else []
    able += [] if (lower := _descend(lattice, lattice.top(first), first)) is None else [lower]
    return max(able, key=lambda at: float(lattice.worth(at).sum()), default=None), MAXIMAL


def _most(lattice: Lattice, box: Box) -> tuple[Points | None, bool]:
    """The self-enforcing package of a cut box that is worth most to all (None: there is none), and whether that is sure."""
    boxes = [(-float(lattice.worth(lattice.best(box)).sum()), 0, box)]
    for count in range(1, min(BOXES, WORK // sum(len(grid.place) for grid in lattice.grids))):
        if not boxes:
            return None, True
        _, _, one = heapq.heappop(boxes)
        at = lattice.best(one)
        if lattice.holds(at):
            return at, True
        for half, part in enumerate(_halves(one)):
            if (found := lattice.cut(part)) is not None:
                heapq.heappush(boxes, (-float(lattice.worth(lattice.best(found)).sum()), 2 * count + half, found))
    return None, not boxes


def _halves(box: Box) -> list[Box]:
    """A box split across its widest side; none of a single package."""
    wide = box.high - box.low
    s, k = np.unravel_index(int(np.argmax(wide)), wide.shape)
    if wide[s, k] == 0:
        return []
    below, above = box.high.copy(), box.low.copy()
    below[s, k] = (box.low[s, k] + box.high[s, k]) // 2
    above[s, k] = below[s, k] + 1
    return [Box(box.low, below, box.kept), Box(above, box.high, box.kept)]


def _descend(lattice: Lattice, at: Points, box: Box) -> Points | None:
    """Down from an upper bound, in each state to the best of what the package's own worth enforces; None where that ends."""
    while not lattice.holds(at):
        limit = lattice.future * lattice.worth(at) + lattice.tolerance
        lower = tuple(
            kept & np.all(grid.place <= grid.place[m], axis=1) & np.all(grid.temptation <= limit, axis=1)
            for grid, kept, m in zip(lattice.grids, box.kept, at, strict=True)
        )
        if not all(kept.any() for kept in lower):
            return None
        at = lattice.best(Box(box.low, box.high, lower))
    return at
