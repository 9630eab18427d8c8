"""What the command line takes from its surroundings: cache folder, compiler's cache, terminal; the only reader of them."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from comity.errors import InputError


def cache_folder() -> Path:
    """Where results by content hash are kept: $COMITY_CACHE, else the user's cache folder."""
    own = os.environ.get("COMITY_CACHE")
    if own:
        return Path(own)
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "comity"


def processors() -> int:
    """Threads that solve unless the user names a number: the processors of this process, four at most."""
    return min(4, len(os.sched_getaffinity(0)))


def prepare_engine() -> None:
    """Before JAX is loaded: keep compiled programs in the user's cache, one after another, and stay on this machine's CPU.

    Linear algebra on one thread: scenarios share the processors, and small matrices gain nothing from more.
    """
    os.environ.setdefault("JAX_COMPILATION_CACHE_DIR", str(cache_folder() / "compiled"))
    os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0")
    os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES", "-1")
    os.environ.setdefault("JAX_PLATFORMS", "cpu")
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


def show_json(value: Any) -> None:
    """One JSON document on standard output."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=1) + "\n")


def part(value: Any, path: str | None) -> Any:
    """The part of results that a path names, `best.over_nothing.BLR`: keys, and in lists an id, a name or a position.

    InputError with what stands there when a word names nothing.
    """
    for word in path.split(".") if path else ():
        entries = value if isinstance(value, dict) else _by_name(value) if isinstance(value, list) else {}
        if word not in entries:
            there = ", ".join(list(entries)[:20]) or "nothing more below"
            raise InputError(f"--only {path}: there is no {word!r}; there is {there}")
        value = entries[word]
    return value


def _by_name(values: list[Any]) -> dict[str, Any]:
    named = {str(position): value for position, value in enumerate(values)}
    for key in ("iso3", "party", "name", "id"):
        named |= {str(value[key]): value for value in values if isinstance(value, dict) and key in value}
    return named


def closure_from(text: str | None, base: Any) -> Any:
    """The closure with words of `text` put in: factors (`specific`) and deficits (`with_trade`), in any order."""
    from dataclasses import replace

    from comity.vocabulary import DEFICITS, FACTORS

    factors, deficits = base.factors, base.deficits
    for word in (text or "").replace(",", " ").replace("/", " ").split():
        if word in FACTORS:
            factors = word
        elif word in DEFICITS:
            deficits = word
        else:
            raise InputError(f"--closure: {word!r} is none of {', '.join((*FACTORS, *DEFICITS))}")
    return replace(base, factors=factors, deficits=deficits)


@contextmanager
def progress(label: str) -> Iterator[Any]:
    """A bar on standard error with count and time left, where there is a terminal; gives `tell(done, total)`."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn(label), BarColumn(), MofNCompleteColumn(), TextColumn("equilibria, left"), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(label, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def table(title: str, columns: list[str], rows: list[list[str]]) -> None:
    """A table on standard output: the first column left, the others right."""
    from rich import box
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    shown = Table(title=escape(title), box=box.SIMPLE_HEAD, title_justify="left", title_style="bold")
    for position, name in enumerate(columns):
        shown.add_column(escape(name), justify="left" if position == 0 else "right")
    for row in rows:
        shown.add_row(*(escape(cell) for cell in row))
    console = Console()
    if not sys.stdout.isatty():
        console = Console(width=160)
    console.print(shown)
