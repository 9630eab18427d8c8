"""The world map of who gains and who loses: our own small SVG from simplified Natural Earth shapes."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from functools import cache
from html import escape
from importlib import resources
from typing import Any

from comity.report.palette import ABSENT, FONT, GAINS, INK, LOSSES, NEUTRAL
from comity.report.prose.numbers import MINUS, NBSP, signed, significant

CREDIT = "Boundaries: Natural Earth; no position is taken."
DOT = 7
LEGEND_HEIGHT = 92


@cache
def _world() -> Mapping[str, Any]:
    return json.loads(resources.files("comity.report").joinpath("assets/world.json").read_text(encoding="utf-8"))


def shapes() -> str:
    """The shapes of every economy once, to be placed in the page before any map uses them."""
    paths = "".join(f'<path id="land-{iso3}" d="{path}"/>' for iso3, path in _world()["paths"].items())
    borders = f'<path id="land-borders" d="{_world()["borders"]}"/>'
    return f'<svg class="defs" width="0" height="0" aria-hidden="true"><defs>{paths}{borders}</defs></svg>'


def breaks(values: Sequence[float]) -> tuple[float, float, float]:
    """Three round class limits, the same on both sides of zero, so that about a fifth of the values lie beyond the last."""
    sizes = sorted(abs(value) for value in values if value)
    if not sizes:
        return 0.01, 0.1, 1.0
    top = max(sizes[min(len(sizes) - 1, int(0.8 * len(sizes)))], 1e-6)
    scale = 10.0 ** math.floor(math.log10(top))
    step = max(step for step in (1, 2, 5) if step * scale <= top * (1 + 1e-9))
    return step * scale / 10, {1: 0.3, 2: 0.8, 5: 2.0}[step] * scale, step * scale


def colour(value: float | None, limits: tuple[float, float, float]) -> str:
    """Blue for gains, orange for losses, neutral for what is smaller than the first limit; grey where there is no figure."""
    if value is None:
        return ABSENT
    level = sum(abs(value) >= limit for limit in limits)
    if level == 0:
        return NEUTRAL
    return (GAINS if value > 0 else LOSSES[::-1])[level - 1]


def choropleth(
    values: Mapping[str, float], names: Mapping[str, str], outlined: Sequence[str], unit: str, description: str
) -> str:
    """A map of one figure by economy; `outlined` economies carry a dark line. Needs `shapes()` once in the page."""
    world = _world()
    limits = breaks([value for code, value in values.items() if code in world["paths"]])
    parts = [_land(code, values.get(code), names, limits, unit) for code in world["paths"]]
    parts.append('<use href="#land-borders" fill="none" stroke="#fff" stroke-width="0.9"/>')
    for code in outlined:
        if code in world["paths"]:
            for line, width in (("#fff", 6), (INK, 2.6)):
                parts.append(f'<use href="#land-{code}" fill="none" stroke="{line}" stroke-width="{width}"/>')
    for code, (x, y) in world["dots"].items():
        if code in values:
            parts.append(_dot(code, x, y, values[code], names, limits, unit, code in outlined))
    height = world["height"] + LEGEND_HEIGHT
    return (
        f'<svg class="map" role="img" aria-label="{escape(description)}" viewBox="0 0 {world["width"]} {height}">'
        f'{"".join(parts)}<g transform="translate(0,{world["height"]})">{_legend(limits, unit)}</g></svg>'
    )


def _land(code: str, value: float | None, names: Mapping[str, str], limits: tuple[float, float, float], unit: str) -> str:
    fill = colour(value, limits)
    title = "" if value is None else f"<title>{escape(_said(code, value, names, unit))}</title>"
    return f'<use href="#land-{code}" fill="{fill}" stroke="{fill}" stroke-width="0.5">{title}</use>'


def _dot(
    code: str, x: int, y: int, value: float, names: Mapping[str, str], limits: tuple[float, float, float], unit: str, bold: bool
) -> str:
    title = f"<title>{escape(_said(code, value, names, unit))}</title>"
    line = f'stroke="{INK}" stroke-width="{3 if bold else 1.2}"'
    return f'<circle cx="{x}" cy="{y}" r="{DOT}" fill="{colour(value, limits)}" {line}>{title}</circle>'


def _said(code: str, value: float, names: Mapping[str, str], unit: str) -> str:
    text = significant(value)
    return f"{names.get(code, code)}: {text if text.startswith(MINUS) or value == 0 else '+' + text}{NBSP}{unit}"


def _legend(limits: tuple[float, float, float], unit: str) -> str:
    """Seven classes with their limits, what grey means, and the note on boundaries."""
    colours = [*LOSSES, NEUTRAL, *GAINS]
    edges = [-limit for limit in limits[::-1]] + list(limits)
    decimals = max(0, -math.floor(math.log10(limits[0]) + 1e-9))
    wide, left = 118, 20
    parts = []
    for i, fill in enumerate(colours):
        box = f'x="{left + i * wide}" y="10" width="{wide - 3}" height="22"'
        parts.append(f'<rect {box} fill="{fill}" stroke="{ABSENT}" stroke-width="0.6"/>')
    for i, edge in enumerate(edges):
        parts.append(_text(left + (i + 1) * wide - 1.5, 62, signed(edge, decimals), "middle"))
    after = left + len(colours) * wide + 12
    parts.append(_text(after, 28, unit, "start"))
    parts.append(f'<rect x="{after + 330}" y="10" width="34" height="22" fill="{ABSENT}"/>')
    parts.append(_text(after + 376, 28, "not separate in the data", "start"))
    parts.append(_text(1985, 84, CREDIT, "end"))
    return "".join(parts)


def _text(x: float, y: float, text: str, anchor: str) -> str:
    return (
        f'<text x="{x:g}" y="{y:g}" text-anchor="{anchor}" font-family="{FONT}" font-size="25" fill="{INK}">{escape(text)}</text>'
    )
