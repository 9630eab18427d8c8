"""What two economies are to each other in the benchmark year."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from comity.errors import InputError
from comity.records import Array, Benchmark
from comity.relations.leontief import content
from comity.relations.records import Dependence, Partner, Relations, SectorTrade, Side

SMALLEST_DEPENDENCE_USD_MN = 1.0
"""A flow below this is not called a dependence, however large its share."""

AGGREGATE = "ROW"
"""The rest of the world is listed among partners and never ranked: it is many economies."""

FUELS = ("B05", "B06", "C19")
ENERGY_PRICE_YEARS = {2022: "energy prices were far above those of the years before (a barrel of Brent cost about USD 100)"}
"""Years whose external balances say more about prices than about habits. World Bank commodity prices (Pink Sheet)."""

NOTEWORTHY_LENDING_PCT = 5.0
NOTEWORTHY_FUEL_PCT = 20.0


def relations(benchmark: Benchmark, a: str, b: str) -> Relations:
    """What two economies are to each other today.

    Value-added links follow from the Leontief system of the whole world, with the import proportions of the
    model (one composite per economy and sector, used for inputs and final demand alike). Raises InputError on
    an unknown economy or a pair of one; DataError when the input-output system does not produce a surplus.
    """
    if a == b:
        raise InputError(f"{a!r} and {b!r} are one economy: a relationship needs two")
    i, k = benchmark.economy_index(a), benchmark.economy_index(b)
    links = _value_added_links(benchmark, (i, k))
    side_a, side_b = _side(benchmark, i, k, links), _side(benchmark, k, i, links)
    gap = side_a.value_added_in_other_pct - side_b.value_added_in_other_pct
    year = benchmark_year(benchmark)
    return Relations(
        benchmark=benchmark.name,
        year=year,
        partners=len([code for code in benchmark.economies if code != AGGREGATE]) - 1,
        a=side_a,
        b=side_b,
        two_way_usd_mn=side_a.to_other_usd_mn + side_a.from_other_usd_mn,
        balance_of_a_usd_mn=side_a.to_other_usd_mn - side_a.from_other_usd_mn,
        sectors=_sector_trade(benchmark, i, k),
        needs_more=None if gap == 0 else (a if gap > 0 else b),
        notes=_notes(benchmark, year, (side_a, side_b)),
        identity_error=links["identity_error"],
    )


def benchmark_year(benchmark: Benchmark) -> int | None:
    """The base year: from the provenance, else from the last four digits of the name, else unknown."""
    stated = str(benchmark.provenance.get("year", benchmark.name[-4:]))
    return int(stated) if stated.isdecimal() and len(stated) == 4 else None


def _exports(benchmark: Benchmark, i: int) -> Array:
    """Sales of i abroad, importer × sector, USD mn; nothing at home."""
    sales = benchmark.trade_flow[:, i, :].copy()
    sales[i] = 0.0
    return sales


def _value_added_links(benchmark: Benchmark, pair: tuple[int, int]) -> dict[str, Any]:
    """Where the value added of each of the two ends up, and whose value added is in their exports."""
    n, j = len(benchmark.economies), len(benchmark.sectors)
    own = np.zeros((n, j, 3))
    for column, i in enumerate(pair):
        own[i, :, column] = benchmark.value_added_share[i]
    own[:, :, 2] = benchmark.value_added_share
    x = content(benchmark, own)
    final = benchmark.final_demand[:, None, :] * benchmark.trade_share / (1 + benchmark.tariff)  # importer × exporter × sector
    absorbed = np.einsum("nij,ijc->nc", final, x)
    value_added = benchmark.value_added.sum(axis=1)
    stated = np.array([value_added[pair[0]], value_added[pair[1]], value_added.sum()])
    error = float(np.max(np.abs(absorbed.sum(axis=0) - stated) / np.where(stated > 0, stated, 1.0)))
    exports = np.stack([_exports(benchmark, i).sum(axis=0) for i in pair])
    inside = np.stack([np.einsum("j,jc->c", exports[row], x[i]) for row, i in enumerate(pair)])
    return {
        "absorbed": {i: absorbed[:, column] for column, i in enumerate(pair)},
        "in_exports": {i: {s: inside[row, column] for column, s in enumerate(pair)} for row, i in enumerate(pair)},
        "all_in_exports": {i: inside[row, 2] for row, i in enumerate(pair)},
        "identity_error": error,
    }


# -- the two sides ----------------------------------------------------------------------------------


def _side(benchmark: Benchmark, i: int, k: int, links: Mapping[str, Any]) -> Side:
    """The relationship in the accounts of i, with k across the table."""
    out = _exports(benchmark, i)
    into = benchmark.trade_flow[i].copy()
    into[i] = 0.0
    by_market, by_supplier = out.sum(axis=1), into.sum(axis=1)
    exports, imports = by_market.sum(), by_supplier.sum()
    value_added = float(benchmark.value_added[i].sum())
    lending = exports - imports  # what a customs pool or owners abroad bring besides is no trade
    absorbed = links["absorbed"][i]
    from_other_value = float(links["absorbed"][k][i])
    in_exports = float(links["in_exports"][i][k])
    kinds = _kinds(benchmark)
    goods = {kind: float(out[k, [name == kind for name in kinds]].sum()) for kind in ("goods", "services")}
    known = any(kinds)
    fuels = [position for position, code in enumerate(benchmark.sectors) if code in FUELS]
    return Side(
        iso3=benchmark.economies[i],
        name=_name(benchmark, i),
        value_added_usd_mn=value_added,
        exports_usd_mn=exports,
        imports_usd_mn=imports,
        to_other_usd_mn=by_market[k],
        from_other_usd_mn=by_supplier[k],
        to_other_goods_usd_mn=goods["goods"] if known else None,
        to_other_services_usd_mn=goods["services"] if known else None,
        other_in_exports_pct=_percent(by_market[k], exports),
        other_in_imports_pct=_percent(by_supplier[k], imports),
        other_rank_as_market=_rank(benchmark, by_market, k, i),
        other_rank_as_supplier=_rank(benchmark, by_supplier, k, i),
        from_other_in_expenditure_pct=_percent(benchmark.expenditure_flow[i, k].sum(), benchmark.expenditure[i].sum()),
        net_lending_usd_mn=lending,
        net_lending_pct=_percent(lending, value_added),
        fuels_in_exports_pct=_percent(out[:, fuels].sum(), exports) if fuels else None,
        value_added_in_other_usd_mn=absorbed[k],
        value_added_in_other_pct=_percent(absorbed[k], value_added),
        other_rank_as_final_market=_rank(benchmark, absorbed, k, i),
        other_in_final_demand_usd_mn=from_other_value,
        other_in_final_demand_pct=_percent(from_other_value, benchmark.income[i]),
        foreign_in_exports_pct=_percent(links["all_in_exports"][i] - links["in_exports"][i][i], exports),
        other_value_in_exports_usd_mn=in_exports,
        other_value_in_exports_pct=_percent(in_exports, exports),
        most_dependent=_dependence(benchmark, i, k),
        top_markets=_top(benchmark, by_market, exports),
        top_suppliers=_top(benchmark, by_supplier, imports),
    )


def _dependence(benchmark: Benchmark, i: int, k: int, most: int = 6) -> tuple[Dependence, ...]:
    """The sectors in which i spends the largest share on k, flows of USD 1 mn and more."""
    abroad = benchmark.expenditure_flow[i].sum(axis=0) - benchmark.expenditure_flow[i, i]
    flow, spent, share = benchmark.trade_flow[i, k], benchmark.expenditure_flow[i, k], benchmark.trade_share[i, k]
    order = [position for position in np.argsort(-share, kind="stable") if flow[position] >= SMALLEST_DEPENDENCE_USD_MN]
    return tuple(
        Dependence(
            sector=benchmark.sectors[position],
            name=_sector_name(benchmark, position),
            usd_mn=flow[position],
            of_expenditure_pct=100 * share[position],
            of_imports_pct=_percent(spent[position], abroad[position]),
        )
        for position in order[:most]
    )


def _sector_trade(benchmark: Benchmark, i: int, k: int) -> tuple[SectorTrade, ...]:
    """Every sector in the order of the benchmark."""
    flow, share, kinds = benchmark.trade_flow, benchmark.trade_share, _kinds(benchmark)
    return tuple(
        SectorTrade(
            sector=code,
            name=_sector_name(benchmark, j),
            kind=kinds[j],
            a_to_b_usd_mn=flow[k, i, j],
            b_to_a_usd_mn=flow[i, k, j],
            a_needs_b_pct=100 * share[i, k, j],
            b_needs_a_pct=100 * share[k, i, j],
        )
        for j, code in enumerate(benchmark.sectors)
    )


def _notes(benchmark: Benchmark, year: int | None, sides: tuple[Side, Side]) -> tuple[str, ...]:
    """Cautions that follow from the numbers: external balances of a year of extreme prices."""
    notes = []
    touched = [
        side
        for side in sides
        if abs(side.net_lending_pct) >= NOTEWORTHY_LENDING_PCT or (side.fuels_in_exports_pct or 0) >= NOTEWORTHY_FUEL_PCT
    ]
    if year in ENERGY_PRICE_YEARS and touched:
        balances = " and ".join(
            f"{side.name} {'lent' if side.net_lending_pct >= 0 else 'borrowed'} {abs(side.net_lending_pct):.3g} % "
            "of its value added abroad"
            for side in touched
        )
        notes.append(
            f"In {year} {ENERGY_PRICE_YEARS[year]}. External balances of such a year are no guide to an ordinary one: {balances}."
        )
    stated = benchmark.provenance.get("note")
    if isinstance(stated, str) and stated:
        notes.append(stated)
    return tuple(notes)


# -- small pieces -----------------------------------------------------------------------------------


def _rank(benchmark: Benchmark, values: Array, k: int, own: int) -> int:
    """1 for the largest partner; neither the economy itself nor the aggregate is one."""
    others = [i for i, code in enumerate(benchmark.economies) if i != own and code != AGGREGATE]
    return 1 + int(np.sum(values[others] > values[k]))


def _top(benchmark: Benchmark, values: Array, total: float, most: int = 5) -> tuple[Partner, ...]:
    order = [position for position in np.argsort(-values, kind="stable")[:most] if values[position] > 0]
    return tuple(
        Partner(benchmark.economies[i], _name(benchmark, i), float(values[i]), _percent(values[i], total)) for i in order
    )


def _kinds(benchmark: Benchmark) -> list[str]:
    """`goods`, `services` or nothing where the benchmark does not say, by sector."""
    groups = benchmark.sector_groups
    return [next((kind for kind in ("goods", "services") if code in groups.get(kind, ())), "") for code in benchmark.sectors]


def _name(benchmark: Benchmark, i: int) -> str:
    return benchmark.economy_names.get(benchmark.economies[i], benchmark.economies[i])


def _sector_name(benchmark: Benchmark, j: int) -> str:
    return benchmark.sector_names.get(benchmark.sectors[j], benchmark.sectors[j])


def _percent(part: Any, whole: Any) -> float:
    """100 part / whole; 0 where there is no whole."""
    return 100 * float(part) / float(whole) if whole else 0.0
