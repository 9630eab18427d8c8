"""Sentences on bargaining, credit, prices and counter-offers, as nations or as governments count."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from comity.report.prose.between import levels
from comity.report.prose.headline import amount
from comity.report.prose.numbers import NOTHING_USD_MN, counted, listed, percent, significant, usd
from comity.report.prose.words import called, fares, package_words, quoted, sentence, the_parties
from comity.report.story import Story

NATIONS = (
    "This weighs nations, not governments: everybody’s dollar counts alike, a producer’s as a consumer’s. A government that "
    "counts its producers for more would judge otherwise; the talks file can say by how much."
)
CONCEPTS = {
    "nash": "Nash: the largest product of the gains",
    "egalitarian_pct": "equal gains, in per cent of income",
    "egalitarian_usd": "equal gains, in USD",
    "kalai_smorodinsky": "Kalai–Smorodinsky: equal parts of the most that each could have",
    "utilitarian": "the largest sum, shared by transfers",
}
PURE = ("nash", "egalitarian_pct", "egalitarian_usd", "kalai_smorodinsky")
SHORT = {
    "egalitarian_pct": "equal gains in per cent",
    "egalitarian_usd": "equal gains in USD",
    "kalai_smorodinsky": "the solution of Kalai and Smorodinsky",
}

Bargain = Mapping[str, Any]


def counting(story: Story) -> str:
    """Whose dollars the games weigh, said before any of their numbers."""
    if story.results.get("counting") != "governments":
        return NATIONS
    weighed = []
    for code, one in story.results["governments"].items():
        high = [f"{significant(w)} dollars for one of {story.sector_name(s)}" for s, w in one["sensitive"].items() if w > 1]
        if high:
            weighed.append(f"{called(story.name(code))} {listed(high)}")
    return sentence(
        f"this weighs what governments count, not nations: {'; '.join(weighed)}. Gains, prices and temptations in these "
        "sections are in those dollars; all other losses and gains of this brief are the nations’ own real income"
    )


def bargain(story: Story) -> list[str]:
    """What the parties can agree on, by its named outcome."""
    found = story.results["bargaining"]
    if found["outcome"] == "no_gain":
        texts = [_no_gain(found)]
    elif found["outcome"] == "needs_rotation":
        texts = [
            "more than one party can gain, but no single package lets all of them gain: it takes a rotation between packages"
        ]
    elif _whole(found)["outcome"] != "gain":
        texts = [_in_part(story, found)]
    else:
        texts = [*_nash(story, found), _others(story, found), _room(story, found)]
    texts += [_unmoved(story, found), _rotation(story, found), _transfers(story, found), _core(story, found)]
    return [sentence(text) for text in texts if text]


def _whole(found: Bargain) -> Bargain:
    """What holds of whole packages; results of before parts were looked at say nothing else."""
    return found.get("whole", found)


def _compared(found: Bargain) -> str:
    return f"all {found['certificate']['packages_compared']:,} packages were compared"


def _no_gain(found: Bargain) -> str:
    """That nobody can gain is said of parts of proposals only where a search among them arrived, and of payments never."""
    if "intensities" not in found or not found["intensities"]["certificate"]["holds"]:
        more = ", and a search among parts of proposals found none" if "intensities" in found else ""
        return f"no whole package lets a party gain without a loss to another: {_compared(found)}{more}"
    if found["utilitarian"] or (found.get("between") or {}).get("agreements"):
        head = "without payments no package lets a party gain without a loss to another"
    else:
        head = "no package lets a party gain without a loss to another, so that there is nothing to bargain about"
    return f"{head}: {_compared(found)}, and no proposals agreed in part do better"


def _in_part(story: Story, found: Bargain) -> str:
    """Where only parts of proposals let the parties gain: how much all of them can have at once, and where."""
    head = (
        f"no whole package lets a party gain without a loss to another ({_compared(found)}), but proposals agreed in part do"
        if _whole(found)["outcome"] == "no_gain"
        else f"no single whole package lets all gain who can ({_compared(found)}), but proposals agreed in part do"
    )
    if found["room_pct"] <= 0:
        return f"{head}: {listed([called(story.name(party)) for party in found['can_gain']])} can gain, and nobody loses"
    where = levels(story, found["intensities"]["room_at"])
    return f"{head}: with {where} {the_parties(story)} each gain at least {percent(found['room_pct'])} of real income"


def _nash(story: Story, found: Bargain) -> list[str]:
    nash = found["nash"]
    who = listed([fares(story.name(party), nash["gain"][party]) for party in story.parties])
    texts = [
        f"bargaining (Nash 1950{_weights(story, found)}) leads to {package_words(story, story.packages[nash['package']])}: {who}"
    ]
    if nash["ties"]:
        texts.append(f"{counted(len(nash['ties']), 'other package')} would do as well")
    return texts


def _weights(story: Story, found: Bargain) -> str:
    given = found.get("bargaining_weights")
    if not given:
        return ""
    return f", with weights of {listed([f'{significant(b)} for {called(story.name(code))}' for code, b in given.items()])}"


def _others(story: Story, found: Bargain) -> str:
    """Whether other ideas of a fair share come to another package, and how much there is to choose from."""
    differing = [key for key in PURE[1:] if found[key]["package"] != found["nash"]["package"]]
    count = len(found["frontier"])
    if not differing:
        text = "equal gains, in per cent or in USD, and the solution of Kalai and Smorodinsky come to the same package"
        settled = all(row["outcome"] == "none_found" for row in story.results["counter_offers"])
        alone = "of the whole packages that hurt nobody it is the best for everybody"
        return (f"{text}; {alone}" + (", so that there is nothing to haggle over" if settled else "")) if count == 1 else text
    parts = [f"{SHORT[key]} to {package_words(story, story.packages[found[key]['package']])}" for key in differing]
    return f"other ideas of a fair share differ: {listed(parts)}. {counted(count, 'package').capitalize()} are beaten by no other"


def _room(story: Story, found: Bargain) -> str:
    compared, whole = _compared(found), _whole(found)["room_pct"]
    if len(story.parties) == 1 or found["room_pct"] <= 0:
        return compared
    parts = f", and {percent(found['room_pct'])} where proposals may be agreed in part"
    more = parts if percent(found["room_pct"]) != percent(whole) else ""
    return f"{the_parties(story)} can each gain at least {percent(whole)} of real income at once{more}: {compared}"


def _unmoved(story: Story, found: Bargain) -> str:
    left = [called(story.name(party)) for party in story.parties if party not in found["can_gain"]]
    if not left or found["outcome"] == "no_gain":
        return ""
    return f"{listed(left)} can gain from no package that hurts nobody, and is only kept from losing"


def _rotation(story: Story, found: Bargain) -> str:
    drawn = found["lottery"]
    if not drawn:
        return ""
    parts = [
        f"{package_words(story, story.packages[row['package']])} in {percent(100 * row['probability'])} of the years"
        for row in drawn["packages"]
    ]
    who = listed([fares(story.name(party), drawn["gain"][party]) for party in story.parties])
    return f"a rotation is better than any single package: {'; '.join(parts)}. On average {who}"


def _transfers(story: Story, found: Bargain) -> str:
    shared = found["utilitarian"]
    if shared is None or len(story.parties) == 1:
        return ""
    paid = {code: v for code, v in shared["transfer_usd_mn"].items() if abs(v) >= NOTHING_USD_MN}
    package = package_words(story, story.packages[shared["package"]])
    if not paid:
        return f"the largest sum is that of {package}, and sharing it {by_weights(found)} takes no payment"
    parts = [f"{called(story.name(code))} {'gets' if v > 0 else 'pays'} {usd(v)}" for code, v in paid.items()]
    bound = "" if found.get("largest_transfer_usd_mn") is None else f" as far as {usd(found['largest_transfer_usd_mn'])} go"
    sure = "; such payments are added to the gains afterwards, their effect on prices is not computed"
    if found.get("shared"):
        sure = ", at face value; what is left when prices move is told below"
    whole = f"with payments between {the_parties(story)} the largest sum, that of {package}, would be shared"
    return f"{whole} {by_weights(found)}{bound}: {listed(parts)} a year{sure}"


def by_weights(found: Bargain) -> str:
    """How payments share a sum."""
    return "by the weights of bargaining" if found.get("bargaining_weights") else "equally"


def _core(story: Story, found: Bargain) -> str:
    core = found["core"]
    if core is None:
        reason = found.get("core_reason")
        return f"whether a group of parties would rather go it alone was not looked at: {reason}" if reason else ""
    number = len(core["stable"])
    if number == 0:
        return "no package is safe from a group of parties that would do better on its own (the core is empty)"
    verb = "is" if number == 1 else "are"
    return f"{counted(number, 'package')} {verb} safe from every group of parties that would rather go it alone (the core)"


# -- who brings what --------------------------------------------------------------------------------


def credit(story: Story) -> list[str]:
    """For each party the proposals that bring it most and those that take from it."""
    found = story.results["shapley"]["proposals"]
    sentences = []
    for party in story.parties:
        value = {key: row["party"][party]["ev_usd_mn"] for key, row in found.items()}
        total, name = sum(value.values()), called(story.name(party))
        if max(map(abs, value.values())) < NOTHING_USD_MN:
            sentences.append(f"No proposal moves {name}.")
            continue
        text = (
            f"of the full list {name} has {amount(total)} a year"
            if total < 0
            else f"the full list brings {name} {usd(total)} a year"
        )
        best = max(value, key=value.__getitem__)
        if value[best] >= NOTHING_USD_MN:
            share = f", {percent(100 * value[best] / total)} of it" if total > value[best] else ""
            text += f"; {quoted(story.proposal_names[best])} brings it most: {usd(value[best])}{share}"
        taking = [key for key in sorted(value, key=value.__getitem__) if value[key] <= -NOTHING_USD_MN]
        if taking:
            named = [f"{quoted(story.proposal_names[k])} ({usd(value[k])})" for k in taking[:2]]
            text += f"; {listed(named)} {'costs' if len(named) == 1 else 'cost'} it most"
        sentences.append(sentence(text))
    sentences.append(
        "Each proposal is credited with what it adds, averaged over all orders in which the list could be agreed (Shapley 1953); "
        "the credits sum to the full list."
    )
    return sentences


def _nothing_to_pay(story: Story) -> str:
    if story.results.get("counting") == "governments":
        return "There is nothing to pay for, even as the governments count."
    return "There is nothing to pay for while everybody’s dollar counts alike."


def prices(story: Story) -> list[str]:
    """Which concessions pay for themselves, which have a price, and which help nobody."""
    by: dict[str, list[Mapping[str, Any]]] = {}
    for row in story.results["concessions"]:
        by.setdefault(row["alone"]["verdict"], []).append(row)
    total = len(story.results["concessions"])
    sentences = []
    if len(by.get("pays_for_itself", ())) == total:
        sentences.append(
            "No concession has a price: each leaves whoever grants it better off, or no worse off, even alone. "
            + _nothing_to_pay(story)
        )
    for row in by.get("a_price", ()):
        name = quoted(story.proposal_names[row["proposal"]])
        price = row["alone"]["price"]
        if price is not None:
            sentences.append(
                f"{name} costs those who grant it USD {significant(price)} for each dollar that it brings the others."
            )
        else:
            sentences.append(f"{name} costs one of those who grant it what another gains.")
    if hurting := [quoted(story.proposal_names[row["proposal"]]) for row in by.get("nobody_gains", ())]:
        sentences.append(f"Nobody at the table gains from {listed(hurting)}.")
    if outside := [quoted(story.proposal_names[row["proposal"]]) for row in by.get("others_concede", ())]:
        sentences.append(f"{listed(outside)} {'is' if len(outside) == 1 else 'are'} conceded by others than the parties.")
    return sentences


# -- counter-offers ---------------------------------------------------------------------------------


def counters(story: Story) -> list[str]:
    """What each party would answer to the full list as the others' paper."""
    return [sentence(_answer(story, row)) for row in story.results["counter_offers"]]


def _answer(story: Story, row: Mapping[str, Any]) -> str:
    name, margin, most = called(story.name(row["by"])), usd(row["margin_usd_mn"]), row["most_over_paper_usd_mn"]
    if row["offers"]:
        offer = row["offers"][0]
        over = usd(offer["over_paper_usd_mn"][row["by"]])
        kept = listed([fares(story.name(p), _money(story, p, offer["gain_usd_mn"][p])) for p in story.parties if p != row["by"]])
        rest = f"; against no package {kept}" if kept else ""
        return f"{name} could answer the full list with {changes(story, offer['change'])}: it gains {over} over the list{rest}"
    others = [called(story.name(party)) for party in story.parties if party != row["by"]]
    floor = f" while {listed(others)} {'is' if len(others) == 1 else 'are'} no worse off than without a package" if others else ""
    if most is None or most < NOTHING_USD_MN:
        return f"{name} has no better answer to the full list than to sign it: no change leaves it better off{floor}"
    if most < row["margin_usd_mn"]:
        return f"{name} can gain at most {usd(most)} over the full list{floor}, less than the {margin} that it would ask for"
    return (
        f"no change of up to three lines of the full list brings {name} the {margin} that it would ask for{floor}; larger ones do"
    )


def _money(story: Story, party: str, value: float) -> dict[str, float]:
    base = story.income.get(party, 0.0)
    return {"ev_usd_mn": value, "gain_pct": 100 * value / base if base else 0.0}


def changes(story: Story, change: Mapping[str, float]) -> str:
    """`‘Fish’ at 88 %`: the lines that a counter-offer changes, as parts of what was asked."""
    parts = []
    for key, value in change.items():
        level = 1 + value
        name = quoted(story.proposal_names[key])
        parts.append(f"{name} dropped" if level < 5e-4 else f"{name} at {percent(100 * level)} of what was asked")
    return listed(parts)


def tags(story: Story, chosen: Sequence[str]) -> str:
    """Labels of proposals: P1, P3."""
    return ", ".join(story.tag(key) for key in chosen)
