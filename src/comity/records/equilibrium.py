"""A scenario as arrays, and a solved world."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from comity.records.benchmark import Array, Benchmark
from comity.records.closure import Closure
from comity.vocabulary import symbols

if TYPE_CHECKING:
    import xarray as xr


@dataclass(frozen=True, eq=False)
class Wedges:
    """A scenario as arrays; None means unchanged.

    Rates (`tariff`, `export_tax`, the rents) and `ownership` are new levels, `transfer` is USD mn of world value added, all
    others are ratios to the benchmark. `trade_cost` may be infinite (embargo). Axes as in symbols.csv.
    """

    tariff: Array | None = None
    export_tax: Array | None = None
    import_rent: Array | None = None
    export_rent: Array | None = None
    ownership: Array | None = None
    trade_cost: Array | None = None
    productivity: Array | None = None
    labour: Array | None = None
    capital: Array | None = None
    taste: Array | None = None
    transfer: Array | None = None

    @property
    def has_embargo(self) -> bool:
        """Whether any trade cost is infinite."""
        return self.trade_cost is not None and bool(np.max(self.trade_cost, initial=0.0) == np.inf)

    def digest(self) -> str:
        """SHA-256 of the arrays that are set."""
        h = hashlib.sha256()
        for f in fields(self):
            value = getattr(self, f.name)
            if value is not None:
                h.update(f.name.encode())
                h.update(np.ascontiguousarray(value, dtype=np.float64).tobytes())
        return h.hexdigest()


class CellValues(NamedTuple):
    """Instruments of trade at a list of cells, one number a cell: `trade_cost` a factor, the others levels as in `Wedges`.

    None: no cell of the list moves it. Arrays of NumPy or of the device; also derivatives in each (… × cell).
    """

    trade_cost: Any
    tariff: Any
    import_rent: Any = None
    export_rent: Any = None
    export_tax: Any = None


@dataclass(frozen=True, eq=False)
class Equilibrium:
    """A solved counterfactual. Plain arrays inside (`values`), labelled by attribute: `eq.real_income`."""

    benchmark: Benchmark
    wedges: Wedges
    closure: Closure
    values: Mapping[str, Array]
    residuals: Mapping[str, float]
    steps: int

    @property
    def residual(self) -> float:
        """Worst relative residual of the model's own equations."""
        return max(self.residuals.values())

    def __getattr__(self, name: str) -> xr.DataArray:
        values = object.__getattribute__(self, "values")
        if name.startswith("_") or name not in values:
            raise AttributeError(f"{name!r} is not reported; there are {', '.join(values)}")
        return self.labelled(name)

    def labelled(self, name: str) -> xr.DataArray:
        """One reported quantity with its axes' labels."""
        import xarray as xr

        symbol = symbols()[name]
        attrs = {"unit": symbol.unit, "meaning": symbol.meaning}
        coords = _labels(self.benchmark, symbol.axes)
        return xr.DataArray(np.asarray(self.values[name]), coords=coords, dims=symbol.axes, name=name, attrs=attrs)


@dataclass(frozen=True, eq=False)
class Gradient:
    """Derivatives of outcomes in instruments: `values[instrument]` is outcome × the instrument's axes.

    `residual` is the worst relative residual of the linear systems behind it, `steps` how many steps they took.
    """

    benchmark: Benchmark
    closure: Closure
    outcomes: tuple[str, ...]
    values: Mapping[str, Array]
    residual: float
    steps: int

    def labelled(self, instrument: str) -> xr.DataArray:
        """The derivatives in one instrument with their axes' labels; the first axis, `of`, names the outcomes."""
        import xarray as xr

        symbol = symbols()[instrument]
        coords = {"of": list(self.outcomes), **_labels(self.benchmark, symbol.axes)}
        attrs = {"unit": f"per {symbol.unit}", "meaning": f"derivative in: {symbol.meaning}", "residual": self.residual}
        return xr.DataArray(np.asarray(self.values[instrument]), coords=coords, dims=tuple(coords), name=instrument, attrs=attrs)


def _labels(benchmark: Benchmark, axes: Sequence[str]) -> dict[str, list[str]]:
    return {axis: list(benchmark.sectors if axis in ("sector", "input") else benchmark.economies) for axis in axes}


class Reported(Mapping[str, Any]):
    """Arrays by name, of which some are made when they are first asked for; it cannot be written to."""

    def __init__(
        self, known: Mapping[str, Any], later: Sequence[str], make: Callable[[str, Mapping[str, Any]], Mapping[str, Any]]
    ):
        """`make(name, reported)` gives the array of a name in `later`, with those that are made along with it."""
        self._known, self._names, self._make = dict(known), (*known, *later), make

    def __getitem__(self, name: str) -> Any:
        if name not in self._known and name in self._names:
            self._known |= self._make(name, self)
        return self._known[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


def read_only(mapping: Mapping[str, Any]) -> Mapping[str, Any]:
    """A view that cannot be written to."""
    return MappingProxyType(dict(mapping))
