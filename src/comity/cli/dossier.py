"""`comity relations`: the dossier of two economies on the terminal."""

from __future__ import annotations

from typing import Any

import typer

from comity.cli import setting
from comity.errors import InputError


def run(first: str, second: str, json: bool) -> None:
    """Compute and show the dossier."""
    from comity.data.load import load
    from comity.policy import selectors
    from comity.relations import relations

    benchmark = load()
    codes = []
    for word in (first, second):
        found = selectors.economies((word,), benchmark).indices
        if len(found) != 1:
            raise InputError(f"{word!r} is a group; name one economy")
        codes.append(benchmark.economies[found[0]])
    dossier = relations(benchmark, *codes)
    if json:
        setting.show_json(dossier.as_dict())
        return
    a, b = dossier.a, dossier.b
    setting.table(
        f"{a.name} and {b.name}, {dossier.year}, USD mn a year",
        ["", a.name, b.name],
        [
            ["value added", f"{a.value_added_usd_mn:,.0f}", f"{b.value_added_usd_mn:,.0f}"],
            ["exports to the world", f"{a.exports_usd_mn:,.0f}", f"{b.exports_usd_mn:,.0f}"],
            ["exports to the other", f"{a.to_other_usd_mn:,.0f}", f"{b.to_other_usd_mn:,.0f}"],
            ["the other's share in exports, %", f"{a.other_in_exports_pct:.2f}", f"{b.other_in_exports_pct:.2f}"],
            ["the other's share in imports, %", f"{a.other_in_imports_pct:.2f}", f"{b.other_in_imports_pct:.2f}"],
            [f"the other's rank as a market, of {dossier.partners}", str(a.other_rank_as_market), str(b.other_rank_as_market)],
            [
                f"the other's rank as a supplier, of {dossier.partners}",
                str(a.other_rank_as_supplier),
                str(b.other_rank_as_supplier),
            ],
            [
                "value added sold in the other's final demand",
                f"{a.value_added_in_other_usd_mn:,.0f}",
                f"{b.value_added_in_other_usd_mn:,.0f}",
            ],
            ["foreign value added in exports, %", f"{a.foreign_in_exports_pct:.2f}", f"{b.foreign_in_exports_pct:.2f}"],
            [
                "the other's value added in exports, %",
                f"{a.other_value_in_exports_pct:.2f}",
                f"{b.other_value_in_exports_pct:.2f}",
            ],
            ["net lending, % of value added", f"{a.net_lending_pct:+.1f}", f"{b.net_lending_pct:+.1f}"],
        ],
    )
    setting.table(
        "Trade by sector, USD mn, and what the buyer buys from the other, % of its spending on the sector",
        ["sector", f"{a.name} sells", f"{b.name} needs it, %", f"{b.name} sells", f"{a.name} needs it, %"],
        [_row(s) for s in sorted(dossier.sectors, key=lambda s: -(s.a_to_b_usd_mn + s.b_to_a_usd_mn))[:20]],
    )
    for note in dossier.notes:
        typer.echo(note)


def _row(s: Any) -> list[str]:
    sold, bought = f"{s.a_to_b_usd_mn:,.1f}", f"{s.b_to_a_usd_mn:,.1f}"
    return [f"{s.sector} {s.name}", sold, f"{s.b_needs_a_pct:.2f}", bought, f"{s.a_needs_b_pct:.2f}"]
