"""`comity sensitive`: what it prints, as plain data and as tables, and what it refuses."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from comity.cli.commands import app
from comity.errors import InputError

runner = CliRunner()

TALKS = """title: Two barriers
parties: [BLR, KAZ]
union: EAEU
closure: {factors: FACTORS, deficits: with_trade, elasticities: fontagne-2022}
crises: []
governments: {KAZ: {sensitive: {C10T12: 1.5}}}
proposals:
  - name: Dairy
    by: BLR
    conceded_by: KAZ
    changes: [{trade_cost: {importer: KAZ, exporter: BLR, sector: C10T12, change: -8%}}]
  - name: Fertiliser
    by: BLR
    conceded_by: KAZ
    changes: [{trade_cost: {importer: KAZ, exporter: BLR, sector: C20, change: -8%}}]
"""


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("COMITY_CACHE", str(tmp_path / "cache"))
    path = tmp_path / "talks.yaml"
    path.write_text(TALKS.replace("FACTORS", "immobile"), encoding="utf-8")
    return path


def test_the_file_s_openings_all_pairs_and_what_is_not_sensitive(file: Path):
    done = runner.invoke(app, ["sensitive", str(file), "--json"], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    found = json.loads(done.output)
    assert found["step_pct"] == -5
    assert {one["sector"] for one in found["openings"]} == {"C10T12", "C20"}
    pairs = {(one["party"], one["partner"]) for one in found["ranked"]}
    assert pairs == {("BLR", "KAZ"), ("BLR", "RUS"), ("KAZ", "BLR"), ("KAZ", "RUS")}
    for one in found["ranked"]:
        effects, at = one["effects_usd_mn"], one["break_even"]
        assert abs(effects["own_wages"]) <= abs(effects["own_producers"])
        if at["weight"] is not None:
            assert at["weight"] == pytest.approx(1 - effects["nation"] / effects["own_producers"], rel=1e-2, abs=0.05)
    reasons = {one["sector"]: one["reason"] for one in found["called_not_sensitive"]}
    food = next(one for one in found["openings"] if one["sector"] == "C10T12")
    assert food["counted"] == 1.5
    assert reasons["C10T12"] == "opens_at_the_weight_given"
    shown = runner.invoke(app, ["sensitive", str(file), "--step=-10%"], catch_exceptions=False)
    assert shown.exit_code == 0
    assert "Kazakhstan opens to Belarus: trade costs -10 %" in shown.output
    assert "of which wages" in shown.output
    assert "called sensitive, but is not: C10T12" in shown.output


def test_mobile_capital_and_sizes_that_open_nothing_are_refused(file: Path):
    file.write_text(TALKS.replace("FACTORS", "mobile").replace("governments", "# governments"), encoding="utf-8")
    with pytest.raises(InputError, match="mobile factors"):
        runner.invoke(app, ["sensitive", str(file)], catch_exceptions=False)
    for step in ("5%", "0", "-95%", "a lot"):
        with pytest.raises(InputError, match="--step"):
            runner.invoke(app, ["sensitive", str(file), f"--step={step}"], catch_exceptions=False)
