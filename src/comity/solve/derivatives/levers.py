"""Instruments as numbers that can move: what a small turn of each does to the arrays of the equations, differentiably.

A lever is an instrument of `Wedges` at the value that it has in an equilibrium: a rate (tariff, export tax, rent) or a share
of ownership as a fraction, a trade cost or productivity as a factor, a transfer in USD mn. The arrays of the solved scenario
are moved from there by ratios, so that whatever else is in them stays. What an economy buys from itself bears no rate and no
trade cost, and what it owns of itself is what others leave: no lever there.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np

from comity.errors import InputError
from comity.model import market, shares
from comity.records import Closure, Wedges
from comity.solve import problem

PAIR, CELL = ("importer", "exporter", "sector"), ("country", "sector")

AXES = {
    "tariff": PAIR,
    "export_tax": PAIR,
    "import_rent": PAIR,
    "export_rent": PAIR,
    "ownership": PAIR,
    "trade_cost": PAIR,
    "productivity": CELL,
    "labour": ("country",),
    "capital": CELL,
    "taste": CELL,
    "transfer": ("country",),
}
"""Every instrument that has a derivative, with its axes; the importer of `ownership` is the owner."""

RATES = ("tariff", "export_tax", "import_rent", "export_rent")
"""Instruments that are rates on the price of what is traded."""

IMPORTERS = ("tariff", "import_rent")
"""Rates that are levied on top of the value at the border; the others are in it."""

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
        elif name in RATES and (rate := getattr(w, name)) is not None:
            found[name] = rate.transpose(1, 2, 0)
        elif name == "ownership":
            found[name] = _residents(n, j) if w.ownership is None else jnp.asarray(w.ownership)
        else:
            still = 0.0 if name == "transfer" or name in RATES else 1.0
            found[name] = jnp.full([sizes[axis] for axis in AXES[name]], still)
    return found


def _residents(n: int, j: int) -> jax.Array:
    """Ownership where residents own all; owner × economy × sector."""
    return jnp.broadcast_to(jnp.eye(n)[:, :, None], (n, n, j))


def moved(w: problem.World, shock: market.Shock, at: Levers, to: Levers) -> market.Shock:
    """The arrays of a scenario after its levers move from `at` to `to`; exact for any move, differentiable in `to`.

    A transfer to an economy is paid by all in proportion to their value added at the benchmark, so that the sum stays; what
    foreigners gain of an industry its residents give up.
    """
    return moved_from(w.base, w.final_share, shock, at, to)


def moved_from(base: market.Base, final_share: jax.Array, shock: market.Shock, at: Levers, to: Levers) -> market.Shock:
    """`moved`, with the arrays of the world that it takes given one by one (for compiled functions)."""
    new = _trade(base, shock, at, to) | _owners(shock, at, to)
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


def _trade(base: market.Base, shock: market.Shock, at: Levers, to: Levers) -> dict[str, jax.Array]:
    """The kernels after moves of rates and trade costs: all pull on shares, importers' rates leave the border value lower,
    exporters' leave producers less of it."""
    logs = {name: _abroad(jnp.log((1 + to[name]) / (1 + at[name]))) for name in RATES if name in to}
    if "trade_cost" in to:
        open_ = jnp.isfinite(at["trade_cost"])
        safe = jnp.where(open_, at["trade_cost"], 1.0)
        logs["trade_cost"] = _abroad(jnp.log(jnp.where(open_, to["trade_cost"], 1.0) / safe))
    if not logs:
        return {}
    theta = base.theta[0][:, None, None]
    pull = jnp.exp(-theta * sum(logs.values()))
    duty = [logs[name] for name in IMPORTERS if name in logs]
    new = {"M": shock.M * pull, "border": shock.border * pull * (jnp.exp(-sum(duty)) if duty else 1.0)}
    if "import_rent" in logs:
        new["rent"] = (1.0 if shock.rent is None else shock.rent) * jnp.exp(logs["import_rent"])
    levy = [logs[name] for name in ("export_tax", "export_rent") if name in logs]
    if levy:
        new["keep"] = (1.0 if shock.keep is None else shock.keep) * jnp.exp(-sum(levy))
    beside = [logs[name] for name in RATES if name in logs and name != "tariff"]
    if beside:
        new["other"] = (1.0 if shock.other is None else shock.other) * jnp.exp(-theta * sum(beside))
    return new


def _owners(shock: market.Shock, at: Levers, to: Levers) -> dict[str, jax.Array]:
    """Who owns what after a move of ownership: residents give way to foreigners, so that shares go on summing to one."""
    if "ownership" not in to:
        return {}
    n, j = to["ownership"].shape[1:]
    home = jnp.eye(n)[:, :, None]
    change = (to["ownership"] - at["ownership"]) * (1 - home)
    owned = _residents(n, j) if shock.owned is None else shock.owned
    owned = owned + change - home * jnp.sum(change, axis=0)
    return {"owned": owned, "owned_home": jnp.einsum("nnj->nj", owned)}


def _abroad(values: jax.Array) -> jax.Array:
    return values.transpose(2, 0, 1) * (1 - jnp.eye(values.shape[0]))
