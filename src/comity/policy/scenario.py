"""A scenario: named instruments or arrays, from Python or a file, turned into wedges for one benchmark."""

from __future__ import annotations

import io
import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from decimal import Decimal
from typing import Annotated, Any, Literal, Self

import numpy as np
from pydantic import BeforeValidator, Field, model_validator
from ruamel.yaml import YAML

from comity.errors import InputError, Problem
from comity.policy.elasticities import REST, Elasticities, OwnElasticities, set_name, stated
from comity.policy.instruments import AnyChange, CommodityPrice, Instrument, Quota, TariffQuota, kind_of
from comity.policy.numbers import number
from comity.policy.reading import read
from comity.policy.strict import Strict
from comity.policy.wedges import base_level, combine, refuse_excess
from comity.records import SUBSTITUTION, Array, Benchmark, Closure, Wedges
from comity.vocabulary import ELASTICITY_SETS, symbols

_ARRAYS = tuple(one.name for one in fields(Wedges))
_NESTS = ("inputs", "value_added", "final")


def _substitution(value: Any) -> float | tuple[float, ...]:
    """One elasticity of substitution, or a list with one a sector."""
    given = [number(one) for one in value] if isinstance(value, list | tuple) else [number(value)]
    low, high = SUBSTITUTION
    bad = next((one for one in given if not low <= one <= high), None)
    if bad is not None or not given:
        raise ValueError(f"an elasticity of substitution lies between {low:g} and {high:g}, not at {bad}")
    return tuple(given) if isinstance(value, list | tuple) else given[0]


Substitution = Annotated[float | tuple[float, ...] | None, BeforeValidator(_substitution)]
OneSubstitution = Annotated[float | None, BeforeValidator(_substitution)]


class ClosureSpec(Strict):
    """The closure as a file writes it; what is left out is the named set's (`elasticities`), or else the engine's default."""

    factors: Literal["mobile", "specific", "immobile"] = "mobile"
    deficits: Literal["fixed", "proportional", "balanced", "with_trade"] = "fixed"
    elasticities: Elasticities | None = None
    inputs: Substitution = None
    value_added: Substitution = None
    final: OneSubstitution = None

    @property
    def record(self) -> Closure:
        """The engine's closure."""
        return self.with_set(self.elasticities)

    def with_set(self, elasticities: str | OwnElasticities | None) -> Closure:
        """The engine's closure when the named set fills in what is left out."""
        named = _nests_of(elasticities)
        nests = {name: value if (value := getattr(self, name)) is not None else getattr(named, name) for name in _NESTS}
        return Closure(self.factors, self.deficits, **nests)


class ScenarioFile(Strict):
    """The scenario file."""

    title: str = Field(default="", max_length=200)
    benchmark: str | None = Field(default=None, max_length=200)
    elasticities: Elasticities | None = None
    customs_pool: str | None = Field(default=None, max_length=60)
    closure: ClosureSpec | None = None
    changes: tuple[AnyChange, ...]

    @model_validator(mode="after")
    def _one_set_of_elasticities(self) -> Self:
        if self.closure is not None and None not in (self.elasticities, self.closure.elasticities):
            raise ValueError("'elasticities' stands twice, here and in 'closure'")
        return self


@dataclass(frozen=True)
class Scenario:
    """What changes: a list of instruments, or arrays. Axes and units as in symbols.csv.

    `closure` and `elasticities` (the name of a set, or pairs of sectors and a number) are what a file asked for, None where
    it is silent. With `customs_pool` the named union shares its duties on outsiders by its key, before and after.
    """

    instruments: tuple[Instrument, ...] = ()
    title: str = ""
    benchmark: str | None = None
    elasticities: str | OwnElasticities | None = None
    customs_pool: str | None = None
    closure: Closure | None = None
    arrays: Wedges | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        given = (self.instruments,) if isinstance(self.instruments, Instrument) else tuple(self.instruments)
        object.__setattr__(self, "instruments", given)
        if isinstance(self.elasticities, Mapping):
            object.__setattr__(self, "elasticities", _own(self.elasticities))
        problems = [
            Problem(f"{one!r} is not an instrument (Tariff, TradeCost, Embargo, Barrier, Productivity, …)")
            for one in given
            if not isinstance(one, Instrument)
        ]
        if problems:
            raise InputError(problems)

    @classmethod
    def from_yaml(cls, source: str | os.PathLike[str]) -> Scenario:
        """A scenario from a file or from YAML text; InputError lists every fault with file and line."""
        document = read(source)
        spec = ScenarioFile.from_document(document)
        return cls(
            instruments=tuple(change.instrument for change in spec.changes),
            title=spec.title,
            benchmark=spec.benchmark,
            elasticities=spec.elasticities or (spec.closure.elasticities if spec.closure else None),
            customs_pool=spec.customs_pool,
            closure=_closure_of(spec),
        )

    @classmethod
    def from_arrays(cls, **arrays: Any) -> Scenario:
        """A scenario from arrays; shapes are checked against the benchmark when it is solved.

        New levels `tariff`, `export_tax`, `import_rent`, `export_rent` and `ownership`; factors `trade_cost`, `productivity`,
        `labour`, `capital`, `taste`; `transfer` in USD mn, summing to zero. Any subset, at least one.
        """
        given = {name: value for name, value in arrays.items() if value is not None}
        unknown = [name for name in given if name not in _ARRAYS]
        if unknown or not given:
            what = f"{', '.join(unknown)}: no such shock" if unknown else "no shock is given"
            raise InputError(f"{what}; there are {', '.join(_ARRAYS)}")
        return cls(arrays=Wedges(**{name: np.array(value, dtype=np.float64) for name, value in given.items()}))

    @property
    def calibrated(self) -> tuple[CommodityPrice, ...]:
        """The shocks whose size follows from solving; each must be replaced before there are wedges."""
        return tuple(one for one in self.instruments if isinstance(one, CommodityPrice))

    @property
    def quotas(self) -> tuple[Quota | TariffQuota, ...]:
        """The limits on quantities, whose rents follow from solving; `wedges` refuses them."""
        return tuple(one for one in self.instruments if isinstance(one, Quota | TariffQuota))

    def without_quotas(self) -> Scenario:
        """The same scenario without limits on quantities."""
        return replace(self, instruments=tuple(one for one in self.instruments if not isinstance(one, Quota | TariffQuota)))

    def replacing(self, old: Instrument, new: Instrument) -> Scenario:
        """The same scenario with one instrument in another's place."""
        return replace(self, instruments=tuple(new if one == old else one for one in self.instruments))

    def wedges(self, benchmark: Benchmark) -> Wedges:
        """The arrays that the model takes; all None if the scenario changes nothing."""
        if self.arrays is not None:
            return _checked(self.arrays, benchmark)
        return combine(benchmark, [(instrument, 1.0) for instrument in self.instruments])

    def to_yaml(self) -> str:
        """The scenario as a file would hold it; reading it back gives an equal scenario."""
        if self.arrays is not None:
            raise InputError("a scenario made from arrays has no lines to write; keep the arrays")
        head: dict[str, Any] = {"title": self.title, "benchmark": self.benchmark, "elasticities": self.elasticities}
        if isinstance(self.elasticities, tuple):
            head["elasticities"] = {key: one if key == REST else repr(one) for key, one in self.elasticities}
        head["customs_pool"] = self.customs_pool
        if self.closure is not None:
            head["closure"] = {"factors": self.closure.factors, "deficits": self.closure.deficits}
            named = _nests_of(self.elasticities)
            moved = [name for name in _NESTS if getattr(self.closure, name) != getattr(named, name)]
            head["closure"] |= {name: _text(getattr(self.closure, name)) for name in moved}
        body = {key: value for key, value in head.items() if value}
        body["changes"] = [{kind_of(one): written(one)} for one in self.instruments]
        stream = io.StringIO()
        writer = YAML(typ="rt", pure=True)
        writer.default_flow_style = None
        writer.width = 120
        writer.dump(body, stream)
        return stream.getvalue()


def _own(given: Mapping[str, Any]) -> str | OwnElasticities:
    try:
        return stated(given)
    except ValueError as error:
        raise InputError(f"elasticities: {error}") from None


def _closure_of(spec: ScenarioFile) -> Closure | None:
    """The closure that a file asks for; a set of elasticities with nests of its own asks for one too."""
    if spec.closure is None and set_name(spec.elasticities) not in ELASTICITY_SETS:
        return None
    given = spec.closure or ClosureSpec()
    return given.with_set(given.elasticities or spec.elasticities)


def _nests_of(elasticities: str | OwnElasticities | None) -> Any:
    """ε, η and σ of a named set; 1 where it has none."""
    return ELASTICITY_SETS.get(set_name(elasticities) or "", Closure())


def _text(elasticity: Any) -> Any:
    return [repr(one) for one in elasticity] if isinstance(elasticity, tuple) else repr(elasticity)


def nothing_changes(wedges: Wedges) -> bool:
    """Whether a scenario leaves the benchmark as it is."""
    return all(value is None for value in vars(wedges).values())


def written(instrument: Instrument) -> dict[str, Any]:
    """An instrument as keys and text: rates in exact per cent, selectors as one text where they are one."""

    def text(key: str, value: Any) -> Any:
        if isinstance(value, float):
            if key == "usd_mn":
                return f"{Decimal(repr(value)).normalize():f}"
            return f"{(Decimal(repr(value)) * 100).normalize():f}%"
        return value[0] if isinstance(value, tuple) and len(value) == 1 else value

    return {
        key: list(shown) if isinstance(shown := text(key, value), tuple) else shown
        for key, value in instrument.model_dump(by_alias=True, exclude_defaults=True).items()
    }


def _checked(arrays: Wedges, benchmark: Benchmark) -> Wedges:
    """Arrays of the right shape, with finite values and an untouched diagonal; None where they equal the base."""
    n, j = benchmark.output.shape
    sizes = {"importer": n, "exporter": n, "country": n, "sector": j}
    kept: dict[str, Array | None] = {}
    for name in _ARRAYS:
        array = getattr(arrays, name)
        if array is None:
            continue
        axes = symbols()[name].axes
        if array.shape != tuple(sizes[axis] for axis in axes):
            raise InputError(f"{name}: shape {array.shape}, expected {tuple(sizes[a] for a in axes)} (axes: {' × '.join(axes)})")
        base = base_level(name, benchmark)
        refuse_excess(name, array, benchmark)
        at_home = array.ndim == 3 and name != "ownership"
        if at_home and not np.array_equal(np.einsum("nnj->nj", array), np.einsum("nnj->nj", base)):
            raise InputError(f"{name}: the cells of an economy with itself must stay as they are (at home: productivity)")
        kept[name] = None if np.array_equal(array, base) else _locked(array)
    return Wedges(**kept)


def _locked(array: Array) -> Array:
    own = array.copy()
    own.setflags(write=False)
    return own
