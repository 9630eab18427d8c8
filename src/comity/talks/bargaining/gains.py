"""The parties' gains over no package as functions of the intensities, and the programmes that bargaining is made of."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from comity.errors import InputError
from comity.records import Array
from comity.talks.bargaining.optimum import Optimum, Programme, maximise
from comity.talks.bargaining.payoffs import (
    Payoffs,
    Remembered,
    certainty_equivalent,
    certainty_slope,
    corner_payoffs,
    scouts,
    spread,
)

SLACK = 1e-10
"""What a gain already reached may give up, in its unit, so that rounding does not close the way."""

APART = 0.05
"""Distance of intensities between two points visited that are worth a climb each."""


class Gains:
    """g_n(x) = CE_n(x) − CE_n(0), in benchmark USD mn, with every point visited so far.

    `base` RI_n⁰ in USD mn; `corners` reads the payoffs of whole packages more cheaply than `payoffs`; `starts` replaces the
    usual starts of every search, which then climbs from these and the best point visited alone.
    """

    def __init__(
        self,
        payoffs: Payoffs,
        base: Array,
        risk_aversion: float = 0.0,
        *,
        corners: Payoffs | None = None,
        starts: Sequence[Array] | None = None,
    ):
        if not payoffs.proposals:
            raise InputError("there are no proposals to bargain over")
        self.payoffs = Remembered(payoffs)
        self.parties, self.proposals = payoffs.parties, payoffs.proposals
        self.base = np.asarray(base, dtype=float)
        self.q, self.rho = np.asarray(payoffs.probability, dtype=float), risk_aversion
        count = len(self.proposals)
        self.nothing = certainty_equivalent(self.payoffs.at(np.zeros(count)), self.q, risk_aversion)
        x, corner = corner_payoffs(corners if corners is not None else payoffs)
        known = certainty_equivalent(corner.swapaxes(0, 1), self.q, risk_aversion)
        self.x: list[Array] = list(x)
        self.gain: list[Array] = list(known - known[0])
        largest = np.abs(self.gain).max(axis=0)
        # A party that no package moves is measured against its income.
        self.unit = np.where(largest > 1e-12 * self.base, largest, 1e-6 * self.base)
        place, seen = scouts(corners if corners is not None else payoffs)
        self._scout = place, certainty_equivalent(seen.swapaxes(0, 1), self.q, risk_aversion) - known[0]
        self.few = starts is not None
        self.starts = [np.ones(count), np.full(count, 0.5), *spread(1, count)] if starts is None else list(starts)

    @property
    def evaluations(self) -> int:
        """Points at which payoffs were asked for."""
        return self.payoffs.evaluations

    def at(self, x: Array) -> Array:
        """The gains at a point, party."""
        return certainty_equivalent(self.payoffs.at(x), self.q, self.rho) - self.nothing

    def with_gradient(self, x: Array) -> tuple[Array, Array]:
        """The gains and their derivative, party × proposal."""
        payoff, slope = self.payoffs.with_gradient(x)
        value, by_state = certainty_slope(payoff, self.q, self.rho)
        return value - self.nothing, np.einsum("sp,spk->pk", by_state, slope)

    def visit(self, x: Array) -> Array:
        """The gains at a point, kept as a start for later searches."""
        gain = self.at(x)
        self.x.append(np.asarray(x, dtype=float))
        self.gain.append(gain)
        return gain

    def search(
        self,
        programme: Programme,
        rank: Callable[[Array], Array],
        extra: Callable[[Array, Array], Array],
        *,
        inside: bool = False,
    ) -> Optimum | None:
        """Climb from the best points visited, none close to another, from the best point of a table and from the usual starts.

        `rank` point × party gains to point, minus infinity for a useless one; `extra` appends the auxiliary variables. `inside`
        leaves out usual starts that are useless; None where no start is left.
        """
        gain = np.array(self.gain)
        value = rank(gain)
        order: list[int] = []
        for m in np.argsort(-value, kind="stable"):
            if len(order) == (1 if self.few else 3) or not np.isfinite(value[m]):
                break
            if all(np.abs(self.x[m] - self.x[other]).max() > APART for other in order):
                order.append(int(m))
        usual = [(x, self.at(x)) for x in self.starts]
        points = [(self.x[m], gain[m]) for m in order]
        place, approximate = self._scout
        scouted = rank(approximate)
        if not self.few and len(place) and np.isfinite(scouted.max()):
            usual.insert(0, (place[np.argmax(scouted)], self.at(place[np.argmax(scouted)])))
        points += [(x, g) for x, g in usual if not inside or np.isfinite(rank(g[None])[0])]
        if not points and inside:
            return None
        points = points or [(self.x[0], gain[0])]
        found = maximise(programme, [extra(x, g) for x, g in points], lambda: self.evaluations)
        if found is not None:
            self.visit(found.x)
        return found

    def lift(self, weight: Array, floor: Array) -> Optimum | None:
        """max Σ_n weight_n g_n with every g_n ≥ floor_n (minus infinity: none); in USD mn times the weight."""

        def value(x: Array) -> tuple[float, Array]:
            gain, slope = self.with_gradient(x)
            return float(weight @ gain), weight @ slope

        def rank(gain: Array) -> Array:
            return np.where(self.keeps(gain, floor), gain @ weight, -np.inf)

        count = len(self.proposals)
        programme = Programme(value, lambda x: self.above(x, floor), np.zeros(count), np.ones(count), count)
        return self.search(programme, rank, lambda x, _: x)

    def push(self, scale: Array, free: Array, floor: Array) -> Optimum | None:
        """max t with g_n ≥ t scale_n for the free parties and g_n ≥ floor_n for the others; the value is t."""
        held = np.where(free, -np.inf, floor)
        # The epigraph's height in units that make one of it one of the intensities.
        unit = float((self.unit[free] / scale[free]).max())
        per = scale * unit / self.unit

        def limits(z: Array) -> tuple[Array, Array]:
            gain, slope = self.with_gradient(z[:-1])
            own, rows = self.above(z[:-1], held)
            pushed = (gain / self.unit)[free] - z[-1] * per[free]
            by_height = np.hstack([(slope / self.unit[:, None])[free], -per[free, None]])
            return np.concatenate([pushed, own]), np.vstack([by_height, np.hstack([rows, np.zeros((len(rows), 1))])])

        def height(gain: Array) -> Array:
            return (gain[..., free] / scale[free]).min(axis=-1) / unit

        count = len(self.proposals)
        lower, upper = np.append(np.zeros(count), -np.inf), np.append(np.ones(count), np.inf)
        programme = Programme(lambda z: (float(z[-1]), np.eye(count + 1)[-1]), limits, lower, upper, count)
        found = self.search(
            programme,
            lambda gain: np.where(self.keeps(gain, held), height(gain), -np.inf),
            lambda x, gain: np.append(x, height(gain)),
        )
        if found is None:
            return None
        return Optimum(found.z, found.x, found.value * unit, found.certificate, found.ties)

    def leximin(self, scale: Array, free: Array, floor: Array) -> Optimum | None:
        """Lexicographic max-min of g_n / scale_n over the free parties, the others at their floor or above; then nothing is left.

        Who cannot be raised alone once everybody has the level is held there, and the rest go on (Imai 1983). Where the set is
        not convex it may be that nobody is held; then the one who could rise least is. The certificate is the first round's.
        """
        open_, held, first = free.copy(), floor.copy(), None
        x: Array | None = None
        while open_.any():
            found = self.push(scale, open_, held)
            if found is None:
                break
            first, x, level = first or found, found.x, found.value
            if open_.sum() == 1:
                break
            reached = np.where(open_, level * scale - SLACK * self.unit, held)
            rise = np.full(len(scale), np.inf)
            for n in np.nonzero(open_)[0]:
                best = self.lift(np.eye(len(scale))[n] / self.unit[n], np.where(np.arange(len(scale)) == n, -np.inf, reached))
                rise[n] = 0.0 if best is None else best.value - level * scale[n] / self.unit[n]
            stuck = open_ & ((rise <= 1e-6) | (rise <= rise.min()))
            held, open_ = np.where(stuck, reached, held), open_ & ~stuck
        if first is None or x is None:
            return None
        clean = self.lift(1 / self.unit, np.maximum(self.at(x), floor) - SLACK * self.unit)
        better = clean is not None and float(((self.at(clean.x) - self.at(x)) / self.unit).sum()) > 1e-9
        x = clean.x if clean is not None and better else x
        return Optimum(x, x, first.value, first.certificate, first.ties)

    def above(self, x: Array, floor: Array) -> tuple[Array, Array]:
        """(g_n − floor_n) / unit_n where there is a floor, and its derivative."""
        bound = np.isfinite(floor)
        gain, slope = self.with_gradient(x)
        return ((gain - np.where(bound, floor, 0.0)) / self.unit)[bound], (slope / self.unit[:, None])[bound]

    def keeps(self, gain: Array, floor: Array) -> Array:
        """Whether gains reach the floors, but for rounding."""
        return np.all(gain >= floor - 1e-9 * self.unit, axis=-1)
