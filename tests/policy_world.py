"""A small lopsided world for the policy room: five economies, six sectors, a union with a member inside ROW."""

from __future__ import annotations

from typing import Any

import numpy as np

from comity.records import Benchmark

ECONOMIES = ("BLR", "KAZ", "RUS", "KOR", "ROW")
SECTORS = ("A01", "B06", "C10T12", "C29", "K", "L")


def small(**changes: Any) -> Benchmark:
    """Importer and exporter differ in every respect; inside the union no duties, one external tariff a sector."""
    draw = np.random.default_rng(4)
    n, j = len(ECONOMIES), len(SECTORS)
    flow = draw.uniform(1, 9, (n, n, j)) * np.array([1, 3, 9, 5, 30])[:, None, None]
    flow[np.arange(n), np.arange(n)] = draw.uniform(300, 400, (n, j)) * np.array([1, 3, 9, 5, 30])[:, None]
    flow[0, 3, 1] = 0  # Korea sells no oil to Belarus
    tariff = draw.uniform(0.02, 0.2, (n, n, j))
    tariff[:3] = np.linspace(0.05, 0.15, j)
    tariff[:3, :3] = 0
    tariff[np.arange(n), np.arange(n)] = 0
    tariff[:, :, 4:] = 0
    arrays: dict[str, Any] = {
        "economies": ECONOMIES,
        "sectors": SECTORS,
        "trade_flow": flow,
        "tariff": tariff,
        "input_share": np.full((n, j, j), 1 / j),
        "value_added_share": np.full((n, j), 0.6),
        "trade_elasticity": np.full(j, 4.0),
        "name": "small",
        "economy_names": {
            "BLR": "Belarus",
            "KAZ": "Kazakhstan",
            "RUS": "Russia",
            "KOR": "South Korea",
            "ROW": "Rest of the world",
        },
        "sector_names": {
            "A01": "Crops and livestock",
            "B06": "Crude oil and natural gas",
            "C10T12": "Food, drinks and tobacco",
            "C29": "Motor vehicles",
            "K": "Finance and insurance",
            "L": "Real estate",
        },
        "groups": {"EAEU": ("BLR", "KAZ", "RUS", "KGZ"), "OECD": ("KOR",)},
        "sector_groups": {"goods": SECTORS[:4], "services": ("K", "L")},
    }
    return Benchmark.from_arrays(**{**arrays, **changes})
