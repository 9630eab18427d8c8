"""The example of a tariff war runs, and what it says is a war."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_the_war_of_seven_is_a_war(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "from comity.cli import main; main()", "policy", "nash", "examples/nash.yaml", "--json"]
    done = subprocess.run(
        command, capture_output=True, text=True, cwd=ROOT, timeout=900, env={**os.environ, "COMITY_CACHE": str(tmp_path)}
    )
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
