"""`comity sensitive`: which products are sensitive for whom, and at what weight of own producers a government refuses."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import typer

from comity.cli import setting
from comity.errors import InputError

OUTCOMES = {
    "no_producer_motive": "none: own producers do not lose",
    "undefined": "none: their income does not move",
    "terms_of_trade": "1: the nation itself loses",
    "not_rationalised": "none explains it",
}
REASONS = {
    "no_producer_motive": "its own producers do not lose by opening, or there are none",
    "undefined": "its producers' income does not move",
    "terms_of_trade": "the nation itself loses by opening: no weight is needed",
    "opens_at_the_weight_given": "a government that counts its producers as the file says would open",
    "weight_too_high": "only a government that counts a producer's dollar for more than any we know of would refuse",
}
SHOWN = 10


def run(file: Path, step: float, everything: bool, json: bool, workers: int | None) -> None:
    """Solve the openings of a talks file and those of all other goods, and show them."""
    from comity.store import Cache
    from comity.talks.packages import Engine, Meter
    from comity.talks.talks import Talks
    from comity.talks.wants.survey import report

    if not -0.9 <= step < 0:
        raise InputError(f"--step {step:g}: a fall of trade costs, between -90% and below 0")
    read = Talks.from_yaml(file)
    benchmark = read.file.load_benchmark()
    agenda = read.file.bind(benchmark, allow_violations=True)
    benchmark = agenda.calibrated(benchmark)
    if agenda.closure.factors == "mobile" and not agenda.wants.activity:
        raise InputError(
            f"{file}: closure: under mobile factors no income is specific to a sector's producers; use specific or immobile"
        )
    with setting.progress("solving") as tell:
        engine = Engine(
            benchmark, agenda.closure, Cache(setting.cache_folder()), agenda.parties, agenda.wants.activity,
            workers=workers or setting.processors(), meter=Meter(tell),
        )  # fmt: skip
        found = {"schema": "comity-sensitive-1", "title": agenda.title, "closure": _closure(agenda)} | report(
            agenda, engine, step
        )
    if json:
        setting.show_json(found)
        return
    sectors = {code: f"{code} {benchmark.sector_names.get(code, code)}" for code in benchmark.sectors}
    names = {code: benchmark.economy_names.get(code, code) for code in benchmark.economies}
    show(found, names, sectors, everything)


def _closure(agenda: Any) -> dict[str, Any]:
    c = agenda.closure
    return {"factors": c.factors, "deficits": c.deficits, "elasticities": agenda.elasticities}


def show(found: dict[str, Any], names: dict[str, str], sectors: dict[str, str], everything: bool) -> None:
    """Tables: what the file opens, every pair's sectors, and what is called sensitive but is not."""
    setting.table(
        "What the proposals open, USD mn a year in a year without crisis, each sector alone and in the size of the file",
        ["", "own producers", "nation", "refused above a weight of", "barrier kept today reveals", "second-order test"],
        [
            [
                f"{names[one['party']]}: {sectors[one['sector']]}",
                f"{one['effects_usd_mn']['own_producers']:+,.3g}",
                f"{one['effects_usd_mn']['nation']:+,.3g}",
                said(one["break_even"]),
                _revealed(one["revealed"]),
                (one["first_order"] or {}).get("second_order", "–").replace("_", " "),
            ]
            for one in found["openings"]
        ],
    )
    pairs = list(dict.fromkeys((one["party"], one["partner"]) for one in found["ranked"]))
    for party, partner in pairs:
        rows = [one for one in found["ranked"] if (one["party"], one["partner"]) == (party, partner)]
        shown = rows if everything else rows[:SHOWN]
        rest = f", the first {len(shown)} of {len(rows)}" if len(shown) < len(rows) else ""
        title = f"{names[party]} opens to {names[partner]}: trade costs {found['step_pct']:g} %, USD mn a year{rest}"
        setting.table(title, _head(rows, partner), [_row(one, sectors) for one in shown])
    for one in found["called_not_sensitive"]:
        typer.echo(f"called sensitive, but is not: {sectors[one['sector']]} in {names[one['party']]}: {REASONS[one['reason']]}")


def _head(rows: list[dict[str, Any]], partner: str) -> list[str]:
    wages = ["of which wages"] if rows and "own_wages" in rows[0]["effects_usd_mn"] else []
    return ["sector", "imports", "own producers", *wages, "consumers", "firms", "revenue", "nation", partner, "refused above"]


def _row(one: dict[str, Any], sectors: dict[str, str]) -> list[str]:
    e = one["effects_usd_mn"]
    wages = [f"{e['own_wages']:+,.3g}"] if "own_wages" in e else []
    figures = [f"{e[name]:+,.3g}" for name in ("consumers", "firms", "revenue", "nation", "partner")]
    head = [sectors[one["sector"]], f"{one['imports_usd_mn']:,.3g}", f"{e['own_producers']:+,.3g}"]
    return [*head, *wages, *figures, said(one["break_even"])]


def said(one: dict[str, Any]) -> str:
    """A break-even weight, or why there is none."""
    return OUTCOMES[one["outcome"]] if one["weight"] is None else f"{one['weight']:.3g}"


def _revealed(one: dict[str, Any] | None) -> str:
    if one is None or one["at_least"] is None:
        return "–"
    if one["outcome"] == "not_rationalised":
        return OUTCOMES["not_rationalised"]
    most = "" if one["at_most"] is None else f", at most {one['at_most']:.3g}"
    return f"at least {one['at_least']:.3g}{most}"
