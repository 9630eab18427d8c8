"""What the results say of bargaining, credit, prices, counter-offers, trust and escape, on tables small enough to do by hand."""

from __future__ import annotations

import json

import numpy as np
import pytest

from comity.talks import games
from comity.talks.bargaining.payoffs import TablePayoffs

BASE = np.array([1000.0, 2000.0])


def played(own: float, other: float, *, calm: float = 1.0, crisis: float = 1.0, patience: float | None = None, best: int = 3):
    """Two parties, each concedes one proposal: it costs `own` and brings the other `other`, times a factor by state."""
    corner = np.zeros((2, 4, 2))
    for package in range(4):
        for n in range(2):
            mine, theirs = package >> n & 1, package >> (1 - n) & 1
            change = -own * mine * np.array([calm, crisis]) + other * theirs
            corner[:, package, n] = BASE[n] + change
    payoffs = TablePayoffs(("AAA", "BBB"), ("none", "slump"), np.array([0.8, 0.2]), ("fish", "ports"), corner)
    return games.Games(
        payoffs=payoffs,
        base=BASE,
        packages=((), (0,), (1,), (0, 1)),
        names=("nothing", "fish", "ports", "fish+ports"),
        by=[["BBB"], ["AAA"]],
        conceded_by=[["AAA"], ["BBB"]],
        best=best,
        weights=np.full(2, 0.5),
        losses="expected",
        called={"none": "no crisis", "slump": "Slump", "fish": "Fish", "ports": "Ports"},
        patience=patience,
    )


def test_a_swap_of_favours_is_kept_from_its_critical_patience_on():
    # T = 1 in a calm year, 4 in the slump; V = 4 − (0.8 · 1 + 0.2 · 4) = 2.4, so that δ* = 4 / 6.4.
    found = games.kept(played(1, 4, crisis=4))
    assert found["delta"] == pytest.approx(4 / 6.4, abs=1e-6)
    for one in found["parties"].values():
        assert one["outcome"] == "kept"
        assert one["binding"] == "slump"
        assert one["temptation_usd_mn"] == {"none": 1.0, "slump": 4.0}
        assert one["value_usd_mn"] == pytest.approx(2.4)
        assert one["discount_rate_pct"] == pytest.approx(100 * (6.4 / 4 - 1), abs=1e-3)
    assert found["parties"]["AAA"]["most_tempting"] == {"proposal": "fish", "crisis": "slump", "gain_usd_mn": 4.0}
    assert found["punishment"]["kind"] == "no_concessions"
    assert found["remedies"][0]["delta"] < found["delta"]


def test_what_holds_at_a_patience_gives_way_in_the_slump_below_it():
    patient, hasty = games.escapes(played(1, 4, crisis=4, patience=0.8)), games.escapes(played(1, 4, crisis=4, patience=0.5))
    assert (patient["outcome"], patient["assumed"]) == ("holds", False)
    assert hasty["outcome"] == "escape"
    assert hasty["depth"]["none"] == 1
    assert 0 <= hasty["depth"]["slump"] < 1
    assert "Slump" in hasty["clauses"][0]["trigger"]
    assert hasty["clauses"][0]["covers"] == ["Fish", "Ports"]
    assert games.escapes(played(1, 4, crisis=4))["assumed"]


def test_concessions_that_pay_for_themselves_need_no_trust():
    found = games.answers(played(-1, 2))
    assert {one["outcome"] for one in found["trust"]["parties"].values()} == {"no_temptation"}
    assert found["trust"]["punishment"]["kind"] == "not_credible"
    assert found["escape"]["outcome"] == "holds"
    assert {row["alone"]["verdict"] for row in found["concessions"]} == {"pays_for_itself"}
    assert all(one["outcome"] == "none_found" for one in found["counter_offers"])


def test_where_nobody_gains_without_a_loss_to_another_there_is_no_gain():
    found = games.bargaining(played(3, 1))
    assert found["outcome"] == "no_gain"
    assert found["room_pct"] == 0
    assert found["nash"] is None
    assert [row["package"] for row in found["frontier"]] == ["nothing"]


def tabled(gain: list[tuple[float, float]]) -> games.Games:
    """Two proposals, one state: what the first, the second and both do to the two parties."""
    like = played(1, 4)
    corner = np.repeat((BASE + np.array([(0.0, 0.0), *gain]))[None], 2, axis=0)
    payoffs = TablePayoffs(("AAA", "BBB"), ("none", "slump"), np.array([0.8, 0.2]), ("fish", "ports"), corner)
    return games.Games(**{**vars_of(like), "payoffs": payoffs})


def test_what_only_parts_of_proposals_bring_is_no_no_gain():
    found = games.bargaining(tabled([(-1, 4), (5, -4.5), (4, -0.5)]))
    assert found["whole"]["outcome"] == "no_gain"
    assert (found["whole"]["room_pct"], found["whole"]["can_gain"]) == (0, [])
    assert found["nash"] is None
    assert found["outcome"] == found["intensities"]["outcome"] == "gain"
    assert found["can_gain"] == ["AAA", "BBB"]
    assert found["intensities"]["certificate"]["holds"]
    # All of the first and a part y of the second: −1 + 5 y of 1000 and 4 − 4.5 y of 2000 are equal at y = 6/14.5.
    assert found["intensities"]["room_at"] == pytest.approx({"fish": 1, "ports": 6 / 14.5}, abs=1e-5)
    assert found["room_pct"] == pytest.approx(100 * (5 * 6 / 14.5 - 1) / 1000, abs=1e-6)
    line = np.linspace(0, 1, 201)
    x, y = np.meshgrid(line, line, indexing="ij")
    gain = np.stack([-x + 5 * y, 4 * x - 4.5 * y])
    assert found["room_pct"] >= 100 * (gain / BASE[:, None, None]).min(axis=0).max() - 1e-6


def test_weights_and_a_bound_on_payments_reach_the_table():
    plain = tabled([(-1, 4), (5, -1), (4, 3)])
    found = games.bargaining(plain)
    assert (found["bargaining_weights"], found["largest_transfer_usd_mn"]) == (None, None)
    assert found["utilitarian"]["transfer_usd_mn"] == {"AAA": -0.5, "BBB": 0.5}
    weighed = games.Games(**{**vars_of(plain), "bargaining_weights": np.array([1.0, 3.0]), "largest_transfer": 1.0})
    found = games.bargaining(weighed)
    assert found["bargaining_weights"] == {"AAA": 1.0, "BBB": 3.0}
    # A quarter of 7 to AAA would take a payment of 2.25; 1 is the most.
    assert found["utilitarian"]["transfer_usd_mn"] == {"AAA": -1.0, "BBB": 1.0}


def test_many_parties_get_an_answer_or_the_reason_why_not():
    rng = np.random.default_rng(2)
    codes = tuple(f"P{n:02}" for n in range(12))
    base = np.linspace(1000, 3000, 12)
    corner = np.zeros((2, 256, 12))
    for k in range(8):
        corner[:, (np.arange(256) >> k & 1) == 1] += rng.uniform(0, 2, 12)
    names = tuple(f"p{k}" for k in range(8))
    packages = [tuple(k for k in range(8) if m >> k & 1) for m in range(256)]
    many = games.Games(
        payoffs=TablePayoffs(codes, ("none", "slump"), np.array([0.8, 0.2]), names, base + corner),
        base=base,
        packages=packages,
        names=["+".join(names[k] for k in package) or "nothing" for package in packages],
        by=[[codes[k]] for k in range(8)],
        conceded_by=[[codes[k + 1]] for k in range(8)],
        best=255,
        weights=np.full(12, 1 / 12),
        losses="expected",
        called={},
    )
    found = games.bargaining(many)
    assert found["outcome"] == "gain"
    assert found["intensities"]["certificate"]["holds"]
    assert found["core"] is None
    assert "the core of 12 parties would compare 4,096 groups on 256 packages, more than the budget" in found["core_reason"]
    assert games.bargaining(played(1, 4))["core_reason"] is None


def test_the_named_solutions_and_the_credit_by_hand():
    swap = played(1, 4)
    found = games.bargaining(swap)
    assert found["nash"]["package"] == "fish+ports"
    assert found["nash"]["gain"]["AAA"] == {"gain_pct": 0.3, "ev_usd_mn": 3.0}
    assert found["certificate"] == {"packages_compared": 4, "room_at": "fish+ports"}
    # Whole, BBB gains 3 of 2000; with its own concession at two thirds both gain a 600th.
    assert found["whole"]["room_pct"] == pytest.approx(100 * 3 / 2000)
    assert found["room_pct"] == found["intensities"]["room_pct"] == pytest.approx(100 / 600, abs=1e-6)
    assert found["intensities"]["room_at"] == pytest.approx({"fish": 1, "ports": 2 / 3}, abs=1e-5)
    assert found["core"] is None
    credit = games.shapley_values(swap)["proposals"]
    assert credit["fish"]["party"]["AAA"]["ev_usd_mn"] == -1
    assert credit["fish"]["party"]["BBB"]["ev_usd_mn"] == 4
    price = games.prices(swap)[0]["alone"]
    assert (price["verdict"], price["price"]) == ("a_price", 0.25)


def test_a_counter_offer_trims_what_we_concede():
    found = games.counters(played(1, 4))[0]
    assert found["outcome"] == "offers"
    first = found["offers"][0]
    assert set(first["change"]) == {"fish"}
    assert first["over_paper_usd_mn"]["AAA"] == pytest.approx(found["margin_usd_mn"], abs=1e-3)
    assert first["gain_usd_mn"]["BBB"] >= 0


def test_a_tail_has_no_joint_credit_and_outsiders_concede_for_themselves():
    swap = played(1, 4)
    tail = games.Games(**{**vars_of(swap), "losses": "cvar-90", "conceded_by": [["AAA"], ["ZZZ"]]})
    assert games.shapley_values(tail)["joint_measure"] is None
    assert games.prices(tail)[1]["alone"]["verdict"] == "others_concede"
    assert games.kept(tail)["parties"]["BBB"]["outcome"] == "no_temptation"


def vars_of(one: games.Games) -> dict:
    return {name: getattr(one, name) for name in one.__dataclass_fields__}


def test_results_are_plain_data():
    for best in (0, 3):
        for own in (-1.0, 1.0, 3.0, 5.0):
            json.dumps(games.answers(played(own, 4, crisis=2, best=best)), allow_nan=False)
