"""Our solver against an independent one: the model in levels, solved by SciPy (tests/referee.py), equal to 1e-8."""

from __future__ import annotations

from dataclasses import asdict, replace

import numpy as np
import pytest

from comity.records import Benchmark, Closure, Wedges
from comity.solve.equilibrium import solve
from referee import Economy, Levels, Nests, Shock, changes, lopsided

FACTORS = ("mobile", "specific", "immobile")
DEFICITS = ("fixed", "proportional", "balanced", "with_trade")


def shocks(economy: Economy) -> dict[str, dict]:
    """One shock of each kind and all of them at once; large enough that first-order answers would be wrong."""
    n, j = economy.output.shape
    rng = np.random.default_rng(99)
    abroad = 1 - np.eye(n)[:, :, None]
    tariff = economy.tariff.copy()
    tariff[0, 1:] += 0.25
    tariff[1:, 0, 0] = 0.0
    cost = 1 + abroad * rng.uniform(-0.1, 0.25, (n, n, j))
    transfer = rng.normal(0, 0.01, n) * economy.value_added.sum() / n
    kinds = {
        "tariff": {"tariff": tariff},
        "trade cost": {"trade_cost": cost},
        "productivity": {"productivity": rng.uniform(0.8, 1.3, (n, j))},
        "taste": {"taste": rng.uniform(0.7, 1.5, (n, j))},
        "labour": {"labour": rng.uniform(0.85, 1.2, n)},
        "capital": {"capital": rng.uniform(0.8, 1.3, (n, j))},
        "transfer": {"transfer": transfer - transfer.mean()},
    }
    return kinds | {"everything": {name: value for kind in kinds.values() for name, value in kind.items()}}


KINDS = ("tariff", "trade cost", "productivity", "taste", "labour", "capital", "transfer")


def referee_shock(change: dict) -> Shock:
    labour = np.asarray(change.get("labour", 1.0))
    return Shock(**{**change, "labour": labour})


def compare(economy: Economy, factors: str, deficits: str, change: dict, nests: Nests | None = None) -> dict[str, float]:
    """Largest relative difference of every reported quantity."""
    nests = nests or Nests()
    truth = changes(Levels(economy, factors, deficits, seed=5, nests=nests), referee_shock(change))
    closure = Closure(factors, deficits, **asdict(nests))
    ours = solve(Benchmark.from_arrays(**economy.arrays()), Wedges(**change), closure=closure)
    money = economy.value_added.sum()
    in_money = (
        "deficit",
        "tariff_revenue",
        "export_tax_revenue",
        "dividends",
        "output_cf",
        "value_added",
        "trade_flow",
        "ev_usd_mn",
    )
    scale = dict.fromkeys(in_money, money) | {"gain_pct": 100.0, "trade_share": 1.0}
    reported = {name: np.asarray(value) for name, value in ours.values.items()}
    reported["dividends"] = reported["dividends_received"] - reported["dividends_paid"]
    gaps = {}
    for name, right in truth.items():
        left = reported[name]
        seen = ~np.isnan(right)
        size = scale.get(name, np.abs(right[seen]))
        gaps[name] = float((np.abs(left - right)[seen] / size).max())
    return gaps


@pytest.mark.parametrize("factors", FACTORS)
@pytest.mark.parametrize("deficits", DEFICITS)
def test_everything_at_once_agrees_with_the_referee(economy: Economy, factors: str, deficits: str):
    change = dict(shocks(economy)["everything"])
    if factors == "mobile":
        del change["capital"]  # one composite factor an economy: capital has no meaning of its own
    gaps = compare(economy, factors, deficits, change)
    assert max(gaps.values()) < 1e-8, gaps


@pytest.mark.parametrize(("factors", "kind"), [(f, k) for f in FACTORS for k in KINDS if (f, k) != ("mobile", "capital")])
def test_each_kind_of_shock_agrees_with_the_referee(economy: Economy, factors: str, kind: str):
    gaps = compare(economy, factors, "with_trade", shocks(economy)[kind])
    assert max(gaps.values()) < 1e-8, gaps


NESTS = {
    "a crisis": Nests(0.2, 0.5, 0.9),
    "nothing replaces anything": Nests(0.05, 0.05, 0.05),
    "much replaces much": Nests(3.0, 2.0, 4.0),
    "by sector, some exactly 1": Nests(np.array([0.1, 1.0, 2.5]), np.array([1.0, 0.3, 1.7]), 1.0),
}


@pytest.mark.parametrize("nests", NESTS.values(), ids=NESTS)
@pytest.mark.parametrize(
    ("factors", "deficits"),
    [("mobile", "fixed"), ("specific", "with_trade"), ("immobile", "proportional"), ("specific", "balanced")],
)
@pytest.mark.parametrize("idle", [False, True])
def test_substitution_agrees_with_the_referee(nests: Nests, factors: str, deficits: str, idle: bool):
    economy = lopsided(15, 4, 3, zeros=3, idle=True) if idle else lopsided(28, 4, 3)
    change = dict(shocks(economy)["everything"])
    if factors == "mobile":
        del change["capital"]
    gaps = compare(economy, factors, deficits, change, nests)
    assert max(gaps.values()) < 1e-8, gaps


def rates(economy: Economy, seed: int) -> np.ndarray:
    """Export taxes and a few subsidies, none at home."""
    tax = np.random.default_rng(seed).uniform(-0.05, 0.3, economy.flow.shape)
    return tax * (1 - np.eye(len(tax))[:, :, None])


def owners(economy: Economy, seed: int) -> np.ndarray:
    """Up to 70 % of the capital of some sectors belongs to some foreigners."""
    rng = np.random.default_rng(seed)
    n, j = economy.output.shape
    abroad = 1 - np.eye(n)[:, :, None]
    own = abroad * rng.uniform(0, 0.3, (n, n, j)) * (rng.uniform(0, 1, (n, n, j)) < 0.6)
    own /= np.maximum(1, own.sum(0) / 0.7)
    return own + (1 - abroad) * (1 - own.sum(0))


POOL = np.array([0.0, 0.3, 0.5, 0.2])
"""Three of four economies pool the duties on what comes from the fourth."""


def affordable(seed: int, idle: bool) -> Economy:
    """A lopsided world of this seed (or one of the next) whose lenders can go on lending after a shock."""
    for attempt in range(50):
        economy = lopsided(seed + 1000 * attempt, 4, 3, zeros=3 if idle else 0, idle=idle)
        if np.abs(economy.deficit / economy.value_added.sum(1)).max() < 0.5:
            return economy
    raise AssertionError("no such world found")


ELASTICITIES = (Nests(), Nests(0.2, 0.5, 0.9), Nests(2.0, 1.0, 3.0), Nests(np.array([0.1, 1.0, 2.5]), 0.7, 1.5))
LOPSIDED = list(
    enumerate((nests, factors, foreign) for nests in ELASTICITIES for factors in FACTORS for foreign in (False, True))
)


@pytest.mark.parametrize(("seed", "case"), LOPSIDED, ids=[f"{k}-{f}-{'foreign' if o else 'own'}" for k, (_, f, o) in LOPSIDED])
def test_taxes_owners_and_a_pool_agree_with_the_referee(seed: int, case: tuple[Nests, str, bool]):
    """24 worlds; tariffs, export taxes, trade costs, transfers and owners at once; `foreign`: in the benchmark too."""
    nests, factors, foreign = case
    economy = affordable(200 + seed, idle=seed % 3 == 0)
    change = dict(shocks(economy)["everything"]) | {"export_tax": rates(economy, 3), "ownership": owners(economy, 4)}
    if factors == "mobile":
        del change["capital"]
    if foreign:
        economy = replace(economy, export_tax=rates(economy, 1), ownership=owners(economy, 2), pool=POOL)
    gaps = compare(economy, factors, DEFICITS[seed // 2 % 4], change, nests)
    assert max(gaps.values()) < 1e-8, gaps


@pytest.mark.parametrize("deficits", DEFICITS)
def test_every_deficit_closure_agrees_with_taxes_owners_and_a_pool(deficits: str):
    economy = lopsided(28, 4, 3)
    economy = replace(economy, export_tax=rates(economy, 1), ownership=owners(economy, 2), pool=POOL)
    change = dict(shocks(economy)["everything"]) | {"export_tax": rates(economy, 3), "ownership": owners(economy, 4)}
    gaps = compare(economy, "specific", deficits, change, Nests(0.5, 0.5, 0.9))
    assert max(gaps.values()) < 1e-8, gaps


def test_the_referee_reproduces_its_own_benchmark(economy: Economy):
    """The calibration of technology is right: solved without a shock, levels are those that it was drawn at."""
    levels = Levels(economy, "specific", "fixed", seed=5)
    found = levels.solve()
    np.testing.assert_allclose(found.flow, economy.flow, rtol=1e-11, atol=1e-11 * economy.flow.max())
    np.testing.assert_allclose(found.wage, levels.wage0, rtol=1e-11)


def test_the_referee_can_disagree(economy: Economy):
    """A planted fault: one per cent on one tariff moves the answer by far more than the tolerance."""
    change = shocks(economy)["tariff"]
    wrong = {"tariff": change["tariff"] + 0.01 * (np.indices(change["tariff"].shape)[0] == 0) * (economy.tariff > 0)}
    truth = changes(Levels(economy, "mobile", "fixed", seed=5), referee_shock(change))
    other = changes(Levels(economy, "mobile", "fixed", seed=5), referee_shock(wrong))
    assert np.abs(truth["real_income"] - other["real_income"]).max() > 1e-5
