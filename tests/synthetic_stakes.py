"""The keys `stakes`, `legal` and `budget` of talks that never took place, in the shape of results.json."""

from __future__ import annotations

from typing import Any

STATES = ("none", "collapse", "war", "oil", "slump")
PAID = (10.0, 8.0, 12.0, 10.0, 9.0)


def _kept(delta: float | None, outcome: str, largest: float, value: float) -> dict[str, Any]:
    return {"delta": delta, "outcome": outcome, "largest_usd_mn": largest, "value_usd_mn": value}


def stake_of(
    key: str = "p3",
    *,
    deltas: tuple[float | None, float | None] = (0.5, 0.4),
    sector_gain: float = 0.6,
    empty: bool = False,
    kind: str = "fair_without",
    passed: float = 0.5,
    new: bool = False,
    turned: bool = False,
) -> dict[str, Any]:
    """One stake of Belarus, bought by Kazakhstan."""
    buys = deltas[1] is not None and (deltas[0] is None or deltas[1] < deltas[0])
    before, after = (_kept(d, "never" if d is None else "kept", 3.0, 3.0) for d in deltas)
    return {
        "id": key,
        "issuer": "BLR",
        "buyer": "KAZ",
        "enterprise": "Tractor works",
        "sector": "C28",
        "enterprise_share_pct": 40.0,
        "payout_pct": 20.0,
        "sold_pct": 30.0,
        "held_pct": 0.0,
        "home_share_pct": 100.0,
        "new": new,
        "assumed": True,
        "source": None,
        "reason": "no account is published",
        "control": "veto",
        "sector_capital_income_usd_mn": 400.0,
        "price": {
            "kind": kind,
            "pe": 8.0 if kind == "pe" else None,
            "annuity_usd_mn": 9.5,
            "annuity_exact_usd_mn": 9.5,
            "dividend_without_usd_mn": 9.5,
            "dividend_with_usd_mn": 9.5 + passed,
            "premium_pct": 12.0 if kind == "pe" else 0.0,
        },
        "dividends_usd_mn": {
            state: {"nothing": paid - passed, "package": paid, "passes": paid - 9.5}
            for state, paid in zip(STATES, PAID, strict=True)
        },
        "passed": {"usd_mn": passed, "of_seller_gain_pct": 0.2 if passed > 0 else None},
        "new_shares": {"capital_pct": 2.5} if new else None,
        "reservation": [
            {"risk_aversion": 0.0, "seller_least_usd_mn": 10.0, "buyer_most_usd_mn": 10.0, "room_usd": 0.0, "empty": False},
            {
                "risk_aversion": 2.0,
                "seller_least_usd_mn": 9.6 if empty else 9.4,
                "buyer_most_usd_mn": 9.4 if empty else 9.6,
                "room_usd": -200_000.0 if empty else 200_000.0,
                "empty": empty,
            },
        ],
        "certainty_equivalents": [{"risk_aversion": 0.0, "gain_usd_mn": {"BLR": -passed, "KAZ": passed}}],
        "trust": {
            "delta_before": deltas[0],
            "delta_after": deltas[1],
            "buys_trust": buys,
            "sector_gain_usd_mn": sector_gain,
            "sector_gains": sector_gain > 0,
            "parties": {code: {"before": before, "after": after} for code in ("BLR", "KAZ")},
        },
        "expropriation": {
            "patience": 0.8,
            "delta": None if turned else 0.1,
            "outcome": "never" if turned else "kept",
            "largest_pct": 4.0 if turned else 100.0,
            "least_recovered_pct": 60.0 if turned else 0.0,
        },
        "own_policy": {
            "barrier": {"before_usd_mn": -19.0, "after_usd_mn": -19.2},
            "tariff": {"before_usd_mn": 0.4, "after_usd_mn": -0.3 if turned else 0.3},
            "turns": ["tariff"] if turned else [],
        },
    }


def stakes_of(*stakes: dict[str, Any]) -> dict[str, Any]:
    """The key `stakes`."""
    money = {"BLR": -0.5, "KAZ": 0.5}
    return {
        "package": "p1",
        "package_settled": True,
        "annuity_unit": "USD mn of world value added",
        "counted": "face_value",
        "patience": 0.8,
        "list": list(stakes),
        "all": {
            "package": "p1+p3",
            "over_package_usd_mn": money,
            "delta_before": 0.5,
            "delta_after": 0.4,
            "buys_trust": True,
            "parties": {code: {"before": _kept(0.5, "kept", 3.0, 3.0), "after": _kept(0.4, "kept", 2.0, 3.0)} for code in money},
        },
        "home_shares": [
            {"home_share": 1.0, "over_nothing_usd_mn": {"BLR": 20.0, "KAZ": 30.0}},
            {"home_share": 0.75, "over_nothing_usd_mn": {"BLR": 19.0, "KAZ": 30.0}},
            {"home_share": 0.5, "over_nothing_usd_mn": None},
        ],
        "exact": [
            {
                "package": "p1+p3",
                "difference_usd_mn": dict.fromkeys(STATES, money),
                "expected_difference_usd_mn": money,
                "largest_difference_usd_mn": 0.5,
                "residual": 1e-12,
            }
        ],
        "assumed": ["Tractor works: 40 % of the capital income of C28 in BLR, payout 20 %. no account is published"],
    }


def treaty_of(proposals: list[dict[str, Any]], *, applied: bool = True) -> dict[str, Any]:
    """The keys `legal` and `budget`: the last proposal needs the union, the first is kept from Russia."""
    last = proposals[-1]["id"]
    legal = [
        {
            "proposal": p["id"],
            "who": "union" if p["id"] == last else "member",
            "lines": [{"text": "a change", "who": "member", "why": "a member’s own"}],
            "left_out": ["RUS"] if p["id"] == proposals[0]["id"] else [],
        }
        for p in proposals
    ]
    step = {"nothing": 100.0, "package": 98.0, "change": -2.0}
    return {
        "legal": legal,
        "budget": {
            "duties_usd_mn": {state: dict.fromkeys(("BLR", "KAZ", "RUS"), step) for state in (*STATES, "expected")},
            "pool": {
                "applied": applied,
                "treaty_pct": {"ARM": 1.22, "BLR": 4.86, "KAZ": 6.955, "KGZ": 1.9, "RUS": 85.065},
                "key_pct": {"BLR": 5.0165, "KAZ": 7.179, "RUS": 87.8045},
                "left_out": ["ARM", "KGZ"],
                "since": 2020,
                "source": "the treaty",
                "collected_usd_mn": {"BLR": 90.0, "KAZ": 110.0, "RUS": 1000.0},
                "by_key_usd_mn": {"BLR": 100.0, "KAZ": 100.0, "RUS": 1000.0},
            },
        },
    }
