"""Bargaining and counter-offers between whole packages in the small world: read from the table, solved where they end."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from comity.records import Closure
from comity.solve.equilibrium import solve
from comity.store import Cache
from comity.talks import games, packages, results
from comity.talks.agenda import Agenda
from comity.talks.exact import bargains
from comity.talks.exact.outlook import Outlook
from comity.talks.wants.governments import Governments
from talks_world import PROPOSALS, WORLD, agenda

RI0 = WORLD.income - WORLD.deficit


def outlook(asked: Agenda) -> Outlook:
    engine = packages.Engine(WORLD, asked.closure, Cache(None), asked.parties, tolerance=1e-12)
    solved = [packages.solve_crisis(engine, crisis) for crisis in asked.crises]
    around = packages.around(engine, asked, solved)
    table = packages.compute_table(engine, asked, solved, around)
    return Outlook(results.judged(asked, WORLD, table, RI0, {}), around)


@pytest.fixture(scope="module")
def weighed() -> Outlook:
    """A government that signs the half of a proposal and not the whole."""
    asked = replace(agenda(Closure("specific", "with_trade"), PROPOSALS[:2]), wants=Governments({"KAZ": {"C10T12": 3.0}}))
    return outlook(asked)


@pytest.fixture(scope="module")
def alike() -> Outlook:
    return outlook(agenda(Closure("specific", "with_trade"), PROPOSALS[:2]))


def test_where_bargaining_ends_is_solved_and_nothing_on_a_grid_dominates_it(weighed: Outlook) -> None:
    found = bargains.between(weighed)
    assert found is not None
    nash = found["agreements"]["nash"]
    own = weighed.governments
    q = weighed.judged.probability
    nothing = q @ own.at(np.zeros(2))
    x = np.array(list(nash["intensity"].values()))
    gain = q @ own.at(x) - nothing
    for n, code in enumerate(weighed.parties):
        assert nash["gain"][code]["ev_usd_mn"] == pytest.approx(gain[n], abs=2e-3)
    # The table bends otherwise than the world between its corners, so that the product is near its top, not on it.
    line = np.linspace(0, 1, 6)
    others = np.array([q @ own.at(np.array([a, b])) - nothing for a in line for b in line])
    assert not np.any(np.all(others > gain * (1 + 1e-3) + 1e-3, axis=1))
    positive = others[np.all(others > 0, axis=1)]
    assert np.prod(gain) >= 0.97 * np.prod(positive, axis=1).max()
    assert found["largest_difference_usd_mn"] < 0.1 * gain.max()
    # Where both have the most at once, read and solved, with its certificate.
    assert found["certificate"]["holds"]
    room = found["room"]
    x = np.array(list(room["intensity"].values()))
    solved = (q @ own.at(x) - nothing) / weighed.income(weighed.parties)
    assert min(one["gain_pct"] for one in room["gain"].values()) == pytest.approx(100 * solved.min(), abs=1e-5)
    assert min(one["gain_pct"] for one in room["gain_read"].values()) == pytest.approx(found["room_pct"], abs=1e-5)
    json.dumps(found, allow_nan=False)


def test_the_product_has_no_slope_left_where_both_want_the_whole(alike: Outlook) -> None:
    found = bargains.between(alike)
    assert found is not None
    assert found["agreements"]["nash"]["first_order"] == pytest.approx(0, abs=1e-9)
    assert found["largest_difference_usd_mn"] == pytest.approx(0, abs=1e-3)


def test_payments_inside_the_solve_leave_everybody_with_the_same(alike: Outlook) -> None:
    found = bargains.shared(alike)
    assert found is not None
    assert found["settled"]
    paid = found["transfer_usd_mn"]
    assert sum(paid.values()) == pytest.approx(0, abs=2e-3)
    gain = [one["ev_usd_mn"] for one in found["gain"].values()]
    assert gain[0] == pytest.approx(gain[1], abs=2e-3)
    # The same by one independent solve of the state without crisis.
    x = np.array(list(found["intensity"].values()))
    country = np.zeros(len(WORLD.economies))
    for code, value in paid.items():
        country[WORLD.economy_index(code)] = value
    near = alike.near[0]
    from comity.policy.scenario import Scenario

    chosen = [c for k, p in enumerate(PROPOSALS[:2]) if x[k] > 0.5 for c in p.changes]
    wedges = replace(Scenario(tuple(chosen)).wedges(WORLD), transfer=country)
    own = solve(WORLD, wedges, closure=near.engine.closure, tolerance=1e-12).values["real_income"]
    at = [WORLD.economy_index(code) for code in alike.parties]
    exact = alike.solving_payoffs.paid(x, country)[0, :2]
    np.testing.assert_allclose(exact, own[at] * RI0[at], rtol=1e-8)
    json.dumps(found, allow_nan=False)


def test_payments_follow_the_weights_and_stay_below_the_largest_one(alike: Outlook) -> None:
    def told(**changes: Any) -> dict[str, Any]:
        agenda = replace(alike.judged.agenda, **changes)
        found = bargains.shared(Outlook(replace(alike.judged, agenda=agenda), alike.near))
        assert found is not None
        assert found["settled"]
        assert sum(found["transfer_usd_mn"].values()) == pytest.approx(0, abs=2e-3)
        return found

    found = told(bargaining_weights={"BLR": 1.0, "KAZ": 3.0})
    gain = {code: one["ev_usd_mn"] for code, one in found["gain"].items()}
    assert gain["KAZ"] == pytest.approx(3 * gain["BLR"], abs=5e-3)
    assert (found["bounded"], found["unequal_usd_mn"]) == (False, pytest.approx(0, abs=2e-3))
    free = max(abs(v) for v in found["transfer_usd_mn"].values())
    found = told(bargaining_weights={"BLR": 1.0, "KAZ": 3.0}, largest_transfer=free / 2)
    assert max(abs(v) for v in found["transfer_usd_mn"].values()) == pytest.approx(free / 2, abs=2e-3)
    assert found["bounded"]
    assert found["unequal_usd_mn"] > 0
    json.dumps(found, allow_nan=False)


def test_no_payment_is_no_payment(alike: Outlook) -> None:
    x = np.array([1.0, 0.5])
    np.testing.assert_allclose(alike.solving_payoffs.paid(x, np.zeros(len(WORLD.economies))), alike.solving.at(x), rtol=1e-12)


def test_counter_offers_are_solved_and_said_to_hold_or_not(weighed: Outlook) -> None:
    played = games.Games.of(weighed.judged, 0.8)
    offers = games.counters(played)
    told = bargains.verified(weighed, offers)
    assert any(row["offers"] for row in told)
    q, own = weighed.judged.probability, weighed.governments
    for row in told:
        for offer in row["offers"]:
            x = np.array(list(offer["intensity"].values()))
            gain = q @ own.at(x) - q @ own.at(np.zeros(2))
            for n, code in enumerate(weighed.parties):
                assert offer["solved"]["gain_usd_mn"][code] == pytest.approx(gain[n], abs=2e-3)
            over = offer["solved"]["over_paper_usd_mn"][row["by"]]
            kept = min(v for code, v in offer["solved"]["gain_usd_mn"].items() if code != row["by"])
            assert offer["solved"]["holds"] == (over >= row["margin_usd_mn"] - 2e-3 and kept >= -2e-3)


def test_more_parties_than_the_budget_are_left_to_the_table(alike: Outlook) -> None:
    assert bargains.refused(4, 3) is None
    reason = bargains.refused(5, 3)
    assert reason is not None
    assert "between 5 parties would read the table at about" in reason
    many = replace(alike.judged.agenda, parties=("BLR", "KAZ", "RUS", "KOR", "ROW"))
    assert bargains.between(Outlook(replace(alike.judged, agenda=many), alike.near)) is None
