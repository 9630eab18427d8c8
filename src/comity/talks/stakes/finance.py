"""What a stake is worth and to whom: prices, reservation prices, new shares, chains of owners (talks.md, part 8).

A price is an annuity, so much a year in every state, in benchmark USD mn of a stated index. Nothing is solved here: where
dividends depend on the payments that a price causes, the caller hands in a function that solves.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from comity.errors import InputError, NoEquilibriumError, Problem
from comity.records import Array
from comity.talks.bargaining.payoffs import certainty_equivalent

FAIR_WITHOUT = "fair_without"
FAIR_WITH = "fair_with"
PE = "pe"


@dataclass(frozen=True)
class Price:
    """How a stake is priced: its expected dividend `fair_without` or `fair_with` the package, or `pe` years of today's."""

    kind: str = FAIR_WITHOUT
    pe: float | None = None


def fair(dividend: Array, probability: Array, index: Array | float = 1.0) -> Array:
    """The annuity that is worth the dividends on average, Σ_s q_s d(s)/p(s); `dividend` … × state, p the annuity's index."""
    return (np.asarray(dividend, dtype=float) / index) @ probability


def transfers(dividend: Array, annuity: Array, index: Array | float = 1.0) -> Array:
    """What passes from issuer to buyer in each state, d(s) − a p(s), stake × state; its mean is 0 at a fair price and p = 1."""
    return np.asarray(dividend, dtype=float) - np.asarray(annuity, dtype=float)[..., None] * index


@dataclass(frozen=True, eq=False)
class Prices:
    """Annuities of all stakes, USD mn a year, with what they were found from.

    `dividend` stake × state at these payments and with the package; `without` the expected dividend without it. `premium` is
    the price over `without`, less one (NaN where there is no dividend); `passed` what the buyer expects to receive beyond the
    price: at the price without the package, the part of the seller's gain from trade that goes to the buyer.
    """

    annuity: Array
    dividend: Array
    probability: Array
    without: Array
    steps: int

    @property
    def expected(self) -> Array:
        """Expected dividend with the package, stake."""
        return self.dividend @ self.probability

    @property
    def premium(self) -> Array:
        """Price over the expected dividend without the package, less one."""
        paid = self.without > 0
        return np.where(paid, self.annuity / np.where(paid, self.without, 1) - 1, np.nan)

    @property
    def passed(self) -> Array:
        """Σ_s q_s d(s) − a."""
        return self.expected - self.annuity


def prices(
    asked: Sequence[Price],
    without: Array,
    respond: Callable[[Array], Array],
    probability: Array,
    *,
    patience: float | None = None,
    start: Array | None = None,
    tolerance: float = 1e-9,
    steps: int = 40,
) -> Prices:
    """The annuities of all stakes at once.

    `without` are the dividends without the package, stake × state (state 0: no crisis); `respond(annuities)` the dividends
    with it when these are paid, both in the annuity's unit. `fair_with` is a fixed point, a = Σ_s q_s d(s; a): Anderson's
    mixing from the price without the package, or from `start`, until no price moves by more than `tolerance` relative to it. A
    price-earnings ratio is the capital sum pe · d(no crisis), paid as an annuity at the yearly rate 1/δ − 1.
    NoEquilibriumError where the fixed point is not reached, naming the stake.
    """
    without = np.asarray(without, dtype=float)
    base = fair(without, probability)
    annuity = np.array([_stated(one, base[m], without[m, 0], patience) for m, one in enumerate(asked)])
    free = np.array([one.kind == FAIR_WITH for one in asked], dtype=bool)
    if start is not None:
        annuity = np.where(free, start, annuity)
    tried, missed = [], []
    for step in range(1, steps + 1):
        dividend = np.asarray(respond(annuity.copy()), dtype=float)
        miss = np.where(free, fair(dividend, probability) - annuity, 0.0)
        if np.all(np.abs(miss) <= tolerance * np.abs(annuity) + 1e-12):
            return Prices(annuity, dividend, np.asarray(probability, dtype=float), base, step)
        tried.append(annuity)
        missed.append(miss)
        annuity = _mixed(tried, missed)
    worst = int(np.argmax(np.abs(missed[-1])))
    raise NoEquilibriumError(
        f"the fair price of stake {worst + 1} was not found in {steps} steps: it still moves by {missed[-1][worst]:.3g} USD mn",
        residual=float(np.abs(missed[-1]).max()),
        worst=f"stake {worst + 1}",
    )


def _stated(price: Price, fair_without: float, today: float, patience: float | None) -> float:
    if price.kind != PE:
        return float(fair_without)
    if patience is None or not 0 < patience < 1:
        raise InputError(
            "a price-earnings ratio needs rules.patience between 0 and 1: it says what a dollar a year later is worth"
        )
    return float((price.pe or 0.0) * today * (1 / patience - 1))


def _mixed(tried: Sequence[Array], missed: Sequence[Array], memory: int = 5) -> Array:
    """The next guess of a fixed point from the last ones (Anderson 1965): the combination whose misses cancel best."""
    x, r = np.array(tried[-memory - 1 :]), np.array(missed[-memory - 1 :])
    if len(x) == 1:
        return x[-1] + r[-1]
    dx, dr = np.diff(x, axis=0), np.diff(r, axis=0)
    u, size, v = np.linalg.svd(dr.T, full_matrices=False)
    # Directions in which the misses did not move tell nothing; divided by, they would throw the price anywhere.
    told = size > 1e-8 * np.abs(r[-1]).max()
    share = v[told].T @ ((u[:, told].T @ r[-1]) / size[told])
    return x[-1] + r[-1] - share @ (dx + dr)


@dataclass(frozen=True)
class Zone:
    """Annuities between the least that the seller takes and the most that the buyer pays, USD mn a year."""

    seller_least: float
    buyer_most: float

    @property
    def empty(self) -> bool:
        """Whether no price suits both; a point to within a hundred dollars is not empty."""
        return self.seller_least > self.buyer_most + 1e-4

    @property
    def words(self) -> str:
        """The zone in a sentence."""
        if self.empty:
            return (
                f"No price suits both: the seller needs at least USD {self.seller_least:.2f} mn a year, the buyer pays at most "
                f"{self.buyer_most:.2f}. Risk-sharing alone does not justify the sale."
            )
        if self.buyer_most - self.seller_least <= 1e-4:
            return f"One price suits both, USD {self.seller_least:.2f} mn a year; at it the sale changes nothing for either."
        return f"Any price from USD {self.seller_least:.2f} to {self.buyer_most:.2f} mn a year suits both."


def zone(seller: Callable[[float], float], buyer: Callable[[float], float], guess: float, tolerance: float = 1e-7) -> Zone:
    """The reservation prices: where selling and buying at an annuity leave each side's certainty equivalent as it is.

    Each function gives the certainty equivalent with the stake at an annuity less the one without, USD mn.
    """
    return Zone(reservation(seller, guess, tolerance), reservation(buyer, guess, tolerance))


def reservation(gain: Callable[[float], float], guess: float, tolerance: float = 1e-7) -> float:
    """The annuity at which a side gains nothing: secant steps from a guess to |gain| ≤ tolerance (USD mn). NoEquilibriumError."""
    low, at_low = guess, gain(guess)
    if abs(at_low) <= tolerance:
        return guess
    high = guess + max(1e-3 * abs(guess), 1e-3)
    for _ in range(50):
        at_high = gain(high)
        if abs(at_high) <= tolerance:
            return high
        if at_high == at_low:
            break
        low, at_low, high = high, at_high, high - at_high * (high - low) / (at_high - at_low)
    raise NoEquilibriumError(
        f"no reservation price was found from USD {guess:.6g} mn a year", residual=abs(at_low), worst="reservation price"
    )


def gain_from(payoff: Array, dividend: Array, probability: Array, risk_aversion: float, sign: int) -> Callable[[float], float]:
    """What a swap of a dividend for an annuity adds to the certainty equivalent of a payoff, as a function of the annuity.

    `payoff` and `dividend` by state; `sign` is 1 for the buyer and −1 for the seller. Payments count at their face value: what
    they do to prices is left out.
    """
    before = certainty_equivalent(payoff, probability, risk_aversion)

    def gain(annuity: float) -> float:
        after = certainty_equivalent(payoff + sign * (np.asarray(dividend) - annuity), probability, risk_aversion)
        return float(after - before)

    return gain


@dataclass(frozen=True)
class NewShares:
    """What an issue of new shares does: capital of the sector (hat), the enterprise's share of it, the old owners' share."""

    capital_hat: float
    enterprise_share: float
    old_owners: float


def new_shares(annuity: float, capital_income: float, enterprise_share: float, sold: float) -> NewShares:
    """Proceeds become capital of the sector, K̂ = 1 + a / r; the buyer holds `sold` of the larger enterprise, old owners the rest.

    `capital_income` is the benchmark's, (1−λ)γY of issuer and sector, USD mn. Capital is bought at what it yields: proceeds
    worth an annuity of one dollar add capital that earns one dollar in the benchmark. They are spent on that capital, so that the
    annuity is the buyer's cost and nobody's income: only the dividends pass. InputError where there is nothing to add to.
    """
    if not (annuity >= 0 and capital_income > 0 and np.isfinite(annuity) and np.isfinite(capital_income)):
        raise InputError("new shares: the sector needs capital income, and the price cannot be negative")
    added = annuity / capital_income
    return NewShares(1 + added, (enterprise_share + added) / (1 + added), 1 - sold)


def ultimate_owners(held_by_enterprises: Array, held_by_residents: Array) -> Array:
    """Who owns each enterprise in the end, enterprise × economy, where enterprises own shares of each other.

    U = (I − H)^{-1} R (Brioschi, Buzzacchi & Colombo 1989): H[e, f] is the share of e held by enterprise f, R[e, n] that held
    by residents of n. InputError, with every fault, for shares below 0 or above 1, shares of an enterprise that do not sum to
    1, and a circle of enterprises that belong to nobody but each other.
    """
    h, r = np.asarray(held_by_enterprises, dtype=float), np.asarray(held_by_residents, dtype=float)
    count = len(h)
    if h.shape != (count, count) or r.ndim != 2 or len(r) != count:
        raise InputError(f"owners of {count} enterprises: shapes {h.shape} and {r.shape} do not fit")
    faults = []
    for e, row in enumerate(np.concatenate([h, r], axis=1)):
        if not np.all(np.isfinite(row)) or np.any(row < 0) or np.any(row > 1):
            faults.append(Problem(f"enterprise {e + 1}: a share below 0 % or above 100 %"))
        elif abs(row.sum() - 1) > 1e-9:
            faults.append(Problem(f"enterprise {e + 1}: its shares sum to {100 * row.sum():.6g} %, not to 100 %"))
    if faults:
        raise InputError(faults)
    # An enterprise reaches a resident through a chain of owners, or it belongs to a circle: exact, whatever the rounding.
    reached = r.any(axis=1)
    for _ in range(count):
        reached = reached | (h[:, reached] > 0).any(axis=1)
    if not reached.all():
        circle = ", ".join(str(e + 1) for e in np.nonzero(~reached)[0])
        raise InputError(f"enterprises {circle} belong to nobody but each other: circular ownership has no owner to pay")
    return np.linalg.solve(np.eye(count) - h, r)
