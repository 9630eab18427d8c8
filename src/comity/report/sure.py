"""How sure the recommended package is: its worth again under other elasticities and closures, as interval, figure and table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from comity.report.blocks import Block, drawn, paragraph, tabled
from comity.report.figures import Spec, dots, to_svg
from comity.report.prose.numbers import NBSP, NOTHING_USD_MN, counted, listed, usd
from comity.report.prose.words import amount, called, quoted, sentence, the_parties
from comity.report.story import Story
from comity.report.tables import Cell, Table, change, money_decimals, text

FACTORS = {
    "mobile": "long run: capital moves",
    "specific": "short run: capital stays",
    "immobile": "very short run: labour stays too",
}
DEFICITS = {
    "proportional": "lending moves with value added",
    "with_trade": "lending moves with trade",
    "fixed": "lending stays",
    "balanced": "no lending",
}
RENTS = {
    "0.5": "half of each barrier a rent that importers keep",
    "1": "all of each barrier a rent that importers keep",
}
SETS = {
    "caliendo-parro-2015": "Caliendo and Parro 2015",
    "fontagne-2022": "Fontagné et al. 2022",
    "giri-yi-yilmazkuday-2021": "Giri et al. 2021",
    "lashkaripour-lugovskyy-2023": "Lashkaripour and Lugovskyy 2023",
    "shapiro-2016": "Shapiro 2016",
    "simonovska-waugh-2014": "Simonovska and Waugh 2014",
    "boehm-2023-long-run": "Boehm et al. 2023, long run",
    "crisis": "one year, little can be replaced",
}


def label(variant: Mapping[str, Any]) -> str:
    """A variant in words."""
    words = {"elasticities": SETS, "factors": FACTORS, "deficits": DEFICITS, "rents": RENTS}[variant["kind"]]
    return words.get(variant["name"], str(variant["name"]))


def interval(story: Story) -> str:
    """What the package is worth to the parties over all variants, `USD 1 mn to USD 2 mn`; empty where it is one number."""
    found = story.results.get("sensitivity")
    if not found or not story.helps:
        return ""
    ends = found["interval"]["over_nothing"]["joint_ev_usd_mn"]
    low, high = amount(ends["low"]), amount(ends["high"])
    return "" if low == high else f"{low} to {high}"


def words(story: Story) -> list[str]:
    """The interval of each party, whether anybody's sign turns, and what could not be computed."""
    found = story.results["sensitivity"]
    failed = [_failure(variant) for variant in found["variants"] if variant["failed"] is not None]
    return [*_ranges(story, found), *failed, *_beside(story, found)]


def _beside(story: Story, found: Mapping[str, Any]) -> list[str]:
    """What the variants do not turn: shares of rent where they cannot, weights of producers."""
    texts = []
    if not any(variant["kind"] == "rents" for variant in found["variants"]):
        texts.append(
            "Trade costs and barriers that the proposals cut are waste or rent as the talks file says; where a part of what is "
            "called waste is a rent of importers, less is saved and who kept it loses."
        )
    if story.results.get("sensitive"):
        texts.append("What a government counts its producers for moves no figure here: the bands are under sensitive products.")
    return texts


def _ranges(story: Story, found: Mapping[str, Any]) -> list[str]:
    computed = sum(variant["failed"] is None for variant in found["variants"])
    if not computed:
        return []
    ends = {party: found["interval"]["over_nothing"]["parties"][party]["ev_usd_mn"] for party in story.parties}
    parts = [f"{amount(one['low'])} to {amount(one['high'])} for {called(story.name(party))}" for party, one in ends.items()]
    again = "once more, with" if computed == 1 else f"{counted(computed, 'time', 'times')} more, each with"
    sentences = [f"Computed {again} one thing changed, the package is worth {interval(story)} a year: {listed(parts)}."]
    turned = [called(story.name(p)) for p, one in ends.items() if one["low"] < -NOTHING_USD_MN and one["high"] > NOTHING_USD_MN]
    sentences.append(f"For {listed(turned)} even the sign hangs on it." if turned else "Nobody’s sign turns.")
    if story.crises:
        cost = found["interval"]["crises"]["joint_ev_usd_mn"]
        low, high = ("a cost of " + usd(v) if v < 0 else "a gain of " + usd(v) for v in (cost["low"], cost["high"]))
        sentences.append(f"The crises mean, for {the_parties(story)} in expectation, between {low} and {high} a year.")
    return sentences


def _failure(variant: Mapping[str, Any]) -> str:
    why = variant["failed"].splitlines()[0].rstrip(".")
    return sentence(f"{quoted(label(variant))} could not be computed and is in no interval: {why}")


def table(story: Story) -> Table | None:
    """Worth of the package and cost of the crises under every variant, the file's own first."""
    found = story.results["sensitivity"]
    own = {"over_nothing": story.results["best"]["over_nothing"], "crises": story.nothing["expected"]}
    shown = [("as in the talks file", own), *((label(v), v) for v in found["variants"] if v["failed"] is None)]
    if len(shown) < 2:
        return None
    decimals = {what: money_decimals(row[what][p]["ev_usd_mn"] for _, row in shown for p in story.parties) for what in own}
    rows: list[tuple[Cell, ...]] = []
    for name, row in shown:
        cells = [text(name)]
        for what in own:
            cells += [change(row[what][party]["ev_usd_mn"], decimals[what]) for party in story.parties]
        rows.append(tuple(cells))
    count = len(story.parties)
    head = ("", *(f"{story.name(party)}, USD{NBSP}mn" for _ in own for party in story.parties))
    groups = (("", 1), ("the package, against none", count), ("the crises, expected, nothing agreed", count))
    return Table("The recommended package and the crises computed with one thing changed, a year", head, tuple(rows), groups)


def chart(story: Story) -> Spec:
    """A dot a party and variant, what the package is worth."""
    own = story.results["best"]["over_nothing"]
    rows = [("as in the talks file", own)]
    rows += [(label(v), v["over_nothing"]) for v in story.results["sensitivity"]["variants"] if v["failed"] is None]
    values = [
        {"step": name, "who": story.name(party), "usd_mn": row[party]["ev_usd_mn"]}
        for name, row in rows
        for party in story.parties
    ]
    who = [story.name(party) for party in story.parties]
    title = "expected gain over no package, USD mn a year"
    described = "Worth of the package under each variant, USD mn a year"
    return dots(described, values, "step", [name for name, _ in rows], who, title)


def figures(story: Story) -> dict[str, str]:
    """The chart as SVG, where there is something to show."""
    if not story.helps or not any(v["failed"] is None for v in story.results.get("sensitivity", {}).get("variants", ())):
        return {}
    return {"sure": to_svg(chart(story), "sure")}


def section(story: Story, figures: Mapping[str, str]) -> list[Block]:
    """The whole section; nothing in results of before, or where nothing is recommended."""
    if "sensitivity" not in story.results or not story.helps:
        return []
    caption = "What the recommended package is worth with one thing changed"
    return paragraph(words(story)) + drawn(figures, "sure", caption) + tabled(table(story))
