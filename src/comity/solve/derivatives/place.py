"""A solved equilibrium as the point at which derivatives are taken, and the outcomes whose derivatives are asked."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from comity.errors import InputError, Problem
from comity.model import envelope, market
from comity.records import Array, Benchmark, Closure, Equilibrium
from comity.solve import equilibrium, homotopy, problem, report, root

Values = dict[str, jax.Array]
Objective = Callable[[Values], Any]
Outcome = str | Objective
"""What is differentiated: an economy's code (ln real income), `value_added:KAZ:C28` (ln of any reported value; in levels
where `IN_LEVELS`), or a function of the reported values (JAX arrays by name) to one number."""

IN_LEVELS = (
    "gain_pct", "ev_usd_mn", "deficit", "tariff_revenue", "export_tax_revenue", "dividends_received", "dividends_paid",
)  # fmt: skip
"""Values that may be zero or negative: their derivative is in their own unit, that of all others is of the logarithm."""


@dataclass(frozen=True, eq=False)
class Place:
    """An equilibrium on the device: its world, the arrays of its scenario, its unknowns, the preconditioner."""

    eq: Equilibrium
    w: problem.World
    shock: market.Shock
    x: jax.Array
    closure: tuple[str, str]  # factors, deficits of the map
    steer: root.Steer

    @property
    def levels(self) -> tuple[jax.Array, jax.Array]:
        """Benchmark income and output, as the reported values need them."""
        return jnp.asarray(self.w.income), jnp.asarray(self.w.output)


def solved(at: Benchmark | Equilibrium, closure: Closure | None = None) -> Equilibrium:
    """The equilibrium itself, or that of a benchmark without a scenario; InputError for two different closures."""
    if isinstance(at, Benchmark):
        return equilibrium.solve(at, None, closure=closure)
    if closure is not None and closure != at.closure:
        raise InputError("closure: an equilibrium has its own; give a benchmark to use another")
    return at


def place(eq: Equilibrium) -> Place:
    """The point of a solved equilibrium. Derivatives there are as exact as the equilibrium is."""
    closure = equilibrium.of_map(eq.closure)
    w = problem.world(eq.benchmark, closure)
    steer = homotopy.benchmark_steer(w, closure)
    x = problem.start_state(w, closure, eq)
    return Place(eq, w, problem.shock(w, eq.wedges), x, (closure.factors, closure.deficits), steer)


def values(
    base: market.Base, shock: market.Shock, x: jax.Array, levels: tuple[jax.Array, jax.Array], closure: tuple[str, str]
) -> Values:
    """Everything reported at a point, differentiable, with the real income of each sector's producers."""
    found = dict(report.compiled(*closure)(base, shock, x, *levels)[0])
    found["producers_income"] = envelope.producers_income(
        found["value_added"],
        base.lam,
        found["price_index"],
        closure[0] == "immobile",
        1.0 if shock.owned_home is None else shock.owned_home,
    )
    return found


@dataclass(frozen=True)
class Chosen:
    """Outcomes, sorted by the value that they are taken from: names of values, positions in them, own functions, order."""

    labels: tuple[str, ...]
    keys: tuple[str, ...]
    own: tuple[Objective, ...]
    picks: tuple[Array, ...]
    order: Array

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def what(self) -> tuple[tuple[str, ...], tuple[Objective, ...]]:
        """What a compiled function is specific to; positions it takes as arguments."""
        return self.keys, self.own

    @property
    def where(self) -> tuple[tuple[jax.Array, ...], jax.Array]:
        """The positions, for a compiled function."""
        return tuple(jnp.asarray(p) for p in self.picks), jnp.asarray(self.order)


def outcomes(found: Values, what: tuple[tuple[str, ...], tuple[Objective, ...]], where: tuple) -> jax.Array:
    """The chosen outcomes as one vector."""
    (keys, own), (picks, order) = what, where
    parts = []
    for key, pick in zip(keys, picks, strict=True):
        cells = found[key].ravel()[pick]
        parts.append(cells if key in IN_LEVELS else jnp.log(cells))
    parts += [jnp.reshape(jnp.asarray(function(found), dtype=jnp.float64), (1,)) for function in own]
    return jnp.concatenate(parts)[order]


def choose(of: Outcome | Sequence[Outcome], eq: Equilibrium) -> Chosen:
    """Outcomes by code, by `value:ECONOMY[:SECTOR]` or by function. InputError names every one that does not exist."""
    asked = [of] if isinstance(of, str) or callable(of) else list(of)
    problems: list[Problem] = []
    cells: dict[str, list[int]] = {}
    slots: list[tuple[str | None, int]] = []
    labels: list[str] = []
    own: list[Objective] = []
    for one in asked:
        if callable(one):
            labels.append(getattr(one, "__name__", "objective"))
            slots.append((None, len(own)))
            own.append(one)
            continue
        try:
            key, cell = _cell(one, eq)
        except InputError as error:
            problems += error.problems
            continue
        labels.append(one)
        slots.append((key, len(cells.setdefault(key, []))))
        cells[key].append(cell)
    if problems or not asked:
        raise InputError(problems or "of: no outcome is named")
    keys = tuple(cells)
    starts = dict(zip(keys, np.cumsum([0, *(len(c) for c in cells.values())]), strict=False))
    total = sum(len(c) for c in cells.values())
    order = np.array([total + at if key is None else starts[key] + at for key, at in slots])
    return Chosen(tuple(labels), keys, tuple(own), tuple(np.array(c) for c in cells.values()), order)


def _cell(text: str, eq: Equilibrium) -> tuple[str, int]:
    """Name of the value and position in it."""
    words = text.split(":")
    key, words = ("real_income", words) if len(words) == 1 else (words[0], words[1:])
    b, reported = eq.benchmark, {k: np.asarray(eq.values[k]) for k in eq.values if k not in report.LATER}
    if key == "producers_income":
        if eq.closure.factors == "mobile":
            raise InputError(f"{text}: where factors are mobile no income is specific to a sector's producers; ask value_added")
        reported[key] = reported["value_added"]
    if key not in reported:
        raise InputError(f"{text}: {key!r} is not reported by economy; there are {', '.join(reported)}")
    level = reported[key]
    if len(words) != level.ndim:
        raise InputError(f"{text}: {key} is by {'economy' if level.ndim == 1 else 'economy and sector'}")
    at: tuple[int, ...] = (b.economy_index(words[0]),)
    if level.ndim == 2:
        if words[1] not in b.sectors:
            raise InputError(f"{text}: {words[1]!r} is not a sector of {b.name}")
        at = (*at, b.sectors.index(words[1]))
    if key not in IN_LEVELS and not level[at] > 0:
        raise InputError(f"{text}: is {level[at]:.3g} here and has no logarithm; give a function of the values instead")
    return key, int(np.ravel_multi_index(at, level.shape))


def as_direction(direction: Mapping[str, Any], w: problem.World) -> dict[str, jax.Array]:
    """A direction in instruments as arrays; InputError on a wrong shape."""
    from comity.solve.derivatives import levers

    n, j = w.size
    size = {"importer": n, "exporter": n, "country": n, "sector": j}
    found = {}
    for name, change in direction.items():
        if name not in levers.AXES:
            raise InputError(f"direction: {name} is none of {', '.join(levers.AXES)}")
        shape = tuple(size[axis] for axis in levers.AXES[name])
        change = np.asarray(change, dtype=np.float64)
        if change.shape != shape:
            raise InputError(f"direction: {name} has shape {change.shape}, expected {shape}")
        if not np.isfinite(change).all():
            raise InputError(f"direction: {name} is not finite")
        found[name] = jnp.asarray(change)
    if not found:
        raise InputError("direction: names no instrument")
    return found
