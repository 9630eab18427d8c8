"""Build the embedded benchmark `world-2022` from its hashed inputs: `python tools/build_world.py --inputs DIR`.

DIR holds the project's input files and OECD's table as `bench_cache.npz`, as the wheel that carries it or as
that package unpacked. Every input is checked against its SHA-256 before use; the same inputs give the same
bytes. Exit code 2 when an input is missing or another file than the pinned one.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import io
import json
import sys
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from world_recipe import GOODS, Inputs, Ledger, build

HERE = Path(__file__).resolve().parent
BUNDLED = HERE.parent / "src" / "comity" / "data" / "bundled"
ABOUT = HERE / "world_about.json"
LICENCE = HERE / "world_licence.txt"
NAME = "world-2022"
TABLE = "bench_cache.npz"
WHEEL = "sanction_simulator-0.1.4-py3-none-any.whl"
MEMBER = "sanction_simulator/data/bench_cache.npz"
PINNED = {
    TABLE: "572753a929a2916dde290c8a3925599ac7f0f2e398b499a550e9cd5dc92f61c7",
    "icio_total_use.npz": "e8f53185662725a5df1e5b944640838d2cb16a7b61f371d58e526da638c3ca12",
    "economies.csv": "e16fe905e5c180089ced1f8df9511f2efbd8448505311d6051ec8d37470ad3e8",
    "sectors.csv": "21d5dab224e1e0337f28c9030d63c690e4b29cf1c8d1c792f29433af25442de5",
    "tariff_mfn.csv": "d184d7bfe2f7595b5fef51d86054dc242bf3a7b6928a6ea6d2e16cc5cc6d6c37",
    "tariff_preference.csv": "b59fa1396e45830f716af6337e951a763ab2dfe4b4cdd7b11c5ef61cfde5b7f1",
    "trade_elasticity.csv": "0730bb15f05f128670c7d994a944b96c57211d91a226baa0e426b7299a93d74d",
    "labour_share.csv": "99ca4e5bba6b9c00bb6255a90a47cf7ccfeac729663d200f9bd69d3c0e6db55f",
    "eaeu_goods_2023.csv": "ee56650474e902f2027d9d8aabc6217f51f7a4bf5f3d5e62c9eb054bab175210",
}
WHEEL_SHA256 = "1c29bce64dd5e15d14b956556fc544cae21ac504f0cea07558019c4b9eae4909"
HOW = (
    f"{TABLE} is not in {{folder}}. It is part of the PyPI package sanction-simulator 0.1.4 (77 MB; to build, never to run).\n"
    f"Do:  pip download sanction-simulator==0.1.4 --no-deps --dest {{folder}}\n"
    f"and run this again: the wheel is read as it is. SHA-256 of the wheel {WHEEL_SHA256},\n"
    f"of {MEMBER} in it {PINNED[TABLE]}."
)
RATE = 1e4
"""Tariffs and labour shares have four decimals in their tables and are stored as whole numbers of 1/10,000."""
CUSTOMS_UNIONS = ("EU27", "EAEU")
HISTORY = (2013, 2016, 2017, 2018, 2019, 2020, 2021, 2022)


class Refused(Exception):
    """An input is missing or is not the pinned file."""


def read_inputs(folder: Path) -> dict[str, bytes]:
    """Every pinned input, checked; raises Refused naming all that are missing or different."""
    found: dict[str, bytes] = {}
    faults = []
    for name, pin in PINNED.items():
        content = read_table(folder) if name == TABLE else read_file(folder / name)
        if content is None:
            faults.append(HOW.format(folder=folder) if name == TABLE else f"{name} is not in {folder}")
        elif (got := hashlib.sha256(content).hexdigest()) != pin:
            faults.append(f"{name}: SHA-256 {got} is not the pinned {pin}")
        else:
            found[name] = content
    if faults:
        raise Refused("\n".join(faults))
    return found


def read_file(path: Path) -> bytes | None:
    """The content of a file, None where there is none."""
    return path.read_bytes() if path.is_file() else None


def read_table(folder: Path) -> bytes | None:
    """OECD's table from DIR: the file itself, the unpacked package or the wheel."""
    for path in (folder / TABLE, folder / MEMBER):
        if path.is_file():
            return path.read_bytes()
    if (folder / WHEEL).is_file():
        with zipfile.ZipFile(folder / WHEEL) as wheel:
            return wheel.read(MEMBER)
    return None


def rows(content: bytes) -> list[dict[str, str]]:
    """The records of a CSV file."""
    return list(csv.DictReader(io.StringIO(content.decode("utf-8"))))


def tariffs(raw: dict[str, bytes], economies: list[str], sectors: list[str], ledger: Ledger) -> np.ndarray:
    """Applied rates, importer × exporter × sector: MFN, then preferences, then zero in unions and at home."""
    place = {code: n for n, code in enumerate(economies)}
    rate = np.zeros((len(economies), len(economies), len(sectors)))
    for row in rows(raw["tariff_mfn.csv"]):
        if row["importer"] in place:
            rate[place[row["importer"]], :, sectors.index(row["sector"])] = float(row["rate"])
    members = {union: [r["iso3"] for r in rows(raw["economies.csv"]) if union in r["groups"].split()] for union in CUSTOMS_UNIONS}
    outside = 0
    for row in rows(raw["tariff_preference.csv"]):
        importers, exporters = (members.get(row[side], [row[side]]) for side in ("importer", "exporter"))
        chosen = slice(0, GOODS) if row["sector"] == "*" else sectors.index(row["sector"])
        for importer in importers:
            for exporter in exporters:
                if importer in place and exporter in place:
                    rate[place[importer], place[exporter], chosen] = float(row["rate"])
                else:
                    outside += 1
    ledger.note("tariffs", "left out", "preferential rates of economies outside the benchmark", outside, 0.0)
    for union in CUSTOMS_UNIONS:
        inside = [place[code] for code in members[union] if code in place]
        rate[np.ix_(inside, inside)] = 0
    home = np.arange(len(economies))
    rate[home, home] = 0
    return rate


def arrays(raw: dict[str, bytes], ledger: Ledger) -> tuple[Inputs, np.ndarray]:
    """The recipe's inputs from the files; also the stack of total use by year."""
    economies = [row["iso3"] for row in rows(raw["economies.csv"]) if row["in_icio"] == "1"]
    sectors = [row["sector"] for row in rows(raw["sectors.csv"])]
    n, j = len(economies) - 1, len(sectors)
    with (
        np.load(io.BytesIO(raw[TABLE]), allow_pickle=False) as table,
        np.load(io.BytesIO(raw["icio_total_use.npz"]), allow_pickle=False) as use,
    ):
        if [str(c) for c in table["countries"]] != economies[:-1] or [str(s) for s in table["sectors"]] != sectors:
            raise Refused(f"{TABLE}: economies or sectors are not in the order of economies.csv and sectors.csv")
        if [str(c) for c in use["economies"]] != economies or [str(s) for s in use["sectors"]][:GOODS] != sectors[:GOODS]:
            raise Refused("icio_total_use.npz: economies or sectors are not in the order of economies.csv and sectors.csv")
        data = Inputs(
            economies=tuple(economies),
            sectors=tuple(sectors),
            technical=table["A"].reshape(j, n, j, n),
            intermediate_share=table["omb"].reshape(j, n).T.copy(),
            output=table["go"].reshape(j, n).T.copy(),
            final_and_row=table["z"].reshape(j, n).T.copy(),
            total_use=use["total_use_2022"].astype(np.float64),
            tariff=tariffs(raw, economies, sectors, ledger),
        )
        history = np.stack([use[f"total_use_{year}"] for year in HISTORY])
    return data, history


def labour(raw: dict[str, bytes], data: Inputs) -> np.ndarray:
    """Labour's share of value added, economy × sector."""
    share = np.full((len(data.economies), len(data.sectors)), np.nan)
    for row in rows(raw["labour_share.csv"]):
        share[data.economies.index(row["economy"]), data.sectors.index(row["sector"])] = float(row["labour_share"])
    if np.isnan(share).any():
        raise Refused("labour_share.csv: a cell is missing")
    return share


def whole(values: np.ndarray) -> np.ndarray:
    """Rates with four decimals as whole numbers."""
    scaled = np.round(values * RATE)
    if np.abs(scaled - values * RATE).max() > 1e-6:
        raise Refused("a rate has more than four decimals")
    return scaled.astype(np.uint16)


def control_totals(data: Inputs, flow: np.ndarray, use: np.ndarray, clipped: np.ndarray) -> dict[str, np.ndarray]:
    """Sums that a loaded benchmark must reproduce, and output as the source states it; USD mn."""
    traded, spent = flow.astype(np.float64), use.astype(np.float64)
    n = data.row
    return {
        "control_sales": np.stack([traded[:, i].sum(axis=0) for i in range(n + 1)]),
        "control_purchases": np.stack([traded[i].sum(axis=0) for i in range(n + 1)]),
        "control_bilateral": traded.sum(axis=2),
        "control_duties": (data.tariff * traded).sum(axis=2),
        "control_inputs": spent.sum(axis=2),
        "control_input_cost": spent.sum(axis=1),
        "source_output": data.output,
        "source_clipped": clipped,
    }


def packed(content: dict[str, np.ndarray]) -> bytes:
    """An npz whose bytes depend on its arrays alone: stored, not compressed; no time stamps."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(content):
            member = io.BytesIO()
            np.lib.format.write_array(member, np.ascontiguousarray(content[name]), version=(1, 0), allow_pickle=False)
            info = zipfile.ZipInfo(f"{name}.npy", date_time=(1980, 1, 1, 0, 0, 0))
            info.create_system = 3
            archive.writestr(info, member.getvalue())
    return out.getvalue()


def table(header: list[str], records: list[list[Any]]) -> bytes:
    """A CSV file."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(records)
    return out.getvalue().encode()


def figure(text: str, digits: int) -> str:
    """A published figure without the noise of binary floats; empty stays empty."""
    return f"{round(float(text), digits):.15g}" if text else ""


def economies_table(raw: dict[str, bytes]) -> bytes:
    """economies.csv of the package: names, groups, size; 'inside' says which economy of the benchmark holds it."""
    header = [
        "iso3",
        "name",
        "region",
        "groups",
        "population_mn_2025",
        "gdp_usd_mn_2022",
        "exports_usd_mn_2022",
        "imports_usd_mn_2022",
        "inside",
    ]
    records = []
    for row in rows(raw["economies.csv"]):
        money = [figure(row[key], 1) for key in ("gdp_usd_mn_2022", "exports_gs_usd_mn_2022", "imports_gs_usd_mn_2022")]
        inside = row["iso3"] if row["in_icio"] == "1" else "ROW"
        records.append(
            [row["iso3"], row["name"], row["region"], row["groups"], figure(row["population_mn_2025"], 3), *money, inside]
        )
    return table(header, records)


def inside_row_table(raw: dict[str, bytes]) -> bytes:
    """Goods trade in 2023 of the economies that sit inside ROW, by partner, USD mn."""
    inside = [row["iso3"] for row in rows(raw["economies.csv"]) if row["in_icio"] != "1"]
    trade: dict[tuple[str, str], list[str]] = {}
    for row in rows(raw["eaeu_goods_2023.csv"]):
        for own, partner, column in ((row["exporter"], row["importer"], 0), (row["importer"], row["exporter"], 1)):
            if own in inside:
                trade.setdefault((own, partner), ["", ""])[column] = figure(row["goods_usd_mn_2023"], 2)
    header = ["iso3", "partner", "exports_usd_mn_2023", "imports_usd_mn_2023"]
    return table(header, [[*key, *values] for key, values in sorted(trade.items())])


def elasticity_table(raw: dict[str, bytes]) -> bytes:
    """trade_elasticity.csv of the package: the source's figures under the names of the sets."""
    records = rows(raw["trade_elasticity.csv"])
    columns = [key for key in records[0] if key != "sector"]
    special = {"caliendo_parro_2015_99": "caliendo-parro-2015"}
    names = [special.get(key, key.replace("_", "-")) for key in columns]
    return table(["sector", *names], [[row["sector"], *(row[key] for key in columns)] for row in records])


def bundle(raw: dict[str, bytes]) -> dict[str, bytes]:
    """Every file of the package's data folder that this script owns, by name."""
    ledger = Ledger()
    data, history = arrays(raw, ledger)
    flow, use = build(data, ledger)
    content = {
        "economies": np.array(data.economies),
        "sectors": np.array(data.sectors),
        "trade_flow": flow,
        "input_use": use,
        "tariff": whole(data.tariff[:, :, :GOODS]),
        "labour_share": whole(labour(raw, data)),
        **control_totals(data, flow, use, ledger.clipped),
    }
    goods, services = history[..., :GOODS].sum(axis=-1, dtype=np.float64), history[..., GOODS]
    past = {"years": np.array(HISTORY), "goods": goods.astype(np.float32), "services": services}
    about = {**json.loads(ABOUT.read_text(encoding="utf-8")), "inputs": PINNED, "ledger": ledger.entries}
    files = {
        f"{NAME}.npz": packed(content),
        f"{NAME}-history.npz": packed(past),
        f"{NAME}.json": (json.dumps(about, indent=1, ensure_ascii=False) + "\n").encode(),
        "economies.csv": economies_table(raw),
        "sectors.csv": raw["sectors.csv"].replace(b"\r\n", b"\n"),
        "trade_elasticity.csv": elasticity_table(raw),
        "inside_row.csv": inside_row_table(raw),
        "LICENCE.txt": LICENCE.read_bytes(),
    }
    sums = "".join(f"{hashlib.sha256(files[name]).hexdigest()}  {name}\n" for name in sorted(files))
    return {**files, "SHA256SUMS": sums.encode()}


def main() -> int:
    """Read, build, write; or with --check compare with what is there."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--inputs", type=Path, required=True, help="folder with the pinned inputs")
    parser.add_argument("--out", type=Path, default=BUNDLED, help="folder to write (default: the package's data)")
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 where the files would differ")
    options = parser.parse_args()
    try:
        files = bundle(read_inputs(options.inputs))
    except Refused as refused:
        print(refused, file=sys.stderr)
        return 2
    size = sum(map(len, files.values()))
    if options.check:
        differ = [name for name, content in files.items() if read_file(options.out / name) != content]
        print(f"{len(files)} files, {size / 1e6:.1f} MB; " + (f"differ: {', '.join(differ)}" if differ else "all as built"))
        return 1 if differ else 0
    options.out.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (options.out / name).write_bytes(content)
    print(f"{len(files)} files, {size / 1e6:.1f} MB, in {options.out}; commit them together")
    return 0


if __name__ == "__main__":
    sys.exit(main())
