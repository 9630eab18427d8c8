"""What a scenario states about the base year: a customs pool, elasticities of its own."""

from __future__ import annotations

import numpy as np
import pytest

from comity.data.load import elasticity_sets, load
from comity.data.pools import pool_of
from comity.errors import InputError
from comity.policy.instruments import Tariff
from comity.policy.scenario import Scenario
from comity.records import Closure
from comity.solve.declared import reference, with_elasticities
from comity.solve.equilibrium import solve
from policy_world import SECTORS, small
from talks_text import CRISES, HEAD, PROPOSALS

WORLD = small()
RAISED = Tariff(importer="BLR", exporter="KOR, ROW", sector="goods", add="20%")
ALL = {"goods": 3.0, "services": 5.0}
LINES = """changes:
  - tariff: {importer: BLR, exporter: KOR, sector: C29, add: 5%}
"""


def test_a_pool_of_the_scenario_shares_what_a_member_collects():
    alone, pooled = (solve(WORLD, Scenario((RAISED,), customs_pool=union), closure=Closure()) for union in (None, "EAEU"))
    np.testing.assert_array_equal(alone.benchmark.trade_flow, pooled.benchmark.trade_flow)
    np.testing.assert_allclose(alone.benchmark.income, pooled.benchmark.income, rtol=1e-12)
    change = [np.asarray(eq.values["tariff_revenue"]) - eq.benchmark.tariff_revenue for eq in (alone, pooled)]
    key = pool_of("EAEU").key(WORLD)
    assert pooled.benchmark.customs_pool == key
    assert change[0][0] > 0
    assert change[1][2] == pytest.approx(key["RUS"] * change[1][:3].sum(), rel=1e-9)
    assert float(pooled.real_income[0]) < float(alone.real_income[0])
    assert float(pooled.real_income[2]) > float(alone.real_income[2])


def test_the_key_leaves_out_members_inside_row_on_both_sides():
    key = pool_of("EAEU").key(WORLD)
    assert sum(key.values()) == pytest.approx(1, rel=1e-15)
    assert key["BLR"] / key["KAZ"] == pytest.approx(4.860 / 6.955, rel=1e-12)
    assert set(key) == {"BLR", "KAZ", "RUS"}
    with pytest.raises(InputError, match="no key is known by which GCC"):
        solve(WORLD, Scenario((RAISED,), customs_pool="GCC"))


def test_the_reference_is_made_once_and_is_its_own_reference():
    scenario = Scenario((RAISED,), customs_pool="EAEU", elasticities=ALL)
    once = reference(WORLD, scenario)
    assert reference(WORLD, scenario) is once
    assert reference(once, scenario) is once
    assert reference(WORLD, Scenario((RAISED,))) is WORLD


def test_own_elasticities_are_those_of_a_benchmark_made_with_them():
    theta = np.array([3.0, 3, 3, 7, 5, 5])
    given = {"A01..C10T12": "3", "C29": 7, "services": "5"}
    one = solve(WORLD, Scenario((RAISED,), elasticities=given), closure=Closure("specific", "with_trade"))
    two = solve(small(trade_elasticity=theta), Scenario((RAISED,)), closure=Closure("specific", "with_trade"))
    np.testing.assert_allclose(one.values["real_income"], two.values["real_income"], rtol=1e-12)
    assert one.benchmark.provenance["elasticities"] == "own: A01..C10T12 3, C29 7, services 5"


def test_a_set_for_the_rest_is_filled_in_by_name():
    world = load()
    found = with_elasticities(world, (("set", "caliendo-parro-2015"), ("C29", 3.5)))
    theta = elasticity_sets()["caliendo-parro-2015"].copy()
    theta[world.sectors.index("C29")] = 3.5
    np.testing.assert_array_equal(found.trade_elasticity, theta)
    assert found.provenance["elasticities"] == "own: C29 3.5; the rest caliendo-parro-2015"
    same = with_elasticities(world, (("set", "fontagne-2022"),))
    assert same is world


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"C29": 3}, "none for A01, B06, C10T12, K, L"),
        ({**ALL, "C29": 3}, "C29 stand twice"),
        ({**ALL, "C99": 3}, "'C99' is no sector"),
        ({**ALL, "set": "crisis"}, "the set crisis is made for world-2022"),
        ({**ALL, "set": "fontaine"}, "did you mean 'fontagne-2022'"),
        ({"goods": 0, "services": 5}, "above 0"),
        ({"goods": -4, "services": 5}, "above 0"),
        ({"goods": 4, "services": "x"}, "is not a number"),
    ],
)
def test_an_elasticity_that_is_missing_or_impossible_is_refused_by_name(given: dict, told: str):
    with pytest.raises(InputError, match=told):
        reference(WORLD, Scenario((RAISED,), elasticities=given))


def test_files_state_pools_and_elasticities():
    text = f"customs_pool: EAEU\nelasticities: {{set: crisis, C29: '3', services: 4.5}}\n{LINES}"
    scenario = Scenario.from_yaml(text)
    assert scenario.elasticities == (("set", "crisis"), ("C29", 3.0), ("services", 4.5))
    assert scenario.customs_pool == "EAEU"
    assert scenario.closure is not None
    assert scenario.closure.nests == (0.2, 0.5, 0.9)  # the set's own, as if it stood alone
    assert Scenario.from_yaml(scenario.to_yaml()) == scenario
    with pytest.raises(InputError, match=":2: elasticities: an elasticity of trade lies above 0"):
        Scenario.from_yaml(f"title: x\nelasticities: {{goods: 0}}\n{LINES}")


def test_talks_state_their_own_elasticities():
    from comity.talks.file import TalksFile

    file = TalksFile.from_yaml(HEAD + "closure: {elasticities: {goods: 3, services: 4}}\n" + CRISES + PROPOSALS)
    world = file.load_benchmark()
    goods = [world.sectors.index(code) for code in world.sector_groups["goods"]]
    assert set(world.trade_elasticity[goods]) == {3.0}
    assert len(SECTORS) == 6
