"""`comity policy` as a user meets it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from surroundings import as_users_have

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def comity(tmp_path_factory):
    cache = tmp_path_factory.mktemp("cache")

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-c", "from comity.cli import main; main()", "policy", *words]
        return subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=600, env=as_users_have(cache))

    return run


def test_best_tariffs_of_one_economy_on_the_world(comity):
    done = comity("best", "KAZ", "--tariffs", "partner", "--json", "--rates")
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    (answer,) = report["answers"]
    proof = answer["certificate"]
    assert proof["converged"]
    assert proof["same"]
    assert proof["newton"] <= 1e-7
    assert proof["residual"] <= 1e-10
    assert answer["gain_pct"] > 0
    own = next(row for row in answer["economies"] if row["iso3"] == "KAZ")
    assert own["gain_pct"] == pytest.approx(answer["gain_pct"], abs=1e-6)
    assert own["ev_usd_mn"] == pytest.approx(answer["gain_usd_mn"], abs=0.01)
    assert answer["world"]["world_pct"] < 0
    rates = answer["instruments"]["tariff"]["rates"]
    assert {row["sector"] for row in rates} == {"all"}
    assert len(rates) == answer["instruments"]["tariff"]["numbers"] == 80


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("best", "KAZ", "--closure", "with_trade"), "a tariff would move a lending flow that nobody models"),
        (("best", "KAZ", "--tariffs", "many"), "'many' is no known word"),
        (("nash", "KAZ"), "a war takes two"),
        (("nash", "KAZ,EAEU"), "KAZ plays twice"),
        (("nash", "examples/nash.yaml", "--tariffs", "one"), "a policy file says this itself"),
        (("join", "EAEU", "SVK"), "SVK is a member of EU27"),
    ],
)
def test_what_cannot_be_asked_is_refused_in_one_clear_text(comity, words, said):
    done = comity(*words)
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert not done.stdout


def test_every_union_that_an_economy_might_join(comity):
    done = comity("join", "any", "NOR,EAEU", "--json")
    assert done.returncode == 0, done.stderr
    rows = json.loads(done.stdout)
    assert {row["newcomer"] for row in rows} == {"NOR"}
    assert {row["union"] for row in rows} == {"EAEU", "EU27", "GCC", "MERCOSUR"}
    assert [row["opening"] for row in rows] == sorted((row["opening"] for row in rows), reverse=True)
    for row in rows:
        assert row["opening"] + row["external"] == pytest.approx(row["own"], abs=2e-8)
