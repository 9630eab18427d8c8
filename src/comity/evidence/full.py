"""A small world in which everything is on, and what is checked there: derivatives, and the decomposition of real income.

Export taxes, rents of both kinds, owners abroad and a customs pool stand in the benchmark, so that no check passes because an
arrangement was absent. Axes: importer n (or owner), exporter i, sector j.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from comity.data.checks import Check
from comity.errors import NoEquilibriumError
from comity.evidence.audit import Gap, judged, rate_cf, worst
from comity.records import Array, Benchmark, Closure, Equilibrium, Wedges
from comity.solve.derivatives import adjoint, levers, path
from comity.solve.equilibrium import solve

GRADIENT, PARTS = 1e-6, 1e-6
STEP = 2e-3
"""Half the distance of the inner points of a central difference of fourth order."""

TIGHT = 3e-13
"""Residual of the equilibria that differences are taken of."""


def full_world(benchmark: Benchmark) -> Benchmark:
    """The benchmark with export taxes up to 8 %, rents up to 4 %, some capital abroad, and a customs pool of its first three."""
    n, _, j = benchmark.trade_flow.shape
    cell = _cells(n, j)
    abroad = 1 - np.eye(n)[:, :, None]
    owned = abroad * 0.1 * (1 + cell % 3) / (3 * (n - 1))
    members = benchmark.economies[: min(3, n - 1)]
    return replace(
        benchmark,
        export_tax=abroad * 0.08 * (cell % 5) / 4,
        import_rent=abroad * 0.04 * (cell % 3) / 2,
        export_rent=abroad * 0.04 * (cell % 4) / 3,
        ownership=owned + (1 - abroad) * (1 - owned.sum(axis=0)),
        customs_pool={code: (k + 1) / sum(range(1, len(members) + 1)) for k, code in enumerate(members)},
        name=f"{benchmark.name}, owners abroad, levies and a pool",
    )


def _cells(n: int, j: int) -> Array:
    """A number for every cell, different in every direction; importer × exporter × sector."""
    return 3 * np.arange(n)[:, None, None] + 7 * np.arange(n)[None, :, None] + 11 * np.arange(j)


def turns(benchmark: Benchmark) -> dict[str, Array]:
    """A direction for each instrument that has a derivative, lopsided; nothing at home, transfers sum to zero."""
    n, _, j = benchmark.trade_flow.shape
    cell = _cells(n, j)
    shapes = {3: np.cos(cell) * (1 - np.eye(n)[:, :, None]), 2: np.cos(cell[0]), 1: np.cos(cell[0, :, 0])}
    found = {name: shapes[len(axes)] for name, axes in levers.AXES.items()}
    money = benchmark.value_added.sum() / n
    return found | {"transfer": (found["transfer"] - found["transfer"].mean()) * money}


def everywhere(benchmark: Benchmark) -> Wedges:
    """A scenario that sets every instrument: rates and owners as they are, a transfer of nothing, all factors one."""
    n, _, j = benchmark.trade_flow.shape
    rates = {name: rate_cf(benchmark, Wedges(), name) for name in levers.RATES}
    ones = {name: np.ones([n] * (len(axes) - 1) + [j if "sector" in axes else n]) for name, axes in levers.AXES.items()}
    owned = np.eye(n)[:, :, None] * np.ones(j) if benchmark.ownership is None else benchmark.ownership
    return Wedges(**{**ones, **rates, "ownership": owned, "transfer": np.zeros(n)})


def gradient(benchmark: Benchmark, closure: Closure, gradients: Callable[..., Any] = adjoint.gradients) -> Check:
    """Every instrument's exact derivative of all real incomes against central differences of the solver.

    Relative to the largest slope of the instrument.
    """
    here = everywhere(benchmark)
    eq = solve(benchmark, here, closure=closure, tolerance=TIGHT)
    found = gradients(eq, benchmark.economies, tuple(levers.AXES))
    gaps = []
    for name, turn in turns(benchmark).items():
        ahead = {k: _after(eq, here, name, turn, k * STEP) for k in (-2, -1, 1, 2)}
        slope = (8 * (ahead[1] - ahead[-1]) - (ahead[2] - ahead[-2])) / (12 * STEP)
        ours = np.tensordot(np.asarray(found.values[name]), turn, turn.ndim)
        gap = np.abs(ours - slope) / np.abs(slope).max()
        gaps.append(Gap(float(gap.max()), f"{name}, {benchmark.economies[int(gap.argmax())]}"))
    return judged("gradient", gaps, GRADIENT, "exact derivatives are the slopes of the solver, for every instrument")


def _after(eq: Equilibrium, here: Wedges, name: str, turn: Array, size: float) -> Array:
    """ln real income after one instrument moves along its direction; residents give way to foreign owners."""
    change = size * turn
    if name == "ownership":
        change = change - np.eye(len(turn))[:, :, None] * change.sum(axis=0)
    moved = replace(here, **{name: getattr(here, name) + change})
    return np.log(np.asarray(solve(eq.benchmark, moved, closure=eq.closure, tolerance=TIGHT, start=eq).values["real_income"]))


def decomposition(eq: Equilibrium, decompose: Callable[..., Any] = path.decompose) -> Check:
    """The parts of every economy's ln real income add up, by channel, by instrument, and by partner and sector."""
    meaning = "parts by channel, partner and instrument add up to ln real income"
    try:
        found = decompose(eq, eq.benchmark.economies)
    except NoEquilibriumError as error:
        return judged("decomposition", [Gap(error.residual, error.worst)], PARTS, meaning)
    goal = np.log(np.asarray(eq.values["real_income"]))
    own = [part for name, part in found.by_channel().items() if found.channels[name].ndim < 3]
    sums = {
        "by channel": sum(found.by_channel().values()),
        "by partner": sum(part.sum(axis=1) for part in found.by_partner().values()) + sum(own),
        "by instrument": sum(found.by_instrument().values()),
    }
    gaps = [Gap(gap.value, f"{name}, {gap.cell}") for name, total in sums.items() for gap in [worst(goal - total, eq.benchmark)]]
    still = [name for name in found.instruments if getattr(eq.wedges, name, None) is None]
    stray = {name: float(np.abs(found.by_instrument()[name]).max()) for name in still}
    gaps += [Gap(size, f"{name}, which did not move") for name, size in stray.items()]
    return judged("decomposition", gaps, PARTS, meaning)
