"""The ladder in the brief: from nothing over what each would do alone to the union's best, in words, a chart and tables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from comity.report.blocks import Block, paragraph, tabled
from comity.report.figures import grouped, to_svg
from comity.report.prose import climb
from comity.report.prose.climb import RUNGS
from comity.report.story import Story
from comity.report.tables import Table, change, money_decimals, text


def section(story: Story) -> list[Block]:
    """Nothing where the results hold no ladder."""
    found = story.results.get("ladder")
    if not found:
        return []
    caption = "The ladder: expected gain over nothing, USD mn a year"
    blocks = paragraph(climb.rooms(story)) + paragraph(climb.steps(story))
    drawn = Block("figure", to_svg(_spec(story, found, caption), "rungs"), caption)
    return [*blocks, drawn, *tabled(_rungs(story, found)), *tabled(_together(story, found)), *paragraph(climb.consent(story))]


def _shown(found: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [rung for rung in found["rungs"] if rung["id"] != "nothing"]


def _spec(story: Story, found: Mapping[str, Any], caption: str) -> Any:
    values = [
        {"step": RUNGS[rung["id"]], "who": story.name(code), "usd_mn": rung["over_nothing"][code]["ev_usd_mn"]}
        for rung in _shown(found)
        for code in story.parties
        if code in rung["over_nothing"]
    ]
    order = [RUNGS[rung["id"]] for rung in _shown(found)]
    who = [story.name(code) for code in story.parties]
    return grouped(caption, values, "step", order, who, "expected gain over nothing, USD mn a year")


def _rungs(story: Story, found: Mapping[str, Any]) -> Table:
    shown = _shown(found)
    decimals = money_decimals([f["ev_usd_mn"] for rung in shown for f in rung["over_nothing"].values()])
    rows = []
    for rung in shown:
        cells = [text(RUNGS[rung["id"]])]
        for code in story.economies:
            figure = rung["over_nothing"].get(code)
            cells.append(change(None if figure is None else figure["ev_usd_mn"], decimals))
            cells.append(change(found["steps"]["expected"][code].get(rung["id"]), decimals))
        rows.append(tuple(cells))
    head = ("", *(label for _ in story.economies for label in ("gain", "step")))
    groups = (("", 1), *((story.name(code), 2) for code in story.economies))
    note = "Expected, USD mn a year. A step is what a rung adds to the one before it; the steps of an economy sum to its gain."
    return Table("The ladder: gain over nothing, and the step", head, tuple(rows), groups, note)


def _together(story: Story, found: Mapping[str, Any]) -> Table:
    worth = found["together"]
    keys = ["expected", *story.chance]
    decimals = money_decimals([worth[key][code]["ev_usd_mn"] for key in keys for code in story.economies])
    rows = []
    for key in keys:
        label = "expected" if key == "expected" else story.crisis_name(key)
        rows.append(
            (
                text(label),
                *(change(worth[key][code]["ev_usd_mn"], decimals) for code in story.economies),
                change(worth["joint_usd_mn"][key], decimals),
            )
        )
    head = ("", *(story.name(code) for code in story.economies), "the parties")
    note = "The recommended package less what all would do at once without any agreement, USD mn in such a year."
    return Table("The value of acting together", head, tuple(rows), (), note)
