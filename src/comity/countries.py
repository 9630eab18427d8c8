"""Codes and names of the countries and territories of ISO 3166-1, and which of them a word may mean; from countries.csv.

A benchmark says which economies it has. This table says what people write for them, and that a country which the
benchmark lacks is one all the same: a part of its rest of the world.
"""

from __future__ import annotations

import csv
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Country:
    """One country or territory; `numeric` keeps its leading zeros, `former` are names no longer in use."""

    iso3: str
    iso2: str
    numeric: str
    name: str
    aliases: tuple[str, ...] = ()
    former: tuple[str, ...] = ()


@cache
def countries() -> Mapping[str, Country]:
    """All countries by alpha-3 code."""
    text = resources.files("comity").joinpath("countries.csv").read_text(encoding="utf-8")
    found = {}
    for row in csv.DictReader(text.splitlines()):
        aliases, former = (tuple(filter(None, row[key].split("|"))) for key in ("aliases", "former"))
        found[row["iso3"]] = Country(row["iso3"], row["iso2"], row["numeric"], row["name"], aliases, former)
    return MappingProxyType(found)


def country_name(iso3: str) -> str:
    """The usual English name; the code itself for what is no country."""
    found = countries().get(iso3)
    return found.name if found else iso3


def named(word: str) -> tuple[Country, ...]:
    """The countries that a code or a name in use stands for: one, several where it is ambiguous, or none."""
    return _index()[0].get(_plain(word), ())


def formerly(word: str) -> tuple[Country, ...]:
    """The countries that once had this name or were part of what had it."""
    return _index()[1].get(_plain(word), ())


@cache
def spellings() -> tuple[str, ...]:
    """Every name in use and every former one, to search for the nearest."""
    return tuple(spelling for c in countries().values() for spelling in (c.name, *c.aliases, *c.former))


def rearranged(word: str, codes: Iterable[str]) -> list[str]:
    """The codes that have the letters of a word in another order, those with two neighbours swapped first."""
    typed = word.strip().upper()
    swapped = {typed[:i] + typed[i + 1] + typed[i] + typed[i + 2 :] for i in range(len(typed) - 1)}
    same = [code for code in codes if len(code) > 2 and code != typed and sorted(code) == sorted(typed)]
    return sorted(same, key=lambda code: code not in swapped)


def _plain(text: str) -> str:
    """Lower case without accents, punctuation and a leading article; a number has three digits."""
    decomposed = unicodedata.normalize("NFKD", text)
    letters = "".join(c if c.isalnum() else " " for c in decomposed if not unicodedata.combining(c) and c not in "'’.")
    words = letters.casefold().split()
    plain = " ".join(words[1:] if len(words) > 1 and words[0] == "the" else words)
    return plain.zfill(3) if plain.isdecimal() else plain


@cache
def _index() -> tuple[Mapping[str, tuple[Country, ...]], Mapping[str, tuple[Country, ...]]]:
    """Plain spelling -> countries: codes and names in use, and former names."""
    used: dict[str, tuple[Country, ...]] = {}
    past: dict[str, tuple[Country, ...]] = {}
    for c in countries().values():
        for index, listed in ((used, (c.iso3, c.iso2, c.numeric, c.name, *c.aliases)), (past, c.former)):
            for spelling in {_plain(text) for text in listed}:
                index[spelling] = (*index.get(spelling, ()), c)
    return MappingProxyType(used), MappingProxyType(past)
