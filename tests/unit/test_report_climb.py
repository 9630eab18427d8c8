"""The ladder in the brief follows from its numbers, with falls by name."""

from __future__ import annotations

import copy
from typing import Any

from comity.report import climb as blocks
from comity.report.prose import climb
from comity.report.story import Story
from synthetic_results import two_parties_in_a_union

LEVELS = {
    "nothing": {"BLR": 0.0, "KAZ": 0.0, "RUS": 0.0},
    "alone": {"BLR": 2.0, "KAZ": 0.0},
    "at_once": {"BLR": 5.0, "KAZ": -3.0, "RUS": -1.0},
    "package": {"BLR": 9.0, "KAZ": 4.0, "RUS": 2.0},
    "union_wide": {"BLR": 12.0, "KAZ": 7.0, "RUS": 8.0},
    "union_best": {"BLR": 12.0, "KAZ": 8.0, "RUS": 9.0},
}


def figure(value: float) -> dict[str, float]:
    return {"gain_pct": value / 1000, "ev_usd_mn": value}


def story(*, settled: bool = True, levels: dict[str, dict[str, float]] | None = None) -> Story:
    results: dict[str, Any] = copy.deepcopy(two_parties_in_a_union())
    levels = levels or LEVELS
    ids = [p["id"] for p in results["proposals"]]
    states = ["expected", *(c["id"] for c in results["crises"])]
    steps: dict[str, dict[str, float]] = {}
    for code in ("BLR", "KAZ", "RUS"):
        reached = [(name, row[code]) for name, row in levels.items() if code in row]
        steps[code] = {name: value - reached[k][1] for k, (name, value) in enumerate(reached[1:])}
    worth = {code: figure(levels["package"][code] - levels["at_once"][code]) for code in ("BLR", "KAZ", "RUS")}
    joint = worth["BLR"]["ev_usd_mn"] + worth["KAZ"]["ev_usd_mn"]
    results["ladder"] = {
        "rooms": [
            {"party": "BLR", "union": "EAEU", "alone": ids[:1], "with_others": ids[1:2], "own_tariffs": "the union's"},
            {"party": "KAZ", "union": None, "alone": [], "with_others": [], "own_tariffs": "not searched"},
        ],
        "rungs": [{"id": name, "over_nothing": {c: figure(v) for c, v in row.items()}} for name, row in levels.items()],
        "responses": [
            {"party": "BLR", "intensity": {ids[0]: 1.0, ids[1]: 0.0}, "certificate": {"holds": True}},
            {"party": "KAZ", "intensity": {ids[0]: 0.0}, "certificate": None},
        ],
        "at_once": {"settled": settled},
        "steps": dict.fromkeys(states, steps),
        "together": {**dict.fromkeys(states, worth), "joint_usd_mn": dict.fromkeys(states, joint)},
        "consent": {"package": {"RUS": ids[-1:]}, "union_wide": ["RUS"], "inside_row": ["Armenia"]},
        "displaced": [],
    }
    return Story(results)


def joined(sentences: list[str]) -> str:
    return " ".join(sentences).replace("\u00a0", " ")


def test_rooms_steps_and_consent_in_words() -> None:
    told = story()
    text = joined(climb.rooms(told))
    assert "Belarus has no external tariff of its own; of the list it could carry out ‘Dairy" in text
    assert "Kazakhstan has its own tariffs, which are not searched here; of the list it could carry out nothing alone" in text
    text = joined(climb.steps(told))
    assert "Alone Belarus would carry out one proposal, worth USD 2 mn a year to it" in text
    assert "Alone Kazakhstan" not in text
    assert "from there nobody would move" in text
    assert "the package less that, is USD 11 mn a year" in text
    assert "costs Kazakhstan USD 3 mn" in text
    assert "costs Russia USD 1 mn" in text
    assert "is worth USD 29 mn a year, USD 2 mn more than the package opened by all" in text
    text = joined(climb.consent(told))
    assert "The package needs Russia’s consent to" in text
    assert "The union-wide version needs Russia and Armenia as well" in text


def test_own_tariffs_in_words_whether_searched_or_not() -> None:
    told = story()
    room = told.results["ladder"]["rooms"][1]
    room["own_tariffs_why"] = "lending would move"
    assert "which are not searched here (lending would move); of the list" in joined(climb.rooms(told))
    gain = {"KAZ": figure(12.0), "BLR": figure(-3.0)}
    room |= {"own_tariffs": "searched", "tariffs": {"rate_pct": {"A": 4.0, "B": 21.34}, "gain": gain, "converged": True}}
    text = joined(climb.rooms(told))
    assert "at its best rates on goods, from 4 % to 21.3 %" in text
    assert "Kazakhstan gains USD 12 mn (0.012 %) and Belarus loses USD 3 mn (0.003 %) in a year without crisis" in text
    room |= {"own_tariffs": "the union's", "own_tariffs_why": "the external tariff is that of EU27", "tariffs": None}
    assert "Kazakhstan has no external tariff of its own: the external tariff is that of EU27" in joined(climb.rooms(told))


def test_what_does_not_settle_and_what_loses_is_said() -> None:
    assert "no state was found in which nobody would move" in joined(climb.steps(story(settled=False)))
    worse = {name: {c: -v for c, v in row.items()} for name, row in LEVELS.items()}
    text = joined(climb.steps(story(levels=worse)))
    assert "is a loss of USD 11 mn a year" in text
    assert "costs Russia USD 3 mn" in text


def test_the_section_has_a_chart_and_tables_and_is_silent_without_numbers() -> None:
    assert [block.kind for block in blocks.section(story())] == ["text", "text", "figure", "table", "table", "text"]
    assert blocks.section(Story(two_parties_in_a_union())) == []
