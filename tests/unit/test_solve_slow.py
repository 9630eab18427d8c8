"""What steers the solver: slow modes, anchors and the arrays made on the host change steps and time, never the answer."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from comity.evidence.synthetic import synthetic
from comity.records import Benchmark, CellValues, Closure, Wedges
from comity.solve import batch, homotopy, problem, root

CLOSURES = [Closure("mobile", "fixed"), Closure("specific", "with_trade", 0.5, 0.5, 0.8), Closure("immobile", "proportional")]


@pytest.fixture(scope="module")
def world() -> Benchmark:
    return synthetic(9, 5)


def left_over(world: Benchmark, closure: Closure, steer: root.Steer) -> np.ndarray:
    """What one step leaves of an error, I + P dF/du at the benchmark, as a matrix in double precision."""
    w = problem.world(world, closure)
    shock, x = problem.shock(w, Wedges()), problem.start_state(w, closure, None)
    of_map = (closure.factors, closure.deficits)
    J = jax.jacfwd(lambda v: root.residual(w.base, shock, v.reshape(x.shape), *of_map).ravel())(x.ravel())
    d = np.einsum("nab,nbk->nak", np.asarray(steer.blocks), np.asarray(J).reshape(*x.shape, x.size)).reshape(x.size, x.size)
    return np.eye(x.size) + d + np.asarray(steer.spread) @ (np.asarray(steer.modes) @ d)


@pytest.mark.parametrize("closure", CLOSURES, ids=str)
def test_the_slow_modes_are_gone_and_the_others_are_as_they_were(world: Benchmark, closure: Closure):
    """What is left is about the first eigenvalue that was not asked for, or next to nothing; the blocks leave more than half."""
    steer = homotopy.benchmark_steer(problem.world(world, closure), closure)
    plain = np.sort(np.abs(np.linalg.eigvals(left_over(world, closure, root.Steer.of(steer.blocks)))))[::-1]
    steered = np.abs(np.linalg.eigvals(left_over(world, closure, steer))).max()
    assert plain[0] > 0.5
    assert steered < max(1.5 * plain[root.MODES], 0.03)
    assert steered < 0.5 * plain[0]
    on_modes = np.asarray(steer.modes)[np.linalg.norm(steer.modes, axis=1) > 0]
    np.testing.assert_allclose(on_modes @ on_modes.T, np.eye(len(on_modes)), atol=1e-5)


@pytest.mark.parametrize("closure", CLOSURES, ids=str)
def test_an_anchor_saves_steps_and_moves_no_answer(world: Benchmark, closure: Closure):
    """Packages around a crisis: the same equilibria to 1e-9, in fewer steps than by the preconditioner of the benchmark."""
    abroad = (1 - np.eye(9))[:, :, None] * np.ones((9, 9, 5))
    cells = batch.Cells(np.array([1, 2]), np.array([3, 1]), np.array([0, 4]))
    crisis = Wedges(trade_cost=1 + 0.3 * abroad, productivity=np.full((9, 5), 0.9))
    before, after = (CellValues(np.full(2, cost), np.zeros(2)) for cost in (1.3, 1.2))
    plain, anchored = (batch.Variations(world, crisis, cells, closure) for _ in range(2))
    alone, start = plain.solve(before), anchored.anchor(before)
    far, near = plain.solve(after, alone.x), anchored.solve(after, start.x)
    np.testing.assert_allclose(near.values["real_income"], far.values["real_income"], rtol=1e-9)
    assert near.residual <= 1e-10
    assert near.steps < far.steps


@pytest.mark.parametrize("s", [0.0, 0.3, 1.0])
@pytest.mark.parametrize("part", [1.0, 0.03, 0.0], ids=["everywhere", "few cells", "nowhere"])
@pytest.mark.parametrize("what", ["tariff", "cost", "both"])
def test_the_arrays_made_on_the_host_are_the_compiled_ones(world: Benchmark, s: float, what: str, part: float):
    """M, M/(1+t′) and both at home, with tariffs, costs and an embargo; also on the way, where s is an array of JAX."""
    rng = np.random.default_rng(5)
    w = problem.world(world)
    abroad = (1 - np.eye(9))[:, :, None] * (rng.random((9, 9, 5)) < part)
    cost = 1 + abroad * rng.uniform(-0.3, 2.0, (9, 9, 5))
    cost[1, 2, 3] = np.inf if part else 1.0
    tariff = np.array(world.tariff) + abroad * rng.uniform(-0.05, 0.5, (9, 9, 5))
    wedges = Wedges(tariff=None if what == "cost" else tariff, trade_cost=None if what == "tariff" else cost)
    host, device = problem.shock(w, wedges, s), problem.shock(w, wedges, jnp.asarray(s))
    for name in ("M", "border", "M_home", "border_home"):
        np.testing.assert_allclose(getattr(host, name), getattr(device, name), rtol=1e-13, atol=1e-300)
    if what != "tariff" and s == 1.0 and part:
        assert float(np.asarray(host.M)[3, 1, 2]) == 0
