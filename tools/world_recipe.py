"""The recipe of `world-2022`: from the OECD table's pieces to flows, input use and tariffs, step by step.

Pure functions on arrays in float64; axes as everywhere (importer n, exporter i, sector j, input before
sector; users of an input are k). Every clip, cap and scaling goes into the ledger with its count and
USD mn. The steps are those of docs/data.md.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

Array = np.ndarray

GOODS = 27
FOREIGN_FINAL_ODDS = 0.35
"""Final services are bought abroad at about this multiple of the odds of intermediate ones."""
SEED_FLOOR = 1e-6
"""Floor of a foreign cell of the services seed, as a share of the seller's own foreign sales of that service."""
RAS_TOLERANCE = 1e-12
SOURCE_CAP = 0.98
"""Where inputs take more of output, the redistributed table has cut them to this share."""
VALUE_ADDED_CAP = 0.9
"""Inputs bought from ROW take at most this share of a user's value added."""
LEAST_VALUE_ADDED = 0.01
"""Least share of value added in output."""
LEAST_ROW_FINAL = 0.05
"""Least share of final use in ROW's expenditure on a sector."""
DEVELOPING = (
    *("AGO", "ARE", "BGD", "CIV", "CMR", "COL", "EGY", "JOR", "KAZ", "MAR"),
    *("MMR", "NGA", "PAK", "PER", "PHL", "SAU", "SEN", "TUN", "UKR", "VNM"),
)
"""The twenty economies whose technology and use of services stand for the rest of the world's."""


@dataclass
class Ledger:
    """What was clipped, capped, scaled or estimated: step, what, count, USD mn, a remark; the clips of goods by seller."""

    entries: list[dict[str, Any]] = field(default_factory=list)
    clipped: Array = field(default_factory=lambda: np.zeros(0))

    def note(self, step: str, kind: str, what: str, count: int, usd_mn: float, remark: str = "") -> None:
        entry = {"step": step, "kind": kind, "what": what, "count": int(count), "usd_mn": round(abs(float(usd_mn)), 3)}
        self.entries.append({**entry, "remark": remark})


@dataclass(frozen=True)
class Inputs:
    """The hashed inputs as arrays; the 80 economies of the table come first, ROW last."""

    economies: tuple[str, ...]
    sectors: tuple[str, ...]
    technical: Array  # j, i, k, n: seller sector and economy, buyer sector and economy
    intermediate_share: Array  # n, k
    output: Array  # i, j
    final_and_row: Array  # i, j: final sales and sales to ROW
    total_use: Array  # n, i, 27 goods + services in one, with ROW
    tariff: Array  # n, i, j

    @property
    def row(self) -> int:
        """Position of the rest of the world."""
        return len(self.economies) - 1


def divide(a: Array, b: Array) -> Array:
    """a / b, and 0 where b is 0."""
    b = np.broadcast_to(b, np.broadcast(a, b).shape)
    return np.divide(a, b, out=np.zeros(b.shape), where=b != 0)


def without_home(flow: Array) -> Array:
    """A copy of importer × exporter × … with the home cells empty."""
    flow = flow.copy()
    home = np.arange(flow.shape[0])
    flow[home, home] = 0
    return flow


def intermediate_flows(data: Inputs, ledger: Ledger) -> Array:
    """Step 1: T, importer × exporter × input × user, USD mn, among the 80 economies."""
    spending = data.intermediate_share * data.output
    flows = np.ascontiguousarray((data.technical * spending.T[None, None]).transpose(3, 1, 0, 2))
    capped = data.intermediate_share >= SOURCE_CAP
    lost = np.abs(data.output - data.final_and_row - flows.sum(axis=(0, 3))).sum()
    what = "inputs capped at 98 % of output in the source; sellers' output is lower by that much"
    ledger.note("1", "cap", what, capped.sum(), lost, cells(data, capped))
    return flows


def goods_flows(data: Inputs, purchases: Array, ledger: Ledger) -> Array:
    """Step 2: goods, intermediate and final, observed; importer × exporter × 27 with ROW."""
    n = data.row
    flow = data.total_use[:, :, :GOODS].copy()
    final = flow[:n, :n] - purchases[:, :, :GOODS]
    low = final < 0
    ledger.clipped = np.maximum(-final, 0).sum(axis=0)
    flow[:n, :n] = purchases[:, :, :GOODS] + np.maximum(final, 0)
    worst = np.unravel_index(np.argmin(final), final.shape)
    names = f"{data.economies[worst[1]]} to {data.economies[worst[0]]}, {data.sectors[worst[2]]}"
    ledger.note("2", "clip", "final demand for goods below zero set to zero", low.sum(), -final[low].sum(), f"worst: {names}")
    stated, sold = data.output[:, :GOODS], flow.sum(axis=0)[:n]
    off = np.abs(sold - stated) > 2e-4 * stated
    ledger.note(
        "2",
        "difference",
        "goods output of the two sources differs by more than 2e-4 (total use is kept)",
        off.sum(),
        np.abs(sold - stated)[off].sum(),
    )
    return flow


def proportional_fit(seed: Array, rows: Array, columns: Array) -> Array:
    """The matrix with the given margins nearest to the seed in the sense of entropy (RAS)."""
    fit, error = seed.copy(), np.inf
    for _ in range(5000):
        fit *= divide(rows, fit.sum(axis=1))[:, None]
        fit *= divide(columns, fit.sum(axis=0))
        off = np.append(fit.sum(axis=1) - rows, fit.sum(axis=0) - columns)
        error = float(np.abs(off).max() / rows.sum())
        if error < RAS_TOLERANCE:
            return fit
    raise ArithmeticError(f"RAS stopped at a margin error of {error:.1e}")


def services_flows(data: Inputs, purchases: Array, ledger: Ledger) -> Array:
    """Step 3: services sold by the 80 economies; importer (with ROW) × exporter × 23, final part estimated by RAS."""
    n = data.row
    flow = np.zeros((n + 1, n, len(data.sectors) - GOODS))
    final = data.total_use[:n, :n, GOODS] - purchases[:, :, GOODS:].sum(axis=2)
    ledger.note("3", "clip", "final demand for services below zero set to zero", (final < 0).sum(), -final[final < 0].sum())
    scaled, moved, floor_cells, floor_usd = 0, 0.0, 0, 0.0
    for i in range(n):
        bought, columns = purchases[:, i, GOODS:], data.final_and_row[i, GOODS:]
        abroad = bought.copy()
        abroad[i] = 0
        pattern = abroad.sum(axis=0)
        seed = FOREIGN_FINAL_ODDS * (bought + SEED_FLOOR * pattern)
        seed[i] = columns
        rows = np.append(np.maximum(final[:, i], 0), data.total_use[n, i, GOODS])
        fitted = rows * (columns.sum() / rows.sum())
        scaled += int(np.abs(fitted - rows).max() > 1e-6)
        moved += np.abs(fitted - rows).sum()
        cells = proportional_fit(np.vstack([seed, pattern]), fitted, columns)
        only_floor = np.vstack([abroad == 0, np.zeros_like(pattern, bool)[None]])
        only_floor[i] = False
        floor_cells += int((only_floor & (cells > 0)).sum())
        floor_usd += cells[only_floor].sum()
        flow[:, i] = cells
        flow[:n, i] += bought
    ledger.note("3", "scaling", "sellers whose buyers' totals of services were scaled to the sellers' own totals", scaled, moved)
    ledger.note("3", "floor", "final services flows that rest on the seed's floor alone", floor_cells, floor_usd)
    split = flow.copy()
    split[:n] -= purchases[:, :, GOODS:]
    split[np.arange(n), np.arange(n)] = 0
    what = "final services, and sales of services to ROW, across borders, split by buyer and sector (RAS)"
    remark = f"margins observed, cells estimated; margins hold to {RAS_TOLERANCE:.0e} of a seller's total"
    ledger.note("3", "estimate", what, (split > 0).sum(), split.sum(), remark)
    return flow


def world_flows(data: Inputs, purchases: Array, ledger: Ledger) -> Array:
    """Steps 2 to 4: F, importer × exporter × sector, USD mn, 81 × 81 × 50."""
    n = data.row
    flow = np.zeros((n + 1, n + 1, len(data.sectors)))
    flow[:, :, :GOODS] = goods_flows(data, purchases, ledger)
    flow[:, :n, GOODS:] = services_flows(data, purchases, ledger)
    imported = without_home(flow[:n, :n, GOODS:]).sum(axis=1)
    flow[:n, n, GOODS:] = data.total_use[:n, n, GOODS, None] * divide(imported, imported.sum(axis=1, keepdims=True))
    used = flow[developing(data), :n, GOODS:].sum(axis=1)
    flow[n, n, GOODS:] = data.total_use[n, n, GOODS] * divide(used, used.sum(axis=1, keepdims=True)).mean(axis=0)
    sold = flow[:, n, GOODS:]
    ledger.note("4", "estimate", "services sold by the rest of the world, split by sector", (sold > 0).sum(), sold.sum())
    return flow


def developing(data: Inputs) -> list[int]:
    """Positions of the twenty developing economies."""
    return [data.economies.index(code) for code in DEVELOPING]


def inputs_from_row(data: Inputs, flows: Array, traded: Array, ledger: Ledger) -> Array:
    """Step 5: inputs bought from ROW, economy × input × user, USD mn, before tariffs."""
    n = data.row
    foreign = without_home(flows)
    bought = foreign.sum(axis=(1, 3))
    share = divide(bought, without_home(traded[:n, :n]).sum(axis=1))
    by_user = foreign.sum(axis=1)
    spread = share[:, :, None] * traded[:n, n][:, :, None] * divide(by_user, by_user.sum(axis=2, keepdims=True))
    room = VALUE_ADDED_CAP * np.maximum(data.output - flows.sum(axis=(1, 2)), 0)
    total = spread.sum(axis=1)
    factor = np.where(total > room, divide(room, total), 1.0)
    capped = factor < 1
    names = cells(data, capped)
    ledger.note(
        "5", "cap", "inputs from ROW capped at 90 % of the user's value added", capped.sum(), (total * (1 - factor)).sum(), names
    )
    return spread * factor[:, None, :]


def cells(data: Inputs, where: Array) -> str:
    """The marked economy × sector cells in words."""
    return ", ".join(f"{data.economies[n]} {data.sectors[j]}" for n, j in np.argwhere(where)[:12])


def row_technology(data: Inputs, use: Array, traded: Array, ledger: Ledger) -> Array:
    """Step 6: ROW's input use, input × user: the pattern of the median coefficients, the median total.

    The pattern is that of input use with tariffs and with inputs from ROW; the total is the table's own
    median share of intermediate inputs.
    """
    n = data.row
    known = np.array(developing(data))
    active = data.output[known] > 0
    coefficient = np.where(active[:, None, :], divide(use[known], data.output[known][:, None, :]), np.nan)
    total = np.where(active, data.intermediate_share[known], np.nan)
    idle = ~active.any(axis=0)
    coefficient[:, :, idle], total[:, idle] = 0, 0
    pattern = np.nanmedian(coefficient, axis=0)
    pattern *= divide(np.nanmedian(total, axis=0), pattern.sum(axis=0))
    wanted = pattern * traded[:, n].sum(axis=0)
    spent = ((1 + data.tariff[n]) * traded[n]).sum(axis=0)
    room = (1 - LEAST_ROW_FINAL) * spent
    factor = np.where(wanted.sum(axis=1) > room, divide(room, wanted.sum(axis=1)), 1.0)
    scaled = factor < 1
    names = ", ".join(f"{data.sectors[j]} × {factor[j]:.2f}" for j in np.flatnonzero(scaled))
    taken = (wanted.sum(axis=1) * (1 - factor)).sum()
    ledger.note("6", "scaling", "ROW's inputs scaled down so that 5 % of a sector's use stays final", scaled.sum(), taken, names)
    ledger.note(
        "6", "estimate", "ROW's input use: the median coefficients of twenty economies", (wanted > 0).sum(), wanted.sum() - taken
    )
    return wanted * factor[:, None]


def input_use(data: Inputs, flows: Array, traded: Array, ledger: Ledger) -> Array:
    """Steps 5 to 7: input use with the user's tariffs, economy × input × sector, USD mn, ROW included."""
    n = data.row
    from_row = inputs_from_row(data, flows, traded, ledger)
    use = np.zeros((n + 1, len(data.sectors), len(data.sectors)))
    use[:n] = (flows * (1 + data.tariff[:n, :n, :, None])).sum(axis=1)
    use[:n] += from_row * (1 + data.tariff[:n, n])[:, :, None]
    use[n] = row_technology(data, use[:n], traded, ledger)
    output, total = traded.sum(axis=0), use.sum(axis=1)
    low = output - total < LEAST_VALUE_ADDED * output
    factor = np.where(low, divide((1 - LEAST_VALUE_ADDED) * output, total), 1.0)
    taken = (total * (1 - factor)).sum()
    ledger.note(
        "7", "scaling", "inputs scaled down to 99 % of output", (low & (total > 0)).sum(), taken, cells(data, low & (total > 0))
    )
    return use * factor[:, None, :]


def rounded(data: Inputs, traded: Array, use: Array, ledger: Ledger) -> tuple[Array, Array]:
    """Single precision for storage; where rounding would leave final demand below zero, inputs give way."""
    flow = traded.astype(np.float32)
    spent = ((1 + data.tariff) * flow.astype(np.float64)).sum(axis=1)
    exact = ((1 + data.tariff) * traded).sum(axis=1) - use.sum(axis=2)
    short = exact < -1e-9 * spent
    if short.any():
        raise ArithmeticError(f"final demand is negative before rounding: {cells(data, short)}")
    stored = use.astype(np.float32)
    taken = 0.0
    over = stored.astype(np.float64).sum(axis=2) > spent
    for n, j in np.argwhere(over):
        row = stored[n, j].astype(np.float64)
        factor = spent[n, j] / row.sum() * (1 - 2.0**-22)
        stored[n, j] = np.nextafter((row * factor).astype(np.float32), np.float32(0))
        taken += row.sum() - stored[n, j].astype(np.float64).sum()
    what = "inputs scaled by less than 1e-6 because rounding left final demand below zero"
    ledger.note("storage", "rounding", what, over.sum(), taken, cells(data, over))
    return flow, stored


def build(data: Inputs, ledger: Ledger) -> tuple[Array, Array]:
    """All steps: trade_flow and input_use in single precision."""
    flows = intermediate_flows(data, ledger)
    traded = world_flows(data, flows.sum(axis=3), ledger)
    return rounded(data, traded, input_use(data, flows, traded, ledger), ledger)
