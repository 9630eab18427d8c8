"""From instruments to the arrays that the model takes: the only place where a change becomes a factor.

An intensity x makes a factor (1 + change)^x and a level from + x (to − from). Factors multiply; a tariff
acts on the tariff that earlier layers left; within one layer a tariff or barrier may name a cell once.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np

from comity.errors import InputError, Problem
from comity.policy import selectors
from comity.policy.instruments import (
    MAX_FACTOR,
    MAX_TARIFF,
    MAX_TRADE_COST,
    Barrier,
    CommodityPrice,
    Embargo,
    Instrument,
    Labour,
    Productivity,
    Tariff,
    Taste,
    Trade,
    kind_of,
)
from comity.records import Array, Benchmark, Wedges

Layer = Sequence[tuple[Instrument, float]]
_KEPT_LAYERS = 16


@dataclass(frozen=True, eq=False)
class Cells:
    """The cells that an instrument touches: one index list an axis, and what the base year holds there (USD mn)."""

    axes: tuple[tuple[int, ...], ...]
    inside_row: tuple[str, ...]
    base_usd_mn: float
    foreign: Array | None = None
    """For importer × exporter × sector: True off the diagonal, shaped to broadcast over the block."""

    @property
    def grid(self) -> tuple[Array, ...]:
        """An index that picks the block out of a full array."""
        return np.ix_(*self.axes)

    def overlaps(self, other: Cells) -> bool:
        """Whether both touch one cell between two different economies."""
        importers, exporters, goods = (set(a) & set(b) for a, b in zip(self.axes, other.axes, strict=True))
        return bool(goods) and any(n != i for n in importers for i in exporters)


_CELLS: WeakKeyDictionary[Benchmark, dict[Any, Cells]] = WeakKeyDictionary()
_LAYERS: WeakKeyDictionary[Benchmark, OrderedDict[Any, Wedges]] = WeakKeyDictionary()


def cells(instrument: Instrument, benchmark: Benchmark) -> Cells:
    """What an instrument touches; kept with the benchmark. InputError if it touches nothing that exists."""
    known = _CELLS.setdefault(benchmark, {})
    if instrument not in known:
        if isinstance(instrument, Trade):
            known[instrument] = _trade_cells(instrument, benchmark)
        else:
            known[instrument] = _country_cells(instrument, benchmark)
    return known[instrument]


def _trade_cells(instrument: Trade, benchmark: Benchmark) -> Cells:
    importer, exporter, sector = _resolved(
        [
            ("importer", lambda: selectors.economies(instrument.importer, benchmark)),
            ("exporter", lambda: selectors.economies(instrument.exporter, benchmark)),
            ("sector", lambda: selectors.sectors(instrument.sector, benchmark)),
        ]
    )
    axes = (importer.indices, exporter.indices, sector.indices)
    foreign = np.array(axes[0])[:, None, None] != np.array(axes[1])[None, :, None]
    if not foreign.any():
        raise InputError(f"{kind_of(instrument)}: importer and exporter are the same economy")
    traded = float((benchmark.trade_flow[np.ix_(*axes)] * foreign).sum())
    if traded == 0:
        raise InputError(f"{kind_of(instrument)} touches no trade: there is none of these sectors in the base year")
    inside = tuple(dict.fromkeys((*importer.inside_row, *exporter.inside_row)))
    return Cells(axes, inside, traded, foreign)


def _country_cells(instrument: Instrument, benchmark: Benchmark) -> Cells:
    steps = [("country", lambda: selectors.economies(instrument.country, benchmark))]  # type: ignore[union-attr]
    if not isinstance(instrument, Labour):
        steps.append(("sector", lambda: selectors.sectors(_touched_sector(instrument), benchmark)))
    found = _resolved(steps)
    axes = tuple(one.indices for one in found)
    base, what = _base_of(instrument, benchmark)
    total = float(base[np.ix_(*axes)].sum())
    if total == 0:
        raise InputError(f"{kind_of(instrument)} touches nothing: there is no {what} there in the base year")
    return Cells(axes, found[0].inside_row, total)


def _touched_sector(instrument: Any) -> tuple[str, ...]:
    if isinstance(instrument, CommodityPrice):
        return instrument.final_sector or instrument.sector
    return instrument.sector


def _base_of(instrument: Instrument, benchmark: Benchmark) -> tuple[Array, str]:
    """What stands behind a shock at home, USD mn, and its name."""
    moved = instrument.at(1.0) if isinstance(instrument, CommodityPrice) else instrument
    if isinstance(moved, Productivity):
        return benchmark.output, "output"
    if isinstance(moved, Taste):
        return benchmark.final_demand, "final demand"
    if isinstance(moved, Labour):
        return (benchmark.labour_share * benchmark.value_added).sum(axis=1), "labour income"
    return (1 - benchmark.labour_share) * benchmark.value_added, "capital income"


def _resolved(steps: Sequence[tuple[str, Callable[[], selectors.Selection]]]) -> list[selectors.Selection]:
    """All selections, or one InputError with the fault of each axis."""
    found, problems = [], []
    for axis, resolve in steps:
        try:
            found.append(resolve())
        except InputError as error:
            problems += [Problem(f"{axis}: {problem.message}") for problem in error.problems]
    if problems:
        raise InputError(problems)
    return found


def base_value(instrument: Instrument, benchmark: Benchmark) -> tuple[float, str]:
    """What an instrument touches in the base year: USD mn, and of what ("trade", "output", "final demand", …)."""
    what = "trade" if isinstance(instrument, Trade) else _base_of(instrument, benchmark)[1]
    return cells(instrument, benchmark).base_usd_mn, what


def combine(benchmark: Benchmark, *layers: Layer) -> Wedges:
    """Arrays of several layers of (instrument, intensity), first the crisis, then the package; None where unchanged.

    Raises InputError where two instruments of one layer set one tariff or barrier, where a tariff falls to −100 %
    or a combined factor passes its cap, and for a calibrated shock that was not solved for.
    """
    wedges = Wedges()
    for position, layer in enumerate(layers):
        layer = tuple((instrument, float(x)) for instrument, x in layer)
        if not layer:
            continue
        if position == 0:
            kept = _LAYERS.setdefault(benchmark, OrderedDict())
            if layer not in kept:
                kept[layer] = _add(benchmark, wedges, layer)
                while len(kept) > _KEPT_LAYERS:
                    kept.popitem(last=False)
            kept.move_to_end(layer)
            wedges = kept[layer]
        else:
            wedges = _add(benchmark, wedges, layer)
    return wedges


def refuse_double(benchmark: Benchmark, instruments: Sequence[Instrument]) -> None:
    """InputError if two of the instruments set the tariff, or the barrier, of one cell."""
    for kind, what in ((Tariff, "tariff"), (Barrier, "barrier")):
        own = [(one, cells(one, benchmark)) for one in instruments if isinstance(one, kind)]
        for position, (_, first) in enumerate(own):
            for _, second in own[:position]:
                if first.overlaps(second):
                    raise InputError(f"two instruments set the {what} of {_shared(first, second, benchmark)}")


def _shared(first: Cells, second: Cells, benchmark: Benchmark) -> str:
    importers, exporters, goods = (sorted(set(a) & set(b)) for a, b in zip(first.axes, second.axes, strict=True))
    n, i = next((n, i) for n in importers for i in exporters if n != i)
    return f"{benchmark.economies[n]} on {benchmark.sectors[goods[0]]} from {benchmark.economies[i]}"


def _add(benchmark: Benchmark, start: Wedges, layer: Layer) -> Wedges:
    """One layer on top of what stands."""
    active = [(instrument, x) for instrument, x in layer if x != 0]
    for _, x in active:
        if not 0 <= x <= 1:
            raise InputError(f"an intensity lies between 0 and 1, not at {x}")
    refuse_double(benchmark, [instrument for instrument, _ in active])
    n, j = benchmark.output.shape
    shapes = {"trade_cost": (n, n, j), "productivity": (n, j), "labour": (n,), "capital": (n, j), "taste": (n, j)}
    arrays: dict[str, Array] = {}
    for instrument, x in active:
        name = _array_of(instrument)
        if name not in arrays:
            base = benchmark.tariff if name == "tariff" else np.ones(shapes[name])
            before = getattr(start, name)
            arrays[name] = np.array(base if before is None else before)
        _change(arrays[name], instrument, x, cells(instrument, benchmark))
    kept = {name: getattr(start, name) for name in ("tariff", *shapes)}
    return Wedges(**{**kept, **{name: _finished(name, array, benchmark) for name, array in arrays.items()}})


def _array_of(instrument: Instrument) -> str:
    if isinstance(instrument, CommodityPrice):
        raise InputError("commodity_price is calibrated by solving: it has no size before that")
    return "trade_cost" if isinstance(instrument, Embargo | Barrier) else kind_of(instrument)


def _change(array: Array, instrument: Instrument, x: float, touched: Cells) -> None:
    """Apply one instrument to the block of the array that it touches, in place."""
    block = array[touched.grid]
    after = moved(block, instrument, x)
    array[touched.grid] = after if touched.foreign is None else np.where(touched.foreign, after, block)


def moved(block: Array, instrument: Instrument, x: float) -> Array:
    """The values of the instrument's own array (tariff levels, or factors) after it acts with intensity x."""
    if isinstance(instrument, Tariff):
        step = (instrument.add or 0.0) if instrument.rate is None else instrument.rate - block
        return block + x * step
    if isinstance(instrument, Embargo):
        return np.full_like(block, np.inf)
    if isinstance(instrument, Barrier):
        return block * (1 + x * (instrument.to - instrument.from_) / (1 + instrument.from_))
    return block * (1 + instrument.change) ** x  # type: ignore[union-attr]


def _finished(name: str, array: Array, benchmark: Benchmark) -> Array | None:
    """The array, read-only; None where it equals the base; InputError where a cap is passed."""
    base: Any = benchmark.tariff if name == "tariff" else 1.0
    if np.array_equal(array, np.broadcast_to(base, array.shape)):
        return None
    refuse_excess(name, array, benchmark)
    array.setflags(write=False)
    return array


def refuse_excess(name: str, array: Array, benchmark: Benchmark) -> None:
    """InputError for the first cell outside what an instrument may become (infinite trade cost is an embargo)."""
    if name == "tariff":
        bad, limit = (array <= -1) | (array > MAX_TARIFF), f"lie between −100 % and {100 * MAX_TARIFF:,.0f} %"
    else:
        cap = MAX_TRADE_COST if name == "trade_cost" else MAX_FACTOR
        finite = np.isfinite(array) if name == "trade_cost" else True
        bad, limit = ((array < 1 / cap) | (array > cap)) & finite, f"lie between × 1/{cap:,.0f} and × {cap:,.0f}"
    if np.isnan(array).any():
        bad, limit = np.isnan(array), "be a number"
    if bad.any():
        cell = np.unravel_index(np.argmax(bad), array.shape)
        last_is_sector = array.ndim > 1
        names = [
            benchmark.sectors[c] if last_is_sector and axis == array.ndim - 1 else benchmark.economies[c]
            for axis, c in enumerate(cell)
        ]
        raise InputError(f"{name} of {', '.join(names)} becomes {array[cell]:.6g}; it must {limit}")
