"""The core: which packages no group of parties would leave for one of its own, the others staying as they are today (part 3)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import reduce
from operator import or_
from typing import Any

import numpy as np
from scipy.optimize import linprog

from comity.errors import InputError
from comity.records import Array
from comity.talks.bargaining.frontier import TIE
from comity.talks.bargaining.payoffs import usd

BUDGET = 20_000_000
"""Coalitions × packages above which the core is refused."""

Coalition = tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Objection:
    """A group, and the package of its own proposals that leaves every one of its members better off."""

    coalition: Coalition
    position: int


@dataclass(frozen=True, eq=False)
class Core:
    """What groups can do alone; `worth` USD mn by coalition (largest sum of gains, transfers among its members allowed).

    `stable` packages nobody objects to. `excess` is the least-core value: with transfers the core is not empty if it is at most
    0, and then `allocation` lies in it; otherwise some group gives up at least that much.
    """

    parties: tuple[str, ...]
    gain: Array
    base: Array
    worth: dict[Coalition, float]
    stable: tuple[int, ...]
    excess: float
    allocation: Array
    own: dict[Coalition, Array]
    """Positions of the packages that a group can carry out alone."""

    @property
    def empty(self) -> bool:
        """Whether with transfers every split of the gains leaves some group short."""
        return self.excess > TIE * float(self.base.sum())

    def objections(self, gain: Array) -> list[Objection]:
        """Groups that would leave a point of gains (party, USD mn) for a package of their own, smallest first."""
        found = []
        for coalition, rows in self.own.items():
            who = [self.parties.index(code) for code in coalition]
            least = ((self.gain[rows][:, who] - gain[who]) / self.base[who]).min(axis=1)
            if least.max(initial=-np.inf) > TIE:
                found.append(Objection(coalition, int(rows[int(np.argmax(least))])))
        return found

    def as_dict(self, names: Sequence[str]) -> dict[str, Any]:
        """As the results show it; `names` of the packages."""
        return {
            "stable": [names[m] for m in self.stable],
            "worth_usd_mn": [{"coalition": list(c), "ev_usd_mn": usd(v)} for c, v in self.worth.items()],
            "empty": self.empty,
            "excess_usd_mn": usd(self.excess),
            "allocation_usd_mn": {code: usd(v) for code, v in zip(self.parties, self.allocation, strict=True)},
        }


def core_of(
    utility: Array,
    base: Array,
    packages: Sequence[Sequence[int]],
    concerned: Sequence[Sequence[str]],
    parties: Sequence[str],
    *,
    disagreement: Array | None = None,
    budget: int = BUDGET,
) -> Core:
    """The core over a list of packages; `utility` package × party in USD mn, `disagreement` party (None: the first package's).

    `concerned` lists for each proposal the parties whose hand it needs (who offers and who concedes); codes that are no parties
    are left out. A group can carry out the packages of proposals that concern its members alone. InputError above the budget.
    """
    count = len(parties)
    if (reason := refused(count, len(packages), budget)) is not None:
        raise InputError(reason)
    u, income = np.asarray(utility, dtype=float), np.asarray(base, dtype=float)
    gain = u - (u[0] if disagreement is None else np.asarray(disagreement, dtype=float))
    mask = {code: 1 << n for n, code in enumerate(parties)}
    needs = [sum({mask[code] for code in codes if code in mask}) for codes in concerned]
    hands = np.array([reduce(or_, (needs[k] for k in package), 0) for package in packages])
    own: dict[Coalition, Array] = {}
    worth: dict[Coalition, float] = {}
    for group in sorted(range(1, 2**count), key=lambda g: (g.bit_count(), g)):
        who = [n for n in range(count) if group >> n & 1]
        coalition = tuple(parties[n] for n in who)
        own[coalition] = np.nonzero((hands & ~group) == 0)[0]
        worth[coalition] = float(gain[own[coalition]][:, who].sum(axis=1).max(initial=0.0))
    excess, allocation = _least_core(worth, tuple(parties))
    found = Core(tuple(parties), gain, income, worth, (), excess, allocation, own)
    stable = tuple(m for m, row in enumerate(gain) if not found.objections(np.asarray(row)) and np.all(row >= -TIE * income))
    return replace(found, stable=stable)


def refused(parties: int, packages: int, budget: int = BUDGET) -> str | None:
    """Why a core is not computed, with what it would take; None where it is."""
    if 2**parties * packages <= budget:
        return None
    return (
        f"the core of {parties} parties would compare {2**parties:,} groups on {packages:,} packages, more than the budget of "
        f"{budget:,}; take fewer packages or raise the budget"
    )


def _least_core(worth: dict[Coalition, float], parties: Coalition) -> tuple[float, Array]:
    """min ε with Σ_S y ≥ v(S) − ε for every group but the whole, Σ y = v(N) (Maschler, Peleg & Shapley 1979)."""
    count = len(parties)
    everyone = worth[parties]
    proper = [group for group in worth if len(group) < count]
    if not proper:
        return 0.0, np.array([everyone])
    unit = max(abs(v) for v in worth.values()) or 1.0
    rows = np.array([[-float(code in group) for code in parties] + [-1.0] for group in proper])
    out: Any = linprog(
        np.append(np.zeros(count), 1.0),
        A_ub=rows,
        b_ub=np.array([-worth[group] / unit for group in proper]),
        A_eq=np.append(np.ones(count), 0.0)[None],
        b_eq=[everyone / unit],
        bounds=[(None, None)] * (count + 1),
        method="highs",
    )
    return float(out.x[-1]) * unit, out.x[:count] * unit
