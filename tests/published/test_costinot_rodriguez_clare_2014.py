"""Costinot and Rodríguez-Clare (2014), "Trade Theory with Numbers", Handbook of International Economics 4: the cost of autarky.

Their closed form for many sectors with tradable inputs, perfect competition, Cobb–Douglas, balanced trade, no tariffs: real
income in autarky over today's is Π_j Π_k π_nn^k ^ (a_n^j ã_n^{jk} / θ^k), ã the Leontief inverse of the economy's own input
shares; with one sector π_nn^{1/(θγ)}, without inputs π_nn^{1/θ} (Arkolakis, Costinot and Rodríguez-Clare 2012).

Inputs: world-2022 with neighbouring sectors and small economies merged until every cell has a home producer, tariffs left out,
deficits moved to zero first. Tolerance: 1e-8. Not matched: the per cents of their Table 4.1, which stand on the World
Input-Output Database of 2008, with other elasticities; the formula is held against the solver, at infinite trade costs.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from comity.data.load import load
from comity.errors import NoEquilibriumError
from comity.evidence.second import small_world
from comity.records import Benchmark, Closure, Wedges
from comity.solve.equilibrium import solve

BALANCED = Closure("mobile", "balanced")


def without_tariffs(economies: int, sectors: int) -> Benchmark:
    """World-2022 in that many economies and sectors as if nobody levied tariffs: flows stay as they are at the border."""
    merged = small_world(load(), economies, sectors)
    assert (np.einsum("nnj->nj", merged.trade_flow) > 0).all()
    return replace(merged, tariff=np.zeros_like(merged.tariff))


def shut(world: Benchmark) -> Wedges:
    """Infinite trade costs between all economies."""
    home = np.eye(len(world.economies))[:, :, None] * np.ones(len(world.sectors))
    return Wedges(trade_cost=np.where(home == 1, 1.0, np.inf))


def closed_form(world: Benchmark) -> np.ndarray:
    """Real income in autarky over that of the balanced world, from home shares alone; country."""
    home = np.einsum("nnj->nj", world.trade_share)
    found = np.empty(len(home))
    for n, share in enumerate(home):
        uses = world.input_share[n] * (1 - world.value_added_share[n])  # good k in a dollar of j: input × sector
        leontief = np.linalg.inv(np.eye(len(share)) - uses)
        needs = leontief @ world.final_share[n]  # goods that a dollar of consumption needs, directly and as inputs of inputs
        found[n] = np.prod(share ** (needs / world.trade_elasticity))
    return found


@pytest.mark.parametrize("size", [(81, 1), (40, 10), (20, 15)], ids=str)
def test_autarky_costs_what_home_shares_say(size: tuple[int, int]):
    world = without_tariffs(*size)
    eq = solve(world, shut(world), closure=BALANCED)
    assert np.abs(eq.benchmark.deficit).max() < 1e-9 * eq.benchmark.income.max()
    expected = closed_form(eq.benchmark)
    np.testing.assert_allclose(eq.values["real_income"], expected, rtol=1e-8)
    assert (expected < 1).all()
    flows = np.asarray(eq.values["trade_flow"])
    assert np.abs(flows - np.einsum("nnj->nj", flows)[:, None, :] * np.eye(len(flows))[:, :, None]).max() == 0


def test_one_sector_with_inputs_costs_more_than_without():
    """π_nn^{1/(θγ)} and π_nn^{1/θ}: inputs multiply the gains from trade by 1/γ."""
    with_inputs = without_tariffs(30, 1)
    plain = replace(with_inputs, input_share=np.zeros((30, 1, 1)), value_added_share=np.ones((30, 1)))
    for world in (with_inputs, plain):
        eq = solve(world, shut(world), closure=BALANCED)
        home = np.einsum("nnj->nj", eq.benchmark.trade_share)[:, 0]
        gamma = eq.benchmark.value_added_share[:, 0]
        expected = home ** (1 / (eq.benchmark.trade_elasticity[0] * gamma))
        np.testing.assert_allclose(eq.values["real_income"], expected, rtol=1e-8)


def test_a_fault_would_be_seen():
    """With the elasticities of two sectors exchanged, or inputs left out of the sum, the formula is off by per cents."""
    world = without_tariffs(20, 15)
    eq = solve(world, shut(world), closure=BALANCED)
    turned = replace(eq.benchmark, trade_elasticity=eq.benchmark.trade_elasticity[::-1].copy())
    bare = replace(eq.benchmark, value_added_share=np.ones_like(eq.benchmark.value_added_share))
    for wrong in (turned, bare):
        assert np.abs(closed_form(wrong) / np.asarray(eq.values["real_income"]) - 1).max() > 1e-2


def test_on_the_whole_world_exact_autarky_names_every_cell_without_a_home_producer():
    """51 cells have no producer; in 41 of them, in 21 economies, USD 87.6 bn are spent."""
    world = load()
    idle = world.output == 0
    bought = idle & (world.expenditure > 0)
    assert idle.sum() == 51
    assert bought.sum() == 41
    assert len(set(np.nonzero(bought)[0])) == 21
    assert world.expenditure[bought].sum() == pytest.approx(87.6e3, rel=1e-3)
    with pytest.raises(NoEquilibriumError) as caught:
        solve(world, shut(world), closure=BALANCED)
    said = str(caught.value)
    cells = [f"{world.economies[n]} {world.sectors[j]}" for n, j in zip(*np.nonzero(idle), strict=True)]
    assert [cell for cell in cells if cell not in said] == []
    assert "41 markets" in said
    assert "10 more" in said
    assert caught.value.exit_code == 3
