"""What a sale does to the issuer's own policy: whether it still gains by protecting the sector (talks.md, part 8)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from comity.records import Array, Benchmark, CellValues, Closure, Wedges
from comity.solve import batch
from comity.talks.stakes.exact import claims
from comity.talks.stakes.stake import Stake

STEP = 0.01
"""One percentage point, of the flow's cost or of the duty."""


@dataclass(frozen=True)
class Margin:
    """What one more point of protection of the sector brings the issuer's real income, USD mn, before and after the sale.

    `barrier` is pure cost on all imports of the sector, `tariff` a duty on them; each (before, after).
    """

    barrier: tuple[float, float]
    tariff: tuple[float, float]

    @property
    def turns(self) -> tuple[str, ...]:
        """The instruments whose next point changes its sign by the sale."""
        pairs = (("barrier", self.barrier), ("tariff", self.tariff))
        return tuple(name for name, (one, other) in pairs if (one > 0) != (other > 0))


def margin(
    benchmark: Benchmark, closure: Closure, stake: Stake, annuity: float, added: float, income: Array, tolerance: float
) -> Margin:
    """Solve four small changes in a year without crisis; `income` RI⁰ by country, USD mn."""
    n, j = benchmark.economy_index(stake.issuer), benchmark.sectors.index(stake.sector)
    others = np.array([i for i in range(len(benchmark.economies)) if i != n and benchmark.trade_flow[n, i, j] > 0])
    cells = batch.Cells(np.full(len(others), n), others, np.full(len(others), j))
    duty = benchmark.tariff[n, others, j]
    sold = claims(benchmark, Wedges(), [stake], np.array([annuity]), np.array([added]))
    found = []
    for wedges in (Wedges(), sold):
        near = batch.Variations(benchmark, wedges, cells, closure, tolerance)
        cost = np.ones(len(others))
        start = near.solve(CellValues(cost, duty))
        tried = [start] + [near.solve(CellValues(*moved), start.x) for moved in ((cost + STEP, duty), (cost, duty + STEP))]
        level = [float(one.values["real_income"][n]) * float(income[n]) for one in tried]
        found.append((level[1] - level[0], level[2] - level[0]))
    (cost_before, duty_before), (cost_after, duty_after) = found
    return Margin((cost_before, cost_after), (duty_before, duty_after))
