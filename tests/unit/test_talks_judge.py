"""From outcomes to the best package: known answers and the axioms that a choice must satisfy."""

from __future__ import annotations

import numpy as np
import pytest

from comity.talks import judge


def test_cvar_splits_atoms_as_rockafellar_and_uryasev_do() -> None:
    # Losses 1, 2, 10 with probabilities 0.6, 0.35, 0.05: half of the tail of 0.1 is 10, half is 2.
    gain = -np.array([1.0, 2.0, 10.0])
    assert judge.cvar90(gain, np.array([0.6, 0.35, 0.05])) == pytest.approx(-6.0)


def test_cvar_does_not_depend_on_the_order_of_crises_and_lies_between_worst_and_mean() -> None:
    rng = np.random.default_rng(3)
    q = rng.dirichlet(np.ones(7))
    gain = rng.normal(size=(7, 5))
    tail = judge.cvar90(gain, q)
    shuffled = rng.permutation(7)
    np.testing.assert_allclose(judge.cvar90(gain[shuffled], q[shuffled]), tail)
    assert np.all(judge.worst(gain) <= tail + 1e-15)
    assert np.all(tail <= judge.expected(gain, q) + 1e-15)
    # Every column has its own worst years.
    np.testing.assert_allclose([judge.cvar90(gain[:, k], q) for k in range(5)], tail)


def test_weights_sum_to_one_and_gdp_gives_the_sum_of_equivalent_variations() -> None:
    income = np.array([70.0, 210.0])
    population = {"BLR": 9.0, "KAZ": 21.0}
    for weights, expected in (
        ("equal", [0.5, 0.5]),
        ("gdp", [0.25, 0.75]),
        ("population", [0.3, 0.7]),
        ({"BLR": 1, "KAZ": 3}, [0.25, 0.75]),
    ):
        found = judge.party_weights(weights, ["BLR", "KAZ"], income, population)
        np.testing.assert_allclose(found, expected)
    gain = np.array([0.02, -0.01])
    assert judge.party_weights("gdp", ["BLR", "KAZ"], income, population) @ gain == pytest.approx((gain @ income) / income.sum())


def test_the_objective_decides_which_package_is_best() -> None:
    q = np.array([0.9, 0.1])
    # Package 1 is best on average, package 2 in the bad year.
    joint = np.array([[0.0, 1.0, 0.2], [-5.0, -5.5, -1.0]])
    admissible = np.ones(3, dtype=bool)
    assert judge.choose(joint, q, "expected", admissible, [0, 1, 1]).best == 1
    assert judge.choose(joint, q, "worst", admissible, [0, 1, 1]).best == 2
    assert judge.choose(joint, q, "cvar-90", admissible, [0, 1, 1]).best == 2


def test_a_package_that_hurts_a_party_is_not_chosen_and_ties_go_to_the_shorter_list() -> None:
    q = np.array([1.0])
    gain = np.array([[[0.0, 0.0], [0.5, -1e-6], [0.1, 0.1], [0.1, 0.1 + 1e-12]]])
    admissible = judge.nobody_worse_off(gain, q, "expected", 0)
    assert admissible.tolist() == [True, False, True, True]
    found = judge.choose(gain.mean(axis=2), q, "expected", admissible, [0, 1, 2, 3])
    assert (found.best, found.runner_up) == (2, 3)


def test_where_nothing_helps_nothing_is_recommended() -> None:
    gain = np.array([[[0.0, 0.0], [-0.5, 0.1], [-0.1, -0.1]]])
    admissible = judge.nobody_worse_off(gain, np.array([1.0]), "expected", 0)
    found = judge.choose(gain.mean(axis=2), np.array([1.0]), "expected", admissible, [0, 1, 1])
    assert found.best == 0
    assert found.runner_up is None
