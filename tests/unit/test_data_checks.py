"""The accounting checks: green on the embedded benchmark, red on every planted fault."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from comity.data.checks import CONTROLS, IDENTITIES, check, raise_if_bad
from comity.data.load import load
from comity.errors import DataError
from comity.evidence.full import full_world
from comity.records import Benchmark
from policy_world import small
from referee import lopsided


@pytest.fixture(scope="module")
def bundled() -> Benchmark:
    """The embedded benchmark."""
    return load()


def red(benchmark: Benchmark) -> dict[str, str]:
    """Checks that fail, with their worst cell."""
    return {item.name: item.worst for item in check(benchmark) if not item.ok}


def spoil(benchmark: Benchmark, name: str, change: Callable[[np.ndarray], np.ndarray]) -> Benchmark:
    """A copy whose derived quantity is wrong although its stored arrays are right."""
    copy = replace(benchmark)
    copy.__dict__[name] = change(np.array(getattr(benchmark, name)))
    return copy


def bump(*cell: int, by: float = 1.01) -> Callable[[np.ndarray], np.ndarray]:
    """One cell one per cent off."""

    def change(values: np.ndarray) -> np.ndarray:
        values[cell] *= by
        return values

    return change


def test_the_embedded_benchmark_is_in_balance(bundled):
    done = check(bundled)
    assert {item.name for item in done} == {entry[0] for entry in (*IDENTITIES, *CONTROLS)}
    assert all(item.ok for item in done)
    assert max(item.residual for item in done if not item.name.startswith("source")) <= 1e-9
    assert raise_if_bad(bundled) == done


def test_worst_comes_first(bundled):
    ratios = [item.residual / item.tolerance for item in check(bundled)]
    assert ratios == sorted(ratios, reverse=True)


def test_small_worlds_are_in_balance(world):
    assert all(item.ok for item in check(world))
    assert {item.name for item in check(world)} == {entry[0] for entry in IDENTITIES}


@pytest.fixture(scope="module")
def full() -> Benchmark:
    """A world with export taxes, rents of both kinds, owners abroad and a customs pool."""
    return full_world(Benchmark.from_arrays(**lopsided(28, 4, 3).arrays()))


def test_a_world_with_owners_levies_and_a_pool_is_in_balance(full):
    assert all(item.ok for item in check(full)), red(full)
    assert np.abs(full.dividends).max() > 1
    assert full.export_tax_revenue.max() > 1


@pytest.mark.parametrize(
    ("attribute", "caught"),
    [
        ("dividends", {"world income"}),
        ("deficit", {"external balance", "deficits sum to zero"}),
        ("tariff_revenue", {"world income", "GDP three ways"}),
        ("export_tax_revenue", {"world income", "GDP three ways"}),
        ("income", {"income = spending", "world income"}),
        ("output", {"goods market", "world supply = use"}),
    ],
)
def test_what_owners_and_levies_bring_is_checked_on_its_own(full, attribute, caught):
    assert caught <= set(red(spoil(full, attribute, bump(1))))


@pytest.mark.parametrize("name", ["export_tax", "import_rent", "export_rent", "ownership", "customs_pool"])
def test_an_instrument_that_derived_accounts_leave_out_is_seen(full, name):
    """The fault of a benchmark that knows of no levies or owners: its accounts as if there were none, its arrays with them."""
    without = replace(full, **{name: {} if name == "customs_pool" else None})
    copy = replace(full)
    for derived in (
        "income",
        "final_share",
        "deficit",
        "dividends",
        "tariff_revenue",
        "export_tax_revenue",
        "output",
        "value_added",
    ):
        copy.__dict__[derived] = getattr(without, derived)
    assert red(copy)


PLANTED = {
    "goods market": ("trade_share", lambda b: b.trade_flow / np.maximum(b.trade_flow.sum(axis=1, keepdims=True), 1e-300)),
    "expenditure": ("final_share", lambda b: bump(8, 8)(np.array(b.final_share))),
    "income = spending": ("income", lambda b: bump(42)(np.array(b.income))),
    "external balance": ("deficit", lambda b: bump(8)(np.array(b.deficit))),
    "deficits sum to zero": ("deficit", lambda b: bump(78)(np.array(b.deficit))),
    "world income": ("income", lambda b: bump(42)(np.array(b.income))),
    "shares sum to one": ("trade_share", lambda b: bump(8, 67, 8)(np.array(b.trade_share))),
    "cost = revenue": ("value_added", lambda b: bump(42, 4)(np.array(b.value_added))),
    "GDP three ways": ("tariff_revenue", lambda b: bump(42, by=1.5)(np.array(b.tariff_revenue))),
    "world supply = use": ("final_demand", lambda b: bump(14, 9)(np.array(b.final_demand))),
}


@pytest.mark.parametrize("name", PLANTED)
def test_each_identity_sees_its_planted_fault(bundled, name):
    attribute, wrong = PLANTED[name]
    assert name in red(spoil(bundled, attribute, lambda _: wrong(bundled)))


def test_every_identity_has_a_planted_fault():
    assert set(PLANTED) | {"bounds"} == {entry[0] for entry in IDENTITIES}


def test_tariffs_left_out_of_shares(bundled):
    flow = bundled.trade_flow
    bare = np.divide(flow, flow.sum(axis=1, keepdims=True), out=np.zeros_like(flow), where=flow.sum(axis=1, keepdims=True) > 0)
    assert "goods market" in red(spoil(bundled, "trade_share", lambda _: bare))


def test_importer_and_exporter_swapped(bundled):
    swapped = replace(bundled, trade_flow=np.ascontiguousarray(bundled.trade_flow.transpose(1, 0, 2)))
    assert {"control: trade", "bounds", "source: gross output"} <= set(red(swapped))


def test_importer_and_exporter_swapped_in_the_tariffs_alone(bundled):
    swapped = replace(bundled, tariff=np.ascontiguousarray(bundled.tariff.transpose(1, 0, 2)))
    assert "control: duties" in red(swapped)


@pytest.mark.parametrize(
    ("importer", "exporter", "sector"), [("KAZ", "BLR", "C10T12"), ("USA", "CHN", "C26"), ("BLR", "KAZ", "A01")]
)
def test_one_cell_one_per_cent_off_is_named(bundled, importer, exporter, sector):
    flow = np.array(bundled.trade_flow)
    flow[bundled.economy_index(importer), bundled.economy_index(exporter), bundled.sectors.index(sector)] *= 1.01
    worst = red(replace(bundled, trade_flow=flow))["control: trade"]
    assert importer in worst or exporter in worst


def test_one_input_coefficient_off_is_seen(bundled):
    share = np.array(bundled.input_share)
    share[bundled.economy_index("BLR"), bundled.sectors.index("C20"), bundled.sectors.index("A01")] *= 1.01
    worst = red(replace(bundled, input_share=share))
    assert "control: inputs" in worst
    assert "BLR" in worst["control: inputs"]


def test_gross_output_of_the_source_is_kept_apart(bundled):
    flow = np.array(bundled.trade_flow)
    belarus, potash = bundled.economy_index("BLR"), bundled.sectors.index("C20")
    flow[:, belarus, potash] *= 1.01
    assert "BLR, C20" in red(replace(bundled, trade_flow=flow))["source: gross output"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("value_added_share", 1.2),
        ("labour_share", -0.1),
        ("trade_flow", -1.0),
        ("tariff", 0.1),
        ("trade_elasticity", -1.0),
        ("trade_flow", np.nan),
    ],
)
def test_bounds(world, name, value):
    array = np.array(getattr(world, name))
    array[(0,) * array.ndim] = value
    assert "bounds" in red(replace(world, **{name: array})) or not np.isfinite(value)
    assert red(replace(world, **{name: array}))


def test_refusal_names_every_bad_check_and_its_worst_cells(bundled):
    flow = np.array(bundled.trade_flow)
    flow[bundled.economy_index("KAZ"), bundled.economy_index("BLR"), bundled.sectors.index("C10T12")] *= 1.01
    with pytest.raises(DataError) as refused:
        raise_if_bad(replace(bundled, trade_flow=flow))
    text = str(refused.value)
    assert "importer KAZ, exporter BLR" in text
    assert "BLR, C10T12" in text
    assert len(refused.value.problems) >= 2


def test_as_dict_is_plain(bundled):
    first = check(bundled)[0].as_dict()
    assert {"name", "residual", "worst", "ok", "tolerance"} <= set(first)
    assert type(first["ok"]) is bool
    assert type(first["residual"]) is float


def test_a_correction_of_input_shares_is_told_with_its_size_and_place():
    share = np.full((5, 6, 6), 1 / 6)
    share[2, :, 3] *= 1 + 5e-6
    share[1, :, 0] *= 1 - 1e-7
    b = small(input_share=share)
    told = b.provenance["input_shares_normalised"]
    assert (told["columns"], told["of"], told["economy"], told["sector"]) == (2, 30, "RUS", "C29")
    assert told["largest"] == pytest.approx(5e-6, rel=1e-6)
    (found,) = (one for one in check(b) if one.name == "input shares as given")
    assert found.ok
    assert found.worst == "RUS, C29: off by 5e-06"
    assert "2 of 30 columns" in found.meaning
    np.testing.assert_allclose(b.input_share.sum(axis=1), 1, rtol=1e-15)
    assert all(one.name != "input shares as given" for one in check(small()))
