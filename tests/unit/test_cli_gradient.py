"""`comity gradient` and `comity solve --decompose`: what they print and that it is what the engine says."""

from __future__ import annotations

import json

import numpy as np
import pytest
from typer.testing import CliRunner

from comity.cli.commands import app
from comity.cli.gradient import UNITS
from comity.data.load import load
from comity.errors import InputError
from comity.solve.derivatives import adjoint, levers
from comity.solve.equilibrium import solve

runner = CliRunner()

SCENARIO = """
title: Duties on cars
changes:
  - tariff: {importer: USA, exporter: all, sector: C29, rate: 25%}
"""


def plain(*words: str) -> dict:
    result = runner.invoke(app, [*words, "--json"], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return json.loads(result.output)


def test_the_largest_cells_come_first_and_are_the_engine_s():
    found = plain("gradient", "--of", "BLR,KAZ", "--in", "tariff", "--top", "3")
    world = load("world-2022")
    exact = adjoint.gradients(solve(world), ["BLR", "KAZ"], ("tariff",)).values["tariff"]
    money = 0.01 * np.abs(
        exact * (world.income - world.deficit)[[world.economy_index(c) for c in ("BLR", "KAZ")], None, None, None]
    )
    assert len(found["cells"]) == 3
    assert found["residual"] <= 1e-12
    first = found["cells"][0]
    at = (world.economy_index(first["importer"]), world.economy_index(first["exporter"]), world.sectors.index(first["sector"]))
    assert money.sum(axis=0)[at] == money.sum(axis=0).max()
    assert first["gain_pct"]["KAZ"] == pytest.approx(exact[1][at], rel=1e-5)  # one point is 0.01, per cent is 100


def test_the_table_names_the_cells_and_a_wrong_instrument_is_refused():
    shown = runner.invoke(app, ["gradient", "--of", "BLR", "--in", "productivity", "--top", "2"], catch_exceptions=False).output
    assert "one per cent more of productivity" in " ".join(shown.split())
    assert "BLR" in shown
    with pytest.raises(InputError, match="none of tariff"):
        runner.invoke(app, ["gradient", "--of", "BLR", "--in", "subsidy"], catch_exceptions=False)


def test_every_lever_can_be_asked_for_and_an_owner_is_called_one():
    assert set(UNITS) == set(levers.AXES)
    shown = runner.invoke(app, ["gradient", "--help"]).output
    assert [name for name in UNITS if name not in shown] == []
    found = plain("gradient", "--of", "KAZ", "--in", "ownership", "--top", "3", "--closure", "specific,with_trade")
    assert found["cells"][0]["owner"] == "KAZ"
    assert found["cells"][0]["ev_usd_mn"]["KAZ"] > 0
    assert set(found["cells"][0]) == {"owner", "economy", "sector", "gain_pct", "ev_usd_mn"}


def test_decompose_adds_up(tmp_path):
    file = tmp_path / "cars.yaml"
    file.write_text(SCENARIO, encoding="utf-8")
    report = plain("solve", str(file), "--of", "USA,MEX", "--decompose")
    gain = {row["iso3"]: row["gain_pct"] for row in report["economy"]}
    assert set(gain) == {"USA", "MEX"}
    for row in report["decomposition"]["economies"]:
        goal = row["log_real_income_pct"]
        assert goal == pytest.approx(100 * np.log1p(gain[row["iso3"]] / 100), abs=1e-5)
        assert sum(row["channels_pct"].values()) == pytest.approx(goal, abs=1e-4)
        assert row["instruments_pct"] == {"tariff": pytest.approx(goal, abs=1e-4)}
        for view in ("partners_pct", "sectors_pct"):
            assert sum(row[view].values()) + row["channels_pct"]["deficit"] == pytest.approx(goal, abs=1e-4)
        assert abs(row["residual_pct"]) < 1e-4


def test_decompose_shows_the_published_sums_beside_the_exact_ones(tmp_path):
    file = tmp_path / "cars.yaml"
    file.write_text(SCENARIO, encoding="utf-8")
    report = plain("solve", str(file), "--of", "MEX", "--decompose", "--closure", "mobile,balanced")
    found = report["decomposition"]
    assert found["first_order"]["base_without_deficits"] is True
    assert "Caliendo and Parro" in found["first_order"]["method"]
    (row,) = found["economies"]
    sums = row["first_order_pct"]
    assert sums["terms_of_trade"] + sums["volume_of_trade"] == pytest.approx(sums["sum"], abs=1e-5)
    assert sums["sum"] + sums["remainder"] == pytest.approx(sums["welfare"], abs=1e-5)
    assert sums["welfare"] == pytest.approx(report["economy"][0]["consumption_pct"], abs=1e-5)
    for view in ("partners", "sectors"):
        assert sum(sums[view].values()) == pytest.approx(sums["sum"], abs=1e-4)
    # Mexico sells cars: what it loses it loses by prices, in both.
    assert sums["terms_of_trade"] < 0
    assert row["channels_pct"]["terms_of_trade"] < 0
    shown = runner.invoke(app, ["solve", str(file), "--of", "MEX", "--decompose"], catch_exceptions=False).output
    words = " ".join(shown.split())
    assert "exactly: 100 log points" in words
    assert "To first order, as Caliendo and Parro" in words
    assert "D = 0 (--closure mobile,balanced)" in words


def test_decompose_is_a_public_function():
    import comity

    found = comity.decompose(comity.solve(load("world-2022")))
    assert np.abs(found.first_order.total).max() < 1e-10
    assert found.first_order.by_partner()["terms_of_trade"].shape == (len(load("world-2022").economies),) * 2
