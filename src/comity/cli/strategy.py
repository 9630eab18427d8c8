"""`comity policy`: what governments would do alone, against each other and together."""

from __future__ import annotations

import statistics
import time
from pathlib import Path
from typing import Annotated, Any

import typer

from comity.cli import setting
from comity.errors import InputError, NoEquilibriumError

app = typer.Typer(no_args_is_help=True, help="Optimal tariffs, tariff wars and what cooperation is worth.")

What = Annotated[str, typer.Argument(help="A policy file (YAML), or players: codes and groups with commas.")]
Tariffs = Annotated[str | None, typer.Option(help="free (by partner and sector), sector, partner or one.")]
ClosureWords = Annotated[str | None, typer.Option("--closure", help="Such as specific,balanced; the file's, or mobile,fixed.")]
Sectors = Annotated[str | None, typer.Option(help="Sectors that may be taxed; all goods unless given.")]
Instruments = Annotated[str | None, typer.Option(help="tariff, export_tax or both with a comma.")]
Elasticities = Annotated[str | None, typer.Option(help="A set of trade elasticities; the benchmark's own unless given.")]
Rates = Annotated[bool, typer.Option("--rates", help="With --json: every rate, not only means by sector and partner.")]
ENDS = 3
"""Sectors named at either end."""

Json = Annotated[bool, typer.Option("--json", help="Print plain data instead of tables.")]
Once = Annotated[bool, typer.Option("--once", help="Search from one start only and try no deviations.")]


def _asked(
    what: str, tariffs: str | None, closure: str | None, sectors: str | None, instruments: str | None, elasticities: str | None
) -> tuple[Any, Any, Any, tuple[Any, ...]]:
    """What is asked, the benchmark, the closure and the players."""
    from dataclasses import replace

    from comity.data.load import load
    from comity.solve.declared import with_elasticities, with_rents
    from comity.strategy.spec import named, read_policy

    own = {
        "tariffs": tariffs,
        "sectors": sectors,
        "instruments": instruments and instruments.split(","),
        "elasticities": elasticities,
    }
    if Path(what).suffix in (".yaml", ".yml") or Path(what).is_file():
        given = [key for key, value in own.items() if value is not None]
        if given:
            raise InputError(f"--{given[0]}: a policy file says this itself")
        asked = read_policy(what)
    else:
        asked = named([word.strip() for word in what.split(",") if word.strip()], **own)
    asked = replace(asked, closure=setting.closure_from(closure, asked.closure))
    given = asked.elasticities
    benchmark = load(asked.benchmark, given) if isinstance(given, str) else load(asked.benchmark)
    if isinstance(given, tuple):
        benchmark = with_elasticities(benchmark, given)
    benchmark = with_rents(benchmark, [change.instrument for change in asked.spec.changes])
    return asked, benchmark, asked.closure, asked.players(benchmark)


def _timed(report: dict[str, Any], began: float, solves: int) -> dict[str, Any]:
    spent = time.perf_counter() - began
    return report | {"seconds": round(spent, 2), "ms_per_solve": round(1000 * spent / max(solves, 1), 1)}


@app.command()
def best(
    what: What, tariffs: Tariffs = None, closure: ClosureWords = None, sectors: Sectors = None,
    instruments: Instruments = None, elasticities: Elasticities = None, once: Once = False, rates: Rates = False,
    json: Json = False,
) -> None:  # fmt: skip
    """Each player's best tariffs while all others keep theirs."""
    asked, benchmark, held, players = _asked(what, tariffs, closure, sectors, instruments, elasticities)
    from comity.strategy import told
    from comity.strategy.response import best_response

    began = time.perf_counter()
    wedges, bounds = asked.wedges(benchmark), asked.spec.bounds
    answers = [
        best_response(benchmark, one, closure=held, wedges=wedges, bounds=bounds, second_start=not once) for one in players
    ]
    _refuse_unfinished([(r.game.players[0].code, r.certificate) for r in answers])
    report = told.head("best", asked.title, benchmark, held) | told.best(answers, rates=rates)
    report = _timed(report, began, sum(r.certificate.solves for r in answers))
    if json:
        setting.show_json(report)
        return
    _show_players("Best tariffs, the others' as today", report["answers"])
    _show_spread(report["answers"])
    _show_proof(report)
    if len(report["answers"]) == 1:
        _show_world(report["answers"][0]["world"])
        _show_sectors(report["answers"][0])


def _show_proof(report: dict[str, Any]) -> None:
    """The certificates of all answers in a line, and who has two different ends."""
    proofs = [one["certificate"] for one in report["answers"]]
    differ = [one["player"] for one in report["answers"] if one["certificate"]["same"] is False]
    starts = "one start" if proofs[0]["same"] is None else "both starts end at the same rates"
    if differ:
        starts = f"the two starts end at different rates for {', '.join(differ)}"
        alike = all(c["as_good"] for c in proofs)
        starts += " that are as good as each other" if alike else ": the better is shown"
    typer.echo(
        f"A Newton step would move no rate by more than {max(c['newton'] for c in proofs):.0e} of 1 + t; {starts};"
        f" {sum(c['solves'] for c in proofs)} equilibria in {report['seconds']:.1f} s."
    )


def _refuse_unfinished(found: list[tuple[str, Any]]) -> None:
    for code, proof in found:
        if not proof.converged:
            raise NoEquilibriumError(
                f"not converged: the best tariffs of {code} would still move by {proof.newton:.1g} in ln(1 + t)",
                residual=proof.newton, worst=code,
            )  # fmt: skip


@app.command()
def nash(
    what: What, tariffs: Tariffs = None, closure: ClosureWords = None, sectors: Sectors = None,
    instruments: Instruments = None, elasticities: Elasticities = None, once: Once = False, rates: Rates = False,
    json: Json = False,
) -> None:  # fmt: skip
    """A tariff war: rates at which no player gains by changing its own."""
    asked, benchmark, held, players = _asked(what, tariffs, closure, sectors, instruments, elasticities)
    from comity.strategy import told
    from comity.strategy.nash import nash as fight

    began = time.perf_counter()
    found = fight(
        benchmark, players, closure=held, wedges=asked.wedges(benchmark), bounds=asked.spec.bounds,
        second_start=not once, verify=not once,
    )  # fmt: skip
    told_war = told.war(found, rates=rates)
    if not found.converged:
        # Nothing that could be taken for an answer: only where each search went.
        told_war = {key: told_war[key] for key in ("outcome", "choice", "nash_points", "endings", "work")}
    report = _timed(told.head("nash", asked.title, benchmark, held) | told_war, began, found.solves)
    if json:
        setting.show_json(report)
    if not found.converged:
        raise NoEquilibriumError(_no_nash(report), worst="war")
    if json:
        return
    _show_players(asked.title or "War", report["players"])
    _show_spread(report["players"])
    _show_world(report["world"])
    typer.echo(
        f"{report['nash_points']} Nash point{'s' * (report['nash_points'] != 1)} found; {report['choice']}."
        f" {report['work']['solves']} equilibria in {report['seconds']:.0f} s."
    )
    if not once:
        most = max(one["largest_gain_from_deviating_pct"] for one in report["endings"] if one["outcome"] == "nash")
        typer.echo(f"Best answers from other starts gain at most {most:.1e} %.")


def _no_nash(report: dict[str, Any]) -> str:
    """Every ending of the search in words."""
    lines = []
    for one in report["endings"]:
        how = {
            "cycle": f"best answers return to where they were every {one['period']} rounds",
            "not_nash": f"a deviation gains {one['largest_gain_from_deviating_pct']:.2g} % and the answers come to no rest",
            "not_converged": f"not converged after {one['steps']} joint steps and {one['rounds']} rounds",
            "nash": "a Nash point",
        }[one["outcome"]]
        lines.append(f"from {one['start']}: {how}")
    return "no Nash point was found; " + "; ".join(lines)


@app.command()
def cooperate(
    what: What, tariffs: Tariffs = None, closure: ClosureWords = None, sectors: Sectors = None,
    instruments: Instruments = None, elasticities: Elasticities = None,
    transfers: Annotated[bool, typer.Option("--transfers", help="Share the gain over war equally, by payments.")] = False,
    rates: Rates = False, json: Json = False,
) -> None:  # fmt: skip
    """What the players would choose together, and each one's gain from war to peace."""
    asked, benchmark, held, players = _asked(what, tariffs, closure, sectors, instruments, elasticities)
    from comity.strategy import told
    from comity.strategy.cooperate import cooperate as agree

    began = time.perf_counter()
    found = agree(
        benchmark, players, closure=held, wedges=asked.wedges(benchmark), bounds=asked.spec.bounds,
        weights=asked.spec.weights, transfers=transfers or asked.spec.transfers,
    )  # fmt: skip
    _refuse_unfinished([("the players together", found.certificate)])
    report = _timed(
        told.head("cooperate", asked.title, benchmark, held) | told.peace(found, rates=rates), began, found.certificate.solves
    )
    if json:
        setting.show_json(report)
        return
    _show_players(asked.title or "Peace", report["players"])
    _show_world(report["world"])
    typer.echo(
        f"Best of {1 + len(report['below_other_starts'])} starts: {report['start']}; {report['certificate']['solves']} equilibria"
        f" in {report['seconds']:.0f} s, with the war's."
    )


@app.command()
def join(
    union: Annotated[str, typer.Argument(help="The union; several with commas, or any for every customs union.")],
    newcomers: Annotated[str, typer.Argument(help="Economies that might join: codes with commas, a group, or all.")] = "all",
    closure: ClosureWords = None,
    json: Json = False,
) -> None:
    """The value of membership: no duties inside, the union's tariff towards all others, who keep theirs.

    Of a group, members of other customs unions are left out: they would have to leave theirs first.
    """
    from comity.data.load import load
    from comity.policy import selectors
    from comity.records import Closure
    from comity.strategy.membership import bound, joining
    from comity.strategy.players import CUSTOMS_UNIONS, player

    benchmark = load("world-2022")
    held = setting.closure_from(closure, Closure())
    unions = [player(one, benchmark) for one in (CUSTOMS_UNIONS if union == "any" else union.split(","))]
    inside = {n for who in unions for n in who.members}
    asked = [benchmark.economies[n] for n in selectors.economies(tuple(newcomers.split(",")), benchmark).indices]
    kept = [code for code in asked if benchmark.economy_index(code) not in inside and bound(benchmark, code) is None]
    out = [code for code in asked if code not in kept]
    asked = kept or asked
    rows = sorted((joining(benchmark, who, code, closure=held) for who in unions for code in asked), key=lambda row: -row.opening)
    if json:
        from dataclasses import asdict

        told = [asdict(row) | {"opening": row.opening} for row in rows]
        setting.show_json([{k: round(v, 8) if isinstance(v, float) else v for k, v in row.items()} for row in told])
        return
    if out and kept:
        typer.echo(f"Left out as members of a customs union: {', '.join(out)}.")
    _show_membership(rows, [who.code for who in unions])


def _show_membership(rows: list[Any], unions: list[str]) -> None:
    setting.table(
        f"Joining {', '.join(unions)}, over today",
        [
            "newcomer",
            "union",
            "own gain, %",
            "USD mn",
            "of it by opening, %",
            "members, %",
            "USD mn",
            "others, USD mn",
            "tariff on others, %",
            "then, %",
        ],
        [
            [
                r.newcomer,
                r.union,
                f"{100 * r.opening:+.3f}",
                f"{100 * r.own:+.3f}",
                f"{r.own_usd_mn:+,.0f}",
                f"{100 * r.members:+.4f}",
                f"{r.members_usd_mn:+,.0f}",
                f"{r.others_usd_mn:+,.0f}",
                f"{100 * r.tariff_before:.2f}",
                f"{100 * r.tariff_after:.2f}",
            ]
            for r in rows
        ],
    )
    both = {r.newcomer for r in rows if r.both_gain and r.opening > 0}
    typer.echo(
        f"{len(both)} of {len({r.newcomer for r in rows})} gain by opening to a union whose members gain too. The rest of a"
        " gain is the union's tariff on outsiders, which the newcomer could also set alone."
    )


def _show_spread(players: list[dict[str, Any]]) -> None:
    """Where there are many: the mean of what they do and gain, and who does least and most."""
    if len(players) < 3:
        return
    for name in players[0]["instruments"]:
        rates = sorted((one["instruments"][name]["mean_pct"], one["player"]) for one in players if name in one["instruments"])
        mean = sum(rate for rate, _ in rates) / len(rates)
        (low, least), (high, most) = rates[0], rates[-1]
        what = name.replace("_", " ")
        typer.echo(f"Mean {what} of {len(rates)} players {mean:.1f} %, from {low:.1f} ({least}) to {high:.1f} ({most}).")
        thumb = [one["rule_of_thumb_pct"] for one in players]
        own = [one["instruments"][name]["mean_pct"] for one in players]
        if name == "tariff" and len(set(own)) > 1 and len(set(thumb)) > 1:
            typer.echo(
                f"Correlation with one over the elasticity of demand for what is sold: {statistics.correlation(own, thumb):.2f}."
            )
        _say_sectors(what, [one["instruments"][name]["by_sector"] for one in players if name in one["instruments"]])
    gains = sorted((one["gain_pct"], one["player"]) for one in players)
    mean = sum(gain for gain, _ in gains) / len(gains)
    typer.echo(
        f"Mean gain over today {mean:+.2f} %, from {gains[0][0]:+.2f} ({gains[0][1]}) to {gains[-1][0]:+.2f} ({gains[-1][1]});"
        f" {sum(gain > 0 for gain, _ in gains)} gain."
    )


def _say_sectors(what: str, tables: list[list[dict[str, Any]]]) -> None:
    """Sectors with the highest and the lowest rates of all players together, weighted by the benchmark's trade."""
    trade: dict[str, float] = {}
    levied: dict[str, float] = {}
    for row in (row for rows in tables for row in rows):
        label = f"{row['sector']} {row['name']}".strip()
        trade[label] = trade.get(label, 0.0) + row["trade_usd_mn"]
        levied[label] = levied.get(label, 0.0) + row["trade_usd_mn"] * row["pct"]
    ranked = sorted(((levied[one] / trade[one], one) for one in trade), reverse=True)
    if len(ranked) > 2 * ENDS:
        ends = ["; ".join(f"{label} {rate:.1f}" for rate, label in part) for part in (ranked[:ENDS], ranked[-ENDS:])]
        typer.echo(f"By sector, weighted by trade, %: highest {what} {ends[0]}; lowest {ends[1]}.")


def _show_world(told: dict[str, float]) -> None:
    typer.echo(
        f"Over today: players {told['players_usd_mn']:+,.0f} USD mn, all others {told['others_usd_mn']:+,.0f},"
        f" the world {told['world_pct']:+.3f} % of its real income."
    )


def _show_players(title: str, players: list[dict[str, Any]]) -> None:
    more = "over_war_pct" in players[0]
    columns = ["player", "today, %", "then, %", "lowest, %", "highest, %", "1/θ sold, %", "gain over today, %", "USD mn"]
    rows = []
    for one in players:
        for name, told in one["instruments"].items():
            rows.append(
                [
                    one["player"] if name == "tariff" else f"{one['player']} {name.replace('_', ' ')}",
                    *(f"{told[key]:.2f}" for key in ("today_pct", "mean_pct", "lowest_pct", "highest_pct")),
                    f"{one['rule_of_thumb_pct']:.1f}",
                    f"{one['gain_pct']:+.3f}",
                    f"{one['gain_usd_mn']:+,.0f}",
                    *([f"{one['over_war_pct']:+.3f}", f"{one['receives_usd_mn']:+,.0f}"] if more else []),
                ]
            )
    setting.table(title, columns + (["over war, %", "receives, USD mn"] if more else []), rows)


def _show_sectors(one: dict[str, Any]) -> None:
    for name, told in one["instruments"].items():
        setting.table(
            f"{one['player']}: {name.replace('_', ' ')} by sector, %",
            ["sector", "today", "best", "trade, USD mn"],
            [
                [f"{r['sector']} {r['name']}", f"{r['today_pct']:.2f}", f"{r['pct']:.2f}", f"{r['trade_usd_mn']:,.0f}"]
                for r in told["by_sector"]
            ],
        )
