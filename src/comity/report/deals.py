"""Figures of the sections on bargaining, counter-offers and escape clauses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from comity.report.figures import BAR, LABELS, WIDTH, Spec, framed, grouped, names_axis, to_svg, usd_axis
from comity.report.palette import GAINS, GRID, INK, MUTED, NEUTRAL, PARTIES
from comity.report.prose.fair import CONCEPTS
from comity.report.prose.numbers import significant
from comity.report.story import Story

SHORT = {
    "nash": "Nash",
    "egalitarian_pct": "equal gains in %",
    "egalitarian_usd": "equal gains in USD",
    "kalai_smorodinsky": "Kalai–Smorodinsky",
    "utilitarian": "largest sum, shared by payments",
}
DESCRIBED = "Gains of both parties on the frontier, USD mn a year"
SHAPES = ("diamond", "square", "triangle-up", "cross", "circle")
MARK = {"type": "point", "filled": True, "size": 130, "opacity": 1}
SAME_USD_MN = 0.05
"""Points that lie closer in both gains are one point with several names."""


def figures(story: Story) -> dict[str, str]:
    """Those that have something to show, by name."""
    specs: dict[str, Spec] = {}
    if story.results.get("bargaining") and agreed(story):
        specs["pareto"] = fair_shares(story)
    if story.results.get("counter_offers"):
        specs["trades"] = answers(story)
    if gives_way(story):
        specs["terms"] = depths(story)
    return {name: to_svg(spec, name) for name, spec in specs.items()}


# -- bargaining -------------------------------------------------------------------------------------


def agreed(story: Story) -> list[tuple[str, Mapping[str, Any]]]:
    """The ideas of a fair share that come to something, by short name."""
    found = story.results["bargaining"]
    return [(SHORT[key], found[key]) for key in CONCEPTS if found[key]]


def fair_shares(story: Story) -> Spec:
    """Two parties: the frontier and the points on it. Any other number: a bar a party for every idea of a fair share."""
    if len(story.parties) == 2:
        return _frontier(story)
    values = [
        {"idea": name, "who": story.name(party), "usd_mn": one["gain"][party]["ev_usd_mn"]}
        for name, one in agreed(story)
        for party in story.parties
    ]
    who, order = [story.name(party) for party in story.parties], [name for name, _ in agreed(story)]
    counted = ", as its government counts" if story.results.get("counting") == "governments" else ""
    title = f"expected gain over no package, USD mn a year{counted}"
    return grouped("Gain of each party by idea of a fair share, USD mn", values, "idea", order, who, title)


def _frontier(story: Story) -> Spec:
    """The frontier with the points on it; beside it, on scales of its own, what a payment makes of the largest sum."""
    named, paid = _named(story), _payment(story)
    rows = story.results["bargaining"]["frontier"]
    edge = [{key: row["gain"][party]["ev_usd_mn"] for key, party in _axes(story)} for row in rows]
    # One package alone says nothing of scale: no package stands beside it.
    dots = [{"x": 0.0, "y": 0.0}, *edge] if len(edge) == 1 else edge
    wide = WIDTH + LABELS - 70
    if not paid:
        spec = framed(DESCRIBED, [], height=260)
        return spec | _panel(story, dots, named, named, wide, line=edge)
    on_edge = [value for value in named if value["on_frontier"]]
    ends = [value for value in named if any(_same(value, end) for end in paid)]
    half = (wide - 120) / 2
    before = _panel(story, dots, on_edge, named, half, line=edge)
    after = _panel(story, paid[:1], ends, named, half, line=paid, dashed=True)
    titles = ("without payments", "with payments: the largest sum, shared")
    panels = [panel | {"title": _title(text)} for panel, text in zip((before, after), titles, strict=True)]
    spec = framed(DESCRIBED, [], hconcat=panels, spacing=40)
    del spec["width"], spec["data"]
    return spec


def _title(text: str) -> Spec:
    return {"text": text, "fontSize": 11, "anchor": "start", "color": INK}


def _axes(story: Story) -> tuple[tuple[str, str], tuple[str, str]]:
    one, two = story.parties
    return ("x", one), ("y", two)


def _panel(
    story: Story,
    dots: list[dict[str, float]],
    points: list[dict[str, Any]],
    named: list[dict[str, Any]],
    width: float,
    *,
    line: list[dict[str, float]],
    dashed: bool = False,
) -> Spec:
    """Grey dots, a line and the named `points` among all that are `named`, so that panels share one legend."""
    counted = ", as its government counts" if story.results.get("counting") == "governments" else ""
    every = [*dots, *points, *line]
    at = {
        key: _scaled(key, [value[key] for value in every], f"{story.name(party)}: USD mn a year{counted}")
        for key, party in _axes(story)
    }
    at["y"]["axis"] |= {"grid": True, "gridColor": GRID, "minExtent": 50, "maxExtent": 50}
    labels = [value["idea"] for value in named]
    idea = {"field": "idea", "type": "nominal", "sort": labels, "legend": {"columns": 2, "labelLimit": 0, "symbolSize": 90}}
    marks = {
        "color": idea | {"scale": {"domain": labels, "range": [PARTIES[k % len(PARTIES)] for k in range(len(labels))]}},
        "shape": idea | {"scale": {"domain": labels, "range": list(SHAPES[: len(labels)])}},
    }
    grey = {"type": "line", "color": MUTED, "strokeWidth": 1} | ({"strokeDash": [4, 3]} if dashed else {})
    layer = [
        {"data": {"values": line}, "mark": grey, "encoding": at | {"order": {"field": "x"}}},
        {"data": {"values": dots}, "mark": {"type": "circle", "size": 40, "color": MUTED, "opacity": 1}, "encoding": at},
        {
            "data": {"values": points},
            "mark": {"type": "point", "filled": True, "size": 130, "opacity": 1},
            "encoding": at | marks,
        },
    ]
    return {"width": width, "height": 260, "layer": layer}


def _same(one: Mapping[str, float], other: Mapping[str, float]) -> bool:
    return all(abs(one[key] - other[key]) < SAME_USD_MN for key in ("x", "y"))


def _named(story: Story) -> list[dict[str, Any]]:
    """The named points; those that lie on each other share a name. A point that payments have moved is on no frontier."""
    found: list[dict[str, Any]] = []
    for name, agreement in agreed(story):
        value = {key: agreement["gain"][party]["ev_usd_mn"] for key, party in _axes(story)}
        stays = all(abs(v) < SAME_USD_MN for v in agreement["transfer_usd_mn"].values())
        twin = next((other for other in found if _same(value, other)), None)
        if twin is None:
            found.append(value | {"idea": name, "on_frontier": stays})
        else:
            twin["idea"] += f"; {name}"
    return found


def _payment(story: Story) -> list[dict[str, float]]:
    """From the package with the largest sum to what payments make of it; nothing where none is paid."""
    shared = story.results["bargaining"]["utilitarian"]
    if not shared or all(abs(v) < SAME_USD_MN for v in shared["transfer_usd_mn"].values()):
        return []
    ends = []
    for paid in (0.0, 1.0):
        x, y = (shared["gain"][p]["ev_usd_mn"] - (1 - paid) * shared["transfer_usd_mn"][p] for p in story.parties)
        ends.append({"x": x, "y": y})
    return ends


def _scaled(field: str, values: list[float], title: str) -> Spec:
    """An axis around the values, a twelfth of their span left and right of them."""
    low, high = min(values), max(values)
    room = (high - low) / 12 or max(abs(high), 1.0) / 50
    return usd_axis(field, title) | {"scale": {"domain": [low - room, high + room], "nice": False, "zero": False}}


# -- counter-offers ---------------------------------------------------------------------------------


def answers(story: Story) -> Spec:
    """What each counter-offer changes for both sides; where none is found, what was asked for beside what can be had."""
    rows = story.results["counter_offers"]
    if not any(row["offers"] for row in rows):
        return _asked(story)
    offers = [(answer_name(story, row, k), offer) for row in rows for k, offer in enumerate(row["offers"], start=1)]
    values = [
        {"offer": name, "who": story.name(party), "usd_mn": offer["over_paper_usd_mn"][party]}
        for name, offer in offers
        for party in story.parties
    ]
    who = [story.name(party) for party in story.parties]
    title = "gain over the full list, USD mn a year (left of zero: a loss against it)"
    return grouped("Gain over the full list by counter-offer, USD mn", values, "offer", [name for name, _ in offers], who, title)


def answer_name(story: Story, row: Mapping[str, Any], place: int) -> str:
    """`Belarus 1: P3 dropped`."""
    lines = [
        f"{story.tag(key)} {'dropped' if 1 + value < 5e-4 else f'at {significant(100 * (1 + value))} %'}"
        for key, value in row["offers"][place - 1]["change"].items()
    ]
    return f"{story.name(row['by'])} {place}: {', '.join(lines)}"


def _asked(story: Story) -> Spec:
    kinds = (("the most that it can gain", "most_over_paper_usd_mn"), ("what it would ask for", "margin_usd_mn"))
    rows = story.results["counter_offers"]
    values = [{"party": story.name(row["by"]), "who": kind, "usd_mn": row[key] or 0.0} for row in rows for kind, key in kinds]
    title = "gain over the full list, USD mn a year"
    described = "What each party would ask for and what it can gain over the full list, USD mn"
    return grouped(described, values, "party", [story.name(row["by"]) for row in rows], [kind for kind, _ in kinds], title)


# -- escape clauses ---------------------------------------------------------------------------------


def gives_way(story: Story) -> bool:
    """Whether the package stands lower in some state of the world than in full."""
    found = story.results.get("escape")
    return bool(found) and story.helps and any(depth < 1 for depth in found["depth"].values())


def depths(story: Story) -> Spec:
    """How far each proposal of the package stands in each state of the world, per cent of what was agreed."""
    found = story.results["escape"]["intensity"]
    chosen = [p["id"] for p in story.proposals if p["id"] in story.best["proposals"]]
    values = [
        {
            "state": crisis["name"],
            "proposal": story.tag(key),
            "part": 100 * found[crisis["id"]][key],
            "label": significant(100 * found[crisis["id"]][key], 2),
        }
        for crisis in story.results["crises"]
        for key in chosen
    ]
    x = {
        "field": "proposal",
        "type": "nominal",
        "sort": [story.tag(key) for key in chosen],
        "title": "proposal",
        "axis": {"labelAngle": 0},
    }
    y = names_axis("state", [crisis["name"] for crisis in story.results["crises"]])
    scale = {"domain": [0, 100], "range": [NEUTRAL, GAINS[0], GAINS[1]]}
    color = {
        "field": "part",
        "type": "quantitative",
        "scale": scale,
        "legend": {"title": "% of what was agreed", "titleColor": INK},
    }
    return framed(
        "Part of each proposal that stands, by state of the world, per cent",
        values,
        height={"step": 2 * BAR},
        layer=[
            {"mark": {"type": "rect"}, "encoding": {"x": x, "y": y, "color": color}},
            {"mark": {"type": "text"}, "encoding": {"x": x, "y": y, "text": {"field": "label"}}},
        ],
    )
