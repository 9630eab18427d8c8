"""From the unknowns at the solution to the quantities that are reported."""

from __future__ import annotations

from functools import lru_cache

import jax
import jax.numpy as jnp
import numpy as np

from comity.model import market, nests, shares, welfare
from comity.records import Array
from comity.solve import problem, root

FLOWS = ("trade_share", "trade_flow")
"""What `flows` gives: importer × exporter × sector, made when asked for."""


@lru_cache(maxsize=32)
def compiled(factors: str, deficits: str):
    """Everything reported by country and sector, with the residuals of every equation; compiled for one closure."""

    @jax.jit
    def run(base: market.Base, shock: market.Shock, x: jax.Array, income: jax.Array, output: jax.Array):
        u = market.unpack(x, base.gamma.shape[-1], factors)
        got = market.evaluate(base, shock, u, market.world_exchange(shock), factors, deficits)
        lnP, _ = nests.final_demand(base, shock, u.lnP)
        lnw = market.log_wage(base, shock, u.y, factors)
        V = welfare.real_income(got.income, got.deficit, income, base.deficit, lnP)
        values = {
            "real_income": V,
            "welfare": welfare.welfare(got.income, income, lnP),
            "real_wage": welfare.real_wage(lnw, lnP),
            "gain_pct": 100 * (V - 1),
            "ev_usd_mn": welfare.equivalent_variation(V, income, base.deficit),
            "wage": jnp.exp(lnw),
            "price_index": jnp.exp(lnP),
            "income": got.income / income,
            "income_cf": got.income,
            "deficit": got.deficit,
            "tariff_revenue": got.revenue,
            "export_tax_revenue": got.export_revenue,
            "dividends_received": got.received,
            "dividends_paid": got.paid,
            "price": jnp.exp(u.lnP),
            "unit_cost": jnp.exp(got.lnc),
            "value_added_price": jnp.exp(got.lnv),
            "output": jnp.where(output > 0, got.output / jnp.where(output > 0, output, 1.0), 1.0),
            "output_cf": got.output,
            "value_added": got.value_added,
            "expenditure": base.expenditure * jnp.exp(u.lnX),
        }
        worst = {name: root.worst_of(cells) for name, cells in market.residuals(base, shock, u, factors, deficits).items()}
        return values, worst

    return run


@jax.jit
def _flows(base: market.Base, shock: market.Shock, lnc: jax.Array, X: jax.Array) -> tuple[jax.Array, jax.Array]:
    M = shock.M.transpose(1, 2, 0)
    c_power = jnp.exp(-base.theta * lnc)
    S = jnp.einsum("jni,ij->nj", shock.M, c_power)
    pi = shares.trade_share(M, c_power, S)
    return pi, shock.border.transpose(1, 2, 0) * c_power[None] / S[:, None] * X[:, None]


def flows(w: problem.World, shock: market.Shock, values: dict[str, Array]) -> dict[str, Array]:
    """Trade shares and trade flows (USD mn at basic prices), importer × exporter × sector."""
    pi, F = _flows(w.base, shock, jnp.log(values["unit_cost"]), jnp.asarray(values["expenditure"]))
    return dict(zip(FLOWS, (np.asarray(pi), np.asarray(F)), strict=True))
