"""Sentences on trust and escape clauses: who would break the deal, at what patience each keeps it, where it must give way."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from comity.report.prose.numbers import NOTHING_USD_MN, counted, listed, percent, significant, usd
from comity.report.prose.words import called, quoted, sentence, the_parties
from comity.report.story import NO_CRISIS, NOTHING, Story

OUTCOMES = {
    "kept": "kept by the patient",
    "no_temptation": "no reason to break it",
    "never": "never kept",
    "not_rational": "no reason to sign it",
}
FANCIFUL = 1000.0
"""Discount rates above this, in per cent a year, are told as what they are: beyond any that is known."""
INTERPOLATED = "Whole packages are solved; what lies between them is interpolated from their table."


def trust(story: Story) -> list[str]:
    """Who is tempted to break the recommended package, in which crisis, and what keeps each party in it."""
    found = story.results["trust"]
    if found["package"] == NOTHING:
        return ["No package is recommended, so that there is no deal to keep."]
    parties = found["parties"]
    if all(one["outcome"] == "no_temptation" for one in parties.values()):
        texts = [_nobody_tempted(story, parties)]
    else:
        texts = [_one(story, party, parties[party]) for party in story.parties]
        if found["delta"] is not None:
            texts.append(f"all keep it from a patience of {_delta(found['delta'])} on")
    texts += [_threat(story, found), _cure(story, found), _outsiders(story)]
    return [sentence(text) for text in texts if text]


def _nobody_tempted(story: Story, parties: Mapping[str, Any]) -> str:
    count = len(parties)
    who = "neither side has" if count == 2 else "none of the parties has" if count > 2 else f"{the_parties(story)} has no"
    text = f"{who} {'a ' if count > 1 else ''}reason to break the recommended package, in any state of the world"
    gains = [one["most_tempting"] for one in parties.values() if one["most_tempting"]]
    if not gains:
        return f"{text}: no party concedes anything that it could withdraw"
    if any(most["gain_usd_mn"] >= 0 for most in gains):
        return text
    if story.results.get("counting") == "governments":
        return f"{text}: whoever withdrew a concession would lose by it, even as its government counts"
    return (
        f"{text}: whoever withdrew a concession would lose by it. Concessions pay for themselves while everybody’s dollar counts "
        "alike, so that trust is not at stake; of governments that count their producers for more this says nothing"
    )


def _delta(value: float) -> str:
    return significant(value)


def _one(story: Story, party: str, one: Mapping[str, Any]) -> str:
    name = called(story.name(party))
    worth = usd(one["value_usd_mn"])
    if one["outcome"] == "no_temptation":
        return f"{name} has no reason to break the recommended package in any state of the world"
    if one["outcome"] == "not_rational":
        return f"{name} has no reason to sign: keeping the package costs it {worth} a year against what follows a break"
    drop = listed([quoted(story.proposal_names[key]) for key in one["withdraws"]])
    tempted = f"in {_state(story, one['binding'])} it would win {usd(one['largest_usd_mn'])} by withdrawing {drop}"
    if one["outcome"] == "never":
        loss = "nothing to it" if one["value_usd_mn"] > -NOTHING_USD_MN else f"a loss of {worth} to it"
        return f"{name} would never keep the package: {tempted}, and keeping the package is worth {loss} in later years"
    rate = one["discount_rate_pct"]
    discount = f"a discount rate of {percent(rate)} a year or less" if rate <= FANCIFUL else "at any discount rate known"
    return (
        f"{name} keeps the package if a dollar next year is worth at least {_delta(one['delta'])} of one today ({discount}): "
        f"{tempted}, and the package is worth {worth} a year to it"
    )


def _state(story: Story, key: str | None) -> str:
    return "a year without crisis" if key in (None, NO_CRISIS) else quoted(story.crisis_name(key or ""))


def _threat(story: Story, found: Mapping[str, Any]) -> str:
    """Where withdrawing everything is an empty threat, what each would still concede."""
    punishment = found["punishment"]
    if punishment["kind"] != "not_credible":
        return ""
    still: dict[str, list[str]] = {}
    for row in punishment["conceding"]:
        known = still.setdefault(row["party"], [])
        known += [key for key in row["proposals"] if key not in known]
    order = list(story.proposal_names)
    names = {party: listed([quoted(story.proposal_names[k]) for k in order if k in keys]) for party, keys in still.items()}
    parts = [f"{called(story.name(party))} would still grant {granted}" for party, granted in names.items() if granted]
    text = "to withdraw everything after a break is not credible"
    if parts:
        text += f": {listed(parts)} for its own sake" if len(parts) == 1 else f": {'; '.join(parts)}, each for its own sake"
    worth = [
        f"{usd(one['value_usd_mn'])} a year for {called(story.name(party))}"
        for party, one in found["parties"].items()
        if one["value_usd_mn"] >= NOTHING_USD_MN
    ]
    return text + (f". What a break would still end is worth {listed(worth)}" if worth else "")


def _cure(story: Story, found: Mapping[str, Any]) -> str:
    """The change that lowers the patience asked for most."""
    cures = [one for one in found["remedies"] if one["kind"] != "stake" and one["delta"] is not None]
    if not cures:
        return ""
    one = cures[0]
    what = "the whole package" if one["kind"] == "suspend_all" else quoted(story.proposal_names[one["what"]])
    deed = f"dropping {what}" if one["kind"] == "drop" else f"suspending {what} in {_state(story, one['crisis'])}"
    then = "at any patience" if one["delta"] == 0 else f"from a patience of {_delta(one['delta'])} on"
    head = f"{deed} would let the package be kept {then}"
    cost = [
        f"{'costs' if v > 0 else 'brings'} {called(story.name(party))} {usd(v)} a year"
        for party, v in one["cost_usd_mn"].items()
        if abs(v) >= NOTHING_USD_MN
    ]
    return f"{head}, which {listed(cost)}" if cost else head


def _outsiders(story: Story) -> str:
    """Who else concedes a part of the package: they are no players here."""
    chosen = [p for p in story.proposals if p["id"] in story.best["proposals"]]
    others = list(dict.fromkeys(code for p in chosen for code in p["conceded_by"] if code not in story.parties))
    if not others:
        return ""
    names = listed([called(story.name(code)) for code in others])
    whose = "is taken to keep its" if len(others) == 1 else "are taken to keep their"
    return f"{names}, who must concede a part of it too, {whose} word"


def later(story: Story) -> list[str]:
    """A shorter punishment, a break that is seen late, capital that moves: only where somebody is tempted."""
    found = story.results["trust"].get("later")
    if not found or story.results["trust"]["delta"] == 0:
        return []
    rows = {(row["years"], row["lag"]): row["delta"] for row in found["variants"]}
    short, late = rows.get((1, 0)), rows.get((None, 1))
    forever = story.results["trust"]["delta"]
    texts = []
    if forever is not None:
        texts.append(
            f"with a punishment of one year only the patience asked for is {_or_none(short)}, with a break that is seen a year "
            f"late {_or_none(late)}"
        )
    bands = found["horizons"]
    if bands:
        row = bands["bands"][0]
        parts = [f"{called(story.name(party))} {_kept(band)}" for party, band in row["parties"].items()]
        texts.append(f"if capital has moved {counted(row['years'], 'year')} after a break, {listed(parts)}")
    return [sentence(text) for text in texts]


def _kept(band: Mapping[str, Any]) -> str:
    """The patience at which a party keeps the package, in words."""
    if band["empty"]:
        return "never keeps it"
    upper = "" if band["high"] is None or band["high"] >= 1 else f" up to {_delta(band['high'])}"
    if not band["low"]:
        return f"keeps it at any patience{upper}"
    return f"keeps it from a patience of {_delta(band['low'])} on{upper}"


def _or_none(delta: float | None) -> str:
    return "more than any" if delta is None else _delta(delta)


def escape(story: Story) -> list[str]:
    """At the stated or assumed patience: does the package hold, and where must it give way?"""
    found = story.results["escape"]
    if found["package"] == NOTHING:
        return []
    cents = f"a dollar next year is worth {significant(100 * found['patience'])} cents today"
    source = "assumed: the talks file states no patience" if found["assumed"] else "the patience of the talks file"
    head = f"If {cents} ({source}),"
    falls = {key: words for key in found["depth"] if (words := _falls(story, key))}
    if found["outcome"] == "holds":
        return [f"{head} the recommended package holds in full in every state of the world: no escape clause is needed."]
    if found["outcome"] == "nothing_holds":
        return [f"{head} no part of the recommended package holds: somebody would break whatever is left of it."]
    how = listed(list(falls.values()))
    if found["outcome"] == "smaller_package":
        text = f"{head} the recommended package is too large to be kept even without a crisis: it must fall {how}."
        return [text, certified(story), INTERPOLATED]
    rest = len(found["depth"]) - len(falls)
    elsewhere = "the other state" if rest == 1 else f"the {counted(rest, 'other state')}"
    whole = f"; in {elsewhere} it stands in full" if rest else ""
    return [f"{head} the recommended package holds if it falls {how}{whole}.", certified(story), INTERPOLATED]


def given_way(story: Story) -> dict[str, dict[str, float]]:
    """What is left of each proposal of the recommended package in each state in which it gives way."""
    found = story.results["escape"]["intensity"]
    below = {state: {k: row[k] for k in story.best["proposals"] if row[k] < 1} for state, row in found.items()}
    return {state: row for state, row in below.items() if row}


def _falls(story: Story, state: str) -> str:
    """`to 42 % for ‘Fish’ and to nothing for ‘Ports’ in ‘slump’`; without names where all that can be withdrawn falls alike."""
    levels = given_way(story).get(state, {})
    texts = []
    for level in sorted(set(levels.values()), reverse=True):
        to = f"to {percent(100 * level)}" if level > 0 else "to nothing"
        names = listed([quoted(story.proposal_names[k]) for k, own in levels.items() if own == level])
        texts.append(to if list(levels) == story.best["proposals"] and len(set(levels.values())) == 1 else f"{to} for {names}")
    return f"{listed(texts)} in {_state(story, state)}" if texts else ""


def certified(story: Story) -> str:
    """How large the package with its escape clauses is, as far as that is certain."""
    found = story.results["escape"]
    step = f"in steps of {percent(found['step_pct'])}"
    if found["certificate"] == "greatest":
        return f"Nothing larger holds: no concession could be kept at more in any state of the world ({step})."
    worth, whom, most = found["joint_worth_usd_mn"], the_parties(story), found["most_joint_worth_usd_mn"]
    text = (
        f"No concession could be kept at more in any state of the world while the others stand as they do ({step}). This adds "
        f"{usd(worth)} a year to what follows a break, for {whom} together"
    )
    if not found["complete"]:
        return f"{text}. Whether trading one concession for another adds more was left open by the search."
    if most - worth < NOTHING_USD_MN:
        return f"{text}. Of all packages that hold none adds more."
    return f"{text}. To give way further would hold too and add {usd(most)}: to concede so much costs more than it brings."


def clauses(story: Story) -> list[str]:
    """The escape clauses in words that could stand in an agreement."""
    return [f"{row['trigger']} {row['measure']} {row['duration']}" for row in story.results["escape"]["clauses"]]
