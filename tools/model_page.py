"""The equations and the symbol table of docs/model.md, made from the docstrings of comity.model and from symbols.csv.

What stands between `<!-- begin NAME … -->` and `<!-- end NAME -->` is written by this tool, all else by hand. `--check` writes
nothing and fails where the page is not what the code says.
"""

from __future__ import annotations

import ast
import csv
import re
import sys
import unicodedata
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGE = "docs/model.md"
MODEL = "src/comity/model"
SYMBOLS = "src/comity/symbols.csv"

BEGIN = "<!-- begin {name}: made by tools/model_page.py -->"
END = "<!-- end {name} -->"


def symbols(root: Path = ROOT) -> list[dict[str, str]]:
    """The rows of symbols.csv."""
    return list(csv.DictReader((root / SYMBOLS).read_text(encoding="utf-8").splitlines()))


def functions(path: Path) -> Iterator[tuple[str, str]]:
    """Name and docstring of every public function of a module, in its order."""
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
            yield node.name, ast.get_docstring(node) or ""


def axes(row: dict[str, str]) -> str:
    """`country × sector`, or a number."""
    return " × ".join(row["axes"].split()) or "one number"


def pattern(letter: str) -> re.Pattern[str]:
    """Where a letter stands in a formula: a hatted or Greek one anywhere, a plain Latin one before what only formulas have."""
    plain = unicodedata.normalize("NFD", letter)
    if plain.isascii():
        return re.compile(r"(?<![\w\u0302{])" + re.escape(plain) + r"(?=[′_^)−]| [=+−Σ])")
    return re.compile(re.escape(plain) + (r"(?![\u0302^])" if "_" in plain else r"(?!\u0302)"))


def used(text: str, rows: list[dict[str, str]]) -> list[dict[str, str]]:
    """The symbols that stand in a docstring, in the order of symbols.csv; what is in code quotes does not count.

    Longer letters first, each taken out of the text: P̂_n is not P̂, γY not γ.
    """
    left = unicodedata.normalize("NFD", re.sub(r"`[^`]*`", " ", text))
    found = set()
    for letter in sorted({row["letter"] for row in rows} - {""}, key=len, reverse=True):
        shorter = pattern(letter).sub(" ", left)
        if shorter != left:
            found.add(letter)
            left = shorter
    return [row for row in rows if row["letter"] in found]


def entry(module: str, name: str, doc: str, rows: list[dict[str, str]]) -> list[str]:
    """One equation: its docstring, and what its symbols are."""
    lines = [f"### {name.replace('_', ' ').capitalize()}", "", f"`comity.model.{module}.{name}`", "", doc, ""]
    found = used(doc, rows)
    if found:
        lines += ["| symbol | name | axes | unit |", "|---|---|---|---|"]
        lines += [f"| {row['letter']} | `{row['name']}` | {axes(row)} | {row['unit']} |" for row in found]
        lines.append("")
    return lines


def block(name: str, root: Path = ROOT) -> str:
    """What stands between the marks of a name: the table of all symbols, or the equations of a module."""
    rows = symbols(root)
    if name == "symbols":
        head = ["| symbol | name | axes | unit | meaning | source |", "|---|---|---|---|---|---|"]
        cells = [(row["letter"], f"`{row['name']}`", axes(row), row["unit"], row["meaning"], row["source"]) for row in rows]
        return "\n".join([*head, *("| " + " | ".join(line) + " |" for line in cells)])
    path = root / MODEL / f"{name}.py"
    doc = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    lines = [doc, ""]
    for function, text in functions(path):
        lines += entry(name, function, text, rows)
    return "\n".join(lines).rstrip()


def names(page: str) -> list[str]:
    """The names that the page has marks for."""
    return re.findall(r"<!-- begin (\w+): made by", page)


def made(page: str, root: Path = ROOT) -> str:
    """The page with every block as the code has it now."""
    for name in names(page):
        begin, end = BEGIN.format(name=name), END.format(name=name)
        head, rest = page.split(begin, 1)
        page = head + begin + "\n\n" + block(name, root) + "\n\n" + end + rest.split(end, 1)[1]
    return page


def main(arguments: list[str]) -> int:
    """Write the page; with --check only say whether it is up to date."""
    path = ROOT / PAGE
    old = path.read_text(encoding="utf-8")
    new = made(old)
    if "--check" in arguments:
        print(f"{PAGE} is {'up to date' if new == old else 'not what the code says: run python tools/model_page.py'}")
        return int(new != old)
    path.write_text(new, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
