"""Results of talks that never took place, in the exact shape of results.json: two parties and a union, or three without."""

from __future__ import annotations

import itertools
import math
from typing import Any

from comity.talks.games import answers
from synthetic_games import games_of

OTHERS = ("AUS", "BRA", "CHN", "DEU", "IND", "JPN", "MLT", "SGP", "USA", "UZB", "ROW")
SECTORS = {
    "A01": ("Crops and livestock", "goods"),
    "C10T12": ("Food, drinks and tobacco", "goods"),
    "C19": ("Coke and refined petroleum", "goods"),
    "C20": ("Chemicals and fertilisers", "goods"),
    "C28": ("Machinery", "goods"),
    "C29": ("Motor vehicles", "goods"),
    "C31T33": ("Furniture, repair and other manufacturing", "goods"),
    "G": ("Wholesale and retail trade", "services"),
    "H49": ("Land transport and pipelines", "services"),
    "K": ("Finance and insurance", "services"),
}
INCOME = {"BLR": 68_000.0, "KAZ": 212_000.0, "RUS": 2_060_000.0, "AAA": 30_000.0, "BBB": 90_000.0, "CCC": 250_000.0}
NAMES = {"BLR": "Belarus", "KAZ": "Kazakhstan", "RUS": "Russia", "AAA": "Alba", "BBB": "Borea", "CCC": "Cinder"}


def _figure(economy: str, gain_pct: float) -> dict[str, float]:
    return {"gain_pct": round(gain_pct, 6), "ev_usd_mn": round(INCOME.get(economy, 1e6) * gain_pct / 100, 3)}


def _difference(one: dict[str, float], other: dict[str, float]) -> dict[str, float]:
    return {
        "gain_pct": round(one["gain_pct"] - other["gain_pct"], 6),
        "ev_usd_mn": round(one["ev_usd_mn"] - other["ev_usd_mn"], 3),
    }


def _expected(outcomes: dict[str, dict[str, dict[str, float]]], chance: dict[str, float]) -> dict[str, dict[str, float]]:
    economies = next(iter(outcomes.values()))
    return {e: _figure(e, sum(chance[c] * outcomes[c][e]["gain_pct"] for c in outcomes)) for e in economies}


def _tail(losses: list[tuple[float, float]], tail: float = 0.1) -> float:
    """Mean gain over the worst tenth, atoms split."""
    left, total = tail, 0.0
    for gain, chance in sorted(losses):
        used = min(left, chance)
        total, left = total + used * gain, left - used
    return total / tail


class Talks:
    """A little linear world: each proposal moves each economy by a fixed share, larger in no crisis than in one."""

    def __init__(self, parties: list[str], union: list[str] | None, proposals: list[dict], crises: list[dict], effects: dict):
        self.parties, self.union, self.proposals, self.crises, self.effects = parties, union, proposals, crises, effects
        self.chance = {crisis["id"]: crisis["probability"] for crisis in crises}
        self.economies = list(dict.fromkeys([*parties, *(union or [])]))

    def gain(self, economy: str, crisis: str, chosen: tuple[str, ...], scale: float = 1.0) -> float:
        alone = self.effects["crises"].get(crisis, {}).get(economy, 0.0)
        softer = 0.9 if crisis != "none" else 1.0
        moves = [self.effects["proposals"][p].get(economy, -0.0001) for p in chosen]
        dearer = self.effects.get("dearer", {}).get(crisis, 1.0)
        together = sum(move * (dearer if move < 0 else 1.0) for move in moves)
        return alone + softer * scale * together * (1 - 0.01 * len(chosen))

    def outcomes(self, chosen: tuple[str, ...], scale: float = 1.0) -> dict:
        return {c: {e: _figure(e, self.gain(e, c, chosen, scale)) for e in self.economies} for c in self.chance}

    def package(self, chosen: tuple[str, ...], nothing: dict | None) -> dict[str, Any]:
        outcomes = self.outcomes(chosen)
        expected = _expected(outcomes, self.chance)
        joint = {c: sum(outcomes[c][p]["gain_pct"] for p in self.parties) / len(self.parties) for c in self.chance}
        over = {e: _difference(expected[e], nothing["expected"][e] if nothing else expected[e]) for e in self.economies}
        worst = {e: min(self.chance, key=lambda c: outcomes[c][e]["gain_pct"]) for e in self.economies}
        return {
            "id": "+".join(chosen) or "nothing",
            "proposals": list(chosen),
            "intensity": dict.fromkeys(chosen, 1.0),
            "outcomes": outcomes,
            "expected": expected,
            "worst": {e: {"gain_pct": outcomes[c][e]["gain_pct"], "crisis": c} for e, c in worst.items()},
            "cvar90": {
                e: {"gain_pct": round(_tail([(outcomes[c][e]["gain_pct"], q) for c, q in self.chance.items()]), 6)}
                for e in self.economies
            },
            "joint": {
                "expected_pct": round(sum(self.chance[c] * joint[c] for c in joint), 6),
                "worst_pct": round(min(joint.values()), 6),
                "cvar90_pct": round(_tail([(joint[c], q) for c, q in self.chance.items()]), 6),
                "expected_ev_usd_mn": round(sum(expected[p]["ev_usd_mn"] for p in self.parties), 3),
            },
            "over_nothing": over,
            "nobody_worse_off": all(over[p]["gain_pct"] >= -1e-9 for p in self.parties),
            "residual": 3.1e-12,
        }

    def results(self, title: str, relations: dict | list, patience: float | None = None) -> dict[str, Any]:
        ids = [p["id"] for p in self.proposals]
        subsets = [s for size in range(len(ids) + 1) for s in itertools.combinations(ids, size)]
        nothing = self.package((), None)
        packages = [nothing, *(self.package(s, nothing) for s in subsets if s)]
        allowed = sorted((p for p in packages if p["nobody_worse_off"]), key=lambda p: -p["joint"]["expected_pct"])
        best = allowed[0]
        games = games_of(packages, best, self.proposals, self.crises, {p: INCOME[p] for p in self.parties}, patience)
        return answers(games) | {
            "schema": "comity-talks-1",
            "title": title,
            "benchmark": {
                "name": "world-2022",
                "year": 2022,
                "sha256": "ab" * 32,
                "economies": 81,
                "sectors": 50,
                "note": "synthetic",
            },
            "closure": {"factors": "specific", "deficits": "with_trade", "elasticities": "crisis"},
            "parties": [{"iso3": p, "name": NAMES[p]} for p in self.parties],
            "union": self._union(),
            "crises": self.crises,
            "proposals": self.proposals,
            **{"governments": {}, "sensitive": None, "stakes": None, "law": [], "not_touched": []},
            "packages": packages,
            "best": self._best(best, allowed[1]["id"] if len(allowed) > 1 else None),
            "union_wide": self._union_wide(nothing, tuple(best["proposals"])),
            "alone_together": self._ladder(best["proposals"]),
            "relations": relations,
            "manifest": {
                "comity": "0.1.0",
                "benchmark_sha256": "ab" * 32,
                "talks_sha256": "cd" * 32,
                "command": "comity talks examples/synthetic.yaml --out out/synthetic",
                "solves": len(packages) * len(self.chance),
                "equilibria": (len(packages) + 26) * len(self.chance),
                "tolerance": 1e-10,
                "versions": {"python": "3.11.2", "numpy": "2.4.6", "jax": "0.10.2"},
            },
        }

    def _union(self) -> dict | None:
        if not self.union:
            return None
        inside = [
            {"iso3": "ARM", "name": "Armenia", "goods_usd_mn": {"exports": 6_700.0, "imports": 11_900.0}},
            {"iso3": "KGZ", "name": "Kyrgyzstan", "goods_usd_mn": None},
        ]
        return {
            "code": "EAEU",
            "name": "Eurasian Economic Union",
            "members": [{"iso3": m, "name": NAMES[m]} for m in self.union],
            "inside_row": inside,
        }

    def _best(self, best: dict, runner_up: str | None) -> dict[str, Any]:
        chosen = tuple(best["proposals"])
        world = [*self.economies, *OTHERS]

        def shock(economy: str, crisis: str) -> float:
            base = self.effects["crises"].get(crisis, {})
            return base.get(
                economy, 0.5 * sum(base.values()) / max(1, len(base)) * (1 + math.sin(len(economy) + ord(economy[0])))
            )

        sectors = {
            c: {
                p: {
                    s: {
                        "value_added_usd_mn": round(9 * math.sin(3 * i + ord(p[0])) * len(chosen), 3),
                        "output_pct": round(math.sin(i), 6),
                    }
                    for i, s in enumerate(SECTORS)
                }
                for p in self.parties
            }
            for c in self.chance
        }
        return {
            "package": best["id"],
            "objective": "expected",
            "weights": "equal",
            "rule": "parties",
            "joint_loss_pct": round(-best["joint"]["expected_pct"], 6),
            "over_nothing": best["over_nothing"],
            "runner_up": runner_up,
            "every_concession_pays": len(chosen) == len(self.proposals),
            "by_sector": sectors,
            "world": {c: {e: _figure(e, shock(e, c)) for e in world} for c in self.chance},
            "world_package": {
                c: {
                    e: _figure(e, self.gain(e, c, chosen) - self.gain(e, c, ()) if e in self.economies else -1e-4 * len(chosen))
                    for e in world
                }
                for c in self.chance
            },
        }

    def _union_wide(self, nothing: dict, best: tuple[str, ...]) -> dict | None:
        if not self.union:
            return None
        scale = self.effects["union_scale"]

        def over(chosen: tuple[str, ...], scale: float) -> dict:
            expected = _expected(self.outcomes(chosen, scale), self.chance)
            return {e: _difference(expected[e], nothing["expected"][e]) for e in self.economies}

        ids = tuple(p["id"] for p in self.proposals)
        outcomes = self.outcomes(best, scale)
        return {
            "proposals": [{"id": i, "over_nothing": over((i,), scale), "bilateral_over_nothing": over((i,), 1.0)} for i in ids],
            "all": {"outcomes": outcomes, "expected": _expected(outcomes, self.chance), "over_nothing": over(best, scale)},
        }

    def _ladder(self, chosen: list[str]) -> dict:
        steps = {"nothing": self.outcomes(()), "package": self.outcomes(tuple(chosen))}
        wide = self.outcomes(tuple(chosen), self.effects["union_scale"]) if self.union else None
        ladder = {}
        for crisis in [*self.chance, "expected"]:
            rows = {name: (_expected(o, self.chance) if crisis == "expected" else o[crisis]) for name, o in steps.items()}
            far = None if wide is None else (_expected(wide, self.chance) if crisis == "expected" else wide[crisis])
            ladder[crisis] = {
                e: {"nothing": rows["nothing"][e], "package": rows["package"][e], "union_wide": far[e] if far else None}
                for e in self.economies
            }
        return ladder


def _crisis(key: str, name: str, probability: float, **more: Any) -> dict[str, Any]:
    return {
        "id": key,
        "name": name,
        "probability": probability,
        "reason": None,
        "assumed": False,
        "shocks": [],
        "calibrated": [],
    } | more


def _proposal(number: int, name: str, by: str, conceded_by: str, trade: float, assumed: bool = False) -> dict[str, Any]:
    text = f"barrier of {NAMES[conceded_by]} on {NAMES[by]}: trade cost −5 %"
    return {
        "id": f"p{number}",
        "name": name,
        "by": [by],
        "conceded_by": [conceded_by],
        "reason": "no survey of these barriers is at hand; a cautious round figure"
        if assumed
        else "size of the barrier in the files of both sides",
        "assumed": assumed,
        "changes": [{"text": text, "trade_usd_mn": trade}],
        "trade_usd_mn": trade,
    }


def _relations(a: str, b: str) -> dict[str, Any]:
    sectors = [
        {
            "sector": code,
            "name": name,
            "kind": kind,
            "a_to_b_usd_mn": round(10.0 * (i + 1) ** 1.6, 3),
            "b_to_a_usd_mn": round(40.0 / (i + 1), 3),
            "a_needs_b_pct": round(2.0 / (i + 1), 6),
            "b_needs_a_pct": round(0.3 * i, 6),
        }
        for i, (code, (name, kind)) in enumerate(SECTORS.items())
    ]
    out, back = (round(sum(s[key] for s in sectors), 3) for key in ("a_to_b_usd_mn", "b_to_a_usd_mn"))

    def side(me: str, to: float, fro: float, key: str) -> dict[str, Any]:
        own = INCOME[me]
        return {
            "iso3": me,
            "name": NAMES[me],
            "value_added_usd_mn": own,
            "exports_usd_mn": 0.5 * own,
            "imports_usd_mn": 0.4 * own,
            "to_other_usd_mn": to,
            "from_other_usd_mn": fro,
            "to_other_goods_usd_mn": 0.8 * to,
            "to_other_services_usd_mn": 0.2 * to,
            "other_in_exports_pct": round(200 * to / own, 6),
            "other_in_imports_pct": round(250 * fro / own, 6),
            "other_rank_as_market": 6,
            "other_rank_as_supplier": 21,
            "from_other_in_expenditure_pct": 0.2,
            "net_lending_usd_mn": 0.074 * own,
            "net_lending_pct": 7.4,
            "fuels_in_exports_pct": 12.0,
            "value_added_in_other_usd_mn": 0.7 * to,
            "value_added_in_other_pct": round(70 * to / own, 6),
            "other_rank_as_final_market": 7,
            "other_in_final_demand_usd_mn": 0.7 * fro,
            "other_in_final_demand_pct": round(80 * fro / own, 6),
            "foreign_in_exports_pct": 33.8,
            "other_value_in_exports_usd_mn": 95.8,
            "other_value_in_exports_pct": 0.22,
            "most_dependent": [
                {
                    "sector": s["sector"],
                    "name": s["name"],
                    "usd_mn": 12.5,
                    "of_expenditure_pct": s[key],
                    "of_imports_pct": 2 * s[key],
                }
                for s in sorted(sectors, key=lambda s: -s[key])[:4]
            ],
            "top_markets": [{"iso3": "RUS", "name": "Russia", "usd_mn": 0.2 * own, "share_pct": 40.0}],
            "top_suppliers": [{"iso3": "CHN", "name": "China", "usd_mn": 0.1 * own, "share_pct": 25.0}],
        }

    return {
        "benchmark": "world-2022",
        "year": 2022,
        "partners": 79,
        "a": side(a, out, back, "a_needs_b_pct"),
        "b": side(b, back, out, "b_needs_a_pct"),
        "two_way_usd_mn": out + back,
        "balance_of_a_usd_mn": out - back,
        "sectors": sectors,
        "needs_more": a,
        "notes": ["In 2022 energy prices were far above those of the years before."],
        "identity_error": 1e-15,
    }


def two_parties_in_a_union(scale: float = 1.0) -> dict[str, Any]:
    """Belarus and Kazakhstan in the EAEU: five states, eight proposals, 256 packages. `scale` turns every effect round at −1."""
    names = ("Dairy and meat", "Crops", "Tractors", "Oil products", "Potash", "Furniture", "Trucks", "Union transit")
    proposals = [
        _proposal(i + 1, name, *(("BLR", "KAZ") if i % 2 == 0 else ("KAZ", "BLR")), trade=30.0 * (i + 1), assumed=i == 3)
        for i, name in enumerate(names)
    ]
    crises = [
        _crisis("none", "no crisis", 0.6),
        _crisis("collapse", "world trade collapse", 0.1, shocks=["trade costs of all goods between all economies +15 %"]),
        _crisis(
            "war",
            "tariff war between blocs",
            0.1,
            assumed=True,
            reason="no such war has been seen; the size is that of 2018, doubled",
        ),
        _crisis(
            "oil",
            "oil price fall",
            0.12,
            calibrated=[
                {"sector": "B06", "target_pct": -30.0, "achieved_pct": -29.98, "instrument": "productivity", "factor": 1.41}
            ],
        ),
        _crisis("slump", "slump of a large partner", 0.08),
    ]
    effects = {
        "crises": {
            "collapse": {"BLR": -6.5, "KAZ": -4.1, "RUS": -2.6},
            "war": {"BLR": -0.4, "KAZ": 0.2, "RUS": -0.9},
            "oil": {"BLR": 0.3, "KAZ": -3.5, "RUS": -2.2},
            "slump": {"BLR": -1.2, "KAZ": -0.3, "RUS": -1.0},
        },
        "proposals": {
            f"p{i + 1}": {"BLR": scale * 0.004 * (i + 1), "KAZ": scale * 0.0009 * (8 - i), "RUS": -scale * 0.00005}
            for i in range(8)
        },
        "union_scale": 12.0,
    }
    return Talks(["BLR", "KAZ"], ["BLR", "KAZ", "RUS"], proposals, crises, effects).results(
        "A meeting of two", _relations("BLR", "KAZ")
    )


def three_parties_without_a_union() -> dict[str, Any]:
    """Three parties, one crisis, two proposals of which one costs its conceder a little."""
    proposals = [_proposal(1, "Fish", "AAA", "BBB", 12.0), _proposal(2, "Ports", "CCC", "AAA", 45.0)]
    crises = [_crisis("none", "no crisis", 0.75), _crisis("slump", "slump", 0.25)]
    effects = {
        "crises": {"slump": {"AAA": -2.0, "BBB": 0.5, "CCC": -1.0}},
        "proposals": {"p1": {"AAA": 0.2, "BBB": -0.01, "CCC": 0.0}, "p2": {"AAA": 0.05, "BBB": 0.02, "CCC": 0.3}},
        "union_scale": 1.0,
    }
    return Talks(["AAA", "BBB", "CCC"], None, proposals, crises, effects).results(
        "A meeting of three", [_relations("AAA", "BBB"), _relations("AAA", "CCC"), _relations("BBB", "CCC")]
    )


def a_swap_of_favours(cost: float = 0.05, patience: float | None = None) -> dict[str, Any]:
    """Each of two parties concedes what costs it less than it brings the other; in the slump it costs eight times that."""
    proposals = [_proposal(1, "Fish", "AAA", "BBB", 12.0), _proposal(2, "Ports", "BBB", "AAA", 45.0)]
    crises = [_crisis("none", "no crisis", 0.9), _crisis("slump", "slump", 0.1)]
    effects = {
        "crises": {"slump": {"AAA": -2.0, "BBB": -1.0}},
        "proposals": {"p1": {"AAA": 0.2, "BBB": -cost}, "p2": {"AAA": -cost, "BBB": 0.2}},
        "dearer": {"slump": 8.0},
        "union_scale": 1.0,
    }
    return Talks(["AAA", "BBB"], None, proposals, crises, effects).results("A swap", _relations("AAA", "BBB"), patience)
