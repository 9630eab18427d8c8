"""The commands."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from comity.cli import setting, strategy
from comity.errors import ComityError, InputError, InterruptedRun

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="What a trade deal is worth to everyone at the table, in world general equilibrium.",
)
data = typer.Typer(no_args_is_help=True, help="Look at the embedded benchmark.")
app.add_typer(data, name="data")
app.add_typer(strategy.app, name="policy")

Json = Annotated[bool, typer.Option("--json", help="Print plain data instead of tables.")]
Anyway = Annotated[bool, typer.Option("--allow-violations", help="Compute what the union's treaty forbids, flagged.")]


INTERRUPT = 130
"""What typer returns after Ctrl-C."""


def main() -> None:
    """Run the command line; errors end with one clear text and their exit code."""
    setting.prepare_engine()
    try:
        code = app(standalone_mode=False)
        if code == INTERRUPT:
            raise KeyboardInterrupt
        sys.exit(code or 0)
    except ComityError as error:
        fail(str(error), error.exit_code)
    except (KeyboardInterrupt, typer.Abort):
        fail("interrupted; what is finished is kept and will be reused", InterruptedRun.exit_code)
    except BrokenPipeError:
        sys.exit(0)
    except Exception as error:
        usage = getattr(error, "format_message", None)
        if usage is not None:
            fail(f"{usage()} (see comity --help)", getattr(error, "exit_code", 2))
        if "--debug" in sys.argv or sys.flags.dev_mode:
            raise
        fail(f"a fault of comity itself: {type(error).__name__}: {error}. Please report it; python -X dev shows where.", 1)


def fail(message: str, code: int) -> None:
    """Say what is wrong on standard error and leave."""
    for line in message.splitlines():
        sys.stderr.write(f"comity: {line}\n")
    sys.exit(code)


@app.command()
def talks(
    file: Annotated[Path, typer.Argument(help="The talks file (YAML).")],
    out: Annotated[Path | None, typer.Option(help="Folder of the run; out/NAME unless given.")] = None,
    json: Json = False,
    only: Annotated[str | None, typer.Option(help="With --json: one part of the results, as best.over_nothing.BLR.")] = None,
    allow_violations: Anyway = False,
    workers: Annotated[int | None, typer.Option(min=1, max=64, help="Threads that solve; the processors unless given.")] = None,
) -> None:
    """Check, solve and write the brief: the main job."""
    from time import monotonic

    from comity.store import claimed
    from comity.talks.talks import Talks

    if only and not json:
        raise InputError("--only is a part of what --json prints: give both")
    read = Talks.from_yaml(file)
    workers = workers or setting.processors()
    typer.echo(before_run(read.estimate(workers)), err=True)
    for reason in read.left_out:
        typer.echo(f"left out: {reason}", err=True)
    began = monotonic()
    folder = out or Path("out") / file.stem
    # With --json and no --out nothing is written.
    if json and out is None:
        with setting.progress("solving") as tell:
            run = read.run(cache=setting.cache_folder(), workers=workers, progress=tell, allow_violations=allow_violations)
        typer.echo(after_run(run.solves, monotonic() - began), err=True)
        setting.show_json(setting.part(run.results, only))
        return
    with claimed(folder):
        with setting.progress("solving") as tell:
            run = read.run(cache=setting.cache_folder(), workers=workers, progress=tell, allow_violations=allow_violations)
        page = write_run(run.results, folder, keep=True)
    typer.echo(after_run(run.solves, monotonic() - began), err=True)
    if json:
        setting.show_json(setting.part(run.results, only))
        return
    show_talks(run.results)
    typer.echo(str(page))


def before_run(estimate: Any) -> str:
    """How long a run may take, where nothing is kept from an earlier one."""
    more = estimate.equilibria - estimate.table
    return (
        f"{estimate.table:,} equilibria of packages, about {more:,} of variants and a few hundred of searches: about "
        f"{_minutes(estimate.minutes)}, {_minutes(estimate.minutes_first)} the first time on this machine; what is kept from an "
        "earlier run is read"
    )


def _minutes(value: float) -> str:
    whole = max(1, round(value))
    return f"{whole} minute{'' if whole == 1 else 's'}"


def after_run(solved: int, seconds: float) -> str:
    """What a run took. No part of the results: they are the same bytes however long it takes."""
    if solved == 0:
        return f"everything was kept from an earlier run: read in {seconds:.1f} s"
    return f"{solved:,} equilibria solved in {seconds:.0f} s, {1000 * seconds / solved:.0f} ms each with all that belongs to it"


def write_run(results: dict[str, Any], folder: Path, *, keep: bool = False) -> Path:
    """All files of a run, put in place at once; with `keep` as the cache has them, where it does."""
    import json as plain

    from comity.report.brief import PAGE, render, rendered
    from comity.store import MANIFEST, Cache, write_folder

    files = rendered(results, Cache(setting.cache_folder())) if keep else render(results)
    sealed = plain.loads(files["results.json"])["manifest"]
    manifest = plain.dumps(sealed, indent=1, ensure_ascii=False, sort_keys=True) + "\n"
    write_folder(folder, {MANIFEST: manifest.encode(), **files})
    return folder / PAGE


def show_talks(results: dict[str, Any]) -> None:
    """The recommended package and what it does, on the terminal."""
    best = results["best"]
    names = {one["id"]: one["name"] for one in results["proposals"]}
    package = next(p for p in results["packages"] if p["id"] == best["package"])
    rows = []
    for code, gain in best["over_nothing"].items():
        alone = results["packages"][0]["expected"][code]
        wide = results["union_wide"] and results["union_wide"]["all"]["over_nothing"][code]["ev_usd_mn"]
        rows.append(
            [
                code,
                f"{alone['gain_pct']:+.3g}",
                f"{gain['gain_pct']:+.3g}",
                f"{gain['ev_usd_mn']:+,.0f}",
                f"{wide:+,.0f}" if wide else "–",
            ]
        )
    setting.table(
        f"{results['title']}: {len(package['proposals'])} of {len(names)} proposals recommended",
        ["economy", "crises alone, %", "package, points", "package, USD mn", "the same by the union, USD mn"],
        rows,
    )
    for one in package["proposals"]:
        typer.echo(f"  {names[one]}")


@app.command()
def check(
    file: Annotated[Path, typer.Argument(help="A talks file.")], allow_violations: Anyway = False, json: Json = False
) -> None:
    """Every problem of a talks file, with its line, and what the union's treaty forbids."""
    from comity.talks.file import check_file

    problems = check_file(file, allow_violations=allow_violations)
    if json:
        setting.show_json([{"file": p.file, "line": p.line, "message": p.message} for p in problems])
        raise typer.Exit(2 if problems else 0)
    if problems:
        raise InputError(problems)
    typer.echo(f"{file}: no problems")


@app.command()
def brief(run: Annotated[Path, typer.Argument(help="The folder of a finished run.")]) -> None:
    """Write the brief again from a finished run, without solving."""
    import json as plain

    from comity.store import claimed

    source = run / "results.json"
    try:
        results = plain.loads(source.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"{source}: cannot be read as results ({error}); run `comity talks` first") from None
    with claimed(run):
        page = write_run(results, run)
    typer.echo(str(page))


@app.command()
def solve(
    file: Annotated[Path, typer.Argument(help="A scenario file (YAML).")],
    closure: Annotated[str | None, typer.Option(help="Such as specific,with_trade; the file's, or mobile,fixed.")] = None,
    by: Annotated[str, typer.Option(help="economy, sector or partner.")] = "economy",
    of: Annotated[str, typer.Option(help="Economies to show (codes or groups); all unless given.")] = "all",
    decompose: Annotated[
        bool, typer.Option("--decompose", help="Say where gains come from, exactly and to first order.")
    ] = False,
    json: Json = False,
) -> None:
    """One counterfactual."""
    from comity.cli import counterfactual

    counterfactual.run(file, closure, by, of, json, decompose)


@app.command()
def gradient(
    of: Annotated[str, typer.Option(help="Whose real income (codes or groups).")],
    instrument: Annotated[
        str,
        typer.Option(
            "--in",
            help="tariff, export_tax, import_rent, export_rent, ownership, trade_cost, productivity, labour, capital, taste or"
            " transfer.",
        ),
    ],
    top: Annotated[int, typer.Option(min=1, max=100_000, help="How many cells to show.")] = 20,
    closure: Annotated[str | None, typer.Option(help="Such as specific,with_trade; mobile,fixed unless given.")] = None,
    benchmark: Annotated[str, typer.Option(help="Which benchmark.")] = "world-2022",
    json: Json = False,
) -> None:
    """The exact derivative of real income in every cell of an instrument; the cells that matter most."""
    from comity.cli import gradient as margin

    margin.run(of, instrument, top, closure, benchmark, json)


@app.command()
def relations(first: str, second: str, json: Json = False) -> None:
    """The dossier of two economies: trade, dependence, value-added links, who needs whom."""
    from comity.cli import dossier

    dossier.run(first, second, json)


@app.command()
def sensitive(
    file: Annotated[Path, typer.Argument(help="A talks file.")],
    step: Annotated[str, typer.Option(help="By how much trade costs fall where every sector is opened alike.")] = "-5%",
    everything: Annotated[bool, typer.Option("--all", help="Every sector, not the first ten of a pair.")] = False,
    json: Json = False,
    workers: Annotated[int | None, typer.Option(min=1, max=64, help="Threads that solve; the processors unless given.")] = None,
) -> None:
    """Which products are sensitive for whom, and at what weight of own producers a government refuses to open."""
    from comity.cli import sensitive as weighed
    from comity.policy.numbers import fraction

    try:
        size = fraction(step)
    except ValueError as error:
        raise InputError(f"--step: {error}") from None
    weighed.run(file, size, everything, json, workers)


@app.command()
def positions(
    parties: Annotated[list[str], typer.Argument(help="Two economies or more: codes or names.")],
    closure: Annotated[str | None, typer.Option(help="Such as mobile,fixed; specific,with_trade unless given.")] = None,
    benchmark: Annotated[str, typer.Option(help="Which benchmark.")] = "world-2022",
    world: Annotated[bool, typer.Option("--world", help="With --json: friends and enemies of every economy.")] = False,
    json: Json = False,
) -> None:
    """Where interests coincide and clash all over the world's trade; whose growth helps whom."""
    from comity.cli import positions as stand

    stand.run(parties, closure, benchmark, world, json)


@app.command()
def verify(json: Json = False) -> None:
    """Named checks of the benchmark and of the solver, each with its worst cell."""
    from comity.evidence.verify import verify as checks

    found = checks()
    if json:
        setting.show_json([one.as_dict() for one in found])
    else:
        rows = [[c.name, f"{c.residual:.1e}", f"{c.tolerance:.0e}", "holds" if c.ok else "FAILS", c.worst] for c in found]
        setting.table("Checks", ["check", "worst residual", "tolerance", "", "where"], rows)
    raise typer.Exit(0 if all(one.ok for one in found) else 1)


@app.command()
def reproduce(
    paper: Annotated[str, typer.Argument(help="Which paper.")] = "caliendo-parro-2015",
    data: Annotated[Path | None, typer.Option("--data", help="The file with the paper's data.")] = None,
    json: Json = False,
) -> None:
    """A published table: the published number, ours, and whether they agree, for every cell."""
    from comity.evidence.reproduce import reproduce as cells

    found = cells(paper, data)
    if json:
        setting.show_json(found)
        return
    rows = [
        [
            c["cell"],
            f"{c['published']:.2f}",
            f"{c['ours']:.4f}",
            f"{c['ours_exact']:.4f}" if "ours_exact" in c else "",
            "yes" if c["ok"] else c["reason"],
        ]
        for c in found
    ]
    setting.table(paper, ["cell", "published, %", "ours, %", "exact change, %", "agrees"], rows)
    for line in found[0]["admitted"]:
        typer.echo(f"  admitted: {line}")


@app.command()
def bench(
    json: Json = False,
    growth: Annotated[bool, typer.Option("--growth", help="Also how time grows with the world's size: some minutes.")] = False,
) -> None:
    """How fast this machine solves, beside the targets and beside what its memory allows."""
    from comity.evidence.bench import bench as measure

    found = measure(growth=growth)
    if json:
        setting.show_json(found)
        return

    def shown(value: float | None) -> str:
        return "–" if value is None else f"{value:.3g}"

    keys = ("target", "passes", "over_bound", "steps")
    rows = [[f["figure"], f"{f['value']:.3g} {f['unit']}".strip(), *(shown(f[key]) for key in keys)] for f in found]
    setting.table("Speed", ["figure", "median", "target", "passes over trade", "over memory's bound", "steps"], rows)


@data.command("info")
def data_info(name: Annotated[str, typer.Argument(help="Which benchmark.")] = "world-2022", json: Json = False) -> None:
    """What is inside, what is observed and what is estimated, with the estimate's known error."""
    from comity.data.info import as_text, info

    if json:
        setting.show_json(info(name))
    else:
        typer.echo(as_text(name))


@app.command()
def version() -> None:
    """The version."""
    import comity

    typer.echo(comity.__version__)
