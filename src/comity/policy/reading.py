"""YAML read safely: bounded before anything is built, every value kept as its own text with its line.

YAML guesses types (`NO` is False in 1.1, `0102` is 66 or 102, `1e309` is infinite); here a scalar stays the
text that was written, and whoever needs a number reads it from that text (`comity.policy.numbers`).
"""

from __future__ import annotations

import io
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError, YAMLStreamError

from comity.errors import InputError, Problem

MAX_BYTES = 256 * 1024
"""A talks file of a hundred proposals has 40 KB; at 256 KB reading still takes less than a second."""
MAX_DEPTH = 24
MAX_NODES = 15_000
"""Values in a file, each alias counted with all that it stands for."""

_HIDDEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")

Loc = tuple[int | str, ...]


@dataclass(frozen=True, slots=True)
class Node:
    """One value of a file: text, None, a tuple of nodes or a mapping of nodes; `line` counts from 1."""

    value: str | tuple[Node, ...] | Mapping[str, Node] | None
    line: int
    size: int = 1
    key_lines: Mapping[str, int] = field(default_factory=dict)

    def plain(self) -> Any:
        """The same value as dicts, lists and text."""
        if isinstance(self.value, tuple):
            return [item.plain() for item in self.value]
        if isinstance(self.value, Mapping):
            return {key: item.plain() for key, item in self.value.items()}
        return self.value

    def line_of(self, loc: Loc) -> int:
        """The line of the value at a path of keys and positions; of its nearest parent where it is missing."""
        node, line = self, self.line
        for step in loc:
            if isinstance(node.value, tuple) and isinstance(step, int) and step < len(node.value):
                node = node.value[step]
                line = node.line
            elif isinstance(node.value, Mapping) and step in node.value:
                line = node.key_lines[str(step)]
                node = node.value[str(step)]
        return line


@dataclass(frozen=True, slots=True)
class Document:
    """A file that was read: its root and its name for messages (None for text given directly)."""

    root: Node
    file: str | None = None

    def problem(self, message: str, loc: Loc = ()) -> Problem:
        """A fault at a path of keys and positions."""
        return Problem(message, self.file or "<text>", self.root.line_of(loc))


def read(source: str | os.PathLike[str]) -> Document:
    """A document from a path, or from text (anything with a line break or a colon followed by a space).

    Raises InputError with file and line for whatever cannot be read safely.
    """
    if isinstance(source, str) and ("\n" in source or ": " in source or not source.strip()):
        return parse(_decoded(source.encode("utf-8", "surrogatepass"), None))
    path = Path(source)
    return parse(_decoded(_bytes_of(path), str(path)), str(path))


def _bytes_of(path: Path) -> bytes:
    try:
        size = path.stat().st_size
        if size > MAX_BYTES:
            raise InputError(Problem(_too_large(size), str(path)))
        with path.open("rb") as stream:
            raw = stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise InputError(Problem(f"cannot be read: {error.strerror or error}", str(path))) from None
    except ValueError as error:
        raise InputError(Problem(f"is no path of a file: {error}", str(path)[:80])) from None
    return raw


def _too_large(size: int) -> str:
    return f"{size / 1024:,.0f} KB is more than the {MAX_BYTES // 1024} KB that such a file may have"


def _decoded(raw: bytes, file: str | None) -> str:
    """Text of a UTF-8 file without byte-order mark; any other encoding is named and refused."""

    def refuse(message: str, line: int | None = None) -> InputError:
        return InputError(Problem(message, file or "<text>", line))

    if len(raw) > MAX_BYTES:
        raise refuse(_too_large(len(raw)))
    utf16 = raw.startswith((b"\xff\xfe", b"\xfe\xff"))
    if utf16 or (len(raw) > 3 and (raw[1::2].count(0) > len(raw) // 4 or raw[::2].count(0) > len(raw) // 4)):
        raise refuse("is written in UTF-16; save it as UTF-8")
    raw = raw.removeprefix(b"\xef\xbb\xbf")
    if b"\0" in raw:
        raise refuse("contains a NUL byte: not a text file, or damaged", _line_at(raw, raw.index(b"\0")))
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        line = _line_at(raw, error.start)
        raise refuse(f"byte 0x{raw[error.start]:02X} is not UTF-8{_guess(raw)}; save the file as UTF-8", line) from None
    if not text.strip():
        raise refuse("is empty")
    return text


def _line_at(raw: bytes, position: int) -> int:
    return len(re.findall(rb"\r\n|\r|\n", raw[:position])) + 1


def _guess(raw: bytes) -> str:
    """Name Windows-1251 where most of the high bytes are Cyrillic letters in it."""
    high = [byte for byte in raw if byte > 0x7F]
    if sum(byte >= 0xC0 or byte in (0xA8, 0xB8) for byte in high) > 0.8 * len(high):
        return " (Windows-1251 or another one-byte encoding)"
    return ""


def parse(text: str, file: str | None = None) -> Document:
    """A document from text that is already decoded. All duplicate keys and tags are reported together."""
    composer = _Composer(text, file or "<text>")
    try:
        root = composer.document()
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        what = " ".join(str(part) for part in (error.context, error.problem) if part)
        raise InputError(Problem(f"is not valid YAML: {what}", file or "<text>", mark.line + 1 if mark else None)) from None
    except (YAMLError, YAMLStreamError, ValueError) as error:
        raise InputError(Problem(f"is not valid YAML: {str(error).splitlines()[0]}", file or "<text>")) from None
    if composer.problems:
        raise InputError(composer.problems)
    return Document(root, file)


class _Composer:
    """Builds nodes from the parser's events and stops at the first limit that is passed."""

    def __init__(self, text: str, file: str):
        self.file = file
        self.events: Iterator[Any] = YAML(typ="safe", pure=True).parse(io.StringIO(text))
        self.anchors: dict[str, Node | None] = {}
        self.problems: list[Problem] = []
        self.nodes = 0

    def document(self) -> Node:
        event = next(self.events)
        while not _is(event, "DocumentStart"):
            if _is(event, "StreamEnd"):
                raise InputError(Problem("holds nothing but comments", self.file))
            event = next(self.events)
        version = getattr(event, "version", None)
        if version and tuple(version) != (1, 2):
            self._refuse(f"asks for YAML {'.'.join(map(str, version))}; this is read as YAML 1.2: leave the line out", event)
        root = self._node(next(self.events), 0)
        next(self.events)
        if not _is(last := next(self.events), "StreamEnd"):
            self._refuse("holds a second document; one file is one document", last)
        return root

    def _node(self, event: Any, depth: int) -> Node:
        line = event.start_mark.line + 1
        if _is(event, "Alias"):
            return self._alias(event, line)
        if depth > MAX_DEPTH:
            raise InputError(Problem(f"is nested deeper than {MAX_DEPTH} levels", self.file, line))
        self._count(1, line)
        if event.tag is not None and str(event.tag) != "!":
            self._refuse(f"the tag {event.tag} is not allowed; write the plain value", event)
        if event.anchor is not None:
            self.anchors[event.anchor] = None
        if _is(event, "Scalar"):
            hidden = _HIDDEN.search(event.value)
            if hidden:
                self._refuse(f"contains the control character U+{ord(hidden.group()):04X}", event)
            plain = event.style in (None, "") and event.value in ("", "~", "null", "Null", "NULL")
            node = Node(None if plain else event.value, line)
        elif _is(event, "SequenceStart"):
            node = self._sequence(line, depth)
        else:
            node = self._mapping(line, depth)
        if event.anchor is not None:
            self.anchors[event.anchor] = node
        return node

    def _alias(self, event: Any, line: int) -> Node:
        target = self.anchors.get(event.anchor)
        if target is None:
            reason = "contains itself" if event.anchor in self.anchors else "was not defined before"
            raise InputError(Problem(f"the alias *{event.anchor} {reason}", self.file, line))
        self._count(target.size, line)
        return target

    def _sequence(self, line: int, depth: int) -> Node:
        items = []
        while not _is(event := next(self.events), "SequenceEnd"):
            items.append(self._node(event, depth + 1))
        return Node(tuple(items), line, 1 + sum(item.size for item in items))

    def _mapping(self, line: int, depth: int) -> Node:
        values: dict[str, Node] = {}
        lines: dict[str, int] = {}
        while not _is(event := next(self.events), "MappingEnd"):
            key = self._node(event, depth + 1)
            value = self._node(next(self.events), depth + 1)
            name = "" if key.value is None else key.value
            if not isinstance(name, str):
                self._refuse("a key must be plain text", event)
            elif name in values:
                self._refuse(f"the key {name!r} stands twice (first on line {lines[name]})", event)
            else:
                values[name], lines[name] = value, event.start_mark.line + 1
        return Node(values, line, 1 + sum(item.size for item in values.values()), lines)

    def _count(self, size: int, line: int) -> None:
        self.nodes += size
        if self.nodes > MAX_NODES:
            raise InputError(Problem(f"holds more than {MAX_NODES:,} values (aliases counted in full)", self.file, line))

    def _refuse(self, message: str, event: Any) -> None:
        self.problems.append(Problem(message, self.file, event.start_mark.line + 1))


def _is(event: Any, kind: str) -> bool:
    return type(event).__name__ == f"{kind}Event"
