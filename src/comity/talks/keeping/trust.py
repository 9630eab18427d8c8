"""Trust: who is tempted to break the deal in which crisis, and how patient a party must be to keep it (talks.md, part 6).

One year is a period; the crisis of the year is drawn anew and seen before anyone moves (Rotemberg & Saloner 1986; Bagwell &
Staiger 1990). In state s a party compares the deal (C) with its own best withdrawal while the others keep theirs (D); after a
break everybody concedes nothing (N). T(s) = G^D − G^C ≥ 0 is the temptation, V = Σ_s q_s (G^C − G^N) a year of the deal's
worth, T* = max_s T(s). The deal is kept where T* ≤ δ/(1−δ) V, so from the critical patience δ* = T*/(T* + V) on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import combinations
from typing import Protocol

import numpy as np

from comity.errors import InputError
from comity.records import Array
from comity.talks.bargaining.payoffs import Payoffs

KEPT = "kept"
NO_TEMPTATION = "no_temptation"
NEVER = "never"
NOT_RATIONAL = "not_rational"

NO_CONCESSIONS = "no_concessions"
NOT_CREDIBLE = "not_credible"

ROUNDS = 50
"""Rounds of best responses after which a punishment that has not settled is called a cycle."""


@dataclass(frozen=True, eq=False)
class Deal:
    """A package that stands, and who concedes what.

    `conceded_by` holds the positions of the parties that concede each proposal; one that several concede falls as soon as one
    of them withdraws, and stands alone only if one party suffices. `x` state × proposal in [0, 1]. `lasting` are the proposals
    that no break undoes: a sold stake and its payments stay in force in C, D and N.
    """

    payoffs: Payoffs
    conceded_by: tuple[frozenset[int], ...]
    x: Array
    lasting: frozenset[int] = frozenset()

    @classmethod
    def of(
        cls, payoffs: Payoffs, conceded_by: Sequence[Iterable[int]], x: Array | None = None, lasting: Iterable[int] = ()
    ) -> Deal:
        """From intensities a proposal, a state × proposal, or none given for all of them in full. Raises InputError."""
        count, parties = len(payoffs.proposals), len(payoffs.parties)
        by = tuple(frozenset(int(n) for n in who) for who in conceded_by)
        if len(by) != count:
            raise InputError(f"conceded_by: {len(by)} entries for {count} proposals")
        if any(not 0 <= n < parties for who in by for n in who):
            raise InputError(f"conceded_by: positions of parties are 0 to {parties - 1}")
        given = np.ones(count) if x is None else np.asarray(x, dtype=float)
        full = np.array(np.broadcast_to(given, (len(payoffs.states), count)))
        if not np.all((full >= 0) & (full <= 1)):
            raise InputError("intensities lie between 0 and 1")
        return cls(payoffs, by, full, frozenset(lasting))

    @cached_property
    def probability(self) -> Array:
        """Of each state."""
        return np.asarray(self.payoffs.probability, dtype=float)

    @cached_property
    def agreed(self) -> Array:
        """C: payoff, state × party."""
        return self.payoffs.at(self.x)

    @cached_property
    def standing(self) -> tuple[int, ...]:
        """The concessions that are in the package and can be withdrawn."""
        return tuple(k for k in range(self.x.shape[1]) if k not in self.lasting and self.x[:, k].any())

    def own(self, party: int) -> tuple[int, ...]:
        """The standing concessions that the party makes, alone or with others."""
        return tuple(k for k in self.standing if party in self.conceded_by[k])

    def only(self, party: int) -> tuple[int, ...]:
        """The standing concessions that need nobody else."""
        return tuple(k for k in self.standing if self.conceded_by[k] == {party})

    def without(self, proposals: Iterable[int], state: int | None = None) -> Array:
        """The intensities when some proposals fall, in one state or in all."""
        x = self.x.copy()
        x[slice(None) if state is None else state, list(proposals)] = 0
        return x

    def at(self, x: Array) -> Deal:
        """The same deal at other intensities."""
        return replace(self, x=np.array(np.broadcast_to(x, self.x.shape)))


def subsets(items: Sequence[int]) -> Iterator[tuple[int, ...]]:
    """All subsets by size, the empty one first."""
    return (chosen for size in range(len(items) + 1) for chosen in combinations(items, size))


def withdrawals(deal: Deal, party: int) -> tuple[tuple[tuple[int, ...], ...], Array]:
    """Every set of own concessions that a party could withdraw, and what it would win, set × state, USD mn.

    The first set is empty and wins exactly nothing. What lies between a concession and none is not looked at: a barrier of
    pure cost sits at its government's minimum, so that the best withdrawal is a corner (talks.md, "What a party wants").
    """
    sets = tuple(subsets(deal.own(party)))
    kept = deal.agreed[:, party]
    gain = np.stack(
        [deal.payoffs.at(deal.without(chosen))[:, party] - kept if chosen else np.zeros_like(kept) for chosen in sets]
    )
    return sets, gain


@dataclass(frozen=True, eq=False)
class Punishment:
    """What follows a break: intensities, state × proposal, and payoffs, state × party.

    `not_credible` where somebody would still concede alone; then each concedes what is best for itself given the others,
    `conceding` lists who and what in which state, and `settled` says whether these best responses came to rest. There may be
    other points of rest: this is the one that is reached from no concessions.
    """

    kind: str
    x: Array
    payoff: Array
    conceding: tuple[tuple[str, str, tuple[int, ...]], ...] = ()
    settled: bool = True


def punishment(deal: Deal, tolerance: float = 0.0) -> Punishment:
    """No concessions at all, or where that is not credible the point that best responses lead to from there.

    See `at_rest`.
    """
    none = deal.without(deal.standing)
    y, settled = at_rest(deal, Plain(deal.payoffs, tolerance))
    sure = deal.probability > 0
    if np.array_equal(y[sure], none[sure]):
        return Punishment(NO_CONCESSIONS, none, deal.payoffs.at(none))
    conceding = tuple(
        (state, name, chosen)
        for s, state in enumerate(deal.payoffs.states)
        for n, name in enumerate(deal.payoffs.parties)
        if sure[s] and (chosen := tuple(k for k in deal.only(n) if y[s, k] > 0))
    )
    return Punishment(NOT_CREDIBLE, y, deal.payoffs.at(y), conceding, settled)


class Judge(Protocol):
    """What a party thinks of intensities: `worth` ends with an axis of states, `better` says in which states one is preferred."""

    def worth(self, x: Array, party: int) -> Array: ...

    def better(self, one: Array, other: Array) -> Array: ...


@dataclass(frozen=True, eq=False)
class Plain:
    """Payoffs as they are; a party moves only for more than the tolerance."""

    payoffs: Payoffs
    tolerance: float

    def worth(self, x: Array, party: int) -> Array:
        """Payoff by state."""
        return self.payoffs.at(x)[:, party]

    def better(self, one: Array, other: Array) -> Array:
        """Whether more by the tolerance."""
        return one > other + self.tolerance


def at_rest(deal: Deal, judge: Judge) -> tuple[Array, bool]:
    """Where best responses lead to from no concessions, and whether they came to rest there.

    All respond at once, until nobody moves; where they never come to rest, what each would concede if nobody did.
    """
    first = y = _best_responses(deal, deal.without(deal.standing), judge)
    for _ in range(ROUNDS):
        before, y = y, _best_responses(deal, y, judge)
        if np.array_equal(y, before):
            return y, True
    return first, False


def _best_responses(deal: Deal, y: Array, judge: Judge) -> Array:
    """Everybody's best own concessions in each state while the others stay at y.

    All move at once, so that the order of the parties is no matter.
    """
    moved = y.copy()
    for party in range(len(deal.payoffs.parties)):
        own = list(deal.only(party))
        best, value = y, judge.worth(y, party)
        for chosen in subsets(own):
            other = y.copy()
            other[:, own] = 0
            other[:, list(chosen)] = deal.x[:, list(chosen)]
            found = judge.worth(other, party)
            better = judge.better(found, value)
            best, value = np.where(better[:, None], other, best), np.where(better, found, value)
        moved[:, own] = best[:, own]
    return moved


@dataclass(frozen=True)
class Critical:
    """The critical patience δ*, or None with a named outcome, and the highest annual discount rate that keeps the deal."""

    delta: float | None
    outcome: str

    @property
    def discount_rate(self) -> float | None:
        """1/δ* − 1; infinite where nothing tempts, None where no patience helps."""
        if self.delta is None:
            return None
        return 1 / self.delta - 1 if self.delta > 0 else float("inf")


def critical_patience(
    temptation: float, value: float, *, years: float = np.inf, lag: int = 0, later: float = 0.0, tolerance: float = 0.0
) -> Critical:
    """δ* from T* and V: the least δ with T* + `later` Σ_{t=1..lag} δ^t ≤ V Σ_{t=lag+1..lag+years} δ^t.

    `years` of punishment (infinite: for ever, T*/(T*+V); after it the deal returns), `lag` years until a break is seen, in each
    of which the party goes on winning `later` = Σ_s q_s T(s). What is within `tolerance` (USD mn) of zero is zero. `never`
    covers a punishment too short for any patience (T* + lag · later ≥ years · V).
    """
    if not years >= 1 or lag < 0:
        raise InputError("a punishment lasts at least one year, and a break is not seen before it happens")
    if temptation <= tolerance:
        return Critical(0.0, NO_TEMPTATION) if value >= -tolerance else Critical(None, NOT_RATIONAL)
    if value <= tolerance or temptation + lag * later >= years * value:
        return Critical(None, NEVER)
    if lag == 0 and np.isinf(years):
        return Critical(temptation / (temptation + value), KEPT)

    def short(delta: float) -> float:
        # Divided by δ^(lag+1) this falls in δ, so that there is one root.
        return temptation + later * annuity(delta, lag) - value * delta**lag * annuity(delta, years)

    return Critical(crossing(short, 0.0, 1.0), KEPT)


def annuity(delta: float, years: float) -> float:
    """δ + δ² + … + δ^years, for a δ below 1."""
    if delta <= 0:
        return 0.0
    return delta * -np.expm1(years * np.log(delta)) / (1 - delta)


def crossing(function: Callable[[float], float], low: float, high: float) -> float:
    """Where a function changes its sign between two points, to the last digits; its sign at `low` holds below."""
    sign = np.sign(function(low))
    while low < (middle := (low + high) / 2) < high:
        if np.sign(function(middle)) == sign:
            low = middle
        else:
            high = middle
    return high


@dataclass(frozen=True, eq=False)
class Trust:
    """What keeps one party in the deal, USD mn: T(s) by state, T* (`largest`), V (`value`); `binding` is the crisis of T*."""

    party: str
    critical: Critical
    binding: str | None
    temptation: Array
    largest: float
    value: float
    withdraws: tuple[int, ...]
    punishment: str

    @property
    def sort_key(self) -> float:
        """δ*, or infinity where no patience helps."""
        return np.inf if self.critical.delta is None else self.critical.delta

    def as_dict(self) -> dict[str, object]:
        """Plain data; an infinite or missing rate is None."""
        rate = self.critical.discount_rate
        return {
            "delta": self.critical.delta,
            "outcome": self.critical.outcome,
            "discount_rate": rate if rate is not None and np.isfinite(rate) else None,
            "binding": self.binding,
            "temptation": [float(t) for t in self.temptation],
            "largest": self.largest,
            "value": self.value,
            "withdraws": list(self.withdraws),
            "punishment": self.punishment,
        }


def trust(
    deal: Deal, *, years: float = np.inf, lag: int = 0, tolerance: float = 0.0, after: Punishment | None = None
) -> tuple[Trust, ...]:
    """δ* of each party with its binding crisis; see `critical_patience` for the variants. Crises of probability 0 never tempt."""
    after = punishment(deal, tolerance) if after is None else after
    q = deal.probability
    result = []
    for n, name in enumerate(deal.payoffs.parties):
        sets, gain = withdrawals(deal, n)
        best = gain.max(axis=0)
        value = float(q @ (deal.agreed[:, n] - after.payoff[:, n]))
        binding = int(np.argmax(np.where(q > 0, best, -np.inf)))
        found = critical_patience(float(best[binding]), value, years=years, lag=lag, later=float(q @ best), tolerance=tolerance)
        tempted = best[binding] > tolerance
        state = deal.payoffs.states[binding] if tempted else None
        chosen = sets[int(np.argmax(gain[:, binding]))] if tempted else ()
        result.append(Trust(name, found, state, best, float(best[binding]), value, chosen, after.kind))
    return tuple(result)


def deal_patience(parties: Sequence[Trust]) -> float:
    """The δ* that the least patient-proof party asks for; infinite if one of them never keeps the deal."""
    return max(one.sort_key for one in parties)


@dataclass(frozen=True)
class Temptation:
    """What withdrawing one concession alone would win its conceder at most, USD mn, and in which crisis."""

    party: str
    proposal: str
    state: str
    gain: float


def temptations(deal: Deal) -> tuple[Temptation, ...]:
    """Every concession by what breaking it alone wins, the most tempting first; negative where keeping it pays by itself."""
    possible = deal.probability > 0
    found = []
    for n, name in enumerate(deal.payoffs.parties):
        for k in deal.own(n):
            gain = deal.payoffs.at(deal.without([k]))[:, n] - deal.agreed[:, n]
            s = int(np.argmax(np.where(possible, gain, -np.inf)))
            found.append(Temptation(name, deal.payoffs.proposals[k], deal.payoffs.states[s], float(gain[s])))
    return tuple(sorted(found, key=lambda one: -one.gain))
