"""The climb: a curved ridge, bounds, rounding near the top, places where nothing can be seen."""

from __future__ import annotations

import numpy as np
import pytest

from comity.errors import NoEquilibriumError
from comity.strategy.ascent import Sight, climb

WIDE = np.full(2, 5.0)


def ridge(z: np.ndarray, near: object = None, noise: float = 0.0) -> Sight:
    """Minus Rosenbrock's function, scaled by ten; its top is (1, 1)."""
    x, y = z
    value = 1 - ((1 - x) ** 2 + 10 * (y - x * x) ** 2)
    slope = np.array([2 * (1 - x) + 40 * x * (y - x * x), -20 * (y - x * x)])
    shake = noise * np.sin(1e7 * (x + 2 * y))
    return Sight(z, value + shake, slope, lambda g: g / 20, None)


def test_a_curved_ridge():
    top = climb(ridge, np.array([-1.2, 1.0]), -WIDE, WIDE, tolerance=1e-9, limit=200)
    assert top.converged
    assert top.at.z == pytest.approx([1, 1], abs=1e-7)


def test_values_that_rounding_shakes_do_not_stop_the_slopes():
    top = climb(lambda z, near: ridge(z, near, 2e-10), np.array([0.5, 0.5]), -WIDE, WIDE, tolerance=1e-9, limit=200)
    assert top.converged
    assert top.at.z == pytest.approx([1, 1], abs=1e-7)


def test_a_top_outside_the_bounds():
    """Within y ≤ 0.25 the best x solves (1 − x) = 20 x (x² − y), y at its bound."""
    top = climb(ridge, np.array([-0.5, 0.0]), -WIDE, np.array([5.0, 0.25]), tolerance=1e-9, limit=200)
    x, y = top.at.z
    assert top.converged
    assert y == 0.25
    assert 1 - x == pytest.approx(20 * x * (x * x - y), abs=1e-7)


def test_it_turns_back_where_there_is_no_equilibrium():
    def partly(z: np.ndarray, near: object) -> Sight:
        if z[0] > 1.1:
            raise NoEquilibriumError("nothing here")
        return ridge(z)

    top = climb(partly, np.array([0.2, 0.9]), -WIDE, WIDE, tolerance=1e-9, limit=200)
    assert top.converged
    assert top.at.z == pytest.approx([1, 1], abs=1e-7)


def test_it_says_when_it_did_not_arrive():
    top = climb(ridge, np.array([-1.2, 1.0]), -WIDE, WIDE, tolerance=1e-9, limit=3)
    assert not top.converged
    assert top.newton > 1e-3
    assert top.promise > 0
