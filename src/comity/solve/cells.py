"""New values at a few trade cells of a scenario: the arrays that a package of proposals moves, and what solving one gives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import jax
import jax.numpy as jnp

from comity.model import market, shares
from comity.records import Array, CellValues


@dataclass(frozen=True, eq=False)
class Solved:
    """One solved variation: packed unknowns (to start others from), reported values without flows, residual, steps."""

    x: Array
    values: Mapping[str, Array]
    residual: float
    steps: int


@dataclass(frozen=True, eq=False)
class Cells:
    """Trade cells that variations change, as positions on the importer, exporter and sector axes."""

    importer: Array
    exporter: Array
    sector: Array


class Levies(NamedTuple):
    """Rents and export taxes at the cells, one number a cell; None where they do not move."""

    import_rent: jax.Array | None = None
    export_rent: jax.Array | None = None
    export_tax: jax.Array | None = None


LEVIES = Levies._fields


@jax.jit
def vary(
    shock: market.Shock, pi: jax.Array, tariff: jax.Array, theta: jax.Array, at: tuple, before: Levies, new: CellValues
) -> market.Shock:
    """The arrays of a scenario with new values at the cells `at` (sector, importer, exporter), where it has those of `before`."""
    shut = jnp.isposinf(new.trade_cost)
    lnkappa = jnp.log(jnp.where(shut, 1.0, new.trade_cost)) + jnp.log1p(new.tariff) - jnp.log1p(tariff[at])
    M = shares.trade_kernel(pi[at], lnkappa, shut, theta[at[0]])
    moved = {name: (getattr(before, name), level) for name in LEVIES if (level := getattr(new, name)) is not None}
    other, keep, rent = shock.other, shock.keep, shock.rent
    if moved:
        change = sum(jnp.log1p(level) - jnp.log1p(old) for old, level in moved.values())
        other = _turned(_room(other, shock), at, jnp.exp(-theta[at[0]] * change))
    if new.import_rent is not None:
        rent = _room(rent, shock).at[at].set(1 + new.import_rent)
    for name in ("export_rent", "export_tax"):
        if name in moved:
            old, level = moved[name]
            keep = _turned(_room(keep, shock), at, (1 + old) / (1 + level))
    if other is not None:
        M = M * other[at]
    border = M / (1 + new.tariff) if rent is None else M / ((1 + new.tariff) * rent[at])
    return shock._replace(M=shock.M.at[at].set(M), border=shock.border.at[at].set(border), other=other, keep=keep, rent=rent)


def _turned(values: jax.Array, at: tuple, factor: jax.Array) -> jax.Array:
    """The array with its cells times a factor; set, not multiplied in place, which has no derivative."""
    return values.at[at].set(values[at] * factor)


def _room(values: jax.Array | None, shock: market.Shock) -> jax.Array:
    """The array, or a neutral one where the scenario has none."""
    return jnp.ones_like(shock.M) if values is None else values
