"""Derivatives of a variation (a few trade cells around one scenario): what talks need of the adjoint, without whole arrays."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from comity.model import market
from comity.records import Array, CellValues
from comity.solve import batch, cells, root
from comity.solve.compiling import seldom
from comity.solve.derivatives import linear
from comity.solve.derivatives.place import values as reported_values


class Objectives(NamedTuple):
    """Linear objectives of the outcome: weights of real income and of the producers' real income, both in the objective's unit.

    `income` objective × country (of V̂), `producers` objective × country × sector (of what residents earn from capital, or
    from all factors where labour stays too, at home, deflated; USD mn); `value_added` the same of deflated value added.
    """

    income: Array
    producers: Array
    value_added: Array | None = None


class Slopes(NamedTuple):
    """Objectives and their derivatives in the cells, objective × cell: in the log of the trade-cost factor and in the rates.

    A rate that the values do not name has no derivative (None).
    """

    value: Array
    by_cell: CellValues
    adjoint: Array
    """Solution μ of the adjoint system, objective × country × unknown: where that of a point nearby may begin."""


def _measured(base: market.Base, shock: market.Shock, x: jax.Array, levels: tuple, goal: Objectives, closure: tuple[str, str]):
    found = reported_values(base, shock, x, levels, closure)
    value = jnp.asarray(goal.income) @ found["real_income"] + jnp.einsum("pnj,nj->p", goal.producers, found["producers_income"])
    if goal.value_added is None:
        return value
    return value + jnp.einsum("pnj,nj->p", goal.value_added, found["value_added"] / found["price_index"][:, None])


@lru_cache(maxsize=32)
def _right_hand(closure: tuple[str, str]):
    @jax.jit
    def run(base: market.Base, shock: market.Shock, x: jax.Array, levels: tuple, goal: Objectives):
        value, pull = jax.vjp(lambda v: _measured(base, shock, v, levels, goal, closure), x)
        return value, jax.vmap(lambda e: pull(e)[0])(jnp.eye(len(value)))

    return run


@lru_cache(maxsize=32)
def _pull_cells(closure: tuple[str, str]):
    @seldom
    def run(base, scenario, pi, tariff, at, x, levels, goal, mu, before, in_logs: CellValues):
        def equations(moved: CellValues) -> tuple[jax.Array, jax.Array]:
            values = moved._replace(trade_cost=jnp.exp(moved.trade_cost))
            shock = cells.vary(scenario, pi, tariff, base.theta[0], at, before, values)
            return _measured(base, shock, x, levels, goal, closure), root.residual(base, shock, x, *closure)

        _, pull = jax.vjp(equations, in_logs)
        return jax.lax.map(lambda pair: pull(pair)[0], (jnp.eye(mu.shape[0]), mu))

    return run


def objectives(near: batch.Variations, solved: batch.Solved, values: CellValues, goal: Objectives) -> Array:
    """The objectives at a solved variation."""
    return np.asarray(_right_hand(near.of_map)(near.world.base, near.shock(values), *_point(near, solved), goal)[0])


def _point(near: batch.Variations, solved: batch.Solved):
    return jnp.asarray(solved.x), (jnp.asarray(near.world.income), jnp.asarray(near.world.output))


def slopes(
    near: batch.Variations,
    solved: batch.Solved,
    values: CellValues,
    goal: Objectives,
    *,
    tolerance: float = linear.TOLERANCE,
    guess: Array | None = None,
) -> Slopes:
    """Objectives at a solved variation and their derivatives in every cell: one adjoint system for all objectives together.

    (I − G_u)ᵀ μ = V_u, then V_p + μᵀ G_p in the cells (model.md, "Derivatives"). A cell under embargo has no derivative
    in its cost (zero). `guess` is the adjoint of a point nearby. Raises NoEquilibriumError where the equations are singular.
    """
    x, levels = _point(near, solved)
    base, shock = near.world.base, near.shock(values)
    value, rhs = _right_hand(near.of_map)(base, shock, x, levels, goal)
    mu = linear.solve(base, shock, x, near.steer, rhs, near.of_map, transposed=True, tolerance=tolerance, guess=guess)
    open_ = np.isfinite(values.trade_cost)
    lncost = np.log(np.where(open_, values.trade_cost, 1.0))
    in_logs = CellValues(*(None if one is None else jnp.asarray(one) for one in values._replace(trade_cost=lncost)))
    found = _pull_cells(near.of_map)(
        base, near.scenario, near.world.pi, near.world.tariff, near.at, x, levels, goal, mu.x, near.before(values), in_logs
    )
    found = CellValues(*(None if one is None else np.asarray(one) for one in found))
    return Slopes(np.asarray(value), found._replace(trade_cost=found.trade_cost * open_), np.asarray(mu.x))
