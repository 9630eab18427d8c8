"""Codes and names of countries: ISO 3166 alpha-3, alpha-2 and numeric, English names, and what people write instead."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import cache

from comity.data.load import records
from comity.errors import InputError
from comity.records import read_only

LOOKALIKES = str.maketrans(
    "АВЕЅІЈКМНОРСТУХЬавеѕіјкмнорстухьΑΒΕΖΗΙΚΜΝΟΡΤΥΧ",
    "ABESIJKMHOPCTYXbabesijkmhopctyxbABEZHIKMNOPTYX",
)
"""Cyrillic and Greek letters that look like Latin ones."""


@dataclass(frozen=True)
class Country:
    """One country or territory of ISO 3166-1; `numeric` keeps its leading zeros."""

    iso3: str
    iso2: str
    numeric: str
    name: str
    aliases: tuple[str, ...] = ()
    former: tuple[str, ...] = ()


@cache
def countries() -> Mapping[str, Country]:
    """All countries by alpha-3 code."""
    found = {}
    for row in records("countries.csv"):
        aliases, former = (tuple(filter(None, row[key].split("|"))) for key in ("aliases", "former"))
        found[row["iso3"]] = Country(row["iso3"], row["iso2"], row["numeric"], row["name"], aliases, former)
    return read_only(found)


def _plain(text: str) -> str:
    """Lower case without accents, punctuation and a leading article."""
    decomposed = unicodedata.normalize("NFKD", text)
    letters = "".join(c if c.isalnum() else " " for c in decomposed if not unicodedata.combining(c) and c not in "'’.")
    words = letters.casefold().split()
    return " ".join(words[1:] if len(words) > 1 and words[0] == "the" else words)


@cache
def _index() -> tuple[Mapping[str, tuple[str, ...]], Mapping[str, tuple[str, ...]]]:
    """Plain spelling -> codes: what is accepted, and what is only suggested."""
    accepted: dict[str, tuple[str, ...]] = {}
    suggested: dict[str, tuple[str, ...]] = {}
    for code, c in countries().items():
        for spelling in {_plain(s) for s in (c.iso3, c.iso2, c.numeric, c.name, *c.aliases)}:
            accepted[spelling] = (*accepted.get(spelling, ()), code)
        for spelling in {_plain(s) for s in c.former}:
            suggested[spelling] = (*suggested.get(spelling, ()), code)
    return read_only(accepted), read_only(suggested)


def scripts(text: str) -> set[str]:
    """The alphabets of a text's letters: LATIN, CYRILLIC, GREEK, …"""
    return {unicodedata.name(c, "UNKNOWN").split()[0] for c in text if c.isalpha()}


def candidates(text: str, count: int = 3) -> list[Country]:
    """Countries that may be meant, the likeliest first; empty when nothing is near."""
    accepted, suggested = _index()
    plain = _plain(text.translate(LOOKALIKES))
    if exact := accepted.get(plain, suggested.get(plain)):
        return [countries()[code] for code in exact]
    scores: dict[str, float] = {}
    for spelling, codes in [*accepted.items(), *suggested.items()]:
        near = SequenceMatcher(None, plain, spelling).ratio()
        if len(plain) >= 4 and (spelling.startswith(plain) or plain.startswith(f"{spelling} ")):
            near = max(near, 0.9)
        for code in codes:
            scores[code] = max(scores.get(code, 0.0), near)
    ranked = sorted((-score, code) for code, score in scores.items() if score >= 0.65)
    return [countries()[code] for _, code in ranked[:count]]


def country(text: str | int) -> Country:
    """The country of a code or an English name; InputError names the candidates of an ambiguous or unknown one."""
    text = f"{text:03d}" if isinstance(text, int) else text
    alphabets = scripts(text)
    near = candidates(text)
    hint = " or ".join(f"{c.iso3} ({c.name})" for c in near)
    if len(alphabets) > 1:
        foreign = next(c for c in text if c.isalpha() and scripts(c) != {"LATIN"})
        named = unicodedata.name(foreign).capitalize()
        raise InputError(f"country {text!r} mixes alphabets ({named})" + (f"; did you mean {hint}?" if hint else ""))
    codes = _index()[0].get(_plain(text), ())
    if len(codes) == 1:
        return countries()[codes[0]]
    if codes:
        raise InputError(f"country {text!r} is ambiguous: {hint}")
    english = "" if alphabets <= {"LATIN"} else " (codes and English names are read)"
    raise InputError(f"country {text!r} is not known{english}" + (f"; did you mean {hint}?" if hint else ""))


def numeric(iso3: str) -> str | None:
    """ISO 3166-1 numeric code with leading zeros, None for what is no country (ROW)."""
    found = countries().get(iso3)
    return found.numeric if found else None
