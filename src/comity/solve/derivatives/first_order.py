"""The published decomposition of a change of welfare: first-order sums at base weights, beside the exact one of `path`."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from comity.model import decompose
from comity.records import Array, Benchmark, Equilibrium

WITHOUT_DEFICIT = 1e-9
"""Lending, as a fraction of income, up to which a base counts as one without deficits."""


@dataclass(frozen=True, eq=False)
class FirstOrder:
    """Terms and volume of trade as Caliendo and Parro (2015, eq. 17) print them: x̂ − 1 at base weights over base income.

    `terms_of_trade` and `volume_of_trade` are country × partner × sector, fractions of income; `welfare` is the exact Ŵ − 1.
    The formula is one for tariffs (and importers' rents, which are duties here). The paper takes it at a base that it first
    solves with D = 0 (closure `balanced`); `base_without_deficits` says whether this one is such. At another it is still one of
    consumption, not of real income, and leaves out what a change of D brings. All that it leaves out is `remainder`.
    """

    benchmark: Benchmark
    terms_of_trade: Array
    volume_of_trade: Array
    welfare: Array

    @property
    def total(self) -> Array:
        """The sum of both over partners and sectors; country."""
        return (self.terms_of_trade + self.volume_of_trade).sum(axis=(1, 2))

    @property
    def remainder(self) -> Array:
        """Ŵ − 1 less the sum: what is not of first order, is not a tariff's, or comes with a change of D; country."""
        return self.welfare - self.total

    @property
    def base_without_deficits(self) -> bool:
        """Whether D = 0 in the base, as the paper has it."""
        return bool((np.abs(self.benchmark.deficit) <= WITHOUT_DEFICIT * self.benchmark.income).all())

    def by_channel(self) -> dict[str, Array]:
        """Each sum; country."""
        return {name: part.sum(axis=(1, 2)) for name, part in self._parts().items()}

    def by_partner(self) -> dict[str, Array]:
        """Each sum over sectors; country × partner."""
        return {name: part.sum(axis=2) for name, part in self._parts().items()}

    def by_sector(self) -> dict[str, Array]:
        """Each sum over partners; country × sector."""
        return {name: part.sum(axis=1) for name, part in self._parts().items()}

    def _parts(self) -> dict[str, Array]:
        return {"terms_of_trade": self.terms_of_trade, "volume_of_trade": self.volume_of_trade}


def first_order(eq: Equilibrium) -> FirstOrder:
    """The published sums of an equilibrium against its own benchmark (under `balanced` deficits the balanced one)."""
    b, values = eq.benchmark, eq.values
    F, cost = b.trade_flow, np.asarray(values["unit_cost"])
    growth = np.divide(np.asarray(values["trade_flow"]), F, out=np.ones_like(F), where=F > 0)
    duty = b.tariff if b.import_rent is None else (1 + b.tariff) * (1 + b.import_rent) - 1
    return FirstOrder(
        benchmark=b,
        terms_of_trade=decompose.terms_of_trade_by_pair(F, cost, b.income),
        volume_of_trade=decompose.volume_of_trade_by_pair(F, duty, growth, cost, b.income),
        welfare=np.asarray(values["welfare"]) - 1,
    )
