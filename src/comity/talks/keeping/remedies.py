"""What would make a deal easier to keep: a concession dropped, an escape in a crisis, a stake sold (talks.md, part 6)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from comity.records import Array
from comity.talks.keeping.trust import Deal, Trust, deal_patience, trust


@dataclass(frozen=True, eq=False)
class Remedy:
    """A change of the deal and what it does to trust: δ* of the deal (infinite: never kept), each party's, and its price.

    `kind` is `drop` (a concession leaves the package), `suspend` (it falls in one crisis), `suspend_all` or `stake`. `cost` is
    what each party expects to lose a year against the deal as it stands, USD mn (negative: wins).
    """

    kind: str
    what: str
    state: str | None
    delta: float
    parties: tuple[Trust, ...]
    cost: Array
    lowers: bool


def remedies(
    deal: Deal, *, stakes: Mapping[str, Deal] | None = None, suspend: bool = True, tolerance: float = 0.0
) -> tuple[Remedy, ...]:
    """What would lower δ*: each concession dropped, each escape in one crisis, each stake; the lowest δ* first.

    `stakes` are whole deals, the same one with a stake sold. Escapes are looked at in every state but the first (no crisis).
    A deal without concessions is kept at δ* = 0 by giving everything up, so read `cost` beside `delta`.
    """
    before = deal_patience(trust(deal, tolerance=tolerance))
    agreed = deal.probability @ deal.agreed
    found = []
    for kind, what, state, other in _changed(deal, stakes or {}, suspend):
        parties = trust(other, tolerance=tolerance)
        delta = deal_patience(parties)
        cost = agreed - deal.probability @ other.agreed
        found.append(Remedy(kind, what, state, delta, parties, cost, delta < before - 1e-12))
    return tuple(sorted(found, key=lambda one: (one.delta, float(one.cost.sum()))))


def _changed(deal: Deal, stakes: Mapping[str, Deal], suspend: bool) -> Iterator[tuple[str, str, str | None, Deal]]:
    proposals, states = deal.payoffs.proposals, deal.payoffs.states
    for k in deal.standing:
        yield "drop", proposals[k], None, deal.at(deal.without([k]))
    for s in _crises(deal) if suspend else ():
        for k in deal.standing:
            yield "suspend", proposals[k], states[s], deal.at(deal.without([k], s))
        yield "suspend_all", "all", states[s], deal.at(deal.without(deal.standing, s))
    for name, other in stakes.items():
        yield "stake", name, None, other


def _crises(deal: Deal) -> Sequence[int]:
    return [s for s in range(1, len(deal.probability)) if deal.probability[s] > 0]
