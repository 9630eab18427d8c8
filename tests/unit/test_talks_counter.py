"""Counter-offers: the smallest change by hand, by a fine grid, and where there is none."""

from __future__ import annotations

import json
from itertools import product

import numpy as np
import pytest

from bargaining_table import concave, one_state
from comity.errors import InputError
from comity.talks.bargaining.counter import counter_offers
from comity.talks.bargaining.gains import Gains


def additive() -> Gains:
    """B's paper asks A for p1 (A −2, B +3) and gives p2 (A +1, B −0.5) and p3 (A +0.4, B −0.1)."""
    table = one_state([[-2.0, 1.0, 0.4], [3.0, -0.5, -0.1]], [[0.0] * 3] * 2, [100.0, 100.0])
    return Gains(table, table.base)


def test_the_smallest_change_by_hand() -> None:
    found = counter_offers(additive(), np.array([1.0, 0.0, 0.0]), "A", margin=0.5)
    first, second = found.offers[:2]
    np.testing.assert_allclose(first.x, [0.75, 0, 0], atol=1e-8)
    np.testing.assert_allclose(second.x, [1, 0.5, 0], atol=1e-8)
    assert (first.lines, second.lines) == (1, 1)
    assert first.certificate.holds
    # p3 alone gives 0.4 and is too little; two lines come after one, smallest first.
    assert [offer.lines for offer in found.offers] == sorted(offer.lines for offer in found.offers)
    np.testing.assert_allclose([offer.over_paper[0] for offer in found.offers], 0.5, atol=1e-8)
    assert found.outcome == "offers"


def test_two_lines_where_one_is_not_enough() -> None:
    found = counter_offers(additive(), np.array([0.0, 0.0, 0.0]), "A", margin=1.2)
    # B must not lose: both gifts need something of p1 in return, at 2 for A against 3 for B.
    assert found.offers == ()
    assert found.most == pytest.approx(1.0)
    easier = counter_offers(additive(), np.zeros(3), "A", margin=0.3)
    assert easier.offers[0].lines == 2
    assert all(np.all(offer.gain >= -1e-8) for offer in easier.offers)
    # p2 needs a sixth of itself of p1 in return, p3 a thirtieth.
    np.testing.assert_allclose(easier.offers[0].x, [0.075, 0.45, 0], atol=1e-7)
    np.testing.assert_allclose(easier.offers[1].x, [0.03, 0, 0.9], atol=1e-7)


def test_the_floor_may_be_the_paper() -> None:
    paper = np.array([1.0, 0.5, 0.0])
    free = counter_offers(additive(), paper, "A", margin=0.1)
    strict = counter_offers(additive(), paper, "A", margin=0.1, floor="paper")
    assert free.offers[0].lines == 1
    # p3 up by a half is paid for by p2 down by a tenth.
    np.testing.assert_allclose(strict.offers[0].x, [1, 0.4, 0.5], atol=1e-7)
    for offer in strict.offers:
        assert offer.over_paper[1] >= -1e-8
        assert offer.over_paper[0] >= 0.1 - 1e-8


def test_none_found_says_how_far_one_gets() -> None:
    found = counter_offers(additive(), np.array([1.0, 1.0, 1.0]), "B", margin=50.0)
    assert (found.outcome, found.offers) == ("none_found", ())
    assert found.most < 50
    assert json.loads(json.dumps(found.as_dict(), allow_nan=False))["outcome"] == "none_found"


@pytest.mark.parametrize("seed", range(3))
def test_a_fine_grid_finds_no_smaller_one(seed: int) -> None:
    table = concave(seed, proposals=3)
    gains = Gains(table, table.base)
    paper = np.array([0.6, 0.5, 0.4])
    start = gains.at(paper)
    margin = 0.15 * float(gains.unit[0])
    found = counter_offers(gains, paper, "A", margin=margin, limit=50)
    line = np.linspace(0, 1, 41)
    smallest: dict[int, float] = {}
    for lines, support in ((1, (0,)), (1, (1,)), (1, (2,)), (2, (0, 1)), (2, (0, 2)), (2, (1, 2))):
        for values in product(line, repeat=lines):
            y = paper.copy()
            y[list(support)] = values
            gain = gains.at(y)
            if gain[0] >= start[0] + margin and gain[1] >= 0:
                smallest[lines] = min(smallest.get(lines, np.inf), float(np.abs(y - paper).sum()))
    for lines, size in smallest.items():
        # The grid's two lines may leave one of them where it was.
        assert min(offer.size for offer in found.offers if offer.lines <= lines) <= size + 1e-9
    for offer in found.offers:
        assert offer.over_paper[0] >= margin - 1e-7
        assert offer.gain[1] >= -1e-7


def test_what_is_asked_for_must_make_sense() -> None:
    gains = additive()
    paper = np.array([1.0, 0.0, 0.0])
    for wrong, words in (
        ({"us": "Z"}, "no party"),
        ({"floor": "half"}, "status_quo or paper"),
        ({"margin": 0.0}, "positive number"),
        ({"paper": np.array([1.0, 2.0, 0.0])}, "one intensity a proposal"),
    ):
        given = {"paper": paper, "us": "A", "margin": 0.1, "floor": "status_quo"} | wrong
        with pytest.raises(InputError, match=words):
            counter_offers(gains, given.pop("paper"), given.pop("us"), **given)


def test_counter_offers_are_plain_data() -> None:
    shown = json.loads(json.dumps(counter_offers(additive(), np.array([1.0, 0, 0]), "A", margin=0.5).as_dict(), allow_nan=False))
    assert shown["offers"][0]["change"] == {"p1": -0.25}
    assert shown["offers"][0]["over_paper_usd_mn"] == {"A": 0.5, "B": -0.75}
