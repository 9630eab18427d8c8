"""The exact decomposition of real income: its parts add up, and each is what it says."""

from __future__ import annotations

import numpy as np
import pytest

from comity.model import envelope
from comity.records import Benchmark, Closure, Wedges
from comity.solve.derivatives import path
from comity.solve.equilibrium import solve
from comity.vocabulary import DEFICITS, FACTORS
from referee import lopsided

RNG = np.random.default_rng(21)


def everything(world: Benchmark, closure: Closure) -> Wedges:
    """A large shock of every kind at once."""
    n, j = world.expenditure.shape
    rng = np.random.default_rng(5)
    abroad = 1 - np.eye(n)[:, :, None]
    paid = rng.normal(0, 0.01, n) * world.value_added.sum() / n
    return Wedges(
        tariff=world.tariff + abroad * rng.uniform(0, 0.5, (n, n, j)),
        trade_cost=1 + abroad * rng.uniform(0, 0.6, (n, n, j)),
        productivity=rng.uniform(0.8, 1.3, (n, j)),
        labour=rng.uniform(0.8, 1.2, n),
        capital=None if closure.factors == "mobile" else rng.uniform(0.8, 1.3, (n, j)),
        taste=rng.uniform(0.6, 1.5, (n, j)),
        transfer=paid - paid.mean(),
    )


@pytest.fixture(scope="module")
def gaps() -> Benchmark:
    """Four economies, three sectors, three flows that are zero, a sector that the first economy lacks."""
    return Benchmark.from_arrays(**lopsided(15, 4, 3, zeros=3, idle=True).arrays())


SUBSTITUTES = {"inputs": (0.3, 0.8, 1.7), "value_added": 0.5, "final": 2.5}
CASES = [Closure(f, d) for f in FACTORS for d in DEFICITS] + [Closure(f, "with_trade", **SUBSTITUTES) for f in FACTORS]


@pytest.mark.parametrize("closure", CASES, ids=lambda c: f"{c.factors}-{c.deficits}-{c.final}")
def test_parts_add_up_to_the_change_of_real_income(gaps: Benchmark, closure: Closure):
    world = gaps
    eq = solve(world, everything(world, closure), closure=closure)
    found = path.decompose(eq, world.economies[:2])
    goal = np.log(eq.values["real_income"])
    assert np.abs(goal).max() > 0.05
    assert np.abs(sum(found.by_channel().values()) - goal).max() < 1e-6
    assert np.abs(sum(found.by_instrument().values()) - goal[:2]).max() < 1e-6
    np.testing.assert_allclose(found.residual, goal - sum(found.by_channel().values()), atol=1e-15)
    assert np.abs(found.instruments["other"]).max() < 1e-12
    split = found.by_partner()["terms_of_trade"].sum(axis=1)
    np.testing.assert_allclose(split, found.by_sector()["terms_of_trade"].sum(axis=1), atol=1e-14)


def test_an_embargo_adds_up(world: Benchmark):
    """Flows that end at zero: the cost of ending them is a trade cost's, and the path is cut finer where it must be."""
    n, j = world.expenditure.shape
    cost = np.ones((n, n, j))
    cost[0, 1], cost[1, 0] = np.inf, np.inf
    eq = solve(world, Wedges(trade_cost=cost), closure=Closure("specific", "with_trade"))
    found = path.decompose(eq, world.economies)
    goal = np.log(eq.values["real_income"])
    assert np.abs(sum(found.by_channel().values()) - goal).max() < 1e-6
    parts = found.by_instrument()
    np.testing.assert_allclose(parts["trade_cost"], goal, atol=1e-6)
    assert max(np.abs(part).max() for name, part in parts.items() if name != "trade_cost") < 1e-12


def test_a_small_shock_is_its_first_order(world: Benchmark):
    """One cell of productivity: what it gives its own economy is its Domar weight, and parts of others are terms of trade."""
    n, j = (int(k) for k in np.argwhere(world.output > 0)[-1])
    made = np.ones(world.output.shape)
    made[n, j] = 1.0001
    eq = solve(world, Wedges(productivity=made), tolerance=1e-12)
    parts = path.decompose(eq).by_channel()
    domar = world.output[n, j] / (world.income - world.deficit)[n] * np.log(1.0001)
    np.testing.assert_allclose(parts["productivity"][n], domar, rtol=1e-3)
    assert np.abs(np.delete(parts["productivity"], n)).max() == 0
    for name in ("labour", "capital", "transfer", "trade_cost"):
        assert np.abs(parts[name]).max() == 0, name


def test_a_transfer_is_worth_itself_and_what_it_does_to_prices(world: Benchmark):
    paid = np.zeros(len(world.economies))
    paid[0], paid[1] = 1e-4 * world.income[0], -1e-4 * world.income[0]
    eq = solve(world, Wedges(transfer=paid), tolerance=1e-12)
    parts = path.decompose(eq).by_channel()
    np.testing.assert_allclose(parts["transfer"], paid / (world.income - world.deficit), rtol=1e-3, atol=1e-12)


def test_terms_of_trade_are_what_one_side_gains_and_the_other_loses():
    F, dlnc = RNG.uniform(1, 5, (4, 4, 3)), RNG.normal(0, 0.1, (4, 3))
    gain = np.asarray(envelope.terms_of_trade(F, dlnc))
    np.testing.assert_allclose(gain, -gain.swapaxes(0, 1), atol=1e-14)
    assert np.abs(np.einsum("nnj->nj", gain)).max() < 1e-15


def test_volume_of_trade_is_duty_on_quantity():
    F, t, dlnp = RNG.uniform(1, 5, (3, 3, 2)), RNG.uniform(0, 0.5, (3, 3, 2)), RNG.normal(0, 0.1, (3, 3, 2))
    assert np.abs(np.asarray(envelope.volume_of_trade(F, t, F * dlnp, dlnp))).max() < 1e-15  # dearer, not more
    np.testing.assert_allclose(envelope.volume_of_trade(F, t, F * (dlnp + 0.01), dlnp), 0.01 * t * F, rtol=1e-12)


def test_direct_terms_are_flows_times_changes():
    F, Y, change = RNG.uniform(1, 5, (3, 3, 2)), RNG.uniform(1, 5, (3, 2)), RNG.normal(0, 0.1, (3, 3, 2))
    np.testing.assert_allclose(envelope.trade_cost(F, change), -F * change)
    np.testing.assert_allclose(envelope.productivity(Y, change[0]), Y * change[0])
    dlnP, I = RNG.normal(0, 0.1, 3), RNG.uniform(50, 90, 3)  # noqa: E741
    np.testing.assert_allclose(envelope.taste(I, dlnP, I * dlnP), 0, atol=1e-14)


def test_producers_own_their_capital_and_their_labour_where_it_stays():
    added, lam, P = RNG.uniform(1, 5, (3, 2)), RNG.uniform(0.2, 0.8, (3, 2)), np.array([1.0, 2.0, 0.5])
    all_of_it = np.asarray(envelope.producers_income(added, lam, P, True))
    np.testing.assert_allclose(all_of_it * P[:, None], added)
    np.testing.assert_allclose(np.asarray(envelope.producers_income(added, lam, P, False)), (1 - lam) * all_of_it)
