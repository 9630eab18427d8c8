"""Payoffs from the equilibrium: the corners are the table, the gradient is the central difference."""

from __future__ import annotations

import numpy as np
import pytest

from comity.records import Closure
from comity.solve.equilibrium import solve
from comity.store import Cache
from comity.talks import packages
from comity.talks.bargaining.payoffs import Remembered
from comity.talks.evaluate import EquilibriumPayoffs
from talks_world import CRISES, PROPOSALS, WORLD, agenda

OMEGA = {"KAZ": {"C10T12": 2.0, "A01": 0.5}, "BLR": {"C29": 1.0}}
PARTIES = ("BLR", "KAZ")
RI0 = WORLD.income - WORLD.deficit


def payoffs(closure: Closure, omega=None) -> EquilibriumPayoffs:
    engine = packages.Engine(WORLD, closure, Cache(None), tolerance=1e-12)
    touched, parts = packages.touched_cells(WORLD, [p.changes for p in PROPOSALS])
    near = [packages.Neighbourhood(engine, packages.solve_crisis(engine, crisis), touched, parts) for crisis in CRISES]
    q = np.array([crisis.probability for crisis in CRISES])
    return EquilibriumPayoffs(near, q, PARTIES, [p.id for p in PROPOSALS], RI0, omega)


def test_corners_are_the_table() -> None:
    closure = Closure("specific", "with_trade")
    engine = packages.Engine(WORLD, closure, Cache(None))
    solved = [packages.solve_crisis(engine, crisis) for crisis in CRISES]
    table = packages.compute_table(engine, agenda(closure), solved)
    own = payoffs(closure)
    n = [WORLD.economy_index(code) for code in PARTIES]
    for p, package in enumerate(table.packages):
        x = np.array([1.0 if k in package else 0.0 for k in range(len(PROPOSALS))])
        np.testing.assert_allclose(own.at(x), table.real_income[:, p][:, n] * RI0[n], rtol=1e-8)


@pytest.mark.parametrize("closure", [Closure("specific", "with_trade"), Closure("immobile", "balanced")], ids=str)
def test_the_gradient_is_the_central_difference_for_nations_and_governments(closure: Closure) -> None:
    own = payoffs(closure, OMEGA)
    x = np.array([0.3, 0.7, 0.5, 0.2])
    value, gradient = own.with_gradient(x)
    np.testing.assert_allclose(own.at(x), value, rtol=1e-12)
    h = 1e-4
    for k in range(len(x)):
        step = h * np.eye(len(x))[k]
        difference = (own.at(x + step) - own.at(x - step)) / (2 * h)
        np.testing.assert_allclose(gradient[:, :, k], difference, rtol=2e-6, atol=1e-6 * np.abs(gradient).max())


def test_a_government_counts_its_producers_on_top_of_the_nation() -> None:
    closure = Closure("specific", "fixed")
    x = np.array([1.0, 0.0, 0.0, 1.0])
    plain, weighed = payoffs(closure).at(x), payoffs(closure, OMEGA).at(x)
    changes = [(c, 1.0) for k in (0, 3) for c in PROPOSALS[k].changes]
    from comity.policy.wedges import combine

    eq = solve(WORLD, combine(WORLD, [], changes), closure=closure, tolerance=1e-12)
    producers = (1 - WORLD.labour_share) * eq.values["value_added"] / eq.values["price_index"][:, None]
    n = WORLD.economy_index("KAZ")
    expected = sum(weight * producers[n, WORLD.sectors.index(j)] for j, weight in OMEGA["KAZ"].items())
    assert weighed[0, 1] - plain[0, 1] == pytest.approx(expected, rel=1e-8)


def test_a_gradient_hangs_on_the_point_alone_and_not_on_what_was_asked_before() -> None:
    closure = Closure("specific", "with_trade")
    asked, before = payoffs(closure), payoffs(closure)
    count = len(asked.proposals)
    x = np.linspace(0.2, 0.9, count)
    for other in (np.zeros(count), np.ones(count), np.full(count, 0.5)):
        before.with_gradient(other)
    for one, two in zip(asked.with_gradient(x), before.with_gradient(x), strict=True):
        np.testing.assert_array_equal(one, two)


def test_packages_that_differ_in_stakes_alone_are_solved_once() -> None:
    inner = payoffs(Closure("specific", "with_trade"))
    last = len(inner.proposals) - 1
    kept = Remembered(inner, idle=[last])
    x = np.full(len(inner.proposals), 0.5)
    with_it, without = x.copy(), x.copy()
    with_it[last], without[last] = 1.0, 0.0
    np.testing.assert_array_equal(kept.at(with_it), kept.at(without))
    np.testing.assert_array_equal(kept.at(without), inner.at(without))
    assert kept.evaluations == 1
