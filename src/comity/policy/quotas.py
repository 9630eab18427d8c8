"""Quotas and tariff quotas as lists of limited flows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from comity.errors import InputError
from comity.policy.cells import cells, refuse_double
from comity.policy.instruments import Quota, TariffQuota, kind_of
from comity.policy.levels import MAX_FACTOR
from comity.records import Array, Benchmark

MAX_FLOWS = 3000
"""Flows that may be limited at once: their rents are found together, by dense linear algebra."""


@dataclass(frozen=True, eq=False)
class LimitedFlows:
    """Flows with a limit on the quantity that arrives; one entry a flow."""

    importer: Array
    exporter: Array
    sector: Array
    limit: Array
    """As a ratio to the quantity of the base year."""
    within: Array
    """The tariff up to the limit; NaN where a quota leaves the tariff as it is."""
    ceiling: Array
    """Log of the gross rent at which more is let in (the higher rate over the lower); infinite for a quota."""
    to_exporter: Array
    """Whether residents of the exporter receive the rent."""

    @property
    def at(self) -> tuple[Array, Array, Array]:
        """An index into importer × exporter × sector."""
        return self.importer, self.exporter, self.sector

    def __len__(self) -> int:
        return len(self.importer)


def limited_flows(benchmark: Benchmark, instruments: Sequence[Quota | TariffQuota]) -> LimitedFlows:
    """The flows that the instruments limit; flows that are zero in the base year stay zero and are left out.

    InputError where two limit one flow, where an amount in USD mn is given for several flows, or where there are too many.
    """
    refuse_double(benchmark, instruments)
    rows: list[tuple[Array, ...]] = []
    for one in instruments:
        touched = cells(one, benchmark)
        traded = (benchmark.trade_flow[touched.grid] > 0) & np.broadcast_to(
            True if touched.foreign is None else touched.foreign, tuple(len(axis) for axis in touched.axes)
        )
        where = np.argwhere(traded)
        at = tuple(np.asarray(axis)[where[:, k]] for k, axis in enumerate(touched.axes))
        if one.usd_mn is not None and len(where) > 1:
            raise InputError(f"{kind_of(one)}: 'usd_mn' limits one flow, this line has {len(where)}; use 'limit', or a line each")
        limit = np.full(len(where), one.limit) if one.usd_mn is None else one.usd_mn / benchmark.trade_flow[at]
        if (limit > MAX_FACTOR).any():
            raise InputError(f"{kind_of(one)}: the limit is more than {MAX_FACTOR:,.0f} times the flow of the base year")
        two_rates = isinstance(one, TariffQuota)
        within = one.within if two_rates else np.nan
        ceiling = np.log1p(one.above) - np.log1p(one.within) if two_rates else np.inf
        fill = (np.full(len(where), value) for value in (within, ceiling, one.rent_to == "exporter"))
        rows.append((*at, limit, *fill))
    flows = LimitedFlows(*(np.concatenate(column) for column in zip(*rows, strict=True)))
    if len(flows) > MAX_FLOWS:
        raise InputError(f"quota: {len(flows):,} flows are limited at once; this version finds the rents of up to {MAX_FLOWS:,}")
    return flows
