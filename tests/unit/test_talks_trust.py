"""Trust: known answers, named outcomes, and patience found again by playing the repeated game out."""

from __future__ import annotations

import numpy as np
import pytest

from comity.errors import InputError
from comity.talks.bargaining.payoffs import Payoffs, TablePayoffs
from comity.talks.keeping import bands, trust

Q = np.array([0.8, 0.2])


def table(corner: np.ndarray, probability: np.ndarray = Q) -> TablePayoffs:
    """Payoffs from state × package × party; packages by the bits of their proposals."""
    states = ("none", "collapse", "war")[: len(corner)]
    count = int(np.log2(corner.shape[1]))
    return TablePayoffs(("A", "B"), states, probability, tuple(f"p{k}" for k in range(count)), corner)


def swap(cost: np.ndarray, benefit: np.ndarray) -> TablePayoffs:
    """Proposal 0 is conceded by A, 1 by B: the conceder loses `cost` of the state, the other wins `benefit`."""
    corner = np.zeros((len(cost), 4, 2))
    corner[:, 1] = np.stack([-cost, benefit], axis=1)
    corner[:, 2] = np.stack([benefit, -cost], axis=1)
    corner[:, 3] = corner[:, 1] + corner[:, 2]
    return table(100 + corner)


BY = ({0}, {1})


def the_known_deal() -> trust.Deal:
    """T = (1, 4); V = Σ q (benefit − cost) = 3."""
    cost = np.array([1.0, 4.0])
    return trust.Deal.of(swap(cost, cost + 3), BY)


def test_the_answer_known_beforehand() -> None:
    found = trust.trust(the_known_deal())
    for party in found:
        np.testing.assert_allclose(party.temptation, [1, 4])
        assert party.value == pytest.approx(3)
        assert party.critical.delta == pytest.approx(4 / 7, rel=1e-14)
        assert party.critical.discount_rate == pytest.approx(3 / 4)
        assert (party.binding, party.critical.outcome, party.punishment) == ("collapse", trust.KEPT, trust.NO_CONCESSIONS)
    assert [party.withdraws for party in found] == [(0,), (1,)]
    assert trust.deal_patience(found) == pytest.approx(4 / 7)


def test_patience_is_where_breaking_and_keeping_are_worth_the_same() -> None:
    deal = the_known_deal()
    payoffs, q = deal.payoffs, deal.probability
    keep, stray = deal.agreed[:, 0], payoffs.at(deal.without([0]))[:, 0]
    nothing = payoffs.at(np.zeros(2))[:, 0]
    for delta, kept in ((4 / 7 - 1e-6, False), (4 / 7 + 1e-6, True)):
        years = delta ** np.arange(1, 400)
        best_to_break = max(stray[s] + years.sum() * (q @ nothing) - keep[s] - years.sum() * (q @ keep) for s in range(2))
        assert bool(best_to_break <= 0) is kept


@pytest.mark.parametrize(("scale", "shift"), [(3.0, 0.0), (1.0, 7e4), (0.01, -5.0)])
def test_patience_does_not_change_with_an_affine_change_of_what_is_wanted(scale: float, shift: float) -> None:
    before = the_known_deal()
    payoffs = before.payoffs
    assert isinstance(payoffs, TablePayoffs)
    after = trust.Deal.of(table(scale * payoffs.corner + shift), BY)
    for one, other in zip(trust.trust(before), trust.trust(after), strict=True):
        assert other.critical.delta == pytest.approx(one.critical.delta, rel=1e-9)
        assert other.binding == one.binding


def test_outcomes_have_names() -> None:
    critical = trust.critical_patience
    assert critical(0, 2) == trust.Critical(0.0, trust.NO_TEMPTATION)
    assert critical(0, 0) == trust.Critical(0.0, trust.NO_TEMPTATION)
    assert critical(1, 0) == critical(1, -2) == trust.Critical(None, trust.NEVER)
    assert critical(0, -1) == trust.Critical(None, trust.NOT_RATIONAL)
    assert critical(0, 2).discount_rate == np.inf
    assert critical(1, -2).discount_rate is None
    # What a solver leaves behind is no temptation and no loss.
    assert critical(1e-7, -1e-7, tolerance=1e-6) == trust.Critical(0.0, trust.NO_TEMPTATION)


def test_a_punishment_of_many_years_is_one_for_ever_and_a_shorter_one_asks_for_more_patience() -> None:
    forever = trust.critical_patience(4, 3).delta
    found = {years: trust.critical_patience(4, 3, years=years).delta or 0.0 for years in (2, 3, 5, 20, 1000)}
    assert found.pop(1000) == pytest.approx(forever, rel=1e-12)
    assert list(found.values()) == sorted(set(found.values()), reverse=True)
    for years, delta in found.items():
        assert 3 * sum(delta**t for t in range(1, years + 1)) == pytest.approx(4, rel=1e-12)
    # One year of punishment costs 3 at most, less than the 4 that a break wins.
    assert trust.critical_patience(4, 3, years=1) == trust.Critical(None, trust.NEVER)


def test_a_break_that_is_seen_late_asks_for_more_patience() -> None:
    deal = the_known_deal()
    found = [trust.trust(deal, lag=lag)[0].critical.delta for lag in range(4)]
    assert found[0] == pytest.approx(4 / 7)
    assert found == sorted(found)  # type: ignore[type-var]
    for lag, delta in enumerate(found):
        assert delta is not None
        mean = 0.8 * 1 + 0.2 * 4
        wins = 4 + mean * sum(delta**t for t in range(1, lag + 1))
        assert 3 * sum(delta**t for t in range(lag + 1, 4000)) == pytest.approx(wins, rel=1e-9)
    with pytest.raises(InputError, match="at least one year"):
        trust.trust(deal, years=0)


def test_the_best_withdrawal_may_be_partial() -> None:
    # A concedes both proposals; 1 helps A itself, so A would withdraw 0 alone and win 2, not 2 − 5.
    corner = np.zeros((2, 4, 2))
    corner[:, 1] = [-2, 6]
    corner[:, 2] = [5, 1]
    corner[:, 3] = [3, 7]
    deal = trust.Deal.of(table(corner), ({0}, {0}))
    first, second = trust.trust(deal)
    np.testing.assert_allclose(first.temptation, [2, 2])
    assert first.withdraws == (0,)
    assert (second.critical.delta, second.binding) == (0.0, None)


def test_a_punishment_that_nobody_would_carry_out_is_replaced() -> None:
    # As above: even after a break A goes on conceding 1, because it pays by itself.
    corner = np.zeros((2, 4, 2))
    corner[:, 1] = [-2, 6]
    corner[:, 2] = [5, 1]
    corner[:, 3] = [3, 7]
    deal = trust.Deal.of(table(corner), ({0}, {0}))
    after = trust.punishment(deal)
    assert (after.kind, after.settled) == (trust.NOT_CREDIBLE, True)
    np.testing.assert_array_equal(after.x, [[0, 1], [0, 1]])
    assert after.conceding == (("none", "A", (1,)), ("collapse", "A", (1,)))
    first, second = trust.trust(deal)
    # So the deal is worth 3 − 5 < 0 to A, not 3 − 0.
    assert (first.value, first.critical.outcome, first.punishment) == (-2, trust.NEVER, trust.NOT_CREDIBLE)
    assert second.value == pytest.approx(6)


def test_best_responses_that_chase_each_other_are_called_unsettled() -> None:
    # A wants to match B, B wants to differ: no pure point of rest.
    corner = np.zeros((1, 4, 2))
    corner[0] = [[0, 0], [-1, 2], [-1, 2], [3, -2]]
    corner[0, 0] = [1, -1]
    found = trust.punishment(trust.Deal.of(table(corner, np.array([1.0])), BY))
    assert found.kind == trust.NOT_CREDIBLE
    assert not found.settled


def test_a_stake_outlives_the_break() -> None:
    # Proposal 1 is a stake that is worth 10 to A and costs B 10; nobody can take it back, and it is no part of V.
    corner = np.zeros((2, 4, 2))
    corner[:, 1] = [-1, 4]
    corner[:, 2] = [10, -10]
    corner[:, 3] = [9, -6]
    lasting = trust.Deal.of(table(corner), BY, lasting=[1])
    a, b = trust.trust(lasting)
    assert (a.value, b.value) == (-1, 4)
    assert (a.largest, b.largest) == (1, 0)
    a, b = trust.trust(trust.Deal.of(table(corner), BY))
    assert (a.value, b.value) == pytest.approx((9, -6))


def test_what_two_concede_falls_with_either_and_stands_by_neither_alone() -> None:
    corner = np.zeros((2, 2, 2))
    corner[:, 1] = [-1, 3]
    deal = trust.Deal.of(table(corner), ({0, 1},))
    assert trust.trust(deal)[0].largest == 1
    assert deal.own(0) == deal.own(1) == (0,)
    # B would gladly concede it alone, but it takes two.
    assert trust.punishment(deal).kind == trust.NO_CONCESSIONS


def test_a_crisis_that_never_comes_tempts_nobody() -> None:
    cost = np.array([1.0, 4.0])
    payoffs = swap(cost, cost + 3)
    certain = TablePayoffs(payoffs.parties, payoffs.states, np.array([1.0, 0.0]), payoffs.proposals, payoffs.corner)
    found = trust.trust(trust.Deal.of(certain, BY))[0]
    assert (found.binding, found.critical.delta) == ("none", pytest.approx(1 / 4))


def test_concessions_are_ranked_by_how_much_breaking_them_wins() -> None:
    cost = np.array([1.0, 4.0])
    deal = trust.Deal.of(swap(cost, cost + 3), ({0}, {0}))
    found = trust.temptations(deal)
    assert [(one.party, one.proposal, one.state) for one in found] == [("A", "p0", "collapse"), ("A", "p1", "none")]
    assert [one.gain for one in found] == pytest.approx([4, -4])


def test_the_band_of_weights_is_where_the_deal_is_kept() -> None:
    # With everybody counted alike opening helps the conceder; its producers lose from it and win abroad.
    rng = np.random.default_rng(5)
    income = swap(np.array([-1.0, -0.5]), np.array([2.0, 1.0]))
    producers = table(swap(np.array([0.9, 1.1]), np.array([0.4, 0.3])).corner - 100)
    deal = trust.Deal.of(income, BY)
    delta = 0.7
    found = bands.weights(deal, producers, delta)[0]
    assert found.keeps.low == 1
    assert 1 < found.keeps.high < found.signs.high < np.inf
    # In ordinary years A concedes alone up to ω = 1/0.9: until then the threat is small, from ω = 1.2/1.4733 on too small.
    low, high = found.keeps.pieces
    assert (low.high, high.low) == pytest.approx((1 + 1.2 / (1.1 + 0.16 * 7 / 3), 1 + 1 / 0.9))

    def at(weight: float) -> trust.Trust:
        return trust.trust(trust.Deal.of(table(income.corner + (weight - 1) * producers.corner), BY))[0]

    for weight in 1 + rng.uniform(0, 6, 200):
        party = at(weight)
        assert (party.value >= 0) == (weight in found.signs)
        assert (party.largest * (1 - delta) <= delta * party.value) == (weight in found.keeps)


def test_the_band_of_weights_and_trust_see_the_same_punishment() -> None:
    # The deal whose punishment nobody would carry out: A never keeps it, for it would go on conceding 1 alone.
    corner = np.zeros((2, 4, 2))
    corner[:, 1] = [-2, 6]
    corner[:, 2] = [5, 1]
    corner[:, 3] = [3, 7]
    deal = trust.Deal.of(table(corner), ({0}, {0}))
    assert [one.critical.outcome for one in trust.trust(deal)] == [trust.NEVER, trust.NO_TEMPTATION]
    nobody = table(np.zeros((2, 4, 2)))
    first, second = bands.weights(deal, nobody, 0.9)
    assert first.signs.empty
    assert first.keeps.empty
    assert (second.keeps.low, second.keeps.high) == (1, np.inf)
    # With producers who lose 1 by the concession that pays, A stops conceding it alone at ω = 5, and then C is worth 3 − ω < 0.
    losing = table(np.array([[[0, 0], [0, 0], [-1, 0], [-1, 0]]] * 2, dtype=float))
    assert bands.weights(deal, losing, 0.9)[0].signs.empty
    assert [piece for piece, _ in bands.stretches(deal, losing)] == [bands.Band(0, 5), bands.Band(5, np.inf)]


def test_a_party_that_never_signs_has_an_empty_band() -> None:
    income = swap(np.array([5.0, 5.0]), np.array([1.0, 1.0]))
    producers = table(np.zeros((2, 4, 2)))
    found = bands.weights(trust.Deal.of(income, BY), producers, 0.9)[0]
    assert found.signs.empty
    assert found.keeps.empty
    assert 1.0 not in found.keeps


def horizon_by_brute_force(tempted: float, near: float, far: float, years: int, delta: np.ndarray) -> np.ndarray:
    worth = np.array([near * sum(d**t for t in range(1, years + 1)) + far * d ** (years + 1) / (1 - d) for d in delta])
    return worth >= tempted


@pytest.mark.parametrize("years", [0, 1, 3, 10])
@pytest.mark.parametrize(
    ("near", "far"), [(3, 3), (3, 1), (3, 0.2), (3, 0), (3, -0.2), (3, -5), (-1, 2), (0, 2), (-1, -1), (0, 0), (2, -0.01)]
)
@pytest.mark.parametrize("tempted", [4.0, 0.3, 0.0])
def test_a_break_that_bites_later(tempted: float, near: float, far: float, years: int) -> None:
    def party(value: float) -> trust.Trust:
        return trust.Trust("A", trust.critical_patience(tempted, value), None, np.array([tempted]), tempted, value, (), "")

    found = bands.horizon(party(near), party(far), years)
    delta = np.linspace(0.0005, 0.9995, 997)
    kept = horizon_by_brute_force(tempted, near, far, years, delta)
    np.testing.assert_array_equal(kept, (delta >= found.low) & (delta <= found.high))


def test_without_a_change_the_horizon_is_the_plain_patience() -> None:
    party = trust.trust(the_known_deal())[0]
    assert bands.horizon(party, party, 7).low == pytest.approx(4 / 7, rel=1e-12)
    assert bands.horizon(party, party, 7).high == 1


def test_nonsense_is_refused() -> None:
    payoffs: Payoffs = swap(np.ones(2), np.ones(2))
    with pytest.raises(InputError, match="2 proposals"):
        trust.Deal.of(payoffs, ({0},))
    with pytest.raises(InputError, match="positions"):
        trust.Deal.of(payoffs, ({0}, {2}))
    with pytest.raises(InputError, match="between 0 and 1"):
        trust.Deal.of(payoffs, BY, np.array([1.0, 1.2]))
    with pytest.raises(InputError, match="below 1"):
        bands.future(1.0)


def test_plain_data_has_no_infinity() -> None:
    corner = np.zeros((2, 2, 2))
    corner[:, 1] = [1, 3]
    found = trust.trust(trust.Deal.of(table(corner), ({0},)))[0].as_dict()
    assert (found["delta"], found["discount_rate"], found["outcome"]) == (0.0, None, trust.NO_TEMPTATION)
