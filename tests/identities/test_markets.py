"""After a large lopsided shock every market clears, the redundant one too, in every closure; accounts add up three ways."""

from __future__ import annotations

import numpy as np
import pytest

from comity.evidence.audit import audit
from comity.evidence.verify import jacobian, stress
from comity.records import Benchmark, Closure, Wedges
from comity.solve.equilibrium import solve
from comity.vocabulary import DEFICITS, FACTORS


def storm(world: Benchmark) -> Wedges:
    """Tariffs, distance, productivity, labour, tastes and transfers at once."""
    n, j = world.expenditure.shape
    rng = np.random.default_rng(3)
    gift = rng.normal(0, 0.01, n) * world.value_added.sum() / n
    calm = stress(world)
    return Wedges(
        tariff=calm.tariff,
        trade_cost=calm.trade_cost,
        productivity=rng.uniform(0.8, 1.2, (n, j)),
        labour=rng.uniform(0.9, 1.1, n),
        taste=rng.uniform(0.6, 1.6, (n, j)),
        transfer=gift - gift.mean(),
    )


@pytest.mark.parametrize("factors", FACTORS)
@pytest.mark.parametrize("deficits", DEFICITS)
def test_every_market_clears(world: Benchmark, factors: str, deficits: str):
    eq = solve(world, storm(world), closure=Closure(factors, deficits))
    gaps = audit(eq)
    assert max(gap.value for gap in gaps.values()) <= 1e-9, {name: gap for name, gap in gaps.items() if gap.value > 1e-9}
    assert eq.residual <= 1e-10
    assert {"goods", "factor", "shares", "income", "external", "numeraire"} <= set(eq.residuals)
    assert np.abs(np.asarray(eq.values["real_income"]) - 1).max() > 0.01


def singular_values(world: Benchmark, closure: Closure, *, kept: bool) -> np.ndarray:
    """Of I − dG/du at the benchmark, largest first."""
    G_u = jacobian(world, closure, kept=kept)
    return np.linalg.svd(np.eye(len(G_u)) - G_u, compute_uv=False)


@pytest.mark.parametrize("factors", FACTORS)
@pytest.mark.parametrize("deficits", ["proportional", "with_trade"])
def test_the_numeraire_removes_the_only_singular_direction(world: Benchmark, factors: str, deficits: str):
    closure = Closure(factors, deficits)
    assert singular_values(world, closure, kept=True)[-1] > 1e-3
    dropped = singular_values(world, closure, kept=False)
    assert dropped[-1] < 1e-12
    assert dropped[-2] > 1e-3


@pytest.mark.parametrize("factors", FACTORS)
def test_without_deficits_only_the_numeraire_pins_the_scale(world: Benchmark, factors: str):
    """A deficit that is fixed in money would pin it too, by accident; at zero deficits nothing does."""
    assert singular_values(world, Closure(factors, "fixed"), kept=True)[-1] > 1e-3
    balanced = solve(world, closure=Closure(factors, "balanced")).benchmark
    assert singular_values(balanced, Closure(factors, "fixed"), kept=False)[-1] < 1e-9


def test_deficit_closures_do_what_they_say(world: Benchmark):
    b, shock = world, storm(world)
    solved = {name: solve(b, shock, closure=Closure("mobile", name)) for name in DEFICITS}
    np.testing.assert_allclose(solved["fixed"].values["deficit"], b.deficit, atol=1e-9 * b.income.max())
    np.testing.assert_allclose(solved["balanced"].values["deficit"], 0, atol=1e-8 * b.income.max())
    np.testing.assert_allclose(solved["balanced"].benchmark.deficit, 0, atol=1e-9 * b.income.max())
    added = np.asarray(solved["proportional"].values["value_added"]).sum(axis=1)
    scaled = b.deficit * added / b.value_added.sum(axis=1)
    expected = scaled - added / added.sum() * scaled.sum()
    np.testing.assert_allclose(solved["proportional"].values["deficit"], expected, atol=1e-9 * b.income.max())


def test_lending_dies_with_trade(world: Benchmark):
    """Under `with_trade` what an economy lends goes to zero with its exports and imports; under `fixed` it may not exist."""
    n, j = world.expenditure.shape
    far = np.where(np.eye(n)[:, :, None] == 1, 1.0, 30.0) * np.ones((n, n, j))
    eq = solve(world, Wedges(trade_cost=far), closure=Closure("mobile", "with_trade"))
    home = np.einsum("nnj->", np.asarray(eq.values["trade_flow"]))
    assert home / np.asarray(eq.values["trade_flow"]).sum() > 0.8 or world.output.min() == 0
    assert np.abs(eq.values["deficit"]).sum() < 0.5 * np.abs(world.deficit).sum()
