"""The section on shares that are sold: term sheet, dividends by state of the world, trust with and without them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from comity.report.blocks import Block, drawn, paragraph, tabled
from comity.report.figures import grouped, to_svg
from comity.report.prose import stakes as words
from comity.report.prose.numbers import plain, signed, significant
from comity.report.story import Story
from comity.report.tables import Cell, Table, change, number, text

PRICES = {"fair_without": "expected dividend without the package", "fair_with": "expected dividend with the package"}
CONTROL = {"nothing": "nothing", "veto": "a veto", "control": "control"}


def section(story: Story, figures: Mapping[str, str]) -> list[Block]:
    """Everything about the stakes; nothing where none is sold."""
    found = story.results.get("stakes")
    if not found:
        return []
    blocks = [*paragraph(words.opening(story)), *tabled(terms(story))]
    for one in found["list"]:
        blocks += paragraph(words.one(story, one))
    blocks += drawn(figures, "stakes", "What passes to the buyer beyond the price in each state of the world, with the package")
    return blocks + tabled(dividends(story)) + tabled(trust(story)) + paragraph(words.solved(story))


def figures(story: Story) -> dict[str, str]:
    """Dividends less the price, by state of the world and stake."""
    found = story.results.get("stakes")
    if not found:
        return {}
    who = [story.tag(one["id"]) for one in found["list"]]
    values = [
        {"crisis": story.crisis_name(state), "who": story.tag(one["id"]), "usd_mn": row["passes"]}
        for one in found["list"]
        for state, row in one["dividends_usd_mn"].items()
    ]
    order = [crisis["name"] for crisis in story.results["crises"]]
    title = "dividend less price, USD mn a year (left of zero: the buyer receives less than it pays)"
    return {"stakes": to_svg(grouped("Dividend less price by state, USD mn", values, "crisis", order, who, title), "stakes")}


def terms(story: Story) -> Table:
    """The term sheet: a row for each term, a column for each stake."""
    found = story.results["stakes"]["list"]

    def row(label: str, cell: Any) -> tuple[Cell, ...]:
        return (text(label), *(cell if isinstance(cell, Cell) else text(cell) for cell in map(cell, found)))

    rows = (
        row("enterprise", lambda one: one["enterprise"] + (" *" if one["assumed"] else "")),
        row("sector", lambda one: story.sector_name(one["sector"])),
        row("seller → buyer", lambda one: f"{_seller(story, one)} → {story.name(one['buyer'])}"),
        row("share that is sold, %", lambda one: number(one["sold_pct"], 1)),
        row("the buyer then holds, %, and decides", lambda one: f"{plain(_held(one), 1)}: {CONTROL[one['control']]}"),
        row("its part of the sector’s capital income, % *", lambda one: number(one["enterprise_share_pct"], 1)),
        row("of which paid to owners, % *", lambda one: number(one["payout_pct"], 1)),
        row("capital income of the sector, USD mn a year", lambda one: number(one["sector_capital_income_usd_mn"], 0)),
        row("price", lambda one: PRICES.get(one["price"]["kind"], f"{significant(one['price']['pe'] or 0)} years of dividends")),
        row("price, USD mn a year", lambda one: number(one["price"]["annuity_usd_mn"], 3)),
        row("expected dividend without the package", lambda one: number(one["price"]["dividend_without_usd_mn"], 3)),
        row("expected dividend with the package", lambda one: number(one["price"]["dividend_with_usd_mn"], 3)),
        row("least the seller takes, risk counted", lambda one: number(_careful(one)["seller_least_usd_mn"], 3)),
        row("most the buyer pays, risk counted", lambda one: number(_careful(one)["buyer_most_usd_mn"], 3)),
        row("price when solved with all payments", lambda one: number(one["price"]["annuity_exact_usd_mn"], 3)),
        row("a point more cost on imports of the sector, to the seller, before → after", lambda one: _policy(one, "barrier")),
        row("a point more duty on them, to the seller, before → after", lambda one: _policy(one, "tariff")),
    )
    head = ("", *(f"{story.tag(one['id'])} {story.proposal_names[one['id']]}" for one in found))
    assumed = "* assumed, see the limits. " if any(one["assumed"] for one in found) else "* with its source in the talks file. "
    note = (
        f"{assumed}The price is an annuity, fixed in {story.results['stakes']['annuity_unit']}; risk is counted with a relative "
        f"risk aversion of {significant(_careful(found[0])['risk_aversion'])}. What a share decides: {words.LAW}."
    )
    return Table("Stake term sheet", head, rows, note=note)


def _policy(one: Mapping[str, Any], instrument: str) -> Cell:
    """What a point more brings the issuer's real income, without and with the sale."""
    found = one["own_policy"][instrument]
    return Cell(" → ".join(signed(found[key], 2) for key in ("before_usd_mn", "after_usd_mn")))


def _seller(story: Story, one: Mapping[str, Any]) -> str:
    return f"{story.name(one['issuer'])}{' (new shares)' if one['new'] else ''}"


def _held(one: Mapping[str, Any]) -> float:
    return one["sold_pct"] + one["held_pct"]


def _careful(one: Mapping[str, Any]) -> Mapping[str, Any]:
    """The reservation prices with risk counted: the file's risk aversion, else the one for illustration."""
    rows = one["reservation"]
    return rows[0] if rows[0]["risk_aversion"] > 0 else rows[-1]


def dividends(story: Story) -> Table:
    """What each stake pays, without and with the package, and what passes beyond its price."""
    found = story.results["stakes"]["list"]
    rows = []
    for crisis in story.results["crises"]:
        cells = [text(crisis["name"]), number(100 * crisis["probability"], 1)]
        for one in found:
            row = one["dividends_usd_mn"][crisis["id"]]
            cells += [number(row["nothing"], 2), number(row["package"], 2), change(row["passes"], 2)]
        rows.append(tuple(cells))
    groups = (("", 2), *((story.tag(one["id"]), 3) for one in found))
    head = ("state of the world", "chance a year, %", *(("no package", "package", "to the buyer beyond the price") * len(found)))
    return Table("Dividends of the shares sold, USD mn a year", head, tuple(rows), groups)


def trust(story: Story) -> Table:
    """Temptation and worth of the package for each party without and with each stake."""
    rows = []
    for one in story.results["stakes"]["list"]:
        for party in story.parties:
            pair = one["trust"]["parties"][party]
            cells = [text(story.tag(one["id"])), text(story.name(party))]
            for key in ("before", "after"):
                cells += [change(pair[key]["largest_usd_mn"], 2), change(pair[key]["value_usd_mn"], 2), _patience(pair[key])]
            rows.append(tuple(cells))
    head = ("", "party", *(("temptation, USD mn", "worth a year, USD mn", "kept from a patience of") * 2))
    groups = (("", 2), ("package without the share", 3), ("with it", 3))
    note = "Temptation: the most that a break wins in its year. Worth: what the package brings a year over what follows a break."
    return Table("What a share does to trust", head, tuple(rows), groups, note)


def _patience(one: Mapping[str, Any]) -> Cell:
    if one["delta"] is None:
        return Cell("never")
    return Cell("any" if one["delta"] == 0 else significant(one["delta"]))
