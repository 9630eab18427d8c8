"""What follows from the table of packages: bargaining, credit, prices, counter-offers, trust and escapes (talks.md, 3–6 and 9).

Payoffs are what governments count, G = RI + Σ ω PS in benchmark USD mn: the nation's real income where nothing else is said.
No equilibrium is solved here: whole packages are read from the table, intensities between them interpolated.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from comity.records import Array
from comity.talks.bargaining.bargain import Bargain, bargain_over
from comity.talks.bargaining.core import core_of, refused
from comity.talks.bargaining.counter import counter_offers
from comity.talks.bargaining.credit import credit, price_list
from comity.talks.bargaining.gains import Gains
from comity.talks.bargaining.negotiate import negotiate
from comity.talks.bargaining.payoffs import TablePayoffs, certainty_equivalent, usd
from comity.talks.keeping.escape import NOTHING as NOTHING_HOLDS
from comity.talks.keeping.escape import STEPS, Escape, clauses, escape_clauses
from comity.talks.keeping.remedies import remedies
from comity.talks.keeping.trust import Deal, Punishment, Temptation, Trust, deal_patience, punishment, temptations, trust
from comity.talks.results import Judged, package_id, rounded

PATIENCE = 0.8
"""δ where the talks file states none; the results and the brief say that it is assumed."""
SURE = 1e-9
"""A change of payoff below this part of the largest income is rounding, and tempts nobody."""
ASKED = 0.05
"""A counter-offer asks for this part of what the paper brings us on top of it, or LEAST if that is more."""
LEAST = 0.1
"""USD mn."""
CONCESSIONS = 8
"""In a package, above which depths of an escape are looked at in steps of 5 per cent."""
CORE = 200_000
"""Groups of parties times packages above which the core is refused: a few seconds."""
CURES = 5

OTHERS_CONCEDE = "others_concede"
CONCEPTS = ("nash", "egalitarian_pct", "egalitarian_usd", "kalai_smorodinsky", "utilitarian")


@dataclass(frozen=True, eq=False)
class Games:
    """The table as games are played on it.

    `packages` lists proposals in the order of `names`; `best` is the recommended one's position. `by` and `conceded_by` give the
    economies of each proposal, `called` the names of states and proposals. `patience` is δ of the talks file (None: not stated).
    """

    payoffs: TablePayoffs
    base: Array
    packages: Sequence[Sequence[int]]
    names: Sequence[str]
    by: Sequence[Sequence[str]]
    conceded_by: Sequence[Sequence[str]]
    best: int
    weights: Array
    losses: str
    called: Mapping[str, str]
    patience: float | None = None
    risk_aversion: float = 0.0
    stakes: tuple[int, ...] = ()
    """Proposals that sell a stake: no break undoes them."""
    bargaining_weights: Array | None = None
    """b_n of the Nash product; None: equal."""
    largest_transfer: float | None = None
    """What a party pays or gets at most, USD mn a year; None: unbounded."""
    nations: TablePayoffs | None = None
    """Real incomes, shown beside payoffs that count own producers for more; None where everybody counts alike."""

    @classmethod
    def of(cls, judged: Judged, patience: float | None = None) -> Games:
        """From the table of talks: what the parties' governments count in every state and package."""
        agenda, table = judged.agenda, judged.table
        positions = [judged.benchmark.economy_index(code) for code in agenda.parties]
        base = judged.real_income[positions]
        chance = {c.crisis.id: float(q) for c, q in zip(table.crises, judged.probability, strict=True)}
        ids = [p.id for p in agenda.proposals]

        def payoffs(values: Array) -> TablePayoffs:
            return TablePayoffs.from_packages(agenda.parties, chance, ids, table.packages, values)

        return cls(
            payoffs=payoffs(judged.payoff),
            nations=payoffs(table.real_income[:, :, positions] * base) if judged.weighed else None,
            base=base,
            packages=table.packages,
            names=[package_id(package, agenda.proposals) for package in table.packages],
            by=[p.by for p in agenda.proposals],
            conceded_by=[p.conceded_by for p in agenda.proposals],
            best=judged.choice.best,
            weights=judged.weights,
            losses=agenda.losses,
            called={c.crisis.id: c.crisis.name for c in table.crises} | {p.id: p.name for p in agenda.proposals},
            patience=patience,
            risk_aversion=agenda.risk_aversion,
            stakes=agenda.stakes,
            bargaining_weights=agenda.nash_weights,
            largest_transfer=agenda.largest_transfer,
        )

    @cached_property
    def utility(self) -> Array:
        """What each party counts, package × party, USD mn: expected, or its certainty equivalent with risk aversion."""
        number = [sum(1 << k for k in package) for package in self.packages]
        return certainty_equivalent(self.payoffs.corner, self.payoffs.probability, self.risk_aversion)[number]

    @cached_property
    def whole(self) -> Bargain:
        """Bargaining over the packages of the table, each proposal whole or not at all."""
        return bargain_over(
            self.utility,
            self.base,
            parties=self.payoffs.parties,
            sizes=[len(p) for p in self.packages],
            weights=self.bargaining_weights,
            largest_transfer=self.largest_transfer,
        )

    @cached_property
    def intensities(self) -> Bargain:
        """Whether there is anything to bargain about when proposals may be agreed in part, on the interpolated table."""
        return negotiate(self.payoffs, self.base, risk_aversion=self.risk_aversion, points=0, concepts=())

    @cached_property
    def deal(self) -> Deal:
        """The recommended package as a deal."""
        return self.deal_of(self.packages[self.best])

    def deal_of(self, package: Sequence[int]) -> Deal:
        """A package as a deal; what no party concedes is not theirs to break, and lasts, as a stake and its payments do."""
        parties = self.payoffs.parties
        by = [frozenset(parties.index(code) for code in who if code in parties) for who in self.conceded_by]
        x = np.isin(np.arange(len(by)), package).astype(float)
        return Deal.of(self.payoffs, by, x, lasting={*self.stakes, *(k for k, who in enumerate(by) if not who)})

    @property
    def tolerance(self) -> float:
        """What is no temptation, USD mn."""
        return SURE * float(self.base.max())

    @cached_property
    def after(self) -> Punishment:
        """What follows a break of the deal."""
        return punishment(self.deal, self.tolerance)

    @cached_property
    def trusts(self) -> tuple[Trust, ...]:
        """What keeps each party in the deal."""
        return trust(self.deal, tolerance=self.tolerance, after=self.after)


def answers(games: Games) -> dict[str, Any]:
    """The keys that the games add to the results."""
    return {
        "counting": "nations" if games.nations is None else "governments",
        "bargaining": bargaining(games),
        "shapley": shapley_values(games),
        "concessions": prices(games),
        "counter_offers": counters(games),
        "trust": kept(games),
        "escape": escapes(games),
    }


def bargaining(games: Games) -> dict[str, Any]:
    """What the parties can agree on, and how sure that is.

    Whether there is anything to gain is answered over all intensities (t* of talks.md, part 3) and, under `whole`, over whole
    packages alone; the solutions are whole packages, every one of which was compared.
    """
    found, parts = games.whole, games.intensities
    shown = found.as_dict(names=games.names)
    agreements = shown.pop("agreements")
    gain = games.utility - games.utility[0]
    at = int(np.argmax((gain / games.base).min(axis=1)))
    edge = sorted(found.undominated, key=lambda m: tuple(gain[m]))
    drawn = shown["lottery"]
    assert parts.room_x is not None
    assert parts.certificate is not None
    return shown | {
        **parts.room_dict(),
        "certificate": {"packages_compared": len(games.names), "room_at": games.names[at]},
        "whole": found.room_dict(),
        "bargaining_weights": _weights(games),
        "largest_transfer_usd_mn": games.largest_transfer,
        "intensities": parts.room_dict()
        | {
            "room_at": {name: rounded(v, 6) for name, v in zip(games.payoffs.proposals, parts.room_x, strict=True)},
            "certificate": parts.certificate.as_dict(),
        },
        **{concept: agreements.get(concept) for concept in CONCEPTS},
        "frontier": [{"package": games.names[m], "gain": _figures(games, gain[m])} for m in edge],
        "lottery": drawn if drawn and drawn["needs_rotation"] else None,
        **_core(games),
    }


def _weights(games: Games) -> dict[str, float] | None:
    """b_n where the talks file gives them."""
    b = games.bargaining_weights
    return None if b is None else {code: rounded(v, 6) for code, v in zip(games.payoffs.parties, b, strict=True)}


def _core(games: Games) -> dict[str, Any]:
    """Of three parties or more; two have none but themselves to leave with."""
    parties, packages = games.payoffs.parties, games.packages
    reason = refused(len(parties), len(packages), CORE)
    if len(parties) < 3 or reason is not None:
        return {"core": None, "core_reason": reason if len(parties) >= 3 else None}
    concerned = [sorted({*by, *conceding}) for by, conceding in zip(games.by, games.conceded_by, strict=True)]
    found = core_of(games.utility, games.base, packages, concerned, parties, budget=CORE)
    return {"core": found.as_dict(games.names), "core_reason": None}


def _figures(games: Games, gain: Array) -> dict[str, dict[str, float]]:
    rows = zip(games.payoffs.parties, gain, games.base, strict=True)
    return {code: {"gain_pct": rounded(100 * v / base, 6), "ev_usd_mn": usd(v)} for code, v, base in rows}


def shapley_values(games: Games) -> dict[str, Any]:
    """Who brings what to the full list; jointly by the file's measure, for which CVaR-90 has no such values."""
    count = len(games.payoffs.proposals)
    tail = games.losses == "cvar-90"
    losses = "expected" if tail else games.losses
    found = credit(
        games.payoffs, np.ones(count), games.base, weights=games.weights, losses=losses, risk_aversion=games.risk_aversion
    ).as_dict()
    full = next(name for name, package in zip(games.names, games.packages, strict=True) if len(package) == count)
    return {
        "package": full,
        "party_measure": "certainty_equivalent" if games.risk_aversion else "expected",
        "joint_measure": None if tail else games.losses,
        "proposals": {name: row | {"joint_pct": None if tail else row["joint_pct"]} for name, row in found.items()},
    }


def prices(games: Games) -> list[dict[str, Any]]:
    """What each proposal costs those who concede it and brings the others, alone and as the last of the full list."""
    found = []
    for one in price_list(games.payoffs, games.conceded_by):
        row = one.as_dict(games.payoffs.states)
        if not one.conceded_by:
            for place in ("alone", "last"):
                row[place] |= {"verdict": OTHERS_CONCEDE, "price": None}
        found.append(row)
    return found


def counters(games: Games) -> list[dict[str, Any]]:
    """Each party's answers to the full list as the others' paper; intensities between whole packages are interpolated.

    What is interpolated is largest at a whole package, so that where none of them brings the margin no search is needed.
    """
    gains = Gains(games.payoffs, games.base, games.risk_aversion)
    paper = np.ones(len(games.payoffs.proposals))
    at_paper = gains.at(paper)
    found = []
    for n, code in enumerate(games.payoffs.parties):
        margin = max(LEAST, ASKED * float(at_paper[n]))
        within_reach = float(np.max(games.utility[:, n] - games.utility[0, n])) >= at_paper[n] + margin
        shown = counter_offers(gains, paper, code, margin=margin, lines=3 if within_reach else 0).as_dict()
        most = shown["most_over_paper_usd_mn"]
        found.append(shown | {"most_over_paper_usd_mn": most if np.isfinite(most) else None})
    return found


def kept(games: Games) -> dict[str, Any]:
    """Who is tempted to break the recommended package, and how patient each must be to keep it."""
    worst = deal_patience(games.trusts)
    tempting = temptations(games.deal)
    states = games.payoffs.states
    return {
        "package": games.names[games.best],
        "delta": rounded(worst, 6) if np.isfinite(worst) else None,
        "kept_by_all": bool(np.isfinite(worst)),
        "punishment": {
            "kind": games.after.kind,
            "settled": games.after.settled,
            "conceding": [{"crisis": s, "party": p, "proposals": _ids(games, who)} for s, p, who in games.after.conceding],
        },
        "parties": {one.party: _trust(games, one, tempting, states) for one in games.trusts},
        "remedies": _cures(games) if worst > 0 else [],
    }


def _trust(games: Games, one: Trust, tempting: tuple[Temptation, ...], states: tuple[str, ...]) -> dict[str, Any]:
    shown = one.as_dict()
    delta, rate = one.critical.delta, shown.pop("discount_rate")
    most = next((t for t in tempting if t.party == one.party), None)
    return {
        "delta": None if delta is None else rounded(delta, 6),
        "outcome": one.critical.outcome,
        "discount_rate_pct": rounded(100 * rate, 4) if isinstance(rate, float) else None,
        "binding": one.binding,
        "temptation_usd_mn": {state: usd(v) for state, v in zip(states, one.temptation, strict=True)},
        "largest_usd_mn": usd(one.largest),
        "value_usd_mn": usd(one.value),
        "withdraws": _ids(games, one.withdraws),
        "most_tempting": most and {"proposal": most.proposal, "crisis": most.state, "gain_usd_mn": usd(most.gain)},
        "punishment": one.punishment,
    }


def _ids(games: Games, proposals: tuple[int, ...]) -> list[str]:
    return [games.payoffs.proposals[k] for k in proposals]


def _cures(games: Games) -> list[dict[str, Any]]:
    """What would lower δ*, a stake that is not in the package among it, and what it costs each party in an expected year."""
    best = games.packages[games.best]
    stakes = {games.payoffs.proposals[k]: games.deal_of([*best, k]) for k in games.stakes if k not in best}
    found = [one for one in remedies(games.deal, stakes=stakes, tolerance=games.tolerance) if one.lowers][:CURES]
    return [
        {
            "kind": one.kind,
            "what": one.what,
            "crisis": one.state,
            "delta": rounded(one.delta, 6) if np.isfinite(one.delta) else None,
            "cost_usd_mn": {code: usd(v) for code, v in zip(games.payoffs.parties, one.cost, strict=True)},
        }
        for one in found
    ]


def escapes(games: Games) -> dict[str, Any]:
    """How far the recommended package must give way in each crisis so that everybody keeps it at the patience."""
    patience = PATIENCE if games.patience is None else games.patience
    found = _escape(games, patience)
    states, ids = games.payoffs.states, games.payoffs.proposals
    return {
        "package": games.names[games.best],
        "patience": patience,
        "assumed": games.patience is None,
        "outcome": found.outcome,
        "certificate": found.certificate,
        "joint_worth_usd_mn": usd(found.worth.sum()),
        "most_joint_worth_usd_mn": usd(found.worth_of_best.sum()),
        "complete": found.complete,
        "step_pct": rounded(100 * found.step, 6),
        "depth": {state: rounded(v, 6) for state, v in zip(states, found.depth, strict=True)},
        "intensity": {
            state: {name: rounded(v, 6) for name, v in zip(ids, row, strict=True)}
            for state, row in zip(states, found.x, strict=True)
        },
        "worth_usd_mn": {code: usd(v) for code, v in zip(games.payoffs.parties, found.worth, strict=True)},
        "worth_of_full_usd_mn": {code: usd(v) for code, v in zip(games.payoffs.parties, found.worth_of_full, strict=True)},
        "clauses": [] if found.outcome == NOTHING_HOLDS else _clauses(games, found),
    }


def _clauses(games: Games, found: Escape) -> list[dict[str, Any]]:
    """In words that could stand in an agreement."""
    return [
        {
            "crisis": clause.state,
            "depth": rounded(clause.depth, 6),
            "covers": list(clause.covers),
            "levels": {name: rounded(share, 6) for name, share in clause.levels.items()},
            "trigger": clause.trigger,
            "measure": clause.measure,
            "duration": clause.duration,
        }
        for clause in clauses(games.deal, found, games.called)
    ]


def _escape(games: Games, patience: float) -> Escape:
    """Depths in whole per cents, in steps of 5 per cent where a concession has very many others beside it."""
    depths = STEPS if len(games.deal.standing) <= CONCESSIONS else STEPS[::5]
    return escape_clauses(games.deal, patience, after=games.after, depths=depths, tolerance=games.tolerance)
