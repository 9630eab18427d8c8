"""Talks files in pieces, and what becomes of them in the small world."""

from __future__ import annotations

from typing import Any

import pytest

from comity.errors import InputError
from comity.talks.agenda import Agenda
from comity.talks.file import TalksFile
from policy_world import small

WORLD = small()

HEAD = """title: Talks
parties: [BLR, KAZ]
union: EAEU
"""
CRISES = """crises:
  - {name: Collapse, probability: 0.1, shocks: [{trade_cost: {importer: all, exporter: all, sector: goods, change: 15%}}]}
"""
PROPOSALS = """proposals:
  - name: Dairy
    by: BLR
    conceded_by: KAZ
    changes: [{trade_cost: {importer: KAZ, exporter: BLR, sector: C10T12, change: -8%}}]
"""


def bound(text: str, **options: Any) -> Agenda:
    return TalksFile.from_yaml(text).bind(WORLD, **options)


def refused(text: str, **options: Any) -> InputError:
    with pytest.raises(InputError) as caught:
        bound(text, **options)
    assert caught.value.exit_code == 2
    assert all(problem.line for problem in caught.value.problems), str(caught.value)
    return caught.value


def change(kind: str, **keys: str) -> str:
    return f"{{{kind}: {{{', '.join(f'{key}: {value}' for key, value in keys.items())}}}}}"


def proposal(name: str, *changes: str, by: str = "BLR", conceded_by: str = "KAZ") -> str:
    return f"  - {{name: {name}, by: {by}, conceded_by: {conceded_by}, changes: [{', '.join(changes)}]}}\n"
