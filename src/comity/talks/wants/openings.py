"""What opening one sector does to a party: its income, own producers, wages, prices, and the other side's income.

Openings are solved in the year without crisis, where barriers are kept today. Intensity 0 is today, 1 the size of the file,
below 0 a raise.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from comity.policy.instruments import Embargo
from comity.policy.sparse import package_values
from comity.records import Array
from comity.solve import batch
from comity.talks.agenda import Agenda
from comity.talks.packages import Engine, Neighbourhood, Values

BOUGHT = ("final", "inputs")
"""What households and firms buy of each sector's goods today, party × sector, USD mn."""


@dataclass(frozen=True, eq=False)
class Opening:
    """Barriers of one party on one sector, moved together in the proposals' own direction.

    `instruments` are positions in the list of all changes, `cells` marks the trade cells that move. `raisable`: no treaty
    among those at the table forbids to raise them.
    """

    party: str
    sector: str
    partners: tuple[str, ...]
    proposals: tuple[int, ...]
    instruments: tuple[int, ...]
    cells: Array
    raisable: bool


def openings(agenda: Agenda, near: Neighbourhood) -> tuple[Opening, ...]:
    """Every party × sector whose barriers against others a proposal moves and the party concedes, in the order of the file.

    An embargo is no opening: it knows no half measure.
    """
    touched, benchmark = near.touched, near.engine.benchmark
    members = agenda.union.members if agenda.union else ()
    found = []
    for party in agenda.parties:
        n = benchmark.economy_index(party)
        conceded = [k for k, proposal in enumerate(agenda.proposals) if party in proposal.conceded_by]
        hits: dict[int, list[tuple[int, int]]] = {}
        for k in conceded:
            for position in near.parts[k]:
                where = touched.where[position]
                if isinstance(touched.instruments[position], Embargo):
                    continue
                for j in np.unique(touched.sector[where[touched.importer[where] == n]]):
                    hits.setdefault(int(j), []).append((k, position))
        for j, pairs in hits.items():
            moving = np.zeros(touched.size, dtype=bool)
            for _, position in pairs:
                moving[touched.where[position]] = True
            cells = moving & (touched.importer == n) & (touched.sector == j)
            partners = tuple(benchmark.economies[i] for i in touched.exporter[cells])
            found.append(
                Opening(
                    party,
                    benchmark.sectors[j],
                    partners,
                    tuple(dict.fromkeys(k for k, _ in pairs)),
                    tuple(position for _, position in pairs),
                    cells,
                    party not in members,
                )
            )
    return tuple(found)


def values_at(near: Neighbourhood, opening: Opening, x: float) -> Values:
    """Trade costs and rates at the touched cells when this one opening has the intensity x and all else is as today."""
    intensity = [x if p in opening.instruments else 0.0 for p in range(len(near.touched.instruments))]
    quiet = near.values(())
    moved = package_values(near.engine.benchmark, near.solved.wedges, near.touched, intensity)
    parts = [None if new is None else np.where(opening.cells, new, old) for new, old in zip(moved, quiet, strict=True)]
    return Values(*parts)


@dataclass(frozen=True, eq=False)
class Effects:
    """Changes against today by opening, USD mn: real income of all (opening × country), and of the party that opens.

    Its `producers` by sector, all `capital`, `wages` and the `rest` (duties, rents, dividends) make up its real income;
    `consumers` and `firms` is what households and firms save on the product, its price taken against the whole basket's.
    """

    nation: Array
    producers: Array
    capital: Array
    wages: Array
    rest: Array
    consumers: Array
    firms: Array


def solve_openings(near: Neighbourhood, asked: Sequence[tuple[Opening, float]], real_income: Array) -> Effects:
    """Solve each opening at its intensity, from the cache where it is kept; `real_income` RI⁰ by country, USD mn."""
    engine = near.engine
    at = [engine.benchmark.economy_index(one.party) for one, _ in asked]
    row = [engine.parties.index(one.party) for one, _ in asked]
    found = _solved(near, [values_at(near, one, x) for one, x in asked])
    change = {name: array[1:] - array[0] for name, array in found.items() if name not in BOUGHT}
    each = np.arange(len(asked))
    nation = change["real_income"] * real_income
    producers = change["producers"][each, row]
    wages, capital = change["wages"][each, row], change["capital"][each, row]
    sector = [engine.benchmark.sectors.index(one.sector) for one, _ in asked]
    cheaper = -change["price"][each, row, sector]
    rest = nation[each, at] - wages - capital
    return Effects(nation, producers, capital, wages, rest, *(found[name][row, sector] * cheaper for name in BOUGHT))


def _solved(near: Neighbourhood, values: Sequence[Values]) -> dict[str, Array]:
    """Reported values today (first) and at each variation."""
    e = near.engine
    cells = [near.touched.importer, near.touched.exporter, near.touched.sector]
    name = e.key("openings", near.solved.wedges.digest(), cells, [e.parties, e.counted], [list(v) for v in values])
    kept = e.cache.get(name)
    if kept is not None:
        e.tick(len(values))
        return dict(kept)
    today = near.small(())

    def one(v: Values) -> dict[str, Array]:
        found = near.solve(v, today.x)
        e.tick()
        return _reported(e, found)

    rows = [_reported(e, today), *batch.in_parallel(one, values, e.workers)]
    kept = {name: np.stack([row[name] for row in rows]) for name in rows[0]}
    reference = near.variations.benchmark
    final = reference.final_demand[[reference.economy_index(code) for code in e.parties]]
    bought = reference.expenditure[[reference.economy_index(code) for code in e.parties]]
    kept |= dict(zip(BOUGHT, (final, np.maximum(bought - final, 0.0)), strict=True))
    e.cache.put(name, kept)
    return kept


def _reported(e: Engine, found: batch.Solved) -> dict[str, Array]:
    at = [e.benchmark.economy_index(code) for code in e.parties]
    price = found.values["price_index"][at]
    earned = found.values["value_added"][at] / price[:, None]
    labour = e.benchmark.labour_share[at]
    return {
        "real_income": np.asarray(found.values["real_income"]),
        "producers": e.producers(found),
        "wages": (labour * earned).sum(axis=1),
        "capital": ((1 - labour) * earned).sum(axis=1),
        "price": np.asarray(found.values["price"][at] / price[:, None]),
    }
