"""What is held fixed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from comity.errors import InputError, Problem
from comity.vocabulary import DEFICITS, FACTORS

SUBSTITUTION = (0.05, 5.0)
"""The elasticities of substitution ε, η and σ that the solver is tested on; below them 0.05 stands for none."""


@dataclass(frozen=True)
class Closure:
    """What is held fixed: how factors move, what becomes of deficits, how far inputs and goods replace each other.

    `inputs` (ε, among inputs) and `value_added` (η, of value added for inputs) are one number or one a sector; `final` (σ,
    among goods in final demand) is one number, for a nest over sectors has one elasticity. 1 is Cobb–Douglas, exactly
    (model.md, equations 1, 2, 4 and 7). Raises InputError, with every fault, for another word or a number outside 0.05 to 5.
    """

    factors: str = "mobile"
    deficits: str = "fixed"
    inputs: float | tuple[float, ...] = 1.0
    value_added: float | tuple[float, ...] = 1.0
    final: float = 1.0

    def __post_init__(self) -> None:
        problems = []
        if self.factors not in FACTORS:
            problems.append(Problem(f"factors: {self.factors!r} is none of {', '.join(FACTORS)}"))
        if self.deficits not in DEFICITS:
            problems.append(Problem(f"deficits: {self.deficits!r} is none of {', '.join(DEFICITS)}"))
        for name in ("inputs", "value_added", "final"):
            try:
                given = np.asarray(getattr(self, name), dtype=np.float64)
            except (TypeError, ValueError):
                problems.append(Problem(f"{name}: {getattr(self, name)!r} is no number"))
                continue
            if given.ndim > (0 if name == "final" else 1) or given.size == 0:
                what = "one number" if name == "final" else "one number or one a sector"
                problems.append(Problem(f"{name}: an elasticity of substitution is {what}, not an array of shape {given.shape}"))
                continue
            low, high = SUBSTITUTION
            bad = given[~((given >= low) & (given <= high))]
            if bad.size:
                problems.append(Problem(f"{name}: an elasticity of substitution of {bad[0]:g} is outside {low:g} to {high:g}"))
            # All alike is one number: the solver is faster, and two closures that mean the same are equal.
            alike = given.ndim == 0 or bool((given == given[0]).all())
            object.__setattr__(self, name, float(given.flat[0]) if alike else tuple(float(v) for v in given))
        if problems:
            raise InputError(problems)

    @property
    def nests(self) -> tuple[float | tuple[float, ...], float | tuple[float, ...], float]:
        """ε, η and σ."""
        return self.inputs, self.value_added, self.final
