"""Stakes as lines of the table: what each pays in every package and crisis, its price, who receives it (talks.md, part 8).

Trade packages are solved once. On top of them the dividends less the annuity pass between the parties at face value: what the
payments themselves do to prices is left to `exact`, which solves with them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from comity.errors import InputError
from comity.records import Array, Benchmark
from comity.talks.agenda import Agenda
from comity.talks.packages import Table, packages_of
from comity.talks.stakes.finance import Prices, prices
from comity.talks.stakes.stake import Stake, flows, price_flows

ROUNDS = 6
"""Times that a price with the package may move the package, before the last one stands."""


@dataclass(frozen=True, eq=False)
class Paying:
    """What stakes pay in every crisis and trade package.

    `lines` are the stakes' positions among the proposals; `capital` the capital income of their sectors (1−λ)γ′Y′ in USD mn of
    world value added, crisis × trade package × stake, `today` that of the benchmark; `index` P̂ of the parties, crisis × trade
    package × party. An annuity is fixed in USD mn of world value added, the unit of every value.
    """

    stakes: tuple[Stake, ...]
    lines: tuple[int, ...]
    parties: tuple[str, ...]
    capital: Array
    today: Array
    index: Array
    probability: Array

    @classmethod
    def of(cls, agenda: Agenda, benchmark: Benchmark, table: Table) -> Paying:
        """From the table of trade packages."""
        stakes = tuple(one for k in agenda.stakes if (one := agenda.proposals[k].stake) is not None)
        issuers = [agenda.parties.index(one.issuer) for one in stakes]
        sectors = [benchmark.sectors.index(one.sector) for one in stakes]
        at = [benchmark.economy_index(one.issuer) for one in stakes]
        today = ((1 - benchmark.labour_share) * benchmark.value_added)[at, sectors]
        chance = np.array([c.crisis.probability for c in table.crises])
        capital = table.capital[:, :, issuers, sectors]
        return cls(stakes, agenda.stakes, agenda.parties, capital, today, table.price_index, chance)

    def added(self, annuity: Array) -> Array:
        """Capital that new shares add to their sector, as a share of it: proceeds buy capital at what it yields today; stake."""
        new = np.array([one.new for one in self.stakes], dtype=bool)
        return np.where(new, np.asarray(annuity) / self.today, 0.0)

    def dividend(self, annuity: Array) -> Array:
        """sold · payout · (enterprise_share + added) · (1−λ)γ′Y′, crisis × trade package × stake."""
        share = np.array([one.sold * one.payout for one in self.stakes])
        held = np.array([one.enterprise_share for one in self.stakes]) + self.added(annuity)
        return share * held * self.capital

    def earned(self, annuity: Array) -> Array:
        """What the added capital earns at the sector's own rate, crisis × trade package × stake: the nation's, to first order."""
        return self.added(annuity) * self.capital

    def at(self, package: int) -> Paying:
        """The same for one trade package alone."""
        chosen = slice(package, package + 1)
        return replace(self, capital=self.capital[:, chosen], index=self.index[:, chosen])

    def without(self) -> Array:
        """Dividends where no trade is agreed, stake × crisis; those of new shares at the price that is fair then."""
        share = np.array([one.sold * one.payout for one in self.stakes])
        mean = self.probability @ self.capital[:, 0]
        own = share * np.array([one.enterprise_share for one in self.stakes]) * mean
        fair = own / np.where([one.new for one in self.stakes], 1 - share * mean / self.today, 1.0)
        return self.dividend(fair)[:, 0].T

    def receipts(self, annuity: Array) -> Array:
        """What each party receives by each stake, deflated by its own prices; crisis × trade package × stake × party, USD mn."""
        got = flows(self.stakes, self.parties)
        paid = price_flows(self.stakes, self.parties)
        issuer = np.minimum(got, 0)
        nominal = (
            self.dividend(annuity)[..., None] * got
            - (np.asarray(annuity)[:, None] * paid)
            - self.earned(annuity)[..., None] * issuer
        )
        return nominal / self.index[:, :, None, :]


@dataclass(frozen=True, eq=False)
class Sale:
    """Stakes with their prices, and the table in which they are lines. `agreed`: the trade package that `fair_with` means."""

    paying: Paying
    trade: Table
    prices: Prices
    agreed: int
    settled: bool
    table: Table
    take: Array
    """Position of the trade part of each package in `trade`."""

    @property
    def annuity(self) -> Array:
        """Of each stake, USD mn of world value added a year."""
        return self.prices.annuity


def sell(agenda: Agenda, benchmark: Benchmark, table: Table, real_income: Array, recommend: Callable[[Table], int]) -> Sale:
    """Price the stakes and make them lines of the table.

    `real_income` RI⁰ by country, USD mn; `recommend(table)` gives the position of the best package. A price `fair_with` is that
    with the trade part of the recommended package, or with all proposals where none is recommended; where it moves the
    recommendation it is found again.
    """
    paying = Paying.of(agenda, benchmark, table)
    asked = [one.price for one in paying.stakes]
    without = paying.without()
    every = len(table.packages) - 1
    agreed, settled = every, False
    found, whole, take = None, table, np.arange(len(table.packages))
    for _ in range(ROUNDS):

        def respond(annuity: Array, agreed: int = agreed) -> Array:
            return paying.dividend(annuity)[:, agreed].T

        found = prices(asked, without, respond, paying.probability, patience=agenda.patience)
        whole, take = with_stakes(agenda, benchmark, table, paying, found.annuity, real_income)
        chosen = int(take[recommend(whole)]) or every
        settled = chosen == agreed
        if settled:
            break
        agreed = chosen
    if found is None:
        raise InputError("no stake is sold")
    return Sale(paying, table, found, agreed, settled, whole, take)


def with_stakes(
    agenda: Agenda, benchmark: Benchmark, table: Table, paying: Paying, annuity: Array, real_income: Array
) -> tuple[Table, Array]:
    """Every package with and without each stake, and the position of its trade part in the table of trade packages.

    The sellers are the owners of the sector: their income loses the dividends and gains the price (`producers`).
    """
    packages = packages_of(len(agenda.proposals))
    position = {package: p for p, package in enumerate(table.packages)}
    take = np.array([position[tuple(k for k in package if k not in paying.lines)] for package in packages])
    stands = np.array([[line in package for line in paying.lines] for package in packages], dtype=float)
    got = np.einsum("spmn,pm->spmn", paying.receipts(annuity)[:, take], stands)
    at = [benchmark.economy_index(code) for code in agenda.parties]
    income = table.real_income[:, take].copy()
    income[:, :, at] += got.sum(axis=2) / np.asarray(real_income)[at]
    producers = table.producers[:, take].copy()
    for m, one in enumerate(paying.stakes):
        if agenda.closure.factors == "mobile" or one.issuer in agenda.wants.activity:
            continue
        n = agenda.parties.index(one.issuer)
        producers[:, :, n, benchmark.sectors.index(one.sector)] += got[:, :, m, n]
    return (
        replace(
            table,
            packages=packages,
            real_income=income,
            producers=producers,
            residual=table.residual[:, take],
            capital=table.capital[:, take],
            price_index=table.price_index[:, take],
        ),
        take,
    )
