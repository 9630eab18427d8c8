"""What a benchmark holds, what of it is observed and what estimated, where it comes from: `comity data info`."""

from __future__ import annotations

from typing import Any

from comity.data.load import about, checksums, elasticity_sets, history, inside_row, load


def info(name: str = "world-2022") -> dict[str, Any]:
    """Everything there is to say about an embedded benchmark, as plain data; InputError on an unknown name."""
    text, world = about(name), load(name)
    exports = world.trade_flow.sum() - sum(world.trade_flow[n, n].sum() for n in range(len(world.economies)))
    shown = ("iso3", "name", "groups", "exports", "imports", "year", "source")
    inside = [{key: row[key] for key in shown} for row in inside_row(None, name)]
    return {
        **{key: text[key] for key in ("name", "title", "year", "unit")},
        "economies": len(world.economies),
        "sectors": len(world.sectors),
        "goods": len(world.sector_groups["goods"]),
        "services": len(world.sector_groups["services"]),
        "world_usd_mn": {
            "value_added": float(world.value_added.sum()),
            "output": float(world.output.sum()),
            "exports": float(exports),
            "tariff_revenue": float(world.tariff_revenue.sum()),
        },
        "groups": {group: len(members) for group, members in world.groups.items()},
        "elasticities": list(elasticity_sets()),
        "inside_row": inside,
        "history_years": [int(year) for year in history(name)["years"]],
        **{key: text[key] for key in ("observed", "estimated", "remarks", "licence", "attribution", "sources", "ledger")},
        "inputs_sha256": text["inputs"],
        "files_sha256": dict(checksums()),
        "digest": world.digest,
    }


def as_text(name: str = "world-2022") -> str:
    """The same for people: plain lines."""
    facts = info(name)
    world = facts["world_usd_mn"]
    lines = [
        f"{facts['name']}: {facts['title']}",
        f"{facts['economies']} economies × {facts['sectors']} sectors ({facts['goods']} goods, {facts['services']} services)",
        f"Unit: {facts['unit']}, a year",
        f"World: value added USD {world['value_added'] / 1e6:.1f} trillion, exports {world['exports'] / 1e6:.1f} trillion",
        f"SHA-256 of the arrays: {facts['digest']}",
        "",
        "Observed",
        *(f"  {line}" for line in facts["observed"]),
        "",
        "Estimated, and how far the estimate can be off",
        *(f"  {item['what']}\n    {item['error']}" for item in facts["estimated"]),
        "",
        "Inside the rest of the world",
        *(
            f"  {row['name']} ({row['iso3']}): goods exports USD {row['exports']:,.0f} mn, imports {row['imports']:,.0f} mn "
            f"in {row['year']} ({row['source']})"
            for row in facts["inside_row"]
        ),
        "",
        "What the build clipped, capped, scaled or estimated (count, USD mn)",
        *(f"  {e['step']:<8} {e['what']}: {e['count']:,}, {e['usd_mn']:,.1f}" + _remark(e) for e in facts["ledger"]),
        "",
        *facts["remarks"],
        "",
        "Sources",
        *(f"  {source['what']}: {source['source']} ({source['terms']})" for source in facts["sources"]),
        facts["attribution"],
        facts["licence"],
    ]
    return "\n".join(lines)


def _remark(entry: dict[str, Any]) -> str:
    return f" ({entry['remark']})" if entry["remark"] else ""
