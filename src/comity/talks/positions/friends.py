"""Friends and enemies: what another economy's growth does to one's real income (Kleinman, Liu & Redding 2024)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from comity.records import Array, Equilibrium
from comity.solve.derivatives import adjoint


@dataclass(frozen=True, eq=False)
class Friends:
    """`elasticity` of real income to productivity: who is affected (`of`) × whose productivity rises in all its sectors.

    0.01 says that one per cent more from the same inputs there raises real income here by 0.01 per cent.
    """

    of: tuple[str, ...]
    economies: tuple[str, ...]
    elasticity: Array
    residual: float

    def towards(self, code: str) -> Array:
        """What growth anywhere does to one economy."""
        return self.elasticity[self.of.index(code)]

    def from_(self, code: str) -> Array:
        """What one economy's growth does to those that are looked at."""
        return self.elasticity[:, self.economies.index(code)]

    def likeness(self, a: str, b: str) -> float | None:
        """Correlation of what growth in third economies does to two; None where it does the same to one whoever grows."""
        others = [k for k, code in enumerate(self.economies) if code not in (a, b)]
        rows = np.array([self.towards(a)[others], self.towards(b)[others]])
        if len(others) < 2 or min(rows.std(axis=1)) <= 1e-12:
            return None
        return float(np.corrcoef(rows)[0, 1])


def friends(eq: Equilibrium, of: Sequence[str] | None = None) -> Friends:
    """d ln V_n / d ln A_i, A_i in all sectors of i alike, of all economies unless some are named; one block of linear systems."""
    b = eq.benchmark
    codes = tuple(of or b.economies)
    found = adjoint.gradients(eq, list(codes), ("productivity",))
    return Friends(codes, b.economies, np.asarray(found.values["productivity"]).sum(axis=2), found.residual)
