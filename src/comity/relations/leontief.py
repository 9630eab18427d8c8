"""Where value added ends up: the Leontief system of the whole world, by its own series and never as a matrix."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from comity.errors import DataError
from comity.records import Array, Benchmark

LEONTIEF_TOLERANCE = 1e-13
"""Largest step, relative to the largest entry, at which a Leontief solve ends."""

MAX_ROUNDS = 20_000


def _coefficients(benchmark: Benchmark) -> tuple[Array, Array]:
    """Sourcing s[j,i,n] = π/(1+t), the exporter's receipt for a dollar spent, and inputs G[n,k,j] for a dollar of output j."""
    sourcing = (benchmark.trade_share / (1 + benchmark.tariff)).transpose(2, 1, 0)
    inputs = benchmark.input_share * (1 - benchmark.value_added_share)[:, None, :]
    return np.ascontiguousarray(sourcing), inputs


def _iterate(step: Callable[[Array], Array], right: Array) -> Array:
    """x = step(x) + right by its own series; DataError when it does not converge."""
    x = right
    for _ in range(MAX_ROUNDS):
        new = step(x) + right
        change, size = np.max(np.abs(new - x), initial=0.0), np.max(np.abs(new), initial=0.0)
        x = new
        if change <= LEONTIEF_TOLERANCE * size:
            return x
        if not np.isfinite(size):
            break
    raise DataError("the input-output system has no Leontief inverse: inputs use up all of output somewhere")


def output_needed(benchmark: Benchmark, demand: Array) -> Array:
    """Output y = (I − A)⁻¹ demand, by country × sector × column; demand at basic prices, USD mn."""
    sourcing, inputs = _coefficients(benchmark)

    def step(y: Array) -> Array:
        bought = inputs @ y  # country × input × column
        return (sourcing @ bought.transpose(1, 0, 2)).transpose(1, 0, 2)

    return _iterate(step, demand)


def content(benchmark: Benchmark, value_added: Array) -> Array:
    """x′ = v′ (I − A)⁻¹: value added of given sources within a dollar of each output, country × sector × column."""
    sourcing, inputs = _coefficients(benchmark)

    def step(x: Array) -> Array:
        in_composite = sourcing.transpose(0, 2, 1) @ x.transpose(1, 0, 2)  # sector × buyer × column
        return inputs.transpose(0, 2, 1) @ in_composite.transpose(1, 0, 2)

    return _iterate(step, value_added)
