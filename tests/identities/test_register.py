"""The register: an equation of comity.model that no identity names is an equation that nobody tests."""

from __future__ import annotations

import ast
from pathlib import Path

HERE = Path(__file__).resolve().parent
MODEL = HERE.parents[1] / "src" / "comity" / "model"


def equations(folder: Path) -> set[str]:
    """module.function for every public function of the model."""
    found = set()
    for path in sorted(folder.glob("*.py")):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
                found.add(f"{path.stem}.{node.name}")
    return found


def named(folder: Path) -> set[str]:
    """module.function for every attribute that a test of this folder uses in code (comments and strings do not count)."""
    found = set()
    for path in sorted(folder.glob("test_*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                found.add(f"{node.value.id}.{node.attr}")
    return found


def test_every_equation_is_named_in_an_identity():
    assert equations(MODEL) - named(HERE) == set()


def test_the_register_notices_a_new_equation(tmp_path: Path):
    code = "def transport_margin(x):\n    return x\n\n\ndef _helper(x):\n    return x\n"
    (tmp_path / "costs.py").write_text(code, encoding="utf-8")
    assert equations(tmp_path) - named(HERE) == {"costs.transport_margin"}
