"""Sentences of the relationship today, from the dossier of a pair."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from comity.report.prose.numbers import NOTHING_USD_MN, percent, significant, usd
from comity.report.prose.words import called, lowered, possessive, sentence

Dossier = Mapping[str, Any]


def relationship(pair: Dossier) -> list[list[str]]:
    """Three paragraphs on one pair: trade and rank, dependence, value added."""
    pair = {**pair, **{key: {**pair[key], "name": called(pair[key]["name"])} for key in ("a", "b")}}
    a, b = pair["a"], pair["b"]
    paragraphs = (
        [trade(pair), weight(pair, a, b), weight(pair, b, a)],
        [reliance(a, b), reliance(b, a)],
        [needs(pair), content(a, b), content(b, a)],
    )
    return [[text for text in paragraph if text] for paragraph in paragraphs]


def trade(pair: Dossier) -> str:
    """What each sold the other, and who had the surplus."""
    a, b, balance = pair["a"]["name"], pair["b"]["name"], pair["balance_of_a_usd_mn"]
    when = f"In {pair['year']} " if pair["year"] else ""
    if pair["two_way_usd_mn"] < NOTHING_USD_MN:
        return sentence(f"{when}{a} and {b} traded next to nothing with each other")
    text = (
        f"{when}{a} sold {usd(pair['a']['to_other_usd_mn'])} of goods and services to {b} "
        f"and bought {usd(pair['b']['to_other_usd_mn'])} from it"
    )
    if abs(balance) >= NOTHING_USD_MN:
        text += f", a {'surplus' if balance > 0 else 'deficit'} of {usd(balance)} for {a}"
    return sentence(text)


def weight(pair: Dossier, me: Dossier, other: Dossier) -> str:
    """How much of one side's trade goes to and comes from the other."""
    return sentence(
        f"{other['name']} ranks {me['other_rank_as_market']} among {possessive(me['name'])} {pair['partners']} markets "
        f"({percent(me['other_in_exports_pct'])} of its exports) and {me['other_rank_as_supplier']} among its suppliers "
        f"({percent(me['other_in_imports_pct'])} of its imports)"
    )


def reliance(me: Dossier, other: Dossier) -> str:
    """The sectors in which one side spends most on the other."""
    rows = me["most_dependent"][:3]
    if not rows:
        return ""
    first, rest = rows[0], rows[1:]
    text = (
        f"{me['name']} relies on {other['name']} most for {lowered(first['name'])} "
        f"({percent(first['of_expenditure_pct'])} of its spending in that sector)"
    )
    if rest:
        text += ", then " + " and ".join(f"{lowered(row['name'])} ({percent(row['of_expenditure_pct'])})" for row in rest)
    return sentence(text)


def needs(pair: Dossier) -> str:
    """Who needs whom: value added that ends up in the other's final demand, as a share of one's own."""
    a, b = pair["a"], pair["b"]
    one, two = a["value_added_in_other_pct"], b["value_added_in_other_pct"]
    text = (
        f"through all supply chains {percent(one)} of {possessive(a['name'])} value added ends up in {possessive(b['name'])} "
        f"final demand, and {percent(two)} of {possessive(b['name'])} in {possessive(a['name'])}"
    )
    more, less = max(one, two), min(one, two)
    if less > 0 and more / less >= 1.05:
        needing = a["name"] if one > two else b["name"]
        other = b["name"] if one > two else a["name"]
        times = f"{significant(more / less, 2)} times as much"
        text += f": by that measure {needing} needs {other} {times} as the other way round"
    elif less > 0:
        text += ": neither needs the other more"
    return sentence(text)


def content(me: Dossier, other: Dossier) -> str:
    """Foreign value added within one side's exports."""
    return sentence(
        f"of each dollar that {me['name']} exports, {significant(me['foreign_in_exports_pct'])} cents are value added of other "
        f"economies, {significant(me['other_value_in_exports_pct'], 2)} cents of {other['name']}"
    )
