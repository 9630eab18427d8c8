"""Packages as changes of a few trade cells on top of a scenario: what makes a thousand packages cheap."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from comity.errors import InputError
from comity.policy.instruments import Barrier, Instrument, Tariff, Trade, TradeCost, kind_of
from comity.policy.wedges import cells, moved, refuse_double
from comity.records import Array, Benchmark, Wedges


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
            raise InputError(f"{kind_of(one)}: a proposal changes tariffs, barriers and trade costs only")
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


def package_values(
    benchmark: Benchmark, scenario: Wedges, touched: TradeCells, intensity: Sequence[float]
) -> tuple[Array, Array]:
    """New trade-cost factors and tariffs at the cells, after the scenario and the instruments at their intensities."""
    at = (touched.importer, touched.exporter, touched.sector)
    cost = np.ones(touched.size) if scenario.trade_cost is None else np.array(scenario.trade_cost[at])
    tariff = np.array((benchmark.tariff if scenario.tariff is None else scenario.tariff)[at])
    for one, where, x in zip(touched.instruments, touched.where, intensity, strict=True):
        if x == 0:
            continue
        array = tariff if isinstance(one, Tariff) else cost
        array[where] = moved(array[where], one, x)
    return cost, tariff


def package_slopes(
    benchmark: Benchmark, scenario: Wedges, touched: TradeCells, intensity: Sequence[float]
) -> list[tuple[str, Array, Array]]:
    """For each instrument: "cost" or "tariff", its positions, and the derivative of the cells there in its own intensity.

    Of the logarithm of the trade-cost factor, or of the tariff. InputError for an embargo, which knows no half measure.
    """
    at = (touched.importer, touched.exporter, touched.sector)
    before = np.array((benchmark.tariff if scenario.tariff is None else scenario.tariff)[at])
    found: list[tuple[str, Array, Array]] = []
    for one, where, x in zip(touched.instruments, touched.where, intensity, strict=True):
        if isinstance(one, Tariff):
            step = (one.add or 0.0) if one.rate is None else one.rate - before[where]
            found.append(("tariff", where, np.broadcast_to(step, where.shape)))
        elif isinstance(one, Barrier):
            slope = (one.to - one.from_) / (1 + one.from_)
            found.append(("cost", where, np.full(where.shape, slope / (1 + x * slope))))
        elif isinstance(one, TradeCost):
            found.append(("cost", where, np.full(where.shape, np.log1p(one.change))))
        else:
            raise InputError(f"{kind_of(one)}: has no intensity between 0 and 1")
    return found
