"""Trust in a small solved world with a stake: no deviation pays more than was found, no larger package enforces itself."""

from __future__ import annotations

from dataclasses import replace
from itertools import chain, combinations, product

import numpy as np
import pytest

from comity.policy.wedges import combine
from comity.records import Array, Closure
from comity.solve.equilibrium import solve
from comity.store import Cache
from comity.talks import packages, results
from comity.talks.agenda import Proposal
from comity.talks.games import Games
from comity.talks.keeping.bands import future
from comity.talks.keeping.escape import ESCAPE, escape_clauses
from comity.talks.keeping.lattice import GREATEST, LARGEST_WORTH
from comity.talks.keeping.trust import punishment, trust
from comity.talks.stakes import sale
from comity.talks.stakes.stake import Stake
from comity.talks.wants.governments import Governments
from talks_world import CRISES, PROPOSALS, WORLD, agenda, cut

CLOSURE = Closure("specific", "with_trade")
WEIGHTS = {"KAZ": {"C10T12": 2.0}, "BLR": {"A01": 3.0}}
STAKE = Stake(
    issuer="BLR",
    enterprise="Food works",
    sector="C10T12",
    enterprise_share=0.6,
    payout=0.5,
    sold=0.3,
    buyer="KAZ",
    source="accounts",
)
# Kazakhstan concedes twice, so that it has more than one way to break.
TRADE = (
    PROPOSALS[0],
    PROPOSALS[1],
    Proposal("cars", "Cars", ("BLR",), ("KAZ",), (cut("KAZ", "BLR", "C29", -0.1),)),
)
LINES = (*TRADE, Proposal("stake", "Stake", ("BLR",), ("KAZ",), (), stake=STAKE))


class World:
    """Three concessions and a stake between governments that count some of their producers for a great deal."""

    def __init__(self) -> None:
        self.agenda = replace(agenda(CLOSURE, LINES), wants=Governments(WEIGHTS), nobody_worse_off="none")
        engine = packages.Engine(WORLD, CLOSURE, Cache(None), self.agenda.parties)
        solved = [packages.solve_crisis(engine, crisis) for crisis in self.agenda.crises]
        trade = packages.compute_table(engine, self.agenda, solved)
        self.base = WORLD.income - WORLD.deficit

        def judged(table: packages.Table) -> results.Judged:
            return results.judged(self.agenda, WORLD, table, self.base, {})

        self.sale = sale.sell(self.agenda, WORLD, trade, self.base, lambda table: judged(table).choice.best)
        self.games = Games.of(judged(self.sale.table), 0.8)
        self.deal = self.games.deal_of((0, 1, 2, 3))
        self.known: dict[tuple[int, tuple[int, ...]], Array] = {}

    def government(self, s: int, standing: tuple[int, ...]) -> Array:
        """G of both parties with these concessions and the stake, by a solve of its own and the definitions."""
        if (s, standing) in self.known:
            return self.known[s, standing]
        changes = [(change, 1.0) for k in standing for change in TRADE[k].changes]
        v = solve(WORLD, combine(WORLD, [(c, 1.0) for c in CRISES[s].shocks], changes), closure=CLOSURE).values
        capital = (1 - WORLD.labour_share) * v["value_added"]
        issuer, j = WORLD.economy_index("BLR"), WORLD.sectors.index("C10T12")
        passes = 0.3 * 0.6 * 0.5 * capital[issuer, j] - self.sale.annuity[0]
        found = []
        for code, sign in (("BLR", -1), ("KAZ", 1)):
            n = WORLD.economy_index(code)
            income = v["real_income"][n] * self.base[n] + sign * passes / v["price_index"][n]
            extra = sum((w - 1) * capital[n, WORLD.sectors.index(k)] / v["price_index"][n] for k, w in WEIGHTS[code].items())
            found.append(income + extra)
        self.known[s, standing] = np.array(found)
        return self.known[s, standing]


@pytest.fixture(scope="module")
def world() -> World:
    return World()


def subsets(items: tuple[int, ...]) -> list[tuple[int, ...]]:
    return list(chain.from_iterable(combinations(items, size) for size in range(len(items) + 1)))


def test_no_deviation_pays_more_than_the_temptation_found(world: World) -> None:
    own = {0: (1,), 1: (0, 2)}
    kept = trust(world.deal, tolerance=world.games.tolerance)
    assert any(one.largest > 0 for one in kept)
    for n, one in enumerate(kept):
        for s in range(len(CRISES)):
            agreed = world.government(s, (0, 1, 2))[n]
            gains = [world.government(s, tuple(k for k in range(3) if k not in gone))[n] - agreed for gone in subsets(own[n])]
            assert one.temptation[s] == pytest.approx(max(gains), rel=1e-5, abs=1e-5)


@pytest.mark.parametrize("patience", [0.3, 0.9, 0.97])
def test_no_larger_package_enforces_itself(world: World, patience: float) -> None:
    """Each concession at each level in each crisis: of those that nobody would break none has one raised, none is worth more."""
    levels, deal = np.linspace(0, 1, 3), world.deal
    found = escape_clauses(deal, patience, depths=levels, tolerance=world.games.tolerance)
    after = world.games.payoffs.at(found_after(world))
    own = {0: (1,), 1: (0, 2)}
    one = np.array([(*x, 1.0) for x in product(levels, repeat=3)])
    shape = [len(one)] * len(CRISES)
    worth, tempted = np.zeros((*shape, 2)), np.full((*shape, 2), -np.inf)
    for s in range(len(CRISES)):
        along = [len(one) if i == s else 1 for i in range(len(CRISES))]
        agreed = np.stack([world.games.payoffs.at(x)[s] for x in one])
        won = np.zeros_like(agreed)
        for n in range(2):
            for gone in subsets(own[n])[1:]:
                y = one.copy()
                y[:, list(gone)] = 0
                won[:, n] = np.maximum(won[:, n], [world.games.payoffs.at(x)[s, n] for x in y] - agreed[:, n])
        worth += deal.probability[s] * (agreed - after[s]).reshape(*along, 2)
        tempted = np.maximum(tempted, won.reshape(*along, 2))
    holds = np.all(tempted <= future(patience) * worth + world.games.tolerance, axis=-1)
    at = tuple(int(np.flatnonzero(np.all(one == row, axis=1))[0]) for row in found.x)
    assert found.outcome == ESCAPE
    assert holds[at]
    for s, k in product(range(len(CRISES)), range(3)):
        for level in levels[levels > found.x[s, k]]:
            higher = found.x[s].copy()
            higher[k] = level
            row = int(np.flatnonzero(np.all(one == higher, axis=1))[0])
            assert not holds[(*at[:s], row, *at[s + 1 :])]
    if found.certificate == GREATEST:
        assert all(np.all(one[rows] <= x) for x, rows in zip(found.x, np.nonzero(holds), strict=True))
        return
    assert found.certificate == LARGEST_WORTH
    assert found.worth.sum() == pytest.approx(worth[holds].sum(axis=-1).max())


def found_after(world: World) -> Array:
    return punishment(world.deal, world.games.tolerance).x


def test_a_stake_stands_in_deal_break_and_punishment(world: World) -> None:
    line = world.sale.paying.lines[0]
    assert line in world.deal.lasting
    assert line not in world.deal.standing
    assert np.all(found_after(world)[:, line] == 1)
