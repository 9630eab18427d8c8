"""Counter-offers: the smallest change of the other side's paper that we would sign and they can accept (talks.md, part 9)."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations, product
from typing import Any

import numpy as np

from comity.errors import InputError
from comity.records import Array
from comity.talks.bargaining.gains import Gains
from comity.talks.bargaining.optimum import Certificate, Programme, maximise
from comity.talks.bargaining.payoffs import usd

MOVED = 1e-6
"""A change of intensity below this is none."""


@dataclass(frozen=True, eq=False)
class CounterOffer:
    """A changed paper; gains over no package (party, USD mn), `change` proposal."""

    x: Array
    change: Array
    gain: Array
    over_paper: Array
    certificate: Certificate

    @property
    def lines(self) -> int:
        """How many proposals it changes."""
        return int((np.abs(self.change) > MOVED).sum())

    @property
    def size(self) -> float:
        """Σ |y − x°|."""
        return float(np.abs(self.change).sum())


@dataclass(frozen=True, eq=False)
class CounterOffers:
    """Answers to one paper, best first: fewest lines, then the smallest change, then the most for the others.

    `outcome`: `offers`, or `none_found` where no change of the lines allowed is enough for both. `most` is the largest gain over
    the paper (USD mn) found for us in any package at all while the others keep their floor; below the margin there is no offer.
    """

    us: str
    floor: str
    margin: float
    parties: tuple[str, ...]
    proposals: tuple[str, ...]
    paper: Array
    paper_gain: Array
    offers: tuple[CounterOffer, ...]
    most: float

    @property
    def outcome(self) -> str:
        """In one word."""
        return "offers" if self.offers else "none_found"

    def as_dict(self) -> dict[str, Any]:
        """As the results show it."""
        return {
            "by": self.us,
            "others_keep": self.floor,
            "margin_usd_mn": usd(self.margin),
            "outcome": self.outcome,
            "paper": self._named(self.paper),
            "paper_gain_usd_mn": self._money(self.paper_gain),
            "most_over_paper_usd_mn": usd(self.most),
            "offers": [
                {
                    "intensity": self._named(offer.x),
                    "change": {k: v for k, v in self._named(offer.change).items() if abs(v) >= MOVED},
                    "lines": offer.lines,
                    "size": round(offer.size, 6),
                    "gain_usd_mn": self._money(offer.gain),
                    "over_paper_usd_mn": self._money(offer.over_paper),
                    "certificate": offer.certificate.as_dict(),
                }
                for offer in self.offers
            ],
        }

    def _named(self, x: Array) -> dict[str, float]:
        return {name: round(float(v), 6) + 0.0 for name, v in zip(self.proposals, x, strict=True)}

    def _money(self, gain: Array) -> dict[str, float]:
        return {code: usd(v) for code, v in zip(self.parties, gain, strict=True)}


def counter_offers(
    gains: Gains, paper: Array, us: str, *, margin: float, floor: str = "status_quo", lines: int = 3, limit: int = 5
) -> CounterOffers:
    """Up to `limit` smallest changes y of `paper` with g_us(y) ≥ g_us(paper) + margin and everybody else at their floor or above.

    `floor`: `status_quo` (g ≥ 0) or `paper` (g ≥ g(paper)). Supports of one to `lines` proposals are enumerated, larger ones only
    while fewer than `limit` offers are found. `margin` in USD mn, positive. InputError for a word or number outside these.
    """
    paper = np.asarray(paper, dtype=float)
    if us not in gains.parties:
        raise InputError(f"{us} is no party (parties: {', '.join(gains.parties)})")
    if floor not in ("status_quo", "paper"):
        raise InputError(f"floor {floor!r}: status_quo or paper")
    if not 0 < margin < np.inf:
        raise InputError(f"margin {margin}: a positive number of USD mn; without one the paper is its own answer")
    if paper.shape != (len(gains.proposals),) or not np.all((paper >= 0) & (paper <= 1)):
        raise InputError("the paper needs one intensity a proposal, each from 0 to 1")
    own = gains.parties.index(us)
    at_paper = gains.visit(paper)
    least = np.zeros(len(at_paper)) if floor == "status_quo" else at_paper.copy()
    least[own] = at_paper[own] + margin
    found: list[CounterOffer] = []
    for size in range(1, min(lines, len(paper)) + 1):
        if len(found) >= limit:
            break
        for support in combinations(range(len(paper)), size):
            offer = _smallest(gains, paper, at_paper, support, least)
            if offer is not None and offer.lines == size:
                found.append(offer)
    found.sort(key=lambda o: (o.lines, round(o.size, 6), -round(float(np.delete(o.gain / gains.unit, own).sum()), 9)))
    others = np.where(np.arange(len(least)) == own, -np.inf, least)
    best = gains.lift(np.eye(len(least))[own] / gains.unit[own], others)
    # Where the others' floor is out of reach there is no package at all to speak of.
    most = -np.inf if best is None else best.value * gains.unit[own] - at_paper[own]
    return CounterOffers(us, floor, margin, gains.parties, gains.proposals, paper, at_paper, tuple(found[:limit]), most)


def _smallest(gains: Gains, paper: Array, at_paper: Array, support: tuple[int, ...], least: Array) -> CounterOffer | None:
    """The smallest change of exactly these proposals, over all ways up and down; None where none is enough."""
    best: CounterOffer | None = None
    for signs in product((-1.0, 1.0), repeat=len(support)):
        room = np.array([paper[k] if sign < 0 else 1 - paper[k] for k, sign in zip(support, signs, strict=True)])
        if np.any(room < MOVED):
            continue
        way = np.zeros((len(paper), len(support)))
        way[list(support), range(len(support))] = signs
        offer = _along(gains, paper, at_paper, way, room, least)
        if offer is not None and (best is None or offer.size < best.size):
            best = offer
    return best


def _along(gains: Gains, paper: Array, at_paper: Array, way: Array, room: Array, least: Array) -> CounterOffer | None:
    """min Σ a with the paper moved by `way` @ a, 0 ≤ a ≤ room; SLSQP from no change and from all of it."""
    size = len(room)

    def limits(a: Array) -> tuple[Array, Array]:
        gain, slope = gains.with_gradient(np.clip(paper + way @ a, 0.0, 1.0))
        return (gain - least) / gains.unit, slope @ way / gains.unit[:, None]

    programme = Programme(lambda a: (-float(a.sum()), -np.ones(size)), limits, np.zeros(size), room, size)
    found = maximise(programme, [np.zeros(size), room], lambda: gains.evaluations)
    if found is None:
        return None
    x = np.clip(paper + way @ found.x, 0.0, 1.0)
    gain = gains.at(x)
    return CounterOffer(x, x - paper, gain, gain - at_paper, found.certificate)
