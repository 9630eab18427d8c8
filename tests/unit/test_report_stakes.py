"""The sections on shares, on law and budget, and the mandate sheet follow from the numbers, whatever their signs."""

from __future__ import annotations

import json
import re
from importlib import resources
from typing import Any

import jsonschema
import pytest

from comity.report import mandate, render, treaty
from comity.report import stakes as section
from comity.report.prose import stakes as prose
from comity.report.story import Story
from synthetic_positions import positions_of
from synthetic_results import OTHERS, a_swap_of_favours, three_parties_without_a_union, two_parties_in_a_union
from synthetic_stakes import stake_of, stakes_of, treaty_of

TWO = two_parties_in_a_union()


def story(*stakes: dict[str, Any], **more: Any) -> Story:
    return Story(TWO | {"stakes": stakes_of(*stakes)} | more)


def said(texts: list[str]) -> str:
    return " ".join(texts).replace("\u00a0", " ")


def about(**changes: Any) -> str:
    one = stake_of(**changes)
    return said(prose.one(story(one), one))


def cells(table: Any) -> str:
    return " | ".join(cell.text for row in table.rows for cell in row).replace("\u00a0", " ")


def test_a_stake_buys_trust_only_where_it_does() -> None:
    text = about()
    assert "The stake buys trust: without it the package is kept from a patience of 0.5 on, with it from 0.4 on" in text
    assert "USD 0.6 mn of the dividends a year come from Kazakhstan’s concessions" in text
    for deltas in ((0.5, 0.6), (0.4, 0.4), (None, None), (0.4, None)):
        assert "The stake buys no trust" in about(deltas=deltas)
    text = about(deltas=(0.5, 0.6), sector_gain=0.0)
    assert "the sector gains nothing from Kazakhstan’s concessions" in text
    assert "Nobody is tempted to break the package" in about(deltas=(0.0, 0.0))
    assert "without it the package is kept at no patience, with it at any patience" in about(deltas=(None, 0.0))


def test_where_no_price_suits_both_risk_does_not_justify_the_sale() -> None:
    assert "Risk-sharing alone does not justify the sale" in about(empty=True)
    text = about()
    assert "the prices that suit both lie USD 0.2 mn a year apart" in text
    assert "does not justify" not in text


def test_prices_in_words() -> None:
    text = about()
    assert "the dividend that is expected without the package: USD 9.5 mn a year" in text
    assert "USD 0.5 mn a year passes from Belarus to Kazakhstan beyond it, 0.2 % of what the package brings Belarus" in text
    assert "on average nothing passes" in about(kind="fair_with", passed=0.0)
    assert "passes from Kazakhstan to Belarus" in about(passed=-0.5)
    assert "8 years of today’s dividend" in about(kind="pe")
    assert "12 % above what is fair without the package" in about(kind="pe")
    assert "2.5 % more of it in the sector" in about(new=True)


def test_what_an_issuer_would_respect_and_whom_protection_serves() -> None:
    text = about(turned=True)
    assert "a share of up to 4 % would be respected" in text
    assert "recover 60 % of its dividends" in text
    assert "after it with the opposite sign" in text
    text = about()
    assert "it would respect the sale from a patience of 0.1 on" in text
    assert "opposite sign" not in text


def test_the_term_sheet_has_a_column_a_stake() -> None:
    found = story(stake_of(), stake_of("p5", kind="fair_with", passed=0.0))
    table = section.terms(found)
    assert len(table.head) == 3
    assert all(len(row) == 3 for row in table.rows)
    assert "30.0: a veto" in cells(table)
    assert "assumed" in table.note
    assert len(section.dividends(found).rows) == 5
    assert len(section.trust(found).rows) == 4
    text = said(prose.solved(found))
    assert "by USD 0.5 mn a year at most" in text
    assert "USD 20 mn to Belarus a year if residents hold them all, and USD 19 mn to Belarus if they hold 75 %" in text
    assert "where residents hold less than is sold" in text.lower()


def test_without_stakes_union_or_bargain_the_sections_are_silent() -> None:
    three = Story(three_parties_without_a_union())
    assert section.section(three, {}) == []
    assert section.figures(three) == {}
    assert treaty.section(three, {}) == []
    bare = {key: value for key, value in TWO.items() if key != "bargaining"}
    assert mandate.section(Story(bare)) == []


def test_law_and_budget() -> None:
    found = Story(TWO | treaty_of(TWO["proposals"]))
    blocks = treaty.section(found, {})
    text = said([block.content for block in blocks if block.kind == "text"])
    assert "seven of eight proposals can be offered by members alone" in text
    assert "‘Union transit’ can be offered by the union only" in text
    assert "Russia may ask for the same" in text
    assert "Kazakhstan 6.955 %" in text
    assert "Russia 85.065 %" in text
    assert "Armenia and Kyrgyzstan sit inside the rest of the world" in text
    law, budget = (block.content for block in blocks if block.kind == "table")
    assert [row[0].text for row in law.rows] == ["P1", "P2 to P7", "P8"]
    assert "−2.0" in cells(budget)
    assert "fall by USD 4 mn" in budget.note.replace("\u00a0", " ")
    apart = Story(TWO | treaty_of(TWO["proposals"], applied=False))
    assert "each member is taken to keep what it collects" in said(
        [b.content for b in treaty.section(apart, {}) if b.kind == "text"]
    )


def test_the_mandate_sheet_has_four_lines_a_party() -> None:
    table = mandate.sheet(story(stake_of()))
    assert [row[0].text for row in table.rows] == ["opening", "target", "red line", "fallback"]
    assert len(table.head) == 3
    text = cells(table)
    assert "P3: sells for USD 9.4 mn a year at least" in text
    assert "P3: pays USD 9.6 mn a year at most" in text
    swap = Story(a_swap_of_favours())
    costly = cells(mandate.sheet(swap))
    assert "Never without something in return: P2 (costs" in costly
    assert "ask for an escape clause" in costly


@pytest.mark.parametrize("turned", [False, True])
def test_the_whole_brief_with_stakes_and_its_schema(turned: bool) -> None:
    results = TWO | {"stakes": stakes_of(stake_of(turned=turned, empty=turned))} | treaty_of(TWO["proposals"])
    results["positions"] = positions_of(("BLR", "KAZ"), OTHERS)
    schema = json.loads(resources.files("comity.report").joinpath("assets/results.schema.json").read_text(encoding="utf-8"))
    jsonschema.validate(results, schema)
    page = render(results)["brief.html"].decode()
    ids = re.findall(r'<section id="(\w+)"', page)
    assert ids.index("trust") < ids.index("stakes") < ids.index("law") < ids.index("mandate")
    assert "nan" not in re.sub(r"<[^>]*>", "", page).lower().split()
