"""Faults that public trade engines were seen to make, and bad luck in the engine: one cheap test each keeps us from them."""

from __future__ import annotations

import numpy as np
import pytest

from comity.errors import ComityError, DataError, InputError, NoEquilibriumError, NotConvergedError
from comity.evidence.audit import audit
from comity.records import Benchmark, Closure, Wedges
from comity.solve import equilibrium, homotopy
from comity.solve.equilibrium import solve
from referee import lopsided


@pytest.fixture
def small() -> Benchmark:
    return Benchmark.from_arrays(**lopsided(28, 4, 3).arrays())


def arrays(**other) -> dict:
    return {**lopsided(28, 4, 3).arrays(), **other}


def pair(world: Benchmark, importer: int, exporter: int, value: float) -> np.ndarray:
    cost = np.ones(world.trade_flow.shape)
    cost[importer, exporter] = value
    return cost


# Tariffs that enter prices but not shares: shares sum to 1.7 and the criterion says 1e-6.
def test_after_any_tariff_shares_sum_to_one_and_all_residuals_are_reported(small: Benchmark):
    tariff = small.tariff + 0.5 * (1 - np.eye(4))[:, :, None]
    eq = solve(small, Wedges(tariff=tariff))
    np.testing.assert_allclose(np.asarray(eq.values["trade_share"]).sum(axis=1), 1, atol=1e-12)
    assert {"goods", "factor", "shares", "income", "external"} <= set(eq.residuals)
    assert audit(eq)["factor markets"].value < 1e-9


# A new trade-cost array given without its base is silently ignored.
@pytest.mark.parametrize(
    "given",
    [
        {"trade_cost": np.full((4, 4), 1.1)},
        {"tariff": np.zeros((4, 4, 2))},
        {"productivity": np.ones(4)},
        {"transfer": np.array([1.0, 0, 0, 0])},
        {"trade_cost": np.full((4, 4, 3), 1.1)},
        {"labour": np.zeros(4)},
    ],
    ids=["no sector axis", "wrong sectors", "no sector axis of productivity", "from nowhere", "at home too", "nobody left"],
)
def test_a_half_given_shock_raises(small: Benchmark, given: dict):
    with pytest.raises(InputError):
        solve(small, Wedges(**given))


def test_a_shock_without_meaning_raises(small: Benchmark):
    with pytest.raises(InputError, match="capital"):
        solve(small, Wedges(capital=np.full((4, 3), 1.1)), closure=Closure("mobile"))
    with pytest.raises(TypeError):
        Wedges(tarif=small.tariff)  # type: ignore[call-arg]
    with pytest.raises(InputError, match="neither a Scenario nor Wedges"):
        solve(small, {"tariff": small.tariff})  # type: ignore[arg-type]
    with pytest.raises(InputError, match="unknown wages"):
        solve(small, start={"wages": np.ones(4)})


# `while error > tol` ends at once on NaN and returns it as a solution.
def test_nan_is_never_converged(small: Benchmark):
    with pytest.raises(NoEquilibriumError):
        equilibrium.gate({"goods": float("nan")}, 1e-10)
    for bad in (np.nan, -np.inf, np.inf):
        with pytest.raises(InputError, match="finite"):
            solve(small, Wedges(productivity=np.full((4, 3), bad)))


# "converged" printed at a residual of 3e-3, 58 or 0.98.
def test_too_few_steps_give_an_error_with_the_worst_market_and_no_number(small: Benchmark, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(homotopy, "DIRECT_LIMIT", 1)
    monkeypatch.setattr(homotopy, "STAGE_LIMIT", 1)
    monkeypatch.setattr(homotopy, "MOST_STAGES", 2)
    with pytest.raises(NotConvergedError) as caught:
        solve(small, Wedges(trade_cost=pair(small, 0, 1, 3.0)))
    assert caught.value.exit_code == 3
    assert caught.value.residual > 1e-10
    assert any(name in caught.value.worst for name in small.economies)
    with pytest.raises(NoEquilibriumError, match="goods"):
        equilibrium.gate({"goods": 3e-3, "factor": 1e-12}, 1e-10)


def test_the_residual_has_no_scale(small: Benchmark):
    """Counting in cents does not make an equilibrium look worse, nor in trillions better."""
    shock = Wedges(trade_cost=pair(small, 0, 1, 1.3))
    sizes = [
        solve(Benchmark.from_arrays(**arrays(trade_flow=unit * small.trade_flow)), shock).residual for unit in (1e-9, 1.0, 1e9)
    ]
    assert max(sizes) <= 1e-10


# A sum over the wrong axis in a retaliation table.
def test_importer_and_exporter_are_not_exchanged(small: Benchmark):
    tariff = np.array(small.tariff)
    tariff[0, 1] += 0.5
    before, after = solve(small), solve(small, Wedges(tariff=tariff))
    moved = np.asarray(after.values["trade_flow"]) / np.asarray(before.values["trade_flow"])
    assert (moved[0, 1] < 0.8 * moved[1, 0]).all()
    assert (moved[0, 1] < 0.8 * moved[0, 2]).all()
    assert np.asarray(after.values["tariff_revenue"])[0] != pytest.approx(small.tariff_revenue[0], rel=1e-3)
    assert float(after.trade_flow.sel(importer="E0", exporter="E1").sum()) == pytest.approx(
        float(np.asarray(after.values["trade_flow"])[0, 1].sum())
    )


# Embargo as cost 1e12: overflow, endless loop.
@pytest.mark.parametrize("theta", [1.5, 8.0, 65.0])
def test_an_embargo_is_an_exact_zero_at_any_elasticity(theta: float):
    world = Benchmark.from_arrays(**arrays(trade_elasticity=np.array([theta, 4.0, theta])))
    eq = solve(world, Wedges(trade_cost=pair(world, 0, 1, np.inf)), closure=Closure("specific", "with_trade"))
    assert (np.asarray(eq.values["trade_flow"])[0, 1] == 0).all()
    assert (np.asarray(eq.values["trade_flow"])[1, 0] > 0).all()
    assert all(np.isfinite(value).all() for name, value in eq.values.items() if not name.startswith("buyer_price"))
    paid = np.asarray(eq.values["buyer_price"])
    assert np.isposinf(paid[0, 1]).all()
    paid = np.delete(paid.reshape(-1, paid.shape[-1]), 1, axis=0)  # what buyers pay is infinite there and nowhere else
    assert np.isfinite(paid).all()


def test_a_prohibitive_tariff_or_cost_is_finite_and_never_nan(small: Benchmark):
    tariff = np.array(small.tariff)
    tariff[0, 1] = 1e4  # a million per cent
    for wedges in (Wedges(tariff=tariff), Wedges(trade_cost=pair(small, 0, 1, 1e9))):
        eq = solve(small, wedges)
        assert all(np.isfinite(value).all() for value in eq.values.values())
        assert np.asarray(eq.values["trade_flow"])[0, 1].max() < 1e-3 * small.trade_flow[0, 1].min()


def test_an_embargo_on_the_last_supplier_names_the_market():
    flow = np.array(lopsided(15, 4, 3, zeros=3, idle=True).flow)
    flow[0, 2:, 0] = 0  # the first economy makes no S0 and buys it of E1 alone
    world = Benchmark.from_arrays(**{**lopsided(15, 4, 3, zeros=3, idle=True).arrays(), "trade_flow": flow})
    with pytest.raises(NoEquilibriumError, match=r"without any supplier: E0 S0\.") as caught:
        solve(world, Wedges(trade_cost=pair(world, 0, 1, np.inf)), closure=Closure("mobile", "with_trade"))
    assert "E0, S0" in caught.value.worst


def test_a_lender_that_cannot_lend_any_more_is_named_with_the_closures_that_work():
    """There is no equilibrium with fixed deficits here (the referee finds none either); the error says what to do."""
    economy = lopsided(13, 4, 3, zeros=3, idle=True)
    assert economy.deficit[1] / economy.value_added[1].sum() < -0.8
    world = Benchmark.from_arrays(**economy.arrays())
    far = 1 + 4 * (1 - np.eye(4))[:, :, None] * np.ones((4, 4, 3))
    with pytest.raises(NoEquilibriumError, match="E1") as caught:
        solve(world, Wedges(trade_cost=far), closure=Closure("mobile", "fixed"))
    assert "with_trade" in str(caught.value)
    assert solve(world, Wedges(trade_cost=far), closure=Closure("mobile", "with_trade")).residual <= 1e-10


# Calibration clips negative final demand and calls the result a base.
def test_negative_final_demand_is_refused_and_not_clipped():
    economy = lopsided(28, 4, 3)
    share = np.full_like(economy.input_share, 0.01)
    share[:, 0] = 0.98  # everybody uses hardly anything but the first good
    with pytest.raises(DataError, match="final demand"):
        Benchmark.from_arrays(**arrays(input_share=share, value_added_share=np.full((4, 3), 0.1)))


# Input shares sum to 1 only to 1e-6 and the labour residual stops at 1e-7.
def test_input_shares_are_normalised_on_entry():
    economy = lopsided(28, 4, 3)
    world = Benchmark.from_arrays(**arrays(input_share=economy.input_share * (1 + 2e-6)))
    np.testing.assert_allclose(world.input_share.sum(axis=1), 1, atol=1e-15)
    assert solve(world, Wedges(trade_cost=pair(world, 0, 1, 1.2))).residual <= 1e-10
    with pytest.raises(ComityError, match=r"sums to 1\.01"):
        Benchmark.from_arrays(**arrays(input_share=economy.input_share * 1.01))


@pytest.mark.parametrize("theta", [0.0, -4.0, np.nan, np.inf])
def test_an_elasticity_that_is_none_is_refused_with_the_sector(theta: float):
    with pytest.raises(DataError, match=r"trade_elasticity.*S1"):
        Benchmark.from_arrays(**arrays(trade_elasticity=np.array([4.0, theta, 5.0])))
