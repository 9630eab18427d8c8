"""Where a change of real income comes from, exactly: the envelope condition, integrated from benchmark to counterfactual.

Along the path on which the whole scenario grows from nothing to itself, d ln V is a sum of terms by channel, partner and
sector (comity.model.envelope), and, through the adjoint, a sum over the cells of the instruments that move. Both are
integrated with Gauss and Legendre's five points in panels; a panel is halved until its terms add up to the change of
ln V between its ends, which is known from the equilibria there. What is left is reported as `residual`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from comity.errors import NoEquilibriumError
from comity.model import market
from comity.records import Array, Benchmark, Equilibrium, read_only
from comity.solve import equilibrium, homotopy, problem
from comity.solve.derivatives import adjoint, integrands, levers, linear
from comity.solve.derivatives.first_order import FirstOrder, first_order
from comity.solve.derivatives.place import Place, choose, place, values

TOLERANCE = 1e-6
"""How nearly the parts add up to ln V, for every economy that is asked."""

ORDER = 5
SHORTEST = 1 / 256
"""Shortest panel, as a fraction of the path."""

BY_PARTNER = (
    "terms_of_trade", "volume_of_trade", "volume_of_exports", "trade_cost", "dividends", "ownership", "customs_pool",
)  # fmt: skip
CHANNELS = (*BY_PARTNER, "productivity", "labour", "capital", "taste", "transfer", "deficit")
"""Terms of the envelope condition; the first by partner and sector. `volume_of_trade` is duties on imported quantities,
`volume_of_exports` export taxes on exported ones. `deficit` is what an unbalanced account gains when its own prices rise
(0 where D = 0)."""


@dataclass(frozen=True, eq=False)
class Decomposition:
    """ln V̂ of each economy in parts. `channels` are by economy (then partner, then sector, where they have them).

    `instruments`, for the economies of `of` only: by cell of rates, trade cost and ownership (outcome × importer × exporter ×
    sector), by economy and sector or by economy for the others. `residual` (`residual_of` for instruments) is ln V̂ less
    the sum of the parts, country; `nodes` how many equilibria were solved on the way. `first_order` is the published
    decomposition of consumption at base weights, which does not add up.
    """

    benchmark: Benchmark
    log_real_income: Array
    channels: Mapping[str, Array]
    of: tuple[str, ...]
    instruments: Mapping[str, Array]
    residual: Array
    residual_of: Array
    nodes: int
    first_order: FirstOrder

    def by_channel(self) -> dict[str, Array]:
        """Each channel's sum over partners and sectors; country."""
        return {name: part.reshape(len(part), -1).sum(axis=1) for name, part in self.channels.items()}

    def by_partner(self) -> dict[str, Array]:
        """Channels that have partners, summed over sectors; country × partner."""
        return {name: part.sum(axis=2) for name, part in self.channels.items() if part.ndim == 3}

    def by_sector(self) -> dict[str, Array]:
        """Channels that have sectors, summed over partners; country × sector."""
        return {name: part.sum(axis=1) if part.ndim == 3 else part for name, part in self.channels.items() if part.ndim > 1}

    def by_instrument(self) -> dict[str, Array]:
        """Each instrument's sum over its cells; outcome."""
        return {name: part.reshape(len(part), -1).sum(axis=1) for name, part in self.instruments.items()}


class _Terms:
    """Integrands at one point of the path: real income there, terms by channel and by instrument."""

    def __init__(self, log_V: Array, channels: dict[str, Array], instruments: dict[str, Array]):
        self.log_V, self.channels, self.instruments = log_V, channels, instruments


def decompose(eq: Equilibrium, of: Sequence[str] = (), *, tolerance: float = TOLERANCE) -> Decomposition:
    """Channels of every economy's ln V̂, and instruments of those in `of`, along the path to this equilibrium.

    Raises NoEquilibriumError when panels of 1/256 of the path still do not add up to `tolerance`.
    """
    walk = _Walk(eq, tuple(of))
    points, weights = np.polynomial.legendre.leggauss(ORDER)
    channels, instruments = walk.empty()
    goal = np.log(np.asarray(eq.values["real_income"]))
    left = [(0.0, 1.0)]
    known = {0.0: np.zeros_like(goal), 1.0: goal}
    while left:
        a, b = left.pop()
        spots = a + (b - a) * (points + 1) / 2
        found = [walk.terms(float(s)) for s in spots]
        share = weights * (b - a) / 2
        part = {name: sum(k * t.channels[name] for k, t in zip(share, found, strict=True)) for name in channels}
        of_part = {name: sum(k * t.instruments[name] for k, t in zip(share, found, strict=True)) for name in instruments}
        gap = known[b] - known[a] - _total(part, len(goal))
        gap_of = (known[b] - known[a])[walk.rows] - _total(of_part, len(walk.rows))
        worst = max(np.abs(gap).max(), np.abs(gap_of).max(initial=0.0))
        if worst > 0.5 * tolerance * (b - a):
            middle = (a + b) / 2
            if b - a <= SHORTEST:
                raise NoEquilibriumError(
                    f"the parts of real income do not add up on the path between {100 * a:.3g} and {100 * b:.3g} % of the"
                    f" shock: {worst:.2g} is left, above {tolerance:.0e}",
                    residual=float(worst),
                    worst=f"decomposition of {eq.benchmark.economies[int(np.abs(gap).argmax())]}",
                )
            known[middle] = walk.terms(middle, ends_only=True).log_V
            left += [(middle, b), (a, middle)]
            continue
        for total, more in ((channels, part), (instruments, of_part)):
            for name, array in more.items():
                total[name] = total[name] + array
    return Decomposition(
        benchmark=eq.benchmark,
        log_real_income=goal,
        channels=read_only(channels),
        of=walk.of,
        instruments=read_only(instruments),
        residual=goal - _total(channels, len(goal)),
        residual_of=goal[walk.rows] - _total(instruments, len(walk.rows)),
        nodes=walk.solved,
        first_order=first_order(eq),
    )


def _total(parts: Mapping[str, Any], rows: int) -> Array:
    return sum((np.reshape(part, (rows, -1)).sum(axis=1) for part in parts.values()), np.zeros(rows))


class _Walk:
    """Equilibria and their tangents along the path of one scenario; each starts from the nearest one solved."""

    def __init__(self, eq: Equilibrium, of: tuple[str, ...]):
        self.eq, self.of = eq, of
        self.end: Place = place(eq)
        self.closure = self.end.closure
        self.rows = [eq.benchmark.economy_index(code) for code in of]
        self.chosen = choose(of, eq) if of else None
        self.at: dict[float, jax.Array] = {1.0: self.end.x}
        self.solved = 0

    def empty(self) -> tuple[dict[str, Array], dict[str, Array]]:
        """Zeros to add parts to."""
        n, j = self.end.w.size
        shapes = dict.fromkeys(CHANNELS, (n,)) | dict.fromkeys(BY_PARTNER, (n, n, j))
        shapes |= dict.fromkeys(("productivity", "capital"), (n, j))
        k = len(self.of)
        moved = {name: (k, *shape) for name, shape in _cells(n, j).items()} if k else {}
        return {name: np.zeros(s) for name, s in shapes.items()}, {name: np.zeros(s) for name, s in moved.items()}

    def shock(self, s: float) -> market.Shock:
        return problem.shock(self.end.w, self.eq.wedges, s)

    def export_rent(self, s: float) -> jax.Array | None:
        """d ln(1 + export rent) at the fraction `s`; sector × importer × exporter. The arrays hold it and the tax together."""
        if self.eq.wedges.export_rent is None:
            return None
        new = jnp.asarray(self.eq.wedges.export_rent).transpose(2, 0, 1)
        old = jnp.zeros_like(new) if self.end.w.export_rent is None else self.end.w.export_rent
        return (new - old) / (1 + old + s * (new - old))

    def terms(self, s: float, *, ends_only: bool = False) -> _Terms:
        """Solve at the fraction `s` and take the integrands there (only ln V with `ends_only`)."""
        w, base = self.end.w, self.end.w.base
        shock = self.shock(s)
        near = min(self.at, key=lambda other: abs(other - s))
        closure = equilibrium.of_map(self.eq.closure)
        x = homotopy.reach(w, lambda part: self.shock(part * s), closure, self.at[near], 1e-12, self.end.steer).x
        self.at[s] = x
        self.solved += 1
        if ends_only:
            found = values(base, shock, x, self.end.levels, self.closure)
            return _Terms(np.log(np.asarray(found["real_income"])), {}, {})
        _, speed = jax.jvp(lambda part: problem.shock(w, self.eq.wedges, part), (jnp.asarray(s),), (jnp.asarray(1.0),))
        rhs = integrands.pushed(self.closure)(base, shock, speed, x)
        dx = linear.solve(base, shock, x, self.end.steer, rhs[None], self.closure, transposed=False).x[0]
        log_V, channels = integrands.channels(self.closure)(base, shock, speed, x, dx, self.end.levels)
        instruments: dict[str, jax.Array] = {}
        if self.chosen is not None:
            here = Place(self.eq, w, shock, x, self.closure, self.end.steer)
            mu = adjoint.multipliers(here, self.chosen).x
            run = integrands.moved(self.closure, self.chosen.what)
            instruments = run(base, shock, speed, self.export_rent(s), x, self.end.levels, self.chosen.where, mu)
        as_numpy = {name: np.asarray(part) for name, part in channels.items()}
        return _Terms(np.asarray(log_V), as_numpy, {name: np.asarray(part) for name, part in instruments.items()})


def _cells(n: int, j: int) -> dict[str, tuple[int, ...]]:
    """Shape of each instrument's part for one outcome; `other` is what else the arrays of a scenario hold."""
    sizes = {"importer": n, "exporter": n, "country": n, "sector": j}
    known = {name: tuple(sizes[axis] for axis in axes) for name, axes in levers.AXES.items()}
    return known | {"taste": (n,), "other": ()}
