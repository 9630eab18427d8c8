"""The exact decomposition of real income: its parts add up, and each is what it says."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from comity.model import envelope
from comity.records import Benchmark, Closure, Wedges
from comity.solve.derivatives import path
from comity.solve.derivatives.first_order import first_order
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
    owned = abroad * rng.uniform(0, 0.25, (n, n, j))
    return Wedges(
        tariff=world.tariff + abroad * rng.uniform(0, 0.5, (n, n, j)),
        export_tax=abroad * rng.uniform(-0.1, 0.3, (n, n, j)),
        import_rent=abroad * rng.uniform(0, 0.2, (n, n, j)),
        export_rent=abroad * rng.uniform(0, 0.2, (n, n, j)),
        ownership=owned + (1 - abroad) * (1 - owned.sum(axis=0)),
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


@pytest.fixture(scope="module")
def full(gaps: Benchmark) -> Benchmark:
    """The same with export taxes, rents, foreign owners and a customs pool at the benchmark."""
    n, j = gaps.expenditure.shape
    rng = np.random.default_rng(6)
    abroad = 1 - np.eye(n)[:, :, None]
    given = {name: abroad * rng.uniform(0, 0.15, (n, n, j)) for name in ("export_tax", "import_rent", "export_rent")}
    owned = abroad * rng.uniform(0, 0.2, (n, n, j))
    given["ownership"] = owned + (1 - abroad) * (1 - owned.sum(axis=0))
    return replace(gaps, customs_pool={"E0": 0.2, "E1": 0.5, "E3": 0.3}, **given)


@pytest.mark.parametrize(
    ("which", "closure"),
    [*(("full", c) for c in CASES), *(("gaps", c) for c in CASES if c.deficits == "proportional")],
    ids=lambda c: c if isinstance(c, str) else f"{c.factors}-{c.deficits}-{c.final}",
)
def test_parts_add_up_to_the_change_of_real_income(which: str, closure: Closure, request: pytest.FixtureRequest):
    world = request.getfixturevalue(which)
    eq = solve(world, everything(world, closure), closure=closure)
    found = path.decompose(eq, world.economies[:2])
    goal = np.log(eq.values["real_income"])
    assert np.abs(goal).max() > 0.05
    assert np.abs(sum(found.by_channel().values()) - goal).max() < 1e-6
    assert np.abs(sum(found.by_instrument().values()) - goal[:2]).max() < 1e-6
    np.testing.assert_allclose(found.residual, goal - sum(found.by_channel().values()), atol=1e-15)
    assert np.abs(found.instruments["other"]).max() < 1e-12
    assert all(
        np.abs(part).max() > 1e-6 for name, part in found.by_instrument().items() if getattr(eq.wedges, name, None) is not None
    )
    assert (np.abs(found.by_channel()["customs_pool"]).max() > 1e-6) == (which == "full")
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


@pytest.mark.parametrize("name", ["export_tax", "import_rent", "export_rent", "ownership", "tariff"])
def test_a_single_instrument_gets_all_of_it(full: Benchmark, name: str):
    """Taxes and rents share arrays of the equations; what one did is not put down to another."""
    world = full
    closure = Closure("specific", "with_trade")
    eq = solve(world, Wedges(**{name: getattr(everything(world, closure), name)}), closure=closure)
    found = path.decompose(eq, world.economies)
    parts = found.by_instrument()
    np.testing.assert_allclose(parts[name], np.log(eq.values["real_income"]), atol=1e-6)
    assert max(np.abs(part).max() for other, part in parts.items() if other != name) < 1e-12


def test_an_export_tax_on_one_partner_is_dearer_for_him():
    """With paper and pencil: a small tax is worth its revenue to the one and costs it the other, before other prices move."""
    world = Benchmark.from_arrays(**lopsided(28, 4, 3).arrays())
    rate = np.zeros(world.tariff.shape)
    rate[0, 1, 2] = 1e-4
    parts = path.decompose(solve(world, Wedges(export_tax=rate), tolerance=1e-12))
    paid = 1e-4 * world.trade_flow[0, 1, 2] / (world.income - world.deficit)
    got = parts.channels["terms_of_trade"]
    assert got[1, 0, 2] == pytest.approx(paid[1], rel=0.5)
    assert got[0, 1, 2] == pytest.approx(-paid[0], rel=0.5)
    assert got[1, 0, 2] * (world.income - world.deficit)[1] == pytest.approx(
        -got[0, 1, 2] * (world.income - world.deficit)[0], rel=1e-3
    )


def vanishing(world: Benchmark, size: float, deficits: str = "balanced") -> path.Decomposition:
    """Both decompositions of a change of all tariffs by random points times `size`."""
    abroad = 1 - np.eye(len(world.economies))[:, :, None]
    points = abroad * np.random.default_rng(9).uniform(0, 0.2, world.tariff.shape)
    eq = solve(world, Wedges(tariff=world.tariff + size * points), closure=Closure("mobile", deficits), tolerance=1e-12)
    return path.decompose(eq)


def test_the_first_order_sum_tends_to_the_exact_decomposition(world: Benchmark):
    """Ten times less of a tariff is a hundred times less of what the published sums leave out, in all and cell by cell."""
    gaps = []
    for size in (1e-1, 1e-2):
        both = vanishing(world, size)
        exact, sums = both.by_channel(), both.first_order
        assert sums.base_without_deficits
        np.testing.assert_allclose(sums.total + sums.remainder, sums.welfare, atol=1e-15)
        total = np.abs(sums.total - (exact["terms_of_trade"] + exact["volume_of_trade"])).max()
        cells = [np.abs(getattr(sums, name) - both.channels[name]).max() for name in ("terms_of_trade", "volume_of_trade")]
        gaps.append((total, np.abs(sums.remainder).max(), *cells))
        assert np.abs(sums.total).max() > 0.01 * size
    assert all(less < more / 50 for more, less in zip(*gaps, strict=True))


def test_the_published_sums_by_partner_and_sector_are_one_sum(world: Benchmark):
    sums = vanishing(world, 0.5).first_order
    for view in (sums.by_partner(), sums.by_sector()):
        np.testing.assert_allclose(sum(part.sum(axis=1) for part in view.values()), sums.total, atol=1e-14)
    np.testing.assert_allclose(sum(sums.by_channel().values()), sums.total, atol=1e-14)
    # Of prices one gains what the other loses.
    money = sums.by_channel()["terms_of_trade"] * sums.benchmark.income
    assert abs(money.sum()) < 1e-12 * sums.benchmark.income.sum()


def test_what_deficits_do_is_left_out_of_the_published_sums(world: Benchmark):
    """They are of consumption with D held: the formula holds while D stays, and leaves out the change of D where it moves."""
    abroad = 1 - np.eye(len(world.economies))[:, :, None]
    moved = Wedges(tariff=world.tariff + 1e-3 * abroad * (np.arange(len(world.economies)) == 0)[:, None, None])
    held, moves = (solve(world, moved, closure=Closure("mobile", d), tolerance=1e-12) for d in ("fixed", "with_trade"))
    assert not first_order(held).base_without_deficits
    left = first_order(moves).remainder
    borrowed = (moves.values["deficit"] - world.deficit) / world.income
    assert np.abs(borrowed).max() > 20 * np.abs(first_order(held).remainder).max()
    np.testing.assert_allclose(left, borrowed, atol=0.1 * np.abs(borrowed).max())


def test_duties_that_importers_keep_as_rents_count_as_duties():
    """A rent of importers in place of a tariff is the same duty to the published sums."""
    given = lopsided(28, 4, 3).arrays()
    as_tariff = Benchmark.from_arrays(**given)
    as_rent = Benchmark.from_arrays(**{**given, "tariff": 0 * as_tariff.tariff, "import_rent": as_tariff.tariff})
    abroad = 1 - np.eye(4)[:, :, None]
    gross = (1 + as_tariff.tariff) * (1 + 0.05 * abroad)
    closure = Closure("mobile", "balanced")
    one = first_order(solve(as_tariff, Wedges(tariff=gross - 1), closure=closure))
    two = first_order(solve(as_rent, Wedges(import_rent=gross - 1), closure=closure))
    np.testing.assert_allclose(two.total, one.total, atol=1e-9)


def test_terms_of_trade_are_what_one_side_gains_and_the_other_loses():
    F, dlnp = RNG.uniform(1, 5, (4, 4, 3)), RNG.normal(0, 0.1, (4, 4, 3))
    gain = np.asarray(envelope.terms_of_trade(F, dlnp))
    np.testing.assert_allclose(gain, -gain.swapaxes(0, 1), atol=1e-14)
    assert np.abs(np.einsum("nnj->nj", gain)).max() < 1e-15
    assert gain[1, 2, 0] == pytest.approx(F[2, 1, 0] * dlnp[2, 1, 0] - F[1, 2, 0] * dlnp[1, 2, 0])


def test_volume_of_exports_is_the_tax_on_quantity():
    Q, s, dlnc = RNG.uniform(1, 5, (3, 3, 2)), RNG.uniform(0, 0.5, (3, 3, 2)), RNG.normal(0, 0.1, (3, 2))
    assert np.abs(np.asarray(envelope.volume_of_exports(Q, s, Q * dlnc[None], dlnc))).max() < 1e-15
    more = np.asarray(envelope.volume_of_exports(Q, s, Q * (dlnc[None] + 0.01), dlnc))
    np.testing.assert_allclose(more[1, 2], 0.01 * s[2, 1] * Q[2, 1], rtol=1e-12)


def test_claims_and_pools_add_up_to_nothing_in_the_world_and_to_the_accounts_of_each():
    owned = RNG.uniform(0, 1, (4, 4, 3))
    owned /= owned.sum(0)
    capital, change = RNG.uniform(1, 9, (4, 3)), RNG.normal(0, 1, (4, 4, 3))
    change -= change.mean(0)
    for pairs, claims in ((envelope.dividends(owned, capital), owned), (envelope.ownership(change, capital), change)):
        pairs = np.asarray(pairs)
        assert abs(pairs.sum()) < 1e-12
        home = capital.sum(1) if claims is owned else 0.0  # received by residents less what all owners get of own capital
        np.testing.assert_allclose(pairs.sum((1, 2)), np.einsum("nij,ij->n", claims, capital) - home, atol=1e-12)
    key, duties = np.array([0.2, 0.5, 0, 0.3]), RNG.uniform(0, 5, (4, 3)) * np.array([1, 1, 0, 1])[:, None]
    net = np.asarray(envelope.customs_pool(key, duties))
    np.testing.assert_allclose(net.sum((1, 2)), key * duties.sum() - duties.sum(1), atol=1e-12)
    np.testing.assert_allclose(net, -net.swapaxes(0, 1), atol=1e-14)


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
