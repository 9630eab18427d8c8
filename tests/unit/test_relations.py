"""The dossier: accounting identities, a dense Leontief inverse as referee, and no confusion of the two sides."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from comity.errors import InputError
from comity.records import Benchmark
from comity.relations import relations
from comity.relations.leontief import output_needed

GOODS, SERVICES = ("A01", "B06", "C28"), ("K", "S")


@pytest.fixture(scope="module")
def lopsided() -> Benchmark:
    """Four economies of very different size with tariffs, so that importer and exporter cannot be swapped unseen."""
    rng = np.random.default_rng(7)
    n, sectors = 4, (*GOODS, *SERVICES)
    j = len(sectors)
    size = np.array([1.0, 7.0, 40.0, 150.0])
    flow = rng.uniform(0.2, 1.8, (n, n, j)) * size[:, None, None] ** 0.8 * size[None, :, None] ** 0.6
    flow[np.arange(n), np.arange(n)] += 30 * size[:, None] * rng.uniform(0.5, 1.5, (n, j))
    tariff = rng.uniform(0, 0.25, (n, n, j)) * (np.array([code in GOODS for code in sectors]))
    tariff[np.arange(n), np.arange(n)] = 0
    return Benchmark.from_arrays(
        economies=("AAA", "BBB", "CCC", "ROW"),
        sectors=sectors,
        trade_flow=flow,
        tariff=tariff,
        input_share=rng.dirichlet(np.full(j, 4.0), (n, j)).transpose(0, 2, 1),
        value_added_share=rng.uniform(0.45, 0.8, (n, j)),
        trade_elasticity=np.full(j, 5.0),
        name="lopsided-2022",
        economy_names={"AAA": "Alba", "BBB": "Borea"},
        sector_groups={"goods": GOODS, "services": SERVICES},
    )


def dense_inverse(benchmark: Benchmark) -> np.ndarray:
    """(I − A)⁻¹ cell by cell from the definition, in the order economy × sector."""
    n, j = len(benchmark.economies), len(benchmark.sectors)
    a = np.zeros((n, j, n, j))
    for buyer in range(n):
        for seller in range(n):
            for user in range(j):
                spent = benchmark.input_share[buyer, :, user] * (1 - benchmark.value_added_share[buyer, user])
                a[seller, :, buyer, user] = spent * benchmark.trade_flow[buyer, seller] / benchmark.expenditure[buyer]
    return np.linalg.inv(np.eye(n * j) - a.reshape(n * j, n * j))


def test_value_added_links_agree_with_the_dense_inverse(lopsided):
    n, j = 4, len(lopsided.sectors)
    inverse = dense_inverse(lopsided)
    own = np.zeros((n, j))
    own[0] = lopsided.value_added_share[0]
    final_of_bbb = lopsided.final_demand[1] * lopsided.trade_flow[1] / lopsided.expenditure[1]
    record = relations(lopsided, "AAA", "BBB")
    assert record.a.value_added_in_other_usd_mn == pytest.approx(own.ravel() @ inverse @ final_of_bbb.ravel(), rel=1e-11)

    exports = np.zeros((n, j))
    exports[1] = lopsided.trade_flow[[0, 2, 3], 1].sum(axis=0)
    in_exports = own.ravel() @ inverse @ exports.ravel()
    assert record.b.other_value_in_exports_usd_mn == pytest.approx(in_exports, rel=1e-11)
    foreign = lopsided.value_added_share.copy()
    foreign[1] = 0
    share = 100 * foreign.ravel() @ inverse @ exports.ravel() / exports.sum()
    assert record.b.foreign_in_exports_pct == pytest.approx(share, rel=1e-11)


def test_all_value_added_ends_up_somewhere(lopsided):
    assert relations(lopsided, "BBB", "CCC").identity_error < 1e-11


def test_final_demand_of_the_world_needs_exactly_the_output_there_is(lopsided):
    final = lopsided.final_demand[:, None, :] * lopsided.trade_flow / lopsided.expenditure[:, None, :]
    needed = output_needed(lopsided, final.sum(axis=0)[:, :, None])[:, :, 0]
    np.testing.assert_allclose(needed, lopsided.output, rtol=1e-11)


def test_the_other_way_round_is_the_same_relationship(lopsided):
    one, other = relations(lopsided, "AAA", "BBB"), relations(lopsided, "BBB", "AAA")
    assert (one.a, one.b) == (other.b, other.a)
    assert one.balance_of_a_usd_mn == -other.balance_of_a_usd_mn
    assert one.needs_more == other.needs_more
    assert [s.a_to_b_usd_mn for s in one.sectors] == [s.b_to_a_usd_mn for s in other.sectors]


def test_exports_of_one_are_imports_of_the_other_and_add_up_over_sectors(lopsided):
    record = relations(lopsided, "AAA", "BBB")
    assert record.a.to_other_usd_mn == record.b.from_other_usd_mn == lopsided.trade_flow[1, 0].sum()
    assert sum(s.a_to_b_usd_mn for s in record.sectors) == pytest.approx(record.a.to_other_usd_mn)
    assert record.a.to_other_goods_usd_mn + record.a.to_other_services_usd_mn == pytest.approx(record.a.to_other_usd_mn)
    assert record.a.exports_usd_mn == pytest.approx(lopsided.trade_flow[1:, 0].sum())
    assert record.a.imports_usd_mn == pytest.approx(lopsided.trade_flow[0, 1:].sum())


def test_the_rest_of_the_world_is_not_ranked(lopsided):
    record = relations(lopsided, "AAA", "CCC")
    assert record.partners == 2
    assert record.a.other_rank_as_market == 1
    assert record.a.top_markets[0].iso3 == "ROW"


def test_the_smaller_one_needs_the_larger_one_more(lopsided):
    assert relations(lopsided, "CCC", "AAA").needs_more == "AAA"


def test_no_trade_is_no_dependence(lopsided):
    flow, share = lopsided.trade_flow.copy(), lopsided.value_added_share
    flow[0, 1] = flow[1, 0] = 0
    record = relations(replace_flow(lopsided, flow, share), "AAA", "BBB")
    assert record.two_way_usd_mn == 0
    assert record.a.most_dependent == ()
    assert record.a.value_added_in_other_usd_mn > 0, "value added still travels through third economies"


def replace_flow(benchmark: Benchmark, flow: np.ndarray, share: np.ndarray) -> Benchmark:
    names = ("economies", "sectors", "tariff", "input_share", "trade_elasticity", "sector_groups", "name")
    return Benchmark.from_arrays(
        **{name: getattr(benchmark, name) for name in names}, trade_flow=flow, value_added_share=np.maximum(share, 0.6)
    )


def test_the_note_on_energy_prices_follows_from_year_and_numbers(lopsided):
    record = relations(lopsided, "AAA", "BBB")
    lending = record.a.net_lending_pct
    assert lending == pytest.approx(-100 * lopsided.deficit[0] / lopsided.value_added[0].sum())
    assert any("Alba " + ("lent" if lending > 0 else "borrowed") in note for note in record.notes)
    assert relations(replace(lopsided, name="lopsided-2017"), "AAA", "BBB").notes == ()


def test_the_dictionary_is_plain_and_rounded(lopsided):
    as_dict = relations(lopsided, "AAA", "BBB").as_dict()
    assert json.loads(json.dumps(as_dict)) == as_dict
    assert as_dict["a"]["exports_usd_mn"] == round(as_dict["a"]["exports_usd_mn"], 3)


@pytest.mark.parametrize(("a", "b"), [("AAA", "AAA"), ("AAA", "XXX")])
def test_a_pair_is_two_known_economies(lopsided, a, b):
    with pytest.raises(InputError):
        relations(lopsided, a, b)


def test_what_is_called_lent_is_what_trade_leaves_over_also_with_a_customs_pool(lopsided):
    """The pool's receipts stand in the deficit and are no trade: the figure is the one that the reader can take from its row."""
    pooled = replace(lopsided, customs_pool={"AAA": 0.1, "BBB": 0.9})
    assert abs(pooled.deficit[0] - lopsided.deficit[0]) > 0.1
    for benchmark in (lopsided, pooled):
        a = relations(benchmark, "AAA", "BBB").a
        assert a.net_lending_usd_mn == pytest.approx(a.exports_usd_mn - a.imports_usd_mn)
