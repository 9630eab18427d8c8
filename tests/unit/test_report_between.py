"""Sentences on packages between nothing and everything follow from the numbers."""

from __future__ import annotations

import copy
from typing import Any

from comity.report.prose import between as between_words
from comity.report.prose.between import between
from comity.report.prose.headline import objective
from comity.report.story import Story
from synthetic_results import two_parties_in_a_union


def told(**changed: Any) -> str:
    results = copy.deepcopy(two_parties_in_a_union())
    best = results["best"]
    chosen = best["package"].split("+")
    found = {
        "intensity": {p["id"]: float(p["id"] in chosen) for p in results["proposals"]},
        "over_nothing": best["over_nothing"],
        "gap_to_discrete_pct": 0.0,
        "certificate": {"starts": 3, "found_by": [0, 1, 2], "holds": True},
        "degenerate": True,
        "solves": 60,
        "measures": [
            {"losses": m, "weights": "equal", "same": True, "same_trade": True} for m in ("expected", "worst", "cvar-90")
        ],
    }
    first = results["proposals"][0]["id"]
    for key, value in changed.items():
        found[key] = value(first, found) if callable(value) else value
    best["continuous"] = found
    return " ".join(between(Story(results))).replace("\u00a0", " ")


def test_a_corner_is_said_to_be_one_with_its_certificate() -> None:
    text = told()
    assert "the recommended package is the best, with each proposal whole or not at all" in text
    assert "from every start by 60 equilibria" in text
    assert "degenerate" in text
    assert "All three measures of loss" in text


def test_a_part_of_a_proposal_is_said_with_what_it_adds() -> None:
    text = told(
        intensity=lambda first, found: found["intensity"] | {first: 0.4321},
        gap_to_discrete_pct=0.02,
        degenerate=False,
        certificate={"starts": 3, "found_by": [1], "holds": True},
    )
    assert "seven proposals whole and ‘Dairy" in text
    assert "at 43.2 %" in text
    assert "better by 0.02 % of real income" in text
    assert "from 1 of 3 starts" in text
    assert "degenerate" not in text


def test_an_unfinished_search_and_another_choice_are_said() -> None:
    def other(first: str, found: dict[str, Any]) -> list[dict[str, Any]]:
        own = [*found["measures"][:2], {"losses": "cvar-90", "weights": "gdp", "same": False, "same_trade": False}]
        return [*own[:2], own[2] | {"intensity": found["intensity"] | {first: 0.0}}, own[2] | {"same": None}]

    text = told(certificate={"starts": 2, "found_by": [0], "holds": False}, measures=other)
    assert "take it as a lower bound" in text
    assert "2 of 3 measures of loss choose the same; the worst tenth of cases by income chooses seven proposals whole" in text


def test_risk_aversion_is_said() -> None:
    results = copy.deepcopy(two_parties_in_a_union())
    results["best"]["risk_aversion"] = 2.0
    assert objective(Story(results)) == "the smallest loss in certainty equivalents, at a relative risk aversion of 2"
    assert "worst" in objective(Story({**results, "best": results["best"] | {"objective": "worst"}}))
    assert "relative risk aversion of 2" not in told()


def test_results_without_it_say_nothing() -> None:
    assert between(Story(two_parties_in_a_union())) == []


def bargained(**found: Any) -> Story:
    results = copy.deepcopy(two_parties_in_a_union())
    results["bargaining"] |= found
    return Story(results)


def test_bargaining_over_parts_says_what_moves_and_how_far_reading_was_right() -> None:
    whole = {p["id"]: 1.0 for p in two_parties_in_a_union()["proposals"]}
    agreements = {"nash": {"intensity": whole}}
    found = {"agreements": agreements, "largest_difference_usd_mn": 0.31, "points_solved": 1}
    text = " ".join(between_words.bargained(bargained(between=found))).replace("\u00a0", " ")
    assert "agreeing to parts of proposals changes none of these answers" in text.lower()
    assert "one such point was solved, and the gains read from the table were right to USD 0.31 mn" in text
    agreements["kalai_smorodinsky"] = {"intensity": whole | {next(iter(whole)): 0.25}}
    text = " ".join(between_words.bargained(bargained(between=found))).replace("\u00a0", " ")
    assert "Kalai and Smorodinsky comes to seven proposals whole and ‘Dairy" in text
    assert between_words.bargained(bargained(between=None)) == []


def test_payments_in_the_equilibrium_are_said_with_what_prices_take() -> None:
    each = {"gain_pct": 0.1, "ev_usd_mn": 50.0}
    found = {
        "transfer_usd_mn": {"BLR": -4.0, "KAZ": 4.0},
        "gain": {"BLR": each, "KAZ": each},
        "lost_to_prices_usd_mn": 0.4,
        "settled": True,
    }
    text = " ".join(between_words.shared(bargained(shared=found))).replace("\u00a0", " ")
    assert "Belarus pays USD 4 mn and Kazakhstan gets USD 4 mn a year, and each gains USD 50 mn" in text
    assert "through prices the payments cost the two USD 0.4 mn together" in text
    assert "not met" in " ".join(between_words.shared(bargained(shared=found | {"settled": False})))
    assert "takes no payment" in " ".join(
        between_words.shared(bargained(shared=found | {"transfer_usd_mn": {"BLR": 0.0, "KAZ": 0.0}}))
    )
    assert between_words.shared(bargained()) == []


def test_counter_offers_that_were_solved_are_said_to_hold_or_not() -> None:
    held, failed = {"solved": {"holds": True}}, {"solved": {"holds": False}}

    def checked(*offers: dict[str, Any]) -> str:
        results = copy.deepcopy(two_parties_in_a_union())
        results["counter_offers"] = [{"offers": list(offers)}]
        return " ".join(between_words.checked(Story(results)))

    assert "nobody falls below" in checked(held)
    assert "1 of 2 counter-offers" in checked(held, failed)
    assert checked() == ""
