"""How far two positions coincide: the correlation of what the parties gain when instruments all over the world move.

Instruments move independently, by steps of a stated size s. Party n's gain is Σ_c g_nc s_c ε_c, so that the correlation of
two parties' gains is the cosine of the angle between their scaled gradients: 1 when they want the same of everything, −1 when
what helps one hurts the other as much. What the two decide between themselves is left out and told apart.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from comity.records import Array
from comity.talks.positions.stance import Stances

FAINT = 1e-12
"""A gradient below this (a fraction of real income for a step) is the linear solver's rounding: no position."""

OWN = "between_them"
TOGETHER = {"flow": (), "importer": (1,), "exporter": (0,), "world": (0, 1)}
"""What moves by one common step: each flow for itself, all that one importer buys of a sector (as its tariff or its rules
would), all that one exporter sells of it, all the world's trade in it. Axes of importer and exporter that are added up."""
PLACES = ("imports_a", "exports_a", "imports_b", "exports_b", "others")
"""Whose trade an instrument bears on: the imports and exports of the first and of the second party, trade of all others."""


@dataclass(frozen=True)
class Group:
    """Some of the instruments: how far positions coincide on them, and what part of the whole they are.

    `coincidence` is None where one of the two has no position. `part` sums to the whole's coincidence over groups that make
    up all instruments, `stake` (each party's share of its variance there) to 1.
    """

    name: str
    coincidence: float | None
    part: float | None
    stake: tuple[float | None, float | None]


@dataclass(frozen=True)
class Point:
    """One instrument of one flow, and the gain of each as a fraction of real income when it rises by a step."""

    instrument: str
    importer: str
    exporter: str
    sector: str
    gain: tuple[float, float]


@dataclass(frozen=True)
class Agreement:
    """Two parties' positions on all that moves; `own` is what stands between them and is not in the rest."""

    a: str
    b: str
    whole: Group
    own: Group
    by_instrument: tuple[Group, ...]
    by_movement: tuple[Group, ...]
    by_place: tuple[Group, ...]
    by_sector: tuple[Group, ...]
    clashes: tuple[Point, ...]
    causes: tuple[Point, ...]


def coincidence(one: Array, other: Array) -> float | None:
    """Correlation of Σ one_c ε_c and Σ other_c ε_c for independent ε of variance 1; None where either is nothing."""
    sizes = float(np.linalg.norm(one)), float(np.linalg.norm(other))
    if min(sizes, default=0.0) <= FAINT:
        return None
    return float(np.clip((one / sizes[0]).ravel() @ (other / sizes[1]).ravel(), -1.0, 1.0))


def agreement(s: Stances, k: int, m: int, *, most: int = 10) -> Agreement:
    """Positions of parties k and m of the stances."""
    b = s.benchmark
    n, i = b.economy_index(s.parties[k]), b.economy_index(s.parties[m])
    between = np.zeros(s.moving.shape, dtype=bool)
    between[n, i] = between[i, n] = True
    names = tuple(s.steps.size)
    mine, theirs = (np.stack([s.change[name][at] for name in names]) for at in (k, m))
    apart = np.broadcast_to(s.moving & ~between, mine.shape)
    whole = _group("all", mine, theirs, apart, apart)
    places = _places(n, i, s.moving.shape)
    return Agreement(
        s.parties[k],
        s.parties[m],
        whole,
        _group(OWN, mine, theirs, np.broadcast_to(s.moving & between, mine.shape), None),
        tuple(_alone(name, s, k, m, s.moving & ~between) for name in s.change),
        tuple(_moving(name, axes, mine, theirs, apart) for name, axes in TOGETHER.items()),
        tuple(_group(name, mine, theirs, apart & where, apart) for name, where in places.items()),
        _sectors(s, mine, theirs, apart),
        _sharpest(s, names, mine, theirs, apart, -1, most),
        _sharpest(s, names, mine, theirs, apart, 1, most),
    )


def _group(name: str, mine: Array, theirs: Array, where: Array, within: Array | None) -> Group:
    """Coincidence on the cells `where`, as a part of the one on `within` (None: a whole of its own)."""
    a, b = mine[where], theirs[where]
    found = coincidence(a, b)
    if within is None:
        return Group(name, found, None, (None, None))
    sizes = [float(np.linalg.norm(x[within])) for x in (mine, theirs)]
    stake = [float((x / size) @ (x / size)) if size > FAINT else None for x, size in ((a, sizes[0]), (b, sizes[1]))]
    part = float((a / sizes[0]) @ (b / sizes[1])) if min(sizes) > FAINT else None
    return Group(name, found, part, (stake[0], stake[1]))


def _alone(name: str, s: Stances, k: int, m: int, where: Array) -> Group:
    """One instrument looked at alone; the size of its step does not matter then."""
    change = s.change[name]
    return Group(name, coincidence(change[k][where], change[m][where]), None, (None, None))


def _moving(name: str, axes: tuple[int, ...], mine: Array, theirs: Array, apart: Array) -> Group:
    """Coincidence when all flows along `axes` move by the same step: gradients are added up before they are compared."""
    rows = [np.where(apart, x, 0.0).sum(axis=tuple(1 + axis for axis in axes)) for x in (mine, theirs)]
    return Group(name, coincidence(rows[0], rows[1]), None, (None, None))


def _places(n: int, i: int, shape: tuple[int, ...]) -> Mapping[str, Array]:
    """Masks over flows; every flow between different economies but those of the two with each other is in exactly one."""
    masks = {name: np.zeros(shape, dtype=bool) for name in PLACES}
    masks["imports_a"][n] = True
    masks["exports_a"][:, n] = True
    masks["imports_b"][i] = True
    masks["exports_b"][:, i] = True
    masks["others"] = ~(masks["imports_a"] | masks["exports_a"] | masks["imports_b"] | masks["exports_b"])
    return masks


def _sectors(s: Stances, mine: Array, theirs: Array, apart: Array) -> tuple[Group, ...]:
    """By sector, the largest parts of the whole first."""
    found = []
    for j, code in enumerate(s.benchmark.sectors):
        where = np.zeros_like(apart)
        where[..., j] = apart[..., j]
        if where.any():
            found.append(_group(code, mine, theirs, where, apart))
    return tuple(sorted(found, key=lambda group: -abs(group.part or 0.0)))


def _sharpest(
    s: Stances, names: tuple[str, ...], mine: Array, theirs: Array, apart: Array, sign: int, most: int
) -> tuple[Point, ...]:
    """The instruments with the largest product of gains of this sign."""
    product = np.where(apart, sign * mine * theirs, 0.0)
    flat = product.ravel()
    count = min(most, int((flat > FAINT**2).sum()))
    if not count:
        return ()
    order = np.argpartition(-flat, count - 1)[:count]
    order = order[np.argsort(-flat[order], kind="stable")]
    return tuple(_point(s, names, at, mine, theirs) for at in zip(*np.unravel_index(order, product.shape), strict=True))


def _point(s: Stances, names: tuple[str, ...], at: Iterable[int], mine: Array, theirs: Array) -> Point:
    cell = tuple(at)
    p, n, i, j = cell
    b = s.benchmark
    return Point(names[p], b.economies[n], b.economies[i], b.sectors[j], (float(mine[cell]), float(theirs[cell])))
