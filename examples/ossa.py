"""How far our tariff wars are from those of Ossa (2014), one difference at a time: python examples/ossa.py [--json].

Seven regions that are the whole world, one rate a goods sector for each, deficits balanced. The first row is our model; then
inputs go, then services, then our trade elasticities. What no row has: monopolistic competition, whose profits a tariff
shifts home, and governments that count some producers for more.
"""

from __future__ import annotations

import json
import sys
from dataclasses import replace

import numpy as np

import comity
from comity.strategy.nash import nash
from comity.strategy.players import player
from comity.strategy.response import best_response

REGIONS = ("USA", "CHN", "EU27", "JPN", "IND", "BRA")
THETA = 2.4
"""About the mean of the elasticities of substitution that Ossa estimates, less one."""


def seven(world):
    """The benchmark's economies merged into six regions and all others; tariffs inside a region are dropped."""
    of = {code: code for code in REGIONS} | dict.fromkeys(world.groups["EU27"], "EU27")
    codes = (*REGIONS, "REST")
    member = np.array([[of.get(code, "REST") == region for code in world.economies] for region in codes], dtype=float)
    flow, duty = (np.einsum("rn,nij,si->rsj", member, x, member) for x in (world.trade_flow, world.trade_flow * world.tariff))
    duty[range(len(codes)), range(len(codes))] = 0.0
    spent = np.einsum("rn,nk,njk->rjk", member, world.output * (1 - world.value_added_share), world.input_share)
    added = share(member @ (world.output * world.value_added_share), member @ world.output, 1.0)
    inputs = share(spent, spent.sum(axis=1, keepdims=True), 1 / len(world.sectors))
    return made(world, codes, world.sectors, flow, share(duty, flow, 0.0), added, inputs, world.trade_elasticity)


def share(part, whole, otherwise):
    """part / whole, and `otherwise` where there is nothing."""
    return np.divide(part, whole, out=np.full(np.broadcast(part, whole).shape, otherwise), where=whole > 0)


def made(world, codes, sectors, flow, tariff, added, inputs, theta):
    """A benchmark of these arrays that knows which of its sectors are goods."""
    found = comity.Benchmark.from_arrays(
        economies=codes, sectors=sectors, trade_flow=flow, tariff=tariff, input_share=inputs, value_added_share=added,
        trade_elasticity=theta,
    )  # fmt: skip
    return replace(found, sector_groups={"goods": tuple(code for code in world.sector_groups["goods"] if code in sectors)})


def worlds(world):
    """Our model, and one difference after another taken away."""
    start = seven(world)
    goods = [start.sectors.index(code) for code in start.sector_groups["goods"]]

    def bare(kept, theta):
        """Only these sectors, all of whose sales are final and all of whose revenue is value added."""
        names = tuple(start.sectors[j] for j in kept)
        n, j = len(start.economies), len(kept)
        flow, tariff = start.trade_flow[:, :, kept], start.tariff[:, :, kept]
        return made(world, start.economies, names, flow, tariff, np.ones((n, j)), np.full((n, j, j), 1 / j), theta)

    return {
        "our model, seven regions": start,
        "without inputs": bare(range(len(start.sectors)), start.trade_elasticity),
        "and without services": bare(goods, start.trade_elasticity[goods]),
        f"and with one trade elasticity, {THETA}": bare(goods, np.full(len(goods), THETA)),
    }


def measured(benchmark):
    """Mean best and Nash tariffs over the regions, the mean gain from war, all in per cent; the certificate's solves."""
    closure = comity.Closure(factors="mobile", deficits="balanced")
    players = [player(code, benchmark) for code in benchmark.economies]
    best = [best_response(benchmark, one, closure=closure, second_start=False) for one in players]
    war = nash(benchmark, players, closure=closure)
    assert war.converged
    flow = benchmark.trade_flow * (1 - np.eye(len(players)))[:, :, None]
    goods = [benchmark.sectors.index(code) for code in benchmark.sector_groups["goods"]]

    def mean(rates):
        f, t = flow[:, :, goods], rates[:, :, goods]
        return float(np.mean((f * t).sum(axis=(1, 2)) / f.sum(axis=(1, 2))))

    own = np.stack([r.wedges.tariff[k] for k, r in enumerate(best)])
    return {
        "today_pct": 100 * mean(benchmark.tariff),
        "best_pct": 100 * mean(own),
        "best_gain_pct": 100 * float(np.mean([r.gain for r in best])),
        "nash_pct": 100 * mean(war.eq.wedges.tariff),
        "nash_gain_pct": 100 * float(np.mean(war.gain)),
        "solves": war.solves,
    }


def main() -> None:
    """Print the table, or plain data with --json."""
    found = {name: measured(benchmark) for name, benchmark in worlds(comity.load("world-2022")).items()}
    if "--json" in sys.argv:
        print(json.dumps(found, indent=1))
        return
    print(f"{'mean of seven regions, %':38}{'today':>8}{'best':>8}{'gain':>8}{'Nash':>8}{'gain':>8}")
    for name, row in found.items():
        keys = ("today_pct", "best_pct", "best_gain_pct", "nash_pct", "nash_gain_pct")
        print(f"{name:38}" + "".join(f"{row[key]:8.2f}" for key in keys))
    print("Ossa (2014), abstract: best tariffs average 62, Nash tariffs 63, governments lose 2.9 in the war")


if __name__ == "__main__":
    main()
