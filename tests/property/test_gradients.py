"""Derivatives of the equilibrium against central differences of the solver, for every instrument under every closure."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pytest

from comity.records import Benchmark, Closure, Equilibrium, Wedges
from comity.solve.derivatives import adjoint, levers
from comity.solve.equilibrium import solve
from comity.vocabulary import DEFICITS, FACTORS
from referee import lopsided

TIGHT = 3e-13
STEP = 2e-3


def start(world: Benchmark, closure: Closure) -> Wedges:
    """A scenario in which every instrument has moved, so that nothing is tested at a point of symmetry."""
    n, j = world.expenditure.shape
    rng = np.random.default_rng(3)
    abroad = 1 - np.eye(n)[:, :, None]
    paid = rng.normal(0, 0.004, n) * world.value_added.sum() / n
    owned = abroad * rng.uniform(0.02, 0.1, (n, n, j))
    return Wedges(
        tariff=world.tariff + abroad * rng.uniform(0, 0.15, (n, n, j)),
        export_tax=abroad * rng.uniform(-0.05, 0.15, (n, n, j)),
        import_rent=abroad * rng.uniform(0, 0.1, (n, n, j)),
        export_rent=abroad * rng.uniform(0, 0.1, (n, n, j)),
        ownership=owned + (1 - abroad) * (1 - owned.sum(axis=0)),
        trade_cost=1 + abroad * rng.uniform(-0.1, 0.1, (n, n, j)),
        productivity=rng.uniform(0.9, 1.1, (n, j)),
        labour=rng.uniform(0.9, 1.1, n),
        capital=None if closure.factors == "mobile" else rng.uniform(0.9, 1.1, (n, j)),
        taste=rng.uniform(0.8, 1.2, (n, j)),
        transfer=paid - paid.mean(),
    )


def instruments(closure: Closure) -> tuple[str, ...]:
    return tuple(name for name in levers.AXES if not (name == "capital" and closure.factors == "mobile"))


def directions(world: Benchmark, closure: Closure) -> dict[str, np.ndarray]:
    """One random direction an instrument, as large as one may take it; home cells stay, transfers sum to zero."""
    n, j = world.expenditure.shape
    rng = np.random.default_rng(4)
    sizes = {"importer": n, "exporter": n, "country": n, "sector": j}
    found = {}
    for name in instruments(closure):
        turn = rng.uniform(-1, 1, [sizes[axis] for axis in levers.AXES[name]])
        if turn.ndim == 3:
            turn *= 1 - np.eye(n)[:, :, None]
        if name == "transfer":
            turn = (turn - turn.mean()) * world.value_added.sum() / n
        found[name] = turn
    return found


def turned(eq: Equilibrium, wedges: Wedges, turn: dict[str, np.ndarray], size: float) -> Equilibrium:
    """The equilibrium after the instruments move along the turn, on the reference that the first one has."""
    closure = replace(eq.closure, deficits="fixed") if eq.closure.deficits == "balanced" else eq.closure
    given = {name: getattr(wedges, name) for name in instruments(closure)}
    for name, change in turn.items():
        given[name] = given[name] + size * change
        if name == "ownership":  # residents give way
            given[name] = given[name] - size * np.eye(len(change))[:, :, None] * change.sum(axis=0)
    return solve(eq.benchmark, Wedges(**given), closure=closure, tolerance=TIGHT, start=eq)


def difference(f, h: float) -> np.ndarray:
    """Central difference of fourth order."""
    return (8 * (f(h) - f(-h)) - (f(2 * h) - f(-2 * h))) / (12 * h)


OF = ("real_income", "welfare", "real_wage", "price_index")


SUBSTITUTES = {"inputs": (0.3, 0.8, 1.7), "value_added": 0.5, "final": 2.5}
CASES = [Closure(f, d) for f in FACTORS for d in DEFICITS] + [Closure(f, "with_trade", **SUBSTITUTES) for f in FACTORS]


@pytest.fixture(scope="module")
def gaps() -> Benchmark:
    """Four economies, three sectors, three flows that are zero, a sector that the first economy lacks."""
    return Benchmark.from_arrays(**lopsided(15, 4, 3, zeros=3, idle=True).arrays())


@pytest.mark.parametrize("closure", CASES, ids=lambda c: f"{c.factors}-{c.deficits}-{c.final}")
def test_the_gradient_is_the_slope_of_the_solver(gaps: Benchmark, closure: Closure):
    agrees(gaps, closure)


@pytest.fixture(scope="module")
def full(gaps: Benchmark) -> Benchmark:
    """The same with export taxes, rents, foreign owners and a customs pool at the benchmark."""
    before = start(gaps, Closure())
    given = {name: getattr(before, name) for name in ("export_tax", "import_rent", "export_rent", "ownership")}
    return replace(gaps, customs_pool={"E0": 0.2, "E1": 0.5, "E3": 0.3}, **given)


@pytest.mark.parametrize("closure", CASES[::4], ids=lambda c: f"{c.factors}-{c.deficits}-{c.final}")
def test_with_a_pool_owners_abroad_and_export_taxes_at_the_benchmark(full: Benchmark, closure: Closure):
    agrees(full, closure)


def test_every_instrument_has_a_derivative():
    assert set(levers.AXES) == {field.name for field in fields(Wedges)}


@pytest.mark.parametrize("deficits", ["with_trade", "balanced"])
def test_in_other_worlds_too(world: Benchmark, deficits: str):
    agrees(world, Closure("specific", deficits))


def agrees(world: Benchmark, closure: Closure) -> None:
    """Every instrument, each in a random direction, for outcomes of every kind."""
    factors = closure.factors
    wedges = start(world, closure)
    eq = solve(world, wedges, closure=closure, tolerance=TIGHT)
    active = np.argwhere(world.output > 0)
    n, j = active[-1]
    cell = f"{world.economies[n]}:{world.sectors[j]}"
    of = [*(f"{key}:{code}" for key in OF for code in world.economies), f"value_added:{cell}", f"output_cf:{cell}"]
    if factors != "mobile":
        of.append(f"producers_income:{cell}")
    found = adjoint.gradients(eq, of, instruments(closure))
    assert found.residual <= 1e-12

    def outcomes(after: Equilibrium) -> np.ndarray:
        v = after.values
        logs = [np.log(v[key]) for key in OF] + [np.log([v["value_added"][n, j]]), np.log([v["output_cf"][n, j]])]
        if factors != "mobile":
            labour, home = world.labour_share[n, j], after.wedges.ownership[n, n, j]
            own = v["value_added"][n, j] * ((1 - labour) * home + (labour if factors == "immobile" else 0.0))
            logs.append(np.log([own / v["price_index"][n]]))
        return np.concatenate(logs)

    for name, turn in directions(world, closure).items():
        slope = difference(lambda h, name=name, turn=turn: outcomes(turned(eq, wedges, {name: turn}, h)), STEP)
        ours = (found.values[name].reshape(len(of), -1) @ turn.ravel()).ravel()
        assert np.abs(slope).max() > 1e-4, name
        np.testing.assert_allclose(ours, slope, rtol=1e-6, atol=1e-6 * np.abs(slope).max(), err_msg=name)
