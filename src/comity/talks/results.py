"""The results of talks as plain data: what `--json` prints, results.json holds and the brief is written from."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from comity.policy import describe
from comity.records import Array, Benchmark
from comity.talks import judge
from comity.talks.agenda import Agenda, Crisis, Proposal
from comity.talks.packages import Package, SolvedCrisis, Table
from comity.talks.stakes.stake import Stake
from comity.talks.wants.governments import omega

SCHEMA = "comity-talks-1"
NOTHING = "nothing"


@dataclass(frozen=True, eq=False)
class Judged:
    """The table with what follows from it: probabilities, weights, gains, the choice."""

    agenda: Agenda
    benchmark: Benchmark
    table: Table
    real_income: Array  # USD mn of the reference, country
    probability: Array
    weights: Array
    choice: judge.Choice
    counted: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    """w of each party's government by sector, what barriers reveal included; empty: everybody counts alike."""

    @property
    def weighed(self) -> bool:
        """Whether some government counts producers for more."""
        return any(w != 1 for weights in self.counted.values() for w in weights.values())

    @property
    def payoff(self) -> Array:
        """G of the parties, RI + Σ ω PS in USD mn, crisis × package × party; RI where everybody counts alike."""
        positions = [self.benchmark.economy_index(code) for code in self.agenda.parties]
        return government(self.benchmark, self.table, self.real_income, positions, self.counted)

    @property
    def trade_part(self) -> int:
        """Position of the recommended package without the stakes that it sells."""
        best = self.table.packages[self.choice.best]
        return self.table.packages.index(tuple(k for k in best if k not in self.agenda.stakes))

    @property
    def shown(self) -> list[int]:
        """Positions of the parties and of all other union members."""
        return [self.benchmark.economy_index(code) for code in self.agenda.members]

    @property
    def gain(self) -> Array:
        """V̂ − 1, crisis × package × country."""
        return self.table.real_income - 1

    @property
    def joint(self) -> Array:
        """Weighted gain of the parties, crisis × package."""
        parties = [self.benchmark.economy_index(code) for code in self.agenda.parties]
        return self.gain[:, :, parties] @ self.weights


def government(
    benchmark: Benchmark, table: Table, real_income: Array, parties: Sequence[int], counted: Mapping[str, Mapping[str, float]]
) -> Array:
    """G = RI + Σ ω PS of the parties, crisis × package × party, USD mn."""
    more = omega(counted, [benchmark.economies[n] for n in parties], benchmark.sectors)
    own = table.real_income[:, :, parties] * real_income[list(parties)]
    return own + np.einsum("pj,smpj->smp", more, table.producers) if more.any() else own


def judged(
    agenda: Agenda,
    benchmark: Benchmark,
    table: Table,
    real_income: Array,
    population: Mapping[str, float],
    counted: Mapping[str, Mapping[str, float]] | None = None,
) -> Judged:
    """Weigh the table and choose the best package; nobody at the table is worse off as its own government counts."""
    counted = agenda.governments if counted is None else counted
    parties = [benchmark.economy_index(code) for code in agenda.parties]
    probability = np.array([crisis.crisis.probability for crisis in table.crises])
    weights = judge.party_weights(agenda.weights, agenda.parties, real_income[parties], population)
    gain = table.real_income - 1
    rule = agenda.nobody_worse_off
    bound = [] if rule == "none" else parties
    if rule == "union":
        bound = [benchmark.economy_index(code) for code in agenda.members]
    seen = gain[:, :, bound].copy()
    if bound:
        income = real_income[parties]
        seen[:, :, : len(parties)] = government(benchmark, table, real_income, parties, counted) / income - 1
    admissible = judge.nobody_worse_off(seen, probability, agenda.losses, 0, agenda.risk_aversion)
    sizes = [len(p) for p in table.packages]
    choice = judge.choose(gain[:, :, parties] @ weights, probability, agenda.losses, admissible, sizes, agenda.risk_aversion)
    return Judged(agenda, benchmark, table, real_income, probability, weights, choice, counted)


def package_id(package: Package, proposals: Sequence[Proposal]) -> str:
    """The proposals' ids joined; `nothing` for the empty package."""
    return "+".join(proposals[k].id for k in package) or NOTHING


def rounded(value: Any, digits: int) -> float:
    """Rounded for output; zero has no sign."""
    return round(float(value), digits) + 0.0


def pair(gain: float, real_income: float) -> dict[str, float]:
    """A gain as the two figures shown everywhere."""
    return {"gain_pct": rounded(100 * gain, 6), "ev_usd_mn": rounded(gain * real_income, 3)}


def by_economy(j: Judged, gain: Array, positions: Sequence[int] | None = None) -> dict[str, dict[str, float]]:
    """`gain` (country, as a ratio) by ISO code; parties and members unless other positions are given."""
    chosen = j.shown if positions is None else positions
    return {j.benchmark.economies[n]: pair(gain[n], j.real_income[n]) for n in chosen}


def packages(j: Judged) -> list[dict[str, Any]]:
    """Every package with its outcomes in every crisis."""
    gain, q = j.gain, j.probability
    mean, tail = judge.expected(gain, q), judge.cvar90(gain, q)
    joint_mean, joint_worst, joint_tail = judge.expected(j.joint, q), judge.worst(j.joint), judge.cvar90(j.joint, q)
    parties = [j.benchmark.economy_index(code) for code in j.agenda.parties]
    ids = [c.crisis.id for c in j.table.crises]
    counts = _government_gain(j)
    found = []
    for p, package in enumerate(j.table.packages):
        lowest = gain[:, p].argmin(axis=0)
        found.append(
            {
                "id": package_id(package, j.agenda.proposals),
                "proposals": [j.agenda.proposals[k].id for k in package],
                "intensity": {proposal.id: float(k in package) for k, proposal in enumerate(j.agenda.proposals)},
                "outcomes": {crisis: by_economy(j, gain[s, p]) for s, crisis in enumerate(ids)},
                "expected": by_economy(j, mean[p]),
                "worst": {
                    j.benchmark.economies[n]: {"gain_pct": rounded(100 * gain[lowest[n], p, n], 6), "crisis": ids[lowest[n]]}
                    for n in j.shown
                },
                "cvar90": {j.benchmark.economies[n]: {"gain_pct": rounded(100 * tail[p, n], 6)} for n in j.shown},
                "joint": {
                    "expected_pct": rounded(100 * joint_mean[p], 6),
                    "worst_pct": rounded(100 * joint_worst[p], 6),
                    "cvar90_pct": rounded(100 * joint_tail[p], 6),
                    "expected_ev_usd_mn": rounded(mean[p, parties] @ j.real_income[parties], 3),
                },
                "over_nothing": by_economy(j, mean[p] - mean[0]),
                **({} if counts is None else {"government_over_nothing": counts(p)}),
                "nobody_worse_off": bool(j.choice.admissible[p]),
                "residual": float(f"{j.table.residual[:, p].max():.1e}"),
            }
        )
    return found


def _government_gain(j: Judged) -> Callable[[int], dict[str, float]] | None:
    """What a package is worth to each party's government, expected, USD mn; None where everybody counts alike."""
    if not j.weighed:
        return None
    mean = judge.expected(j.payoff, j.probability)
    return lambda p: {code: rounded(v, 3) for code, v in zip(j.agenda.parties, mean[p] - mean[0], strict=True)}


def every_concession_pays(j: Judged) -> bool:
    """Whether all concessions are best and each alone leaves everyone who makes it better off in expectation.

    A party is as well off as its own government counts. A stake is bought, not conceded.
    """
    rho = j.agenda.risk_aversion
    mean = np.array(judge.measure(j.gain, j.probability, "expected", rho))
    parties = [j.benchmark.economy_index(code) for code in j.agenda.parties]
    mean[:, parties] = judge.measure(j.payoff / j.real_income[parties] - 1, j.probability, "expected", rho)
    if len(j.table.packages[j.trade_part]) < len(j.agenda.trade):
        return False
    for p, package in enumerate(j.table.packages):
        if len(package) == 1 and package[0] in j.agenda.trade:
            conceding = [j.benchmark.economy_index(code) for code in j.agenda.proposals[package[0]].conceded_by]
            if not np.all(mean[p, conceding] > mean[0, conceding] + judge.TIE):
                return False
    return True


def best(j: Judged, sectors: Mapping[str, Any]) -> dict[str, Any]:
    """The recommended package: what it is, what it is worth, who gains by sector, and the world around it."""
    b, proposals = j.choice.best, j.agenda.proposals
    mean = judge.expected(j.gain, j.probability)
    everyone = range(len(j.benchmark.economies))
    runner_up = None if j.choice.runner_up is None else package_id(j.table.packages[j.choice.runner_up], proposals)
    ids = [c.crisis.id for c in j.table.crises]
    return {
        "package": package_id(j.table.packages[b], proposals),
        "objective": j.agenda.losses,
        "risk_aversion": j.agenda.risk_aversion,
        "weights": j.agenda.weights if isinstance(j.agenda.weights, str) else dict(j.agenda.weights),
        "rule": j.agenda.nobody_worse_off,
        "joint_loss_pct": rounded(-100 * judge.measure(j.joint, j.probability, j.agenda.losses, j.agenda.risk_aversion)[b], 6),
        "over_nothing": by_economy(j, mean[b] - mean[0]),
        "runner_up": runner_up,
        "every_concession_pays": every_concession_pays(j),
        "by_sector": sectors,
        "world": {crisis: by_economy(j, j.gain[s, 0], everyone) for s, crisis in enumerate(ids)},
        "world_package": {crisis: by_economy(j, j.gain[s, b] - j.gain[s, 0], everyone) for s, crisis in enumerate(ids)},
    }


def union_wide(j: Judged, widened: Sequence[int], income: Array) -> dict[str, Any]:
    """The proposals as the whole union would make them: alone, and those of the recommended package together.

    `widened` lists proposals that have such a version; `income` real income, crisis × (proposals + 1) × country.
    """
    gain = income - 1
    mean, alone = judge.expected(gain, j.probability), judge.expected(j.gain, j.probability)
    single = {package[0]: p for p, package in enumerate(j.table.packages) if len(package) == 1}
    rows = [
        {
            "id": j.agenda.proposals[k].id,
            "over_nothing": by_economy(j, mean[row] - alone[0]),
            "bilateral_over_nothing": by_economy(j, alone[single[k]] - alone[0]),
        }
        for row, k in enumerate(widened)
    ]
    outcomes = {c.crisis.id: by_economy(j, gain[s, -1]) for s, c in enumerate(j.table.crises)}
    together = {"outcomes": outcomes, "expected": by_economy(j, mean[-1]), "over_nothing": by_economy(j, mean[-1] - alone[0])}
    return {"proposals": rows, "all": together}


def alone_together(j: Judged, union: Mapping[str, Any] | None) -> dict[str, Any]:
    """Nothing, the package and the same by the whole union, by crisis and in expectation."""

    def step(nothing: Array, package: Array, wide: Mapping[str, Any] | None) -> dict[str, Any]:
        before, after = by_economy(j, nothing), by_economy(j, package)
        return {code: {"nothing": before[code], "package": after[code], "union_wide": wide and wide[code]} for code in before}

    b = j.choice.best
    mean = judge.expected(j.gain, j.probability)
    rows = {"expected": step(mean[0], mean[b], union and union["all"]["expected"])}
    for s, crisis in enumerate(j.table.crises):
        wide = union and union["all"]["outcomes"][crisis.crisis.id]
        rows[crisis.crisis.id] = step(j.gain[s, 0], j.gain[s, b], wide)
    return rows


def sectors_of(j: Judged, before: Sequence[Mapping[str, Array]], after: Sequence[Mapping[str, Array]]) -> dict[str, Any]:
    """What the recommended package does to value added (USD mn) and output (per cent) by sector, against the crisis alone."""
    b = j.benchmark
    found: dict[str, Any] = {}
    for crisis, old, new in zip(j.table.crises, before, after, strict=True):
        change = new["value_added"] - old["value_added"]
        ratio = np.divide(new["output_cf"], old["output_cf"], out=np.ones_like(old["output_cf"]), where=old["output_cf"] > 0)
        found[crisis.crisis.id] = {
            b.economies[n]: {
                code: {
                    "value_added_usd_mn": rounded(change[n, k], 3),
                    "output_pct": rounded(100 * (ratio[n, k] - 1), 6),
                }
                for k, code in enumerate(b.sectors)
            }
            for n in j.shown
        }
    return found


def governments(j: Judged) -> dict[str, Any]:
    """What each party's government counts its producers' dollar for, where for more than others'."""
    return {
        code: {
            "sensitive": {sector: rounded(w, 6) for sector, w in j.counted.get(code, {}).items()},
            "revealed": code in j.agenda.wants.revealed,
            "activity": code in j.agenda.wants.activity,
        }
        for code in j.agenda.wants.named
    }


def named(codes: Sequence[str], benchmark: Benchmark) -> list[dict[str, str]]:
    """ISO codes with their names."""
    return [{"iso3": code, "name": benchmark.economy_names.get(code, code)} for code in codes]


def crises(solved: Sequence[SolvedCrisis], benchmark: Benchmark) -> list[dict[str, Any]]:
    """The crises in words, with what a calibrated one came to."""

    def one(crisis: Crisis, achieved: Sequence[Any]) -> dict[str, Any]:
        return {
            "id": crisis.id,
            "name": crisis.name,
            "probability": crisis.probability,
            "reason": crisis.reason,
            "assumed": crisis.assumed,
            "shocks": [describe.describe(shock, benchmark) for shock in crisis.shocks],
            "calibrated": [
                {
                    "sector": a.sector,
                    "target_pct": rounded(100 * a.target, 6),
                    "achieved_pct": rounded(100 * a.achieved, 4),
                    "instrument": a.instrument,
                    "factor": rounded(a.factor, 6),
                }
                for a in achieved
            ],
        }

    return [one(s.crisis, s.achieved) for s in solved]


def in_words(stake: Stake, benchmark: Benchmark) -> str:
    """A stake as one line."""
    sector = benchmark.sector_names.get(stake.sector, stake.sector)
    seller, buyer = (benchmark.economy_names.get(code, code) for code in (stake.issuer, stake.buyer))
    shares = "new shares" if stake.new else "the shares"
    return (
        f"{100 * stake.sold:g} % of {shares} of {stake.enterprise} from residents of {seller} to residents of {buyer}; it earns "
        f"{100 * stake.enterprise_share:g} % of the capital income of its sector ({sector}) and pays out "
        f"{100 * stake.payout:g} % of that"
    )


def proposals(agenda: Agenda, benchmark: Benchmark) -> list[dict[str, Any]]:
    """The proposals in words, with the trade of the base year that they touch."""
    found = []
    for proposal in agenda.proposals:
        lines = [
            {"text": describe.describe(c, benchmark), "trade_usd_mn": rounded(describe.trade_touched(c, benchmark), 3)}
            for c in proposal.changes
        ]
        if proposal.stake is not None:
            lines = [{"text": in_words(proposal.stake, benchmark), "trade_usd_mn": 0.0}]
        found.append(
            {
                "id": proposal.id,
                "name": proposal.name,
                "by": list(proposal.by),
                "conceded_by": list(proposal.conceded_by),
                "reason": proposal.reason,
                "assumed": proposal.assumed,
                "changes": lines,
                "trade_usd_mn": rounded(sum(line["trade_usd_mn"] for line in lines), 3),
            }
        )
    return found
