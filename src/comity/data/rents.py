"""Rents that stand in the base year: moved out of what was observed, so that the benchmark is an equilibrium with them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from comity.errors import DataError, Problem
from comity.records import Benchmark, read_only

Array = np.ndarray


def calibrated(benchmark: Benchmark, *, import_rent: Array | None = None, export_rent: Array | None = None) -> Benchmark:
    """The benchmark with these rents (importer × exporter × sector, fractions) in place of those that it has; None keeps them.

    Border flows, sales of each sector's goods, and trade balances stay as observed. An importer's rent enters as tariffs do
    (docs/data.md, step 7): what is bought, as an input or for final use, is dearer by it, value added of those who use it is
    less, and the rent is income. An exporter's rent is taken out of the value added of the sector that sells. DataError names
    the sectors whose value added does not carry the rents.
    """
    b = benchmark
    new = replace(b, import_rent=_kept(import_rent, b.import_rent), export_rent=_kept(export_rent, b.export_rent))
    new = replace(new, provenance=_told(new))
    inputs = np.einsum("nkj,nj->nkj", b.input_share, (1 - b.value_added_share) * b.output)
    old, bought = b.expenditure, new.expenditure
    if import_rent is not None:
        inputs = inputs * np.divide(bought, old, out=np.ones_like(old), where=old > 0)[:, :, None]
    cost, output = inputs.sum(axis=1), new.output
    left = output - cost
    short = (left <= 0) & (b.value_added > 0)
    if short.any():
        raise DataError([_problem(b, n, j, left[n, j]) for n, j in np.argwhere(short)])
    share = np.where(output > 0, 1 - np.divide(cost, output, out=np.zeros_like(cost), where=output > 0), b.value_added_share)
    moved: dict[str, Any] = {"value_added_share": share}
    if import_rent is not None:
        moved["input_share"] = np.divide(inputs, cost[:, None, :], out=b.input_share.copy(), where=cost[:, None, :] > 0)
    for array in moved.values():
        array.setflags(write=False)
    return replace(new, **moved)


def _kept(given: Array | None, before: Array | None) -> Array | None:
    if given is None:
        return before
    own = np.array(given, dtype=np.float64)
    own.setflags(write=False)
    return own if own.any() else None


def _told(b: Benchmark) -> Any:
    """The provenance with the cells and the money of the rents. Sums of input use that were kept apart do not hold them."""
    paid = {"import_rent": (1 + b.tariff) * b.trade_flow, "export_rent": b.received_flow}
    rents = {
        name: {"cells": int(np.count_nonzero(rate)), "largest": float(rate.max()), "usd_mn": float((rate * paid[name]).sum())}
        for name in paid
        if (rate := getattr(b, name)) is not None
    }
    return read_only({**{key: value for key, value in b.provenance.items() if key != "control_totals"}, "rents": rents})


def _problem(b: Benchmark, n: int, j: int, left: float) -> Problem:
    return Problem(
        f"rents: {b.economies[n]}, {b.sectors[j]} has value added of USD {b.value_added[n, j]:,.4g} mn in the base year and"
        f" would be left with {left:,.4g}; a smaller barrier or a smaller rent_share would fit"
    )
