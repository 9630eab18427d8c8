"""How fast a government's gain from a tariff fades: the curvature that scales every step.

Raising a rate moves purchases; the second derivative of real income is, to first order in rates, the matrix of compensated
demand responses. In a nest with trade elasticity θ and, between sectors, an elasticity of one, spending F_i of a market X
moves with the log of its price by −[θ F_i δ_ik − (θ − 1) F_i F_k / X]. Terms of trade add to it and are left to the
quasi-Newton updates. It only steers: what is an optimum is judged by the exact gradient.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.linalg import cho_factor, cho_solve

from comity.records import Array
from comity.strategy.players import Control

RIDGE = 1e-9
"""Relative addition to the diagonal, for sets of cells that are a whole market."""


@dataclass(frozen=True, eq=False)
class Curvature:
    """A positive definite matrix in blocks over sets of numbers, factored."""

    blocks: tuple[tuple[Array, tuple], ...]
    size: int

    def divide(self, slope: Array) -> Array:
        """H⁻¹ g."""
        out = np.zeros(self.size)
        for at, factor in self.blocks:
            out[at] = cho_solve(factor, slope[at], check_finite=False)
        return out


def curvature(control: Control, flow: Array, theta: Array, earner: Array) -> Curvature:
    """Minus the second derivative of a player's payoff in its own numbers, approximately.

    `flow` is spending, importer × exporter × sector at the current point (USD mn), `theta` by sector, `earner` what a dollar
    is worth to the player (1 / USD mn).
    """
    if control.instrument == "export_tax":
        return _of_exports(control, flow, theta, earner)
    blocks, whole = [], None
    separable = bool((control.sector >= 0).all())
    grid, spent = control.grid, flow
    members = np.unique(control.cells[0])
    for j in np.unique(control.cells[2]):
        used = np.unique(grid[members, :, j])
        used = used[used >= 0]
        if not len(used):
            continue
        f = np.zeros((len(members), control.size if not separable else len(used)))
        for row, m in enumerate(members):
            at = grid[m, :, j] >= 0
            where = grid[m, at, j] if not separable else np.searchsorted(used, grid[m, at, j])
            np.add.at(f[row], where, spent[m, at, j])
        market = np.maximum(spent[members, :, j].sum(axis=1), 1e-300)
        worth = earner[members]
        block = theta[j] * np.diag(worth @ f) - (theta[j] - 1) * (f * (worth / market)[:, None]).T @ f
        if separable:
            blocks.append((used, block))
        else:
            whole = block if whole is None else whole + block
    if whole is not None:
        blocks.append((np.arange(control.size), whole))
    return Curvature(tuple((at, _factor(block)) for at, block in blocks), control.size)


def _of_exports(control: Control, flow: Array, theta: Array, earner: Array) -> Curvature:
    """The same for export taxes: every foreign market's own response, added up over the cells of a number."""
    share = flow / np.maximum(flow.sum(axis=1, keepdims=True), 1e-300)
    seller = earner[None, :, None]
    diagonal = control.collect(flow * seller * (theta - (theta - 1) * share))
    return Curvature(tuple((np.array([k]), _factor(np.array([[h]]))) for k, h in enumerate(diagonal)), control.size)


def _factor(block: Array) -> tuple:
    diagonal = np.diag(block)
    return cho_factor(block + np.diag(RIDGE * diagonal + 1e-300), check_finite=False)
