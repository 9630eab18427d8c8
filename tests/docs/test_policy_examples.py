"""The example of a tariff war runs, and what it says is a war."""

from __future__ import annotations

import json
import runpy
import subprocess
import sys
from pathlib import Path

import pytest

import comity
from comity.strategy.players import player
from comity.strategy.response import best_response
from surroundings import as_users_have

ROOT = Path(__file__).resolve().parents[2]


def test_the_war_of_seven_is_a_war(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "from comity.cli import main; main()", "policy", "nash", "examples/nash.yaml", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=900, env=as_users_have(tmp_path))
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert report["outcome"] == "nash"
    assert report["nash_points"] == 1
    assert report["work"]["residual"] <= 1e-10
    assert [one["player"] for one in report["players"]] == ["USA", "CHN", "EU27", "JPN", "IND", "BRA", "ROW"]
    for ending in report["endings"]:
        assert ending["newton"] <= 1e-7
        assert len(ending["deviations"]) == 14
        assert ending["largest_gain_from_deviating_pct"] <= 1e-6
    assert report["world"]["world_pct"] < 0
    for one in report["players"]:
        told = one["instruments"]["tariff"]
        assert told["mean_pct"] > told["today_pct"]
        assert 0 < told["lowest_pct"] <= told["highest_pct"] < 100


def test_the_seven_regions_of_the_comparison_are_the_whole_world_and_its_rows_go_up() -> None:
    """examples/ossa.py: nothing is lost in merging, and each difference taken away is worth what its page says, in sign."""
    script = runpy.run_path(str(ROOT / "examples" / "ossa.py"))
    world = comity.load("world-2022")
    made = script["worlds"](world)
    merged = made["our model, seven regions"]
    assert merged.trade_flow.sum() == pytest.approx(world.trade_flow.sum(), rel=1e-12)
    assert (merged.output * merged.value_added_share).sum() == pytest.approx(
        (world.output * world.value_added_share).sum(), rel=1e-9
    )
    assert merged.deficit.sum() == pytest.approx(0, abs=1e-3)
    closure = comity.Closure(factors="mobile", deficits="balanced")
    best = []
    for benchmark in made.values():
        found = best_response(benchmark, player("USA", benchmark, design="one"), closure=closure, second_start=False)
        assert found.certificate.converged
        best.append(float(found.z[0]))
    assert best[0] < best[2] < best[3]
    assert best[3] > 0.3
