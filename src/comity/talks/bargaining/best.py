"""The best package with continuous intensities: the smallest joint loss that leaves nobody worse off (talks.md, part 2)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from comity.errors import InputError
from comity.records import Array
from comity.talks import judge
from comity.talks.bargaining.optimum import Certificate, Programme, maximise
from comity.talks.bargaining.payoffs import (
    Payoffs,
    Remembered,
    certainty_equivalent,
    certainty_slope,
    corner_payoffs,
    percent,
    scouts,
    spread,
    usd,
)

TAILS = 4096
"""Extreme tails beyond which CVaR-90 is refused."""


@dataclass(frozen=True, eq=False)
class Guard:
    """Whom the package may not hurt: `payoffs` may be governments' and may count more economies than the parties."""

    payoffs: Payoffs
    base: Array
    corners: Payoffs | None = None
    """Reads the payoffs of whole packages more cheaply."""


@dataclass(frozen=True, eq=False)
class Best:
    """The package with the smallest joint loss, and how far that can be trusted; gains as ratios, payoffs in USD mn."""

    parties: tuple[str, ...]
    proposals: tuple[str, ...]
    x: Array
    losses: str
    joint: float
    joint_nothing: float
    payoff: Array
    over_nothing: Array
    """Expected, party, USD mn."""
    certificate: Certificate
    shadow: Mapping[str, float]
    """What the joint gain would rise by for each unit of gain that a guarded economy gave up."""
    discrete: Array
    joint_discrete: float
    every_concession_pays: bool
    ties: tuple[Array, ...]

    @property
    def gap(self) -> float:
        """What intensities between 0 and 1 add to the best package of whole proposals, as a ratio."""
        return self.joint - self.joint_discrete

    def as_dict(self) -> dict[str, object]:
        """As the results show it."""
        return {
            "intensity": self._by_proposal(self.x),
            "losses": self.losses,
            "joint_loss_pct": percent(-self.joint),
            "joint_over_nothing_pct": percent(self.joint - self.joint_nothing),
            "over_nothing_usd_mn": {code: usd(v) for code, v in zip(self.parties, self.over_nothing, strict=True)},
            "certificate": self.certificate.as_dict(),
            "shadow_price": {code: float(f"{v:.6g}") for code, v in self.shadow.items()},
            "best_discrete": self._by_proposal(self.discrete),
            "gap_to_discrete_pct": percent(self.gap),
            "every_concession_pays": self.every_concession_pays,
            "ties": [self._by_proposal(tie) for tie in self.ties],
        }

    def _by_proposal(self, x: Array) -> dict[str, float]:
        return {name: round(float(v), 6) + 0.0 for name, v in zip(self.proposals, x, strict=True)}


def tails(losses: str, probability: Array) -> Array:
    """Weights over states whose smallest mean is the measure, row × state; the epigraph of the measure has one limit a row.

    `expected` has one row, `worst` one a state; `cvar-90` the corners of {w ≤ q / 0.1, Σ w = 1}: states taken whole and one
    taken in part, so that atoms are split (the dual of Rockafellar & Uryasev 2000). InputError if those are more than TAILS.
    """
    q = np.asarray(probability, dtype=float)
    if losses == "expected":
        return q[None]
    if losses == "worst":
        return np.eye(len(q))
    found: set[tuple[float, ...]] = set()
    likely = [int(s) for s in np.nonzero(q > 0)[0]]

    def take(weight: Array, left: float, rest: list[int]) -> None:
        if len(found) > TAILS:
            raise InputError(f"more than {TAILS} ways to make up the worst tenth of years; use losses: worst, or fewer crises")
        for s in likely:
            if weight[s] == 0 and q[s] >= left - 1e-15:
                found.add(tuple(np.where(np.arange(len(q)) == s, left, weight) / judge.TAIL))
        for place, s in enumerate(rest):
            if q[s] < left - 1e-15:
                take(np.where(np.arange(len(q)) == s, q[s], weight), left - q[s], rest[place + 1 :])

    take(np.zeros(len(q)), judge.TAIL, likely)
    return np.array(sorted(found))


def best_package(
    payoffs: Payoffs,
    base: Array,
    *,
    weights: Array | None = None,
    losses: str = "expected",
    guard: Guard | None = None,
    conceded_by: Sequence[Sequence[str]] | None = None,
    corners: Payoffs | None = None,
    starts: Sequence[Array] | None = None,
    risk_aversion: float = 0.0,
) -> Best:
    """Intensities that maximise the joint gain Σ_n w_n (RI_n / RI_n⁰ − 1) under `losses`, nobody guarded worse off than at x = 0.

    With `risk_aversion` the expectation is the certainty equivalent, of the joint gain and of each guarded (`judge.measure`).

    `weights` party, summing to 1 (None: equal); `base` RI_n⁰ in USD mn; `guard` None leaves everybody unguarded. `corners`
    reads the payoffs of whole packages more cheaply than `payoffs`. `conceded_by`, a list of parties for each proposal, is asked
    whether every concession pays for itself: whether all proposals are best at 1 and each alone leaves those who concede it
    (None: every party) better off in expectation. Raises InputError without proposals.
    """
    if not payoffs.proposals:
        raise InputError("there are no proposals to choose from")
    share = np.full(len(payoffs.parties), 1 / len(payoffs.parties)) if weights is None else np.asarray(weights, dtype=float)
    task = _Task(payoffs, np.asarray(base, dtype=float), share, losses, guard, risk_aversion)
    x, corner = corner_payoffs(corners if corners is not None else payoffs)
    gain = np.swapaxes(corner, 0, 1) / task.base @ share - 1
    sizes = [int(row.sum()) for row in x]
    choice = judge.choose(gain, task.q, losses, _admissible(task, payoffs, corner), sizes, risk_aversion)
    if starts is None:
        ranked = [row for row in (choice.best, choice.runner_up) if row is not None]
        starts = [*x[ranked], *_scouted(task, payoffs, corners), *_usual(x.shape[1])]
    programme = task.programme(starts)
    found = maximise(programme, [task.start(point) for point in starts], lambda: task.evaluations)
    if found is None:  # pragma: no cover - x = 0 keeps every constraint and is tried
        raise InputError("no start leads to a package that keeps the rules")
    at, nothing = task.joint_payoffs.at(found.x), task.joint_payoffs.at(np.zeros(x.shape[1]))
    return Best(
        parties=payoffs.parties,
        proposals=payoffs.proposals,
        x=found.x,
        losses=losses,
        joint=float(task.joint(at)),
        joint_nothing=float(task.joint(nothing)),
        payoff=at,
        over_nothing=task.q @ (at - nothing),
        certificate=found.certificate,
        shadow=task.shadow(found.certificate.multipliers),
        discrete=x[choice.best],
        joint_discrete=float(judge.measure(gain[:, choice.best], task.q, losses, risk_aversion)),
        every_concession_pays=_pays(found.x, task, conceded_by),
        ties=found.ties,
    )


class _Task:
    """The programme of one search: which measures, in which units."""

    def __init__(
        self, payoffs: Payoffs, base: Array, weights: Array, losses: str, guard: Guard | None, risk_aversion: float = 0.0
    ):
        self.joint_payoffs = Remembered(payoffs)
        self.base, self.weights, self.losses, self.guard, self.rho = base, weights, losses, guard, risk_aversion
        self.q = np.asarray(payoffs.probability, dtype=float)
        self.tails = tails(losses, self.q)
        self.smooth = losses == "expected"
        self.guarded: tuple[str, ...] = () if guard is None else guard.payoffs.parties
        self.guard_payoffs, self.guard_base = self.joint_payoffs, np.zeros(0)
        self.unit, self.guard_unit, self.level = 1.0, np.ones(len(self.guarded)), np.zeros(0)
        if guard is not None:
            self.guard_base = np.asarray(guard.base, dtype=float)
            if guard.payoffs is not payoffs:
                self.guard_payoffs = Remembered(guard.payoffs)
            nothing = self.guard_payoffs.at(np.zeros(len(payoffs.proposals))) / self.guard_base - 1
            self.level = judge.measure(nothing, self.q, losses, risk_aversion)

    @property
    def evaluations(self) -> int:
        """Points at which payoffs were asked for, of either kind."""
        own = self.joint_payoffs.evaluations
        return own if self.guard_payoffs is self.joint_payoffs else own + self.guard_payoffs.evaluations

    def joint(self, payoff: Array) -> Array:
        """The objective's view of a payoff, state × party."""
        return judge.measure(payoff / self.base @ self.weights - 1, self.q, self.losses, self.rho)

    def _joint(self, x: Array) -> tuple[Array, Array]:
        payoff, slope = self.joint_payoffs.with_gradient(x)
        y = payoff / self.base @ self.weights - 1
        return y / self.unit, np.einsum("spk,p->sk", slope, self.weights / self.base) / self.unit

    def _guarded(self, x: Array) -> tuple[Array, Array]:
        """Gains of the guarded in their units, state × economy, and state × economy × proposal."""
        payoff, slope = self.guard_payoffs.with_gradient(x)
        return (payoff / self.guard_base - 1) / self.guard_unit, slope / (self.guard_base * self.guard_unit)[:, None]

    def programme(self, starts: Sequence[Array]) -> Programme:
        """Units are found at the starts: the largest slope of each gain is one."""
        count = len(starts[0])
        self.unit = max(float(np.abs(self._joint(x)[1]).max()) for x in starts) or 1.0
        if self.guarded:
            found = np.max([np.abs(self._guarded(x)[1]).max(axis=(0, 2)) for x in starts], axis=0)
            self.guard_unit = np.where(found > 0, found, 1.0)
        free = np.full(0 if self.smooth else 1, np.inf)
        lower, upper = np.concatenate([np.zeros(count), -free]), np.concatenate([np.ones(count), free])
        return Programme(self._value, self._limits, lower, upper, count)

    def start(self, x: Array) -> Array:
        """A start, with the height of the epigraph there."""
        return x if self.smooth else np.append(x, (self.tails @ self._joint(x)[0]).min())

    def _value(self, z: Array) -> tuple[float, Array]:
        if not self.smooth:
            return float(z[-1]), np.eye(len(z))[-1]
        y, slope = self._joint(z)
        value, by = certainty_slope(1 + y * self.unit, self.q, self.rho)
        return (float(value) - 1) / self.unit, by @ slope

    def _limits(self, z: Array) -> tuple[Array, Array]:
        x = z if self.smooth else z[:-1]
        found, rows = [], []
        if not self.smooth:
            y, slope = self._joint(x)
            found.append(self.tails @ y - z[-1])
            rows.append(np.hstack([self.tails @ slope, -np.ones((len(self.tails), 1))]))
        if self.guarded and self.smooth:
            gain, slopes = self._guarded(x)
            value, by = certainty_slope(1 + gain * self.guard_unit, self.q, self.rho)
            found.append((value - 1 - self.level) / self.guard_unit)
            rows.append(np.einsum("sn,snk->nk", by, slopes))
        elif self.guarded:
            gain, slopes = self._guarded(x)
            found.append((self.tails @ gain - self.level / self.guard_unit).T.ravel())
            own = np.einsum("ws,snk->nwk", self.tails, slopes).reshape(-1, len(x))
            rows.append(np.hstack([own, np.zeros((len(own), len(z) - len(x)))]))
        return (np.concatenate(found), np.concatenate(rows)) if found else (np.zeros(0), np.zeros((0, len(z))))

    def shadow(self, multipliers: Array) -> dict[str, float]:
        """The multipliers of each guarded economy's own constraints, in joint gain per gain."""
        if not self.guarded:
            return {}
        own = multipliers[0 if self.smooth else len(self.tails) :].reshape(len(self.guarded), -1).sum(axis=1)
        return {code: float(own[n] * self.unit / self.guard_unit[n]) for n, code in enumerate(self.guarded)}


def _usual(count: int) -> list[Array]:
    """Starts of every search: everything, half of it, points in between and nothing."""
    return [np.ones(count), np.full(count, 0.5), *spread(2, count), np.zeros(count)]


def _scouted(task: _Task, payoffs: Payoffs, corners: Payoffs | None) -> list[Array]:
    """The best admissible points of a table of packages, should there be one."""
    x, seen = scouts(corners if corners is not None else payoffs)
    if not len(x):
        return []
    value = judge.measure(seen.swapaxes(0, 1) / task.base @ task.weights - 1, task.q, task.losses, task.rho)
    if task.guard is not None:
        guarded = seen
        if task.guard.payoffs is not payoffs:
            guarded = scouts(task.guard.corners if task.guard.corners is not None else task.guard.payoffs)[1]
        if len(guarded):
            level = judge.measure(guarded.swapaxes(0, 1) / task.guard_base - 1, task.q, task.losses, task.rho)
            value = np.where(np.all(level >= task.level - judge.TIE, axis=1), value, -np.inf)
    return [x[m] for m in np.argsort(-value, kind="stable")[:2] if np.isfinite(value[m])]


def _admissible(task: _Task, payoffs: Payoffs, corner: Array) -> Array:
    """Which whole packages leave nobody guarded worse off; `corner` what the parties get there, package × state × party."""
    guard = task.guard
    if guard is None:
        return np.ones(len(corner), dtype=bool)
    if guard.payoffs is not payoffs:
        corner = corner_payoffs(guard.corners if guard.corners is not None else guard.payoffs)[1]
    return judge.nobody_worse_off(np.swapaxes(corner, 0, 1) / task.guard_base - 1, task.q, task.losses, 0, task.rho)


def _pays(x: Array, task: _Task, conceded_by: Sequence[Sequence[str]] | None) -> bool:
    """Whether all concessions stand whole and each alone leaves those who make it better off, by what they want themselves.

    What nobody concedes (a stake is bought) is no concession.
    """
    made = np.array([conceded_by is None or bool(conceded_by[k]) for k in range(len(x))])
    if not np.all(x[made] >= 1 - 1e-6):
        return False
    payoffs, base = task.guard_payoffs, task.guard_base if task.guarded else task.base
    parties, asked = payoffs.payoffs.parties, task.joint_payoffs.payoffs.parties
    nothing = certainty_equivalent(payoffs.at(np.zeros(len(x))), task.q, task.rho)
    for k, row in enumerate(np.eye(len(x))):
        who = [parties.index(code) for code in (asked if conceded_by is None else conceded_by[k]) if code in parties]
        gain = (certainty_equivalent(payoffs.at(row), task.q, task.rho) - nothing) / base
        if any(gain[n] <= judge.TIE for n in who):
            return False
    return True
