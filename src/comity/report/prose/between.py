"""Sentences on packages between nothing and everything: the best one, its certificate, and what other measures choose."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from comity.report.prose.numbers import NBSP, NOTHING_USD_MN, counted, listed, percent, significant, usd
from comity.report.prose.words import quoted, sentence, the_parties
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
    other = [one for one in asked if not one["same"]]
    if not other:
        every = "(expected, worst, worst tenth; each by several weightings)"
        return f"all {counted(len(asked), 'measure')} of loss {every} choose the same"
    parts = [f"{MEASURES[o['losses']]} {WEIGHTS[o['weights']]} chooses {levels(story, o['intensity'])}" for o in other[:3]]
    return f"{len(asked) - len(other)} of {len(asked)}{NBSP}measures of loss choose the same; {'; '.join(parts)}"
