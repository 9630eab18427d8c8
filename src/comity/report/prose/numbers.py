"""Numbers as a reader meets them: three significant digits in prose, a sign in tables, always a unit."""

from __future__ import annotations

import math
from collections.abc import Sequence

MINUS = "\u2212"
NBSP = "\u00a0"

NOTHING_USD_MN = 0.05
"""Less than this is not spoken of as a gain or a loss of money (USD 50,000 a year)."""
NOTHING_PCT = 0.0005
"""Less than this is not spoken of as a change in per cent."""


def significant(value: float, digits: int = 3) -> str:
    """Magnitude and sign with at most `digits` significant digits, no exponent, thousands by commas: −1,290; 0.073."""
    if value == 0 or not math.isfinite(value):
        return "0" if value == 0 else "not a number"
    rounded = round(value, digits - 1 - math.floor(math.log10(abs(value))))
    decimals = max(0, digits - 1 - math.floor(math.log10(abs(rounded))))
    text = f"{abs(rounded):,.{decimals}f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return (MINUS if rounded < 0 else "") + text


def usd(value_mn: float) -> str:
    """An amount for prose, from USD mn: `USD 87.3 mn`, `USD 12.4 bn`; its sign is for the sentence to say."""
    size = abs(value_mn)
    if size < NOTHING_USD_MN:
        return f"less than USD{NBSP}0.1{NBSP}mn"
    for scale, unit in ((1e6, "trillion"), (1e4, "bn")):
        if size >= scale:
            return f"USD{NBSP}{significant(size / (1e6 if unit == 'trillion' else 1e3))}{NBSP}{unit}"
    return f"USD{NBSP}{significant(size)}{NBSP}mn"


def percent(value: float) -> str:
    """A share or a relative change for prose, without sign: `3.2 %`."""
    if 0 < abs(value) < NOTHING_PCT * 2:
        return f"less than 0.001{NBSP}%"
    return f"{significant(abs(value))}{NBSP}%"


def points(value: float) -> str:
    """A difference of two percentages for prose, without sign: `0.4 percentage points`."""
    if 0 < abs(value) < NOTHING_PCT * 2:
        return "less than 0.001 percentage points"
    text = significant(abs(value))
    return f"{text} percentage point{'' if text == '1' else 's'}"


def signed(value: float | None, decimals: int) -> str:
    """A table cell: +1.20, −0.35, 0.00; a dash where there is no figure."""
    if value is None:
        return "–"
    text = f"{abs(value):,.{decimals}f}"
    zero = not any(digit in "123456789" for digit in text)
    return text if zero else ("+" if value > 0 else MINUS) + text


def plain(value: float | None, decimals: int) -> str:
    """A table cell of a quantity that has no direction: 1,270.4; a dash where there is no figure."""
    if value is None:
        return "–"
    return signed(value, decimals).removeprefix("+")


def decimals_for(values: Sequence[float | None], digits: int = 3, most: int = 4) -> int:
    """Decimals that show the largest of a column with `digits` significant digits, `most` at the utmost."""
    largest = max((abs(value) for value in values if value is not None), default=0.0)
    if largest == 0:
        return 1
    return min(most, max(0, digits - 1 - math.floor(math.log10(largest))))


def listed(names: Sequence[str]) -> str:
    """`A`, `A and B`, `A, B and C`."""
    if len(names) <= 1:
        return "".join(names)
    return ", ".join(names[:-1]) + " and " + names[-1]


WORDS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")


def counted(number: int, noun: str, plural: str | None = None) -> str:
    """`one party`, `3 packages`: words up to twelve, plural where it is due."""
    word = WORDS[number] if 0 <= number < len(WORDS) else f"{number:,}"
    return f"{word} {noun if number == 1 else noun + 's' if plural is None else plural}"
