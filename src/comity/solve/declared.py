"""The benchmark that a scenario speaks of: with the rents of its barriers, its customs pool, its elasticities."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from dataclasses import replace
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np

from comity.data import load, rents
from comity.data.pools import with_pool
from comity.errors import InputError
from comity.policy.elasticities import OwnElasticities, by_sector, in_words, set_name
from comity.policy.instruments import Instrument
from comity.policy.rents import declared
from comity.records import Benchmark, read_only

KEPT = 8
"""Calibrated benchmarks that are kept for one benchmark, so that their arrays on the device are made once."""

_kept: WeakKeyDictionary[Benchmark, OrderedDict[Hashable, Benchmark | None]] = WeakKeyDictionary()


def _once(benchmark: Benchmark, key: Hashable, make: Callable[[], Benchmark | None]) -> Benchmark:
    """What `make` gives, made once for a benchmark and a key; None is the benchmark itself, which no entry may keep alive."""
    known = _kept.setdefault(benchmark, OrderedDict())
    if key not in known:
        known[key] = make()
        while len(known) > KEPT:
            known.popitem(last=False)
    return known[key] or benchmark


def reference(benchmark: Benchmark, scenario: Any) -> Benchmark:
    """The benchmark of a scenario: its customs pool, its own elasticities and today's rents of its barriers put in.

    Flows and incomes of the base year stay as observed (but for goods on which importers' rents stand, see `with_rents`).
    """
    union, given = getattr(scenario, "customs_pool", None), getattr(scenario, "elasticities", None)
    if union is not None:
        benchmark = _once(benchmark, ("pool", union), lambda: _pooled(benchmark, union))
    if isinstance(given, tuple):
        benchmark = with_elasticities(benchmark, given)
    return with_rents(benchmark, getattr(scenario, "instruments", ()))


def _pooled(benchmark: Benchmark, union: str) -> Benchmark | None:
    pooled = with_pool(benchmark, union)
    return None if dict(pooled.customs_pool) == dict(benchmark.customs_pool) else pooled


def with_elasticities(benchmark: Benchmark, given: OwnElasticities) -> Benchmark:
    """The benchmark with trade elasticities of one's own by sector, a named set for the rest where one is stated.

    InputError for a sector without one, stated twice or unknown, and for a set that is not made for these sectors.
    """

    def make() -> Benchmark | None:
        rest, name = None, set_name(given)
        if name is not None:
            rest = load.elasticity_sets()[load.known(name, load.elasticity_sets(), "elasticities")]
            if len(rest) != len(benchmark.sectors) or benchmark.provenance.get("benchmark") not in load.NAMES:
                raise InputError(f"elasticities: the set {name} is made for {', '.join(load.NAMES)}; list all sectors instead")
        theta = by_sector(given, rest, benchmark)
        if np.array_equal(theta, benchmark.trade_elasticity):
            return None
        told = read_only({**benchmark.provenance, "elasticities": in_words(given)})
        return replace(benchmark, trade_elasticity=theta, provenance=told)

    return _once(benchmark, ("elasticities", given), make)


def with_rents(benchmark: Benchmark, instruments: Sequence[Instrument], *, largest: bool = False) -> Benchmark:
    """The benchmark in which today's rents of all barriers named are part of what is observed (model.md, "Barriers").

    The benchmark itself where no barrier states a rent, or where it holds them already. With `largest`, the larger of two
    rents stated for one cell holds; else InputError. DataError where a sector's value added does not carry its rents.
    """
    stated = tuple(one for one in instruments if getattr(one, "rent_share", 0))
    if not stated:
        return benchmark

    def make() -> Benchmark | None:
        rates = declared(benchmark, stated, largest=largest)
        return rents.calibrated(benchmark, **rates) if rates else None

    return _once(benchmark, ("rents", stated, largest), make)
