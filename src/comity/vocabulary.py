"""Axes and symbols, loaded from symbols.csv: the one list of names that checks, labels and docs read."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from importlib import resources

AXES = ("importer", "exporter", "input", "sector", "country")
"""Axis names in their fixed order; `country` stands where only one economy is meant."""

FACTORS = ("mobile", "specific", "immobile")
"""How factors move: long run, capital stays in its sector, labour stays too."""

DEFICITS = ("fixed", "proportional", "balanced", "with_trade")
"""What becomes of the external deficit D."""


@dataclass(frozen=True)
class ElasticitySet:
    """A named set that goes beyond trade elasticities: which of the trade sets it takes, and ε, η and σ."""

    trade: str
    inputs: float
    value_added: float
    final: float


ELASTICITY_SETS = {"crisis": ElasticitySet("boehm-2023-short-run", 0.2, 0.5, 0.9)}
"""`crisis`: a year in which little can be replaced. Trade: Boehm, Levchenko & Pandalai-Nayar (2023), within a year. ε, η and
σ: Baqaee & Farhi (2024), after Atalay (2017). Sources and the range of estimates: docs/model.md."""


@dataclass(frozen=True)
class Symbol:
    """One quantity of the model."""

    name: str
    letter: str
    axes: tuple[str, ...]
    unit: str
    meaning: str
    source: str


@cache
def symbols() -> dict[str, Symbol]:
    """Every symbol by name, in the order of symbols.csv."""
    text = resources.files("comity").joinpath("symbols.csv").read_text(encoding="utf-8")
    return {
        row["name"]: Symbol(**{**row, "axes": tuple(row["axes"].split())})  # type: ignore[arg-type]
        for row in csv.DictReader(text.splitlines())
    }
