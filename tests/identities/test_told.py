"""What is reported beside welfare: prices at borders, terms of trade, GDP, factor incomes, employment; by what defines each."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from comity.evidence.audit import export_levy_cf, tariff_cf
from comity.evidence.verify import stress
from comity.model import costs, told
from comity.records import Benchmark, Closure, Equilibrium, Wedges
from comity.solve import report
from comity.solve.batch import solve_many
from comity.solve.derivatives import path
from comity.solve.equilibrium import solve
from comity.vocabulary import FACTORS
from referee import lopsided

RNG = np.random.default_rng(19)
N, J = 4, 3
ABROAD = (1 - np.eye(N))[:, :, None] * np.ones((N, N, J))
RATIOS = ("terms_of_trade", "real_gdp", "rental", "export_price", "import_price", *report.PAID, "border_price")


def claims() -> np.ndarray:
    own = ABROAD * RNG.uniform(0, 0.15, (N, N, J))
    return own + np.eye(N)[:, :, None] * (1 - own.sum(0))


def full_world() -> Benchmark:
    """Export taxes, rents, owners abroad and a customs pool at the benchmark; three flows are zero, a sector is missing."""
    given = {name: ABROAD * RNG.uniform(0, 0.15, (N, N, J)) for name in ("export_tax", "import_rent", "export_rent")}
    pool = {"E0": 0.7, "E2": 0.1, "E3": 0.2}
    return Benchmark.from_arrays(
        **{**lopsided(15, N, J, zeros=3, idle=True).arrays(), **given, "ownership": claims(), "customs_pool": pool}
    )


FULL = full_world()


def storm(b: Benchmark, size: float = 1.0) -> Wedges:
    """Tariffs, costs, productivity, labour, levies, owners and payments all move."""
    rng = np.random.default_rng(7)
    paid = size * rng.normal(0, 0.01, N) * b.value_added.sum() / N

    def levied(name: str) -> np.ndarray:
        base = getattr(b, name)
        return (0 if base is None else base) + size * ABROAD * rng.uniform(0, 0.2, (N, N, J))

    return Wedges(
        **{name: levied(name) for name in ("tariff", "export_tax", "import_rent", "export_rent")},
        trade_cost=(1 + ABROAD * rng.uniform(0, 0.3, (N, N, J))) ** size,
        productivity=rng.uniform(0.9, 1.2, (N, J)) ** size,
        labour=rng.uniform(0.9, 1.2, N) ** size,
        transfer=paid - paid.mean(),
    )


@pytest.fixture(scope="module", params=FACTORS)
def stormy(request: pytest.FixtureRequest) -> Equilibrium:
    return solve(FULL, replace(storm(FULL), ownership=claims()), closure=Closure(request.param, "with_trade"))


@pytest.mark.parametrize("factors", FACTORS)
def test_without_a_shock_ratios_are_one_and_levels_those_of_the_benchmark(factors: str):
    eq, b = solve(FULL, closure=Closure(factors, "fixed")), FULL
    for name in RATIOS:
        np.testing.assert_allclose(eq.values[name], 1, atol=1e-12, err_msg=name)
    np.testing.assert_allclose(eq.values["exports_by_sector"], (ABROAD * b.trade_flow).sum(0), rtol=1e-12)
    np.testing.assert_allclose(eq.values["imports_by_sector"], (ABROAD * b.trade_flow).sum(1), rtol=1e-12)
    np.testing.assert_allclose(eq.values["labour_income"], b.labour_share * b.value_added, rtol=1e-12)
    wages = b.labour_share * b.value_added
    np.testing.assert_allclose(eq.values["employment_share"], wages / wages.sum(1, keepdims=True), rtol=1e-12)


def test_factor_incomes_are_value_added_and_everybody_works_somewhere(stormy: Equilibrium):
    v = stormy.values
    np.testing.assert_allclose(v["labour_income"] + v["capital_income"], v["value_added"], rtol=1e-14)
    np.testing.assert_array_equal(told.labour_income(np.ones((N, J)), FULL.labour_share), FULL.labour_share)
    np.testing.assert_array_equal(told.capital_income(np.ones((N, J)), np.ones((N, J))), 0)
    np.testing.assert_allclose(v["employment_share"].sum(1), 1, rtol=1e-14)


def test_people_earn_the_wage_where_they_work():
    b, moved = FULL, storm(FULL)
    wages = (b.labour_share * b.value_added).sum(1)
    v = solve(b, moved, closure=Closure("specific", "fixed")).values
    paid = v["employment_share"] * (v["wage"] * moved.labour * wages)[:, None]
    np.testing.assert_allclose(paid, v["labour_income"], rtol=1e-8)
    stays = solve(b, moved, closure=Closure("immobile", "fixed")).values["employment_share"]
    np.testing.assert_allclose(stays, told.employment_share(b.labour_share * b.value_added), rtol=1e-14)
    assert np.abs(v["employment_share"] - stays).max() > 1e-3


def test_capital_costs_the_wage_where_it_moves_and_what_it_earns_where_it_does_not():
    b = FULL
    mobile = solve(b, storm(b), closure=Closure("mobile", "fixed")).values
    np.testing.assert_allclose(mobile["rental"], np.repeat(mobile["wage"][:, None], J, 1), rtol=1e-15)
    more = replace(storm(b), capital=np.random.default_rng(3).uniform(0.8, 1.3, (N, J)))
    v = solve(b, more, closure=Closure("specific", "fixed")).values
    made = b.value_added > 0
    earned = v["rental"] * more.capital * (1 - b.labour_share) * b.value_added
    np.testing.assert_allclose(earned, v["capital_income"], rtol=1e-9)
    both = v["wage"][:, None] ** b.labour_share * v["rental"] ** (1 - b.labour_share)
    np.testing.assert_allclose(both[made], v["value_added_price"][made], rtol=1e-12)
    np.testing.assert_allclose(costs.rental(np.log([1.2]), np.log([1.1])), np.log(1.2 / 1.1), rtol=1e-12)


def test_exports_are_imports_and_pay_for_each_other_but_for_what_comes_from_abroad(stormy: Equilibrium):
    v = stormy.values
    assert v["exports"].sum() == pytest.approx(v["imports"].sum(), rel=1e-9)
    F = np.asarray(v["trade_flow"])
    pairs, of_sectors = np.asarray(told.partner_trade(F)), np.asarray(told.exports(F))
    np.testing.assert_array_equal(np.diag(pairs), 0)
    np.testing.assert_allclose(pairs.sum(0), v["exports"], rtol=1e-9)
    np.testing.assert_allclose(pairs.sum(1), v["imports"], rtol=1e-9)
    np.testing.assert_allclose(v["trade_by_partner"], pairs)
    np.testing.assert_allclose(of_sectors.sum(0), np.asarray(told.imports(F)).sum(0), rtol=1e-12)
    np.testing.assert_allclose(v["exports_by_sector"].sum(1), v["exports"], rtol=1e-9)
    np.testing.assert_allclose(v["imports_by_sector"].sum(1), v["imports"], rtol=1e-9)
    duties = np.einsum("nij,nij->n", tariff_cf(stormy.benchmark, stormy.wedges), F)
    pool = v["tariff_revenue"] - duties
    abroad = v["deficit"] + stormy.wedges.transfer + v["dividends_received"] - v["dividends_paid"] + pool
    np.testing.assert_allclose(v["imports"] - v["exports"], abroad, atol=1e-8 * v["gdp"].max())


def test_gdp_three_ways(stormy: Equilibrium):
    """Spending, income, and output less inputs: with duties and export taxes, without what a pool or owners send."""
    b, wedges, v = stormy.benchmark, stormy.wedges, stormy.values
    F, levy = np.asarray(v["trade_flow"]), export_levy_cf(b, wedges)
    duties = (tariff_cf(b, wedges) * F).sum((1, 2))
    taxes = (F * levy / (1 + levy)).sum((0, 2))
    np.testing.assert_allclose(v["gdp"], told.gdp(v["income_cf"], v["exports"], v["imports"]), rtol=1e-14)
    np.testing.assert_allclose(v["gdp"], v["labour_income"].sum(1) + v["capital_income"].sum(1) + duties + taxes, rtol=1e-8)
    inputs = v["expenditure"].sum(1) - v["income_cf"]
    np.testing.assert_allclose(v["gdp"], v["output_cf"].sum(1) - inputs + duties + taxes, rtol=1e-8)


def test_money_in_other_units_changes_no_ratio_and_every_level_alike():
    units = 1000 / 7
    shock = storm(FULL)
    other = replace(FULL, trade_flow=units * FULL.trade_flow)
    one = solve(FULL, shock, closure=Closure("specific", "with_trade")).values
    two = solve(
        other, replace(shock, transfer=units * np.asarray(shock.transfer)), closure=Closure("specific", "with_trade")
    ).values
    for name in (*RATIOS, "employment_share"):
        np.testing.assert_allclose(two[name], one[name], rtol=1e-8, err_msg=name)
    for name in ("gdp", "exports", "trade_by_partner", "capital_income"):
        np.testing.assert_allclose(two[name], units * one[name], rtol=1e-8, atol=1e-6, err_msg=name)


# -- terms of trade --------------------------------------------------------------------------------------


def test_what_one_gains_by_prices_others_lose(stormy: Equilibrium):
    """Every dollar of trade has one price: exports times their rise less imports times theirs is nothing in the world."""
    b, v = stormy.benchmark, stormy.values
    out, into = (np.asarray(part).sum(1) for part in (told.exports(b.trade_flow), told.imports(b.trade_flow)))
    gain = out * (v["export_price"] - 1) - into * (v["import_price"] - 1)
    assert np.abs(gain).max() > 1e-3 * out.max()
    assert abs(gain.sum()) < 1e-12 * out.sum()


def test_two_economies_have_each_other_s_terms_of_trade():
    b = Benchmark.from_arrays(**lopsided(3, 2, 3).arrays())
    tariff = b.tariff.copy()
    tariff[0, 1] += 0.3
    ours, theirs = solve(b, Wedges(tariff=tariff)).values["terms_of_trade"]
    assert ours > 1.001
    assert ours * theirs == pytest.approx(1, rel=1e-12)


def small_economy(size: float, theta: float) -> tuple[float, float, float]:
    """What a tariff of 10 points does to a small economy's import price and terms of trade and to those of others; less one."""
    given = lopsided(28, N, J).arrays()
    flow = np.array(given["trade_flow"])
    flow[0] *= size
    flow[1:, 0] *= size
    b = Benchmark.from_arrays(**{**given, "trade_flow": flow, "trade_elasticity": np.full(J, theta)})
    tariff = b.tariff.copy()
    tariff[0, 1:] += 0.1
    v = solve(b, Wedges(tariff=tariff), tolerance=1e-12).values
    terms = v["terms_of_trade"] - 1
    return float(abs(v["import_price"][0] - 1)), float(terms[0]), float(np.abs(terms[1:]).max())


@pytest.mark.parametrize("theta", [4.0, 40.0])
def test_a_small_economy_s_tariff_moves_the_price_of_nothing_but_its_own_goods(theta: float):
    """In the limit it takes prices of imports as given and nobody else notices. Its own varieties nobody else makes: they become
    dearer however small it is and whatever θ (Gros 1987), for a tariff is a tax on exports as well (Lerner 1936)."""
    (price, terms, others), (less, same, fewer) = small_economy(1e-2, theta), small_economy(1e-4, theta)
    assert less < price / 50 < 1e-4
    assert fewer < others / 50 < 1e-4
    assert same == pytest.approx(terms, rel=0.1)
    assert 0.01 < same < 0.1


def test_an_embargoed_basket_has_no_price_and_home_goods_have_their_cost():
    b = Benchmark.from_arrays(**lopsided(28, N, J).arrays())
    cost = np.ones((N, N, J))
    cost[0, 1, 2] = np.inf
    v = solve(b, Wedges(trade_cost=cost), closure=Closure("specific", "with_trade")).values
    infinite = np.isinf(v["buyer_price"])
    assert infinite[0, 1, 2]
    assert infinite.sum() == 1
    assert np.isinf(v["buyer_price_by_partner"]).sum() == np.isinf(v["buyer_price_by_partner"][0, 1]) == 1
    np.testing.assert_allclose(np.einsum("nnj->nj", v["buyer_price"]), v["unit_cost"], rtol=1e-15)
    assert all(np.isfinite(v[name]).all() for name in ("border_price", *report.INDICES))


def test_what_buyers_pay_makes_the_price_of_a_sector(stormy: Equilibrium):
    """P̂ = (Σ_i π q̂^{−θ})^{−1/θ}: the engine never forms q̂, and what is reported must agree with it."""
    b, v = stormy.benchmark, stormy.values
    mean = (b.trade_share * v["buyer_price"] ** -b.trade_elasticity).sum(1) ** (-1 / b.trade_elasticity)
    np.testing.assert_allclose(mean, v["price"], rtol=1e-8)
    gross = (1 + tariff_cf(b, stormy.wedges)) / (1 + tariff_cf(b, Wedges())) * np.asarray(stormy.wedges.trade_cost)
    np.testing.assert_allclose(told.buyer_price(v["border_price"], gross), v["buyer_price"], rtol=1e-12)
    levy = (1 + export_levy_cf(b, stormy.wedges)) / (1 + export_levy_cf(b, Wedges()))
    np.testing.assert_allclose(told.border_price(v["unit_cost"], levy), v["border_price"], rtol=1e-12)


def test_an_index_is_what_the_base_basket_costs():
    F, dearer = RNG.uniform(1, 5, (N, N, J)), np.ones((N, N, J))
    dearer[0, 2, 1] = 1.5
    assert told.partner_price(F, dearer)[0, 2] == pytest.approx(1 + 0.5 * F[0, 2, 1] / F[0, 2].sum())
    assert told.import_price(F, dearer)[0] == pytest.approx(1 + 0.5 * F[0, 2, 1] / (ABROAD * F)[0].sum())
    assert told.export_price(F, dearer)[2] == pytest.approx(1 + 0.5 * F[0, 2, 1] / (ABROAD * F)[:, 2].sum())
    shut = F * 0
    np.testing.assert_array_equal(told.terms_of_trade(told.export_price(shut, dearer), told.import_price(shut, dearer)), 1)


# -- real GDP --------------------------------------------------------------------------------------------


def test_more_of_everything_is_more_gdp_and_no_terms_of_trade():
    b = FULL
    eq = solve(b, Wedges(labour=np.full(N, 1.1), capital=np.full((N, J), 1.1)), closure=Closure("specific", "fixed"))
    np.testing.assert_allclose(eq.values["real_gdp"], 1.1, rtol=1e-9)
    np.testing.assert_allclose(eq.values["terms_of_trade"], 1, rtol=1e-9)


def test_gdp_of_a_year_at_prices_of_the_other_and_back():
    """Fisher's reversals: there and back again is nothing, and volume times price is value."""

    def draw(*shape: int) -> np.ndarray:
        return RNG.uniform(1, 2, shape)

    final, F, later, F_cf = 20 * draw(N, J), draw(N, N, J), 20 * draw(N, J), draw(N, N, J)
    lnP, price = RNG.normal(0, 0.2, (N, J)), draw(N, N, J)
    there = np.asarray(told.real_gdp((final, F), (later, F_cf), lnP, price))
    back = np.asarray(told.real_gdp((later, F_cf), (final, F), -lnP, 1 / price))
    np.testing.assert_allclose(there * back, 1, rtol=1e-12)
    same = np.asarray(told.real_gdp((final, F), (final * np.exp(lnP), F * price), lnP, price))
    np.testing.assert_allclose(same, 1, rtol=1e-14)  # dearer, not more


def test_real_income_is_real_gdp_and_terms_of_trade_and_what_comes_from_abroad():
    """To first order the envelope condition divides a gain into quantities, which are real GDP, prices, and claims."""
    b = FULL
    errors = []
    for size in (1e-2, 1e-3):
        eq = solve(b, storm(b, size), closure=Closure("specific", "with_trade"), tolerance=1e-12)
        parts, v = path.decompose(eq).by_channel(), eq.values
        scale = b.income - b.deficit
        out, into = (np.asarray(part).sum(1) for part in (told.exports(b.trade_flow), told.imports(b.trade_flow)))
        made = sum(parts[k] for k in ("volume_of_trade", "volume_of_exports", "trade_cost", "productivity", "labour", "capital"))
        volume = told.gdp(b.income, out, into) * np.log(v["real_gdp"]) / scale - made
        terms = (out * np.log(v["export_price"]) - into * np.log(v["import_price"])) / scale - parts["terms_of_trade"]
        errors.append((np.abs(volume).max(), np.abs(terms).max()))
        assert np.abs(made).min() > 20 * errors[-1][0] * (size == 1e-3)
    assert all(less < error / 50 for error, less in zip(*errors, strict=True))


def test_without_duties_a_tariff_moves_real_gdp_only_to_second_order():
    """Kehoe and Ruhl (2008): terms of trade are prices; a volume moves with them only where a price is wrong already."""
    given = lopsided(28, N, J).arrays()
    b = Benchmark.from_arrays(**{**given, "tariff": np.zeros((N, N, J))})
    moved = []
    for size in (1e-2, 1e-3):
        v = solve(b, Wedges(tariff=size * ABROAD * (np.arange(N) == 0)[:, None, None]), tolerance=1e-12).values
        moved.append(np.abs(v["real_gdp"] - 1).max())
        assert v["terms_of_trade"][0] - 1 > 0.1 * size
    assert moved[1] < moved[0] / 80


# -- how it is reported ----------------------------------------------------------------------------------


def test_nothing_bilateral_is_made_before_it_is_asked_for(monkeypatch: pytest.MonkeyPatch):
    made: list[str] = []
    plain = report.Later.__call__

    def counted(self: report.Later, name: str, values):
        made.append(name)
        return plain(self, name, values)

    monkeypatch.setattr(report.Later, "__call__", counted)
    eq = solve(FULL, storm(FULL), closure=Closure("specific", "with_trade"))
    assert eq.values["gdp"].shape == eq.values["exports"].shape == (N,)
    assert made == []
    assert eq.terms_of_trade.dims == ("country",)
    assert set(made) == {"terms_of_trade", "border_price", "trade_flow"}
    assert eq.buyer_price_by_partner.dims == ("importer", "exporter")
    assert eq.rental.attrs["unit"] == "ratio"


def test_a_batch_reports_the_same():
    b = Benchmark.from_arrays(**lopsided(28, N, J).arrays())
    one, (two,) = solve(b, stress(b)), solve_many(b, [stress(b)], batch=1)
    assert set(two.values) == set(one.values)
    for name in (*report.INDICES, *report.TRADE):
        np.testing.assert_allclose(two.values[name], one.values[name], rtol=1e-8, atol=1e-8, err_msg=name)
