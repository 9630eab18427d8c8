"""What a scenario's arrays must be before anything is solved: shapes, finite numbers, ranges, meaning under the closure."""

from __future__ import annotations

import numpy as np

from comity.errors import InputError, Problem
from comity.records import Array, Benchmark, Closure, Wedges

RATES = ("tariff", "export_tax", "import_rent", "export_rent")
"""Fractions that stand on a price; what an economy buys of itself bears none."""

FACTORS_OF = ("trade_cost", "productivity", "labour", "capital", "taste")
"""Ratios to the benchmark."""


def check_wedges(benchmark: Benchmark, wedges: Wedges, closure: Closure) -> None:
    """Refuse, all at once, wedges of a wrong shape, not finite, at home, out of range or without meaning under the closure."""
    n, j = len(benchmark.economies), len(benchmark.sectors)
    shapes = dict.fromkeys((*RATES, "trade_cost", "ownership"), (n, n, j)) | {"labour": (n,), "transfer": (n,)}
    shapes |= dict.fromkeys(("productivity", "capital", "taste"), (n, j))
    problems: list[Problem] = []
    for name, shape in shapes.items():
        if getattr(wedges, name) is None:
            continue
        values = np.asarray(getattr(wedges, name))
        if values.shape != shape:
            problems.append(Problem(f"{name}: shape {values.shape}, expected {shape}"))
            continue
        odd = _not_finite(values, name == "trade_cost")
        fault = f"{odd} cells are not finite numbers" if odd else _fault(name, values, benchmark)
        if fault:
            problems.append(Problem(f"{name}: {fault}"))
        at_home = 1.0 if name == "trade_cost" else 0.0
        if name in (*RATES, "trade_cost") and np.any(np.einsum("nnj->nj", values) != at_home):
            problems.append(Problem(f"{name}: changes what an economy buys at home"))
    if wedges.capital is not None and closure.factors == "mobile":
        problems.append(Problem("capital: has no meaning when factors are mobile across sectors; use labour or specific factors"))
    if problems:
        raise InputError(problems)


def _not_finite(values: Array, may_be_infinite: bool) -> int:
    """Cells that are no numbers, or infinite where that is no embargo; the least and the largest cell tell if any is."""
    least, most = values.min(initial=0.0), values.max(initial=0.0)
    if np.isfinite(least) and (np.isfinite(most) or (may_be_infinite and most == np.inf)):
        return 0
    return int((~(np.isfinite(values) | (may_be_infinite & np.isposinf(values)))).sum())


def _fault(name: str, values: Array, benchmark: Benchmark) -> str | None:
    if name in RATES:
        return "−100 % or less" if values.min(initial=0.0) <= -1 else None
    if name in FACTORS_OF:
        least = values.min(initial=1.0)
        return "factors must be positive" if (least < 0 if name == "taste" else least <= 0) else None
    if name == "transfer":
        far = abs(values.sum()) > 1e-6 * max(1.0, float(np.abs(values).sum()))
        return f"sums to {values.sum():.6g} USD mn, not to 0" if far else None
    outside = (values < 0) | (values > 1)
    if outside.any():
        owner, country, sector = (int(c) for c in np.argwhere(outside)[0])
        where = f"{benchmark.economies[country]}, {benchmark.sectors[sector]}"
        share = f"{100 * values[owner, country, sector]:.6g} % of {where} for {benchmark.economies[owner]}"
        return f"shares of owners lie between 0 and 1 (0 % and 100 %), not {share}"
    total = values.sum(axis=0)
    country, sector = (int(c) for c in np.unravel_index(np.argmax(np.abs(total - 1)), total.shape))
    if abs(total[country, sector] - 1) <= 1e-9:
        return None
    where = f"{benchmark.economies[country]}, {benchmark.sectors[sector]}"
    return f"shares of owners of {where} sum to {total[country, sector]:.9g}, not to 1; what residents hold counts too"
