"""What may not matter for trust (units, order, lines drawn through a crisis) and what must (patience, punishment, clauses)."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from comity.talks.bargaining.payoffs import TablePayoffs
from comity.talks.keeping import bands, escape, lattice, remedies, trust
from comity.talks.stakes import finance, pledge
from comity.talks.stakes import stake as stakes

seeds = st.integers(min_value=0, max_value=100_000)
patiences = st.floats(min_value=0.05, max_value=0.97)


def drawn(seed: int, *, states: int = 3, proposals: int = 3, parties: int = 2) -> trust.Deal:
    """A lopsided deal: who concedes what at random, costs to the conceders, gains to the others, interactions."""
    rng = np.random.default_rng(seed)
    by = [{int(rng.integers(parties))} for _ in range(proposals)]
    cost, benefit = rng.uniform(-0.1, 2, (states, proposals)), rng.uniform(1, 5, (states, proposals))
    corner = np.zeros((states, 2**proposals, parties))
    for package, k, n in product(range(2**proposals), range(proposals), range(parties)):
        if package >> k & 1:
            corner[:, package, n] += -cost[:, k] if n in by[k] else benefit[:, k]
    corner[:, 1:] += rng.normal(0, 0.2, (states, 2**proposals - 1, parties))
    names = tuple(f"s{s}" for s in range(states))
    q = rng.dirichlet(np.ones(states))
    parts = tuple("ABCD"[:parties])
    return trust.Deal.of(TablePayoffs(parts, names, q, tuple(f"p{k}" for k in range(proposals)), corner), by)


def rebuilt(deal: trust.Deal, corner: np.ndarray, **changes) -> trust.Deal:
    p = deal.payoffs
    plain = {
        "parties": p.parties,
        "states": p.states,
        "probability": p.probability,
        "proposals": p.proposals,
        "by": deal.conceded_by,
    }
    plain.update(changes)
    by = plain.pop("by")
    return trust.Deal.of(TablePayoffs(**plain, corner=corner), by)


def corner_of(deal: trust.Deal) -> np.ndarray:
    assert isinstance(deal.payoffs, TablePayoffs)
    return deal.payoffs.corner


def same(one: trust.Trust, other: trust.Trust) -> bool:
    if one.critical.delta is None or other.critical.delta is None:
        return one.critical == other.critical
    return one.critical.outcome == other.critical.outcome and abs(one.critical.delta - other.critical.delta) < 1e-9


@given(seeds, st.floats(0.01, 100), st.floats(-1e4, 1e4))
def test_neither_the_unit_nor_the_level_of_what_is_wanted_matters(seed: int, scale: float, shift: float):
    deal = drawn(seed)
    moved = rebuilt(deal, corner_of(deal) * scale + shift)
    tolerance = 1e-9 * scale
    pairs = zip(trust.trust(deal, tolerance=1e-9), trust.trust(moved, tolerance=tolerance), strict=True)
    assert all(same(one, other) or abs(one.value) < 1e-6 for one, other in pairs)


@given(seeds, st.permutations(range(3)), st.permutations(range(3)), st.permutations(range(2)))
def test_the_order_of_crises_proposals_and_parties_does_not_matter(seed: int, states: list, proposals: list, parties: list):
    deal = drawn(seed)
    corner = corner_of(deal)
    number = [sum((package >> position & 1) << k for position, k in enumerate(proposals)) for package in range(8)]
    turned = rebuilt(
        deal,
        corner[np.ix_(states, number, parties)],
        states=tuple(deal.payoffs.states[s] for s in states),
        probability=deal.probability[states],
        parties=tuple(deal.payoffs.parties[n] for n in parties),
        by=[{parties.index(n) for n in deal.conceded_by[k]} for k in proposals],
    )
    before = {one.party: one for one in trust.trust(deal)}
    for one in trust.trust(turned):
        assert same(one, before[one.party])
        assert one.binding == before[one.party].binding


@given(seeds, st.integers(0, 2), st.floats(0.1, 0.9))
def test_a_line_drawn_through_a_crisis_changes_nothing(seed: int, s: int, share: float):
    deal = drawn(seed)
    q = np.append(deal.probability, share * deal.probability[s])
    q[s] *= 1 - share
    corner = corner_of(deal)
    split = rebuilt(deal, np.concatenate([corner, corner[[s]]]), states=(*deal.payoffs.states, "half"), probability=q)
    assert all(same(one, other) for one, other in zip(trust.trust(deal), trust.trust(split), strict=True))


@given(seeds)
def test_no_plan_of_breaking_pays_above_the_critical_patience_and_one_does_below(seed: int):
    """Against grim punishment a plan says in which crises to break first; every plan is valued, from every crisis."""
    deal = drawn(seed)
    q = deal.probability
    after = trust.punishment(deal)
    for n, party in enumerate(trust.trust(deal)):
        delta = party.critical.delta
        if delta is None or not 0.05 < delta < 0.95:
            continue
        kept, stray = deal.agreed[:, n], deal.agreed[:, n] + party.temptation
        for at, pays in ((delta - 1e-3, True), (delta + 1e-3, False)):
            end = at / (1 - at) * float(q @ after.payoff[:, n])
            keep = kept + at / (1 - at) * float(q @ kept)
            gains = []
            for plan in product((False, True), repeat=3):
                breaks = np.array(plan)
                # Worth of the plan before the crisis is known: w = Σ_break q (D + end) + Σ_keep q (C + δ w).
                now = np.where(breaks, stray + end, kept)
                w = float(q @ now) / (1 - at * float(q[~breaks].sum()))
                gains.append((now + np.where(breaks, 0, at * w) - keep).max())
            assert (max(gains) > 1e-12) == pays


@given(seeds, st.integers(1, 6), st.integers(0, 3))
def test_shorter_punishment_and_later_detection_never_ask_for_less_patience(seed: int, years: int, lag: int):
    deal = drawn(seed)
    plain = trust.trust(deal)
    for variant in (trust.trust(deal, years=years), trust.trust(deal, lag=lag), trust.trust(deal, years=years, lag=lag)):
        assert all(other.sort_key >= one.sort_key - 1e-12 for one, other in zip(plain, variant, strict=True))
    longest = trust.trust(deal, years=100_000)
    assert all(same(one, other) for one, other in zip(plain, longest, strict=True))


@given(seeds, patiences)
def test_a_package_with_its_escape_clauses_is_kept(seed: int, patience: float):
    deal = drawn(seed)
    after = trust.punishment(deal)
    found = escape.escape_clauses(deal, patience, depths=np.linspace(0, 1, 11))
    if found.outcome == escape.NOTHING:
        return
    kept = trust.trust(deal.at(found.x), after=after)
    assert trust.deal_patience(kept) <= patience + 1e-9
    assert np.all(found.worth >= -1e-12)
    assert (trust.deal_patience(trust.trust(deal)) <= patience) <= (found.outcome == escape.HOLDS)


@given(seeds, patiences, patiences)
def test_more_patience_never_keeps_less(seed: int, one: float, other: float):
    deal = drawn(seed)
    low, high = (escape.escape_clauses(deal, p, depths=np.linspace(0, 1, 6)) for p in sorted((one, other)))
    if low.outcome == escape.HOLDS:
        assert high.outcome == escape.HOLDS
    if low.outcome != escape.NOTHING:
        assert high.outcome != escape.NOTHING
        if high.certificate == lattice.LARGEST_WORTH:
            assert high.worth.sum() >= low.worth.sum() - 1e-9
        if high.certificate == lattice.GREATEST:
            assert np.all(high.x >= low.x - 1e-9)


@given(seeds, patiences)
def test_the_band_of_weights_agrees_with_trust_at_every_weight(seed: int, patience: float):
    deal = drawn(seed)
    producers = TablePayoffs(
        deal.payoffs.parties,
        deal.payoffs.states,
        deal.probability,
        deal.payoffs.proposals,
        np.random.default_rng(seed + 1).normal(0, 1, corner_of(deal).shape) * (np.arange(8) > 0)[:, None],
    )
    found_by_party = bands.weights(deal, producers, patience)
    for w in np.linspace(1, 5, 17):
        weighted = rebuilt(deal, corner_of(deal) + (w - 1) * producers.corner)
        for party, found in zip(trust.trust(weighted), found_by_party, strict=True):
            margin = party.value * patience - party.largest * (1 - patience)
            if abs(party.value) > 1e-9:
                assert (w in found.signs) == (party.value > 0)
            if abs(margin) > 1e-9:
                assert (w in found.keeps) == (margin > 0)


@given(seeds)
def test_every_remedy_says_what_it_does(seed: int):
    deal = drawn(seed)
    before = trust.deal_patience(trust.trust(deal))
    for one in remedies.remedies(deal):
        assert one.lowers == (one.delta < before - 1e-12)
        assert one.delta == trust.deal_patience(one.parties)


@given(seeds, st.floats(0, 1))
def test_what_a_stake_does_to_trust_is_what_it_does_to_dividends(seed: int, size: float):
    """The buyer's V rises by Σ q (d^C − d^N), the issuer's falls by as much; a dividend that never moves does nothing."""
    deal = drawn(seed)
    dividend = TablePayoffs(
        ("stake",),
        deal.payoffs.states,
        deal.probability,
        deal.payoffs.proposals,
        np.random.default_rng(seed + 1).uniform(0, 1, (3, 8, 1)),
    )
    after = trust.Punishment(trust.NO_CONCESSIONS, deal.without([0, 1, 2]), deal.payoffs.at(np.zeros(3)))
    flow = np.array([[-1.0, 1.0]])
    payoffs = stakes.WithStakes(deal.payoffs, dividend, np.array([0.4]), flow, size)
    with_stake = trust.Deal.of(payoffs, deal.conceded_by)
    ended = trust.Punishment(trust.NO_CONCESSIONS, after.x, payoffs.at(after.x))
    moved = size * float(deal.probability @ (dividend.at(np.ones(3)) - dividend.at(np.zeros(3)))[:, 0])
    plain, found = trust.trust(deal, after=after), trust.trust(with_stake, after=ended)
    assert found[0].value == pytest.approx(plain[0].value - moved, abs=1e-9)
    assert found[1].value == pytest.approx(plain[1].value + moved, abs=1e-9)
    whole = pledge.pledge(deal, with_stake, dividend, 0, buyer=1, issuer=0)
    if size == 0:
        assert not whole.buys_trust
        assert all(same(one, other) for one, other in zip(whole.before, whole.after, strict=True))


@given(seeds, st.floats(0, 5))
def test_reservation_prices_bound_the_fair_one_as_risk_says(seed: int, risk_aversion: float):
    """Without risk aversion both sides' price is the fair one; with it a party pays more for what pays in its bad years."""
    rng = np.random.default_rng(seed)
    # Further apart than any dividend, so that one paid in the bad years cannot turn them into the good ones.
    payoff = np.sort(rng.uniform(500, 1500, 4)) + 25 * np.arange(4)
    q, paid = rng.dirichlet(np.ones(4)), np.sort(rng.uniform(0, 20, 4))
    for dividend, sign in ((paid[::-1], 1), (paid, -1)):
        fair = float(dividend @ q)
        for side in (1, -1):
            careless = finance.reservation(finance.gain_from(payoff, dividend, q, 0.0, side), fair + 1)
            assert careless == pytest.approx(fair, abs=1e-6)
        price = finance.reservation(finance.gain_from(payoff, dividend, q, risk_aversion, 1), fair)
        assert sign * (price - fair) >= -1e-6
