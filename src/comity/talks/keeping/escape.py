"""Escape clauses: how far a deal must give way in each crisis so that everybody keeps it (talks.md, part 6).

The largest self-enforcing package: a depth m(s) for each crisis such that with the concessions at m(s) x no party wins more by
a break than the deal is worth to it, T_n(s; m) ≤ δ/(1−δ) V_n(m).
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from comity.records import Array
from comity.talks.keeping.bands import future
from comity.talks.keeping.trust import Deal, Punishment, punishment, withdrawals

HOLDS = "holds"
ESCAPE = "escape"
SMALLER = "smaller_package"
NOTHING = "nothing_holds"

GREATEST = "greatest"
LARGEST_EXPECTED = "largest_expected"
SELF_ENFORCING = "self_enforcing"

BOXES = 5000
"""Boxes of depths that are split before a search for a larger package is cut short."""

STEPS = np.linspace(0, 1, 101)
"""Depths that are looked at: whole per cents, as an agreement would state them."""


@dataclass(frozen=True, eq=False)
class Escape:
    """The largest self-enforcing intensities at a patience.

    `outcome`: `holds` (the full package does), `escape` (it does with a lower depth in some crises), `smaller_package` (it must
    give way in ordinary years too: no clause, the package is too large), `nothing_holds`. `depth` by state; `x` state ×
    proposal. `certificate`: `greatest` (every self-enforcing depth lies at or below this one in every state),
    `largest_expected` (others trade one state for another; none has a larger Σ q_s m(s)), or `self_enforcing` (it holds, the
    search for a larger one was cut short). `worth` is V_n, expected USD mn a year over what follows a break; `worth_of_full`
    that of the full package if it were kept.
    """

    outcome: str
    depth: Array
    x: Array
    certificate: str
    worth: Array
    worth_of_full: Array

    @property
    def clauses(self) -> tuple[int, ...]:
        """The states in which the deal gives way."""
        return tuple(int(s) for s in np.nonzero(self.depth < 1)[0])


@dataclass(frozen=True, eq=False)
class _Ladder:
    """The package at every depth: its value over a break and its temptation, depth × state × party.

    Positions on it are rungs, one a state; a box holds the rungs from `low` to `high`.
    """

    depths: Array
    value: Array
    temptation: Array
    probability: Array
    future: float
    tolerance: float

    def worth(self, at: Array) -> Array:
        """V_n when state s stands at rung at[s]."""
        return self.probability @ self.value[at, np.arange(len(at))]

    def expected(self, at: Array) -> float:
        """Σ q_s m(s), what is agreed on average."""
        return float(self.probability @ self.depths[at])

    def keeps(self, worth: Array) -> Array:
        """Whether nobody breaks for the sake of one year, depth × state; a crisis that never comes is no matter."""
        kept = np.all(self.temptation <= self.future * worth + self.tolerance, axis=2)
        return kept | (self.probability == 0)

    def holds(self, at: Array) -> bool:
        """Whether depths are self-enforcing."""
        return bool(np.all(self.keeps(self.worth(at))[at, np.arange(len(at))]))

    def cut(self, low: Array, high: Array) -> Array | None:
        """The box's upper end, lowered to what the best worth of any point in the box enforces; None if no point can hold.

        Each party's best worth is at most the sum of its best values in each state, so that no self-enforcing point is lost.
        """
        rung = np.arange(len(self.depths))[:, None]
        while True:
            inside = (rung >= low) & (rung <= high)
            best = self.probability @ np.where(inside[:, :, None], self.value, -np.inf).max(axis=0)
            kept = self.keeps(best) & inside
            if not kept.any(axis=0).all():
                return None
            lower = len(kept) - 1 - np.argmax(kept[::-1], axis=0)
            if np.array_equal(lower, high):
                return high
            high = lower


def escape_clauses(
    deal: Deal,
    patience: float,
    *,
    covered: Iterable[int] | None = None,
    after: Punishment | None = None,
    depths: Array = STEPS,
    tolerance: float = 0.0,
) -> Escape:
    """The largest self-enforcing depths at a patience δ < 1, among `depths` (rising, from 0 to 1).

    `covered` are the concessions that give way, by default all that stand; `after` is what follows a break. Start at V of the
    full package, cut each state to T(s) ≤ δ/(1−δ) V, recompute V, and so on down to a fixed point. V stands for the best worth
    at or below the depths reached, so that the fixed point bounds every self-enforcing depth from above; where a cut lowers
    everybody's worth it is V itself, and the fixed point is the greatest self-enforcing package. Where it is not
    self-enforcing (a cut raises somebody's worth) boxes of depths are split, the most promising first.
    """
    after = punishment(deal, tolerance) if after is None else after
    ladder, rungs = _ladder(deal, future(patience), covered, after, np.asarray(depths, dtype=float), tolerance)
    found, certificate = _search(ladder)
    full = np.full(len(deal.probability), len(ladder.depths) - 1)
    sure = deal.probability > 0
    depth = ladder.depths[found]
    outcome = ESCAPE if depth[0] == 1 else SMALLER
    if np.all(depth == 1):
        outcome = HOLDS
    elif np.all(depth[sure] == 0) or not ladder.holds(found):
        outcome = NOTHING
    x = rungs[found, np.arange(len(found))]
    return Escape(outcome, depth, x, certificate, ladder.worth(found), ladder.worth(full))


def _ladder(
    deal: Deal, worth: float, covered: Iterable[int] | None, after: Punishment, depths: Array, tolerance: float
) -> tuple[_Ladder, Array]:
    """What the deal is worth and how it tempts at every depth, and the intensities there, depth × state × proposal."""
    moving = list(deal.standing if covered is None else covered)
    rungs = np.repeat(deal.x[None], len(depths), axis=0)
    rungs[:, :, moving] *= depths[:, None, None]
    value, temptation = [], []
    for x in rungs:
        here = deal.at(x)
        value.append(here.agreed - after.payoff)
        tempted = [withdrawals(here, n)[1].max(axis=0) for n in range(after.payoff.shape[1])]
        temptation.append(np.stack(tempted, axis=1))
    return _Ladder(depths, np.stack(value), np.stack(temptation), deal.probability, worth, tolerance), rungs


def _search(ladder: _Ladder) -> tuple[Array, str]:
    """The self-enforcing rungs with the largest expected depth, and how far that is certain; the lowest rungs if none hold."""
    states = len(ladder.probability)
    lowest = np.zeros(states, dtype=int)
    top = ladder.cut(lowest, lowest + len(ladder.depths) - 1)
    if top is None:
        return lowest, GREATEST
    if ladder.holds(top):
        return top, GREATEST
    boxes = [(-ladder.expected(top), 0, lowest, top)]
    for count in range(1, BOXES):
        if not boxes:
            return lowest, GREATEST
        _, _, low, high = heapq.heappop(boxes)
        if ladder.holds(high):
            return high, LARGEST_EXPECTED
        s = int(np.argmax(high - low))
        if high[s] == low[s]:
            continue
        middle = (low[s] + high[s]) // 2
        for half, (bottom, ceiling) in enumerate(((low[s], middle), (middle + 1, high[s]))):
            below, above = low.copy(), high.copy()
            below[s], above[s] = bottom, ceiling
            if (cut := ladder.cut(below, above)) is not None:
                heapq.heappush(boxes, (-ladder.expected(cut), 2 * count + half, below, cut))
    return _descend(ladder, top), SELF_ENFORCING


def _descend(ladder: _Ladder, at: Array) -> Array:
    """Down from an upper bound, each time to what the worth of the depths themselves enforces; the lowest rungs if none hold."""
    rung = np.arange(len(ladder.depths))[:, None]
    while not ladder.holds(at):
        kept = ladder.keeps(ladder.worth(at)) & (rung <= at)
        if not kept.any(axis=0).all():
            return np.zeros_like(at)
        at = len(kept) - 1 - np.argmax(kept[::-1], axis=0)
    return at


@dataclass(frozen=True)
class Clause:
    """An escape clause in words that could stand in an agreement, and its figures."""

    state: str
    depth: float
    covers: tuple[str, ...]
    trigger: str
    measure: str
    duration: str

    @property
    def text(self) -> str:
        """The clause as one paragraph."""
        return f"{self.trigger} {self.measure} {self.duration}"


def clauses(
    deal: Deal, found: Escape, names: Mapping[str, str] | None = None, what: Mapping[str, str] | None = None
) -> tuple[Clause, ...]:
    """The clauses of a package with escapes: trigger, depth, duration.

    `names` say what states and proposals are called where their identity is no name; `what` describes a crisis in words. A
    crisis lasts the year in which it comes, for in the model every year is drawn anew.
    """
    called = dict(names or {})
    result = []
    for s in found.clauses:
        state = deal.payoffs.states[s]
        cut = [k for k in deal.standing if found.x[s, k] < deal.x[s, k]]
        covers = tuple(called.get(deal.payoffs.proposals[k], deal.payoffs.proposals[k]) for k in cut)
        if not covers:
            continue
        result.append(_clause(state, called.get(state, state), float(found.depth[s]), covers, (what or {}).get(state), s == 0))
    return tuple(result)


def _clause(state: str, name: str, depth: float, covers: tuple[str, ...], what: str | None, ordinary: bool) -> Clause:
    event = f"“{name}”" + (f" ({what})" if what else "")
    trigger = f"This clause applies in a year in which {event} occurs and one party has notified the others of it."
    listed = "; ".join(covers)
    if ordinary:
        trigger = "This clause applies in every year without a crisis named in this agreement."
    if depth == 0:
        measure = f"In that year these concessions are suspended: {listed}."
    else:
        share = f"{100 * depth:.4g} %"
        measure = f"In that year these concessions apply at {share} of what was agreed, for every party alike: {listed}."
    duration = (
        "It ends with that year: from the first day of the next one the concessions apply in full again, without notice or "
        "negotiation, unless the event occurs again. No party owes compensation for applying it, and nothing else is withdrawn."
    )
    if ordinary:
        duration = (
            "It has no end: the agreed concessions themselves are too large to be kept, and should be lowered to this measure."
        )
    return Clause(state, depth, covers, trigger, measure, duration)
