"""`comity solve`: one counterfactual, shown by economy, sector or partner."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import typer

from comity.cli import gradient, setting
from comity.errors import InputError

VIEWS = ("economy", "sector", "partner")


def nests(closure: Any) -> dict[str, Any]:
    """ε, η and σ where one of them is not 1 (Cobb–Douglas)."""
    return {} if closure.nests == (1.0, 1.0, 1.0) else dict(zip(("inputs", "value_added", "final"), closure.nests, strict=True))


def run(file: Path, closure_words: str | None, by: str, of: str, json: bool, decompose: bool = False) -> None:
    """Read, solve and show a scenario."""
    if by not in VIEWS:
        raise InputError(f"--by: {by!r} is none of {', '.join(VIEWS)}")
    from comity.policy.scenario import Scenario, nothing_changes

    scenario = Scenario.from_yaml(file)
    from comity.data.load import load
    from comity.policy import selectors
    from comity.records import Closure
    from comity.solve import equilibrium, quotas, target
    from comity.solve.declared import reference

    name = scenario.benchmark or "world-2022"
    named = scenario.elasticities if isinstance(scenario.elasticities, str) else None
    benchmark = reference(load(name, named) if named else load(name), scenario)
    closure = setting.closure_from(closure_words, scenario.closure or Closure())
    shown = list(selectors.economies(tuple(of.split(",")), benchmark).indices)
    scenario, achieved, eq = target.resolve(benchmark, scenario, closure, equilibrium.solve)
    quoted: list[Any] = []
    if scenario.quotas:
        eq, quoted = quotas.resolve(benchmark, scenario, closure, equilibrium.solve, tolerance=equilibrium.TOLERANCE, start=eq)
    elif eq is None:
        eq = equilibrium.solve(benchmark, scenario, closure=closure)
    report: dict[str, Any] = {
        "title": scenario.title,
        "closure": {"factors": closure.factors, "deficits": closure.deficits, **nests(closure)},
        "elasticities": benchmark.provenance.get("elasticities"),
        "nothing_changes": nothing_changes(eq.wedges),
        "residual": float(f"{eq.residual:.1e}"),
        "steps": eq.steps,
        "calibrated": [
            {
                "sector": a.sector,
                "instrument": a.instrument,
                "factor": round(a.factor, 6),
                "achieved_pct": round(100 * a.achieved, 4),
            }
            for a in achieved
        ],
        "rents": eq.benchmark.provenance.get("rents"),
        "quotas": [quota(one) for one in quoted],
        by: {"economy": economies, "sector": sectors, "partner": partners}[by](eq, shown),
    }
    if decompose:
        report["decomposition"] = gradient.decomposition(eq, shown)
    if json:
        setting.show_json(report)
        return
    if report["nothing_changes"]:
        typer.echo("nothing changes")
    for a in report["calibrated"]:
        typer.echo(f"world price of {a['sector']}: {a['achieved_pct']:+.3g} % through {a['instrument']} × {a['factor']:.3g}")
    show(report, by, scenario.title or file.stem)
    show_quotas(report["quotas"])
    if eq.wedges.import_rent is not None or eq.benchmark.import_rent is not None:
        typer.echo("duties hold what importers earn as rents")
    if decompose:
        gradient.show_decomposition(report["decomposition"])


def quota(one: Any) -> dict[str, Any]:
    """What became of a limited flow."""
    return {
        "importer": one.importer,
        "exporter": one.exporter,
        "sector": one.sector,
        "limit_pct": _plain(100 * one.limit),
        "quantity_pct": _plain(100 * one.quantity),
        "rent_pct": _plain(100 * one.rent),
        "rent_usd_mn": _plain(one.rent_usd_mn, 3),
        "regime": one.regime,
    }


MOST_QUOTAS = 20


def show_quotas(rows: list[dict[str, Any]]) -> None:
    """The limited flows with the largest rents as a table."""
    if not rows:
        return
    largest = sorted(rows, key=lambda row: -row["rent_usd_mn"])[:MOST_QUOTAS]
    binding = sum(row["regime"] != "below" for row in rows)
    setting.table(
        f"Limited flows: {len(rows)}, at or above the limit: {binding}" + (", largest rents" if len(rows) > MOST_QUOTAS else ""),
        ["flow", "limit, % of today", "quantity, %", "rent, %", "rent, USD mn", "regime"],
        [
            [
                f"{row['sector']} {row['exporter']} to {row['importer']}",
                *(f"{row[key]:.1f}" for key in ("limit_pct", "quantity_pct", "rent_pct")),
                f"{row['rent_usd_mn']:,.1f}",
                row["regime"],
            ]
            for row in largest
        ],
    )


def show(report: dict[str, Any], by: str, title: str) -> None:
    """The rows of a view as a table."""
    rows = report[by]
    keys = [key for key in rows[0] if key not in ("iso3", "name", "sector")] if rows else []
    heads = {"_pct": ", %", "_usd_mn": ", USD mn"}

    def head(key: str) -> str:
        for ending, unit in heads.items():
            key = key.replace(ending, unit)
        return key.replace("_", " ")

    setting.table(
        f"{title} (residual {report['residual']:.0e}, {report['steps']} steps)",
        [by, *(head(key) for key in keys)],
        [
            [
                f"{row.get('iso3', row.get('sector'))} {row['name']}",
                *(f"{row[k]:+,.0f}" if "usd" in k else f"{row[k]:+.2f}" for k in keys),
            ]
            for row in rows
        ],
    )


def _plain(value: Any, digits: int = 6) -> float:
    return round(float(value), digits) + 0.0


def economies(eq: Any, shown: list[int]) -> list[dict[str, Any]]:
    """Real income and what is beside it, by economy."""
    b, v = eq.benchmark, eq.values
    duties = v["tariff_revenue"] - b.tariff_revenue
    return [
        {
            "iso3": b.economies[n],
            "name": b.economy_names.get(b.economies[n], ""),
            "gain_pct": _plain(v["gain_pct"][n]),
            "ev_usd_mn": _plain(v["ev_usd_mn"][n], 3),
            "consumption_pct": _plain(100 * (v["welfare"][n] - 1)),
            "real_wage_pct": _plain(100 * (v["real_wage"][n] - 1)),
            "prices_pct": _plain(100 * (v["price_index"][n] - 1)),
            "duties_usd_mn": _plain(duties[n], 3),
        }
        for n in shown
    ]


def sectors(eq: Any, shown: list[int]) -> list[dict[str, Any]]:
    """Value added, exports and imports by sector, summed over the economies shown."""
    b, v = eq.benchmark, eq.values
    new, old = v["trade_flow"], b.trade_flow
    rows = []
    for j, code in enumerate(b.sectors):
        added = (v["value_added"] - b.value_added)[shown, j].sum()
        base = b.value_added[shown, j].sum()
        sold = [(flow[:, shown, j].sum() - sum(flow[n, n, j] for n in shown)) for flow in (new, old)]
        bought = [(flow[shown, :, j].sum() - sum(flow[n, n, j] for n in shown)) for flow in (new, old)]
        rows.append(
            {
                "sector": code,
                "name": b.sector_names.get(code, ""),
                "value_added_pct": _plain(100 * added / base if base else 0.0),
                "value_added_usd_mn": _plain(added, 3),
                "exports_usd_mn": _plain(sold[0] - sold[1], 3),
                "imports_usd_mn": _plain(bought[0] - bought[1], 3),
            }
        )
    return rows


def partners(eq: Any, shown: list[int]) -> list[dict[str, Any]]:
    """Exports to and imports from each partner, summed over the economies shown."""
    b = eq.benchmark
    change = (eq.values["trade_flow"] - b.trade_flow).sum(axis=2)
    others = [k for k in range(len(b.economies)) if shown != [k]]
    return [
        {
            "iso3": b.economies[k],
            "name": b.economy_names.get(b.economies[k], ""),
            "exports_usd_mn": _plain(sum(change[k, n] for n in shown if n != k), 3),
            "imports_usd_mn": _plain(sum(change[n, k] for n in shown if n != k), 3),
        }
        for k in others
    ]
