"""Quotas and tariff quotas: the rents at which every limited flow is at its limit, or below it without a rent.

A mixed complementarity problem around the solver, z the log of the gross rent of a flow, g the log of its quantity over its
limit: z = 0 and g ≤ 0, or 0 < z < z̄ and g = 0, or z = z̄ and g ≥ 0, with z̄ infinite for a quota and the ratio of the two gross
rates for a tariff quota. Solved by a primal-dual active set (Hintermüller, Ito & Kunisch 2003): a semismooth Newton method
whose matrix is the demand's own, −(1+θ) δ + θ π within a market, with Broyden's (1965) updates for what incomes and costs add.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from comity.errors import InputError, NoEquilibriumError
from comity.policy.levels import MAX_TARIFF
from comity.policy.quotas import LimitedFlows, limited_flows
from comity.policy.wedges import base_level
from comity.records import Array, Benchmark, Closure, Equilibrium, Wedges, read_only

MAX_TRIES = 60

LONGEST_STEP = 2.0
"""Largest change of a log rent in one step."""

SHARPER = 0.02
"""By how much the equilibria of the search are solved more sharply than the complementarity is asked for."""


@dataclass(frozen=True)
class Quoted:
    """What became of one limited flow."""

    importer: str
    exporter: str
    sector: str
    limit: float
    quantity: float
    """Both as a ratio to the base year."""
    rent: float
    """As a fraction of the price at the border without it."""
    rent_usd_mn: float
    regime: str
    """`below` the limit without a rent, `at` the limit, `above` it at the higher rate."""


@dataclass(frozen=True, eq=False)
class _State:
    """Log rents, the part of each quantity that enters at the lower rate, and what they lead to."""

    z: Array
    inside: Array
    eq: Equilibrium
    g: Array

    def gap(self, ceiling: Array) -> Array:
        """Residual of the complementarity, z − mid(0, z + g, z̄), and of the split of a quantity between two rates."""
        split = np.where((self.z >= ceiling) & (self.g > 0), np.log(self.inside) + self.g, 0.0)
        return np.maximum(np.abs(self.z - np.clip(self.z + self.g, 0.0, ceiling)), np.abs(split))


def resolve(
    benchmark: Benchmark,
    scenario: Any,
    closure: Closure,
    solve: Callable[..., Equilibrium],
    *,
    tolerance: float,
    start: Any = None,
) -> tuple[Equilibrium, list[Quoted]]:
    """The equilibrium of a scenario with quotas, and what became of each limited flow.

    The residual `quota` of the result is that of the complementarity. InputError where a limit needs a prohibitive rent,
    NoEquilibriumError where the search does not end.
    """
    free = scenario.without_quotas()

    def at(z: Array, inside: Array, flows: LimitedFlows, before: Any) -> _State:
        wedges = _with_rents(free.wedges(benchmark), benchmark, flows, z, inside)
        eq = solve(benchmark, wedges, closure=closure, tolerance=SHARPER * tolerance, start=before)
        return _State(z, inside, eq, _excess(eq, flows))

    flows = limited_flows(benchmark, scenario.quotas)
    now = at(np.zeros(len(flows)), np.ones(len(flows)), flows, start)
    slope, gap, steps = _slope(now.eq, flows), now.gap(flows.ceiling), now.eq.steps
    for _ in range(MAX_TRIES):
        if gap.max() <= tolerance:
            residuals = read_only({**now.eq.residuals, "quota": float(gap.max())})
            return replace(now.eq, residuals=residuals, steps=steps), _outcomes(now, flows)
        z = _step(now, flows.ceiling, slope)
        _refuse_prohibitive(z, benchmark, flows)
        inside = np.where(z >= flows.ceiling, np.exp(-np.maximum(now.g, 0.0)), 1.0)
        then = at(z, inside, flows, now.eq)
        slope = _updated(slope, z - now.z, then.g - now.g)
        now, gap, steps = then, then.gap(flows.ceiling), steps + then.eq.steps
    worst = _name(int(np.argmax(gap)), benchmark, flows)
    raise NoEquilibriumError(
        f"quota: no rents were found at which all limited flows keep their limits; worst: {worst}, off by {gap.max():.2g}",
        residual=float(gap.max()),
        worst=worst,
    )


def _with_rents(wedges: Wedges, b: Benchmark, flows: LimitedFlows, z: Array, inside: Array) -> Wedges:
    """The arrays with rents e^z − 1 on the limited flows, and with duties at two rates where part enters at the higher one."""

    def level(name: str) -> Array:
        given = getattr(wedges, name)
        return np.array(base_level(name, b) if given is None else given, dtype=np.float64)

    arrays = {name: level(name) for name in ("tariff", "import_rent", "export_rent")}
    within = np.where(np.isnan(flows.within), arrays["tariff"][flows.at], flows.within)
    rent = np.expm1(z)
    gross = (1 + within) * (1 + rent)
    theirs = inside * rent
    mean = within * inside + (gross - 1) * (1 - inside)
    tariff = np.where(flows.to_exporter, gross / (1 + theirs) - 1, mean)
    arrays["tariff"][flows.at] = tariff
    for name, factor in (
        ("import_rent", np.where(flows.to_exporter, 1.0, gross / (1 + mean))),
        ("export_rent", np.where(flows.to_exporter, 1 + theirs, 1.0)),
    ):
        arrays[name][flows.at] = (1 + arrays[name][flows.at]) * factor - 1
    changed = {name: array for name, array in arrays.items() if not np.array_equal(array, base_level(name, b))}
    return replace(wedges, **{name: changed.get(name) for name in arrays})


def _excess(eq: Equilibrium, flows: LimitedFlows) -> Array:
    """Log of the quantity over its limit; quantity is the flow at the border over the price there, a ratio to the base year."""
    b, at = eq.benchmark, flows.at
    price = np.asarray(eq.values["unit_cost"])[flows.exporter, flows.sector]
    if eq.wedges.trade_cost is not None:
        price = price * eq.wedges.trade_cost[at]
    for name in ("export_tax", "export_rent"):
        old, given = base_level(name, b), getattr(eq.wedges, name)
        price = price * (1 + (old if given is None else given)[at]) / (1 + old[at])
    ratio = np.asarray(eq.values["trade_flow"])[at] / b.trade_flow[at]
    quantity = np.divide(ratio, price, out=np.zeros_like(ratio), where=np.isfinite(price))
    return np.log(np.maximum(quantity, 1e-300)) - np.log(flows.limit)


def _slope(eq: Equilibrium, flows: LimitedFlows) -> Array:
    """∂g/∂z of demand alone: −(1+θ) on the diagonal, + θ π between flows of one market (importer and sector)."""
    theta = eq.benchmark.trade_elasticity[flows.sector]
    share = np.asarray(eq.values["trade_share"])[flows.at]
    together = (flows.importer[:, None] == flows.importer) & (flows.sector[:, None] == flows.sector)
    return together * theta[:, None] * share[None, :] - np.diag(1 + theta)


def _step(now: _State, ceiling: Array, slope: Array) -> Array:
    """Log rents after one step: those at an end stay there where the prediction points outside, the others take Newton's step."""
    guess = now.z - now.g / np.diag(slope)
    ends = np.where(guess <= 0, 0.0, np.where(guess >= ceiling, ceiling, np.nan))
    free = np.isnan(ends)
    z = np.where(free, now.z, ends)
    left = now.g[free] + slope[np.ix_(free, ~free)] @ (z - now.z)[~free]
    z[free] += np.linalg.solve(slope[np.ix_(free, free)], -left) if free.any() else 0.0
    return np.clip(np.clip(z, now.z - LONGEST_STEP, now.z + LONGEST_STEP), 0.0, ceiling)


def _updated(slope: Array, moved: Array, change: Array) -> Array:
    """Broyden's update: the slope that explains the last change and is nearest to the one before."""
    size = float(moved @ moved)
    if size < 1e-24:
        return slope
    return slope + np.outer(change - slope @ moved, moved) / size


def _refuse_prohibitive(z: Array, benchmark: Benchmark, flows: LimitedFlows) -> None:
    worst = int(np.argmax(z))
    if np.expm1(z[worst]) > MAX_TARIFF:
        raise InputError(
            f"quota: the limit on {_name(worst, benchmark, flows)} needs a rent above {100 * MAX_TARIFF:,.0f} %; for no trade at"
            " all use 'embargo'"
        )


def _name(k: int, b: Benchmark, flows: LimitedFlows) -> str:
    return f"{b.sectors[flows.sector[k]]} sold by {b.economies[flows.exporter[k]]} to {b.economies[flows.importer[k]]}"


def _outcomes(now: _State, flows: LimitedFlows) -> list[Quoted]:
    b = now.eq.benchmark
    quantity = np.exp(now.g) * flows.limit
    flow = np.asarray(now.eq.values["trade_flow"])[flows.at]
    rent = np.expm1(now.z)
    # Value at the border without the rent that exporters put on it; an importer's rent stands on the value with the duty.
    bare = flow / np.where(flows.to_exporter, 1 + now.inside * rent, 1.0)
    tariff = base_level("tariff", b) if now.eq.wedges.tariff is None else now.eq.wedges.tariff
    within = np.where(np.isnan(flows.within), tariff[flows.at], flows.within)
    earned = now.inside * rent * bare * np.where(flows.to_exporter, 1.0, 1 + within)
    return [
        Quoted(
            b.economies[flows.importer[k]],
            b.economies[flows.exporter[k]],
            b.sectors[flows.sector[k]],
            float(flows.limit[k]),
            float(quantity[k]),
            float(rent[k]),
            float(earned[k]),
            "below" if now.z[k] == 0 else "at" if now.z[k] < flows.ceiling[k] else "above",
        )
        for k in range(len(flows))
    ]
