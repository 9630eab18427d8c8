"""The agenda: no cell twice, and the union-wide version of a proposal."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from comity.policy.describe import trade_touched
from comity.policy.wedges import combine
from comity.talks.widening import union_wide
from talks_text import CRISES, HEAD, PROPOSALS, WORLD, bound, change, proposal, refused


def test_duplicate_proposals_are_errors():
    again = PROPOSALS.split("\n", 1)[1]
    assert "'Dairy' stands twice" in str(refused(HEAD + CRISES + PROPOSALS + again))
    other = again.replace("Dairy", "Meat")
    assert "the same changes are proposed already as 'Dairy'" in str(refused(HEAD + CRISES + PROPOSALS + other))


def test_two_proposals_on_one_tariff_or_barrier_are_an_error():
    wide = change("tariff", importer="EAEU", exporter="KOR", sector="goods", rate="5%")
    narrow = change("tariff", importer="EAEU", exporter="[KOR, ROW]", sector="C29", add="-2%")
    text = HEAD + CRISES + "proposals:\n" + proposal("A", wide, conceded_by="union") + proposal("B", narrow, conceded_by="union")
    error = refused(text)
    assert "this and the proposal 'A' overlap: two instruments set the tariff of BLR on C29 from KOR" in str(error)
    assert error.problems[0].line == 8
    barriers = [
        change("barrier", importer="KAZ", exporter="BLR", sector="goods", **{"from": f, "to": "0"}) for f in ("20%", "10%")
    ]
    text = HEAD + CRISES + "proposals:\n" + proposal("A", barriers[0]) + proposal("B", barriers[1])
    assert "set the barrier of KAZ" in str(refused(text))


def test_two_tariffs_of_one_crisis_on_one_cell_are_an_error():
    shocks = ", ".join(change("tariff", importer="KOR", exporter=e, sector="goods", add="5%") for e in ("EAEU", "all"))
    text = HEAD + f"crises:\n  - {{name: War, probability: 0.1, shocks: [{shocks}]}}\n" + PROPOSALS
    assert "two instruments set the tariff of KOR" in str(refused(text))


def test_trade_costs_on_one_cell_multiply():
    text = (
        HEAD
        + CRISES
        + PROPOSALS
        + proposal("All", change("trade_cost", importer="KAZ", exporter="BLR", sector="goods", change="-2%"))
    )
    agenda = bound(text)
    cost = combine(WORLD, [(c, 1.0) for p in agenda.proposals for c in p.changes]).trade_cost
    assert cost is not None
    assert cost[1, 0, 2] == pytest.approx(0.92 * 0.98)


def test_a_bilateral_proposal_widens_to_every_ordered_pair_of_members():
    agenda = bound(HEAD + CRISES + PROPOSALS)
    wide = union_wide(agenda.proposals[0], ("BLR", "KAZ", "RUS"), WORLD)
    assert wide is not None
    cost = combine(WORLD, [(c, 1.0) for c in wide.changes]).trade_cost
    assert cost is not None
    for n in range(5):
        for i in range(5):
            assert cost[n, i, 2] == pytest.approx(0.92 if n != i and n < 3 and i < 3 else 1.0)
    assert (cost[:, :, [0, 1, 3, 4, 5]] == 1).all()
    assert trade_touched(wide.changes[0], WORLD) > trade_touched(agenda.proposals[0].changes[0], WORLD)


def two_way(first: str, second: str) -> Any:
    changes = [
        change("trade_cost", importer=n, exporter=i, sector="C29", change=size)
        for n, i, size in (("KAZ", "BLR", first), ("BLR", "KAZ", second))
    ]
    offer = bound(HEAD + CRISES + "proposals:\n" + proposal("Both", *changes)).proposals[0]
    wide = union_wide(offer, ("BLR", "KAZ", "RUS"), WORLD)
    assert wide is not None
    cost = combine(WORLD, [(c, 1.0) for c in wide.changes]).trade_cost
    assert cost is not None
    return cost[:3, :3, 3]


def test_both_directions_of_one_size_are_widened_once():
    assert two_way("-4%", "-4%") == pytest.approx(np.where(np.eye(3), 1, 0.96))


def test_directions_of_different_size_stay_and_the_others_get_the_smaller():
    expected = np.where(np.eye(3), 1, 0.95)
    expected[1, 0] = 0.90
    assert two_way("-10%", "-5%") == pytest.approx(expected)


def test_what_spans_the_union_stays_and_what_leaves_it_has_no_wide_version():
    everywhere = change("trade_cost", importer="EAEU", exporter="EAEU", sector="goods", change="-3%")
    leaving = change("trade_cost", importer="KAZ", exporter="KOR", sector="goods", change="-3%")
    agenda = bound(HEAD + CRISES + "proposals:\n" + proposal("In", everywhere) + proposal("Out", leaving))
    assert union_wide(agenda.proposals[0], ("BLR", "KAZ", "RUS"), WORLD) is agenda.proposals[0]
    assert union_wide(agenda.proposals[1], ("BLR", "KAZ", "RUS"), WORLD) is None
