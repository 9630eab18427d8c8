"""Packages of barriers with rents and export taxes: the table is each package's own solve, gradients central differences."""

from __future__ import annotations

import numpy as np
import pytest

from comity.policy.instruments import Barrier, ExportTax, Ownership, Productivity, Tariff, TradeCost, Transfer
from comity.policy.scenario import Scenario
from comity.policy.wedges import combine
from comity.records import Closure
from comity.solve.declared import with_rents
from comity.solve.equilibrium import solve
from comity.store import Cache
from comity.talks import packages
from comity.talks.agenda import Crisis, Proposal
from comity.talks.evaluate import EquilibriumPayoffs
from comity.talks.exact.union import Wide
from policy_world import small
from talks_text import CRISES as CRISIS_LINES
from talks_text import HEAD, bound
from talks_world import agenda

PLAIN = small()


def barrier(importer: str, exporter: str, sector: str, rent_share: float, rent_to: str | None, to: float = 0.1) -> Barrier:
    return Barrier(importer=importer, exporter=exporter, sector=sector, from_=0.3, to=to, rent_share=rent_share, rent_to=rent_to)


PROPOSALS = (
    Proposal("food", "Food", ("BLR",), ("KAZ",), (barrier("KAZ", "BLR", "C10T12", 0.5, "importer"),)),
    Proposal("crops", "Crops", ("KAZ",), ("BLR",), (barrier("BLR", "KAZ", "A01", 0.6, "exporter", 0.0),)),
    Proposal(
        "cars",
        "Cars",
        ("BLR",),
        ("KAZ",),
        (
            barrier("KAZ", "RUS", "C29", 1.0, "importer"),
            TradeCost(importer="KAZ", exporter="RUS", sector="C29", change=-0.05),
            Tariff(importer="KAZ", exporter="KOR", sector="C29", rate="30%"),
            ExportTax(importer="all", exporter="KAZ", sector="A01", add="10%"),
        ),
    ),
    Proposal("oil", "Oil", ("KAZ",), ("BLR",), (barrier("BLR", "KAZ", "B06", 0.0, None),)),
)
CRISES = (
    Crisis("none", "No crisis", 0.8),
    Crisis(
        "licences",
        "Licences everywhere",
        0.2,
        (
            Barrier(importer="all", exporter="ROW", sector="goods", from_=0, to=0.2, rent_share=0.5, rent_to="importer"),
            Barrier(importer="EAEU", exporter="EAEU", sector="A01", from_=0, to=0.2, rent_share=1, rent_to="importer"),
            Productivity(country="RUS", sector="all", change="-5%"),
            Ownership(owner="BLR", country="KAZ", sector="C10T12, C29", share="25%"),
            Transfer(**{"from": "RUS", "to": "BLR", "usd_mn": 5}),
        ),
    ),
)
EVERY = [*(s for c in CRISES for s in c.shocks), *(c for p in PROPOSALS for c in p.changes)]
WORLD = with_rents(PLAIN, EVERY)
CLOSURES = [Closure("specific", "with_trade"), Closure("mobile", "balanced")]


@pytest.mark.parametrize("closure", CLOSURES, ids=str)
def test_every_package_equals_its_own_solve(closure: Closure):
    engine = packages.Engine(WORLD, closure, Cache(None))
    solved = [packages.solve_crisis(engine, crisis) for crisis in CRISES]
    found = packages.compute_table(engine, agenda(closure, PROPOSALS), solved)
    assert found.residual.max() <= 1e-10
    for s, crisis in enumerate(CRISES):
        for p, package in enumerate(found.packages):
            changes = [(change, 1.0) for k in package for change in PROPOSALS[k].changes]
            wedges = combine(WORLD, [(shock, 1.0) for shock in crisis.shocks], changes)
            alone = solve(WORLD, wedges, closure=closure, tolerance=1e-12)
            np.testing.assert_allclose(found.real_income[s, p], alone.values["real_income"], rtol=1e-8)


@pytest.mark.parametrize("closure", CLOSURES, ids=str)
def test_the_gradient_in_intensities_is_the_central_difference(closure: Closure):
    engine = packages.Engine(WORLD, closure, Cache(None), tolerance=1e-12)
    touched, parts = packages.touched_cells(WORLD, [p.changes for p in PROPOSALS])
    near = [packages.Neighbourhood(engine, packages.solve_crisis(engine, crisis), touched, parts) for crisis in CRISES]
    q = np.array([crisis.probability for crisis in CRISES])
    omega = {} if closure.factors == "mobile" else {"KAZ": {"C10T12": 2.0, "C29": 0.5}}
    own = EquilibriumPayoffs(near, q, ("BLR", "KAZ"), [p.id for p in PROPOSALS], WORLD.income - WORLD.deficit, omega)
    x = np.array([0.3, 0.7, 0.5, 0.2])
    value, gradient = own.with_gradient(x)
    np.testing.assert_allclose(own.at(x), value, rtol=1e-12)
    h = 1e-4
    for k in range(len(x)):
        step = h * np.eye(len(x))[k]
        difference = (own.at(x + step) - own.at(x - step)) / (2 * h)
        np.testing.assert_allclose(gradient[:, :, k], difference, rtol=2e-6, atol=1e-6 * np.abs(gradient).max())


TEXT = (
    HEAD
    + CRISIS_LINES
    + """proposals:
  - name: Dairy
    by: BLR
    conceded_by: KAZ
    changes:
      - barrier: {importer: KAZ, exporter: BLR, sector: C10T12, from: 20%, to: 10%, rent_share: 0.5, rent_to: importer}
"""
)


def test_a_talks_file_states_the_rent_and_its_world_holds_it():
    found = bound(TEXT)
    world = found.calibrated(PLAIN)
    assert world.import_rent is not None
    assert world.import_rent[1, 0, 2] == pytest.approx(1.2**0.5 - 1, rel=1e-12)
    assert np.count_nonzero(world.import_rent) == 1
    after = combine(world, (), [(found.proposals[0].changes[0], 1.0)])
    assert after.import_rent is not None
    assert after.trade_cost is not None
    assert after.import_rent[1, 0, 2] == pytest.approx(1.1**0.5 - 1, rel=1e-12)
    assert after.trade_cost[1, 0, 2] == pytest.approx((1.1 / 1.2) ** 0.5, rel=1e-12)


def test_the_whole_union_dismantles_the_rent_between_all_its_members():
    """On a world in which all pairs have it; one pair's own version is the bilateral one when the others are untouched."""
    closure = Closure("specific", "with_trade")
    bilateral = PROPOSALS[0].changes
    wide = (bilateral[0].model_copy(update={"importer": ("EAEU",), "exporter": ("EAEU",)}),)
    world = with_rents(PLAIN, bilateral)
    engine = packages.Engine(world, closure, Cache(None))
    solved = [packages.solve_crisis(engine, CRISES[0])]
    nothing = np.ones((1, 5))
    income, residual = Wide.of(engine, solved, [wide]).incomes([0], nothing)
    own = solve(PLAIN, Scenario(wide), closure=closure)
    assert residual.max() <= 1e-10
    scale = (own.benchmark.income - own.benchmark.deficit) / (world.income - world.deficit)
    np.testing.assert_allclose(income[0, 0] - 1, (np.asarray(own.values["real_income"]) - 1) * scale, rtol=1e-6, atol=1e-12)
    same, _ = Wide.of(engine, solved, [bilateral]).incomes([0], nothing)
    alone = solve(PLAIN, Scenario(bilateral), closure=closure)
    np.testing.assert_allclose(same[0, 1], alone.values["real_income"], rtol=1e-9)
    assert engine.meter.done == 5
