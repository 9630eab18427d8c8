"""The games of the talks on a table of packages that is given as results show it."""

from __future__ import annotations

import numpy as np

from comity.talks.bargaining.payoffs import TablePayoffs
from comity.talks.games import Games


def games_of(
    packages: list[dict], best: dict, proposals: list[dict], crises: list[dict], income: dict[str, float], patience: float | None
) -> Games:
    """`income` of the parties in USD mn; payoffs are income and the equivalent variation shown, so that all adds up."""
    ids, chance = [p["id"] for p in proposals], {c["id"]: c["probability"] for c in crises}
    numbers = [[ids.index(i) for i in p["proposals"]] for p in packages]
    table = [[[own + p["outcomes"][c][n]["ev_usd_mn"] for n, own in income.items()] for p in packages] for c in chance]
    return Games(
        payoffs=TablePayoffs.from_packages(tuple(income), chance, ids, numbers, np.array(table)),
        base=np.array(list(income.values())),
        packages=numbers,
        names=[p["id"] for p in packages],
        by=[p["by"] for p in proposals],
        conceded_by=[p["conceded_by"] for p in proposals],
        best=packages.index(best),
        weights=np.full(len(income), 1 / len(income)),
        losses="expected",
        called={entry["id"]: entry["name"] for entry in (*crises, *proposals)},
        patience=patience,
    )
