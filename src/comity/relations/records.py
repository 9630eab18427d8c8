"""What the dossier holds: frozen records that become plain values for JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class SectorTrade:
    """Trade of the two in one sector, USD mn a year at basic prices; shares of the buyer's expenditure, per cent."""

    sector: str
    name: str
    kind: str
    a_to_b_usd_mn: float
    b_to_a_usd_mn: float
    a_needs_b_pct: float
    b_needs_a_pct: float


@dataclass(frozen=True)
class Dependence:
    """A sector for which one side relies on the other: flow in USD mn, shares in per cent."""

    sector: str
    name: str
    usd_mn: float
    of_expenditure_pct: float
    of_imports_pct: float


@dataclass(frozen=True)
class Partner:
    """A trading partner for context: USD mn and its share of the total, per cent."""

    iso3: str
    name: str
    usd_mn: float
    share_pct: float


@dataclass(frozen=True)
class Side:
    """One of the two as seen from its own accounts; `other` is the economy across the table."""

    iso3: str
    name: str
    value_added_usd_mn: float
    exports_usd_mn: float
    imports_usd_mn: float
    to_other_usd_mn: float
    from_other_usd_mn: float
    to_other_goods_usd_mn: float | None
    to_other_services_usd_mn: float | None
    other_in_exports_pct: float
    other_in_imports_pct: float
    other_rank_as_market: int
    other_rank_as_supplier: int
    from_other_in_expenditure_pct: float
    net_lending_usd_mn: float
    net_lending_pct: float
    fuels_in_exports_pct: float | None
    value_added_in_other_usd_mn: float
    value_added_in_other_pct: float
    other_rank_as_final_market: int
    other_in_final_demand_usd_mn: float
    other_in_final_demand_pct: float
    foreign_in_exports_pct: float
    other_value_in_exports_usd_mn: float
    other_value_in_exports_pct: float
    most_dependent: tuple[Dependence, ...]
    top_markets: tuple[Partner, ...]
    top_suppliers: tuple[Partner, ...]


@dataclass(frozen=True)
class Relations:
    """The relationship of two economies in the benchmark year. Shares are in per cent, money in USD mn a year."""

    benchmark: str
    year: int | None
    partners: int
    a: Side
    b: Side
    two_way_usd_mn: float
    balance_of_a_usd_mn: float
    sectors: tuple[SectorTrade, ...]
    needs_more: str | None
    notes: tuple[str, ...]
    identity_error: float

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON, rounded: USD mn to 3 decimals, per cent to 6."""
        return {key: _rounded(key, value) for key, value in asdict(self).items()}


def _rounded(key: str, value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _rounded(name, item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_rounded(key, item) for item in value]
    if isinstance(value, np.floating | float):
        return value if key == "identity_error" else round(float(value), 3 if key.endswith("usd_mn") else 6) + 0.0
    return value
