"""The tidy CSV files and the sealed results.json beside the brief."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from comity.report.story import Story

FORMULA = ("=", "+", "-", "@")
EXPECTED = "expected"

Row = Sequence[Any]


def inert(cell: Any) -> Any:
    """A text that a spreadsheet would run is quoted by an apostrophe; control characters are dropped; numbers stay numbers."""
    if not isinstance(cell, str):
        return cell
    text = cell if cell.isprintable() else "".join(c for c in cell if c in "\n\t" or c.isprintable())
    return "'" + text if text.lstrip().startswith(FORMULA) or text.startswith(("\t", "\n")) else text


def as_csv(header: Row, rows: Iterable[Row]) -> bytes:
    """UTF-8, comma, point, one line feed: the same bytes on every machine."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(header)
    writer.writerows([inert(cell) for cell in row] for row in rows)
    return buffer.getvalue().encode("utf-8")


def csv_files(story: Story) -> dict[str, bytes]:
    """Every table by file name."""
    return {
        "packages.csv": as_csv(PACKAGES, _packages(story)),
        "outcomes.csv": as_csv(OUTCOMES, _outcomes(story)),
        "proposals.csv": as_csv(PROPOSALS, _proposals(story)),
        "sectors.csv": as_csv(SECTORS, _sectors(story)),
        "crises.csv": as_csv(CRISES, _crises(story)),
        "relations.csv": as_csv(RELATIONS, _relations(story)),
    }


PACKAGES = (
    "package",
    "proposals",
    "number_of_proposals",
    "recommended",
    "nobody_worse_off",
    "joint_expected_gain_pct",
    "joint_worst_gain_pct",
    "joint_cvar90_gain_pct",
    "joint_expected_ev_usd_mn",
    "residual",
)


def _packages(story: Story) -> Iterator[Row]:
    for package in story.packages.values():
        joint = package["joint"]
        yield (
            package["id"],
            " ".join(package["proposals"]),
            len(package["proposals"]),
            _yes(package["id"] == story.best["id"]),
            _yes(package["nobody_worse_off"]),
            joint["expected_pct"],
            joint["worst_pct"],
            joint["cvar90_pct"],
            joint["expected_ev_usd_mn"],
            package["residual"],
        )


OUTCOMES = ("package", "crisis", "probability", "iso3", "gain_pct", "ev_usd_mn", "over_nothing_points", "over_nothing_usd_mn")


def _outcomes(story: Story) -> Iterator[Row]:
    for package in story.packages.values():
        for crisis, table in (*package["outcomes"].items(), (EXPECTED, package["expected"])):
            base = story.nothing["expected"] if crisis == EXPECTED else story.nothing["outcomes"][crisis]
            for code, figure in table.items():
                yield (
                    package["id"],
                    crisis,
                    story.chance.get(crisis, ""),
                    code,
                    figure["gain_pct"],
                    figure["ev_usd_mn"],
                    round(figure["gain_pct"] - base[code]["gain_pct"], 6) + 0.0,
                    round(figure["ev_usd_mn"] - base[code]["ev_usd_mn"], 3) + 0.0,
                )


PROPOSALS = (
    "proposal",
    "name",
    "by",
    "conceded_by",
    "trade_usd_mn",
    "assumed",
    "reason",
    "recommended",
    "iso3",
    "alone_ev_usd_mn",
)


def _proposals(story: Story) -> Iterator[Row]:
    for p in story.proposals:
        alone = story.alone(p["id"])
        for code in story.economies:
            yield (
                p["id"],
                p["name"],
                " ".join(p["by"]),
                " ".join(p["conceded_by"]),
                p["trade_usd_mn"],
                _yes(p["assumed"]),
                p["reason"] or "",
                _yes(p["id"] in story.best["proposals"]),
                code,
                alone["over_nothing"][code]["ev_usd_mn"] if alone else "",
            )


SECTORS = ("crisis", "iso3", "sector", "name", "value_added_change_usd_mn", "output_change_pct")


def _sectors(story: Story) -> Iterator[Row]:
    for crisis, economies in story.results["best"]["by_sector"].items():
        for code, sectors in economies.items():
            for sector, effect in sectors.items():
                yield (
                    crisis,
                    code,
                    sector,
                    story.sector_name(sector),
                    effect["value_added_usd_mn"],
                    effect["output_pct"],
                )


CRISES = (
    "crisis",
    "name",
    "probability",
    "iso3",
    "alone_gain_pct",
    "alone_ev_usd_mn",
    "package_effect_points",
    "package_effect_usd_mn",
)


def _crises(story: Story) -> Iterator[Row]:
    best: Mapping[str, Any] = story.results["best"]
    for crisis, table in best["world"].items():
        for code in story.world:
            effect = best["world_package"].get(crisis, {}).get(code, {"gain_pct": "", "ev_usd_mn": ""})
            yield (
                crisis,
                story.crisis_name(crisis),
                story.chance.get(crisis, ""),
                code,
                table[code]["gain_pct"],
                table[code]["ev_usd_mn"],
                effect["gain_pct"],
                effect["ev_usd_mn"],
            )


RELATIONS = (
    "a",
    "b",
    "sector",
    "name",
    "kind",
    "a_to_b_usd_mn",
    "b_to_a_usd_mn",
    "a_spends_on_b_pct_of_expenditure",
    "b_spends_on_a_pct_of_expenditure",
)


def _relations(story: Story) -> Iterator[Row]:
    for pair in story.relations:
        for row in pair["sectors"]:
            yield (
                pair["a"]["iso3"],
                pair["b"]["iso3"],
                row["sector"],
                row["name"],
                row["kind"],
                row["a_to_b_usd_mn"],
                row["b_to_a_usd_mn"],
                row["a_needs_b_pct"],
                row["b_needs_a_pct"],
            )


def _yes(value: Any) -> str:
    return "yes" if value else "no"


# -- results.json -----------------------------------------------------------------------------------


def digest(results: Mapping[str, Any]) -> str:
    """SHA-256 of results without their own seal, in canonical JSON."""
    manifest = {key: value for key, value in results["manifest"].items() if key != "results_sha256"}
    return hashlib.sha256(_canonical({**results, "manifest": manifest}).encode()).hexdigest()


def is_modified(results: Mapping[str, Any]) -> bool:
    """True when sealed results are not what was sealed: somebody changed them after they were computed."""
    seal = results["manifest"].get("results_sha256")
    return seal is not None and seal != digest(results)


def sealed_json(results: Mapping[str, Any]) -> bytes:
    """results.json with its seal. A seal that is already there stays, so that a change remains visible."""
    manifest = {**results["manifest"]}
    manifest.setdefault("results_sha256", digest(results))
    text = json.dumps({**results, "manifest": manifest}, ensure_ascii=False, allow_nan=False, indent=1)
    return (text + "\n").encode("utf-8")


def _canonical(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":"))
