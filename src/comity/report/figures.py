"""Figures of the brief: Vega-Lite specifications as plain dictionaries, drawn to SVG without any outside request."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping, Sequence
from typing import Any

from comity.errors import ComityError
from comity.report.palette import FONT, GAIN, GRID, INK, LOSS, MUTED, PARTIES
from comity.report.prose.numbers import NOTHING_USD_MN, decimals_for, signed, significant
from comity.report.story import NOTHING, Story

VEGA_LITE = "5.21"
WIDTH = 530
BAR = 13
LABELS = 250
"""Room for the names on the left, fixed so that no figure depends on the fonts of a machine."""

Spec = dict[str, Any]


def to_svg(spec: Spec, prefix: str) -> str:
    """The figure as inline SVG; ids are renamed after `prefix`, so that the same figure is the same text every time."""
    try:
        import vl_convert
    except ImportError as error:
        raise ComityError("figures need vl-convert: install comity with the extra `brief`") from error
    svg = normalised(vl_convert.vegalite_to_svg(spec, vl_version=VEGA_LITE, allowed_base_urls=[]), prefix)
    return svg.replace("<svg ", f'<svg role="img" aria-label="{html.escape(spec["description"])}" ', 1)


def normalised(svg: str, prefix: str) -> str:
    """Ids renumbered in order of appearance, inline styles dropped, size left to the page."""
    names: dict[str, str] = {}
    for old in re.findall(r'\bid="([^"]+)"', svg):
        names.setdefault(old, f"{prefix}-{len(names) + 1}")
    for old, new in names.items():
        svg = re.sub(rf'\bid="{re.escape(old)}"', f'id="{new}"', svg)
        svg = svg.replace(f"url(#{old})", f"url(#{new})").replace(f'href="#{old}"', f'href="#{new}"')
    svg = re.sub(r'\sstyle="[^"]*"', "", svg)
    svg = re.sub(r"<[^>]*>", lambda tag: re.sub(r"-?\d+\.\d{3,}", _short, tag[0]), svg)
    return re.sub(r'^<svg ([^>]*?)\swidth="[^"]*" height="[^"]*"', r"<svg \1", svg, count=1)


def _short(number: re.Match[str]) -> str:
    """A coordinate to a hundredth of a point; what a reader sees is text and stays."""
    return f"{float(number[0]):.2f}".rstrip("0").rstrip(".")


def framed(description: str, values: Sequence[Mapping[str, Any]], **spec: Any) -> Spec:
    """A figure in the style of the brief; `spec` adds to it and replaces."""
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
        "description": description,
        "data": {"values": list(values)},
        "width": WIDTH,
        "background": None,
        "padding": {"left": 4, "right": 16, "top": 4, "bottom": 4},
        "autosize": {"type": "pad", "contains": "content"},
        "config": {
            "font": FONT,
            "aria": False,
            "scale": {"bandPaddingInner": 0.22, "bandPaddingOuter": 0.1},
            "view": {"stroke": None},
            "axis": {"labelColor": INK, "titleColor": INK, "labelFontSize": 11, "titleFontSize": 11, "titleFontWeight": "normal"},
            "axisX": {"gridColor": GRID, "domain": False, "tickColor": GRID},
            "axisY": {"grid": False, "domain": False, "ticks": False, "labelPadding": 7},
            "legend": {"orient": "top", "title": None, "labelFontSize": 11, "labelColor": INK},
            "header": {"title": None, "labelFontSize": 11, "labelColor": INK, "labelFontWeight": "bold"},
            "text": {"fontSize": 10.5, "color": INK},
        },
    } | spec


def names_axis(field: str, order: Sequence[str]) -> Spec:
    """The left axis of a bar figure: names in a given order, never cut."""
    axis = {"labelLimit": LABELS - 8, "minExtent": LABELS, "maxExtent": LABELS}
    return {"field": field, "type": "nominal", "sort": list(order), "title": None, "axis": axis}


def usd_axis(field: str, title: str, **more: Any) -> Spec:
    """An axis of amounts with its unit in the title."""
    return {"field": field, "type": "quantitative", "title": title, "axis": {"tickCount": 6, "format": ",~f", **more}}


ZERO = {"mark": {"type": "rule", "color": MUTED, "strokeWidth": 1}, "encoding": {"x": {"datum": 0}}}


def _by_party(names: Sequence[str]) -> Spec:
    scale = {"domain": list(names), "range": [PARTIES[i % len(PARTIES)] for i in range(len(names))]}
    return {"field": "who", "type": "nominal", "scale": scale, "sort": list(names)}


def trade_by_sector(pair: Mapping[str, Any], most: int = 14) -> Spec:
    """Sales of each to the other in the sectors where they trade most."""
    a, b = pair["a"]["name"], pair["b"]["name"]
    rows = sorted(pair["sectors"], key=lambda row: -(row["a_to_b_usd_mn"] + row["b_to_a_usd_mn"]))[:most]
    who = [f"{a} sells to {b}", f"{b} sells to {a}"]
    values = [
        {"sector": row["name"], "who": label, "usd_mn": row[key]}
        for row in rows
        for label, key in zip(who, ("a_to_b_usd_mn", "b_to_a_usd_mn"), strict=True)
    ]
    return grouped(
        f"Trade of {a} and {b} by sector, USD mn a year", values, "sector", [row["name"] for row in rows], who, "USD mn a year"
    )


def crises_alone(story: Story) -> Spec:
    """What each crisis does to each party when nothing is agreed."""
    who = [story.name(party) for party in story.parties]
    values = [
        {"crisis": crisis["name"], "who": story.name(party), "usd_mn": story.nothing["outcomes"][crisis["id"]][party]["gain_pct"]}
        for crisis in story.crises
        for party in story.parties
    ]
    names = [crisis["name"] for crisis in story.crises]
    title = "change of real income in the year it comes, per cent (left of zero: a loss)"
    return grouped("Change of real income by crisis and party, per cent", values, "crisis", names, who, title, percent=True)


def grouped(
    description: str, values: list, field: str, order: Sequence[str], who: Sequence[str], title: str, percent: bool = False
) -> Spec:
    """Horizontal bars in groups, one colour for each party or direction, the value at the end of each bar."""
    sizes = [abs(value["usd_mn"]) for value in values]
    span = max(sizes, default=1.0) or 1.0
    decimals = max(2, decimals_for(sizes, digits=3, most=6)) if percent else None
    for value in values:
        small = abs(value["usd_mn"]) < min(NOTHING_USD_MN, span / 1000)
        value["label"] = "0" if small else _at_bar(value["usd_mn"], decimals)
    low, high = min((v["usd_mn"] for v in values), default=0.0), max((v["usd_mn"] for v in values), default=1.0)
    room = 0.12 * span
    domain = [min(0.0, low) - (room if low < 0 else 0), max(0.0, high) + (room if high > 0 or low >= 0 else 0)]
    x = usd_axis("usd_mn", title) | {"scale": {"domain": domain, "nice": False}}
    y = names_axis(field, order)
    group = {"yOffset": {"field": "who", "sort": list(who)}}
    text = {
        "baseline": "middle",
        "dx": {"expr": "datum.usd_mn < 0 ? -4 : 4"},
        "align": {"expr": "datum.usd_mn < 0 ? 'right' : 'left'"},
    }
    return framed(
        description,
        values,
        height={"step": BAR},
        layer=[
            ZERO,
            {"mark": {"type": "bar"}, "encoding": {"x": x, "y": y, "color": _by_party(who), **group}},
            {"mark": {"type": "text", **text}, "encoding": {"x": x, "y": y, "text": {"field": "label"}, **group}},
        ],
    )


def dots(description: str, values: list, field: str, order: Sequence[str], who: Sequence[str], title: str) -> Spec:
    """A dot for each party and row, on an axis that begins at zero."""
    x, y = usd_axis("usd_mn", title) | {"scale": {"zero": True}}, names_axis(field, order)
    dot = {"mark": {"type": "circle", "size": 60, "opacity": 1}, "encoding": {"x": x, "y": y, "color": _by_party(who)}}
    return framed(description, values, height={"step": 1.5 * BAR}, layer=[ZERO, dot])


def _at_bar(value: float, decimals: int | None) -> str:
    """The figure at the end of a bar: a change in per cent with its sign and so many decimals, money in two or three digits."""
    if decimals is not None:
        return signed(value, decimals)
    return significant(value, 3 if abs(value) >= 10 else 2)


def all_packages(story: Story) -> Spec:
    """Every package by what it brings in expectation: two parties as a cloud, any other number as a line each.

    Where one proposal outweighs all others together, packages with and without it stand in two panels with own scales.
    """
    if len(story.parties) != 2:
        return _packages_by_party(story)
    everything = list(story.packages.values())
    decisive = _decisive(story)
    description = "Expected gain of both parties from every package, USD mn a year"
    if decisive is None:
        return framed(description, [], height=300) | _cloud(story, everything, WIDTH + LABELS - 70)
    panels = []
    for has in (False, True):
        chosen = [package for package in everything if (decisive in package["proposals"]) is has]
        title = f"packages {'with' if has else 'without'} {story.tag(decisive)}, {story.proposal_names[decisive]}"
        panel = _cloud(story, chosen, (WIDTH + LABELS - 190) / 2)
        panels.append(panel | {"title": {"text": title, "fontSize": 11, "anchor": "start", "color": INK, "limit": 340}})
    spec = framed(description, [], hconcat=panels, spacing=40)
    del spec["width"], spec["data"]
    return spec


def _decisive(story: Story) -> str | None:
    """The proposal without which no package brings the parties as much as any package with it, if there is one."""
    for proposal in story.proposal_names:
        having = [story.joint(p["over_nothing"]) for p in story.packages.values() if proposal in p["proposals"]]
        lacking = [story.joint(p["over_nothing"]) for p in story.packages.values() if proposal not in p["proposals"]]
        if len(lacking) > 2 and having and min(having) > 3 * max(max(lacking), 0.0):
            return proposal
    return None


def _cloud(story: Story, packages: Sequence[Mapping[str, Any]], width: float) -> Spec:
    one, two = story.parties
    values = []
    for package in packages:
        kind = _kind(story, package)
        label = {"recommended": "recommended", "one proposal": " ".join(map(story.tag, package["proposals"]))}.get(kind, "")
        over = package["over_nothing"]
        values.append({"x": over[one]["ev_usd_mn"], "y": over[two]["ev_usd_mn"], "kind": kind, "label": label})
    _thin_labels(values)
    middle = (min(value["x"] for value in values) + max(value["x"] for value in values)) / 2
    side = {"dx": {"expr": f"datum.x > {middle} ? -8 : 8"}, "align": {"expr": f"datum.x > {middle} ? 'right' : 'left'"}}
    scale = {"scale": {"zero": False}}
    encoding = {
        "x": usd_axis("x", f"{story.name(one)}: USD mn a year") | scale,
        "y": usd_axis("y", f"{story.name(two)}: USD mn a year", grid=True, gridColor=GRID, minExtent=50, maxExtent=50) | scale,
    }
    layer = [
        {"mark": {"type": "point", "filled": True}, "encoding": encoding | _kinds()},
        {"mark": {"type": "text", "dy": -7} | side, "encoding": encoding | {"text": {"field": "label"}}},
    ]
    return {"data": {"values": values}, "width": width, "height": 300, "layer": layer}


def _thin_labels(values: list[dict[str, Any]]) -> None:
    """Labels that would stand on one that is already there are dropped; the largest gains keep theirs."""
    wide, high = (max(v[key] for v in values) - min(v[key] for v in values) or 1.0 for key in ("x", "y"))
    kept: list[dict[str, Any]] = []
    for value in sorted((v for v in values if v["label"]), key=lambda v: -(v["x"] / wide + v["y"] / high)):
        if any(abs(value["x"] - k["x"]) < 0.09 * wide and abs(value["y"] - k["y"]) < 0.05 * high for k in kept):
            value["label"] = ""
        else:
            kept.append(value)


def _packages_by_party(story: Story) -> Spec:
    values = [
        {"who": story.name(party), "x": package["over_nothing"][party]["ev_usd_mn"], "kind": _kind(story, package)}
        for package in story.packages.values()
        for party in story.parties
    ]
    names = [story.name(party) for party in story.parties]
    encoding = {"x": usd_axis("x", "expected gain over no package, USD mn a year"), "y": names_axis("who", names)}
    layer = [ZERO, {"mark": {"type": "point", "filled": True}, "encoding": encoding | _kinds()}]
    return framed("Expected gain of each party from every package, USD mn a year", values, height={"step": 34}, layer=layer)


KINDS = ("recommended", "one proposal", "no package", "any other package")


def _kind(story: Story, package: Mapping[str, Any]) -> str:
    if package["id"] == story.best["id"]:
        return KINDS[0]
    if package["id"] == NOTHING:
        return KINDS[2]
    return KINDS[1] if len(package["proposals"]) == 1 else KINDS[3]


def _kinds() -> Spec:
    def scale(values: Sequence[Any]) -> Spec:
        return {"field": "kind", "type": "nominal", "scale": {"domain": list(KINDS), "range": list(values)}}

    return {
        "color": scale((GAIN, INK, INK, "#9aa5b1")),
        "shape": scale(("diamond", "circle", "cross", "circle")),
        "size": scale((190, 45, 60, 14)),
        "opacity": scale((1, 1, 1, 0.65)),
    }


def ladder(story: Story) -> Spec:
    """Alone or together: each proposal, the package, the same package by the whole union, for each party."""
    wide = story.results["union_wide"]
    steps: list[tuple[str, Mapping[str, Any]]] = []
    for proposal in story.proposals:
        alone = story.alone(proposal["id"])
        if alone:
            steps.append((f"{story.tag(proposal['id'])} {proposal['name']}", alone["over_nothing"]))
    steps.append(("Recommended package", story.results["best"]["over_nothing"]))
    if wide and story.helps:
        steps.append(("The same by the whole union", wide["all"]["over_nothing"]))
    values = [
        {"step": label, "who": story.name(party), "usd_mn": over[party]["ev_usd_mn"]}
        for label, over in steps
        for party in story.parties
    ]
    who = [story.name(party) for party in story.parties]
    title = "expected gain over no package, USD mn a year"
    return grouped("Expected gain by step, USD mn a year", values, "step", [label for label, _ in steps], who, title)


def sector_effects(story: Story, most: int = 12) -> Spec:
    """Value added by sector: bars to the right rise, to the left fall, one panel for each party on its own scale."""
    effects = story.sector_effects
    size = {s: max(abs(effects[p].get(s, 0.0)) for p in effects) for s in next(iter(effects.values()), {})}
    shown = sorted(size, key=lambda s: -size[s])[:most]
    order = [story.sector_name(s) for s in shown]
    values = [
        {
            "who": story.name(party),
            "sector": story.sector_name(s),
            "usd_mn": effects[party][s],
            "way": "gain" if effects[party][s] >= 0 else "loss",
        }
        for party in effects
        for s in shown
    ]
    panels = max(1, len(effects))
    gap = 18
    color = {"field": "way", "scale": {"domain": ["gain", "loss"], "range": [GAIN, LOSS]}, "legend": None}
    x = usd_axis("usd_mn", "USD mn a year", tickCount=4)
    spec = framed(
        "Change of value added by sector caused by the recommended package, USD mn a year",
        values,
        facet={"column": {"field": "who", "sort": [story.name(p) for p in effects]}},
        spacing=gap,
        spec={
            "width": (WIDTH - gap * (panels - 1)) / panels,
            "height": {"step": 18},
            "layer": [
                ZERO,
                {"mark": {"type": "bar", "height": 11}, "encoding": {"x": x, "y": names_axis("sector", order), "color": color}},
            ],
        },
    )
    del spec["width"]
    return spec


def credit(story: Story) -> Spec:
    """What each proposal brings each party: Shapley values."""
    found = story.results["shapley"]["proposals"]
    label = {key: f"{story.tag(key)} {story.proposal_names[key]}" for key in found}
    values = [
        {"step": label[key], "who": story.name(party), "usd_mn": row["party"][party]["ev_usd_mn"]}
        for key, row in found.items()
        for party in story.parties
    ]
    who = [story.name(party) for party in story.parties]
    title = "credit in the full list, USD mn a year"
    return grouped("Credit of each proposal in the full list, USD mn a year", values, "step", list(label.values()), who, title)


def tempted(story: Story) -> Spec:
    """What a break would win each party in each state of the world."""
    found = story.results["trust"]["parties"]
    values = [
        {"crisis": story.crisis_name(state), "who": story.name(party), "usd_mn": value}
        for party in story.parties
        for state, value in found[party]["temptation_usd_mn"].items()
    ]
    who, names = [story.name(party) for party in story.parties], [crisis["name"] for crisis in story.results["crises"]]
    title = "won in the year of a break, USD mn"
    return grouped("What a break would win, USD mn", values, "crisis", names, who, title)


def figures(story: Story) -> dict[str, str]:
    """Every figure of the brief that has something to show, as SVG by name."""
    specs: dict[str, Spec] = {}
    for number, pair in enumerate(story.relations):
        if any(row["a_to_b_usd_mn"] or row["b_to_a_usd_mn"] for row in pair["sectors"]):
            specs[f"trade-{number + 1}"] = trade_by_sector(pair)
    if story.crises:
        specs["crises"] = crises_alone(story)
    if len(story.packages) > 1:
        specs["packages"] = all_packages(story)
        specs["ladder"] = ladder(story)
    if "shapley" in story.results:
        specs["credit"] = credit(story)
    if any(one["binding"] for one in story.results.get("trust", {}).get("parties", {}).values()):
        specs["tempted"] = tempted(story)
    if story.helps and any(any(effects.values()) for effects in story.sector_effects.values()):
        specs["sectors"] = sector_effects(story)
    return {name: to_svg(spec, name) for name, spec in specs.items()}
