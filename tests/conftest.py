"""What all tests share: small lopsided worlds and a quiet, repeatable Hypothesis."""

from __future__ import annotations

import gc
import os
import sys
import tempfile
from pathlib import Path

import pytest
from hypothesis import settings

from referee import Economy, lopsided

# What JAX compiles is shared by the workers of one run and by the next run; outside of the repository, next to other caches.
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or tempfile.gettempdir()) / "comity-tests"
os.environ.setdefault("JAX_COMPILATION_CACHE_DIR", str(CACHE / "jax"))
os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0.02")
os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES", "-1")

# A test compiles much and runs it seldom; users' programs are compiled one level higher (`comity.model` leaves what is set). JAX
# reads this and the folder above when it is loaded: nothing here may load it before.
os.environ.setdefault("XLA_FLAGS", "--xla_backend_optimization_level=0 --xla_cpu_parallel_codegen_split_count=1")

settings.register_profile("house", deadline=None, max_examples=15, derandomize=True, database=None, print_blob=False)
settings.load_profile("house")

WORLDS: dict[str, tuple[int, int, int, int, bool]] = {
    "four by three": (28, 4, 3, 0, False),
    "four by three, gaps in trade, a sector that one economy lacks": (15, 4, 3, 3, True),
    "five by two, gaps in trade": (12, 5, 2, 6, False),
}
"""Seed, economies, sectors, flows that are zero, whether the first economy lacks the first sector. Two shapes, not three: each
shape is compiled anew for each closure."""


MOST_MAPS = 15_000
"""Memory maps of this process at which compiled programs are dropped; Linux allows 65,530, and each program takes some."""


@pytest.fixture(autouse=True)
def few_programs():
    """Every closure and every shape is a program of its own, and JAX keeps them all: drop them before the system's limit."""
    yield
    maps = Path("/proc/self/maps")
    if "jax" in sys.modules and maps.exists() and maps.read_bytes().count(b"\n") > MOST_MAPS:
        sys.modules["jax"].clear_caches()
        gc.collect()


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
