"""Packages as changes of a few trade cells on top of a scenario: what makes a thousand packages cheap."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from comity.errors import InputError
from comity.policy.instruments import Barrier, ExportTax, Instrument, Tariff, Trade, TradeCost, kind_of
from comity.policy.wedges import arrays_of, base_level, cells, moved, refuse_double
from comity.records import Array, Benchmark, CellValues, Wedges


@dataclass(frozen=True, eq=False)
class TradeCells:
    """The trade cells that a list of instruments can touch, and where each instrument touches them."""

    importer: Array
    exporter: Array
    sector: Array
    where: tuple[Array, ...]  # for each instrument, positions in the lists above
    instruments: tuple[Trade, ...]

    @property
    def size(self) -> int:
        """Number of cells."""
        return len(self.importer)


def trade_cells(benchmark: Benchmark, instruments: Sequence[Instrument], *, may_overlap: bool = False) -> TradeCells:
    """The union of the cells of trade instruments.

    InputError for an instrument that acts elsewhere, or for two on one tariff or barrier unless they `may_overlap`.
    """
    own: list[Trade] = []
    for one in instruments:
        if not isinstance(one, Trade):
            raise InputError(f"{kind_of(one)}: a proposal changes tariffs, export taxes, barriers and trade costs only")
        own.append(one)
    if not may_overlap:
        refuse_double(benchmark, own)
    n, j = benchmark.output.shape
    flat = []
    for one in own:
        touched = cells(one, benchmark)
        block = np.ravel_multi_index(np.meshgrid(*touched.axes, indexing="ij"), (n, n, j))
        keep = np.broadcast_to(True if touched.foreign is None else touched.foreign, block.shape)
        flat.append(block[keep])
    union = np.unique(np.concatenate(flat)) if flat else np.zeros(0, dtype=int)
    importer, exporter, sector = np.unravel_index(union, (n, n, j))
    return TradeCells(importer, exporter, sector, tuple(np.searchsorted(union, f) for f in flat), tuple(own))


def package_values(benchmark: Benchmark, scenario: Wedges, touched: TradeCells, intensity: Sequence[float]) -> CellValues:
    """Trade costs, tariffs, rents and export taxes at the cells, after the scenario and the instruments at their intensities.

    None for a rent or an export tax that no instrument of the list moves.
    """
    found = {name: _before(name, benchmark, scenario, touched) for name in _names(touched)}
    for one, where, x in zip(touched.instruments, touched.where, intensity, strict=True):
        if x == 0:
            continue
        for name in arrays_of(one):
            found[name][where] = moved(name, found[name][where], one, x)
    return CellValues(**found)


def _names(touched: TradeCells) -> list[str]:
    """The arrays that the instruments move; trade costs and tariffs always."""
    used = {name for one in touched.instruments for name in arrays_of(one)}
    return [name for name in CellValues._fields if name in ("trade_cost", "tariff") or name in used]


def _before(name: str, benchmark: Benchmark, scenario: Wedges, touched: TradeCells) -> Array:
    given = getattr(scenario, name)
    array = base_level(name, benchmark) if given is None else given
    return np.array(array[touched.importer, touched.exporter, touched.sector])


def package_slopes(
    benchmark: Benchmark, scenario: Wedges, touched: TradeCells, intensity: Sequence[float]
) -> list[dict[str, tuple[Array, Array]]]:
    """For each instrument, by array: its positions, and the derivative of the cells there in the instrument's own intensity.

    Of the logarithm of a trade-cost factor, of a rate itself. InputError for an embargo, which knows no half measure.
    """
    now = package_values(benchmark, scenario, touched, intensity)
    found: list[dict[str, tuple[Array, Array]]] = []
    for one, where, x in zip(touched.instruments, touched.where, intensity, strict=True):
        found.append({name: (where, _slope(name, one, where, x, now, benchmark, scenario, touched)) for name in arrays_of(one)})
    return found


def _slope(
    name: str,
    one: Trade,
    where: Array,
    x: float,
    now: CellValues,
    benchmark: Benchmark,
    scenario: Wedges,
    touched: TradeCells,
) -> Array:
    """The derivative of one array's cells in an instrument's intensity."""
    if isinstance(one, Tariff | ExportTax):
        step = (one.add or 0.0) if one.rate is None else one.rate - _before(name, benchmark, scenario, touched)[where]
        return np.broadcast_to(step, where.shape)
    if isinstance(one, TradeCost):
        return np.full(where.shape, np.log1p(one.change))
    if isinstance(one, Barrier):
        dlog = (one.to - one.from_) / (1 + one.from_) / one.ratio(x)
        if name == "trade_cost":
            return np.full(where.shape, (1 - one.rent_share) * dlog)
        return (1 + getattr(now, name)[where]) * one.rent_share * dlog
    raise InputError(f"{kind_of(one)}: has no intensity between 0 and 1")
