"""The best package between nothing and everything, by solving in the small world: brute force, governments, words."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from comity.records import Closure
from comity.store import Cache
from comity.talks import judge, packages, results
from comity.talks.agenda import Agenda
from comity.talks.exact.best import continuous
from comity.talks.exact.outlook import Outlook
from comity.talks.wants.governments import Governments
from talks_world import PROPOSALS, WORLD, agenda

CLOSURE = Closure("specific", "with_trade")
POPULATION = {"BLR": 9.0, "KAZ": 20.0, "RUS": 144.0}
RI0 = WORLD.income - WORLD.deficit
Weights = Mapping[str, Mapping[str, float]]


def outlook(asked: Agenda) -> Outlook:
    engine = packages.Engine(WORLD, asked.closure, Cache(None), asked.parties, tolerance=1e-12)
    solved = [packages.solve_crisis(engine, crisis) for crisis in asked.crises]
    around = packages.around(engine, asked, solved)
    table = packages.compute_table(engine, asked, solved, around)
    return Outlook(results.judged(asked, WORLD, table, RI0, POPULATION), around)


@cache
def between(chosen: tuple[int, ...], weighed: bool = False, losses: str = "expected", rule: str = "parties") -> Outlook:
    asked = agenda(CLOSURE, tuple(PROPOSALS[k] for k in chosen))
    wants = Governments({"KAZ": {"C10T12": 3.0}, "BLR": {"A01": 1.5}}) if weighed else Governments()
    return outlook(replace(asked, wants=wants, losses=losses, nobody_worse_off=rule))


def measured(one: Outlook, x: Sequence[float]) -> tuple[float, np.ndarray]:
    """The joint gain and what each guarded government has over nothing, by solving at a point."""
    j = one.judged
    base = one.income(one.parties)
    gain = one.nations.at(np.array(x)) / base @ j.weights - 1
    own = one.governments.at(np.array(x)) / base - 1
    nothing = one.governments.at(np.zeros(len(x))) / base - 1
    losses = j.agenda.losses
    return (
        float(judge.measure(gain, j.probability, losses)),
        judge.measure(own, j.probability, losses) - judge.measure(nothing, j.probability, losses),
    )


def test_a_table_by_lanes_is_the_table_by_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    """What an accelerator does: levels of packages as lanes of one program; each equilibrium is told to whoever looks on."""
    asked = agenda(CLOSURE, PROPOSALS)
    seen = []
    meter = packages.Meter(lambda done, total: seen.append(done), total=1000)
    engine = packages.Engine(WORLD, CLOSURE, Cache(None), asked.parties, tolerance=1e-12)
    solved = [packages.solve_crisis(engine, crisis) for crisis in asked.crises]
    by_threads = packages.compute_table(engine, asked, solved)
    monkeypatch.setattr(packages, "on_accelerator", lambda: True)
    by_lanes = packages.compute_table(replace(engine, meter=meter, cache=Cache(None)), asked, solved)
    assert by_lanes.packages == by_threads.packages
    assert seen[-1] == by_threads.residual.size == meter.solved
    assert by_lanes.residual.max() <= 1e-12
    for name in ("real_income", "producers", "capital", "price_index"):
        np.testing.assert_allclose(getattr(by_lanes, name), getattr(by_threads, name), rtol=1e-10)


def test_rows_by_solving_are_rows_of_the_table() -> None:
    one = between((0, 1), weighed=True)
    for p, package in enumerate(one.judged.table.packages):
        x = np.isin(np.arange(2), package).astype(float)
        np.testing.assert_allclose(one.governments.at(x), one.judged.payoff[:, p], rtol=1e-9)
        np.testing.assert_allclose(one.governments.at(x), one.governments_read.at(x), rtol=1e-9)
        np.testing.assert_allclose(one.nations.at(x), one.nations_read.at(x), rtol=1e-9)
    assert one.guard is not None
    assert one.guard.payoffs.parties == one.parties


def test_an_intensity_of_nothing_changes_nothing() -> None:
    one = between((0, 1))
    n = [WORLD.economy_index(code) for code in one.parties]
    np.testing.assert_allclose(one.nations.at(np.zeros(2))[0], RI0[n], rtol=1e-12)


@pytest.mark.parametrize("losses", ["expected", "worst", "cvar-90"])
def test_where_governments_count_producers_a_fine_grid_finds_nothing_better(losses: str) -> None:
    one = between((0, 1), weighed=True, losses=losses)
    found = continuous(one, POPULATION)
    x = list(found["intensity"].values())
    best, kept = measured(one, x)
    assert found["certificate"]["holds"]
    assert kept.min() >= -1e-9
    line = np.linspace(0, 1, 9)
    for point in [(a, b) for a in line for b in line]:
        joint, guarded = measured(one, point)
        if guarded.min() >= -1e-9:
            assert joint <= best + 1e-9
    assert found["joint_loss_pct"] == pytest.approx(-100 * best, abs=1e-6)
    if losses == "expected":
        # Kazakhstan's government would sign the half of it and not the whole.
        assert 0 < found["intensity"]["food"] < 1
        assert not found["whole"]
        assert found["gap_to_discrete_pct"] > 0
        assert found["shadow_price"]["KAZ"] > 0
    json.dumps(found, allow_nan=False)


def test_where_everybody_counts_alike_and_nothing_is_a_rent_every_concession_pays_for_itself() -> None:
    found = continuous(between((0, 1)), POPULATION)
    assert list(found["intensity"].values()) == [1.0, 1.0]
    assert found["degenerate"]
    assert found["whole"]
    assert found["gap_to_discrete_pct"] == pytest.approx(0, abs=1e-9)
    assert {(one["losses"], one["weights"]) for one in found["measures"]} == {
        (losses, weights) for losses in ("expected", "worst", "cvar-90") for weights in ("equal", "gdp", "population")
    }
    assert all(one["same"] and one["holds"] for one in found["measures"])


def test_members_are_guarded_where_the_rule_says_so() -> None:
    one = between((0, 2), rule="none")
    assert one.guard is None
    assert continuous(one, POPULATION)["shadow_price"] == {}
    asked = replace(one.judged.agenda, nobody_worse_off="union", union=None)
    assert Outlook(replace(one.judged, agenda=asked), one.near).guard is not None
