"""The instruments: what a government, or a crisis, may change. Each is a frozen record, usable from Python and from files.

Rates and changes are fractions (0.15) or text ("15%"); who and what are selectors (`comity.policy.selectors`).
"""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from comity.policy.numbers import fraction, number
from comity.policy.selectors import Selector
from comity.policy.strict import Strict

MAX_TARIFF = 100.0
"""10,000 per cent: above it no trade is left to tax, and rounding is all that a solver would see."""
MAX_TRADE_COST = 1000.0
MAX_FACTOR = 1000.0


def _tariff_rate(value: Any) -> float:
    rate = fraction(value)
    if rate <= -1:
        raise ValueError(f"a tariff of {rate:.10g} ({value}) is −100 % or less: the good would be paid for being bought")
    if rate > MAX_TARIFF:
        raise ValueError(f"{value} is above the cap of {100 * MAX_TARIFF:,.0f} %; for no trade at all use 'embargo'")
    return rate


def _trade_cost_change(value: Any) -> float:
    return _factor_change(value, MAX_TRADE_COST, "; for no trade at all use 'embargo'")


def _endowment_change(value: Any) -> float:
    return _factor_change(value, MAX_FACTOR, "")


def _factor_change(value: Any, cap: float, advice: str) -> float:
    change = fraction(value)
    if 1 + change < 1 / cap:
        raise ValueError(f"{value} leaves less than 1/{cap:,.0f} of what there was (a fall is above −100 %)")
    if 1 + change > cap:
        raise ValueError(f"{value} is above the cap of × {cap:,.0f}{advice}")
    return change


def _level(value: Any) -> float:
    level = fraction(value)
    if level < 0:
        raise ValueError(f"{value}: a barrier's ad-valorem equivalent is zero or more")
    if level > MAX_TARIFF:
        raise ValueError(f"{value} is above the cap of {100 * MAX_TARIFF:,.0f} %; for no trade at all use 'embargo'")
    return level


def _share(value: Any) -> float:
    share = number(value)
    if not 0 <= share <= 1:
        raise ValueError(f"{value}: a share lies between 0 and 1 (0 % and 100 %)")
    return share


TariffRate = Annotated[float, BeforeValidator(_tariff_rate)]
TradeCostChange = Annotated[float, BeforeValidator(_trade_cost_change)]
EndowmentChange = Annotated[float, BeforeValidator(_endowment_change)]
Level = Annotated[float, BeforeValidator(_level)]
Share = Annotated[float, BeforeValidator(_share)]


class Tariff(Strict):
    """The importer's tariff: set to `rate`, or raised by `add` percentage points."""

    importer: Selector
    exporter: Selector
    sector: Selector
    rate: TariffRate | None = None
    add: TariffRate | None = None

    @model_validator(mode="after")
    def _one_of_two(self) -> Self:
        if (self.rate is None) == (self.add is None):
            raise ValueError("give either 'rate' (the new level) or 'add' (percentage points), one of the two")
        return self


class TradeCost(Strict):
    """Iceberg trade costs times 1 + `change`."""

    importer: Selector
    exporter: Selector
    sector: Selector
    change: TradeCostChange


class Embargo(Strict):
    """No trade at all: an exact zero, not a large number."""

    importer: Selector
    exporter: Selector
    sector: Selector


class Barrier(Strict):
    """A non-tariff barrier moved from today's level of its ad-valorem equivalent τ to another.

    Of the barrier the share ρ (`rent_share`) is a rent of importers or exporters (`rent_to`), the rest resource cost: trade costs
    bear (1+τ)^{1−ρ}, the rent is (1+τ)^ρ − 1 (model.md, "Barriers: cost or rent").
    """

    importer: Selector
    exporter: Selector
    sector: Selector
    from_: Level = Field(alias="from")
    to: Level
    rent_share: Share = 0.0
    rent_to: Literal["importer", "exporter"] | None = None

    @model_validator(mode="after")
    def _a_rent_has_an_owner(self) -> Self:
        if self.rent_to is not None and self.rent_share == 0:
            raise ValueError("'rent_to' has no effect without a rent; leave it out")
        if self.rent_to is None and self.rent_share != 0:
            raise ValueError("'rent_share' needs 'rent_to': importer or exporter, whose income the rent is")
        return self

    def ratio(self, x: float) -> float:
        """(1 + τ) at an intensity over (1 + τ) today; the level moves in proportion to the intensity."""
        return 1 + x * (self.to - self.from_) / (1 + self.from_)


class Productivity(Strict):
    """Total factor productivity times 1 + `change`."""

    country: Selector
    sector: Selector
    change: EndowmentChange


class Taste(Strict):
    """Final demand's weight of a sector times 1 + `change`; the weights are renormalised to sum to one."""

    country: Selector
    sector: Selector
    change: EndowmentChange


class Labour(Strict):
    """Labour endowment times 1 + `change`."""

    country: Selector
    change: EndowmentChange


class Capital(Strict):
    """Capital stock of a sector times 1 + `change`."""

    country: Selector
    sector: Selector
    change: EndowmentChange


class CommodityPrice(Strict):
    """A stated change of a sector's world price, reached by moving productivity or taste.

    Calibrated: the size of the move follows from solving, so this has no arrays of its own;
    `at(factor)` is the instrument with the size that was found.
    """

    sector: Selector
    change: EndowmentChange
    by: Literal["productivity", "taste"]
    country: Selector = ("all",)
    final_sector: Selector | None = None

    @model_validator(mode="after")
    def _final_sector_only_for_taste(self) -> Self:
        if self.change == 0:
            raise ValueError("a change of 0 % changes nothing")
        if self.final_sector is not None and self.by != "taste":
            raise ValueError("'final_sector' belongs to by: taste")
        return self

    def at(self, factor: float) -> Productivity | Taste:
        """Productivity, or the taste for the final sector, times `factor`."""
        change: Any = f"{100 * (float(factor) - 1)!r}%"
        if self.by == "productivity":
            return Productivity(country=self.country, sector=self.sector, change=change)
        return Taste(country=self.country, sector=self.final_sector or self.sector, change=change)


Trade = Tariff | TradeCost | Embargo | Barrier
Instrument = Tariff | TradeCost | Embargo | Barrier | Productivity | Taste | Labour | Capital | CommodityPrice

KINDS: dict[str, type[Strict]] = {
    "tariff": Tariff,
    "trade_cost": TradeCost,
    "embargo": Embargo,
    "barrier": Barrier,
    "productivity": Productivity,
    "taste": Taste,
    "labour": Labour,
    "capital": Capital,
    "commodity_price": CommodityPrice,
}

LATER = {
    "export_tax": "an export tax",
    "quota": "a quota",
    "transfer": "a transfer",
    "ownership": "a change of ownership",
    "stake": "a stake in an enterprise",
    "subsidy": "a subsidy",
}


def kind_of(instrument: Instrument) -> str:
    """The key that a file uses for an instrument."""
    return next(name for name, model in KINDS.items() if type(instrument) is model)


class PolicyChange(Strict):
    """One line of a list of trade-policy changes: exactly one instrument that a government controls."""

    NOT_YET: ClassVar = LATER

    tariff: Tariff | None = None
    trade_cost: TradeCost | None = None
    embargo: Embargo | None = None
    barrier: Barrier | None = None

    @model_validator(mode="after")
    def _exactly_one(self) -> Self:
        given = [name for name in KINDS if getattr(self, name, None) is not None]
        if len(given) != 1:
            known = ", ".join(name for name in KINDS if name in type(self).model_fields)
            raise ValueError(f"names {' and '.join(given) or 'no instrument'}; one line is one of {known}")
        return self

    @property
    def instrument(self) -> Instrument:
        """The instrument of this line."""
        return next(value for name in KINDS if (value := getattr(self, name, None)) is not None)


class AnyChange(PolicyChange):
    """One line of a scenario or of a crisis: any instrument."""

    productivity: Productivity | None = None
    taste: Taste | None = None
    labour: Labour | None = None
    capital: Capital | None = None
    commodity_price: CommodityPrice | None = None
