"""Sentences follow from the numbers: signs flipped, nothing, one party, three parties, no union, one crisis."""

from __future__ import annotations

import copy

import pytest

from comity.errors import InputError
from comity.report.prose import dossier, headline, method, sections
from comity.report.prose.numbers import counted, decimals_for, listed, percent, plain, points, signed, significant, usd
from comity.report.prose.words import called, fares, judged, package_words, possessive, the
from comity.report.story import Story
from synthetic_results import three_parties_without_a_union, two_parties_in_a_union


def said(story: Story) -> str:
    return " ".join(headline.headline(story)).replace("\u00a0", " ")


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0"), (1234.4, "1,230"), (-0.07314, "−0.0731"), (999.6, "1,000"), (5.0, "5"), (0.00012345, "0.000123"), (87.26, "87.3")],
)
def test_three_significant_digits_and_no_exponent(value, text):
    assert significant(value) == text


def test_money_and_percent_carry_their_unit_and_never_a_sign():
    assert usd(-87.26) == "USD\u00a087.3\u00a0mn"
    assert usd(12_345) == "USD\u00a012.3\u00a0bn"
    assert usd(2_000_000) == "USD\u00a02\u00a0trillion"
    assert usd(0.01) == "less than USD\u00a00.1\u00a0mn"
    assert percent(-3.24) == "3.24\u00a0%"
    assert percent(-0.0004) == "less than 0.001\u00a0%"
    assert points(1.0) == "1 percentage point"
    assert points(-0.4) == "0.4 percentage points"


def test_table_cells_show_the_sign_and_zero_has_none():
    assert [signed(v, 2) for v in (1.234, -1.236, -0.001, 0.0, None)] == ["+1.23", "−1.24", "0.00", "0.00", "–"]
    assert plain(-1234.5, 1) == "−1,234.5"
    assert decimals_for([0.0321, -0.5]) == 3


def test_words_of_number():
    assert [counted(n, "party", "parties") for n in (0, 1, 3, 255)] == ["no parties", "one party", "three parties", "255 parties"]
    assert listed(["a"]) == "a"
    assert listed(["a", "b", "c"]) == "a, b and c"


def test_names_take_their_article():
    assert called("United States") == "the United States"
    assert possessive(called("United States")) == "the United States’"
    assert possessive("Belarus") == "Belarus’s"
    assert the("Eurasian Economic Union") == "the Eurasian Economic Union"


@pytest.mark.parametrize(
    ("pct", "word"),
    [(0.001, "next to nothing"), (-0.03, "little"), (0.1, "a modest sum"), (-0.7, "a considerable sum"), (3, "a great deal")],
)
def test_judgement_goes_by_size_not_by_sign(pct, word):
    assert judged(pct) == word


def test_gain_loss_and_nothing_are_told_apart():
    assert fares("X", {"gain_pct": 0.2, "ev_usd_mn": 3.0}).startswith("X gains")
    assert fares("X", {"gain_pct": -0.2, "ev_usd_mn": -3.0}).startswith("X loses")
    assert fares("X", {"gain_pct": -1e-7, "ev_usd_mn": -1e-4}) == "nothing changes for X"


def test_the_first_sentence_says_what_the_package_is_worth():
    story = Story(two_parties_in_a_union())
    assert headline.headline(story)[0].startswith("The recommended package, all eight proposals, is worth USD")
    assert "Belarus and Kazakhstan together" in said(story)
    assert "12 times as much as proposed" in said(story)


def test_when_every_sign_turns_nothing_helps_and_no_gain_is_claimed():
    story = Story(two_parties_in_a_union(scale=-1))
    assert headline.headline(story)[0].startswith("Nothing on the list helps the two")
    text = said(story) + " ".join(sections.package_choice(story)) + " ".join(sections.displaced(story))
    assert "is worth" not in text
    assert "Each of the 255 packages leaves at least one party worse off" in text
    assert "cost those who grant them" in " ".join(sections.concessions(story))


def test_three_parties_and_no_union():
    story = Story(three_parties_without_a_union())
    text = said(story)
    assert "Alba, Borea and Cinder together" in text
    assert "The one crisis on the list costs the three" in text
    assert "union" not in text
    assert "Borea gains" in text.split("‘slump’")[1], "a crisis may be a gain for somebody"
    assert "‘Fish’ costs whoever grants it" in " ".join(sections.concessions(story))


def test_a_crisis_that_is_a_gain_is_not_called_a_cost():
    results = two_parties_in_a_union()
    for crisis, table in results["packages"][0]["outcomes"].items():
        for code, figure in table.items():
            table[code] = {"gain_pct": abs(figure["gain_pct"]), "ev_usd_mn": abs(figure["ev_usd_mn"])}
        results["best"]["world"][crisis] |= table
    for figure in results["packages"][0]["expected"].values():
        figure.update(gain_pct=abs(figure["gain_pct"]), ev_usd_mn=abs(figure["ev_usd_mn"]))
    text = said(Story(results))
    assert "bring the two USD" in text
    assert "makes up for" not in text
    assert "The worst" not in text


def test_what_the_parties_can_settle_alone_is_told_apart():
    results = two_parties_in_a_union()
    results["proposals"][7]["conceded_by"] = ["BLR", "KAZ", "RUS"]
    text = said(Story(results))
    assert "The seven proposals that the two can settle without others are worth" in text
    assert "which Russia, Armenia and Kyrgyzstan must concede as well" in text
    assert "without others" not in said(Story(two_parties_in_a_union()))


def test_a_package_that_costs_is_not_called_a_gain():
    results = two_parties_in_a_union()
    results["best"]["objective"] = "cvar-90"
    for code, figure in results["best"]["over_nothing"].items():
        results["best"]["over_nothing"][code] = {key: -value for key, value in figure.items()}
    first = headline.headline(Story(results))[0]
    assert "costs Belarus and Kazakhstan together" in first
    assert "CVaR-90" in first


def test_packages_in_words():
    story = Story(two_parties_in_a_union())
    words = {key: package_words(story, story.packages[key]) for key in ("nothing", "p1", "p1+p2+p3+p4+p5+p6+p7", "p1+p2")}
    assert words["nothing"] == "no package"
    assert words["p1"] == "‘Dairy and meat’ alone"
    assert words["p1+p2+p3+p4+p5+p6+p7"] == "all proposals but ‘Union transit’"
    assert words["p1+p2"] == "‘Dairy and meat’ and ‘Crops’"


def test_the_dossier_turns_with_the_numbers():
    pair = two_parties_in_a_union()["relations"]
    text = " ".join(s for paragraph in dossier.relationship(pair) for s in paragraph)
    assert "a surplus of" in text
    turned = {**copy.deepcopy(pair), "balance_of_a_usd_mn": -pair["balance_of_a_usd_mn"]}
    assert "a deficit of" in dossier.trade(turned)
    turned["a"]["value_added_in_other_pct"], turned["b"]["value_added_in_other_pct"] = 0.1, 0.4
    assert "Kazakhstan needs Belarus 4 times as much" in dossier.needs(turned).replace("\u00a0", " ")
    turned["a"]["most_dependent"] = []
    assert dossier.reliance(turned["a"], turned["b"]) == ""


def test_every_assumed_figure_is_listed_with_its_reason():
    rows = method.assumed(Story(two_parties_in_a_union()))
    assert [row["name"] for row in rows] == ["tariff war between blocs", "Oil products"]
    assert all(row["reason"] for row in rows)


def test_calibrated_shocks_print_what_was_reached():
    text = method.calibrated(Story(two_parties_in_a_union()))[0].replace("\u00a0", " ")
    assert "moves by −30.0 %, as stated, brought about by productivity × 1.41" in text
    results = two_parties_in_a_union()
    next(c for c in results["crises"] if c["calibrated"])["calibrated"][0]["achieved_pct"] = -29.5
    text = method.calibrated(Story(results))[0].replace("\u00a0", " ")
    assert "was to move by −30.0 % and moves by −29.5 %" in text


def test_shares_that_are_bought_are_no_concessions():
    two = two_parties_in_a_union()
    sold = {"id": "p1", "issuer": "BLR", "buyer": "KAZ"}
    text = sections.concessions(Story(two | {"stakes": {"list": [sold]}}))[0]
    before = sections.concessions(Story(two))[0]
    assert before == "Belarus concedes four proposals and Kazakhstan concedes four proposals."
    assert text.startswith("Belarus concedes four proposals, Kazakhstan concedes three proposals and Kazakhstan is asked to buy")
    assert text.endswith("one share in enterprises.")


def test_twice_is_a_word():
    results = two_parties_in_a_union()
    for code, figure in results["union_wide"]["all"]["over_nothing"].items():
        figure["ev_usd_mn"] = 2 * results["best"]["over_nothing"][code]["ev_usd_mn"]
    assert "twice as much as proposed" in headline.union_wide(Story(results))


def test_what_the_treaty_says_is_gathered():
    results = two_parties_in_a_union()
    results["law"] = [
        {"text": f"'{p['name']}' is kept from the other members of EAEU", "violation": False, "proposal": i}
        for i, p in enumerate(results["proposals"])
        if i in (0, 1, 2, 4)
    ]
    assert sections.law(Story(results)) == ["P1 to P3 and P5: kept from the other members of EAEU."]


def test_results_of_another_format_are_refused():
    with pytest.raises(InputError, match="run the talks again"):
        Story({**two_parties_in_a_union(), "schema": "comity-talks-9"})
