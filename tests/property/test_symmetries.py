"""What may not matter: the order and names of economies and sectors, the unit of money, a line drawn through a sector."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from comity.evidence.verify import stress
from comity.records import Benchmark, Closure, Wedges
from comity.solve.batch import solve_many
from comity.solve.equilibrium import solve
from referee import Economy, lopsided

N, J = 4, 3
CLOSURES = (Closure("mobile", "fixed"), Closure("specific", "with_trade"))
seeds = st.integers(min_value=0, max_value=10_000)
closures = st.sampled_from(CLOSURES)
HATS = ("wage", "price_index", "real_income", "welfare")


def mild(seed: int) -> Economy:
    """A random world of one shape whose lenders can afford to lend: an extreme one may have no equilibrium after a shock."""
    for attempt in range(50):
        economy = lopsided(seed + 10_007 * attempt, N, J, zeros=2)
        if np.abs(economy.deficit / economy.value_added.sum(1)).max() < 0.3:
            return economy
    raise AssertionError("no mild world found")


def benchmark(economy: Economy, **other) -> Benchmark:
    return Benchmark.from_arrays(**{**economy.arrays(), **other})


def apart(left, right, names=HATS) -> float:
    return max(float(np.abs(np.asarray(left[name]) - np.asarray(right[name])).max()) for name in names)


@given(seeds, closures, st.permutations(range(N)))
def test_the_order_of_economies_does_not_matter(seed: int, closure: Closure, order: list[int]):
    world = benchmark(mild(seed))
    shock = stress(world)
    p = np.array(order)
    both = np.ix_(p, p, range(J))
    turned = Benchmark.from_arrays(
        economies=[world.economies[i] for i in p],
        sectors=world.sectors,
        trade_flow=world.trade_flow[both],
        tariff=world.tariff[both],
        input_share=world.input_share[p],
        value_added_share=world.value_added_share[p],
        trade_elasticity=world.trade_elasticity,
        labour_share=world.labour_share[p],
    )
    tariff, cost, productivity = (np.asarray(x) for x in (shock.tariff, shock.trade_cost, shock.productivity))
    one = solve(world, shock, closure=closure)
    two = solve(turned, Wedges(tariff=tariff[both], trade_cost=cost[both], productivity=productivity[p]), closure=closure)
    assert max(np.abs(np.asarray(two.values[k]) - np.asarray(one.values[k])[p]).max() for k in HATS) < 1e-8
    assert float(two.real_income.sel(country="E2")) == pytest.approx(float(one.real_income.sel(country="E2")), abs=1e-8)


@given(seeds, closures, st.permutations(range(J)))
def test_the_order_of_sectors_does_not_matter(seed: int, closure: Closure, order: list[int]):
    world = benchmark(mild(seed))
    shock = stress(world)
    p = np.array(order)
    turned = Benchmark.from_arrays(
        economies=world.economies,
        sectors=[world.sectors[j] for j in p],
        trade_flow=world.trade_flow[:, :, p],
        tariff=world.tariff[:, :, p],
        input_share=world.input_share[:, p][:, :, p],
        value_added_share=world.value_added_share[:, p],
        trade_elasticity=world.trade_elasticity[p],
        labour_share=world.labour_share[:, p],
    )
    tariff, cost, productivity = (np.asarray(x) for x in (shock.tariff, shock.trade_cost, shock.productivity))
    one = solve(world, shock, closure=closure).values
    wedges = Wedges(tariff=tariff[:, :, p], trade_cost=cost[:, :, p], productivity=productivity[:, p])
    assert apart(one, solve(turned, wedges, closure=closure).values) < 1e-8


@given(seeds, closures, st.floats(min_value=1e-6, max_value=1e6))
def test_the_unit_of_money_does_not_matter(seed: int, closure: Closure, unit: float):
    economy = mild(seed)
    world, other = benchmark(economy), benchmark(economy, trade_flow=unit * economy.flow)
    one, two = (solve(b, stress(world), closure=closure) for b in (world, other))
    assert apart(one.values, two.values) < 1e-8
    np.testing.assert_allclose(two.values["ev_usd_mn"], unit * np.asarray(one.values["ev_usd_mn"]), rtol=1e-6, atol=1e-7 * unit)
    assert two.residual <= 1e-10


@given(seeds, closures)
def test_a_line_through_a_sector_changes_nothing(seed: int, closure: Closure):
    """Two identical halves of a sector, with the same elasticity, are the sector."""
    economy = mild(seed)
    world = benchmark(economy)
    half = np.array([0, 0, 1, 2])  # the first sector, cut in two
    weight = np.array([0.5, 0.5, 1, 1])
    cut = Benchmark.from_arrays(
        economies=world.economies,
        sectors=["S0a", "S0b", "S1", "S2"],
        trade_flow=world.trade_flow[:, :, half] * weight,
        tariff=world.tariff[:, :, half],
        input_share=(world.input_share[:, half] * weight[None, :, None])[:, :, half],
        value_added_share=world.value_added_share[:, half],
        trade_elasticity=world.trade_elasticity[half],
        labour_share=world.labour_share[:, half],
    )
    tariff, cost, productivity = (
        np.asarray(x) for x in (stress(world).tariff, stress(world).trade_cost, stress(world).productivity)
    )
    one = solve(world, stress(world), closure=closure).values
    wedges = Wedges(tariff=tariff[:, :, half], trade_cost=cost[:, :, half], productivity=productivity[:, half])
    two = solve(cut, wedges, closure=closure).values
    assert apart(one, two) < 1e-8
    np.testing.assert_allclose(np.asarray(two["price"]), np.asarray(one["price"])[:, half], rtol=1e-8)
    np.testing.assert_allclose(np.asarray(two["output_cf"])[:, 0] * 2, np.asarray(one["output_cf"])[:, 0], rtol=1e-8)


@given(seeds, closures)
def test_an_embargo_is_the_limit_of_a_prohibitive_cost(seed: int, closure: Closure):
    world = benchmark(mild(seed))
    answers = []
    for cost in (1e2, 1e4, 1e9, np.inf):
        d = np.ones(world.trade_flow.shape)
        d[0, 1], d[1, 0] = cost, cost
        answers.append(solve(world, Wedges(trade_cost=d), closure=closure).values)
    gaps = [apart(answer, answers[-1]) for answer in answers[:-1]]
    assert gaps[0] > gaps[1] >= gaps[2] or gaps[0] < 1e-8
    assert gaps[2] < 1e-8
    assert (np.asarray(answers[-1]["trade_flow"])[0, 1] == 0).all()


@given(seeds, closures)
def test_many_at_once_are_the_same_as_one_by_one(seed: int, closure: Closure):
    world = benchmark(mild(seed))
    shocks = [stress(world), Wedges(), Wedges(tariff=world.tariff * 0.5)]
    loop = [solve(world, shock, closure=closure) for shock in shocks]
    batch, again = (solve_many(world, shocks, closure=closure, workers=2) for _ in range(2))
    for one, many, twice in zip(loop, batch, again, strict=True):
        assert apart(one.values, many.values) < 1e-8
        assert all(np.array_equal(many.values[name], twice.values[name]) for name in HATS)


@given(seeds)
def test_better_technology_everywhere_is_better_for_everyone_alike(seed: int):
    """Ten per cent more productivity in all sectors of all economies and a value-added share γ: everyone gains 1.1^{1/γ}."""
    arrays = mild(seed).arrays()
    gamma = 0.9
    even = {"tariff": np.zeros((N, N, J)), "value_added_share": np.full((N, J), gamma)}
    world = Benchmark.from_arrays(**{**arrays, **even})
    eq = solve(world, Wedges(productivity=np.full((N, J), 1.1)), closure=Closure("mobile", "proportional"))
    np.testing.assert_allclose(eq.values["real_income"], 1.1 ** (1 / gamma), rtol=1e-8)
