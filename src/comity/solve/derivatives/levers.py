"""Instruments as numbers that can move: what a small turn of each does to the arrays of the equations, differentiably.

A lever is an instrument of `Wedges` at the value that it has in an equilibrium: a tariff as a fraction, a trade cost or
productivity as a factor, a transfer in USD mn. The arrays of the solved scenario are moved from there by ratios, so that
whatever else is in them stays. What an economy buys from itself bears neither tariff nor trade cost: no lever there.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np

from comity.errors import InputError
from comity.model import market, shares
from comity.records import Closure, Wedges
from comity.solve import problem

AXES = {
    "tariff": ("importer", "exporter", "sector"),
    "trade_cost": ("importer", "exporter", "sector"),
    "productivity": ("country", "sector"),
    "labour": ("country",),
    "capital": ("country", "sector"),
    "taste": ("country", "sector"),
    "transfer": ("country",),
}
"""Every instrument that has a derivative, with its axes."""

Levers = dict[str, jax.Array]


def check(names: tuple[str, ...], closure: Closure) -> None:
    """Refuse an instrument that does not exist or that means nothing under the closure."""
    unknown = [name for name in names if name not in AXES]
    if unknown:
        raise InputError(f"instrument: {', '.join(unknown)} is none of {', '.join(AXES)}")
    if "capital" in names and closure.factors == "mobile":
        raise InputError("instrument: capital has no meaning when factors are mobile across sectors; use labour")


def current(w: problem.World, wedges: Wedges, names: tuple[str, ...]) -> Levers:
    """The levers where the scenario has put them; an embargo (an infinite trade cost) stays at infinity."""
    n, j = w.size
    sizes = {"importer": n, "exporter": n, "country": n, "sector": j}
    found: Levers = {}
    for name in names:
        values = getattr(wedges, name)
        if values is not None:
            found[name] = jnp.asarray(np.asarray(values, dtype=np.float64))
        elif name == "tariff":
            found[name] = w.tariff.transpose(1, 2, 0)
        else:
            found[name] = jnp.full([sizes[axis] for axis in AXES[name]], 0.0 if name == "transfer" else 1.0)
    return found


def moved(w: problem.World, shock: market.Shock, at: Levers, to: Levers) -> market.Shock:
    """The arrays of a scenario after its levers move from `at` to `to`; exact for any move, differentiable in `to`.

    A transfer to an economy is paid by all in proportion to their value added at the benchmark, so that the sum stays.
    """
    return moved_from(w.base, w.final_share, shock, at, to)


def moved_from(base: market.Base, final_share: jax.Array, shock: market.Shock, at: Levers, to: Levers) -> market.Shock:
    """`moved`, with the arrays of the world that it takes given one by one (for compiled functions)."""
    new: dict[str, jax.Array] = {}
    lnkappa, duty = _trade(at, to)
    if lnkappa is not None:
        pull = jnp.exp(-base.theta[0][:, None, None] * lnkappa)
        new |= {"M": shock.M * pull, "border": shock.border * pull * (1.0 if duty is None else jnp.exp(-duty))}
    for name, field in (("productivity", "lnA"), ("labour", "lnL"), ("capital", "lnK")):
        if name in to:
            new[field] = getattr(shock, field) + jnp.log(to[name] / at[name])
    if "taste" in to:
        new["a"] = shares.final_share(final_share, to["taste"])
    if "transfer" in to:
        own = jnp.sum(base.value_added, axis=-1)
        paid = to["transfer"] - at["transfer"]
        new["transfer"] = shock.transfer + paid - own / jnp.sum(own) * jnp.sum(paid)
    return shock._replace(**new)


def _trade(at: Levers, to: Levers) -> tuple[jax.Array | None, jax.Array | None]:
    """Log changes of the factor on trade cost and tariff together, and of the tariff's; sector × importer × exporter."""
    lnkappa = duty = None
    if "tariff" in to:
        lnkappa = duty = _abroad(jnp.log((1 + to["tariff"]) / (1 + at["tariff"])))
    if "trade_cost" in to:
        open_ = jnp.isfinite(at["trade_cost"])
        safe = jnp.where(open_, at["trade_cost"], 1.0)
        cost = _abroad(jnp.log(jnp.where(open_, to["trade_cost"], 1.0) / safe))
        lnkappa = cost if lnkappa is None else lnkappa + cost
    return lnkappa, duty


def _abroad(values: jax.Array) -> jax.Array:
    return values.transpose(2, 0, 1) * (1 - jnp.eye(values.shape[0]))
