"""Sections on what the parties can agree on and whether they keep it; each stands only where the results hold its numbers."""

from __future__ import annotations

from collections.abc import Mapping

from comity.report import ledgers
from comity.report.blocks import Block, drawn, paragraph, tabled
from comity.report.prose import between, fair, keeping
from comity.report.story import Story


def fair_share(story: Story, figures: Mapping[str, str]) -> list[Block]:
    """Bargaining: the named solutions."""
    if "bargaining" not in story.results:
        return []
    told = [*paragraph(fair.bargain(story)), *paragraph([*between.bargained(story), *between.shared(story)])]
    drawing = drawn(figures, "pareto", fair.drawing(story))
    return [Block("text", fair.counting(story)), *told, *drawing, *tabled(ledgers.agreements(story))]


def credit(story: Story, figures: Mapping[str, str]) -> list[Block]:
    """Shapley values and the price list of concessions."""
    if "shapley" not in story.results:
        return []
    blocks = paragraph(fair.credit(story))
    blocks += drawn(figures, "credit", "What each proposal brings each party of the full list, expected (Shapley values)")
    blocks += tabled(ledgers.credits(story))
    return blocks + paragraph(fair.prices(story)) + tabled(ledgers.prices(story)) + tabled(ledgers.prices_by_crisis(story))


def counters(story: Story, figures: Mapping[str, str]) -> list[Block]:
    """Answers to the full list."""
    if not story.results.get("counter_offers"):
        return []
    found = ledgers.counters(story)
    caption = (
        "What each counter-offer brings both sides over the full list"
        if found
        else "What each side would ask for and can have over the full list"
    )
    blocks = paragraph([*fair.counters(story), *([keeping.INTERPOLATED, *between.checked(story)] if found else [])])
    return blocks + drawn(figures, "trades", caption) + tabled(found or ledgers.asked(story))


def trust(story: Story, figures: Mapping[str, str]) -> list[Block]:
    """Temptation, patience, escape clauses."""
    if "trust" not in story.results:
        return []
    blocks = paragraph(keeping.trust(story))
    if not story.helps:
        return blocks
    blocks += drawn(figures, "tempted", "What each party would win in the year in which it breaks the package")
    blocks += (
        tabled(ledgers.trust(story))
        + paragraph(keeping.later(story))
        + paragraph(keeping.escape(story))
        + drawn(figures, "terms", "What stands of each proposal in each state of the world, per cent of what was agreed")
        + tabled(ledgers.depths(story))
    )
    texts = keeping.clauses(story)
    return blocks + ([Block("list", texts, "Clauses that could stand in an agreement")] if texts else [])
