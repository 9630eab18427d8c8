"""War where the answers are known: games written by hand, one with a cycle, one with several Nash points (fault 21)."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import pytest

from comity.cli import strategy as cli
from comity.errors import InputError, NoEquilibriumError
from comity.records import Closure
from comity.strategy import nash as module
from comity.strategy import told
from comity.strategy.game import Point, Rates
from comity.strategy.nash import in_turn, nash, search, together
from comity.strategy.players import player
from comity.strategy.spec import named
from strategy_worlds import armington

Payoff = Callable[[float, float], tuple[float, float]]


class Hand:
    """Two players with one number each; payoffs and slopes are given as functions of both."""

    def __init__(self, payoffs: Payoff, slopes: Payoff, bound: float = 1.0):
        self.payoffs, self.slopes = payoffs, slopes
        self.low: Rates = (np.array([-bound]), np.array([-bound]))
        self.high: Rates = (np.array([bound]), np.array([bound]))

    def at(self, z: Rates, who: Sequence[int], near: Point | None = None) -> Point:
        x, y = float(z[0][0]), float(z[1][0])
        slopes = self.slopes(x, y)
        return Point(z, np.array(self.payoffs(x, y)), {k: np.array([slopes[k]]) for k in who})

    def divide(self, point: Point, k: int, slope: np.ndarray) -> np.ndarray:
        return slope


def at(x: float, y: float) -> Rates:
    return np.array([x]), np.array([y])


STARTS = [("low", lambda k: np.array([-0.9])), ("high", lambda k: np.array([0.9]))]

SMOOTH = Hand(
    lambda x, y: (-((x - 0.5 * y - 0.2) ** 2), -((y + 0.5 * x) ** 2)), lambda x, y: (-2 * (x - 0.5 * y - 0.2), -2 * (y + 0.5 * x))
)
"""x answers 0.5 y + 0.2, y answers −0.5 x: the only Nash point is (0.16, −0.08)."""

PENNIES = Hand(lambda x, y: ((x - y) ** 2, -((x - y) ** 2)), lambda x, y: (2 * (x - y), -2 * (x - y)))
"""x flees, y follows: no point at which both are content. Where the slopes vanish, x = y, the first is at its worst."""

TWO = Hand(lambda x, y: (x * y, x * y), lambda x, y: (y, x))
"""Both want the same side: (−1, −1) and (1, 1)."""


def test_a_smooth_war_ends_where_both_best_answers_cross():
    joint = together(SMOOTH, at(0.9, 0.9), tolerance=1e-10)
    assert joint.converged
    assert [float(z[0]) for z in joint.point.z] == pytest.approx([0.16, -0.08], abs=1e-9)
    found = search(SMOOTH, "corner", at(0.9, 0.9), STARTS)
    assert found.outcome == "nash"
    assert found.temptation <= 1e-12


def test_a_cycle_is_told_with_its_period_and_is_no_nash_point():
    found = search(PENNIES, "somewhere", at(0.3, -0.2), STARTS)
    assert found.outcome == "cycle"
    assert found.period == 2
    assert found.rounds >= 2


def test_a_point_without_slopes_where_a_player_is_at_its_worst_is_refused():
    joint = together(PENNIES, at(0.4, 0.4))
    assert joint.converged
    found = search(PENNIES, "the worst", at(0.4, 0.4), STARTS)
    assert found.outcome != "nash"
    assert found.temptation > 0.1


@pytest.mark.parametrize("side", [-1.0, 1.0])
def test_several_points_are_found_from_several_starts(side):
    point, _, period = in_turn(TWO, at(0.5 * side, 0.5 * side))
    assert period == 1
    assert abs(float(point.z[0][0])) == 1
    assert point.z[0] == point.z[1]


def test_war_needs_two_and_nobody_plays_twice():
    world = armington()
    closure = Closure("mobile", "fixed")
    one = player("HOM", world)
    with pytest.raises(InputError, match="takes two"):
        nash(world, [one], closure=closure)
    with pytest.raises(InputError, match="plays twice"):
        nash(world, [one, one], closure=closure)


def test_what_is_chosen_and_from_where_is_told():
    world = armington(0.8, 0.7)
    war = nash(world, [player(code, world) for code in world.economies], closure=Closure("mobile", "fixed"))
    assert "today's rates" in war.choice
    assert [one.start for one in war.endings] == ["today's rates", "50 % everywhere"]
    assert all(one.outcome == "nash" for one in war.endings)


def two_points(world, apart_by: float):
    """A war on a real world whose two searches are made to end at different rates, both called Nash points."""
    war = nash(world, [player(code, world) for code in world.economies], closure=Closure("mobile", "fixed"))
    game, first = war.game, war.endings[0]
    other = game.at(tuple(z + apart_by for z in first.point.z), ())
    return war, [first, replace(first, start="elsewhere", point=other)]


def test_several_nash_points_are_said_and_the_one_from_today_is_shown(monkeypatch):
    world = armington(0.8, 0.7)
    war, endings = two_points(world, 0.3)
    monkeypatch.setattr(module, "_ending", lambda *_: endings[0])
    monkeypatch.setattr(module, "_again", lambda *_: endings[1])
    found = nash(world, war.game.players, closure=Closure("mobile", "fixed"))
    assert len(found.points) == 2
    assert found.ending is endings[0]
    assert "from today's rates" in found.choice
    assert "same world" not in found.choice
    assert told.war(found)["nash_points"] == 2


def test_a_war_without_a_nash_point_leaves_with_three_and_no_rates(monkeypatch, capsys):
    world = armington(0.8, 0.7)
    war, endings = two_points(world, 0.3)
    lost = replace(endings[0], outcome="cycle", period=2, rounds=7)
    monkeypatch.setattr(module, "nash", lambda *_, **__: replace(war, ending=lost, endings=(lost,), points=()))
    asked = named(("HOM", "FOR"))
    monkeypatch.setattr(cli, "_asked", lambda *_: (asked, world, Closure(), asked.players(world)))
    with pytest.raises(NoEquilibriumError, match="return to where they were every 2 rounds") as caught:
        cli.nash("HOM,FOR", json=True)
    assert caught.value.exit_code == 3
    report = json.loads(capsys.readouterr().out)
    assert report["endings"][0]["outcome"] == "cycle"
    assert not {"players", "economies", "world"} & set(report)
