"""Positions and friends on small worlds: against paper and pencil, Hulten's theorem and differences of the solver."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from comity.records import Benchmark, Closure, Wedges
from comity.solve.equilibrium import solve
from comity.talks.positions.agreement import agreement, coincidence
from comity.talks.positions.friends import friends
from comity.talks.positions.stance import Steps, at_benchmark, stances
from referee import lopsided
from strategy_worlds import armington

FIXED = Closure("mobile", "fixed")
SPECIFIC = Closure("specific", "with_trade")
ALL = Steps({"trade_cost": 0.01}, ("all",))


@pytest.fixture(scope="module")
def four() -> Benchmark:
    return Benchmark.from_arrays(**lopsided(28, 4, 3).arrays())


def alike(count: int = 4, sectors: int = 2, own: float = 0.6) -> Benchmark:
    """Economies alike in everything, with inputs."""
    flow = np.full((count, count, sectors), 100.0 * (1 - own) / (count - 1))
    flow[range(count), range(count)] = 100.0 * own
    return Benchmark.from_arrays(
        economies=tuple(f"A{n}" for n in range(count)),
        sectors=tuple(f"S{j}" for j in range(sectors)),
        trade_flow=flow,
        tariff=np.zeros_like(flow),
        input_share=np.full((count, sectors, sectors), 1 / sectors),
        value_added_share=np.full((count, sectors), 0.5),
        trade_elasticity=np.array([3.0, 6.0][:sectors]),
        name="all alike",
    )


@pytest.mark.parametrize(("home", "foreign", "theta"), [(0.7, 0.8, 4.0), (0.55, 0.95, 2.5)])
def test_two_economies_one_sector_on_paper(home, foreign, theta):
    """d ln V_n / d ln A_i = (1 − π_nn) / (1 + θ (π_HH + π_FF)); own growth brings the rest of one per cent."""
    found = friends(at_benchmark(armington(home, foreign, theta=theta), FIXED))
    spill = np.array([1 - home, 1 - foreign]) / (1 + theta * (home + foreign))
    assert found.elasticity == pytest.approx(np.array([[1 - spill[0], spill[0]], [spill[1], 1 - spill[1]]]), abs=1e-9)


def test_two_economies_one_sector_trade_costs_on_paper():
    """From the same algebra: what dearer imports do to both, and that own bilateral instruments are all there is."""
    home, foreign, theta = 0.7, 0.8, 4.0
    world = armington(home, foreign, theta=theta)
    found = stances(at_benchmark(world, FIXED), world.economies, steps=ALL)
    pair = agreement(found, 0, 1)
    assert pair.whole.coincidence is None
    # x: change of the relative factor price for one unit of ln d on what HOM imports; θ (π_HH + π_FF) x = −x + θ π_HH.
    x = theta * home / (1 + theta * (home + foreign))
    by_hand = 0.01 * np.array([[-(1 - home) * (1 - x)], [-(1 - foreign) * x]])
    assert found.change["trade_cost"][:, 0, 1, 0] == pytest.approx(by_hand[:, 0], abs=1e-11)
    assert pair.own.coincidence is not None


@pytest.mark.parametrize("closure", [FIXED, SPECIFIC, Closure("immobile", "proportional")])
def test_elasticities_are_the_solvers_own_differences(four, closure):
    found = friends(at_benchmark(four, closure))
    h = 1e-4
    for i in range(4):
        ends = []
        for sign in (1, -1):
            productivity = np.ones((4, 3))
            productivity[i] = np.exp(sign * h)
            ends.append(solve(four, Wedges(productivity=productivity), closure=closure, tolerance=1e-13).values["real_income"])
        assert found.elasticity[:, i] == pytest.approx((np.log(ends[0]) - np.log(ends[1])) / (2 * h), abs=1e-7)


@pytest.mark.parametrize("closure", [FIXED, SPECIFIC])
def test_stances_are_the_solvers_own_differences(four, closure):
    found = stances(at_benchmark(four, closure), ("E0", "E2"), steps=Steps({"trade_cost": 0.02, "tariff": 0.01}, ("all",)))
    h = 1e-4
    for n, i, j in ((0, 2, 1), (1, 3, 0), (3, 2, 2)):
        cost, duty = np.ones((4, 4, 3)), np.zeros((4, 4, 3))
        cost[n, i, j] = h
        duty[n, i, j] = h
        ends = [solve(four, Wedges(trade_cost=c), closure=closure, tolerance=1e-13).values["real_income"] for c in _sides(cost)]
        assert found.change["trade_cost"][:, n, i, j] / 0.02 == pytest.approx(_slope(ends, h)[[0, 2]], abs=1e-7)
        ends = [
            solve(four, Wedges(tariff=four.tariff + s * duty), closure=closure, tolerance=1e-13).values["real_income"]
            for s in (1, -1)
        ]
        assert found.change["tariff"][:, n, i, j] / 0.01 == pytest.approx(_slope(ends, h)[[0, 2]], abs=1e-7)


def _sides(cell: np.ndarray) -> list[np.ndarray]:
    moved = cell != 1
    return [np.where(moved, 1 + s * cell, 1.0) for s in (1, -1)]


def _slope(ends: list[np.ndarray], h: float) -> np.ndarray:
    return (np.log(ends[0]) - np.log(ends[1])) / (2 * h)


def test_friends_come_with_the_stances_or_alone(four):
    eq = at_benchmark(four, SPECIFIC)
    alone = friends(eq)
    both = stances(eq, ("E2", "E0"), steps=ALL).growth
    # The one is a derivative of ln V, the other of V, which is 1 at the benchmark.
    assert both == pytest.approx(alone.elasticity[[2, 0]], abs=1e-9)


def test_the_worlds_gain_from_productivity_is_what_is_sold():
    """Hulten (1978): without tariffs and deficits Σ_n I_n d ln V_n / d ln A_i is what i sells, inputs and all."""
    raw = lopsided(11, 5, 3).arrays()
    world = Benchmark.from_arrays(**{**raw, "tariff": np.zeros_like(raw["tariff"])})
    eq = solve(world, None, closure=Closure("mobile", "balanced"))
    found = friends(eq)
    base = eq.benchmark
    assert (base.income @ found.elasticity) == pytest.approx(base.output.sum(axis=1), rel=1e-8)


def test_among_alike_positions_on_the_trade_of_others_are_the_same():
    world = alike()
    found = stances(at_benchmark(world, FIXED), world.economies[:3], steps=ALL)
    for k, m in itertools.combinations(range(3), 2):
        pair = agreement(found, k, m)
        at = {group.name: group for group in pair.by_place}
        assert at["others"].coincidence == pytest.approx(1, abs=1e-9)
        # What hurts one's imports hurts the other's alike: mirrored cells, so that parts and stakes are mirrored too.
        assert at["imports_a"].part == pytest.approx(at["imports_b"].part, abs=1e-9)
        assert at["exports_a"].stake[0] == pytest.approx(at["exports_b"].stake[1], abs=1e-9)
        whole = {group.name: group.coincidence for group in pair.by_movement}
        assert whole["world"] == pytest.approx(1, abs=1e-9)
        assert pair.own.coincidence is not None
    spill = friends(at_benchmark(world, FIXED)).elasticity
    assert spill[0, 1:] == pytest.approx(np.full(3, spill[0, 1]), abs=1e-10)
    assert spill == pytest.approx(spill.T, abs=1e-10)


def test_parts_add_up_to_the_whole_and_stakes_to_one(four):
    found = stances(at_benchmark(four, SPECIFIC), ("E1", "E3"), steps=Steps({"trade_cost": 0.01, "tariff": 0.03}, ("all",)))
    pair = agreement(found, 0, 1)
    for groups in (pair.by_place, pair.by_sector):
        assert sum(g.part for g in groups) == pytest.approx(pair.whole.coincidence, abs=1e-12)
        for side in (0, 1):
            assert sum(g.stake[side] for g in groups) == pytest.approx(1, abs=1e-12)
    assert pair.by_movement[0].coincidence == pytest.approx(pair.whole.coincidence, abs=1e-12)


def test_coincidence_is_the_correlation_of_what_random_steps_bring(four):
    found = stances(at_benchmark(four, SPECIFIC), ("E0", "E1"), steps=ALL)
    pair = agreement(found, 0, 1)
    apart = found.moving.copy()
    apart[0, 1] = apart[1, 0] = False
    draws = np.random.default_rng(4).standard_normal((40_000, int(apart.sum())))
    gains = [draws @ found.change["trade_cost"][k][apart] for k in (0, 1)]
    assert np.corrcoef(gains)[0, 1] == pytest.approx(pair.whole.coincidence, abs=0.02)


def test_the_sharpest_are_the_largest_products_and_the_two_are_told_apart(four):
    found = stances(at_benchmark(four, SPECIFIC), ("E0", "E1"), steps=ALL)
    pair = agreement(found, 0, 1, most=5)
    products = np.where(found.moving, np.prod(found.change["trade_cost"], axis=0), 0.0)
    products[0, 1] = products[1, 0] = 0.0
    assert [p.gain[0] * p.gain[1] for p in pair.clashes] == pytest.approx(np.sort(products, axis=None)[:5][: len(pair.clashes)])
    assert [p.gain[0] * p.gain[1] for p in pair.causes] == pytest.approx(np.sort(products, axis=None)[::-1][:5])
    assert all({p.importer, p.exporter} != {"E0", "E1"} for p in (*pair.clashes, *pair.causes))
    first = pair.causes[0]
    at = (four.economy_index(first.importer), four.economy_index(first.exporter), four.sectors.index(first.sector))
    assert first.gain == pytest.approx(tuple(found.change["trade_cost"][(slice(None), *at)]))


def test_steps_scale_nothing_but_their_weight(four):
    eq = at_benchmark(four, SPECIFIC)
    one = agreement(stances(eq, ("E0", "E1"), steps=ALL), 0, 1)
    ten = agreement(stances(eq, ("E0", "E1"), steps=Steps({"trade_cost": 0.1}, ("all",))), 0, 1)
    assert ten.whole.coincidence == pytest.approx(one.whole.coincidence, abs=1e-12)
    assert ten.causes[0].gain == pytest.approx(tuple(10 * v for v in one.causes[0].gain))


def test_who_has_no_position_has_no_coincidence():
    assert coincidence(np.zeros(3), np.ones(3)) is None
    assert coincidence(np.array([]), np.array([])) is None
    assert coincidence(np.array([1.0, 2.0]), np.array([2.0, 4.0])) == pytest.approx(1)
    assert coincidence(np.array([1.0, 0.0]), np.array([0.0, 4.0])) == pytest.approx(0)


def test_a_government_counts_no_owners_abroad():
    own = np.repeat(np.eye(4)[:, :, None], 3, axis=2)
    own[0, 0, 1], own[2, 0, 1] = 0.3, 0.7
    world = Benchmark.from_arrays(**(lopsided(28, 4, 3).arrays() | {"ownership": own}))
    eq = at_benchmark(world, SPECIFIC)
    weighed = stances(eq, ("E0", "E1"), steps=ALL, governments={"E0": {"S1": 3.0}})
    nation = stances(eq, ("E0", "E1"), steps=ALL)
    h, drawn = 1e-4, 0.3 * (1 - world.labour_share[0, 1]) / (world.income[0] - world.deficit[0])
    cost = np.ones((4, 4, 3))
    cost[0, 2, 1] = h
    ends = [solve(world, Wedges(trade_cost=c), closure=SPECIFIC, tolerance=1e-13).values for c in _sides(cost)]
    producers = [drawn * v["value_added"][0, 1] / v["price_index"][0] for v in ends]
    more = (weighed.change["trade_cost"] - nation.change["trade_cost"])[0, 0, 2, 1] / 0.01
    assert more == pytest.approx(2 * (producers[0] - producers[1]) / (2 * h), abs=1e-7)


def test_a_government_that_counts_producers_takes_another_position(four):
    eq = at_benchmark(four, SPECIFIC)
    nation = stances(eq, ("E0", "E1"), steps=ALL)
    same = stances(eq, ("E0", "E1"), steps=ALL, governments={"E0": {"S1": 1.0}})
    weighed = stances(eq, ("E0", "E1"), steps=ALL, governments={"E0": {"S1": 3.0}})
    assert same.change["tariff"] == pytest.approx(nation.change["tariff"])
    h, rent = 1e-4, (1 - four.labour_share[0, 1]) / (four.income[0] - four.deficit[0])
    for n, i in ((0, 2), (2, 3)):
        cost = np.ones((4, 4, 3))
        cost[n, i, 1] = h
        ends = [solve(four, Wedges(trade_cost=c), closure=SPECIFIC, tolerance=1e-13).values for c in _sides(cost)]
        producers = [rent * v["value_added"][0, 1] / v["price_index"][0] for v in ends]
        more = (weighed.change["trade_cost"] - nation.change["trade_cost"])[0, n, i, 1] / 0.01
        assert more == pytest.approx(2 * (producers[0] - producers[1]) / (2 * h), abs=1e-7)
    assert weighed.change["trade_cost"][1] == pytest.approx(nation.change["trade_cost"][1])
    assert weighed.counting == "governments"
