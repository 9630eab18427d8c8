"""Sentences of the brief. None is written for one pair: each follows from the numbers it is given."""

from __future__ import annotations

import re
from collections.abc import Mapping

from comity.report.prose.numbers import (
    NOTHING_PCT,
    NOTHING_USD_MN,
    counted,
    listed,
    percent,
    usd,
)
from comity.report.story import Story

JUDGEMENTS = ((0.005, "next to nothing"), (0.05, "little"), (0.25, "a modest sum"), (1.0, "a considerable sum"))
"""How a joint effect is spoken of, by its size in per cent of the parties' real income: below the first figure, and so on."""


TOUCHED = re.compile(r"\s*\((?:trade|output|final demand) touched: [^()]*\)")
"""What a change in words says of the trade it touches; the trade itself has its column."""


def judged(gain_pct: float) -> str:
    """A word for the size of an effect in per cent of real income."""
    return next((word for limit, word in JUDGEMENTS if abs(gain_pct) < limit), "a great deal")


def is_nothing(figure: Mapping[str, float]) -> bool:
    """Too small to be called a gain or a loss."""
    return abs(figure["ev_usd_mn"]) < NOTHING_USD_MN and abs(figure["gain_pct"]) < NOTHING_PCT


def fares(name: str, figure: Mapping[str, float]) -> str:
    """`X gains USD 3.1 mn (0.02 %)`, `X loses …`, `nothing changes for X`."""
    name = called(name)
    if is_nothing(figure):
        return f"nothing changes for {name}"
    verb = "gains" if figure["ev_usd_mn"] > 0 else "loses"
    return f"{name} {verb} {usd(figure['ev_usd_mn'])} ({percent(figure['gain_pct'])})"


ARTICLE = ("United ", "Rest of ", "Dominican ", "Central African ", "Russian ")
ARTICLES = frozenset({"Netherlands", "Philippines", "Bahamas", "Gambia", "Maldives", "Comoros", "Seychelles", "DR Congo"})


def called(name: str) -> str:
    """An economy's name within a sentence, with its article where English has one: the United States."""
    if name == "Rest of the world":
        return "the rest of the world"
    return f"the {name}" if name.startswith(ARTICLE) or name in ARTICLES else name


def possessive(name: str) -> str:
    return name + ("’" if name.endswith("s") and name.startswith("the ") else "’s")


def lowered(name: str) -> str:
    """A sector's name within a sentence; abbreviations keep their capitals."""
    return name if name[:2].isupper() else name[:1].lower() + name[1:]


def quoted(name: str) -> str:
    return f"‘{name}’"


def sentence(text: str) -> str:
    """First letter in capitals, a full stop at the end."""
    text = text.strip()
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "?", "!")) else ".")


def the_parties(story: Story) -> str:
    """`the two`, `the three`; the name of a party that is alone."""
    count = len(story.parties)
    return called(story.name(story.parties[0])) if count == 1 else f"the {counted(count, '', '')}".strip()


def together(story: Story) -> str:
    names = listed([called(story.name(party)) for party in story.parties])
    return names if len(story.parties) == 1 else f"{names} together"


def package_words(story: Story, package: Mapping) -> str:
    """A package in words: everything, everything but one or two, or the proposals by name."""
    chosen = list(package["proposals"])
    every = list(story.proposal_names)
    left = [quoted(story.proposal_names[p]) for p in every if p not in chosen]
    names = [quoted(story.proposal_names[p]) for p in chosen]
    if not chosen:
        return "no package"
    if len(chosen) == 1:
        return f"{names[0]} alone" if len(every) > 1 else names[0]
    if not left:
        return f"both proposals ({listed(names)})" if len(every) == 2 else f"all {counted(len(every), 'proposal')}"
    if len(left) <= 2 < len(chosen):
        return f"all proposals but {listed(left)}"
    return listed(names)


def amount(value_mn: float) -> str:
    """An amount that may be negative, in words: `a loss of USD 3 mn`."""
    return ("a loss of " if value_mn <= -NOTHING_USD_MN else "") + usd(value_mn)


def the(name: str) -> str:
    """A union takes an article where its name calls for one."""
    return name if name.lower().startswith("the ") or (len(name.split()) == 1 and not name.isupper()) else f"the {name}"
