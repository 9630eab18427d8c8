"""Governments in a talks file: whose producers count for more, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest

from comity.records import Closure
from comity.talks.wants.governments import counted_share, omega, producers_income
from talks_text import CRISES, HEAD, PROPOSALS, WORLD, bound, refused

FILE = HEAD + CRISES + PROPOSALS


def test_who_is_not_named_counts_everybody_alike():
    agenda = bound(FILE)
    assert agenda.governments == {}
    assert agenda.wants.named == ()


def test_weights_are_kept_by_party_and_sector():
    agenda = bound(FILE + "governments: {Kazakhstan: {sensitive: {C10T12: 3, goods: 3}}, BLR: {sensitive: {A01: 1}}}\n")
    assert agenda.governments["KAZ"]["C10T12"] == 3
    assert len(agenda.governments["KAZ"]) > 1
    assert agenda.governments["BLR"] == {"A01": 1.0}
    found = omega(agenda.governments, agenda.parties, WORLD.sectors)
    assert found[1, WORLD.sectors.index("C10T12")] == 2
    assert not found[0].any()


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("{KAZ: {sensitive: {C10T12: 0.5}}}", "for 1 at least"),
        ("{KAZ: {sensitive: {C10T12: much}}}", "is not a number"),
        ("{KAZ: {sensitive: {}}}", "a weight for each sensitive sector"),
        ("{KAZ: {sensitive: {C10T13: 3}}}", "C10T13"),
        ("{KAZ: {sensitive: {C10T12: 3, goods: 2}}}", "stands twice with different weights"),
        ("{RUS: {sensitive: {C10T12: 3}}}", "is no party"),
        ("{EAEU: {sensitive: {C10T12: 3}}}", "is no party"),
        ("{KAZ: {sensitive: {C10T12: 3}}, Kazakhstan: {sensitive: {C10T12: 3}}}", "stands twice"),
        ("{KAZ: {sensitives: {C10T12: 3}}}", "did you mean 'sensitive'"),
        ("{KAZ: {activity: true}}", "sensitive is missing"),
    ],
)
def test_faults_are_told_with_their_line(written: str, told: str):
    assert told in str(refused(FILE + f"governments: {written}\n"))


def test_mobile_capital_is_no_rent_unless_value_added_is_counted():
    mobile = FILE + "closure: {factors: mobile}\n"
    assert "no income is specific" in str(refused(mobile + "governments: {KAZ: {sensitive: {C10T12: 3}}}\n"))
    agenda = bound(mobile + "governments: {KAZ: {sensitive: {C10T12: 3}, activity: true}}\n")
    assert agenda.wants.activity == ("KAZ",)


def test_what_producers_draw_by_closure():
    parties = ("BLR", "KAZ")
    n = [WORLD.economy_index(code) for code in parties]
    labour = WORLD.labour_share[n]
    np.testing.assert_allclose(counted_share(WORLD, Closure("specific"), parties), 1 - labour)
    np.testing.assert_allclose(counted_share(WORLD, Closure("immobile"), parties), 1)
    assert not counted_share(WORLD, Closure("mobile"), parties).any()
    np.testing.assert_allclose(
        counted_share(WORLD, Closure("mobile"), parties, ["KAZ"]), [[0] * labour.shape[1], [1] * labour.shape[1]]
    )


def test_only_what_residents_own_is_theirs():
    import dataclasses

    size = len(WORLD.economies)
    own = np.repeat(np.eye(size)[:, :, None], len(WORLD.sectors), axis=2)
    k, b = WORLD.economy_index("KAZ"), WORLD.economy_index("BLR")
    own[k, k, 0], own[b, k, 0] = 0.75, 0.25
    world = dataclasses.replace(WORLD, ownership=own)
    share, alone = (counted_share(w, Closure("specific"), ("KAZ",)) for w in (world, WORLD))
    assert share[0, 0] == pytest.approx(0.75 * alone[0, 0])
    np.testing.assert_allclose(share[0, 1:], alone[0, 1:])
    values = {"value_added": WORLD.value_added, "price_index": np.full(size, 2.0)}
    np.testing.assert_allclose(producers_income(values, share, [k])[0], share[0] * WORLD.value_added[k] / 2)
