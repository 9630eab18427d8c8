"""Limits, method, data and licence of a brief: each line stands only where the run made it true."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from comity.report.prose.numbers import NBSP, listed, percent, plain, significant, usd
from comity.report.prose.words import TOUCHED, called, lowered, quoted, sentence
from comity.report.story import Story

FACTORS = {
    "mobile": "Long run: labour and capital move freely between the sectors of an economy, never between economies.",
    "specific": "Short run: labour moves between the sectors of an economy, capital stays where it is.",
    "immobile": "Very short run: neither labour nor capital leaves its sector.",
}
DEFICITS = {
    "fixed": "Each economy goes on lending or borrowing the same part of world income.",
    "proportional": "Each economy’s net lending moves with its own value added.",
    "balanced": "All external balances are zero, in the reference as well.",
    "with_trade": "Each economy’s net lending moves with its own exports and imports together.",
}
OPENING = (
    "is one equilibrium of trade with input–output links (Eaton and Kortum 2002; Caliendo and Parro 2015). A crisis or a "
    "proposal changes trade costs, tariffs, productivity, factors or tastes; every market of the world is then cleared anew. "
    "A hat is the ratio of the new to the benchmark value, a prime the new value; n buys from i."
)
CLOSING = (
    "Gains and losses are changes of real income, what a nation earns at its own prices, without net borrowing; in USD mn they "
    "are equivalent variations. Positive is better. Expected means weighted by the probabilities of the states. CVaR-90 is the "
    "mean over the worst tenth of cases."
)
EQUATIONS = (
    ("Unit cost", "ĉ = v̂^{γ} · Π_{k} P̂_{k}^{(1−γ) g_{k}} / Â", "Caliendo and Parro 2015, eq. 10"),
    ("Price of a sector", "P̂_{n} = [Σ_{i} π_{ni} (κ̂_{ni} ĉ_{i})^{−θ}]^{−1/θ}", "eq. 11"),
    ("Who buys from whom", "π′_{ni} = π_{ni} (κ̂_{ni} ĉ_{i} / P̂_{n})^{−θ}", "eq. 12"),
    ("Spending", "X′ = a I′ + Σ_{k} (1−γ_{k}) g_{k} Y′_{k}", "eq. 13"),
    ("Output", "Y′_{i} = Σ_{n} π′_{ni} X′_{n} / (1+t′_{ni})", "eq. 13"),
    ("Income", "I′ = wages + capital income + tariff revenue + D′", "eq. 13"),
    ("Real income", "V̂ = [(I′−D′) / (I−D)] / P̂", "the gain or loss of every table"),
)
"""Name, formula with _{subscript} and ^{superscript}, source."""

WORLD_2022 = (
    (
        "Inter-country input–output tables",
        "OECD Inter-Country Input–Output Tables, 2025 edition, year 2022; licence CC BY 4.0. Adapted: the destinations of "
        "services for final use, and what the rest of the world buys as inputs, are estimated from margins.",
    ),
    ("Tariffs", "F. Teti (2024), Global Tariff Database, 2016–2021; WTO World Tariff Profiles; agreements: public record."),
    (
        "Trade elasticities",
        "Caliendo and Parro (2015); Fontagné, Guimbard and Orefice (2022); Giri, Yi and Yilmazkuday (2021); Lashkaripour and "
        "Lugovskyy (2023); Shapiro (2016); Simonovska and Waugh (2014); Boehm, Levchenko and Pandalai-Nayar (2023).",
    ),
    ("Labour shares", "Penn World Table 10 (CC BY 4.0); sector profile from the WIOD Socio-Economic Accounts."),
    ("Goods trade of economies inside the rest of the world", "CEPII BACI, 2023 (Etalab 2.0)."),
)
MAP_SOURCE = ("Boundaries", "Natural Earth, 1:50m (public domain). No position is taken on any boundary.")


def sources(story: Story) -> list[tuple[str, str]]:
    """What the numbers rest on: known for the bundled benchmark, else as its maker states."""
    note = story.results["benchmark"].get("note")
    own = list(WORLD_2022) if story.results["benchmark"]["name"] == "world-2022" else []
    return [*own, *([("Note of the benchmark", note)] if note else []), MAP_SOURCE]


def assumed(story: Story) -> list[dict[str, str]]:
    """Every figure that the talks file marks as assumed, with its reason."""
    rows = [("crisis", crisis) for crisis in story.crises] + [("proposal", proposal) for proposal in story.proposals]
    return [
        {
            "kind": kind,
            "name": entry["name"],
            "figures": "; ".join(TOUCHED.sub("", line) for line in _lines(kind, entry)),
            "reason": entry["reason"] or "no reason is given in the talks file",
        }
        for kind, entry in rows
        if entry["assumed"]
    ]


def _lines(kind: str, entry: Mapping[str, Any]) -> list[str]:
    return entry["shocks"] if kind == "crisis" else [change["text"] for change in entry["changes"]]


def calibrated(story: Story) -> list[str]:
    """Shocks whose size was found so that a stated movement comes out: target and what was achieved."""
    found = []
    for crisis in story.crises:
        for c in crisis["calibrated"]:
            price = f"in {quoted(crisis['name'])} the price of {lowered(story.sector_name(c['sector']))}"
            target, achieved = (f"{plain(c[key], 1)}{NBSP}%" for key in ("target_pct", "achieved_pct"))
            moves = f"moves by {target}, as stated" if target == achieved else f"was to move by {target} and moves by {achieved}"
            found.append(sentence(f"{price} {moves}, brought about by {c['instrument']} × {significant(c['factor'])}"))
    return found


def _nests(closure: dict[str, Any]) -> str:
    """How far inputs and goods replace each other, in words."""
    given = [closure.get(name, 1.0) for name in ("inputs", "value_added", "final")]
    if given == [1.0, 1.0, 1.0]:
        return (
            "Inputs and final demand have fixed spending shares (Cobb–Douglas), so a shortage without substitutes costs more "
            "than is shown."
        )
    shown = ["by sector" if isinstance(one, list) else f"{one:g}" for one in given]
    return (
        f"Elasticities of substitution: among inputs {shown[0]}, between value added and inputs {shown[1]}, among goods in "
        f"final demand {shown[2]}; below 1, a good that becomes scarce takes a larger share of spending."
    )


def _left_out(story: Story) -> str:
    """What of incomes is not counted; rents are where the talks file states them."""
    rents = story.results["benchmark"].get("rents")
    if not rents:
        return "Rents, foreign ownership and debt are left out."
    total = sum(one["usd_mn"] for one in rents.values())
    return (
        f"The rents that the talks file states for today’s barriers ({usd(total)} a year) are put into the base year; "
        "a union-wide version supposes them between all members. Other rents, foreign ownership and debt are left out."
    )


def _owners(story: Story) -> str:
    """What is supposed of owners abroad today."""
    if story.results["benchmark"].get("owners_abroad"):
        return "Owners abroad are those that the benchmark knows: what they draw is no income of the economy that pays it."
    text = "Who owns enterprises today is not in the data: all capital income counts as that of the economy’s own residents"
    if not story.results.get("stakes"):
        return f"{text}."
    return (
        f"{text}, but for the shares sold here. What the talks file says of residents’ shares today bounds what can be sold; "
        "what foreigners hold already enters no figure but the comparison at the end of the section on shares."
    )


def _weighing(story: Story) -> str:
    if story.results.get("counting") == "governments":
        return "Real income counts everybody’s dollar alike; bargaining and trust count what governments do. "
    return "Everybody’s dollar counts alike: no producer is weighed more than a consumer. "


def limits(story: Story) -> list[str]:
    """What this brief does not know or does not count."""
    closure = story.results["closure"]
    lines = [
        FACTORS.get(closure["factors"], f"Factors: {closure['factors']}."),
        DEFICITS.get(closure["deficits"], f"Deficits: {closure['deficits']}."),
        f"Trade elasticities: the set {quoted(str(closure['elasticities']))}. {_nests(closure)}",
        _weighing(story) + _left_out(story),
        _owners(story),
        "Ranges are across the crises of the list, or across published elasticities and closures: not confidence intervals."
        if story.results.get("sensitivity")
        else "The only ranges shown are across the crises of the list. "
        "How far the figures move with the trade elasticities is not shown.",
        "Probabilities are a year’s and are the talks file’s own"
        + (f"; with {percent(100 * story.chance['none'])} no crisis comes." if story.chance.get("none") else "."),
    ]
    lines.extend(_inside(story))
    for pair in story.relations:
        lines.extend(note for note in pair["notes"] if note not in lines)
    worst = max((package["residual"] for package in story.packages.values()), default=0.0)
    lines.append(f"Every equilibrium was solved until its own equations held; the worst relative residual is {power(worst)}.")
    return lines


def _inside(story: Story) -> list[str]:
    """Economies that the talks name and the benchmark does not tell apart."""
    union = story.results["union"] or {}
    members = [entry["name"] for entry in union.get("inside_row", ())]
    named = [entry["name"] for entry in story.results.get("not_touched") or ()]
    inside = list(dict.fromkeys([*members, *named]))
    if not inside:
        return []
    passed = list(dict.fromkeys(entry["entry"] for entry in story.results.get("not_touched") or ()))
    stand = "is" if len(inside) == 1 else "are"
    lines = [
        f"{listed([called(name) for name in inside])} {stand} not separate in the benchmark: part of the rest of the world, "
        "so that what happens there cannot be told apart"
    ]
    if passed:
        lines.append(f"{listed([quoted(name) for name in passed])} pass{'es' if len(passed) == 1 else ''} them by")
    return [sentence("; ".join(lines))]


def power(value: float) -> str:
    """A very small number for prose: 1.9 × 10⁻¹¹."""
    mantissa, _, exponent = f"{value:.1e}".partition("e")
    digits = str(int(exponent)).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))
    return f"{mantissa}{NBSP}×{NBSP}10{digits}" if value else "0"
