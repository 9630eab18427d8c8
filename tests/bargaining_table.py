"""Payoffs with a formula, for tests of what is built on payoffs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from comity.records import Array


@dataclass
class Quadratic:
    """base + a·x − ½ x′ C x, the same curvature in every state; `slope` state × party × proposal, `curve` party × proposal²."""

    base: Array
    slope: Array
    curve: Array
    probability: Array

    @property
    def parties(self) -> tuple[str, ...]:
        return tuple("ABCDEFGHIJKL"[: len(self.base)])

    @property
    def states(self) -> tuple[str, ...]:
        return ("none", *(f"crisis {s}" for s in range(1, len(self.probability))))

    @property
    def proposals(self) -> tuple[str, ...]:
        return tuple(f"p{k + 1}" for k in range(self.slope.shape[2]))

    def at(self, x: Array) -> Array:
        return self.with_gradient(x)[0]

    def with_gradient(self, x: Array) -> tuple[Array, Array]:
        states, _, count = self.slope.shape
        x = np.broadcast_to(np.asarray(x, dtype=float), (states, count))
        bent = np.einsum("pkl,sl->spk", self.curve, x)
        value = self.base + np.einsum("spk,sk->sp", self.slope, x) - 0.5 * np.einsum("spk,sk->sp", bent, x)
        return value, self.slope - bent


def one_state(slope: list[list[float]], bend: list[list[float]], base: list[float]) -> Quadratic:
    """No crisis; `slope` and `bend` (own curvature) party × proposal."""
    curve = np.stack([np.diag(row) for row in np.asarray(bend, dtype=float)])
    return Quadratic(np.asarray(base, dtype=float), np.asarray(slope, dtype=float)[None], curve, np.ones(1))


def concave(seed: int, parties: int = 2, proposals: int = 2, states: int = 3) -> Quadratic:
    """A random concave table at which each proposal is conceded by one party and asked for by another, worth a little more."""
    rng = np.random.default_rng(seed)
    slope = np.zeros((states, parties, proposals))
    for k in range(proposals):
        gives, gets = k % parties, (k + 1) % parties
        slope[:, gives, k] = -rng.uniform(0.2, 1.0, states)
        slope[:, gets, k] = rng.uniform(0.8, 3.0, states)
    slope += rng.normal(scale=0.05, size=slope.shape)
    root = rng.normal(scale=0.5, size=(parties, proposals, proposals))
    curve = root @ root.swapaxes(1, 2) + 0.2 * np.eye(proposals)
    return Quadratic(rng.uniform(500, 2000, parties), slope, curve, rng.dirichlet(np.full(states, 2.0)))


def grid(steps: int, proposals: int) -> Array:
    """Every point of an even grid on the cube, point × proposal."""
    line = np.linspace(0, 1, steps + 1)
    return np.stack(np.meshgrid(*[line] * proposals, indexing="ij"), axis=-1).reshape(-1, proposals)
