"""Where the path of equilibria ends: every draw is solved or named with a reason, and the reason is right."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from comity.errors import NoEquilibriumError, NotConvergedError
from comity.evidence.synthetic import synthetic
from comity.records import Array, Benchmark, Closure, Wedges
from comity.solve import homotopy, problem, root, turning
from comity.solve.equilibrium import solve

SERVICE, GOODS, ORE = 2, 1, 0
SCARCE = Closure("immobile", "proportional", inputs=0.06, value_added=0.7, final=0.1)


@pytest.fixture(scope="module")
def ore() -> Benchmark:
    """AAA sells ore and borrows a little; a service without inputs is in fixed supply in both economies."""
    flow = np.zeros((2, 2, 3))
    flow[0, 0], flow[1, 1] = [2, 30, 3], [30, 900, 100]
    flow[1, 0], flow[0, 1] = [20, 0.5, 0], [0.5, 23, 0]
    inputs = np.zeros((2, 3, 3))
    inputs[:, ORE], inputs[:, GOODS] = 0.1, 0.9
    return Benchmark.from_arrays(
        economies=["AAA", "BBB"],
        sectors=["ore", "goods", "service"],
        trade_flow=flow,
        tariff=np.zeros((2, 2, 3)),
        input_share=inputs,
        value_added_share=np.array([[0.6, 0.6, 1.0]] * 2),
        trade_elasticity=np.full(3, 4.0),
    )


def dearer_ore(factor: float) -> Wedges:
    """Ore takes more of everything, everywhere."""
    productivity = np.ones((2, 3))
    productivity[:, ORE] = factor
    return Wedges(productivity=productivity)


def test_a_path_that_turns_back_is_named_with_what_would_work(ore: Benchmark):
    """Dearer ore earns AAA more than its consumers can spend at a fixed supply of the service: its price carries GDP, and
    lending in proportion to GDP, off. Just below the fold there is an equilibrium, and lending that follows trade has one.
    """
    with pytest.raises(NoEquilibriumError, match=r"turn back at 8.* % of the shock.*service.*`deficits` would") as told:
        solve(ore, dearer_ore(0.8), closure=SCARCE)
    assert not isinstance(told.value, NotConvergedError)
    share = float(str(told.value).split("turn back at ")[1].split(" %")[0]) / 100
    assert solve(ore, dearer_ore(0.8 ** (0.98 * share)), closure=SCARCE).residual <= 1e-10
    assert solve(ore, dearer_ore(0.8), closure=Closure("immobile", "with_trade", 0.06, 0.7, 0.1)).residual <= 1e-10


def test_the_fold_is_where_the_equations_are_singular(ore: Benchmark):
    """At the largest fraction that `follow` reports a singular value of the Jacobian is about to go."""
    w = problem.world(ore, SCARCE)
    key = (SCARCE.factors, SCARCE.deficits)

    def path(s: float):
        return problem.shock(w, dearer_ore(0.8), s)

    def smallest(s: float, x: jax.Array) -> float:
        J = jax.jacfwd(lambda v: root.residual(w.base, path(s), v.reshape(x.shape), *key).ravel())(x.ravel())
        return float(np.linalg.svd(np.asarray(J), compute_uv=False)[-1])

    steer = homotopy.benchmark_steer(w, SCARCE)
    x0 = problem.start_state(w, SCARCE, None)
    half = homotopy.reach(w, lambda s: path(0.5 * s), SCARCE, x0, 1e-11, steer).x
    turn = turning.follow(w, path, SCARCE, half, 0.5)
    assert turn is not None
    assert turn.turned
    assert smallest(turn.at, turn.x) < 0.25 * smallest(0.5, half)


def test_a_path_that_does_not_turn_is_followed_onward(ore: Benchmark):
    """With Cobb–Douglas demand nothing turns: the points that follow are equilibria of larger fractions of the shock."""
    plain = Closure("immobile", "proportional")
    w = problem.world(ore, plain)

    def path(s: float):
        return problem.shock(w, dearer_ore(0.5), s)

    steer = homotopy.benchmark_steer(w, plain)
    half = homotopy.reach(w, lambda s: path(0.5 * s), plain, problem.start_state(w, plain, None), 1e-11, steer).x
    turn = turning.follow(w, path, plain, half, 0.5)
    assert turn is not None
    assert not turn.turned
    assert turn.at > 0.6
    assert float(jnp.max(jnp.abs(root.residual(w.base, path(turn.at), turn.x, "immobile", "proportional")))) <= turning.SHARP


def test_a_correction_that_leads_away_is_not_taken():
    """Next to a singular block the last correction may be a thousand logs long: the point before it was judged."""
    x, blank = jnp.zeros((1, 2)), jnp.zeros((8, 2))
    gram = jnp.zeros((8, 8))
    it = root.Iterate(jnp.array(3), x, x + 1000.0, blank, blank, gram, gram[0], jnp.array(1e-4), jnp.array(1e-4))
    assert np.array_equal(homotopy.corrected(it, lambda point: float(jnp.max(jnp.abs(point)))), x)
    near = it._replace(correction=x + 1e-5)
    assert np.array_equal(homotopy.corrected(near, lambda point: float(jnp.max(jnp.abs(point)))), x + 1e-5)


def poorer(who: int, factor: float) -> Wedges:
    """Productivity of one economy of the synthetic world."""
    productivity: Array = np.ones((6, 4))
    productivity[who] = factor
    return Wedges(productivity=productivity)


@pytest.mark.parametrize(
    ("who", "factor", "closure"),
    [
        (5, 0.038, Closure("mobile", "with_trade", 0.1, 0.07, 0.11)),
        (1, 0.3, Closure("immobile", "with_trade", 0.33, 0.07, 0.12)),
        (2, 0.271, Closure("specific", "proportional", 0.44, 0.08, 0.08)),
    ],
)
def test_an_economy_that_needs_more_than_it_makes_is_named(who: int, factor: float, closure: Closure):
    """With inputs that cannot be replaced, an economy a third as productive pays for inputs all that its goods bring."""
    with pytest.raises(NoEquilibriumError, match=rf"E{who}\b.*would work") as told:
        solve(synthetic(6, 4), poorer(who, factor), closure=closure)
    assert not isinstance(told.value, NotConvergedError)
