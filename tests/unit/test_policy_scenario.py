"""A scenario from instruments, arrays or a file is one thing; unknown, half-given and unused shocks raise."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from comity.errors import InputError, NotYetError
from comity.policy.instruments import Barrier, CommodityPrice, Labour, Productivity, Tariff, TradeCost
from comity.policy.scenario import Scenario, nothing_changes
from comity.records import Closure
from policy_world import small

WORLD = small()
EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


def test_a_file_and_python_say_the_same():
    text = """
title: Deal
benchmark: world-2022
elasticities: fontagne-2022
closure: {factors: specific, deficits: with_trade}
changes:
  - tariff: {importer: KAZ, exporter: [KOR, ROW], sector: A01..C10T12, rate: 2.5%}
  - trade_cost: {importer: EAEU, exporter: EAEU, sector: goods, change: -3%}
  - barrier: {importer: KAZ, exporter: BLR, sector: C29, from: 20%, to: 0.1}
"""
    expected = [
        Tariff(importer="KAZ", exporter=["KOR", "ROW"], sector="A01..C10T12", rate=0.025),
        TradeCost(importer="EAEU", exporter="EAEU", sector="goods", change=-0.03),
        Barrier(importer="KAZ", exporter="BLR", sector="C29", from_="20%", to="10%"),
    ]
    scenario = Scenario.from_yaml(text)
    assert scenario.instruments == tuple(expected)
    assert (scenario.title, scenario.benchmark, scenario.elasticities) == ("Deal", "world-2022", "fontagne-2022")
    assert scenario.closure == Closure("specific", "with_trade")
    assert scenario.wedges(WORLD).digest() == Scenario(expected).wedges(WORLD).digest()


def test_what_is_written_reads_back_equal():
    scenario = Scenario(
        (
            Tariff(importer="KAZ", exporter=("KOR", "ROW"), sector="A01", rate=1 / 3),
            TradeCost(importer="all", exporter="all except EAEU, ROW", sector="goods", change="150%"),
            Labour(country="NO", change="-0.1%"),
            Barrier(importer="KAZ", exporter="BLR", sector="C29", from_="20%", to=0),
            CommodityPrice(sector="B06", change="-40%", by="taste", final_sector="C29"),
        ),
        title="a: #b, 'c' = 0102",
        benchmark="NO",
        elasticities="null",
        closure=Closure("immobile", "balanced"),
    )
    assert Scenario.from_yaml(scenario.to_yaml()) == scenario


def test_every_fault_of_a_file_is_told_with_its_line_and_the_nearest_key():
    text = """Title: Deal
changes:
  - tarif: {importer: KAZ, exporter: BLR, sector: A01, rate: 5%}
  - tariff: {importer: KAZ, exporter: ВLR, sector: A01, rate: -150%}
  - trade_cost: {importer: KAZ, exporter: BLR, sector: A01, change: 1e309}
  - trade_cost: {importer: KAZ, exporter: BLR, sector: A01, change: NaN}
  - trade_cost: {importer: KAZ, exporter: BLR, sector: A01, change: 15,5}
  - trade_cost: {importer: KAZ, exporter: BLR, sector: A01, change: 100000000000%}
  - {}
  - subsidy: {country: KAZ}
  - labour: {country: KAZ, change: 5%}
    capital: {country: KAZ, sector: A01, change: 5%}
"""
    with pytest.raises(InputError) as caught:
        Scenario.from_yaml(text)
    told = [(problem.line, problem.message) for problem in caught.value.problems]
    assert [line for line, _ in told] == [1, 3, 4, 4, 5, 6, 7, 7, 8, 9, 10, 11]
    assert not isinstance(caught.value, NotYetError)
    for line, words in [(1, "did you mean 'title'?"), (3, "did you mean 'tariff'?"), (10, "a subsidy is not computed")]:
        assert any(words in message for number, message in told if number == line)


LABOUR = "changes:\n  - labour: {country: KAZ, change: 5%}\n"


@pytest.mark.parametrize(
    ("text", "nests"),
    [
        ("closure: {inputs: 0.5}\n", (0.5, 1.0, 1.0)),
        ("closure: {elasticities: crisis}\n", (0.2, 0.5, 0.9)),
        ("elasticities: crisis\n", (0.2, 0.5, 0.9)),
        ("elasticities: crisis\nclosure: {factors: specific, final: 1}\n", (0.2, 0.5, 1.0)),
        ("closure: {inputs: [0.5, 1, 2], value_added: [0.3, 0.3, 0.3]}\n", ((0.5, 1.0, 2.0), 0.3, 1.0)),
        ("elasticities: shapiro-2016\nclosure: {factors: specific}\n", (1.0, 1.0, 1.0)),
    ],
)
def test_a_file_names_its_elasticities_of_substitution(text: str, nests: tuple):
    scenario = Scenario.from_yaml(text + LABOUR)
    assert scenario.closure is not None
    assert scenario.closure.nests == nests
    assert Scenario.from_yaml(scenario.to_yaml()) == scenario


@pytest.mark.parametrize("value", ["0", "0.04", "6", "-1", "nan", "[0.5, 9]", "[]", "much"])
def test_an_elasticity_of_substitution_that_is_none_is_refused(value: str):
    with pytest.raises(InputError, match=r"closure\.inputs") as caught:
        Scenario.from_yaml(f"closure: {{inputs: {value}}}\n" + LABOUR)
    assert caught.value.problems[0].line == 1


def test_final_demand_has_one_elasticity():
    with pytest.raises(InputError, match="final"):
        Scenario.from_yaml("closure: {final: [0.5, 0.6]}\n" + LABOUR)
    with pytest.raises(InputError, match="final: an elasticity of substitution is one number"):
        Closure(final=[0.5, 0.6])  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("changes:\n  - subsidy: {}\n", "a subsidy"),
        ("changes:\n  - stake: {}\n  - subsidy: {}\n", "a stake in an enterprise"),
    ],
)
def test_what_is_known_and_not_computed_is_refused_by_name(text: str, told: str):
    with pytest.raises(NotYetError, match="not computed by this version") as caught:
        Scenario.from_yaml(text)
    assert told in str(caught.value)
    assert all(problem.line for problem in caught.value.problems)


@pytest.mark.parametrize("text", ["title: x\n", "- 1\n- 2\n", "changes: 3\n", "changes: {a: 1}\n", "title: [x]\nchanges: []\n"])
def test_a_file_of_another_shape_is_refused(text: str):
    with pytest.raises(InputError) as caught:
        Scenario.from_yaml(text)
    assert all(problem.line for problem in caught.value.problems)


def test_a_scenario_of_nothing_is_recognised():
    assert nothing_changes(Scenario([]).wedges(WORLD))
    assert nothing_changes(Scenario.from_yaml("title: quiet\nchanges: []\n").wedges(WORLD))
    same = Scenario.from_arrays(tariff=WORLD.tariff, trade_cost=np.ones(WORLD.tariff.shape), labour=np.ones(5))
    assert nothing_changes(same.wedges(WORLD))
    assert not nothing_changes(Scenario([Labour(country="KAZ", change="1%")]).wedges(WORLD))


def test_arrays_and_instruments_give_the_same_wedges():
    tariff = np.array(WORLD.tariff)
    tariff[1, 3, 0] = 0.25
    arrays = Scenario.from_arrays(tariff=tariff).wedges(WORLD)
    words = Scenario([Tariff(importer="KAZ", exporter="KOR", sector="A01", rate="25%")]).wedges(WORLD)
    assert arrays.digest() == words.digest()


def test_given_arrays_are_neither_kept_by_reference_nor_changed():
    cost = np.ones(WORLD.tariff.shape)
    cost[1, 0, 0] = 2
    scenario = Scenario.from_arrays(trade_cost=cost)
    cost[1, 0, 0] = 3
    wedges = scenario.wedges(WORLD)
    assert wedges.trade_cost is not None
    assert wedges.trade_cost[1, 0, 0] == 2


def off_diagonal(value: float) -> Any:
    cost = np.full(WORLD.tariff.shape, value)
    cost[np.arange(5), np.arange(5)] = 1
    return cost


@pytest.mark.parametrize(
    ("arrays", "told"),
    [
        ({}, "no shock is given"),
        ({"tariff": None}, "no shock is given"),
        ({"tarif": 1}, "tarif: no such shock"),
        ({"labour": np.ones(4)}, r"labour: shape \(4,\), expected \(5,\)"),
        ({"tariff": WORLD.tariff.swapaxes(0, 2)}, "axes: importer × exporter × sector"),
        ({"trade_cost": np.full(WORLD.tariff.shape, 1.2)}, "an economy with itself"),
        ({"trade_cost": off_diagonal(1e9)}, "between × 1/1,000 and × 1,000"),
        ({"trade_cost": off_diagonal(float("nan"))}, "it must be a number"),
        ({"productivity": np.full((5, 6), np.inf)}, "between × 1/1,000"),
        ({"tariff": WORLD.tariff - 1}, "must lie between −100 %"),
    ],
)
def test_unknown_half_given_and_impossible_arrays_raise(arrays: dict[str, Any], told: str):
    with pytest.raises(InputError, match=told.replace("×", ".")):
        Scenario.from_arrays(**arrays).wedges(WORLD)


def test_every_array_of_the_engine_can_be_given():
    home = np.repeat(np.eye(5)[:, :, None], 6, axis=2)
    sold = home.copy()
    sold[0, 0, 2], sold[1, 0, 2] = 0.6, 0.4
    transfer = np.array([-3.0, 3, 0, 0, 0])
    rate = off_diagonal(1.1) - 1
    given = {"export_tax": rate, "import_rent": rate, "ownership": sold, "transfer": transfer}
    wedges = Scenario.from_arrays(**given).wedges(WORLD)
    for name, array in given.items():
        np.testing.assert_array_equal(getattr(wedges, name), array)
    assert nothing_changes(Scenario.from_arrays(ownership=home, transfer=0 * transfer).wedges(WORLD))


def test_an_infinite_trade_cost_is_an_embargo():
    wedges = Scenario.from_arrays(trade_cost=off_diagonal(np.inf)).wedges(WORLD)
    assert wedges.trade_cost is not None
    assert np.isinf(wedges.trade_cost).sum() == 120


def test_a_calibrated_shock_must_be_solved_for_first():
    price = CommodityPrice(sector="B06", change="-40%", by="productivity")
    scenario = Scenario([Labour(country="KAZ", change="-1%"), price])
    assert scenario.calibrated == (price,)
    with pytest.raises(InputError, match="calibrated by solving"):
        scenario.wedges(WORLD)
    found = scenario.replacing(price, price.at(1.5))
    assert found.calibrated == ()
    assert found.instruments[1] == Productivity(country="all", sector="B06", change=0.5)


def test_what_is_no_instrument_is_refused():
    with pytest.raises(InputError, match="is not an instrument"):
        Scenario(["tariff"])  # type: ignore[list-item]


@pytest.mark.parametrize("name", ["crisis.yaml", "us-tariffs.yaml"])
def test_the_examples_change_something(name: str):
    from comity.data.load import load

    scenario = Scenario.from_yaml(EXAMPLES / name)
    assert scenario.closure is not None
    assert not nothing_changes(scenario.wedges(load("world-2022", scenario.elasticities or "")))


def test_the_american_tariff_reaches_all_goods_from_everybody_and_nothing_else():
    from comity.data.load import load

    world = load()
    wedges = Scenario.from_yaml(EXAMPLES / "us-tariffs.yaml").wedges(world)
    usa = world.economies.index("USA")
    assert wedges.tariff is not None
    others = np.delete(np.arange(len(world.economies)), usa)
    assert (wedges.tariff[usa][others, :27] == 0.25).all()
    assert (wedges.tariff[usa, usa] == 0).all()
    assert (wedges.tariff[usa][:, 27:] == 0).all()
    assert (np.delete(wedges.tariff, usa, axis=0) == np.delete(world.tariff, usa, axis=0)).all()
