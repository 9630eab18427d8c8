"""The section on positions, friends and enemies: words, tables, a chart and the parties' maps."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from comity.report.blocks import Block, drawn, paragraph, tabled
from comity.report.figures import Spec, grouped, to_svg
from comity.report.prose import positions as prose
from comity.report.prose.words import called
from comity.report.story import Story
from comity.report.tables import Cell, Table, change, money_decimals, number, text
from comity.report.worldmap import choropleth

DETAILED = 3
"""Pairs with tables of their own, and parties with a map of their own; of more only the overview is shown."""

POINTS = 5
"""Clashes and common causes that are shown."""

SECTORS = 6
NEAREST = 12
"""Economies in the chart of friends and enemies."""

MOVEMENTS = {
    "flow": "one flow",
    "importer": "one importer’s purchases of a sector",
    "exporter": "one exporter’s sales of a sector",
    "world": "the world’s trade in a sector",
}


def section(story: Story, figures: Mapping[str, str]) -> list[Block]:
    """Where positions coincide, and whose growth helps whom."""
    if "positions" not in story.results:
        return []
    pairs = story.results["positions"]["pairs"]
    blocks = [Block("text", prose.measured(story)), *(tabled(overview(story)) if len(pairs) > 1 else [])]
    for one in pairs[:DETAILED]:
        blocks += paragraph(prose.pair(story, one)) + tabled(places(story, one)) + tabled(points(story, one))
    blocks += paragraph(prose.governments(story)) + paragraph(prose.friends(story))
    caption = "Friends and enemies: change of real income when productivity in each economy rises by one per cent"
    blocks += drawn(figures, "friends", caption)
    for code in story.parties if len(story.parties) <= DETAILED else ():
        blocks.append(Block("figure", *_map(story, code)))
    return blocks


def figures(story: Story) -> dict[str, str]:
    """The chart of the section, as SVG by name."""
    return {"friends": to_svg(friends(story), "friends")} if "positions" in story.results else {}


def overview(story: Story) -> Table:
    """Coincidence of every pair, by what moves together."""
    rows = []
    for one in story.results["positions"]["pairs"]:
        cells = [text(f"{story.name(one['a'])} and {story.name(one['b'])}")]
        cells += [_coincidence(row["coincidence"]) for row in one["by_movement"]]
        rows.append((*cells, _coincidence(one["between_them"]["coincidence"])))
    head = ("", *MOVEMENTS.values(), "the two’s trade with each other")
    groups = (("", 1), ("coincidence when this moves by one step", len(MOVEMENTS)), ("apart", 1))
    note = "The trade of the two with each other is in the last column only. A dash: undefined, one of them has no position."
    return Table("How far positions coincide", head, tuple(rows), groups, note)


def _coincidence(value: float | None) -> Cell:
    return Cell(change(value, 2).text)


def places(story: Story, one: Mapping[str, Any]) -> Table | None:
    """Where the coincidence comes from: whose trade, which sectors."""
    if one["coincidence"] is None:
        return None
    a, b = called(story.name(one["a"])), called(story.name(one["b"]))
    called_ = {
        "imports_a": f"what {a} buys of others",
        "exports_a": f"what {a} sells to others",
        "imports_b": f"what {b} buys of others",
        "exports_b": f"what {b} sells to others",
        "others": "trade in which neither takes part",
    }
    rows = [_part(f"all: {MOVEMENTS[row['name']]} moves", row) for row in one["by_movement"]]
    rows += [_part(called_[row["name"]], row) for row in one["by_place"]]
    rows += [_part(story.sector_name(row["sector"]), row) for row in one["by_sector"][:SECTORS]]
    head = ("", "coincidence", f"{story.name(one['a'])}: % of its variance", f"{story.name(one['b'])}: % of its variance", "part")
    note = "Parts by whose trade it is sum to the first row, as those of all sectors do; the largest are shown."
    return Table(f"{story.name(one['a'])} and {story.name(one['b'])}: where positions coincide", head, tuple(rows), note=note)


def _part(label: str, row: Mapping[str, Any]) -> tuple[Cell, ...]:
    """A row; what has no part of a whole (another way to move everything) has empty cells."""
    cells = [text(label), _coincidence(row["coincidence"])]
    if "part" not in row:
        return (*cells, Cell(""), Cell(""), Cell(""))
    stakes = [None if row[key] is None else 100 * row[key] for key in ("stake_a", "stake_b")]
    return (*cells, *(number(v, 1) for v in stakes), Cell(change(row["part"], 4).text))


def points(story: Story, one: Mapping[str, Any]) -> Table | None:
    """The sharpest clashes and the best common causes."""
    kinds = (("clashes", "they clash"), ("causes", "they want the same"))
    shown = [(words if k == 0 else "", row) for key, words in kinds for k, row in enumerate(one[key][:POINTS])]
    values = [g["ev_usd_mn"] for _, row in shown for g in row["gain"].values()]
    decimals = max(2, money_decimals(values))
    rows = tuple(
        (
            text(words),
            text(f"{prose.KINDS[row['instrument']].removeprefix('the ')}: {prose.flow(story, row)}"),
            *(change(row["gain"][code]["ev_usd_mn"], decimals) for code in (one["a"], one["b"])),
        )
        for words, row in shown
    )
    head = ("", "instrument", f"{story.name(one['a'])}, USD mn", f"{story.name(one['b'])}, USD mn")
    caption = (
        f"Sharpest clashes and best common causes: real income a year when the instrument rises by one step ({prose.step(story)})"
    )
    return Table(caption, head, rows) if rows else None


def friends(story: Story) -> Spec:
    """What growth elsewhere does to each party, for the economies that matter most to any of them."""
    found = story.results["positions"]["friends"]["of"]
    others = [code for code in next(iter(found.values())) if code not in story.parties]
    shown = sorted(others, key=lambda code: -max(abs(found[p][code]) for p in story.parties))[:NEAREST]
    pairwise = list(story.parties) if len(story.parties) > 1 else []
    order = sorted((*pairwise, *shown), key=lambda code: -sum(found[p][code] for p in story.parties if p != code))
    values = [
        {"economy": story.name(code), "who": story.name(party), "usd_mn": found[party][code]}
        for code in order
        for party in story.parties
        if party != code
    ]
    who = [story.name(party) for party in story.parties]
    title = "change of real income when productivity there rises by 1 %, per cent"
    return grouped(
        "Friends and enemies, per cent of real income",
        values,
        "economy",
        [story.name(c) for c in order],
        who,
        title,
        percent=True,
    )


def _map(story: Story, code: str) -> tuple[str, str]:
    """Growth of which economies helps and hurts a party: the map and its caption."""
    row = story.results["positions"]["friends"]["of"][code]
    values = {other: v for other, v in row.items() if other not in (code, "ROW")}
    name = called(story.name(code))
    caption = f"Friends and enemies of {name}: its real income when productivity in each economy rises by one per cent"
    names = {other: story.name(other) for other in values}
    return choropleth(values, names, (code,), "% of real income", caption), caption
