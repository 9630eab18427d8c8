"""Worlds with answers known on paper, for governments that choose tariffs."""

from __future__ import annotations

import numpy as np

from comity.records import Benchmark


def armington(
    home: float = 0.7, foreign: float = 0.8, *, theta: float = 4.0, tariff: float = 0.0, size: float = 1.0
) -> Benchmark:
    """Two economies, one sector, no inputs, balanced trade: `home` and `foreign` are shares that each spends on its own good."""
    imports = 100.0
    flow = np.zeros((2, 2, 1))
    flow[0, 1] = flow[1, 0] = imports
    flow[0, 0] = home / (1 - home) * imports * (1 + tariff)
    flow[1, 1] = size * foreign / (1 - foreign) * imports
    duty = np.zeros((2, 2, 1))
    duty[0, 1] = tariff
    return Benchmark.from_arrays(
        economies=("HOM", "FOR"),
        sectors=("S0",),
        trade_flow=flow,
        tariff=duty,
        input_share=np.ones((2, 1, 1)),
        value_added_share=np.ones((2, 1)),
        trade_elasticity=np.array([theta]),
        name="two economies",
    )


def symmetric(sectors: int = 2, own: float = 0.75, theta: tuple[float, ...] = (3.0, 6.0)) -> Benchmark:
    """Two economies alike in everything, with inputs."""
    flow = np.full((2, 2, sectors), 100.0 * (1 - own))
    flow[[0, 1], [0, 1]] = 100.0 * own
    return Benchmark.from_arrays(
        economies=("ONE", "TWO"),
        sectors=tuple(f"S{j}" for j in range(sectors)),
        trade_flow=flow,
        tariff=np.zeros((2, 2, sectors)),
        input_share=np.full((2, sectors, sectors), 1 / sectors),
        value_added_share=np.full((2, sectors), 0.5),
        trade_elasticity=np.array(theta[:sectors]),
        name="two alike",
    )


def rebased(eq) -> Benchmark:
    """A solved world as a benchmark of its own (Cobb–Douglas nests: only flows and tariffs move)."""
    b = eq.benchmark
    return Benchmark.from_arrays(
        economies=b.economies,
        sectors=b.sectors,
        trade_flow=eq.values["trade_flow"],
        tariff=eq.wedges.tariff,
        input_share=b.input_share,
        value_added_share=b.value_added_share,
        trade_elasticity=b.trade_elasticity,
        labour_share=b.labour_share,
        name="rebased",
    )
