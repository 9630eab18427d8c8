"""The talks file as it is written: parties, crises, proposals, what is to be minimised. Unknown words are refused.

What the format knows and this version does not compute is refused by name (NotYetError); nothing is ignored.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, Self, TypeVar

from pydantic import AfterValidator, BeforeValidator, Field, PrivateAttr, ValidationError

from comity.errors import InputError, Problem
from comity.policy.instruments import PolicyChange, WorldChange
from comity.policy.numbers import number, truth
from comity.policy.reading import Document, Loc, read
from comity.policy.scenario import ClosureSpec
from comity.policy.selectors import Selector, refuse_mixed_scripts, selector
from comity.policy.strict import NotYetProblem, Strict, problems_of, refuse
from comity.talks.names import visible
from comity.talks.positions.spec import PositionsSpec
from comity.talks.stakes.stake import Stake
from comity.talks.wants.governments import GovernmentSpec

if TYPE_CHECKING:
    from comity.records import Benchmark

MAX_NAME = 120
MAX_TEXT = 2000
MAX_PROPOSALS = 12
MAX_CRISES = 12
MAX_RISK_AVERSION = 50
MAX_TRANSFER = 10_000_000


def _text_of(limit: int) -> Any:
    def validate(value: Any) -> str:
        if not isinstance(value, str):
            raise ValueError("must be text")
        text = visible(" ".join(value.split()))
        if not text:
            raise ValueError("must not be empty")
        if len(text) > limit:
            raise ValueError(f"has {len(text):,} characters; at most {limit:,} are allowed")
        return text

    return validate


def _name(value: Any) -> str:
    text = _text_of(MAX_NAME)(value)
    if not any(c.isalnum() for c in text):
        raise ValueError("must contain a letter or a digit")
    return text


Entries = TypeVar("Entries", bound=tuple)


def _some(value: Entries) -> Entries:
    if not value:
        raise ValueError("must not be empty")
    return value


def _probability(value: Any) -> float:
    result = number(value)
    if not 0 <= result <= 1:
        raise ValueError(f"{value} is not between 0 and 1 (or 0% and 100%)")
    return result


def _positive(value: Any) -> float:
    result = number(value)
    if result < 0:
        raise ValueError(f"{value} is negative")
    return result


def _weights(value: Any) -> Any:
    if value in ("equal", "gdp", "population"):
        return value
    if not isinstance(value, Mapping) or not value:
        raise ValueError("must be equal, gdp, population or a number for each party ({BLR: 2, KAZ: 1})")
    given = {str(key): _positive(weight) for key, weight in value.items()}
    if sum(given.values()) <= 0:
        raise ValueError("at least one weight must be above zero")
    return given


def _bargaining_weights(value: Any) -> dict[str, float]:
    if not isinstance(value, Mapping) or not value:
        raise ValueError("must be a number for each party ({BLR: 1, KAZ: 2})")
    given = {str(key): number(weight) for key, weight in value.items()}
    if low := [key for key, weight in given.items() if not weight > 0]:
        raise ValueError(f"the weight of {', '.join(low)} must be above zero: a party without weight is no party")
    return given


def _largest(value: Any) -> float:
    result = number(value)
    if not 0 < result <= MAX_TRANSFER:
        raise ValueError(f"{value} is not above 0 and up to {MAX_TRANSFER:,} USD mn; for no payments write transfers: false")
    return result


def _risk_aversion(value: Any) -> float:
    result = _positive(value)
    if result > MAX_RISK_AVERSION:
        raise ValueError(f"{value} is above {MAX_RISK_AVERSION}: then only the worst state counts; use losses: worst")
    return result


def _patience(value: Any) -> float:
    result = number(value)
    if not 0 < result < 1:
        raise ValueError(f"{value} is not between 0 and 1: it says what a dollar next year is worth today (0.8)")
    return result


Name = Annotated[str, BeforeValidator(_name)]
Text = Annotated[str, BeforeValidator(_text_of(MAX_TEXT))]
Probability = Annotated[float, BeforeValidator(_probability)]
Truth = Annotated[bool, BeforeValidator(truth)]
Who = Annotated[tuple[str, ...], BeforeValidator(selector)]


class _Reasoned(Strict):
    """Something with a reason; an assumption must have one."""

    reason: Text | None = None
    assumed: Truth = False


class Shock(WorldChange, _Reasoned):
    """One change of the world in a crisis."""


class CrisisEntry(_Reasoned):
    """A crisis as written: its yearly probability and what it changes."""

    name: Name
    probability: Probability
    shocks: Annotated[tuple[Shock, ...], AfterValidator(_some)]


class ProposedChange(PolicyChange, _Reasoned):
    """One change of a proposal; it may be conceded by somebody else than the rest."""

    conceded_by: Who | None = None


class ProposalEntry(_Reasoned):
    """A proposal as written: who offers it, who concedes it, what it changes or which stake it sells."""

    NOT_YET: ClassVar = {
        "escape": "an escape clause",
        "escape_clause": "an escape clause",
        "transfer": "a transfer",
        "intensity": "an intensity other than 0 and 1",
    }

    name: Name
    by: Who
    conceded_by: Who
    changes: Annotated[tuple[ProposedChange, ...], AfterValidator(_some)] = ()
    """Empty only where a stake is sold; see `across`."""
    stake: Stake | None = None


class TalksClosure(ClosureSpec):
    """The closure of talks: capital stays where it is, lending follows trade, unless the file says otherwise."""

    factors: Literal["mobile", "specific", "immobile"] = "specific"
    deficits: Literal["fixed", "proportional", "balanced", "with_trade"] = "with_trade"


class Objective(Strict):
    """What the best package makes smallest."""

    losses: Literal["expected", "worst", "cvar-90"] = "expected"
    weights: Annotated[Literal["equal", "gdp", "population"] | dict[str, float], BeforeValidator(_weights)] = "equal"
    risk_aversion: Annotated[float, BeforeValidator(_risk_aversion)] = 0.0


class Rules(Strict):
    """What the best package must respect."""

    NOT_YET: ClassVar = {"escape_clauses": "escape clauses"}

    nobody_worse_off: Literal["parties", "union", "none"] = "parties"
    transfers: Truth = False
    """Whether the parties may share the largest sum by payments inside the solve."""
    largest_transfer_usd_mn: Annotated[float | None, BeforeValidator(_largest)] = None
    """What a party may pay or get at most in a year; None: as much as it takes."""
    bargaining_weights: Annotated[dict[str, float] | None, BeforeValidator(_bargaining_weights)] = None
    """b_n of the Nash product and of the shares of what payments share; None: equal."""
    patience: Annotated[float | None, BeforeValidator(_patience)] = None
    """What a dollar next year is worth today; None: not stated."""


class TalksFile(Strict):
    """A talks file. `from_yaml` reads it; `bind` gives its words their meaning in one benchmark."""

    NOT_YET: ClassVar = {
        "ownership": "ownership across borders",
    }

    title: Name
    benchmark: Text = "world-2022"
    parties: Selector
    union: Text | None = None
    outside_union: Selector | None = None
    customs_pool: Truth = False
    """Whether the union's duties on outsiders go into one pool and are shared by its key."""
    closure: TalksClosure = TalksClosure()
    crises: tuple[CrisisEntry, ...]
    proposals: Annotated[tuple[ProposalEntry, ...], AfterValidator(_some)]
    governments: dict[str, GovernmentSpec] = Field(default_factory=dict)
    """By party; whoever is missing counts everybody's dollar alike."""
    objective: Objective = Objective()
    rules: Rules = Rules()
    positions: PositionsSpec = PositionsSpec()

    _document: Document | None = PrivateAttr(default=None)

    def __init__(self, **data: Any):
        super().__init__(**data)
        wrong = list(across(self.model_dump(by_alias=True)))
        if wrong:
            refuse(_problem(message, later) for message, _, later in wrong)

    __init__.__pydantic_base_init__ = True  # type: ignore[attr-defined]

    @classmethod
    def from_yaml(cls, source: str | os.PathLike[str]) -> Self:
        """A talks file from a path or from text; InputError lists every fault with file and line."""
        document = read(source)
        plain = document.root.plain()
        if not isinstance(plain, Mapping):
            raise InputError(document.problem("must begin with keys (title, parties, crises, proposals, …)"))
        problems = [_problem(message, later, document, loc) for message, loc, later in across(plain)]
        talks = None
        try:
            talks = cls.model_validate(plain)
        except ValidationError as error:
            problems += problems_of(error, cls, document)
        if problems or talks is None:
            refuse(sorted(problems, key=lambda problem: problem.line or 0))
        object.__setattr__(talks, "_document", document)
        return talks

    def problem(self, message: str, loc: Loc = ()) -> Problem:
        """A fault of this file at a path of keys and positions, with its line where the file was read."""
        return Problem(message) if self._document is None else self._document.problem(message, loc)

    def load_benchmark(self) -> Benchmark:
        """The benchmark that the file asks for, with its trade elasticities. InputError with the line of the name."""
        from comity.data.load import load
        from comity.solve.declared import with_elasticities

        try:
            given = self.closure.elasticities
            if isinstance(given, tuple):
                return with_elasticities(load(self.benchmark), given)
            return load(self.benchmark, given) if given else load(self.benchmark)
        except InputError as error:
            loc = ("closure", "elasticities") if "elasticit" in str(error) else ("benchmark",)
            raise type(error)([self.problem(problem.message, loc) for problem in error.problems]) from None

    def bind(self, benchmark: Benchmark, *, allow_violations: bool = False) -> Any:
        """The agenda of these talks in one benchmark; see `comity.talks.agenda.bind`."""
        from comity.talks.agenda import bind

        return bind(self, benchmark, allow_violations=allow_violations)


def check_file(path: str | os.PathLike[str], *, allow_violations: bool = False) -> list[Problem]:
    """Every problem of a talks file, what the union's treaty forbids included; empty when it can be computed."""
    try:
        talks = TalksFile.from_yaml(path)
        talks.bind(talks.load_benchmark(), allow_violations=allow_violations)
    except InputError as error:
        return list(error.problems)
    return []


def _problem(message: str, later: bool, document: Document | None = None, loc: Loc = ()) -> Problem:
    place = Problem(message) if document is None else document.problem(message, loc)
    return (NotYetProblem if later else Problem)(place.message, place.file, place.line)


def across(plain: Mapping[str, Any]) -> Iterable[tuple[str, Loc, bool]]:
    """What is wrong between entries, not in one: (message, where, whether only a later version can do it).

    Works on a file that is wrong elsewhere, so that all faults are told at once.
    """
    for key, limit in (("crises", MAX_CRISES), ("proposals", MAX_PROPOSALS)):
        entries = plain.get(key)
        entries = entries if isinstance(entries, list | tuple) else []
        if len(entries) > limit:
            yield f"{key}: {len(entries)} are given; this version computes up to {limit}", (key, limit), True
        first: dict[str, int] = {}
        for position, entry in enumerate(entries):
            name = entry.get("name") if isinstance(entry, Mapping) else None
            folded = " ".join(str(name).casefold().split())
            if name is not None and folded in first:
                yield f"{key}: {str(name)[:60]!r} stands twice (also number {first[folded] + 1})", (key, position, "name"), False
            first.setdefault(folded, position)
            if isinstance(entry, Mapping):
                yield from _assumptions(entry, (key, position))
                if key == "proposals":
                    yield from _subject(entry, (key, position))
    yield from _probabilities(plain.get("crises"))
    rules = plain.get("rules")
    if (
        isinstance(rules, Mapping)
        and rules.get("largest_transfer_usd_mn") is not None
        and rules.get("transfers") not in ("true", True)
    ):
        yield "rules.largest_transfer_usd_mn: needs transfers: true", ("rules", "largest_transfer_usd_mn"), False
    if plain.get("union") is None:
        rules = plain.get("rules")
        if isinstance(rules, Mapping) and rules.get("nobody_worse_off") == "union":
            yield "rules.nobody_worse_off: 'union' needs a union in the file", ("rules", "nobody_worse_off"), False
        if plain.get("customs_pool") in ("true", True):
            yield "customs_pool: there is no union in the file", ("customs_pool",), False
        if plain.get("outside_union") is not None:
            yield "outside_union: there is no union in the file", ("outside_union",), False
    elif isinstance(plain["union"], str):
        try:
            refuse_mixed_scripts(plain["union"])
        except ValueError as error:
            yield f"union: {error}", ("union",), False


def _subject(entry: Mapping[str, Any], loc: Loc) -> Iterable[tuple[str, Loc, bool]]:
    """A proposal changes instruments or sells a stake: each is a line of its own, to be taken or left."""
    changes, stake = entry.get("changes"), entry.get("stake")
    if "changes" not in entry and "stake" not in entry:
        yield f"{_where(loc)}.changes is missing", loc, False
    elif changes and stake is not None:
        yield f"{_where(loc)}: changes and a stake in one proposal; make them two, so that each can be taken or left", loc, False


def _assumptions(entry: Mapping[str, Any], loc: Loc) -> Iterable[tuple[str, Loc, bool]]:
    """A figure that is assumed says why: itself, or through the entry that it belongs to."""
    lines = [line for key in ("shocks", "changes") if isinstance(entry.get(key), list | tuple) for line in entry[key]]
    for line in (entry, *(line for line in lines if isinstance(line, Mapping))):
        if line.get("assumed") in ("true", True) and not line.get("reason") and not entry.get("reason"):
            yield f"{_where(loc)}: 'assumed: true' needs a reason", (*loc, "assumed"), False


def _where(loc: Loc) -> str:
    return f"{loc[0]}[{int(loc[1]) + 1}]"


def _probabilities(crises: Any) -> Iterable[tuple[str, Loc, bool]]:
    known = []
    for crisis in crises if isinstance(crises, list | tuple) else []:
        try:
            known.append(_probability(crisis["probability"]))
        except (ValueError, KeyError, TypeError):
            continue
    if sum(known) > 1 + 1e-9:
        yield f"crises: the probabilities sum to {sum(known):.10g}; a year has room for 1", ("crises",), False
