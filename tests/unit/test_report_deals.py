"""Figures on bargaining, counter-offers, escape clauses and duties: each shows the numbers of the results, in one order."""

from __future__ import annotations

import copy

import pytest

from comity.report import deals, ledgers, render, treaty
from comity.report.figures import to_svg
from comity.report.prose import fair
from comity.report.story import Story
from synthetic_results import a_swap_of_favours, three_parties_without_a_union, two_parties_in_a_union
from synthetic_stakes import treaty_of


def panels(spec):
    return spec.get("hconcat") or [spec]


def test_the_frontier_shows_every_package_that_no_other_beats_and_every_idea_once():
    results = copy.deepcopy(a_swap_of_favours())
    results["bargaining"]["utilitarian"] = None
    story = Story(results)
    found = results["bargaining"]
    (panel,) = panels(deals.fair_shares(story))
    line, dots, points = (layer["data"]["values"] for layer in panel["layer"])
    assert line == (dots if len(found["frontier"]) > 1 else dots[1:])
    dots = line
    assert [(v["x"], v["y"]) for v in dots] == [
        (row["gain"]["AAA"]["ev_usd_mn"], row["gain"]["BBB"]["ev_usd_mn"]) for row in found["frontier"]
    ]
    ideas = [name for value in points for name in value["idea"].split("; ")]
    assert sorted(ideas) == sorted(deals.SHORT[key] for key in deals.CONCEPTS if found[key])
    for axis, name in (("x", "Alba"), ("y", "Borea")):
        encoding = panel["layer"][2]["encoding"][axis]
        assert encoding["title"] == f"{name}: USD mn a year"
        low, high = encoding["scale"]["domain"]
        assert all(low < value[axis] < high for value in (*points, *dots))
    to_svg(deals.fair_shares(story), "pareto")


def test_ideas_that_come_to_one_point_share_it_and_payments_have_a_panel_of_their_own():
    results = copy.deepcopy(a_swap_of_favours())
    found = results["bargaining"]
    found["egalitarian_usd"] = copy.deepcopy(found["nash"])
    found["utilitarian"] = copy.deepcopy(found["nash"])
    found["utilitarian"]["transfer_usd_mn"] = {"AAA": 5.0, "BBB": -5.0}
    for code, moved in (("AAA", 5.0), ("BBB", -5.0)):
        found["utilitarian"]["gain"][code]["ev_usd_mn"] += moved
    spec = deals.fair_shares(Story(results))
    frontier, shared = panels(spec)
    assert any(value["idea"].startswith("Nash; ") for value in frontier["layer"][2]["data"]["values"])
    assert not any("shared" in value["idea"] for value in frontier["layer"][2]["data"]["values"])
    start, end = shared["layer"][0]["data"]["values"]
    assert end["x"] - start["x"] == pytest.approx(5)
    assert end["y"] - start["y"] == pytest.approx(-5)
    assert "what is paid" in fair.drawing(Story(results))
    to_svg(spec, "pareto")
    results["counting"] = "governments"
    assert "as its government counts" in panels(deals.fair_shares(Story(results)))[0]["layer"][2]["encoding"]["x"]["title"]


def test_three_parties_are_bars_and_without_a_gain_nothing_is_drawn():
    three = Story(three_parties_without_a_union())
    spec = deals.fair_shares(three)
    assert {value["who"] for value in spec["data"]["values"]} == {"Alba", "Borea", "Cinder"}
    assert "pareto" not in deals.figures(Story(two_parties_in_a_union(scale=-1)))


def test_counter_offers_show_both_sides_or_what_was_asked_for():
    story = Story(a_swap_of_favours())
    rows = story.results["counter_offers"]
    values = deals.answers(story)["data"]["values"]
    offers = [offer for row in rows for offer in row["offers"]]
    assert offers
    assert [v["usd_mn"] for v in values] == [offer["over_paper_usd_mn"][p] for offer in offers for p in ("AAA", "BBB")]
    assert deals.answer_name(story, next(row for row in rows if row["offers"]), 1).startswith("Alba 1: P")
    none = Story(two_parties_in_a_union())
    shown = deals.answers(none)["data"]["values"]
    assert {v["who"] for v in shown} == {"what it would ask for", "the most that it can gain"}
    table = ledgers.asked(none)
    assert [row[0].text for row in table.rows] == ["Belarus", "Kazakhstan"]
    page = render(none.results)["brief.html"].decode()
    assert "What each side could ask of the full list" in page
    assert 'id="trades' in page or "What each side would ask for and can have" in page


def test_depths_are_drawn_where_the_package_gives_way_and_only_there():
    assert "terms" not in deals.figures(Story(a_swap_of_favours(patience=0.95)))
    story = Story(a_swap_of_favours(patience=0.6))
    values = deals.depths(story)["data"]["values"]
    found = story.results["escape"]["intensity"]
    assert len(values) == len(story.results["crises"]) * len(story.best["proposals"])
    for value in values:
        state = next(c["id"] for c in story.results["crises"] if c["name"] == value["state"])
        key = next(p["id"] for p in story.proposals if story.tag(p["id"]) == value["proposal"])
        assert value["part"] == pytest.approx(100 * found[state][key])
    assert "What stands of each proposal in each state of the world" in render(story.results)["brief.html"].decode()


def test_duties_are_bars_by_key_and_the_law_says_the_same_once():
    two = two_parties_in_a_union()
    story = Story(two | treaty_of(two["proposals"]))
    drawn = treaty.figures(story)
    assert list(drawn) == ["law"]
    assert all(word in drawn["law"] for word in ("Belarus", "Kazakhstan", "Russia", "is due by the key", "USD mn a year"))
    assert treaty.figures(Story(three_parties_without_a_union())) == {}
    apart = treaty_of(two["proposals"])
    apart["budget"]["pool"] = None
    assert "with the package" in treaty.figures(Story(two | apart))["law"]
    table = next(block.content for block in treaty.section(story, drawn) if block.kind == "table")
    assert [row[0].text for row in table.rows] == ["P1", "P2 to P7", "P8"]
    assert "seven of eight proposals" in treaty.section(story, drawn)[0].content
