"""Escape clauses: how far each concession must give way in each crisis so that everybody keeps the deal (talks.md, part 6).

The largest self-enforcing package: an intensity x_k(s) for each concession in each state such that no party wins more by a break
than the deal is worth to it, T_n(s; x) ≤ δ/(1−δ) V_n(x), and none of which can be raised. What is largest is defined in decision
0017.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from comity.records import Array
from comity.talks.keeping.bands import future
from comity.talks.keeping.largest import Depths, largest
from comity.talks.keeping.trust import Deal, Punishment, punishment

HOLDS = "holds"
ESCAPE = "escape"
SMALLER = "smaller_package"
NOTHING = "nothing_holds"

STEPS = np.linspace(0, 1, 101)
"""Depths that are looked at: whole per cents, as an agreement would state them."""


@dataclass(frozen=True, eq=False)
class Escape:
    """The largest self-enforcing intensities at a patience, state × proposal.

    `outcome`: `holds` (the full package does), `escape` (it does where some concessions give way in some crises),
    `smaller_package` (they must in ordinary years too: no clause, the package is too large), `nothing_holds`. `share` is what
    stands of each concession, state × proposal, `depth` the least of a state's.

    `certificate`: `greatest` (every self-enforcing package lies at or below this one, proposal by proposal, in every state),
    `largest_worth` (none of its intensities can be raised, and no self-enforcing package has a larger Σ_n V_n), or `maximal`
    (none of its intensities can be raised). `worth` is V_n, expected USD mn a year over what follows a break, `worth_of_full`
    that of the full package if it were kept, `worth_of_best` that of the self-enforcing package worth most to all together
    which was found on the way (`complete`: no other is worth more). `step` is the distance of the depths looked at.
    """

    outcome: str
    share: Array
    x: Array
    certificate: str
    worth: Array
    worth_of_full: Array
    worth_of_best: Array
    complete: bool
    step: float

    @property
    def depth(self) -> Array:
        """The least that is left of a concession, by state."""
        return self.share.min(axis=1)

    @property
    def clauses(self) -> tuple[int, ...]:
        """The states in which the deal gives way."""
        return tuple(int(s) for s in np.nonzero(self.depth < 1)[0])


def escape_clauses(
    deal: Deal,
    patience: float,
    *,
    covered: Iterable[int] | None = None,
    after: Punishment | None = None,
    depths: Array = STEPS,
    tolerance: float = 0.0,
) -> Escape:
    """The largest self-enforcing intensities at a patience δ < 1, each among `depths` (rising, from 0 to 1) of what was agreed.

    `covered` are the concessions that give way, by default all that stand; `after` is what follows a break.
    """
    after = punishment(deal, tolerance) if after is None else after
    moving = tuple(deal.standing if covered is None else covered)
    steps, sure = np.asarray(depths, dtype=float), tuple(int(s) for s in np.flatnonzero(deal.probability > 0))
    asked = Depths(deal, after, moving, steps, sure, future(patience), tolerance)
    found = largest(asked)
    at = asked.full
    if found.at is None:
        at[np.ix_(sure, moving)] = 0
    else:
        at = found.at
    x, share = asked.x(at), np.where(deal.x > 0, steps[at], 1.0)
    outcome = ESCAPE if np.all(share[0] == 1) else SMALLER
    if np.all(share == 1):
        outcome = HOLDS
    elif found.at is None or not x[np.ix_(sure, moving)].any():
        outcome = NOTHING
    best = asked.worth(at if found.best is None else found.best)
    step = float(np.diff(steps).max())
    return Escape(outcome, share, x, found.certificate, asked.worth(at), asked.worth(asked.full), best, found.complete, step)


@dataclass(frozen=True)
class Clause:
    """An escape clause in words that could stand in an agreement, and its figures.

    `depth` is the least that is left of a concession, `levels` what is left of each that gives way, by what it is called.
    """

    state: str
    depth: float
    levels: Mapping[str, float]
    trigger: str
    measure: str
    duration: str

    @property
    def covers(self) -> tuple[str, ...]:
        """What gives way."""
        return tuple(self.levels)

    @property
    def text(self) -> str:
        """The clause as one paragraph."""
        return f"{self.trigger} {self.measure} {self.duration}"


def clauses(
    deal: Deal, found: Escape, names: Mapping[str, str] | None = None, what: Mapping[str, str] | None = None
) -> tuple[Clause, ...]:
    """The clauses of a package with escapes: trigger, depths, duration.

    `names` say what states and proposals are called where their identity is no name; `what` describes a crisis in words. A
    crisis lasts the year in which it comes, for in the model every year is drawn anew.
    """
    called = dict(names or {})
    result = []
    for s in found.clauses:
        state = deal.payoffs.states[s]
        cut = [(deal.payoffs.proposals[k], float(found.share[s, k])) for k in deal.standing if found.share[s, k] < 1]
        levels = {called.get(name, name): share for name, share in cut}
        result.append(_clause(state, called.get(state, state), levels, (what or {}).get(state), s == 0))
    return tuple(result)


def _clause(state: str, name: str, levels: Mapping[str, float], what: str | None, ordinary: bool) -> Clause:
    event = f"“{name}”" + (f" ({what})" if what else "")
    trigger = f"This clause applies in a year in which {event} occurs and one party has notified the others of it."
    if ordinary:
        trigger = "This clause applies in every year without a crisis named in this agreement."
    duration = (
        "It ends with that year: from the first day of the next one the concessions apply in full again, without notice or "
        "negotiation, unless the event occurs again. No party owes compensation for applying it, and nothing else is withdrawn."
    )
    if ordinary:
        duration = (
            "It has no end: the agreed concessions themselves are too large to be kept, and should be lowered to this measure."
        )
    return Clause(state, min(levels.values()), levels, trigger, " ".join(_measures(levels)), duration)


def _measures(levels: Mapping[str, float]) -> list[str]:
    """A sentence for each depth, from the one that leaves most."""
    texts = []
    for depth in sorted(set(levels.values()), reverse=True):
        listed = "; ".join(name for name, one in levels.items() if one == depth)
        if depth == 0:
            texts.append(f"In that year these concessions are suspended: {listed}.")
        else:
            texts.append(f"In that year these concessions apply at {100 * depth:.4g} % of what was agreed: {listed}.")
    return texts
