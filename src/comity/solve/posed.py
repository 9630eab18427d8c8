"""Scenarios that have no equilibrium: refused before solving where an embargo says so, named where the path to them ends."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np

from comity.errors import NoEquilibriumError, NotConvergedError
from comity.model import market
from comity.records import Array, Closure, Wedges
from comity.solve import problem, root, turning

POOR, RUINED, DEAR, HOLLOW = 0.25, 1e-2, 1e3, 0.25
"""What counts as the reason why a path ends: spending, as a fraction of the benchmark's; income, as a fraction of the
benchmark's and of what labour and productivity leave of it; a price over wages beyond what trade costs and productivity do to
it; value added per unit of output, as a fraction of the benchmark's."""


def cut_off(w: problem.World, wedges: Wedges) -> tuple[Array, Array]:
    """Economies that an embargo keeps from buying abroad, and those that it keeps from selling, where they did; country."""
    traded = np.array(w.pi) * np.asarray(w.base.expenditure).T[:, :, None]
    traded[:, *np.diag_indices(len(w.economies))] = 0
    if wedges.trade_cost is None:
        left = traded
    else:
        left = traded * np.isfinite(np.asarray(wedges.trade_cost)).transpose(2, 0, 1)
    bought, sold = ((flow.sum(axis=(0, 2)), flow.sum(axis=(0, 1))) for flow in (traded, left))
    return (bought[0] > 0) & (sold[0] == 0), (bought[1] > 0) & (sold[1] == 0)


def refuse_unbalanced(w: problem.World, wedges: Wedges, closure: Closure) -> None:
    """Raise when an embargo leaves an economy that may only sell, or only buy, or neither, and lending that does not fit.

    Who neither buys nor sells can neither lend nor borrow; who only sells must lend, and who only buys must borrow (or
    receive a transfer). Dividends may close an account too, so that a world with owners abroad is left to the solver.
    """
    if not wedges.has_embargo or wedges.ownership is not None or w.ownership is not None:
        return
    no_imports, no_exports = cut_off(w, wedges)
    kept = closure.deficits in ("fixed", "proportional")
    gift = (np.asarray(w.base.deficit) if kept else 0.0) + (0.0 if wedges.transfer is None else np.asarray(wedges.transfer))
    gift = np.where(np.abs(gift) > 1e-9 * w.income, gift, 0.0) * np.ones(len(w.economies))
    for n in np.nonzero(no_imports | no_exports)[0]:
        both = no_imports[n] and no_exports[n]
        if gift[n] == 0 if both else (gift[n] < 0 if no_imports[n] else gift[n] > 0):
            continue
        may = "neither buy nor sell" if both else "sell but not buy" if no_imports[n] else "buy but not sell"
        flow = "lends nothing" if gift[n] == 0 else "must go on lending" if gift[n] < 0 else "must go on borrowing"
        cure = "Deficits `with_trade` or `balanced` would work" if both and kept else "An embargo of both directions would work"
        raise NoEquilibriumError(
            f"no equilibrium: the embargo leaves {w.economies[n]} an economy that may {may} abroad, and under"
            f" `{closure.deficits}` deficits it {flow}: its external account cannot balance. {cure}.",
            worst=f"external account of {w.economies[n]}",
        )


def no_equilibrium(
    w: problem.World, shock: market.Shock, closure: Closure, failed: jax.Array, at: float, reason: str
) -> NoEquilibriumError:
    """The error that says where the path stopped, at the fraction `at`: the worst equation at the point `failed`, and the
    reason with what would work. Without a reason it is a NotConvergedError.
    """
    F = np.abs(np.asarray(root.residual(w.base, shock, failed, closure.factors, closure.deficits)))
    F = np.where(np.isfinite(F), F, np.inf)
    n, k = np.unravel_index(np.argmax(F), F.shape)
    worst = _equation(w, closure, int(n), int(k))
    where = f"beyond {100 * at:.3g} % of the shock"
    if reason:
        message = f"no equilibrium was found {where}; worst: {worst} (residual {F[n, k]:.2g}). {reason}"
        return NoEquilibriumError(message, residual=float(F[n, k]), worst=worst)
    message = f"not converged: no state was reached {where}; worst: {worst} (residual {F[n, k]:.2g} in the last attempt)"
    return NotConvergedError(message, residual=float(F[n, k]), worst=worst)


def _equation(w: problem.World, closure: Closure, n: int, k: int) -> str:
    """Words for an equation, or the unknown that it finds, by country and place among that country's."""
    J = len(w.sectors)
    alone = closure.factors == "mobile" and k >= 2 * J
    equation = "external account" if alone else ("price index", "goods market", "factor market")[k // J]
    return f"{equation} of {w.economies[n]}" + ("" if alone else f", {w.sectors[k % J]}")


def turned(w: problem.World, closure: Closure, turn: turning.Turn | None) -> str:
    """Words for a path of equilibria that turns back; empty where it was not seen to."""
    if turn is None or not turn.turned:
        return ""
    return (
        f"The equilibria that lead there from the benchmark turn back at {100 * turn.at:.3g} % of the shock: for a larger one"
        f" there is none near them. What clears the {_equation(w, closure, *turn.unknown)}, moves there faster than any shock."
        " A milder shock, higher elasticities (`inputs`, `value_added`, `final`) or other `deficits` would work."
    )


def reason(w: problem.World, shock: market.Shock, end: market.Shock, closure: Closure, x: jax.Array) -> str:
    """Why the path of equilibria to `end` stops after the point `x`, where that can be seen there; empty where it cannot."""
    u = market.unpack(x, len(w.sectors), closure.factors)
    got = market.evaluate(w.base, shock, u, market.world_exchange(shock), closure.factors, closure.deficits)
    spent = np.asarray(got.income) / w.income
    n = int(np.argmin(spent))
    lends = float(shock.deficit[n]) < -1e-9 * w.income[n]
    if spent[n] < POOR and lends and closure.deficits in ("fixed", "proportional"):
        return (
            f"The spending of {w.economies[n]} falls to {100 * spent[n]:.2g} % of the benchmark's: with {closure.deficits}"
            " deficits it must go on lending a surplus that its income no longer carries. Deficits `with_trade` or `balanced`"
            " would work."
        )
    ruined = spent / np.median(spent) / np.exp(_taken(shock))
    n = int(np.argmin(ruined))
    if ruined[n] < RUINED:
        return (
            f"The income of {w.economies[n]} falls to {100 * spent[n]:.2g} % of the benchmark's: what it must buy, to produce and"
            " to live, costs more than it can sell. A milder shock, higher elasticities (`inputs`, `value_added`, `final`) or,"
            " where its sales are under embargo, an embargo of both directions with deficits `with_trade` would work."
        )
    before = w.base.value_added.sum(axis=1) / w.output.sum(axis=1)
    content = np.asarray(got.value_added.sum(axis=1) / got.output.sum(axis=1) / before)
    lnP = np.asarray(u.lnP) - np.asarray(market.log_wage(w.base, shock, u.y, closure.factors))[:, None]
    # On the way to an embargo a flow is cut, not made dearer: at the end it is a zero that does not count.
    beyond = lnP - np.minimum(_dearer(shock, w), _dearer(end, w))[:, None]
    dear, j = np.unravel_index(np.argmax(beyond), lnP.shape)
    n = int(np.argmin(content))
    if beyond[dear, j] > np.log(DEAR):
        return (
            f"The price of {w.sectors[j]} in {w.economies[dear]} rises {np.exp(lnP[dear, j]):.2g}-fold against wages: it takes"
            " more of what it is made of than can be had, and demand hardly gives way. A milder shock, or higher elasticities"
            " (`inputs`, `value_added`, `final`) would work."
        )
    hollow = f"Value added in {w.economies[n]} falls to {100 * content[n]:.2g} % of what it was per unit of output: "
    if content[n] < HOLLOW and w.base.eta is not None and float(jnp.max(w.base.eta[n])) < 1:
        return hollow + (
            "what goods are made of costs as much as they bring. A milder shock, or higher elasticities (`inputs`, `value_added`)"
            " would work."
        )
    if content[n] < HOLLOW:
        return hollow + (
            "goods are made of goods alone, and output has no bound. A milder shock, or elasticities (`inputs`, `value_added`)"
            " nearer to 1 would work."
        )
    return ""


def _taken(shock: market.Shock) -> Array:
    """Log of what a shock itself takes of an economy's income: its labour, the productivity of its worst sector; country."""
    return np.minimum(np.asarray(shock.lnL), 0.0) + np.minimum(np.asarray(shock.lnA).min(axis=1), 0.0)


def _dearer(shock: market.Shock, w: problem.World) -> Array:
    """The largest log factor by which trade costs of its own, and productivity anywhere, make a good dearer; country."""
    fallen = jnp.where((shock.M > 0) & (w.pi > 0), shock.M / jnp.where(w.pi > 0, w.pi, 1.0), 1.0)
    costs = jnp.max(-jnp.log(fallen) / w.base.theta[0][:, None, None], axis=(0, 2))
    return np.asarray(jnp.maximum(costs, 0.0) + jnp.maximum(jnp.max(-shock.lnA), 0.0))
