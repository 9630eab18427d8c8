"""Stakes as plain data: the key `stakes` of the results."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from comity.records import Array
from comity.talks.bargaining.payoffs import remainder, usd
from comity.talks.keeping.trust import Trust, deal_patience, trust
from comity.talks.packages import Engine
from comity.talks.results import Judged, package_id, rounded
from comity.talks.stakes.exact import Exact, Solver
from comity.talks.stakes.finance import Zone
from comity.talks.stakes.policy import Margin, margin
from comity.talks.stakes.sale import Sale
from comity.talks.stakes.stake import Stake, assumed_figures
from comity.talks.stakes.worth import Worth

RISK_AVERSIONS = (0.0, 2.0)
"""Relative risk aversion at which reservation prices are shown beside that of the file."""
INDEX = "USD mn of world value added"


def stakes(engine: Engine, j: Judged, sale: Sale, worth: Worth, risk_aversion: float = 0.0) -> dict[str, Any]:
    """All that the brief says of stakes."""
    solver = Solver(engine, j.agenda, sale, j.real_income)
    every = worth.with_line(*range(len(worth.stakes)))
    full = tuple(range(len(j.agenda.proposals)))
    recommended = tuple(j.table.packages[j.choice.best])
    exact = [solver.solve(package, sale.annuity) for package in dict.fromkeys((recommended, every, full))]
    solved = solver.prices(every)
    return {
        "package": package_id(worth.package, j.agenda.proposals),
        "package_settled": sale.settled,
        "annuity_unit": INDEX,
        "counted": "face_value",
        "patience": worth.patience,
        "list": [_one(engine, j, sale, worth, m, float(solved.annuity[m]), risk_aversion) for m in range(len(worth.stakes))],
        "all": _together(j, worth),
        "home_shares": [
            {"home_share": share, "over_nothing_usd_mn": None if gain is None else _money(j.agenda.parties, gain)}
            for share, gain in worth.home_shares()
        ],
        "exact": [_exact(j, one) for one in exact],
        "assumed": list(assumed_figures(worth.stakes)),
    }


def _one(engine: Engine, j: Judged, sale: Sale, worth: Worth, m: int, exact_annuity: float, rho: float) -> dict[str, Any]:
    one, line = worth.stakes[m], sale.paying.lines[m]
    annuity, paying = float(sale.annuity[m]), sale.paying
    issuer, _ = worth.sides(m)
    added = float(paying.added(sale.annuity)[m])
    ids = [c.crisis.id for c in sale.trade.crises]
    paid = paying.dividend(sale.annuity)[:, [0, sale.agreed], m]
    gain = worth.expected(worth.package) - worth.expected(())
    income = j.real_income
    return {
        "id": j.agenda.proposals[line].id,
        **_written(one),
        "control": one.control,
        "sector_capital_income_usd_mn": usd(paying.today[m]),
        "price": {
            "kind": one.price.kind,
            "pe": one.price.pe,
            "annuity_usd_mn": usd(annuity),
            "annuity_exact_usd_mn": usd(exact_annuity),
            "dividend_without_usd_mn": usd(sale.prices.without[m]),
            "dividend_with_usd_mn": usd(sale.prices.expected[m]),
            "premium_pct": rounded(100 * sale.prices.premium[m], 4) if np.isfinite(sale.prices.premium[m]) else None,
        },
        "dividends_usd_mn": {
            c: {"nothing": usd(a), "package": usd(b), "passes": usd(b - annuity)} for c, (a, b) in zip(ids, paid, strict=True)
        },
        "passed": {
            "usd_mn": usd(sale.prices.passed[m]),
            "of_seller_gain_pct": rounded(100 * sale.prices.passed[m] / gain[issuer], 4) if gain[issuer] > 0 else None,
        },
        "new_shares": {"capital_pct": rounded(100 * added, 6)} if one.new else None,
        "reservation": [_zone(rho_, worth.zone(m, rho_)) for rho_ in dict.fromkeys((rho, *RISK_AVERSIONS))],
        "certainty_equivalents": [_equivalents(j, worth, m, rho_) for rho_ in dict.fromkeys((rho, *RISK_AVERSIONS))],
        "trust": _pledge(worth, m),
        "expropriation": _survival(worth, m),
        "own_policy": _margin(margin(engine.benchmark, engine.closure, one, annuity, added, income, engine.tolerance)),
    }


def _written(one: Stake) -> dict[str, Any]:
    return {
        "issuer": one.issuer,
        "buyer": one.buyer,
        "enterprise": one.enterprise,
        "sector": one.sector,
        "enterprise_share_pct": rounded(100 * one.enterprise_share, 6),
        "payout_pct": rounded(100 * one.payout, 6),
        "sold_pct": rounded(100 * one.sold, 6),
        "held_pct": rounded(100 * one.held, 6),
        "home_share_pct": rounded(100 * one.home_share, 6),
        "new": one.new,
        "assumed": one.assumed,
        "source": one.source,
        "reason": one.reason,
    }


def _zone(risk_aversion: float, zone: Zone) -> dict[str, Any]:
    return {
        "risk_aversion": risk_aversion,
        "seller_least_usd_mn": usd(zone.seller_least),
        "buyer_most_usd_mn": usd(zone.buyer_most),
        "room_usd": rounded(1e6 * (zone.buyer_most - zone.seller_least), 0),
        "empty": zone.empty,
    }


def _equivalents(j: Judged, worth: Worth, m: int, risk_aversion: float) -> dict[str, Any]:
    without, with_stake = worth.equivalents(m, risk_aversion)
    return {"risk_aversion": risk_aversion, "gain_usd_mn": _money(j.agenda.parties, with_stake - without)}


def _pledge(worth: Worth, m: int) -> dict[str, Any]:
    found = worth.pledge(m)
    return {
        "delta_before": _delta(found.before),
        "delta_after": _delta(found.after),
        "buys_trust": found.buys_trust,
        "sector_gain_usd_mn": usd(found.sector_gain),
        "sector_gains": bool(found.sector_gain > 1e-9),
        "parties": {
            one.party: {"before": _kept(one), "after": _kept(other)} for one, other in zip(found.before, found.after, strict=True)
        },
    }


def _kept(one: Trust) -> dict[str, Any]:
    delta = one.critical.delta
    return {
        "delta": None if delta is None else rounded(delta, 6),
        "outcome": one.critical.outcome,
        "largest_usd_mn": usd(one.largest),
        "value_usd_mn": usd(one.value),
    }


def _delta(parties: Sequence[Trust]) -> float | None:
    worst = deal_patience(parties)
    return rounded(worst, 6) if np.isfinite(worst) else None


def _survival(worth: Worth, m: int) -> dict[str, Any]:
    found = worth.survival(m)
    delta = found.critical.delta
    return {
        "patience": worth.patience,
        "delta": None if delta is None else rounded(delta, 6),
        "outcome": found.critical.outcome,
        "largest_pct": None if found.largest is None else rounded(100 * found.largest, 4),
        "least_recovered_pct": None if found.least_recovered is None else rounded(100 * found.least_recovered, 4),
    }


def _margin(found: Margin) -> dict[str, Any]:
    pairs = {"barrier": found.barrier, "tariff": found.tariff}
    return {name: {"before_usd_mn": usd(a), "after_usd_mn": usd(b)} for name, (a, b) in pairs.items()} | {
        "turns": list(found.turns)
    }


def _together(j: Judged, worth: Worth) -> dict[str, Any]:
    """The package with all stakes against it without any: what each party gains, and what becomes of trust."""
    every = worth.with_line(*range(len(worth.stakes)))
    tolerance = worth.games.tolerance
    before, after = (trust(worth.games.deal_of(package), tolerance=tolerance) for package in (worth.package, every))
    return {
        "package": package_id(every, j.agenda.proposals),
        "over_package_usd_mn": _money(j.agenda.parties, worth.expected(every) - worth.expected(worth.package)),
        "delta_before": _delta(before),
        "delta_after": _delta(after),
        "buys_trust": deal_patience(after) < deal_patience(before) - 1e-12,
        "parties": {a.party: {"before": _kept(a), "after": _kept(b)} for a, b in zip(before, after, strict=True)},
    }


def _exact(j: Judged, found: Exact) -> dict[str, Any]:
    parties, ids = j.agenda.parties, [c.crisis.id for c in j.table.crises]
    return {
        "package": package_id(found.package, j.agenda.proposals),
        "difference_usd_mn": {c: _money(parties, row) for c, row in zip(ids, found.difference, strict=True)},
        "expected_difference_usd_mn": _money(parties, j.probability @ found.difference),
        "largest_difference_usd_mn": usd(np.abs(found.difference).max()),
        "residual": remainder(found.residual),
    }


def _money(parties: Sequence[str], values: Array) -> dict[str, float]:
    return {code: usd(v) for code, v in zip(parties, values, strict=True)}
