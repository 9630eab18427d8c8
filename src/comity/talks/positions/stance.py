"""What every trade instrument in the world is worth to each party at the margin: exact gradients times plausible steps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from comity.errors import InputError
from comity.policy import selectors
from comity.records import Array, Benchmark, Closure, Equilibrium
from comity.solve import equilibrium
from comity.solve.derivatives import adjoint, levers
from comity.strategy.payoff import Payoff
from comity.strategy.players import player

TRADE = tuple(name for name in ("trade_cost", "tariff", "export_tax") if name in levers.AXES)
"""Instruments of one flow: importer × exporter × sector."""

POINT = 0.01
"""One percentage point of a flow's cost."""

Weights = Mapping[str, Mapping[str, float]]
"""How many dollars a government counts for one dollar of a sector's own producers: party -> sector -> w."""


@dataclass(frozen=True)
class Steps:
    """By how much instruments move, independently of each other: standard deviations by instrument, in these sectors.

    `size` is a fraction: 0.01 is one percentage point. Instruments that are not named do not move.
    """

    size: Mapping[str, float] = field(default_factory=lambda: {"trade_cost": POINT})
    sectors: tuple[str, ...] = ("goods",)

    def __post_init__(self) -> None:
        wrong = [f"{name}: {value:g}" for name, value in self.size.items() if name not in TRADE or not 0 < value < np.inf]
        if wrong or not self.size:
            raise InputError(f"positions: {', '.join(wrong) or 'no step'}; a step is a number above 0 for {', '.join(TRADE)}")


@dataclass(frozen=True, eq=False)
class Stances:
    """Change of each party's payoff, as a fraction of its real income, when one instrument of one flow rises by a step.

    `change` is instrument -> party × importer × exporter × sector, for every instrument of `TRADE`; those that do not move
    in `steps` are there at one percentage point, so that each can be looked at alone. `growth` (party × economy) is what one
    per cent more productivity of an economy does to the payoff, in per cent of real income. `income` is real income in USD mn.
    """

    benchmark: Benchmark
    parties: tuple[str, ...]
    counting: str
    steps: Steps
    change: Mapping[str, Array]
    moving: Array
    growth: Array
    income: Array
    residual: float


def stances(
    eq: Equilibrium,
    parties: Sequence[str],
    *,
    steps: Steps | None = None,
    governments: Weights | None = None,
    activity: Sequence[str] = (),
) -> Stances:
    """Gradients of all parties in all trade instruments at a solved equilibrium, times steps: one linear system a party.

    The same systems answer for the productivity of all economies, so that friends and enemies come with it.

    With `governments` payoffs are G = RI + Σ ω PS, else real income; `activity` names parties that count value added instead
    of producers' rents. InputError for a party that is not in the benchmark.
    """
    b, steps = eq.benchmark, steps or Steps()
    payoffs = [_payoff(code, b, eq.closure, (governments or {}).get(code, {}), code in activity) for code in parties]
    found = adjoint.gradients(eq, [p.outcome for p in payoffs], (*TRADE, "productivity"))
    unit = np.array([p.per_unit(eq.values) for p in payoffs])
    flows = unit[:, None, None, None]
    change = {name: steps.size.get(name, POINT) * flows * np.asarray(found.values[name]) for name in TRADE}
    growth = unit[:, None] * np.asarray(found.values["productivity"]).sum(axis=2)
    chosen = steps.sectors if steps.sectors != ("goods",) or "goods" in b.sector_groups else ("all",)
    moving = np.zeros(b.trade_flow.shape, dtype=bool)
    moving[:, :, list(selectors.sectors(chosen, b).indices)] = True
    moving &= ~np.eye(len(b.economies), dtype=bool)[:, :, None] & (b.trade_flow > 0)
    income = (b.income - b.deficit)[[b.economy_index(code) for code in parties]]
    counting = "governments" if governments else "nations"
    return Stances(b, tuple(parties), counting, steps, change, moving, growth, income, found.residual)


def _payoff(code: str, benchmark: Benchmark, closure: Closure, weights: Mapping[str, float], activity: bool) -> Payoff:
    return Payoff(player(code, benchmark, sensitive=weights, activity=activity), benchmark, closure)


def at_benchmark(benchmark: Benchmark, closure: Closure) -> Equilibrium:
    """The world as it is, as a point at which derivatives are taken."""
    return equilibrium.solve(benchmark, None, closure=closure)
