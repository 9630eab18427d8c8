"""Export taxes, transfers, owners abroad and quotas as instruments: arrays, words, files, refusals."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from comity.errors import InputError, NotYetError
from comity.policy.describe import describe
from comity.policy.instruments import ExportTax, Instrument, Ownership, Quota, Tariff, TariffQuota, Transfer
from comity.policy.quotas import limited_flows
from comity.policy.scenario import Scenario
from comity.policy.wedges import combine
from comity.records import Closure, Wedges
from comity.solve.equilibrium import solve
from policy_world import small
from talks_text import CRISES, HEAD, PROPOSALS, bound

WORLD = small()
LINE = {"importer": "KAZ", "exporter": "BLR", "sector": "C10T12"}
TRANSFER: dict[str, Any] = {"from": "KAZ", "to": "BLR", "usd_mn": 50}
OWNED = {"owner": "BLR", "country": "KAZ", "sector": "B06, C29"}


def one(instrument: Instrument, x: float = 1.0) -> Any:
    return combine(WORLD, [(instrument, x)])


def test_an_export_tax_is_set_or_raised_in_proportion_to_its_intensity():
    half = one(ExportTax(**LINE, rate="10%"), 0.5).export_tax
    assert half[1, 0, 2] == pytest.approx(0.05, rel=1e-12)
    assert np.count_nonzero(half) == 1
    world = small(export_tax=(1 - np.eye(5))[:, :, None] * np.full((5, 5, 6), 0.1))
    raised = combine(world, [(ExportTax(**LINE, add="5%"), 1.0)]).export_tax
    assert raised is not None
    assert raised[1, 0, 2] == pytest.approx(0.15, rel=1e-12)
    assert raised[0, 1, 2] == 0.1
    with pytest.raises(InputError, match="two instruments set the export tax of KAZ on C10T12 from BLR"):
        combine(WORLD, [(ExportTax(**LINE, rate=0.1), 1.0), (ExportTax(**LINE, add=0.1), 1.0)])


def test_transfers_sum_to_zero_and_add_up():
    wedges = combine(WORLD, [(Transfer(**TRANSFER), 1.0), (Transfer(**{**TRANSFER, "from": "RUS", "usd_mn": 10}), 0.5)])
    np.testing.assert_allclose(wedges.transfer, [55, -50, -5, 0, 0], rtol=1e-15)
    eq = solve(WORLD, Scenario((Transfer(**TRANSFER),)), closure=Closure("specific", "fixed"))
    assert float(eq.ev_usd_mn.sel(country="BLR")) > 40
    assert float(eq.ev_usd_mn.sel(country="KAZ")) < -40


def test_owners_abroad_get_what_residents_give():
    wedges = one(Ownership(**OWNED, share="25%"), 0.4)
    assert wedges.ownership[0, 1, 1] == pytest.approx(0.1, rel=1e-12)
    assert wedges.ownership[1, 1, 1] == pytest.approx(0.9, rel=1e-12)
    np.testing.assert_allclose(wedges.ownership.sum(axis=0), 1, rtol=1e-15)
    both = combine(WORLD, [(Ownership(**OWNED, share="60%"), 1.0), (Ownership(**{**OWNED, "owner": "RUS"}, share="40%"), 1.0)])
    assert both.ownership is not None
    assert both.ownership[1, 1, 1] == 0
    closure = Closure("specific", "fixed")
    eq = solve(WORLD, Scenario((Ownership(**OWNED, share="25%"),)), closure=closure)
    capital = ((1 - WORLD.labour_share) * np.asarray(eq.values["value_added"]))[1, [1, 3]].sum()
    assert float(eq.dividends_received.sel(country="BLR")) == pytest.approx(0.25 * capital, rel=1e-9)


@pytest.mark.parametrize(
    ("instruments", "told"),
    [
        (
            [Ownership(**OWNED, share="70%"), Ownership(**{**OWNED, "owner": "RUS"}, share="40%")],
            "residents of KAZ hold 30 %.*B06",
        ),
        ([Ownership(**OWNED, share="7%"), Ownership(**OWNED, share="4%")], "two instruments set the owners"),
        ([Ownership(**{**OWNED, "country": "EAEU"}, share="7%")], "residents of BLR hold at home"),
        ([Ownership(**{**OWNED, "owner": "EAEU"}, share="7%")], "owner: 'EAEU' is a group"),
        ([Transfer(**{**TRANSFER, "to": "KAZ"})], "same economy"),
        ([Transfer(**{**TRANSFER, "to": "OECD, RUS"})], "to: 'OECD, RUS' is a group"),
        ([Transfer(**{**TRANSFER, "usd_mn": 1e9})], "more than KAZ earns"),
    ],
)
def test_what_does_not_fit_the_world_is_refused_by_name(instruments: list[Instrument], told: str):
    with pytest.raises(InputError, match=told):
        combine(WORLD, [(instrument, 1.0) for instrument in instruments])


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda: Ownership(**OWNED, share="125%"), "between 0 and 1"),
        (lambda: Ownership(**OWNED, share="-5%"), "between 0 and 1"),
        (lambda: Transfer(**{**TRANSFER, "usd_mn": -5}), "above zero"),
        (lambda: ExportTax(**LINE, rate="1000000%"), "above the cap of 10,000 %"),
        (lambda: ExportTax(**LINE, rate="-100%"), "−100 % or less"),
        (lambda: ExportTax(**LINE), "either 'rate'"),
        (lambda: Quota(**LINE, rent_to="importer"), "either 'limit'"),
        (lambda: Quota(**LINE, limit="50%", usd_mn=5, rent_to="importer"), "either 'limit'"),
        (lambda: Quota(**LINE, limit="0%", rent_to="importer"), "use 'embargo'"),
        (lambda: Quota(**LINE, limit="50%"), "rent_to is missing"),
        (lambda: TariffQuota(**LINE, within="5%", above="5%", limit="50%"), "is higher than 'within'"),
        (lambda: TariffQuota(**LINE, within="5%", above="9%"), "either 'limit'"),
    ],
)
def test_what_an_instrument_cannot_be_is_refused(make: Any, told: str):
    with pytest.raises(InputError, match=told):
        make()


@pytest.mark.parametrize(
    ("share", "told"),
    [(1.2, "not 120 % of KAZ, B06 for BLR"), (-0.1, "not -10 % of KAZ, B06 for BLR"), (0.5, "of KAZ, B06 sum to 1.5, not to 1")],
)
def test_owners_of_more_or_less_than_all_are_named(share: float, told: str):
    owned = np.repeat(np.eye(5)[:, :, None], 6, axis=2)
    owned[0, 1, 1] = share
    with pytest.raises(InputError, match=told):
        solve(WORLD, Wedges(ownership=owned))


def test_limited_flows_are_those_that_exist():
    flows = limited_flows(WORLD, [Quota(importer="BLR", exporter="KOR, RUS", sector="goods", limit="50%", rent_to="exporter")])
    assert len(flows) == 7  # Korea sells no oil to Belarus
    assert flows.to_exporter.all()
    assert np.isinf(flows.ceiling).all()
    two = limited_flows(WORLD, [TariffQuota(**LINE, within="5%", above="26%", usd_mn=5)])
    assert two.ceiling[0] == pytest.approx(np.log(1.26 / 1.05), rel=1e-14)
    assert two.limit[0] == pytest.approx(5 / WORLD.trade_flow[1, 0, 2], rel=1e-14)


ALL = (
    ExportTax(**LINE, rate="10%"),
    Quota(**LINE, limit="70%", rent_to="exporter"),
    TariffQuota(**{**LINE, "sector": "C29"}, within="5%", above="20%", usd_mn=12.5),
    Transfer(**TRANSFER),
    Ownership(**OWNED, share="25%"),
    Tariff(**LINE, rate="3%"),
)


def test_a_scenario_with_all_of_them_is_written_and_read_back():
    text = Scenario(ALL, title="All").to_yaml()
    assert "usd_mn: '12.5'" in text or "usd_mn: 12.5" in text
    assert Scenario.from_yaml(text).instruments == ALL


def test_all_of_them_in_words():
    told = [describe(instrument, WORLD) for instrument in ALL]
    assert told[0].startswith("export tax set to 10 %: Food, drinks and tobacco, sold by Belarus to Kazakhstan (trade touched")
    assert told[1].startswith("quota of 70 % of today, its rent to exporters: Food")
    assert told[2].startswith("tariff of 5 % up to USD 12.5 mn, 20 % beyond, the licences' rent to importers: Motor vehicles")
    assert told[3].startswith("transfer of USD 50 mn: from Kazakhstan to Belarus (income of the payer touched")
    assert told[4].startswith("25 % of capital income to Belarus: ")


def test_in_talks_a_crisis_may_move_owners_and_payments_and_a_proposal_export_taxes():
    ownership = "{ownership: {owner: BLR, country: KAZ, sector: B06, share: 25%}}"
    crises = CRISES.replace("shocks: [", f"shocks: [{ownership}, {{transfer: {{from: RUS, to: BLR, usd_mn: 5}}}}, ")
    proposals = PROPOSALS.replace(
        "{trade_cost: {importer: KAZ, exporter: BLR, sector: C10T12, change: -8%}}",
        "{export_tax: {importer: KAZ, exporter: BLR, sector: C10T12, rate: 8%}}",
    )
    found = bound(HEAD + crises + proposals)
    assert [type(one) for one in found.crises[1].shocks[:2]] == [Ownership, Transfer]
    assert found.proposals[0].changes == (ExportTax(**LINE, rate="8%"),)


@pytest.mark.parametrize("where", ["crisis", "proposal"])
def test_quotas_in_talks_are_refused_by_name(where: str):
    line = "{quota: {importer: KAZ, exporter: BLR, sector: C10T12, limit: 80%, rent_to: importer}}"
    text = HEAD + CRISES + PROPOSALS
    old = "{trade_cost: {importer: all" if where == "crisis" else "{trade_cost: {importer: KAZ"
    with pytest.raises(NotYetError, match="a quota outside of a scenario file" if where == "crisis" else "a quota in a proposal"):
        bound(text.replace(old, f"{line}, {old}"))
