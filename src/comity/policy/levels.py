"""What the numbers of instruments may be: rates, changes, levels, shares and amounts, each with its limits and advice."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator

from comity.policy.numbers import fraction, number

MAX_TARIFF = 100.0
"""10,000 per cent: above it no trade is left to tax, and rounding is all that a solver would see."""
MAX_TRADE_COST = 1000.0
MAX_FACTOR = 1000.0


def _tariff_rate(value: Any) -> float:
    rate = fraction(value)
    if rate <= -1:
        raise ValueError(f"a tariff of {rate:.10g} ({value}) is −100 % or less: the good would be paid for being bought")
    if rate > MAX_TARIFF:
        raise ValueError(f"{value} is above the cap of {100 * MAX_TARIFF:,.0f} %; for no trade at all use 'embargo'")
    return rate


def _trade_cost_change(value: Any) -> float:
    return _factor_change(value, MAX_TRADE_COST, "; for no trade at all use 'embargo'")


def _endowment_change(value: Any) -> float:
    return _factor_change(value, MAX_FACTOR, "")


def _factor_change(value: Any, cap: float, advice: str) -> float:
    change = fraction(value)
    if 1 + change < 1 / cap:
        raise ValueError(f"{value} leaves less than 1/{cap:,.0f} of what there was (a fall is above −100 %)")
    if 1 + change > cap:
        raise ValueError(f"{value} is above the cap of × {cap:,.0f}{advice}")
    return change


def _level(value: Any) -> float:
    level = fraction(value)
    if level < 0:
        raise ValueError(f"{value}: a barrier's ad-valorem equivalent is zero or more")
    if level > MAX_TARIFF:
        raise ValueError(f"{value} is above the cap of {100 * MAX_TARIFF:,.0f} %; for no trade at all use 'embargo'")
    return level


def _share(value: Any) -> float:
    share = number(value)
    if not 0 <= share <= 1:
        raise ValueError(f"{value}: a share lies between 0 and 1 (0 % and 100 %)")
    return share


def _amount(value: Any) -> float:
    amount = number(value)
    if amount <= 0:
        raise ValueError(f"{value}: an amount in USD mn is above zero (turn 'from' and 'to' round for the other direction)")
    return amount


def _limit(value: Any) -> float:
    limit = fraction(value)
    if limit <= 0:
        raise ValueError(f"{value}: a quantity limit is above zero; for no trade at all use 'embargo'")
    if limit > MAX_FACTOR:
        raise ValueError(f"{value} is above the cap of {100 * MAX_FACTOR:,.0f} % of today's quantity: no limit at all")
    return limit


TariffRate = Annotated[float, BeforeValidator(_tariff_rate)]
TradeCostChange = Annotated[float, BeforeValidator(_trade_cost_change)]
EndowmentChange = Annotated[float, BeforeValidator(_endowment_change)]
Level = Annotated[float, BeforeValidator(_level)]
Share = Annotated[float, BeforeValidator(_share)]
Amount = Annotated[float, BeforeValidator(_amount)]
Limit = Annotated[float, BeforeValidator(_limit)]
