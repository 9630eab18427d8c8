"""Sentences of the sections: crises, concessions, the choice of a package, who is displaced, sectors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from comity.report.prose.numbers import NOTHING_USD_MN, counted, listed, percent, usd
from comity.report.prose.words import called, fares, is_nothing, lowered, package_words, quoted, sentence
from comity.report.story import Story


def crises_by_party(story: Story) -> list[str]:
    """One sentence for each party: where it loses most, where it gains."""
    sentences = []
    for party in story.parties:
        figures = {crisis["id"]: story.nothing["outcomes"][crisis["id"]][party] for crisis in story.crises}
        losing = {key: f for key, f in figures.items() if not is_nothing(f) and f["gain_pct"] < 0}
        gaining = [key for key, f in figures.items() if not is_nothing(f) and f["gain_pct"] > 0]
        name, parts = called(story.name(party)), []
        if losing:
            worst = min(losing, key=lambda key: losing[key]["gain_pct"])
            most = "most " if len(figures) > 1 else ""
            parts.append(f"loses {most}in {quoted(story.crisis_name(worst))}: {_size(losing[worst])}")
        if gaining:
            parts.append(
                "gains in " + listed([f"{quoted(story.crisis_name(k))} ({percent(figures[k]['gain_pct'])})" for k in gaining])
            )
        if figures:
            sentences.append(sentence(f"{name} {'; it '.join(parts)}" if parts else f"No crisis on the list touches {name}"))
    return sentences


def _size(figure: Mapping[str, float]) -> str:
    return f"{percent(figure['gain_pct'])} of real income, {usd(figure['ev_usd_mn'])} in the year it comes"


def concessions(story: Story) -> list[str]:
    """Who concedes how many, and which concessions pay for themselves."""
    sold = {one["id"]: one for one in (story.results.get("stakes") or {"list": ()})["list"]}
    trade = [p for p in story.proposals if p["id"] not in sold]
    count = {party: sum(party in p["conceded_by"] for p in trade) for party in story.parties}
    parts = [f"{called(story.name(party))} concedes {counted(number, 'proposal')}" for party, number in count.items() if number]
    for party in story.parties:
        if bought := sum(one["buyer"] == party for one in sold.values()):
            parts.append(f"{called(story.name(party))} is asked to buy {counted(bought, 'share')} in enterprises")
    sentences = [sentence(listed(parts))] if parts else []
    paying, costing = [], []
    for proposal in trade:
        alone, givers = story.alone(proposal["id"]), [e for e in proposal["conceded_by"] if e in story.economies]
        if alone and givers:
            figures = [alone["over_nothing"][giver] for giver in givers]
            (paying if all(f["gain_pct"] >= -1e-9 for f in figures) else costing).append(proposal)
    if paying and not costing:
        subject = "The concession" if len(paying) == 1 else "Every concession"
        sentences.append(
            f"{subject} pays for itself: whoever grants it gains by granting it, even when nothing is granted in return."
        )
    elif costing:
        names = listed([quoted(p["name"]) for p in costing])
        verb = "costs whoever grants it" if len(costing) == 1 else "cost those who grant them"
        sentences.append(
            sentence(f"{names} {verb}, taken alone" + ("; every other concession pays for itself" if paying else ""))
        )
    if paying:
        sentences.append(
            "That holds while everybody’s dollar counts alike. Governments keep such barriers because they count their "
            "producers’ dollars for more; this version does not weigh producers: read it as what the nation gains, "
            "not as what a government wants."
        )
    return sentences


def package_choice(story: Story) -> list[str]:
    """How many packages there were, how many were allowed, how close the second came."""
    offered = [package for package in story.packages.values() if package["proposals"]]
    fine, total = sum(bool(package["nobody_worse_off"]) for package in offered), len(offered)
    who = "member of the union" if story.results["best"]["rule"] == "union" else "party"
    if fine == 0:
        sentences = [f"each of the {total:,} packages leaves at least one {who} worse off than no package"]
    elif fine == total:
        sentences = [f"none of the {total:,} packages leaves any {who} worse off than no package"]
    else:
        sentences = [f"{fine:,} of the {total:,} packages leave{'s' if fine == 1 else ''} no {who} worse off than no package"]
    runner = story.packages.get(story.results["best"].get("runner_up") or "")
    if runner:
        lead = story.joint(story.best["expected"]) - story.joint(runner["expected"])
        if abs(lead) < NOTHING_USD_MN:
            gap = "the two are equal for every practical purpose"
        elif lead > 0:
            gap = f"{usd(lead)} a year behind"
        else:
            gap = f"{usd(lead)} a year ahead in expected USD, but behind by the stated objective"
        sentences.append(f"next comes {package_words(story, runner)}: {gap}")
    return [sentence(text) for text in sentences]


def displaced(story: Story) -> list[str]:
    """Other members and other economies: who gains, who loses by the package."""
    if not story.helps:
        return ["Without a package nobody is displaced."]
    sentences = []
    over = story.results["best"]["over_nothing"]
    if story.other_members:
        sentences.append(
            sentence("Of the union’s other members, " + listed([fares(story.name(m), over[m]) for m in story.other_members]))
        )
    outside = {code: f for code, f in story.package_on_world.items() if code not in story.economies and not is_nothing(f)}
    for verb, ranked in (
        ("gains", sorted((c for c in outside if outside[c]["ev_usd_mn"] > 0), key=lambda c: -outside[c]["ev_usd_mn"])),
        ("loses", sorted((c for c in outside if outside[c]["ev_usd_mn"] < 0), key=lambda c: outside[c]["ev_usd_mn"])),
    ):
        if ranked:
            parts = [f"{called(story.name(code))} ({usd(outside[code]['ev_usd_mn'])})" for code in ranked[:3]]
            verbs = verb if len(parts) == 1 else verb.removesuffix("s")
            sentences.append(
                sentence(f"outside {'the union' if story.results['union'] else 'the table'} {listed(parts)} {verbs} most")
            )
    if not outside:
        sentences.append("For every other economy the package changes next to nothing.")
    return sentences


def sectors_moved(story: Story, most: int = 2) -> list[str]:
    """The sectors that the package moves most, up and down, one sentence for each party."""
    sentences = []
    for party, effects in story.sector_effects.items():
        up = [s for s in sorted(effects, key=lambda s: -effects[s]) if effects[s] >= NOTHING_USD_MN][:most]
        down = [s for s in sorted(effects, key=lambda s: effects[s]) if effects[s] <= -NOTHING_USD_MN][:most]
        parts = []
        for verb, chosen in (("rises most in", up), ("falls most in", down)):
            if chosen:
                named = [f"{lowered(story.sector_name(s))} ({usd(effects[s])})" for s in chosen]
                parts.append(f"{verb} {listed(named)}")
        name = called(story.name(party))
        text = (
            f"In {name} value added {'; it '.join(parts)}"
            if parts
            else f"In {name} no sector’s value added moves by more than USD 0.05 mn"
        )
        sentences.append(sentence(text))
    return sentences


def law(story: Story) -> list[str]:
    """What the union's treaty says: one sentence for each finding, the proposals it concerns gathered."""
    found: dict[tuple[str, bool], list[str]] = {}
    for flag in story.results.get("law") or ():
        position = flag["proposal"]
        if position is None:
            found[flag["text"], flag["violation"]] = []
            continue
        name = story.proposals[position]["name"]
        finding = flag["text"].partition(name)[2].lstrip("'\"‘’ :") or flag["text"]
        found.setdefault((finding, flag["violation"]), []).append(story.tag(story.proposals[position]["id"]))
    sentences = []
    for (finding, violation), tags in found.items():
        text = f"{ranged(tags)}: {finding.removeprefix('is ')}" if tags else finding
        sentences.append(sentence(f"{text} (against the treaty)" if violation else text))
    return sentences


def ranged(tags: Sequence[str]) -> str:
    """Labels of proposals with runs drawn together: P1 to P3, P5 and P7."""
    runs: list[list[str]] = []
    for tag in tags:
        if runs and int(tag[1:]) == int(runs[-1][-1][1:]) + 1:
            runs[-1].append(tag)
        else:
            runs.append([tag])
    parts = [f"{run[0]} to {run[-1]}" if len(run) > 2 else run for run in runs]
    return listed([name for part in parts for name in ([part] if isinstance(part, str) else part)])
