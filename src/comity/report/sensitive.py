"""The section on sensitive products: words, the table of openings, the bands, a chart of the weights that refuse."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from comity.report.blocks import Block, drawn, paragraph, tabled
from comity.report.figures import Spec, grouped, to_svg
from comity.report.prose import sensitive as prose
from comity.report.prose.numbers import significant
from comity.report.story import Story
from comity.report.tables import Cell, Table, change, money_decimals, text

OUTCOMES = {
    "no_producer_motive": "none: own producers do not lose",
    "undefined": "none: their income does not move",
    "terms_of_trade": "none needed: the nation loses",
    "not_rationalised": "none explains it",
}
COLUMNS = (
    ("own_producers", "own producers"),
    ("other_producers", "capital elsewhere"),
    ("wages", "wages"),
    ("revenue", "duties and rest"),
    ("nation", "the nation"),
)


def section(story: Story, figures: Mapping[str, str]) -> list[Block]:
    """The whole section; nothing in results of before, or where no producers' income is specific to a sector."""
    if not story.results.get("sensitive") or not prose.openings(story):
        return []
    blocks = [block for part in prose.paragraphs(story) for block in paragraph(part)]
    blocks += drawn(figures, "sensitive", "The weight of own producers above which a government refuses to open")
    return blocks + tabled(table(story)) + tabled(bands(story))


def figures(story: Story) -> dict[str, str]:
    """The chart as SVG, where a weight exists."""
    shown = chart(story) if story.results.get("sensitive") else None
    return {"sensitive": to_svg(shown, "sensitive")} if shown else {}


def table(story: Story) -> Table | None:
    """What opening each named sector does, and the weight at which it is refused."""
    rows = prose.openings(story)
    decimals = money_decimals(one["effects_usd_mn"][name] for one in rows for name, _ in COLUMNS)
    cells: list[tuple[Cell, ...]] = []
    for label, one in zip(prose.sectors_of(rows, story), rows, strict=True):
        effects = [change(one["effects_usd_mn"][name], decimals) for name, _ in COLUMNS]
        cells.append((text(label), *effects, text(said(one["break_even"])), text(_revealed(one["revealed"]))))
    head = ("", *(words for _, words in COLUMNS), "refused above", "the barrier kept today says")
    groups = (("", 1), ("change of real income, USD mn a year", len(COLUMNS)), ("weight of own producers", 2))
    note = (
        "Each sector alone, all that the proposals ask of it at once, in a year without crisis. The first four columns of money "
        "sum to the fifth."
    )
    return Table("What opening does, and the weight at which a government refuses", head, tuple(cells), groups, note)


def said(one: Mapping[str, Any]) -> str:
    """A break-even weight, or why there is none."""
    return OUTCOMES[one["outcome"]] if one["weight"] is None else significant(one["weight"])


def _revealed(one: Mapping[str, Any] | None) -> str:
    if one is None or one["at_least"] is None:
        return "–"
    if one["outcome"] == "not_rationalised":
        return OUTCOMES["not_rationalised"]
    most = "" if one["at_most"] is None else f", at most {significant(one['at_most'])}"
    return f"at least {significant(one['at_least'])}{most}"


def bands(story: Story) -> Table | None:
    """From which to which weight each party signs and keeps the recommended package."""
    found = story.results["sensitive"]
    if not story.helps:
        return None
    rows = []
    for one in found["bands"]:
        sector = "all sectors listed, one weight" if one["sector"] is None else story.sector_name(one["sector"])
        rows.append((text(f"{story.name(one['party'])}: {sector}"), text(_ends(one["signs"])), text(_ends(one["keeps"]))))
    head = ("dollars counted for a producer’s dollar", "signs", "keeps")
    assumed = ", assumed" if found["assumed"] else ""
    note = f"At a patience of {significant(found['patience'])}{assumed}; the other sectors at the weights in force."
    return Table("The weights at which each party signs and keeps the recommended package", head, tuple(rows), note=note)


def _ends(band: Mapping[str, Any] | None) -> str:
    if band is None:
        return "none"
    return ", ".join(
        f"from {significant(part['low'])} on"
        if part["high"] is None
        else f"{significant(part['low'])} to {significant(part['high'])}"
        for part in prose.parts_of(band)
    )


def chart(story: Story) -> Spec | None:
    """A bar for each named sector that has a break-even weight."""
    rows = [one for one in prose.openings(story) if one["break_even"]["weight"] is not None]
    if not rows:
        return None
    labels = prose.sectors_of(rows, story, short=True)
    values = [
        {"sector": label, "who": story.name(one["party"]), "usd_mn": one["break_even"]["weight"]}
        for label, one in zip(labels, rows, strict=True)
    ]
    who = [story.name(party) for party in story.parties]
    title = "dollars counted for a producer’s dollar above which opening is refused"
    spec = grouped("Weights of own producers above which a government refuses to open", values, "sector", labels, who, title)
    return _one_bar_each(spec)


def _one_bar_each(spec: Spec) -> Spec:
    """A sector belongs to one party, so that no room is left for the others' bars."""
    for layer in spec["layer"]:
        layer["encoding"].pop("yOffset", None)
    return spec
