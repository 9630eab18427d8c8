"""Convergence as a promise, at the size of the world: what no engine of the same kind stands, and an input without substitute."""

from __future__ import annotations

import numpy as np
import pytest

from comity.data.load import load
from comity.errors import NoEquilibriumError, NotConvergedError
from comity.evidence.synthetic import synthetic
from comity.records import Benchmark, Closure, Wedges
from comity.solve.equilibrium import solve

SHORT_RUN = Closure("specific", "with_trade")
RIGID = Closure("specific", "with_trade", inputs=0.05, value_added=0.05, final=0.5)


def abroad(b: Benchmark) -> np.ndarray:
    return (1 - np.eye(len(b.economies)))[:, :, None] * np.ones(b.trade_flow.shape)


def embargo(b: Benchmark, code: str) -> Wedges:
    cost, n = np.ones(b.trade_flow.shape), b.economy_index(code)
    cost[n], cost[:, n] = np.inf, np.inf
    cost[n, n] = 1.0
    return Wedges(trade_cost=cost)


@pytest.mark.parametrize("what", ["trade costs × 1000", "a tariff of 10,000 %", "Russia under embargo by all"])
def test_the_world_of_2022_stands_the_largest_shocks(what: str):
    """Residual 1e-10, and the economics of them: nobody gains from the first two, a world cut off from one trades on."""
    b = load()
    shock = {
        "trade costs × 1000": lambda: Wedges(trade_cost=1 + 999 * abroad(b)),
        "a tariff of 10,000 %": lambda: Wedges(tariff=b.tariff + 100 * abroad(b)),
        "Russia under embargo by all": lambda: embargo(b, "RUS"),
    }[what]()
    eq = solve(b, shock, closure=SHORT_RUN)
    assert eq.residual <= 1e-10
    gain = np.asarray(eq.values["gain_pct"])
    assert np.isfinite(gain).all()
    russia = b.economy_index("RUS")
    if what == "Russia under embargo by all":
        flow = np.asarray(eq.values["trade_flow"]) * abroad(b)
        assert flow[russia].sum() == 0
        assert flow[:, russia].sum() == 0
        assert gain[russia] < -5
        # Who lives from trade with Russia loses as much as Russia itself.
        assert {b.economies[n] for n in np.argsort(gain)[:2]} == {"BLR", "RUS"}
    else:
        assert gain.max() < 0
        traded = (np.asarray(eq.values["trade_flow"]) * abroad(b)).sum() / (b.trade_flow * abroad(b)).sum()
        assert traded < 0.01


@pytest.mark.parametrize("left", [0.3, 1e-3])
def test_an_embargo_on_an_input_that_nothing_replaces_is_solved_or_named(left: float):
    """E1 loses all foreign supply of S0 and has `left` of its own: with a third it lives on, at a price; with next to none, and
    inputs that cannot be replaced, there is no equilibrium, and the error says whose, of what, and what would work.
    """
    b = synthetic(6, 4)
    cost, productivity = np.ones(b.trade_flow.shape), np.ones((6, 4))
    cost[1, :, 0] = np.inf
    cost[1, 1, 0] = 1.0
    productivity[1, 0] = left
    shock = Wedges(trade_cost=cost, productivity=productivity)
    if left == 0.3:
        eq = solve(b, shock, closure=RIGID)
        assert eq.residual <= 1e-10
        assert float(eq.values["price"][1, 0]) > 2
        assert float(eq.values["gain_pct"][1]) < -1
    else:
        with pytest.raises(NoEquilibriumError, match=r"E1\b.*would work") as told:
            solve(b, shock, closure=RIGID)
        assert not isinstance(told.value, NotConvergedError)
        assert "E1" in told.value.worst or "E1" in str(told.value)


def test_output_without_bound_is_named():
    """Better machines where value added gives way to goods: goods are made of ever more goods, each ten per cent count for more
    than those before, and before productivity is threefold there is no equilibrium. One draw of many like it was not named.
    """
    b = load()
    closure = Closure("immobile", "with_trade", inputs=3.601, value_added=4.680, final=1.395)

    def content(factor: float) -> np.ndarray:
        """Value added per unit of output, over the benchmark's; by economy."""
        eq = solve(b, Wedges(productivity=np.full(b.output.shape, factor)), closure=closure)
        return eq.values["value_added"].sum(1) / eq.values["output_cf"].sum(1) / (b.value_added.sum(1) / b.output.sum(1))

    less, more = content(1.03), content(1.06)
    assert (more < less).all()
    assert (less < 1).all()
    with pytest.raises(NoEquilibriumError, match=r"goods are made of goods alone.*would work") as told:
        solve(b, Wedges(productivity=np.full(b.output.shape, 3.088)), closure=closure)
    assert not isinstance(told.value, NotConvergedError)
