"""The brief: one self-contained page, results.json and tidy CSV files, the same bytes for the same results."""

from __future__ import annotations

import base64
import hashlib
import importlib.metadata
import json
import os
import tempfile
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np

from comity.errors import ComityError, StorageError
from comity.report import deals, positions, sensitive, stakes, sure, treaty
from comity.report.figures import figures
from comity.report.files import csv_files, is_modified, sealed_json
from comity.report.layout import document, tiles
from comity.report.prose.headline import headline
from comity.report.story import Story
from comity.report.worldmap import shapes
from comity.store import Cache, code_digest, key

PAGE = "brief.html"
ASSETS = ("brief.css", "brief.html.j2", "world.json")
"""What the page is made of, beside code and results."""
FIGURES = (figures, deals.figures, sure.figures, positions.figures, sensitive.figures, stakes.figures, treaty.figures)
"""What draws the figures of the brief, by section."""
LONGEST_TEXT = 300
"""Longer names and reasons are cut in the page; results.json has them whole."""


def render(results: Mapping[str, Any]) -> dict[str, bytes]:
    """Every file of the brief by name: brief.html, results.json and the CSV files. Pure and deterministic.

    Raises InputError when the results are of another format.
    """
    story = Story(results)
    files = {PAGE: _page(Story(_displayable(results)), is_modified(results)).encode("utf-8")}
    return files | {"results.json": sealed_json(results)} | csv_files(story)


def rendered(results: Mapping[str, Any], cache: Cache) -> dict[str, bytes]:
    """`render`, or the same files as the cache has them: of these results, this code, its assets and what draws."""
    drawn_by = [f"{package} {_version(package)}" for package in ("jinja2", "markupsafe", "vl-convert-python")]
    name = key("brief", code_digest(), [_asset(one) for one in ASSETS], drawn_by, json.dumps(results, sort_keys=True))
    kept = cache.get(name)
    if kept is None:
        kept = {file: np.frombuffer(content, dtype=np.uint8) for file, content in render(results).items()}
        cache.put(name, kept)
    return {file: content.tobytes() for file, content in kept.items()}


def _version(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return "absent"


def brief(results: Any, folder: str | os.PathLike[str]) -> Path:
    """Write the brief of results (or of a run that holds them) into a folder; returns the path of the page.

    Each file replaces its forerunner only when it is complete. Raises StorageError when the folder cannot be written.
    """
    files = render(getattr(results, "results", results))
    target = Path(folder)
    try:
        target.mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            _replace(target / name, content)
    except OSError as error:
        raise StorageError(f"{target}: the brief cannot be written: {error.strerror or error}") from error
    return target / PAGE


def _replace(path: Path, content: bytes) -> None:
    """Write beside the target, then move over it: never half a file."""
    handle, beside = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".tmp")
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        os.chmod(beside, 0o644)
        os.replace(beside, path)
    except BaseException:
        Path(beside).unlink(missing_ok=True)
        raise


def _page(story: Story, modified: bool) -> str:
    try:
        import jinja2
    except ImportError as error:
        raise ComityError("the brief needs jinja2: install comity with the extra `brief`") from error
    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters["trusted"] = _trusted
    style = _asset("brief.css")
    return environment.from_string(_asset("brief.html.j2")).render(
        title=story.results["title"],
        style=_trusted(style),
        style_hash=base64.b64encode(hashlib.sha256(style.encode()).digest()).decode(),
        parties=[story.name(party) for party in story.parties],
        benchmark=story.results["benchmark"],
        version=story.results["manifest"]["comity"],
        headline=headline(story),
        tiles=tiles(story),
        sections=document(story, {name: svg for drawn in FIGURES for name, svg in drawn(story).items()}),
        shapes=shapes(),
        modified=modified,
    )


def _trusted(svg: str) -> Any:
    """Our own drawings go into the page as they are; their texts were escaped when they were drawn."""
    from markupsafe import Markup

    return Markup(svg)


def _asset(name: str) -> str:
    return resources.files("comity.report").joinpath(f"assets/{name}").read_text(encoding="utf-8")


def _displayable(value: Any) -> Any:
    """Results with texts fit for a page: no control or direction-changing characters, nothing endless."""
    if isinstance(value, Mapping):
        return {key: _displayable(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_displayable(item) for item in value]
    if isinstance(value, str):
        text = "".join(character if character.isprintable() else " " for character in value).replace(" %", "\u00a0%")
        return text if len(text) <= LONGEST_TEXT else text[: LONGEST_TEXT - 1] + "…"
    return value
