"""The frozen records that rooms hand each other."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from comity.errors import DataError, InputError, Problem
from comity.vocabulary import DEFICITS, FACTORS, symbols

if TYPE_CHECKING:
    import xarray as xr

Array = np.ndarray


def _frozen(values: Any, shape: tuple[int, ...], name: str) -> Array:
    array = np.array(values, dtype=np.float64)
    if array.shape != shape:
        raise InputError(f"{name}: shape {array.shape}, expected {shape} (axes: {' × '.join(symbols()[name].axes)})")
    array.setflags(write=False)
    return array


SUBSTITUTION = (0.05, 5.0)
"""The elasticities of substitution ε, η and σ that the solver is tested on; below them 0.05 stands for none."""


@dataclass(frozen=True)
class Closure:
    """What is held fixed: how factors move, what becomes of deficits, how far inputs and goods replace each other.

    `inputs` (ε, among inputs) and `value_added` (η, of value added for inputs) are one number or one a sector; `final` (σ,
    among goods in final demand) is one number, for a nest over sectors has one elasticity. 1 is Cobb–Douglas, exactly
    (model.md, equations 1, 2, 4 and 7). Raises InputError, with every fault, for another word or a number outside 0.05 to 5.
    """

    factors: str = "mobile"
    deficits: str = "fixed"
    inputs: float | tuple[float, ...] = 1.0
    value_added: float | tuple[float, ...] = 1.0
    final: float = 1.0

    def __post_init__(self) -> None:
        problems = []
        if self.factors not in FACTORS:
            problems.append(Problem(f"factors: {self.factors!r} is none of {', '.join(FACTORS)}"))
        if self.deficits not in DEFICITS:
            problems.append(Problem(f"deficits: {self.deficits!r} is none of {', '.join(DEFICITS)}"))
        for name in ("inputs", "value_added", "final"):
            try:
                given = np.asarray(getattr(self, name), dtype=np.float64)
            except (TypeError, ValueError):
                problems.append(Problem(f"{name}: {getattr(self, name)!r} is no number"))
                continue
            if given.ndim > (0 if name == "final" else 1) or given.size == 0:
                what = "one number" if name == "final" else "one number or one a sector"
                problems.append(Problem(f"{name}: an elasticity of substitution is {what}, not an array of shape {given.shape}"))
                continue
            low, high = SUBSTITUTION
            bad = given[~((given >= low) & (given <= high))]
            if bad.size:
                problems.append(Problem(f"{name}: an elasticity of substitution of {bad[0]:g} is outside {low:g} to {high:g}"))
            # All alike is one number: the solver is faster, and two closures that mean the same are equal.
            alike = given.ndim == 0 or bool((given == given[0]).all())
            object.__setattr__(self, name, float(given.flat[0]) if alike else tuple(float(v) for v in given))
        if problems:
            raise InputError(problems)

    @property
    def nests(self) -> tuple[float | tuple[float, ...], float | tuple[float, ...], float]:
        """ε, η and σ."""
        return self.inputs, self.value_added, self.final


@dataclass(frozen=True, eq=False)
class Benchmark:
    """The world in a base year: an equilibrium in levels.

    The free quantities are `trade_flow`, `tariff`, `input_share`, `value_added_share`, `labour_share`
    and `trade_elasticity`; all others follow, so that the identities of model.md hold by construction.
    Axes: importer n, exporter i, sector j; inputs k before sectors j. Money in USD mn a year.
    """

    economies: tuple[str, ...]
    sectors: tuple[str, ...]
    trade_flow: Array
    tariff: Array
    input_share: Array
    value_added_share: Array
    trade_elasticity: Array
    labour_share: Array
    name: str = "unnamed"
    economy_names: Mapping[str, str] = field(default_factory=dict)
    sector_names: Mapping[str, str] = field(default_factory=dict)
    groups: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    sector_groups: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    provenance: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def from_arrays(
        cls,
        *,
        economies: Sequence[str],
        sectors: Sequence[str],
        trade_flow: Any,
        tariff: Any,
        input_share: Any,
        value_added_share: Any,
        trade_elasticity: Any,
        labour_share: Any = None,
        ownership: Any = None,
        **meta: Any,
    ) -> Benchmark:
        """A benchmark from own arrays; final demand and deficits follow from them.

        Input shares are normalised to sum to one over inputs (a correction above 1e-4 is refused). Without
        `labour_share` labour has two thirds of value added everywhere. Raises InputError on a wrong shape and
        DataError where the arrays are not an economy (negative flows, negative final demand, …).
        """
        n, j = len(economies), len(sectors)
        if ownership is not None:
            raise InputError("ownership: cross-border ownership is not computed by this version")
        g = np.array(_frozen(input_share, (n, j, j), "input_share"))
        total = g.sum(axis=1, keepdims=True)
        if np.any((total > 0) & (np.abs(total - 1) > 1e-4)):
            i, _, k = map(int, np.unravel_index(np.argmax(np.where(total > 0, np.abs(total - 1), 0)), total.shape))
            raise DataError(f"input_share of {economies[i]}, {sectors[k]} sums to {total[i, 0, k]:.6f}, not to 1")
        g = np.divide(g, total, out=np.zeros_like(g), where=total > 0)
        lam = np.full((n, j), 2 / 3) if labour_share is None else labour_share
        benchmark = cls(
            economies=tuple(economies),
            sectors=tuple(sectors),
            trade_flow=_frozen(trade_flow, (n, n, j), "trade_flow"),
            tariff=_frozen(tariff, (n, n, j), "tariff"),
            input_share=_frozen(g, (n, j, j), "input_share"),
            value_added_share=_frozen(value_added_share, (n, j), "value_added_share"),
            trade_elasticity=_frozen(trade_elasticity, (j,), "trade_elasticity"),
            labour_share=_frozen(lam, (n, j), "labour_share"),
            **meta,
        )
        benchmark._refuse_nonsense()
        return benchmark

    def _refuse_nonsense(self) -> None:
        problems: list[Problem] = []

        def refuse(bad: Array, what: str, values: Array) -> None:
            if bad.any():
                cell = np.unravel_index(np.argmax(bad), bad.shape)
                names = [
                    self.sectors[int(c)]
                    if bad.shape[axis] == len(self.sectors) and axis == bad.ndim - 1
                    else self.economies[int(c)]
                    for axis, c in enumerate(cell)
                ]
                problems.append(Problem(f"{what}: {int(bad.sum())} cells, first {', '.join(names)} = {values[cell]:.6g}"))

        for name in ("trade_flow", "tariff", "value_added_share", "labour_share", "trade_elasticity"):
            values = getattr(self, name)
            refuse(~np.isfinite(values), f"{name} is not finite", values)
        refuse(self.trade_flow < 0, "trade_flow is negative", self.trade_flow)
        refuse(self.tariff <= -1, "tariff is −100 % or less", self.tariff)
        refuse(
            (self.value_added_share < 0) | (self.value_added_share > 1),
            "value_added_share is outside [0, 1]",
            self.value_added_share,
        )
        refuse((self.labour_share < 0) | (self.labour_share > 1), "labour_share is outside [0, 1]", self.labour_share)
        refuse(self.trade_elasticity <= 0, "trade_elasticity is not positive", self.trade_elasticity)
        if not problems:
            small = 1e-9 * np.maximum(self.expenditure, 1e-300)
            refuse(self.final_demand < -small, "final demand (expenditure less inputs) is negative", self.final_demand)
        if problems:
            raise DataError(problems)

    # -- what follows from the free quantities ------------------------------------------------------

    @cached_property
    def expenditure_flow(self) -> Array:
        """(1 + t) F, importer × exporter × sector, USD mn."""
        return (1 + self.tariff) * self.trade_flow

    @cached_property
    def expenditure(self) -> Array:
        """X_n^j, country × sector, USD mn."""
        return self.expenditure_flow.sum(axis=1)

    @cached_property
    def trade_share(self) -> Array:
        """π_ni^j; a market without expenditure buys at home, so that shares still sum to one."""
        X = self.expenditure[:, None, :]
        home = np.broadcast_to(np.eye(len(self.economies))[:, :, None], self.trade_flow.shape)
        return np.where(X > 0, self.expenditure_flow / np.where(X > 0, X, 1), home)

    @cached_property
    def output(self) -> Array:
        """Y_i^j = Σ_n F_ni^j, country × sector, USD mn."""
        return self.trade_flow.sum(axis=0)

    @cached_property
    def value_added(self) -> Array:
        """γY, country × sector, USD mn."""
        return self.value_added_share * self.output

    @cached_property
    def intermediate_demand(self) -> Array:
        """Σ_k (1−γ^k) g^{jk} Y^k: purchases of good j as an input, country × sector, USD mn."""
        return np.einsum("njk,nk->nj", self.input_share, (1 - self.value_added_share) * self.output)

    @cached_property
    def final_demand(self) -> Array:
        """X − inputs, country × sector, USD mn; rounding noise (below 1e-9 of expenditure) is zero."""
        final = self.expenditure - self.intermediate_demand
        return np.where(np.abs(final) <= 1e-9 * self.expenditure, 0.0, final)

    @cached_property
    def income(self) -> Array:
        """I_n, final spending, country, USD mn."""
        return self.final_demand.sum(axis=1)

    @cached_property
    def final_share(self) -> Array:
        """a_n^j, sums to one over sectors."""
        return self.final_demand / self.income[:, None]

    @cached_property
    def tariff_revenue(self) -> Array:
        """R_n = Σ t F, country, USD mn."""
        return (self.tariff * self.trade_flow).sum(axis=(1, 2))

    @cached_property
    def deficit(self) -> Array:
        """D_n = I − VA − R, country, USD mn; sums to zero."""
        return self.income - self.value_added.sum(axis=1) - self.tariff_revenue

    @cached_property
    def digest(self) -> str:
        """SHA-256 of every array and label: the identity of this benchmark in caches and manifests."""
        h = hashlib.sha256("\0".join((*self.economies, "|", *self.sectors)).encode())
        for name in ("trade_flow", "tariff", "input_share", "value_added_share", "trade_elasticity", "labour_share"):
            h.update(np.ascontiguousarray(getattr(self, name)).tobytes())
        return h.hexdigest()

    def economy_index(self, code: str) -> int:
        """Position of an economy; InputError when it is not in the benchmark."""
        try:
            return self.economies.index(code)
        except ValueError:
            raise InputError(f"{code!r} is not an economy of {self.name}") from None


@dataclass(frozen=True, eq=False)
class Wedges:
    """A scenario as arrays; None means unchanged. `trade_cost` may be infinite (embargo)."""

    tariff: Array | None = None
    trade_cost: Array | None = None
    productivity: Array | None = None
    labour: Array | None = None
    capital: Array | None = None
    taste: Array | None = None
    transfer: Array | None = None

    def digest(self) -> str:
        """SHA-256 of the arrays that are set."""
        h = hashlib.sha256()
        for f in fields(self):
            value = getattr(self, f.name)
            if value is not None:
                h.update(f.name.encode())
                h.update(np.ascontiguousarray(value, dtype=np.float64).tobytes())
        return h.hexdigest()


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


def read_only(mapping: Mapping[str, Any]) -> Mapping[str, Any]:
    """A view that cannot be written to."""
    return MappingProxyType(dict(mapping))
