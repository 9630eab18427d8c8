"""Alone or together in the small world: responses, the point that nobody leaves, union-wide cuts, steps that add up."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from comity.policy.scenario import Scenario
from comity.records import Closure, Wedges
from comity.solve.equilibrium import solve
from comity.store import Cache
from comity.talks import packages, results
from comity.talks.agenda import Agenda, Proposal
from comity.talks.bargaining.gains import Gains
from comity.talks.bargaining.payoffs import TablePayoffs
from comity.talks.exact import alone
from comity.talks.exact.ladder import Union, ladder
from comity.talks.exact.outlook import Outlook
from comity.talks.exact.union import Wide, meeting
from comity.talks.law import Union as Treaty
from comity.talks.wants.governments import Governments
from comity.talks.widening import union_wide
from talks_world import WORLD, agenda, cut

CLOSURE = Closure("specific", "with_trade")
RI0 = WORLD.income - WORLD.deficit
PROPOSALS = (
    Proposal("food", "Food", ("BLR",), ("KAZ",), (cut("KAZ", "BLR", "C10T12", -0.25),)),
    Proposal("crops", "Crops", ("KAZ",), ("BLR",), (cut("BLR", "KAZ", "A01", -0.3),)),
    Proposal("all", "Everybody", ("BLR",), ("BLR", "KAZ", "RUS"), (cut("EAEU", "EAEU", "goods", -0.1),)),
)
TREATY = Treaty("EAEU", "Eurasian Economic Union", ("BLR", "KAZ", "RUS"), ())


def climbed(asked: Agenda) -> tuple[Outlook, Union, dict]:
    engine = packages.Engine(WORLD, asked.closure, Cache(None), asked.parties, tolerance=1e-12)
    solved = [packages.solve_crisis(engine, crisis) for crisis in asked.crises]
    around = packages.around(engine, asked, solved)
    table = packages.compute_table(engine, asked, solved, around)
    j = results.judged(asked, WORLD, table, RI0, {})
    widened = [union_wide(p, TREATY.members, WORLD) for p in asked.proposals]
    lines = tuple(k for k, one in enumerate(widened) if one is not None)
    changes = [one.changes for one in widened if one is not None]
    wide = Wide.of(engine, solved, changes, [asked.proposals[k].changes for k in lines])
    chosen = [row for row, k in enumerate(lines) if k in table.packages[j.choice.best]]
    income, _ = wide.incomes(chosen, table.real_income[:, 0])
    outlook, union = Outlook(j, around), Union(wide, income, lines)
    return outlook, union, ladder(outlook, union)


@cache
def told(weighed: bool = False) -> tuple[Outlook, Union, dict]:
    wants = Governments({"KAZ": {"C10T12": 30.0}}) if weighed else Governments()
    return climbed(replace(agenda(CLOSURE, PROPOSALS), union=TREATY, wants=wants))


def rung(found: dict, name: str) -> dict:
    return next(one for one in found["rungs"] if one["id"] == name)


def test_the_room_is_what_nobody_else_concedes_and_the_unions_tariffs_are_the_unions() -> None:
    _, _, found = told()
    rooms = {room["party"]: room for room in found["rooms"]}
    assert rooms["KAZ"]["alone"] == ["food"]
    assert rooms["BLR"]["alone"] == ["crops"]
    assert rooms["BLR"]["with_others"] == ["all"]
    assert rooms["KAZ"]["own_tariffs"] == "the union's"
    assert found["consent"]["package"] == {"RUS": ["all"]}


def outside(closure: Closure, wants: Governments | None = None) -> dict[str, dict]:
    """The rooms of Belarus and Korea; Korea is in no union."""
    lines = (cut("KOR", "BLR", "C10T12", -0.25), cut("BLR", "KOR", "C29", -0.1))
    proposals = (Proposal("a", "A", ("BLR",), ("KOR",), lines[:1]), Proposal("b", "B", ("KOR",), ("BLR",), lines[1:]))
    asked = replace(agenda(closure, proposals), union=TREATY, parties=("BLR", "KOR"), wants=wants or Governments())
    engine = packages.Engine(WORLD, closure, Cache(None), asked.parties, tolerance=1e-12)
    solved = [packages.solve_crisis(engine, crisis) for crisis in asked.crises]
    around = packages.around(engine, asked, solved)
    table = packages.compute_table(engine, asked, solved, around)
    found = ladder(Outlook(results.judged(asked, WORLD, table, RI0, {}), around), None)
    return {room["party"]: room for room in found["rooms"]}


def test_a_party_outside_a_union_has_its_own_tariffs_searched_where_deficits_are_not_chosen() -> None:
    rooms = outside(Closure("specific", "fixed"))
    assert (rooms["BLR"]["own_tariffs"], rooms["BLR"]["tariffs"]) == ("the union's", None)
    found = rooms["KOR"]
    assert found["own_tariffs"] == "searched"
    tariffs = found["tariffs"]
    assert tariffs["converged"]
    assert tariffs["same_from_second_start"]
    assert set(tariffs["rate_pct"]) == set(WORLD.sector_groups["goods"])
    best = tariffs["gain"]["KOR"]["ev_usd_mn"]
    assert best > 0
    # The rates are what they say: solved again they bring as much, and a point more or less on all of them brings less.
    at = WORLD.economy_index("KOR")
    for shift in (0.0, 0.01, -0.01):
        tariff = np.array(WORLD.tariff)
        for sector, rate in tariffs["rate_pct"].items():
            tariff[at, :, WORLD.sectors.index(sector)] = rate / 100 + shift
        tariff[at, at] = 0
        value = solve(WORLD, Wedges(tariff=tariff), closure=Closure("specific", "fixed")).values["real_income"][at]
        gain = (value - 1) * RI0[at]
        assert gain <= best + 1e-3
        if shift == 0:
            assert gain == pytest.approx(best, abs=1e-3)


def test_why_tariffs_are_not_searched_is_said_in_words() -> None:
    room = outside(CLOSURE)["KOR"]
    assert (room["own_tariffs"], room["tariffs"]) == ("not searched", None)
    assert "a lending flow that nobody models" in room["own_tariffs_why"]
    weighed = outside(Closure("specific", "balanced"), Governments({"KOR": {"C29": 3.0}}))["KOR"]
    plain = outside(Closure("specific", "balanced"))["KOR"]
    assert weighed["tariffs"]["rate_pct"]["C29"] > plain["tariffs"]["rate_pct"]["C29"]


def test_steps_add_up_to_the_last_rung_and_together_is_the_package_less_all_at_once() -> None:
    _, _, found = told()
    for code in ("BLR", "KAZ", "RUS"):
        for state in ("none", "collapse", "war"):
            last = rung(found, "union_best")["outcomes"][state][code]["ev_usd_mn"]
            first = rung(found, "nothing")["outcomes"][state][code]["ev_usd_mn"]
            assert sum(found["steps"][state][code].values()) == pytest.approx(last - first, abs=0.01)
        worth = rung(found, "package")["expected"][code]["ev_usd_mn"] - rung(found, "at_once")["expected"][code]["ev_usd_mn"]
        assert found["together"]["expected"][code]["ev_usd_mn"] == pytest.approx(worth, abs=0.01)
        assert found["steps"]["expected"][code]["package"] == pytest.approx(worth, abs=0.01)
    assert "alone" not in found["steps"]["expected"]["RUS"]
    json.dumps(found, allow_nan=False)


def test_what_each_does_alone_is_its_best_on_a_grid_and_all_at_once_nobody_would_move() -> None:
    outlook, _, found = told()
    payoff = outlook.governments
    q = outlook.judged.probability
    x = np.array(list(found["at_once"]["intensity"].values()))
    assert found["at_once"]["settled"]
    here = q @ payoff.at(x)
    for n, line in ((0, 1), (1, 0)):
        first = np.array(list(found["responses"][n]["intensity"].values()))
        best = (q @ payoff.at(first))[n]
        for level in np.linspace(0, 1, 11):
            asked = np.zeros(3)
            asked[line] = level
            assert (q @ payoff.at(asked))[n] <= best + 1e-6
            moved = x.copy()
            moved[line] = level
            assert (q @ payoff.at(moved))[n] <= here[n] + 1e-6


def test_a_government_that_counts_its_producers_concedes_nothing_alone() -> None:
    _, _, found = told(weighed=True)
    assert found["responses"][1]["intensity"]["food"] == 0
    assert found["at_once"]["intensity"]["food"] == 0
    assert found["at_once"]["settled"]


def test_union_wide_cuts_multiply_where_they_meet_as_proposed_and_the_unions_best_beats_a_grid() -> None:
    outlook, union, found = told()
    assert meeting(WORLD, [p.changes for p in PROPOSALS]).tolist() == [[1, 0, 1], [0, 1, 1], [1, 1, 1]]
    both = Scenario((cut("EAEU", "EAEU", "C10T12", -0.25), cut("EAEU", "EAEU", "A01", -0.3), cut("EAEU", "EAEU", "goods", -0.1)))
    own = solve(WORLD, both, closure=CLOSURE).values["real_income"]
    wide = union.wide.incomes([0, 1, 2], outlook.judged.table.real_income[:, 0])[0]
    np.testing.assert_allclose(wide[0, -1], own, rtol=1e-8)
    at = [WORLD.economy_index(code) for code in ("BLR", "KAZ", "RUS")]
    best = sum(rung(found, "union_best")["expected"][c]["ev_usd_mn"] for c in ("BLR", "KAZ", "RUS"))
    assert found["union_best"]["certificate"]["holds"]
    for chosen in ([0, 2], [1, 2], [0, 1, 2], [2]):
        income = union.wide.incomes(chosen, outlook.judged.table.real_income[:, 0])[0][:, -1]
        assert outlook.judged.probability @ ((income[:, at] - 1) @ RI0[at]) <= best + 0.01


class Pennies(TablePayoffs):
    """A table played as if it were solved."""


def test_responses_that_go_round_are_said_to() -> None:
    # Matching pennies: A wants to do as B does, B the opposite; mixed answers do not exist here.
    corner = np.zeros((1, 4, 2))
    for package in range(4):
        same = (package & 1) == (package >> 1)
        corner[0, package] = [100 + same, 100 + (not same)]
    table = Pennies(("A", "B"), ("none",), np.ones(1), ("a", "b"), corner)
    gains = Gains(table, np.array([100.0, 100.0]))
    own = {"A": (0,), "B": (1,)}
    found = alone.at_once(gains, gains, own, alone.alone(gains, gains, own))
    assert not found.settled
    assert len(found.visited) > 1
    assert max(found.deviation.values()) > 0


def test_an_empty_room_is_left_as_it_is() -> None:
    corner = np.full((1, 2, 2), 100.0)
    gains = Gains(TablePayoffs(("A", "B"), ("none",), np.ones(1), ("a",), corner), np.array([100.0, 100.0]))
    own = {"A": (), "B": ()}
    first = alone.alone(gains, gains, own)
    assert all(one.certificate is None for one in first)
    assert alone.at_once(gains, gains, own, first).settled
