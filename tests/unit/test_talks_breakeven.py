"""Break-even and revealed weights by hand: named outcomes, bounds, several sectors at once, the second-order test."""

from __future__ import annotations

import numpy as np
import pytest

from comity.talks.wants.breakeven import break_even, first_order, jointly, revealed

LEAST = 1e-6


@pytest.mark.parametrize(
    ("nation", "producers", "outcome", "weight"),
    [
        (35.0, -16.0, "weight", 1 + 35 / 16),
        (0.0, -2.0, "weight", 1.0),
        (5.0, 0.2, "no_producer_motive", None),
        (5.0, 0.0, "undefined", None),
        (-1.0, -2.0, "terms_of_trade", None),
        (-1.0, 2.0, "terms_of_trade", None),
    ],
)
def test_what_explains_a_barrier(nation: float, producers: float, outcome: str, weight: float | None):
    found = break_even(nation, producers, LEAST)
    assert found.outcome == outcome
    assert found.weight == (None if weight is None else pytest.approx(weight))


def test_who_has_no_producers_has_no_motive():
    assert break_even(5.0, 0.0, LEAST, own=0.0).outcome == "no_producer_motive"


def test_at_the_break_even_weight_the_government_does_not_care():
    for nation, producers in ((3.0, -1.0), (0.2, -7.0)):
        w = break_even(nation, producers, LEAST).weight
        assert w is not None
        assert nation + (w - 1) * producers == pytest.approx(0)
        assert nation + (w * 1.01 - 1) * producers < 0 < nation + (w * 0.99 - 1) * producers


def payoffs(x: np.ndarray, nation: tuple[float, float], producers: tuple[float, float]):
    """RI and PS as quadratics of the opening."""
    return tuple(a * x + b * x**2 for a, b in (nation, producers))


def test_a_cost_reveals_a_lower_bound_at_the_largest_opening_and_no_weight_explains_it_where_raises_are_legal():
    x = np.array([0.25, 0.5, 1.0, -0.5])
    nation, producers = payoffs(x, (3.0, 0.5), (-2.0, 0.0))
    alone = revealed(x[:3], nation[:3], producers[:3], LEAST)
    assert (alone.outcome, alone.at, alone.high) == ("weight", 1.0, None)
    assert alone.low == pytest.approx(1 + 3.5 / 2)
    both = revealed(x, nation, producers, LEAST)
    assert both.outcome == "not_rationalised"
    assert both.high is not None
    assert both.low is not None
    assert both.low > both.high


def test_a_tariff_reveals_a_weight_between_openings_and_raises():
    x = np.array([0.1, 0.5, 1.0, -0.1, -0.5])
    nation, producers = payoffs(x, (3.0, -1.0), (-2.0, 0.0))
    found = revealed(x, nation, producers, LEAST)
    assert found.outcome == "weight"
    assert found.low == pytest.approx(1 + (3 - 0.1) / 2)
    assert found.high == pytest.approx(1 + (3 + 0.1) / 2)
    with_limit = revealed(x, nation, producers, LEAST, limit=2.5)
    assert (with_limit.low, with_limit.high, with_limit.at) == (2.5, 2.5, 0.0)
    test = first_order((3.0, -2.0), (-2.0, 0.0), LEAST)
    assert (test.kind, test.weight) == ("maximum", pytest.approx(2.5))


def test_a_barrier_with_no_motive_reveals_nothing():
    assert revealed([0.5, 1.0], np.array([1.0, 2.0]), np.array([0.1, 0.2]), LEAST).outcome == "no_producer_motive"
    assert revealed([0.5, 1.0], np.array([-1.0, -2.0]), np.array([0.1, 0.2]), LEAST).outcome == "terms_of_trade"


def test_no_first_order_weight_is_stated_at_a_minimum():
    found = first_order((3.0, 1.0), (-2.0, 0.0), LEAST)
    assert (found.kind, found.weight) == ("minimum", None)
    assert found.second == pytest.approx(1.0)
    assert first_order((3.0, 1.0), (2.0, 0.0), LEAST).kind == "no_producer_motive"
    # Producers' losses that grow with the opening can turn a minimum into a maximum: G″ = 1 − 1.5 · 2.
    assert first_order((3.0, 1.0), (-2.0, -2.0), LEAST).kind == "maximum"


def test_several_sectors_at_once_leave_a_government_indifferent_to_each_opening():
    nation = np.array([4.0, 3.0])
    producers = np.array([[-2.0, 0.3], [0.1, -1.0]])
    w = jointly(nation, producers, LEAST)
    assert w is not None
    np.testing.assert_allclose(nation + producers @ (w - 1), 0, atol=1e-12)
    alone = jointly(nation, np.diag(np.diag(producers)), LEAST)
    np.testing.assert_allclose(alone, [3.0, 4.0])


def test_openings_that_do_not_tell_sectors_apart_have_no_joint_weights():
    assert jointly(np.array([4.0, 4.0]), np.array([[-2.0, -2.0], [-2.0, -2.0]]), LEAST) is None
    assert jointly(np.array([1.0, 9.0]), np.array([[-2.0, -1.0], [0.0, -1.0]]), LEAST) is None
    assert jointly(np.zeros(0), np.zeros((0, 0)), LEAST) is None
