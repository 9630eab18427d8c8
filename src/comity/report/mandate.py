"""The mandate sheet: for each party an opening, a target, a red line and a fallback, read from the results."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from comity.report.blocks import Block, tabled
from comity.report.prose.headline import amount
from comity.report.prose.numbers import NOTHING_USD_MN, listed, percent, usd
from comity.report.prose.stakes import money
from comity.report.prose.words import called, sentence
from comity.report.story import Story
from comity.report.tables import Table, short_package, text

OPENING = "For one’s own delegation: this sheet names red lines. Labels are those of the proposals above."


def section(story: Story) -> list[Block]:
    """Nothing where the results hold no bargain."""
    if "bargaining" not in story.results or not story.helps:
        return []
    return [Block("text", OPENING), *tabled(sheet(story))]


def sheet(story: Story) -> Table:
    """Rows opening, target, red line, fallback; a column for each party."""
    parts = (("opening", _opening), ("target", _target), ("red line", _red_line), ("fallback", _fallback))
    rows = tuple((text(name), *(text(part(story, party)) for party in story.parties)) for name, part in parts)
    note = (
        "Opening: the package that brings the party most of those that leave no party worse off. Target: what bargaining leads "
        "to. Red line: below it the party is worse off than without a package. Fallback: what is left if the target fails."
    )
    return Table("Mandate sheet", ("", *(story.name(party) for party in story.parties)), rows, note=note)


def _gain(package: Mapping[str, Any], party: str) -> float:
    return package["over_nothing"][party]["ev_usd_mn"]


def _opening(story: Story, party: str) -> str:
    able = [p for p in story.packages.values() if p["nobody_worse_off"]]
    most = max(able, key=lambda p: (round(_gain(p, party), 3), len(p["proposals"])))
    return sentence(f"{_label(story, most)}: {amount(_gain(most, party))} a year")


def _label(story: Story, package: Mapping[str, Any]) -> str:
    return short_package(story, package).removesuffix(" (recommended)")


def _target(story: Story, party: str) -> str:
    nash = story.results["bargaining"]["nash"]
    agreed = story.packages[nash["package"]] if nash else story.best
    worth = amount(_gain(agreed, party))
    offers = next((row["offers"] for row in story.results["counter_offers"] if row["by"] == party), [])
    texts = [f"{_label(story, agreed)}: {worth} a year"]
    if offers:
        texts.append(f"a counter-offer to the full list is worth {usd(offers[0]['over_paper_usd_mn'][party])} more to it")
    return " ".join(sentence(one) for one in texts)


def _red_line(story: Story, party: str) -> str:
    """Concessions that cost the party something when taken alone, and the prices of shares beyond which it loses."""
    costly = []
    for row in story.results["concessions"]:
        alone = row["alone"]["by_crisis"]["expected"]["party_usd_mn"].get(party, 0.0)
        if party in row["conceded_by"] and alone <= -NOTHING_USD_MN:
            costly.append(f"{story.tag(row['proposal'])} (costs {usd(alone)} a year alone)")
    texts = [
        f"never without something in return: {listed(costly)}" if costly else "none of its own concessions costs it anything"
    ]
    for one in (story.results.get("stakes") or {"list": []})["list"]:
        rows = one["reservation"]
        careful = rows[0] if rows[0]["risk_aversion"] > 0 else rows[-1]
        if party == one["issuer"]:
            texts.append(f"{story.tag(one['id'])}: sells for {money(careful['seller_least_usd_mn'])} a year at least")
        elif party == one["buyer"]:
            texts.append(f"{story.tag(one['id'])}: pays {money(careful['buyer_most_usd_mn'])} a year at most")
    low = min(story.best["outcomes"], key=lambda c: _over(story, c, party))
    if _over(story, low, party) <= -NOTHING_USD_MN:
        state = story.crisis_name(low)
        texts.append(f"in ‘{state}’ the recommended package costs it {usd(_over(story, low, party))}: ask for an escape clause")
    return " ".join(sentence(one) for one in texts)


def _over(story: Story, state: str, party: str) -> float:
    return story.best["outcomes"][state][party]["ev_usd_mn"] - story.nothing["outcomes"][state][party]["ev_usd_mn"]


def _fallback(story: Story, party: str) -> str:
    escape = story.results["escape"]
    texts = []
    if escape["outcome"] == "escape":
        worth = escape["worth_usd_mn"][party]
        texts.append(f"the recommended package with its escape clauses, {amount(worth)} a year over what follows a break")
    if story.settled is not None:
        own = _gain(story.settled, party)
        texts.append(f"what the parties can settle without others ({_label(story, story.settled)}): {amount(own)} a year")
    cost = story.nothing["expected"][party]
    if cost["ev_usd_mn"] <= -NOTHING_USD_MN:
        texts.append(
            f"no agreement: the crises cost {called(story.name(party))} {usd(cost['ev_usd_mn'])} a year in expectation "
            f"({percent(cost['gain_pct'])})"
        )
    else:
        texts.append("no agreement: everything stays as it is")
    return " ".join(sentence(one) for one in texts)
