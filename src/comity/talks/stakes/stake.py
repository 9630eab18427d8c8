"""Stakes: a share of one enterprise's dividends that passes to residents of another party, at a price (talks.md, part 8)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Self

import numpy as np
from pydantic import BeforeValidator, model_validator

from comity.errors import InputError, Problem
from comity.policy.numbers import fraction, number, truth
from comity.policy.strict import Strict
from comity.records import Array
from comity.talks.bargaining.payoffs import Payoffs
from comity.talks.names import visible
from comity.talks.stakes.finance import FAIR_WITH, FAIR_WITHOUT, PE, Price

HOME_SHARES = (1.0, 0.75, 0.5)
"""Shares of an enterprise that residents may hold today; who owns it is mostly unknown, so results are shown for each."""

NO_SAY, VETO, CONTROL = "nothing", "veto", "control"
THRESHOLDS = ((0.5, CONTROL), (0.25, VETO))
"""Above a half of the votes control, above a quarter a veto on charter and capital: usual company law, not one country's."""

MAX_TEXT = 400


def _text(value: Any) -> str:
    if not isinstance(value, str) or not (text := visible(" ".join(value.split()))):
        raise ValueError("must be text")
    if len(text) > MAX_TEXT:
        raise ValueError(f"has {len(text):,} characters; at most {MAX_TEXT} are allowed")
    return text


def _share(value: Any) -> float:
    result = fraction(value)
    if result < 0:
        raise ValueError(f"{value} is negative; a share lies between 0 % and 100 %")
    if result > 1:
        raise ValueError(f"{value} is more than the whole; a share lies between 0 % and 100 %")
    return result


def _payout(value: Any) -> float:
    try:
        result = _share(value)
    except ValueError as error:
        raise ValueError(
            f"{error} (payout is what reaches owners of the capital income; an enterprise with losses pays none)"
        ) from None
    if result == 0:
        raise ValueError("an enterprise that pays nothing to its owners has no dividends to sell")
    return result


def _price(value: Any) -> Price:
    if isinstance(value, Price):
        return value
    if value in (FAIR_WITHOUT, FAIR_WITH):
        return Price(str(value))
    if isinstance(value, Mapping) and set(value) == {PE}:
        ratio = number(value[PE])
        if ratio > 0:
            return Price(PE, ratio)
        raise ValueError(f"a price-earnings ratio of {value[PE]} is not above zero")
    raise ValueError("must be fair_without, fair_with or {pe: 8}")


Text = Annotated[str, BeforeValidator(_text)]
Share = Annotated[float, BeforeValidator(_share)]


class Stake(Strict):
    """A stake as written. `enterprise_share` is the enterprise's part of its sector's capital income, `payout` what of it reaches
    owners after depreciation, tax and retention (operating surplus is not dividends), `sold` the share that changes hands.

    `new` shares are issued, not sold by present owners. `home_share` is what residents of the issuer hold today, `held` what the
    buyer's residents hold already. Figures have a source or are assumed, with a reason.
    """

    issuer: Text
    enterprise: Text
    sector: Text
    enterprise_share: Share
    payout: Annotated[float, BeforeValidator(_payout)]
    sold: Share
    buyer: Text
    price: Annotated[Price, BeforeValidator(_price)] = Price()
    new: Annotated[bool, BeforeValidator(truth)] = False
    home_share: Share = 1.0
    held: Share = 0.0
    assumed: Annotated[bool, BeforeValidator(truth)] = False
    source: Text | None = None
    reason: Text | None = None

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.issuer == self.buyer:
            raise ValueError(f"{self.issuer} cannot sell to itself")
        if self.source is None and not self.assumed:
            raise ValueError("enterprise_share and payout need a source, or 'assumed: true' with a reason")
        if self.assumed and self.source is None and self.reason is None:
            raise ValueError("'assumed: true' needs a reason")
        if not self.new and self.sold > self.home_share:
            raise ValueError(
                f"sold ({100 * self.sold:g} %) is more than residents of {self.issuer} hold ({100 * self.home_share:g} %)"
            )
        if self.sold + self.held > 1:
            raise ValueError(f"{self.buyer} would hold {100 * (self.sold + self.held):g} % of {self.enterprise}")
        return self

    @property
    def right(self) -> float:
        """sold · enterprise_share · payout: dollars of dividend for one of the sector's capital income."""
        return self.sold * self.enterprise_share * self.payout

    @property
    def control(self) -> str:
        """What the buyer decides with all that it then holds."""
        return control(self.sold + self.held)


def control(share: float) -> str:
    """What a share of an enterprise decides: `nothing` up to 25 %, a `veto` above it, `control` above 50 %."""
    return next((what for least, what in THRESHOLDS if share > least), NO_SAY)


def refuse_impossible(stakes: Sequence[Stake]) -> None:
    """Refuse, with every fault, stakes that cannot stand together: more sold than residents hold, sectors larger than whole."""
    faults = []
    enterprises: dict[tuple[str, str], list[Stake]] = {}
    for stake in stakes:
        enterprises.setdefault((stake.issuer, stake.enterprise.casefold()), []).append(stake)
    sectors: dict[tuple[str, str], float] = {}
    for (issuer, _), same in enterprises.items():
        name, first = same[0].enterprise, same[0]
        if len({(s.sector, s.enterprise_share, s.payout, s.home_share) for s in same}) > 1:
            faults.append(f"{name}: its sector, share of the sector, payout and home share differ between its stakes")
        sold = sum(s.sold for s in same if not s.new)
        if sold > first.home_share + 1e-12:
            faults.append(f"{name}: {100 * sold:g} % is sold in all; residents of {issuer} hold {100 * first.home_share:g} %")
        if sum(s.sold for s in same) > 1 + 1e-12:
            faults.append(f"{name}: {100 * sum(s.sold for s in same):g} % changes hands; there are 100 %")
        sectors[issuer, first.sector] = sectors.get((issuer, first.sector), 0.0) + first.enterprise_share
    for (issuer, sector), whole in sectors.items():
        if whole > 1 + 1e-12:
            faults.append(f"{issuer}, {sector}: the enterprises named hold {100 * whole:g} % of the sector's capital income")
    if faults:
        raise InputError([Problem(fault) for fault in faults])


def dividends(stakes: Sequence[Stake], capital_income: Array) -> Array:
    """What each stake pays by state, sold · enterprise_share · payout · (1−λ)γ′Y′, stake × state; InputError for losses.

    `capital_income` stake × state: that of the issuer's sector, USD mn in the price's unit.
    """
    income = np.asarray(capital_income, dtype=float)
    for stake, row in zip(stakes, income, strict=True):
        if not np.all(np.isfinite(row)) or np.any(row < 0):
            raise InputError(f"{stake.enterprise}: capital income of {row.min():.6g} USD mn; a stake in losses is not computed")
    return np.array([stake.right for stake in stakes])[:, None] * income


def flows(stakes: Sequence[Stake], parties: Sequence[str]) -> Array:
    """Who receives what the stakes pay: +1 for the buyer, −1 for the issuer, stake × party; others are outside."""
    sign = np.zeros((len(stakes), len(parties)))
    for m, stake in enumerate(stakes):
        for who, value in ((stake.buyer, 1.0), (stake.issuer, -1.0)):
            if who in parties:
                sign[m, parties.index(who)] = value
    return sign


def price_flows(stakes: Sequence[Stake], parties: Sequence[str]) -> Array:
    """Who pays the price (+1) and who receives it (−1), stake × party; the price of new shares is spent on capital."""
    sign = flows(stakes, parties)
    sign[np.array([stake.new for stake in stakes], dtype=bool)[:, None] & (sign < 0)] = 0
    return sign


@dataclass(frozen=True, eq=False)
class WithStakes:
    """Payoffs of the parties when stakes stand: the dividends less the price pass from issuer to buyer.

    `dividends` has the stakes where payoffs have parties. Payments count at their face value; what they do to prices is for
    payoffs that are solved with them. `size` scales each stake, 0 for none; `flow` is stake × party, and so is `price_flow`
    where the price takes another way (`price_flows`).
    """

    payoffs: Payoffs
    dividends: Payoffs
    annuity: Array
    flow: Array
    size: Array | float = 1.0
    price_flow: Array | None = None

    @property
    def parties(self) -> tuple[str, ...]:
        """As the payoffs'."""
        return self.payoffs.parties

    @property
    def states(self) -> tuple[str, ...]:
        """As the payoffs'."""
        return self.payoffs.states

    @property
    def probability(self) -> Array:
        """As the payoffs'."""
        return self.payoffs.probability

    @property
    def proposals(self) -> tuple[str, ...]:
        """As the payoffs'."""
        return self.payoffs.proposals

    def at(self, x: Array) -> Array:
        """Payoff, state × party."""
        return self.payoffs.at(x) + self._paid(self.dividends.at(x))

    def with_gradient(self, x: Array) -> tuple[Array, Array]:
        """Payoff and its derivative, state × party × proposal."""
        payoff, slope = self.payoffs.with_gradient(x)
        dividend, by = self.dividends.with_gradient(x)
        moved = np.einsum("smk,mp->spk", by * np.broadcast_to(self.size, self.annuity.shape)[None, :, None], self.flow)
        return payoff + self._paid(dividend), slope + moved

    def _paid(self, dividend: Array) -> Array:
        """Net receipts, state × party."""
        price = (self.size * self.annuity) @ (self.flow if self.price_flow is None else self.price_flow)
        return (self.size * dividend) @ self.flow - price


def with_foreign_owners(payoffs: Payoffs, paid: Payoffs, stakes: Sequence[Stake], today: Array, home_share: float) -> WithStakes:
    """The payoffs if residents hold only a share of the enterprises: the rest of any change of dividends leaves the issuer.

    `paid` are the dividends of the stakes as `WithStakes` takes them, in what the issuer counts at its own prices where that is
    asked, `today` those of the benchmark, stake; levels stay the benchmark's. For the sensitivity to HOME_SHARES. InputError
    where more is sold than residents then hold.
    """
    if not 0 <= home_share <= 1:
        raise InputError(f"a home share of {home_share}: between 0 and 1")
    refuse_impossible([stake.model_copy(update={"home_share": home_share}) for stake in stakes])
    first: set[tuple[str, str]] = set()
    size = []
    for stake in stakes:
        enterprise = (stake.issuer, stake.enterprise.casefold())
        size.append((1 - home_share) / stake.sold if stake.sold > 0 and enterprise not in first else 0.0)
        first |= {enterprise} if stake.sold > 0 else set()
    return WithStakes(
        payoffs, paid, np.asarray(today, dtype=float), np.minimum(flows(stakes, payoffs.parties), 0), np.array(size)
    )


def assumed_figures(stakes: Iterable[Stake]) -> tuple[str, ...]:
    """A line for each stake whose figures are assumed, for the brief's list."""
    return tuple(
        f"{one.enterprise}: {100 * one.enterprise_share:g} % of the capital income of {one.sector} in {one.issuer}, "
        f"payout {100 * one.payout:g} %. {one.reason or one.source}"
        for one in stakes
        if one.assumed
    )
