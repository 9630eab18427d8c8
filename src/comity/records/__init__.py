"""The frozen records that rooms hand each other."""

from comity.records.benchmark import Array, Benchmark
from comity.records.closure import SUBSTITUTION, Closure
from comity.records.equilibrium import CellValues, Equilibrium, Gradient, Reported, Wedges, read_only

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
    "read_only",
]
