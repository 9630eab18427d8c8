"""The instruments: what a government, or a crisis, may change. Each is a frozen record, usable from Python and from files.

Rates and changes are fractions (0.15) or text ("15%"); who and what are selectors (`comity.policy.selectors`).
"""

from __future__ import annotations

from typing import Any, ClassVar, Literal, Self

from pydantic import Field, model_validator

from comity.policy.levels import Amount, EndowmentChange, Level, Limit, Share, TariffRate, TradeCostChange
from comity.policy.selectors import Selector
from comity.policy.strict import Strict


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


class ExportTax(Strict):
    """The exporter's tax on what it sells to the importer: set to `rate`, or raised by `add` percentage points.

    On the price that producers receive; below zero it is a subsidy.
    """

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


class Quota(Strict):
    """A limit on the quantity that arrives, flow by flow: a share of today's (`limit`) or USD mn at today's prices (`usd_mn`).

    Where it binds, buyers pay a rent that residents of `rent_to` receive; its size follows from solving.
    """

    importer: Selector
    exporter: Selector
    sector: Selector
    limit: Limit | None = None
    usd_mn: Amount | None = None
    rent_to: Literal["importer", "exporter"]

    @model_validator(mode="after")
    def _one_limit(self) -> Self:
        if (self.limit is None) == (self.usd_mn is None):
            raise ValueError("give either 'limit' (a share of today's quantity) or 'usd_mn' (at today's prices), one of the two")
        return self


class TariffQuota(Strict):
    """A tariff of `within` up to a quantity, of `above` beyond it; the quantity as in a quota, flow by flow.

    Licences for the lower rate bear a rent while the quantity is used up; residents of `rent_to` receive it.
    """

    importer: Selector
    exporter: Selector
    sector: Selector
    within: TariffRate
    above: TariffRate
    limit: Limit | None = None
    usd_mn: Amount | None = None
    rent_to: Literal["importer", "exporter"] = "importer"

    @model_validator(mode="after")
    def _two_rates_and_one_limit(self) -> Self:
        if self.above <= self.within:
            raise ValueError("'above', the rate beyond the quantity, is higher than 'within', the rate up to it")
        if (self.limit is None) == (self.usd_mn is None):
            raise ValueError("give either 'limit' (a share of today's quantity) or 'usd_mn' (at today's prices), one of the two")
        return self


class Transfer(Strict):
    """A payment of one economy to another, USD mn a year in units of world value added."""

    from_: Selector = Field(alias="from")
    to: Selector
    usd_mn: Amount


class Ownership(Strict):
    """The share of a sector's capital income that belongs to residents of another economy; residents at home give or get it."""

    owner: Selector
    country: Selector
    sector: Selector
    share: Share


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


Trade = Tariff | TradeCost | Embargo | Barrier | ExportTax | Quota | TariffQuota
Home = Productivity | Taste | Labour | Capital | CommodityPrice
Instrument = Trade | Home | Transfer | Ownership

KINDS: dict[str, type[Strict]] = {
    "tariff": Tariff,
    "trade_cost": TradeCost,
    "embargo": Embargo,
    "barrier": Barrier,
    "export_tax": ExportTax,
    "quota": Quota,
    "tariff_quota": TariffQuota,
    "transfer": Transfer,
    "ownership": Ownership,
    "productivity": Productivity,
    "taste": Taste,
    "labour": Labour,
    "capital": Capital,
    "commodity_price": CommodityPrice,
}

LATER = {"stake": "a stake in an enterprise", "subsidy": "a subsidy"}
NOT_PROPOSED = {
    "quota": "a quota in a proposal",
    "tariff_quota": "a tariff quota in a proposal",
    "transfer": "a transfer in a proposal",
    "ownership": "a change of ownership in a proposal",
}


def kind_of(instrument: Instrument) -> str:
    """The key that a file uses for an instrument."""
    return next(name for name, model in KINDS.items() if type(instrument) is model)


class PolicyChange(Strict):
    """One line of a proposal's changes: exactly one instrument that a government controls."""

    NOT_YET: ClassVar = LATER | NOT_PROPOSED

    tariff: Tariff | None = None
    trade_cost: TradeCost | None = None
    embargo: Embargo | None = None
    barrier: Barrier | None = None
    export_tax: ExportTax | None = None

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


class WorldChange(PolicyChange):
    """One line of a crisis or of a policy file's world: what governments control, what is owned and paid abroad, what befalls."""

    NOT_YET: ClassVar = LATER | {
        "quota": "a quota outside of a scenario file",
        "tariff_quota": "a tariff quota outside of a scenario file",
    }

    transfer: Transfer | None = None
    ownership: Ownership | None = None
    productivity: Productivity | None = None
    taste: Taste | None = None
    labour: Labour | None = None
    capital: Capital | None = None
    commodity_price: CommodityPrice | None = None


class AnyChange(WorldChange):
    """One line of a scenario: any instrument."""

    NOT_YET: ClassVar = LATER

    quota: Quota | None = None
    tariff_quota: TariffQuota | None = None
