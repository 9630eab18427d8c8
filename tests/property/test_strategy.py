"""Governments' best tariffs, war and peace on small worlds, against formulae, grids and differences of the solver."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from comity.records import Benchmark, Closure, Wedges
from comity.solve.derivatives import adjoint
from comity.solve.equilibrium import solve
from comity.strategy.cooperate import cooperate
from comity.strategy.game import Game
from comity.strategy.nash import apart, nash
from comity.strategy.players import DESIGNS, INSTRUMENTS, player
from comity.strategy.response import best_response
from referee import lopsided
from strategy_worlds import armington, rebased, symmetric

FIXED = Closure("mobile", "fixed")
BALANCED = Closure("mobile", "balanced")
SPECIFIC = Closure("specific", "fixed")


@pytest.fixture(scope="module")
def four() -> Benchmark:
    """Four economies and three sectors, nothing alike."""
    return Benchmark.from_arrays(**lopsided(28, 4, 3).arrays())


@pytest.fixture(scope="module")
def owned() -> Benchmark:
    """The same, where E3 owns 40 % of the capital of S1 in E1."""
    own = np.repeat(np.eye(4)[:, :, None], 3, axis=2)
    own[1, 1, 1], own[3, 1, 1] = 0.6, 0.4
    return Benchmark.from_arrays(**(lopsided(28, 4, 3).arrays() | {"ownership": own}))


def everyone(world: Benchmark, **how):
    return [player(code, world, **how) for code in world.economies]


@pytest.mark.parametrize(("home", "foreign", "theta"), [(0.7, 0.8, 4.0), (0.5, 0.95, 2.5), (0.9, 0.6, 7.0)])
def test_two_countries_one_sector_the_optimal_tariff_is_one_over_theta_times_the_foreign_home_share(home, foreign, theta):
    world = armington(home, foreign, theta=theta)
    found = best_response(world, player("HOM", world, design="one"), closure=FIXED)
    own = found.eq.values["trade_share"][1, 1, 0]
    assert np.expm1(found.z[0]) == pytest.approx(1 / (theta * own), abs=1e-6)
    assert found.certificate.converged
    assert found.certificate.same


@pytest.mark.parametrize("design", DESIGNS)
def test_all_designs_agree_where_there_is_one_partner_and_one_sector(design):
    world = armington(tariff=0.1)
    found = best_response(world, player("HOM", world, design=design), closure=FIXED)
    own = found.eq.values["trade_share"][1, 1, 0]
    assert np.expm1(found.z) == pytest.approx([1 / (4 * own)], abs=1e-6)


def test_a_freer_government_gains_more(four):
    who = "E1"
    gains = {d: best_response(four, player(who, four, design=d), closure=FIXED).gain for d in DESIGNS}
    assert gains["free"] > gains["sector"] > gains["one"] > 0
    assert gains["free"] > gains["partner"] > gains["one"]


@pytest.mark.parametrize("closure", [FIXED, BALANCED, SPECIFIC])
def test_at_the_optimum_the_solver_itself_finds_no_slope_and_only_worse(four, closure):
    found = best_response(four, player("E0", four, design="free"), closure=closure)
    assert found.certificate.converged
    assert found.certificate.same
    game, base = found.game, found.eq.values["real_income"][0]
    rng = np.random.default_rng(2)
    for step in (0.02, 0.05):
        for _ in range(4):
            turn = rng.uniform(-1, 1, found.z.shape)
            sides = [
                solve(game.benchmark, game.policy((found.z + s * turn,)), closure=game.closure, tolerance=1e-12, start=found.eq)
                for s in (step, -step)
            ]
            values = [eq.values["real_income"][0] for eq in sides]
            assert max(values) < base
            # At a maximum both sides fall alike: the slope is what is left of the difference.
            assert abs(values[0] - values[1]) < 0.2 * (2 * base - sum(values))


@pytest.mark.parametrize("closure", [FIXED, BALANCED, SPECIFIC])
def test_a_fine_grid_finds_no_better_tariff(four, closure):
    found = best_response(four, player("E2", four, design="one"), closure=closure)
    game = found.game
    grid = [game.at((np.array([np.log1p(t)]),), ()).payoffs[0] for t in np.linspace(-0.2, 1.5, 86)]
    assert max(grid) <= game.at((found.z,), ()).payoffs[0] + 1e-10
    # The grid surrounds it: one neighbour on each side is below.
    at = np.linspace(-0.2, 1.5, 86)[int(np.argmax(grid))]
    assert abs(np.expm1(found.z[0]) - at) <= 0.02


def test_rates_that_move_together_are_equal_to_the_last_digit(four):
    world = replace(four, groups={"UNI": ("E0", "E1")})
    found = best_response(world, player("UNI", world), closure=FIXED)
    tariff = found.wedges.tariff
    assert found.certificate.converged
    assert np.all(tariff[:2, :2] == 0)
    for j in range(3):
        assert len(np.unique(tariff[:2, 2:, j])) == 1
    assert np.array_equal(tariff[2:], world.tariff[2:])


def test_a_union_counts_its_members(four):
    world = replace(four, groups={"UNI": ("E0", "E1")})
    alike = best_response(world, player("UNI", world), closure=FIXED)
    first = best_response(world, player("UNI", world, weights={"E1": 0.0}), closure=FIXED)
    assert first.eq.values["real_income"][0] > alike.eq.values["real_income"][0]
    assert first.eq.values["real_income"][1] < alike.eq.values["real_income"][1]


def test_partners_that_are_kept_and_sectors_that_are_not_taxed_stay(four):
    who = player("E3", four, design="free", taxed=("S0", "S2"), keep=("E1",))
    tariff = best_response(four, who, closure=FIXED).wedges.tariff
    assert np.array_equal(tariff[3, 1], four.tariff[3, 1])
    assert np.array_equal(tariff[3, :, 1], four.tariff[3, :, 1])
    assert not np.any(tariff[3, [0, 2]][:, [0, 2]] == four.tariff[3, [0, 2]][:, [0, 2]])


def test_bounds_hold_and_are_told(four):
    found = best_response(four, player("E1", four, design="free"), closure=FIXED, bounds=(0.0, 0.15))
    rates = np.expm1(found.z)
    assert rates.min() >= 0
    assert rates.max() == pytest.approx(0.15, abs=1e-15)
    assert found.certificate.converged
    assert 0 < found.certificate.at_bounds <= len(rates)


@pytest.mark.parametrize("closure", [SPECIFIC, Closure("immobile", "fixed")])
def test_a_weight_is_recovered_from_the_tariff_that_it_explains(four, closure):
    """ω = 0.4: optimal most-favoured-nation tariff of one sector, the world re-benchmarked there, first-order condition."""
    found = best_response(four, player("E1", four, sensitive={"S1": 1.4}, taxed=("S1",)), closure=closure)
    there = rebased(found.eq)
    eq = solve(there, None, closure=closure, tolerance=1e-12)
    slopes = adjoint.gradients(eq, ["E1", "producers_income:E1:S1"], ("tariff",)).values["tariff"]
    nation, producers = slopes[:, 1, [0, 2, 3], 1].sum(axis=1)
    income = there.income[1] - there.deficit[1]
    rents = there.value_added[1, 1] * (1 if closure.factors == "immobile" else 1 - there.labour_share[1, 1])
    assert -nation * income / (producers * rents) == pytest.approx(0.4, abs=1e-6)


@pytest.mark.parametrize("factors", ["specific", "immobile"])
def test_a_government_counts_what_its_residents_draw(owned, factors):
    """G = RI + ω PS with the residents' share of capital, of the benchmark or of the world that is played in; slopes too."""
    closure, who = Closure(factors, "fixed"), player("E1", owned, sensitive={"S1": 1.4}, taxed=("S1",))
    lam, base = owned.labour_share[1, 1], owned.income[1] - owned.deficit[1]
    handed_back = Wedges(ownership=np.repeat(np.eye(4)[:, :, None], 3, axis=2))
    for wedges, home in ((Wedges(), 0.6), (handed_back, 1.0)):
        game = Game(owned, (who,), closure, wedges)
        drawn = (1 - lam) * home + (lam if factors == "immobile" else 0.0)
        z = game.rates_of(0.2)

        def counted(values, drawn=drawn) -> float:
            producers = drawn * values["value_added"][1, 1] / values["price_index"][1]
            return float(values["real_income"][1] + 0.4 * producers / base)

        point = game.at(z, (0,))
        assert point.payoffs[0] == pytest.approx(counted(point.eq.values), rel=1e-12)
        ends = [game.at(((z[0] + h),), ()).payoffs[0] for h in (1e-4, -1e-4)]
        assert point.slopes[0].sum() == pytest.approx((ends[0] - ends[1]) / 2e-4, abs=1e-7)


def test_foreign_owners_of_a_sector_are_protected_less(owned, four):
    """Half as much again counted for producers of whom 40 % live abroad is less protection than where all live at home."""
    rates = [best_response(w, player("E1", w, sensitive={"S1": 1.5}), closure=SPECIFIC).z[1] for w in (owned, four)]
    assert rates[0] < rates[1]


def test_a_government_that_counts_producers_more_protects_them_more(four):
    nation = best_response(four, player("E1", four), closure=SPECIFIC)
    weighted = best_response(four, player("E1", four, sensitive={"S2": 1.5}), closure=SPECIFIC)
    assert weighted.z[2] > nation.z[2]
    assert weighted.eq.values["real_income"][1] < nation.eq.values["real_income"][1]
    assert weighted.gain > 0


def test_symmetric_war_is_symmetric_and_both_lose():
    world = symmetric()
    war = nash(world, everyone(world, taxed=("all",)), closure=FIXED)
    assert war.converged
    assert len(war.points) == 1
    one, two = war.ending.point.z
    assert one == pytest.approx(two, abs=1e-8)
    assert np.all(np.expm1(one) > 0.1)
    assert war.gain[0] == pytest.approx(war.gain[1], abs=1e-10)
    assert np.all(war.gain < 0)


def test_war_of_two_and_the_formula():
    """Johnson (1953): each side's tariff is 1/(θ π_FF), where π_FF is the other's own share before its tariff is paid."""
    world = armington(0.6, 0.85, theta=5.0)
    war = nash(world, everyone(world, design="one"), closure=FIXED)
    flow = war.eq.values["trade_flow"][:, :, 0]
    for n, other in ((0, 1), (1, 0)):
        own = flow[other, other] / flow[other].sum()
        assert np.expm1(war.ending.point.z[n][0]) == pytest.approx(1 / (5 * own), abs=1e-6)


@pytest.mark.parametrize("closure", [FIXED, BALANCED])
def test_no_profitable_deviation_from_war(four, closure):
    war = nash(four, everyone(four), closure=closure)
    assert war.converged
    assert war.ending.temptation <= 1e-8
    assert len(war.ending.deviations) == 2 * len(four.economies)
    assert all(d.converged and d.distance <= 1e-5 for d in war.ending.deviations)
    game, z = war.game, war.ending.point.z
    here = game.at(z, ()).payoffs
    for k in range(len(z)):
        for j in range(3):
            for rate in np.linspace(-0.2, 1.0, 13):
                other = z[k].copy()
                other[j] = np.log1p(rate)
                assert game.at((*z[:k], other, *z[k + 1 :]), ()).payoffs[k] <= here[k] + 1e-10


def test_peace_is_never_below_war(four):
    players = everyone(four)
    war = nash(four, players, closure=FIXED, verify=False)
    peace = cooperate(four, players, closure=FIXED, war=war)
    scale = np.array([p.scale for p in war.game.payoffs])
    assert peace.certificate.converged
    assert scale @ peace.over_war > 0
    tilted = cooperate(four, players, closure=FIXED, war=war, weights={"E0": 3.0})
    assert tilted.over_war[0] > peace.over_war[0]
    assert scale @ tilted.over_war < scale @ peace.over_war


def test_peace_with_transfers_leaves_nobody_below_war_and_all_with_the_same_gain(four):
    players = everyone(four)
    war = nash(four, players, closure=FIXED, verify=False)
    shared = cooperate(four, players, closure=FIXED, war=war, transfers=True)
    assert shared.over_war == pytest.approx(np.full(4, shared.over_war[0]), abs=1e-9)
    assert shared.over_war[0] > 0
    assert shared.transfers.sum() == pytest.approx(0, abs=1e-8)
    assert np.abs(shared.transfers).max() > 0
    paid = shared.eq.wedges.transfer
    assert paid == pytest.approx(shared.transfers, abs=1e-9)


def test_peace_between_alike_is_free_trade():
    world = symmetric()
    peace = cooperate(world, everyone(world, taxed=("all",)), closure=FIXED)
    assert peace.over_war[0] == pytest.approx(peace.over_war[1], abs=1e-9)
    again = solve(world, None, closure=FIXED).values["real_income"]
    assert peace.eq.values["real_income"] == pytest.approx(again, abs=1e-8)


@pytest.mark.parametrize("design", DESIGNS)
def test_slopes_in_a_players_own_numbers_are_those_of_the_solver(four, design):
    who = player("E1", four, design=design, sensitive={"S0": 1.7})
    game = Game(four, (who, player("E2", four)), SPECIFIC, Wedges(), tolerance=1e-12)
    rng = np.random.default_rng(1)
    z = tuple(rng.uniform(0.05, 0.3, len(low)) for low in game.low)
    slopes = game.at(z, (0, 1)).slopes
    both = game.joint_slope(game.at(z, ()).eq, z, np.array([0.3, 0.7]))
    for k in (0, 1):
        turn = rng.uniform(-1, 1, z[k].shape)
        h = 1e-3
        ends = [game.at((*z[:k], z[k] + s * h * turn, *z[k + 1 :]), ()).payoffs for s in (1, -1)]
        numeric = (ends[0] - ends[1]) / (2 * h)
        assert slopes[k] @ turn == pytest.approx(numeric[k], rel=1e-4, abs=1e-8)
        assert both[k] @ turn == pytest.approx(0.3 * numeric[0] + 0.7 * numeric[1], rel=1e-4, abs=1e-7)


def free_of_tariffs(world: Benchmark, code: str) -> Benchmark:
    """The same flows at border value, with one economy's own tariffs gone."""
    raw = lopsided(28, 4, 3).arrays()
    tariff = np.array(raw["tariff"])
    tariff[world.economy_index(code)] = 0.0
    return Benchmark.from_arrays(**{**raw, "tariff": tariff})


@pytest.mark.parametrize("rate", [0.1, 0.6])
def test_a_uniform_tariff_and_a_uniform_export_tax_are_the_same_policy(four, rate):
    """Lerner (1936): one economy taxes all its imports, or all its exports, at the same rate; trade balanced."""
    world = free_of_tariffs(four, "E1")
    games = [Game(world, (player("E1", world, design="one", instruments=(name,)),), BALANCED) for name in INSTRUMENTS]
    worlds = [game.at(game.rates_of(rate), ()).eq.values for game in games]
    assert worlds[0]["real_income"] == pytest.approx(worlds[1]["real_income"], abs=1e-9)
    # Only flows over E1's border are named at other prices; what is sold among the others is the same.
    others = np.ix_([0, 2, 3], [0, 2, 3])
    flows = [v["trade_flow"][others] / v["trade_flow"][0, 0, 0] for v in worlds]
    assert flows[0] == pytest.approx(flows[1], rel=1e-7)


def test_the_best_export_tax_of_one_sector_is_the_best_tariff():
    world = armington(0.6, 0.8)
    found = [best_response(world, player("HOM", world, design="one", instruments=(name,)), closure=FIXED) for name in INSTRUMENTS]
    assert found[0].z == pytest.approx(found[1].z, abs=1e-6)
    assert found[0].gain == pytest.approx(found[1].gain, abs=1e-9)


def test_tariff_and_export_tax_together_are_told_to_have_other_rates_that_are_as_good():
    world = armington(0.6, 0.8)
    found = best_response(world, player("HOM", world, design="one", instruments=INSTRUMENTS), closure=FIXED)
    alone = best_response(world, player("HOM", world, design="one"), closure=FIXED)
    assert found.certificate.converged
    assert found.certificate.same is False
    assert found.certificate.as_good
    # (1 + t)(1 + s) is what both together amount to.
    assert found.z.sum() == pytest.approx(alone.z[0], abs=1e-6)
    assert found.gain == pytest.approx(alone.gain, abs=1e-9)


def test_export_taxes_are_worth_something_on_top_where_sectors_differ(four):
    alone = best_response(four, player("E1", four), closure=BALANCED)
    both = best_response(four, player("E1", four, instruments=INSTRUMENTS), closure=BALANCED)
    assert both.certificate.converged
    assert both.certificate.as_good
    assert both.gain > alone.gain + 1e-4
    assert both.eq.wedges.export_tax is not None
    assert np.all(both.eq.wedges.export_tax[:, [0, 2, 3]] == 0)


def test_a_war_with_both_instruments_is_one_world_at_many_rates():
    world = symmetric()
    war = nash(world, everyone(world, taxed=("all",), instruments=INSTRUMENTS), closure=FIXED)
    assert war.converged
    assert len(war.points) == 1
    assert war.gain[0] == pytest.approx(war.gain[1], abs=1e-7)
    ends = [ending.point for ending in war.endings]
    if apart(*war.endings) > 1e-3:
        assert "same world" in war.choice
        assert ends[0].eq.values["real_income"] == pytest.approx(ends[1].eq.values["real_income"], abs=1e-6)


def test_the_slope_in_export_taxes_is_the_solvers(four):
    game = Game(four, (player("E1", four, design="free", instruments=INSTRUMENTS),), SPECIFIC, Wedges(), tolerance=1e-12)
    rng = np.random.default_rng(3)
    z = (rng.uniform(0.05, 0.3, len(game.low[0])),)
    slope = game.at(z, (0,)).slopes[0]
    turn = rng.uniform(-1, 1, z[0].shape)
    ends = [game.at((z[0] + s * 1e-3 * turn,), ()).payoffs[0] for s in (1, -1)]
    assert slope @ turn == pytest.approx((ends[0] - ends[1]) / 2e-3, rel=1e-4, abs=1e-8)
