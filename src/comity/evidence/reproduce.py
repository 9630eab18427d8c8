"""reproduce(): published tables, cell by cell, from the authors' own data.

Caliendo, L. and F. Parro (2015), "Estimates of the Trade and Welfare Effects of NAFTA", Review of Economic Studies 82(1),
Table 2: NAFTA's tariff changes 1993 to 2005, deficits zero, factors mobile. Axes: importer n, exporter i, sector j.
"""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from comity.errors import InputError
from comity.records import Array, Benchmark, Closure, Equilibrium, Wedges
from comity.solve import homotopy, problem, rebase
from comity.solve.derivatives.first_order import first_order
from comity.solve.equilibrium import solve

LONG_RUN = Closure("mobile", "fixed")
BASE_TOLERANCE = 1e-12

SHAPES: Mapping[str, str] = {
    "tariff_1993": "nnj",
    "tariff_nafta": "nnj",
    "pi": "nnj",
    "expenditure": "nj",
    "gross_output": "nj",
    "va_share": "nj",
    "io_share": "njj",
    "alpha": "nj",
    "theta": "j",
}
"""The arrays that Table 2 needs: economies n = 31, sectors j = 40."""

WHERE_FROM = (
    "the arrays of the replication files of Caliendo and Parro (Review of Economic Studies 82(1), 2015) as an .npz file:"
    f" countries, sectors, {', '.join(SHAPES)}. They are the authors' and not part of comity; they come with the article, and"
    " public repositories that reimplement it carry them"
)

TABLE_2: Mapping[str, Mapping[str, float]] = {
    "welfare": {"Mexico": 1.31, "Canada": -0.06, "USA": 0.08},
    "terms of trade": {"Mexico": -0.41, "Canada": -0.11, "USA": 0.04},
    "volume of trade": {"Mexico": 1.72, "Canada": 0.04, "USA": 0.04},
    "real wages": {"Mexico": 1.72, "Canada": 0.32, "USA": 0.11},
}
"""As printed, in per cent."""

HALF_A_DIGIT = 0.005
"""Half a unit of the last printed digit: what still rounds to the published figure."""

WELFARE_NOTE = (
    "the paper's welfare is the first-order sum of terms of trade and volume of trade, x̂ − 1 at base weights; ours_exact is"
    " the exact change of I/P between the same two equilibria"
)


@dataclass(frozen=True, eq=False)
class Replication:
    """A paper's base and counterfactual, and what had to be admitted in its data."""

    base: Benchmark
    counterfactual: Equilibrium
    admitted: tuple[str, ...]


def reproduce(paper: str = "caliendo-parro-2015", data: str | Path | None = None) -> list[dict[str, Any]]:
    """Every cell of a published table: `cell`, `published`, `ours` (per cent), `ok`, `admitted`, and `reason` where not ok.

    `data` is the file with the paper's arrays; `admitted` lists what is odd in it and the rule by which it is taken.
    Welfare cells also hold `ours_exact` and a `note` that says what the two are. Raises InputError (exit 2) on an unknown
    paper and on a file that is missing or is not the paper's.
    """
    if paper not in PAPERS:
        raise InputError(f"reproduce: {paper!r} is none of {', '.join(PAPERS)}")
    return PAPERS[paper](data)


def caliendo_parro_2015(data: str | Path | None) -> list[dict[str, Any]]:
    """Table 2, twelve cells."""
    run = replicate_nafta(read_arrays(data))
    ours = effects(run.counterfactual)
    cells = []
    for effect, row in TABLE_2.items():
        for economy, published in row.items():
            n = run.base.economy_index(economy)
            value = float(ours[effect][n])
            cell: dict[str, Any] = {"cell": f"Table 2, {effect}, {economy}", "published": published, "ours": round(value, 6)}
            cell["ok"] = abs(value - published) <= HALF_A_DIGIT
            if effect == "welfare":
                cell |= {"ours_exact": round(float(ours["exact welfare"][n]), 6), "note": WELFARE_NOTE}
            if not cell["ok"]:
                cell["reason"] = f"off by {value - published:+.4f} with the base solved first and the data taken as admitted says"
            cell["admitted"] = list(run.admitted)
            cells.append(cell)
    return cells


def read_arrays(data: str | Path | None) -> dict[str, Array]:
    """The paper's arrays from an .npz file, with names and shapes checked; InputError says where the file comes from."""
    if data is None:
        raise InputError(f"caliendo-parro-2015 needs a file: --data FILE, {WHERE_FROM}.")
    path = Path(data)
    if not path.is_file():
        raise InputError(f"{path}: no such file. It is {WHERE_FROM}.")
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as stored:
            arrays = {name: stored[name] for name in ("countries", "sectors", *SHAPES) if name in stored.files}
    except (ValueError, OSError, zipfile.BadZipFile, EOFError) as error:
        raise InputError(f"{path}: not an .npz file of plain arrays ({error}). It should be {WHERE_FROM}.") from None
    missing = [name for name in ("countries", "sectors", *SHAPES) if name not in arrays]
    if missing:
        raise InputError(f"{path}: lacks {', '.join(missing)}. It should be {WHERE_FROM}.")
    size = {"n": len(arrays["countries"]), "j": len(arrays["sectors"])}
    for name, axes in SHAPES.items():
        if arrays[name].shape != tuple(size[axis] for axis in axes) or not np.isfinite(arrays[name]).all():
            raise InputError(f"{path}: {name} has shape {arrays[name].shape} or holds numbers that are not finite.")
    return arrays


def replicate_nafta(arrays: Mapping[str, Array]) -> Replication:
    """The base without deficits at the tariffs of 1993, solved first, and from it the world after NAFTA's tariff changes.

    The arrays of 1993 are no equilibrium (negative final demand was clipped by the authors), so ratios are taken between
    two solved states.
    """
    total = arrays["io_share"].sum(axis=1, keepdims=True)
    g = np.divide(arrays["io_share"], total, out=np.zeros_like(arrays["io_share"]), where=total > 0)
    base = solved_base(arrays, g)
    counterfactual = solve(base, Wedges(tariff=arrays["tariff_nafta"]), closure=LONG_RUN)
    return Replication(base, counterfactual, tuple(admitted(arrays)))


def solved_base(arrays: Mapping[str, Array], g: Array) -> Benchmark:
    """The world of 1993 with every deficit at zero, as a benchmark that is an equilibrium."""
    economies, sectors = (tuple(str(name) for name in arrays[axis]) for axis in ("countries", "sectors"))
    N, J = len(economies), len(sectors)
    gamma, t, X = arrays["va_share"], arrays["tariff_1993"], arrays["expenditure"]
    VA = gamma * arrays["gross_output"]
    duties = (t / (1 + t) * arrays["pi"] * X[:, None, :]).sum(axis=(1, 2))
    w = problem.from_shares(
        economies=economies,
        sectors=sectors,
        trade_share=arrays["pi"],
        tariff=t,
        input_share=g,
        value_added_share=gamma,
        labour_share=np.ones((N, J)),
        trade_elasticity=arrays["theta"],
        final_share=arrays["alpha"],
        value_added=VA,
        expenditure=X,
        deficit=np.zeros(N),
        trade=np.ones(N),
        income=VA.sum(axis=1) + duties,
        output=arrays["gross_output"],
    )
    quiet = problem.shock(w, Wedges())
    steer = homotopy.benchmark_steer(w, LONG_RUN)
    start = problem.start_state(w, LONG_RUN, None)
    point = homotopy.reach(w, lambda s: problem.shock(w, Wedges(), s), LONG_RUN, start, BASE_TOLERANCE, steer, np.inf)
    return Benchmark.from_arrays(
        economies=economies,
        sectors=sectors,
        trade_flow=rebase.solved_flow(w, quiet, point.x, LONG_RUN.factors),
        tariff=t,
        input_share=g,
        value_added_share=gamma,
        trade_elasticity=arrays["theta"],
        labour_share=np.ones((N, J)),
        name="Caliendo and Parro (2015), 1993 without deficits",
    )


def effects(counterfactual: Equilibrium) -> dict[str, Array]:
    """The columns of Table 2 and the exact change of welfare, by economy, in per cent."""
    sums = first_order(counterfactual)
    by_channel = sums.by_channel()
    return {
        "terms of trade": 100 * by_channel["terms_of_trade"],
        "volume of trade": 100 * by_channel["volume_of_trade"],
        "welfare": 100 * sums.total,
        "real wages": 100 * (np.asarray(counterfactual.values["real_wage"]) - 1),
        "exact welfare": 100 * sums.welfare,
    }


def admitted(arrays: Mapping[str, Array]) -> list[str]:
    """What the data hold that a benchmark of our own would not, counted, each with the rule by which it is taken."""
    io, total = arrays["io_share"], arrays["io_share"].sum(axis=1)
    home = np.einsum("nnj->nj", arrays["pi"])
    off = float(np.abs(total[total > 0] - 1).max())
    return [
        f"{int((io < 0).sum())} negative input coefficient (smallest {io.min():.2g}), kept as it is",
        f"{int((total == 0).sum())} sectors without inputs: value added is all their cost",
        f"{int((home == 0).sum())} markets without home sales: they stay without",
        f"input shares that sum to one only to {off:.1g}, normalised",
    ]


PAPERS: Mapping[str, Callable[[str | Path | None], list[dict[str, Any]]]] = {"caliendo-parro-2015": caliendo_parro_2015}
