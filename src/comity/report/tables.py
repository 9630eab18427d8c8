"""Tables of the brief: rows of ready text, each figure with its sign, each column with its unit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from comity.report.prose.numbers import decimals_for, plain, signed
from comity.report.prose.words import TOUCHED
from comity.report.story import NOTHING, Story

TOP_PACKAGES = 10


@dataclass(frozen=True)
class Cell:
    """One cell: its text and its class (`text`, `number`, `gain`, `loss`)."""

    text: str
    kind: str = "number"


@dataclass(frozen=True)
class Table:
    """A table with its caption; `groups` are headings over several columns: (text, number of columns)."""

    caption: str
    head: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    groups: tuple[tuple[str, int], ...] = ()
    note: str = ""
    strong: frozenset[int] = field(default_factory=frozenset)


def text(value: Any) -> Cell:
    return Cell(str(value), "text")


def change(value: float | None, decimals: int) -> Cell:
    """A gain or loss with its sign; coloured only when it is not zero as printed."""
    printed = signed(value, decimals)
    kind = (
        "gain" if printed.startswith("+") else "loss" if value is not None and value < 0 and printed[0] not in "0–" else "number"
    )
    return Cell(printed, kind)


def number(value: float | None, decimals: int) -> Cell:
    return Cell(plain(value, decimals))


def _percent_decimals(values: Iterable[float]) -> int:
    return max(2, decimals_for(list(values), digits=2, most=5))


def _telling_decimals(values: Sequence[float]) -> int:
    """Decimals that tell the first of a column from its last."""
    return min(4, max(2, decimals_for([max(values) - min(values)], digits=1)))


def money_decimals(values: Iterable[float]) -> int:
    """Decimals of a column of USD mn."""
    return 0 if any(abs(value) >= 5000 for value in values) else 1


def sides(story: Story) -> Table | None:
    """The parties' own accounts, from the dossiers."""
    found: dict[str, Mapping[str, Any]] = {}
    for pair in story.relations:
        for side in (pair["a"], pair["b"]):
            found.setdefault(side["iso3"], side)
    rows = tuple(
        (
            text(found[party]["name"]),
            number(found[party]["value_added_usd_mn"] / 1000, 1),
            number(found[party]["exports_usd_mn"] / 1000, 1),
            number(found[party]["imports_usd_mn"] / 1000, 1),
            number(found[party]["net_lending_pct"], 1),
            number(found[party]["fuels_in_exports_pct"], 1),
            number(found[party]["foreign_in_exports_pct"], 1),
        )
        for party in story.parties
        if party in found
    )
    head = (
        "",
        "value added, USD bn",
        "exports, USD bn",
        "imports, USD bn",
        "exports less imports, % of value added",
        "fuels in exports, %",
        "foreign value added in exports, %",
    )
    return Table("The economies at the table in the benchmark year, at basic prices", head, rows) if rows else None


def dependence(pair: Mapping[str, Any]) -> Table | None:
    """The sectors in which each relies on the other."""
    rows = tuple(
        (
            text(f"{me['name']} on {other['name']}" if position == 0 else ""),
            text(row["name"]),
            number(row["usd_mn"], 1),
            number(row["of_expenditure_pct"], 2),
            number(row["of_imports_pct"], 2),
        )
        for me, other in ((pair["a"], pair["b"]), (pair["b"], pair["a"]))
        for position, row in enumerate(me["most_dependent"])
    )
    head = ("", "sector", "bought, USD mn a year", "% of all it spends on the sector", "% of its imports of the sector")
    note = "Purchases of USD 1 mn and more, largest shares first."
    return Table("Where each relies most on the other", head, rows, note=note) if rows else None


def crises(story: Story) -> Table:
    """Every crisis: what happens, how likely it is, what it costs each party alone."""
    head = ["crisis", "chance a year, %"]
    for _ in story.parties:
        head += ["%", "USD mn"]
    rows = []
    for crisis in story.crises:
        outcome = story.nothing["outcomes"][crisis["id"]]
        cells = [text(crisis["name"]), number(100 * crisis["probability"], 1)]
        for party in story.parties:
            cells += [change(outcome[party]["gain_pct"], 2), change(outcome[party]["ev_usd_mn"], 0)]
        rows.append(tuple(cells))
    expected = [text("Expected over the year"), Cell("")]
    for party in story.parties:
        figure = story.nothing["expected"][party]
        expected += [change(figure["gain_pct"], 2), change(figure["ev_usd_mn"], 0)]
    groups = (("", 2), *((story.name(party), 2) for party in story.parties))
    return Table(
        "What each crisis does to each party when nothing is agreed: change of real income in the year it comes",
        tuple(head),
        (*rows, tuple(expected)),
        groups,
        strong=frozenset({len(rows)}),
    )


def proposals(story: Story) -> Table:
    """Who asks, who concedes, how much, how much trade it touches, what it does alone."""
    head = ["", "proposal", "asked by → conceded by", "change", "trade touched, USD mn a year"]
    head += [f"{story.name(party)}, USD mn" for party in story.parties] + ["in the package"]
    rows = []
    for p in story.proposals:
        alone = story.alone(p["id"])
        cells = [
            text(story.tag(p["id"])),
            text(p["name"] + (" *" if p["assumed"] else "")),
            text(f"{_who(story, p['by'])} → {_who(story, p['conceded_by'])}"),
            text("; ".join(TOUCHED.sub("", item["text"]) for item in p["changes"])),
            number(p["trade_usd_mn"], money_decimals([p["trade_usd_mn"]])),
        ]
        cells += [change(alone["over_nothing"][party]["ev_usd_mn"] if alone else None, 1) for party in story.parties]
        cells.append(Cell("yes" if p["id"] in story.best["proposals"] else "no"))
        rows.append(tuple(cells))
    groups = (("", 5), ("taken alone, expected gain", len(story.parties)), ("", 1))
    note = "* A figure of this proposal is assumed: see the limits." if any(p["assumed"] for p in story.proposals) else ""
    return Table("The proposals", tuple(head), tuple(rows), groups, note)


def _who(story: Story, codes: Sequence[str]) -> str:
    """Names of economies; a union by its code when all of its members are meant."""
    union = story.results["union"]
    if union and len(codes) > 1 and set(codes) == {member["iso3"] for member in union["members"]}:
        return union["code"]
    return ", ".join(story.name(code) for code in codes)


def with_and_without(story: Story) -> Table:
    """Each party in each state of the world, without and with the recommended package."""
    gains = [
        story.best["outcomes"][c][p]["ev_usd_mn"] - story.nothing["outcomes"][c][p]["ev_usd_mn"]
        for c in story.chance
        for p in story.parties
    ]
    decimals = money_decimals(gains)
    wide = story.results["union_wide"] is not None
    head = ["state of the world", "chance a year, %"]
    for _ in story.parties:
        head += ["none, %", "package, %", "package, USD mn", *(["by the union, %"] if wide else [])]
    rows = []
    for crisis in story.results["crises"]:
        cells = [text(crisis["name"]), number(100 * crisis["probability"], 1)]
        rows.append((*cells, *_step_cells(story, crisis["id"], decimals)))
    rows.append((text("Expected"), Cell(""), *_step_cells(story, "expected", decimals)))
    groups = (("", 2), *((story.name(party), 4 if wide else 3) for party in story.parties))
    versions = (
        ", with the recommended package and with the same by the whole union" if wide else " and with the recommended package"
    )
    caption = f"Change of real income without a package{versions}"
    return Table(caption, tuple(head), tuple(rows), groups, strong=frozenset({len(rows) - 1}))


def _step_cells(story: Story, state: str, decimals: int) -> list[Cell]:
    """For each party: without a package, with it, the difference, and with the union-wide version where there is one."""
    cells = []
    for party in story.parties:
        steps = story.results["alone_together"][state][party]
        before, after, wide = steps["nothing"], steps["package"], steps["union_wide"]
        cells += [
            change(before["gain_pct"], 2),
            change(after["gain_pct"], 2),
            change(after["ev_usd_mn"] - before["ev_usd_mn"], decimals),
        ]
        cells += [change(wide["gain_pct"], 2)] if wide else []
    return cells


def top_packages(story: Story) -> Table:
    """The ten packages with the largest expected joint gain, and the recommended one and the empty one wherever they stand."""
    ranked = sorted(story.packages.values(), key=lambda package: -package["joint"]["expected_ev_usd_mn"])
    named = [p for p in ranked[TOP_PACKAGES:] if p["id"] in (story.best["id"], NOTHING, story.results["best"].get("runner_up"))]
    shown = ranked[:TOP_PACKAGES] + named
    values = [p["over_nothing"][party]["ev_usd_mn"] for p in shown for party in story.parties]
    money = money_decimals(values)
    points = _telling_decimals([p["joint"]["expected_pct"] for p in ranked[:TOP_PACKAGES]])
    head = ["package", *(f"{story.name(party)}, USD mn" for party in story.parties)]
    head += ["expected, %", "worst, %", "CVaR-90, %", "no party worse off"]
    rows = []
    for p in shown:
        cells = [text(short_package(story, p))]
        cells += [change(p["over_nothing"][party]["ev_usd_mn"], money) for party in story.parties]
        cells += [change(p["joint"][key], points) for key in ("expected_pct", "worst_pct", "cvar90_pct")]
        cells.append(Cell("yes" if p["nobody_worse_off"] else "no"))
        rows.append(tuple(cells))
    groups = (
        ("", 1),
        ("expected gain over no package", len(story.parties)),
        ("joint change of real income, crises included", 3),
        ("", 1),
    )
    strong = frozenset(i for i, p in enumerate(shown) if p["id"] == story.best["id"])
    note = f"All {len(story.packages):,} packages with every state of the world are in packages.csv and outcomes.csv."
    return Table("The packages with the largest expected joint gain", tuple(head), tuple(rows), groups, note, strong)


def short_package(story: Story, package: Mapping[str, Any]) -> str:
    """A package as labels of its proposals."""
    chosen, every = list(package["proposals"]), list(story.proposal_names)
    left = [story.tag(p) for p in every if p not in chosen]
    if not chosen:
        label = "no package"
    elif not left:
        label = "all proposals"
    elif len(left) <= 2 < len(chosen):
        label = "all but " + ", ".join(left)
    else:
        label = ", ".join(story.tag(p) for p in chosen)
    return label + (" (recommended)" if package["id"] == story.best["id"] else "")


def union_wide(story: Story) -> Table | None:
    """Each proposal between the parties and opened by the whole union."""
    wide = story.results["union_wide"]
    if not wide:
        return None
    everybody = story.economies
    rows = []
    entries = [
        (story.tag(p["id"]), story.proposal_names[p["id"]], p["bilateral_over_nothing"], p["over_nothing"])
        for p in wide["proposals"]
    ]
    if story.helps:
        entries.append(("", "The recommended package", story.results["best"]["over_nothing"], wide["all"]["over_nothing"]))
    values = [figures[e]["ev_usd_mn"] for _, _, *both in entries for figures in both for e in everybody if e in figures]
    decimals = money_decimals(values)
    for key, name, between, opened in entries:
        cells = [text(key), text(name)]
        for figures in (between, opened):
            cells += [change(figures[party]["ev_usd_mn"] if party in figures else None, decimals) for party in story.parties]
        cells.append(change(sum(opened[e]["ev_usd_mn"] for e in everybody), decimals))
        rows.append(tuple(cells))
    head = ("", "proposal", *(story.name(p) for p in story.parties), *(story.name(p) for p in story.parties), "all members")
    groups = (
        ("", 2),
        ("as proposed, USD mn", len(story.parties)),
        ("by the whole union, USD mn", len(story.parties) + 1),
    )
    caption = "Alone or together: expected gain over no package, as proposed and opened by the whole union"
    return Table(caption, head, tuple(rows), groups, strong=frozenset({len(rows) - 1} if story.helps else ()))


def members(story: Story) -> Table | None:
    """What the package and the union-wide version do to every member, the parties included."""
    union = story.results["union"]
    if not union:
        return None
    over = story.results["best"]["over_nothing"]
    wide = (story.results["union_wide"] or {}).get("all", {}).get("over_nothing", {})
    in_order = [code for code in story.economies if code in {m["iso3"] for m in union["members"]}]
    figures = [table[c] for table in (over, wide) for c in in_order if c in table]
    money, points = money_decimals(f["ev_usd_mn"] for f in figures), _percent_decimals(f["gain_pct"] for f in figures)
    rows = []
    for code in in_order:
        cells = [text(story.name(code) + (" (party)" if code in story.parties else ""))]
        for table in (over, wide):
            figure = table.get(code, {})
            cells += [change(figure.get("ev_usd_mn"), money), change(figure.get("gain_pct"), points)]
        rows.append(tuple(cells))
    for entry in union["inside_row"]:
        rows.append((text(f"{entry['name']} (part of the rest of the world)"), *(Cell("–") for _ in range(4))))
    head = ("", "USD mn", "percentage points", "USD mn", "percentage points")
    groups = (("", 1), ("recommended package", 2), ("the same by the whole union", 2))
    traded = [
        f"{e['name']} exports goods worth USD {plain(e['goods_usd_mn']['exports'], 0)} mn and imports USD "
        f"{plain(e['goods_usd_mn']['imports'], 0)} mn a year"
        for e in union["inside_row"]
        if e["goods_usd_mn"]
    ]
    note = "; ".join(traded) + "; their gains are inside those of the rest of the world." if traded else ""
    caption = f"Members of the {union['name']}: expected gain over no package"
    return Table(caption, head, tuple(rows), groups, note)
