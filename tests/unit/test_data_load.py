"""The embedded benchmark: known facts, tariffs by the tables, damaged files, names."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

import numpy as np
import pytest

from comity.data import load as data
from comity.errors import DataError, InputError
from comity.records import Benchmark

BESIDE = Path(__file__).resolve().parents[3] / "shared" / "data"
TRIAL = BESIDE / "world_2022_trial.npz"
CACHES = (data.checksums, data.arrays, data.elasticity_sets, data.about, data.metadata, data._trade_inside_row, data.history)


def forget() -> None:
    """Empties every cache of the room."""
    for cached in (*CACHES, data.control_totals, data.load):
        cached.cache_clear()


@pytest.fixture(scope="module")
def world() -> Benchmark:
    """The benchmark as everybody gets it."""
    return data.load()


@pytest.fixture
def copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A copy of the bundled files that the room reads instead of its own."""
    folder = tmp_path / "bundled"
    shutil.copytree(Path(str(data.bundled())), folder)
    monkeypatch.setattr(data, "bundled", lambda: folder)
    forget()
    yield folder
    forget()


def exports(world: Benchmark, code: str) -> float:
    i = world.economy_index(code)
    return float(world.trade_flow[:, i].sum() - world.trade_flow[i, i].sum())


def imports(world: Benchmark, code: str) -> float:
    n = world.economy_index(code)
    return float(world.trade_flow[n].sum() - world.trade_flow[n, n].sum())


@pytest.mark.parametrize(
    ("code", "value_added", "sold", "bought", "lending"),
    [("BLR", 68.4, 43.8, 38.7, 0.074), ("KAZ", 212.5, 88.5, 59.1, 0.138), ("RUS", 2062, 587, 344, 0.118)],
)
def test_sizes_of_the_economies(world, code, value_added, sold, bought, lending):
    n = world.economy_index(code)
    assert world.value_added[n].sum() / 1e3 == pytest.approx(value_added, rel=1e-3)
    assert exports(world, code) / 1e3 == pytest.approx(sold, rel=1.5e-3)
    assert imports(world, code) / 1e3 == pytest.approx(bought, rel=1.5e-3)
    assert -world.deficit[n] / world.value_added[n].sum() == pytest.approx(lending, abs=6e-4)


@pytest.mark.parametrize("code", ["BLR", "KAZ", "RUS", "DEU", "USA", "CHN"])
def test_value_added_is_near_published_gdp(world, code):
    n = world.economy_index(code)
    assert world.value_added[n].sum() == pytest.approx(data.metadata()[code]["gdp_usd_mn_2022"], rel=0.15)


def test_world_and_the_pair(world):
    pair = world.economy_index("KAZ"), world.economy_index("BLR")
    assert (len(world.economies), len(world.sectors)) == (81, 50)
    assert world.economies[-1] == "ROW"
    assert world.value_added.sum() / 1e6 == pytest.approx(96.2, abs=0.05)
    assert world.trade_flow[pair].sum() / 1e3 == pytest.approx(1.27, abs=0.005)
    assert world.trade_flow[pair[::-1]].sum() / 1e3 == pytest.approx(0.153, abs=0.005)
    assert (world.output == 0).sum() == 51


def test_trade_of_2019_is_known(world):
    past = data.history()
    year = list(past["years"]).index(2019)
    both = past["goods"][year] + past["services"][year]
    kaz, blr = world.economy_index("KAZ"), world.economy_index("BLR")
    assert both[kaz, blr] == pytest.approx(913, abs=1)
    assert both[blr, kaz] == pytest.approx(161, abs=1)


def test_history_of_the_base_year_is_the_benchmark(world):
    past = data.history()
    year = list(past["years"]).index(2022)
    goods = world.trade_flow[:, :, :27].sum(axis=2)
    large = goods > 1
    np.testing.assert_allclose(past["goods"][year][large], goods[large], rtol=2e-3)


def test_nothing_is_negative_and_free_arrays_are_read_only(world):
    assert world.final_demand.min() >= 0
    assert world.value_added_share.min() >= 0.0099
    with pytest.raises(ValueError, match="read-only"):
        world.trade_flow[0, 0, 0] = 1


def test_tariffs_are_zero_at_home_in_unions_and_on_services(world):
    for union in ("EU27", "EAEU"):
        members = [world.economy_index(code) for code in world.groups[union]]
        assert not world.tariff[np.ix_(members, members)].any()
    assert not world.tariff[:, :, 27:].any()
    assert not np.einsum("nnj->nj", world.tariff).any()


def test_tariffs_follow_the_tables(world):
    def rate(importer: str, exporter: str, sector: str = "C10T12") -> float:
        return world.tariff[world.economy_index(importer), world.economy_index(exporter), world.sectors.index(sector)]

    assert {rate(member, "USA") for member in world.groups["EAEU"]} == {0.1275}
    assert rate("KAZ", "ROW") == pytest.approx(0.0255)
    assert rate("ROW", "KAZ") == pytest.approx(0.1186)
    assert rate("KAZ", "UKR") == 0
    assert rate("RUS", "UKR") > 0.05
    for member in world.groups["EU27"]:
        assert rate("USA", member, "C29") == rate("USA", "DEU", "C29")


def test_union_has_one_external_tariff_towards_a_third_country_without_a_preference(world):
    members = [world.economy_index(code) for code in world.groups["EAEU"]]
    towards = world.tariff[members][:, world.economy_index("USA")]
    assert np.ptp(towards, axis=0).max() == 0


@pytest.mark.skipif(not TRIAL.is_file(), reason="the trial arrays lie beside the checkout only where it was built")
def test_flows_and_input_use_agree_with_the_trial(world):
    with np.load(TRIAL, allow_pickle=False) as trial:
        flow, use, tariff = (trial[name].astype(np.float64) for name in ("trade_flow", "input_use", "tariff"))
    large = flow > 1
    np.testing.assert_allclose(world.trade_flow[large], flow[large], rtol=1e-3)
    ours = world.input_share * ((1 - world.value_added_share) * world.output)[:, None, :]
    large = use > 1
    np.testing.assert_allclose(ours[large], use[large], rtol=1e-3)
    differ = np.abs(world.tariff - tariff) > 0.005
    assert differ.sum() == 156


def test_elasticity_sets_by_name(world):
    refinery = world.sectors.index("C19")
    assert data.load(elasticities="caliendo-parro-2015").trade_elasticity[refinery] == 64.85
    assert data.load(elasticities="caliendo-parro-2015-full").trade_elasticity[refinery] == 51.08
    assert set(data.load(elasticities="boehm-2023-short-run").trade_elasticity) == {0.76}
    assert data.load(elasticities="shapiro-2016").digest != world.digest


@pytest.mark.parametrize(
    ("asked", "meant"),
    [
        ({"name": "world-2021"}, "world-2022"),
        ({"elasticities": "fontagne"}, "fontagne-2022"),
        ({"elasticities": "caliendo_parro_2015"}, "caliendo-parro-2015"),
    ],
)
def test_unknown_names_get_a_hint(asked, meant):
    with pytest.raises(InputError, match=f"did you mean .*{meant}"):
        data.load(**asked)


def test_groups_are_restricted_to_the_benchmark_and_the_rest_is_named(world):
    assert world.groups["EAEU"] == ("BLR", "KAZ", "RUS")
    assert len(world.groups["EU27"]) == 27
    assert len(world.groups["G7"]) == 7
    inside = {row["iso3"]: row for row in data.inside_row("EAEU")}
    assert set(inside) == {"ARM", "KGZ"}
    assert inside["ARM"]["exports"] == pytest.approx(8831, abs=1)
    assert inside["KGZ"]["imports"] == pytest.approx(29093, abs=1)
    assert inside["ARM"]["partners"]["KAZ"]["exports"] > 0
    assert data.inside_row("EU27") == []
    with pytest.raises(InputError, match="EU27"):
        data.inside_row("EU")


def test_sectors_have_names_and_groups(world):
    groups = world.sector_groups
    assert len(groups["goods"]) == 27
    assert set(groups["goods"]) | set(groups["services"]) == set(world.sectors)
    assert all(code in world.sectors for members in groups.values() for code in members)
    assert set(data.sensitive_notes()) == set(groups["sensitive_eaeu"])
    assert "potash" in data.sensitive_notes()["C20"]
    assert world.sector_names["C10T12"].startswith("Food")


def test_metadata_knows_who_sits_inside_the_rest_of_the_world(world):
    known = data.metadata()
    assert set(world.economies) <= set(known)
    assert known["KAZ"]["population_mn_2025"] == pytest.approx(20.4, abs=0.1)
    assert known["ARM"]["inside"] == "ROW"
    assert known["MMR"]["exports_usd_mn_2022"] is None


FILES = ("world-2022.npz", "economies.csv", "sectors.csv", "trade_elasticity.csv", "inside_row.csv", "world-2022.json")


@pytest.mark.parametrize("name", FILES)
def test_one_flipped_bit_is_seen_before_use(copied, name):
    path = copied / name
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0b1000
    path.write_bytes(content)
    with pytest.raises(DataError, match=name):
        data.load()


@pytest.mark.parametrize("left", [0, 1000, -1])
def test_a_truncated_benchmark_is_seen_before_use(copied, left):
    path = copied / "world-2022.npz"
    path.write_bytes(path.read_bytes()[:left])
    with pytest.raises(DataError, match=r"world-2022\.npz is damaged"):
        data.load()


def test_a_missing_file_is_named(copied):
    (copied / "world-2022.npz").unlink()
    with pytest.raises(DataError, match=r"world-2022\.npz"):
        data.load()


def test_damaged_checksums_are_named(copied):
    (copied / "SHA256SUMS").write_text("nonsense\n", encoding="utf-8")
    with pytest.raises(DataError, match="SHA256SUMS"):
        data.load()


def test_every_bundled_file_has_a_checksum_and_the_package_stays_small():
    folder = Path(str(data.bundled()))
    names = {path.name for path in folder.iterdir()} - {data.SUMS}
    assert names == set(data.checksums())
    for name in names:
        assert data.content(name)
    assert sum(path.stat().st_size for path in folder.iterdir()) < 8e6


def test_loading_is_fast():
    spent = []
    for _ in range(3):
        forget()
        start = time.perf_counter()
        data.load()
        spent.append(time.perf_counter() - start)
    assert min(spent) < 0.3


def test_the_package_knows_no_path_outside_itself():
    for source in Path(data.__file__).parent.rglob("*.py"):
        assert "shared" not in source.read_text(encoding="utf-8"), source.name
