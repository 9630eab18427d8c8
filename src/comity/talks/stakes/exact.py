"""Packages with stakes solved with them: the buyer owns a part of the sector, the price is a transfer (talks.md, part 8)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from comity.records import Array, Benchmark, Wedges
from comity.solve import batch
from comity.talks.agenda import Agenda
from comity.talks.packages import Engine, Neighbourhood, Package, touched_cells
from comity.talks.stakes.finance import Prices, prices
from comity.talks.stakes.sale import Sale
from comity.talks.stakes.stake import Stake


def owners(benchmark: Benchmark, stakes: Sequence[Stake], share: Array) -> Array:
    """Ω with the stakes sold, owner × economy × sector; `share` is what passes of the sector's capital income, stake.

    What passes leaves the residents of the issuer: nothing is known of enterprises that foreigners hold already.
    """
    count = len(benchmark.economies)
    if benchmark.ownership is None:
        own = np.zeros((count, count, len(benchmark.sectors)))
        own[range(count), range(count)] = 1.0
    else:
        own = np.array(benchmark.ownership)
    for one, passed in zip(stakes, share, strict=True):
        issuer, buyer = benchmark.economy_index(one.issuer), benchmark.economy_index(one.buyer)
        j = benchmark.sectors.index(one.sector)
        own[issuer, issuer, j] -= passed
        own[buyer, issuer, j] += passed
    return own


def claims(benchmark: Benchmark, wedges: Wedges, stakes: Sequence[Stake], annuity: Array, added: Array) -> Wedges:
    """A crisis in which the stakes stand: ownership, the annuities as transfers, and the capital that new shares bought.

    `added` as a share of the sector's capital, stake. The price of new shares goes to the issuer too, whose residents spend it
    on that capital: transfers sum to zero, and the sum is taken out of its real income afterwards.
    """
    held = np.array([one.enterprise_share for one in stakes]) + added
    larger = np.ones((len(benchmark.economies), len(benchmark.sectors))) if wedges.capital is None else np.array(wedges.capital)
    for one, more in zip(stakes, added, strict=True):
        larger[benchmark.economy_index(one.issuer), benchmark.sectors.index(one.sector)] += more
    share = np.array([one.sold * one.payout for one in stakes]) * held / grown(stakes, added)
    transfer = np.zeros(len(benchmark.economies)) if wedges.transfer is None else np.array(wedges.transfer)
    for one, paid in zip(stakes, annuity, strict=True):
        transfer[benchmark.economy_index(one.buyer)] -= paid
        transfer[benchmark.economy_index(one.issuer)] += paid
    return replace(
        wedges,
        ownership=owners(benchmark, stakes, share),
        transfer=transfer,
        capital=larger if np.any(added) or wedges.capital is not None else None,
    )


def grown(stakes: Sequence[Stake], added: Array) -> Array:
    """K̂ of each stake's sector, 1 + what all new shares there add."""
    return np.array(
        [1 + sum(a for o, a in zip(stakes, added, strict=True) if (o.issuer, o.sector) == (s.issuer, s.sector)) for s in stakes]
    )


@dataclass(frozen=True, eq=False)
class Exact:
    """One package solved with its stakes. Real income of the parties in USD mn and what its stakes pay, by crisis.

    `face` is real income as the table has it, payments at face value; `solved` with the payments in the equilibrium; crisis ×
    party. `dividend` crisis × stake, USD mn of world value added, of all stakes (0 for those not in the package).
    """

    package: Package
    face: Array
    solved: Array
    dividend: Array
    residual: float

    @property
    def difference(self) -> Array:
        """What the payments do to prices, crisis × party, USD mn."""
        return self.solved - self.face


class Solver:
    """Solves packages of an agenda with their stakes, crisis by crisis."""

    def __init__(self, engine: Engine, agenda: Agenda, sale: Sale, real_income: Array):
        self.engine, self.agenda, self.sale = engine, agenda, sale
        self.touched, self.parts = touched_cells(engine.benchmark, [p.changes for p in agenda.proposals])
        self.base = np.asarray(real_income)[engine.positions]
        self.near = [Neighbourhood(engine, crisis, self.touched, self.parts) for crisis in sale.trade.crises]

    def solve(self, package: Package, annuity: Array) -> Exact:
        """A package by positions of its proposals, with its stakes at these annuities (stake, USD mn a year)."""
        paying = self.sale.paying
        inside = np.array([line in package for line in paying.lines], dtype=bool)
        stakes = [one for one, stands in zip(paying.stakes, inside, strict=True) if stands]
        paid, added = np.asarray(annuity)[inside], paying.added(annuity)[inside]
        share = np.array([one.sold * one.payout * (one.enterprise_share + a) for one, a in zip(stakes, added, strict=True)])
        solved = np.zeros((len(self.near), len(self.base)))
        dividend = np.zeros((len(self.near), len(inside)))
        residual = 0.0
        for s, near in enumerate(self.near):
            found = self._solved(near, package, stakes, paid, added)
            row = self.engine.row(found)
            solved[s] = row.real_income[self.engine.positions] * self.base - self._sunk(stakes, paid) / row.price_index
            # Capital income is that of the larger sector: the enterprise's part of it is (share + added) / (1 + added).
            dividend[s, inside] = share * self._earned(stakes, row.capital) / grown(stakes, added)
            residual = max(residual, float(found.residual))
        p = self.sale.table.packages.index(package)
        face = self.sale.table.real_income[:, p][:, self.engine.positions] * self.base
        return Exact(package, face, solved, dividend, residual)

    def prices(self, package: Package) -> Prices:
        """The annuities when the payments stand in the equilibrium: a fixed point over solves, all stakes at once."""
        paying, old = self.sale.paying, self.sale.prices

        def respond(annuity: Array) -> Array:
            return self.solve(package, annuity).dividend.T

        asked = [one.price for one in paying.stakes]
        return prices(asked, paying.without(), respond, paying.probability, patience=self.agenda.patience, start=old.annuity)

    def _solved(self, near: Neighbourhood, package: Package, stakes: Sequence[Stake], paid: Array, added: Array) -> batch.Solved:
        trade = tuple(k for k in package if k not in self.sale.paying.lines)
        values, start = near.values(trade), near.small(()).x
        if not stakes:
            return near.solve(values, start)
        wedges = claims(self.engine.benchmark, near.solved.wedges, stakes, paid, added)
        here = Neighbourhood(self.engine, replace(near.solved, wedges=wedges), self.touched, self.parts)
        return here.solve(values, start)

    def _sunk(self, stakes: Sequence[Stake], paid: Array) -> Array:
        """What of the prices is spent on capital, so that it is nobody's income; party, USD mn."""
        found = np.zeros(len(self.base))
        for one, price in zip(stakes, paid, strict=True):
            found[self.agenda.parties.index(one.issuer)] += price if one.new else 0.0
        return found

    def _earned(self, stakes: Sequence[Stake], capital: Array) -> Array:
        """Capital income of the stakes' sectors, from party × sector."""
        b, parties = self.engine.benchmark, self.agenda.parties
        return np.array([capital[parties.index(one.issuer), b.sectors.index(one.sector)] for one in stakes])
