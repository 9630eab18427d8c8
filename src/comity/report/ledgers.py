"""Tables of the sections on bargaining, credit, prices, counter-offers and trust."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from comity.report.prose.fair import CONCEPTS, changes, tags
from comity.report.prose.keeping import OUTCOMES, given_way
from comity.report.prose.numbers import NOTHING_USD_MN, counted, significant
from comity.report.story import NO_CRISIS, Story
from comity.report.tables import Cell, Table, change, money_decimals, number, short_package, text

VERDICTS = {
    "pays_for_itself": "pays for itself",
    "a_price": "one loses, another gains",
    "nobody_gains": "nobody gains",
    "others_concede": "conceded by others",
}


def agreements(story: Story) -> Table | None:
    """Each idea of a fair share: its package, the gains, the payments."""
    found = story.results["bargaining"]
    shown = [(words, found[key]) for key, words in CONCEPTS.items() if found[key]]
    values = [a["gain"][party]["ev_usd_mn"] for _, a in shown for party in story.parties]
    decimals = money_decimals(values)
    weighed = story.results.get("counting") == "governments"
    rows = []
    for words, agreed in shown:
        cells = [text(words), text(short_package(story, story.packages[agreed["package"]]))]
        for party in story.parties:
            figure = agreed["gain"][party]
            cells += [change(figure["ev_usd_mn"], decimals), change(figure["gain_pct"], 3)]
            paid = agreed["transfer_usd_mn"][party]
            if weighed:
                nation = story.packages[agreed["package"]]["over_nothing"][party]["ev_usd_mn"]
                cells.append(change(nation + paid, decimals))
            cells.append(change(paid, decimals))
        rows.append(tuple(cells))
    labels = ("gain, USD mn", "%", *(("real income, USD mn",) if weighed else ()), "of which paid to it, USD mn")
    head = ("", "package", *(labels * len(story.parties)))
    groups = (("", 2), *((story.name(party), len(labels)) for party in story.parties))
    note = "Payments are added to the gains afterwards: their effect on prices is not computed."
    if found.get("shared"):
        note = "Payments are added to the gains afterwards, at face value; the text says what prices make of them."
    if weighed:
        note += " The gain is what the government counts; real income is the nation’s, payments included."
    return Table("Ideas of a fair share: expected gain over no package", head, tuple(rows), groups, note) if rows else None


def credits(story: Story) -> Table:
    """Shapley values of the proposals, for each party and jointly."""
    found = story.results["shapley"]
    keys = list(found["proposals"])
    decimals = money_decimals(f["ev_usd_mn"] for row in found["proposals"].values() for f in row["party"].values())
    rows = []
    for key in keys:
        row = found["proposals"][key]
        cells = [text(story.tag(key)), text(story.proposal_names[key])]
        for party in story.parties:
            cells += [change(row["party"][party]["ev_usd_mn"], decimals), change(row["party"][party]["gain_pct"], 4)]
        cells.append(change(row["joint_pct"], 4))
        rows.append(tuple(cells))
    total = [text(""), text("The full list")]
    for party in story.parties:
        figures = [row["party"][party] for row in found["proposals"].values()]
        total += [change(sum(f["ev_usd_mn"] for f in figures), decimals), change(sum(f["gain_pct"] for f in figures), 4)]
    joint = [row["joint_pct"] for row in found["proposals"].values()]
    total.append(change(None if found["joint_measure"] is None else sum(joint), 4))
    head = ("", "proposal", *(label for _ in story.parties for label in ("USD mn", "%")), "%")
    groups = (("", 2), *((story.name(party), 2) for party in story.parties), ("jointly", 1))
    note = ""
    if found["joint_measure"] is None:
        note = "For CVaR-90 there are no joint credits: its worst tenth of cases is another for each part of the list."
    caption = "Who brings what: the credit of each proposal in the full list (Shapley values), expected, a year"
    return Table(caption, head, (*rows, tuple(total)), groups, note, frozenset({len(rows)}))


def prices(story: Story) -> Table:
    """What each proposal does to those who concede it and to the others, alone and as the last one."""
    rows = []
    found = story.results["concessions"]
    values = [v for row in found for place in ("alone", "last") for v in _both(story, row, place, "expected")]
    decimals = money_decimals(v for v in values if v is not None)
    for row in found:
        by = ", ".join(story.name(code) for code in row["conceded_by"]) or "others"
        cells = [text(story.tag(row["proposal"])), text(story.proposal_names[row["proposal"]]), text(by)]
        for place in ("alone", "last"):
            cells += [change(v, decimals) for v in _both(story, row, place, "expected")]
        price, own = row["alone"]["price"], row["alone"]["by_crisis"]["expected"]["cost_usd_mn"]
        cells.append(Cell("–" if price is None or abs(own) < NOTHING_USD_MN else significant(price)))
        cells.append(text(VERDICTS[row["alone"]["verdict"]]))
        rows.append(tuple(cells))
    head = ("", "proposal", "conceded by", "who concedes", "the others", "who concedes", "the others", "price", "taken alone")
    groups = (("", 3), ("taken alone, USD mn", 2), ("as the last of the full list, USD mn", 2), ("", 2))
    note = "Price: what those who concede lose for each dollar that the others gain; a dash where nobody loses, or nobody gains."
    return Table("The price list of concessions: expected gain, a year", head, tuple(rows), groups, note)


def _both(story: Story, row: Mapping[str, Any], place: str, state: str) -> tuple[float | None, float | None]:
    """What the conceding side gains (minus its cost) and what the others gain; none where that side is empty."""
    figures, conceding = row[place]["by_crisis"][state], len(row["conceded_by"])
    own = -figures["cost_usd_mn"] if conceding else None
    return own, figures["brings_usd_mn"] if conceding < len(story.parties) else None


def prices_by_crisis(story: Story) -> Table | None:
    """The same by state of the world, taken alone."""
    if not story.crises:
        return None
    states = [crisis["id"] for crisis in story.results["crises"]]
    found = story.results["concessions"]
    values = [v for row in found for s in states for v in _both(story, row, "alone", s)]
    decimals = money_decimals(v for v in values if v is not None)
    rows = []
    for row in found:
        cells = [text(story.tag(row["proposal"]))]
        cells += [change(v, decimals) for s in states for v in _both(story, row, "alone", s)]
        rows.append(tuple(cells))
    groups = (("", 1), *((story.crisis_name(s), 2) for s in states))
    head = ("", *(label for _ in states for label in ("who concedes", "others")))
    return Table("The same by state of the world, each taken alone, USD mn a year", head, tuple(rows), groups)


def counters(story: Story) -> Table | None:
    """Every counter-offer found, best first for each party."""
    rows = []
    for row in story.results["counter_offers"]:
        for place, offer in enumerate(row["offers"], start=1):
            cells = [text(story.name(row["by"]) if place == 1 else ""), Cell(str(place)), text(changes(story, offer["change"]))]
            for party in story.parties:
                cells += [change(offer["over_paper_usd_mn"][party], 1), change(offer["gain_usd_mn"][party], 1)]
            rows.append(tuple(cells))
    head = ("by", "", "changes of the full list", *(w for _ in story.parties for w in ("over the list", "over no package")))
    groups = (("", 3), *((f"{story.name(party)}, USD mn", 2) for party in story.parties))
    note = "Fewest lines first, then the smallest change. Each asks for 5 % more than the list brings, or USD 0.1 mn."
    return Table("Counter-offers to the full list", head, tuple(rows), groups, note) if rows else None


def asked(story: Story) -> Table:
    """Where nobody has a better answer: what each side would ask of the full list, and what it can have at most."""
    rows = []
    for row in story.results["counter_offers"]:
        paper, asks, most = row["paper_gain_usd_mn"][row["by"]], row["margin_usd_mn"], row["most_over_paper_usd_mn"]
        rows.append((text(story.name(row["by"])), change(paper, 1), number(asks, 1), number(most, 1)))
    head = ("", "the full list brings it", "it would ask for, on top", "it can gain at most, on top")
    note = "A counter-offer asks for 5 % more than the list brings, or USD 0.1 mn. A dash: not looked for."
    return Table("What each side could ask of the full list, USD mn a year", head, tuple(rows), note=note)


def trust(story: Story) -> Table:
    """What keeps each party in the deal."""
    rows = []
    for party in story.parties:
        one = story.results["trust"]["parties"][party]
        most, rate = one["most_tempting"], one["discount_rate_pct"]
        cells = [text(story.name(party)), text(OUTCOMES[one["outcome"]])]
        cells.append(number(one["delta"], 3))
        cells.append(Cell("any" if one["delta"] == 0 else "none" if rate is None else f"{significant(rate)}"))
        cells += [text(_state(story, one["binding"])), change(one["largest_usd_mn"], 2), change(one["value_usd_mn"], 1)]
        cells.append(text(f"{tags(story, [most['proposal']])} in {_state(story, most['crisis'])}" if most else "–"))
        cells.append(change(most["gain_usd_mn"] if most else None, 2))
        rows.append(tuple(cells))
    head = (
        "",
        "the package",
        "least patience δ*",
        "highest discount rate, % a year",
        "tempted most in",
        "wins by a break, USD mn",
        "keeping it is worth, USD mn a year",
        "concession closest to being withdrawn",
        "wins by that, USD mn",
    )
    return Table("What keeps each party in the recommended package", head, tuple(rows))


def _state(story: Story, key: str | None) -> str:
    return "–" if key is None else "no crisis" if key == NO_CRISIS else story.crisis_name(key)


def depths(story: Story) -> Table | None:
    """How far each concession stands in each state; nothing to show where all stand in full everywhere."""
    falls = given_way(story)
    if not falls:
        return None
    moving = [key for key in story.best["proposals"] if any(key in row for row in falls.values())]
    found = story.results["escape"]
    rows = tuple(
        (
            text(_state(story, key)),
            number(100 * story.chance[key], 1),
            *(number(100 * falls.get(key, {}).get(proposal, 1.0), 0) for proposal in moving),
        )
        for key in found["depth"]
        if key in story.chance
    )
    head = ("state of the world", "chance a year, %", *(story.tag(key) for key in moving))
    groups = (("", 2), ("of what was agreed, %", len(moving)))
    rest = len(story.best["proposals"]) - len(moving)
    note = (
        f"{counted(rest, 'other proposal').capitalize()} of the package {'stands' if rest == 1 else 'stand'} in full."
        if rest
        else ""
    )
    caption = f"How far each concession can be kept at a patience of {significant(found['patience'])}"
    return Table(caption, head, rows, groups, note)
