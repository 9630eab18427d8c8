"""Positions as results show them, made up: who wants what is given, the rest adds up."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import Any


def positions_of(parties: Sequence[str], others: Sequence[str], *, sign: float = 1.0, nothing: bool = False) -> dict[str, Any]:
    """Positions of parties among others; `sign` turns what the parties want, `nothing` leaves them without any position."""
    everybody = [*parties, *others]
    of = {
        p: {e: 1.6 if e == p else round(sign * 0.01 * (0.7**k) * (-1) ** (k % 3 == 2), 6) for k, e in enumerate(everybody)}
        for p in parties
    }
    return {
        "closure": {"factors": "specific", "deficits": "with_trade"},
        "steps_pct": {"trade_cost": 1.0},
        "sectors": ["goods"],
        "flows": 1234,
        "pairs": [_pair(a, b, others, sign, nothing) for a, b in combinations(parties, 2)],
        "governments": None,
        "friends": {
            "unit": "per cent of real income for one per cent of productivity in all sectors",
            "of": of,
            "likeness": [{"a": a, "b": b, "correlation": 0.4} for a, b in combinations(parties, 2)],
        },
        "residual": 1e-13,
    }


def _pair(a: str, b: str, others: Sequence[str], sign: float, nothing: bool) -> dict[str, Any]:
    def group(name: str, value: float, part: float | None = None, key: str = "name") -> dict[str, Any]:
        row = {key: name, "coincidence": None if nothing else sign * value, "outcome": "undefined" if nothing else "defined"}
        if part is not None:
            row |= {"part": None if nothing else sign * part, "stake_a": 0.3, "stake_b": 0.3}
        return row

    def point(one: float, other: float) -> dict[str, Any]:
        gains = {code: {"gain_pct": v / 700, "ev_usd_mn": v} for code, v in ((a, one), (b, other))}
        return {"instrument": "trade_cost", "importer": others[0], "exporter": others[1], "sector": "C28", "gain": gains}

    return {
        "a": a,
        "b": b,
        "coincidence": None if nothing else sign * 0.3,
        "outcome": "undefined" if nothing else "defined",
        "between_them": group("between_them", 0.95),
        "by_instrument": [group("trade_cost", 0.3), group("tariff", 0.2)],
        "by_movement": [group(name, v) for name, v in (("flow", 0.3), ("importer", 0.02), ("exporter", 0.6), ("world", 0.92))],
        "by_place": [group(n, 0.4, 0.06) for n in ("imports_a", "exports_a", "imports_b", "exports_b", "others")],
        "by_sector": [group("C28", 0.4, 0.3, key="sector")],
        "clashes": [] if nothing else [point(1.5, -20.0)],
        "causes": [] if nothing else [point(-3.0 * sign, -4.0 * sign)],
    }
