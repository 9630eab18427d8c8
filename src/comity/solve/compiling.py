"""How programs are compiled, and for what: one that runs seldom is not worth the compiler's second look."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax

from comity.model import TRIED

SELDOM = {"xla_backend_optimization_level": 0} if TRIED else None
"""Half the time to compile, half the speed: for what a run computes a few times, or a few dozen."""


def seldom(function: Callable[..., Any]) -> Any:
    """`jax.jit` for a program that runs seldom."""
    return jax.jit(function, compiler_options=SELDOM)


def on_accelerator() -> bool:
    """Whether arrays live on a device of its own kind, which is best at many scenarios in one program."""
    return jax.default_backend() != "cpu"
