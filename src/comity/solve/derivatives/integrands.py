"""Integrands of the exact decomposition: the terms of the envelope condition and the adjoint's parts, at one point of a path."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import jax
import jax.numpy as jnp

from comity.model import envelope, market
from comity.solve import root
from comity.solve.derivatives.place import outcomes, values

_KERNELS = ("M", "border", "keep", "rent", "other", "owned")
_OWN = {"lnA": "productivity", "lnL": "labour", "lnK": "capital", "a": "taste", "transfer": "transfer"}
"""Fields of a scenario's arrays by the instrument that moves them; kernels apart."""


@lru_cache(maxsize=32)
def pushed(closure: tuple[str, str]):
    """Compiled G_p ṗ for a velocity of the scenario's arrays."""

    @jax.jit
    def run(base: market.Base, shock: market.Shock, speed: market.Shock, x: jax.Array) -> jax.Array:
        return jax.jvp(lambda new: root.residual(base, new, x, *closure), (shock,), (speed,))[1]

    return run


class _Speeds(NamedTuple):
    """Logarithmic velocities of what stands between producers and buyers; sector × importer × exporter, 0 where nothing flows."""

    tariff: jax.Array  # d ln(1+t)
    import_rent: jax.Array
    levy: jax.Array  # export tax and exporters' rent together
    cost: jax.Array  # d ln d


def _trade_speed(shock: market.Shock, speed: market.Shock, theta: jax.Array) -> _Speeds:
    """Velocities of rates and of the trade cost, from M = π κ̂^{−θ}, M over all that importers levy, and what producers keep.

    A flow on its way to an embargo is one whose cost grows without limit.
    """
    flows = shock.M > 0

    def log(part: jax.Array | None, whole: jax.Array | None) -> jax.Array:
        if part is None or whole is None:
            return jnp.zeros_like(shock.M)
        return jnp.where(flows, part / jnp.where(flows, whole, 1.0), 0.0)

    all_of_it, rent, levy = log(speed.M, shock.M), log(speed.rent, shock.rent), -log(speed.keep, shock.keep)
    duty = all_of_it - log(speed.border, shock.border)
    return _Speeds(duty - rent, rent, levy, -all_of_it / theta[0][:, None, None] - duty - levy)


def _abroad(base: market.Base, shock: market.Shock, F: jax.Array) -> tuple[jax.Array, jax.Array]:
    """What producers receive of each market (importer × exporter × sector); what members pay into a pool (country × sector)."""
    Q = F if shock.keep is None else F * shock.keep.transpose(1, 2, 0)
    if base.outer is None:
        return Q, jnp.zeros(F.shape[1:])
    gross = shock.M if shock.rent is None else shock.M / shock.rent
    rate = jnp.where(shock.border > 0, gross / jnp.where(shock.border > 0, shock.border, 1.0) - 1, 0.0).transpose(1, 2, 0)
    return Q, jnp.einsum("nij,nij,ni->nj", rate, F, base.outer)


@lru_cache(maxsize=32)
def channels(closure: tuple[str, str]):
    """Compiled ln V and the terms of the envelope condition, each over I − D, at a point moving with a velocity."""

    @jax.jit
    def run(base: market.Base, shock: market.Shock, speed: market.Shock, x: jax.Array, dx: jax.Array, levels: tuple):
        def state(new: market.Shock, v: jax.Array) -> tuple[dict[str, jax.Array], jax.Array, jax.Array, jax.Array]:
            found = values(base, new, v, levels, closure)
            c_power = found["unit_cost"] ** -base.theta
            S, _ = market.world_exchange(new).buy(c_power)
            border = market.with_home(new.border, new.border_home)
            F = jnp.einsum("jni,ij,nj->nij", border, c_power, found["expenditure"] / S)
            return found, F, *_abroad(base, new, F)

        (v, F, Q, _), (dv, dF, dQ, dpaid_in) = jax.jvp(state, (shock, x), (speed, dx))
        dlns, dlnd = (part.transpose(1, 2, 0) for part in _trade_speed(shock, speed, base.theta)[2:])
        safe = jnp.where(shock.border > 0, shock.border, 1.0)
        t = jnp.where(shock.border > 0, shock.M / safe - 1, 0.0).transpose(1, 2, 0)
        s = jnp.zeros_like(F) if shock.keep is None else 1 / shock.keep.transpose(1, 2, 0) - 1
        dlnc, added, capital = dv["unit_cost"] / v["unit_cost"], v["value_added"], (1 - base.lam) * v["value_added"]
        dlnp = dlnc[None] + dlns
        none = jnp.zeros_like(F)
        terms = {
            "terms_of_trade": envelope.terms_of_trade(F, dlnp),
            "volume_of_trade": envelope.volume_of_trade(F, t, dF, dlnp + dlnd),
            "volume_of_exports": envelope.volume_of_exports(Q, s, dQ, dlnc),
            "trade_cost": envelope.trade_cost(F, dlnd),
            "dividends": none if shock.owned is None else envelope.dividends(shock.owned, (1 - base.lam) * dv["value_added"]),
            "ownership": none if speed.owned is None else envelope.ownership(speed.owned, capital),
            "customs_pool": none if base.key is None else envelope.customs_pool(base.key, dpaid_in),
            "productivity": envelope.productivity(v["output_cf"], speed.lnA),
            "labour": jnp.sum(added if closure[0] == "mobile" else base.lam * added, axis=1) * speed.lnL,
            "capital": (jnp.zeros_like(added) if closure[0] == "mobile" else capital) * speed.lnK,
            "taste": _taste(v, dv, speed.lnA),
            "transfer": speed.transfer,
            "deficit": v["deficit"] * dv["price_index"] / v["price_index"],
        }
        earned = v["income_cf"] - v["deficit"]
        scaled = {name: part / earned.reshape(-1, *(1,) * (part.ndim - 1)) for name, part in terms.items()}
        return jnp.log(v["real_income"]), scaled

    return run


def _taste(v: dict[str, jax.Array], dv: dict[str, jax.Array], dlnA: jax.Array) -> jax.Array:
    """The basket's change of cost beyond prices: final spending at changing prices is all spending less what producers pay."""
    bought = jnp.sum(v["expenditure"] * dv["price"] / v["price"], axis=1)
    cost = v["output_cf"] * (dv["unit_cost"] / v["unit_cost"] + dlnA)
    inputs = jnp.sum(cost - v["value_added"] * dv["value_added_price"] / v["value_added_price"], axis=1)
    return envelope.taste(v["income_cf"], dv["price_index"] / v["price_index"], bought - inputs)


@lru_cache(maxsize=32)
def moved(closure: tuple[str, str], what: tuple):
    """Compiled d ln V/d ṗ by cell of every instrument: the adjoint against the velocity of the scenario's arrays."""

    @jax.jit
    def run(base, shock, speed, export_rent, x, levels, where, mu):
        def equations(new: market.Shock) -> tuple[jax.Array, jax.Array]:
            return outcomes(values(base, new, x, levels, closure), what, where), root.residual(base, new, x, *closure)

        (found, _), pull = jax.vjp(equations, shock)
        moves = _trade_speed(shock, speed, base.theta)
        rents = jnp.zeros_like(moves.levy) if export_rent is None else jnp.where(shock.M > 0, export_rent, 0.0)

        def one(pair: tuple[jax.Array, jax.Array]) -> dict[str, jax.Array]:
            (worth,) = pull(pair)
            parts = _of_trade(shock, worth, moves, rents, base.theta[0][:, None, None])
            if speed.owned is None:
                parts["ownership"] = jnp.zeros_like(parts["tariff"])
            else:
                parts["ownership"] = worth.owned * speed.owned
            other = jnp.array(0.0)
            for field, moved in speed._asdict().items():
                if moved is None or field in _KERNELS:
                    continue
                part = getattr(worth, field) * moved
                if field == "a":
                    part = jnp.sum(part, axis=1)
                if field in _OWN:
                    parts[_OWN[field]] = part
                else:
                    other = other + jnp.sum(part)
            return parts | {"other": other}

        return jax.lax.map(one, (jnp.eye(len(found)), mu))

    return run


def _of_trade(
    shock: market.Shock, worth: market.Shock, moves: _Speeds, rents: jax.Array, theta: jax.Array
) -> dict[str, jax.Array]:
    """Parts of rates and trade costs by cell, from what a unit of each kernel is worth; importer × exporter × sector."""

    def at(name: str) -> jax.Array | float:
        kernel = getattr(shock, name)
        return 0.0 if kernel is None else getattr(worth, name) * kernel

    pull, border, keep = -theta * (at("M") + at("border")), at("border"), at("keep")
    parts = {
        "tariff": (pull - border) * moves.tariff,
        "import_rent": (pull - border + at("rent")) * moves.import_rent,
        "export_tax": (pull - keep) * (moves.levy - rents),
        "export_rent": (pull - keep) * rents,
        "trade_cost": pull * moves.cost,
    }
    return {name: part.transpose(1, 2, 0) for name, part in parts.items()}
