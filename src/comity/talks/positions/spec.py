"""`positions:` of a talks file: by how much instruments move when positions are compared."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BeforeValidator

from comity.policy import selectors
from comity.policy.numbers import fraction
from comity.policy.selectors import Selector
from comity.policy.strict import Strict
from comity.records import Benchmark

if TYPE_CHECKING:
    from comity.talks.positions.stance import Steps

LARGEST = 0.5
"""A step is at the margin: exact derivatives are taken for it."""


def _step(value: Any) -> float:
    found = fraction(value)
    if not 0 < found <= LARGEST:
        raise ValueError(f"{value} is no step: a standard deviation above 0, of {100 * LARGEST:g} % at most")
    return found


Step = Annotated[float, BeforeValidator(_step)]


class Sizes(Strict):
    """Standard deviations by instrument; what is not named does not move."""

    trade_cost: Step | None = None
    tariff: Step | None = None
    export_tax: Step | None = None

    def given(self) -> Mapping[str, float]:
        """Those that are named; one percentage point of cost where none is."""
        named = {name: value for name, value in dict(self).items() if value is not None}
        return named or {"trade_cost": 0.01}


class PositionsSpec(Strict):
    """What moves: one percentage point of the cost of each flow of goods, unless the file says otherwise."""

    steps: Sizes = Sizes()
    sectors: Selector = ("goods",)

    def refuse_unknown(self, benchmark: Benchmark) -> None:
        """InputError for a sector that does not exist, if the file names any."""
        if "sectors" in self.model_fields_set:
            selectors.sectors(self.sectors, benchmark)

    @property
    def record(self) -> Steps:
        """The steps as the derivatives take them."""
        from comity.talks.positions.stance import Steps

        return Steps(self.steps.given(), self.sectors)
