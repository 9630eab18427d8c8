"""Who should join which union: no duties between the newcomer and the members, the union's tariff towards all others."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from comity.errors import InputError
from comity.records import Array, Benchmark, Closure, Wedges
from comity.solve import equilibrium
from comity.strategy.players import CUSTOMS_UNIONS, Player, refuse_closure


@dataclass(frozen=True)
class Membership:
    """What it is worth that `newcomer` joins `union`, over today: fractions of real income and USD mn.

    `external` is the part of the newcomer's own gain that the union's tariff towards outsiders brings by itself: it could have
    that alone, as long as nobody answers. The rest, `opening`, is what membership is. `tariff_before` and `tariff_after` are
    the newcomer's mean rates on outsiders, weighted by its benchmark imports from them.
    """

    union: str
    newcomer: str
    own: float
    own_usd_mn: float
    external: float
    members: float
    members_usd_mn: float
    others_usd_mn: float
    tariff_before: float
    tariff_after: float

    @property
    def opening(self) -> float:
        """The newcomer's gain from duty-free trade with the members, its tariff towards outsiders being the union's."""
        return self.own - self.external

    @property
    def both_gain(self) -> bool:
        """Whether the newcomer and the members taken together gain."""
        return self.own > 0 and self.members > 0


def common_tariff(union: Player, benchmark: Benchmark, tariff: Array) -> Array:
    """The union's rates by partner and sector: the members' own, weighted by what each imports of it (exporter × sector)."""
    own = list(union.members)
    flow = benchmark.trade_flow[own]
    total = flow.sum(axis=0)
    weighted = (flow * tariff[own]).sum(axis=0)
    return np.where(total > 0, weighted / np.where(total > 0, total, 1.0), tariff[own].mean(axis=0))


def accession(benchmark: Benchmark, union: Player, newcomer: int, tariff: Array) -> Array:
    """All tariffs after one economy joins a union; others keep theirs."""
    new = tariff.copy()
    new[newcomer] = common_tariff(union, benchmark, tariff)
    inside = [*union.members, newcomer]
    new[np.ix_(inside, inside)] = np.where(
        np.eye(len(inside), dtype=bool)[:, :, None], tariff[np.ix_(inside, inside)], np.minimum(tariff[np.ix_(inside, inside)], 0)
    )
    return new


def bound(benchmark: Benchmark, newcomer: str) -> str | None:
    """The customs union that an economy is a member of; it would have to leave it first."""
    return next((union for union in CUSTOMS_UNIONS if newcomer in benchmark.groups.get(union, ())), None)


def joining(benchmark: Benchmark, union: Player, newcomer: str, *, closure: Closure, wedges: Wedges | None = None) -> Membership:
    """The value of membership at the tariffs of today; all others keep theirs, towards the newcomer too.

    InputError for a member of this or of another customs union, and for deficits that tariffs would move.
    """
    refuse_closure((union,), closure)
    at = benchmark.economy_index(newcomer)
    if at in union.members:
        raise InputError(f"{newcomer} is a member of {union.code}")
    if (other := bound(benchmark, newcomer)) is not None:
        raise InputError(f"{newcomer} is a member of {other}, whose external tariff it cannot leave alone")
    if closure.deficits == "balanced":
        benchmark, closure = equilibrium.balanced_benchmark(benchmark, closure), equilibrium.of_map(closure)
    wedges = wedges or Wedges()
    tariff = np.asarray(benchmark.tariff if wedges.tariff is None else wedges.tariff)
    new = accession(benchmark, union, at, tariff)
    before = equilibrium.solve(benchmark, wedges, closure=closure)
    own, outside = list(union.members), [i for i in range(len(benchmark.economies)) if i != at and i not in union.members]
    alone = tariff.copy()
    alone[at, outside] = new[at, outside]
    taxing = equilibrium.solve(benchmark, replace(wedges, tariff=alone), closure=closure, start=before)
    after = equilibrium.solve(benchmark, replace(wedges, tariff=new), closure=closure, start=taxing)
    level = benchmark.income - benchmark.deficit
    change = level * (after.values["real_income"] - before.values["real_income"])
    now = level * before.values["real_income"]
    flow = benchmark.trade_flow[at, outside]
    mean = [float((rates[at, outside] * flow).sum() / flow.sum()) for rates in (tariff, new)]
    return Membership(
        union.code, newcomer, float(change[at] / now[at]), float(change[at]),
        float(taxing.values["real_income"][at] / before.values["real_income"][at] - 1),
        float(change[own].sum() / now[own].sum()), float(change[own].sum()), float(change[outside].sum()), mean[0], mean[1],
    )  # fmt: skip
