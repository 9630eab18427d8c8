"""What governments want of their own producers: weights recovered, tested, and where everybody counts alike."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from comity.policy.instruments import Barrier, Embargo, Instrument, Tariff, TradeCost
from comity.policy.wedges import combine
from comity.records import Benchmark, Closure, Wedges
from comity.solve.derivatives.adjoint import Along
from comity.solve.equilibrium import balanced_benchmark, solve
from comity.store import Cache
from comity.strategy.players import player
from comity.strategy.response import best_response
from comity.talks import packages, results
from comity.talks.agenda import Agenda, Crisis, Proposal
from comity.talks.evaluate import EquilibriumPayoffs
from comity.talks.games import Games
from comity.talks.keeping.trust import Deal, trust
from comity.talks.wants import answers, sensitive
from comity.talks.wants.curvature import _twice_real, direction
from comity.talks.wants.governments import Governments
from comity.talks.wants.openings import openings
from referee import lopsided
from strategy_worlds import rebased
from talks_world import CRISES, PROPOSALS, WORLD, agenda, cut

SPECIFIC = Closure("specific", "fixed")
LENDING = Closure("specific", "with_trade")
W = {"KAZ": {"C10T12": 3.0, "A01": 1.5}, "BLR": {"C29": 2.0}}


def talks(world: Benchmark, parties: tuple[str, str], *changes: Instrument) -> Agenda:
    """One proposal, conceded by the first party, in a world without crises."""
    proposal = Proposal("it", "It", (parties[1],), (parties[0],), changes)
    return Agenda(
        "t", parties, None, SPECIFIC, None, (Crisis("none", "n", 1.0),), (proposal,), "expected", "equal", "none", (), ()
    )


def studied(a: Agenda, world: Benchmark, closure: Closure, **options: bool) -> sensitive.Study:
    engine = packages.Engine(world, closure, Cache(None), a.parties, a.wants.activity, tolerance=1e-12)
    touched = packages.touched_cells(world, [p.changes for p in a.proposals])
    near = packages.Neighbourhood(engine, packages.solve_crisis(engine, a.crises[0]), *touched)
    return sensitive.study(a, near, **options)


def judged(world: Benchmark, closure: Closure, wants: Governments, crises=CRISES, **more) -> results.Judged:
    a = replace(agenda(closure), wants=wants, crises=crises, **more)
    engine = packages.Engine(world, closure, Cache(None), a.parties, wants.activity, tolerance=1e-12)
    table = packages.compute_table(engine, a, [packages.solve_crisis(engine, crisis) for crisis in crises])
    return results.judged(a, world, table, world.income - world.deficit, {})


@pytest.fixture(scope="module")
def four() -> Benchmark:
    return Benchmark.from_arrays(**lopsided(28, 4, 3).arrays())


@pytest.mark.parametrize(("who", "weight"), [("E1", 1.4), ("E2", 2.0)])
def test_the_weight_behind_an_optimal_tariff_is_recovered_from_the_tariff(four, who, weight):
    sector = four.sectors[1]
    government = player(who, four, taxed=(sector,), sensitive={sector: weight})
    chosen = best_response(four, government, closure=SPECIFIC, tolerance=1e-9)
    assert chosen.certificate.converged
    there = rebased(chosen.eq)
    partner = next(code for code in four.economies if code != who)
    a = talks(there, (who, partner), Tariff(importer=who, exporter="all", sector=sector, add="-2%"))
    found = studied(a, there, SPECIFIC).found[0]
    assert found.test is not None
    assert found.test.kind == "maximum"
    assert found.test.weight == pytest.approx(weight, abs=1e-6)
    # Every opening and every raise of the barrier says the same, from below and from above.
    assert found.revealed is not None
    assert found.revealed.outcome == "weight"
    assert found.revealed.low == pytest.approx(weight, abs=1e-6)
    assert found.revealed.high == pytest.approx(weight, abs=1e-6)
    assert found.at_full.weight is None or found.at_full.weight < weight


@pytest.mark.parametrize("closure", [LENDING, Closure("immobile", "balanced")], ids=str)
def test_a_barrier_that_is_all_cost_sits_at_a_governments_minimum_and_states_no_weight(closure):
    a = replace(agenda(closure), crises=CRISES[:1])
    found = studied(a, WORLD, closure)
    opened = {(one.opening.party, one.opening.sector): one for one in found.found}
    food = opened["KAZ", "C10T12"]
    assert food.test is not None
    assert (food.test.kind, food.test.weight) == ("minimum", None)
    assert food.test.second is not None
    assert food.test.second > 0
    assert food.revealed is not None
    assert food.at_full.weight == pytest.approx(food.revealed.low)
    assert food.revealed.at == 1.0


def test_derivatives_along_an_opening_are_differences_of_the_solver():
    a = replace(agenda(LENDING), crises=CRISES[:1])
    engine = packages.Engine(WORLD, LENDING, Cache(None), a.parties, tolerance=1e-13)
    touched = packages.touched_cells(WORLD, [p.changes for p in a.proposals])
    near = packages.Neighbourhood(engine, packages.solve_crisis(engine, a.crises[0]), *touched)
    one = next(o for o in openings(a, near) if (o.party, o.sector) == ("KAZ", "C10T12"))
    step = direction(near, one)
    along = Along(solve(WORLD, None, closure=LENDING, tolerance=1e-13), step)
    n, j, h = WORLD.economy_index("KAZ"), WORLD.sectors.index("C10T12"), 2e-3

    def real(s: float) -> float:
        eq = solve(WORLD, Wedges(trade_cost=1 + s * step["trade_cost"]), closure=LENDING, tolerance=1e-13)
        return float(eq.values["value_added"][n, j] / eq.values["price_index"][n])

    low, mid, high = real(-h), real(0.0), real(h)
    first, second = _twice_real(along, n, j)
    assert first == pytest.approx((high - low) / (2 * h), rel=1e-4)
    assert second == pytest.approx((high - 2 * mid + low) / h**2, rel=1e-3)


def test_a_government_turns_at_the_break_even_weight():
    a = replace(agenda(LENDING), crises=CRISES[:1])
    engine = packages.Engine(WORLD, LENDING, Cache(None), a.parties, tolerance=1e-12)
    touched = packages.touched_cells(WORLD, [(cut("KAZ", "BLR", "C10T12", -0.25),)])
    near = [packages.Neighbourhood(engine, packages.solve_crisis(engine, CRISES[0]), *touched)]
    food = next(
        one
        for one in studied(replace(a, proposals=a.proposals[:1]), WORLD, LENDING, test=False).found
        if one.opening.sector == "C10T12"
    )
    w = food.at_full.weight
    assert w is not None
    for factor, sign in ((0.999, 1), (1.001, -1)):
        omega = {"KAZ": {"C10T12": factor * w - 1}}
        payoffs = EquilibriumPayoffs(near, np.ones(1), ["KAZ"], ["food"], WORLD.income - WORLD.deficit, omega)
        assert sign * (payoffs.at(np.ones(1)) - payoffs.at(np.zeros(1)))[0, 0] > 0


def test_effects_of_an_opening_add_up_to_the_nations():
    a = replace(agenda(LENDING), crises=CRISES[:1])
    for one in studied(a, WORLD, LENDING, test=False).found:
        e = one.effects
        for k in range(len(one.sizes)):
            assert e.capital[k] == pytest.approx(e.producers[k].sum(), abs=1e-9)
            assert e.nation[k, one.nation] == pytest.approx(e.capital[k] + e.wages[k] + e.rest[k], abs=1e-9)
        if (one.opening.party, one.opening.sector) == ("KAZ", "C10T12"):
            assert e.consumers[one.full] > 0
            assert e.firms[one.full] > 0


def test_games_are_played_on_what_governments_count():
    j = judged(WORLD, LENDING, Governments(W))
    games = Games.of(j)
    assert games.nations is not None
    engine = packages.Engine(WORLD, LENDING, Cache(None), tolerance=1e-12)
    touched = packages.touched_cells(WORLD, [p.changes for p in PROPOSALS])
    near = [packages.Neighbourhood(engine, packages.solve_crisis(engine, crisis), *touched) for crisis in CRISES]
    omega = {party: {sector: w - 1 for sector, w in row.items()} for party, row in W.items()}
    own = EquilibriumPayoffs(near, j.probability, j.agenda.parties, games.payoffs.proposals, j.real_income, omega)
    for x in (np.zeros(4), np.array([1.0, 0, 1, 0]), np.ones(4)):
        np.testing.assert_allclose(games.payoffs.at(x), own.at(x), rtol=1e-8)
        assert np.all(games.payoffs.at(x) > games.nations.at(x))


def test_nobody_is_worse_off_as_its_own_government_counts():
    j = judged(WORLD, LENDING, Governments({"KAZ": {"C10T12": 60.0}}))
    expected = np.tensordot(j.probability, j.payoff, axes=1)
    held = (expected >= expected[0]).all(axis=1)
    np.testing.assert_array_equal(j.choice.admissible, held)
    assert not held.all()
    plain = judged(WORLD, LENDING, Governments())
    assert plain.choice.admissible[~held].any()
    assert not results.every_concession_pays(j)


def test_a_weight_of_one_is_no_weight():
    one, none = (judged(WORLD, LENDING, Governments(w)) for w in ({"KAZ": {"C10T12": 1.0}}, {}))
    np.testing.assert_array_equal(one.payoff, none.payoff)
    assert Games.of(one).nations is None
    assert results.every_concession_pays(one) == results.every_concession_pays(none)


def test_where_all_value_added_counts_alike_and_nothing_else_is_earned_the_weight_does_not_matter():
    world = Benchmark.from_arrays(**{**_arrays(WORLD), "tariff": np.zeros_like(WORLD.tariff)})
    closure = Closure("mobile", "balanced")
    everything = dict.fromkeys(world.sectors, 2.5)
    wants = Governments({"BLR": everything, "KAZ": everything}, activity=("BLR", "KAZ"))
    a = replace(agenda(closure), wants=wants, crises=CRISES[:1], proposals=(PROPOSALS[0], PROPOSALS[1], PROPOSALS[3]))
    engine = packages.Engine(world, closure, Cache(None), a.parties, wants.activity, tolerance=1e-12)
    table = packages.compute_table(engine, a, [packages.solve_crisis(engine, a.crises[0])])
    income = balanced_benchmark(world, closure).income
    weighed = results.judged(a, world, table, income, {})
    alike = results.judged(replace(a, wants=Governments()), world, table, income, {})
    np.testing.assert_allclose(weighed.payoff, 2.5 * alike.payoff, rtol=1e-8)
    assert weighed.choice.best == alike.choice.best
    np.testing.assert_array_equal(weighed.choice.admissible, alike.choice.admissible)


def _arrays(world: Benchmark) -> dict:
    names = ("economies", "sectors", "trade_flow", "input_share", "value_added_share", "trade_elasticity", "labour_share")
    more = ("economy_names", "sector_names", "groups", "sector_groups")
    return {name: getattr(world, name) for name in (*names, *more)}


def test_bands_are_where_the_recommended_package_is_signed_and_kept():
    j = judged(WORLD, LENDING, Governments({"KAZ": {"A01": 1.5}}))
    games = Games.of(j, 0.6)
    found = studied(replace(j.agenda, wants=Governments()), WORLD, LENDING, test=False)
    rows = {(row["party"], row["sector"]): row for row in answers.answers(found, j, games)["bands"]}
    row = rows["KAZ", "C10T12"]
    inside = 0
    for w in np.linspace(1, 120, 60):
        weights = {"KAZ": {"A01": 1.5, "C10T12": float(w)}}
        other = replace(j, counted=weights)
        deal = Deal(Games.of(other, 0.6).payoffs, games.deal.conceded_by, games.deal.x, games.deal.lasting)
        kept = trust(deal, tolerance=games.tolerance)[1]
        signs = kept.value >= -games.tolerance
        keeps = signs and kept.largest <= 0.6 / 0.4 * kept.value + games.tolerance
        for name, holds in (("signs", signs), ("keeps", keeps)):
            parts = row[name]["parts"] if row[name] else []
            assert holds == any(part["low"] <= w <= (np.inf if part["high"] is None else part["high"]) for part in parts)
        inside += keeps
    assert 0 < inside < 60


def test_mobile_capital_has_no_producers_to_weigh():
    closure = Closure("mobile", "fixed")
    j = judged(WORLD, closure, Governments(), crises=CRISES[:1])
    found = studied(j.agenda, WORLD, closure)
    assert found.found == ()
    assert answers.answers(found, j, Games.of(j)) is None


def test_one_sector_both_ways_is_opened_by_each_for_itself():
    both = (cut("KAZ", "BLR", "A01", -0.2), cut("BLR", "KAZ", "A01", -0.2))
    a = replace(agenda(LENDING), proposals=(Proposal("p", "P", ("BLR", "KAZ"), ("BLR", "KAZ"), both),), crises=CRISES[:1])
    found = studied(a, WORLD, LENDING, test=False).found
    assert [(one.opening.party, one.opening.partners) for one in found] == [("BLR", ("KAZ",)), ("KAZ", ("BLR",))]
    for one, change in zip(found, reversed(both), strict=True):
        eq = solve(WORLD, combine(WORLD, [], [(change, 1.0)]), closure=LENDING, tolerance=1e-12)
        income = (WORLD.income - WORLD.deficit) * (eq.values["real_income"] - 1)
        np.testing.assert_allclose(one.effects.nation[one.full], income, atol=1e-6)
    assert isinstance(both[0], TradeCost)


def test_with_half_of_it_a_rent_today_can_be_a_governments_maximum():
    asked = {"importer": "KAZ", "exporter": "all except KAZ", "sector": "C10T12", "from_": 0.2, "to": 0.1}
    kinds = []
    for barrier in (Barrier(**asked, rent_share=0.5, rent_to="importer"), Barrier(**asked)):
        a = replace(agenda(LENDING), proposals=(Proposal("p", "P", ("BLR",), ("KAZ",), (barrier,)),), crises=CRISES[:1])
        test = studied(a, a.calibrated(WORLD), LENDING).found[0].test
        assert test is not None
        assert (test.weight is None) == (test.kind == "minimum")
        kinds.append(test.kind)
    assert kinds == ["maximum", "minimum"]


def test_an_embargo_is_no_opening():
    shut = Embargo(importer="KAZ", exporter="KOR", sector="C29")
    both = Proposal("p", "P", ("BLR",), ("KAZ",), (shut, *PROPOSALS[0].changes))
    found = studied(replace(agenda(LENDING), proposals=(both,), crises=CRISES[:1]), WORLD, LENDING).found
    assert [one.opening.sector for one in found] == ["C10T12"]
