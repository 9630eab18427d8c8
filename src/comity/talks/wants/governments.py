"""Governments as a talks file writes them, and the income of the producers that they count (talks.md, "What a party wants")."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal, Protocol

import numpy as np
from pydantic import BeforeValidator

from comity.errors import InputError, Problem
from comity.policy import selectors
from comity.policy.numbers import number, truth
from comity.policy.reading import Loc
from comity.policy.strict import Strict
from comity.records import Array, Benchmark, Closure, producers_share

REVEALED = "revealed"


def _sensitive(value: Any) -> Any:
    if value == REVEALED:
        return value
    if not isinstance(value, Mapping) or not value:
        raise ValueError(f"must be {REVEALED!r} or a weight for each sensitive sector ({{C10T12: 3}})")
    return {str(key): _weight(str(key), one) for key, one in value.items()}


def _weight(where: str, value: Any) -> float:
    result = number(value)
    if result < 1:
        raise ValueError(f"{where}: {value}: a government counts its producers' dollar for 1 at least")
    return result


class GovernmentSpec(Strict):
    """A government: how many dollars it counts for a dollar of each sensitive sector's producers, or `revealed`."""

    sensitive: Annotated[Literal["revealed"] | dict[str, float], BeforeValidator(_sensitive)]
    activity: Annotated[bool, BeforeValidator(truth)] = False
    """Count value added instead of what is specific to the sector."""


@dataclass(frozen=True)
class Governments:
    """Governments in a benchmark: w by party and sector (1 where not named), who is `revealed`, who counts `activity`."""

    weights: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    revealed: tuple[str, ...] = ()
    activity: tuple[str, ...] = ()

    @property
    def named(self) -> tuple[str, ...]:
        """Parties whose government is not just the nation."""
        return tuple(dict.fromkeys((*self.weights, *self.revealed)))


ALIKE = Governments()
"""Everybody's dollar counts alike, everywhere."""


def sector_weights(given: Mapping[str, float], benchmark: Benchmark) -> dict[str, float]:
    """w by sector code from selectors. InputError for an unknown word and for a sector with two weights."""
    found: dict[str, float] = {}
    problems: list[Problem] = []
    for word, weight in given.items():
        try:
            chosen = selectors.sectors((word,), benchmark).indices
        except InputError as error:
            problems += error.problems
            continue
        for j in chosen:
            code = benchmark.sectors[j]
            if found.get(code, weight) != weight:
                problems.append(Problem(f"{code} stands twice with different weights"))
            found[code] = weight
    if problems:
        raise InputError(problems)
    return found


class Collector(Protocol):
    """Keeps faults with their place in the file."""

    def run(self, loc: Loc, step: Callable[[], Any], default: Any = None) -> Any: ...

    def add(self, loc: Loc, message: str) -> None: ...


def bind(
    given: Mapping[str, GovernmentSpec], parties: Sequence[str], closure: Closure, benchmark: Benchmark, seen: Collector
) -> Governments:
    """The governments of a talks file in a benchmark; every fault goes to `seen`."""
    weights: dict[str, Mapping[str, float]] = {}
    revealed: list[str] = []
    activity: list[str] = []
    for word, spec in given.items():
        loc: Loc = ("governments", word)
        code = seen.run(loc, lambda word=word: _party(word, parties, benchmark))
        if code is None:
            continue
        if code in (*weights, *revealed):
            seen.add(loc, f"{code} stands twice")
        seen.run(loc, lambda spec=spec: refuse_mobile(spec, closure))
        if isinstance(spec.sensitive, str):
            revealed.append(code)
        else:
            weights[code] = seen.run((*loc, "sensitive"), lambda given=spec.sensitive: sector_weights(given, benchmark), {})
        activity += [code] if spec.activity else []
    return Governments(weights, tuple(revealed), tuple(activity))


def _party(word: str, parties: Sequence[str], benchmark: Benchmark) -> str:
    found = [benchmark.economies[i] for i in selectors.economies((word,), benchmark).indices]
    if len(found) != 1 or found[0] not in parties:
        raise InputError(f"{word!r} is no party (parties: {', '.join(parties)})")
    return found[0]


def refuse_mobile(spec: GovernmentSpec, closure: Closure) -> None:
    """Where factors are mobile no income is specific to a sector's producers. InputError unless value added is counted."""
    if closure.factors == "mobile" and not spec.activity:
        raise InputError(
            "under mobile factors no income is specific to a sector's producers, so that there is nothing to count more; "
            "use specific or immobile factors, or 'activity: true' (value added is counted)"
        )


def counted_share(benchmark: Benchmark, closure: Closure, parties: Sequence[str], activity: Sequence[str] = ()) -> Array:
    """The part of a sector's value added that its producers at home draw, party × sector.

    Capital's share that residents own; all of value added where labour stays too or activity is counted; nothing where
    factors are mobile.
    """
    share = producers_share(benchmark, closure)[[benchmark.economy_index(code) for code in parties]]
    counting = np.isin(parties, activity)
    share[counting] = 1.0
    return share


def producers_income(values: Mapping[str, Array], share: Array, at: Sequence[int]) -> Array:
    """PS: real income of the producers at home, party × sector, USD mn; `share` from `counted_share`, `at` the parties."""
    index = list(at)
    return share * values["value_added"][index] / values["price_index"][index, None]


def omega(weights: Mapping[str, Mapping[str, float]], parties: Sequence[str], sectors: Sequence[str]) -> Array:
    """ω = w − 1, party × sector."""
    found = np.zeros((len(parties), len(sectors)))
    for p, code in enumerate(parties):
        for sector, weight in weights.get(code, {}).items():
            found[p, sectors.index(sector)] = weight - 1
    return found
