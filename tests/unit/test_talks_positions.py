"""`positions:` of a talks file, and positions as plain data."""

from __future__ import annotations

import json

import numpy as np
import pytest

from comity.errors import InputError
from comity.records import Benchmark, Closure
from comity.talks.file import TalksFile
from comity.talks.positions.stance import Steps
from comity.talks.positions.told import positions
from referee import lopsided
from talks_text import CRISES, HEAD, PROPOSALS, WORLD

TALKS = HEAD + CRISES + PROPOSALS
SPECIFIC = Closure("specific", "with_trade")


def test_one_point_of_cost_unless_the_file_says_otherwise():
    assert TalksFile.from_yaml(TALKS).positions.record == Steps({"trade_cost": 0.01}, ("goods",))
    text = TALKS + "positions: {steps: {trade_cost: 2%, tariff: 1%}, sectors: [C10T12, C28]}\n"
    assert TalksFile.from_yaml(text).positions.record == Steps({"trade_cost": 0.02, "tariff": 0.01}, ("C10T12", "C28"))


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("positions: {steps: {trade_cost: 0%}}", "0% is no step"),
        ("positions: {steps: {trade_cost: -1%}}", "-1% is no step"),
        ("positions: {steps: {tariff: 80%}}", "80% is no step"),
        ("positions: {steps: {tarif: 1%}}", "tariff"),
        ("positions: {sectors: C99}", "C99"),
    ],
)
def test_faults_are_told(line, told):
    def both() -> None:
        TalksFile.from_yaml(TALKS + line + "\n").bind(WORLD)

    with pytest.raises(InputError, match=told):
        both()


def test_steps_from_python_are_checked():
    with pytest.raises(InputError, match="taste"):
        Steps({"taste": 0.01})
    with pytest.raises(InputError, match="no step"):
        Steps({})


def test_positions_as_plain_data():
    world = Benchmark.from_arrays(**lopsided(28, 4, 3).arrays())
    found = positions(world, ("E0", "E2", "E3"), SPECIFIC, steps=Steps(sectors=("all",)))
    assert json.loads(json.dumps(found)) == found
    assert [(p["a"], p["b"]) for p in found["pairs"]] == [("E0", "E2"), ("E0", "E3"), ("E2", "E3")]
    for pair in found["pairs"]:
        assert sum(row["part"] for row in pair["by_place"]) == pytest.approx(pair["coincidence"], abs=1e-5)
        assert pair["by_movement"][0]["coincidence"] == pair["coincidence"]
        for kind, sign in (("clashes", -1), ("causes", 1)):
            for row in pair[kind]:
                assert sign * np.prod([g["ev_usd_mn"] for g in row["gain"].values()]) > 0
    assert set(found["friends"]["of"]) == {"E0", "E2", "E3"}
    assert "world" not in found["friends"]
    every = positions(world, ("E0", "E2"), SPECIFIC, world=True)["friends"]
    assert set(every["world"]) == set(world.economies)
    assert every["of"] == {code: every["world"][code] for code in ("E0", "E2")}
    for code in ("E0", "E2"):
        assert every["by"][code] == {of: row[code] for of, row in every["world"].items()}
        others = sum(
            0.01 * (world.income - world.deficit)[world.economy_index(of)] * v
            for of, v in every["by"][code].items()
            if of != code
        )
        assert every["world_usd_mn"][code] == pytest.approx(others, rel=1e-3, abs=0.1)


def test_two_who_trade_with_nobody_else_have_no_position_on_the_rest():
    world = Benchmark.from_arrays(**lopsided(28, 2, 3).arrays())
    (pair,) = positions(world, tuple(world.economies), SPECIFIC, steps=Steps(sectors=("all",)))["pairs"]
    assert pair["coincidence"] is None
    assert pair["outcome"] == "undefined"
    assert pair["clashes"] == pair["causes"] == []
    assert pair["between_them"]["outcome"] == "defined"


def test_governments_have_positions_of_their_own_beside_the_nations():
    world = Benchmark.from_arrays(**lopsided(28, 4, 3).arrays())
    nations = positions(world, ("E0", "E2"), SPECIFIC, steps=Steps(sectors=("all",)))
    both = positions(world, ("E0", "E2"), SPECIFIC, steps=Steps(sectors=("all",)), governments={"E0": {"S1": 2.5}})
    assert nations["governments"] is None
    assert both["pairs"] == nations["pairs"]
    assert both["governments"][0]["coincidence"] != pytest.approx(nations["pairs"][0]["coincidence"], abs=1e-3)
