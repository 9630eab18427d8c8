"""The table of packages is the same as solving each package by itself, whatever the order, the cache or the start."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

from comity.errors import InterruptedRun, NoEquilibriumError
from comity.policy.instruments import CommodityPrice
from comity.policy.scenario import Scenario
from comity.policy.wedges import combine
from comity.records import Closure
from comity.solve import target
from comity.solve.equilibrium import balanced_benchmark, solve
from comity.store import Cache
from comity.talks import packages
from comity.talks.agenda import Crisis, Proposal
from comity.talks.exact.union import Wide
from talks_world import CRISES, PROPOSALS, WORLD, agenda, cut

PARTIES = ("BLR", "KAZ")


def table(engine: packages.Engine, proposals: tuple[Proposal, ...] = PROPOSALS) -> packages.Table:
    solved = [packages.solve_crisis(engine, crisis) for crisis in CRISES]
    return packages.compute_table(engine, agenda(engine.closure, proposals), solved)


@pytest.mark.parametrize(
    "closure", [Closure("specific", "with_trade"), Closure("mobile", "fixed"), Closure("immobile", "balanced")], ids=str
)
def test_every_package_equals_its_own_solve(closure: Closure) -> None:
    found = table(packages.Engine(WORLD, closure, Cache(None), PARTIES))
    assert found.real_income.shape == (3, 16, 5)
    assert found.residual.max() <= 1e-10
    for s, crisis in enumerate(CRISES):
        for p, package in enumerate(found.packages):
            changes = [(change, 1.0) for k in package for change in PROPOSALS[k].changes]
            wedges = combine(WORLD, [(shock, 1.0) for shock in crisis.shocks], changes)
            alone = solve(WORLD, wedges, closure=closure, tolerance=1e-12)
            np.testing.assert_allclose(found.real_income[s, p], alone.values["real_income"], rtol=1e-8)
            producers = alone.values["value_added"] / alone.values["price_index"][:, None]
            producers *= {"specific": 1 - WORLD.labour_share, "immobile": 1, "mobile": 0}[closure.factors]
            at = [WORLD.economy_index(code) for code in PARTIES]
            np.testing.assert_allclose(found.producers[s, p], producers[at], rtol=1e-7)


def test_the_empty_package_without_a_crisis_is_the_benchmark() -> None:
    found = table(packages.Engine(WORLD, Closure("specific", "with_trade"), Cache(None)))
    assert np.abs(found.real_income[0, 0] - 1).max() <= 1e-12


def test_packages_are_all_subsets_sorted_by_size() -> None:
    found = packages.packages_of(5)
    assert len(found) == len(set(found)) == 32
    assert [len(p) for p in found] == sorted(len(p) for p in found)
    assert set(found) == {tuple(c) for size in range(6) for c in combinations(range(5), size)}


def test_order_of_proposals_does_not_matter() -> None:
    engine = packages.Engine(WORLD, Closure("specific", "with_trade"), Cache(None))
    one, two = table(engine), table(engine, PROPOSALS[::-1])
    there = {frozenset(p): k for k, p in enumerate(two.packages)}
    for k, package in enumerate(one.packages):
        mirrored = there[frozenset(3 - proposal for proposal in package)]
        np.testing.assert_allclose(one.real_income[:, k], two.real_income[:, mirrored], rtol=1e-9)


def test_a_second_run_solves_nothing_and_says_the_same(tmp_path: Path) -> None:
    closure = Closure("specific", "with_trade")
    first = packages.Engine(WORLD, closure, Cache(tmp_path))
    told: list[tuple[int, int]] = []
    second = packages.Engine(
        WORLD, closure, Cache(tmp_path), meter=packages.Meter(lambda done, total: told.append((done, total)), 48)
    )
    one, two = table(first), table(second)
    assert first.meter.solved == 48
    assert second.meter.solved == 0
    assert told[-1] == (48, 48)
    np.testing.assert_array_equal(one.real_income, two.real_income)
    # Another closure, another tolerance: nothing of it is reused.
    third = packages.Engine(WORLD, Closure("mobile", "fixed"), Cache(tmp_path))
    table(third)
    assert third.meter.solved == 48


def test_what_a_killed_run_left_is_reused_and_gives_the_same_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packages, "CHUNK", 2)
    closure = Closure("specific", "with_trade")
    whole = table(packages.Engine(WORLD, closure, Cache(tmp_path), workers=1))
    entries = sorted(tmp_path.glob("??/*.npz"))
    for entry in entries[::2]:
        entry.unlink()
    engine = packages.Engine(WORLD, closure, Cache(tmp_path), workers=1)
    again = table(engine)
    assert 0 < engine.meter.solved < 48 + 33
    np.testing.assert_array_equal(whole.real_income, again.real_income)


def test_one_or_four_threads_say_the_same() -> None:
    closure = Closure("specific", "with_trade")
    one, four = (table(packages.Engine(WORLD, closure, Cache(None), workers=count)) for count in (1, 4))
    np.testing.assert_allclose(one.real_income, four.real_income, rtol=1e-9)


@pytest.mark.parametrize("workers", [1, 2, 4])
def test_when_one_part_of_a_run_fails_the_others_begin_nothing_more(workers: int) -> None:
    engine = packages.Engine(WORLD, Closure(), Cache(None), workers=workers)
    near = packages.around(engine, agenda(Closure()), [packages.solve_crisis(engine, CRISES[0])])[0]
    tried: list[int] = []

    def failing() -> None:
        near.small(())
        raise NoEquilibriumError("this part has no answer")

    def going_on() -> None:
        for _ in range(100_000):
            near.solve(near.values(()), None)
            tried.append(1)

    with pytest.raises(NoEquilibriumError, match="no answer"):
        engine.at_once(failing, going_on)
    assert len(tried) < 100_000
    with pytest.raises(InterruptedRun):
        near.solve(near.values(()), None)


def test_parts_side_by_side_answer_in_their_order() -> None:
    for workers in (1, 2, 3):
        engine = packages.Engine(WORLD, Closure(), Cache(None), workers=workers)
        assert engine.at_once(*(lambda k=k: k * k for k in range(6))) == [0, 1, 4, 9, 16, 25]


def test_widened_proposals_that_meet_cut_once() -> None:
    closure = Closure("specific", "with_trade")
    engine = packages.Engine(WORLD, closure, Cache(None))
    crises = [packages.solve_crisis(engine, CRISES[0])]
    wide = [(cut("EAEU", "EAEU", "C10T12", -0.2),), (cut("EAEU", "EAEU", "C10T12, A01", -0.1),)]
    income, residual = Wide.of(engine, crises, wide).incomes([0, 1], np.ones((1, 5)))
    assert residual.max() <= 1e-10
    expected = Scenario((cut("EAEU", "EAEU", "C10T12", -0.2), cut("EAEU", "EAEU", "A01", -0.1)))
    np.testing.assert_allclose(income[0, 2], solve(WORLD, expected, closure=closure).values["real_income"], rtol=1e-8)
    first = solve(WORLD, Scenario(wide[0]), closure=closure).values["real_income"]
    np.testing.assert_allclose(income[0, 0], first, rtol=1e-8)


@pytest.mark.parametrize("by", ["productivity", "taste"])
def test_a_stated_world_price_is_reached_and_kept(by: str, tmp_path: Path) -> None:
    sector, change = ("B06", "-30%") if by == "productivity" else ("C29", "-1%")
    shock = CommodityPrice(sector=sector, change=change, by=by)
    engine = packages.Engine(WORLD, Closure("specific", "with_trade"), Cache(tmp_path))
    solved = packages.solve_crisis(engine, Crisis("price", "Price", 0.1, (shock, cut("KOR", "all", "goods", 0.1))))
    achieved = solved.achieved[0]
    assert achieved.achieved == pytest.approx(achieved.target, abs=2e-6)
    eq = solve(WORLD, solved.wedges, closure=engine.closure)
    j = WORLD.sectors.index(sector)
    home = np.einsum("nnj->nj", WORLD.trade_flow)
    weight = (WORLD.trade_flow.sum(axis=0) - home)[:, j]
    price = (weight * eq.values["unit_cost"][:, j]).sum() / weight.sum()
    assert price - 1 == pytest.approx(achieved.target, abs=2e-6)
    again = packages.solve_crisis(engine, Crisis("price", "Price", 0.1, (shock, cut("KOR", "all", "goods", 0.1))))
    np.testing.assert_array_equal(
        again.wedges.productivity if by == "productivity" else again.wedges.taste,
        solved.wedges.productivity if by == "productivity" else solved.wedges.taste,
    )


def test_a_price_that_does_not_answer_is_an_error_not_a_result() -> None:
    from comity.errors import NoEquilibriumError

    shock = CommodityPrice(sector="B06", change="-90%", by="taste", country="BLR", final_sector="K")
    with pytest.raises(NoEquilibriumError, match="does not move the world price"):
        target.resolve(WORLD, Scenario((shock,)), Closure(), solve)


def test_the_balanced_reference_has_no_deficits() -> None:
    balanced = balanced_benchmark(WORLD, Closure("specific", "balanced"))
    assert np.abs(balanced.deficit).max() / balanced.income.sum() < 1e-12
