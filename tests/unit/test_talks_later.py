"""Trust with a punishment of some years, a break that is seen late, capital that moves later."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from comity.policy.wedges import combine
from comity.records import Closure
from comity.solve.equilibrium import solve
from comity.store import Cache
from comity.talks import packages, results
from comity.talks.games import Games
from comity.talks.keeping import later
from comity.talks.wants.governments import Governments
from talks_world import CRISES, PROPOSALS, WORLD, agenda

TWO = PROPOSALS[:2]
WANTS = Governments({"KAZ": {"C10T12": 60.0}, "BLR": {"A01": 60.0}})


class Played:
    """Two concessions between governments that count their producers for so much that both are tempted."""

    def __init__(self) -> None:
        self.agenda = replace(agenda(Closure("specific", "with_trade"), TWO), wants=WANTS, nobody_worse_off="none")
        self.engine = packages.Engine(WORLD, self.agenda.closure, Cache(None), self.agenda.parties)
        solved = [packages.solve_crisis(self.engine, crisis) for crisis in self.agenda.crises]
        table = packages.compute_table(self.engine, self.agenda, solved)
        self.judged = results.judged(self.agenda, WORLD, table, WORLD.income - WORLD.deficit, {})
        self.games = Games.of(self.judged, 0.8)


@pytest.fixture(scope="module")
def played() -> Played:
    return Played()


def test_a_longer_punishment_and_an_earlier_discovery_ask_for_less_patience(played: Played) -> None:
    assert any(one.largest > played.games.tolerance for one in played.games.trusts)
    found = later.variants(played.games)
    for n, forever in enumerate(played.games.trusts):
        lengths = [one.parties[n].sort_key for one in found if one.lag == 0]
        lags = [forever.sort_key, *(one.parties[n].sort_key for one in found if one.lag > 0)]
        assert lengths == sorted(lengths, reverse=True)
        assert lengths[-1] >= forever.sort_key
        assert lags == sorted(lags)


def test_the_long_run_is_the_same_deal_with_mobile_capital(played: Played) -> None:
    """Against solves of the package and of nothing by themselves, under mobile factors."""
    games = played.games
    found = later.long_run(played.engine, played.judged, games)
    mobile = Closure("mobile", "with_trade")
    value = np.zeros(2)
    for s, crisis in enumerate(CRISES):
        income = []
        for x in (games.deal.x, games.after.x):
            changes = [(change, 1.0) for k in range(2) if x[s, k] > 0 for change in TWO[k].changes]
            wedges = combine(WORLD, [(shock, 1.0) for shock in crisis.shocks], changes)
            income.append(solve(WORLD, wedges, closure=mobile).values["real_income"][played.engine.positions])
        value += crisis.probability * (income[0] - income[1]) * games.base
    np.testing.assert_allclose([one.value for one in found], value, rtol=1e-6, atol=1e-6)
    assert [one.largest for one in found] == [one.largest for one in games.trusts]


def test_who_counts_activity_counts_it_when_capital_has_moved(played: Played) -> None:
    """G of Belarus in the mobile world holds ω times the value added of its crops; Kazakhstan's is the nation's."""
    wants = replace(WANTS, activity=("BLR",))
    judged = replace(played.judged, agenda=replace(played.agenda, wants=wants))
    games, mobile = played.games, Closure("mobile", "with_trade")
    crops, at = WORLD.sectors.index("A01"), played.engine.positions[0]
    nations = later.long_run(played.engine, played.judged, games)
    more = 0.0
    for s, crisis in enumerate(CRISES):
        counted = []
        for x in (games.deal.x, games.after.x):
            changes = [(change, 1.0) for k in range(2) if x[s, k] > 0 for change in TWO[k].changes]
            wedges = combine(WORLD, [(shock, 1.0) for shock in crisis.shocks], changes)
            values = solve(WORLD, wedges, closure=mobile).values
            counted.append(values["value_added"][at, crops] / values["price_index"][at])
        more += crisis.probability * 59.0 * (counted[0] - counted[1])
    found = later.long_run(played.engine, judged, games)
    assert games.payoffs.parties[0] == "BLR"
    assert abs(more) > 0.1
    assert found[0].value - nations[0].value == pytest.approx(more, rel=1e-6)
    assert found[1].value == pytest.approx(nations[1].value, rel=1e-12)
    shown = later.told(played.engine, judged, games)
    assert shown["horizons"]["counts_activity"] == ["BLR"]


def test_where_nobody_is_tempted_no_second_world_is_solved(played: Played) -> None:
    alike = Games.of(replace(played.judged, counted={}), 0.8)
    before = played.engine.meter.solved
    shown = later.told(played.engine, played.judged, alike)
    assert shown["horizons"] is None
    assert played.engine.meter.solved == before
    tempted = later.told(played.engine, played.judged, played.games)
    assert [row["years"] for row in tempted["horizons"]["bands"]] == list(later.HORIZONS)
