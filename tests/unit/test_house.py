"""The rules of the house that a machine can see."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def tracked() -> list[Path]:
    """Text files under version control, or all of them where there is no repository."""
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False).stdout.split("\n")
    paths = [ROOT / name for name in listed if name] or [p for p in ROOT.rglob("*") if ".venv" not in p.parts]
    kinds = {".py", ".sh", ".toml", ".txt", ".md", ".yaml", ".yml", ".cff", ".csv", ".json", ".css", ".js", ""}
    return [p for p in paths if p.is_file() and p.suffix in kinds and p.stat().st_size < 2_000_000]


def test_constraints_are_names_and_versions_only():
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    odd = [line for line in lines if not re.fullmatch(r"[A-Za-z0-9._-]+==[A-Za-z0-9.]+", line)]
    assert not odd
    pinned = {re.sub(r"[-_.]+", "-", line.split("==")[0]).lower() for line in lines}
    extras = PROJECT["project"]["optional-dependencies"]
    asked = {
        re.split(r"[<>=\[]", need)[0].lower() for need in [*PROJECT["project"]["dependencies"], *extras["brief"], *extras["dev"]]
    }
    assert {re.sub(r"[-_.]+", "-", name) for name in asked} <= pinned


def test_no_path_of_a_machine_and_no_index_in_any_file():
    machine = re.compile(r"(?<![\w.$}])/" + r"(work|root|farm|home|tmp)/\w")
    hosts = ["files.python" + "hosted", "pypi" + r"\.org", "registry" + r"\.npmjs", "deb" + r"\.debian"]
    index = re.compile("|".join(hosts))
    found = []
    for path in tracked():
        for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), 1):
            if machine.search(line) or index.search(line):
                found.append(f"{path.relative_to(ROOT)}:{number}: {line.strip()[:80]}")
    assert not found


def test_one_version():
    import comity

    citation = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert PROJECT["project"]["version"] == comity.__version__
    assert f"\nversion: {comity.__version__}\n" in citation
    assert f"## {comity.__version__}" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_decisions_are_numbered_without_gaps_and_say_what_was_refused():
    notes = sorted((ROOT / "docs" / "decisions").glob("*.md"))
    assert [int(note.name[:4]) for note in notes] == list(range(len(notes)))
    for note in notes:
        text = note.read_text(encoding="utf-8")
        assert text.startswith(f"# {note.name[:4]} · ")
        assert all(f"**{part}.**" in text for part in ("Context", "Choice", "Refused"))


def test_the_readme_links_to_files_that_exist():
    for source in (ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").glob("*.md")):
        for target in re.findall(r"\]\(([^)#:]+)\)", source.read_text(encoding="utf-8")):
            assert (source.parent / target).exists(), f"{source.name} links to {target}"


def test_every_test_that_the_page_on_faults_names_exists():
    page = (ROOT / "docs" / "faults.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`(test_\w+)`", page))
    written = {
        name for file in (ROOT / "tests").rglob("test_*.py") for name in re.findall(r"^def (test_\w+)", file.read_text(), re.M)
    }
    assert len(named) > 40
    assert not named - written


def test_importing_comity_loads_nothing_heavy():
    code = "import sys, comity; print([m for m in ('jax', 'xarray', 'pandas', 'pydantic', 'scipy') if m in sys.modules])"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT).stdout
    assert out.strip() == "[]"


def test_sizes_pass_here_and_fail_on_a_long_function(tmp_path: Path):
    tool = [sys.executable, str(ROOT / "tools" / "sizes.py")]
    here = subprocess.run(tool, capture_output=True, text=True, check=False)
    assert here.returncode == 0, here.stdout
    (tmp_path / "src").mkdir()
    body = "\n".join(f"    x = {i}" for i in range(90))
    (tmp_path / "src" / "long.py").write_text(f"def work():\n{body}\n", encoding="utf-8")
    planted = subprocess.run([*tool, str(tmp_path)], capture_output=True, text=True, check=False)
    assert planted.returncode == 1
    assert "src/long.py:1 work: 91 lines" in planted.stdout


PLANTS = {
    "a table in the engine": ("model/costs.py", "import pandas\n"),
    "a file in the engine": ("solve/root.py", "from pathlib import Path\n"),
    "an import that goes up": ("model/costs.py", "from comity.solve import root\n"),
    "a neighbour": ("model/costs.py", "import comity.data\n"),
    "a room without a floor": ("attic.py", "FLOOR = None\n"),
}


@pytest.mark.parametrize("plant", PLANTS)
def test_the_floors_contract_catches(plant: str, tmp_path: Path):
    """`make lint` runs the same contract on the sources as they are; here each way of breaking it turns it red."""
    place, line = PLANTS[plant]
    shutil.copytree(ROOT / "src", tmp_path / "src", ignore=shutil.ignore_patterns("*.npz", "__pycache__", "*.egg-info"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    target = tmp_path / "src" / "comity" / place
    old = target.read_text(encoding="utf-8") if target.exists() else ""
    head = "from __future__ import annotations\n"
    target.write_text(old.replace(head, f"{head}\n{line}") or line, encoding="utf-8")
    code = (
        "import sys; sys.path.insert(0, 'src'); from importlinter.cli import lint_imports as lint; sys.exit(lint(cache_dir=None))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "BROKEN" in done.stdout or "attic" in done.stdout
