"""The section on positions follows from the numbers, whoever the parties are and whatever the signs."""

from __future__ import annotations

import pytest

from comity.report import positions as section
from comity.report import render
from comity.report.prose import positions as prose
from comity.report.story import Story
from synthetic_positions import positions_of
from synthetic_results import three_parties_without_a_union, two_parties_in_a_union

OTHERS = ("RUS", "CHN", "DEU", "USA")


def story(sign: float = 1.0, **more) -> Story:
    made = two_parties_in_a_union()
    return Story(made | {"positions": positions_of(("BLR", "KAZ"), OTHERS, sign=sign, **more)})


def said(texts: list[str]) -> str:
    return " ".join(texts).replace("\u00a0", " ")


def test_words_follow_the_signs():
    one, other = story(), story(-1.0)
    text = said(prose.pair(one, one.results["positions"]["pairs"][0]))
    assert "the positions of Belarus and Kazakhstan coincide in part (0.3)" in text
    assert "60 % of what moves Belarus is its own trade" in text
    assert "they coincide almost fully (0.92)" in text
    assert "Belarus gains USD 1.5 mn from one step more and Kazakhstan loses USD 20 mn" in text
    assert "the best common cause is a lower cost of" in text.lower()
    turned = said(prose.pair(other, other.results["positions"]["pairs"][0]))
    assert "are opposed in part (−0.3)" in turned
    assert "they are almost fully opposed (−0.92)" in turned
    assert "the best common cause is a higher cost of" in turned.lower()


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (0.05, "hardly coincide (0.05)"),
        (-0.05, "hardly coincide (−0.05)"),
        (0.7, "largely coincide (0.7)"),
        (-1, "are almost fully opposed (−1)"),
        (1, "coincide almost fully (1)"),
    ],
)
def test_degrees(value, words):
    assert prose.how(value) == words


def test_friends_and_rivals_are_told_from_their_signs():
    text = said(prose.friends(story()))
    assert "are friends in this sense: growth of each helps the other" in text
    text = said(prose.friends(story(-1.0)))
    assert "are rivals in this sense: growth of each hurts the other" in text


def test_governments_are_told_beside_nations():
    made = story().results["positions"]
    weighed = [pair | {"coincidence": -0.2} for pair in made["pairs"]]
    found = Story(two_parties_in_a_union() | {"positions": made | {"governments": weighed}})
    text = said(prose.governments(found))
    assert "Belarus and Kazakhstan are opposed in part (−0.2), as nations 0.3" in text
    assert prose.governments(story()) == []


def test_without_a_position_nothing_is_compared():
    found = story(nothing=True)
    text = said(prose.pair(found, found.results["positions"]["pairs"][0]))
    assert "are undefined" in text
    blocks = section.section(found, {})
    assert all("None" not in str(block.content) for block in blocks)


def test_results_of_before_have_no_section():
    made = Story(two_parties_in_a_union())
    assert section.section(made, {}) == []
    assert section.figures(made) == {}


def test_the_page_has_words_tables_a_chart_and_maps():
    for made, parties in ((two_parties_in_a_union(), ("BLR", "KAZ")), (three_parties_without_a_union(), None)):
        parties = parties or tuple(p["iso3"] for p in made["parties"])
        page = render(made | {"positions": positions_of(parties, OTHERS)})["brief.html"].decode()
        assert "Where positions coincide" in page
        assert "Sharpest clashes and best common causes" in page
        assert page.count("Friends and enemies of") >= len(parties)
        assert ("How far positions coincide" in page) == (len(parties) > 2)
