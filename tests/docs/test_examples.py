"""Every example runs, and what it says hangs together."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from importlib import resources
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from comity.cli.setting import part
from surroundings import as_users_have

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "examples"


def comity(*words: str | Path, cache: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from comity.cli import main; main()", *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=900, env=as_users_have(cache))


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One cache for all talks of this file: what two of them solve alike is solved once."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="module", params=["yerevan", "chile-korea"])
def run(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, kept: Path
) -> tuple[dict[str, Any], Path, Path]:
    folder = tmp_path_factory.mktemp(request.param)
    done = comity("talks", f"examples/{request.param}.yaml", "--json", "--out", folder / "out", cache=kept)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout), folder / "out", kept


def stakes_of(results: dict[str, Any]) -> set[str]:
    """Proposals that sell a stake."""
    return {one["id"] for one in (results["stakes"] or {"list": []})["list"]}


def test_every_package_in_every_crisis_is_an_equilibrium(run) -> None:
    results, _, _ = run
    assert {"parties", "union", "crises", "packages", "best", "alone_together", "manifest"} <= set(results)
    assert len(results["packages"]) == 2 ** len(results["proposals"])
    crises = {crisis["id"] for crisis in results["crises"]}
    assert len(crises) >= 4
    assert sum(crisis["probability"] for crisis in results["crises"]) == pytest.approx(1)
    for package in results["packages"]:
        assert set(package["outcomes"]) == crises
        assert package["residual"] <= 1e-10
    trade = len(results["proposals"]) - len(stakes_of(results))
    assert results["manifest"]["solves"] == 2**trade * len(crises)


def test_results_follow_their_schema(run) -> None:
    schema = json.loads(resources.files("comity.report").joinpath("assets/results.schema.json").read_text(encoding="utf-8"))
    jsonschema.validate(run[0], schema)


def test_no_crisis_and_no_package_is_the_benchmark(run) -> None:
    quiet = run[0]["packages"][0]["outcomes"]["none"]
    assert all(abs(value["gain_pct"]) <= 1e-9 for value in quiet.values())


def test_the_recommended_package_is_the_best_of_those_that_hurt_no_party(run) -> None:
    results, _, _ = run
    assert results["best"]["objective"] == "expected"
    allowed = {p["id"]: p["joint"]["expected_pct"] for p in results["packages"] if p["nobody_worse_off"]}
    assert allowed[results["best"]["package"]] == pytest.approx(max(allowed.values()), abs=1e-6)
    assert -results["best"]["joint_loss_pct"] == pytest.approx(allowed[results["best"]["package"]], abs=1e-6)


def test_expectations_are_the_outcomes_weighted(run) -> None:
    results, _, _ = run
    chance = {crisis["id"]: crisis["probability"] for crisis in results["crises"]}
    for package in results["packages"][:: max(1, len(results["packages"]) // 10)]:
        for code, expected in package["expected"].items():
            mean = sum(chance[crisis] * package["outcomes"][crisis][code]["gain_pct"] for crisis in chance)
            assert expected["gain_pct"] == pytest.approx(mean, abs=2e-6)


def test_cutting_a_resource_cost_between_two_helps_at_least_one_of_them(run) -> None:
    results, _, _ = run
    for package in results["packages"]:
        if len(package["proposals"]) == 1 and package["proposals"][0] not in stakes_of(results):
            parties = [party["iso3"] for party in results["parties"]]
            assert max(package["over_nothing"][code]["ev_usd_mn"] for code in parties) > 0


GAMES = {"bargaining", "shapley", "concessions", "counter_offers", "trust", "escape"}


def test_credits_add_up_to_the_full_package(run) -> None:
    results, _, _ = run
    assert set(results) >= GAMES
    full = next(p for p in results["packages"] if p["id"] == results["shapley"]["package"])
    assert len(full["proposals"]) == len(results["proposals"])
    for code in (party["iso3"] for party in results["parties"]):
        credit = sum(row["party"][code]["ev_usd_mn"] for row in results["shapley"]["proposals"].values())
        assert credit == pytest.approx(full["over_nothing"][code]["ev_usd_mn"], abs=0.02)
    nothing = results["packages"][0]
    joint = sum(row["joint_pct"] for row in results["shapley"]["proposals"].values())
    assert joint == pytest.approx(full["joint"]["expected_pct"] - nothing["joint"]["expected_pct"], abs=2e-5)


def test_nobody_is_below_the_status_quo_at_a_fair_package(run) -> None:
    results, _, _ = run
    found, packages = results["bargaining"], {p["id"]: p for p in results["packages"]}
    assert found["outcome"] == "gain"
    assert found["room_pct"] > 0
    for concept in ("nash", "egalitarian_pct", "egalitarian_usd", "kalai_smorodinsky", "utilitarian"):
        agreed = found[concept]
        assert all(figure["ev_usd_mn"] >= 0 for figure in agreed["gain"].values())
        assert sum(agreed["transfer_usd_mn"].values()) == pytest.approx(0, abs=0.002)
        for code, figure in agreed["gain"].items():
            without = packages[agreed["package"]]["over_nothing"][code]["ev_usd_mn"]
            assert figure["ev_usd_mn"] == pytest.approx(without + agreed["transfer_usd_mn"][code], abs=0.01)
    product = {
        p["id"]: [f["ev_usd_mn"] for c, f in p["over_nothing"].items() if c in found["ideal"]] for p in results["packages"]
    }
    best = max((gains[0] * gains[1] for gains in product.values() if min(gains) > 0), default=0)
    chosen = product[found["nash"]["package"]]
    assert chosen[0] * chosen[1] == pytest.approx(best, rel=1e-5)


def test_prices_are_the_table_read_line_by_line(run) -> None:
    results, _, _ = run
    single = {p["proposals"][0]: p for p in results["packages"] if len(p["proposals"]) == 1}
    for row in results["concessions"]:
        for code, value in row["alone"]["by_crisis"]["expected"]["party_usd_mn"].items():
            assert value == pytest.approx(single[row["proposal"]]["over_nothing"][code]["ev_usd_mn"], abs=0.002)


def test_trust_is_at_stake_only_where_a_concession_costs(run) -> None:
    results, _, _ = run
    trust, escape = results["trust"], results["escape"]
    assert trust["package"] == escape["package"] == results["best"]["package"]
    for one in trust["parties"].values():
        assert one["outcome"] in ("kept", "no_temptation", "never", "not_rational")
        assert one["largest_usd_mn"] == max(one["temptation_usd_mn"].values()) >= 0
    if results["best"]["every_concession_pays"]:
        assert all(one["outcome"] == "no_temptation" and one["delta"] == 0 for one in trust["parties"].values())
        assert escape["outcome"] == "holds"
        assert trust["punishment"]["kind"] == "not_credible"
    assert escape["patience"] == 0.8
    assert escape["assumed"]
    assert set(escape["depth"]) == {crisis["id"] for crisis in results["crises"]}


def test_stakes_are_lines_of_everything_and_no_claim_is_made_for_them_that_does_not_hold(run) -> None:
    results, _, _ = run
    sold = stakes_of(results)
    assert bool(sold) == ("Yerevan" in results["title"])
    assert sold <= set(results["shapley"]["proposals"])
    assert sold <= {row["proposal"] for row in results["concessions"]}
    packages = {p["id"]: p for p in results["packages"]}
    for one in (results["stakes"] or {"list": []})["list"]:
        price = one["price"]
        if price["kind"] == "fair_with":
            assert one["passed"]["usd_mn"] == pytest.approx(0, abs=0.002)
        else:
            assert price["annuity_usd_mn"] == price["dividend_without_usd_mn"]
        trust = one["trust"]
        if trust["buys_trust"]:
            assert trust["sector_gains"]
            assert trust["delta_after"] < (1 if trust["delta_before"] is None else trust["delta_before"])
        moved = packages[one["id"]]["over_nothing"]
        # What one side receives the other pays, but for the prices at which each spends it.
        assert abs(moved[one["buyer"]]["ev_usd_mn"] + moved[one["issuer"]]["ev_usd_mn"]) <= 0.05 * price["annuity_usd_mn"]
    for solved in (results["stakes"] or {"exact": []})["exact"]:
        assert solved["residual"] <= 1e-10


def test_a_counter_offer_gives_us_more_and_takes_nobody_below_today(run) -> None:
    results, _, _ = run
    assert [one["by"] for one in results["counter_offers"]] == [party["iso3"] for party in results["parties"]]
    for one in results["counter_offers"]:
        assert bool(one["offers"]) == (one["outcome"] == "offers")
        if not one["offers"]:
            assert one["most_over_paper_usd_mn"] < one["margin_usd_mn"]
        for offer in one["offers"]:
            assert offer["over_paper_usd_mn"][one["by"]] >= one["margin_usd_mn"] - 0.002
            assert min(offer["gain_usd_mn"].values()) >= -0.002


def test_the_brief_asks_nothing_of_the_outside(run) -> None:
    page = (run[1] / "brief.html").read_text(encoding="utf-8")
    assert not re.search(r"""(?:src|href|action|data)\s*=\s*["']?\s*(?:https?:)?//""", page)
    assert not re.search(r"url\(\s*[\"']?(?!data:|#)", page)
    assert "<script" not in page
    assert "@import" not in page


def test_a_second_run_reads_what_the_first_found(run) -> None:
    results, out, cache = run
    before = {path.name: path.read_bytes() for path in out.iterdir()}
    code = (
        "import sys; from pathlib import Path; from comity.talks.talks import Talks\n"
        "run = Talks.from_yaml(sys.argv[1]).run(cache=Path(sys.argv[2])); print(run.solves, 'jax' in sys.modules)"
    )
    file = results["manifest"]["talks_file"]
    done = subprocess.run([sys.executable, "-c", code, file, str(cache)], capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout.split() == ["0", "False"]
    assert comity("talks", file, "--out", out, cache=cache).returncode == 0
    assert {path.name: path.read_bytes() for path in out.iterdir()} == before


@pytest.mark.parametrize("name", ["us-tariffs", "crisis", "steel-quotas"])
def test_scenarios_solve(name: str, tmp_path: Path) -> None:
    done = comity("solve", EXAMPLES / f"{name}.yaml", "--json", cache=tmp_path)
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert report["residual"] <= 1e-10
    assert len(report["economy"]) == 81
    if name == "steel-quotas":
        flows = report["quotas"]
        assert len(flows) > 1000
        # A limit of about half binds everywhere, and no licence is worth more than the gap between the two rates.
        assert {row["regime"] for row in flows} == {"at"}
        assert all(0 < row["rent_pct"] < 50 for row in flows)
        assert all(abs(row["quantity_pct"] - 53) < 1e-4 for row in flows)
    if name == "us-tariffs":
        own = next(row for row in report["economy"] if row["iso3"] == "USA")
        # A large importer's tariff brings revenue and better terms of trade; its neighbours pay.
        assert own["duties_usd_mn"] > 0
        assert all(row["gain_pct"] < 0 for row in report["economy"] if row["iso3"] in ("CAN", "MEX"))


def test_the_page_on_yerevan_prints_what_the_run_finds(kept: Path) -> None:
    """Each row of its tables that ends with a path of the results states that number, to its last printed digit."""
    done = comity("talks", "examples/yerevan-governments.yaml", "--json", cache=kept)
    assert done.returncode == 0, done.stderr
    results = json.loads(done.stdout)
    page = (ROOT / "docs" / "yerevan.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\|[^|]*\| *([+−]?[\d,.]+)[^|]*\| *`([^`]+)` *\|$", page, re.MULTILINE)
    assert len(rows) >= 30
    for printed, path in rows:
        digits = printed.replace(",", "").replace("−", "-")
        half = 0.5 * 10.0 ** -len(digits.partition(".")[2])
        assert part(results, path) == pytest.approx(float(digits), abs=half * (1 + 1e-9)), path
