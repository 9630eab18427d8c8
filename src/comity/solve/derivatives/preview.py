"""A preview: what a small change does, from derivatives at an equilibrium, in microseconds, and when to distrust it.

Two kinds. `Preview.change` answers any change of any cells from the gradient, with a bound on what the straight line
leaves out. `Preview.slider` prepares one direction (a tariff cut, a package): its answer has the curvature too, and the
error is that of the parabola. An answer is a number to look at while the solver works, never a result.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from comity.errors import InputError
from comity.records import Array, Benchmark, Closure, Equilibrium
from comity.solve.derivatives import adjoint, levers
from comity.solve.derivatives.place import Outcome, solved

TRUSTED = 0.1
"""An answer is trusted while its error is below a tenth of it."""

SAFETY = 2.0
"""By how much the bound exceeds the largest ratio of curvature to its weight among the directions that were probed."""

PROBES = 4
"""Cells of most weight, and cells drawn, along which an instrument's curvature is computed exactly."""


@dataclass(frozen=True, eq=False)
class Guess:
    """An answer: change of each outcome, what it may be off by, whether that is little enough."""

    of: tuple[str, ...]
    change: Array
    error: Array

    @property
    def trusted(self) -> Array:
        """True where the error is below a tenth of the change (or below 1e-9: nothing happens)."""
        return self.error <= np.maximum(TRUSTED * np.abs(self.change), 1e-9)


@dataclass(frozen=True, eq=False)
class Slider:
    """One direction, prepared: slope, curvature and third derivative of each outcome along it, all exact."""

    of: tuple[str, ...]
    slope: Array
    curvature: Array
    third: Array

    def __call__(self, size: float) -> Guess:
        """The change after a move of this size, to second order; the error is what the third would add, doubled."""
        change = size * self.slope + 0.5 * size * size * self.curvature
        return Guess(self.of, change, SAFETY * np.abs(self.third) * abs(size) ** 3 / 6)


class Preview:
    """Derivatives of outcomes at an equilibrium, ready to answer.

    `at` is a benchmark (then without a scenario, under `closure`) or an equilibrium; `of` as for `gradient`. The error of
    `change` is ½ C Σ w Δ² over the cells that move, w the reach of a cell (`weights`) and C calibrated on exact second
    derivatives: an estimate with a margin, not a theorem.
    """

    def __init__(
        self,
        at: Benchmark | Equilibrium,
        of: Outcome | Sequence[Outcome],
        instruments: Sequence[str] = ("tariff", "trade_cost"),
        *,
        closure: Closure | None = None,
        seed: int = 0,
    ):
        """Gradients by one block solve; curvature along a few directions an instrument. Raises as `gradient` does."""
        self.equilibrium = solved(at, closure)
        self._asked = of
        found = adjoint.gradients(self.equilibrium, of, tuple(instruments))
        self.of, self.gradient = found.outcomes, found.values
        trade = {"trade_cost", *levers.RATES} & set(instruments)
        reach = adjoint.reach(self.equilibrium, of) if trade else {}
        self.weights = {name: weights(self.equilibrium, name, self.gradient[name], reach) for name in instruments}
        self.bound = {name: self._calibrate(name, seed) for name in instruments}

    def _calibrate(self, name: str, seed: int) -> Array:
        """C of an instrument: by outcome, the largest |curvature| / Σ w Δ² among the directions probed, times SAFETY."""
        worst = np.zeros(len(self.of))
        for turn in probes(self.weights[name], np.random.default_rng(seed)):
            if name == "transfer":
                turn = turn - turn.mean()
            second = adjoint.along(self.equilibrium, {name: turn}).of(self._asked)[1]
            scale = self.weights[name].reshape(len(self.of), -1) @ (turn * turn).ravel()
            worst = np.maximum(worst, np.abs(second) / np.where(scale > 0, scale, np.inf))
        return SAFETY * worst

    def change(self, instrument: str, cells: tuple[Any, ...], by: Any) -> Guess:
        """The change after cells of an instrument move by `by` (a number or one for each cell), all else as it is.

        `cells` one index, or array of indices, an axis. InputError for an instrument that was not prepared.
        """
        if instrument not in self.gradient:
            raise InputError(f"preview: {instrument} was not prepared; there are {', '.join(self.gradient)}")
        at = (slice(None), *(np.atleast_1d(c) for c in cells))
        by = np.broadcast_to(np.asarray(by, dtype=np.float64), np.atleast_1d(cells[0]).shape)
        reach = self.weights[instrument][at] @ (by * by)
        return Guess(self.of, self.gradient[instrument][at] @ by, 0.5 * self.bound[instrument] * reach)

    def slider(self, direction: Mapping[str, Any]) -> Slider:
        """Prepare a direction (instrument -> array of its shape): two linear systems, and one an outcome."""
        here = adjoint.along(self.equilibrium, direction)
        slope, curvature = here.of(self._asked)
        return Slider(self.of, slope, curvature, here.third(self._asked))


def probes(weight: Array, rng: np.random.Generator) -> list[Array]:
    """Directions in one instrument: single cells (the heaviest of each of up to `PROBES` outcomes, and drawn ones), then many."""
    shape = weight.shape[1:]
    movable = weight.max(axis=0) > 0
    heavy = [int(w.argmax()) for w in weight[:PROBES]]
    share = weight.sum(axis=0).ravel()
    drawn = rng.choice(share.size, PROBES, p=share / share.sum()) if share.sum() > 0 else []
    found = []
    for cell in dict.fromkeys([*heavy, *(int(c) for c in drawn)]):
        turn = np.zeros(share.size)
        turn[cell] = 1.0
        found.append(turn.reshape(shape))
    found.append(movable * rng.uniform(0.0, 1.0, shape))
    found.append(movable * rng.choice([-1.0, 0.0, 1.0], shape))
    return found


def weights(eq: Equilibrium, name: str, gradient: Array, reach: Mapping[str, Array]) -> Array:
    """The scale of a cell's second derivative in each outcome: outcome × the instrument's axes, not negative.

    For a rate or a trade cost `adjoint.reach`; for the others |gradient| and the cell's share in the world economy, so that cells
    whose first effects cancel count too.
    """
    if name in reach:
        return reach[name]
    b = eq.benchmark
    world = b.value_added.sum()
    if name == "transfer":
        return np.abs(gradient) / b.income + 1 / (world * b.income)
    size = {
        "productivity": b.output,
        "capital": b.value_added,
        "taste": b.final_demand,
        "labour": b.value_added.sum(axis=1),
    }
    if name == "ownership":
        size[name] = (1 - np.eye(len(b.economies)))[:, :, None] * (b.value_added * (1 - b.labour_share))[None]
    return np.abs(gradient) + size[name][None] / world
