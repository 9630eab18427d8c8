"""The brief as sections of blocks: the order of the document, its captions and the numbers of its tables and figures."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from comity.report import climb, games, mandate, positions, sensitive, stakes, sure, tables, treaty
from comity.report.blocks import Block, drawn, paragraph, tabled
from comity.report.prose import between, dossier, method, sections
from comity.report.prose.headline import amount
from comity.report.prose.numbers import MINUS, NBSP, NOTHING_USD_MN, listed, percent, usd
from comity.report.prose.words import TOUCHED, judged, quoted, the, the_parties
from comity.report.story import Story
from comity.report.worldmap import choropleth


@dataclass(frozen=True)
class Section:
    """A heading and what stands under it."""

    key: str
    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True)
class Tile:
    """One of the large figures at the head of the page."""

    label: str
    value: str
    note: str
    kind: str


def document(story: Story, figures: Mapping[str, str]) -> list[Section]:
    """Every section that has something to say, tables and figures numbered through."""
    parts = (
        ("relationship", "The relationship today", _relationship(story, figures)),
        ("crises", "What each crisis costs each party alone", _crises(story, figures)),
        ("package", "The recommended package", _package(story, figures)),
        ("packages", "All packages", _packages(story, figures)),
        ("fair", "A fair share", games.fair_share(story, figures)),
        ("credit", "Who brings what, and what it costs", games.credit(story, figures)),
        ("counters", "Counter-offers", games.counters(story, figures)),
        ("trust", "Who would keep the package", games.trust(story, figures)),
        ("stakes", "Shares in enterprises", stakes.section(story, figures)),
        ("law", "The union’s law and budget", treaty.section(story, figures)),
        ("mandate", "Mandate sheet", mandate.section(story)),
        ("sensitive", "Sensitive products", sensitive.section(story, figures)),
        ("positions", "Where positions coincide", positions.section(story, figures)),
        ("together", "Alone or together", _together(story, figures)),
        ("others", "Other economies", _others(story)),
        ("sectors", "Who gains by sector", _sectors(story, figures)),
        ("sure", "How sure this is", sure.section(story, figures)),
        ("limits", "Limits and assumed figures", _limits(story)),
        ("method", "Method", _method(story)),
        ("data", "Data and licences", [Block("pairs", method.sources(story))]),
        ("reproduce", "How to compute this again", _reproduce(story)),
    )
    return list(_numbered((key, title, blocks) for key, title, blocks in parts if blocks))


def _numbered(parts: Iterable[tuple[str, str, Sequence[Block]]]) -> Iterator[Section]:
    seen = {"table": 0, "figure": 0}
    for key, title, blocks in parts:
        done = []
        for block in blocks:
            if block.kind in seen:
                seen[block.kind] += 1
                block = replace(block, number=seen[block.kind])
            done.append(block)
        yield Section(key, title, tuple(done))


def tiles(story: Story) -> list[Tile]:
    """The package, the crises and the union-wide version as three figures."""
    over = story.results["best"]["over_nothing"]
    worth, share = story.joint(over), story.joint_pct(over)
    cost, cost_share = story.joint(story.nothing["expected"]), story.joint_pct(story.nothing["expected"])
    whose = the_parties(story)
    if story.helps:
        note = f"{_change(share)} of real income: {judged(share)}"
        if between := sure.interval(story):
            note += f"; {between} with one thing changed"
        found = [_tile(f"The package, to {whose}, a year", worth, note)]
    else:
        found = [Tile("The package", "none", "nothing on the list helps", "zero")]
    if story.crises:
        found.append(_tile(f"The crises, to {whose}, expected a year", cost, f"{_change(cost_share)} of real income"))
    wide, union = story.results["union_wide"], story.results["union"]
    if wide and union and story.helps:
        joint = wide["all"]["over_nothing"]
        note = f"{_change(story.joint_pct(joint))} of real income: opened by all of {union['code']}"
        found.append(_tile(f"The same by the whole union, to {whose}, a year", story.joint(joint), note))
    return found


def _tile(label: str, value_mn: float, note: str) -> Tile:
    if abs(value_mn) < NOTHING_USD_MN:
        return Tile(label, f"USD{NBSP}0", note, "zero")
    return Tile(label, ("+" if value_mn > 0 else MINUS) + usd(value_mn), note, "gain" if value_mn > 0 else "loss")


def _change(value: float) -> str:
    text = percent(value)
    return text if value == 0 or text.startswith("less") else ("+" if value > 0 else MINUS) + text


# -- sections ---------------------------------------------------------------------------------------


def _relationship(story: Story, figures: Mapping[str, str]) -> list[Block]:
    blocks = tabled(tables.sides(story))
    for number, pair in enumerate(story.relations):
        a, b = pair["a"]["name"], pair["b"]["name"]
        for sentences in dossier.relationship(pair):
            blocks += paragraph(sentences)
        when = f" in {pair['year']}" if pair["year"] else ""
        blocks += drawn(
            figures, f"trade-{number + 1}", f"Trade of {a} and {b} by sector{when}, at basic prices; the largest sectors"
        )
        blocks += tabled(tables.dependence(pair))
    return blocks


def _crises(story: Story, figures: Mapping[str, str]) -> list[Block]:
    if not story.crises:
        return []
    happens = [
        f"{crisis['name']}: {'; '.join(TOUCHED.sub('', shock) for shock in crisis['shocks'])}."
        for crisis in story.crises
        if crisis["shocks"]
    ]
    blocks = paragraph(sections.crises_by_party(story)) + tabled(tables.crises(story))
    blocks += drawn(figures, "crises", "Change of real income by crisis and party when nothing is agreed")
    blocks += [Block("list", happens, "What happens in each crisis")] if happens else []
    blocks += paragraph(method.calibrated(story))
    world = story.results["best"]["world"].get(story.worst_crisis or "", {})
    if world:
        name = quoted(story.crisis_name(story.worst_crisis or ""))
        caption = f"{name} when nothing is agreed: change of real income in the year it comes, per cent. The parties are outlined"
        blocks.append(
            Block("figure", _map(story, {c: f["gain_pct"] for c, f in world.items()}, "% of real income", caption), caption)
        )
    return blocks


def _map(story: Story, values: Mapping[str, float], unit: str, description: str) -> str:
    names = {code: story.name(code) for code in values}
    shown = {code: value for code, value in values.items() if code != "ROW"}
    return choropleth(shown, names, story.parties, unit, description)


def _package(story: Story, figures: Mapping[str, str]) -> list[Block]:
    blocks = paragraph(sections.concessions(story)) + tabled(tables.proposals(story))
    law = sections.law(story)
    blocks += [Block("list", law, f"What the rules of {the(story.results['union']['name'])} say")] if law else []
    return blocks + (tabled(tables.with_and_without(story)) if story.helps else [])


def _packages(story: Story, figures: Mapping[str, str]) -> list[Block]:
    caption = "Every package by what it brings the parties in expectation, against no package"
    blocks = paragraph(sections.package_choice(story)) + paragraph(between.between(story))
    return blocks + drawn(figures, "packages", caption) + tabled(tables.top_packages(story))


def _together(story: Story, figures: Mapping[str, str]) -> list[Block]:
    best = "the recommended package" if story.helps else "no package"
    steps = ["each proposal alone", best] + (
        ["the same by the whole union"] if story.results["union_wide"] and story.helps else []
    )
    caption = f"Expected gain over no package: {listed(steps)}"
    blocks = climb.section(story) + paragraph(_wide_sentence(story))
    return blocks + drawn(figures, "ladder", caption) + tabled(tables.union_wide(story))


def _wide_sentence(story: Story) -> list[str]:
    """What the whole union gains from the whole list, and which proposal brings it most."""
    wide, union = story.results["union_wide"], story.results["union"]
    if not wide or not union:
        return ["No union stands behind the parties: there is no wider version of the list."] if not union else []
    found = []
    if story.helps:
        total = sum(wide["all"]["over_nothing"][e]["ev_usd_mn"] for e in story.economies)
        opened = f"Opened by the whole union, the package is worth {amount(total)} a year to the members"
        found.append(f"{opened} of {the(union['name'])} together.")
    ranked = sorted(wide["proposals"], key=lambda p: -sum(p["over_nothing"][e]["ev_usd_mn"] for e in story.economies))
    if len(ranked) > 1:
        first = ranked[0]
        best = sum(first["over_nothing"][e]["ev_usd_mn"] for e in story.economies)
        if best >= NOTHING_USD_MN:
            found.append(
                f"Of the proposals, {quoted(story.proposal_names[first['id']])} opened by all brings them most: {usd(best)}."
            )
    return found


def _others(story: Story) -> list[Block]:
    blocks = paragraph(sections.displaced(story)) + tabled(tables.members(story))
    effects = {code: figure["ev_usd_mn"] for code, figure in story.package_on_world.items()}
    if story.helps and effects:
        caption = "Expected effect of the recommended package on every economy, USD mn a year. The parties are outlined"
        blocks.append(Block("figure", _map(story, effects, "USD mn a year", caption), caption))
    return blocks


def _sectors(story: Story, figures: Mapping[str, str]) -> list[Block]:
    if not story.helps or not story.sector_effects:
        return []
    caption = "Expected change of value added by sector caused by the recommended package; the sectors that move most"
    return paragraph(sections.sectors_moved(story)) + drawn(figures, "sectors", caption)


def _limits(story: Story) -> list[Block]:
    blocks = [Block("list", method.limits(story))]
    rows = tuple(
        (tables.text(row["kind"]), tables.text(row["name"]), tables.text(row["figures"]), tables.text(row["reason"]))
        for row in method.assumed(story)
    )
    if not rows:
        return [*blocks, Block("text", "No figure of the talks file is marked as assumed.")]
    head = ("", "name", "figure", "reason")
    return blocks + tabled(tables.Table("Every figure that is assumed, with its reason", head, rows))


def _method(story: Story) -> list[Block]:
    benchmark = story.results["benchmark"]
    rows = tuple(
        (tables.text(name), tables.Cell(_formula(equation), "formula"), tables.text(source))
        for name, equation, source in method.EQUATIONS
    )
    equations = tables.Table("The equations in brief", ("", "equation", "source"), rows)
    world = f"The world of {benchmark['year']}, {benchmark['economies']} economies and {benchmark['sectors']} sectors,"
    opening, closing = f"{world} {method.OPENING}", method.CLOSING
    return [Block("text", opening), *tabled(equations), Block("text", closing)]


def _formula(equation: str) -> str:
    """Subscripts and superscripts of our own equations as HTML; inner braces first."""
    markup = html.escape(equation)
    for _ in range(2):
        markup = re.sub(r"_\{([^{}]*)\}", r"<sub>\1</sub>", markup)
        markup = re.sub(r"\^\{([^{}]*)\}", r"<sup>\1</sup>", markup)
    return markup


def _reproduce(story: Story) -> list[Block]:
    manifest = story.results["manifest"]
    pairs = [
        ("Benchmark, SHA-256", manifest["benchmark_sha256"]),
        ("Talks file, SHA-256", manifest["talks_sha256"]),
        ("comity", manifest["comity"]),
        ("Equilibria", _equilibria(manifest)),
        ("Tolerance", f"{method.power(manifest['tolerance'])} (worst relative residual of the model’s own equations)"),
        ("Versions", ", ".join(f"{name} {version}" for name, version in sorted(manifest["versions"].items()))),
    ]
    return [Block("code", manifest["command"]), Block("pairs", pairs)]


def _equilibria(manifest: Mapping[str, Any]) -> str:
    """Those of the table, and all that stand behind the results where they are counted."""
    table, whole = manifest["solves"], manifest.get("equilibria")
    if whole is None:
        return f"{table:,} of packages"
    return f"{whole:,}, of them {table:,} of packages; what searches between packages solve comes on top"
