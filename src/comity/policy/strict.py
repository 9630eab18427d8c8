"""The base of every model that a user may write, and how its faults are told: file, line, nearest known key."""

from __future__ import annotations

import difflib
import types
import typing
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar, NoReturn, Self, TypeVar, Union

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import PydanticCustomError

from comity.errors import InputError, NotYetError, Problem
from comity.policy.reading import Document, Loc

Model = TypeVar("Model", bound="Strict")


class Strict(BaseModel):
    """Frozen, no unknown keys; from Python it raises InputError. `NOT_YET` names keys that are known but not computed."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True, hide_input_in_errors=True)
    NOT_YET: ClassVar[Mapping[str, str]] = {}

    def __init__(self, **data: Any):
        try:
            super().__init__(**data)
        except ValidationError as error:
            refuse(problems_of(error, type(self)))

    # Keeps nested validation inside pydantic, so that all faults of a file are collected with their paths.
    __init__.__pydantic_base_init__ = True  # type: ignore[attr-defined]

    @classmethod
    def known_keys(cls) -> list[str]:
        """The keys as a file writes them."""
        return [info.alias or name for name, info in cls.model_fields.items()]

    @classmethod
    def from_document(cls, document: Document) -> Self:
        """Validate a document; InputError lists every fault with its line, NotYetError if all are known and not computed."""
        if not isinstance(document.root.value, Mapping):
            raise InputError(document.problem(f"must begin with keys ({', '.join(cls.known_keys()[:4])}, …)"))
        try:
            return cls.model_validate(document.root.plain())
        except ValidationError as error:
            refuse(problems_of(error, cls, document))


def not_yet(what: str) -> PydanticCustomError:
    """The error of a validator that meets something known which this version does not compute."""
    return PydanticCustomError("not_yet", "{what} is not computed by this version", {"what": what})


class NotYetProblem(Problem):
    """A problem that only a later version can solve."""


def refuse(problems: Iterable[Problem]) -> NoReturn:
    """Raise what the problems amount to: NotYetError if nothing else is wrong, else InputError with all of them."""
    found = list(dict.fromkeys(problems))
    if all(isinstance(problem, NotYetProblem) for problem in found):
        raise NotYetError(found)
    raise InputError(found)


def problems_of(error: ValidationError, model: type[Strict], document: Document | None = None) -> list[Problem]:
    """Every fault that pydantic found, in the order of the file, in words for the one who wrote it."""
    told = []
    for fault in error.errors(include_url=False, include_context=True):
        loc: Loc = tuple(fault["loc"])
        message, later = _told(fault, loc, model)
        kind = NotYetProblem if later else Problem
        if document is None:
            told.append(kind(message))
        else:
            place = document.problem(message, loc)
            told.append(kind(place.message, place.file, place.line))
    return sorted(told, key=lambda problem: problem.line or 0)


def _told(fault: Mapping[str, Any], loc: Loc, model: type[Strict]) -> tuple[str, bool]:
    kind, place = fault["type"], path_text(loc)
    if kind == "extra_forbidden":
        owner = model_at(model, loc[:-1]) or model
        key = str(loc[-1])
        if key in owner.NOT_YET:
            return f"{place}: {owner.NOT_YET[key]} is not computed by this version", True
        comma = "; a comma begins a new key here: write lists in [ ], decimals with a point" if fault["input"] is None else ""
        return f"{place}: {unknown(key, [*owner.known_keys(), *owner.NOT_YET], 'key')}{comma}", False
    if kind == "missing":
        return f"{place} is missing", False
    if kind == "not_yet":
        return f"{place}: {fault['msg']}" if place else fault["msg"], True
    if kind == "literal_error":
        known = [word.strip("' ") for word in fault["ctx"]["expected"].replace(" or ", ", ").split(",")]
        return f"{place}: {unknown(str(fault['input']), known, 'word')}", False
    wanted = {
        "string_type": "must be text",
        "tuple_type": "must be a list (a line for each item, beginning with '- ')",
        "list_type": "must be a list (a line for each item, beginning with '- ')",
        "model_type": "must hold keys and values",
        "model_attributes_type": "must hold keys and values",
        "dict_type": "must hold keys and values",
    }.get(kind)
    message = wanted or fault["msg"].removeprefix("Value error, ")
    return f"{place}: {message}" if place else message, False


def path_text(loc: Sequence[int | str]) -> str:
    """crises[1].shocks[0].tariff.rate; items are counted from 1, as people do."""
    text = ""
    for step in loc:
        text += f"[{step + 1}]" if isinstance(step, int) else f".{_short(step)}" if text else _short(step)
    return text


def _short(text: str, limit: int = 60) -> str:
    shown = text if text.isprintable() else repr(text)[1:-1]
    return shown if len(shown) <= limit else f"{shown[:limit]}… ({len(text):,} characters)"


def unknown(word: str, known: Sequence[str], what: str) -> str:
    """'rat' is no known key; did you mean 'rate'? (known: …)"""
    word = _short(word)
    near = nearest(word, known)
    hint = f"; did you mean {near!r}?" if near else ""
    return f"{word!r} is no known {what}{hint} (known: {', '.join(known)})"


def nearest(word: str, known: Iterable[str], cutoff: float = 0.6) -> str | None:
    """The known word most like this one, or None if none is near."""
    by_fold = {candidate.casefold(): candidate for candidate in known}
    found = difflib.get_close_matches(word.casefold(), by_fold, n=1, cutoff=cutoff)
    return by_fold[found[0]] if found else None


def model_at(model: type[Strict], loc: Loc) -> type[Strict] | None:
    """The model that describes the value at a path, by following annotations."""
    annotation: Any = model
    for step in loc:
        if isinstance(annotation, type) and issubclass(annotation, Strict):
            fields = {info.alias or name: info for name, info in annotation.model_fields.items()}
            if step not in fields:
                return None
            annotation = _bare(fields[str(step)].annotation)
        elif typing.get_origin(annotation) is dict:
            annotation = _bare(typing.get_args(annotation)[1])
        if isinstance(step, int):
            annotation = _bare((typing.get_args(annotation) or (None,))[0])
    return annotation if isinstance(annotation, type) and issubclass(annotation, Strict) else None


def _bare(annotation: Any) -> Any:
    """An annotation without Annotated and Optional."""
    while True:
        origin = typing.get_origin(annotation)
        if origin is typing.Annotated:
            annotation = typing.get_args(annotation)[0]
        elif origin in (Union, types.UnionType):
            annotation = next(part for part in typing.get_args(annotation) if part is not type(None))
        else:
            return annotation
