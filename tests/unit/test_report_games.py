"""Sentences on bargaining, credit, prices, counter-offers, trust and escapes follow from the numbers, with their signs turned."""

from __future__ import annotations

import copy

import pytest

from comity.report import ledgers, render
from comity.report.figures import credit as credit_figure
from comity.report.figures import tempted
from comity.report.prose import between, fair, keeping
from comity.report.story import Story
from comity.report.tables import change
from synthetic_results import a_swap_of_favours, three_parties_without_a_union, two_parties_in_a_union


def joined(sentences: list[str]) -> str:
    return " ".join(sentences).replace("\u00a0", " ")


def test_where_every_concession_pays_there_is_nothing_to_haggle_over_and_no_trust_at_stake():
    story = Story(two_parties_in_a_union())
    text = joined(fair.bargain(story))
    assert "leads to all eight proposals: Belarus gains USD" in text
    assert "there is nothing to haggle over" in text
    assert "all 256 packages were compared" in text
    assert joined(fair.prices(story)).startswith("No concession has a price")
    text = joined(keeping.trust(story))
    assert text.startswith("Neither side has a reason to break the recommended package")
    assert "trust is not at stake" in text
    assert "is not credible: Belarus would still grant" in text
    assert "no escape clause is needed" in joined(keeping.escape(story))
    assert "assumed: the talks file states no patience" in joined(keeping.escape(story))
    assert "nations, not governments" in fair.counting(story)
    for sentence in fair.counters(story):
        assert "has no better answer to the full list than to sign it" in sentence


def test_when_every_sign_turns_nothing_is_claimed():
    story = Story(two_parties_in_a_union(scale=-1))
    text = joined(fair.bargain(story))
    assert "there is nothing to bargain about" in text
    assert "gains" not in text
    assert "Nobody at the table gains from" in joined(fair.prices(story))
    credits = joined(fair.credit(story))
    assert "has a loss of USD" in credits
    assert "brings it most" not in credits
    assert keeping.trust(story) == ["No package is recommended, so that there is no deal to keep."]
    assert keeping.escape(story) == []
    counters = joined(fair.counters(story))
    assert "has no better answer" not in counters
    assert "No change of up to three lines of the full list brings Belarus" in counters


def test_where_only_parts_of_proposals_help_there_is_something_to_bargain_about():
    results = a_swap_of_favours()
    found = results["bargaining"]
    nothing = found["whole"] | {"outcome": "no_gain", "room_pct": 0.0, "room_movable_pct": 0.0, "can_gain": []}
    found |= {"whole": nothing, "room_pct": 0.25} | dict.fromkeys(fair.PURE)
    found["intensities"]["room_at"] = {"p1": 1.0, "p2": 0.54}
    text = joined(fair.bargain(Story(results)))
    assert "nothing to bargain about" not in text
    assert "No whole package lets a party gain without a loss to another (all 4 packages were compared)" in text
    assert "proposals agreed in part do: with ‘Fish’ whole and ‘Ports’ at 54 % the two each gain at least 0.25 %" in text
    found |= {"room_pct": 0.0, "can_gain": [Story(results).parties[0]]}
    assert "can gain, and nobody loses" in joined(fair.bargain(Story(results)))
    found |= {"outcome": "no_gain", "can_gain": []}
    assert "Without payments no package lets a party gain" in joined(fair.bargain(Story(results)))
    assert "nothing to bargain about" not in joined(fair.bargain(Story(results)))
    found["utilitarian"] = None
    assert "nothing to bargain about" in joined(fair.bargain(Story(results)))
    found["between"] = {"agreements": {"utilitarian": {}}}
    assert "nothing to bargain about" not in joined(fair.bargain(Story(results)))
    del found["between"]
    found["intensities"]["certificate"]["holds"] = False
    assert "nothing to bargain about" not in joined(fair.bargain(Story(results)))
    assert "a search among parts of proposals found none" in joined(fair.bargain(Story(results)))
    assert render(results)["brief.html"]


def test_weights_and_bounds_of_bargaining_are_said():
    results = a_swap_of_favours()
    results["bargaining"] |= {"bargaining_weights": {"BBB": 1.0, "AAA": 2.0}, "largest_transfer_usd_mn": 5.0}
    text = joined(fair.bargain(Story(results)))
    assert "(Nash 1950, with weights of 1 for Borea and 2 for Alba) leads to" in text
    assert "would be shared by the weights of bargaining as far as USD 5 mn go" in text


def test_what_was_not_looked_at_is_said_with_its_reason():
    results = three_parties_without_a_union()
    results["bargaining"] |= {
        "core": None,
        "core_reason": "too many groups",
        "between": None,
        "between_reason": "too many parties",
    }
    story = Story(results)
    assert "go it alone was not looked at: too many groups" in joined(fair.bargain(story))
    assert "agreed in part was not looked at: too many parties" in joined(between.bargained(story))


def test_a_swap_of_favours_has_prices_temptations_and_a_patience():
    story = Story(a_swap_of_favours())
    assert "‘Fish’ costs those who grant it USD" in joined(fair.prices(story))
    text = joined(keeping.trust(story))
    assert "Alba keeps the package if a dollar next year is worth at least 0." in text
    assert "in ‘slump’ it would win USD" in text
    assert "by withdrawing ‘Ports’" in text
    assert "All keep it from a patience of" in text
    assert "trust is not at stake" not in text
    assert "not credible" not in text
    assert "haggle" not in joined(fair.bargain(story))
    assert "Suspending the whole package in ‘slump’ would let the package be kept from a patience of 0." in text
    counters = joined(fair.counters(story))
    assert "Alba could answer the full list with ‘Ports’ at" in counters
    assert "of what was asked" in counters
    assert ledgers.counters(story) is not None


def test_below_the_patience_the_deal_gives_way_in_the_slump_and_says_so_in_words_for_an_agreement():
    patient, hasty = Story(a_swap_of_favours(patience=0.95)), Story(a_swap_of_favours(patience=0.6))
    assert "holds in full" in joined(keeping.escape(patient))
    assert "the patience of the talks file" in joined(keeping.escape(patient))
    text = joined(keeping.escape(hasty))
    assert "a dollar next year is worth 60 cents today" in text
    assert "holds if it falls to" in text
    assert "in ‘slump’; in the other state it stands in full" in text
    assert "“slump”" in keeping.clauses(hasty)[0]
    assert ledgers.depths(patient) is None
    assert "Clauses that could stand in an agreement" in render(a_swap_of_favours(patience=0.6))["brief.html"].decode()
    assert "no part of the recommended package holds" in joined(keeping.escape(Story(a_swap_of_favours(patience=0.01))))


def test_each_proposal_is_said_to_fall_to_its_own_depth_and_no_more_is_claimed_than_was_shown():
    results = a_swap_of_favours(patience=0.6)
    found = results["escape"]
    found["intensity"]["slump"] = {"p1": 0.4, "p2": 0.0}
    story = Story(results)
    text = joined(keeping.escape(story))
    assert "if it falls to 40 % for ‘Fish’ and to nothing for ‘Ports’ in ‘slump’; in the other state" in text
    assert "No concession could be kept at more in any state of the world while the others stand as they do" in text
    assert "To give way further would hold too and add USD" in text
    assert "No deeper commitment" not in text
    table = ledgers.depths(story)
    assert table is not None
    assert [[cell.text for cell in row[2:]] for row in table.rows] == [["100", "100"], ["40", "0"]]
    found["intensity"]["slump"] = {"p1": 0.4, "p2": 1.0}
    table = ledgers.depths(story)
    assert table is not None
    assert (len(table.head), table.note) == (3, "One other proposal of the package stands in full.")
    found |= {"certificate": "largest_worth", "most_joint_worth_usd_mn": found["joint_worth_usd_mn"]}
    assert "Of all packages that hold none adds more." in joined(keeping.escape(story))
    found |= {"certificate": "maximal", "complete": False}
    assert "left open by the search" in joined(keeping.escape(story))
    found["certificate"] = "greatest"
    assert "Nothing larger holds" in joined(keeping.escape(story))


@pytest.mark.parametrize(
    ("outcome", "value", "words"),
    [
        ("never", -3.0, "would never keep the package"),
        ("not_rational", -3.0, "has no reason to sign"),
        ("never", 0.0, "nothing to it"),
    ],
)
def test_named_outcomes_in_plain_words(outcome: str, value: float, words: str):
    results = a_swap_of_favours()
    results["trust"]["delta"] = None
    results["trust"]["parties"]["BBB"] |= {"outcome": outcome, "value_usd_mn": value, "delta": None, "discount_rate_pct": None}
    story = Story(results)
    text = joined(keeping.trust(story))
    assert f"Borea {words}" in text or words in text
    assert "All keep it" not in text
    assert ledgers.trust(story).rows[1][2].text == "–"


def test_words_of_a_small_temptation_and_of_capital_that_moves():
    results = a_swap_of_favours()
    one = results["trust"]["parties"]["AAA"]
    assert "(a discount rate of" in joined(keeping.trust(Story(results)))
    one |= {"discount_rate_pct": 17_800.0}
    assert "(at any discount rate known): in ‘slump’" in joined(keeping.trust(Story(results)))
    bands = {"AAA": {"low": 0.0, "high": 1.0, "empty": False}, "BBB": {"low": 0.25, "high": 0.75, "empty": False}}
    results["trust"]["later"] = {
        "variants": [],
        "horizons": {"counts_activity": [], "value_long_run_usd_mn": {}, "bands": [{"years": 1, "parties": bands}]},
    }
    text = joined(keeping.later(Story(results)))
    expected = "Alba keeps it at any patience and Borea keeps it from a patience of 0.25 on up to 0.75"
    assert f"If capital has moved one year after a break, {expected}." in text


def test_ideas_that_come_to_the_same_package_are_told_together_and_weights_in_words():
    results = a_swap_of_favours()
    found = results["bargaining"]
    for key in ("egalitarian_pct", "egalitarian_usd"):
        found[key] = copy.deepcopy(found["nash"]) | {"package": "p1"}
    assert "equal gains in per cent and equal gains in USD to ‘Fish’ alone" in joined(fair.bargain(Story(results)))
    results |= {
        "counting": "governments",
        "governments": {"AAA": {"sensitive": {"A01": 2.5}, "revealed": False, "activity": False}},
    }
    results["benchmark"]["sector_names"] = {"A01": "Crops and livestock"}
    assert "Alba counts a dollar of the producers of crops and livestock for 2.5" in fair.counting(Story(results))


def test_rotations_differing_ideas_and_payments_are_told():
    results = a_swap_of_favours()
    found = results["bargaining"]
    found["egalitarian_usd"] = copy.deepcopy(found["nash"]) | {"package": "p1"}
    found["lottery"] = {
        "packages": [{"package": "p1", "probability": 0.25}, {"package": "p2", "probability": 0.75}],
        "gain": found["nash"]["gain"],
        "needs_rotation": True,
        "gap": 0.0,
    }
    text = joined(fair.bargain(Story(results)))
    assert "other ideas of a fair share differ: equal gains in USD to ‘Fish’ alone" in text.lower().replace(
        "‘fish’", "‘Fish’"
    ).replace("usd", "USD")
    assert "‘Ports’ alone in 75 % of the years" in text
    assert "would be shared equally: Alba" in text
    found["outcome"] = "needs_rotation"
    assert "it takes a rotation between packages" in joined(fair.bargain(Story(results)))


def test_payments_solved_with_their_prices_are_not_said_to_be_left_out():
    results = a_swap_of_favours()
    asked = copy.deepcopy(results)
    asked["bargaining"]["shared"] = {
        "transfer_usd_mn": dict(asked["bargaining"]["utilitarian"]["transfer_usd_mn"]),
        "gain": asked["bargaining"]["nash"]["gain"],
        "lost_to_prices_usd_mn": 0.1,
        "settled": True,
    }
    for one, told in ((results, True), (asked, False)):
        table = ledgers.agreements(Story(one))
        assert table is not None
        assert ("not computed" in joined(fair.bargain(Story(one)))) is told
        assert ("not computed" in table.note) is told


def test_where_governments_are_counted_the_nation_stands_beside_its_government():
    results = a_swap_of_favours()
    plain = ledgers.agreements(Story(results))
    weighed = ledgers.agreements(Story(results | {"counting": "governments"}))
    assert plain is not None
    assert weighed is not None
    assert len(weighed.head) == len(plain.head) + len(results["parties"])
    assert weighed.head.count("real income, USD mn") == len(results["parties"])
    assert "real income, USD mn" not in plain.head
    agreed = results["bargaining"]["nash"]
    first = next(iter(agreed["gain"]))
    package = next(p for p in results["packages"] if p["id"] == agreed["package"])
    shown = package["over_nothing"][first]["ev_usd_mn"] + agreed["transfer_usd_mn"][first]
    assert abs(shown) > 0
    place = weighed.head.index("real income, USD mn")
    assert weighed.rows[0][place] == change(shown, len(str(weighed.rows[0][place].text).partition(".")[2]))


def test_three_parties_have_a_core_and_no_sides():
    story = Story(three_parties_without_a_union())
    text = joined(fair.bargain(story))
    assert "the core" in text
    assert "Neither side" not in joined(keeping.trust(story))


@pytest.mark.parametrize("make", [two_parties_in_a_union, three_parties_without_a_union, a_swap_of_favours])
def test_tables_and_figures_hold_the_numbers_of_the_results(make):
    story = Story(make())
    credits = ledgers.credits(story)
    assert len(credits.rows) == len(story.proposals) + 1
    assert len(ledgers.prices(story).rows) == len(story.proposals)
    assert len(ledgers.prices_by_crisis(story).head) == 1 + 2 * len(story.results["crises"])
    assert len(ledgers.trust(story).rows) == len(story.parties)
    for spec in (credit_figure(story), tempted(story)):
        assert "USD mn" in spec["layer"][1]["encoding"]["x"]["title"]


def test_results_without_these_keys_still_make_a_page():
    results = two_parties_in_a_union()
    for key in ("counting", "bargaining", "shapley", "concessions", "counter_offers", "trust", "escape"):
        results.pop(key)
    page = render(results)["brief.html"].decode()
    assert '<section id="fair"' not in page
    assert '<section id="together"' in page
