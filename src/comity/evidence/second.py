"""A second solver, slow and simple, and a small world for it.

The tâtonnement of Alvarez and Lucas (2007): guess wages, solve prices, then spending as one linear system, raise the wage
where labour is short. Written in NumPy from the paper, sharing no equation with `comity.model`; mobile factors and fixed
deficits only. It referees the real solver in `verify`. Axes: importer n, exporter i, sector j.
"""

from __future__ import annotations

import numpy as np

from comity.errors import NoEquilibriumError
from comity.records import Array, Benchmark


def groups(count: int, wanted: int) -> Array:
    """Group of each of `count` positions when neighbours are merged into at most `wanted` groups."""
    return np.arange(count) * min(count, wanted) // count


def small_world(benchmark: Benchmark, economies: int = 6, sectors: int = 5) -> Benchmark:
    """The benchmark with all but the largest economies merged, and neighbouring sectors merged: a small valid world.

    Money adds up; tariffs are means over flows, elasticities over expenditure. What merged economies sell each other
    becomes domestic, its duties part of the value at basic prices.
    """
    b = benchmark
    size = np.argsort(-b.value_added.sum(axis=1), kind="stable")
    member = np.full(len(b.economies), min(economies, len(b.economies)) - 1)
    member[size[: economies - 1]] = np.arange(min(economies - 1, len(size)))
    E = np.eye(member.max() + 1)[member]  # economy × group
    S = np.eye(min(sectors, len(b.sectors)))[groups(len(b.sectors), sectors)]  # sector × group
    same = (E @ E.T)[:, :, None]
    flow = np.where(same > 0, b.expenditure_flow, b.trade_flow)

    def merged(F: Array) -> Array:
        return np.einsum("nij,na,ib,js->abs", F, E, E, S, optimize=True)

    F, duties = merged(flow), merged(np.where(same > 0, 0.0, b.tariff * b.trade_flow))
    use = b.input_share * ((1 - b.value_added_share) * b.output)[:, None, :]
    use = np.einsum("nkj,na,kr,js->ars", use, E, S, S, optimize=True)
    Y = F.sum(axis=0)
    inputs = use.sum(axis=1)
    X = b.expenditure.sum(axis=0)
    labour = np.einsum("nj,na,js->as", b.labour_share * b.value_added, E, S)
    added = np.einsum("nj,na,js->as", b.value_added, E, S)
    return Benchmark.from_arrays(
        economies=[*(b.economies[i] for i in size[: E.shape[1] - 1]), "rest"][: E.shape[1]],
        sectors=[f"sectors {s + 1}" for s in range(S.shape[1])],
        trade_flow=F,
        tariff=np.divide(duties, F, out=np.zeros_like(F), where=F > 0),
        input_share=np.divide(use, inputs[:, None, :], out=np.zeros_like(use), where=inputs[:, None, :] > 0),
        value_added_share=np.where(Y > 0, 1 - np.divide(inputs, Y, out=np.zeros_like(Y), where=Y > 0), 1.0),
        trade_elasticity=(b.trade_elasticity * X) @ S / (X @ S),
        labour_share=np.divide(labour, added, out=np.full_like(added, 0.5), where=added > 0),
        name=f"{b.name}, {E.shape[1]} × {S.shape[1]}",
    )


def _prices(b: Benchmark, kernel: Array, ln_w: Array, lnP: Array) -> tuple[Array, Array]:
    """Log prices and log unit costs at given wages: the contraction of Alvarez and Lucas, to 1e-14."""
    gap = np.inf
    for _ in range(2000):
        lnc = b.value_added_share * ln_w[:, None] + (1 - b.value_added_share) * np.einsum("nkj,nk->nj", b.input_share, lnP)
        power = -b.trade_elasticity * lnc
        top = power.max(axis=0)
        following = -(np.log(np.einsum("nij,ij->nj", kernel, np.exp(power - top))) + top) / b.trade_elasticity
        gap = float(np.abs(following - lnP).max())
        lnP = following
        if gap <= 1e-14:
            return lnP, lnc
    raise NoEquilibriumError("second solver: prices did not settle", residual=gap, worst="prices")


def _spending(b: Benchmark, share: Array, t: Array, added: Array) -> Array:
    """Spending by economy and sector when value added is given: one linear system, solved densely."""
    N, J = b.expenditure.shape
    sold = share / (1 + t)
    A = np.zeros((N, J, N, J))
    for n in range(N):
        A[n] += np.einsum("kj,mj->kmj", b.input_share[n] * (1 - b.value_added_share[n]), sold[:, n, :])
        A[n, :, n, :] += np.outer(b.final_share[n], (t[n] * sold[n]).sum(axis=0))
    own = b.final_share * (added + b.deficit)[:, None]
    return np.linalg.solve(np.eye(N * J) - A.reshape(N * J, N * J), own.ravel()).reshape(N, J)


def tatonnement(benchmark: Benchmark, tariff: Array, tolerance: float = 1e-12) -> dict[str, Array]:
    """The equilibrium after a change of tariffs, mobile factors, fixed deficits: `wage`, `price` and `real_income` as ratios.

    `tariff` is the new tariff, importer × exporter × sector. Raises NoEquilibriumError when labour markets do not clear to
    `tolerance`, relative, within 2,000 rounds.
    """
    b, t = benchmark, np.asarray(tariff)
    kernel = b.trade_share * ((1 + t) / (1 + b.tariff)) ** -b.trade_elasticity
    VA = b.value_added.sum(axis=1)
    ln_w, lnP = np.zeros(len(VA)), np.zeros_like(b.expenditure)
    excess = np.full(len(VA), np.inf)
    # Demand for labour falls by about theta per cent for a wage one per cent higher: a longer step overshoots.
    step = 1 / (1 + b.trade_elasticity.mean())
    for _ in range(2000):
        lnP, lnc = _prices(b, kernel, ln_w, lnP)
        share = kernel * np.exp(-b.trade_elasticity * (lnc[None] - lnP[:, None, :]))
        paid = np.exp(ln_w) * VA
        X = _spending(b, share, t, paid)
        F = share / (1 + t) * X[:, None, :]
        excess = (b.value_added_share * F.sum(axis=0)).sum(axis=1) / paid - 1
        if np.abs(excess).max() <= tolerance:
            income = paid + (t * F).sum(axis=(1, 2))
            before = b.income - b.deficit
            real = income / before / np.exp((b.final_share * lnP).sum(axis=1))
            return {"wage": np.exp(ln_w), "price": np.exp(lnP), "real_income": real}
        ln_w = ln_w + step * np.log1p(np.clip(excess, -0.5, 1.0))
        ln_w = ln_w + np.log(VA.sum() / (np.exp(ln_w) * VA).sum())
    where = int(np.argmax(np.abs(excess)))
    raise NoEquilibriumError(
        f"second solver: the labour market of {b.economies[where]} stays {excess[where]:.2g} off",
        residual=float(np.abs(excess).max()),
        worst=f"labour market of {b.economies[where]}",
    )
