"""Derivatives of a variation (a few trade cells around one scenario): what talks need of the adjoint, without whole arrays."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from comity.model import market
from comity.records import Array
from comity.solve import batch, root
from comity.solve.derivatives import linear
from comity.solve.derivatives.place import values as reported_values


class Objectives(NamedTuple):
    """Linear objectives of the outcome: weights of real income and of the producers' real income, both in the objective's unit.

    `income` objective × country (of V̂), `producers` objective × country × sector (of what residents earn from capital, or
    from all factors where labour stays too, at home, deflated; USD mn).
    """

    income: Array
    producers: Array


class Slopes(NamedTuple):
    """Objectives and their derivatives in the cells: in the log of the trade-cost factor and in the tariff; objective × cell."""

    value: Array
    cost: Array
    tariff: Array


def _measured(base: market.Base, shock: market.Shock, x: jax.Array, levels: tuple, goal: Objectives, closure: tuple[str, str]):
    found = reported_values(base, shock, x, levels, closure)
    return jnp.asarray(goal.income) @ found["real_income"] + jnp.einsum("pnj,nj->p", goal.producers, found["producers_income"])


@lru_cache(maxsize=32)
def _right_hand(closure: tuple[str, str]):
    @jax.jit
    def run(base: market.Base, shock: market.Shock, x: jax.Array, levels: tuple, goal: Objectives):
        value, pull = jax.vjp(lambda v: _measured(base, shock, v, levels, goal, closure), x)
        return value, jax.vmap(lambda e: pull(e)[0])(jnp.eye(len(value)))

    return run


@lru_cache(maxsize=32)
def _pull_cells(closure: tuple[str, str]):
    @jax.jit
    def run(base, scenario, pi, tariff, at, x, levels, goal, mu, lncost, t1):
        def equations(lncost: jax.Array, t1: jax.Array) -> tuple[jax.Array, jax.Array]:
            shock = batch.vary(scenario, pi, tariff, base.theta[0], at, jnp.exp(lncost), t1)
            return _measured(base, shock, x, levels, goal, closure), root.residual(base, shock, x, *closure)

        _, pull = jax.vjp(equations, lncost, t1)
        return jax.lax.map(lambda pair: pull(pair), (jnp.eye(mu.shape[0]), mu))

    return run


def objectives(near: batch.Variations, solved: batch.Solved, cost: Array, tariff: Array, goal: Objectives) -> Array:
    """The objectives at a solved variation."""
    return np.asarray(_right_hand(near.of_map)(near.world.base, near.shock(cost, tariff), *_point(near, solved), goal)[0])


def _point(near: batch.Variations, solved: batch.Solved):
    return jnp.asarray(solved.x), (jnp.asarray(near.world.income), jnp.asarray(near.world.output))


def slopes(
    near: batch.Variations,
    solved: batch.Solved,
    cost: Array,
    tariff: Array,
    goal: Objectives,
    *,
    tolerance: float = linear.TOLERANCE,
) -> Slopes:
    """Objectives at a solved variation and their derivatives in every cell: one adjoint system for all objectives together.

    (I − G_u)ᵀ μ = V_u, then V_p + μᵀ G_p in the cells (model.md, "Derivatives"). A cell under embargo has no derivative
    in its cost (zero). Raises NoEquilibriumError where the equations are singular.
    """
    x, levels = _point(near, solved)
    base, shock = near.world.base, near.shock(cost, tariff)
    value, rhs = _right_hand(near.of_map)(base, shock, x, levels, goal)
    mu = linear.solve(base, shock, x, near.blocks, rhs, near.of_map, transposed=True, tolerance=tolerance)
    lncost = jnp.log(jnp.asarray(np.where(np.isinf(cost), 1.0, cost)))
    by_cost, by_tariff = _pull_cells(near.of_map)(
        base, near.scenario, near.world.pi, near.world.tariff, near.at, x, levels, goal, mu.x, lncost, jnp.asarray(tariff)
    )
    open_ = np.isfinite(cost)
    return Slopes(np.asarray(value), np.asarray(by_cost) * open_, np.asarray(by_tariff))
