"""Where a change of real income comes from, exactly: the envelope condition, integrated from benchmark to counterfactual.

Along the path on which the whole scenario grows from nothing to itself, d ln V is a sum of terms by channel, partner and
sector (comity.model.envelope), and, through the adjoint, a sum over the cells of the instruments that move. Both are
integrated with Gauss and Legendre's five points in panels; a panel is halved until its terms add up to the change of
ln V between its ends, which is known from the equilibria there. What is left is reported as `residual`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from comity.errors import NoEquilibriumError
from comity.model import envelope, market
from comity.records import Array, Benchmark, Equilibrium, read_only
from comity.solve import equilibrium, homotopy, problem, root
from comity.solve.derivatives import adjoint, linear
from comity.solve.derivatives.place import Place, choose, outcomes, place, values

TOLERANCE = 1e-6
"""How nearly the parts add up to ln V, for every economy that is asked."""

ORDER = 5
SHORTEST = 1 / 256
"""Shortest panel, as a fraction of the path."""

CHANNELS = (
    "terms_of_trade", "volume_of_trade", "trade_cost", "productivity", "labour", "capital", "taste", "transfer", "deficit",
)  # fmt: skip
"""Terms of the envelope condition. `deficit` is what an unbalanced account gains when its own prices rise (0 where D = 0)."""


@dataclass(frozen=True, eq=False)
class Decomposition:
    """ln V̂ of each economy in parts. `channels` are by economy (then partner, then sector, where they have them).

    `instruments`, for the economies of `of` only: by cell of tariff and trade cost (outcome × importer × exporter ×
    sector), by economy and sector or by economy for the others. `residual` (`residual_of` for instruments) is ln V̂ less
    the sum of the parts, country; `nodes` how many equilibria were solved on the way.
    """

    benchmark: Benchmark
    log_real_income: Array
    channels: Mapping[str, Array]
    of: tuple[str, ...]
    instruments: Mapping[str, Array]
    residual: Array
    residual_of: Array
    nodes: int

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
        pair, own = (n, n, j), (n, j)
        shapes = dict(zip(CHANNELS, (pair, pair, pair, own, (n,), own, (n,), (n,), (n,)), strict=True))
        k = len(self.of)
        moved = {name: (k, *shape) for name, shape in _cells(n, j).items()} if k else {}
        return {name: np.zeros(s) for name, s in shapes.items()}, {name: np.zeros(s) for name, s in moved.items()}

    def shock(self, s: float) -> market.Shock:
        return problem.shock(self.end.w, self.eq.wedges, s)

    def terms(self, s: float, *, ends_only: bool = False) -> _Terms:
        """Solve at the fraction `s` and take the integrands there (only ln V with `ends_only`)."""
        w, base = self.end.w, self.end.w.base
        shock = self.shock(s)
        near = min(self.at, key=lambda other: abs(other - s))
        closure = equilibrium.of_map(self.eq.closure)
        x = homotopy.reach(w, lambda part: self.shock(part * s), closure, self.at[near], 1e-12, self.end.blocks).x
        self.at[s] = x
        self.solved += 1
        if ends_only:
            found = values(base, shock, x, self.end.levels, self.closure)
            return _Terms(np.log(np.asarray(found["real_income"])), {}, {})
        _, speed = jax.jvp(lambda part: problem.shock(w, self.eq.wedges, part), (jnp.asarray(s),), (jnp.asarray(1.0),))
        rhs = _pushed(self.closure)(base, shock, speed, x)
        dx = linear.solve(base, shock, x, self.end.blocks, rhs[None], self.closure, transposed=False).x[0]
        log_V, channels = _channels(self.closure)(base, shock, speed, x, dx, self.end.levels)
        instruments: dict[str, jax.Array] = {}
        if self.chosen is not None:
            here = Place(self.eq, w, shock, x, self.closure, self.end.blocks)
            mu = adjoint.multipliers(here, self.chosen).x
            instruments = _moved(self.closure, self.chosen.what)(base, shock, speed, x, self.end.levels, self.chosen.where, mu)
        as_numpy = {name: np.asarray(part) for name, part in channels.items()}
        return _Terms(np.asarray(log_V), as_numpy, {name: np.asarray(part) for name, part in instruments.items()})


def _cells(n: int, j: int) -> dict[str, tuple[int, ...]]:
    """Shape of each instrument's part for one outcome; `other` is what else the arrays of a scenario hold."""
    pair, own = (n, n, j), (n, j)
    known = {"tariff": pair, "trade_cost": pair, "productivity": own, "labour": (n,), "capital": own, "taste": (n,)}
    return known | {"transfer": (n,), "other": ()}


_OWN = {"lnA": "productivity", "lnL": "labour", "lnK": "capital", "a": "taste", "transfer": "transfer"}
"""Fields of a scenario's arrays by the instrument that moves them; kernels apart."""


@lru_cache(maxsize=32)
def _pushed(closure: tuple[str, str]):
    """Compiled G_p ṗ for a velocity of the scenario's arrays."""

    @jax.jit
    def run(base: market.Base, shock: market.Shock, speed: market.Shock, x: jax.Array) -> jax.Array:
        return jax.jvp(lambda new: root.residual(base, new, x, *closure), (shock,), (speed,))[1]

    return run


def _trade_speed(shock: market.Shock, speed: market.Shock, theta: jax.Array) -> tuple[jax.Array, jax.Array]:
    """d ln(1+t) and d ln d of every flow, from the kernels M = π κ̂^{−θ} and M/(1+t); sector × importer × exporter.

    A flow on its way to an embargo is one whose cost grows without limit; where nothing flows both are zero.
    """
    flows = shock.M > 0
    dlnM = jnp.where(flows, speed.M / jnp.where(flows, shock.M, 1.0), 0.0)
    dlnb = jnp.where(flows, speed.border / jnp.where(flows, shock.border, 1.0), 0.0)
    dlnt = dlnM - dlnb
    return dlnt, -dlnM / theta[0][:, None, None] - dlnt


@lru_cache(maxsize=32)
def _channels(closure: tuple[str, str]):
    """Compiled ln V and the terms of the envelope condition, each over I − D, at a point moving with a velocity."""

    @jax.jit
    def run(base: market.Base, shock: market.Shock, speed: market.Shock, x: jax.Array, dx: jax.Array, levels: tuple):
        def state(new: market.Shock, v: jax.Array) -> tuple[dict[str, jax.Array], jax.Array]:
            found = values(base, new, v, levels, closure)
            c_power = found["unit_cost"] ** -base.theta
            S = jnp.einsum("jni,ij->nj", new.M, c_power)
            F = jnp.einsum("jni,ij,nj->nij", new.border, c_power, found["expenditure"] / S)
            return found, F

        (v, F), (dv, dF) = jax.jvp(state, (shock, x), (speed, dx))
        _, dlnd = (part.transpose(1, 2, 0) for part in _trade_speed(shock, speed, base.theta))
        safe = jnp.where(shock.border > 0, shock.border, 1.0)
        t = jnp.where(shock.border > 0, shock.M / safe - 1, 0.0).transpose(1, 2, 0)
        dlnc, dlnv = dv["unit_cost"] / v["unit_cost"], dv["value_added_price"] / v["value_added_price"]
        dlnP, X, Y, added = dv["price_index"] / v["price_index"], v["expenditure"], v["output_cf"], v["value_added"]
        bought = jnp.sum(X * dv["price"] / v["price"], axis=1)
        inputs = jnp.sum(Y * (dlnc + speed.lnA) - added * dlnv, axis=1)
        labour = jnp.sum(added if closure[0] == "mobile" else base.lam * added, axis=1)
        rents = jnp.zeros_like(added) if closure[0] == "mobile" else (1 - base.lam) * added
        terms = {
            "terms_of_trade": envelope.terms_of_trade(F, dlnc),
            "volume_of_trade": envelope.volume_of_trade(F, t, dF, dlnc[None] + dlnd),
            "trade_cost": envelope.trade_cost(F, dlnd),
            "productivity": envelope.productivity(Y, speed.lnA),
            "labour": labour * speed.lnL,
            "capital": rents * speed.lnK,
            "taste": envelope.taste(v["income_cf"], dlnP, bought - inputs),
            "transfer": speed.transfer,
            "deficit": v["deficit"] * dlnP,
        }
        earned = v["income_cf"] - v["deficit"]
        scaled = {name: part / earned.reshape(-1, *(1,) * (part.ndim - 1)) for name, part in terms.items()}
        return jnp.log(v["real_income"]), scaled

    return run


@lru_cache(maxsize=32)
def _moved(closure: tuple[str, str], what: tuple):
    """Compiled d ln V/d ṗ by cell of every instrument: the adjoint against the velocity of the scenario's arrays."""

    @jax.jit
    def run(base, shock, speed, x, levels, where, mu):
        def equations(new: market.Shock) -> tuple[jax.Array, jax.Array]:
            return outcomes(values(base, new, x, levels, closure), what, where), root.residual(base, new, x, *closure)

        (found, _), pull = jax.vjp(equations, shock)
        dlnt, dlnd = _trade_speed(shock, speed, base.theta)
        theta = base.theta[0][:, None, None]

        def one(pair: tuple[jax.Array, jax.Array]) -> dict[str, jax.Array]:
            (worth,) = pull(pair)
            at_all, at_border = worth.M * shock.M, worth.border * shock.border
            parts = {
                "tariff": (-(theta * (at_all + at_border) + at_border) * dlnt).transpose(1, 2, 0),
                "trade_cost": (-theta * (at_all + at_border) * dlnd).transpose(1, 2, 0),
            }
            other = jnp.array(0.0)
            for field, moved in speed._asdict().items():
                if moved is None or field in ("M", "border"):
                    continue
                part = getattr(worth, field) * moved
                if field == "a":
                    part = jnp.sum(part, axis=1)
                if field in _OWN:
                    parts[_OWN[field]] = part
                else:
                    other = other + jnp.sum(part)
            return parts | {"other": other}

        return jax.lax.map(one, (jnp.eye(len(found)), mu))

    return run
