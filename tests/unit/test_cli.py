"""The command line as a user meets it: what it says, what it writes, how it leaves."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from importlib import resources
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from comity.cli.commands import after_run
from comity.talks.talks import Talks
from surroundings import as_users_have

ROOT = Path(__file__).parents[2]

TALKS = """
title: Two neighbours
parties: [BLR, KAZ]
union: EAEU
crises:
  - name: Slump
    probability: 20%
    shocks: [{trade_cost: {importer: all, exporter: all, sector: goods, change: 5%}}]
proposals:
  - name: Food
    by: BLR
    conceded_by: KAZ
    changes: [{trade_cost: {importer: KAZ, exporter: BLR, sector: C10T12, change: -8%}}]
  - name: Crops
    by: KAZ
    conceded_by: BLR
    changes: [{trade_cost: {importer: BLR, exporter: KAZ, sector: A01, change: -8%}}]
"""


def comity(*words: str | Path, cache: Path, cwd: Path | None = None, **env: str) -> subprocess.CompletedProcess[str]:
    surroundings = {**as_users_have(cache), **env}
    command = [sys.executable, "-c", "from comity.cli import main; main()", *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, cwd=cwd, env=surroundings, timeout=600)


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="module")
def talks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("talks") / "neighbours.yaml"
    file.write_text(TALKS)
    return file


@pytest.fixture(scope="module")
def first(cache: Path, talks: Path) -> subprocess.CompletedProcess[str]:
    """The run that finds nothing kept; later ones with the same cache read it."""
    done = comity("talks", talks, "--json", cache=cache)
    assert done.returncode == 0, done.stderr
    return done


@pytest.fixture(scope="module")
def kept(cache: Path, first: subprocess.CompletedProcess[str]) -> Path:
    """The cache after the first run, whichever test comes first."""
    assert first.returncode == 0
    return cache


def test_help_loads_neither_the_engine_nor_labels_nor_charts(cache: Path) -> None:
    script = (
        "import sys; sys.argv = ['comity', '--help']\n"
        "from comity.cli import main\n"
        "try: main()\n"
        "finally: print(sorted({'jax', 'numpy', 'xarray', 'pandas', 'pydantic'} & set(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.returncode == 0
    assert "talks" in done.stdout
    assert done.stderr.strip() == "[]"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("talks", "missing.yaml"), "missing.yaml"),
        (("solve", "missing.yaml"), "missing.yaml"),
        (("relations", "BLR", "KAZZ"), "KAZ"),
        (("relations", "BLR", "EAEU"), "group"),
        (("reproduce", "caliendo-parro-2015"), "data"),
        (("reproduce", "ossa-2014"), "caliendo-parro-2015"),
        (("brief", "nowhere"), "comity talks"),
        (("nonsense",), "nonsense"),
        (("data", "info", "world-2023"), "world-2022"),
    ],
)
def test_wrong_input_leaves_with_two_and_says_what_to_do(words: tuple[str, ...], said: str, cache: Path, tmp_path: Path) -> None:
    done = comity(*words, cache=cache, cwd=tmp_path)
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_a_scenario_that_changes_nothing_says_so(cache: Path, tmp_path: Path) -> None:
    file = tmp_path / "quiet.yaml"
    file.write_text("title: quiet\nchanges:\n  - tariff: {importer: BLR, exporter: KAZ, sector: C10T12, rate: 0%}\n")
    done = comity("solve", file, cache=cache)
    assert done.returncode == 0
    assert "nothing changes" in done.stdout
    plain = json.loads(comity("solve", file, "--json", cache=cache).stdout)
    assert plain["nothing_changes"] is True
    assert max(abs(row["gain_pct"]) for row in plain["economy"]) <= 1e-10


def test_no_equilibrium_leaves_with_three_and_names_the_economy(cache: Path, tmp_path: Path) -> None:
    file = tmp_path / "autarky.yaml"
    file.write_text("changes:\n  - trade_cost: {importer: all, exporter: all, sector: all, change: 900%}\n")
    done = comity("solve", file, "--closure", "mobile,fixed", cache=cache)
    assert done.returncode == 3
    assert "with_trade" in done.stderr
    assert "no equilibrium" in done.stderr
    assert done.stdout == ""


def test_views_of_a_solve_agree_with_each_other(cache: Path) -> None:
    file = ROOT / "examples" / "us-tariffs.yaml"
    by = {
        view: json.loads(comity("solve", file, "--by", view, "--of", "USA", "--json", cache=cache).stdout)
        for view in ("sector", "partner")
    }
    for side in ("exports_usd_mn", "imports_usd_mn"):
        sectors, partners = (sum(row[side] for row in by[view][view]) for view in ("sector", "partner"))
        assert sectors == pytest.approx(partners, rel=1e-6)
        assert sectors < 0


def test_an_unknown_word_in_a_talks_file_is_told_with_its_line(cache: Path, tmp_path: Path) -> None:
    talks = tmp_path / "neighbours.yaml"
    talks.write_text(TALKS.replace("conceded_by: KAZ", "conceeded_by: KAZ"))
    for command in ("talks", "check"):
        done = comity(command, talks, cache=cache)
        assert done.returncode == 2
        assert "neighbours.yaml:" in done.stderr
        assert "conceded_by" in done.stderr


def test_a_fault_of_ours_leaves_with_one(cache: Path) -> None:
    script = "import comity.cli.commands as m; m.setting.show_json = None; m.main()"
    command = [sys.executable, "-c", script, "data", "info", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "COMITY_CACHE": str(cache)})
    assert done.returncode == 1
    assert "a fault of comity itself" in done.stderr


def run_talks(talks: Path, cache: Path, **env: str) -> dict[str, Any]:
    done = comity("talks", talks, "--json", cache=cache, **env)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_output_does_not_depend_on_threads_workers_locale_zone_or_folder(
    cache: Path, talks: Path, tmp_path: Path, first: subprocess.CompletedProcess[str]
) -> None:
    """Each with an empty cache of results, so that everything is computed again."""
    other_place = tmp_path / "Übung ә"
    other_place.mkdir()
    one_thread = {"XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false", "OMP_NUM_THREADS": "1"}
    for position, (workers, cwd, around) in enumerate(
        [
            ("4", other_place, {"LC_ALL": "de_DE.UTF-8", "LANG": "de_DE.UTF-8", "TZ": "Asia/Almaty"}),
            ("1", None, {**one_thread, "LC_ALL": "C", "LANG": "C"}),
        ]
    ):
        again = comity("talks", talks, "--json", "--workers", workers, cache=tmp_path / f"{position}", cwd=cwd, **around)
        assert again.returncode == 0, again.stderr
        assert again.stdout == first.stdout


def test_a_run_folder_holds_brief_results_tables_and_manifest(kept: Path, talks: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    done = comity("talks", talks, "--out", out, cache=kept)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == str(out / "brief.html")
    names = {path.name for path in out.iterdir()}
    assert {"brief.html", "results.json", "manifest.json", "packages.csv"} <= names
    before = {name: (out / name).read_bytes() for name in names}
    assert comity("brief", out, cache=kept).returncode == 0
    assert {name: (out / name).read_bytes() for name in names} == before


def test_results_changed_by_hand_are_stamped(kept: Path, talks: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert comity("talks", talks, "--out", out, cache=kept).returncode == 0
    whole = (out / "results.json").read_text()
    assert "odified" not in (out / "brief.html").read_text()
    (out / "results.json").write_text(whole.replace("Two neighbours", "Two friends"))
    done = comity("brief", out, cache=kept)
    assert done.returncode == 2 or "odified" in (out / "brief.html").read_text()


def test_an_interrupted_run_leaves_with_four_and_goes_on_where_it_was(cache: Path, tmp_path: Path) -> None:
    own = tmp_path / "cache"
    environment = as_users_have(own)
    file = ROOT / "examples" / "yerevan.yaml"
    command = [
        sys.executable,
        "-c",
        "from comity.cli import main; main()",
        "talks",
        str(file),
        "--out",
        str(tmp_path / "out"),
        "--workers",
        "1",
    ]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 300
    while time.monotonic() < deadline and process.poll() is None and len(list(own.glob("??/*.npz"))) < 3:
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=120)
    assert process.returncode == 4, said
    assert "reused" in said
    assert not (tmp_path / "out").exists()
    kept = len(list(own.glob("??/*.npz")))
    assert kept >= 3


KILLED_TALKS = """
import sys
from pathlib import Path
from comity.talks.talks import Talks
run = Talks.from_yaml(sys.argv[1]).run(cache=Path(sys.argv[2]), workers=1)
print(run.solves)
"""


def test_a_killed_run_is_resumed_and_a_finished_one_is_read(
    cache: Path, talks: Path, tmp_path: Path, first: subprocess.CompletedProcess[str]
) -> None:
    own = tmp_path / "cache"
    environment = as_users_have(own)
    command = [sys.executable, "-c", KILLED_TALKS, str(talks), str(own)]

    def finish() -> int:
        return int(subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout)

    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
    deadline = time.monotonic() + 300
    while time.monotonic() < deadline and process.poll() is None and not list(own.glob("??/*.npz")):
        time.sleep(0.002)
    process.kill()
    process.wait()
    assert list(own.glob("??/*.npz"))
    resumed = finish()
    assert finish() == 0
    (whole,) = re.findall(r"^([\d,]+) equilibria solved", first.stderr, re.MULTILINE)
    assert 0 < resumed < int(whole.replace(",", ""))


PARTS = (
    *("bargaining", "shapley", "concessions", "counter_offers", "trust", "escape", "ladder", "positions", "stakes", "sensitive"),
    *("law", "legal", "budget", "sensitivity", "governments", "counting", "not_touched", "relations", "manifest"),
)


def test_results_of_a_run_hold_every_part_and_follow_their_schema(kept: Path, talks: Path) -> None:
    whole = run_talks(talks, kept)
    assert set(PARTS) <= set(whole)
    schema = json.loads(resources.files("comity.report").joinpath("assets/results.schema.json").read_text(encoding="utf-8"))
    jsonschema.validate(whole, schema)
    for part in ("bargaining", "shapley", "concessions", "counter_offers", "trust", "escape", "positions", "legal", "sensitive"):
        assert whole[part]
    manifest = whole["manifest"]
    assert manifest["solves"] == 2 * 2**2
    # Twice two states of the variants and of the package itself, and the union's version: each proposal alone, and the package.
    variants = len(whole["sensitivity"]["variants"])
    openings = manifest["equilibria"] - (2 * 2**2 + 2 * 2 * variants + 2 * 2 + 2 * 3)
    assert openings >= len(whole["sensitive"]["openings"])
    assert openings % len(whole["sensitive"]["openings"]) == 0


def test_what_a_run_takes_is_told_on_the_side_and_in_no_result(kept: Path, talks: Path, tmp_path: Path) -> None:
    run_talks(talks, kept)
    done = comity("talks", talks, "--json", cache=kept)
    assert "8 equilibria of packages, about" in done.stderr
    assert "the first time on this machine" in done.stderr
    assert "everything was kept from an earlier run: read in" in done.stderr
    assert "seconds" not in done.stdout
    assert after_run(1500, 30.0) == "1,500 equilibria solved in 30 s, 20 ms each with all that belongs to it"


def test_an_estimate_counts_more_than_the_table_and_what_is_compiled_first() -> None:
    few, more = (Talks.from_yaml(text).estimate(2) for text in (TALKS, TALKS.replace("union: EAEU\n", "")))
    assert few.table == more.table == 8
    assert few.equilibria - more.equilibria == 2 * 3
    assert few.equilibria > 3 * few.table
    assert few.minutes_first > few.minutes + 1


def test_only_prints_one_part_and_names_what_there_is(kept: Path, talks: Path) -> None:
    whole = run_talks(talks, kept)
    economy = whole["parties"][0]["iso3"]
    done = comity("talks", talks, "--json", "--only", f"best.over_nothing.{economy}", cache=kept)
    assert json.loads(done.stdout) == whole["best"]["over_nothing"][economy]
    assert json.loads(comity("talks", talks, "--json", "--only", "packages.nothing", cache=kept).stdout) == whole["packages"][0]
    wrong = comity("talks", talks, "--json", "--only", "best.over_everything", cache=kept)
    assert wrong.returncode == 2
    assert "over_nothing" in wrong.stderr
    assert comity("talks", talks, "--only", "best", cache=kept).returncode == 2
