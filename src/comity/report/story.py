"""What the brief tells, derived from results.json: one reading of the numbers for sentences, tables and figures alike."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from comity.errors import InputError

SCHEMA = "comity-talks-1"
NO_CRISIS = "none"
NOTHING = "nothing"

Figure = Mapping[str, float]


@dataclass(frozen=True)
class Story:
    """A view of results: parties first, then other members, then the rest, in one order everywhere."""

    results: Mapping[str, Any]

    def __post_init__(self) -> None:
        found = self.results.get("schema")
        if found != SCHEMA:
            raise InputError(
                f"these results are of format {found!r}; this version of comity reads {SCHEMA!r}: run the talks again"
            )

    # -- who ----------------------------------------------------------------------------------------

    @cached_property
    def parties(self) -> tuple[str, ...]:
        return tuple(party["iso3"] for party in self.results["parties"])

    @cached_property
    def other_members(self) -> tuple[str, ...]:
        """Members of the union that are not at the table and stand in the benchmark on their own."""
        union = self.results["union"]
        return tuple(m["iso3"] for m in union["members"] if m["iso3"] not in self.parties) if union else ()

    @cached_property
    def economies(self) -> tuple[str, ...]:
        return (*self.parties, *self.other_members)

    @cached_property
    def world(self) -> tuple[str, ...]:
        """Every economy of the benchmark: parties, members, then the others by code, the aggregate last."""
        known = next(iter(self.results["best"]["world"].values()), {})
        others = sorted((code for code in known if code not in self.economies), key=lambda code: (code == "ROW", code))
        return (*self.economies, *others)

    @cached_property
    def _names(self) -> dict[str, str]:
        names = {"ROW": "Rest of the world"} | _bundled_names(self.results["benchmark"]["name"])
        names |= self.results["benchmark"].get("economy_names") or {}
        union = self.results["union"] or {}
        for entry in (*union.get("members", ()), *union.get("inside_row", ()), *self.results["parties"]):
            names[entry["iso3"]] = entry["name"]
        if union:
            names[union["code"]] = union["name"]
        for pair in self.relations:
            for side in (pair["a"], pair["b"]):
                for partner in (*side["top_markets"], *side["top_suppliers"]):
                    names.setdefault(partner["iso3"], partner["name"])
        return names

    def name(self, code: str) -> str:
        return self._names.get(code, code)

    # -- what the world may do ----------------------------------------------------------------------

    @cached_property
    def crises(self) -> tuple[Mapping[str, Any], ...]:
        """Crises without the entry that stands for none."""
        return tuple(crisis for crisis in self.results["crises"] if crisis["id"] != NO_CRISIS)

    @cached_property
    def chance(self) -> dict[str, float]:
        return {crisis["id"]: crisis["probability"] for crisis in self.results["crises"]}

    def crisis_name(self, key: str) -> str:
        return next((crisis["name"] for crisis in self.results["crises"] if crisis["id"] == key), key)

    def expected(self, by_crisis: Mapping[str, Any], *path: str) -> float:
        """Probability-weighted mean of one figure given by crisis."""
        total = 0.0
        for crisis, value in by_crisis.items():
            for key in path:
                value = value[key]
            total += self.chance.get(crisis, 0.0) * value
        return total

    @cached_property
    def worst_crisis(self) -> str | None:
        """The crisis that costs the parties most in USD together; None where no crisis costs them anything."""
        costs = {crisis["id"]: self.joint(self.nothing["outcomes"][crisis["id"]]) for crisis in self.crises}
        worst = min(costs, key=costs.__getitem__, default=None)
        return worst if worst is not None and costs[worst] < 0 else None

    # -- what the parties may do --------------------------------------------------------------------

    @cached_property
    def proposals(self) -> tuple[Mapping[str, Any], ...]:
        return tuple(self.results["proposals"])

    @cached_property
    def packages(self) -> dict[str, Mapping[str, Any]]:
        return {package["id"]: package for package in self.results["packages"]}

    @property
    def nothing(self) -> Mapping[str, Any]:
        return self.packages[NOTHING]

    @property
    def best(self) -> Mapping[str, Any]:
        return self.packages[self.results["best"]["package"]]

    @property
    def helps(self) -> bool:
        return self.best["id"] != NOTHING

    def alone(self, proposal: str) -> Mapping[str, Any] | None:
        """The package of one proposal."""
        return next((p for p in self.packages.values() if list(p["proposals"]) == [proposal]), None)

    @cached_property
    def settled(self) -> Mapping[str, Any] | None:
        """The part of the recommended package that the parties alone concede; None where that is all or nothing."""
        chosen = [p for p in self.proposals if p["id"] in self.best["proposals"]]
        own = [p["id"] for p in chosen if set(p["conceded_by"]) <= set(self.parties)]
        if not own or len(own) == len(chosen):
            return None
        return next((p for p in self.packages.values() if sorted(p["proposals"]) == sorted(own)), None)

    def tag(self, proposal: str) -> str:
        """The short label of a proposal in tables and figures: P1, P2, … in the order of the talks file."""
        return f"P{[p['id'] for p in self.proposals].index(proposal) + 1}"

    @cached_property
    def proposal_names(self) -> dict[str, str]:
        return {proposal["id"]: proposal["name"] for proposal in self.proposals}

    # -- sums ---------------------------------------------------------------------------------------

    @cached_property
    def income(self) -> dict[str, float]:
        """Real income of each economy in the benchmark, USD mn, recovered from the largest gain that is stated in both units."""
        largest: dict[str, Figure] = {}
        tables = [*self.results["best"]["world"].values(), *(o for p in self.packages.values() for o in p["outcomes"].values())]
        for table in tables:
            for code, figure in table.items():
                if abs(figure["gain_pct"]) > abs(largest.get(code, {"gain_pct": 0.0})["gain_pct"]):
                    largest[code] = figure
        return {code: 100 * figure["ev_usd_mn"] / figure["gain_pct"] for code, figure in largest.items()}

    def joint(self, figures: Mapping[str, Figure]) -> float:
        """Sum over the parties, USD mn."""
        return sum(figures[party]["ev_usd_mn"] for party in self.parties)

    def joint_pct(self, figures: Mapping[str, Figure]) -> float:
        """Sum over the parties as a share of their real income together, per cent."""
        base = sum(self.income.get(party, 0.0) for party in self.parties)
        return 100 * self.joint(figures) / base if base else 0.0

    @cached_property
    def worth_by_crisis(self) -> dict[str, float]:
        """What the recommended package brings the parties together in each state, USD mn, against no package."""
        return {c: self.joint(self.best["outcomes"][c]) - self.joint(self.nothing["outcomes"][c]) for c in self.chance}

    @cached_property
    def package_on_world(self) -> dict[str, dict[str, float]]:
        """Expected effect of the recommended package on every economy."""
        effects = self.results["best"]["world_package"]
        return {
            code: {key: self.expected(effects, code, key) for key in ("gain_pct", "ev_usd_mn")}
            for code in self.world
            if effects and all(code in table for table in effects.values())
        }

    # -- the dossier --------------------------------------------------------------------------------

    @cached_property
    def relations(self) -> tuple[Mapping[str, Any], ...]:
        """One dossier, or several where there are more than two parties."""
        stated = self.results.get("relations_pairs") or self.results["relations"]
        return tuple(stated) if isinstance(stated, list | tuple) else (stated,) if stated else ()

    @cached_property
    def sector_names(self) -> dict[str, str]:
        names = dict(self.results["benchmark"].get("sector_names") or {})
        for pair in self.relations:
            names.update({row["sector"]: row["name"] for row in pair["sectors"]})
        return names

    def sector_name(self, code: str) -> str:
        return self.sector_names.get(code, code)

    @cached_property
    def sector_effects(self) -> dict[str, dict[str, float]]:
        """Expected change of value added caused by the recommended package, by party and sector, USD mn."""
        effects = self.results["best"]["by_sector"]
        first: Mapping[str, Any] = next(iter(effects.values()), {})
        return {
            party: {s: self.expected(effects, party, s, "value_added_usd_mn") for s in first[party]}
            for party in self.parties
            if party in first
        }


def _bundled_names(benchmark: str) -> dict[str, str]:
    """Names of the bundled benchmark's economies; nothing for a benchmark of one's own."""
    from comity.data.load import NAMES, metadata

    return {code: row["name"] for code, row in metadata(benchmark).items()} if benchmark in NAMES else {}
