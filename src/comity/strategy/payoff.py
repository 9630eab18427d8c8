"""What a government maximises, as a number and as an outcome that the engine differentiates (talks.md, "What a party wants").

G_U = Σ_m α_m (RI_m + Σ_j ω_j PS_mj) in benchmark USD mn, ω = w − 1, divided by Σ_m α_m RI_m of the benchmark so that a
hundredth is a per cent of real income whoever plays.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from comity.records import Array, Benchmark, Closure, producers_share
from comity.solve.derivatives.place import Objective, Outcome
from comity.strategy.players import Player


class Payoff:
    """The payoff of one player on one benchmark."""

    def __init__(self, who: Player, benchmark: Benchmark, closure: Closure, ownership: Array | None = None):
        """`ownership` of the world that is played in, where it is not the benchmark's."""
        n, j = benchmark.output.shape
        alpha = np.zeros(n)
        alpha[list(who.members)] = who.weights
        earned = alpha * (benchmark.income - benchmark.deficit)
        self.scale = float(earned.sum())
        """Σ α RI at the benchmark, USD mn."""
        self.earned = earned / self.scale
        omega = np.zeros((n, j))
        for code, weight in who.sensitive.items():
            omega[list(who.members), benchmark.sectors.index(code)] = weight - 1
        self.counted = alpha[:, None] * omega / self.scale
        self.drawn = np.ones((n, j)) if who.activity else producers_share(benchmark, closure, ownership)
        """The part of value added that counts: what residents draw from what stays in the sector."""
        self.alone = benchmark.economies[who.members[0]] if len(who.members) == 1 and who.nation else None
        self.index = who.members[0]

    @property
    def outcome(self) -> Outcome:
        """What the engine differentiates. A nation alone goes by its code, which shares one compiled program with all others."""
        if self.alone is not None:
            return self.alone
        return _objective(*(_key(a) for a in (self.earned, self.counted * self.drawn)), self.earned.shape[0])

    def value(self, values: Mapping[str, Any]) -> float:
        """The payoff at an equilibrium; 1 at the benchmark for whoever counts all alike."""
        producers = values["value_added"] / values["price_index"][:, None]
        return float(self.earned @ values["real_income"] + (self.counted * self.drawn * producers).sum())

    def per_unit(self, values: Mapping[str, Any]) -> float:
        """What the derivative of `outcome` is multiplied by: the engine differentiates the logarithm of a nation's income."""
        return float(values["real_income"][self.index]) if self.alone is not None else 1.0


def sum_of(payoffs: Sequence[Payoff], weights: Array) -> Outcome:
    """Σ_p weight_p × payoff_p as one outcome: one right-hand side, however many players there are."""
    earned = sum(w * p.earned for w, p in zip(weights, payoffs, strict=True))
    rents = sum(w * p.counted * p.drawn for w, p in zip(weights, payoffs, strict=True))
    return _objective(_key(np.asarray(earned)), _key(np.asarray(rents)), payoffs[0].earned.shape[0])


def _key(array: Array) -> bytes:
    return np.ascontiguousarray(array, dtype=np.float64).tobytes()


@lru_cache(maxsize=256)
def _objective(earned: bytes, rents: bytes, n: int) -> Objective:
    """One function for the same weights, so that it is compiled once."""
    alpha, omega = np.frombuffer(earned), np.frombuffer(rents).reshape(n, -1)

    def payoff(values: Mapping[str, Any]) -> Any:
        total = values["real_income"] @ alpha
        if omega.any():
            total = total + (omega * values["value_added"] / values["price_index"][:, None]).sum()
        return total

    return payoff
