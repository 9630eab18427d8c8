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
        finite = np.isfinite(values) | ((name == "trade_cost") & np.isposinf(values))
        fault = _fault(name, values) if finite.all() else f"{int((~finite).sum())} cells are not finite numbers"
        if fault:
            problems.append(Problem(f"{name}: {fault}"))
        at_home = 1.0 if name == "trade_cost" else 0.0
        if name in (*RATES, "trade_cost") and np.any(np.einsum("nnj->nj", values) != at_home):
            problems.append(Problem(f"{name}: changes what an economy buys at home"))
    if wedges.capital is not None and closure.factors == "mobile":
        problems.append(Problem("capital: has no meaning when factors are mobile across sectors; use labour or specific factors"))
    if problems:
        raise InputError(problems)


def _fault(name: str, values: Array) -> str | None:
    if name in RATES:
        return "−100 % or less" if np.any(values <= -1) else None
    if name in FACTORS_OF:
        return "factors must be positive" if np.any(values < 0 if name == "taste" else values <= 0) else None
    if name == "transfer":
        far = abs(values.sum()) > 1e-6 * max(1.0, float(np.abs(values).sum()))
        return f"sums to {values.sum():.6g} USD mn, not to 0" if far else None
    if np.any(values < 0) or np.any(values > 1):
        return "shares of owners lie between 0 and 1"
    gap = np.abs(values.sum(axis=0) - 1)
    return f"shares of owners sum to {values.sum(axis=0).flat[int(gap.argmax())]:.9g}, not to 1" if gap.max() > 1e-9 else None
