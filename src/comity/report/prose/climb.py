"""Sentences on the ladder: what each may do alone, what acting together adds, who else must agree."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from comity.report.prose.headline import amount
from comity.report.prose.numbers import NBSP, NOTHING_USD_MN, counted, listed, significant, usd
from comity.report.prose.words import called, fares, quoted, sentence, the, the_parties
from comity.report.story import Story

RUNGS = {
    "nothing": "Nothing",
    "alone": "Each alone",
    "at_once": "All at once, unagreed",
    "package": "Recommended package",
    "union_wide": "The same, whole union",
    "union_best": "The union’s best",
}


def rooms(story: Story) -> list[str]:
    """What each party may do without asking anybody."""
    found = []
    for room in story.results["ladder"]["rooms"]:
        name = called(story.name(room["party"]))
        if room["union"]:
            union = the(story.results["union"]["name"])
            text = f"inside {union} {name} has no external tariff of its own"
        else:
            text = _tariffs(story, room)
        lines = [quoted(story.proposal_names[key]) for key in room["alone"]]
        if not lines:
            text += "; of the list it could carry out nothing alone"
        elif len(lines) <= 2:
            text += f"; of the list it could carry out {listed(lines)} alone"
        else:
            text += f"; of the list it could carry out {counted(len(lines), 'proposal')} alone"
        found.append(sentence(text))
    return found


def _tariffs(story: Story, room: Mapping[str, Any]) -> str:
    """What a party outside the union of the talks could do with its own tariffs, or why that was not searched."""
    name, found, why = called(story.name(room["party"])), room.get("tariffs"), room.get("own_tariffs_why")
    if room["own_tariffs"] == "the union's":
        return f"{name} has no external tariff of its own" + (f": {why}" if why else "")
    if not found:
        return f"{name} has its own tariffs, which are not searched here" + (f" ({why})" if why else "")
    rates, own = found["rate_pct"].values(), found["gain"][room["party"]]
    others = [fares(story.name(code), figure) for code, figure in found["gain"].items() if code != room["party"]]
    text = (
        f"{name} has its own tariffs: at its best rates on goods, from {_rate(min(rates))} to {_rate(max(rates))}, the same for "
        f"all partners and whatever its agreements bind, {listed([fares(story.name(room['party']), own), *others])} in a year "
        "without crisis"
    )
    return text if found["converged"] else f"{text} (the search did not settle)"


def _rate(value: float) -> str:
    return f"{significant(value)}{NBSP}%"


def steps(story: Story) -> list[str]:
    """What each would do alone, all at once, and what the package adds to that; every step down by name."""
    found = story.results["ladder"]
    texts = [*_alone(story, found), _at_once(story, found), _together(story, found), *_falls(story, found)]
    texts.append(_union(story, found))
    return [sentence(text) for text in texts if text]


def _rung(found: Mapping[str, Any], name: str) -> Mapping[str, Any] | None:
    return next((rung for rung in found["rungs"] if rung["id"] == name), None)


def _alone(story: Story, found: Mapping[str, Any]) -> list[str]:
    texts = []
    rung = _rung(found, "alone")
    assert rung is not None
    for one in found["responses"]:
        code = one["party"]
        name = called(story.name(code))
        if one["certificate"] is None:
            continue
        kept = [key for key, x in one["intensity"].items() if x > 1e-3]
        if not kept:
            texts.append(f"alone {name} would concede nothing")
            continue
        worth = amount(rung["over_nothing"][code]["ev_usd_mn"])
        texts.append(f"alone {name} would carry out {counted(len(kept), 'proposal')}, worth {worth} a year to it")
    return texts


def _at_once(story: Story, found: Mapping[str, Any]) -> str:
    if not found["at_once"]["settled"]:
        return "what each does best depends on the others, and no state was found in which nobody would move"
    rung = _rung(found, "at_once")
    assert rung is not None
    who = listed([fares(story.name(code), rung["over_nothing"][code]) for code in story.parties])
    return f"when each does its best at once and nothing is agreed, {who}; from there nobody would move"


def _together(story: Story, found: Mapping[str, Any]) -> str:
    worth = found["together"]["joint_usd_mn"]
    states = {key: value for key, value in worth.items() if key != "expected"}
    value = worth["expected"]
    if abs(value) < NOTHING_USD_MN:
        return f"acting together adds next to nothing for {the_parties(story)}: each would do as much alone"
    text = f"the value of acting together, the package less that, is {amount(value)} a year for {the_parties(story)}"
    if len(states) > 1:
        text += f", between {amount(min(states.values()))} and {amount(max(states.values()))} by the state of the world"
    return text


def _falls(story: Story, found: Mapping[str, Any]) -> list[str]:
    """Steps that cost somebody, by name."""
    texts = []
    for code in story.economies:
        for name, value in found["steps"]["expected"][code].items():
            if value <= -NOTHING_USD_MN:
                rung = RUNGS[name][0].lower() + RUNGS[name][1:]
                texts.append(f"the step to ‘{rung}’ costs {called(story.name(code))} {usd(value)}")
    return [listed(texts)] if texts else []


def _union(story: Story, found: Mapping[str, Any]) -> str:
    best, wide = _rung(found, "union_best"), _rung(found, "union_wide")
    if best is None or wide is None:
        return ""
    total = sum(best["over_nothing"][code]["ev_usd_mn"] for code in story.economies)
    gap = total - sum(wide["over_nothing"][code]["ev_usd_mn"] for code in story.economies)
    union = the(story.results["union"]["name"])
    if abs(gap) < NOTHING_USD_MN:
        text = f"for the members of {union} together nothing on the list is better than that package opened by all"
        return f"{text}: {amount(total)} a year"
    return (
        f"the best that the members of {union} could make of the list together, each line opened by all as far as it pays, is "
        f"worth {amount(total)} a year, {usd(gap)} more than the package opened by all"
    )


def consent(story: Story) -> list[str]:
    """Who else must agree, and which member loses."""
    found = story.results["ladder"]
    texts = []
    for code, keys in found["consent"]["package"].items():
        names = listed([quoted(story.proposal_names[key]) for key in keys])
        texts.append(f"the package needs {called(story.name(code))}’s consent to {names}")
    hurt = [row for row in found["displaced"] if row["rung"] == "package" and row["ev_usd_mn"] <= -NOTHING_USD_MN]
    if hurt:
        texts.append(listed([f"it costs {called(story.name(row['iso3']))} {usd(row['ev_usd_mn'])} a year" for row in hurt]))
    elif story.other_members and story.helps:
        texts.append("no other member loses by the package")
    union = story.results["union"]
    if union and found["consent"]["union_wide"]:
        names = [called(story.name(code)) for code in found["consent"]["union_wide"]]
        names += [called(name) for name in found["consent"]["inside_row"]]
        texts.append(f"the union-wide version needs {listed(names)} as well")
    return [sentence(text) for text in texts]
