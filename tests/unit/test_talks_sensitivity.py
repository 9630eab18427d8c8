"""What the answer hangs on: each variant is the same talks under another closure, and the interval holds them all."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from comity.data.load import elasticity_sets, load
from comity.policy.instruments import Barrier, Capital
from comity.policy.wedges import combine
from comity.records import Closure
from comity.report import sure
from comity.report.story import Story
from comity.solve.declared import with_rents
from comity.solve.equilibrium import solve
from comity.store import Cache
from comity.talks import packages, results, sensitivity
from comity.talks.agenda import Crisis, Proposal
from synthetic_results import two_parties_in_a_union
from talks_world import CRISES, PROPOSALS, WORLD, agenda

OWN = Closure("specific", "with_trade")


def told_of(engine: packages.Engine, judged: results.Judged):
    return sensitivity.sensitivity(judged, [row for part in sensitivity.parts(engine, judged) for row in part()])


def run(crises: tuple[Crisis, ...] = CRISES):
    engine = packages.Engine(WORLD, OWN, Cache(None))
    talks = replace(agenda(OWN), crises=crises)
    table = packages.compute_table(engine, talks, [packages.solve_crisis(engine, crisis) for crisis in crises])
    judged = results.judged(talks, WORLD, table, WORLD.income - WORLD.deficit, {})
    return judged, told_of(engine, judged), engine


def test_a_variant_is_the_same_talks_under_its_closure() -> None:
    judged, found, _ = run()
    best = judged.table.packages[judged.choice.best]
    changes = [(change, 1.0) for k in best for change in PROPOSALS[k].changes]
    row = next(v for v in found["variants"] if v["name"] == "mobile")
    for party in ("BLR", "KAZ"):
        n, worth = WORLD.economy_index(party), 0.0
        for crisis in CRISES:
            shocks = [(shock, 1.0) for shock in crisis.shocks]
            pair = [
                solve(WORLD, combine(WORLD, shocks, layer), closure=Closure("mobile", "with_trade")).values["real_income"][n]
                for layer in ((), changes)
            ]
            worth += crisis.probability * (pair[1] - pair[0])
        assert row["over_nothing"][party]["gain_pct"] == pytest.approx(100 * worth, abs=2e-6)


def test_the_interval_holds_the_own_run_and_every_variant() -> None:
    judged, found, _ = run()
    mean = np.tensordot(judged.probability, judged.gain, axes=(0, 0))
    own = results.by_economy(judged, mean[judged.choice.best] - mean[0])
    ends = found["interval"]["over_nothing"]["parties"]
    for party in judged.agenda.parties:
        seen = [own[party]["ev_usd_mn"], *(v["over_nothing"][party]["ev_usd_mn"] for v in found["variants"])]
        assert ends[party]["ev_usd_mn"] == {"low": min(seen), "high": max(seen)}
        assert min(seen) < max(seen)


def test_one_thing_differs_at_a_time_and_a_world_of_ones_own_keeps_its_elasticities() -> None:
    found = list(sensitivity.variants(WORLD, OWN, None))
    assert {(v.kind, v.name) for v in found} == {("factors", "mobile"), ("factors", "immobile"), ("deficits", "proportional")}
    for variant in found:
        assert variant.benchmark is WORLD
        assert (variant.closure.factors != OWN.factors) + (variant.closure.deficits != OWN.deficits) == 1


def test_the_world_is_run_with_every_published_set_of_the_long_run_and_the_one_of_a_crisis() -> None:
    world = load()
    found = {v.name: v for v in sensitivity.variants(world, OWN, None) if v.kind == "elasticities"}
    assert set(found) == {*sensitivity.LONG_RUN, "crisis"} - {"fontagne-2022"}
    for name, variant in found.items():
        np.testing.assert_array_equal(variant.benchmark.trade_elasticity, elasticity_sets()[name])
        assert (variant.closure == OWN) == (name != "crisis")
    assert found["crisis"].closure.nests == (0.2, 0.5, 0.9)


def barrier(**more: object) -> Barrier:
    return Barrier(**{"importer": "KAZ", "exporter": "BLR", "sector": "C10T12", "from": "20%", "to": "10%", **more})


def test_a_barrier_of_which_no_rent_is_stated_is_run_as_rent_too() -> None:
    """Half and all of it a rent of importers: the base year holds the rent, and the package solved in that world is the row."""
    stated = barrier(rent_share=0)
    assert not [v for v in sensitivity.variants(WORLD, OWN, None, [stated]) if v.kind == "rents"]
    food = Proposal("food", "Food", ("BLR",), ("KAZ",), (barrier(), stated.model_copy(update={"sector": ("C29",)})))
    engine = packages.Engine(WORLD, OWN, Cache(None))
    talks = agenda(OWN, (food,))
    table = packages.compute_table(engine, talks, [packages.solve_crisis(engine, crisis) for crisis in talks.crises])
    judged = results.judged(talks, WORLD, table, WORLD.income - WORLD.deficit, {})
    assert table.packages[judged.choice.best] == (0,)
    changes = list(food.changes)
    before = engine.meter.done
    rows = {v["name"]: v for v in told_of(engine, judged)["variants"] if v["kind"] == "rents"}
    assert engine.meter.done - before == sensitivity.count(WORLD, OWN, None, len(CRISES), changes)
    assert list(rows) == ["0.5", "1"]
    worth = {}
    for share, row in rows.items():
        rent = barrier(rent_share=float(share), rent_to="importer")
        there, gain = with_rents(WORLD, [rent]), 0.0
        for crisis in talks.crises:
            shocks = [(shock, 1.0) for shock in crisis.shocks]
            layers = ((), [(rent, 1.0), (food.changes[1], 1.0)])
            pair = [solve(there, combine(there, shocks, layer), closure=OWN).values["real_income"][1] for layer in layers]
            gain += crisis.probability * (pair[1] - pair[0])
        assert row["over_nothing"]["KAZ"]["gain_pct"] == pytest.approx(100 * gain, abs=2e-6)
        worth[share] = row["over_nothing"]["KAZ"]["gain_pct"]
    own = judged.probability @ (judged.gain[:, 1, 1] - judged.gain[:, 0, 1])
    assert worth["1"] < worth["0.5"] < 100 * own


def test_the_brief_says_which_rents_were_run_and_where_weights_are() -> None:
    plain = two_parties_in_a_union()
    over = plain["best"]["over_nothing"]
    ends = {party: {"ev_usd_mn": {"low": 1.0, "high": 2.0}} for party in ("BLR", "KAZ")}
    interval = {"parties": ends, "joint_ev_usd_mn": {"low": 2.0, "high": 4.0}}
    rows = [{"kind": "factors", "name": "mobile", "over_nothing": over, "crises": over, "failed": None}]
    told = {"variants": rows, "interval": {"over_nothing": interval, "crises": interval}}
    assert "a part of what is called waste is a rent" in " ".join(sure.words(Story(plain | {"sensitivity": told})))
    rows.append({"kind": "rents", "name": "0.5", "over_nothing": over, "crises": over, "failed": None})
    text = " ".join(sure.words(Story(plain | {"sensitivity": told})))
    assert "called waste" not in text
    assert sure.label(rows[1]) == "half of each barrier a rent that importers keep"


def test_what_has_no_meaning_in_a_variant_is_named_and_in_no_interval() -> None:
    """Capital that is destroyed has no sector to leave when capital is mobile."""
    crises = (*CRISES[:1], Crisis("fire", "Fire", 0.2, (Capital(country=("KAZ",), sector=("C10T12",), change=-0.1),)))
    _, found, engine = run(crises)
    failed = {v["name"]: v for v in found["variants"] if v["failed"]}
    assert set(failed) == {"mobile"}
    assert "capital" in failed["mobile"]["failed"]
    assert failed["mobile"]["over_nothing"] is None
    assert engine.meter.done == 2 * 2**4 + sensitivity.count(WORLD, OWN, None, 2)


def test_words_say_when_a_sign_turns_and_what_failed() -> None:
    plain = two_parties_in_a_union()
    over = plain["best"]["over_nothing"]
    ends = {party: {"ev_usd_mn": {"low": -3.0, "high": over[party]["ev_usd_mn"]}} for party in ("BLR", "KAZ")}
    interval = {"parties": ends, "joint_ev_usd_mn": {"low": -6.0, "high": 20.0}}
    good = {"kind": "factors", "name": "mobile", "over_nothing": over, "crises": over, "failed": None}
    bad = {"kind": "deficits", "name": "proportional", "over_nothing": None, "crises": None, "failed": "no room."}
    told = {"variants": [good, bad], "interval": {"over_nothing": interval, "crises": interval}}
    text = " ".join(sure.words(Story(plain | {"sensitivity": told})))
    assert "For Belarus and Kazakhstan even the sign hangs on it." in text
    assert "a loss of USD\u00a06\u00a0mn to USD\u00a020\u00a0mn" in text
    assert "‘lending moves with value added’ could not be computed" in text.replace("“", "‘")
