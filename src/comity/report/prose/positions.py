"""Sentences on positions: how far two parties want the same of the world's trade, and whose growth helps or hurts them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from comity.report.prose.numbers import NBSP, counted, listed, percent, significant, usd
from comity.report.prose.words import called, lowered, possessive, sentence
from comity.report.story import Story

Pair = Mapping[str, Any]

ALIKE = ((0.1, "hardly coincide"), (0.5, "coincide in part"), (0.9, "largely coincide"), (2.0, "coincide almost fully"))
OPPOSED = (
    (0.1, "hardly coincide"),
    (0.5, "are opposed in part"),
    (0.9, "are largely opposed"),
    (2.0, "are almost fully opposed"),
)
"""How a coincidence is spoken of, by its size: below the first figure, and so on."""

FAINT = 5e-6
"""An elasticity below this is not spoken of as a friend's or an enemy's (per cent of real income for one per cent)."""

KINDS = {"trade_cost": "the trade cost", "tariff": "the tariff", "export_tax": "the export tax"}


def step(story: Story) -> str:
    """`1 % of its cost`, or each instrument with its own step."""
    sizes = story.results["positions"]["steps_pct"]
    if list(sizes) == ["trade_cost"]:
        return f"{percent(sizes['trade_cost'])} of its cost"
    return listed([f"{percent(size)} for {KINDS[name]}" for name, size in sizes.items()])


def how(value: float) -> str:
    """`hardly coincide (−0.01)`, `are largely opposed (−0.6)`."""
    words = next(word for limit, word in (ALIKE if value > 0 else OPPOSED) if abs(value) < limit)
    return f"{words} ({significant(value, 2)})"


def measured(story: Story) -> str:
    """What a coincidence is, once."""
    return (
        "Every flow of goods in the world is moved a little, and the parties’ gains are compared: coincidence is their "
        "correlation, 1 where they want the same of everything, −1 where they want the opposite, 0 where what moves one leaves "
        f"the other alone. A step is {step(story)}."
    )


def pair(story: Story, one: Pair) -> list[str]:
    """One pair's positions, from general to particular."""
    a, b = called(story.name(one["a"])), called(story.name(one["b"]))
    if one["coincidence"] is None:
        return [sentence(f"the positions of {a} and {b} on the trade of others are undefined: one of them has nothing at stake")]
    texts = [f"flow by flow the positions of {a} and {b} {how(one['coincidence'])}{_own_trade(story, one)}"]
    moved = {row["name"]: row["coincidence"] for row in one["by_movement"]}
    if moved["world"] is not None:
        texts.append(f"where a sector’s trade becomes dearer all over the world at once, they {how(moved['world'])}")
    others = next(row for row in one["by_place"] if row["name"] == "others")
    if others["coincidence"] is not None:
        texts.append(f"on trade in which neither takes part they {how(others['coincidence'])}")
    between = one["between_them"]["coincidence"]
    if between is not None:
        texts.append(f"on what they sell to each other, which is left out of all this, they {how(between)}")
    return [sentence(text) for text in (*texts, *_sharpest(story, one))]


def _own_trade(story: Story, one: Pair) -> str:
    """How much of what moves each is trade of its own."""
    at = {row["name"]: row for row in one["by_place"]}
    own = [sum((at[f"{way}_{side}"][f"stake_{side}"] or 0.0) for way in ("imports", "exports")) for side in ("a", "b")]
    if min(own) < 0.5:
        return ""
    return (
        f": {percent(100 * own[0])} of what moves {called(story.name(one['a']))} is its own trade with third economies,"
        f" and {percent(100 * own[1])} of what moves {called(story.name(one['b']))}"
    )


def _sharpest(story: Story, one: Pair) -> list[str]:
    found = []
    if one["clashes"]:
        found.append(f"the sharpest clash is over {what(story, one['clashes'][0])}: {_each(story, one, one['clashes'][0])}")
    if one["causes"]:
        first = one["causes"][0]
        gains = [first["gain"][code]["ev_usd_mn"] for code in (one["a"], one["b"])]
        wish = "a higher" if gains[0] > 0 else "a lower"
        found.append(
            f"the best common cause is {wish} cost of {flow(story, first)}"
            if first["instrument"] == "trade_cost"
            else f"the best common cause is {wish} {first['instrument'].replace('_', ' ')} on {flow(story, first)}"
        )
    return found


def what(story: Story, point: Mapping[str, Any]) -> str:
    return f"{KINDS[point['instrument']]} of {flow(story, point)}"


def flow(story: Story, point: Mapping[str, Any]) -> str:
    """`food from Russia to Kazakhstan`."""
    sector = lowered(story.sector_name(point["sector"]))
    return f"{sector} from {called(story.name(point['exporter']))} to {called(story.name(point['importer']))}"


def _each(story: Story, one: Pair, point: Mapping[str, Any]) -> str:
    parts = []
    for code in (one["a"], one["b"]):
        value = point["gain"][code]["ev_usd_mn"]
        parts.append(f"{called(story.name(code))} {'gains' if value > 0 else 'loses'} {usd(value)} from one step more")
    return " and ".join(parts)


def governments(story: Story) -> list[str]:
    """What changes where governments count producers for more."""
    weighed = story.results["positions"].get("governments") or []
    texts = []
    for nation, one in zip(story.results["positions"]["pairs"], weighed, strict=False):
        if nation["coincidence"] is not None and one["coincidence"] is not None:
            a, b = called(story.name(one["a"])), called(story.name(one["b"]))
            texts.append(
                f"as governments that count their producers as the talks file says, {a} and {b} {how(one['coincidence'])}, "
                f"as nations {significant(nation['coincidence'], 2)}"
            )
    return [sentence(text) for text in texts]


def friends(story: Story) -> list[str]:
    """Whose growth helps each party, whose hurts it, and what the parties' growth does to each other."""
    found = story.results["positions"]["friends"]["of"]
    texts = []
    for code in story.parties:
        ranked = sorted(((v, other) for other, v in found[code].items() if other != code), reverse=True)
        best, worst = ranked[0], ranked[-1]
        text = f"{called(story.name(code))} gains most from growth in {called(story.name(best[1]))}: {_small(best[0])} of real"
        text += f" income for one per cent more productivity there; at home it would be {_small(found[code][code])}"
        enemies = sum(v < -FAINT for v, _ in ranked)
        if worst[0] < -FAINT:
            text += (
                f". Growth in {counted(enemies, 'economy', 'economies')} hurts it, most in {called(story.name(worst[1]))}"
                f" (a loss of {_small(worst[0])})"
            )
        texts.append(text)
    texts += [_mutual(story, one) for one in story.results["positions"]["pairs"][:3]]
    return [sentence(text) for text in texts]


def _mutual(story: Story, one: Pair) -> str:
    found = story.results["positions"]["friends"]["of"]
    there, back = found[one["a"]][one["b"]], found[one["b"]][one["a"]]
    a, b = called(story.name(one["a"])), called(story.name(one["b"]))
    if there > 0 and back > 0:
        text = f"{a} and {b} are friends in this sense: growth of each helps the other"
    elif there < 0 and back < 0:
        text = f"{a} and {b} are rivals in this sense: growth of each hurts the other"
    else:
        text = f"growth helps one way only between {a} and {b}"
    return f"{text} ({possessive(a)} gain {_signed(there)}, {possessive(b)} {_signed(back)})"


def _small(value: float) -> str:
    return percent(value) if abs(value) >= 1e-3 else f"{significant(abs(value), 2)}{NBSP}%"


def _signed(value: float) -> str:
    return ("+" if value > 0 else "") + f"{significant(value, 2)}{NBSP}%"
