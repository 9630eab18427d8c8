"""`comity positions`: where two economies' interests coincide and clash, and who is a friend of whom."""

from __future__ import annotations

from typing import Any

import typer

from comity.cli import setting
from comity.errors import InputError

PLACES = {
    "imports_a": "what {a} imports",
    "exports_a": "what {a} exports",
    "imports_b": "what {b} imports",
    "exports_b": "what {b} exports",
    "others": "trade of all others",
}
MOVEMENTS = {
    "flow": "each flow for itself",
    "importer": "all that one importer buys of a sector",
    "exporter": "all that one exporter sells of a sector",
    "world": "the world's trade in a sector",
}
NEAREST = 6
FAINT = 5e-5
"""An elasticity that would be printed as nothing is nobody's friend or enemy."""


def run(parties: list[str], closure_words: str | None, benchmark_name: str, world: bool, json: bool) -> None:
    """Compute and show positions of two economies or more."""
    from comity.data.load import load
    from comity.policy import selectors
    from comity.records import Closure
    from comity.talks.positions.told import positions

    benchmark = load(benchmark_name)
    codes = tuple(benchmark.economies[k] for k in selectors.economies(tuple(parties), benchmark).indices)
    if len(codes) < 2:
        raise InputError(f"{', '.join(parties)}: positions are compared; name two economies or more")
    closure = setting.closure_from(closure_words, Closure("specific", "with_trade"))
    found = positions(benchmark, codes, closure, world=world)
    if json:
        setting.show_json({"benchmark": benchmark.name, **found})
        return
    names = {code: benchmark.economy_names.get(code, code) for code in benchmark.economies}
    for pair in found["pairs"]:
        _show_pair(pair, names, {k: benchmark.sector_names.get(k, k) for k in benchmark.sectors})
    _show_friends(found["friends"], names)


def _show_pair(pair: dict[str, Any], names: dict[str, str], sectors: dict[str, str]) -> None:
    a, b = names[pair["a"]], names[pair["b"]]
    moved = [[f"when it moves: {MOVEMENTS[row['name']]}", _said(row), "", "", ""] for row in pair["by_movement"]]
    moved[0] = [f"all, {MOVEMENTS['flow']}", _said(pair), "100", "100", _said(pair)]
    kinds = [[f"{row['name'].replace('_', ' ')} alone", _said(row), "", "", ""] for row in pair["by_instrument"]]
    places = [_row(PLACES[row["name"]].format(a=a, b=b), row) for row in pair["by_place"]]
    lines = [_row(f"{row['sector']} {sectors[row['sector']]}", row) for row in pair["by_sector"][:NEAREST]]
    setting.table(
        f"Positions of {a} and {b}: 1 wants the same, −1 the opposite",
        ["", "coincidence", f"stake of {pair['a']}, %", f"stake of {pair['b']}, %", "part of the whole"],
        [*moved, [f"between {a} and {b}, not in the whole", _said(pair["between_them"]), "", "", ""], *kinds, *places, *lines],
    )
    for title, key in (("Sharpest clashes", "clashes"), ("Best common causes", "causes")):
        setting.table(
            f"{title}: real income when the instrument rises by one step",
            ["instrument", f"{a}, USD mn", f"{b}, USD mn"],
            [
                [
                    f"{p['instrument'].replace('_', ' ')} of {names[p['importer']]} on {sectors[p['sector']]} from"
                    f" {names[p['exporter']]}",
                    *(f"{p['gain'][code]['ev_usd_mn']:+,.3f}" for code in (pair["a"], pair["b"])),
                ]
                for p in pair[key]
            ],
        )


def _said(row: dict[str, Any]) -> str:
    return row["outcome"] if row["coincidence"] is None else f"{row['coincidence']:+.3f}"


def _row(label: str, row: dict[str, Any]) -> list[str]:
    stakes = ["" if row.get(key) is None else f"{100 * row[key]:.1f}" for key in ("stake_a", "stake_b")]
    part = row.get("part")
    return [label, _said(row), *stakes, "" if part is None else f"{part:+.4f}"]


def _show_friends(found: dict[str, Any], names: dict[str, str]) -> None:
    rows = []
    for code, elasticities in found["of"].items():
        ranked = sorted((v, other) for other, v in elasticities.items() if other != code)
        best = ", ".join(f"{names[other]} {v:+.4f}" for v, other in reversed(ranked[-NEAREST:]) if v >= FAINT)
        worst = ", ".join(f"{names[other]} {v:+.4f}" for v, other in ranked[:NEAREST] if v <= -FAINT)
        rows.append([names[code], f"{elasticities[code]:+.3f}", best or "–", worst or "–"])
    setting.table(
        "Friends and enemies: real income, %, when productivity there rises by 1 %",
        ["", "own", "gains from", "loses from"],
        rows,
    )
    for one in found["likeness"]:
        if one["correlation"] is not None:
            typer.echo(
                f"Growth in third economies moves {one['a']} and {one['b']} with a correlation of {one['correlation']:+.2f}."
            )
