"""What all tests share: small lopsided worlds and a quiet, repeatable Hypothesis."""

from __future__ import annotations

import pytest
from hypothesis import settings

from referee import Economy, lopsided

settings.register_profile("house", deadline=None, max_examples=15, derandomize=True, database=None, print_blob=False)
settings.load_profile("house")

WORLDS: dict[str, tuple[int, int, int, int, bool]] = {
    "three by two": (11, 3, 2, 0, False),
    "five by four, gaps in trade": (12, 5, 4, 8, False),
    "four by three, a sector that one economy lacks": (15, 4, 3, 3, True),
}
"""Seed, economies, sectors, flows that are zero, whether the first economy lacks the first sector."""


@pytest.fixture(params=WORLDS)
def economy(request: pytest.FixtureRequest) -> Economy:
    """A small world in money; importer and exporter differ in every respect."""
    seed, countries, sectors, zeros, idle = WORLDS[request.param]
    return lopsided(seed, countries, sectors, zeros=zeros, idle=idle)


@pytest.fixture
def world(economy: Economy):
    """The same world as a benchmark."""
    from comity.records import Benchmark

    return Benchmark.from_arrays(**economy.arrays())
