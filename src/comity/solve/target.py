"""Shocks that are stated by what they achieve: a change of a sector's world price, reached by productivity or taste."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from comity.errors import InputError, NoEquilibriumError
from comity.policy import selectors
from comity.records import Array, Benchmark, Closure, Equilibrium

PRICE_TOLERANCE = 1e-6
"""How near, as a fraction, the achieved world price comes to the stated one."""

MAX_TRIES = 25

LARGEST_LOG_FACTOR = 6.0
"""Factors beyond e^6 ≈ 400 are no calibration: the price does not answer to the instrument."""


@dataclass(frozen=True)
class Achieved:
    """What a calibrated shock came to."""

    sector: str
    instrument: str
    factor: float
    target: float
    achieved: float


def world_price(benchmark: Benchmark, unit_cost: Array, sectors: list[int]) -> float:
    """Producers' prices of the sectors (ratio to the benchmark, world value added as numéraire), weighted by base-year exports.

    `unit_cost` country × sector, as a ratio.
    """
    foreign = benchmark.trade_flow.sum(axis=0) - np.einsum("nnj->nj", benchmark.trade_flow)
    weight = foreign[:, sectors]
    return float((weight * unit_cost[:, sectors]).sum() / weight.sum())


def resolve(benchmark: Benchmark, scenario: Any, closure: Closure, solve: Any) -> tuple[Any, list[Achieved], Equilibrium | None]:
    """The scenario with its calibrated shock replaced by the productivity or taste that reaches the stated world price.

    Secant steps in the log of the factor, one equilibrium each. Returns the scenario, what was achieved and the last
    equilibrium (None when there is nothing to calibrate). Raises InputError when two shocks are calibrated at once,
    NoEquilibriumError when the price does not answer.
    """
    pending = tuple(getattr(scenario, "calibrated", ()))
    if not pending:
        return scenario, [], None
    if len(pending) > 1:
        raise InputError("commodity_price: one calibrated price at a time; this scenario states several")
    shock = pending[0]
    sectors = [benchmark.sectors.index(code) for code in _sectors(benchmark, shock)]
    goal = float(np.log1p(shock.change))
    found: list[Equilibrium] = []

    def miss(log_factor: float) -> tuple[float, Any]:
        trial = scenario.replacing(shock, shock.at(float(np.exp(log_factor))))
        found.append(solve(benchmark, trial, closure=closure, start=found[-1] if found else None))
        return float(np.log(world_price(benchmark, found[-1].values["unit_cost"], sectors))) - goal, trial

    # More productivity lowers the price, less taste lowers it: the first guess has the right sign.
    z0, z1 = 0.0, (-goal if shock.by == "productivity" else goal) * 0.9
    f0 = miss(z0)[0] if len(scenario.instruments) > 1 else -goal
    f1 = f0
    for _ in range(MAX_TRIES):
        if abs(z1) > LARGEST_LOG_FACTOR:
            break
        f1, trial = miss(z1)
        if abs(f1) <= PRICE_TOLERANCE:
            achieved = Achieved(", ".join(shock.sector), shock.by, float(np.exp(z1)), shock.change, float(np.expm1(f1 + goal)))
            return trial, [achieved], found[-1]
        slope = (f1 - f0) / (z1 - z0) if z1 != z0 else 0.0
        if abs(slope) < 1e-4:
            break
        step = float(np.clip(-f1 / slope, -1.0, 1.0))
        z0, f0, z1 = z1, f1, z1 + step
    raise NoEquilibriumError(
        f"commodity_price of {', '.join(shock.sector)}: {shock.by} does not move the world price to {100 * shock.change:+.3g} %"
        f" (nearest {100 * np.expm1(f0 + goal):+.3g} % at a factor of {np.exp(z0):.3g})",
        worst="world price",
    )


def _sectors(benchmark: Benchmark, shock: Any) -> list[str]:
    return [benchmark.sectors[k] for k in selectors.sectors(shock.sector, benchmark).indices]
