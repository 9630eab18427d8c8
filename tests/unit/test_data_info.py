"""What `comity data info` says: everything observed, estimated and mended is there, as plain data and as text."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from comity.data.info import as_text, info
from comity.data.load import load
from comity.errors import InputError


def test_facts_are_plain_data_and_follow_from_the_arrays():
    facts = info()
    assert json.loads(json.dumps(facts))["economies"] == 81
    assert facts["world_usd_mn"]["value_added"] == pytest.approx(load().value_added.sum())
    assert facts["digest"] == load().digest
    assert len(facts["inputs_sha256"]["bench_cache.npz"]) == 64


def test_estimates_state_their_error():
    estimates = info()["estimated"]
    assert "0.04" in estimates[0]["error"]
    assert all(item["error"] for item in estimates)


def test_the_remark_on_lending_follows_from_the_arrays():
    world = load()
    remark = next(line for line in info()["remarks"] if "lending" in line)
    for code, name in (("KAZ", "Kazakhstan"), ("RUS", "Russia"), ("BLR", "Belarus")):
        n = world.economy_index(code)
        share = -100 * world.deficit[n] / world.value_added[n].sum()
        assert f"{share:.1f} % of value added in {name}" in remark or f"{share:.1f} % in {name}" in remark


def test_the_ledger_covers_every_step():
    ledger = info()["ledger"]
    assert {"2", "3", "4", "5", "6", "7"} <= {entry["step"] for entry in ledger}
    by_kind = {(entry["step"], entry["kind"]): entry for entry in ledger}
    assert by_kind["2", "clip"]["count"] == 2245
    assert by_kind["2", "clip"]["usd_mn"] == pytest.approx(13.05, abs=0.01)
    assert by_kind["5", "cap"]["count"] == 2
    assert by_kind["5", "cap"]["usd_mn"] == pytest.approx(0.5, abs=0.02)
    assert by_kind["6", "scaling"]["count"] == 3
    assert by_kind["7", "scaling"]["remark"] == "CYP H51, ISL C21, MAR C19"
    assert all(entry["usd_mn"] >= 0 for entry in ledger)


def test_text_shows_licence_ledger_and_who_is_inside_row():
    text = as_text()
    for words in ("CC BY 4.0", "96.2 trillion", "Armenia (ARM)", "clipped", "Observed", "Estimated", "Kyrgyzstan"):
        assert words in text


def test_unknown_benchmark():
    with pytest.raises(InputError, match="did you mean 'world-2022'"):
        info("world2022")


def test_the_page_carries_the_ledger_as_it_is():
    page = (Path(__file__).resolve().parents[2] / "docs" / "data.md").read_text(encoding="utf-8")
    for e in info()["ledger"]:
        row = f"| {e['step']} | {e['kind']} | {e['what']} | {e['count']:,} | {e['usd_mn']:,.3f} | {e['remark']} |"
        assert row in page
