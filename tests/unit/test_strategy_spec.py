"""The policy file and the players it names: what is read, what is refused, and why."""

from __future__ import annotations

import numpy as np
import pytest

from comity.errors import InputError
from comity.records import Closure, Wedges
from comity.strategy.curvature import curvature
from comity.strategy.membership import accession, joining
from comity.strategy.players import DESIGNS, controls, player, refuse_closure
from comity.strategy.response import best_response
from comity.strategy.spec import named, read_policy
from policy_world import small

FILE = """
title: Two
closure: {factors: specific, deficits: balanced}
players:
  - KOR
  - {player: EAEU, tariffs: free, sensitive: {C29: 2, C10T12: 1.5}, weights: {RUS: 2}, keep: KOR}
tariffs: one
sectors: goods
bounds: [0%, 50%]
"""


def test_a_file_is_read_with_what_each_player_has_of_its_own():
    world = small()
    asked = read_policy(FILE)
    one, union = asked.players(world)
    assert asked.closure == Closure("specific", "balanced")
    assert asked.spec.bounds == (0.0, 0.5)
    assert (one.code, one.design, one.members, one.nation) == ("KOR", "one", (3,), True)
    assert (union.code, union.design, union.members, union.nation) == ("EAEU", "free", (0, 1, 2), False)
    assert union.weights == (1.0, 1.0, 2.0)
    assert union.sensitive == {"C29": 2.0, "C10T12": 1.5}
    assert union.inside_row == ("KGZ",)


def test_players_from_words():
    asked = named(["KOR", "ROW"], tariffs="partner", sectors="B06..C29")
    assert [p.taxed for p in asked.players(small())] == [("B06..C29",)] * 2
    with pytest.raises(InputError, match="by partners"):
        named(["KOR"], tariffs="by partners")


def test_each_is_every_economy_that_no_other_line_names():
    assert [p.code for p in named(["each"]).players(small())] == ["BLR", "KAZ", "RUS", "KOR", "ROW"]
    assert [p.code for p in named(["EAEU", "each"]).players(small())] == ["EAEU", "KOR", "ROW"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("players: [KOR]\ntarifs: one\n", "did you mean 'tariffs'"),
        ("players: []\n", "players"),
        ("players: [KOR]\nbounds: [0, 30]\n", "would be 3000 %"),
        ("players: [KOR]\nweights: {KOR: many}\n", "not a number"),
        ("players: [{player: KOR, tariffs: some}]\n", "'some' is no known word"),
    ],
)
def test_faults_of_a_file_are_told(text, words):
    with pytest.raises(InputError, match=words):
        read_policy(text)


def test_all_faults_of_players_are_told_at_once():
    asked = read_policy(
        "players:\n  - {player: XYZ}\n  - {player: KOR, sensitive: {C29: 0.5}}\n  - {player: EAEU, weights: {KOR: 1}}\n"
    )
    with pytest.raises(InputError) as error:
        asked.players(small())
    text = str(error.value)
    assert "XYZ" in text
    assert "for 1 at least" in text
    assert "KOR is no member" in text


@pytest.mark.parametrize("deficits", ["with_trade", "proportional"])
def test_deficits_that_a_tariff_would_move_are_refused_by_name_and_reason(deficits):
    world = small()
    with pytest.raises(InputError, match=f"{deficits} deficits: a tariff would move a lending flow that nobody models"):
        best_response(world, player("KOR", world), closure=Closure("mobile", deficits))


def test_weights_without_rents_are_refused_unless_activity_is_counted():
    world = small()
    mobile = Closure("mobile", "fixed")
    with pytest.raises(InputError, match="activity"):
        refuse_closure([player("KOR", world, sensitive={"C29": 2})], mobile)
    refuse_closure([player("KOR", world, sensitive={"C29": 2}, activity=True)], mobile)
    refuse_closure([player("KOR", world, sensitive={"C29": 1})], mobile)


@pytest.mark.parametrize("bounds", [(-1.0, 1.0), (0.1, 1.0), (0.0, np.inf), (0.0, -0.5)])
def test_bounds_without_meaning_are_refused(bounds):
    world = small()
    with pytest.raises(InputError, match="bounds"):
        best_response(world, player("KOR", world), closure=Closure(), bounds=bounds)


@pytest.mark.parametrize("design", DESIGNS)
def test_controls_cover_each_cell_once_and_put_what_they_read(design):
    world = small()
    who = player("EAEU", world, design=design)
    (control,) = controls(who, world)
    sizes = {"free": 2 * 4 - 0, "sector": 4, "partner": 2, "one": 1}
    assert control.size == sizes[design]
    z = np.linspace(0.1, 0.5, control.size)
    tariff = world.tariff.copy()
    control.put(z, tariff)
    assert control.mean(tariff, world.trade_flow) == pytest.approx(z, abs=1e-14)
    outside = control.grid < 0
    assert np.array_equal(tariff[outside], world.tariff[outside])
    assert np.all(control.grid[:3, :3] == -1)
    assert np.all(control.grid[3:] == -1)
    assert np.all(control.grid[:, :, 4:] == -1)


def test_a_cell_without_trade_is_no_number_of_its_own():
    world = small()
    (control,) = controls(player("BLR", world, design="free"), world)
    assert control.grid[0, 3, 1] == -1
    assert control.size == 4 * 4 - 1


@pytest.mark.parametrize("design", DESIGNS)
def test_the_curvature_is_positive_definite_and_that_of_the_demand_system(design):
    world = small()
    (control,) = controls(player("KOR", world, design=design), world)
    found = curvature(control, world.expenditure_flow, world.trade_elasticity, np.ones(5))
    eye = np.eye(control.size)
    inverse = np.array([found.divide(row) for row in eye])
    assert np.allclose(inverse, inverse.T)
    assert np.linalg.eigvalsh(inverse).min() > 0
    if design == "sector":
        spent, market = world.expenditure_flow[3, :, :4].sum(axis=0) - world.expenditure_flow[3, 3, :4], world.expenditure[3, :4]
        assert np.diag(inverse) == pytest.approx(1 / (4 * spent - 3 * spent**2 / market), rel=1e-6)


def test_joining_a_union():
    world = small()
    union = player("EAEU", world)
    new = accession(world, union, 3, world.tariff)
    assert np.all(new[3, :3] == 0)
    assert np.all(new[:3, 3] == 0)
    # All members have the same external tariff here: the newcomer takes it over.
    assert new[3, 4] == pytest.approx(world.tariff[0, 4], abs=1e-15)
    assert np.array_equal(new[4], world.tariff[4])
    found = joining(world, union, "KOR", closure=Closure("mobile", "balanced"))
    assert found.newcomer == "KOR"
    assert found.own_usd_mn * found.own > 0
    assert abs(found.members) > 0
    with pytest.raises(InputError, match="is a member"):
        joining(world, union, "KAZ", closure=Closure())
    with pytest.raises(InputError, match="lending"):
        joining(world, union, "KOR", closure=Closure("mobile", "with_trade"))


def test_what_a_newcomer_gains_by_its_own_tariff_is_told_apart_from_membership():
    world = small()
    union = player("EAEU", world)
    closure = Closure("mobile", "balanced")
    found = joining(world, union, "KOR", closure=closure)
    assert found.opening == pytest.approx(found.own - found.external, abs=1e-15)
    # Whoever has the union's rates towards outsiders already gains nothing by taking them over.
    aligned = world.tariff.copy()
    aligned[3, 4] = accession(world, union, 3, world.tariff)[3, 4]
    same = joining(world, union, "KOR", closure=closure, wedges=Wedges(tariff=aligned))
    assert same.external == pytest.approx(0, abs=1e-9)
    assert same.own == pytest.approx(same.opening, abs=1e-9)
    assert same.tariff_before == pytest.approx(same.tariff_after, abs=1e-12)
