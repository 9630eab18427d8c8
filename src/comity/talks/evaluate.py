"""Payoffs from the equilibrium itself: any intensities, exact gradients, for nations and for governments (talks.md)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

import numpy as np

from comity.policy.sparse import package_slopes, package_values
from comity.records import Array, CellValues
from comity.solve import batch
from comity.solve.derivatives import nearby
from comity.talks.packages import Neighbourhood

T = TypeVar("T")

SLOPE = 1e-8
"""Relative residual of the linear systems of gradients: a hundredth of what a certificate asks (`optimum.STATIONARY`)."""


class EquilibriumPayoffs:
    """G_n = RI_n + Σ_j ω_nj PS_nj of each party in each state of the world, by solving.

    RI_n real income and PS_nj the real income that residents draw from what is specific to sector j at home, benchmark
    USD mn. ω is what a government counts a producer's dollar for above that of others (none: everybody counts alike).
    """

    def __init__(
        self,
        near: Sequence[Neighbourhood],
        probability: Array,
        parties: Sequence[str],
        proposals: Sequence[str],
        real_income: Array,
        omega: Mapping[str, Mapping[str, float]] | None = None,
        *,
        goal: nearby.Objectives | None = None,
    ):
        """One neighbourhood a state ("none" first), built over the same proposals; `real_income` RI⁰ by country, USD mn.

        `goal` replaces what is read from `real_income` and `omega`: one row a party, which may then stand twice.
        """
        self.near = tuple(near)
        self.parties, self.proposals = tuple(parties), tuple(proposals)
        self.states = tuple(n.solved.crisis.id for n in near)
        self.probability = np.asarray(probability, dtype=float)
        self.solves = 0
        self._compiled: set[str] = set()
        self._whole: dict[int, Array] = {}
        self._all = np.array([1.0 if part else 0.0 for part in self.near[0].parts])
        benchmark = near[0].engine.benchmark
        N, J = benchmark.output.shape
        income, producers = np.zeros((len(parties), N)), np.zeros((len(parties), N, J))
        for p, code in enumerate(self.parties):
            n = benchmark.economy_index(code)
            income[p, n] = real_income[n]
            for sector, weight in (omega or {}).get(code, {}).items():
                producers[p, n, benchmark.sectors.index(sector)] = weight
        self.goal = nearby.Objectives(income, producers) if goal is None else goal

    def at(self, x: Array) -> Array:
        """Payoffs at intensities (proposal, or state × proposal), state × party, USD mn."""
        return np.stack(self._each("value", self._solved, x))

    def with_gradient(self, x: Array) -> tuple[Array, Array]:
        """Payoffs and their derivatives by the state's own intensities, state × party × proposal."""
        found = self._each("slope", self._sloped, x)
        return np.stack([f[0] for f in found]), np.stack([f[1] for f in found])

    def paid(self, x: Array, transfer: Array) -> Array:
        """Payoffs at intensities when economies pay each other in every state, inside the solve; state × party, USD mn.

        `transfer` by country, USD mn of world value added, positive to whoever gets it; it sums to zero.
        """
        found = []
        for s, row in self._rows(x):
            near = self.near[s]
            wedges = near.solved.wedges
            before = np.zeros(len(transfer)) if wedges.transfer is None else wedges.transfer
            crisis = replace(near.solved, wedges=replace(wedges, transfer=before + transfer))
            here = Neighbourhood(near.engine, crisis, near.touched, near.parts)
            values = package_values(near.engine.benchmark, wedges, near.touched, self._intensity(near, row))
            solved = here.solve(values, near.guess(row))
            self.solves += 1
            found.append(nearby.objectives(here.variations, solved, values, self.goal))
        return np.stack(found)

    def _each(self, what: str, task: Callable[[int, Array], T], x: Array) -> list[T]:
        """The task for the row of each state. The first time one after another: compiling in two threads at once may not end."""
        rows = self._rows(x)
        if what in self._compiled:
            return batch.in_parallel(lambda row: task(*row), rows, self.near[0].engine.workers)
        self._compiled.add(what)
        return [task(*row) for row in rows]

    def _rows(self, x: Array) -> list[tuple[int, Array]]:
        full = np.broadcast_to(np.asarray(x, dtype=float), (len(self.states), len(self.proposals)))
        return [(s, np.array(row)) for s, row in enumerate(full)]

    def _intensity(self, near: Neighbourhood, x: Array) -> list[float]:
        """Intensity of each instrument from that of its proposal."""
        found = [0.0] * len(near.touched.instruments)
        for proposal, positions in enumerate(near.parts):
            for position in positions:
                found[position] = float(x[proposal])
        return found

    def _equilibrium(self, s: int, x: Array) -> tuple[batch.Variations, batch.Solved, CellValues, list[float]]:
        near = self.near[s]
        intensity = self._intensity(near, x)
        values = package_values(near.engine.benchmark, near.solved.wedges, near.touched, intensity)
        self.solves += 1
        return near.variations, near.solve(values, near.guess(x)), values, intensity

    def _adjoint(self, s: int) -> Array:
        """The adjoint where everything is agreed, from which all others begin: so that none hangs on what was asked before."""
        if s not in self._whole:
            self._sloped(s, self._all)
        return self._whole[s]

    def _solved(self, s: int, x: Array) -> Array:
        variations, solved, values, _ = self._equilibrium(s, x)
        return nearby.objectives(variations, solved, values, self.goal)

    def _sloped(self, s: int, x: Array) -> tuple[Array, Array]:
        near = self.near[s]
        variations, solved, values, intensity = self._equilibrium(s, x)
        whole = bool(np.all(x == self._all))
        guess = None if whole else self._adjoint(s)
        found = nearby.slopes(variations, solved, values, self.goal, tolerance=SLOPE, guess=guess)
        if whole:
            self._whole[s] = found.adjoint
        slopes = package_slopes(near.engine.benchmark, near.solved.wedges, near.touched, intensity)
        gradient = np.zeros((len(self.parties), len(self.proposals)))
        for proposal, positions in enumerate(near.parts):
            for position in positions:
                for name, (where, slope) in slopes[position].items():
                    gradient[:, proposal] += getattr(found.by_cell, name)[:, where] @ slope
        return found.value, gradient
