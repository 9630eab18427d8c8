"""From instruments to the arrays that the model takes: the only place where a change becomes a factor.

An intensity x makes a factor (1 + change)^x and a level from + x (to − from). Factors multiply, gross rents too; a tariff
acts on the tariff that earlier layers left; within one layer a tariff or barrier may name a cell once.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np

from comity.errors import InputError
from comity.policy.cells import Cells, base_value, cells, refuse_double
from comity.policy.instruments import (
    Barrier,
    CommodityPrice,
    Embargo,
    ExportTax,
    Instrument,
    Ownership,
    Quota,
    Tariff,
    TariffQuota,
    Transfer,
    kind_of,
)
from comity.policy.levels import MAX_FACTOR, MAX_TARIFF, MAX_TRADE_COST
from comity.records import Array, Benchmark, Wedges
from comity.vocabulary import symbols

__all__ = ["Cells", "arrays_of", "base_level", "base_value", "cells", "combine", "moved", "refuse_double", "refuse_excess"]

Layer = Sequence[tuple[Instrument, float]]
_KEPT_LAYERS = 16

RATES = ("tariff", "export_tax", "import_rent", "export_rent")
"""Arrays of new levels, as fractions; the others are factors on the benchmark."""

FACTORS = ("trade_cost", "productivity", "labour", "capital", "taste")

_LAYERS: WeakKeyDictionary[Benchmark, OrderedDict[Any, Wedges]] = WeakKeyDictionary()


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


def _add(benchmark: Benchmark, start: Wedges, layer: Layer) -> Wedges:
    """One layer on top of what stands."""
    active = [(instrument, x) for instrument, x in layer if x != 0]
    for _, x in active:
        if not 0 <= x <= 1:
            raise InputError(f"an intensity lies between 0 and 1, not at {x}")
    refuse_double(benchmark, [instrument for instrument, _ in active])
    arrays: dict[str, Array] = {}
    for instrument, x in active:
        for name in arrays_of(instrument):
            if name not in arrays:
                before = getattr(start, name)
                arrays[name] = np.array(base_level(name, benchmark) if before is None else before)
            _change(name, arrays[name], instrument, x, benchmark)
    return replace(start, **{name: _finished(name, array, benchmark) for name, array in arrays.items()})


def base_level(name: str, benchmark: Benchmark) -> Array:
    """What an array of `Wedges` is where nothing changes: the benchmark's rates (none is 0) and owners, factors of 1."""
    n, j = benchmark.output.shape
    size = {"importer": n, "exporter": n, "country": n, "sector": j}
    shape = tuple(size[axis] for axis in symbols()[name].axes)
    own = getattr(benchmark, name, None)
    if own is not None:
        return own
    if name == "ownership":
        return np.broadcast_to(np.eye(n)[:, :, None], shape)
    return np.broadcast_to(1.0 if name in FACTORS else 0.0, shape)


def arrays_of(instrument: Instrument) -> tuple[str, ...]:
    """The arrays of `Wedges` that an instrument moves."""
    if isinstance(instrument, CommodityPrice):
        raise InputError("commodity_price is calibrated by solving: it has no size before that")
    if isinstance(instrument, Quota | TariffQuota):
        raise InputError(f"{kind_of(instrument)}: its rent is found by solving the scenario; it is not known before that")
    if isinstance(instrument, Barrier) and instrument.rent_share > 0:
        rent = f"{'import' if instrument.rent_to == 'importer' else 'export'}_rent"
        return (rent,) if instrument.rent_share == 1 else ("trade_cost", rent)
    return ("trade_cost",) if isinstance(instrument, Embargo | Barrier) else (kind_of(instrument),)


def _change(name: str, array: Array, instrument: Instrument, x: float, benchmark: Benchmark) -> None:
    """Apply one instrument to the block of the array that it touches, in place."""
    touched = cells(instrument, benchmark)
    if isinstance(instrument, Transfer):
        payer, receiver = touched.axes
        array[payer] -= x * instrument.usd_mn
        array[receiver] += x * instrument.usd_mn
        return
    if isinstance(instrument, Ownership):
        _pass_on(array, instrument, x, benchmark)
        return
    block = array[touched.grid]
    after = moved(name, block, instrument, x)
    array[touched.grid] = after if touched.foreign is None else np.where(touched.foreign, after, block)


def _pass_on(array: Array, instrument: Ownership, x: float, benchmark: Benchmark) -> None:
    """Give the owner its share of each sector's capital income and take it from residents at home, in place."""
    (owner,), countries, goods = cells(instrument, benchmark).axes
    for n in countries:
        before = array[owner, n, goods]
        after = before + x * (instrument.share - before)
        left = array[n, n, goods] + before - after
        if (left < -ROUNDING).any():
            j = int(np.argmin(left))
            code, sector = benchmark.economies[n], benchmark.sectors[goods[j]]
            raise InputError(
                f"ownership: residents of {code} hold {100 * array[n, n, goods[j]]:.4g} % of the capital income of {sector} and"
                f" cannot give {100 * (after[j] - before[j]):.4g} % to {benchmark.economies[owner]}; a smaller share would do"
            )
        array[owner, n, goods] = after
        array[n, n, goods] = np.maximum(left, 0.0)


def moved(name: str, block: Array, instrument: Instrument, x: float) -> Array:
    """The values of one of the instrument's arrays (levels of rates, or factors) after it acts with intensity x."""
    if isinstance(instrument, Tariff | ExportTax):
        step = (instrument.add or 0.0) if instrument.rate is None else instrument.rate - block
        return block + x * step
    if isinstance(instrument, Embargo):
        return np.full_like(block, np.inf)
    if isinstance(instrument, Barrier):
        ratio, rent = instrument.ratio(x), instrument.rent_share
        if name == "trade_cost":
            return block * (ratio if rent == 0 else ratio ** (1 - rent))
        # A rent that is gone is exactly zero, not what rounding leaves of it.
        after = (1 + block) * ratio**rent - 1
        return np.where(np.abs(after) < ROUNDING, 0.0, after)
    return block * (1 + instrument.change) ** x  # type: ignore[union-attr]


ROUNDING = 1e-14


def _finished(name: str, array: Array, benchmark: Benchmark) -> Array | None:
    """The array, read-only; None where it equals the base; InputError where a cap is passed."""
    if np.array_equal(array, base_level(name, benchmark)):
        return None
    refuse_excess(name, array, benchmark)
    array.setflags(write=False)
    return array


def refuse_excess(name: str, array: Array, benchmark: Benchmark) -> None:
    """InputError for the first cell outside what an instrument may become (infinite trade cost is an embargo)."""
    if name == "transfer":
        bad, limit = np.isinf(array), "be finite"
    elif name == "ownership":
        bad, limit = (array < 0) | (array > 1), "lie between 0 and 1"
    elif name in ("import_rent", "export_rent"):
        bad = (array < 0) | (array > MAX_TARIFF)
        limit = (
            f"lie between 0 and {100 * MAX_TARIFF:,.0f} %; below 0 more rent is taken away than the benchmark holds"
            " (comity.with_rents puts the rents of barriers in; does another line remove the same rent?)"
        )
    elif name in RATES:
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
