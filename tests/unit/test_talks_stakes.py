"""Stakes: what they pay, what they are worth to either side, and what they do to trust; known answers and fault 18."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from comity.errors import InputError, NoEquilibriumError
from comity.talks.bargaining.payoffs import TablePayoffs, certainty_equivalent
from comity.talks.keeping import trust
from comity.talks.stakes import finance, pledge
from comity.talks.stakes import stake as stakes
from comity.talks.stakes.finance import FAIR_WITH, Price

Q = np.array([0.8, 0.15, 0.05])
STATES = ("none", "collapse", "war")
BY = ({0}, {1})


def stake(**changes: Any) -> stakes.Stake:
    plain: dict[str, Any] = {
        "issuer": "BLR",
        "enterprise": "Tractor works",
        "sector": "C28",
        "enterprise_share": "60%",
        "payout": "40%",
        "sold": "25%",
        "buyer": "KAZ",
        "source": "annual report",
    }
    return stakes.Stake(**{**plain, **changes})


def table(corner: np.ndarray, parties: tuple[str, ...] = ("BLR", "KAZ")) -> TablePayoffs:
    return TablePayoffs(parties, STATES, Q, ("food", "crops"), corner)


def deal_of(cost: float = 4.0, benefit: float = 7.0) -> trust.Deal:
    """Both concede alike; in the collapse conceding costs twice."""
    corner = np.full((3, 4, 2), 1000.0)
    for s, times in enumerate((1, 2, 1)):
        corner[s, 1] += [-times * cost, times * benefit]
        corner[s, 2] += [times * benefit, -times * cost]
        corner[s, 3] += times * (benefit - cost)
    return trust.Deal.of(table(corner), BY)


def paying(by_package: list[float]) -> TablePayoffs:
    """Dividends of one stake by package (none, BLR's concession, KAZ's, both), in the collapse half of it."""
    corner = np.array(by_package)[None, :, None] * np.array([1, 0.5, 1])[:, None, None]
    return table(corner, ("stake",))


# -- what is paid ---------------------------------------------------------------------------------


def test_dividends_are_the_sold_share_of_what_reaches_owners() -> None:
    paid = stakes.dividends([stake(), stake(sold=0.1, enterprise="Another")], np.array([[100.0, 50, 80], [10, 20, 0]]))
    np.testing.assert_allclose(paid, [[6, 3, 4.8], [0.24, 0.48, 0]])


def test_no_stake_changes_nothing() -> None:
    deal = deal_of()
    none = stake(sold=0)
    paid = stakes.dividends([none], np.array([[100.0, 50, 80]]))
    found = finance.prices([Price(FAIR_WITH)], paid, lambda annuity: paid, Q)
    assert np.abs(finance.transfers(paid, found.annuity)).max() <= 1e-12
    zero = table(np.zeros((3, 4, 1)), ("stake",))
    with_none = stakes.WithStakes(deal.payoffs, zero, found.annuity, stakes.flows([none], ("BLR", "KAZ")))
    resized = stakes.WithStakes(deal.payoffs, paying([5, 6, 7, 8]), np.array([5.0]), np.array([[-1.0, 1.0]]), size=0.0)
    for payoffs in (with_none, resized):
        for x in (np.zeros(2), np.array([0.3, 0.8]), np.ones(2)):
            for one, other in zip(payoffs.with_gradient(x), deal.payoffs.with_gradient(x), strict=True):
                np.testing.assert_allclose(one, other, rtol=0, atol=1e-12)
    after = trust.trust(trust.Deal.of(with_none, BY))
    assert [one.critical for one in after] == [one.critical for one in trust.trust(deal)]


def test_at_a_fair_price_nothing_passes_on_average() -> None:
    paid = np.array([[6, 3, 4.8], [1, 9, 2]])
    index = np.array([1, 1.2, 0.9])
    assert np.abs(finance.transfers(paid, finance.fair(paid, Q)) @ Q).max() <= 1e-12
    # In the unit of the index in which the annuity is fixed.
    moved = finance.transfers(paid, finance.fair(paid, Q, index), index)
    assert np.abs((moved / index) @ Q).max() <= 1e-12


def test_equal_dividends_are_a_riskless_swap() -> None:
    paid = np.full((1, 3), 6.0)
    annuity = finance.fair(paid, Q)
    assert np.abs(finance.transfers(paid, annuity)).max() <= 1e-12
    payoff = np.array([1000.0, 700, 900])
    for sign in (1, -1):
        gain = finance.gain_from(payoff, paid[0], Q, 3.0, sign)
        assert abs(gain(6.0)) <= 1e-9
        assert finance.reservation(gain, 4.0) == pytest.approx(6.0, abs=1e-6)
    zone = finance.Zone(6.0, 6.0)
    assert not zone.empty
    assert "changes nothing" in zone.words


# -- prices ---------------------------------------------------------------------------------------


def test_the_fair_price_with_the_package_is_a_fixed_point_of_all_stakes_at_once() -> None:
    base = np.array([[6, 3, 4.8], [1, 9, 2], [2, 2, 2]])
    feedback = np.array([[0.3, 0.2, 0], [-0.1, 0.5, 0.1], [0, 0.4, -0.6]])

    def respond(annuity: np.ndarray) -> np.ndarray:
        return base * 1.1 + (feedback @ annuity)[:, None] * np.array([1, 0.8, 1.3])

    asked = [Price(FAIR_WITH), Price(), Price(FAIR_WITH)]
    found = finance.prices(asked, base, respond, Q, tolerance=1e-12)
    np.testing.assert_allclose(found.without, base @ Q)
    np.testing.assert_allclose(found.dividend, respond(found.annuity))
    # By hand: a_free = 1.1 d̄ + k (F a) with the second price given.
    k = float(np.array([1, 0.8, 1.3]) @ Q)
    given = base[1] @ Q
    left = np.eye(2) - k * feedback[np.ix_([0, 2], [0, 2])]
    right = 1.1 * (base @ Q)[[0, 2]] + k * feedback[[0, 2], 1] * given
    np.testing.assert_allclose(found.annuity[[0, 2]], np.linalg.solve(left, right), rtol=1e-10)
    assert found.annuity[1] == pytest.approx(given)
    np.testing.assert_allclose(found.passed[[0, 2]], 0, atol=1e-9)
    assert found.passed[1] == pytest.approx(found.expected[1] - given)
    np.testing.assert_allclose(finance.transfers(found.dividend, found.annuity)[[0, 2]] @ Q, 0, atol=1e-9)
    assert found.steps <= 8


def test_at_the_price_without_the_package_part_of_the_gain_goes_to_the_buyer() -> None:
    base = np.array([[6, 3, 4.8]])
    found = finance.prices([Price()], base, lambda annuity: 1.25 * base, Q)
    np.testing.assert_allclose(found.passed, 0.25 * base @ Q)
    np.testing.assert_allclose(found.premium, 0)
    assert found.steps == 1


def test_a_price_earnings_ratio_is_paid_at_the_rate_that_patience_implies() -> None:
    base = np.array([[6, 3, 4.8]])
    found = finance.prices([Price("pe", 8)], base, lambda annuity: base, Q, patience=0.9)
    assert found.annuity[0] == pytest.approx(8 * 6 / 9)
    assert found.premium[0] == pytest.approx(8 * 6 / 9 / (base @ Q)[0] - 1)
    with pytest.raises(InputError, match="patience"):
        finance.prices([Price("pe", 8)], base, lambda annuity: base, Q)


def test_a_price_that_runs_away_is_not_reported() -> None:
    base = np.array([[6, 3, 4.8]])
    with pytest.raises(NoEquilibriumError, match="stake 1"):
        finance.prices([Price(FAIR_WITH)], base, lambda annuity: base + annuity[:, None], Q)


def test_reservation_prices_leave_each_side_as_it_was() -> None:
    seller, buyer = np.array([1000.0, 700, 900]), np.array([2000.0, 1990, 2010])
    paid = np.array([30.0, 10, 20])
    functions = [finance.gain_from(seller, paid, Q, 3.0, -1), finance.gain_from(buyer, paid, Q, 3.0, 1)]
    zone = finance.zone(functions[0], functions[1], float(paid @ Q))
    ce = [certainty_equivalent(payoff, Q, 3.0) for payoff in (seller, buyer)]
    assert certainty_equivalent(seller - paid + zone.seller_least, Q, 3.0) == pytest.approx(ce[0], abs=1e-6)
    assert certainty_equivalent(buyer + paid - zone.buyer_most, Q, 3.0) == pytest.approx(ce[1], abs=1e-6)
    # The seller is rid of a risk that comes when it is poor anyway; the buyer hardly feels it.
    assert zone.seller_least < paid @ Q
    assert not zone.empty
    assert f"{zone.seller_least:.2f} to {zone.buyer_most:.2f}" in zone.words
    # The other way round the buyer would take on the seller's insurance.
    swapped = finance.zone(finance.gain_from(buyer, paid, Q, 3.0, -1), finance.gain_from(seller, paid, Q, 3.0, 1), 20.0)
    assert swapped.empty
    assert "Risk-sharing alone does not justify the sale" in swapped.words
    with pytest.raises(NoEquilibriumError, match="reservation"):
        finance.reservation(lambda annuity: 1.0, 5.0)


# -- new shares and control -----------------------------------------------------------------------


def test_new_shares_at_their_worth_leave_the_old_owners_as_rich_as_before() -> None:
    income, share, sold = 200.0, 0.6, 0.2
    annuity = sold / (1 - sold) * share * income
    found = finance.new_shares(annuity, income, share, sold)
    earned = found.enterprise_share * income * found.capital_hat
    assert found.capital_hat == pytest.approx(1.15)
    assert earned == pytest.approx(share * income + annuity)
    assert found.old_owners * earned == pytest.approx(share * income)
    assert finance.new_shares(0, income, share, 0) == finance.NewShares(1, share, 1)
    with pytest.raises(InputError, match="capital income"):
        finance.new_shares(1, 0, share, sold)


def test_the_price_of_new_shares_is_nobodys_income() -> None:
    sold, issued = stake(), stake(enterprise="Another", new=True)
    parties = ("BLR", "KAZ", "RUS")
    np.testing.assert_array_equal(stakes.flows([sold, issued], parties), [[-1, 1, 0], [-1, 1, 0]])
    np.testing.assert_array_equal(stakes.price_flows([sold, issued], parties), [[-1, 1, 0], [0, 1, 0]])
    deal = deal_of()
    issuing = stakes.WithStakes(
        deal.payoffs,
        paying([5, 5, 5, 5]),
        np.array([4.0]),
        stakes.flows([issued], ("BLR", "KAZ")),
        price_flow=stakes.price_flows([issued], ("BLR", "KAZ")),
    )
    np.testing.assert_allclose((issuing.at(np.ones(2)) - deal.payoffs.at(np.ones(2)))[0], [-5, 1])


@pytest.mark.parametrize(
    ("share", "say"),
    [(0, "nothing"), (0.25, "nothing"), (0.2501, "veto"), (0.5, "veto"), (0.5001, "control"), (1, "control")],
)
def test_who_decides(share: float, say: str) -> None:
    assert stakes.control(share) == say
    assert stake(sold=share).control == say
    assert stake(sold=share / 2, held=share / 2).control == say


# -- fault 18 -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"sold": "120%"}, "more than the whole"),
        ({"sold": "-5%"}, "negative"),
        ({"enterprise_share": 1.2}, "120"),
        ({"payout": "-10%"}, "losses"),
        ({"payout": 0}, "no dividends to sell"),
        ({"payout": "nan"}, "finite"),
        ({"buyer": "BLR"}, "cannot sell to itself"),
        ({"home_share": "20%"}, r"more than residents of BLR hold \(20 %\)"),
        ({"held": "80%"}, "would hold 105 %"),
        ({"source": None}, "need a source"),
        ({"source": None, "assumed": True}, "needs a reason"),
        ({"price": "cheap"}, "fair_without"),
        ({"price": {"pe": -3}}, "not above zero"),
        ({"enterprise": ""}, "text"),
        ({"shares": 1}, "known"),
    ],
)
def test_impossible_stakes_are_refused(wrong: dict[str, Any], words: str) -> None:
    with pytest.raises(InputError, match=words):
        stake(**wrong)


def test_all_faults_of_a_stake_are_told_at_once() -> None:
    with pytest.raises(InputError) as caught:
        stake(sold="120%", payout="-1", enterprise_share="x")
    assert len(caught.value.problems) == 3


def test_stakes_that_cannot_stand_together_are_refused() -> None:
    stakes.refuse_impossible([stake(), stake(enterprise="Another", enterprise_share="40%")])
    with pytest.raises(InputError) as caught:
        stakes.refuse_impossible(
            [
                stake(sold="60%"),
                stake(sold="50%", buyer="RUS", enterprise="TRACTOR works"),
                stake(enterprise="Another", enterprise_share="50%"),
                stake(enterprise="Third", sector="C20", home_share="60%", sold="40%"),
                stake(enterprise="Third", sector="C20", home_share="60%", sold="40%", buyer="RUS"),
            ]
        )
    told = str(caught.value)
    assert "Tractor works: 110 % is sold" in told
    assert "BLR, C28: the enterprises named hold 110 %" in told
    assert "Third: 80 % is sold in all; residents of BLR hold 60 %" in told
    with pytest.raises(InputError, match="differ between its stakes"):
        stakes.refuse_impossible([stake(), stake(payout="50%", buyer="RUS")])


def test_an_enterprise_with_losses_is_refused() -> None:
    for bad in (-1.0, np.nan, np.inf):
        with pytest.raises(InputError, match="Tractor works"):
            stakes.dividends([stake()], np.array([[100, bad, 80]]))


def test_circular_ownership_is_solved_and_a_closed_circle_refused() -> None:
    # A holds half of B and B half of A: the residents of A's country own A's other half, and so on.
    held = np.array([[0, 0.5], [0.5, 0]])
    found = finance.ultimate_owners(held, np.array([[0.5, 0], [0, 0.5]]))
    np.testing.assert_allclose(found, [[2 / 3, 1 / 3], [1 / 3, 2 / 3]])
    chain = np.array([[0, 0.3, 0.2], [0, 0, 0.9], [0, 0, 0]])
    direct = np.array([[0.5, 0], [0.1, 0], [0, 1]])
    owners = finance.ultimate_owners(chain, direct)
    np.testing.assert_allclose(owners.sum(axis=1), 1)
    np.testing.assert_allclose(owners[0], [0.5 + 0.3 * 0.1, 0.2 + 0.3 * 0.9])
    with pytest.raises(InputError, match="enterprises 1, 2 belong to nobody"):
        finance.ultimate_owners(np.array([[0, 1.0, 0], [1, 0, 0], [0.5, 0, 0]]), np.array([[0], [0], [0.5]]))
    with pytest.raises(InputError) as caught:
        finance.ultimate_owners(np.array([[0, 1.2], [0.5, 0]]), np.array([[-0.2], [0.1]]))
    assert len(caught.value.problems) == 2
    with pytest.raises(InputError, match="do not fit"):
        finance.ultimate_owners(np.eye(2), np.ones((3, 1)))


# -- trust ----------------------------------------------------------------------------------------


def sold_to_kaz(deal: trust.Deal, dividend: TablePayoffs, annuity: float, size: float = 1.0) -> trust.Deal:
    payoffs = stakes.WithStakes(deal.payoffs, dividend, np.array([annuity]), np.array([[-1.0, 1.0]]), size)
    return trust.Deal.of(payoffs, deal.conceded_by)


def test_the_gradient_with_stakes_is_the_one_of_the_payoff() -> None:
    payoffs = sold_to_kaz(deal_of(), paying([5, 6, 7, 9]), 5.0, 0.7).payoffs
    x = np.array([0.3, 0.6])
    slope = payoffs.with_gradient(x)[1]
    for k in range(2):
        step = 1e-5 * np.eye(2)[k]
        np.testing.assert_allclose(slope[:, :, k], (payoffs.at(x + step) - payoffs.at(x - step)) / 2e-5, rtol=1e-6)


def test_a_stake_buys_trust_only_if_its_sector_gains_from_the_buyers_concession() -> None:
    # BLR, which issues, hardly feels its own concession, so that the buyer is the one to be bound.
    corner = deal_of().payoffs.at(np.zeros(2))[:, None].repeat(4, axis=1)
    for s, times in enumerate((1, 2, 1)):
        corner[s, 1] += [-1 * times, 7 * times]
        corner[s, 2] += [7 * times, -5 * times]
        corner[s, 3] += [6 * times, 2 * times]
    before = trust.Deal.of(table(corner), BY)
    related, unrelated = paying([5, 5, 7, 7]), paying([5, 5, 5, 5])
    bound = pledge.pledge(before, sold_to_kaz(before, related, 5.0), related, 0, 1, 0)
    assert bound.sector_gain == pytest.approx(2 * (0.85 + 0.15 / 2))
    assert bound.buys_trust
    assert bound.words.startswith("The stake buys trust. Its sector gains USD 1.85 mn")
    idle = pledge.pledge(before, sold_to_kaz(before, unrelated, 5.0), unrelated, 0, 1, 0)
    assert idle.sector_gain == 0
    assert not idle.buys_trust
    assert idle.words.startswith("The stake buys no trust. Its sector gains nothing")
    assert [one.critical.delta for one in idle.after] == pytest.approx([one.critical.delta for one in idle.before])
    # The issuer hands over part of what it gains, so that it is the one who asks for more patience.
    assert (bound.after[0].critical.delta or 0) > (bound.before[0].critical.delta or 0)


@pytest.mark.parametrize("paid", ["once", "yearly"])
@pytest.mark.parametrize("recovered", [0.0, 0.4, 1.0])
@pytest.mark.parametrize(("patience", "annuity"), [(0.62, 6.0), (0.75, 6.0), (0.9, 3.0)])
def test_what_survives_expropriation_by_brute_force(paid: pledge.Paid, recovered: float, patience: float, annuity: float) -> None:
    deal, dividend = deal_of(), paying([5, 5.5, 6.5, 7])
    found = pledge.expropriation(deal, dividend, 0, 0, annuity, patience, sold=0.25, recovered=recovered, paid=paid)

    def survives(size: float, kappa: float) -> bool:
        at = [deal.payoffs.at(np.array(x))[:, 0] for x in ((0, 0), (0, 1), (1, 1))]
        pays = [dividend.at(np.array(x))[:, 0] for x in ((0, 0), (0, 1), (1, 1))]
        worth = patience / (1 - patience)
        deal_now = at[2] + size * (annuity - pays[2])
        for share, ended in ((1.0, False), (kappa, paid == "yearly")):
            after = at[0] + (0 if ended else size * (annuity - share * pays[0]))
            for stray, dues in ((at[1], pays[1]), (at[2], pays[2])):
                wins = stray + size * (annuity - share * dues) - deal_now
                if np.any(wins > worth * (Q @ (deal_now - after)) + 1e-12):
                    return False
        return True

    sizes = np.linspace(0, 4, 801)
    np.testing.assert_array_equal([survives(z, recovered) for z in sizes], [z in found.sizes for z in sizes])
    assert found.largest == (None if found.sizes.empty else pytest.approx(0.25 * found.sizes.high))
    if pledge.expropriation(deal, dividend, 0, 0, annuity, patience, sold=0.25, recovered=1.0).sizes.high >= 1:
        kept = [kappa for kappa in np.linspace(0, 1, 1001) if survives(1.0, kappa)]
        assert found.least_recovered == (pytest.approx(kept[0], abs=1e-3) if kept else None)
    delta = found.critical.delta
    assert (delta is not None and delta <= patience) == survives(1.0, recovered)


def test_a_larger_stake_needs_more_protection() -> None:
    deal, patience = deal_of(), 0.9
    at_full = [5, 5.5, 6.5, 7]
    found = [
        pledge.expropriation(deal, paying([z * d for d in at_full]), 0, 0, 6.0 * z, patience, sold=0.2 * z)
        for z in (0.2, 0.5, 0.75, 1)
    ]
    needed = [one.least_recovered for one in found]
    assert None not in needed
    assert needed == sorted(set(needed))  # type: ignore[type-var]
    largest = [one.largest for one in found]
    np.testing.assert_allclose(np.array(largest, dtype=float), largest[0])
    everything = pledge.expropriation(deal, paying([5] * 4), 0, 0, 6.0, 0.9, sold=0.25, recovered=1.0, home_share=0.5)
    assert everything.largest == pytest.approx(0.5)
    with pytest.raises(InputError, match="home_share"):
        pledge.expropriation(deal, paying([5] * 4), 0, 0, 6.0, 0.9, sold=0.8, home_share=0.5)


def test_foreign_owners_take_their_part_of_what_the_deal_adds() -> None:
    deal, dividend = deal_of(), paying([5, 5.5, 6.5, 7])
    today = np.array([5.0])
    for home in stakes.HOME_SHARES:
        payoffs = stakes.with_foreign_owners(deal.payoffs, dividend, [stake()], today, home)
        lost = (deal.payoffs.at(np.ones(2)) - payoffs.at(np.ones(2)))[0]
        # A quarter pays 7 instead of 5; foreigners hold 1 − home, that is (1 − home)/0.25 quarters.
        np.testing.assert_allclose(lost, [(1 - home) / 0.25 * 2, 0])
        np.testing.assert_allclose(payoffs.at(np.zeros(2))[0], deal.payoffs.at(np.zeros(2))[0])
    with pytest.raises(InputError, match="residents of BLR hold 20 %"):
        stakes.with_foreign_owners(deal.payoffs, dividend, [stake()], today, 0.2)
    with pytest.raises(InputError, match="home share"):
        stakes.with_foreign_owners(deal.payoffs, dividend, [stake()], today, 1.2)


def test_assumed_figures_are_listed() -> None:
    lines = stakes.assumed_figures([stake(), stake(assumed=True, source=None, reason="No accounts are public.", sector="C20")])
    assert lines == ("Tractor works: 60 % of the capital income of C20 in BLR, payout 40 %. No accounts are public.",)
