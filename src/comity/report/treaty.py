"""The sections on the union's law and its budget: who may offer what, and the duties that each member gets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from comity.countries import country_name
from comity.report.blocks import Block, drawn, paragraph, tabled
from comity.report.figures import grouped, to_svg
from comity.report.prose.numbers import counted, listed, percent, significant, usd
from comity.report.prose.sections import ranged
from comity.report.prose.words import called, quoted, sentence, the
from comity.report.story import Story
from comity.report.tables import Cell, Table, change, number, text

WHO = {
    "member": "a member alone",
    "union": "the union only",
    "forbidden": "nobody: the treaty forbids it",
    "outside": "not bound by the treaty",
}


def section(story: Story, figures: Mapping[str, str]) -> list[Block]:
    """Law and budget; nothing without a union."""
    rows, union = story.results.get("legal"), story.results["union"]
    if not rows or not union:
        return []
    blocks = [*paragraph(_law(story, rows, union)), *tabled(_room(story, rows))]
    budget = story.results.get("budget")
    if not budget:
        return blocks
    caption = "Duties on goods from outside in the base year: what each member collects, and what is its due by the key"
    if not budget["pool"]:
        caption = "Duties of parties and members, without and with the package, expected"
    told = paragraph(_pool(story, budget, union))
    return [*blocks, *told, *drawn(figures, "law", caption), *tabled(_duties(story, budget))]


def figures(story: Story) -> dict[str, str]:
    """Duties by member."""
    budget = story.results.get("budget")
    if not budget or not story.results.get("legal") or not story.results["union"]:
        return {}
    pool, expected = budget["pool"], budget["duties_usd_mn"]["expected"]
    kinds = {"without a package": {code: row["nothing"] for code, row in expected.items()}}
    kinds |= {"with the package": {code: row["package"] for code, row in expected.items()}}
    if pool:
        kinds = {"collects at its border": pool["collected_usd_mn"], "is due by the key": pool["by_key_usd_mn"]}
    codes = [code for code in story.economies if all(code in table for table in kinds.values())]
    values = [{"member": story.name(code), "who": kind, "usd_mn": table[code]} for code in codes for kind, table in kinds.items()]
    order = [story.name(code) for code in codes]
    return {
        "law": to_svg(grouped("Duties by member, USD mn a year", values, "member", order, list(kinds), "USD mn a year"), "law")
    }


def _law(story: Story, rows: list[Mapping[str, Any]], union: Mapping[str, Any]) -> list[str]:
    alone = [row for row in rows if row["who"] == "member"]
    needs = [row for row in rows if row["who"] == "union"]
    banned = [row for row in rows if row["who"] == "forbidden"]
    left = [row for row in rows if row["left_out"]]
    name = the(union["name"])
    of = counted(len(rows), "", "").strip()
    texts = [
        f"under the treaty of {name} {counted(len(alone), '', '').strip()} of {of} proposals can be offered by members alone"
    ]
    if needs:
        texts.append(
            f"{listed([quoted(story.proposal_names[row['proposal']]) for row in needs])} can be offered by the union only"
        )
    if banned:
        texts.append(f"{listed([quoted(story.proposal_names[row['proposal']]) for row in banned])} the treaty forbids")
    if left:
        codes = list(dict.fromkeys(code for row in left for code in row["left_out"]))
        verb = "eases" if len(left) == 1 else "ease"
        texts.append(
            f"{counted(len(left), 'proposal')} {verb} trade for some members and not for others; "
            f"{listed([called(_name(story, code)) for code in codes])} may ask for the same"
        )
    return [sentence(one) for one in texts]


def _name(story: Story, code: str) -> str:
    return story.name(code) if story.name(code) != code else country_name(code)


def _room(story: Story, rows: list[Mapping[str, Any]]) -> Table:
    """Proposals of which the law says the same share a row."""
    alike: dict[tuple[str, ...], list[str]] = {}
    for row in rows:
        why = "; ".join(dict.fromkeys(line["why"] for line in row["lines"]))
        left = ", ".join(_name(story, code) for code in row["left_out"]) or "–"
        alike.setdefault((WHO[row["who"]], why, left), []).append(row["proposal"])
    cells = []
    for said, ids in alike.items():
        names = "; ".join(story.proposal_names[one] for one in ids)
        cells.append(tuple(text(one) for one in (ranged([story.tag(one) for one in ids]), names, *said)))
    head = ("", "proposals", "who may offer it", "why", "members left out")
    return Table("The proposals in the union’s law", head, tuple(cells))


def _pool(story: Story, budget: Mapping[str, Any], union: Mapping[str, Any]) -> list[str]:
    pool = budget["pool"]
    if not pool:
        return ["Each member is taken to keep the duties that it collects: no key of the union is known here."]
    key = listed(
        [f"{called(_name(story, code))} {significant(share, 5)}{chr(160)}%" for code, share in pool["treaty_pct"].items()]
    )
    texts = [f"the duties of {the(union['name'])} on goods from outside go into one pool; since {pool['since']} its key is {key}"]
    if pool["left_out"]:
        names = listed([called(_name(story, code)) for code in pool["left_out"]])
        own = "sits" if len(pool["left_out"]) == 1 else "sit"
        texts.append(
            f"{names} {own} inside the rest of the world here, where duties are collected and received apart; the shares of the "
            "others are rescaled to sum to 100"
        )
    if not pool["applied"]:
        texts.append("the talks file does not ask for the pool: each member is taken to keep what it collects")
    return [*(sentence(one) for one in texts), f"Source: {pool['source']}."]


def _duties(story: Story, budget: Mapping[str, Any]) -> Table:
    expected, pool = budget["duties_usd_mn"]["expected"], budget["pool"]
    rows = []
    for code in (c for c in story.economies if c in expected):
        step = expected[code]
        cells = [text(story.name(code))]
        if pool:
            cells += [_maybe(pool["collected_usd_mn"], code), _maybe(pool["by_key_usd_mn"], code)]
        worst = min(
            (by[code]["change"] for state, by in budget["duties_usd_mn"].items() if state != "expected"), default=step["change"]
        )
        cells += [number(step["nothing"], 0), number(step["package"], 0), change(step["change"], 1), change(worst, 1)]
        rows.append(tuple(cells))
    head = [""] + (["collected in the base year", "due by the key"] if pool else [])
    head += ["without a package", "with the package", "change", "change in its worst state"]
    groups = (("", 1), *((("on goods from outside", 2),) if pool else ()), ("all duties received, expected a year", 4))
    sums = story.results["best"]["over_nothing"]
    whole = sum(sums[party]["ev_usd_mn"] for party in story.parties)
    lost = sum(expected[party]["change"] for party in story.parties if party in expected)
    note = ""
    if whole > 0:
        part = f"{percent(100 * abs(lost) / whole)} of what the package is worth to them ({usd(whole)})"
        way = "fall" if lost < 0 else "rise"
        note = f"The gains of this brief count these duties: those of the parties {way} by {usd(lost)}, {part}."
    return Table("The budget: duties of parties and members, USD mn a year", tuple(head), tuple(rows), groups, note)


def _maybe(figures: Mapping[str, float], code: str) -> Cell:
    return number(figures.get(code), 0)
