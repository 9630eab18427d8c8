"""Sentences on sensitive products: the weights at which a government signs, keeps and refuses; what is so in name only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from comity.report.prose.numbers import counted, listed, significant, usd
from comity.report.prose.words import called, sentence
from comity.report.story import Story

MEANING = (
    "A government may count a dollar of some producers for more than a dollar of its other residents. How much more it must be "
    "for it to refuse is computed here, not asked: at the weight w it wants the nation’s real income plus w − 1 times what "
    "residents draw from the sector at home (Baldwin 1987; Grossman and Helpman 1994)."
)
REASONS = {
    "no_producer_motive": "its own producers do not lose by opening, or there are none",
    "undefined": "its producers’ income does not move",
    "terms_of_trade": "the nation itself loses by opening, so that no weight is needed",
    "opens_at_the_weight_given": "at the weight given the government would open",
    "weight_too_high": "it is refused only above a weight of {weight}",
}


def openings(story: Story, party: str | None = None) -> list[Mapping[str, Any]]:
    """The openings of sectors that a proposal names, of one party or of all."""
    found = story.results["sensitive"]["openings"]
    return [one for one in found if one["named"] and party in (None, one["party"])]


def words(story: Story) -> list[str]:
    """All sentences of the section."""
    return [one for part in paragraphs(story) for one in part]


def paragraphs(story: Story) -> list[list[str]]:
    """What is asked; the band of each party and what it refuses; what is sensitive in name only, with the second-order test."""
    parts = [[_band(story, party), _refusals(story, party)] for party in story.parties]
    parts.append([_in_name_only(story), _tests(story)])
    return [[MEANING], *([sentence(text) for text in part if text] for part in parts)]


def _band(story: Story, party: str) -> str:
    """The headline is a band: one weight for all sectors that the party opens, or the one there is."""
    rows = [one for one in story.results["sensitive"]["bands"] if one["party"] == party]
    together = next((one for one in rows if one["sector"] is None), rows[0] if rows else None)
    if together is None or not story.helps:
        return ""
    name = called(story.name(party))
    if together["sector"] is None:
        whose = f"own producers in the {counted(len(rows) - 1, 'sector')} listed below"
    else:
        whose = f"own producers of {_sector(story, together['sector'])}"
    signs, keeps = together["signs"], together["keeps"]
    if signs is None:
        return f"{name} signs the recommended package at no weight of {whose}"
    text = f"{name} signs the recommended package {_range(signs, whose)}"
    if keeps is None:
        return f"{text}; at the patience of {significant(story.results['sensitive']['patience'])} it keeps it at none"
    if keeps == signs:
        return f"{text}, and keeps it wherever it signs"
    text = f"{text}, and keeps it {_range(keeps, '')}".rstrip()
    if len(parts_of(keeps)) > 1:
        text += " (at the weights between, what would follow a break is too small a threat)"
    return text


def _range(band: Mapping[str, Any], whose: str) -> str:
    of = f" for a dollar of its {whose}" if whose else ""
    parts = parts_of(band)
    if len(parts) == 1 and parts[0]["low"] <= 1:
        high = parts[0]["high"]
        return f"whatever it counts{of}" if high is None else f"while it counts at most {significant(high)} dollars{of}"
    return f"if it counts {' or '.join(_weights(part) for part in parts)} dollars{of}"


def parts_of(band: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The intervals of a band; results of before they were told apart have one."""
    return band.get("parts") or [band]


def _weights(part: Mapping[str, Any]) -> str:
    low, high = part["low"], part["high"]
    if high is None:
        return f"at least {significant(low)}"
    return f"at most {significant(high)}" if low <= 1 else f"between {significant(low)} and {significant(high)}"


def _refusals(story: Story, party: str) -> str:
    high = story.results["sensitive"]["high"]
    rows = [one for one in openings(story, party) if (one["break_even"]["weight"] or high + 1) <= high]
    if not rows:
        return ""
    parts = [
        f"{_sector(story, one['sector'])} at more than {significant(one['break_even']['weight'])} (its producers "
        f"lose {usd(one['effects_usd_mn']['own_producers'])} a year, the nation gains {usd(one['effects_usd_mn']['nation'])})"
        for one in rows
    ]
    who = f"a government of {called(story.name(party))}"
    return f"only {who} that counts a producer’s dollar for more than this refuses: {listed(parts)}"


def _in_name_only(story: Story) -> str:
    found = story.results["sensitive"]
    parts = []
    for one in found["called_not_sensitive"]:
        why = REASONS[one["reason"]].format(weight=significant(one["weight"] or 0))
        parts.append(f"{_sector(story, one['sector'])} in {called(story.name(one['party']))} ({why})")
    if not parts:
        return ""
    return f"on the table, but not sensitive as the numbers see it: {listed(parts)}"


def _tests(story: Story) -> str:
    tested = [(one, one["first_order"]["second_order"]) for one in openings(story) if one["first_order"]]
    best = [one for one, kind in tested if kind == "maximum"]
    worst = sum(kind == "minimum" for _, kind in tested)
    texts = []
    if best:
        parts = [
            f"{_sector(story, one['sector'])} in {called(story.name(one['party']))} (a weight of "
            f"{significant(one['first_order']['weight'])})"
            for one in best
        ]
        texts.append(f"today’s barrier is what a government would choose for {listed(parts)}: the second-order test says maximum")
    if worst:
        texts.append(
            f"for {counted(worst, 'barrier')} {'it' if best else 'the second-order test'} says minimum: wasted cost shrinks as a "
            "barrier grows, so that no weight makes today’s height a choice, and what a barrier reveals is only a lower bound"
        )
    return "; ".join(texts)


def _sector(story: Story, code: str) -> str:
    name = story.sector_name(code)
    return name[:1].lower() + name[1:] if name[1:2].islower() else name


def sectors_of(rows: Sequence[Mapping[str, Any]], story: Story, *, short: bool = False) -> list[str]:
    """Labels of openings, `Kazakhstan: Food`; `short` leaves the party out where no two open one sector."""
    if short and len({one["sector"] for one in rows}) == len(rows):
        return [story.sector_name(one["sector"]) for one in rows]
    return [f"{story.name(one['party'])}: {story.sector_name(one['sector'])}" for one in rows]
