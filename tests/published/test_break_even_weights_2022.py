"""Break-even weights of Kazakhstan's barriers on Belarus in the world of 2022, against an independent trial of the design.

Not a paper's table: the figures come from a separate solver written before this one (resource cost, θ = 5 in every sector,
specific capital, trade costs 8 per cent down). It states two digits, so that half of the last digit is the tolerance; for
machinery and electrical equipment it states whole numbers. Chemicals and wood: opening helps own producers through inputs.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from comity.data.load import load
from comity.records import Closure
from comity.store import Cache
from comity.talks.agenda import Agenda, Crisis
from comity.talks.packages import Engine
from comity.talks.wants.survey import Ranked, survey

STATED = {
    "A01": (1.9, 0.05),
    "C29": (2.6, 0.05),
    "C31T33": (2.7, 0.05),
    "C10T12": (3.2, 0.05),
    "C28": (11, 0.5),
    "C27": (17, 0.5),
}
NONE = ("C20", "C16")


@pytest.fixture(scope="module")
def kazakhstan() -> dict[str, Ranked]:
    world = load("world-2022")
    world = replace(world, trade_elasticity=np.full(len(world.sectors), 5.0))
    closure = Closure("specific", "with_trade")
    calm = (Crisis("none", "No crisis", 1.0),)
    agenda = Agenda("t", ("KAZ", "BLR"), None, closure, None, calm, (), "expected", "equal", "none", (), ())
    found = survey(agenda, Engine(world, closure, Cache(None), ("KAZ",)), -0.08)
    return {one.sector: one for one in found}


@pytest.mark.parametrize("sector", STATED)
def test_the_weights_of_the_trial(kazakhstan: dict[str, Ranked], sector: str) -> None:
    stated, tolerance = STATED[sector]
    assert kazakhstan[sector].at.weight == pytest.approx(stated, abs=tolerance)


@pytest.mark.parametrize("sector", NONE)
def test_where_opening_helps_own_producers_there_is_no_motive(kazakhstan: dict[str, Ranked], sector: str) -> None:
    assert kazakhstan[sector].at.outcome == "no_producer_motive"


def test_the_food_cut_is_worth_what_the_trial_found(kazakhstan: dict[str, Ranked]) -> None:
    assert kazakhstan["C10T12"].effects["nation"] == pytest.approx(35, abs=0.5)


def test_those_that_lose_most_within_reason_come_first(kazakhstan: dict[str, Ranked]) -> None:
    rows = list(kazakhstan.values())
    reasonable = [one for one in rows if one.sensitive]
    assert rows[: len(reasonable)] == reasonable
    losses = [one.effects["own_producers"] for one in reasonable]
    assert losses == sorted(losses)
    assert rows[0].sector == "C10T12"
    assert not kazakhstan["C28"].sensitive
