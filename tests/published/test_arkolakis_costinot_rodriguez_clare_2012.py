"""Gains from trade in closed form: Arkolakis, Costinot and Rodríguez-Clare (2012), Costinot and Rodríguez-Clare (2014).

Without tariffs and deficits, with mobile factors and Cobb–Douglas nests, the real wage depends on a shock abroad only through
domestic shares: d ln(w/P)_n = −Σ_j a_n^j [(I − Bᵀ)⁻¹ (d ln π_nn / θ)]_j with B_n^{kj} = (1−γ^j) g^{kj}. Inputs: none but the
formula. Tolerance 1e-8. Tariffs are not covered by the formula (their revenue is not), and are not tried here.
"""

from __future__ import annotations

import numpy as np
import pytest

from comity.records import Benchmark, Closure, Wedges
from comity.solve.equilibrium import solve
from referee import lopsided


def free_trade(seed: int, countries: int, sectors: int) -> Benchmark:
    """A world without tariffs and deficits: balanced first, as the formula supposes."""
    arrays = lopsided(seed, countries, sectors).arrays()
    world = Benchmark.from_arrays(**{**arrays, "tariff": np.zeros_like(arrays["tariff"])})
    return solve(world, closure=Closure("mobile", "balanced"), tolerance=1e-11).benchmark


def closed_form(world: Benchmark, home_share: np.ndarray) -> np.ndarray:
    """The real wage as a ratio, from the new domestic shares alone (country × sector)."""
    home0 = np.einsum("nnj->nj", world.trade_share)
    cost = np.log(home_share / home0) / world.trade_elasticity
    N, J = cost.shape
    lnP = np.empty_like(cost)
    for n in range(N):
        B = world.input_share[n] * (1 - world.value_added_share[n])[None, :]
        lnP[n] = np.linalg.solve(np.eye(J) - B.T, cost[n])
    return np.exp(-(world.final_share * lnP).sum(axis=1))


@pytest.mark.parametrize("size", [(3, 2), (4, 3)])
def test_domestic_shares_are_sufficient_after_a_shock_abroad(size: tuple[int, int]):
    world = free_trade(28, *size)
    n, j = world.expenditure.shape
    cost = 1 + (1 - np.eye(n)[:, :, None]) * np.random.default_rng(2).uniform(-0.2, 0.6, (n, n, j))
    eq = solve(world, Wedges(trade_cost=cost), closure=Closure("mobile", "fixed"))
    home = np.einsum("nnj->nj", np.asarray(eq.values["trade_share"]))
    np.testing.assert_allclose(eq.values["real_wage"], closed_form(world, home), rtol=1e-8)
    np.testing.assert_allclose(eq.values["real_income"], eq.values["real_wage"], rtol=1e-8)


@pytest.mark.parametrize("size", [(3, 2), (4, 3)])
def test_the_cost_of_autarky_is_the_closed_form(size: tuple[int, int]):
    world = free_trade(28, *size)
    n, j = world.expenditure.shape
    shut = np.where(np.eye(n)[:, :, None] == 1, 1.0, np.inf) * np.ones((n, n, j))
    eq = solve(world, Wedges(trade_cost=shut), closure=Closure("mobile", "fixed"))
    np.testing.assert_allclose(eq.values["real_income"], closed_form(world, np.ones((n, j))), rtol=1e-8)
    assert (np.asarray(eq.values["real_income"]) < 1).all()


def test_one_sector_without_inputs_is_the_formula_of_eaton_and_kortum():
    """Autarky costs 1 − π_nn^{1/θ}: paper and pencil."""
    F = np.array([[70.0, 20.0, 10.0], [15.0, 150.0, 35.0], [15.0, 30.0, 255.0]])
    world = Benchmark.from_arrays(
        economies=["A", "B", "C"],
        sectors=["all"],
        trade_flow=F[:, :, None],
        tariff=np.zeros((3, 3, 1)),
        input_share=np.zeros((3, 1, 1)),
        value_added_share=np.ones((3, 1)),
        trade_elasticity=[4.0],
    )
    assert np.abs(world.deficit).max() < 1e-12
    shut = np.where(np.eye(3)[:, :, None] == 1, 1.0, np.inf)
    for factors in ("mobile", "specific", "immobile"):
        eq = solve(world, Wedges(trade_cost=shut), closure=Closure(factors, "fixed"))
        np.testing.assert_allclose(eq.values["real_income"], (np.diag(F) / F.sum(1)) ** 0.25, rtol=1e-9)
