"""Random scenarios on the world benchmark: what is solved, what is named as ill-posed, and what is neither (which must be 0).

    python benchmarks/robustness.py --draws 2000 --out robustness.json

Sizes are log-uniform from 1 % to autarky (trade costs × 1000, tariffs of 10,000 %), closures and elasticities of substitution
random (0.05 to 5). Each draw has its own seed, so that any part of a run can be repeated: `--start 700 --draws 100`.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import Any

import numpy as np

from comity.data.load import load
from comity.errors import ComityError, NoEquilibriumError, NotConvergedError
from comity.records import Array, Benchmark, Closure, Wedges
from comity.solve import report
from comity.solve.equilibrium import solve

SEED = 2022
KINDS = ("trade_cost", "tariff", "embargo", "productivity", "taste", "labour")
FACTORS = ("mobile", "specific", "immobile")
DEFICITS = ("fixed", "proportional", "balanced", "with_trade")
LOWEST, HIGHEST = 0.05, 5.0
"""Elasticities of substitution."""

Draw = tuple[Wedges, Closure, str]


def draw(benchmark: Benchmark, number: int, seed: int = SEED) -> Draw:
    """Wedges, closure and a line that says what was drawn; the same for the same number and seed."""
    rng = np.random.default_rng((seed, number))
    closure = _closure(rng)
    kinds = [str(rng.choice(KINDS))] if rng.random() < 0.6 else [str(k) for k in rng.choice(KINDS, rng.integers(2, 4), False)]
    arrays: dict[str, Array] = {}
    told = []
    for kind in kinds:
        name, array, words = _instrument(benchmark, rng, kind)
        if name == "trade_cost" and name in arrays:
            array = array * arrays[name]
        arrays[name] = array
        told.append(words)
    return Wedges(**arrays), closure, "; ".join(told)


def _closure(rng: np.random.Generator) -> Closure:
    factors, deficits = str(rng.choice(FACTORS)), str(rng.choice(DEFICITS))
    if rng.random() < 0.4:
        return Closure(factors, deficits)
    inputs, added, final = np.exp(rng.uniform(np.log(LOWEST), np.log(HIGHEST), 3)).tolist()
    return Closure(factors, deficits, inputs, added, final)


def _size(rng: np.random.Generator, highest: float) -> float:
    """Log-uniform from 1 % to the highest."""
    return float(np.exp(rng.uniform(np.log(0.01), np.log(highest))))


def _instrument(benchmark: Benchmark, rng: np.random.Generator, kind: str) -> tuple[str, Array, str]:
    n, j = benchmark.expenditure.shape
    if kind in ("trade_cost", "tariff", "embargo"):
        cells, where = _trade_cells(benchmark, rng)
        if kind == "tariff":
            size = _size(rng, 100.0)
            return "tariff", np.where(cells, benchmark.tariff + size, benchmark.tariff), f"tariff +{100 * size:.3g} % {where}"
        size = np.inf if kind == "embargo" else 1 + _size(rng, 999.0)
        return "trade_cost", np.where(cells, size, 1.0), f"{kind} × {size:.4g} {where}"
    factor = (1 + _size(rng, 9.0 if kind == "labour" else 99.0)) ** float(rng.choice((-1.0, 1.0)))
    who = int(rng.integers(n)) if rng.random() < 0.7 else None
    if kind == "labour":
        array = np.ones(n)
        array[slice(None) if who is None else who] = factor
    else:
        what = int(rng.integers(j)) if rng.random() < 0.7 else None
        array = np.ones((n, j))
        array[slice(None) if who is None else who, slice(None) if what is None else what] = factor
    return kind, array, f"{kind} × {factor:.4g} in {'all' if who is None else benchmark.economies[who]}"


def _trade_cells(benchmark: Benchmark, rng: np.random.Generator) -> tuple[Array, str]:
    """Which cells of importer × exporter × sector, and in words; never what an economy buys at home."""
    n, j = benchmark.expenditure.shape
    cells = np.zeros((n, n, j), bool)
    a, b = (int(k) for k in rng.choice(n, 2, False))
    goods: Any = slice(None) if rng.random() < 0.5 else rng.choice(j, rng.integers(1, 6), False)
    scope = str(rng.choice(("all", "imports", "both", "pair", "exports")))
    if scope == "all":
        cells[:, :, goods] = True
    if scope in ("imports", "both"):
        cells[a, :, goods] = True
    if scope in ("exports", "both"):
        cells[:, a, goods] = True
    if scope == "pair":
        cells[a, b, goods] = cells[b, a, goods] = True
    cells[np.arange(n), np.arange(n)] = False
    names = {"all": "of all on all", "pair": f"{benchmark.economies[a]}–{benchmark.economies[b]}"}
    what = "all sectors" if isinstance(goods, slice) else f"{len(goods)} sectors"
    return cells, f"{names.get(scope, f'{scope} of {benchmark.economies[a]}')}, {what}"


def attempt(benchmark: Benchmark, number: int, seed: int = SEED) -> dict[str, Any]:
    """One draw solved: `solved`, `ill-posed` (an error with a reason) or `other`, with residual, steps and seconds."""
    wedges, closure, told = draw(benchmark, number, seed)
    found: dict[str, Any] = {"draw": number, "scenario": told, "closure": f"{closure.factors}, {closure.deficits}"}
    found["elasticities"] = [round(float(np.max(v)), 3) for v in closure.nests]
    begin = time.perf_counter()
    try:
        eq = solve(benchmark, wedges, closure=closure)
        # What buyers pay under an embargo is infinite, and an index of border prices may have no trade left to weigh them with.
        loose = (*report.PAID, *report.INDICES)
        finite = all(np.isfinite(eq.values[name]).all() for name in eq.values if name not in loose)
        outcome = "solved" if finite and eq.residual <= 1e-10 else "other"
        found |= {"outcome": outcome, "residual": eq.residual, "steps": eq.steps}
    except NotConvergedError as error:
        found |= {"outcome": "other", "message": str(error)}
    except NoEquilibriumError as error:
        found |= {"outcome": "ill-posed", "message": str(error)}
    except (ComityError, ArithmeticError, ValueError) as error:
        found |= {"outcome": "other", "message": f"{type(error).__name__}: {error}"}
    return found | {"seconds": round(time.perf_counter() - begin, 4)}


def summary(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Counts by outcome, worst residual, quantiles of seconds and steps of what was solved."""
    counts = {name: sum(row["outcome"] == name for row in rows) for name in ("solved", "ill-posed", "other")}
    solved = [row for row in rows if row["outcome"] == "solved"]
    levels = (0.5, 0.9, 0.99, 1.0)

    def quantiles(key: str) -> dict[str, float]:
        return {f"{q:g}": round(float(np.quantile([row[key] for row in solved], q)), 4) for q in levels} if solved else {}

    worst = max((row["residual"] for row in solved), default=0.0)
    return {"draws": len(rows), **counts, "worst_residual": worst, "seconds": quantiles("seconds"), "steps": quantiles("steps")}


def main() -> None:
    """Draw, solve, print the summary; with `--out`, keep every row and go on from there next time."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--draws", type=int, default=2000)
    options.add_argument("--start", type=int, default=0)
    options.add_argument("--seed", type=int, default=SEED)
    options.add_argument("--out", type=Path)
    given = options.parse_args()
    benchmark = load()
    kept = json.loads(given.out.read_text(encoding="utf-8"))["rows"] if given.out and given.out.exists() else []
    rows = {row["draw"]: row for row in kept}
    for number in range(given.start, given.start + given.draws):
        if number in rows:
            continue
        rows[number] = attempt(benchmark, number, given.seed)
        if rows[number]["outcome"] == "other":
            print(json.dumps(rows[number]), flush=True)
        if given.out and (number % 20 == 0 or number == given.start + given.draws - 1):
            _write(given.out, given.seed, list(rows.values()))
    print(json.dumps(summary(list(rows.values())), indent=2))


def _write(out: Path, seed: int, rows: list[dict[str, Any]]) -> None:
    out.write_text(json.dumps({"seed": seed, "summary": summary(rows), "rows": rows}, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
