"""What the README says, runs."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_python_example_runs_and_is_short():
    (code,) = re.findall(r"```python\n(.*?)```", README, flags=re.S)
    assert len([line for line in code.splitlines() if line.strip()]) <= 10
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    gains = {line.split()[0]: float(line.split()[1]) for line in lines if re.fullmatch(r"[A-Z]{3}\s+-?[0-9.e-]+", line)}
    assert set(gains) == {"USA", "CHN", "MEX", "VNM"}
    assert gains["CHN"] < 0 < gains["MEX"]
    assert float(lines[-1]) <= 1e-10


def test_the_two_commands_are_targets_of_make():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in re.findall(r"^    make (\w+)", README, flags=re.M):
        assert re.search(rf"^{target}:", makefile, flags=re.M), target


def test_the_commands_of_the_table_exist():
    code = "import sys; from comity.cli import main; sys.argv[0] = 'comity'; main()"
    shown = subprocess.run([sys.executable, "-c", code, "--help"], capture_output=True, text=True, check=True, timeout=60).stdout
    known = set(re.findall(r"^[ │|]*([a-z]+)  ", shown, flags=re.M))
    named = set(re.findall(r"^\| `comity (\w+)", README, flags=re.M))
    assert named <= known
    assert {"talks", "solve", "verify", "reproduce"} <= named


def test_the_tree_that_contributing_shows_is_the_contract():
    import tomllib

    contract = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]["contracts"][0]
    shown = re.search(r"((?:    [a-z |]+\n)+)", (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8").split("neighbour:")[1])
    assert shown is not None
    assert [line.strip() for line in shown.group(1).splitlines()] == contract["layers"]
