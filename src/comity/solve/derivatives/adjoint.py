"""Exact derivatives of the equilibrium, by the implicit function theorem (model.md, "Derivatives").

The equilibrium is u = G(u, p). One linear system with (I − G_u)ᵀ for an outcome gives its derivative in every instrument
at once; one with I − G_u for a direction gives the derivative of everything reported along it; both together give second
derivatives. G_u, G_p and the outcomes' own derivatives come from the equations by automatic differentiation, so that what
is added to the equations is in the derivatives too. Every linear system is solved to its own stated tolerance and checked.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from comity.model import market
from comity.records import Array, Benchmark, Closure, Equilibrium, Gradient, read_only
from comity.solve import root
from comity.solve.compiling import seldom
from comity.solve.derivatives import levers, linear
from comity.solve.derivatives.place import Chosen, Outcome, Place, as_direction, choose, outcomes, place, solved, values


def gradient(
    at: Benchmark | Equilibrium,
    of: Outcome | Sequence[Outcome],
    instrument: str = "tariff",
    *,
    closure: Closure | None = None,
    tolerance: float = linear.TOLERANCE,
) -> Any:
    """Derivative of each outcome in every cell of one instrument, labelled (outcome × the instrument's axes).

    `at` is a benchmark (then without a scenario, under `closure`) or a solved equilibrium. `of`: codes of economies (the
    logarithm of their real income), `value_added:KAZ:C28` (the logarithm of any reported value), or functions of the
    reported values. A tariff is a fraction, a cost or productivity a factor, a transfer USD mn paid by all in proportion
    to value added. Raises InputError for what does not exist, NoEquilibriumError where the equations are singular.
    """
    return gradients(solved(at, closure), of, (instrument,), tolerance=tolerance).labelled(instrument)


def gradients(
    eq: Equilibrium, of: Outcome | Sequence[Outcome], instruments: Sequence[str], *, tolerance: float = linear.TOLERANCE
) -> Gradient:
    """Derivatives of each outcome in every cell of several instruments, as plain arrays: one linear system an outcome."""
    names = tuple(instruments)
    levers.check(names, eq.closure)
    chosen = choose(of, eq)
    here = place(eq)
    mu = multipliers(here, chosen, tolerance)
    at = levers.current(here.w, eq.wedges, names)
    found = _pulled(here.closure, chosen.what)(
        here.w.base, here.w.final_share, here.shock, here.x, here.levels, chosen.where, at, mu.x
    )
    return Gradient(eq.benchmark, eq.closure, chosen.labels, read_only(_in_order(found)), mu.residual, mu.steps)


def _in_order(found: levers.Levers) -> dict[str, Array]:
    """Flows come out sector first, as the equations have them; a view has the sector last."""
    arrays = {name: np.asarray(array) for name, array in found.items()}
    return {name: np.moveaxis(array, 1, -1) if array.ndim == 4 else array for name, array in arrays.items()}


def reach(eq: Equilibrium, of: Outcome | Sequence[Outcome], tolerance: float = linear.TOLERANCE) -> dict[str, Array]:
    """How much of each outcome hangs on each flow, before gains and losses cancel: for rates and trade costs, as `gradients`.

    The gradient of a cell is a sum of what dearer goods cost and what duties and diverted sales bring; this is the sum of
    their sizes times 1 + θ, by which a flow shrinks as its cell rises: the scale of the cell's second derivative.
    """
    chosen, here = choose(of, eq), place(eq)
    mu = multipliers(here, chosen, tolerance)
    at = levers.current(here.w, eq.wedges, ("trade_cost", *levers.RATES))
    run = _gross(here.closure, chosen.what)
    found = np.asarray(run(here.w.base, here.shock, here.x, here.levels, chosen.where, mu.x))
    cost = np.asarray(at["trade_cost"])
    factors = {name: 1 + np.asarray(at[name]) for name in levers.RATES} | {"trade_cost": np.where(np.isfinite(cost), cost, 1.0)}
    return {name: found / factor**2 for name, factor in factors.items()}


@lru_cache(maxsize=64)
def _gross(closure: tuple[str, str], what: tuple):
    """Compiled (1+θ) (θ |L_M M| + (1+θ) |L_b b|) of every flow, M and b its kernels without and with the border's division."""

    @seldom
    def run(base, shock, x, levels, where, mu):
        def equations(M: jax.Array, border: jax.Array) -> tuple[jax.Array, jax.Array]:
            new = shock._replace(M=M, border=border)
            return outcomes(values(base, new, x, levels, closure), what, where), root.residual(base, new, x, *closure)

        (found, _), pull = jax.vjp(equations, shock.M, shock.border)
        theta = base.theta[0][:, None, None]

        def one(pair: tuple[jax.Array, jax.Array]) -> jax.Array:
            of_M, of_border = pull(pair)
            size = theta * jnp.abs(of_M * shock.M) + (1 + theta) * jnp.abs(of_border * shock.border)
            return ((1 + theta) * size * (1 - jnp.eye(size.shape[1]))).transpose(1, 2, 0)

        return jax.lax.map(one, (jnp.eye(len(found)), mu))

    return run


def multipliers(here: Place, chosen: Chosen, tolerance: float = linear.TOLERANCE) -> linear.Solution:
    """μ of each outcome, (I − G_u)ᵀ μ = V_u: what a unit of residual in each equation is worth; outcome × country × unknown."""
    rhs = _slopes(here.closure, chosen.what)(here.w.base, here.shock, here.x, here.levels, chosen.where)
    return linear.solve(here.w.base, here.shock, here.x, here.steer, rhs, here.closure, transposed=True, tolerance=tolerance)


@lru_cache(maxsize=64)
def _slopes(closure: tuple[str, str], what: tuple):
    """Compiled V_u: the outcomes' derivatives in the unknowns, all else held."""

    @seldom
    def run(base: market.Base, shock: market.Shock, x: jax.Array, levels: tuple, where: tuple) -> jax.Array:
        found, pull = jax.vjp(lambda v: outcomes(values(base, shock, v, levels, closure), what, where), x)
        return jax.vmap(lambda e: pull(e)[0])(jnp.eye(len(found)))

    return run


@lru_cache(maxsize=64)
def _pulled(closure: tuple[str, str], what: tuple):
    """Compiled V_p + μᵀ G_p, one outcome after another: each reads the trade array once or twice, together they fill memory."""

    @jax.jit
    def run(base, final_share, shock, x, levels, where, at, mu):
        def equations(turned: levers.Levers) -> tuple[jax.Array, jax.Array]:
            to = {name: value.transpose(1, 2, 0) if value.ndim == 3 else value for name, value in turned.items()}
            new = levers.moved_from(base, final_share, shock, at, to)
            return outcomes(values(base, new, x, levels, closure), what, where), root.residual(base, new, x, *closure)

        turned = {name: value.transpose(2, 0, 1) if value.ndim == 3 else value for name, value in at.items()}
        (found, _), pull = jax.vjp(equations, turned)
        return jax.lax.map(lambda pair: pull(pair)[0], (jnp.eye(len(found)), mu))

    return run


class Along:
    """What happens along a direction in instruments: first and second derivatives of everything reported.

    The direction is a straight line in the instruments themselves: tariffs as fractions, costs as factors. `first` and
    `second` are the derivatives of each reported value in the size of the move (not of logarithms).
    """

    def __init__(self, eq: Equilibrium, direction: Mapping[str, Any], *, tolerance: float = linear.TOLERANCE):
        """Two linear systems with I − G_u: the second has the curvature of the equations along the first's solution."""
        here = self.place = place(eq)
        self.direction = as_direction(direction, here.w)
        levers.check(tuple(self.direction), eq.closure)
        self.at = levers.current(here.w, eq.wedges, tuple(self.direction))
        self.tolerance = tolerance
        run = _pushed(here.closure)
        self._fixed = (here.w.base, here.w.final_share, here.shock, here.x, here.levels, self.at, self.direction)
        still = jnp.zeros_like(here.x)
        push = self._solve(run(*self._fixed, still, still)[2])
        curve = self._solve(run(*self._fixed, push, still)[3])
        first, second, _, _ = run(*self._fixed, push, curve)
        self.dx, self.ddx = push, curve
        self.first: Mapping[str, Array] = read_only({k: np.asarray(v) for k, v in first.items()})
        self.second: Mapping[str, Array] = read_only({k: np.asarray(v) for k, v in second.items()})

    def _solve(self, rhs: jax.Array, transposed: bool = False) -> jax.Array:
        here = self.place
        rows = rhs if transposed else rhs[None]
        found = linear.solve(
            here.w.base, here.shock, here.x, here.steer, rows, here.closure, transposed=transposed, tolerance=self.tolerance
        ).x
        return found if transposed else found[0]

    def of(self, of: Outcome | Sequence[Outcome]) -> tuple[Array, Array]:
        """First and second derivative of outcomes (as `gradient` names them) along the direction."""
        chosen = choose(of, self.place.eq)
        run = _outcomes_along(self.place.closure, chosen.what)
        first, second = run(*self._fixed, self.dx, self.ddx, chosen.where)
        return np.asarray(first), np.asarray(second)

    def third(self, of: Outcome | Sequence[Outcome]) -> Array:
        """Third derivative of outcomes along the direction.

        L = V + μᵀ(G − u) has L_u = 0, so that the unknowns' own third derivative drops out: no third linear system.
        """
        chosen = choose(of, self.place.eq)
        mu = multipliers(self.place, chosen, self.tolerance)
        return np.asarray(_third(self.place.closure, chosen.what)(*self._fixed, self.dx, self.ddx, chosen.where, mu.x))

    def gradient_change(self, of: Outcome | Sequence[Outcome], instruments: Sequence[str]) -> Gradient:
        """How each outcome's gradient changes along the direction (a row of its second derivatives): forward over adjoint."""
        here, names = self.place, tuple(instruments)
        levers.check(names, here.eq.closure)
        chosen = choose(of, here.eq)
        mu = multipliers(here, chosen, self.tolerance)
        every = tuple(dict.fromkeys((*self.direction, *names)))
        at = levers.current(here.w, here.eq.wedges, every)
        step = {name: self.direction.get(name, jnp.zeros_like(value)) for name, value in at.items()}
        run = _bent(here.closure, chosen.what)
        fixed = (here.w.base, here.w.final_share, here.shock, here.x, here.levels, chosen.where, at, step, self.dx, mu.x)
        turn = linear.solve(
            here.w.base, here.shock, here.x, here.steer, run(*fixed, jnp.zeros_like(mu.x))[0], here.closure,
            transposed=True, tolerance=self.tolerance,
        )  # fmt: skip
        found = run(*fixed, turn.x)[1]
        arrays = {name: np.asarray(found[name]) for name in names}
        return Gradient(
            here.eq.benchmark, here.eq.closure, chosen.labels, read_only(arrays), max(mu.residual, turn.residual), turn.steps
        )


def along(eq: Equilibrium, direction: Mapping[str, Any], *, tolerance: float = linear.TOLERANCE) -> Along:
    """First and second derivatives of everything reported along a direction (instrument -> array of its shape)."""
    return Along(eq, direction, tolerance=tolerance)


def _line(base, final_share, shock, x, at, direction, dx, ddx):
    """Size of the move -> arrays of the scenario and unknowns, to second order."""

    def point(s: jax.Array) -> tuple[market.Shock, jax.Array]:
        to = {name: value + s * direction[name] for name, value in at.items()}
        return levers.moved_from(base, final_share, shock, at, to), x + s * dx + 0.5 * s * s * ddx

    return point


def _twice(function: Any) -> tuple[Any, Any]:
    """First and second derivative at zero of a function of one number."""

    def slope(s: jax.Array) -> Any:
        return jax.jvp(function, (s,), (jnp.ones_like(s),))[1]

    return jax.jvp(slope, (jnp.array(0.0),), (jnp.array(1.0),))


@lru_cache(maxsize=32)
def _pushed(closure: tuple[str, str]):
    """Compiled first and second derivative, along a line, of what is reported and of the equations' residual."""

    @seldom
    def run(base, final_share, shock, x, levels, at, direction, dx, ddx):
        point = _line(base, final_share, shock, x, at, direction, dx, ddx)

        def everything(s: jax.Array) -> tuple[Any, jax.Array]:
            new, v = point(s)
            return values(base, new, v, levels, closure), root.residual(base, new, v, *closure)

        (first, slope), (second, bend) = _twice(everything)
        return first, second, slope, bend

    return run


@lru_cache(maxsize=64)
def _outcomes_along(closure: tuple[str, str], what: tuple):
    """Compiled first and second derivative of chosen outcomes along a line."""

    @seldom
    def run(base, final_share, shock, x, levels, at, direction, dx, ddx, where):
        point = _line(base, final_share, shock, x, at, direction, dx, ddx)

        def chosen(s: jax.Array) -> jax.Array:
            new, v = point(s)
            return outcomes(values(base, new, v, levels, closure), what, where)

        return _twice(chosen)

    return run


@lru_cache(maxsize=64)
def _third(closure: tuple[str, str], what: tuple):
    """Compiled third derivative of V + μᵀ(G − u) along a line, by outcome."""

    @seldom
    def run(base, final_share, shock, x, levels, at, direction, dx, ddx, where, mu):
        point = _line(base, final_share, shock, x, at, direction, dx, ddx)

        def lagrangians(s: jax.Array) -> jax.Array:
            new, v = point(s)
            worth = jnp.einsum("knu,nu->k", mu, root.residual(base, new, v, *closure))
            return outcomes(values(base, new, v, levels, closure), what, where) + worth

        def bend(s: jax.Array) -> jax.Array:
            return _twice(lambda r: lagrangians(s + r))[1]

        return jax.jvp(bend, (jnp.array(0.0),), (jnp.array(1.0),))[1]

    return run


@lru_cache(maxsize=64)
def _bent(closure: tuple[str, str], what: tuple):
    """Compiled change of the gradient along (ṗ, u̇): right-hand side of μ̇, and V_pp-like terms with μ̇ᵀ G_p.

    With L = V + μᵀ(G − u): (I − G_u)ᵀ μ̇ = d(L_u)/ds and d(dV/dp)/ds = d(L_p)/ds + μ̇ᵀ G_p, μ held inside d/ds.
    """

    @seldom
    def run(base, final_share, shock, x, levels, where, at, step, dx, mu, turn):
        def one(weights: jax.Array, mu_k: jax.Array, turn_k: jax.Array) -> tuple[jax.Array, levers.Levers]:
            def slopes(v: jax.Array, to: levers.Levers, s: jax.Array) -> Any:
                def lagrangian(v: jax.Array, to: levers.Levers) -> jax.Array:
                    new = levers.moved_from(base, final_share, shock, at, to)
                    worth = weights @ outcomes(values(base, new, v, levels, closure), what, where)
                    return worth + jnp.sum((mu_k + s * turn_k) * root.residual(base, new, v, *closure))

                return jax.grad(lagrangian, argnums=(0, 1))(v, to)

            still = jnp.array(0.0)
            _, (du, dp) = jax.jvp(slopes, (x, at, still), (dx, step, jnp.array(1.0)))
            return du, dp

        return jax.lax.map(lambda k: one(*k), (jnp.eye(len(mu)), mu, turn))

    return run
