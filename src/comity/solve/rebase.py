"""A solved world as a benchmark of its own."""

from __future__ import annotations

from dataclasses import replace

import jax.numpy as jnp
import numpy as np

from comity.model import market, nests
from comity.records import Array, Benchmark
from comity.solve import problem, report


def rebase(benchmark: Benchmark, w: problem.World, shock: market.Shock, x: jnp.ndarray, factors: str) -> Benchmark:
    """The benchmark whose flows, value-added shares and input shares are those of a solved state.

    Shares that Cobb–Douglas nests hold fixed stay as they are, to the last digit.
    """
    u = market.unpack(x, w.base.gamma.shape[-1], factors)
    made = nests.technology(w.base, shock, market.value_added_price(w.base, shock, u.y, factors), u.lnP)
    new = {"trade_flow": solved_flow(w, shock, x, factors)}
    if w.base.eta is not None:
        new["value_added_share"] = np.where(benchmark.output > 0, made.gamma, benchmark.value_added_share)
    if w.base.epsilon is not None:
        moved = np.array(nests.input_shares(w.base, made, u.lnP))
        total = moved.sum(axis=1, keepdims=True)
        new["input_share"] = np.divide(moved, total, out=moved, where=total > 0)
    for array in new.values():
        array.setflags(write=False)
    return replace(benchmark, **new)


def solved_flow(w: problem.World, shock: market.Shock, x: jnp.ndarray, factors: str) -> Array:
    """Trade flows (USD mn at basic prices, importer × exporter × sector) at a solved state."""
    u = market.unpack(x, w.base.gamma.shape[-1], factors)
    got = market.evaluate(w.base, shock, u, market.world_exchange(shock), factors, "fixed")
    X = w.base.expenditure * jnp.exp(u.lnX)
    flow = np.array(report.flows(w, shock, {"unit_cost": np.exp(got.lnc), "expenditure": np.asarray(X)})["trade_flow"])
    flow.setflags(write=False)
    return flow
