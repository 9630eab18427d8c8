"""What each cell of an instrument is worth at the margin (`comity gradient`); where a change comes from (`solve --decompose`)."""

from __future__ import annotations

from typing import Any

import numpy as np
import typer

from comity.cli import setting
from comity.errors import InputError

UNITS = {
    "tariff": (0.01, "one percentage point"),
    "export_tax": (0.01, "one percentage point"),
    "import_rent": (0.01, "one percentage point"),
    "export_rent": (0.01, "one percentage point"),
    "ownership": (0.01, "one percentage point, from residents to the owner,"),
    "trade_cost": (0.01, "one per cent"),
    "productivity": (0.01, "one per cent"),
    "labour": (0.01, "one per cent"),
    "capital": (0.01, "one per cent"),
    "taste": (0.01, "one per cent"),
    "transfer": (1.0, "one million USD"),
}
"""By how much an instrument rises in a row of the table."""

OWNERS = {"importer": "owner", "exporter": "economy"}
"""What the axes of ownership are called in a row."""


def run(of: str, instrument: str, top: int, closure_words: str | None, benchmark_name: str, json: bool) -> None:
    """Gradients of real income at the benchmark, largest sum of sizes first."""
    if instrument not in UNITS:
        raise InputError(f"--in: {instrument!r} is none of {', '.join(UNITS)}")
    from comity.data.load import load
    from comity.policy import selectors
    from comity.records import Closure
    from comity.solve import equilibrium
    from comity.solve.derivatives import adjoint

    benchmark = load(benchmark_name)
    codes = [benchmark.economies[k] for k in selectors.economies(tuple(of.split(",")), benchmark).indices]
    closure = setting.closure_from(closure_words, Closure())
    eq = equilibrium.solve(benchmark, closure=closure)
    found = adjoint.gradients(eq, codes, (instrument,))
    rows = largest(found, instrument, eq.benchmark, codes, top)
    if json:
        setting.show_json(
            {
                "of": codes,
                "instrument": instrument,
                "rise": UNITS[instrument][1],
                "closure": {"factors": closure.factors, "deficits": closure.deficits},
                "benchmark": benchmark.name,
                "residual": float(f"{found.residual:.1e}"),
                "cells": rows,
            }
        )
        return
    places = [key for key in rows[0] if key not in ("gain_pct", "ev_usd_mn")] if rows else []
    setting.table(
        f"Real income after {UNITS[instrument][1]} more of {instrument.replace('_', ' ')} (residual {found.residual:.0e})",
        [" ".join(places), *(f"{code}, %" for code in codes), *(f"{code}, USD mn" for code in codes)],
        [
            [
                " ".join(row[key] for key in places),
                *(f"{row['gain_pct'][code]:+.3g}" for code in codes),
                *(f"{row['ev_usd_mn'][code]:+,.2f}" for code in codes),
            ]
            for row in rows
        ],
    )


def largest(found: Any, instrument: str, benchmark: Any, codes: list[str], top: int) -> list[dict[str, Any]]:
    """Rows for the cells that matter most in USD mn over all the outcomes; fewer when the rest is nothing."""
    from comity.vocabulary import symbols

    axes = symbols()[instrument].axes
    words = OWNERS if instrument == "ownership" else {}
    rows = [benchmark.economy_index(code) for code in codes]
    scale = (benchmark.income - benchmark.deficit)[rows]
    change = found.values[instrument] * UNITS[instrument][0]
    money = change.reshape(len(codes), -1) * scale[:, None]
    size = np.abs(money).sum(axis=0)
    order = np.argsort(-size, kind="stable")[:top]
    cells = []
    for flat in order[size[order] > 0]:
        at = np.unravel_index(int(flat), change.shape[1:])
        names = {
            words.get(axis, axis): (benchmark.sectors if axis == "sector" else benchmark.economies)[k]
            for axis, k in zip(axes, at, strict=True)
        }
        part = change.reshape(len(codes), -1)[:, flat]
        cells.append(
            {
                **names,
                "gain_pct": {code: float(f"{100 * v:.6g}") for code, v in zip(codes, part, strict=True)},
                "ev_usd_mn": {code: float(f"{v:.6g}") for code, v in zip(codes, money[:, flat], strict=True)},
            }
        )
    return cells


EXACT = "the envelope condition of real income, integrated along the path: parts add up"
FIRST_ORDER = "Caliendo and Parro (2015), eq. 17: terms and volume of trade of consumption, x̂ − 1 at base weights"

MOST = 12
"""Economies whose gain is also taken apart by instrument; each needs a linear system at every point of the path."""


def decomposition(eq: Any, shown: list[int], top: int = 5) -> dict[str, Any]:
    """Two decompositions of the shown economies' gains as plain data, per cent.

    The exact one of real income (100 × log points) and, in each row's `first_order_pct`, the published one of consumption.
    """
    from comity.solve.derivatives import path

    b = eq.benchmark
    codes = [b.economies[n] for n in shown]
    found = path.decompose(eq, codes if len(codes) <= MOST else ())
    channels, partners, sectors = found.by_channel(), found.by_partner(), found.by_sector()
    instruments = found.by_instrument()
    rows = []
    for n, code in zip(shown, codes, strict=True):
        row: dict[str, Any] = {
            "iso3": code,
            "log_real_income_pct": _pct(found.log_real_income[n]),
            "channels_pct": {name: _pct(part[n]) for name, part in channels.items()},
            "partners_pct": _named(sum(part[n] for part in partners.values()), b.economies, top),
            "sectors_pct": _named(sum(part[n] for part in sectors.values()), b.sectors, top),
            "residual_pct": float(f"{100 * found.residual[n]:.1e}"),
            "first_order_pct": first_order(found.first_order, n, top),
        }
        if code in found.of:
            k = found.of.index(code)
            row["instruments_pct"] = {name: _pct(part[k]) for name, part in instruments.items() if _pct(part[k])}
            row["instruments_residual_pct"] = float(f"{100 * found.residual_of[k]:.1e}")
        rows.append(row)
    return {
        "unit": "per cent (100 log points) of real income",
        "method": EXACT,
        "points": found.nodes,
        "first_order": {
            "unit": "per cent of base income",
            "method": FIRST_ORDER,
            "base_without_deficits": found.first_order.base_without_deficits,
        },
        "economies": rows,
    }


def first_order(sums: Any, n: int, top: int) -> dict[str, Any]:
    """The published sums of one economy, what they are said to be the sum of, and what they leave out."""
    b, partners, sectors = sums.benchmark, sums.by_partner(), sums.by_sector()
    return {
        **{name: _pct(part[n]) for name, part in sums.by_channel().items()},
        "sum": _pct(sums.total[n]),
        "welfare": _pct(sums.welfare[n]),
        "remainder": _pct(sums.remainder[n]),
        "partners": _named(sum(part[n] for part in partners.values()), b.economies, top),
        "sectors": _named(sum(part[n] for part in sectors.values()), b.sectors, top),
    }


def _pct(value: Any) -> float:
    return round(100 * float(value), 6) + 0.0


def _named(parts: Any, names: tuple[str, ...], top: int) -> dict[str, float]:
    """The largest parts by name, and all others together."""
    order = np.argsort(-np.abs(parts), kind="stable")
    found = {names[k]: _pct(parts[k]) for k in order[:top] if parts[k] != 0}
    rest = float(np.sum(parts[order[top:]]))
    return {**found, "others": _pct(rest)} if len(parts) > top else found


def show_decomposition(report: dict[str, Any]) -> None:
    """The exact decomposition as a table: one row an economy, one column a channel, and what is left over; then the published."""
    rows = report["economies"]
    names = [name for name in rows[0]["channels_pct"] if any(row["channels_pct"][name] for row in rows)]
    setting.table(
        f"Where it comes from, exactly: 100 log points ({report['points']} equilibria on the path)",
        ["economy", "real income", *(name.replace("_", " ") for name in names), "residual", "largest partner", "largest sector"],
        [
            [
                row["iso3"],
                f"{row['log_real_income_pct']:+.3f}",
                *(f"{row['channels_pct'][name]:+.3f}" for name in names),
                f"{row['residual_pct']:.0e}",
                *(next((f"{k} {v:+.3f}" for k, v in row[key].items()), "–") for key in ("partners_pct", "sectors_pct")),
            ]
            for row in rows
        ],
    )
    show_first_order(report)


def show_first_order(report: dict[str, Any]) -> None:
    """The published decomposition as a table, and what it was made for where that is something else."""
    sums = [(row["iso3"], row["first_order_pct"]) for row in report["economies"]]
    columns = ("terms_of_trade", "volume_of_trade", "sum", "welfare", "remainder")
    setting.table(
        "To first order, as Caliendo and Parro (2015, eq. 17) print it: % of base income, x̂ − 1 at base weights",
        ["economy", "terms of trade", "volume of trade", "sum", "consumption, exactly", "left out", "partner", "sector"],
        [
            [
                code,
                *(f"{found[name]:+.3f}" for name in columns),
                *(next((f"{k} {v:+.3f}" for k, v in found[key].items()), "–") for key in ("partners", "sectors")),
            ]
            for code, found in sums
        ],
    )
    if not report["first_order"]["base_without_deficits"]:
        typer.echo(
            "the paper first solves its base with D = 0 (--closure mobile,balanced); here what deficits do is left out too"
        )
