"""What a stake does to trust: whether it buys any, and how much of it would not be taken back (talks.md, part 8)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from comity.errors import InputError
from comity.records import Array
from comity.talks.bargaining.payoffs import Payoffs
from comity.talks.keeping.bands import Band, future, where_positive
from comity.talks.keeping.trust import (
    Critical,
    Deal,
    Punishment,
    Trust,
    critical_patience,
    deal_patience,
    punishment,
    trust,
    withdrawals,
)

Paid = Literal["once", "yearly"]


@dataclass(frozen=True, eq=False)
class Pledge:
    """A deal before and after a stake. `sector_gain`: expected dividends that the buyer's concessions add, USD mn a year."""

    before: tuple[Trust, ...]
    after: tuple[Trust, ...]
    buyer: str
    issuer: str
    sector_gain: float

    @property
    def buys_trust(self) -> bool:
        """Whether the deal with the stake asks for less patience than without it."""
        return deal_patience(self.after) < deal_patience(self.before) - 1e-12

    @property
    def words(self) -> str:
        """What the stake really does, in sentences; no claim that it buys trust unless it does."""
        gains = self.sector_gain > 1e-9
        sector = (
            f"Its sector gains USD {self.sector_gain:.2f} mn of these dividends a year from the buyer's concessions."
            if gains
            else "Its sector gains nothing from the buyer's concessions, so that the buyer loses no dividend by withdrawing them."
        )
        verdict = "The stake buys trust" if self.buys_trust else "The stake buys no trust"
        parties = " ".join(
            f"{name}: the deal is kept {_from(one)} without the stake, {_from(other)} with it."
            for name, one, other in zip((p.party for p in self.before), self.before, self.after, strict=True)
        )
        return f"{verdict}. {sector} {parties}"


def _from(party: Trust) -> str:
    delta = party.critical.delta
    if delta is None:
        return "at no patience"
    return "at any patience" if delta == 0 else f"from a patience of {delta:.3f} on"


def pledge(before: Deal, after: Deal, dividend: Payoffs, stake: int, buyer: int, issuer: int, tolerance: float = 0.0) -> Pledge:
    """Compare a deal without and with a stake (number `stake` of `dividend`, whose parties are the stakes)."""
    kept = dividend.at(before.x)[:, stake]
    withdrawn = dividend.at(before.without(before.own(buyer)))[:, stake]
    names = before.payoffs.parties
    return Pledge(
        trust(before, tolerance=tolerance),
        trust(after, tolerance=tolerance),
        names[buyer],
        names[issuer],
        float(before.probability @ (kept - withdrawn)),
    )


@dataclass(frozen=True)
class Survival:
    """What an issuer that may take its shares back would respect.

    `critical`: δ* of the issuer with the whole stake when expropriation is among its breaks. `sizes`: the multiples of the
    stake that survive at the patience given; `largest` the largest of them as a share of the enterprise, None if not even none.
    `least_recovered`: the least share κ that the buyer must be able to recover for the whole stake to survive, None if no κ does.
    """

    critical: Critical
    sizes: Band
    largest: float | None
    least_recovered: float | None


@dataclass(frozen=True, eq=False)
class _Breaks:
    """What an issuer wins by each withdrawal without the stake, set × state, the deal's worth, and the stake's dividends."""

    gain: Array
    value: float
    kept: Array
    strayed: Array
    after: Array
    annuity: float
    probability: Array

    def temptation(self, recovered: float) -> Array:
        """Dividends that an expropriator no longer pays, for one stake, set × state."""
        return self.kept - recovered * self.strayed

    def worth(self, recovered: float, paid: Paid) -> float:
        """What a stake adds to the worth of keeping the deal over expropriation, a year."""
        q = self.probability
        if paid == "yearly":
            return float(self.annuity - q @ self.kept)
        return float(q @ (recovered * self.after - self.kept))


def expropriation(
    deal: Deal,
    dividend: Payoffs,
    stake: int,
    issuer: int,
    annuity: float,
    patience: float,
    *,
    sold: float,
    recovered: float = 0.0,
    paid: Paid = "once",
    home_share: float = 1.0,
    after: Punishment | None = None,
    tolerance: float = 0.0,
) -> Survival:
    """Taking the shares back as one more way of breaking: ownership restored but for a recovered share κ, payments kept, no
    stake ever after.

    `deal` is the one without this stake, `dividend` the stakes' dividends at full size. In the year of the break the issuer
    keeps the annuity, stops the dividends but for κ of them, and withdraws the concessions that it likes. Afterwards nobody
    concedes; a price paid `once` is gone for the buyer (its annuity goes on, against κ of the dividends), one paid `yearly`
    ends with the stake. The issuer's conditions are linear in the size of the stake and in κ, so that both answers are exact;
    the size is at most what residents hold, and must also survive withdrawals that respect the stake.
    """
    if not (0 <= recovered <= 1 and 0 < sold <= home_share <= 1):
        raise InputError("expropriation: 0 ≤ recovered ≤ 1 and 0 < sold ≤ home_share ≤ 1")
    worth = future(patience)
    breaks = _breaks(deal, dividend, stake, issuer, annuity, punishment(deal, tolerance) if after is None else after)
    respecting = (breaks.temptation(1.0), breaks.worth(1.0, "once"))
    taking = (breaks.temptation(recovered), breaks.worth(recovered, paid))
    room = worth * breaks.value - breaks.gain
    sizes = Band(0.0, home_share / sold)
    for tempted, added in (respecting, taking):
        sizes = sizes & where_positive(room, worth * added - tempted, high=home_share / sold, tolerance=tolerance)
    # Written as a + b κ at the whole stake.
    none, full = (room + worth * breaks.worth(k, paid) - breaks.temptation(k) for k in (0.0, 1.0))
    shares = where_positive(none, full - none, high=1.0, tolerance=tolerance)
    asked = [
        critical_patience(float((breaks.gain + tempted).max()), breaks.value + added, tolerance=tolerance)
        for tempted, added in (respecting, taking)
    ]
    critical = max(asked, key=lambda one: np.inf if one.delta is None else one.delta)
    return Survival(critical, sizes, None if sizes.empty else sizes.high * sold, None if shares.empty else shares.low)


def _breaks(deal: Deal, dividend: Payoffs, stake: int, issuer: int, annuity: float, after: Punishment) -> _Breaks:
    sets, gain = withdrawals(deal, issuer)
    q, sure = deal.probability, deal.probability > 0
    kept = dividend.at(deal.x)[:, stake]
    strayed = np.stack([dividend.at(deal.without(chosen))[:, stake] for chosen in sets])
    value = float(q @ (deal.agreed[:, issuer] - after.payoff[:, issuer]))
    later = dividend.at(after.x)[:, stake]
    return _Breaks(gain[:, sure], value, kept[sure], strayed[:, sure], later[sure], annuity, q[sure])
