"""The first lines of the brief: what the package is worth, what the crises cost, what the whole union could do."""

from __future__ import annotations

from comity.report.prose.numbers import NOTHING_USD_MN, counted, listed, percent, significant, usd
from comity.report.prose.words import (
    amount,
    fares,
    is_nothing,
    judged,
    package_words,
    quoted,
    sentence,
    the,
    the_parties,
    together,
)
from comity.report.story import Story

RULES = {
    "parties": "that leave no party worse off than no package at all",
    "union": "that leave no member of the union worse off than no package at all",
    "none": "on the list",
}
OBJECTIVES = {
    "expected": "the smallest expected loss",
    "worst": "the smallest loss in the worst state",
    "cvar-90": "the smallest mean loss over the worst tenth of cases (CVaR-90)",
}


def headline(story: Story) -> list[str]:
    """What the package is worth, honestly; beside it the crises and the union-wide version."""
    return [text for text in (worth(story), shares(story), crises_cost(story), union_wide(story)) if text]


def worth(story: Story) -> str:
    """The first sentence of the brief."""
    over = story.results["best"]["over_nothing"]
    joint, share = story.joint(over), story.joint_pct(over)
    if not story.helps:
        rule = RULES.get(story.results["best"]["rule"], RULES["none"])
        everything = f"of the packages {rule}, no package at all has {objective(story)}"
        return f"Nothing on the list helps {the_parties(story)}: {everything}."
    package = f"The recommended package, {package_words(story, story.best)},"
    if is_nothing({"ev_usd_mn": joint, "gain_pct": share}):
        return f"{package} is worth next to nothing to {together(story)}: less than USD\u00a00.1\u00a0mn a year."
    if joint < 0:
        return (
            f"{package} costs {together(story)} {usd(joint)} a year in expectation, {percent(share)} of real income; "
            f"it is recommended because it has {objective(story)}."
        )
    whose = "their real income" if len(story.parties) > 1 else "its real income"
    return f"{package} is worth {usd(joint)} a year to {together(story)}, {percent(share)} of {whose}: {judged(share)}."


def shares(story: Story) -> str:
    """Who gets what, and how far the joint figure moves with the state of the world."""
    if not story.helps:
        return ""
    over = story.results["best"]["over_nothing"]
    parts = [fares(story.name(party), over[party]) for party in story.parties] if len(story.parties) > 1 else []
    low, high = min(story.worth_by_crisis.values()), max(story.worth_by_crisis.values())
    spread = ""
    if len(story.worth_by_crisis) > 1 and significant(low) != significant(high):
        spread = f"by the state of the world its joint worth lies between {amount(low)} and {amount(high)}"
    return " ".join(sentence(text) for text in (listed(parts), spread) if text)


def crises_cost(story: Story) -> str:
    """The expected cost of the list of crises, the worst one, and the package beside them."""
    if not story.crises:
        return "No crisis is on the list."
    cost, share = story.joint(story.nothing["expected"]), story.joint_pct(story.nothing["expected"])
    one = len(story.crises) == 1
    subject = "The one crisis on the list" if one else f"The {counted(len(story.crises), 'crisis', 'crises')} on the list"
    if is_nothing({"ev_usd_mn": cost, "gain_pct": share}):
        first = f"{subject} cost{'s' if one else ''} {the_parties(story)} next to nothing in expectation."
    else:
        verb = ("cost" if cost < 0 else "bring") + ("s" if one else "")
        first = f"{subject} {verb} {the_parties(story)} {usd(cost)} a year in expectation, {percent(share)} of real income."
    return " ".join(text for text in (first, worst_crisis(story), against_crises(story, cost)) if text)


def worst_crisis(story: Story) -> str:
    if story.worst_crisis is None:
        return ""
    outcome = story.nothing["outcomes"][story.worst_crisis]
    parts = [fares(story.name(party), outcome[party]) for party in story.parties]
    opening = f"When {quoted(story.crisis_name(story.worst_crisis))} comes"
    if len(story.crises) > 1:
        opening = f"In the worst, {quoted(story.crisis_name(story.worst_crisis))}"
    return sentence(f"{opening}, {listed(parts)}")


def against_crises(story: Story, cost: float) -> str:
    """The package as a part of what the crises cost; silent where either is not a plain gain or cost."""
    worth_mn = story.joint(story.results["best"]["over_nothing"])
    if not story.helps or cost > -NOTHING_USD_MN or worth_mn < NOTHING_USD_MN:
        return ""
    ratio = 100 * worth_mn / -cost
    if ratio >= 100:
        return "The package is worth more than the crises cost in expectation."
    return f"The package makes up for {percent(ratio)} of that."


def union_wide(story: Story) -> str:
    """The same list opened by the whole union, against the package between the parties."""
    wide, union = story.results["union_wide"], story.results["union"]
    if not wide or not union:
        return ""
    worth_mn = story.joint(story.results["best"]["over_nothing"])
    joint = story.joint(wide["all"]["over_nothing"])
    which = "The one proposal" if len(wide["proposals"]) == 1 else f"The {counted(len(wide['proposals']), 'proposal')}"
    opened = f"{which} opened by every member of {the(union['name'])}"
    if abs(joint) < NOTHING_USD_MN:
        return f"{opened} would change next to nothing for {the_parties(story)}."
    if joint < 0:
        return f"{opened} would cost {the_parties(story)} {usd(joint)} a year."
    text = f"{opened} would be worth {usd(joint)} a year to {the_parties(story)}"
    if worth_mn < NOTHING_USD_MN:
        return text + "."
    ratio = joint / worth_mn
    if ratio >= 1.5:
        return f"{text}: {significant(ratio, 2)} times the package."
    if ratio > 1.05:
        return f"{text}: {percent(100 * (ratio - 1))} more than the package."
    if ratio >= 0.95:
        return f"{text}: about as much as the package."
    return f"{text}: {percent(100 * (1 - ratio))} less than the package."


def objective(story: Story) -> str:
    return OBJECTIVES.get(story.results["best"]["objective"], "the smallest loss")
