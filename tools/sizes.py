"""Sizes that keep a room liveable: prints what has grown past the house's measure and fails past its limit.

A function is counted without its docstring: explaining more is never a fault.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

MODULE, FUNCTION, ROOM = (300, 400), (40, 80), 8
"""Lines that read well and lines that fail the build, of a module and of a function; modules that read well in a room."""

ROOT = Path(__file__).resolve().parent.parent


def functions(tree: ast.AST) -> Iterator[tuple[str, int, int]]:
    """Name, first line and length (without the docstring) of every function."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            docstring = ast.get_docstring(node, clean=False) or ""
            length = (node.end_lineno or node.lineno) - node.lineno + 1 - (docstring.count("\n") + 1 if docstring else 0)
            yield node.name, node.lineno, length


def oversized(root: Path) -> Iterator[tuple[str, int, tuple[int, int]]]:
    """Place, size and (measure, limit) of whatever is larger than its measure in src, tests, tools and benchmarks."""
    for folder in ("src", "tests", "tools", "benchmarks"):
        for path in sorted((root / folder).rglob("*.py")):
            text, place = path.read_text(encoding="utf-8"), path.relative_to(root).as_posix()
            if (lines := text.count("\n")) > MODULE[0]:
                yield f"{place}: {lines} lines", lines, MODULE
            for name, line, length in functions(ast.parse(text)):
                if length > FUNCTION[0]:
                    yield f"{place}:{line} {name}: {length} lines", length, FUNCTION


def crowded(root: Path) -> Iterator[str]:
    """Rooms with more modules than read well; a hint, never a failure."""
    for room in sorted(path.parent for path in (root / "src").rglob("__init__.py")):
        modules = [path for path in room.glob("*.py") if path.name != "__init__.py"]
        if len(modules) > ROOM + 1:
            yield f"{room.relative_to(root).as_posix()}: {len(modules)} modules (about {ROOM} read well)"


def main(root: Path = ROOT) -> int:
    """Print the offenders, largest excess first; 1 when one of them is past its limit."""
    found = sorted(oversized(root), key=lambda item: -item[1] / item[2][1])
    for place, size, (measure, limit) in found:
        print(f"{'TOO LONG ' if size > limit else ''}{place} (about {measure} read well, {limit} is the limit)")
    for line in crowded(root):
        print(line)
    return int(any(size > limit for _, size, (_, limit) in found))


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT))
