"""Build report/assets/world.json: the world map of the brief, simplified from Natural Earth 50m.

Input: countries-50m.json of the npm package world-atlas 2.0.2 (Natural Earth 1:50m admin-0, public domain):
    npm pack world-atlas@2.0.2 && tar xzf world-atlas-2.0.2.tgz
    python tools/build_map.py --topology package/countries-50m.json
Borders are simplified once for both neighbours, so that none opens or overlaps. The projection is Equal Earth
(Savric, Patterson and Jenny 2018), centred on 11 degrees east, so that the
map's edge passes between Asia and America.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import json
import math
from collections import Counter
from itertools import pairwise
from pathlib import Path

SHA256 = "04342cdc1e3016bcd7db1630de95684d67b79fe3c8c460321e87aef469502394"
SOURCES = Path(__file__).resolve().parents[1] / "src" / "comity"
COUNTRIES = SOURCES / "countries.csv"
TARGET = SOURCES / "report" / "assets" / "world.json"
WIDTH = 2000
CENTRE = 11.0
SMALLEST_BEND = 1.6
"""Points whose triangle with their neighbours is smaller than this (square units of the map) are dropped."""
SMALLEST_ISLAND = 7.0
SMALLEST_SHAPE = 45.0
"""An economy smaller than this on the map is drawn as a dot."""
ANTARCTICA = "010"
REST = "rest"

Point = tuple[float, float]


def equal_earth(longitude: float, latitude: float) -> Point:
    """Projected x, y on the unit sphere; Savric, Patterson and Jenny (2018), equation 8."""
    a1, a2, a3, a4 = 1.340264, -0.081106, 0.000893, 0.003796
    t = math.asin(math.sqrt(3) / 2 * math.sin(math.radians(latitude)))
    slope = 9 * a4 * t**8 + 7 * a3 * t**6 + 3 * a2 * t**2 + a1
    x = 2 * math.sqrt(3) * math.radians(longitude) * math.cos(t) / (3 * slope)
    return x, a4 * t**9 + a3 * t**7 + a2 * t**3 + a1 * t


SCALE = WIDTH / (2 * equal_earth(180, 0)[0])
TOP = equal_earth(0, 84)[1]
BOTTOM = equal_earth(0, -57)[1]
HEIGHT = round((TOP - BOTTOM) * SCALE)


def on_map(longitude: float, latitude: float) -> Point:
    x, y = equal_earth(longitude - CENTRE, latitude)
    return WIDTH / 2 + x * SCALE, (TOP - y) * SCALE


def decoded(topology: dict) -> list[list[Point]]:
    """Arcs as longitude and latitude."""
    (sx, sy), (tx, ty) = topology["transform"]["scale"], topology["transform"]["translate"]
    arcs = []
    for arc in topology["arcs"]:
        x = y = 0
        points = []
        for dx, dy in arc:
            x, y = x + dx, y + dy
            points.append((x * sx + tx, y * sy + ty))
        arcs.append(points)
    return arcs


def simplified(points: list[Point]) -> list[Point]:
    """Visvalingam and Whyatt (1993): drop the least bend until every one left is large enough; ends stay."""
    kept = list(points)
    flat = [on_map(*point) for point in kept]

    def bend(i: int) -> float:
        (ax, ay), (bx, by), (cx, cy) = flat[i - 1], flat[i], flat[i + 1]
        return abs((bx - ax) * (cy - ay) - (cx - ax) * (by - ay)) / 2

    bends = [math.inf, *(bend(i) for i in range(1, len(flat) - 1)), math.inf]
    least = 4 if kept[0] == kept[-1] else 2
    while len(kept) > least:
        i = min(range(len(bends)), key=bends.__getitem__)
        if bends[i] > SMALLEST_BEND:
            break
        floor = bends[i]
        del kept[i], flat[i], bends[i]
        for neighbour in (i - 1, i):
            if 0 < neighbour < len(kept) - 1:
                bends[neighbour] = max(floor, bend(neighbour))
    return kept


def ring(indices: list[int], arcs: list[list[Point]]) -> list[Point]:
    points: list[Point] = []
    for index in indices:
        arc = arcs[index] if index >= 0 else arcs[~index][::-1]
        points.extend(arc[1:] if points else arc)
    return points


def unwrapped(points: list[Point]) -> list[Point]:
    """Points without a jump at 180 degrees; what lies mostly beyond an edge of the map moves to the other end as a whole."""
    longitudes = [points[0][0]]
    for longitude, _ in points[1:]:
        longitudes.append(longitude - 360 * round((longitude - longitudes[-1]) / 360))
    shift = -360 * round((sum(longitudes) / len(longitudes) - CENTRE) / 360)
    return [(longitude + shift, latitude) for longitude, (_, latitude) in zip(longitudes, points, strict=True)]


def area(points: list[Point]) -> float:
    return sum(ax * by - bx * ay for (ax, ay), (bx, by) in pairwise(points)) / 2


def path(points: list[Point], close: bool) -> str:
    """Relative SVG commands in whole units; repeated points are skipped."""
    x, y = round(points[0][0]), round(points[0][1])
    parts = [f"M{x},{y}"]
    for px, py in points[1:]:
        dx, dy = round(px) - x, round(py) - y
        if dx or dy:
            parts.append(f"l{dx},{dy}")
            x, y = x + dx, y + dy
    return "".join(parts) + ("z" if close else "")


def shape_rings(geometry: dict, arcs: list[list[Point]]) -> list[list[Point]]:
    polygons = {"Polygon": [geometry.get("arcs")], "MultiPolygon": geometry.get("arcs")}.get(geometry["type"], [])
    return [[on_map(*p) for p in unwrapped(ring(indices, arcs))] for polygon in polygons or [] for indices in polygon or []]


def centroid(points: list[Point]) -> list[int]:
    return [round(sum(p[axis] for p in points) / len(points)) for axis in (0, 1)]


def borders(geometries: list[dict], arcs: list[list[Point]]) -> str:
    """Arcs that two shapes share."""
    uses: Counter[int] = Counter()
    for geometry in geometries:
        polygons = [geometry["arcs"]] if geometry["type"] == "Polygon" else geometry.get("arcs", [])
        uses.update(index if index >= 0 else ~index for polygon in polygons for indices in polygon for index in indices)
    shared = [arcs[index] for index, count in sorted(uses.items()) if count > 1]
    return "".join(path([on_map(*point) for point in unwrapped(arc)], close=False) for arc in shared)


def build(topology: dict, codes: dict[str, str]) -> dict:
    """Paths by ISO 3166-1 alpha-3; shapes without a code go into one path named `rest`."""
    geometries = [g for g in topology["objects"]["countries"]["geometries"] if g.get("id") != ANTARCTICA]
    arcs = [simplified(unwrapped(arc)) for arc in decoded(topology)]
    rings: dict[str, list[list[Point]]] = {}
    for geometry in geometries:
        rings.setdefault(codes.get(geometry.get("id", ""), REST), []).extend(shape_rings(geometry, arcs))
    paths, dots = {}, {}
    for iso3, shapes in sorted(rings.items()):
        largest = max(shapes, key=lambda points: abs(area(points)))
        drawn = [points for points in shapes if abs(area(points)) >= SMALLEST_ISLAND or points is largest]
        paths[iso3] = "".join(path(points, close=True) for points in drawn)
        if iso3 != REST and sum(abs(area(points)) for points in drawn) < SMALLEST_SHAPE:
            dots[iso3] = centroid(largest)
    return {
        "provenance": {
            "source": "Natural Earth 1:50m admin-0 countries (public domain), from the npm package world-atlas 2.0.2",
            "sha256": SHA256,
            "built_by": "tools/build_map.py",
            "projection": "Equal Earth, centred on 11 degrees east",
        },
        "width": WIDTH,
        "height": HEIGHT,
        "paths": paths,
        "dots": dots,
        "borders": borders(geometries, arcs),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--topology", type=Path, required=True, help="countries-50m.json of world-atlas 2.0.2")
    parser.add_argument("--target", type=Path, default=TARGET)
    options = parser.parse_args()
    raw = options.topology.read_bytes()
    found = hashlib.sha256(raw).hexdigest()
    if found != SHA256:
        raise SystemExit(f"{options.topology}: SHA-256 {found}, expected {SHA256} (world-atlas 2.0.2)")
    with COUNTRIES.open(encoding="utf-8", newline="") as table:
        codes = {row["numeric"]: row["iso3"] for row in csv.DictReader(table)}
    world = build(json.loads(raw), codes)
    options.target.parent.mkdir(parents=True, exist_ok=True)
    options.target.write_text(json.dumps(world, separators=(",", ":"), sort_keys=True) + "\n", encoding="utf-8")
    print(
        f"{options.target.name}: {options.target.stat().st_size} bytes, {len(world['paths'])} shapes, {len(world['dots'])} dots"
    )


if __name__ == "__main__":
    main()
