"""Named accounting checks of a benchmark: every identity of the model recomputed by another route than its own.

A check compares what the benchmark derives (shares, final demand, deficits, …) with sums of its stored arrays, or
with control totals kept apart from them. `check` reports, `raise_if_bad` refuses.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from comity.data.load import NAMES, control_totals
from comity.errors import DataError, Problem
from comity.records import Benchmark

Array = np.ndarray

TOLERANCE = 1e-9
SOURCE_TOLERANCE = 1e-3
"""The sources agree on output to 5e-4 where it is above SOURCE_FLOOR; the rest is room for another release's rounding."""
SOURCE_FLOOR = 100.0
"""USD mn; smaller outputs of the source are rounded too coarsely to compare."""


@dataclass(frozen=True)
class Check:
    """One identity: its worst relative residual, the cells where it is worst, and whether it holds."""

    name: str
    residual: float
    worst: str
    ok: bool
    tolerance: float
    meaning: str
    others: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return asdict(self)


@dataclass(frozen=True)
class Comparison:
    """Two arrays that should be equal, cell by cell, and what to divide their difference by."""

    left: Array
    right: Array
    axes: tuple[str, ...]
    scale: Array | None = None
    what: str = ""
    unit: str = " USD mn"


def check(benchmark: Benchmark) -> list[Check]:
    """Every accounting check of a benchmark, the worst (relative to its tolerance) first.

    A benchmark whose provenance names its control totals is also compared with them.
    """
    done = [_judge(benchmark, name, meaning, compare, TOLERANCE) for name, meaning, compare in IDENTITIES]
    controls = benchmark.provenance.get("control_totals")
    if controls in NAMES:
        totals = control_totals(controls)
        for name, meaning, compare, tolerance in CONTROLS:
            done.append(_judge(benchmark, name, meaning, lambda b, c=compare: c(b, totals), tolerance))
    return sorted(done, key=lambda item: -item.residual / item.tolerance)


def raise_if_bad(benchmark: Benchmark) -> list[Check]:
    """The checks when all hold; else DataError with each that fails and its worst cells."""
    done = check(benchmark)
    bad = [item for item in done if not item.ok]
    if bad:
        raise DataError(
            [
                Problem(
                    f"{benchmark.name}: {item.name} is off by {item.residual:.2g} (at most {item.tolerance:.0e}); worst "
                    + "; ".join((item.worst, *item.others))
                )
                for item in bad
            ]
        )
    return done


def _judge(
    benchmark: Benchmark, name: str, meaning: str, compare: Callable[[Benchmark], Iterator[Comparison]], tolerance: float
) -> Check:
    found: list[tuple[float, str]] = []
    for comparison in compare(benchmark):
        found += _worst_cells(benchmark, comparison)
    found.sort(key=lambda pair: -pair[0])
    residual, worst = found[0]
    others = tuple(words for size, words in found[1:3] if size > tolerance)
    return Check(name, residual, worst if residual > 0 else "none", bool(residual <= tolerance), tolerance, meaning, others)


def _worst_cells(benchmark: Benchmark, c: Comparison, count: int = 3) -> list[tuple[float, str]]:
    """The largest relative differences with the cells in words; NaN counts as infinite."""
    left, right = (np.atleast_1d(np.asarray(side, dtype=np.float64)) for side in (c.left, c.right))
    scale = np.maximum(np.abs(left), np.abs(right)) if c.scale is None else np.broadcast_to(np.atleast_1d(c.scale), left.shape)
    floor = 1e-15 * float(np.nanmax(np.abs(scale), initial=0.0)) + 1e-300
    size = np.abs(left - right) / np.maximum(np.abs(scale), floor)
    size = np.where(np.isfinite(size), size, np.inf)
    cells = []
    for flat in np.argsort(-size, axis=None, kind="stable")[:count]:
        cell = np.unravel_index(flat, size.shape)
        values = f"{left[cell]:,.6g} against {right[cell]:,.6g}{c.unit}"
        cells.append((float(size[cell]), f"{c.what}{_in_words(benchmark, c.axes, cell)}: {values}"))
    return cells


def _in_words(benchmark: Benchmark, axes: Sequence[str], cell: Sequence[Any]) -> str:
    names = []
    for axis, place in zip(axes, cell, strict=False):
        labels = benchmark.sectors if axis in ("sector", "input") else benchmark.economies
        names.append(f"{axis} {labels[int(place)]}" if axis in ("importer", "exporter", "input") else labels[int(place)])
    return ", ".join(names) or "world"


# -- identities: what the benchmark derives against sums of its stored arrays ------------------------


def _inputs(b: Benchmark) -> Array:
    """Purchases of each input, summed user by user: country × input."""
    cost = (1 - b.value_added_share) * b.output
    return np.stack([b.input_share[n] @ cost[n] for n in range(len(b.economies))])


def _trade(b: Benchmark) -> tuple[Array, Array]:
    """Exports and imports at the border by economy, home sales left out."""
    bilateral = b.trade_flow.sum(axis=2)
    home = np.diag(bilateral)
    return bilateral.sum(axis=0) - home, bilateral.sum(axis=1) - home


def _on_price(b: Benchmark, *names: str) -> Array:
    """The product of (1 + rate) over the rates named, importer × exporter × sector; a rate that is absent is 0."""
    factor = np.ones(b.trade_flow.shape)
    for name in names:
        if (rate := getattr(b, name)) is not None:
            factor = factor * (1 + rate)
    return factor


def _duties(b: Benchmark) -> Array:
    """Duties and importers' rents as they are paid, before a customs pool: importer × exporter × sector."""
    return (_on_price(b, "tariff", "import_rent") - 1) * b.trade_flow


def _levies(b: Benchmark) -> Array:
    """Export taxes and exporters' rents: importer × exporter × sector."""
    return b.trade_flow - b.trade_flow / _on_price(b, "export_tax", "export_rent")


def _from_abroad(b: Benchmark) -> Array:
    """Dividends and pooled duties received less paid, country; sums to zero."""
    net = np.zeros(len(b.economies))
    capital = (1 - b.labour_share) * b.value_added
    if b.ownership is not None:
        for i in range(len(net)):
            paid = b.ownership[:, i] @ capital[i]
            paid[i] -= capital[i].sum()
            net += paid
    members = [b.economies.index(code) for code in b.customs_pool]
    outside = [i for i in range(len(net)) if i not in members]
    for n, key in zip(members, b.customs_pool.values(), strict=True):
        pooled = (b.tariff * b.trade_flow)[np.ix_(members, outside)]
        net[n] += key * pooled.sum() - (b.tariff[n] * b.trade_flow[n])[outside].sum()
    return net


def goods_market(b: Benchmark) -> Iterator[Comparison]:
    """Y_i = Σ_n π_ni X_n / ((1 + t_ni)(1 + s_ni)), rents in t and s."""
    gross = _on_price(b, "tariff", "import_rent", "export_tax", "export_rent")
    sales = (b.trade_share * b.expenditure[:, None, :] / gross).sum(axis=0)
    yield Comparison(sales, b.output, ("country", "sector"), what="sales of ")
    received = b.trade_flow.sum(axis=0) - _levies(b).sum(axis=0)
    yield Comparison(received, b.output, ("country", "sector"), what="output of ")


def expenditure(b: Benchmark) -> Iterator[Comparison]:
    """X_n^j = a_n^j I_n + Σ_k (1 − γ) g Y, and X = Σ_i (1 + t) F, rents in t."""
    spent = b.final_share * b.income[:, None] + _inputs(b)
    yield Comparison(spent, b.expenditure, ("country", "sector"), what="spending of ")
    yield Comparison(
        b.trade_flow.sum(axis=1) + _duties(b).sum(axis=1), b.expenditure, ("country", "sector"), what="purchases of "
    )


def income_is_spending(b: Benchmark) -> Iterator[Comparison]:
    """I_n = Σ_j γY + R_n + E_n + (imports − exports), with duties and export taxes from the flows."""
    exports, imports = _trade(b)
    duties, taxes = _duties(b).sum(axis=(1, 2)), _levies(b).sum(axis=(0, 2))
    value_added = (b.value_added_share * b.output).sum(axis=1)
    yield Comparison(value_added + duties + taxes + imports - exports, b.income, ("country",))


def external_balance(b: Benchmark) -> Iterator[Comparison]:
    """D_n = imports − exports at the border − dividends and pooled duties from abroad, relative to income or trade."""
    exports, imports = _trade(b)
    yield Comparison(b.deficit, imports - exports - _from_abroad(b), ("country",), scale=np.maximum(b.income, exports + imports))


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
    """GDP at market prices: production Y − inputs + duties and export taxes = expenditure C + E − M = incomes wL + rK + both.

    With owners abroad and a customs pool the incomes are those of residents and E − M is exports less imports all the same.
    """
    exports, imports = _trade(b)
    duties, taxes = _duties(b).sum(axis=(1, 2)), _levies(b).sum(axis=(0, 2))
    production = b.output.sum(axis=1) - _inputs(b).sum(axis=1) + duties + taxes
    spending = b.final_demand.sum(axis=1) + exports - imports
    wages = (b.labour_share * b.value_added).sum(axis=1)
    profits = ((1 - b.labour_share) * b.value_added).sum(axis=1)
    yield Comparison(production, spending, ("country",), what="production and expenditure of ")
    incomes = wages + profits + b.dividends + b.tariff_revenue + b.export_tax_revenue - _from_abroad(b)
    yield Comparison(production, incomes, ("country",), what="production and income of ")


def world_supply_is_use(b: Benchmark) -> Iterator[Comparison]:
    """Σ_i Y_i^j = Σ_n (final demand + inputs) − duties, by sector of the world."""
    use = (b.final_demand + b.intermediate_demand).sum(axis=0) - _duties(b).sum(axis=(0, 1))
    yield Comparison(use, b.trade_flow.sum(axis=(0, 1)), ("sector",), what="world use of ")


def within_bounds(b: Benchmark) -> Iterator[Comparison]:
    """Flows and final demand are not negative, shares lie in [0, 1], home sales bear no tariff, elasticities are positive."""
    market = b.expenditure
    zero = np.zeros_like(market)
    final = b.expenditure - _inputs(b)
    yield Comparison(np.minimum(final, 0), zero, ("country", "sector"), scale=market, what="final demand of ")
    sold = np.broadcast_to(np.abs(market)[:, None, :], b.trade_flow.shape)
    flows = np.minimum(b.trade_flow, 0)
    yield Comparison(flows, np.zeros_like(flows), ("importer", "exporter", "sector"), scale=sold, what="flow to ")
    for values, what in ((b.value_added_share, "value-added share of "), (b.labour_share, "labour share of ")):
        yield Comparison(values, np.clip(values, 0, 1), ("country", "sector"), what=what, scale=np.ones(1), unit="")
    home = np.arange(len(b.economies))
    at_home = _on_price(b, "tariff", "import_rent", "export_tax", "export_rent")[home, home] - 1
    yield Comparison(at_home, zero, ("country", "sector"), what="home tariff of ", scale=np.ones(1), unit="")
    theta = np.minimum(b.trade_elasticity, 0)
    yield Comparison(theta, np.zeros_like(theta), ("sector",), what="trade elasticity of ", scale=np.ones(1), unit="")


IDENTITIES: tuple[tuple[str, str, Callable[[Benchmark], Iterator[Comparison]]], ...] = (
    ("goods market", "each sector's sales at the shares and expenditures of its buyers are its output", goods_market),
    ("expenditure", "what is spent on a sector is final demand and inputs, tariffs included", expenditure),
    ("income = spending", "value added, duties and the deficit pay for final demand", income_is_spending),
    ("external balance", "the deficit is imports less exports", external_balance),
    ("deficits sum to zero", "what some borrow others lend", deficits_sum_to_zero),
    ("shares sum to one", "trade, final and input shares", shares_sum_to_one),
    ("cost = revenue", "value added and inputs exhaust output", cost_is_revenue),
    ("GDP three ways", "production, expenditure and income give the same GDP", gdp_three_ways),
    ("world supply = use", "every sector's world output is bought by somebody", world_supply_is_use),
    ("bounds", "nothing negative, shares within 0 and 1, no tariff at home", within_bounds),
)


# -- control totals: the stored arrays against sums kept apart from them ------------------------------


def sales_control(b: Benchmark, totals: Mapping[str, Array]) -> Iterator[Comparison]:
    """Output and purchases by sector, and trade by pair, as they were when the arrays were built."""
    yield Comparison(b.trade_flow.sum(axis=0), totals["sales"], ("country", "sector"), what="sales of ")
    yield Comparison(b.trade_flow.sum(axis=1), totals["purchases"], ("country", "sector"), what="purchases of ")
    yield Comparison(b.trade_flow.sum(axis=2), totals["bilateral"], ("importer", "exporter"), what="trade of ")


def tariff_control(b: Benchmark, totals: Mapping[str, Array]) -> Iterator[Comparison]:
    """Duties by pair."""
    yield Comparison((b.tariff * b.trade_flow).sum(axis=2), totals["duties"], ("importer", "exporter"), what="duties of ")


def input_control(b: Benchmark, totals: Mapping[str, Array]) -> Iterator[Comparison]:
    """Inputs by input and by user, relative to the economy's use of that sector."""
    cost = (1 - b.value_added_share) * b.output
    scale = np.maximum(totals["input_cost"], b.output)
    yield Comparison(cost, totals["input_cost"], ("country", "sector"), scale=scale, what="input cost of ")
    yield Comparison(
        _inputs(b), totals["inputs"], ("country", "sector"), scale=np.maximum(b.expenditure, 1e-9), what="inputs of "
    )


def source_control(b: Benchmark, totals: Mapping[str, Array]) -> Iterator[Comparison]:
    """Output against gross output as the input-output table states it (with the clips of goods), where above USD 100 mn."""
    stated = totals["source_output"].copy()
    stated[:, : totals["source_clipped"].shape[1]] += totals["source_clipped"]
    ours = b.output[: stated.shape[0]]
    large = stated > SOURCE_FLOOR
    yield Comparison(np.where(large, ours, 0), np.where(large, stated, 0), ("country", "sector"), what="output of ")


CONTROLS: tuple[tuple[str, str, Callable[[Benchmark, Mapping[str, Array]], Iterator[Comparison]], float], ...] = (
    ("control: trade", "sums of the flows kept when they were built", sales_control, TOLERANCE),
    ("control: duties", "tariff revenue by pair kept when the tariffs were built", tariff_control, TOLERANCE),
    ("control: inputs", "sums of input use kept when it was built", input_control, TOLERANCE),
    ("source: gross output", "output as OECD's table states it", source_control, SOURCE_TOLERANCE),
)
