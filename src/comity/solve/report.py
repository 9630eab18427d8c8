"""From the unknowns at the solution to the quantities that are reported."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from comity.model import costs, market, nests, shares, told, welfare
from comity.records import Array, Benchmark, Wedges
from comity.solve import problem, root

FLOWS = ("trade_share", "trade_flow")
"""What `flows` gives: importer × exporter × sector, made when asked for."""

TRADE = ("exports_by_sector", "imports_by_sector", "trade_by_partner")
PAID = ("buyer_price", "buyer_price_by_partner")
INDICES = ("border_price_by_partner", "export_price", "import_price", "terms_of_trade", "real_gdp")
LATER = (*FLOWS, *TRADE, "border_price", *PAID, *INDICES)
"""What needs arrays of importer × exporter × sector: made when asked for, a group at a time."""


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
            **_factors(base, shock, u, got.value_added, lnw, factors),
            "exports": got.exports,
            "imports": got.imports,
            "gdp": told.gdp(got.income, got.exports, got.imports),
        }
        worst = {name: root.worst_of(cells) for name, cells in market.residuals(base, shock, u, factors, deficits).items()}
        return values, worst

    return run


def _factors(
    base: market.Base, shock: market.Shock, u: market.State, added: jax.Array, lnw: jax.Array, factors: str
) -> dict[str, jax.Array]:
    """What capital costs, what factors earn, and where people work; country × sector."""
    wages = told.labour_income(added, base.lam)
    if factors == "mobile":
        lnr = jnp.broadcast_to(lnw[:, None], added.shape)
    else:
        lnr = jnp.where(base.active > 0, costs.rental(u.y, shock.lnK), 0.0)
    return {
        "rental": jnp.exp(lnr),
        "labour_income": wages,
        "capital_income": told.capital_income(added, base.lam),
        "employment_share": told.employment_share(base.lam * base.value_added if factors == "immobile" else wages),
    }


@jax.jit
def _flows(base: market.Base, shock: market.Shock, lnc: jax.Array, X: jax.Array) -> tuple[jax.Array, jax.Array]:
    M, border = (
        market.with_home(*pair).transpose(1, 2, 0) for pair in ((shock.M, shock.M_home), (shock.border, shock.border_home))
    )
    c_power = jnp.exp(-base.theta * lnc)
    S, _ = market.world_exchange(shock).buy(c_power)
    pi = shares.trade_share(M, c_power, S)
    return pi, border * c_power[None] / S[:, None] * X[:, None]


def flows(w: problem.World, shock: market.Shock, values: dict[str, Array]) -> dict[str, Array]:
    """Trade shares and trade flows (USD mn at basic prices), importer × exporter × sector."""
    pi, F = _flows(w.base, shock, jnp.log(values["unit_cost"]), jnp.asarray(values["expenditure"]))
    return dict(zip(FLOWS, (np.asarray(pi), np.asarray(F)), strict=True))


class Later(NamedTuple):
    """What is needed to make the arrays of `LATER` of a solved scenario, and how."""

    benchmark: Benchmark
    wedges: Wedges
    w: problem.World
    shock: market.Shock

    def __call__(self, name: str, values: Mapping[str, Array]) -> dict[str, Array]:
        """The array of that name with those of its group, from what is reported already."""
        if name in FLOWS:
            return flows(self.w, self.shock, {key: values[key] for key in ("unit_cost", "expenditure")})
        if name in TRADE:
            F = jnp.asarray(values["trade_flow"])
            found = told.exports(F), told.imports(F), told.partner_trade(F)
            return dict(zip(TRADE, map(np.asarray, found), strict=True))
        if name == "border_price":
            levied = self._change("export_tax", "export_rent")
            return {name: np.asarray(told.border_price(jnp.asarray(values["unit_cost"]), levied))}
        return self._paid(values) if name in PAID else self._indices(values)

    def _change(self, *names: str) -> jax.Array:
        """Product of (1 + new rate) / (1 + old rate): importer × exporter × sector, or one number where none moves."""
        change = jnp.ones(())
        for name in names:
            old, new = getattr(self.benchmark, name), getattr(self.wedges, name)
            if new is not None:
                change = change * (1 + jnp.asarray(new)) / (1 + (0.0 if old is None else jnp.asarray(old)))
        return change

    def _paid(self, values: Mapping[str, Array]) -> dict[str, Array]:
        """What buyers pay, by partner and sector and by partner."""
        cost = self._change("tariff", "import_rent")
        if self.wedges.trade_cost is not None:
            cost = cost * jnp.asarray(self.wedges.trade_cost)
        price = told.buyer_price(jnp.asarray(values["border_price"]), cost)
        mean = told.partner_price(jnp.asarray(self.benchmark.expenditure_flow), price)
        return dict(zip(PAID, (np.asarray(price), np.asarray(mean)), strict=True))

    def _indices(self, values: Mapping[str, Array]) -> dict[str, Array]:
        """Indices of border prices, and the volume of GDP."""
        b, F, price = self.benchmark, jnp.asarray(self.benchmark.trade_flow), jnp.asarray(values["border_price"])
        out, into = told.export_price(F, price), told.import_price(F, price)
        lnP = jnp.log(jnp.asarray(values["price"]))
        final = nests.final_demand(self.w.base, self.shock, lnP)[1] * jnp.asarray(values["income_cf"])[:, None]
        before, now = (jnp.asarray(b.final_demand), F), (final, jnp.asarray(values["trade_flow"]))
        volume = told.real_gdp(before, now, lnP, price)
        found = told.partner_price(F, price), out, into, told.terms_of_trade(out, into), volume
        return dict(zip(INDICES, map(np.asarray, found), strict=True))
