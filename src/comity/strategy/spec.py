"""The policy file: who plays, with which tariffs, and what else holds in the world. Unknown words are refused."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from comity.errors import InputError, Problem
from comity.policy import selectors
from comity.policy.elasticities import OwnElasticities
from comity.policy.instruments import Instrument, WorldChange
from comity.policy.numbers import fraction, number, truth
from comity.policy.reading import read
from comity.policy.scenario import ClosureSpec, Elasticities, Scenario
from comity.policy.selectors import Selector
from comity.policy.strict import Strict
from comity.records import Benchmark, Closure, Wedges
from comity.solve import equilibrium, target
from comity.strategy.game import BOUNDS
from comity.strategy.players import Player, player

MAX_PLAYERS = 200

EACH = "each"
"""Stands for every economy, as a player of its own, that no other line names."""

Design = Literal["free", "sector", "partner", "one"]
Tool = Literal["tariff", "export_tax"]


def _numbers(value: Any) -> dict[str, float]:
    if not isinstance(value, Mapping) or not value:
        raise ValueError("must be a number for each name ({C29: 2})")
    return {str(key): number(one) for key, one in value.items()}


def _bounds(value: Any) -> tuple[float, float]:
    if not isinstance(value, list | tuple) or len(value) != 2:
        raise ValueError("must be the lowest and the highest rate ([-30%, 1000%])")
    low, high = (fraction(one) for one in value)
    return low, high


def _tools(value: Any) -> Any:
    return (value,) if isinstance(value, str) else value


Numbers = Annotated[dict[str, float], BeforeValidator(_numbers)]
Truth = Annotated[bool, BeforeValidator(truth)]
Tools = Annotated[tuple[Tool, ...], BeforeValidator(_tools)]


class PlayerSpec(Strict):
    """A player; a code or a group alone stands for one that does as the file says for all. `each` is all the others."""

    player: Annotated[str, Field(min_length=1, max_length=200)]
    tariffs: Design | None = None
    instruments: Tools | None = None
    sectors: Selector | None = None
    keep: Selector | None = None
    weights: Numbers | None = None
    sensitive: Numbers | None = None
    activity: Truth | None = None


def _player(value: Any) -> Any:
    return {"player": value} if isinstance(value, str) else value


class PolicyFile(Strict):
    """The policy file."""

    title: str = Field(default="", max_length=200)
    benchmark: str | None = Field(default=None, max_length=200)
    elasticities: Elasticities | None = None
    closure: ClosureSpec | None = None
    players: tuple[Annotated[PlayerSpec, BeforeValidator(_player)], ...] = Field(min_length=1, max_length=MAX_PLAYERS)
    tariffs: Design = "sector"
    instruments: Tools = ("tariff",)
    sectors: Selector | None = None
    keep: Selector = ()
    activity: Truth = False
    bounds: Annotated[tuple[float, float], BeforeValidator(_bounds)] = BOUNDS
    weights: Numbers | None = None
    transfers: Truth = False
    changes: tuple[WorldChange, ...] = ()


@dataclass(frozen=True)
class Asked:
    """What a policy file or the command line asks."""

    spec: PolicyFile
    title: str = ""
    closure: Closure = field(default_factory=Closure)

    @property
    def benchmark(self) -> str:
        """The benchmark's name."""
        return self.spec.benchmark or "world-2022"

    @property
    def elasticities(self) -> str | OwnElasticities | None:
        """The set of trade elasticities, or numbers by sector; None for the benchmark's own."""
        return self.spec.elasticities or (self.spec.closure.elasticities if self.spec.closure else None)

    def players(self, benchmark: Benchmark) -> tuple[Player, ...]:
        """The players, each as its own lines and the file's say. InputError with the faults of all of them."""
        found, problems = [], []
        for one in _each(self.spec.players, benchmark):
            try:
                found.append(_made(one, self.spec, benchmark))
            except InputError as error:
                problems += [Problem(f"players: {p.message}", p.file, p.line) for p in error.problems]
        if problems:
            raise InputError(problems)
        return tuple(found)

    def wedges(self, benchmark: Benchmark) -> Wedges:
        """What else holds in the world (`changes`), with shocks whose size follows from solving resolved."""
        instruments: tuple[Instrument, ...] = tuple(change.instrument for change in self.spec.changes)
        scenario, _, _ = target.resolve(benchmark, Scenario(instruments), self.closure, equilibrium.solve)
        return scenario.wedges(benchmark)


def _each(players: Sequence[PlayerSpec], benchmark: Benchmark) -> list[PlayerSpec]:
    """The players, with `each` replaced by every economy that no other line names."""
    named: set[int] = set()
    for one in players:
        if one.player != EACH:
            with suppress(InputError):
                named.update(selectors.economies((one.player,), benchmark).indices)
    found = []
    for one in players:
        codes = [c for n, c in enumerate(benchmark.economies) if n not in named] if one.player == EACH else [one.player]
        found += [one.model_copy(update={"player": code}) for code in codes]
    return found


def _made(one: PlayerSpec, spec: PolicyFile, benchmark: Benchmark) -> Player:
    activity = spec.activity if one.activity is None else one.activity
    return player(
        one.player,
        benchmark,
        design=one.tariffs or spec.tariffs,
        weights=one.weights,
        sensitive=one.sensitive,
        instruments=one.instruments or spec.instruments,
        taxed=one.sectors or spec.sectors,
        keep=one.keep or spec.keep,
        activity=activity,
    )


def read_policy(source: str | os.PathLike[str]) -> Asked:
    """A policy file (or its text) as it is asked; InputError lists every fault with file and line."""
    spec = PolicyFile.from_document(read(source))
    return Asked(spec, spec.title, spec.closure.record if spec.closure else Closure())


def named(players: Sequence[str], **how: Any) -> Asked:
    """The same from the command line: codes or groups, and keys of the file."""
    given = {key: value for key, value in how.items() if value is not None}
    return Asked(PolicyFile(players=tuple(PlayerSpec(player=one) for one in players), **given))
