"""Stakes as lines of the table: what passes, at which price, and the same solved with owners and payments inside."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from comity.policy.instruments import Tariff
from comity.records import Benchmark, Closure, Wedges
from comity.solve.equilibrium import solve
from comity.store import Cache
from comity.talks import packages, results
from comity.talks.agenda import Agenda, Proposal
from comity.talks.games import Games
from comity.talks.stakes import exact, policy, sale, told, worth
from comity.talks.stakes.stake import Stake
from talks_text import CRISES as CRISES_TEXT
from talks_text import HEAD, bound, refused
from talks_text import PROPOSALS as DAIRY
from talks_world import PROPOSALS, WORLD, agenda

SPECIFIC = Closure("specific", "with_trade")
TRADE = PROPOSALS[:2]


def stake(**changes: Any) -> Stake:
    plain: dict[str, Any] = {
        "issuer": "BLR",
        "enterprise": "Lorry works",
        "sector": "C29",
        "enterprise_share": "50%",
        "payout": "40%",
        "sold": "25%",
        "buyer": "KAZ",
        "source": "annual report",
    }
    return Stake(**{**plain, **changes})


def line(name: str, one: Stake) -> Proposal:
    return Proposal(name, name, (one.issuer,), (one.buyer,), (), stake=one)


class Sold:
    """Two trade proposals and some stakes, sold in the small world."""

    def __init__(
        self, *stakes: Stake, closure: Closure = SPECIFIC, world: Benchmark = WORLD, chance: tuple[float, ...] | None = None
    ):
        lines = [line(f"stake-{m}", one) for m, one in enumerate(stakes)]
        # A stake first and the others last, so that positions of trade proposals are not their numbers.
        self.agenda: Agenda = replace(agenda(closure, (*lines[:1], *TRADE, *lines[1:])), patience=0.8)
        if chance is not None:
            crises = [replace(c, probability=q) for c, q in zip(self.agenda.crises, chance, strict=True)]
            self.agenda = replace(self.agenda, crises=tuple(crises))
        self.engine = packages.Engine(world, closure, Cache(None), self.agenda.parties)
        self.solved = [packages.solve_crisis(self.engine, crisis) for crisis in self.agenda.crises]
        self.trade = packages.compute_table(self.engine, self.agenda, self.solved)
        self.base = world.income - world.deficit
        self.sale = sale.sell(self.agenda, world, self.trade, self.base, lambda t: self.judged(t).choice.best)
        self.table = self.sale.table

    def judged(self, table: packages.Table) -> results.Judged:
        return results.judged(self.agenda, self.engine.benchmark, table, self.base, {})

    @property
    def at(self) -> list[int]:
        return self.engine.positions

    def solver(self) -> exact.Solver:
        return exact.Solver(self.engine, self.agenda, self.sale, self.base)

    def worth(self) -> worth.Worth:
        j = self.judged(self.table)
        return worth.Worth(Games.of(j, 0.8), self.sale, j.counted)

    def package(self, *proposals: int) -> int:
        return self.table.packages.index(tuple(sorted(proposals)))


@pytest.fixture(scope="module")
def one() -> Sold:
    return Sold(stake())


def test_trade_packages_are_solved_once_and_every_stake_is_a_line(one: Sold) -> None:
    assert one.trade.packages == ((), (1,), (2,), (1, 2))
    assert one.engine.meter.solved == 4 * len(one.solved)
    assert one.table.packages == packages.packages_of(3)
    np.testing.assert_array_equal(one.table.real_income[:, one.package(1, 2)], one.trade.real_income[:, 3])


def test_what_passes_is_the_dividend_less_the_price_at_each_sides_prices(one: Sold) -> None:
    """Against a solve of the package by itself: (1−λ)γ′Y′ of the sector, and P̂ of both."""
    from comity.policy.wedges import combine

    n, j = WORLD.economy_index("BLR"), WORLD.sectors.index("C29")
    for s, crisis in enumerate(one.solved):
        wedges = combine(WORLD, [(c, 1.0) for c in crisis.crisis.shocks], [(c, 1.0) for p in TRADE for c in p.changes])
        alone = solve(WORLD, wedges, closure=SPECIFIC).values
        dividend = 0.25 * 0.5 * 0.4 * (1 - WORLD.labour_share[n, j]) * alone["value_added"][n, j]
        passes = dividend - one.sale.annuity[0]
        moved = (one.table.real_income[s, one.package(0, 1, 2)] - one.table.real_income[s, one.package(1, 2)]) * one.base
        for code, sign in (("BLR", -1), ("KAZ", 1)):
            at = WORLD.economy_index(code)
            assert moved[at] == pytest.approx(sign * passes / alone["price_index"][at], rel=1e-6, abs=1e-9)
        assert np.all(np.delete(moved, [n, WORLD.economy_index("KAZ")]) == 0)


def test_at_the_fair_price_nothing_passes_on_average() -> None:
    for kind, where in (("fair_without", 0), ("fair_with", -1)):
        found = Sold(stake(price=kind))
        q = found.sale.paying.probability
        paid = found.sale.paying.dividend(found.sale.annuity)[:, 0 if where == 0 else found.sale.agreed, 0]
        assert abs(q @ (paid - found.sale.annuity[0])) <= 1e-9
        assert found.sale.settled


@pytest.mark.parametrize("closure", [SPECIFIC, Closure("mobile", "fixed"), Closure("immobile", "balanced")], ids=str)
def test_a_stake_of_nothing_changes_nothing(closure: Closure) -> None:
    found = Sold(stake(sold="0%"), closure=closure)
    whole, bare = found.package(0, 1, 2), found.package(1, 2)
    assert np.abs(found.table.real_income[:, whole] - found.table.real_income[:, bare]).max() <= 1e-12
    solved = found.solver().solve((0, 1, 2), found.sale.annuity)
    assert np.abs(solved.difference).max() <= 1e-7
    assert np.abs(solved.dividend).max() == 0


def test_a_package_without_its_stakes_is_solved_as_in_the_table(one: Sold) -> None:
    found = one.solver().solve((1, 2), one.sale.annuity)
    assert np.abs(found.difference).max() <= 1e-7 * found.face.max()


def test_with_owners_and_payments_inside_world_income_is_shared_anew() -> None:
    """The engine's own dividends abroad are what the stake pays, and real income moves as at face value, to first order."""
    found = Sold(stake(price="fair_with"))
    solver = found.solver()
    prices = solver.prices((0, 1, 2))
    solved = solver.solve((0, 1, 2), prices.annuity)
    q = found.sale.paying.probability
    assert abs(q @ (solved.dividend[:, 0] - prices.annuity[0])) <= 1e-7
    near = found.solved[1]
    claims = exact.claims(WORLD, near.wedges, found.sale.paying.stakes, prices.annuity, np.zeros(1))
    alone = solve(WORLD, claims, closure=SPECIFIC).values
    n, k = WORLD.economy_index("BLR"), WORLD.economy_index("KAZ")
    capital = ((1 - WORLD.labour_share) * alone["value_added"])[n, WORLD.sectors.index("C29")]
    assert alone["dividends_received"][k] == pytest.approx(0.05 * capital, rel=1e-9)
    assert alone["dividends_paid"][n] == pytest.approx(0.05 * capital, rel=1e-9)
    passes = np.abs(solved.dividend[:, 0] - prices.annuity[0]).max()
    assert 0 < np.abs(solved.difference).max() <= passes


def test_two_stakes_in_one_sector_add_up() -> None:
    """Two tenths are a fifth, and the order of the lines is no matter."""
    whole = Sold(stake(sold="20%"))
    parts = Sold(stake(sold="10%"), stake(sold="10%", held="10%"))
    a = whole.table.real_income[:, whole.package(0, 1, 2)]
    b = parts.table.real_income[:, parts.package(0, 1, 2, 3)]
    np.testing.assert_allclose(a, b, rtol=1e-12)
    one = whole.solver().solve((0, 1, 2), whole.sale.annuity)
    two = parts.solver().solve((0, 1, 2, 3), parts.sale.annuity)
    np.testing.assert_allclose(one.solved, two.solved, rtol=1e-9)


def test_new_shares_add_capital_and_only_the_dividends_pass() -> None:
    found = Sold(stake(new=True, price="fair_without", sold="10%"))
    paying, a = found.sale.paying, found.sale.annuity
    assert a[0] == pytest.approx(paying.probability @ paying.dividend(a)[:, 0, 0], rel=1e-9)
    added = paying.added(a)[0]
    assert added == pytest.approx(a[0] / paying.today[0])
    # At face value the issuer gains what the capital earns and loses the dividend; in equilibrium more output is cheaper.
    got = paying.receipts(a)[0, 0, 0]
    earned = added * paying.capital[0, 0, 0]
    assert got[0] == pytest.approx((earned - paying.dividend(a)[0, 0, 0]) / paying.index[0, 0, 0])
    solved = found.solver().solve((0,), a)
    assert solved.residual <= 1e-10
    assert 0 < solved.solved[0, 0] - found.base[found.at[0]] < 1.5 * earned


def test_owners_who_sell_are_the_producers_that_their_government_counts(one: Sold) -> None:
    n, j = one.agenda.parties.index("BLR"), WORLD.sectors.index("C29")
    moved = one.table.producers[:, one.package(0, 1, 2)] - one.table.producers[:, one.package(1, 2)]
    income = one.table.real_income[:, one.package(0, 1, 2)] - one.table.real_income[:, one.package(1, 2)]
    at = WORLD.economy_index("BLR")
    np.testing.assert_allclose(moved[:, n, j], income[:, at] * one.base[at], rtol=1e-6)
    moved[:, n, j] = 0
    assert not moved.any()


def test_no_price_suits_both_exactly_where_risk_says_so(one: Sold) -> None:
    """At its reservation price a side's certainty equivalent is that without the stake, whatever the risk aversion."""
    found = one.worth()
    q = found.games.payoffs.probability
    from comity.talks.bargaining.payoffs import certainty_equivalent

    for rho in (0.0, 2.0, 10.0):
        ends = found.zone(0, rho)
        paying = one.sale.paying.at(one.sale.agreed)
        payoff = found.games.deal_of(found.package).agreed
        for n, price in ((0, ends.seller_least), (1, ends.buyer_most)):
            got = paying.receipts(np.array([price]))[:, 0, 0, n]
            before, after = (certainty_equivalent(p, q, rho) for p in (payoff[:, n], payoff[:, n] + got))
            assert after == pytest.approx(before, abs=2e-6)


def test_the_key_of_the_results_says_what_was_sold() -> None:
    found = Sold(stake(), stake(enterprise="Food works", sector="C10T12", price="fair_with", sold="60%"))
    shown = told.stakes(found.engine, found.judged(found.table), found.sale, found.worth())
    first, second = shown["list"]
    assert (first["control"], second["control"]) == ("nothing", "control")
    assert second["passed"]["usd_mn"] == 0
    assert [row["risk_aversion"] for row in first["reservation"]] == [0.0, 2.0]
    assert shown["all"]["package"] == "stake-0+food+crops+stake-1"
    # Half of an enterprise cannot stay at home where three fifths were sold.
    assert [row["over_nothing_usd_mn"] is None for row in shown["home_shares"]] == [False, False, True]


@pytest.mark.parametrize("activity", [(), ("BLR",)])
def test_owners_abroad_take_their_part_at_the_issuers_prices_and_weight(activity: tuple[str, ...]) -> None:
    """Against the solved dividends: what the package adds to them, deflated and weighted as receipts are."""
    found = Sold(stake(home_share="60%"))
    weights = {"BLR": {"C29": 3.0}}
    games = found.worth().games
    one = worth.Worth(games, found.sale, weights, activity)
    w = 1.0 if activity else 3.0
    shares = dict(one.home_shares())
    assert list(shares) == [1.0, 0.75, 0.6, 0.5]
    paying, q = found.sale.paying, games.payoffs.probability
    at = found.trade.packages.index(one.package)
    whole = paying.dividend(found.sale.annuity)[:, :, 0] / 0.25
    real = [whole[:, p] / paying.index[:, p, 0] for p in (at, 0)]
    for home, gain in shares.items():
        assert gain is not None
        lost = (1 - home) * w * float(q @ (real[0] - real[1]))
        assert shares[1.0][0] - gain[0] == pytest.approx(lost, rel=1e-9, abs=1e-12)
        assert gain[1] == pytest.approx(shares[1.0][1], rel=1e-12)


def test_a_sale_makes_protection_less_worth_to_the_issuer() -> None:
    """Owners abroad take part in what a duty brings the sector: the issuer's own gain from its next point falls."""
    big = stake(sold="100%", enterprise_share="100%", payout="100%")
    plain, n, j = stake(sold="0%"), WORLD.economy_index("BLR"), WORLD.sectors.index("C29")
    income = WORLD.income - WORLD.deficit
    today = (1 - WORLD.labour_share[n, j]) * WORLD.value_added[n, j]
    none = policy.margin(WORLD, SPECIFIC, plain, 0.0, 0.0, income, 1e-10)
    assert none.barrier[0] == pytest.approx(none.barrier[1], abs=1e-7)
    found = policy.margin(WORLD, SPECIFIC, big, today, 0.0, income, 1e-10)
    duty = Tariff(importer="BLR", exporter="all", sector="C29", add="1%")
    from comity.policy.wedges import combine

    before, after = (solve(WORLD, w, closure=SPECIFIC).values for w in (Wedges(), combine(WORLD, (), [(duty, 1.0)])))
    capital = [(1 - WORLD.labour_share[n, j]) * v["value_added"][n, j] / v["price_index"][n] for v in (before, after)]
    assert found.tariff[0] == pytest.approx((after["real_income"][n] - before["real_income"][n]) * income[n], rel=1e-4)
    assert capital[1] > capital[0]
    assert found.tariff[1] < found.tariff[0]


def test_a_crisis_that_is_certain_prices_the_share_by_itself() -> None:
    """All probability on one crisis: the fair price is its dividend, and nothing passes in it."""
    found = Sold(stake(price="fair_with"), chance=(0.0, 1.0, 0.0))
    shown = told.stakes(found.engine, found.judged(found.table), found.sale, found.worth())
    row = shown["list"][0]
    assert row["dividends_usd_mn"]["collapse"]["passes"] == 0
    assert row["dividends_usd_mn"]["collapse"]["package"] == row["price"]["annuity_usd_mn"]
    assert all(zone["room_usd"] == pytest.approx(0, abs=1) for zone in row["reservation"])


# -- the file -------------------------------------------------------------------------------------

STAKE = "issuer: BLR, enterprise: A, sector: C29, enterprise_share: 50%, payout: 30%, sold: 25%, buyer: KAZ, source: a report"


def written(stake_text: str = STAKE, rules: str = "") -> str:
    entry = f"  - {{name: A quarter, by: BLR, conceded_by: KAZ, stake: {{{stake_text}}}}}\n"
    return HEAD + CRISES_TEXT + DAIRY + entry + rules


def test_a_stake_is_bound_to_codes_of_the_benchmark() -> None:
    named = STAKE.replace("issuer: BLR", "issuer: Belarus").replace("sector: C29", "sector: Motor vehicles")
    sold = bound(written(named)).proposals[1].stake
    assert sold is not None
    assert (sold.issuer, sold.sector, sold.buyer) == ("BLR", "C29", "KAZ")
    assert bound(written()).stakes == (1,)
    assert bound(written()).trade == (0,)


@pytest.mark.parametrize(
    ("text", "told_so"),
    [
        (STAKE.replace("sold: 25%", "sold: 125%"), "more than the whole"),
        (STAKE.replace("sold: 25%", "sold: -5%"), "negative"),
        (STAKE.replace("payout: 30%", "payout: 0%"), "no dividends to sell"),
        (STAKE.replace("payout: 30%", "payout: -10%"), "an enterprise with losses pays none"),
        (STAKE.replace(", source: a report", ""), "need a source"),
        (STAKE.replace(", source: a report", ", assumed: true"), "needs a reason"),
        (STAKE.replace("buyer: KAZ", "buyer: RUS"), "RUS is no party"),
        (STAKE.replace("buyer: KAZ", "buyer: Belarus"), "cannot sell to itself"),
        (STAKE.replace("sector: C29", "sector: goods"), "an enterprise is in one"),
        (STAKE + ", home_share: 20%", "more than residents of BLR hold"),
        (STAKE + ", price: {pe: 8}", "rules.patience"),
        (STAKE + ", price: cheap", "fair_without, fair_with"),
        (STAKE + ", colour: red", "colour"),
    ],
)
def test_impossible_stakes_are_refused_at_their_line(text: str, told_so: str) -> None:
    assert told_so in str(refused(written(text)))


def test_stakes_that_cannot_stand_together_are_refused() -> None:
    twice = written() + f"  - {{name: More, by: BLR, conceded_by: KAZ, stake: {{{STAKE.replace('25%', '90%')}}}}}\n"
    assert "115 % is sold in all" in str(refused(twice))
    same = written() + f"  - {{name: More, by: BLR, conceded_by: KAZ, stake: {{{STAKE}}}}}\n"
    assert "the same stake is proposed already" in str(refused(same))
    both = written().replace("stake: {", "changes: [{embargo: {importer: KAZ, exporter: BLR, sector: A01}}], stake: {")
    assert "make them two" in str(refused(both))


def test_the_cost_doubles_with_each_proposal_that_changes_trade_and_with_no_stake() -> None:
    from comity.talks.talks import Talks

    more = "  - {name: More, by: KAZ, conceded_by: BLR, changes: [{embargo: {importer: BLR, exporter: KAZ, sector: A01}}]}\n"
    solves = [Talks.from_yaml(text).estimate().table for text in (HEAD + CRISES_TEXT + DAIRY, written(), written() + more)]
    assert solves == [4, 4, 8]
