"""Instruments say what they are and refuse what they cannot be."""

from __future__ import annotations

from typing import Any

import pytest

from comity.errors import InputError, NotYetError
from comity.policy.describe import describe, inside_row, percent, trade_touched
from comity.policy.instruments import (
    Barrier,
    Capital,
    CommodityPrice,
    Embargo,
    Labour,
    Productivity,
    Tariff,
    Taste,
    TradeCost,
)
from policy_world import small

WORLD = small()
CELL: dict[str, Any] = {"importer": "KAZ", "exporter": "BLR", "sector": "C10T12"}
HOME: dict[str, Any] = {"country": "KAZ", "sector": "A01"}


def test_rates_are_numbers_or_text_and_equal_instruments_are_one():
    assert Tariff(**CELL, rate="25%").rate == 0.25
    assert Tariff(**CELL, rate=0.25) == Tariff(**CELL, rate="25%")
    assert len({TradeCost(**CELL, change="-8%"), TradeCost(**CELL, change=-0.08)}) == 1


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda: Tariff(**CELL, rate="-150%"), "−100 % or less"),
        (lambda: Tariff(**CELL, rate="-100%"), "−100 % or less"),
        (lambda: Tariff(**CELL, rate="1000000%"), "cap of 10,000 %; for no trade at all use 'embargo'"),
        (lambda: Tariff(**CELL, rate=float("nan")), "not a finite number"),
        (lambda: Tariff(**CELL, rate="15,5"), "with a point"),
        (lambda: Tariff(**CELL), "give either 'rate'"),
        (lambda: Tariff(**CELL, rate="5%", add="5%"), "give either 'rate'"),
        (lambda: TradeCost(**CELL, change="100000000000%"), "cap of × 1,000; for no trade at all use 'embargo'"),
        (lambda: TradeCost(**CELL, change="-100%"), "above −100 %"),
        (lambda: TradeCost(**CELL), "change is missing"),
        (lambda: TradeCost(**CELL, changed="5%", change="5%"), "did you mean 'change'?"),
        (lambda: TradeCost(importer="ВLR", exporter="KAZ", sector="A01", change="5%"), "CYRILLIC"),
        (lambda: Barrier(**CELL, from_="-5%", to="0"), "zero or more"),
        (lambda: Barrier(**CELL, from_="20%", to="10%", rent_share=1.5), "between 0 and 1"),
        (lambda: Barrier(**CELL, from_="20%", to="10%", rent_to="importer"), "no effect without a rent"),
        (lambda: Productivity(**HOME, change="-100%"), "above −100 %"),
        (lambda: Capital(**HOME, change="1e9%"), "cap of × 1,000"),
        (lambda: CommodityPrice(sector="B06", change="-40%", by="wish"), "'wish' is no known word"),
        (lambda: CommodityPrice(sector="B06", change="-40%", by="productivity", final_sector="K"), "by: taste"),
        (lambda: CommodityPrice(sector="B06", change=0, by="taste"), "changes nothing"),
    ],
)
def test_what_an_instrument_cannot_be_is_refused(make: Any, told: str):
    with pytest.raises(InputError) as caught:
        make()
    assert told in str(caught.value)
    assert not isinstance(caught.value, NotYetError)


def test_a_barrier_with_a_rent_has_a_share_and_an_owner():
    barrier = Barrier(**CELL, from_="20%", to="10%", rent_share="50%", rent_to="importer")
    assert (barrier.rent_share, barrier.rent_to) == (0.5, "importer")
    assert barrier.ratio(0) == 1
    assert barrier.ratio(1) == pytest.approx(1.1 / 1.2, rel=1e-15)
    with pytest.raises(InputError, match="'rent_share' needs 'rent_to'"):
        Barrier(**CELL, from_="20%", to="10%", rent_share="50%")


def test_all_faults_of_one_instrument_come_at_once():
    with pytest.raises(InputError) as caught:
        Tariff(importer="", exporter="BLR", sector="A01", rate="x", rat="5%")
    assert len(caught.value.problems) == 3


def test_an_instrument_cannot_be_changed():
    tariff = Tariff(**CELL, rate="5%")
    with pytest.raises(ValueError, match="frozen"):
        tariff.rate = 0.1  # type: ignore[misc]


def test_a_calibrated_price_becomes_the_instrument_with_the_factor_found():
    by_taste = CommodityPrice(sector="B06", change="-40%", by="taste", country="RUS", final_sector="C29")
    assert by_taste.at(0.7) == Taste(country="RUS", sector="C29", change=0.7 - 1)
    assert by_taste.at(3.5).change == 2.5
    by_productivity = CommodityPrice(sector="B06", change="-40%", by="productivity", country="all except EAEU")
    assert by_productivity.at(1.5) == Productivity(country="all except EAEU", sector="B06", change=0.5)


@pytest.mark.parametrize(
    ("instrument", "told"),
    [
        (TradeCost(**CELL, change="-8%"), "trade cost −8 %: Food, drinks and tobacco, sold by Belarus to Kazakhstan"),
        (Tariff(**CELL, add="20%"), "tariff +20 percentage points: Food"),
        (Tariff(**CELL, rate="0"), "tariff set to 0 %: Food"),
        (Barrier(**CELL, from_="20%", to="10%"), "barrier from 20 % to 10 %: Food"),
        (Embargo(importer="all", exporter="all", sector="goods"), "embargo: all goods, among all economies"),
        (Productivity(country="RUS", sector="all", change="-2%"), "productivity −2 %: all sectors, Russia (output touched"),
        (Labour(country="EAEU", change="-3%"), "labour force −3 %: EAEU (without Kyrgyzstan, inside ROW)"),
        (CommodityPrice(sector="B06", change="-40%", by="productivity"), "world price −40 %: Crude oil and natural gas"),
    ],
)
def test_instruments_are_told_in_words(instrument: Any, told: str):
    text = describe(instrument, WORLD)
    assert text.startswith(told)
    assert "touched: USD" in text


def test_the_flow_touched_is_the_base_flow_between_different_economies():
    flow = WORLD.trade_flow
    assert trade_touched(TradeCost(**CELL, change="5%"), WORLD) == pytest.approx(flow[1, 0, 2], rel=1e-12)
    union = TradeCost(importer="EAEU", exporter="EAEU", sector="K", change="5%")
    expected = sum(flow[n, i, 4] for n in range(3) for i in range(3) if n != i)
    assert trade_touched(union, WORLD) == pytest.approx(expected, rel=1e-12)
    assert inside_row(union, WORLD) == ("Kyrgyzstan",)


def test_percent_in_words():
    assert [percent(0.15), percent(-0.08), percent(0.2, sign=False), percent(0)] == ["+15 %", "−8 %", "20 %", "0 %"]
