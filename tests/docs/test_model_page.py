"""The page of the model: it is what the code says, and the code says of every equation what it is and where it is from."""

from __future__ import annotations

import ast
import importlib.util
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MODEL = ROOT / "src" / "comity" / "model"


@pytest.fixture(scope="module")
def tool():
    spec = importlib.util.spec_from_file_location("model_page", ROOT / "tools" / "model_page.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def page() -> str:
    return (ROOT / "docs" / "model.md").read_text(encoding="utf-8")


def test_the_page_is_what_the_code_says(tool, page: str):
    """Else: python tools/model_page.py"""
    assert tool.made(page) == page


def test_it_has_every_equation_and_every_symbol(tool, page: str):
    modules = {path.stem for path in MODEL.glob("*.py")} - {"__init__", "arrays"}
    assert set(tool.names(page)) == modules | {"symbols"}
    for module in modules:
        for name, _ in tool.functions(MODEL / f"{module}.py"):
            assert f"`comity.model.{module}.{name}`" in page
    for row in tool.symbols():
        assert f"| `{row['name']}` |" in page


def test_it_notices_a_changed_equation(tool, page: str, tmp_path: Path):
    for part in (tool.MODEL, "src/comity"):
        (tmp_path / part).mkdir(parents=True, exist_ok=True)
    (tmp_path / tool.SYMBOLS).write_text((ROOT / tool.SYMBOLS).read_text(encoding="utf-8"), encoding="utf-8")
    for path in MODEL.glob("*.py"):
        text = path.read_text(encoding="utf-8").replace("ĉ = [γ v̂^{1−η}", "ĉ = [γ v̂^{η}")
        (tmp_path / tool.MODEL / path.name).write_text(text, encoding="utf-8")
    assert tool.made(page, tmp_path) != page


def test_letters_of_a_formula_are_found_and_words_are_not(tool):
    def letters(text: str) -> list[str]:
        return [row["letter"] for row in tool.used(text, tool.symbols())]

    assert letters("a share a of a good, I think, in T terms, `t` in code") == []
    assert set(letters("P̂_n = [Σ_j a_n^j (P̂_n^j)^{1−σ}]^{1/(1−σ)}")) == {"P̂_n", "P̂", "a", "σ"}
    assert set(letters("Σ_j λγ′Y′ = ŵ L̂ wL")) == {"λ", "γ", "Y′", "ŵ", "L̂"}


PLUMBING = {"market.pack", "market.unpack"}
"""No equations: they put unknowns side by side."""


def docstrings() -> list[tuple[str, str]]:
    found = []
    for path in sorted(MODEL.glob("*.py")):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
                found.append((f"{path.stem}.{node.name}", ast.get_docstring(node) or ""))
    return found


WANTED = {
    "a formula": r"[=Σ^−∂/]|ln [^ ]",
    "a source: paper and number, number of the equation, or that it is ours": r"eqs?\. \d|\(.*(19|20)\d\d.*\)|\bours\b|model\.md",
    "its axes": r"country|sector|importer|owner|…",
}


@pytest.mark.parametrize("what", WANTED)
def test_every_equation_states(what: str):
    assert [name for name, text in docstrings() if name not in PLUMBING and not re.search(WANTED[what], text)] == []
