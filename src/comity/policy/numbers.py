"""Numbers read from their own text: "15%", "-0.4", "1e-3"; never a comma, never NaN, never a guess."""

from __future__ import annotations

import math
import re
from typing import Any

_NUMBER = re.compile(r"([+-]?)([0-9]+(?:\.[0-9]*)?|\.[0-9]+)((?:[eE][+-]?[0-9]+)?)\s*(%?)")


def number(value: Any) -> float:
    """A finite number from text or from a Python number; per cent is divided by 100. Raises ValueError with advice."""
    return _parsed(value)[0]


def fraction(value: Any) -> float:
    """A rate or a change: 0.15 or "15%". A bare 15 is refused, for it hardly ever means 1,500 %."""
    result, percent = _parsed(value)
    unclear = abs(result) >= 1 if isinstance(value, str) else abs(result) > 1
    if unclear and not percent:
        raise ValueError(f"{value} would be {100 * result:.10g} %: write '{result:.10g}%', or '{100 * result:.10g}%' if meant")
    return result


def truth(value: Any) -> bool:
    """true or false, nothing else."""
    if isinstance(value, bool):
        return value
    if value in ("true", "false"):
        return value == "true"
    raise ValueError(f"{value!r} is neither true nor false")


def _parsed(value: Any) -> tuple[float, bool]:
    if isinstance(value, bool) or value is None:
        raise ValueError(f"{'nothing' if value is None else value} is not a number")
    if not isinstance(value, str):
        try:
            result = float(value)
        except (TypeError, ValueError):
            raise ValueError(f"{value!r} is not a number") from None
        return _finite(result, value), False
    text = value.strip().replace("−", "-")
    match = _NUMBER.fullmatch(text)
    if match is None:
        raise ValueError(_advice(value, text))
    sign, digits, exponent, percent = match.groups()
    if len(digits) > 1 and digits[0] == "0" and digits[1] != ".":
        raise ValueError(f"{value!r} begins with a zero: a code, not a number")
    result = _finite(float(sign + digits + exponent), value)
    # Divided by a decimal literal, so that "15%" and 0.15 are the same float.
    return (float(f"{sign}{digits}e{int(exponent[1:] or 0) - 2}") if percent else result), bool(percent)


def _advice(value: str, text: str) -> str:
    if re.fullmatch(r"[+-]?[0-9]+(,[0-9]+)+(\.[0-9]+)?\s*%?", text):
        return f"{value!r}: write decimals with a point and no separators between thousands ('15.5', '1500')"
    if text.lstrip("+-").lower() in ("nan", ".nan", "inf", ".inf", "infinity"):
        return f"{value!r} is not a finite number"
    return f"{value[:60]!r} is not a number (write 0.15 or 15%)"


def _finite(result: float, value: Any) -> float:
    if not math.isfinite(result):
        raise ValueError(f"{value} is not a finite number")
    return result
