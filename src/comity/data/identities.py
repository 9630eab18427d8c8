"""Accounting identities of a benchmark: what it derives, against sums of its stored arrays taken by another route.

Levies are those of importers (tariff and rent) and those of exporters (export tax and rent); axes importer, exporter, sector.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from comity.records import Benchmark

Array = np.ndarray


@dataclass(frozen=True)
class Comparison:
    """Two arrays that should be equal, cell by cell, and what to divide their difference by."""

    left: Array
    right: Array
    axes: tuple[str, ...]
    scale: Array | None = None
    what: str = ""
    unit: str = " USD mn"


def inputs(b: Benchmark) -> Array:
    """Purchases of each input, summed user by user: country × input."""
    cost = (1 - b.value_added_share) * b.output
    return np.stack([b.input_share[n] @ cost[n] for n in range(len(b.economies))])


def _trade(b: Benchmark) -> tuple[Array, Array]:
    """Exports and imports at the border by economy, home sales left out."""
    bilateral = b.trade_flow.sum(axis=2)
    home = np.diag(bilateral)
    return bilateral.sum(axis=0) - home, bilateral.sum(axis=1) - home


def _gross(b: Benchmark, *names: str) -> Array:
    """Rates of the benchmark on top of each other, Π (1 + rate) − 1; importer × exporter × sector."""
    total = np.ones_like(b.trade_flow)
    for name in names:
        if (rate := getattr(b, name)) is not None:
            total *= 1 + rate
    return total - 1


def _duties(b: Benchmark) -> Array:
    """What importers levy on each flow, rents included; importer × exporter × sector, USD mn."""
    return _gross(b, "tariff", "import_rent") * b.trade_flow


def _taxes(b: Benchmark) -> Array:
    """What the border value of each flow has above the producers' price; importer × exporter × sector, USD mn."""
    levy = _gross(b, "export_tax", "export_rent")
    return levy / (1 + levy) * b.trade_flow


def _from_owners(b: Benchmark) -> Array:
    """Capital income from abroad less what goes abroad, owner by owner; country, USD mn."""
    if b.ownership is None:
        return np.zeros(len(b.economies))
    profits = (1 - b.labour_share) * b.value_added_share * b.output
    claims = [[float((b.ownership[n, i] * profits[i]).sum()) for i in range(len(profits))] for n in range(len(profits))]
    return np.sum(claims, axis=1) - np.sum(claims, axis=0)


def _from_pool(b: Benchmark) -> Array:
    """What members get of a customs pool less what they pay in; country, USD mn."""
    paid, key = np.zeros(len(b.economies)), np.zeros(len(b.economies))
    for code, share in b.customs_pool.items():
        n = b.economies.index(code)
        outside = [i for i, other in enumerate(b.economies) if other not in b.customs_pool]
        paid[n], key[n] = (b.tariff[n, outside] * b.trade_flow[n, outside]).sum(), share
    return key * paid.sum() - paid


def goods_market(b: Benchmark) -> Iterator[Comparison]:
    """Y_i = Σ_n π_ni X_n / (1 + t_ni) / (1 + s_ni), rents in t and s."""
    gross = (1 + _gross(b, "tariff", "import_rent")) * (1 + _gross(b, "export_tax", "export_rent"))
    sales = (b.trade_share * b.expenditure[:, None, :] / gross).sum(axis=0)
    yield Comparison(sales, b.output, ("country", "sector"), what="sales of ")
    yield Comparison((b.trade_flow - _taxes(b)).sum(axis=0), b.output, ("country", "sector"), what="output of ")


def expenditure(b: Benchmark) -> Iterator[Comparison]:
    """X_n^j = a_n^j I_n + Σ_k (1 − γ) g Y, and X = Σ_i (1 + t) F."""
    spent = b.final_share * b.income[:, None] + inputs(b)
    yield Comparison(spent, b.expenditure, ("country", "sector"), what="spending of ")
    paid = (b.trade_flow + _duties(b)).sum(axis=1)
    yield Comparison(paid, b.expenditure, ("country", "sector"), what="purchases of ")


def income_is_spending(b: Benchmark) -> Iterator[Comparison]:
    """I_n = Σ_j γY + R_n + E_n + all that comes from abroad (dividends, pool, D), with the latter from the flows."""
    exports, imports = _trade(b)
    value_added = (b.value_added_share * b.output).sum(axis=1)
    levied = _duties(b).sum(axis=(1, 2)) + _taxes(b).sum(axis=(0, 2))
    yield Comparison(value_added + levied + imports - exports, b.income, ("country",))


def external_balance(b: Benchmark) -> Iterator[Comparison]:
    """D_n + net dividends + net receipts of the pool = imports − exports, relative to the larger of income and trade."""
    exports, imports = _trade(b)
    abroad = b.deficit + _from_owners(b) + _from_pool(b)
    yield Comparison(abroad, imports - exports, ("country",), scale=np.maximum(b.income, exports + imports))


def world_income(b: Benchmark) -> Iterator[Comparison]:
    """Owners of every industry add up to one, dividends and the pool to nothing: world income is world value added and levies."""
    world = b.value_added.sum()
    if b.ownership is not None:
        one = np.ones_like(b.output)
        yield Comparison(b.ownership.sum(axis=0), one, ("country", "sector"), what="owners of ", unit="")
    yield Comparison(b.dividends, _from_owners(b), ("country",), scale=b.income, what="dividends of ")
    yield Comparison(b.dividends.sum(), np.zeros(1), (), scale=world, what="dividends of the ")
    revenue, taxes = _duties(b).sum(axis=(1, 2)) + _from_pool(b), _taxes(b).sum(axis=(0, 2))
    yield Comparison(b.tariff_revenue, revenue, ("country",), scale=b.income, what="duties of ")
    yield Comparison(b.export_tax_revenue, taxes, ("country",), scale=b.income, what="export taxes of ")
    yield Comparison(b.income.sum(), world + _duties(b).sum() + _taxes(b).sum(), (), what="income of the ")


def deficits_sum_to_zero(b: Benchmark) -> Iterator[Comparison]:
    """Σ_n D_n = 0, relative to the world's value added."""
    yield Comparison(b.deficit.sum(), np.zeros(1), (), scale=b.value_added.sum())


def shares_sum_to_one(b: Benchmark) -> Iterator[Comparison]:
    """Σ_i π = 1; Σ_j a = 1; Σ_k g = 1 where a sector buys inputs."""
    one, cells = np.ones_like(b.expenditure), ("country", "sector")
    yield Comparison(b.trade_share.sum(axis=1), one, cells, what="trade shares of ", unit="")
    yield Comparison(b.final_share.sum(axis=1), np.ones_like(b.income), ("country",), what="final shares of ", unit="")
    total = b.input_share.sum(axis=1)
    buys = (b.value_added_share < 1) & (b.output > 0)
    yield Comparison(np.where(buys, total, 1), one, cells, what="input shares of ", unit="")


def cost_is_revenue(b: Benchmark) -> Iterator[Comparison]:
    """Y = γY + Σ_k inputs, sector by sector, and value added is the product of its share."""
    bought = np.einsum("nkj,nj->nj", b.input_share, (1 - b.value_added_share) * b.output)
    yield Comparison(b.value_added + bought, b.output, ("country", "sector"), what="cost of ")


def gdp_three_ways(b: Benchmark) -> Iterator[Comparison]:
    """GDP at market prices: production Y − inputs + R + E = expenditure C + exports − imports = incomes wL + rK + R + E."""
    exports, imports = _trade(b)
    levied = _duties(b).sum(axis=(1, 2)) + _taxes(b).sum(axis=(0, 2))
    production = b.output.sum(axis=1) - inputs(b).sum(axis=1) + levied
    spending = b.final_demand.sum(axis=1) + exports - imports
    wages = (b.labour_share * b.value_added).sum(axis=1)
    profits = ((1 - b.labour_share) * b.value_added).sum(axis=1)
    incomes = wages + profits + b.tariff_revenue - _from_pool(b) + b.export_tax_revenue
    yield Comparison(production, spending, ("country",), what="production and expenditure of ")
    yield Comparison(production, incomes, ("country",), what="production and income of ")


def world_supply_is_use(b: Benchmark) -> Iterator[Comparison]:
    """Σ_i Y_i^j = Σ_n (final demand + inputs) − duties − export taxes, by sector of the world."""
    use = (b.final_demand + b.intermediate_demand).sum(axis=0) - (_duties(b) + _taxes(b)).sum(axis=(0, 1))
    yield Comparison(use, b.output.sum(axis=0), ("sector",), what="world use of ")


def within_bounds(b: Benchmark) -> Iterator[Comparison]:
    """Flows and final demand are not negative, shares lie in [0, 1], home sales bear no tariff, elasticities are positive."""
    market = b.expenditure
    zero = np.zeros_like(market)
    final = b.expenditure - inputs(b)
    yield Comparison(np.minimum(final, 0), zero, ("country", "sector"), scale=market, what="final demand of ")
    sold = np.broadcast_to(np.abs(market)[:, None, :], b.trade_flow.shape)
    flows = np.minimum(b.trade_flow, 0)
    yield Comparison(flows, np.zeros_like(flows), ("importer", "exporter", "sector"), scale=sold, what="flow to ")
    for values, what in ((b.value_added_share, "value-added share of "), (b.labour_share, "labour share of ")):
        yield Comparison(values, np.clip(values, 0, 1), ("country", "sector"), what=what, scale=np.ones(1), unit="")
    home = np.arange(len(b.economies))
    at_home = ((1 + _gross(b, "tariff", "import_rent")) * (1 + _gross(b, "export_tax", "export_rent")))[home, home] - 1
    yield Comparison(at_home, zero, ("country", "sector"), what="home tariff of ", scale=np.ones(1), unit="")
    theta = np.minimum(b.trade_elasticity, 0)
    yield Comparison(theta, np.zeros_like(theta), ("sector",), what="trade elasticity of ", scale=np.ones(1), unit="")


IDENTITIES: tuple[tuple[str, str, Callable[[Benchmark], Iterator[Comparison]]], ...] = (
    ("goods market", "each sector's sales at the shares and expenditures of its buyers are its output", goods_market),
    ("expenditure", "what is spent on a sector is final demand and inputs, tariffs included", expenditure),
    ("income = spending", "value added, levies and what comes from abroad pay for final demand", income_is_spending),
    ("external balance", "the deficit, dividends and the pool are imports less exports", external_balance),
    ("deficits sum to zero", "what some borrow others lend", deficits_sum_to_zero),
    ("world income", "owners, duties and export taxes add up to the world's income", world_income),
    ("shares sum to one", "trade, final and input shares", shares_sum_to_one),
    ("cost = revenue", "value added and inputs exhaust output", cost_is_revenue),
    ("GDP three ways", "production, expenditure and income give the same GDP", gdp_three_ways),
    ("world supply = use", "every sector's world output is bought by somebody", world_supply_is_use),
    ("bounds", "nothing negative, shares within 0 and 1, no tariff at home", within_bounds),
)
