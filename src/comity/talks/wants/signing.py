"""The weights of own producers at which a party signs the recommended package, and those at which it also keeps it (talks.md)."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from comity.records import Array
from comity.talks.bargaining.payoffs import TablePayoffs
from comity.talks.keeping.bands import Weights, weights
from comity.talks.keeping.trust import Deal
from comity.talks.wants.breakeven import BreakEven, break_even


@dataclass(frozen=True)
class Signing:
    """The band of one party and sector, the weights of its other sectors as given; `sector` None: one weight for all listed."""

    party: str
    sector: str | None
    band: Weights


def signing(
    deal: Deal,
    producers: Mapping[str, Array],
    counted: Mapping[str, Mapping[str, float]],
    sectors: Mapping[str, Sequence[str]],
    patience: float,
    tolerance: float,
) -> tuple[Signing, ...]:
    """Bands of w for each party's listed sectors, and one for all of them together.

    `deal` has the governments' payoffs as a table; `producers` PS of a party by sector, state × package × sector (packages by
    number, as the table has them); `counted` the weights in those payoffs; `sectors` the codes of the producers' last axis.
    """
    table = deal.payoffs
    if not isinstance(table, TablePayoffs):
        return ()
    found = []
    for n, party in enumerate(table.parties):
        mine = producers.get(party)
        if mine is None:
            continue
        codes = list(sectors[party])
        w = np.array([counted.get(party, {}).get(code, 1.0) for code in codes])
        each: list[tuple[str | None, Array]] = [(code, np.eye(len(codes))[k]) for k, code in enumerate(codes)]
        if len(codes) > 1:
            each.append((None, np.ones(len(codes))))
        for code, chosen in each:
            income = table.corner.copy()
            income[:, :, n] -= mine @ (chosen * (w - 1))
            own = np.zeros_like(table.corner)
            own[:, :, n] = mine @ chosen
            plain = dataclasses.replace(deal, payoffs=dataclasses.replace(table, corner=income))
            band = weights(plain, dataclasses.replace(table, corner=own), patience, tolerance)[n]
            found.append(Signing(party, code, band))
    return tuple(found)


def refusals(
    probability: Array, nation: Array, producers: Array, single: Sequence[int], touched: Sequence[Sequence[int]], least: float
) -> tuple[BreakEven, ...]:
    """For each proposal the weight, one for all sectors it touches, above which a party refuses it alone in an expected year.

    `nation` RI state × package, `producers` PS state × package × sector; `single` the package of each proposal, 0 the empty one.
    """
    income, own = probability @ nation, np.tensordot(probability, producers, axes=(0, 0))
    found = []
    for package, sectors in zip(single, touched, strict=True):
        mine = own[:, list(sectors)].sum(axis=1)
        found.append(break_even(income[package] - income[0], mine[package] - mine[0], least, mine[0]))
    return tuple(found)
