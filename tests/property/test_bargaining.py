"""What bargaining may not depend on, and what a fine grid may not find."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bargaining_table import Quadratic, concave, grid
from comity.talks.bargaining.bargain import bargain_over
from comity.talks.bargaining.best import Guard, best_package
from comity.talks.bargaining.credit import credit
from comity.talks.bargaining.frontier import lottery, nondominated
from comity.talks.bargaining.negotiate import negotiate
from comity.talks.bargaining.payoffs import TablePayoffs, corner_intensities

seeds = st.integers(min_value=0, max_value=10_000)
CONCEPTS = ("nash", "egalitarian_pct", "egalitarian_usd", "kalai_smorodinsky")


def cloud(seed: int, parties: int = 2, points: int = 40) -> np.ndarray:
    """Random gains, some of them of both signs; nothing comes first."""
    rng = np.random.default_rng(seed)
    return np.vstack([np.zeros(parties), rng.normal(0.5, 1.0, (points, parties))])


def scaled(table: Quadratic, party: int, factor: float) -> Quadratic:
    """The same with one party's money in another unit."""
    by = np.where(np.arange(len(table.base)) == party, factor, 1.0)
    return Quadratic(table.base * by, table.slope * by[:, None], table.curve * by[:, None, None], table.probability)


@given(seeds)
def test_on_a_grid_no_larger_product_and_no_point_that_dominates(seed: int) -> None:
    table = concave(seed)
    found = negotiate(table, table.base, points=0)
    x = grid(80, 2)
    gain = np.array([table.probability @ table.at(row) for row in x]) - table.probability @ table.at(np.zeros(2))
    if found.outcome != "gain":
        assert np.all((gain / table.base).min(axis=1) <= 1e-9)
        return
    assert found.room >= (gain / table.base).min(axis=1).max() - 1e-12
    nash = found.agreements["nash"]
    inside = np.all(gain > 0, axis=1)
    assert np.log(nash.gain).sum() >= np.log(gain[inside]).sum(axis=1).max(initial=-np.inf) - 1e-9
    unit = np.abs(gain).max(axis=0)
    for concept in CONCEPTS:
        own = found.agreements[concept].gain
        assert not np.any(np.all((gain - own) / unit > 1e-7, axis=1)), concept
    for concept, scale in (("egalitarian_pct", table.base), ("egalitarian_usd", 1.0), ("kalai_smorodinsky", found.ideal)):
        assert (found.agreements[concept].gain / scale).min() >= (gain / scale).min(axis=1).max() - 1e-9, concept
    assert np.all(found.ideal >= np.array([gain[gain[:, 1 - n] >= 0, n].max() for n in range(2)]) - 1e-9)
    assert found.agreements["utilitarian"].gain.sum() >= gain.sum(axis=1).max() - 1e-9


@given(seeds)
def test_every_solution_carries_a_certificate_that_holds(seed: int) -> None:
    table = concave(seed, parties=2, proposals=3)
    found = negotiate(table, table.base, points=0)
    for concept, agreement in found.agreements.items():
        assert agreement.certificate is not None
        assert agreement.certificate.holds, concept


@given(seeds, st.floats(min_value=0.05, max_value=20))
def test_the_unit_of_one_party_moves_only_the_egalitarian_points(seed: int, factor: float) -> None:
    gain = cloud(seed)
    by = np.array([factor, 1.0])
    one, two = bargain_over(gain, np.ones(2)), bargain_over(gain * by, np.ones(2))
    if one.outcome == "gain":
        for concept in ("nash", "kalai_smorodinsky"):
            assert one.agreements[concept].position == two.agreements[concept].position
    assert (one.lottery is None) == (two.lottery is None)
    if one.lottery is not None and two.lottery is not None:
        np.testing.assert_allclose(one.lottery.gain * by, two.lottery.gain, rtol=1e-6, atol=1e-9)


def test_the_unit_does_move_the_egalitarian_point() -> None:
    gain = np.array([[0, 0], [10, 1], [4, 3.0]])
    one = bargain_over(gain, np.ones(2))
    two = bargain_over(gain * np.array([0.1, 1.0]), np.ones(2))
    assert one.agreements["egalitarian_usd"].position == 2
    assert two.agreements["egalitarian_usd"].position == 1
    assert one.agreements["nash"].position == two.agreements["nash"].position


@given(seeds, st.floats(min_value=0.1, max_value=10))
def test_the_unit_moves_no_continuous_nash_or_kalai_point(seed: int, factor: float) -> None:
    table = concave(seed)
    one = negotiate(table, table.base, points=0)
    two = negotiate(scaled(table, 0, factor), table.base, points=0)
    for concept in ("nash", "kalai_smorodinsky"):
        if concept in one.agreements:
            a, b = one.agreements[concept].gain, two.agreements[concept].gain
            np.testing.assert_allclose(b, a * np.array([factor, 1.0]), rtol=1e-5, atol=1e-7)


@given(seeds)
def test_names_and_order_of_parties_and_packages_do_not_matter(seed: int) -> None:
    gain, rng = cloud(seed, parties=3), np.random.default_rng(seed)
    order, seats = rng.permutation(np.arange(1, len(gain))), rng.permutation(3)
    moved = np.vstack([gain[:1], gain[order]])[:, seats]
    one, two = bargain_over(gain, np.ones(3)), bargain_over(moved, np.ones(3))
    assert one.outcome == two.outcome
    for concept in one.agreements:
        np.testing.assert_allclose(one.agreements[concept].gain[seats], two.agreements[concept].gain)
    if one.lottery is not None:
        assert two.lottery is not None
        np.testing.assert_allclose(one.lottery.gain[seats], two.lottery.gain, rtol=1e-6)


@given(seeds)
def test_packages_that_nobody_chose_may_go(seed: int) -> None:
    gain = cloud(seed)
    found = bargain_over(gain, np.ones(2))
    if found.outcome != "gain":
        return
    nash = found.agreements["nash"].position
    kept = np.random.default_rng(seed).random(len(gain)) < 0.5
    kept[[0, nash]] = True
    again = bargain_over(gain[kept], np.ones(2))
    np.testing.assert_array_equal(again.agreements["nash"].gain, found.agreements["nash"].gain)


@given(seeds, st.integers(min_value=2, max_value=4))
def test_a_lottery_is_at_least_as_good_as_any_package_and_as_any_other_lottery(seed: int, parties: int) -> None:
    gain = cloud(seed, parties)
    found = lottery(gain, np.ones(parties))
    draws = np.random.default_rng(seed).dirichlet(np.full(len(gain), 0.1), 2000) @ gain
    inside = np.all(draws > 0, axis=1)
    if found is None:
        assert not inside.any()
        return
    assert np.log(found.gain).sum() >= np.log(draws[inside]).sum(axis=1).max(initial=-np.inf) - 1e-9
    assert found.over_pure >= -1e-9
    assert found.gap <= 1e-9
    assert found.probability.sum() == pytest.approx(1)
    assert len(found.positions) <= parties


@given(seeds)
def test_the_frontier_is_undominated_and_holds_the_bargained_points(seed: int) -> None:
    table = concave(seed)
    found = negotiate(table, table.base)
    assert found.frontier is not None
    assert nondominated(found.frontier.gain, 1e-7).all()
    unit = found.frontier.gain.max(axis=0)
    for concept in CONCEPTS:
        if concept in found.agreements:
            away = np.abs((found.frontier.gain - found.agreements[concept].gain) / unit).max(axis=1)
            assert away.min() <= 1e-6, concept
    # Concave payoffs: drawing lots adds nothing.
    if found.lottery is not None:
        np.testing.assert_allclose(found.lottery.gain, found.agreements["nash"].gain, rtol=1e-4)


@given(seeds)
def test_three_parties_on_a_grid(seed: int) -> None:
    table = concave(seed, parties=3, proposals=3, states=2)
    found = negotiate(table, table.base, points=0)
    x = grid(20, 3)
    gain = np.array([table.probability @ table.at(row) for row in x]) - table.probability @ table.at(np.zeros(3))
    if found.outcome != "gain":
        return
    inside = np.all(gain > 0, axis=1)
    assert np.log(found.agreements["nash"].gain).sum() >= np.log(gain[inside]).sum(axis=1).max(initial=-np.inf) - 1e-9
    unit = np.abs(gain).max(axis=0)
    for concept in CONCEPTS:
        assert not np.any(np.all((gain - found.agreements[concept].gain) / unit > 1e-7, axis=1)), concept


@given(seeds)
def test_the_best_package_of_a_bilinear_table_is_not_beaten_by_its_corners_or_a_grid(seed: int) -> None:
    rng = np.random.default_rng(seed)
    x = corner_intensities(3)
    corner = 1000 + np.einsum("mk,skp->smp", x, rng.normal(size=(2, 3, 2))) + rng.normal(scale=0.2, size=(2, 8, 2))
    table = TablePayoffs(("A", "B"), ("none", "war"), np.array([0.8, 0.2]), ("p", "q", "r"), corner)
    base = np.full(2, 1000.0)
    found = best_package(table, base, guard=Guard(table, base))
    points = grid(16, 3)
    gain = np.array([table.probability @ table.at(row) for row in points])
    kept = np.all(gain >= gain[0] - 1e-9, axis=1)
    assert found.joint >= (gain[kept] / base - 1).mean(axis=1).max() - 1e-12
    assert found.gap >= -1e-12


@given(seeds)
def test_shapley_values_add_up_whatever_stands(seed: int) -> None:
    table = concave(seed, parties=2, proposals=4)
    x = np.random.default_rng(seed).uniform(size=4)
    found = credit(table, x, table.base, risk_aversion=2.0)
    order = np.random.default_rng(seed + 1).permutation(4)
    moved = Quadratic(table.base, table.slope[:, :, order], table.curve[:, order][:, :, order], table.probability)
    again = credit(moved, x[order], table.base, risk_aversion=2.0)
    np.testing.assert_allclose(again.party, found.party[order], atol=1e-9)
    lone = credit(table, np.eye(4)[1] * x, table.base)
    np.testing.assert_array_equal(lone.party[[0, 2, 3]], 0)
