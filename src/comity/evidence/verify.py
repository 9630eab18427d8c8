"""verify(): is the benchmark an equilibrium, and does the solver find equilibria? Named checks with their worst cell.

Accounts come from `comity.data.checks`; here the solver is put to the test: replication, every market after a shock
(recomputed by `audit`), homogeneity, the numéraire, a second solver, and a world in which everything is on (`full`).
`tests/unit/test_evidence_verify.py` plants a
fault under each check and sees it turn red.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np

from comity.data.checks import Check, check
from comity.evidence import full
from comity.evidence.audit import Gap, audit, judged, worst
from comity.evidence.second import small_world, tatonnement
from comity.model import market
from comity.records import Array, Benchmark, Closure, Equilibrium, Wedges
from comity.solve import problem
from comity.solve.equilibrium import solve

Solver = Callable[..., Equilibrium]

CLOSURES = (Closure("mobile", "fixed"), Closure("specific", "with_trade"))
"""The papers' closure and that of the talks."""

SHORT_RUN = Closure("specific", "with_trade", inputs=0.2, value_added=0.5, final=0.9)
"""Nests with little substitution, for the shock that moves everything."""

MARKETS = 1e-9
REPLICATION, OFF_START, HOMOGENEITY, SECOND = 1e-12, 1e-8, 1e-10, 1e-8
SINGULAR = 1e4
"""Inverse of the smallest singular value of I − dG/du that still counts as regular; without the numéraire it is about 1e15."""


def verify(benchmark: Benchmark | None = None) -> list[Check]:
    """Every check of a benchmark (the embedded one unless given) and of the solver on it.

    Raises DataError when the benchmark cannot be read, NoEquilibriumError when the solver fails on the test shock.
    """
    if benchmark is None:
        from comity.data.load import load

        benchmark = load()
    return [
        *check(benchmark),
        replication(benchmark),
        replication_off_start(benchmark),
        *markets_clear(
            [
                *(solve(benchmark, stress(benchmark), closure=closure) for closure in CLOSURES),
                solve(benchmark, stress_all(benchmark), closure=SHORT_RUN),
            ]
        ),
        homogeneity(benchmark),
        numeraire(benchmark),
        second_solver(benchmark),
        *everything_on(full.full_world(small_world(benchmark))),
    ]


def everything_on(benchmark: Benchmark) -> list[Check]:
    """A world with owners abroad, levies and a pool: accounts, replication, all markets after the shock, derivatives, parts."""
    eq = solve(benchmark, stress_all(benchmark), closure=SHORT_RUN)
    found = [*arrangements(benchmark), full.gradient(benchmark, SHORT_RUN), full.decomposition(eq)]
    return [replace(item, name=f"everything on: {item.name}") for item in found]


def arrangements(benchmark: Benchmark, solver: Solver = solve) -> list[Check]:
    """Owners abroad, levies and a pool in the benchmark's accounts, without a shock, and in all markets after one."""
    gap = max(check(benchmark), key=lambda item: item.residual / item.tolerance)
    accounts = Gap(gap.residual, f"{gap.name}: {gap.worst}")
    still = [_no_change(solver(benchmark, None, closure=closure)) for closure in (*CLOSURES, SHORT_RUN)]
    eq = solver(benchmark, stress_all(benchmark), closure=SHORT_RUN)
    markets = [Gap(one.value, f"{name}, {one.cell}") for name, one in audit(eq).items()]
    return [
        judged("accounts", [accounts], gap.tolerance, "owners abroad, export taxes, rents and the pool are in every account"),
        judged("replication", still, REPLICATION, "without a shock the solver returns the benchmark"),
        judged("after a shock", markets, MARKETS, "all markets and accounts, recomputed from what is reported"),
    ]


def stress(benchmark: Benchmark) -> Wedges:
    """A lopsided test shock: the largest economy taxes all imports by ten points more, distance costs up to 10 % more,
    and productivity moves by up to 5 %, differently in each economy and sector."""
    n, _, j = benchmark.trade_flow.shape
    abroad = 1 - np.eye(n)[:, :, None]
    tariff = np.array(benchmark.tariff)
    largest = int(np.argmax(benchmark.income))
    tariff[largest] += 0.1 * abroad[largest]
    cell = np.arange(n)[:, None] * 7 + np.arange(j)[None, :] * 3
    cost = 1 + 0.1 * abroad * ((cell[:, None, :] + 5 * cell[None, :, :]) % 11) / 10
    return Wedges(tariff=tariff, trade_cost=cost, productivity=1 + 0.05 * np.sin(cell))


def stress_all(benchmark: Benchmark) -> Wedges:
    """The test shock, and with it export taxes of up to 10 %, rents of 5 %, a transfer, and a tenth of every sector's capital
    in the hands of the next economy."""
    n, _, j = benchmark.trade_flow.shape
    abroad = (1 - np.eye(n)[:, :, None]) * np.ones(j)
    cell = (np.arange(n)[:, None, None] + 3 * np.arange(n)[None, :, None] + 5 * np.arange(j)) % 7
    owned = np.eye(n)[:, :, None] * np.full(j, 0.9) + np.roll(np.eye(n), 1, axis=0)[:, :, None] * np.full(j, 0.1)
    gift = np.zeros(n)
    gift[0], gift[-1] = 1e-3 * benchmark.income[-1], -1e-3 * benchmark.income[-1]
    return replace(
        stress(benchmark),
        export_tax=abroad * 0.1 * cell / 6,
        import_rent=abroad * 0.05 * (cell == 1),
        export_rent=abroad * 0.05 * (cell == 2),
        ownership=owned,
        transfer=gift,
    )


def replication(benchmark: Benchmark, solver: Solver = solve) -> Check:
    """Without a shock nothing changes, in either closure."""
    gaps = [_no_change(solver(benchmark, None, closure=closure)) for closure in CLOSURES]
    return judged("replication", gaps, REPLICATION, "without a shock the solver returns the benchmark")


def replication_off_start(benchmark: Benchmark, solver: Solver = solve) -> Check:
    """Nor does anything change when the solver starts from wages and prices that are off by 20 %."""
    gaps = [_no_change(solver(benchmark, None, closure=closure, start=off_start(benchmark))) for closure in CLOSURES]
    return judged("replication, start off by 20 %", gaps, OFF_START, "the benchmark is found from wages and prices off by 20 %")


def off_start(benchmark: Benchmark, off: float = 0.2) -> dict[str, Array]:
    """Wages and prices a fifth too high or too low, by turns."""
    n, j = benchmark.expenditure.shape
    sign = np.where((np.arange(n)[:, None] + 2 * np.arange(j)[None, :]) % 3 == 0, 1.0, -1.0)
    return {"wage": 1 + off * np.where(np.arange(n) % 2 == 0, 1.0, -1.0), "price": 1 + off * sign}


def _no_change(eq: Equilibrium) -> Gap:
    """The largest relative change of anything reported against the benchmark that it stands on."""
    b = eq.benchmark
    levels = {"income_cf": b.income, "value_added": b.value_added, "trade_flow": b.trade_flow, "deficit": b.deficit}
    levels |= {"output_cf": b.output, "tariff_revenue": b.tariff_revenue, "export_tax_revenue": b.export_tax_revenue}
    size = {
        "deficit": b.income,
        "tariff_revenue": b.income,
        "export_tax_revenue": b.income,
        "trade_flow": b.expenditure[:, None, :],
    }
    makes = b.output > 0
    gaps = []
    for name in ("wage", "price", "price_index", "unit_cost", "real_income", "welfare"):
        hat = np.asarray(eq.values[name])
        gaps.append((name, worst(np.where(makes, hat - 1, 0.0) if name == "unit_cost" else hat - 1, b)))
    for name, before in levels.items():
        scale = size.get(name, before)
        gap = (np.asarray(eq.values[name]) - before) / np.where(scale > 0, scale, 1.0)
        gaps.append((name, worst(gap, b)))
    net = np.asarray(eq.values["dividends_received"]) - np.asarray(eq.values["dividends_paid"])
    gaps.append(("dividends", worst((net - b.dividends) / b.income, b)))
    name, gap = max(gaps, key=lambda item: item[1].value)
    return Gap(gap.value, f"{name} of {gap.cell} ({eq.closure.factors}, {eq.closure.deficits})")


def markets_clear(solved: list[Equilibrium]) -> list[Check]:
    """One check for each market and account, after the test shock, over all equilibria given."""
    found: dict[str, list[Gap]] = {}
    for eq in solved:
        for name, gap in audit(eq).items():
            cell = f"{gap.cell} ({eq.closure.factors}, {eq.closure.deficits})"
            found.setdefault(name, []).append(Gap(gap.value, cell))
    return [judged(f"after a shock: {name}", gaps, MARKETS, MEANINGS[name]) for name, gaps in found.items()]


MEANINGS: Mapping[str, str] = {
    "income": "value added, duties, deficit and transfers are what is spent",
    "duties": "tariff revenue is the tariff on what crosses the border",
    "export taxes": "what exporters' states and rent owners get is what the border price has above the producers'",
    "dividends": "capital income goes to its owners, wherever they live",
    "Walras, external accounts": "imports less exports are the deficit, which no equation of the solver asks for",
    "lending": "deficits move as the closure says",
    "deficits sum to zero": "what some borrow others lend",
    "world value added": "the numéraire stays where it was",
    "GDP, production and income": "outputs less inputs are incomes",
    "GDP, income and expenditure": "incomes are final spending and exports less imports",
    "shares sum to one": "each market is supplied once",
    "shares are spending": "shares are of spending with the tariff",
    "goods markets": "each sector sells what it makes, in all markets, the redundant one too",
    "spending": "spending on a sector is final demand and inputs",
    "factor markets": "factor incomes are wage times endowment, in all economies",
    "unit costs": "costs follow from wages, rents and input prices",
    "prices": "prices follow from costs, tariffs and distance",
    "trade shares": "shares follow from prices",
    "price of consumption": "the consumer price follows from sector prices",
}


def homogeneity(benchmark: Benchmark, solver: Solver = solve, units: float = 1000 / 7) -> Check:
    """Counting money in other units changes no ratio: the system is homogeneous of degree zero."""
    b = benchmark
    other = replace(b, trade_flow=units * b.trade_flow)
    shock = stress(b)
    gaps = []
    for closure in CLOSURES:
        one, two = (solver(world, shock, closure=closure).values for world in (b, other))
        for name in ("wage", "price", "real_income", "welfare"):
            gap = worst(np.asarray(two[name]) / np.asarray(one[name]) - 1, b)
            gaps.append(Gap(gap.value, f"{name} of {gap.cell} ({closure.factors}, {closure.deficits})"))
    return judged("homogeneity", gaps, HOMOGENEITY, f"money in units {units:.4g} times smaller changes no ratio")


def numeraire(benchmark: Benchmark, *, kept: bool = True) -> Check:
    """The scale of prices is determined: I − dG/du is regular on a small aggregate of the benchmark.

    The residual is the inverse of its smallest singular value. `kept=False` drops the numéraire from the equations.
    """
    small = small_world(benchmark)
    gaps = []
    for closure in CLOSURES:
        G_u = jacobian(small, closure, kept=kept)
        smallest = float(np.linalg.norm(np.eye(len(G_u)) - G_u, -2))
        gaps.append(Gap(1 / max(smallest, 1e-300), f"{small.name} ({closure.factors}, {closure.deficits})"))
    return judged("numéraire", gaps, SINGULAR, "world value added pins the scale of all prices (1 / smallest singular value)")


def jacobian(benchmark: Benchmark, closure: Closure, *, kept: bool = True) -> Array:
    """dG/du of all equations at the benchmark, dense: unknowns × unknowns. For small worlds."""
    w = problem.world(benchmark, closure)
    shock = problem.shock(w, Wedges())
    x = problem.start_state(w, closure, None)

    def G(flat: jax.Array) -> jax.Array:
        u = market.unpack(flat.reshape(x.shape), w.size[1], closure.factors)
        exchange = market.world_exchange(shock)
        out = market.evaluate(w.base, shock, u, exchange, closure.factors, closure.deficits, numeraire=kept)
        return market.pack(out.state).ravel()

    return np.asarray(jax.jacfwd(G)(jnp.ravel(x)))


def second_solver(benchmark: Benchmark, solver: Solver = solve) -> Check:
    """A tâtonnement in NumPy and the solver agree on a small aggregate of the benchmark (mobile factors, fixed deficits)."""
    small = small_world(benchmark)
    tariff = np.array(stress(small).tariff)
    theirs = tatonnement(small, tariff)
    ours = solver(small, Wedges(tariff=tariff), closure=Closure("mobile", "fixed")).values
    gaps = []
    for name, right in theirs.items():
        gap = worst(np.asarray(ours[name]) / right - 1, small)
        gaps.append(Gap(gap.value, f"{name} of {gap.cell}"))
    return judged("second solver", gaps, SECOND, f"Alvarez and Lucas's tâtonnement on {small.name} gives the same")
