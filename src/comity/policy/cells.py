"""What instruments touch: the cells of the arrays, the base year's flows there, and where two meet."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np

from comity.errors import InputError, Problem
from comity.policy import selectors
from comity.policy.instruments import (
    Barrier,
    CommodityPrice,
    ExportTax,
    Instrument,
    Labour,
    Ownership,
    Productivity,
    Quota,
    Tariff,
    TariffQuota,
    Taste,
    Trade,
    Transfer,
    kind_of,
)
from comity.records import Array, Benchmark


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


def cells(instrument: Instrument, benchmark: Benchmark) -> Cells:
    """What an instrument touches; kept with the benchmark. InputError if it touches nothing that exists."""
    known = _CELLS.setdefault(benchmark, {})
    if instrument not in known:
        if isinstance(instrument, Trade):
            known[instrument] = _trade_cells(instrument, benchmark)
        else:
            known[instrument] = _OTHER_CELLS.get(type(instrument), _country_cells)(instrument, benchmark)
    return known[instrument]


def _single(terms: Sequence[str], benchmark: Benchmark) -> selectors.Selection:
    found = selectors.economies(terms, benchmark)
    if len(found.indices) != 1 or found.inside_row:
        raise InputError(f"{', '.join(terms)!r} is a group; name one economy")
    return found


def _transfer_cells(instrument: Transfer, benchmark: Benchmark) -> Cells:
    """Who pays and who receives: two lists of one economy."""
    payer, receiver = _resolved(
        [
            ("from", lambda: _single(instrument.from_, benchmark)),
            ("to", lambda: _single(instrument.to, benchmark)),
        ]
    )
    if payer.indices == receiver.indices:
        raise InputError("transfer: from and to are the same economy")
    income, code = float(benchmark.income[payer.indices[0]]), benchmark.economies[payer.indices[0]]
    if instrument.usd_mn >= income:
        raise InputError(f"transfer: USD {instrument.usd_mn:,.4g} mn is more than {code} earns in the base year ({income:,.4g})")
    return Cells((payer.indices, receiver.indices), (), income)


def _ownership_cells(instrument: Ownership, benchmark: Benchmark) -> Cells:
    """Owner × economy × sector."""
    owner, country, sector = _resolved(
        [
            ("owner", lambda: _single(instrument.owner, benchmark)),
            ("country", lambda: selectors.economies(instrument.country, benchmark)),
            ("sector", lambda: selectors.sectors(instrument.sector, benchmark)),
        ]
    )
    if owner.indices[0] in country.indices:
        code = benchmark.economies[owner.indices[0]]
        raise InputError(f"ownership: residents of {code} hold at home what nobody else does; state the shares of owners abroad")
    base, what = _base_of(instrument, benchmark)
    total = float(base[np.ix_(country.indices, sector.indices)].sum())
    if total == 0:
        raise InputError(f"ownership touches nothing: there is no {what} there in the base year")
    return Cells((owner.indices, country.indices, sector.indices), country.inside_row, total)


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


_OTHER_CELLS: dict[type, Callable[[Any, Benchmark], Cells]] = {Transfer: _transfer_cells, Ownership: _ownership_cells}


def _touched_sector(instrument: Any) -> tuple[str, ...]:
    if isinstance(instrument, CommodityPrice):
        return instrument.final_sector or instrument.sector
    return instrument.sector


def _base_of(instrument: Instrument, benchmark: Benchmark) -> tuple[Array, str]:
    """What stands behind a shock at home, USD mn, and its name."""
    moved = instrument.at(1.0) if isinstance(instrument, CommodityPrice) else instrument
    if isinstance(moved, Transfer):
        return benchmark.income, "income of the payer"
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


SETTERS: tuple[tuple[tuple[type, ...], str], ...] = (
    ((Tariff, TariffQuota), "tariff"),
    ((Barrier,), "barrier"),
    ((ExportTax,), "export tax"),
    ((Quota, TariffQuota), "quota"),
    ((Ownership,), "owners"),
)
"""Instruments of which one list may name a cell once, and what they set there."""


def refuse_double(benchmark: Benchmark, instruments: Sequence[Instrument]) -> None:
    """InputError if two of the instruments set the tariff (barrier, export tax, quota, owners) of one cell."""
    for kinds, what in SETTERS:
        own = [(one, cells(one, benchmark)) for one in instruments if isinstance(one, kinds)]
        for position, (_, first) in enumerate(own):
            for _, second in own[:position]:
                if first.overlaps(second):
                    raise InputError(f"two instruments set the {what} of {_shared(first, second, benchmark)}")


def _shared(first: Cells, second: Cells, benchmark: Benchmark) -> str:
    importers, exporters, goods = (sorted(set(a) & set(b)) for a, b in zip(first.axes, second.axes, strict=True))
    n, i = next((n, i) for n in importers for i in exporters if n != i)
    return f"{benchmark.economies[n]} on {benchmark.sectors[goods[0]]} from {benchmark.economies[i]}"
