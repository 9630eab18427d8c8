"""The world in a base year."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from comity.errors import DataError, InputError, Problem
from comity.vocabulary import symbols

Array = np.ndarray


WIDEST = 1e-4
"""Input shares of a sector that sum to one only to this are normalised; wider off they are refused."""

ROUNDING = 1e-12
"""A correction below this is rounding and is not told."""


def _frozen(values: Any, shape: tuple[int, ...], name: str) -> Array:
    array = np.array(values, dtype=np.float64)
    if array.shape != shape:
        raise InputError(f"{name}: shape {array.shape}, expected {shape} (axes: {' × '.join(symbols()[name].axes)})")
    array.setflags(write=False)
    return array


def _normalised(share: Array, economies: Sequence[str], sectors: Sequence[str]) -> tuple[Array, dict[str, Any]]:
    """Input shares (economy × input × sector) that sum to one over inputs, and what was corrected; empty where it is rounding."""
    total = share.sum(axis=1, keepdims=True)
    off = np.where(total > 0, np.abs(total - 1), 0.0)
    i, _, k = map(int, np.unravel_index(np.argmax(off), off.shape))
    if off[i, 0, k] > WIDEST:
        raise DataError(f"input_share of {economies[i]}, {sectors[k]} sums to {total[i, 0, k]:.6f}, not to 1")
    told: dict[str, Any] = {}
    if off[i, 0, k] > ROUNDING:
        told = {"columns": int((off > ROUNDING).sum()), "of": int((total > 0).sum()), "largest": float(off[i, 0, k])}
        told |= {"economy": economies[i], "sector": sectors[k]}
    return np.divide(share, total, out=np.zeros_like(share), where=total > 0), told


@dataclass(frozen=True, eq=False)
class Benchmark:
    """The world in a base year: an equilibrium in levels.

    The free quantities are `trade_flow`, `tariff`, `input_share`, `value_added_share`, `labour_share`, `trade_elasticity` and,
    where there are any, `export_tax`, rents of importers and exporters, owners abroad and a customs pool; all others follow, so
    that the identities of model.md hold by construction: what has no other name is in the deficit. Flows are valued at the
    border: export tax and exporters' rents included, tariff and importers' rents not.
    Axes: importer n, exporter i, sector j; inputs k before sectors j. Money in USD mn a year.
    """

    economies: tuple[str, ...]
    sectors: tuple[str, ...]
    trade_flow: Array
    tariff: Array
    input_share: Array
    value_added_share: Array
    trade_elasticity: Array
    labour_share: Array
    export_tax: Array | None = None
    import_rent: Array | None = None
    export_rent: Array | None = None
    ownership: Array | None = None
    customs_pool: Mapping[str, float] = field(default_factory=dict)
    name: str = "unnamed"
    economy_names: Mapping[str, str] = field(default_factory=dict)
    sector_names: Mapping[str, str] = field(default_factory=dict)
    groups: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    sector_groups: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    provenance: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def from_arrays(
        cls,
        *,
        economies: Sequence[str],
        sectors: Sequence[str],
        trade_flow: Any,
        tariff: Any,
        input_share: Any,
        value_added_share: Any,
        trade_elasticity: Any,
        labour_share: Any = None,
        export_tax: Any = None,
        import_rent: Any = None,
        export_rent: Any = None,
        ownership: Any = None,
        customs_pool: Mapping[str, float] | None = None,
        **meta: Any,
    ) -> Benchmark:
        """A benchmark from own arrays; final demand and deficits follow from them.

        Input shares are normalised to sum to one over inputs (a correction above 1e-4 is refused, one above rounding is told in
        `provenance["input_shares_normalised"]`). Without `labour_share` labour has two thirds of value added everywhere.
        `ownership` (owner × economy × sector) says who gets the capital income, `customs_pool` the members of a union that
        pools its duties with their keys, which sum to one. Raises InputError on a wrong shape and DataError where the arrays
        are not an economy (negative flows, negative final demand, …).
        """
        n, j = len(economies), len(sectors)
        g, told = _normalised(_frozen(input_share, (n, j, j), "input_share"), economies, sectors)
        if told:
            meta["provenance"] = {**meta.get("provenance", {}), "input_shares_normalised": told}
        lam = np.full((n, j), 2 / 3) if labour_share is None else labour_share
        optional = {"export_tax": export_tax, "import_rent": import_rent, "export_rent": export_rent, "ownership": ownership}
        given = {name: _frozen(value, (n, n, j), name) for name, value in optional.items() if value is not None}
        benchmark = cls(
            economies=tuple(economies),
            sectors=tuple(sectors),
            trade_flow=_frozen(trade_flow, (n, n, j), "trade_flow"),
            tariff=_frozen(tariff, (n, n, j), "tariff"),
            input_share=_frozen(g, (n, j, j), "input_share"),
            value_added_share=_frozen(value_added_share, (n, j), "value_added_share"),
            trade_elasticity=_frozen(trade_elasticity, (j,), "trade_elasticity"),
            labour_share=_frozen(lam, (n, j), "labour_share"),
            customs_pool=dict(customs_pool or {}),
            **{name: value for name, value in given.items() if name == "ownership" or value.any()},
            **meta,
        )
        benchmark._refuse_nonsense()
        return benchmark

    def _refuse_nonsense(self) -> None:
        problems: list[Problem] = []

        def refuse(bad: Array, what: str, values: Array) -> None:
            if bad.any():
                cell = np.unravel_index(np.argmax(bad), bad.shape)
                names = [
                    self.sectors[int(c)]
                    if bad.shape[axis] == len(self.sectors) and axis == bad.ndim - 1
                    else self.economies[int(c)]
                    for axis, c in enumerate(cell)
                ]
                problems.append(Problem(f"{what}: {int(bad.sum())} cells, first {', '.join(names)} = {values[cell]:.6g}"))

        for name in ("trade_flow", "tariff", "value_added_share", "labour_share", "trade_elasticity"):
            values = getattr(self, name)
            refuse(~np.isfinite(values), f"{name} is not finite", values)
        refuse(self.trade_flow < 0, "trade_flow is negative", self.trade_flow)
        refuse(self.tariff <= -1, "tariff is −100 % or less", self.tariff)
        refuse(
            (self.value_added_share < 0) | (self.value_added_share > 1),
            "value_added_share is outside [0, 1]",
            self.value_added_share,
        )
        refuse((self.labour_share < 0) | (self.labour_share > 1), "labour_share is outside [0, 1]", self.labour_share)
        refuse(self.trade_elasticity <= 0, "trade_elasticity is not positive", self.trade_elasticity)
        for name in ("export_tax", "import_rent", "export_rent"):
            if (rate := getattr(self, name)) is not None:
                refuse(~(rate > -1), f"{name} is −100 % or less, or no number", rate)
                refuse((rate != 0) & np.eye(len(rate), dtype=bool)[:, :, None], f"{name} stands on sales at home", rate)
        if (own := self.ownership) is not None:
            refuse(~((own >= 0) & (own <= 1)), "ownership is outside [0, 1]", own)
            refuse(~(np.abs(own.sum(axis=0) - 1) <= 1e-9), "shares of owners do not sum to 1: ownership", own.sum(axis=0))
        problems += self._pool_faults()
        if not problems:
            small = 1e-9 * np.maximum(self.expenditure, 1e-300)
            refuse(self.final_demand < -small, "final demand (expenditure less inputs) is negative", self.final_demand)
        if problems:
            raise DataError(problems)

    def _pool_faults(self) -> list[Problem]:
        unknown = [code for code in self.customs_pool if code not in self.economies]
        total = sum(self.customs_pool.values())
        faults = [Problem(f"customs_pool: {', '.join(unknown)} is no economy of {self.name}")] if unknown else []
        if self.customs_pool and (abs(total - 1) > 1e-9 or min(self.customs_pool.values()) < 0):
            faults.append(Problem(f"customs_pool: keys are not negative and sum to 1, not to {total:.9g}"))
        return faults

    # -- what follows from the free quantities ------------------------------------------------------

    @cached_property
    def expenditure_flow(self) -> Array:
        """(1 + t) F, with importers' rents, importer × exporter × sector, USD mn."""
        paid = (1 + self.tariff) * self.trade_flow
        return paid if self.import_rent is None else (1 + self.import_rent) * paid

    @cached_property
    def received_flow(self) -> Array:
        """F / (1 + s): what producers receive, without export tax and exporters' rents, importer × exporter × sector, USD mn."""
        flow = self.trade_flow if self.export_tax is None else self.trade_flow / (1 + self.export_tax)
        return flow if self.export_rent is None else flow / (1 + self.export_rent)

    @cached_property
    def expenditure(self) -> Array:
        """X_n^j, country × sector, USD mn."""
        return self.expenditure_flow.sum(axis=1)

    @cached_property
    def trade_share(self) -> Array:
        """π_ni^j; a market without expenditure buys at home, so that shares still sum to one."""
        X = self.expenditure[:, None, :]
        home = np.broadcast_to(np.eye(len(self.economies))[:, :, None], self.trade_flow.shape)
        return np.where(X > 0, self.expenditure_flow / np.where(X > 0, X, 1), home)

    @cached_property
    def output(self) -> Array:
        """Y_i^j = Σ_n F_ni^j / (1 + s_ni^j), country × sector, USD mn."""
        return self.received_flow.sum(axis=0)

    @cached_property
    def value_added(self) -> Array:
        """γY, country × sector, USD mn."""
        return self.value_added_share * self.output

    @cached_property
    def intermediate_demand(self) -> Array:
        """Σ_k (1−γ^k) g^{jk} Y^k: purchases of good j as an input, country × sector, USD mn."""
        return np.einsum("njk,nk->nj", self.input_share, (1 - self.value_added_share) * self.output)

    @cached_property
    def final_demand(self) -> Array:
        """X − inputs, country × sector, USD mn; rounding noise (below 1e-9 of expenditure) is zero."""
        final = self.expenditure - self.intermediate_demand
        return np.where(np.abs(final) <= 1e-9 * self.expenditure, 0.0, final)

    @cached_property
    def income(self) -> Array:
        """I_n, final spending, country, USD mn."""
        return self.final_demand.sum(axis=1)

    @cached_property
    def final_share(self) -> Array:
        """a_n^j, sums to one over sectors."""
        return self.final_demand / self.income[:, None]

    @cached_property
    def tariff_revenue(self) -> Array:
        """R_n = Σ t F with importers' rents, after the customs pool, country, USD mn."""
        duties = self.tariff * self.trade_flow
        if self.import_rent is None:
            revenue = duties.sum(axis=(1, 2))
        else:
            revenue = (self.expenditure_flow - self.trade_flow).sum(axis=(1, 2))
        if not self.customs_pool:
            return revenue
        pooled = (duties * self.pooled_pairs[:, :, None]).sum(axis=(1, 2))
        return revenue - pooled + self.pool_key * pooled.sum()

    @cached_property
    def pool_key(self) -> Array:
        """Share in the pooled duties of the customs union, country; 0 outside."""
        return np.array([self.customs_pool.get(code, 0.0) for code in self.economies])

    @cached_property
    def pooled_pairs(self) -> Array:
        """Whose duties on whose goods are pooled: a member's on those from outside, importer × exporter."""
        inside = np.array([code in self.customs_pool for code in self.economies])
        return inside[:, None] & ~inside[None, :]

    @cached_property
    def export_tax_revenue(self) -> Array:
        """E_i = Σ s/(1+s) F with exporters' rents, country, USD mn."""
        return (self.trade_flow - self.received_flow).sum(axis=(0, 2))

    @cached_property
    def dividends(self) -> Array:
        """Capital income received from abroad less what is paid abroad, country, USD mn; sums to zero."""
        capital = (1 - self.labour_share) * self.value_added
        if self.ownership is None:
            return np.zeros(len(self.economies))
        return np.einsum("nij,ij->n", self.ownership, capital) - capital.sum(axis=1)

    @cached_property
    def deficit(self) -> Array:
        """D_n = I − VA − dividends − R − E, country, USD mn; sums to zero."""
        left = self.income - self.value_added.sum(axis=1) - self.tariff_revenue
        if self.export_tax is not None or self.export_rent is not None:
            left = left - self.export_tax_revenue
        return left if self.ownership is None else left - self.dividends

    @cached_property
    def digest(self) -> str:
        """SHA-256 of every array and label: the identity of this benchmark in caches and manifests."""
        h = hashlib.sha256("\0".join((*self.economies, "|", *self.sectors)).encode())
        for name in ("trade_flow", "tariff", "input_share", "value_added_share", "trade_elasticity", "labour_share"):
            h.update(np.ascontiguousarray(getattr(self, name)).tobytes())
        for name in ("export_tax", "import_rent", "export_rent", "ownership"):
            if (value := getattr(self, name)) is not None:
                h.update(name.encode() + np.ascontiguousarray(value).tobytes())
        if self.customs_pool:
            h.update(repr(sorted(self.customs_pool.items())).encode())
        return h.hexdigest()

    def economy_index(self, code: str) -> int:
        """Position of an economy; InputError when it is not in the benchmark."""
        try:
            return self.economies.index(code)
        except ValueError:
            raise InputError(f"{code!r} is not an economy of {self.name}") from None
