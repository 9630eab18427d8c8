"""Where a change of welfare comes from: the first-order sums that Caliendo and Parro (2015) print.

Changes are x̂ − 1, not ln x̂, and weights are base flows and base tariffs over base income: with logarithms Mexico's welfare
from NAFTA would be 0.53 per cent and not the 1.31 of their Table 2.
Axes: importer n, exporter i, sector j.
"""

from __future__ import annotations

import numpy as np

Array = np.ndarray


def terms_of_trade_by_pair(F: Array, c_hat: Array, I: Array) -> Array:  # noqa: E741
    """What n gains from i by dearer exports and cheaper imports of j: (F_in (ĉ_n − 1) − F_ni (ĉ_i − 1)) / I_n.

    Caliendo and Parro (2015), equation 17. F: base flows before tariffs, importer × exporter × sector; c_hat: unit cost,
    country × sector, ratio; I: base income, country. Returns country × partner × sector, a fraction of income.
    """
    dc = c_hat - 1
    exports = np.swapaxes(F, 0, 1)
    return (exports * dc[:, None, :] - F * dc[None, :, :]) / I[:, None, None]


def volume_of_trade_by_pair(F: Array, t: Array, F_hat: Array, c_hat: Array, I: Array) -> Array:  # noqa: E741
    """What n gains in duties by importing more of j from i: t_ni F_ni (F̂_ni − ĉ_i) / I_n.

    Caliendo and Parro (2015), equation 17: the difference of the two changes is the change of the quantity. F: base flows
    before tariffs; t: base tariff; F_hat: ratio of flows before tariffs (anything where F is zero); c_hat: unit cost,
    country × sector, ratio; I: base income. Returns country × partner × sector, a fraction of income.
    """
    quantity = np.where(F > 0, F_hat - c_hat[None, :, :], 0.0)
    return t * F * quantity / I[:, None, None]


def terms_of_trade(F: Array, c_hat: Array, I: Array) -> Array:  # noqa: E741
    """Σ_ij of `terms_of_trade_by_pair` (Caliendo and Parro 2015, eq. 17): country, a fraction of income."""
    return terms_of_trade_by_pair(F, c_hat, I).sum(axis=(1, 2))


def volume_of_trade(F: Array, t: Array, F_hat: Array, c_hat: Array, I: Array) -> Array:  # noqa: E741
    """Σ_ij of `volume_of_trade_by_pair` (Caliendo and Parro 2015, eq. 17): country, a fraction of income."""
    return volume_of_trade_by_pair(F, t, F_hat, c_hat, I).sum(axis=(1, 2))
