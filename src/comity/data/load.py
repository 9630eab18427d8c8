"""The embedded benchmark: its files checked before use, its arrays as a Benchmark, what is known beside them."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Mapping
from difflib import get_close_matches
from functools import cache
from importlib import resources
from typing import Any

import numpy as np

from comity.data.calibrate import assemble
from comity.errors import DataError, InputError
from comity.records import Benchmark, read_only
from comity.vocabulary import ELASTICITY_SETS

Array = np.ndarray

NAMES = ("world-2022",)
SUMS = "SHA256SUMS"
RATE = 1e-4
"""Unit of the stored tariffs and labour shares."""


def bundled() -> Any:
    """The folder of the bundled files; tests put another in its place."""
    return resources.files("comity.data").joinpath("bundled")


@cache
def checksums() -> Mapping[str, str]:
    """SHA-256 of every bundled file, by name."""
    try:
        lines = bundled().joinpath(SUMS).read_text(encoding="utf-8").splitlines()
        return read_only({name: digest for digest, name in (line.split("  ", 1) for line in lines)})
    except (OSError, ValueError) as error:
        raise DataError(f"{SUMS} of the bundled data cannot be read ({error}); install comity again") from None


def content(name: str) -> bytes:
    """A bundled file's bytes, checked against its SHA-256 before anything reads them; DataError names the file."""
    try:
        data = bundled().joinpath(name).read_bytes()
    except OSError as error:
        raise DataError(f"{name} of the bundled data cannot be read ({error}); install comity again") from None
    digest = hashlib.sha256(data).hexdigest()
    if digest != checksums().get(name):
        wanted = checksums().get(name, "none")
        raise DataError(
            f"{name} is damaged: {len(data):,} bytes with SHA-256 {digest[:12]}…, not {wanted[:12]}…; install comity again"
        )
    return data


def records(name: str) -> list[dict[str, str]]:
    """The rows of a bundled CSV file."""
    return list(csv.DictReader(io.StringIO(content(name).decode("utf-8"))))


@cache
def arrays(name: str = "world-2022") -> Mapping[str, Array]:
    """The stored arrays as they are, read-only; InputError on an unknown name."""
    return _unpack(f"{known(name, NAMES, 'benchmark')}.npz")


def _unpack(file: str) -> Mapping[str, Array]:
    with np.load(io.BytesIO(content(file)), allow_pickle=False) as stored:
        unpacked = {key: stored[key] for key in stored.files}
    for array in unpacked.values():
        array.setflags(write=False)
    return read_only(unpacked)


def known(name: str, names: Any, what: str) -> str:
    """The name itself when there is such a thing; else InputError with the nearest names."""
    names = tuple(names)
    if name in names:
        return name
    near = get_close_matches(str(name), names, n=2, cutoff=0.4)
    hint = f"; did you mean {' or '.join(repr(n) for n in near)}?" if near else ""
    raise InputError(f"{what}: {name!r} is none of {', '.join(names)}{hint}")


@cache
def elasticity_sets() -> Mapping[str, Array]:
    """Every set of trade elasticities by name, one number a sector in the benchmark's order."""
    rows = records("trade_elasticity.csv")
    sets = {}
    for name in (key for key in rows[0] if key != "sector"):
        sets[name] = np.array([float(row[name]) for row in rows])
        sets[name].setflags(write=False)
    return read_only(sets | {name: sets[other.trade] for name, other in ELASTICITY_SETS.items()})


@cache
def about(name: str = "world-2022") -> Mapping[str, Any]:
    """Sources, licence, what is observed and estimated, hashes of the inputs and the build's ledger."""
    return read_only(json.loads(content(f"{known(name, NAMES, 'benchmark')}.json")))


@cache
def metadata(name: str = "world-2022") -> Mapping[str, Mapping[str, Any]]:
    """What is known of each economy beside the table, by ISO code.

    Keys: name, region, groups, population_mn_2025, gdp_usd_mn_2022, exports_usd_mn_2022, imports_usd_mn_2022 (None where
    unknown) and inside, the economy of the benchmark that holds it. Armenia and Kyrgyzstan are there, inside ROW.
    """
    known(name, NAMES, "benchmark")
    result = {}
    for row in records("economies.csv"):
        numbers = {key: float(row[key]) if row[key] else None for key in row if key.endswith(("_2022", "_2025"))}
        words = {"name": row["name"], "region": row["region"], "groups": tuple(row["groups"].split()), "inside": row["inside"]}
        result[row["iso3"]] = read_only({**words, **numbers})
    return read_only(result)


def group_names(name: str = "world-2022") -> tuple[str, ...]:
    """The groups of economies.csv, in alphabetic order."""
    return tuple(sorted({group for row in metadata(name).values() for group in row["groups"]}))


@cache
def _trade_inside_row() -> Mapping[str, Mapping[str, tuple[float | None, float | None]]]:
    trade: dict[str, dict[str, tuple[float | None, float | None]]] = {}
    for row in records("inside_row.csv"):
        exports, imports = (float(v) if v else None for v in (row["exports_usd_mn_2023"], row["imports_usd_mn_2023"]))
        trade.setdefault(row["iso3"], {})[row["partner"]] = (exports, imports)
    return read_only(trade)


def inside_row(group: str | None = None, name: str = "world-2022") -> list[dict[str, Any]]:
    """Economies of a group (all when None) that sit inside the rest of the world, with their goods trade of 2023.

    One record each: iso3, name, groups, exports and imports (USD mn, all partners), partners
    {iso3: {exports, imports}} (None where nobody reports it), year, source. InputError on an unknown group.
    """
    if group is not None:
        known(group, group_names(name), "group")
    found = []
    for iso3, row in metadata(name).items():
        if row["inside"] == iso3 or (group is not None and group not in row["groups"]):
            continue
        trade = _trade_inside_row().get(iso3, {})
        exports, imports = (sum(pair[side] or 0.0 for pair in trade.values()) for side in (0, 1))
        found.append(
            {
                "iso3": iso3,
                "name": row["name"],
                "groups": row["groups"],
                "exports": round(exports, 2),
                "imports": round(imports, 2),
                "partners": {partner: {"exports": pair[0], "imports": pair[1]} for partner, pair in trade.items()},
                "year": 2023,
                "source": "CEPII BACI",
            }
        )
    return found


@cache
def history(name: str = "world-2022") -> Mapping[str, Array]:
    """Trade of other years: `years`, and `goods` and `services`, year × importer × exporter (home sales included), USD mn."""
    return _unpack(f"{known(name, NAMES, 'benchmark')}-history.npz")


@cache
def control_totals(name: str = "world-2022") -> Mapping[str, Array]:
    """Sums stored beside the arrays when they were built, USD mn.

    sales and purchases (country × sector, before tariffs), bilateral and duties (importer × exporter), inputs (country ×
    input), input_cost (country × sector); source_output: gross output as OECD's table states it, ROW left out;
    source_clipped: what the clip of final demand added to the sales of goods.
    """
    stored = arrays(name)
    controls = {key.removeprefix("control_"): stored[key] for key in stored if key.startswith("control_")}
    return read_only({**controls, **{key: stored[key] for key in stored if key.startswith("source_")}})


def sector_groups(name: str = "world-2022") -> dict[str, tuple[str, ...]]:
    """Named sets of sectors: goods, services, sensitive_eaeu and the branches of the classification."""
    known(name, NAMES, "benchmark")
    rows = records("sectors.csv")
    codes = [row["sector"] for row in rows]
    manufacturing = tuple(c for c in codes if c.startswith("C"))
    return {
        "goods": tuple(row["sector"] for row in rows if row["kind"] == "goods"),
        "services": tuple(row["sector"] for row in rows if row["kind"] == "services"),
        "sensitive_eaeu": tuple(row["sector"] for row in rows if row["sensitive_eaeu"] == "1"),
        "agriculture": tuple(c for c in codes if c.startswith("A")),
        "mining": tuple(c for c in codes if c.startswith("B")),
        "manufacturing": manufacturing,
        "food": ("A01", "A03", "C10T12"),
        "energy": ("B05", "B06", "C19", "D"),
        "metals": ("B07", "C24A", "C24B", "C25"),
        "chemicals": ("C20", "C21", "C22"),
        "machines_and_electronics": ("C26", "C27", "C28"),
        "vehicles": ("C29", "C301", "C302T309"),
        "transport": tuple(c for c in codes if c.startswith("H")),
    }


def sensitive_notes(group: str = "EAEU") -> dict[str, str]:
    """Why trade in a sector is sensitive inside the union, by sector; only the Eurasian Economic Union has notes."""
    known(group, ("EAEU",), "union with notes on sensitive trade")
    return {row["sector"]: row["sensitive_note"] for row in records("sectors.csv") if row["sensitive_eaeu"] == "1"}


@cache
def load(name: str = "world-2022", elasticities: str = "fontagne-2022") -> Benchmark:
    """The embedded benchmark with one of its sets of trade elasticities.

    The files' checksums are verified first (DataError names a damaged one); everything but the free
    quantities is derived in float64. InputError on an unknown name, with the nearest one.
    """
    stored = arrays(name)
    theta = elasticity_sets()[known(elasticities, elasticity_sets(), "elasticities")]
    economies = tuple(str(code) for code in stored["economies"])
    sectors = tuple(str(code) for code in stored["sectors"])
    tariff = np.zeros(stored["trade_flow"].shape)
    tariff[:, :, : stored["tariff"].shape[2]] = stored["tariff"] * RATE
    world = metadata(name)
    return assemble(
        economies=economies,
        sectors=sectors,
        trade_flow=stored["trade_flow"],
        tariff=tariff,
        input_use=stored["input_use"],
        trade_elasticity=theta,
        labour_share=stored["labour_share"] * RATE,
        name=name,
        economy_names=read_only({code: world[code]["name"] for code in economies}),
        sector_names=read_only({row["sector"]: row["name"] for row in records("sectors.csv")}),
        groups=read_only({g: tuple(c for c in economies if g in world[c]["groups"]) for g in group_names(name)}),
        sector_groups=read_only(sector_groups(name)),
        provenance=read_only(provenance(name, elasticities)),
    )


def provenance(name: str, elasticities: str) -> dict[str, Any]:
    """Where a loaded benchmark comes from: plain data for manifests."""
    text = about(name)
    kept = ("title", "year", "unit", "licence", "attribution", "observed", "estimated", "remarks", "sources")
    return {
        "benchmark": name,
        "elasticities": elasticities,
        "sha256": checksums()[f"{name}.npz"],
        "control_totals": name,
        "inside_row": inside_row(None, name),
        **{key: text[key] for key in kept},
    }
