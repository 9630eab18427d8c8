"""The rents that barriers declare for the base year."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from comity.errors import InputError
from comity.policy.instruments import Barrier, Instrument
from comity.policy.wedges import arrays_of, base_level, cells
from comity.records import Array, Benchmark

SAME = 1e-9
"""Two statements of one gross rent that differ by less agree."""


def declared(benchmark: Benchmark, instruments: Sequence[Instrument], *, largest: bool = False) -> dict[str, Array]:
    """Rents in the base year, (1+τ)^ρ − 1 at each barrier's level today, by array; empty where the benchmark holds them already.

    What no barrier states stays as the benchmark has it. InputError where two barriers, or a barrier and the benchmark,
    state different rents for one cell; with `largest` the larger one holds.
    """
    found: dict[str, Array] = {}
    stated: dict[str, Array] = {}
    for one in instruments:
        if not (isinstance(one, Barrier) and one.rent_share > 0 and one.from_ > 0):
            continue
        name = arrays_of(one)[-1]
        touched = cells(one, benchmark)
        if name not in found:
            found[name] = np.array(base_level(name, benchmark))
            stated[name] = found[name] > 0
        block, known = found[name][touched.grid], stated[name][touched.grid]
        rent = (1 + one.from_) ** one.rent_share - 1
        here = np.broadcast_to(True if touched.foreign is None else touched.foreign, block.shape)
        clash = here & known & (np.abs(block - rent) > SAME * (1 + rent))
        if clash.any() and not largest:
            n, i, j = (int(axis[c]) for axis, c in zip(touched.axes, np.argwhere(clash)[0], strict=True))
            where = f"{benchmark.sectors[j]} sold by {benchmark.economies[i]} to {benchmark.economies[n]}"
            raise InputError(
                f"barrier: the rent of today on {where} is stated twice, as {100 * block[clash][0]:.4g} and as {100 * rent:.4g}"
                " per cent; state 'from', 'rent_share' and 'rent_to' of one barrier alike"
            )
        found[name][touched.grid] = np.where(here, np.where(known, np.maximum(block, rent), rent), block)
        stated[name][touched.grid] = known | here
    return {name: rate for name, rate in found.items() if not np.array_equal(rate, base_level(name, benchmark))}
