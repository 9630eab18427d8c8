"""What the parties should agree on: Nash, egalitarian, Kalai–Smorodinsky and with transfers, over a list of packages (part 3).

Gains are certainty equivalents over no package in benchmark USD mn. A party that no package lets gain while nobody else loses
is a constraint: it may not lose, and it is no factor of the product. Of packages that are equally good the one with fewer
proposals is taken, then the first; the others are listed as ties.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from comity.errors import InputError
from comity.records import Array
from comity.talks.bargaining.frontier import TIE, Frontier, Lottery, lottery, nondominated
from comity.talks.bargaining.optimum import Certificate
from comity.talks.bargaining.payoffs import percent, remainder, usd

GAIN, ROTATION, NO_GAIN = "gain", "needs_rotation", "no_gain"


@dataclass(frozen=True, eq=False)
class Agreement:
    """One idea of a fair package: its gains after transfers, and the package as a position in a list or as intensities."""

    concept: str
    gain: Array
    transfer: Array
    position: int | None = None
    x: Array | None = None
    ties: tuple[Any, ...] = ()
    """Other packages that are as good: positions or intensities."""
    certificate: Certificate | None = None


@dataclass(frozen=True, eq=False)
class Bargain:
    """What bargaining comes to.

    `outcome` is `gain`, or `no_gain` where no party can gain without another's loss, or `needs_rotation` where each of several
    can but no single package lets all of them. `room` is t*, the gain (ratio to income) that all parties can have at once;
    `room_movable` the same of those that can gain at all.
    """

    parties: tuple[str, ...]
    base: Array
    outcome: str
    room: float
    room_movable: float
    movable: Array
    ideal: Array
    """The most for each party while no other loses."""
    agreements: Mapping[str, Agreement] = field(default_factory=dict)
    lottery: Lottery | None = None
    frontier: Frontier | None = None
    undominated: tuple[int, ...] = ()
    """Positions of the packages that no other dominates and that hurt nobody (a list of packages alone)."""
    certificate: Certificate | None = None
    """Of `room`."""
    room_x: Array | None = None
    """The intensities at which all have `room` at once."""
    evaluations: int = 0

    def as_dict(self, proposals: Sequence[str] = (), names: Sequence[str] | None = None) -> dict[str, Any]:
        """As the results show it; `names` of the packages of a list, `proposals` of the intensities."""
        show = _Shown(self.parties, self.base, proposals, names)
        return self.room_dict() | {
            "certificate": self.certificate and self.certificate.as_dict(),
            "agreements": {concept: show.agreement(a) for concept, a in self.agreements.items()},
            "transfers": "outside the solve",
            "undominated": [show.package(position) for position in self.undominated],
            "frontier": [] if self.frontier is None else show.points(self.frontier),
            "lottery": self.lottery and show.lottery(self.lottery),
        }

    def room_dict(self) -> dict[str, Any]:
        """Whether there is anything to bargain about, as the results show it."""
        return {
            "outcome": self.outcome,
            "room_pct": percent(self.room),
            "room_movable_pct": percent(self.room_movable),
            "can_gain": [code for code, able in zip(self.parties, self.movable, strict=True) if able],
            "ideal": _Shown(self.parties, self.base, (), None).gain(self.ideal),
        }


@dataclass(frozen=True, eq=False)
class _Shown:
    """Names and incomes, to write a bargain as plain data."""

    parties: tuple[str, ...]
    base: Array
    proposals: Sequence[str]
    names: Sequence[str] | None

    def gain(self, values: Array) -> dict[str, dict[str, float]]:
        rows = zip(self.parties, values, self.base, strict=True)
        return {code: {"gain_pct": percent(v / base), "ev_usd_mn": usd(v)} for code, v, base in rows}

    def package(self, where: Any) -> Any:
        if isinstance(where, int):
            return "nothing" if where < 0 else where if self.names is None else self.names[where]
        return {p: round(float(v), 6) + 0.0 for p, v in zip(self.proposals, where, strict=True)}

    def agreement(self, a: Agreement) -> dict[str, Any]:
        return {
            "package": self.package(a.position if a.x is None else a.x),
            "gain": self.gain(a.gain),
            "transfer_usd_mn": {code: usd(v) for code, v in zip(self.parties, a.transfer, strict=True)},
            "ties": [self.package(tie) for tie in a.ties],
            "certificate": a.certificate and a.certificate.as_dict(),
        }

    def points(self, frontier: Frontier) -> list[dict[str, Any]]:
        return [{"package": self.package(x), "gain": self.gain(g)} for x, g in zip(frontier.x, frontier.gain, strict=True)]

    def lottery(self, drawn: Lottery) -> dict[str, Any]:
        where = drawn.positions if drawn.x is None else drawn.x
        rows = zip(where, drawn.probability, strict=True)
        return {
            "packages": [{"package": self.package(w), "probability": round(float(p), 6)} for w, p in rows],
            "gain": self.gain(drawn.gain),
            "needs_rotation": drawn.needs_rotation,
            "gap": remainder(drawn.gap),
        }


def bargain_over(
    utility: Array,
    base: Array,
    *,
    parties: Sequence[str] | None = None,
    disagreement: Array | None = None,
    weights: Array | None = None,
    sizes: Sequence[int] | None = None,
    largest_transfer: float | None = None,
) -> Bargain:
    """Bargaining over a list of packages; `utility` package × party in USD mn, `disagreement` party (None: the first package's).

    `weights` b_n of the Nash product (None: equal), `sizes` the number of proposals in each package, `largest_transfer` the bound
    on what a party pays or gets (USD mn; None: unbounded). InputError for numbers that are not finite or weights not positive.
    """
    u, base = np.asarray(utility, dtype=float), np.asarray(base, dtype=float)
    gain = u - (u[0] if disagreement is None else np.asarray(disagreement, dtype=float))
    b = checked_weights(weights, gain.shape[1])
    if not np.all(np.isfinite(gain)):
        raise InputError("utilities must be finite numbers")
    codes = tuple(str(n) for n in range(1, len(base) + 1)) if parties is None else tuple(parties)
    order = np.lexsort((np.arange(len(gain)), np.zeros(len(gain)) if sizes is None else np.asarray(sizes)))
    harmless = np.all(gain >= -TIE * base, axis=1)
    others = np.array([np.all(np.delete(gain >= -TIE * base, n, axis=1), axis=1) for n in range(len(base))])
    ideal = np.array([np.max(gain[others[n], n], initial=0.0) for n in range(len(base))])
    movable = ideal > TIE * base
    # No package at all is always on the table, in the list or not.
    room = max(0.0, float((gain / base).min(axis=1).max(initial=0.0)))
    room_movable = max(0.0, float((gain[harmless] / base)[:, movable].min(axis=1).max(initial=0.0))) if movable.any() else 0.0
    outcome = NO_GAIN if not movable.any() else GAIN if room_movable > TIE else ROTATION
    undominated = np.nonzero(harmless)[0][nondominated(gain[harmless])] if harmless.any() else np.zeros(0, dtype=int)
    agreements = _agreements(gain, base, b, order, harmless, movable, ideal) if outcome == GAIN else {}
    shared = _with_transfers(gain, base, b, order, largest_transfer)
    if shared is not None:
        agreements["utilitarian"] = shared
    drawn = lottery(gain, b, movable)
    return Bargain(
        codes,
        base,
        outcome,
        room,
        room_movable,
        movable,
        ideal,
        agreements,
        drawn,
        undominated=tuple(int(m) for m in undominated),
    )


def checked_weights(weights: Array | None, parties: int) -> Array:
    """Weights of the Nash product; equal ones where none are given."""
    b = np.ones(parties) if weights is None else np.asarray(weights, dtype=float)
    if b.shape != (parties,) or not np.all(np.isfinite(b)) or not np.all(b > 0):
        raise InputError("the weights of the parties in the Nash product must be positive, one a party")
    return b


def _agreements(
    gain: Array, base: Array, b: Array, order: Array, harmless: Array, movable: Array, ideal: Array
) -> dict[str, Agreement]:
    """Nash and the three lexicographic max-min solutions over packages that hurt nobody."""
    everyone = harmless & np.all(gain[:, movable] > TIE * base[movable], axis=1)
    product = np.full(len(gain), -np.inf)
    product[everyone] = np.log(gain[np.ix_(everyone, movable)] / base[movable]) @ (b[movable] / b[movable].sum())
    choices = {"nash": np.nonzero(product >= product.max() - TIE)[0]}
    for concept, scale in (("egalitarian_pct", base), ("egalitarian_usd", np.ones(len(base))), ("kalai_smorodinsky", ideal)):
        choices[concept] = leximin(gain[:, movable] / scale[movable], harmless)
    found = {}
    for concept, rows in choices.items():
        rows = _undominated_among(gain, rows, harmless)
        rows = [int(m) for m in order if m in rows]
        found[concept] = Agreement(concept, gain[rows[0]], np.zeros(len(base)), position=rows[0], ties=tuple(rows[1:]))
    return found


def leximin(score: Array, allowed: Array) -> Array:
    """Positions of the rows whose sorted scores are lexicographically largest; `score` point × party."""
    rows = np.nonzero(allowed)[0]
    ranked = np.sort(score[rows], axis=1)
    unit = float(np.abs(ranked).max(initial=0.0)) or 1.0
    for column in range(ranked.shape[1]):
        kept = ranked[:, column] >= ranked[:, column].max() - TIE * unit
        rows, ranked = rows[kept], ranked[kept]
    return rows


def _undominated_among(gain: Array, rows: Array, harmless: Array) -> set[int]:
    """Those of equally good packages that no harmless package dominates; all of them if each is."""
    pool = np.nonzero(harmless)[0]
    unit = np.abs(gain).max(axis=0)
    unit = np.where(unit > 0, unit, 1.0)
    kept = set()
    for m in rows:
        ahead = (gain[pool] - gain[m]) / unit
        if not np.any(np.all(ahead >= -TIE, axis=1) & np.any(ahead > TIE, axis=1)):
            kept.add(int(m))
    return kept or {int(m) for m in rows}


def _with_transfers(gain: Array, base: Array, b: Array, order: Array, largest: float | None) -> Agreement | None:
    """The largest sum that transfers can share so that nobody loses, split by the weights; None where nothing is gained."""
    total = gain.sum(axis=1)
    able = np.array([shares(row, b, largest) is not None for row in gain])
    if not able.any() or (top := float(total[able].max())) <= TIE * base.sum():
        return None
    rows = [int(m) for m in order if able[m] and total[m] >= top - TIE * base.sum()]
    after = shares(gain[rows[0]], b, largest)
    assert after is not None
    return Agreement("utilitarian", after, after - gain[rows[0]], position=rows[0], ties=tuple(rows[1:]))


def shares(gain: Array, weights: Array, largest: float | None = None) -> Array | None:
    """Gains after the transfers that maximise Σ b_n ln of them, each transfer at most `largest`; None where somebody must lose.

    The transfers are outside the solve: added to certainty equivalents, with no effect on prices. Sum to zero.
    """
    total = float(gain.sum())
    rounding = TIE * float(np.abs(gain).max(initial=0.0))
    if total < -rounding:
        return None
    if largest is None:
        return max(total, 0.0) * weights / weights.sum()
    low, high = np.maximum(gain - largest, 0.0), gain + largest
    if np.any(high < -rounding) or low.sum() > total + rounding:
        return None
    high = np.maximum(high, low)
    # Σ clip(b λ, low, high) rises with λ and is linear between its kinks.
    kinks = np.unique(np.concatenate([[0.0], low / weights, high / weights]))
    sums = np.clip(np.outer(kinks, weights), low, high).sum(axis=1)
    return np.clip(np.interp(total, sums, kinks) * weights, low, high)
