"""`comity positions` as a user meets it, on the embedded world."""

from __future__ import annotations

import json

import pytest

from comity.cli import positions
from comity.errors import InputError


def asked(capsys, *parties: str, json_wanted: bool) -> str:
    positions.run(list(parties), None, "world-2022", False, json_wanted)
    return capsys.readouterr().out


def test_positions_of_two_are_consistent_in_tables_and_data(capsys):
    found = json.loads(asked(capsys, "Belarus", "KAZ", json_wanted=True))
    (pair,) = found["pairs"]
    assert (pair["a"], pair["b"]) == ("BLR", "KAZ")
    assert found["closure"] == {"factors": "specific", "deficits": "with_trade"}
    assert found["steps_pct"] == {"trade_cost": 1.0}
    assert sum(row["part"] for row in pair["by_place"]) == pytest.approx(pair["coincidence"], abs=1e-5)
    assert sum(row["stake_a"] for row in pair["by_place"]) == pytest.approx(1, abs=1e-5)
    assert {row["name"] for row in pair["by_instrument"]} >= {"trade_cost", "tariff", "export_tax"}
    for code in ("BLR", "KAZ"):
        growth = found["friends"]["of"][code]
        assert max(growth, key=growth.__getitem__) == code
        assert len(growth) == 81
    assert found["residual"] <= 1e-10
    shown = asked(capsys, "Belarus", "KAZ", json_wanted=False)
    assert f"{pair['coincidence']:+.3f}" in shown
    assert "Sharpest clashes" in shown
    assert "Friends and enemies" in shown


def test_one_economy_has_nobody_to_compare_with(capsys):
    with pytest.raises(InputError, match="name two economies or more"):
        asked(capsys, "BLR", json_wanted=True)
    with pytest.raises(InputError, match="Atlantis"):
        asked(capsys, "BLR", "Atlantis", json_wanted=True)
