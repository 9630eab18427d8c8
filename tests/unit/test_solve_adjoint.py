"""Directions, second and third derivatives, the preview's honesty, the linear solver and what is refused."""

from __future__ import annotations

import time

import jax.numpy as jnp
import numpy as np
import pytest

import comity
from comity.errors import InputError, NoEquilibriumError
from comity.records import Benchmark, Closure, Equilibrium, Wedges
from comity.solve import problem, root
from comity.solve.derivatives import adjoint, linear
from comity.solve.derivatives.place import place
from comity.solve.derivatives.preview import Preview
from comity.solve.equilibrium import solve
from referee import lopsided

CLOSURE = Closure("specific", "with_trade")


@pytest.fixture(scope="module")
def small() -> Benchmark:
    return Benchmark.from_arrays(**lopsided(15, 4, 3, zeros=3, idle=True).arrays())


@pytest.fixture(scope="module")
def eq(small: Benchmark) -> Equilibrium:
    return solve(small, None, closure=CLOSURE, tolerance=1e-13)


def cut(small: Benchmark) -> dict[str, np.ndarray]:
    """One economy opens to another while a third becomes more productive."""
    n, j = small.expenditure.shape
    tariff, made = np.zeros((n, n, j)), np.zeros((n, j))
    tariff[1, 2] = -0.3
    made[3] = 0.5
    return {"tariff": tariff, "productivity": made}


def after(small: Benchmark, eq: Equilibrium, size: float) -> Equilibrium:
    turn = cut(small)
    wedges = Wedges(tariff=small.tariff + size * turn["tariff"], productivity=1 + size * turn["productivity"])
    return solve(small, wedges, closure=CLOSURE, tolerance=3e-13, start=eq)


def test_derivatives_along_a_direction_are_those_of_the_solver(small: Benchmark, eq: Equilibrium):
    found = adjoint.along(eq, cut(small))
    h = 4e-3
    solved = {k: after(small, eq, k * h).values for k in (-3, -2, -1, 1, 2, 3)}
    for name in ("real_income", "price", "value_added", "tariff_revenue", "deficit"):
        v = {k: np.asarray(one[name]) for k, one in solved.items()}
        v[0] = np.asarray(eq.values[name])
        slope = (45 * (v[1] - v[-1]) - 9 * (v[2] - v[-2]) + (v[3] - v[-3])) / (60 * h)
        bend = (2 * (v[3] + v[-3]) - 27 * (v[2] + v[-2]) + 270 * (v[1] + v[-1]) - 490 * v[0]) / (180 * h * h)
        np.testing.assert_allclose(found.first[name], slope, rtol=1e-6, atol=1e-6 * np.abs(slope).max(), err_msg=name)
        np.testing.assert_allclose(found.second[name], bend, rtol=1e-5, atol=1e-5 * np.abs(bend).max(), err_msg=name)


def test_second_and_third_derivatives_of_outcomes(small: Benchmark, eq: Equilibrium):
    of = list(small.economies)
    found = adjoint.along(eq, cut(small))
    h = 4e-3
    ends = {k: adjoint.along(after(small, eq, k * h), cut(small)).of(of) for k in (-2, -1, 1, 2)}
    for order, ours in ((0, found.of(of)[1]), (1, found.third(of))):
        theirs = (8 * (ends[1][order] - ends[-1][order]) - (ends[2][order] - ends[-2][order])) / (12 * h)
        np.testing.assert_allclose(ours, theirs, rtol=1e-6, atol=1e-6 * np.abs(theirs).max())
        assert np.abs(theirs).max() > 1e-3


def test_the_gradient_changes_as_forward_over_adjoint_says(small: Benchmark, eq: Equilibrium):
    of, names = ["E1", "value_added:E2:S1"], ("tariff", "trade_cost", "capital", "transfer")
    ours = adjoint.along(eq, cut(small)).gradient_change(of, names)
    h = 4e-3
    ends = {k: adjoint.gradients(after(small, eq, k * h), of, names).values for k in (-2, -1, 1, 2)}
    for name in names:
        v = {k: one[name] for k, one in ends.items()}
        theirs = (8 * (v[1] - v[-1]) - (v[2] - v[-2])) / (12 * h)
        np.testing.assert_allclose(ours.values[name], theirs, rtol=1e-6, atol=1e-6 * np.abs(theirs).max(), err_msg=name)


def test_the_gradient_agrees_with_the_direction_and_an_objective_with_its_parts(small: Benchmark, eq: Equilibrium):
    def both(values):
        return 2 * jnp.log(values["real_income"][1]) - jnp.log(values["real_income"][2])

    found = adjoint.gradients(eq, ["E1", both, "E2"], ("tariff", "productivity"))
    slope = sum(np.tensordot(found.values[k], turn, turn.ndim) for k, turn in cut(small).items())
    np.testing.assert_allclose(slope, adjoint.along(eq, cut(small)).of(["E1", both, "E2"])[0], rtol=1e-10)
    np.testing.assert_allclose(found.values["tariff"][1], 2 * found.values["tariff"][0] - found.values["tariff"][2], atol=1e-14)
    assert found.outcomes == ("E1", "both", "E2")


def test_labels_and_home(small: Benchmark):
    found = comity.gradient(small, of=["E1", "E2"], instrument="tariff", closure=CLOSURE)
    assert found.dims == ("of", "importer", "exporter", "sector")
    plain = adjoint.gradients(solve(small, closure=CLOSURE), ["E2"], ("tariff",)).values["tariff"]
    assert float(found.sel(of="E2", importer="E1", exporter="E3", sector="S1")) == pytest.approx(plain[0, 1, 3, 1], rel=1e-9)
    assert np.abs(np.einsum("knnj->knj", found.values)).max() == 0
    assert found.attrs["residual"] <= 1e-12


@pytest.mark.parametrize(
    ("of", "instrument", "words"),
    [
        (["XYZ"], "tariff", "not an economy"),
        (["E1", "output:E1", "wages:E1"], "tariff", "by economy and sector"),
        (["value_added:E0:S0"], "tariff", "no logarithm"),
        (["value_added:E1:S9"], "tariff", "not a sector"),
        ([], "tariff", "no outcome"),
        (["E1"], "subsidy", "none of"),
    ],
)
def test_what_does_not_exist_is_refused_by_name(eq: Equilibrium, of: list[str], instrument: str, words: str):
    with pytest.raises(InputError, match=words):
        adjoint.gradient(eq, of, instrument)


def test_what_means_nothing_in_the_long_run_is_refused(small: Benchmark):
    with pytest.raises(InputError, match="capital has no meaning"):
        adjoint.gradient(small, "E1", "capital")
    with pytest.raises(InputError, match="specific to a sector's producers"):
        adjoint.gradient(small, "producers_income:E1:S1")
    with pytest.raises(InputError, match="shape"):
        adjoint.along(solve(small), {"tariff": np.zeros(3)})


# -- the linear solver -----------------------------------------------------------------------------------


@pytest.mark.parametrize("many", [7, 20])
@pytest.mark.parametrize("transposed", [False, True])
def test_the_block_solver_solves_the_dense_system(eq: Equilibrium, transposed: bool, many: int):
    """Few right-hand sides in double precision, and many by refinement of single precision."""
    import jax

    here = place(eq)
    size = here.x.size
    jacobian = jax.jacfwd(lambda v: root.residual(here.w.base, here.shock, v, *here.closure))(here.x).reshape(size, size)
    dense = -np.asarray(jacobian)
    rng = np.random.default_rng(1)
    rhs = rng.normal(size=(many, *here.x.shape))
    rhs[3] = rhs[2]  # twice the same, and one that asks for nothing
    rhs[5] = 0
    found = linear.solve(here.w.base, here.shock, here.x, here.steer, jnp.asarray(rhs), here.closure, transposed=transposed)
    right = np.linalg.solve(dense.T if transposed else dense, rhs.reshape(many, -1).T).T
    assert found.residual <= 1e-12
    np.testing.assert_allclose(np.asarray(found.x).reshape(many, -1), right, rtol=1e-9, atol=1e-10 * np.abs(right).max())


@pytest.mark.parametrize("many", [2, 20])
def test_a_tolerance_that_cannot_be_reached_is_an_error(eq: Equilibrium, many: int):
    here = place(eq)
    with pytest.raises(NoEquilibriumError, match="residual"):
        linear.solve(
            here.w.base, here.shock, here.x, here.steer, jnp.ones((many, *here.x.shape)), here.closure, transposed=True,
            tolerance=1e-19,
        )  # fmt: skip


# -- the preview ------------------------------------------------------------------------------------------


def test_the_slider_is_right_to_third_order(small: Benchmark, eq: Equilibrium):
    slider = Preview(eq, list(small.economies), ("tariff",)).slider(cut(small))
    errors, bounds = [], []
    for size in (0.1, 0.05, 0.025):
        guess = slider(size)
        truth = np.log(after(small, eq, size).values["real_income"])
        errors.append(np.abs(guess.change - truth))
        bounds.append(guess.error)
    ratio = errors[1].max() / errors[2].max()
    assert 7 < ratio < 9  # halving the move divides the error by eight
    assert all((error <= bound + 1e-12).all() for error, bound in zip(errors, bounds, strict=True))


def test_the_straight_line_errs_by_the_square_and_says_so(small: Benchmark, eq: Equilibrium):
    preview = Preview(eq, list(small.economies), ("tariff", "trade_cost"))
    rng = np.random.default_rng(2)
    for _ in range(3):
        cells = (rng.choice(4, 5), rng.choice(4, 5), rng.choice(3, 5))
        away = cells[0] != cells[1]
        cells = tuple(c[away] for c in cells)
        by = rng.uniform(0.0, 0.2, len(cells[0]))
        errors = []
        for size in (0.2, 0.1):
            tariff = small.tariff.copy()
            np.add.at(tariff, cells, size * by)
            truth = np.log(solve(small, Wedges(tariff=tariff), closure=CLOSURE, tolerance=3e-13).values["real_income"])
            guess = preview.change("tariff", cells, size * by)
            errors.append(np.abs(guess.change - truth))
            assert (errors[-1] <= guess.error).all()
        assert 3.5 < errors[0].max() / errors[1].max() < 4.5


@pytest.mark.parametrize("name", ["export_tax", "import_rent", "export_rent", "ownership"])
def test_the_straight_line_of_a_levy_or_of_a_claim_is_inside_its_error(small: Benchmark, eq: Equilibrium, name: str):
    preview = Preview(eq, list(small.economies), (name,))
    home = np.eye(4)[:, :, None]
    level = home * np.ones((4, 4, 3)) if name == "ownership" else np.zeros((4, 4, 3))
    level[0, 2, 1] += 0.2
    if name == "ownership":
        level[2, 2, 1] -= 0.2
    truth = np.log(solve(small, Wedges(**{name: level}), closure=CLOSURE, tolerance=3e-13).values["real_income"])
    guess = preview.change(name, (0, 2, 1), 0.2)
    assert (np.abs(guess.change - truth) <= guess.error).all()
    assert np.abs(truth).max() > 1e-4
    assert np.abs(guess.change - truth).max() < 0.5 * np.abs(truth).max()


def test_a_small_change_is_trusted_and_a_large_one_is_not(eq: Equilibrium):
    preview = Preview(eq, ["E1", "E2"], ("tariff",))
    assert preview.change("tariff", (1, 2, 1), 1e-4).trusted.all()
    assert not preview.change("tariff", (1, 2, 1), 3.0).trusted.all()
    with pytest.raises(InputError, match="not prepared"):
        preview.change("trade_cost", (1, 2, 1), 0.01)
    begin = time.perf_counter()
    for _ in range(100):
        preview.change("tariff", (1, 2, 1), 1e-3)
    assert (time.perf_counter() - begin) / 100 < 1e-3


def test_the_world_benchmark_agrees_with_the_solver():
    """A spot check at full size: a pair's tariffs and costs, in the short run."""
    world = comity.load("world-2022")
    eq = solve(world, closure=CLOSURE)
    of = ["BLR", "KAZ", "USA", "value_added:KAZ:C28"]
    found = adjoint.gradients(eq, of, ("tariff", "trade_cost"))
    assert found.residual <= 1e-12
    n, i = world.economy_index("KAZ"), world.economy_index("BLR")
    rows = [world.economy_index(code) for code in of[:3]]
    j = world.sectors.index("C28")
    h = 2e-2
    for name in ("tariff", "trade_cost"):

        def outcomes(size: float, name: str = name) -> np.ndarray:
            given = np.array(world.tariff if name == "tariff" else np.ones(world.tariff.shape))
            given[n, i] += size
            v = solve(world, Wedges(**{name: given}), closure=CLOSURE, tolerance=1e-12).values
            return np.append(np.log(v["real_income"][rows]), np.log(v["value_added"][n, j]))

        slope = (45 * (outcomes(h) - outcomes(-h)) - 9 * (outcomes(2 * h) - outcomes(-2 * h))) / (60 * h)
        slope += (outcomes(3 * h) - outcomes(-3 * h)) / (60 * h)
        ours = found.values[name][:, n, i].sum(axis=1)
        np.testing.assert_allclose(ours, slope, rtol=1e-6, atol=1e-6 * np.abs(slope).max())
    assert problem.world(world).size == (81, 50)
