"""Sentences on packages between nothing and everything: the best one, its certificate, and what other measures choose."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from comity.report.prose.numbers import NBSP, NOTHING_USD_MN, counted, listed, percent, significant, usd
from comity.report.prose.words import called, fares, quoted, sentence, the_parties
from comity.report.story import Story

MEASURES = {"expected": "the expected loss", "worst": "the worst state", "cvar-90": "the worst tenth of cases"}
WEIGHTS = {
    "equal": "counting parties alike",
    "gdp": "by income",
    "population": "by population",
    "given": "by the weights of the talks file",
}

HARDLY = 5e-4
"""An intensity this close to nothing or to all is that."""


def between(story: Story) -> list[str]:
    """Whether intensities between 0 and 1 do better, how sure that is, and whether another measure would choose otherwise."""
    found = story.results["best"].get("continuous")
    if found is None:
        return []
    texts = [_risk(story), _worth(story, found), _sure(found), _degenerate(found), _measures(story, found)]
    return [sentence(text) for text in texts if text]


def _risk(story: Story) -> str:
    rho = story.results["best"].get("risk_aversion")
    if not rho:
        return ""
    return (
        f"with a relative risk aversion of {significant(rho)} an uncertain income counts for its certainty equivalent, in the "
        "choice of the package by expected loss and in bargaining; gains are shown as expectations"
    )


def _worth(story: Story, found: Mapping[str, Any]) -> str:
    whole = {key: float(key in story.best["proposals"]) for key in found["intensity"]}
    if all(abs(found["intensity"][key] - whole[key]) < 1e-3 for key in whole):
        return (
            "a proposal may also be agreed in part: of all intensities between nothing and everything the recommended package is "
            "the best, with each proposal whole or not at all"
        )
    more = sum(
        found["over_nothing"][p]["ev_usd_mn"] - story.results["best"]["over_nothing"][p]["ev_usd_mn"] for p in story.parties
    )
    gap = f"{percent(found['gap_to_discrete_pct'])} of real income by the stated objective"
    if abs(more) >= NOTHING_USD_MN:
        gap += f", {usd(more)} a year {'more' if more > 0 else 'less'} in expectation for {the_parties(story)}"
    return f"a proposal may also be agreed in part: {levels(story, found['intensity'])} would be better by {gap}"


def levels(story: Story, intensity: Mapping[str, float]) -> str:
    """`‘Fish’ and ‘Ports’ whole and ‘Roads’ at 43 %`; what is dropped is left out."""
    names = {key: quoted(story.proposal_names[key]) for key in intensity}
    whole = [names[key] for key, x in intensity.items() if x > 1 - HARDLY]
    parts = [f"{names[key]} at {percent(100 * x)}" for key, x in intensity.items() if HARDLY <= x <= 1 - HARDLY]
    if len(whole) == len(intensity):
        return "every proposal whole"
    first = f"{listed(whole) if len(whole) <= 3 else counted(len(whole), 'proposal')} whole"
    return listed([first, *parts] if whole else parts) or "nothing at all"


def _sure(found: Mapping[str, Any]) -> str:
    own = found["certificate"]
    if not own["holds"]:
        return "the search did not end at a point that meets the conditions of a maximum: take it as a lower bound"
    found_by = len(own["found_by"])
    way = "every start" if found_by == own["starts"] else f"{found_by} of {own['starts']} starts"
    return (
        f"it was found from {way} by {found['solves']:,} equilibria, with exact derivatives; the conditions of a maximum of the "
        "first order hold there"
    )


def _degenerate(found: Mapping[str, Any]) -> str:
    if not found["degenerate"]:
        return ""
    return (
        "the answer is degenerate: every concession pays for itself, even alone, so that nothing has to be weighed against "
        "anything"
    )


def _measures(story: Story, found: Mapping[str, Any]) -> str:
    asked = [one for one in found["measures"] if one["same"] is not None]
    if len(asked) <= 1:
        return ""
    other = [one for one in asked if not one["same_trade"]]
    if not other:
        every = "(expected, worst, worst tenth; each by several weightings)"
        stakes = "" if all(one["same"] for one in asked) else " proposals of trade; they differ on stakes, which mostly divide"
        return f"all {counted(len(asked), 'measure')} of loss {every} choose the same{stakes}"
    parts = [f"{MEASURES[o['losses']]} {WEIGHTS[o['weights']]} chooses {levels(story, o['intensity'])}" for o in other[:3]]
    return f"{len(asked) - len(other)} of {len(asked)}{NBSP}measures of loss choose the same; {'; '.join(parts)}"


CONCEPTS = {
    "nash": "Nash",
    "egalitarian_pct": "equal gains in per cent",
    "egalitarian_usd": "equal gains in USD",
    "kalai_smorodinsky": "Kalai and Smorodinsky",
    "utilitarian": "the largest sum",
}


def bargained(story: Story) -> list[str]:
    """Where bargaining ends when proposals may be agreed in part, and how far reading and solving differ there."""
    bargaining = story.results["bargaining"]
    found = bargaining.get("between")
    if not found and bargaining.get("between_reason"):
        return [
            sentence(
                f"where bargaining ends when proposals may be agreed in part was not looked at: {bargaining['between_reason']}"
            )
        ]
    if not found or not found["agreements"]:
        return []
    moved = {
        concept: one
        for concept, one in found["agreements"].items()
        if any(HARDLY <= x <= 1 - HARDLY for x in one["intensity"].values())
    }
    if moved:
        parts = [f"{CONCEPTS[concept]} comes to {levels(story, one['intensity'])}" for concept, one in moved.items()]
        text = f"where proposals may be agreed in part, {'; '.join(parts)}"
        if bargaining["nash"] is None and "nash" in moved:
            who = listed([fares(story.name(party), moved["nash"]["gain"][party]) for party in story.parties])
            text += f". At the first of these {who}"
    else:
        text = "agreeing to parts of proposals changes none of these answers"
    gap = found["largest_difference_usd_mn"]
    how = f"{counted(found['points_solved'], 'such point')} {'was' if found['points_solved'] == 1 else 'were'} solved"
    sure = f"; {how}, and the gains read from the table were right to {usd(gap)}" if found["points_solved"] else ""
    return [sentence(text + sure)]


def shared(story: Story) -> list[str]:
    """Payments inside the solve, where the talks file asks for them."""
    found = story.results["bargaining"].get("shared")
    if not found or len(story.parties) == 1:
        return []
    paid = {code: v for code, v in found["transfer_usd_mn"].items() if abs(v) >= NOTHING_USD_MN}
    alike = not story.results["bargaining"].get("bargaining_weights") and not found.get("bounded")
    each = f"each gains {usd(found['gain'][story.parties[0]]['ev_usd_mn'])}"
    if not alike:
        each = listed([fares(story.name(party), found["gain"][party]) for party in story.parties])
    if not paid:
        how = "equally" if alike else "by the weights of bargaining"
        return [sentence(f"shared {how}, the largest sum takes no payment: {each} a year")]
    parts = [f"{called(story.name(code))} {'gets' if v > 0 else 'pays'} {usd(v)}" for code, v in paid.items()]
    lost = found["lost_to_prices_usd_mn"]
    prices = ""
    if abs(lost) >= NOTHING_USD_MN:
        prices = f"; through prices the payments {'cost' if lost > 0 else 'bring'} {the_parties(story)} {usd(lost)} together"
    text = f"with payments in the equilibrium, {listed(parts)} a year, {'' if found.get('bounded') else 'and '}{each}{prices}"
    if found.get("bounded"):
        text += f"; no payment may be above {usd(found['largest_transfer_usd_mn'])}, which keeps the shares apart"
    if not found["settled"]:
        text += f"; {'an equal split' if alike else 'the split'} was not met to the last digit"
    return [sentence(text)]


def checked(story: Story) -> list[str]:
    """Whether the counter-offers, found between whole packages, hold when solved."""
    offers = [offer for row in story.results["counter_offers"] for offer in row["offers"] if "solved" in offer]
    if not offers:
        return []
    held = sum(offer["solved"]["holds"] for offer in offers)
    if held == len(offers):
        return ["Each counter-offer was solved: it brings what it asks for, and nobody falls below what they keep."]
    return [
        sentence(f"solved, {held} of {len(offers)} counter-offers bring all that they ask for with nobody below what they keep")
    ]
