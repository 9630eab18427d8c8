"""The first lines of the brief: what the package is worth, what the crises cost, what the whole union could do."""

from __future__ import annotations

from comity.report.prose.numbers import NOTHING_USD_MN, counted, listed, percent, significant, usd
from comity.report.prose.words import (
    amount,
    called,
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
    return [text for text in (worth(story), settled(story), shares(story), crises_cost(story), union_wide(story)) if text]


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


def settled(story: Story) -> str:
    """How much of the package the parties can settle between themselves, and who else must agree to the rest."""
    part = story.settled
    if part is None:
        return ""
    rest = [p for p in story.proposals if p["id"] in story.best["proposals"] and p["id"] not in part["proposals"]]
    others = list(dict.fromkeys(story.name(code) for p in rest for code in p["conceded_by"] if code not in story.parties))
    union = story.results["union"]
    if union and any({m["iso3"] for m in union["members"]} <= set(p["conceded_by"]) for p in rest):
        others += [entry["name"] for entry in union["inside_row"]]
    joint, share = story.joint(part["over_nothing"]), story.joint_pct(part["over_nothing"])
    number = counted(len(part["proposals"]), "proposal")
    own = f"the {number} that {the_parties(story)} can settle without others"
    verb = "is" if len(part["proposals"]) == 1 else "are"
    value = f"{verb} worth {usd(joint)} of that, {percent(share)}: {judged(share)}"
    if joint < NOTHING_USD_MN:
        value = f"bring{'s' if verb == 'is' else ''} none of that"
    names = listed([quoted(p["name"]) for p in rest])
    also = listed([called(name) for name in others])
    return sentence(f"{own} {value}. The rest takes {names}, which {also} must concede as well")


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
    return " ".join(text for text in (first, against_crises(story, cost), worst_crisis(story)) if text)


def worst_crisis(story: Story) -> str:
    if story.worst_crisis is None:
        return ""
    outcome = story.nothing["outcomes"][story.worst_crisis]
    parts = [fares(story.name(party), outcome[party]) for party in story.parties]
    name = quoted(story.crisis_name(story.worst_crisis))
    if len(story.crises) == 1:
        return sentence(f"when {name} comes, {listed(parts)}")
    whom = f" for {the_parties(story)} together" if len(story.parties) > 1 else ""
    return sentence(f"the worst{whom} is {name}: {listed(parts)}")


def against_crises(story: Story, cost: float) -> str:
    """The package as a part of what the crises cost; silent where either is not a plain gain or cost."""
    worth_mn = story.joint(story.results["best"]["over_nothing"])
    if not story.helps or cost > -NOTHING_USD_MN or worth_mn < NOTHING_USD_MN:
        return ""
    ratio = 100 * worth_mn / -cost
    if ratio >= 100:
        return "The package is worth more than the crises cost in expectation."
    return f"The package makes up for {percent(ratio)} of the expected cost."


def union_wide(story: Story) -> str:
    """The same package opened by the whole union, against the package as proposed."""
    wide, union = story.results["union_wide"], story.results["union"]
    if not wide or not union or not story.helps:
        return ""
    worth_mn = story.joint(story.results["best"]["over_nothing"])
    joint = story.joint(wide["all"]["over_nothing"])
    opened = f"The same package opened by every member of {the(union['name'])}"
    if abs(joint) < NOTHING_USD_MN:
        return f"{opened} would change next to nothing for {the_parties(story)}."
    if joint < 0:
        return f"{opened} would cost {the_parties(story)} {usd(joint)} a year."
    text = f"{opened} would be worth {usd(joint)} a year to {the_parties(story)}"
    if worth_mn < NOTHING_USD_MN:
        return text + "."
    ratio = joint / worth_mn
    if ratio >= 1.5:
        times = "twice" if significant(ratio, 2) == "2" else f"{significant(ratio, 2)} times"
        return f"{text}: {times} as much as proposed."
    if ratio > 1.05:
        return f"{text}: {percent(100 * (ratio - 1))} more than as proposed."
    if ratio >= 0.95:
        return f"{text}: about as much as the package as proposed."
    return f"{text}: {percent(100 * (1 - ratio))} less than as proposed."


def objective(story: Story) -> str:
    best = story.results["best"]
    if best.get("risk_aversion") and best["objective"] == "expected":
        return f"the smallest loss in certainty equivalents, at a relative risk aversion of {significant(best['risk_aversion'])}"
    return OBJECTIVES.get(best["objective"], "the smallest loss")
