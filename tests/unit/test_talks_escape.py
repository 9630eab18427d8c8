"""Escape clauses: no larger package is self-enforcing (brute force), the one found is, and its words say its figures."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise, product

import numpy as np
import pytest

from comity.errors import InputError
from comity.talks.bargaining.payoffs import TablePayoffs
from comity.talks.keeping import escape, largest, lattice, remedies, trust

Q = np.array([0.8, 0.2])
BY = ({0}, {1})


def swap(cost: list, benefit: list, probability: np.ndarray = Q) -> TablePayoffs:
    """Proposal 0 is conceded by A, 1 by B: the conceder loses `cost` of the state (two numbers: of the proposal too), the other
    wins `benefit`."""
    lost, won = (np.array([np.broadcast_to(row, 2) for row in rows], dtype=float) for rows in (cost, benefit))
    corner = np.zeros((len(lost), 4, 2))
    corner[:, 1] = np.stack([-lost[:, 0], won[:, 0]], axis=1)
    corner[:, 2] = np.stack([won[:, 1], -lost[:, 1]], axis=1)
    corner[:, 3] = corner[:, 1] + corner[:, 2]
    return TablePayoffs(("A", "B"), ("none", "collapse", "war")[: len(lost)], probability, ("food", "crops"), corner)


def drawn(rng: np.random.Generator, states: int) -> trust.Deal:
    """Two parties, three proposals, interactions of every kind; now and then a concession pays or a crisis never comes."""
    corner = np.zeros((states, 8, 2))
    cost, benefit = rng.uniform(-0.1, 2, (states, 3)), rng.uniform(1, 5, (states, 3)) * rng.uniform(0.2, 1.2, (states, 1))
    benefit[:, 1] *= 2  # what the party with two concessions gets for them
    by = ({0}, {1}, {0})
    for package in range(8):
        for k in range(3):
            if package >> k & 1:
                corner[:, package, min(by[k])] -= cost[:, k]
                corner[:, package, 1 - min(by[k])] += benefit[:, k]
    corner[:, 1:] += rng.normal(0, 0.3, (states, 7, 2))
    q = rng.dirichlet(np.ones(states)) if rng.random() < 0.8 else np.eye(states)[0]
    names = ("none", "collapse", "war")[:states]
    return trust.Deal.of(TablePayoffs(("A", "B"), names, q, ("a", "b", "c"), corner), by)


def self_enforcing(deal: trust.Deal, x: np.ndarray, patience: float, after: trust.Punishment) -> bool:
    """Written out anew: nobody wins more by any set of withdrawals in any crisis that can come than the deal is worth to it."""
    q, payoffs = deal.probability, deal.payoffs
    for n in range(2):
        agreed = payoffs.at(x)[:, n]
        worth = patience / (1 - patience) * float(q @ (agreed - after.payoff[:, n]))
        own = [k for k in range(x.shape[1]) if deal.conceded_by[k] == {n}]
        for kept in product((0.0, 1.0), repeat=len(own)):
            y = x.copy()
            y[:, own] *= kept
            if np.any((payoffs.at(y)[:, n] - agreed > worth + 1e-12) & (q > 0)):
                return False
    return True


def raisable(deal: trust.Deal, x: np.ndarray, grid: np.ndarray, patience: float, after: trust.Punishment) -> bool:
    """Whether one concession in one crisis that can come could stand higher, the rest as it is."""
    for s, k in product(np.flatnonzero(deal.probability > 0), range(x.shape[1])):
        for level in grid[grid > x[s, k] + 1e-12]:
            y = x.copy()
            y[s, k] = level
            if self_enforcing(deal, y, patience, after):
                return True
    return False


def everything(
    deal: trust.Deal, grid: np.ndarray, patience: float, after: trust.Punishment
) -> tuple[list[np.ndarray], np.ndarray, np.ndarray]:
    """Every self-enforcing package: the combinations of one state, which of them hold together, and all parties' worth of each.

    Only crises that can come: one axis a state.
    """
    one = np.array(list(product(grid, repeat=len(deal.payoffs.proposals))))
    states = np.flatnonzero(deal.probability > 0)
    worth, tempted = 0.0, -np.inf
    for i, s in enumerate(states):
        shape = [len(one) if j == i else 1 for j in range(len(states))]
        at = np.stack([deal.payoffs.at(x)[s] for x in one])
        best = at.copy()
        for n in range(2):
            own = [k for k, by in enumerate(deal.conceded_by) if by == {n}]
            for kept in product((0.0, 1.0), repeat=len(own)):
                y = one.copy()
                y[:, own] *= kept
                best[:, n] = np.maximum(best[:, n], [deal.payoffs.at(x)[s, n] for x in y])
        worth = worth + deal.probability[s] * (at - after.payoff[s]).reshape(*shape, 2)
        tempted = np.maximum(tempted, (best - at).reshape(*shape, 2))
    holds = np.all(tempted <= patience / (1 - patience) * worth + 1e-12, axis=-1)
    return [one] * len(states), holds, np.sum(worth, axis=-1)


@pytest.mark.parametrize(("states", "levels", "draws"), [(1, 6, 60), (2, 4, 60), (3, 3, 60)])
def test_no_concession_can_be_raised_and_no_package_is_worth_more(states: int, levels: int, draws: int) -> None:
    """Every concession at every level of its own in every crisis."""
    rng = np.random.default_rng(states)
    grid = np.linspace(0, 1, levels)
    seen = []
    for _ in range(draws):
        deal, patience = drawn(rng, states), rng.uniform(0.3, 0.97)
        after = trust.punishment(deal)
        found = escape.escape_clauses(deal, patience, depths=grid, tolerance=1e-12)
        each, holds, worth = everything(deal, grid, patience, after)
        possible = np.flatnonzero(deal.probability > 0)
        seen.append((found.outcome, found.certificate))
        np.testing.assert_array_equal(np.delete(found.x, possible, axis=0), 1)
        if found.outcome == escape.NOTHING:
            assert not any(one[rows].any() for one, rows in zip(each, np.nonzero(holds), strict=True))
            continue
        assert self_enforcing(deal, found.x, patience, after)
        assert not raisable(deal, found.x, grid, patience, after)
        if found.certificate == lattice.LARGEST_WORTH:
            assert found.worth.sum() == pytest.approx(worth[holds].max(), abs=1e-9)
        if found.certificate == lattice.GREATEST:
            for s, one, rows in zip(possible, each, np.nonzero(holds), strict=True):
                assert np.all(one[rows] <= found.x[s] + 1e-12)
    assert (escape.NOTHING, lattice.GREATEST) in seen
    assert (escape.HOLDS, lattice.GREATEST) in seen
    assert (escape.SMALLER, lattice.LARGEST_WORTH) in seen
    if states > 1:
        assert (escape.ESCAPE, lattice.LARGEST_WORTH) in seen
    # The rest are raised at a cost to both together: the drawn interactions are as large as the concessions.
    assert sum(certificate == lattice.MAXIMAL for _, certificate in seen) <= 0.3 * draws


def test_each_concession_gives_way_by_as_much_as_it_tempts_and_no_more() -> None:
    # In the collapse food costs A 18 and brings B 20, crops cost B 1 and bring A 20. With crops in full
    # V_A = 0.8 + 0.2 (20 − 18 a), and 18 a ≤ 7/3 V_A gives a = 11.2 / 26.4 = 0.424, where one depth for both would be 0.109.
    deal = trust.Deal.of(swap([1, [18, 1]], [2, 20]), BY)
    found = escape.escape_clauses(deal, 0.7)
    assert (found.outcome, found.certificate) == (escape.ESCAPE, lattice.LARGEST_WORTH)
    np.testing.assert_allclose(found.x, [[1, 1], [0.42, 1]])
    np.testing.assert_allclose(found.worth, [0.8 + 0.2 * (20 - 18 * 0.42), 0.8 + 0.2 * (20 * 0.42 - 1)])
    np.testing.assert_allclose(found.depth, [1, 0.42])
    assert not raisable(deal, found.x, escape.STEPS, 0.7, trust.punishment(deal))
    (clause,) = escape.clauses(deal, found)
    assert clause.levels == {"food": pytest.approx(0.42)}
    assert "at 42 % of what was agreed: food." in clause.measure
    assert "crops" not in clause.text


def test_the_package_that_gives_way_in_the_collapse_holds_where_the_full_one_breaks() -> None:
    # T(s) = c(s) m(s) ≤ 7/3 (0.8 · 1 + 0.2 · 2 m): with c = 18 in the collapse m = 1.8667 / (18 − 0.9333) = 0.109.
    deal = trust.Deal.of(swap([1, 18], [2, 20]), BY)
    assert trust.deal_patience(trust.trust(deal)) > 0.7
    found = escape.escape_clauses(deal, 0.7)
    # A could give more in the collapse if it gave less in ordinary years: there is no greatest package, but none is worth more.
    assert (found.outcome, found.certificate) == (escape.ESCAPE, lattice.LARGEST_WORTH)
    np.testing.assert_allclose(found.depth, [1, 0.10])
    np.testing.assert_allclose(found.worth, 0.8 + 0.2 * 2 * 0.1)
    assert np.all(found.worth > 0)
    np.testing.assert_allclose(found.x, [[1, 1], [0.1, 0.1]])
    assert trust.deal_patience(trust.trust(deal.at(found.x))) <= 0.7
    # One per cent more would break it.
    more = escape.escape_clauses(deal, 0.7, depths=np.array([0, 0.11, 1]))
    np.testing.assert_allclose(more.depth, [1, 0])


def test_finer_depths_come_closer_to_the_exact_answer() -> None:
    deal = trust.Deal.of(swap([1, 18], [2, 20]), BY)
    found = escape.escape_clauses(deal, 0.7, depths=np.linspace(0, 1, 1001))
    assert found.depth[1] == pytest.approx((7 / 3 * 0.8) / (18 - 7 / 3 * 0.4), abs=1e-3)


def test_a_patient_party_needs_no_clause_and_an_impatient_one_keeps_nothing() -> None:
    deal = trust.Deal.of(swap([1, 18], [2, 20]), BY)
    full = escape.escape_clauses(deal, 0.97)
    assert (full.outcome, full.clauses) == (escape.HOLDS, ())
    np.testing.assert_array_equal(full.x, deal.x)
    np.testing.assert_array_equal(full.worth, full.worth_of_full)
    none = escape.escape_clauses(deal, 0.1)
    assert none.outcome == escape.NOTHING
    assert not none.x.any()
    np.testing.assert_array_equal(none.worth, [0, 0])
    depths = [escape.escape_clauses(deal, patience).depth for patience in (0.5, 0.6, 0.7, 0.8, 0.9)]
    assert all(np.all(low <= high) for low, high in pairwise(depths))


def test_a_deal_too_large_for_ordinary_years_is_told_apart_from_one_that_needs_a_clause() -> None:
    # In ordinary years the cost grows with the square of what is conceded: half of it can be kept, all of it cannot.
    corner = swap([1, 1], [5, 5]).corner
    corner[0, 3] -= 3
    corner[0, 2, 0] += 8
    corner[0, 1, 1] += 8
    payoffs = TablePayoffs(("A", "B"), ("none", "collapse"), Q, ("food", "crops"), corner)
    found = escape.escape_clauses(trust.Deal.of(payoffs, BY), 0.4)
    assert found.outcome == escape.SMALLER
    assert found.depth[0] < found.depth[1]


def test_only_what_is_covered_gives_way_and_a_stake_never_does() -> None:
    deal = trust.Deal.of(swap([1, 18], [2, 20]), BY)
    found = escape.escape_clauses(deal, 0.9, covered=[0])
    assert np.all(found.x[:, 1] == 1)
    lasting = trust.Deal.of(swap([1, 18], [2, 20]), BY, lasting=[1])
    kept = escape.escape_clauses(lasting, 0.7)
    assert np.all(kept.x[:, 1] == 1)
    assert kept.outcome == escape.NOTHING  # A alone concedes and wins nothing by it.


def test_a_crisis_that_never_comes_needs_no_clause() -> None:
    deal = trust.Deal.of(swap([1, 500], [2, 20], np.array([1.0, 0.0])), BY)
    assert escape.escape_clauses(deal, 0.7).outcome == escape.HOLDS


def test_a_search_cut_short_says_so_and_what_it_found_cannot_be_raised(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lattice, "BOXES", 2)
    rng = np.random.default_rng(3)
    seen, grid = 0, np.linspace(0, 1, 6)
    for _ in range(40):
        deal, patience = drawn(rng, 3), rng.uniform(0.3, 0.97)
        found = escape.escape_clauses(deal, patience, depths=grid, tolerance=1e-12)
        if found.certificate == lattice.MAXIMAL and found.outcome != escape.NOTHING:
            seen += 1
            assert self_enforcing(deal, found.x, patience, trust.punishment(deal))
            assert not raisable(deal, found.x, grid, patience, trust.punishment(deal))
    assert seen > 0


def test_with_more_combinations_than_can_be_compared_depths_are_refined_and_raised(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(4)
    grid = np.linspace(0, 1, 21)
    share = []
    for _ in range(25):
        deal, patience = drawn(rng, 2), rng.uniform(0.5, 0.9)
        every = escape.escape_clauses(deal, patience, depths=grid, tolerance=1e-12)
        monkeypatch.setattr(largest, "POINTS", 150)
        found = escape.escape_clauses(deal, patience, depths=grid, tolerance=1e-12)
        monkeypatch.undo()
        assert (found.outcome == escape.NOTHING) == (every.outcome == escape.NOTHING)
        if found.outcome in (escape.NOTHING, escape.HOLDS):
            continue
        assert found.certificate == lattice.MAXIMAL
        assert self_enforcing(deal, found.x, patience, trust.punishment(deal))
        assert not raisable(deal, found.x, grid, patience, trust.punishment(deal))
        share.append(found.worth.sum() / every.worth.sum() if every.worth.sum() > 0 else 1.0)
    assert len(share) > 5
    # What is found this way may be worth less than the best there is, and is called maximal only.
    assert np.median(share) == pytest.approx(1)
    assert max(share) <= 1 + 1e-9


def test_payoffs_without_a_table_are_evaluated_point_by_point() -> None:
    class Plain:
        """The same numbers without their table."""

        def __init__(self, table: TablePayoffs):
            self.table = table
            self.parties, self.states, self.probability, self.proposals = (
                table.parties,
                table.states,
                table.probability,
                table.proposals,
            )

        def at(self, x: np.ndarray) -> np.ndarray:
            return self.table.at(x)

        def with_gradient(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
            return self.table.with_gradient(x)

    deal = trust.Deal.of(swap([1, [18, 1]], [2, 20]), BY)
    assert isinstance(deal.payoffs, TablePayoffs)
    plain = replace(deal, payoffs=Plain(deal.payoffs))
    grid = np.linspace(0, 1, 11)
    one, other = (escape.escape_clauses(d, 0.7, depths=grid) for d in (deal, plain))
    np.testing.assert_array_equal(one.x, other.x)
    np.testing.assert_allclose(one.worth, other.worth)


def test_the_clause_says_trigger_depth_and_duration() -> None:
    deal = trust.Deal.of(swap([1, 18], [2, 20]), BY)
    found = escape.escape_clauses(deal, 0.7)
    names = {"food": "Dairy without permits", "collapse": "trade collapse"}
    (clause,) = escape.clauses(deal, found, names, {"collapse": "all trade in goods costs 15 % more"})
    assert (clause.state, clause.depth, clause.covers) == ("collapse", pytest.approx(0.1), ("Dairy without permits", "crops"))
    assert "“trade collapse” (all trade in goods costs 15 % more)" in clause.trigger
    assert "at 10 % of what was agreed" in clause.measure
    assert "next one the concessions apply in full again" in clause.duration
    assert clause.text.count("Dairy without permits") == 1
    suspended = escape.clauses(deal, escape.escape_clauses(deal, 0.7, depths=np.array([0.0, 1.0])))
    assert "suspended: food; crops." in suspended[0].measure
    assert escape.clauses(deal, escape.escape_clauses(deal, 0.97)) == ()


def test_patience_of_one_is_refused() -> None:
    with pytest.raises(InputError, match="below 1"):
        escape.escape_clauses(trust.Deal.of(swap([1, 1], [2, 2]), BY), 1.0)


def test_remedies_are_ranked_and_their_price_is_shown() -> None:
    deal = trust.Deal.of(swap([1, 18], [2, 20]), BY)
    before = trust.deal_patience(trust.trust(deal))
    steadier = trust.Deal.of(swap([1, 10], [2, 20]), BY)
    found = remedies.remedies(deal, stakes={"tractors": steadier})
    assert [one.delta for one in found] == sorted(one.delta for one in found)
    by = {(one.kind, one.what, one.state): one for one in found}
    assert set(by) == {
        ("drop", "food", None),
        ("drop", "crops", None),
        ("suspend", "food", "collapse"),
        ("suspend", "crops", "collapse"),
        ("suspend_all", "all", "collapse"),
        ("stake", "tractors", None),
    }
    # Suspending both in the collapse leaves T = 1, V = 0.8; each side loses 0.2 · 2 a year by it.
    best = by["suspend_all", "all", "collapse"]
    assert best.delta == pytest.approx(1 / 1.8)
    np.testing.assert_allclose(best.cost, [0.4, 0.4])
    assert best.lowers
    # Dropping one side's concession leaves the other paying for nothing.
    assert by["drop", "food", None].delta == np.inf
    assert not by["drop", "food", None].lowers
    assert by["stake", "tractors", None].delta < before
    assert remedies.remedies(deal, suspend=False)[0].kind == "drop"
