"""The best package with continuous intensities: formulae, grids, multipliers, and the words for a degenerate answer."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from bargaining_table import Quadratic, concave, grid, one_state
from comity.errors import InputError
from comity.talks import judge
from comity.talks.bargaining.best import Guard, best_package, tails
from comity.talks.bargaining.optimum import Certificate
from comity.talks.bargaining.payoffs import TablePayoffs, certainty_equivalent, corner_intensities


def joint_on(table: Quadratic, x: np.ndarray, losses: str) -> np.ndarray:
    gain = np.stack([table.at(row) for row in x], axis=1) / table.base - 1
    return judge.measure(gain.mean(axis=2), table.probability, losses)


def test_an_interior_maximum_has_its_formula_and_a_certificate() -> None:
    table = one_state([[3.0, 0.0], [-1.0, 1.0]], [[2.0, 0.5], [2.0, 0.5]], [100.0, 100.0])
    found = best_package(table, table.base)
    # Sum: 2 x₁ − 2 x₁² and x₂ − ½ x₂², which wants x₂ = 1 exactly where its slope ends.
    np.testing.assert_allclose(found.x, [0.5, 1.0], atol=1e-6)
    assert found.certificate.holds
    assert found.certificate.found_by == tuple(range(found.certificate.starts))
    assert found.certificate.evaluations > 0
    assert found.joint == pytest.approx((0.5 + 0.5) / 200, rel=1e-9)
    assert found.gap == pytest.approx(0.5 / 200, rel=1e-6)
    assert not found.every_concession_pays
    np.testing.assert_allclose(found.over_nothing, [1.5 - 0.25 - 0.25, -0.5 - 0.25 + 1 - 0.25], atol=1e-6)


@pytest.mark.parametrize("losses", ["expected", "worst", "cvar-90"])
@pytest.mark.parametrize("guarded", [False, True])
def test_a_fine_grid_finds_nothing_better(losses: str, guarded: bool) -> None:
    for seed in range(4):
        table = concave(seed, states=4)
        guard = Guard(table, table.base) if guarded else None
        found = best_package(table, table.base, losses=losses, guard=guard)
        x = grid(60, 2)
        value = joint_on(table, x, losses)
        if guarded:
            gain = np.stack([table.at(row) for row in x], axis=1) / table.base - 1
            value = value[judge.nobody_worse_off(gain, table.probability, losses, 0)]
            seen = judge.measure((table.at(found.x) / table.base - 1), table.probability, losses)
            start = judge.measure((table.at(np.zeros(2)) / table.base - 1), table.probability, losses)
            assert np.all(seen >= start - 1e-9)
        assert found.joint >= value.max() - 1e-12
        assert found.joint <= value.max() + 2e-4
        assert found.certificate.holds
        assert found.joint >= found.joint_discrete - 1e-12


def test_the_multiplier_is_what_relief_is_worth() -> None:
    table = one_state([[3.0], [-1.0]], [[0.2], [0.5]], [100.0, 200.0])
    found = best_package(table, table.base, guard=Guard(table, table.base))
    # B loses by any opening, so nothing is opened; a little relief opens a little.
    assert found.x == pytest.approx([0.0], abs=1e-9)
    relief = 1e-6
    joint = (3 / 100 - 1 / 200) / 2 * (relief * 200)
    assert found.shadow["B"] * relief == pytest.approx(joint, rel=1e-4)
    assert found.shadow["A"] == pytest.approx(0, abs=1e-12)


def test_a_guard_may_be_what_governments_want_and_more_economies() -> None:
    table = one_state([[3.0], [1.0]], [[0.2], [0.1]], [100.0, 100.0])
    outsider = one_state([[1.0], [1.0], [0.5]], [[0.0], [0.0], [2.0]], [100.0, 100.0, 100.0])
    found = best_package(table, table.base, guard=Guard(outsider, outsider.base))
    # The third economy gains ½ x − x² and is back at nothing at x = ½.
    assert found.x == pytest.approx([0.5], abs=1e-8)
    assert found.shadow["C"] > 0
    assert found.discrete == pytest.approx([0.0])


def test_where_everybody_gains_from_every_line_the_program_says_so() -> None:
    kind = one_state([[1.0, 2.0], [2.0, 1.0]], [[0.1, 0.1], [0.1, 0.1]], [100.0, 100.0])
    assert best_package(kind, kind.base).every_concession_pays
    assert best_package(kind, kind.base, conceded_by=[["A"], ["B"]]).every_concession_pays
    assert best_package(kind, kind.base).gap == pytest.approx(0, abs=1e-12)
    price = one_state([[1.0, -0.2], [2.0, 1.0]], [[0.1, 0.1], [0.1, 0.1]], [100.0, 100.0])
    assert best_package(price, price.base).x == pytest.approx([1, 1])
    assert not best_package(price, price.base, conceded_by=[["B"], ["A"]]).every_concession_pays
    # Nobody asks those who do not concede.
    assert best_package(price, price.base, conceded_by=[["B"], ["B"]]).every_concession_pays


def test_nothing_is_best_where_everything_hurts() -> None:
    found = best_package(bad := one_state([[-1.0], [-2.0]], [[0.0], [0.0]], [10.0, 10.0]), bad.base)
    assert found.x == pytest.approx([0.0])
    np.testing.assert_array_equal(found.over_nothing, 0)
    empty = Quadratic(np.ones(1), np.zeros((1, 1, 0)), np.zeros((1, 0, 0)), np.ones(1))
    with pytest.raises(InputError, match="no proposals"):
        best_package(empty, empty.base)


def test_weights_and_objectives_choose_differently() -> None:
    table = one_state([[2.0], [-1.0]], [[0.0], [0.0]], [100.0, 100.0])
    assert best_package(table, table.base).x == pytest.approx([1.0])
    assert best_package(table, table.base, weights=np.array([0.2, 0.8])).x == pytest.approx([0.0])
    # Good in the usual year, bad in the crisis that decides the tail.
    slope = np.array([[[1.0], [1.0]], [[-3.0], [-3.0]]])
    insure = Quadratic(np.array([100.0, 100.0]), slope, np.zeros((2, 1, 1)), np.array([0.95, 0.05]))
    assert best_package(insure, insure.base).x == pytest.approx([1.0])
    assert best_package(insure, insure.base, losses="worst").x == pytest.approx([0.0])
    assert best_package(insure, insure.base, losses="cvar-90").x == pytest.approx([0.0])


def risky() -> Quadratic:
    """A proposal that brings 3 in nine years of ten and costs 20 in the tenth, when its party is already down by half."""
    slope = np.array([[[3.0]], [[-20.0]]])
    return Quadratic(np.array([100.0]), slope, np.zeros((1, 1, 1)), np.array([0.9, 0.1]))


@pytest.mark.parametrize("guarded", [False, True])
def test_risk_aversion_leaves_out_what_only_pays_on_average(guarded: bool) -> None:
    table = risky()
    guard = Guard(table, table.base) if guarded else None
    assert best_package(table, table.base, guard=guard).x == pytest.approx([1.0])
    wary = best_package(table, table.base, guard=guard, risk_aversion=8.0)
    x = np.linspace(0, 1, 4001)
    payoff = np.stack([100 + 3 * x, 100 - 20 * x])
    sure = certainty_equivalent(payoff, table.probability, 8.0)
    assert wary.x == pytest.approx([x[np.argmax(sure)]], abs=1e-3)
    assert wary.joint == pytest.approx(sure.max() / 100 - 1, abs=1e-9)
    assert wary.joint_discrete == pytest.approx(max(sure[0], sure[-1]) / 100 - 1, abs=1e-12)
    assert wary.certificate.holds


def test_risk_aversion_of_nothing_is_the_expectation_and_leaves_the_tail_alone() -> None:
    gain, q = np.array([[0.1, -0.2], [-0.3, 0.1]]), np.array([0.7, 0.3])
    assert judge.measure(gain, q, "expected", 0.0) == pytest.approx(judge.expected(gain, q))
    assert np.all(judge.measure(gain, q, "expected", 3.0) < judge.expected(gain, q))
    for losses in ("worst", "cvar-90"):
        assert judge.measure(gain, q, losses, 3.0) == pytest.approx(judge.measure(gain, q, losses))


def test_the_rows_of_the_tail_are_its_measure() -> None:
    assert (tails("cvar-90", np.array([0.6, 0.35, 0.05])) @ -np.array([1.0, 2.0, 10.0])).min() == pytest.approx(-6)
    rng = np.random.default_rng(5)
    for states in (1, 2, 3, 6):
        q = rng.dirichlet(np.full(states, 0.4))
        y = rng.normal(size=(states, 20))
        for losses in ("expected", "worst", "cvar-90"):
            rows = tails(losses, q)
            np.testing.assert_allclose(rows.sum(axis=1), 1, atol=1e-12)
            np.testing.assert_allclose((rows @ y).min(axis=0), judge.measure(y, q, losses), atol=1e-12)
    with pytest.raises(InputError, match="fewer crises"):
        tails("cvar-90", np.append(np.full(18, 0.01), 0.82))


def test_a_crisis_of_probability_zero_counts_in_no_tail() -> None:
    slope = np.array([[[1.0], [1.0]], [[-30.0], [-30.0]]])
    table = Quadratic(np.array([100.0, 100.0]), slope, np.zeros((2, 1, 1)), np.array([1.0, 0.0]))
    assert best_package(table, table.base, losses="cvar-90").x == pytest.approx([1.0])
    assert best_package(table, table.base, losses="worst").x == pytest.approx([0.0])


def test_the_table_of_eight_proposals_is_searched_whole() -> None:
    rng = np.random.default_rng(9)
    x = corner_intensities(8)
    pair = rng.normal(scale=0.4, size=(8, 8, 2))
    corner = 1000 + x @ rng.normal(size=(8, 2)) + np.einsum("mk,ml,klp->mp", x, x, pair)
    table = TablePayoffs(("A", "B"), ("none",), np.ones(1), tuple("abcdefgh"), corner[None])
    base = np.array([1000.0, 1000.0])
    found = best_package(table, base)
    # Multilinear without constraints: a corner is best.
    assert found.joint == pytest.approx((corner / base - 1).mean(axis=1).max(), abs=1e-12)
    np.testing.assert_array_equal(found.x, found.discrete)


def test_more_than_eight_proposals_are_searched_from_the_single_ones() -> None:
    slope = np.linspace(-1, 1, 10)
    table = one_state([slope.tolist(), slope.tolist()], [[0.1] * 10] * 2, [100.0, 100.0])
    np.testing.assert_allclose(best_package(table, table.base).x, slope > 0.0, atol=1e-6)


def test_the_best_package_is_plain_data() -> None:
    table = concave(1)
    shown = json.loads(json.dumps(best_package(table, table.base, guard=Guard(table, table.base)).as_dict(), allow_nan=False))
    assert set(shown["intensity"]) == {"p1", "p2"}
    assert set(shown["shadow_price"]) == {"A", "B"}
    assert shown["certificate"]["holds"]
    assert shown["gap_to_discrete_pct"] >= 0


def test_the_same_twice() -> None:
    table = concave(7)
    one, two = best_package(table, table.base), best_package(table, table.base)
    np.testing.assert_array_equal(one.x, two.x)
    assert one.certificate.evaluations == two.certificate.evaluations


def test_noise_of_rounding_is_told_alike_whatever_it_is() -> None:
    # The last bits of a sum hang on the number of threads; what is told must not.
    noise = (-3e-17, 0.0, 2.22e-16, 3.33e-16, 9e-13)
    found = {
        json.dumps(replace(CERTIFICATE, projected_gradient=some, violation=other).as_dict()) for some in noise for other in noise
    }
    assert len(found) == 1
    assert replace(CERTIFICATE, projected_gradient=3.14e-7).as_dict()["projected_gradient"] == 3.1e-7


CERTIFICATE = Certificate(0.0, np.zeros(2), 0.0, evaluations=3, starts=2, found_by=(0, 1))
