"""Without a shock every ratio is one: at once, and when the solver starts from wages and prices off by 20 %."""

from __future__ import annotations

import numpy as np
import pytest

from comity.evidence.verify import off_start
from comity.records import Benchmark, Closure, Equilibrium, Wedges
from comity.solve.equilibrium import solve
from comity.vocabulary import DEFICITS, FACTORS

HATS = (
    "wage",
    "price",
    "price_index",
    "unit_cost",
    "value_added_price",
    "real_income",
    "welfare",
    "real_wage",
    "income",
    "output",
)


def largest_change(eq: Equilibrium) -> float:
    """The largest relative change of ratios and of levels, each level against its own benchmark."""
    b, values = eq.benchmark, eq.values
    money = b.value_added.sum(axis=1)
    gaps = [np.abs(np.asarray(values[name]) - 1).max() for name in HATS]
    gaps.append(np.abs(np.asarray(values["value_added"]) - b.value_added).max() / money.min())
    gaps += [np.abs((np.asarray(values[name]) - getattr(b, name)) / money).max() for name in ("deficit", "tariff_revenue")]
    gaps.append(np.abs(np.asarray(values["trade_flow"]) - b.trade_flow).max() / money.min())
    gaps.append(np.abs(np.asarray(values["trade_share"]) - b.trade_share).max())
    gaps.append(np.abs(np.asarray(values["gain_pct"])).max() / 100)
    return float(max(gaps))


@pytest.mark.parametrize("factors", FACTORS)
@pytest.mark.parametrize("deficits", DEFICITS)
def test_no_shock_changes_nothing(world: Benchmark, factors: str, deficits: str):
    assert largest_change(solve(world, closure=Closure(factors, deficits))) <= 1e-12


@pytest.mark.parametrize("factors", FACTORS)
@pytest.mark.parametrize("deficits", DEFICITS)
def test_the_benchmark_is_found_again_from_elsewhere(world: Benchmark, factors: str, deficits: str):
    eq = solve(world, closure=Closure(factors, deficits), start=off_start(world))
    assert eq.steps > 3
    assert largest_change(eq) <= 1e-8


def test_a_shock_of_no_size_changes_nothing(world: Benchmark):
    n, j = world.expenditure.shape
    nothing = Wedges(
        tariff=world.tariff,
        trade_cost=np.ones((n, n, j)),
        productivity=np.ones((n, j)),
        labour=np.ones(n),
        capital=np.ones((n, j)),
        taste=np.ones((n, j)),
        transfer=np.zeros(n),
    )
    assert largest_change(solve(world, nothing, closure=Closure("specific", "with_trade"))) <= 1e-12


def test_a_taste_for_everything_alike_changes_nothing(world: Benchmark):
    """Tastes are renormalised: what counts is the taste for one good against another."""
    n, j = world.expenditure.shape
    factor = np.repeat(np.linspace(0.5, 3, n)[:, None], j, axis=1)
    assert largest_change(solve(world, Wedges(taste=factor))) <= 1e-9


def test_everything_reported_has_a_name_a_unit_and_axes(world: Benchmark):
    eq = solve(world, None)
    for name, values in eq.values.items():
        shown = eq.labelled(name)
        assert shown.shape == np.shape(values), name
        assert shown.attrs["unit"], name
        assert shown.attrs["meaning"], name
