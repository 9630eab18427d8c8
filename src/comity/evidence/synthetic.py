"""Made-up worlds of any size, to see how the time of a solve grows; nothing in them is data."""

from __future__ import annotations

import numpy as np

from comity.records import Benchmark

HOME_BIAS = 12.0
"""How much more an economy buys of itself than its size alone would say."""


def synthetic(economies: int, sectors: int, seed: int = 7) -> Benchmark:
    """A balanced world of economies of very different size: trade by size and distance, inputs at random, tariffs to 10 %."""
    rng = np.random.default_rng(seed)
    n, j = economies, sectors
    size = np.exp(rng.normal(0, 1.2, n))
    place = rng.uniform(0, 1, (n, 2))
    distance = np.linalg.norm(place[:, None] - place[None], axis=2) + 0.1
    pull = size[:, None] * size[None] / distance / size.sum()
    pull[np.arange(n), np.arange(n)] = HOME_BIAS * size
    flow = pull[:, :, None] * rng.lognormal(0, 0.4, (n, n, j)) / j
    tariff = rng.uniform(0, 0.1, (n, n, j)) * (1 - np.eye(n))[:, :, None]
    # What is bought more of is used more: else some good would be used up before anybody consumes it.
    inputs = rng.lognormal(0, 0.5, (n, j, j)) * flow.sum(axis=1)[:, :, None]
    return Benchmark.from_arrays(
        economies=[f"E{k}" for k in range(n)],
        sectors=[f"S{k}" for k in range(j)],
        trade_flow=flow,
        tariff=tariff,
        input_share=inputs / inputs.sum(axis=1, keepdims=True),
        value_added_share=rng.uniform(0.45, 0.7, (n, j)),
        trade_elasticity=rng.uniform(3, 8, j),
    )
