"""The selector language: one way to name economies and sectors in files, commands, Python and pages.

KAZ · Kazakhstan · KZ        one economy: code, name (a former one too) or two-letter code
EAEU · EU27 · all            a group; `all` is every economy, ROW included
C10T12 · Food, drinks …      one sector by code or name
goods · services · all       a group of sectors
C10T12..C23                  sectors from … to …, in the benchmark's order
A01, C19                     a list (or a YAML list)
all except EAEU, CHN         a list without another list
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any
from weakref import WeakKeyDictionary

from pydantic import BeforeValidator

from comity.countries import Country, countries, formerly, named, rearranged, spellings
from comity.errors import InputError
from comity.policy.strict import nearest
from comity.records import Benchmark

MAX_TERMS = 200
_ALIKE = str.maketrans("АВЕКМНОРСТУХІЈЅаеорсухіјѕΑΒΕΖΗΙΚΜΝΟΡΤΥΧ", "ABEKMHOPCTYXIJSaeopcyxijsABEZHIKMNOPTYX")


@dataclass(frozen=True, slots=True)
class Selection:
    """What a selector stands for: positions in the benchmark's order, and members that sit inside ROW."""

    indices: tuple[int, ...]
    inside_row: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Words:
    """What the words of one kind mean in one benchmark; keys are folded by `fold`."""

    what: str
    order: tuple[str, ...]
    names: Mapping[str, str]
    meaning: Mapping[str, Selection]
    refused: Mapping[str, str]
    groups: tuple[str, ...]
    absent: str = ""
    """What is told of a country that the benchmark does not have."""


def fold(text: str) -> str:
    """A word as it is looked up: no case, no accents, single spaces, straight apostrophes."""
    bare = "".join(c for c in unicodedata.normalize("NFKD", text.replace("’", "'")) if not unicodedata.combining(c))
    return " ".join(bare.casefold().split())


def selector(value: Any) -> tuple[str, ...]:
    """A selector as written: text or a list of texts, checked for look-alike letters. Raises ValueError."""
    parts = [value] if isinstance(value, str) else value
    if not isinstance(parts, list | tuple) or not parts or not all(isinstance(part, str) for part in parts):
        raise ValueError("must be a code, a name, a group or a list of them")
    if len(parts) > MAX_TERMS or any(len(part) > 2000 for part in parts):
        raise ValueError(f"is too long for a selector (more than {MAX_TERMS} items or 2,000 characters in one)")
    for part in parts:
        if not part.strip():
            raise ValueError("must not be empty")
        refuse_mixed_scripts(part)
    return tuple(" ".join(part.split()) for part in parts)


Selector = Annotated[tuple[str, ...], BeforeValidator(selector)]


def refuse_mixed_scripts(text: str) -> None:
    """Refuse a word of Latin and Cyrillic or Greek letters mixed, or a code spelt in similar letters. Raises ValueError."""
    for word in re.split(r"[\s,.]+", text):
        scripts = {unicodedata.name(c, "").split(" ")[0]: c for c in word if c.isalpha()}
        strange = [scripts[script] for script in ("CYRILLIC", "GREEK") if script in scripts]
        plain = word.translate(_ALIKE)
        if strange and ("LATIN" in scripts or (plain.isascii() and plain.isupper() and len(plain) == 3)):
            name = unicodedata.name(strange[0])
            hint = f"; did you mean {plain} in Latin letters?" if plain.isascii() else ""
            raise ValueError(f"{word[:60]!r} contains the letter {strange[0]!r} ({name}) that only looks Latin{hint}")


def economies(terms: Sequence[str], benchmark: Benchmark) -> Selection:
    """The economies that a selector stands for. Raises InputError with candidates."""
    return _select(terms, _of(benchmark)[0])


def sectors(terms: Sequence[str], benchmark: Benchmark) -> Selection:
    """The sectors that a selector stands for. Raises InputError with candidates."""
    return _select(terms, _of(benchmark)[1])


_KNOWN: WeakKeyDictionary[Benchmark, tuple[_Words, _Words]] = WeakKeyDictionary()


def _of(benchmark: Benchmark) -> tuple[_Words, _Words]:
    if benchmark not in _KNOWN:
        _KNOWN[benchmark] = (_economy_words(benchmark), _sector_words(benchmark))
    return _KNOWN[benchmark]


def _select(terms: Sequence[str], words: _Words) -> Selection:
    chosen: set[int] = set()
    inside: list[str] = []
    for term in terms:
        found = _term(term, words)
        chosen.update(found.indices)
        inside += [code for code in found.inside_row if code not in inside]
    if not chosen:
        raise InputError(f"{', '.join(terms)!r} leaves no {words.what} of the benchmark")
    return Selection(tuple(sorted(chosen)), tuple(inside))


def _term(term: str, words: _Words) -> Selection:
    if fold(term) in words.meaning:
        return words.meaning[fold(term)]
    wanted, *without = re.split(r"\s+except\s+", term, flags=re.IGNORECASE)
    if len(without) > 1:
        raise InputError(f"{term!r}: 'except' may stand once")
    kept = _list(wanted, words)
    if not without:
        return kept
    dropped = _list(without[0], words)
    return Selection(
        tuple(i for i in kept.indices if i not in dropped.indices),
        tuple(code for code in kept.inside_row if code not in dropped.inside_row),
    )


def _list(text: str, words: _Words) -> Selection:
    found = [_atom(part.strip(), words) for part in ([text] if fold(text) in words.meaning else text.split(","))]
    return Selection(
        tuple(sorted({i for one in found for i in one.indices})),
        tuple(dict.fromkeys(code for one in found for code in one.inside_row)),
    )


def _atom(text: str, words: _Words) -> Selection:
    if ".." in text:
        ends = [_atom(end.strip(), words) for end in text.split("..", 1)]
        first, last = ends[0].indices[0], ends[1].indices[-1]
        if words.what != "sector" or any(len(end.indices) != 1 for end in ends) or first > last:
            raise InputError(f"{text!r}: a range runs from one sector to a later one (C10T12..C23)")
        return Selection(tuple(range(first, last + 1)))
    key = fold(text)
    if key in words.meaning:
        return words.meaning[key]
    if words.what == "economy" and (meant := named(text) or formerly(text)):
        return _country(text, meant, words)
    raise InputError(words.refused.get(key) or _unknown(text, words))


def _country(text: str, meant: Sequence[Country], words: _Words) -> Selection:
    named_so = [f"{words.names[c.iso3]} ({c.iso3})" for c in meant]
    if len(meant) > 1:
        raise InputError(f"{text!r} may be {' or '.join(named_so)}: write the code")
    code = meant[0].iso3
    if code in words.order:
        return Selection((words.order.index(code),))
    asked = named_so[0] if fold(text) == fold(words.names[code]) else f"{text!r} is {named_so[0]}"
    raise InputError(f"{asked}, which {words.absent}")


def _unknown(text: str, words: _Words) -> str:
    shown = text if len(text) <= 60 else f"{text[:60]}…"
    key = fold(text)
    if not key:
        return f"an empty place in a list of {words.what} codes"
    if turned := rearranged(text, words.order) or rearranged(text, words.names):
        return f"{shown!r} is no {words.what} of this benchmark; did you mean {' or '.join(turned[:3])}?"
    holding = [code for code, name in words.names.items() if re.search(rf"\b{re.escape(key)}\b", fold(name))]
    if holding:
        listed = " or ".join(f"{words.names[code]} ({code})" for code in holding[:5])
        return f"{shown!r} is no {words.what} by itself; did you mean {listed}?"
    others = spellings() if words.what == "economy" else ()
    # Among all the world's names some are like a long word by chance (Atlantis and Albania: 0.67).
    cutoff = 0.7 if others and len(key) > 3 else 0.6
    near = nearest(text, [*words.order, *words.names.values(), *words.groups, *others], cutoff)
    if near is None:
        kinds = f"groups: {', '.join(words.groups)}"
        return f"{shown!r} is no {words.what} of this benchmark (codes such as {', '.join(words.order[:3])}; {kinds})"
    codes = [code for code, name in words.names.items() if name == near]
    if near in others:
        codes = codes or [c.iso3 for c in named(near) or formerly(near)]
    hint = " or ".join(f"{words.names[code]} ({code})" for code in codes[:5]) or near
    return f"{shown!r} is no {words.what} of this benchmark; did you mean {hint}?"


def _sector_words(benchmark: Benchmark) -> _Words:
    index = {code: i for i, code in enumerate(benchmark.sectors)}
    meaning: dict[str, Selection] = {}
    for name, members in benchmark.sector_groups.items():
        meaning[fold(name)] = Selection(tuple(sorted(index[code] for code in members if code in index)))
    refused: dict[str, str] = {}
    for code, i in index.items():
        name = benchmark.sector_names.get(code, code)
        if meaning.get(fold(name), Selection((i,))) == Selection((i,)):
            meaning[fold(name)] = Selection((i,))
        else:
            several = ", ".join(benchmark.sectors[k] for k in meaning.pop(fold(name)).indices)
            refused[fold(name)] = f"{name!r} may be the sector {code} or the group of {several}: write the codes"
    meaning.update({fold(code): Selection((i,)) for code, i in index.items()})
    meaning["all"] = Selection(tuple(index.values()))
    groups = tuple(dict.fromkeys(("all", *benchmark.sector_groups)))
    return _Words("sector", benchmark.sectors, benchmark.sector_names, meaning, refused, groups)


def _economy_words(benchmark: Benchmark) -> _Words:
    index = {code: i for i, code in enumerate(benchmark.economies)}
    names = {**{c.iso3: c.name for c in countries().values()}, **benchmark.economy_names}
    meaning = {fold(name): Selection((index[code],)) for code, name in benchmark.economy_names.items() if code in index}
    meaning.update({fold(code): Selection((i,)) for code, i in index.items()})
    hidden = benchmark.provenance.get("inside_row", ())
    for group, members in benchmark.groups.items():
        inside = [code for code in members if code not in index]
        inside += [row["iso3"] for row in hidden if group in row["groups"] and row["iso3"] not in (*inside, *index)]
        meaning[fold(group)] = Selection(tuple(sorted(index[code] for code in members if code in index)), tuple(inside))
    meaning["all"] = Selection(tuple(index.values()))
    groups = tuple(dict.fromkeys(("all", *benchmark.groups)))
    absent = f"{benchmark.name} does not contain"
    if "ROW" in index:
        absent = f"sits inside ROW (rest of the world) in {benchmark.name} and cannot be chosen alone"
    return _Words("economy", benchmark.economies, names, meaning, {}, groups, absent)


def label(terms: Sequence[str], resolve: Callable[[Sequence[str], Benchmark], Selection], benchmark: Benchmark) -> str:
    """A selector in words: names where up to five economies or three sectors are listed, else the words as written."""
    found = resolve(terms, benchmark)
    if resolve is economies:
        words, most, whole, join = _of(benchmark)[0], 5, {"all": "all economies"}, _and
    else:
        words, most, join = _of(benchmark)[1], 3, "; ".join
        whole = {"all": "all sectors", "goods": "all goods", "services": "all services"}
    grouped = any(fold(group) in fold(term) for term in terms for group in words.groups)
    if len(found.indices) <= most and not grouped and not found.inside_row:
        return join([words.names.get(words.order[i], words.order[i]) for i in found.indices])
    text = ", ".join(whole.get(fold(term), term) for term in terms)
    if found.inside_row:
        inside = _and([words.names.get(code, code) for code in found.inside_row])
        text += f" (without {inside}, inside ROW)"
    return text


def _and(words: Sequence[str]) -> str:
    return " and ".join(part for part in (", ".join(words[:-1]), words[-1]) if part)
