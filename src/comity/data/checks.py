"""Named accounting checks of a benchmark: every identity of the model recomputed by another route than its own.

A check compares what the benchmark derives (shares, final demand, deficits, …) with sums of its stored arrays, or
with control totals kept apart from them. `check` reports, `raise_if_bad` refuses.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from comity.data.identities import IDENTITIES, Comparison, inputs
from comity.data.load import NAMES, control_totals
from comity.errors import DataError, Problem
from comity.records import Benchmark
from comity.records.benchmark import WIDEST

Array = np.ndarray

TOLERANCE = 1e-9
SOURCE_TOLERANCE = 1e-3
"""The sources agree on output to 5e-4 where it is above SOURCE_FLOOR; the rest is room for another release's rounding."""
SOURCE_FLOOR = 100.0
"""USD mn; smaller outputs of the source are rounded too coarsely to compare."""


@dataclass(frozen=True)
class Check:
    """One identity: its worst relative residual, the cells where it is worst, and whether it holds."""

    name: str
    residual: float
    worst: str
    ok: bool
    tolerance: float
    meaning: str
    others: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return asdict(self)


def check(benchmark: Benchmark) -> list[Check]:
    """Every accounting check of a benchmark, the worst (relative to its tolerance) first.

    A benchmark whose provenance names its control totals is also compared with them.
    """
    done = [_judge(benchmark, name, meaning, compare, TOLERANCE) for name, meaning, compare in IDENTITIES]
    if told := benchmark.provenance.get("input_shares_normalised"):
        done.append(_normalised(told))
    controls = benchmark.provenance.get("control_totals")
    if controls in NAMES:
        totals = control_totals(controls)
        for name, meaning, compare, tolerance in CONTROLS:
            done.append(_judge(benchmark, name, meaning, lambda b, c=compare: c(b, totals), tolerance))
    return sorted(done, key=lambda item: -item.residual / item.tolerance)


def _normalised(told: Mapping[str, Any]) -> Check:
    """What was corrected when input shares were made to sum to one; no more than the limit of `Benchmark.from_arrays`."""
    meaning = f"input shares as they were given, before {told['columns']:,} of {told['of']:,} columns were made to sum to one"
    worst = f"{told['economy']}, {told['sector']}: off by {told['largest']:.2g}"
    return Check("input shares as given", told["largest"], worst, told["largest"] <= WIDEST, WIDEST, meaning)


def raise_if_bad(benchmark: Benchmark) -> list[Check]:
    """The checks when all hold; else DataError with each that fails and its worst cells."""
    done = check(benchmark)
    bad = [item for item in done if not item.ok]
    if bad:
        raise DataError(
            [
                Problem(
                    f"{benchmark.name}: {item.name} is off by {item.residual:.2g} (at most {item.tolerance:.0e}); worst "
                    + "; ".join((item.worst, *item.others))
                )
                for item in bad
            ]
        )
    return done


def _judge(
    benchmark: Benchmark, name: str, meaning: str, compare: Callable[[Benchmark], Iterator[Comparison]], tolerance: float
) -> Check:
    found: list[tuple[float, str]] = []
    for comparison in compare(benchmark):
        found += _worst_cells(benchmark, comparison)
    found.sort(key=lambda pair: -pair[0])
    residual, worst = found[0]
    others = tuple(words for size, words in found[1:3] if size > tolerance)
    return Check(name, residual, worst if residual > 0 else "none", bool(residual <= tolerance), tolerance, meaning, others)


def _worst_cells(benchmark: Benchmark, c: Comparison, count: int = 3) -> list[tuple[float, str]]:
    """The largest relative differences with the cells in words; NaN counts as infinite."""
    left, right = (np.atleast_1d(np.asarray(side, dtype=np.float64)) for side in (c.left, c.right))
    scale = np.maximum(np.abs(left), np.abs(right)) if c.scale is None else np.broadcast_to(np.atleast_1d(c.scale), left.shape)
    floor = 1e-15 * float(np.nanmax(np.abs(scale), initial=0.0)) + 1e-300
    size = np.abs(left - right) / np.maximum(np.abs(scale), floor)
    size = np.where(np.isfinite(size), size, np.inf)
    cells = []
    for flat in np.argsort(-size, axis=None, kind="stable")[:count]:
        cell = np.unravel_index(flat, size.shape)
        values = f"{left[cell]:,.6g} against {right[cell]:,.6g}{c.unit}"
        cells.append((float(size[cell]), f"{c.what}{_in_words(benchmark, c.axes, cell)}: {values}"))
    return cells


def _in_words(benchmark: Benchmark, axes: Sequence[str], cell: Sequence[Any]) -> str:
    names = []
    for axis, place in zip(axes, cell, strict=False):
        labels = benchmark.sectors if axis in ("sector", "input") else benchmark.economies
        names.append(f"{axis} {labels[int(place)]}" if axis in ("importer", "exporter", "input") else labels[int(place)])
    return ", ".join(names) or "world"


# -- control totals: the stored arrays against sums kept apart from them ------------------------------


def sales_control(b: Benchmark, totals: Mapping[str, Array]) -> Iterator[Comparison]:
    """Output and purchases by sector, and trade by pair, as they were when the arrays were built."""
    yield Comparison(b.trade_flow.sum(axis=0), totals["sales"], ("country", "sector"), what="sales of ")
    yield Comparison(b.trade_flow.sum(axis=1), totals["purchases"], ("country", "sector"), what="purchases of ")
    yield Comparison(b.trade_flow.sum(axis=2), totals["bilateral"], ("importer", "exporter"), what="trade of ")


def tariff_control(b: Benchmark, totals: Mapping[str, Array]) -> Iterator[Comparison]:
    """Duties by pair."""
    yield Comparison((b.tariff * b.trade_flow).sum(axis=2), totals["duties"], ("importer", "exporter"), what="duties of ")


def input_control(b: Benchmark, totals: Mapping[str, Array]) -> Iterator[Comparison]:
    """Inputs by input and by user, relative to the economy's use of that sector."""
    cost = (1 - b.value_added_share) * b.output
    scale = np.maximum(totals["input_cost"], b.output)
    yield Comparison(cost, totals["input_cost"], ("country", "sector"), scale=scale, what="input cost of ")
    yield Comparison(inputs(b), totals["inputs"], ("country", "sector"), scale=np.maximum(b.expenditure, 1e-9), what="inputs of ")


def source_control(b: Benchmark, totals: Mapping[str, Array]) -> Iterator[Comparison]:
    """Output against gross output as the input-output table states it (with the clips of goods), where above USD 100 mn."""
    stated = totals["source_output"].copy()
    stated[:, : totals["source_clipped"].shape[1]] += totals["source_clipped"]
    ours = b.output[: stated.shape[0]]
    large = stated > SOURCE_FLOOR
    yield Comparison(np.where(large, ours, 0), np.where(large, stated, 0), ("country", "sector"), what="output of ")


CONTROLS: tuple[tuple[str, str, Callable[[Benchmark, Mapping[str, Array]], Iterator[Comparison]], float], ...] = (
    ("control: trade", "sums of the flows kept when they were built", sales_control, TOLERANCE),
    ("control: duties", "tariff revenue by pair kept when the tariffs were built", tariff_control, TOLERANCE),
    ("control: inputs", "sums of input use kept when it was built", input_control, TOLERANCE),
    ("source: gross output", "output as OECD's table states it", source_control, SOURCE_TOLERANCE),
)
