"""Every market of an equilibrium, recomputed in NumPy from what was reported.

The solver judges itself by its own equations; the audit takes only the published values and the model as it stands on
paper. Each entry is the largest relative gap and the cell where it is. Axes: importer n, exporter i, sector j.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from comity.data.checks import Check
from comity.records import Array, Benchmark, Equilibrium, Wedges


class Gap(NamedTuple):
    """How far an equation is from holding, and where it is worst."""

    value: float
    cell: str


def audit(eq: Equilibrium) -> dict[str, Gap]:
    """The gaps of all markets, accounts and definitions of an equilibrium, by name; relative, NaN counts as infinite.

    Ratios are to `eq.benchmark`, which under `balanced` deficits is the balanced one.
    """
    now = shares(eq)
    return {**_accounts(eq, now), **_markets(eq, now), **_prices(eq, now)}


def worst(gap: Array, benchmark: Benchmark) -> Gap:
    """The largest absolute entry of an array and the names of its cell; anything not finite is infinitely wrong."""
    size = np.where(np.isfinite(gap), np.abs(gap), np.inf)
    if size.ndim == 0:
        return Gap(float(size), "world")
    where = np.unravel_index(int(np.argmax(size)), size.shape)
    last = benchmark.sectors if size.ndim > 1 else benchmark.economies
    names = [*(benchmark.economies[int(n)] for n in where[:-1]), last[int(where[-1])]]
    return Gap(float(size[where]), " ".join(names))


def judged(name: str, gaps: list[Gap], tolerance: float, meaning: str) -> Check:
    """A named check from the largest of its gaps."""
    value, cell = max(gaps, key=lambda gap: gap.value)
    return Check(name, value, cell, bool(value <= tolerance), tolerance, meaning)


def rate_cf(benchmark: Benchmark, wedges: Wedges, name: str) -> Array:
    """A counterfactual `tariff`, `export_tax`, `import_rent` or `export_rent`, importer × exporter × sector, as a fraction."""
    for holder in (wedges, benchmark):
        if getattr(holder, name) is not None:
            return np.asarray(getattr(holder, name))
    return np.zeros(benchmark.trade_flow.shape)


def tariff_cf(benchmark: Benchmark, wedges: Wedges) -> Array:
    """The gross counterfactual tariff, importers' rents included, importer × exporter × sector, as a fraction."""
    return (1 + rate_cf(benchmark, wedges, "tariff")) * (1 + rate_cf(benchmark, wedges, "import_rent")) - 1


def export_levy_cf(benchmark: Benchmark, wedges: Wedges) -> Array:
    """The gross counterfactual export tax, exporters' rents included, importer × exporter × sector, as a fraction."""
    return (1 + rate_cf(benchmark, wedges, "export_tax")) * (1 + rate_cf(benchmark, wedges, "export_rent")) - 1


def _relative(left: Array, right: Array, scale: Array | float | None = None) -> Array:
    size = np.maximum(np.abs(left), np.abs(right)) if scale is None else np.asarray(scale)
    return (left - right) / np.where(size > 0, size, 1.0)


def _factor(value: Array | None) -> Array:
    return np.asarray(1.0 if value is None else value)


def _values(eq: Equilibrium) -> tuple[Array, ...]:
    return tuple(np.asarray(eq.values[name]) for name in ("trade_flow", "value_added", "income_cf", "deficit", "tariff_revenue"))


def _transfer(eq: Equilibrium) -> Array:
    return np.zeros(len(eq.benchmark.economies)) if eq.wedges.transfer is None else np.asarray(eq.wedges.transfer)


def _mean(weight: Array, x: Array, elasticity: Array, axis: int) -> Array:
    """Log of [Σ w e^{(1−e) x}]^{1/(1−e)} over an axis; `elasticity` without that axis. Weights sum to one, or to zero."""
    power = np.expand_dims(1 - elasticity, axis)
    mean = (weight * x).sum(axis=axis, keepdims=True)
    total = np.log1p((weight * np.expm1(power * (x - mean))).sum(axis=axis))
    return np.squeeze(mean, axis) + np.where(elasticity == 1, 0.0, total / np.where(elasticity == 1, 1.0, 1 - elasticity))


class Shares(NamedTuple):
    """Costs and shares that follow from the reported prices, as the benchmark's own times powers of relative prices."""

    cost: Array  # log unit cost, country × sector
    added: Array  # γ′
    inputs: Array  # g′, country × input × sector
    price: Array  # log price of consumption, country
    final: Array  # a′


def shares(eq: Equilibrium) -> Shares:
    """Nests at the reported prices of sectors and of value added (model.md, equations 2 and 4)."""
    b, wedges = eq.benchmark, eq.wedges
    lnP, lnv = (np.log(np.asarray(eq.values[name])) for name in ("price", "value_added_price"))
    eps, eta, sigma = (np.asarray(e) for e in eq.closure.nests)
    eps, eta = np.broadcast_to(eps, lnP.shape), np.broadcast_to(eta, lnP.shape)
    lnm = _mean(b.input_share, lnP[:, :, None], eps, 1)
    parts = np.stack([lnv, lnm], -1)
    cost = _mean(np.stack([b.value_added_share, 1 - b.value_added_share], -1), parts, eta, 2)
    taste = b.final_share * _factor(wedges.taste)
    taste = taste / taste.sum(axis=1, keepdims=True)
    price = _mean(taste, lnP, np.broadcast_to(sigma, len(lnP)), 1)
    return Shares(
        cost=cost - np.log(_factor(wedges.productivity)),
        added=b.value_added_share * np.exp((1 - eta) * (lnv - cost)),
        inputs=b.input_share * np.exp((1 - eps)[:, None, :] * (lnP[:, :, None] - lnm[:, None, :])),
        price=price,
        final=taste * np.exp((1 - sigma) * (lnP - price[:, None])),
    )


def _intermediate(now: Shares, Y: Array) -> Array:
    return np.einsum("nkj,nj->nk", now.inputs, (1 - now.added) * Y)


def _pool(eq: Equilibrium, F: Array) -> Array:
    """Net receipts from a customs pool: the own key's share of all duties on outsiders less the own ones; country, USD mn."""
    b = eq.benchmark
    duties = (rate_cf(b, eq.wedges, "tariff") * F * b.pooled_pairs[:, :, None]).sum(axis=(1, 2))
    return b.pool_key * duties.sum() - duties


def _traded(F: Array) -> Array:
    """Exports plus imports at border prices, country, USD mn."""
    abroad = F.sum(axis=2) * (1 - np.eye(len(F)))
    return abroad.sum(axis=0) + abroad.sum(axis=1)


def _lending(eq: Equilibrium, F: Array, VA: Array) -> Array:
    """What the closure makes of the benchmark's deficits, country, USD mn."""
    b = eq.benchmark
    if eq.closure.deficits == "proportional":
        size, before = VA.sum(axis=1), b.value_added.sum(axis=1)
    elif eq.closure.deficits == "with_trade":
        size, before = _traded(F), _traded(b.trade_flow)
    else:
        return b.deficit
    hat = np.divide(size, before, out=np.zeros_like(before), where=before > 0)
    return b.deficit * hat - size / size.sum() * (b.deficit * hat).sum()


def _dividends(eq: Equilibrium, VA: Array) -> Array:
    """Capital income received less paid, country, USD mn."""
    owned = eq.benchmark.ownership if eq.wedges.ownership is None else eq.wedges.ownership
    if owned is None:
        return np.zeros(len(VA))
    capital = (1 - eq.benchmark.labour_share) * VA
    return np.einsum("nij,ij->n", owned, capital) - capital.sum(axis=1)


def _accounts(eq: Equilibrium, now: Shares) -> dict[str, Gap]:
    """Income, duties, the external account, lending, the numéraire, and GDP three ways."""
    b = eq.benchmark
    F, VA, income, D, R = _values(eq)
    levy = export_levy_cf(b, eq.wedges)
    duties, taxes = (tariff_cf(b, eq.wedges) * F).sum(axis=(1, 2)), (F * levy / (1 + levy)).sum(axis=(0, 2))
    dividends, pool = _dividends(eq, VA), _pool(eq, F)
    E, paid = np.asarray(eq.values["export_tax_revenue"]), np.asarray(eq.values["dividends_paid"])
    net = np.asarray(eq.values["dividends_received"]) - paid
    abroad = D + _transfer(eq) + dividends + pool
    imports, exports = F.sum(axis=(1, 2)), F.sum(axis=(0, 2))
    Y = (F / (1 + levy)).sum(axis=0)
    gdp_production = (Y - _intermediate(now, Y)).sum(axis=1) + duties + taxes
    gdp_income = VA.sum(axis=1) + R - pool + E
    gdp_spending = income + exports - imports
    return {
        "income": worst(_relative(income, VA.sum(axis=1) + R + E + net + D + _transfer(eq)), b),
        "duties": worst(_relative(R, duties + pool, income), b),
        "export taxes": worst(_relative(E, taxes, income), b),
        "dividends": worst(_relative(net, dividends, income), b),
        "Walras, external accounts": worst(_relative(imports - exports, abroad, income), b),
        "lending": worst(_relative(D, _lending(eq, F, VA), income), b),
        "deficits sum to zero": worst(_relative(np.asarray(D.sum()), np.asarray(0.0), income.sum()), b),
        "world value added": worst(_relative(np.asarray(VA.sum()), np.asarray(b.value_added.sum())), b),
        "GDP, production and income": worst(_relative(gdp_production, gdp_income), b),
        "GDP, income and expenditure": worst(_relative(gdp_income, gdp_spending), b),
    }


def _markets(eq: Equilibrium, now: Shares) -> dict[str, Gap]:
    """Shares, goods and spending."""
    b, wedges = eq.benchmark, eq.wedges
    F, VA, income, _, _ = _values(eq)
    pi = np.asarray(eq.values["trade_share"])
    paid = (1 + tariff_cf(b, wedges)) * F
    X = paid.sum(axis=1)
    Y = (F / (1 + export_levy_cf(b, wedges))).sum(axis=0)
    final = now.final * income[:, None]
    bought = X > 0
    return {
        "shares sum to one": worst(np.where(bought, pi.sum(axis=1) - 1, 0.0), b),
        "shares are spending": worst(_relative(pi * X[:, None, :], paid, X[:, None, :]), b),
        "goods markets": worst(_relative(now.added * Y, VA), b),
        "spending": worst(_relative(X, final + _intermediate(now, Y), np.maximum(X, 1e-12 * income[:, None])), b),
    }


def _prices(eq: Equilibrium, now: Shares) -> dict[str, Gap]:
    """Factor markets, unit costs, sector prices, trade shares and the price of consumption, as ratios to the benchmark."""
    b, wedges = eq.benchmark, eq.wedges
    lnP = np.log(np.asarray(eq.values["price"]))
    lnc = np.log(np.asarray(eq.values["unit_cost"]))
    makes = b.output > 0
    with np.errstate(divide="ignore"):
        lnd = np.log(_factor(wedges.trade_cost))
    kappa = lnd
    for gross in (tariff_cf, export_levy_cf):
        kappa = kappa + np.log1p(gross(b, wedges)) - np.log1p(gross(b, Wedges()))
    landed = kappa + np.where(makes, lnc, 0.0)[None]
    pull = np.where(b.trade_share > 0, b.trade_share * np.exp(-b.trade_elasticity * landed), 0.0)
    bought = b.expenditure > 0
    total = np.where(bought, pull.sum(axis=1), 1.0)
    share = np.where(bought[:, None, :], pull / total[:, None, :], 0.0)
    pi = np.where(bought[:, None, :], np.asarray(eq.values["trade_share"]), 0.0)
    kind = 1.0 if eq.closure.factors == "mobile" else b.labour_share
    earned, earned0 = (kind * np.asarray(eq.values["value_added"])).sum(axis=1), (kind * b.value_added).sum(axis=1)
    return {
        "factor markets": worst(_relative(earned, np.asarray(eq.values["wage"]) * _factor(wedges.labour) * earned0), b),
        "unit costs": worst(np.where(makes, lnc - now.cost, 0.0), b),
        "prices": worst(np.where(bought, lnP + np.log(total) / b.trade_elasticity, 0.0), b),
        "trade shares": worst(pi - share, b),
        "price of consumption": worst(np.log(np.asarray(eq.values["price_index"])) - now.price, b),
    }
