"""The pieces that sections are made of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from comity.report.tables import Table


@dataclass(frozen=True)
class Block:
    """One piece of a section: `text`, `list`, `table`, `figure`, `pairs` or `code`."""

    kind: str
    content: Any
    caption: str = ""
    number: int = 0


def paragraph(sentences: Iterable[str]) -> list[Block]:
    """Sentences as one paragraph; nothing where there are none."""
    joined = " ".join(sentences)
    return [Block("text", joined)] if joined else []


def tabled(table: Table | None) -> list[Block]:
    """A table that has rows."""
    return [Block("table", table, table.caption)] if table and table.rows else []


def drawn(figures: Mapping[str, str], name: str, caption: str) -> list[Block]:
    """A figure that was drawn."""
    return [Block("figure", figures[name], caption)] if name in figures else []
