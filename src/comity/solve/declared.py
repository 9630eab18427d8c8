"""The benchmark that a scenario's barriers speak of: with the rents that they state for the base year."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from weakref import WeakKeyDictionary

from comity.data import rents
from comity.policy.instruments import Instrument
from comity.policy.rents import declared
from comity.records import Benchmark

KEPT = 8
"""Calibrated benchmarks that are kept for one benchmark, so that their arrays on the device are made once."""

_kept: WeakKeyDictionary[Benchmark, OrderedDict[tuple, Benchmark | None]] = WeakKeyDictionary()


def with_rents(benchmark: Benchmark, instruments: Sequence[Instrument], *, largest: bool = False) -> Benchmark:
    """The benchmark in which today's rents of all barriers named are part of what is observed (model.md, "Barriers").

    The benchmark itself where no barrier states a rent, or where it holds them already. With `largest`, the larger of two
    rents stated for one cell holds; else InputError. DataError where a sector's value added does not carry its rents.
    """
    key = (tuple(one for one in instruments if getattr(one, "rent_share", 0)), largest)
    if not key[0]:
        return benchmark
    known = _kept.setdefault(benchmark, OrderedDict())
    if key not in known:
        rates = declared(benchmark, key[0], largest=largest)
        known[key] = rents.calibrated(benchmark, **rates) if rates else None  # itself: an entry must not hold its key alive
        while len(known) > KEPT:
            known.popitem(last=False)
    return known[key] or benchmark
