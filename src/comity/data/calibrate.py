"""From tables to a Benchmark: small faults are mended by a stated rule and reported, large ones are refused.

The tables are trade flows, input use and tariffs; everything else follows. Money in USD mn a year.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from comity.errors import DataError, InputError, Problem
from comity.records import Benchmark

Array = np.ndarray

SMALL = 1e-3
"""Faults of at most this share of the sector's expenditure or output are mended."""
LEAST_VALUE_ADDED = 0.01
"""Where inputs had to be cut, this share of output is left as value added."""


@dataclass(frozen=True)
class Repair:
    """One rule that was applied: how many cells, how much money, the worst cell in words."""

    rule: str
    count: int
    usd_mn: float
    worst: str


@dataclass(frozen=True)
class Calibration:
    """A benchmark and what had to be mended for it."""

    benchmark: Benchmark
    repairs: tuple[Repair, ...]


def assemble(*, trade_flow: Array, input_use: Array, **rest: Any) -> Benchmark:
    """A Benchmark from flows and input use (economy × input × sector): shares are their ratios, in float64."""
    flow, use = (np.asarray(table, dtype=np.float64) for table in (trade_flow, input_use))
    output, cost = flow.sum(axis=0), use.sum(axis=1)
    share = np.divide(use, cost[:, None, :], out=np.zeros_like(use), where=cost[:, None, :] > 0)
    value_added_share = 1 - np.divide(cost, output, out=np.zeros_like(cost), where=output > 0)
    return Benchmark.from_arrays(trade_flow=flow, input_share=share, value_added_share=value_added_share, **rest)


def calibrate(
    *,
    economies: Sequence[str],
    sectors: Sequence[str],
    trade_flow: Any,
    input_use: Any,
    trade_elasticity: Any,
    tariff: Any = None,
    labour_share: Any = None,
    output: Any = None,
    small: float = SMALL,
    **meta: Any,
) -> Calibration:
    """A benchmark from tables, with a gate.

    `output`, where stated, is compared with the sum of sales. Sectors and pairs without trade are admitted. Faults above
    `small` raise DataError with the worst cells; InputError on a wrong shape.
    """
    gate = _Gate(tuple(economies), tuple(sectors), small)
    n, j = len(gate.economies), len(gate.sectors)
    flow = gate.table("trade_flow", trade_flow, (n, n, j))
    use = gate.table("input_use", input_use, (n, j, j))
    rate = gate.table("tariff", np.zeros((n, n, j)) if tariff is None else tariff, (n, n, j))
    gate.stop()
    flow = gate.no_negatives("negative flows set to zero", flow, np.abs(flow).sum(axis=1)[:, None, :], gate.pair)
    use = gate.no_negatives("negative input use set to zero", use, np.abs(use).sum(axis=1)[:, None, :], gate.technique)
    if output is not None:
        gate.compare("output stated and sum of sales differ (sales kept)", gate.table("output", output, (n, j)), flow.sum(axis=0))
    gate.stop()
    use = gate.affordable(flow, use)
    use = gate.final_demand(flow, rate, use)
    gate.spenders(flow, rate, use)
    gate.stop()
    benchmark = assemble(
        economies=gate.economies,
        sectors=gate.sectors,
        trade_flow=flow,
        input_use=use,
        tariff=rate,
        trade_elasticity=trade_elasticity,
        labour_share=labour_share,
        **meta,
    )
    return Calibration(benchmark, tuple(gate.repairs))


class _Gate:
    """Collects the faults of one set of tables: what was mended, what is refused."""

    def __init__(self, economies: tuple[str, ...], sectors: tuple[str, ...], small: float):
        self.economies, self.sectors, self.small = economies, sectors, small
        self.repairs: list[Repair] = []
        self.problems: list[Problem] = []

    def pair(self, cell: Sequence[int]) -> str:
        """Importer × exporter × sector in words."""
        return f"{self.economies[cell[1]]} to {self.economies[cell[0]]}, {self.sectors[cell[2]]}"

    def technique(self, cell: Sequence[int]) -> str:
        """Economy × input × sector in words."""
        return f"{self.economies[cell[0]]}, {self.sectors[cell[1]]} used by {self.sectors[cell[2]]}"

    def market(self, cell: Sequence[int]) -> str:
        """Economy × sector in words."""
        return f"{self.economies[cell[0]]}, {self.sectors[cell[1]]}"

    def table(self, name: str, values: Any, shape: tuple[int, ...]) -> Array:
        """A copy of a table in float64; refuses another shape at once and notes cells that are not finite."""
        table = np.array(values, dtype=np.float64)
        if table.shape != shape:
            raise InputError(f"{name}: shape {table.shape}, expected {shape}")
        bad = ~np.isfinite(table)
        if bad.any():
            words = {3: self.technique if name == "input_use" else self.pair, 2: self.market}[table.ndim]
            self.problems.append(Problem(f"{name}: {bad.sum()} cells are not finite, first {words(np.argwhere(bad)[0])}"))
        return table

    def judge(self, rule: str, amount: Array, scale: Array, words: Callable[[Sequence[int]], str]) -> bool:
        """True when a fault of these amounts is small everywhere (and noted as mended); else noted as refused."""
        if not (amount > 0).any():
            return True
        scale = np.broadcast_to(scale, amount.shape)
        relative = np.divide(amount, scale, out=np.where(amount > 0, np.inf, 0.0), where=scale > 0)
        order = [np.unravel_index(flat, amount.shape) for flat in np.argsort(-relative, axis=None, kind="stable")[:3]]
        cells = [f"{words(c)}: {amount[c]:,.4g} USD mn, {relative[c]:.2%}" for c in order if amount[c] > 0]
        if relative.max() <= self.small:
            self.repairs.append(Repair(rule, int((amount > 0).sum()), float(amount.sum()), cells[0]))
            return True
        many = int((relative > self.small).sum())
        self.problems.append(
            Problem(f"{rule}: too large in {many} cells (at most {self.small:.1%} is mended); worst {'; '.join(cells)}")
        )
        return False

    def no_negatives(self, rule: str, table: Array, scale: Array, words: Callable[[Sequence[int]], str]) -> Array:
        """Small negative cells are set to zero."""
        self.judge(rule, np.maximum(-table, 0), scale, words)
        return np.maximum(table, 0)

    def compare(self, rule: str, stated: Array, sales: Array) -> None:
        """Stated output against sales."""
        difference = np.abs(stated - sales)
        rounding = 1e-9 * np.maximum(stated, sales)
        self.judge(rule, np.where(difference > rounding, difference, 0), np.maximum(stated, sales), self.market)

    def affordable(self, flow: Array, use: Array) -> Array:
        """Inputs may not exceed output; a small excess is cut so that a hundredth of output is left as value added."""
        output, cost = flow.sum(axis=0), use.sum(axis=1)
        excess = np.maximum(cost - output, 0)
        self.judge("inputs above output cut", np.where(excess > 1e-12 * output, excess, 0), output, self.market)
        over = cost > output
        wanted = np.where(over, (1 - LEAST_VALUE_ADDED) * output, cost)
        return use * np.divide(wanted, cost, out=np.ones_like(cost), where=cost > 0)[:, None, :]

    def final_demand(self, flow: Array, rate: Array, use: Array) -> Array:
        """Inputs may not exceed what is bought; a small excess is cut."""
        bought, taken = ((1 + rate) * flow).sum(axis=1), use.sum(axis=2)
        excess = np.maximum(taken - bought, 0)
        self.judge(
            "inputs above purchases cut (final demand was negative)",
            np.where(excess > 1e-9 * bought, excess, 0),
            bought,
            self.market,
        )
        return use * np.divide(np.minimum(taken, bought), taken, out=np.ones_like(taken), where=taken > 0)[:, :, None]

    def spenders(self, flow: Array, rate: Array, use: Array) -> None:
        """Every economy needs final demand; one without is refused by name."""
        final = ((1 + rate) * flow).sum(axis=(1, 2)) - use.sum(axis=(1, 2))
        for n in np.flatnonzero(final <= 0):
            self.problems.append(Problem(f"{self.economies[n]} has no final demand: leave it out or put it into another economy"))

    def stop(self) -> None:
        """Raises DataError with everything that was refused so far."""
        if self.problems:
            raise DataError(self.problems)
