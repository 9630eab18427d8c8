"""Who brings what: the axioms of Shapley values, and the price list of concessions."""

from __future__ import annotations

import json

import numpy as np
import pytest

from bargaining_table import Quadratic, concave, one_state
from comity.errors import InputError
from comity.talks.bargaining.credit import credit, price_list, shapley, subsets_of
from comity.talks.bargaining.payoffs import TablePayoffs, corner_intensities


def test_a_pair_shares_what_it_only_has_together() -> None:
    c = 0.7
    np.testing.assert_allclose(shapley(np.array([0, 1, 1, 2 + c])), [1 + c / 2, 1 + c / 2])


def test_the_axioms() -> None:
    rng = np.random.default_rng(2)
    worth = rng.normal(size=(16, 3))
    value = shapley(worth)
    np.testing.assert_allclose(value.sum(axis=0), worth[-1] - worth[0], atol=1e-12)
    np.testing.assert_allclose(shapley(2 * worth + worth[::-1]), 2 * value + shapley(worth[::-1]), atol=1e-12)
    number = np.arange(16)
    # Proposal 3 null: worth does not know of it.
    null = worth[number & 7]
    np.testing.assert_allclose(shapley(null)[3], 0, atol=1e-14)
    np.testing.assert_allclose(shapley(null)[:3], shapley(worth[:8]), atol=1e-12)
    # Proposals 0 and 1 alike: worth knows only how many of them stand.
    alike = worth[(number & 12) + (number & 1) + (number >> 1 & 1)]
    np.testing.assert_allclose(shapley(alike)[0], shapley(alike)[1], atol=1e-12)
    # A duplicate (either of two does the same) shares the credit of one.
    duplicate = np.array([0.0, 1.0, 1.0, 1.0])
    np.testing.assert_allclose(shapley(duplicate), [0.5, 0.5])
    with pytest.raises(InputError, match="power of two"):
        shapley(np.zeros(6))


def test_against_the_average_over_all_orders() -> None:
    from itertools import permutations

    worth = np.random.default_rng(4).normal(size=8)
    total = np.zeros(3)
    for order in permutations(range(3)):
        stands = 0
        for k in order:
            total[k] += worth[stands | 1 << k] - worth[stands]
            stands |= 1 << k
    np.testing.assert_allclose(shapley(worth), total / 6)


def test_credit_of_a_package_adds_up_and_idle_lines_get_none() -> None:
    table = concave(5, parties=3, proposals=4)
    x = np.array([0.5, 0.0, 1.0, 0.3])
    found = credit(table, x, table.base)
    gain = table.probability @ (table.at(x) - table.at(np.zeros(4)))
    np.testing.assert_allclose(found.party.sum(axis=0), gain, atol=1e-9)
    np.testing.assert_array_equal(found.party[1], 0)
    assert found.joint.sum() == pytest.approx(float((gain / table.base).mean()))
    assert json.dumps(found.as_dict(), allow_nan=False)


def test_worst_years_may_be_shared_out_and_the_tail_may_not() -> None:
    table = concave(6)
    found = credit(table, np.ones(2), table.base, losses="worst")
    joint = [(table.at(x) / table.base - 1).mean(axis=1).min() for x in (np.zeros(2), np.ones(2))]
    assert found.joint.sum() == pytest.approx(joint[1] - joint[0])
    with pytest.raises(InputError, match="cvar-90"):
        credit(table, np.ones(2), table.base, losses="cvar-90")


def test_subsets_of_idle_lines_are_not_solved_again_and_a_budget_holds() -> None:
    class Counting(Quadratic):
        asked = 0

        def at(self, x: np.ndarray) -> np.ndarray:
            Counting.asked += 1
            return super().at(x)

    plain = concave(1, proposals=6)
    table = Counting(plain.base, plain.slope, plain.curve, plain.probability)
    subsets_of(table, np.array([1.0, 0, 0, 0, 0, 0.5]))
    assert Counting.asked == 4
    with pytest.raises(InputError, match="192 solves"):
        subsets_of(table, np.ones(6), budget=100)


def test_escape_clauses_are_credited_state_by_state() -> None:
    table = concave(8)
    x = np.array([[1.0, 1.0], [0.2, 1.0], [0.0, 0.4]])
    found = credit(table, x, table.base)
    np.testing.assert_allclose(found.party.sum(axis=0), table.probability @ (table.at(x) - table.at(np.zeros(2))), atol=1e-9)


def test_the_price_list_by_hand() -> None:
    # A concedes p1 at a cost of 1 and B gains 4; B concedes p2 and gains by it.
    table = one_state([[-1.0, 2.0], [4.0, 0.5]], [[0.0, 0.0], [0.0, 0.0]], [100.0, 100.0])
    first, second = price_list(table, [["A"], ["B"]])
    shown = first.as_dict(table.states)
    assert shown["alone"]["price"] == 0.25
    assert shown["alone"]["verdict"] == "a_price"
    assert shown["alone"]["by_crisis"]["none"] == {
        "cost_usd_mn": 1.0,
        "brings_usd_mn": 4.0,
        "party_usd_mn": {"A": -1.0, "B": 4.0},
    }
    assert second.as_dict(table.states)["alone"]["verdict"] == "pays_for_itself"
    assert second.as_dict(table.states)["alone"]["price"] is None
    bad = one_state([[-1.0], [-2.0]], [[0.0], [0.0]], [100.0, 100.0])
    assert price_list(bad, [["A"]])[0].as_dict(bad.states)["alone"]["verdict"] == "nobody_gains"
    both = one_state([[-1.0], [3.0]], [[0.0], [0.0]], [100.0, 100.0])
    shared = price_list(both, [["A", "B"]])[0]
    assert shared.as_dict(both.states)["alone"]["verdict"] == "a_price"
    assert float(shared.brings(shared.alone[0])) == 0.0


def test_alone_and_last_differ_by_what_lines_do_to_each_other() -> None:
    corner = 100 + np.array([[0, 0], [-1, 2], [3, -1], [4, 3.0]])
    table = TablePayoffs(("A", "B"), ("none",), np.ones(1), ("p", "q"), corner[None])
    found = price_list(table, [["A"], ["B"]])
    np.testing.assert_allclose(found[0].alone, [[-1, 2]])
    np.testing.assert_allclose(found[0].last, [[1, 4]])
    half = price_list(table, [["A"], ["B"]], np.array([0.5, 0.0]))
    np.testing.assert_allclose(half[0].last, [[-0.5, 1]])
    np.testing.assert_allclose(half[1].last, 0)
    assert corner_intensities(2).tolist() == [[0, 0], [1, 0], [0, 1], [1, 1]]
