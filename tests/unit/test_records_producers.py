"""The part of a sector's value added that residents draw."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from comity.records import Closure, Wedges, producers_share
from comity.solve.derivatives import adjoint
from comity.solve.equilibrium import solve
from policy_world import small

WORLD = small()
K, C = WORLD.economy_index("KAZ"), WORLD.sectors.index("C29")


def owners(home: float) -> np.ndarray:
    own = np.repeat(np.eye(len(WORLD.economies))[:, :, None], len(WORLD.sectors), axis=2)
    own[K, K, C], own[WORLD.economy_index("KOR"), K, C] = home, 1 - home
    return own


@pytest.mark.parametrize("given", ["benchmark", "scenario"])
@pytest.mark.parametrize(("factors", "whole"), [("specific", 0.0), ("immobile", 1.0), ("mobile", None)])
def test_residents_draw_their_part_of_capital_and_wages_where_labour_stays(given: str, factors: str, whole: float | None) -> None:
    world = replace(WORLD, ownership=owners(0.25)) if given == "benchmark" else WORLD
    found = producers_share(world, Closure(factors), owners(0.25) if given == "scenario" else None)
    if whole is None:
        assert not found.any()
        return
    lam = WORLD.labour_share
    assert found[K, C] == pytest.approx(0.25 * (1 - lam[K, C]) + whole * lam[K, C])
    found[K, C] = (1 - lam[K, C]) + whole * lam[K, C]
    np.testing.assert_allclose(found, 1 - lam + whole * lam)


def test_derivatives_of_the_producers_income_are_the_residents() -> None:
    """What residents hand over of their sector is no longer theirs: d ln PS = −dΩ / Ω_nn, and prices move besides."""
    closure, korea = Closure("specific"), WORLD.economy_index("KOR")
    world = replace(WORLD, ownership=owners(0.5))
    slope = adjoint.gradients(solve(world, None, closure=closure), ["producers_income:KAZ:C29"], ("ownership",))
    h, ends = 1e-5, []
    for sign in (1, -1):
        own = owners(0.5 - sign * h)
        v = solve(world, Wedges(ownership=own), closure=closure, tolerance=1e-13).values
        ends.append(np.log(own[K, K, C] * v["value_added"][K, C] / v["price_index"][K]))
    found = np.asarray(slope.values["ownership"])[0, korea, K, C]
    assert found == pytest.approx((ends[0] - ends[1]) / (2 * h), abs=1e-5)
    assert found == pytest.approx(-1 / 0.5, rel=0.1)
