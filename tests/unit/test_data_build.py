"""The build script: refusals, reproducible bytes, and the recipe's parts on economies whose answer is known."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

TOOLS = Path(__file__).resolve().parents[2] / "tools"
sys.path.insert(0, str(TOOLS))

import build_world  # noqa: E402
import world_recipe  # noqa: E402
from comity.data import load as data  # noqa: E402


def test_missing_inputs_are_listed_with_what_to_do(tmp_path):
    (tmp_path / "sectors.csv").write_text("sector,name\n", encoding="utf-8")
    command = [sys.executable, str(TOOLS / "build_world.py"), "--inputs", str(tmp_path), "--out", str(tmp_path / "out")]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 2
    assert "pip download sanction-simulator==0.1.4" in done.stderr
    assert build_world.PINNED["bench_cache.npz"] in done.stderr
    assert "sectors.csv: SHA-256" in done.stderr
    assert "tariff_mfn.csv is not in" in done.stderr
    assert not (tmp_path / "out").exists()


def test_pinned_hashes_are_those_of_the_shipped_provenance():
    assert data.about()["inputs"] == build_world.PINNED


def test_packed_arrays_have_the_same_bytes_whatever_the_order():
    one, two = np.arange(6.0).reshape(2, 3), np.array(["BLR", "KAZ"])
    packed = build_world.packed({"a": one, "b": two})
    assert packed == build_world.packed({"b": two.copy(), "a": np.asfortranarray(one)})
    assert packed == build_world.packed({"a": one, "b": two})


def test_shipped_arrays_are_packed_by_this_script():
    assert build_world.packed(dict(data.arrays())) == data.content("world-2022.npz")


def test_the_licence_is_shipped_as_it_is():
    assert data.content("LICENCE.txt") == build_world.LICENCE.read_bytes()


def test_proportional_fit_meets_both_margins_and_keeps_odds():
    seed = np.array([[1.0, 2.0, 0.0], [3.0, 1.0, 2.0]])
    truth = seed * np.array([[2.0], [5.0]]) * np.array([1.0, 3.0, 0.5])
    fit = world_recipe.proportional_fit(seed, truth.sum(axis=1), truth.sum(axis=0))
    np.testing.assert_allclose(fit, truth, rtol=1e-10)


def test_proportional_fit_refuses_margins_that_no_table_can_meet():
    with pytest.raises(ArithmeticError, match="RAS"):
        world_recipe.proportional_fit(np.array([[1.0, 0.0], [0.0, 1.0]]), np.array([1.0, 3.0]), np.array([2.0, 2.0]))


def test_rounding_never_leaves_final_demand_negative():
    rng = np.random.default_rng(3)
    traded = rng.uniform(1, 1000, (3, 3, 4))
    tariff = np.zeros_like(traded)
    use = rng.uniform(0, 1, (3, 4, 4))
    use *= (traded.sum(axis=1) / use.sum(axis=2))[:, :, None]
    economies, sectors = ("AAA", "BBB", "ROW"), ("a", "b", "c", "d")
    empty = np.zeros(0)
    inputs = world_recipe.Inputs(economies, sectors, empty, empty, empty, empty, empty, tariff)
    ledger = world_recipe.Ledger()
    flow, stored = world_recipe.rounded(inputs, traded, use, ledger)
    final = flow.astype(float).sum(axis=1) - stored.astype(float).sum(axis=2)
    assert final.min() >= 0
    assert ledger.entries[0]["count"] > 0
    np.testing.assert_allclose(stored, use, rtol=1e-6)


def test_home_cells_are_left_out_of_imports():
    flow = np.arange(8.0).reshape(2, 2, 2)
    foreign = world_recipe.without_home(flow)
    assert foreign[0, 0].sum() == 0
    assert foreign[1, 0].tolist() == flow[1, 0].tolist()
    assert flow[0, 0].sum() == 1
