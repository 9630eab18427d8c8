"""Instruments become arrays: intensities, order, cells at home, caps."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from comity.errors import InputError
from comity.policy.instruments import (
    Barrier,
    Capital,
    CommodityPrice,
    Embargo,
    Instrument,
    Labour,
    Productivity,
    Tariff,
    Taste,
    TradeCost,
)
from comity.policy.scenario import nothing_changes
from comity.policy.wedges import combine
from policy_world import ECONOMIES, SECTORS, small

WORLD = small()
N, J = len(ECONOMIES), len(SECTORS)
HOME = np.arange(N)


def trade(importer: str, exporter: str, sector: str = "A01") -> dict[str, Any]:
    return {"importer": importer, "exporter": exporter, "sector": sector}


def one(instrument: Instrument, intensity: float = 1.0) -> Any:
    return combine(WORLD, [(instrument, intensity)])


def test_only_the_cells_named_move_and_the_rest_stays_none():
    wedges = one(TradeCost(**trade("KAZ", "BLR"), change="-8%"))
    assert wedges.trade_cost[1, 0, 0] == pytest.approx(0.92, rel=1e-15)
    assert (wedges.trade_cost != 1).sum() == 1
    assert [wedges.tariff, wedges.productivity, wedges.labour, wedges.capital, wedges.taste] == [None] * 5
    with pytest.raises(ValueError, match="read-only"):
        wedges.trade_cost[1, 0, 0] = 2


def test_all_is_every_ordered_pair_of_different_economies_row_included():
    moved = one(TradeCost(**trade("all", "all", "goods"), change="15%")).trade_cost != 1
    assert moved.sum() == N * (N - 1) * 4
    assert moved[4, 0, 0]
    assert moved[0, 4, 0]
    assert not moved[HOME, HOME].any()
    assert not moved[:, :, 4].any()


@pytest.mark.parametrize("kind", [Tariff, Embargo, TradeCost, Barrier])
def test_no_trade_instrument_touches_trade_at_home(kind: type):
    sizes: dict[type, dict[str, str]] = {
        Tariff: {"rate": "30%"},
        TradeCost: {"change": "30%"},
        Barrier: {"from": "0", "to": "30%"},
    }
    wedges = one(kind(**trade("all", "EAEU", "all"), **sizes.get(kind, {})))
    tariff = WORLD.tariff if wedges.tariff is None else wedges.tariff
    assert (tariff[HOME, HOME] == 0).all()
    if wedges.trade_cost is not None:
        assert (wedges.trade_cost[HOME, HOME] == 1).all()


def test_intensity_is_a_power_of_a_factor_and_a_share_of_a_step():
    assert one(TradeCost(**trade("KAZ", "BLR"), change="-19%"), 0.5).trade_cost[1, 0, 0] == pytest.approx(0.9, rel=1e-15)
    before = WORLD.tariff[1, 3, 0]
    assert one(Tariff(**trade("KAZ", "KOR"), rate="25%"), 0.4).tariff[1, 3, 0] == pytest.approx(before + 0.4 * (0.25 - before))
    assert one(Tariff(**trade("KAZ", "KOR"), add="10%"), 0.4).tariff[1, 3, 0] == pytest.approx(before + 0.04)
    barrier = Barrier(**{**trade("KAZ", "BLR"), "from": "20%", "to": "10%"})
    assert one(barrier, 0.5).trade_cost[1, 0, 0] == pytest.approx(1.15 / 1.20, rel=1e-15)
    assert one(Productivity(country="KAZ", sector="A01", change="-36%"), 0.5).productivity[1, 0] == pytest.approx(0.8)


def test_intensity_zero_and_a_level_that_holds_already_change_nothing():
    assert nothing_changes(one(Embargo(**trade("KAZ", "BLR")), 0.0))
    assert nothing_changes(one(Tariff(**trade("EAEU", "EAEU", "all"), rate="0")))
    assert nothing_changes(combine(WORLD))
    assert nothing_changes(combine(WORLD, (), ()))
    assert not nothing_changes(one(Tariff(**trade("KAZ", "KOR"), rate="0")))


def test_an_embargo_is_infinite_at_any_intensity():
    assert np.isinf(one(Embargo(**trade("KAZ", "BLR")), 0.01).trade_cost[1, 0, 0])


def test_factors_of_crisis_and_package_multiply():
    crisis = [(TradeCost(**trade("all", "all", "goods"), change="10%"), 1.0)]
    package = [
        (TradeCost(**trade("KAZ", "BLR"), change="-8%"), 1.0),
        (Barrier(**{**trade("KAZ", "BLR"), "from": "20%", "to": "0"}), 1.0),
    ]
    cost = combine(WORLD, crisis, package).trade_cost
    assert cost is not None
    assert cost[1, 0, 0] == pytest.approx(1.10 * 0.92 / 1.20, rel=1e-14)
    assert cost[0, 1, 0] == pytest.approx(1.10, rel=1e-15)


def test_a_tariff_is_set_after_the_tariffs_of_the_crisis():
    crisis = [(Tariff(**trade("EAEU", "KOR", "goods"), add="20%"), 1.0)]
    half = combine(WORLD, crisis, [(Tariff(**trade("EAEU", "KOR", "A01"), rate="0"), 0.5)]).tariff
    assert half is not None
    assert half[1, 3, 0] == pytest.approx(0.5 * (WORLD.tariff[1, 3, 0] + 0.20))
    assert half[1, 3, 2] == pytest.approx(WORLD.tariff[1, 3, 2] + 0.20)


def test_the_order_of_layers_is_kept_and_the_first_one_is_not_changed_by_the_second():
    crisis = [(Tariff(**trade("EAEU", "KOR"), add="20%"), 1.0)]
    alone = combine(WORLD, crisis).tariff
    combine(WORLD, crisis, [(Tariff(**trade("EAEU", "KOR"), rate="0"), 1.0)])
    again = combine(WORLD, crisis).tariff
    assert alone is not None
    assert again is not None
    assert (alone == again).all()
    assert again[1, 3, 0] == pytest.approx(WORLD.tariff[1, 3, 0] + 0.20)


@pytest.mark.parametrize("kind", ["tariff", "barrier"])
def test_two_instruments_of_one_layer_on_one_cell_are_an_error(kind: str):
    def make(importer: str, exporter: str, sector: str) -> Instrument:
        if kind == "tariff":
            return Tariff(**trade(importer, exporter, sector), add="5%")
        return Barrier(**{**trade(importer, exporter, sector), "from": "20%", "to": "0"})

    with pytest.raises(InputError, match=f"two instruments set the {kind} of KAZ on A01 from KOR"):
        combine(WORLD, [(make("KAZ", "KOR", "goods"), 1.0), (make("KAZ, RUS", "all", "A01"), 1.0)])
    combine(WORLD, [(make("KAZ", "KOR", "A01"), 1.0), (make("KOR", "KAZ", "A01"), 1.0)])
    combine(WORLD, [(make("KAZ", "KOR, KAZ", "A01"), 1.0), (make("RUS, KAZ", "KAZ", "A01"), 1.0)])


def test_shocks_at_home():
    layer: list[tuple[Instrument, float]] = [
        (Labour(country="KAZ", change="-3%"), 1.0),
        (Capital(country="KAZ", sector="B06", change="10%"), 1.0),
        (Taste(country="RUS", sector="goods", change="-10%"), 1.0),
        (Productivity(country="RUS", sector="all", change="-2%"), 1.0),
        (Productivity(country="all", sector="A01", change="-50%"), 1.0),
    ]
    wedges = combine(WORLD, layer)
    assert wedges.labour is not None
    assert wedges.labour.tolist() == [1, 0.97, 1, 1, 1]
    assert wedges.capital is not None
    assert wedges.capital[1, 1] == pytest.approx(1.1)
    assert (wedges.capital != 1).sum() == 1
    assert wedges.taste is not None
    assert wedges.taste[2] == pytest.approx([0.9, 0.9, 0.9, 0.9, 1, 1])
    assert wedges.productivity is not None
    assert wedges.productivity[2, 0] == pytest.approx(0.98 * 0.5)
    assert wedges.productivity[0] == pytest.approx([0.5, 1, 1, 1, 1, 1])


@pytest.mark.parametrize(
    ("instrument", "told"),
    [
        (TradeCost(**trade("KAZ", "KAZ"), change="5%"), "importer and exporter are the same economy"),
        (TradeCost(**trade("BLR", "KOR", "B06"), change="5%"), "touches no trade"),
        (TradeCost(**trade("Korea", "Kirgizia", "food"), change="5%"), "importer: 'Korea' may be"),
        (Tariff(**trade("KAZ", "BLR"), add="-99.9%"), ""),
        (Tariff(**trade("BLR", "KOR"), add="9990%"), ""),
        (Tariff(**trade("BLR", "KOR"), add="10000%"), "tariff of BLR, KOR, A01 becomes"),
        (CommodityPrice(sector="B06", change="-40%", by="productivity"), "calibrated by solving"),
    ],
)
def test_what_touches_nothing_or_passes_a_cap_is_refused(instrument: Any, told: str):
    if not told:
        assert not nothing_changes(one(instrument))
        return
    with pytest.raises(InputError) as caught:
        one(instrument)
    assert told in str(caught.value)


def test_all_wrong_words_of_an_instrument_are_told_at_once():
    with pytest.raises(InputError) as caught:
        one(TradeCost(**trade("Korea", "Kirgizia", "food"), change="5%"))
    assert [problem.message.split(":")[0] for problem in caught.value.problems] == ["importer", "exporter", "sector"]


def test_combined_costs_stay_under_the_cap():
    steep = [(TradeCost(**trade("KAZ", "BLR"), change="90000%"), 1.0), (TradeCost(**trade("KAZ", "all"), change="100%"), 1.0)]
    with pytest.raises(InputError, match="trade_cost of KAZ, BLR, A01 becomes 1802"):
        combine(WORLD, steep)


@pytest.mark.parametrize("intensity", [-0.1, 1.1, float("nan")])
def test_an_intensity_lies_between_zero_and_one(intensity: float):
    with pytest.raises(InputError, match="between 0 and 1"):
        one(TradeCost(**trade("KAZ", "BLR"), change="5%"), intensity)


def test_a_shock_that_an_economy_has_no_use_for_is_refused():
    flow = np.array(WORLD.trade_flow)
    flow[:, 0, 1] = 0
    flow[0, 2, 1] = 400
    world = small(trade_flow=flow)
    with pytest.raises(InputError, match="there is no output"):
        combine(world, [(Productivity(country="BLR", sector="B06", change="5%"), 1.0)])
