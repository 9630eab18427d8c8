"""A solved world as a benchmark of its own."""

from __future__ import annotations

from dataclasses import replace

import jax.numpy as jnp
import numpy as np

from comity.model import market
from comity.records import Array, Benchmark
from comity.solve import problem, report


def rebase(benchmark: Benchmark, w: problem.World, shock: market.Shock, x: jnp.ndarray, factors: str) -> Benchmark:
    """The benchmark whose flows are those of a solved state; shares that Cobb–Douglas nests hold fixed stay as they are."""
    flow = solved_flow(w, shock, x, factors)
    return replace(benchmark, trade_flow=flow)


def solved_flow(w: problem.World, shock: market.Shock, x: jnp.ndarray, factors: str) -> Array:
    """Trade flows (USD mn at basic prices, importer × exporter × sector) at a solved state."""
    u = market.unpack(x, w.base.gamma.shape[-1], factors)
    got = market.evaluate(w.base, shock, u, market.world_exchange(shock), factors, "fixed")
    X = w.base.expenditure * jnp.exp(u.lnX)
    flow = np.array(report.flows(w, shock, {"unit_cost": np.exp(got.lnc), "expenditure": np.asarray(X)})["trade_flow"])
    flow.setflags(write=False)
    return flow
