"""The frozen records that rooms hand each other."""

from comity.records.benchmark import Array, Benchmark
from comity.records.closure import SUBSTITUTION, Closure
from comity.records.equilibrium import CellValues, Equilibrium, Gradient, Reported, Wedges, read_only
from comity.records.producers import producers_share, specific_share

__all__ = [
    "SUBSTITUTION",
    "Array",
    "Benchmark",
    "CellValues",
    "Closure",
    "Equilibrium",
    "Gradient",
    "Reported",
    "Wedges",
    "producers_share",
    "read_only",
    "specific_share",
]
