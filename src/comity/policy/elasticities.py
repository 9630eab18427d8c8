"""Trade elasticities as a file writes them: the name of a set, or numbers by sector."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import numpy as np
from pydantic import BeforeValidator

from comity.errors import InputError, Problem
from comity.policy import selectors
from comity.policy.numbers import number
from comity.records import Array, Benchmark

LARGEST = 100.0
"""Above it goods are one good; published estimates reach 65."""

REST = "set"
"""The key that names a set for the sectors that are not listed."""

OwnElasticities = tuple[tuple[str, Any], ...]


def stated(value: Any) -> str | OwnElasticities:
    """The name of a set, or (sectors, elasticity) pairs from keys and values, ("set", name) for the rest. Raises ValueError."""
    if isinstance(value, tuple):
        value = dict(value)
    if isinstance(value, Mapping) and value:
        return tuple((str(key), _name(one) if key == REST else _positive(one)) for key, one in value.items())
    return _name(value)


def _name(value: Any) -> str:
    if not isinstance(value, str) or not value.strip() or len(value) > 60:
        raise ValueError(
            "must be the name of a set of elasticities (such as fontagne-2022), or numbers by sector"
            " ({goods: 4, services: 5}, or {set: fontagne-2022, C29: 3})"
        )
    return value


def _positive(value: Any) -> float:
    result = number(value)
    if not 0 < result <= LARGEST:
        raise ValueError(f"an elasticity of trade lies above 0 and up to {LARGEST:g}, not at {value}")
    return result


Elasticities = Annotated[str | OwnElasticities, BeforeValidator(stated)]


def set_name(given: str | OwnElasticities | None) -> str | None:
    """The named set behind a statement: itself, or that of the sectors that are not listed."""
    return given if given is None or isinstance(given, str) else dict(given).get(REST)


def in_words(given: str | OwnElasticities) -> str:
    """A statement as one line of text."""
    if isinstance(given, str):
        return given
    listed = ", ".join(f"{sector} {value:g}" for sector, value in given if sector != REST)
    rest = set_name(given)
    return f"own: {listed}; the rest {rest}" if rest else f"own: {listed}"


def by_sector(given: OwnElasticities, rest: Array | None, benchmark: Benchmark) -> Array:
    """One elasticity a sector; `rest` holds for those that are not listed. InputError tells all gaps and repetitions."""
    theta = np.full(len(benchmark.sectors), np.nan) if rest is None else np.array(rest, dtype=np.float64)
    seen: set[int] = set()
    problems: list[Problem] = []
    for terms, value in given:
        if terms == REST:
            continue
        try:
            found = selectors.sectors(selectors.selector(terms), benchmark).indices
        except (InputError, ValueError) as error:
            problems.append(Problem(f"elasticities: {error}"))
            continue
        twice = [benchmark.sectors[j] for j in found if j in seen]
        if twice:
            problems.append(Problem(f"elasticities: {', '.join(twice)} stand twice, also under {terms!r}"))
        seen.update(found)
        theta[list(found)] = value
    missing = [code for code, value in zip(benchmark.sectors, theta, strict=True) if np.isnan(value)]
    if missing and not problems:
        problems.append(
            Problem(f"elasticities: none for {', '.join(missing)}; list them, or name a set for the rest (set: fontagne-2022)")
        )
    if problems:
        raise InputError(problems)
    theta.setflags(write=False)
    return theta
