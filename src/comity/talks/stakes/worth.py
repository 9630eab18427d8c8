"""What one stake is worth to each side and what it does: reservation prices, trust, expropriation, owners abroad (part 8)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from comity.errors import InputError
from comity.records import Array
from comity.talks.bargaining.payoffs import TablePayoffs, certainty_equivalent
from comity.talks.games import PATIENCE, Games
from comity.talks.stakes.finance import Zone, zone
from comity.talks.stakes.pledge import Pledge, Survival, expropriation, pledge
from comity.talks.stakes.sale import Sale
from comity.talks.stakes.stake import HOME_SHARES, Stake, with_foreign_owners


@dataclass(frozen=True, eq=False)
class Worth:
    """Stakes on the table as games are played on it. `counted` is w by party and sector (1 where not named).

    The package looked at is the one that `fair_with` means: the trade part of what is recommended, or the full list.
    """

    games: Games
    sale: Sale
    counted: Mapping[str, Mapping[str, float]]
    activity: tuple[str, ...] = ()
    """Governments that count value added, of which no owner's income is a part."""

    @property
    def stakes(self) -> tuple[Stake, ...]:
        """In the order of the file."""
        return self.sale.paying.stakes

    @cached_property
    def package(self) -> tuple[int, ...]:
        """The trade package looked at."""
        return tuple(self.sale.trade.packages[self.sale.agreed])

    def with_line(self, *stakes: int) -> tuple[int, ...]:
        """That package with some of the stakes."""
        return tuple(sorted((*self.package, *(self.sale.paying.lines[m] for m in stakes))))

    def sides(self, m: int) -> tuple[int, int]:
        """Issuer and buyer among the parties."""
        parties = self.games.payoffs.parties
        return parties.index(self.stakes[m].issuer), parties.index(self.stakes[m].buyer)

    def weight(self, m: int) -> float:
        """Dollars that the issuer's government counts for one of the owners who sell."""
        one = self.stakes[m]
        if one.issuer in self.activity:
            return 1.0
        return self.counted.get(one.issuer, {}).get(one.sector, 1.0)

    def expected(self, package: Sequence[int]) -> Array:
        """Expected payoff of a package, party, USD mn."""
        return self.games.payoffs.probability @ self.games.deal_of(package).agreed

    def equivalents(self, m: int, risk_aversion: float) -> tuple[Array, Array]:
        """Certainty equivalents of the package without and with the stake at its price, party, USD mn."""
        q = self.games.payoffs.probability
        pair = [self.games.deal_of(package).agreed for package in (self.package, self.with_line(m))]
        return certainty_equivalent(pair[0], q, risk_aversion), certainty_equivalent(pair[1], q, risk_aversion)

    def zone(self, m: int, risk_aversion: float) -> Zone:
        """Reservation prices: the annuities at which selling and buying leave a side's certainty equivalent as it is."""
        issuer, buyer = self.sides(m)
        return zone(self._gain(m, issuer, risk_aversion), self._gain(m, buyer, risk_aversion), float(self.sale.annuity[m]))

    def _gain(self, m: int, party: int, risk_aversion: float) -> Callable[[float], float]:
        paying, q = self.sale.paying.at(self.sale.agreed), self.games.payoffs.probability
        payoff = self.games.deal_of(self.package).agreed[:, party]
        before = certainty_equivalent(payoff, q, risk_aversion)
        weight = self.weight(m) if party == self.sides(m)[0] else 1.0

        def gain(annuity: float) -> float:
            asked = self.sale.annuity.copy()
            asked[m] = annuity
            got = weight * paying.receipts(asked)[:, 0, m, party]
            return float(certainty_equivalent(payoff + got, q, risk_aversion) - before)

        return gain

    def dividends(self, deflated_for: int | None = None) -> TablePayoffs:
        """Dividends of all stakes by package, the stakes standing where payoffs have parties; deflated by a party's prices."""
        paying, payoffs = self.sale.paying, self.games.payoffs
        paid = paying.dividend(self.sale.annuity)
        if deflated_for is not None:
            paid = paid / paying.index[:, :, deflated_for, None]
        chance = dict(zip(payoffs.states, (float(q) for q in payoffs.probability), strict=True))
        names = [payoffs.proposals[line] for line in paying.lines]
        return TablePayoffs.from_packages(names, chance, payoffs.proposals, self.games.packages, paid[:, self.sale.take])

    def pledge(self, m: int) -> Pledge:
        """The package as a deal before and after the stake."""
        issuer, buyer = self.sides(m)
        before, after = (self.games.deal_of(package) for package in (self.package, self.with_line(m)))
        return pledge(before, after, self.dividends(), m, buyer, issuer, self.games.tolerance)

    def survival(self, m: int) -> Survival:
        """What an issuer that may take its shares back would respect."""
        one, (issuer, _) = self.stakes[m], self.sides(m)
        weight, payoffs = self.weight(m), self.dividends(issuer)
        counted = TablePayoffs(payoffs.parties, payoffs.states, payoffs.probability, payoffs.proposals, weight * payoffs.corner)
        deflator = self.sale.paying.index[:, self.sale.agreed, issuer]
        price = weight * float(self.games.payoffs.probability @ (self.sale.annuity[m] / deflator))
        return expropriation(
            self.games.deal_of(self.package),
            counted,
            m,
            issuer,
            price,
            self.patience,
            sold=one.sold,
            home_share=1.0 if one.new else one.home_share,
            tolerance=self.games.tolerance,
        )

    @property
    def patience(self) -> float:
        """δ of the file, or the assumed one."""
        return PATIENCE if self.games.patience is None else self.games.patience

    def drawn(self) -> TablePayoffs:
        """Dividends of all stakes as the issuers count what leaves their owners: at the issuer's prices, by its weight."""
        paying, payoffs = self.sale.paying, self.games.payoffs
        every = range(len(self.stakes))
        index = paying.index[:, :, [self.sides(m)[0] for m in every]]
        weight = np.array([self.weight(m) for m in every])
        paid = weight * paying.dividend(self.sale.annuity) / index
        chance = dict(zip(payoffs.states, (float(q) for q in payoffs.probability), strict=True))
        names = [payoffs.proposals[line] for line in paying.lines]
        return TablePayoffs.from_packages(names, chance, payoffs.proposals, self.games.packages, paid[:, self.sale.take])

    def home_shares(self) -> list[tuple[float, Array | None]]:
        """What the package with all stakes brings each party over nothing if residents hold only a share of the enterprises.

        In what each government counts, at its own prices, as what the stakes pay is. Beside the usual shares those that the
        file states. None where more is sold than residents would then hold.
        """
        paying, payoffs = self.sale.paying, self.games.payoffs
        whole = np.isin(np.arange(len(payoffs.proposals)), self.with_line(*range(len(self.stakes)))).astype(float)
        weight = np.array([self.weight(m) for m in range(len(self.stakes))])
        today = weight * np.array([one.right for one in self.stakes]) * paying.today
        found: list[tuple[float, Array | None]] = []
        for share in sorted({*HOME_SHARES, *(one.home_share for one in self.stakes if not one.new)}, reverse=True):
            try:
                seen = with_foreign_owners(payoffs, self.drawn(), self.stakes, today, share)
            except InputError:
                found.append((share, None))
                continue
            change = seen.at(whole) - seen.at(np.zeros(len(whole)))
            found.append((share, payoffs.probability @ change))
        return found
