"""Who may offer what, and the duties of a union by its key."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from comity.data import pools
from comity.data.checks import check
from comity.errors import InputError
from comity.policy.instruments import Embargo, Instrument, Tariff
from comity.policy.wedges import combine
from comity.records import Closure
from comity.solve.equilibrium import solve
from comity.talks import law, treaty
from comity.talks.agenda import Crisis, Proposal
from talks_text import CRISES, HEAD, PROPOSALS, bound, refused
from talks_world import WORLD, agenda, cut

UNION = law.find_union("EAEU", WORLD)
MEMBERS = UNION.members


def test_shares_of_the_treaty_sum_to_a_hundred() -> None:
    for pool in pools.POOLS.values():
        assert sum(pool.share_pct.values()) == pytest.approx(100, abs=1e-9)


def test_members_inside_row_are_left_out_and_the_rest_keep_their_proportions() -> None:
    eaeu = pools.pool_of("EAEU")
    key = eaeu.key(WORLD)
    assert sum(key.values()) == pytest.approx(1, abs=1e-12)
    assert key["KAZ"] / key["BLR"] == pytest.approx(6.955 / 4.860, rel=1e-12)
    assert eaeu.left_out(WORLD) == ("ARM", "KGZ")
    with pytest.raises(InputError, match="no key is known"):
        pools.pool_of("MERCOSUR")


def test_a_pool_leaves_the_base_year_as_observed() -> None:
    pooled = pools.with_pool(WORLD, "EAEU")
    np.testing.assert_array_equal(pooled.trade_flow, WORLD.trade_flow)
    np.testing.assert_allclose(pooled.income, WORLD.income, rtol=1e-12)
    assert all(one.ok for one in check(pooled))
    assert np.abs(solve(pooled, closure=Closure("specific", "with_trade")).values["real_income"] - 1).max() <= 1e-12


def test_duties_follow_the_key_whoever_collects_them() -> None:
    """Belarus' imports from Korea fall by an embargo: all members lose duties in the proportions of the key."""
    pooled = pools.with_pool(WORLD, "EAEU")
    wedges = combine(WORLD, (), [(Embargo(importer="BLR", exporter="KOR", sector="goods"), 1.0)])
    found = solve(pooled, wedges, closure=Closure("specific", "with_trade")).values["tariff_revenue"]
    at = [WORLD.economy_index(code) for code in MEMBERS]
    change = found[at] - pooled.tariff_revenue[at]
    key = pools.pool_of("EAEU").key(WORLD)
    np.testing.assert_allclose(found[at] / found[at].sum(), [key[code] for code in MEMBERS], rtol=1e-9)
    np.testing.assert_allclose(change / change.sum(), [key[code] for code in MEMBERS], rtol=1e-6)


@pytest.mark.parametrize(
    ("change", "by", "who"),
    [
        (None, ("BLR",), law.MEMBER),
        (cut("KAZ", "BLR", "A01", -0.1), ("KAZ",), law.MEMBER),
        (cut("EAEU", "EAEU", "A01", -0.1), MEMBERS, law.UNION),
        (Tariff(importer="EAEU", exporter="KOR", sector="C29", rate="1%"), MEMBERS, law.UNION),
        (Tariff(importer="KAZ", exporter="KOR", sector="C29", rate="1%"), ("KAZ",), law.UNION),
        (Tariff(importer="KAZ", exporter="BLR", sector="C29", rate="1%"), ("KAZ",), law.FORBIDDEN),
        (Embargo(importer="KAZ", exporter="BLR", sector="C29"), ("KAZ",), law.FORBIDDEN),
        (cut("KOR", "BLR", "A01", -0.1), ("KOR",), law.OUTSIDE),
    ],
)
def test_who_may_offer_an_instrument(change: Instrument | None, by: tuple[str, ...], who: str) -> None:
    assert law.room(change, by, UNION, WORLD).who == who


def test_easing_between_two_members_leaves_the_others_out() -> None:
    assert law.room(cut("KAZ", "BLR", "A01", -0.1), ("KAZ",), UNION, WORLD).left_out == ("RUS", "KGZ")
    assert law.room(cut("EAEU", "EAEU", "A01", -0.1), MEMBERS, UNION, WORLD).left_out == ()


def test_whom_a_proposal_leaves_out_is_judged_by_all_of_its_lines() -> None:
    lines = (cut("KAZ", "BLR", "A01", -0.1), cut("KAZ", "RUS", "A01", -0.1))
    for count, left in ((len(lines), []), (1, ["RUS", "KGZ"])):
        one = Proposal("p", "P", ("BLR",), ("KAZ",), lines[:count])
        shown = treaty.legal(replace(agenda(Closure(), (one,)), union=UNION), WORLD)
        assert shown is not None
        assert shown[0]["left_out"] == left


def test_a_proposal_is_as_free_as_its_strictest_line() -> None:
    lines = (cut("KAZ", "BLR", "A01", -0.1), Tariff(importer="KAZ", exporter="BLR", sector="C29", rate="1%"))
    both = replace(agenda(Closure(), (Proposal("p", "P", ("BLR",), ("KAZ",), lines),)), union=UNION)
    shown = treaty.legal(both, WORLD)
    assert shown is not None
    assert [line["who"] for line in shown[0]["lines"]] == [law.MEMBER, law.FORBIDDEN]
    assert shown[0]["who"] == law.FORBIDDEN
    assert treaty.legal(replace(both, union=None), WORLD) is None


def test_the_pool_is_asked_for_in_the_file() -> None:
    pooled = bound(HEAD + "customs_pool: true\n" + CRISES + PROPOSALS)
    assert sum(pooled.calibrated(WORLD).customs_pool.values()) == pytest.approx(1)
    assert not bound(HEAD + CRISES + PROPOSALS).calibrated(WORLD).customs_pool
    assert isinstance(pooled.crises[0], Crisis)
    alone = HEAD.replace("union: EAEU\n", "customs_pool: true\n") + CRISES + PROPOSALS
    assert "there is no union in the file" in str(refused(alone))
