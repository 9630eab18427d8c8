"""The brief's section on sensitive products: bands, refusals, what is so in name only, the test; nothing where there is none."""

from __future__ import annotations

from typing import Any

import pytest

from comity.report import sensitive
from comity.report.prose import sensitive as prose
from comity.report.prose.numbers import NBSP
from comity.report.story import Story
from synthetic_results import two_parties_in_a_union

REVEALED = {"outcome": "weight", "found_at": 1.0, "at_most": None, "bound": "lower"}


def opening(party: str, sector: str, nation: float, producers: float, weight: float | None, **more: Any) -> dict[str, Any]:
    effects = {"nation": nation, "own_producers": producers, "other_producers": nation - producers, "wages": 0.0, "revenue": 0.0}
    return {
        "party": party, "sector": sector, "partners": [], "proposals": [], "named": True, "counted": None,
        "effects_usd_mn": {**effects, "consumers": 0.0, "firms": 0.0, "others": {}},
        "break_even": {"outcome": "weight" if weight else "no_producer_motive", "weight": weight},
        "curve": [],
        "revealed": {**REVEALED, "at_least": weight} if weight else None,
        "first_order": {"second_order": "minimum", "weight": None, "second_usd_mn": 1.0} if weight else None,
    } | more  # fmt: skip


def story(**changes: Any) -> Story:
    found = {
        "patience": 0.8,
        "assumed": True,
        "high": 5.0,
        "openings": [
            opening("KAZ", "C10T12", 22.0, -10.0, 3.2),
            opening("KAZ", "C28", 20.0, -2.0, 11.0),
            opening("BLR", "C20", 5.0, 1.0, None),
        ],
        "joint": {},
        "concessions": [],
        "bands": [
            {"party": "KAZ", "sector": "C10T12", "signs": {"low": 1, "high": 3.6}, "keeps": {"low": 1, "high": 3.4}},
            {"party": "KAZ", "sector": "C28", "signs": {"low": 1, "high": None}, "keeps": {"low": 1, "high": 40.0}},
            {"party": "KAZ", "sector": None, "signs": {"low": 1, "high": 3.5}, "keeps": {"low": 1, "high": 3.3}},
        ],
        "called_not_sensitive": [
            {"party": "KAZ", "sector": "C28", "reason": "weight_too_high", "weight": 11.0},
            {"party": "BLR", "sector": "C20", "reason": "no_producer_motive", "weight": None},
        ],
    }
    return Story({**two_parties_in_a_union(), "sensitive": {**found, **changes}})


def band(signs: Any, keeps: Any) -> list[dict[str, Any]]:
    return [{"party": "KAZ", "sector": "C10T12", "signs": signs, "keeps": keeps}]


def test_the_headline_is_a_band_and_the_rest_says_who_refuses_what():
    text = " ".join(prose.words(story())).replace(NBSP, " ")
    assert "signs the recommended package while it counts at most 3.5 dollars for a dollar of its own producers" in text
    assert "in the two sectors listed below, and keeps it while it counts at most 3.3 dollars" in text
    assert "at more than 3.2 (its producers lose USD 10 mn a year, the nation gains USD 22 mn)" in text
    assert "it is refused only above a weight of 11" in text
    assert "its own producers do not lose by opening" in text
    assert "for two barriers the second-order test says minimum" in text.lower()


@pytest.mark.parametrize(
    ("signs", "keeps", "told"),
    [
        (None, None, "at no weight"),
        ({"low": 1, "high": None}, {"low": 1, "high": None}, "and keeps it wherever it signs"),
        ({"low": 2, "high": None}, None, "if it counts at least 2 dollars"),
        ({"low": 2, "high": 3}, {"low": 2.5, "high": 3}, "if it counts between 2.5 and 3 dollars"),
        ({"low": 1, "high": 3}, None, "it keeps it at none"),
        (
            {"low": 1, "high": 3, "parts": [{"low": 1, "high": 3}]},
            {"low": 1, "high": 3, "parts": [{"low": 1, "high": 1.8}, {"low": 2.1, "high": 3}]},
            "keeps it if it counts at most 1.8 or between 2.1 and 3 dollars (at the weights between",
        ),
    ],
)
def test_every_band_has_its_words(signs: Any, keeps: Any, told: str):
    assert told in " ".join(prose.words(story(bands=band(signs, keeps))))


def test_a_maximum_states_its_weight_and_a_minimum_none():
    chosen = {"second_order": "maximum", "weight": 3.51, "second_usd_mn": -1.0}
    text = " ".join(prose.words(story(openings=[opening("KAZ", "C10T12", 22.0, -10.0, 3.2, first_order=chosen)])))
    assert "(a weight of 3.51): the second-order test says maximum" in text
    assert "minimum" not in text


def test_the_table_adds_up_and_says_why_there_is_no_weight():
    shown = sensitive.table(story())
    assert shown is not None
    assert [row[-2].text for row in shown.rows] == ["3.2", "11", "none: own producers do not lose"]
    assert [row[-1].text for row in shown.rows] == ["at least 3.2", "at least 11", "–"]
    limits = sensitive.bands(story())
    assert limits is not None
    assert [cell.text for cell in limits.rows[1]][1:] == ["from 1 on", "1 to 40"]
    assert "assumed" in limits.note
    spec = sensitive.chart(story())
    assert spec is not None
    assert [value["usd_mn"] for value in spec["data"]["values"]] == [3.2, 11.0]
    assert not any(value["sector"].startswith("Kazakhstan") for value in spec["data"]["values"])
    both = story(openings=[opening("KAZ", "C10T12", 2.0, -1.0, 3.0), opening("BLR", "C10T12", 2.0, -1.0, 3.0)])
    told_apart = sensitive.chart(both)
    assert told_apart is not None
    assert len({value["sector"] for value in told_apart["data"]["values"]}) == 2


@pytest.mark.parametrize("missing", [None, {"openings": []}])
def test_where_there_is_nothing_to_say_there_is_no_section(missing: Any):
    bare = Story({**two_parties_in_a_union(), "sensitive": None}) if missing is None else story(**missing)
    assert sensitive.section(bare, {}) == []
    assert sensitive.figures(bare) == {}
