"""What residents draw from a sector at home: the income that a government may count for more than other income."""

from __future__ import annotations

from typing import TypeVar

import numpy as np

from comity.records.benchmark import Array, Benchmark
from comity.records.closure import Closure

Numbers = TypeVar("Numbers")


def specific_share(labour_share: Numbers, home: Numbers | float, labour_too: bool) -> Numbers:
    """The part of value added that residents draw from what stays in the sector: (1−λ) Ω_nn of it, with λ where labour stays too.

    `home` Ω_nn^j, the part of capital income that belongs to residents; arrays of any kind.
    """
    capital = (1 - labour_share) * home  # type: ignore[operator]
    return labour_share + capital if labour_too else capital


def producers_share(benchmark: Benchmark, closure: Closure, ownership: Array | None = None) -> Array:
    """That part under a closure, country × sector; nothing where factors are mobile: no income is specific to a sector then.

    `ownership` owner × economy × sector instead of the benchmark's.
    """
    if closure.factors == "mobile":
        return np.zeros_like(benchmark.labour_share)
    owned = benchmark.ownership if ownership is None else ownership
    home = 1.0 if owned is None else np.einsum("nnj->nj", owned)
    return specific_share(benchmark.labour_share, home, closure.factors == "immobile")
