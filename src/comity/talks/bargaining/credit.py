"""Who brings what: Shapley values of the proposals and the price list of concessions (talks.md, part 4)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import comb
from typing import Any

import numpy as np

from comity.errors import InputError
from comity.records import Array
from comity.talks import judge
from comity.talks.bargaining.payoffs import Payoffs, TablePayoffs, certainty_equivalent, percent, usd

BUDGET = 100_000
"""Solves (subsets × states) above which Shapley values are refused where no table holds the subsets."""
STANDS = 1e-9
"""An intensity below this is none."""


def shapley(worth: Array) -> Array:
    """Shapley values, proposal × …, of the worth of every subset, 2^K × … (subset number Σ 2^k over its proposals).

    φ_k = Σ_{S ∌ k} [v(S ∪ k) − v(S)] / (K · C(K−1, |S|)) (Shapley 1953); exact, they sum to v(all) − v(none).
    """
    count = len(worth).bit_length() - 1
    if len(worth) != 2**count:
        raise InputError(f"Shapley values need every subset of the proposals once: {len(worth)} is no power of two")
    number = np.arange(len(worth))
    size = np.array([int(m).bit_count() for m in number])
    found = np.zeros((count, *worth.shape[1:]))
    for k in range(count):
        without = number[(number >> k) & 1 == 0]
        share = np.array([1 / (count * comb(count - 1, int(s))) for s in size[without]])
        found[k] = np.tensordot(share, worth[without | (1 << k)] - worth[without], axes=(0, 0))
    return found


def subsets_of(payoffs: Payoffs, x: Array, *, budget: int = BUDGET) -> Array:
    """Payoffs with every subset of the proposals at its intensities and the rest at none, 2^K × state × party.

    `x` proposal, or state × proposal with escape clauses. Subsets that differ in a proposal at intensity 0 are evaluated once.
    InputError when that takes more solves than the budget and no table holds them.
    """
    x = np.asarray(x, dtype=float)
    count = x.shape[-1]
    stands = np.nonzero(np.abs(x).reshape(-1, count).max(axis=0) > STANDS)[0]
    table = isinstance(payoffs, TablePayoffs)
    if not table and 2 ** len(stands) * len(payoffs.states) > budget:
        solves = 2 ** len(stands) * len(payoffs.states)
        raise InputError(
            f"Shapley values of {len(stands)} proposals would take {solves:,} solves, above the budget of {budget:,}"
        )
    kept: dict[int, Array] = {}
    active = int(sum(1 << int(k) for k in stands))
    found = []
    for number in range(2**count):
        own = number & active
        if own not in kept:
            chosen = (own >> np.arange(count)) & 1
            kept[own] = payoffs.at(x * chosen)
        found.append(kept[own])
    return np.stack(found)


@dataclass(frozen=True, eq=False)
class Credit:
    """Shapley values of the proposals of one package: of each party's gain (USD mn) and of the joint one (ratio)."""

    parties: tuple[str, ...]
    proposals: tuple[str, ...]
    base: Array
    party: Array
    """proposal × party."""
    joint: Array
    """proposal."""

    def as_dict(self) -> dict[str, Any]:
        """As the results show it."""
        return {
            name: {
                "party": {
                    code: {"gain_pct": percent(v / base), "ev_usd_mn": usd(v)}
                    for code, v, base in zip(self.parties, row, self.base, strict=True)
                },
                "joint_pct": percent(joint),
            }
            for name, row, joint in zip(self.proposals, self.party, self.joint, strict=True)
        }


def credit(
    payoffs: Payoffs,
    x: Array,
    base: Array,
    *,
    weights: Array | None = None,
    losses: str = "expected",
    risk_aversion: float = 0.0,
    budget: int = BUDGET,
) -> Credit:
    """Shapley values with v(S) = u(x on S) − u(0): certainty equivalents for each party, the measure `losses` jointly.

    `weights` of the parties' per-cent gains in the joint one, summing to 1 (None: equal). InputError for `cvar-90`: its tail is
    another one for each subset, so that a proposal would be credited with the choice of crises.
    """
    if losses == "cvar-90":
        raise InputError("Shapley values are not defined for cvar-90 here: its worst tenth of years is another for each subset")
    share = np.full(len(payoffs.parties), 1 / len(payoffs.parties)) if weights is None else np.asarray(weights, dtype=float)
    q = np.asarray(payoffs.probability, dtype=float)
    payoff = subsets_of(payoffs, x, budget=budget).swapaxes(0, 1)
    party = certainty_equivalent(payoff, q, risk_aversion)
    joint = judge.measure(payoff / base @ share - 1, q, losses, risk_aversion)
    return Credit(
        payoffs.parties, payoffs.proposals, np.asarray(base, dtype=float), shapley(party - party[0]), shapley(joint - joint[0])
    )


@dataclass(frozen=True, eq=False)
class Concession:
    """What one proposal costs those who concede it and brings the others, USD mn; alone, and as the last of a package."""

    proposal: str
    conceded_by: tuple[str, ...]
    alone: Array
    """Change of payoff over no package, state × party."""
    last: Array
    """Change of payoff when it joins the rest of the package, state × party."""
    probability: Array
    parties: tuple[str, ...]

    def cost(self, change: Array) -> Array:
        """What the conceding side loses; `change` … × party."""
        return -(change[..., [n for n, code in enumerate(self.parties) if code in self.conceded_by]].sum(axis=-1))

    def brings(self, change: Array) -> Array:
        """What the parties that do not concede gain; zero where all of them do."""
        return change[..., [n for n, code in enumerate(self.parties) if code not in self.conceded_by]].sum(axis=-1)

    def verdict(self, change: Array) -> str:
        """`pays_for_itself`, `a_price` (one side loses what the other gains by) or `nobody_gains`; `change` party.

        Where every party concedes, each must be no worse off for a proposal to pay for itself.
        """
        if all(change[n] >= 0 for n, code in enumerate(self.parties) if code in self.conceded_by):
            return "pays_for_itself"
        return "a_price" if np.any(change > 0) else "nobody_gains"

    def as_dict(self, states: Sequence[str]) -> dict[str, Any]:
        """As the results show it: by crisis and expected."""
        return {
            "proposal": self.proposal,
            "conceded_by": list(self.conceded_by),
            "alone": self._shown(self.alone, states),
            "last": self._shown(self.last, states),
        }

    def _shown(self, change: Array, states: Sequence[str]) -> dict[str, Any]:
        expected = self.probability @ change
        rows = {"expected": expected, **dict(zip(states, change, strict=True))}
        cost, brings = float(self.cost(expected)), float(self.brings(expected))
        return {
            "verdict": self.verdict(expected),
            "price": round(cost / brings, 6) if cost > 0 and brings > 0 else None,
            "by_crisis": {
                name: {
                    "cost_usd_mn": usd(float(self.cost(row))),
                    "brings_usd_mn": usd(float(self.brings(row))),
                    "party_usd_mn": {code: usd(v) for code, v in zip(self.parties, row, strict=True)},
                }
                for name, row in rows.items()
            },
        }


def price_list(payoffs: Payoffs, conceded_by: Sequence[Sequence[str]], x: Array | None = None) -> list[Concession]:
    """What each proposal costs one side and brings the other in each crisis, alone and as the last one into the package `x`.

    `conceded_by` lists the conceding parties of each proposal; `x` proposal or state × proposal (None: all at 1).
    """
    count = len(payoffs.proposals)
    full = np.ones(count) if x is None else np.asarray(x, dtype=float)
    nothing, everything = payoffs.at(np.zeros(count)), payoffs.at(full)
    found = []
    for k, name in enumerate(payoffs.proposals):
        only, rest = full.copy(), full.copy()
        only[..., np.arange(count) != k] = 0.0
        rest[..., k] = 0.0
        sides = tuple(code for code in payoffs.parties if code in conceded_by[k])
        alone, last = payoffs.at(only) - nothing, everything - payoffs.at(rest)
        found.append(Concession(name, sides, alone, last, np.asarray(payoffs.probability, dtype=float), payoffs.parties))
    return found
