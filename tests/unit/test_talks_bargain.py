"""Bargaining: answers known beforehand, named outcomes, ties, and what a table of payoffs is."""

from __future__ import annotations

import json

import numpy as np
import pytest

from bargaining_table import Quadratic, concave, one_state
from comity.errors import InputError
from comity.talks.bargaining.bargain import bargain_over, shares
from comity.talks.bargaining.core import core_of
from comity.talks.bargaining.frontier import lottery, nondominated
from comity.talks.bargaining.negotiate import cost, negotiate
from comity.talks.bargaining.payoffs import TablePayoffs, certainty_equivalent, certainty_slope, corner_intensities

UNIT = np.ones(2)
NOTHING = np.zeros(2)


def test_two_packages_with_a_known_answer() -> None:
    found = bargain_over(np.array([[4, 1], [2, 2.1]]), UNIT, disagreement=NOTHING)
    nash = found.agreements["nash"]
    assert (nash.position, nash.ties) == (1, ())
    np.testing.assert_allclose(found.agreements["utilitarian"].gain, [2.5, 2.5])
    np.testing.assert_allclose(found.agreements["utilitarian"].transfer, [-1.5, 1.5])
    drawn = found.lottery
    assert drawn is not None
    assert drawn.needs_rotation
    np.testing.assert_allclose(drawn.probability, [5 / 11, 6 / 11], atol=1e-10)
    np.testing.assert_allclose(drawn.gain, [32 / 11, 1.6], atol=1e-9)
    assert drawn.gap <= 1e-10
    assert (found.outcome, found.room) == ("gain", 2.0)


def test_a_tie_lists_both_and_takes_the_shorter_package() -> None:
    points = np.array([[3, 1], [1, 3.0]])
    found = bargain_over(points, UNIT, disagreement=NOTHING)
    assert (found.agreements["nash"].position, found.agreements["nash"].ties) == (0, (1,))
    assert found.lottery is not None
    np.testing.assert_allclose(found.lottery.gain, [2, 2])
    shorter = bargain_over(points, UNIT, disagreement=NOTHING, sizes=[2, 1])
    assert (shorter.agreements["nash"].position, shorter.agreements["nash"].ties) == (1, (0,))


def test_weights_of_the_nash_product_shift_it() -> None:
    points = np.array([[0, 0], [3, 1], [1, 3.0]])
    assert bargain_over(points, UNIT, weights=np.array([2.0, 1.0])).agreements["nash"].ties == ()
    assert bargain_over(points, UNIT, weights=np.array([2.0, 1.0])).agreements["nash"].position == 1
    with pytest.raises(InputError, match="must be positive"):
        bargain_over(points, UNIT, weights=np.array([1.0, 0.0]))


def test_no_gain_is_said_with_its_certificate() -> None:
    found = bargain_over(np.array([[0, 0], [5, -1], [-1, 5], [-1, -1.0]]), UNIT)
    assert (found.outcome, found.room, found.room_movable) == ("no_gain", 0.0, 0.0)
    assert "nash" not in found.agreements
    # Money would help: 5 − 1 is shared.
    np.testing.assert_allclose(found.agreements["utilitarian"].gain, [2, 2])
    nobody = bargain_over(np.array([[0, 0], [1, -1], [-2, 1.0]]), UNIT)
    assert (nobody.outcome, nobody.agreements) == ("no_gain", {})


def test_an_indifferent_party_is_a_constraint_and_not_a_factor() -> None:
    points = np.array([[0, 0, 0], [2, 1, 0], [1, 1.5, 0], [9, 9, -1e-3]])
    found = bargain_over(points, np.ones(3))
    assert found.outcome == "gain"
    assert found.movable.tolist() == [True, True, False]
    assert found.agreements["nash"].position == 1
    assert (found.room, found.room_movable) == (0.0, 1.0)


def test_where_only_turns_let_everybody_gain_a_rotation_is_needed() -> None:
    found = bargain_over(np.array([[0, 0], [1, 0], [0, 1.0]]), UNIT)
    assert found.outcome == "needs_rotation"
    assert found.lottery is not None
    assert found.lottery.over_pure == np.inf
    np.testing.assert_allclose(found.lottery.gain, [0.5, 0.5])


def test_egalitarian_in_per_cent_and_in_dollars_differ() -> None:
    points = np.array([[0, 0], [10, 11], [4, 30.0]])
    found = bargain_over(points, np.array([100.0, 1000.0]))
    assert found.agreements["egalitarian_usd"].position == 1
    assert found.agreements["egalitarian_pct"].position == 2


def test_egalitarian_goes_on_to_the_next_worst_off() -> None:
    points = np.array([[0, 0, 0], [1, 1, 5], [1, 4, 2], [1, 4, 3.0]])
    assert bargain_over(points, np.ones(3)).agreements["egalitarian_usd"].position == 3


def test_transfers_are_bounded_and_sum_to_zero() -> None:
    gain = np.array([4.0, 1.0])
    after = shares(gain, UNIT, 0.5)
    assert after is not None
    np.testing.assert_allclose(after, [3.5, 1.5])
    assert shares(np.array([4.0, -1.0]), UNIT, 0.5) is None
    np.testing.assert_allclose(shares(np.array([4.0, -1.0]), np.array([1.0, 2.0]), None), [1, 2])  # type: ignore[arg-type]
    assert shares(np.array([1.0, -2.0]), UNIT) is None


def test_one_party_takes_the_best_and_twelve_are_possible() -> None:
    alone = bargain_over(np.array([[0.0], [3.0], [5.0]]), np.ones(1))
    assert alone.agreements["nash"].position == 2
    assert negotiate(one_state([[2.0]], [[4.0]], [100.0]), np.array([100.0])).agreements["nash"].x == pytest.approx([0.5])
    rng = np.random.default_rng(1)
    gain = rng.uniform(-0.1, 1, (200, 12))
    many = bargain_over(gain, np.ones(12), disagreement=np.zeros(12))
    harmless = np.all(gain > 0, axis=1)
    assert many.agreements["nash"].position == np.flatnonzero(harmless)[np.log(gain[harmless]).sum(axis=1).argmax()]


def test_twelve_parties_are_refused_above_the_budget_with_the_estimate() -> None:
    table = concave(1, parties=12, proposals=3)
    with pytest.raises(InputError, match=r"12 parties would take about [\d,]+ solves.*raise the budget"):
        negotiate(table, table.base)
    assert cost(2, 5) < cost(3, 5) < cost(12, 5)
    with pytest.raises(InputError, match="4,096 groups"):
        core_of(np.zeros((256, 12)), np.ones(12), [()] * 256, [], tuple("ABCDEFGHIJKL"), budget=10_000)


def test_the_estimate_is_of_the_order_of_what_is_used() -> None:
    table = concave(4)
    used = negotiate(table, table.base).evaluations * len(table.states)
    assert 0.2 * used < cost(2, len(table.states)) < 5 * used


def test_continuous_nash_of_a_problem_with_paper_and_pencil() -> None:
    # u = (x₁, x₂ − x₁²…): A gains x, B gains 1 − x of one pie that proposal 1 shares out; proposal 2 makes the pie.
    pie = one_state([[1.0, 0.0], [-1.0, 1.0]], [[0.0, 0.0], [0.0, 0.0]], [100.0, 100.0])
    found = negotiate(pie, pie.base, weights=np.array([1.0, 3.0]))
    np.testing.assert_allclose(found.agreements["nash"].x, [0.25, 1.0], atol=1e-7)
    np.testing.assert_allclose(found.agreements["egalitarian_usd"].x, [0.5, 1.0], atol=1e-7)
    np.testing.assert_allclose(found.ideal, [1, 1], atol=1e-8)
    assert all(a.certificate is None or a.certificate.holds for a in found.agreements.values())
    assert found.room == pytest.approx(0.005)
    assert found.frontier is not None
    np.testing.assert_allclose(found.frontier.gain.sum(axis=1), 1, atol=1e-7)


def test_continuous_no_gain_and_indifference() -> None:
    against = one_state([[1.0], [-2.0]], [[0.1], [0.1]], [100.0, 100.0])
    found = negotiate(against, against.base)
    assert (found.outcome, found.agreements, found.lottery) == ("no_gain", {}, None)
    assert found.room == 0.0
    assert found.certificate is not None
    assert found.certificate.holds
    still = one_state([[1.0, 2.0], [2.0, -0.5], [0.0, 0.0]], [[2.0, 0.1], [0.1, 0.1], [0.0, 0.0]], [100.0, 100.0, 50.0])
    found = negotiate(still, still.base)
    assert found.outcome == "gain"
    assert found.movable.tolist() == [True, True, False]
    assert found.agreements["nash"].gain[2] == 0.0
    # Money lets A pay for what B loses by; where it may not be more than 0.2, less of it is done.
    money = negotiate(one_state([[2.0], [-1.0]], [[0.0], [0.0]], [10.0, 10.0]), np.full(2, 10.0), largest_transfer=0.2)
    np.testing.assert_allclose(money.agreements["utilitarian"].x, [0.2], atol=1e-8)
    np.testing.assert_allclose(money.agreements["utilitarian"].transfer, [-0.2, 0.2], atol=1e-8)


def test_continuous_rotation_between_two_extremes() -> None:
    # Convex payoffs: half measures please nobody, either extreme pleases one side more.
    odd = one_state([[-1.0, 1.0], [1.0, -1.0]], [[-4.0, -4.0], [-4.0, -4.0]], [100.0, 100.0])
    odd.curve[:, 0, 1] = odd.curve[:, 1, 0] = 5.0
    found = negotiate(odd, odd.base)
    assert found.lottery is not None
    assert found.lottery.needs_rotation
    assert found.lottery.gap <= 1e-7
    np.testing.assert_allclose(found.lottery.gain[0], found.lottery.gain[1], rtol=1e-6)


def test_the_certainty_equivalent() -> None:
    c, q = np.array([[100.0], [80.0]]), np.array([0.75, 0.25])
    assert certainty_equivalent(c, q)[0] == 95
    assert certainty_equivalent(c, q, 1.0)[0] == pytest.approx(100**0.75 * 80**0.25)
    assert certainty_equivalent(c, q, 2.0)[0] == pytest.approx(1 / (0.75 / 100 + 0.25 / 80))
    assert certainty_equivalent(c, q, 1.0 + 1e-7)[0] == pytest.approx(certainty_equivalent(c, q, 1.0)[0], rel=1e-8)
    assert certainty_equivalent(np.full((2, 1), 7.0), q, 5.0)[0] == pytest.approx(7.0, rel=1e-15)
    for rho in (0.0, 1.0, 2.5):
        slope = certainty_slope(c, q, rho)[1][:, 0]
        for s in range(2):
            step = np.zeros((2, 1))
            step[s] = 1e-4
            difference = certainty_equivalent(c + step, q, rho) - certainty_equivalent(c - step, q, rho)
            assert slope[s] == pytest.approx(difference[0] / 2e-4, rel=1e-6)
    with pytest.raises(InputError, match="not positive"):
        certainty_equivalent(np.array([[1.0], [0.0]]), q, 2.0)
    assert certainty_equivalent(np.array([[1.0], [0.0]]), q)[0] == 0.75


def test_risk_aversion_asks_for_insurance() -> None:
    # B's payments to A in the crisis, when A is poor, for less than their mean in other years: worth nothing to the bold.
    slope = np.array([[[-10.0], [11.0]], [[80.0], [-80.0]]])
    poor = Quadratic(np.array([1000.0, 1000.0]), slope, np.zeros((2, 1, 1)), np.array([0.9, 0.1]))
    assert negotiate(poor, poor.base).outcome == "no_gain"
    gap = np.array([[0.0, 0.0], [-300.0, 0.0]])

    class Hit(Quadratic):
        def with_gradient(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
            value, gradient = super().with_gradient(x)
            return value + gap, gradient

    hit = Hit(poor.base, slope, poor.curve, poor.probability)
    assert negotiate(hit, hit.base).outcome == "no_gain"
    found = negotiate(hit, hit.base, risk_aversion=2.0)
    assert found.outcome == "gain"
    assert found.agreements["nash"].x is not None
    assert found.agreements["nash"].x[0] > 0.1


def test_a_table_is_its_corners_and_multilinear_between_them() -> None:
    rng = np.random.default_rng(0)
    corner = rng.normal(size=(2, 8, 3)) + 100
    q = np.array([0.6, 0.4])
    table = TablePayoffs(("A", "B", "C"), ("none", "war"), q, ("p", "q", "r"), corner)
    for number, x in enumerate(corner_intensities(3)):
        np.testing.assert_array_equal(table.at(x), corner[:, number])
    x = rng.uniform(size=(2, 3))
    value, slope = table.with_gradient(x)
    np.testing.assert_allclose(value, table.at(x))
    for k in range(3):
        step = np.zeros(3)
        step[k] = 1e-3
        np.testing.assert_allclose(slope[:, :, k], (table.at(x + step) - table.at(x - step)) / 2e-3, atol=1e-9)
    points = rng.uniform(size=(5, 3))
    np.testing.assert_allclose(table.many(points), [table.at(point) for point in points])
    packages = [(), (0,), (1,), (2,), (0, 1), (0, 2), (1, 2), (0, 1, 2)]
    order = [sum(1 << k for k in p) for p in packages]
    again = TablePayoffs.from_packages(table.parties, {"none": 0.6, "war": 0.4}, ("p", "q", "r"), packages, corner[:, order])
    np.testing.assert_array_equal(again.corner, corner)
    with pytest.raises(InputError, match="every subset"):
        TablePayoffs.from_packages(table.parties, {"none": 1.0}, ("p", "q", "r"), packages[1:], corner[:1, 1:])
    with pytest.raises(InputError, match="shape"):
        TablePayoffs(("A",), ("none",), np.ones(1), ("p",), np.zeros((1, 3, 1)))


def test_the_bargain_over_a_table_and_over_its_list_agree_where_payoffs_are_additive() -> None:
    slope = np.array([[3.0, -1.0, 0.5], [-1.0, 3.0, 0.5]])
    x = corner_intensities(3)
    table = TablePayoffs(("A", "B"), ("none",), np.ones(1), ("p", "q", "r"), (100 + x @ slope.T)[None])
    listed, found = bargain_over(100 + x @ slope.T, np.full(2, 100.0)), negotiate(table, np.full(2, 100.0))
    np.testing.assert_allclose(found.agreements["nash"].gain, listed.agreements["nash"].gain, atol=1e-7)


def test_dominated_points_are_dropped_and_equal_ones_kept_once() -> None:
    gain = np.array([[1, 1], [2, 2], [2, 2], [3, 1], [0, 2.0]])
    assert nondominated(gain).tolist() == [False, True, False, True, False]
    assert lottery(np.array([[-1.0, -1.0]]), UNIT) is None


def test_the_core_of_a_glove_and_of_a_majority_game() -> None:
    # Any two of three can have 1 between them and all three no more: the core is empty, each group short by a third.
    concerned = [("A", "B"), ("B", "C"), ("A", "C")]
    packages = [(), (0,), (1,), (2,)]
    u = np.array([[0, 0, 0], [0.5, 0.5, 0], [0, 0.5, 0.5], [0.5, 0, 0.5]])
    found = core_of(u, np.ones(3), packages, concerned, ("A", "B", "C"))
    assert found.empty
    assert found.excess == pytest.approx(1 / 3)
    np.testing.assert_allclose(found.allocation, 1 / 3, atol=1e-9)
    # A holds the one left glove: with transfers everything goes to A.
    glove = core_of(np.vstack([u[:2], [[0, 0, 0]], u[3:]]), np.ones(3), packages, concerned, ("A", "B", "C"))
    assert not glove.empty
    assert glove.objections(np.array([0.4, 0.3, 0.0]))[0].coalition == ("A", "B")
    assert 1 in glove.stable
    assert json.dumps(glove.as_dict(["none", "AB", "BC", "AC"]))


def test_a_party_that_can_open_alone_objects_to_less() -> None:
    u = np.array([[0, 0], [1, 0.2], [0.5, 0.5]])
    found = core_of(u, UNIT, [(), (0,), (1,)], [("A",), ("A", "B")], ("A", "B"))
    assert [o.coalition for o in found.objections(u[2])] == [("A",)]
    assert found.stable == (1,)


def test_a_bargain_is_plain_data() -> None:
    listed = bargain_over(np.array([[0, 0], [4, 1], [2, 2.1]]), UNIT, parties=("BLR", "KAZ"))
    shown = json.loads(json.dumps(listed.as_dict(names=["nothing", "a", "b"]), allow_nan=False))
    assert shown["agreements"]["nash"]["package"] == "b"
    assert shown["agreements"]["nash"]["gain"]["KAZ"] == {"gain_pct": 210.0, "ev_usd_mn": 2.1}
    assert [p["package"] for p in shown["lottery"]["packages"]] == ["a", "b"]
    table = concave(2)
    shown = json.loads(json.dumps(negotiate(table, table.base).as_dict(table.proposals), allow_nan=False))
    assert set(shown["agreements"]["nash"]["package"]) == {"p1", "p2"}
    assert shown["agreements"]["nash"]["certificate"]["holds"]
    assert len(shown["frontier"]) > 5


def test_what_a_table_gave_is_found_again_with_few_solves() -> None:
    table = concave(2, proposals=4)
    whole = negotiate(table, table.base, points=0)
    again = negotiate(table, table.base, points=0, concepts=("nash",), starts=[whole.agreements["nash"].x])
    assert set(again.agreements) == {"nash"}
    np.testing.assert_allclose(again.agreements["nash"].x, whole.agreements["nash"].x, atol=1e-5)
    assert again.evaluations < whole.evaluations / 4
    assert cost(2, 3, 0, concepts=("nash",), few=True) < cost(2, 3, 0) / 4
    with pytest.raises(InputError, match="fair: none of nash"):
        negotiate(table, table.base, concepts=("fair",))
