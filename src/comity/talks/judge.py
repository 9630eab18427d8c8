"""From a table of outcomes to losses, a joint objective and the best package (talks.md, parts 1 and 2)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from comity.records import Array
from comity.talks.bargaining.payoffs import certainty_equivalent

TIE = 1e-9
"""Differences of real income (as a ratio) below this are no differences."""

TAIL = 0.1
"""Probability of the tail that CVaR-90 averages over."""


def expected(gain: Array, probability: Array) -> Array:
    """Mean over crises; `gain` crisis × …, `probability` crisis."""
    return np.tensordot(probability, gain, axes=(0, 0))


def worst(gain: Array) -> Array:
    """The smallest gain over crises; crisis × … to …."""
    return gain.min(axis=0)


def cvar90(gain: Array, probability: Array) -> Array:
    """Mean gain over the worst tenth of years (Rockafellar & Uryasev 2000, atoms split); crisis × … to …."""
    order = np.argsort(gain, axis=0, kind="stable")
    sorted_gain = np.take_along_axis(gain, order, axis=0)
    mass = probability[order]
    before = np.cumsum(mass, axis=0) - mass
    taken = np.clip(TAIL - before, 0.0, mass)
    return (taken * sorted_gain).sum(axis=0) / TAIL


def measure(gain: Array, probability: Array, losses: str, risk_aversion: float = 0.0) -> Array:
    """The objective's view of gains over crises: `expected`, `worst` or `cvar-90`.

    With risk aversion the expectation is the certainty equivalent of real income; the other two weigh risk by themselves.
    """
    if losses == "worst":
        return worst(gain)
    if losses == "cvar-90":
        return cvar90(gain, probability)
    return certainty_equivalent(1 + gain, probability, risk_aversion) - 1 if risk_aversion else expected(gain, probability)


def party_weights(
    weights: str | Mapping[str, float], parties: Sequence[str], income: Array, population: Mapping[str, float]
) -> Array:
    """Weights of the parties' per-cent gains in the joint one, summing to 1; `gdp` weighs by real income, so Σ EV / Σ RI⁰."""
    if isinstance(weights, str):
        if weights == "gdp":
            raw = np.asarray(income, dtype=float)
        elif weights == "population":
            raw = np.array([population[code] for code in parties])
        else:
            raw = np.ones(len(parties))
    else:
        raw = np.array([weights[code] for code in parties])
    return raw / raw.sum()


@dataclass(frozen=True)
class Choice:
    """The best package of a discrete set and what stands next to it (positions in the list of packages)."""

    best: int
    runner_up: int | None
    admissible: Array


def nobody_worse_off(gain: Array, probability: Array, losses: str, nothing: int, risk_aversion: float = 0.0) -> Array:
    """Whether each package leaves every economy given at least where no package does; `gain` crisis × package × country."""
    seen = measure(gain, probability, losses, risk_aversion)
    return np.all(seen >= seen[nothing] - TIE, axis=1)


def choose(
    joint: Array, probability: Array, losses: str, admissible: Array, sizes: Sequence[int], risk_aversion: float = 0.0
) -> Choice:
    """The admissible package with the largest joint gain; ties go to fewer proposals, then to the order of the file.

    `joint` crisis × package, as a ratio.
    """
    value = measure(joint, probability, losses, risk_aversion)
    ranked = sorted((int(p) for p in np.nonzero(admissible)[0]), key=lambda p: -value[p])
    top = [p for p in ranked if value[p] >= value[ranked[0]] - TIE]
    best = min(top, key=lambda p: (sizes[p], p))
    rest = [p for p in ranked if p != best]
    return Choice(best, rest[0] if rest else None, admissible)
