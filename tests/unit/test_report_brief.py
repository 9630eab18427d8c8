"""The brief as files: self-contained, inert, deterministic, valid against its schema, and plain about changes by hand."""

from __future__ import annotations

import base64
import copy
import csv
import hashlib
import io
import json
import re
from html.parser import HTMLParser
from importlib import import_module, resources

import jsonschema
import pytest

from comity.errors import StorageError
from comity.report import brief, render
from comity.report.figures import all_packages, crises_alone, ladder, normalised, sector_effects, trade_by_sector
from comity.report.files import digest, inert, is_modified
from comity.report.palette import GAINS, LOSSES, NEUTRAL
from comity.report.story import Story
from comity.report.worldmap import CREDIT, breaks, choropleth, colour, shapes
from comity.store import Cache
from synthetic_positions import positions_of
from synthetic_results import OTHERS, a_swap_of_favours, three_parties_without_a_union, two_parties_in_a_union

brief_module = import_module("comity.report.brief")
"""The module, whose name in the package is its function."""

EVIL = '=HYPERLINK("http://evil.example","x")<script>alert(1)</script>\u202e\U0001f600'


@pytest.fixture(scope="module")
def results():
    return two_parties_in_a_union()


@pytest.fixture(scope="module")
def files(results):
    return render(results)


@pytest.fixture(scope="module")
def page(files):
    return files["brief.html"].decode()


class Attributes(HTMLParser):
    """Every tag and attribute of a page."""

    def __init__(self, text: str):
        super().__init__()
        self.tags: list[str] = []
        self.found: list[tuple[str, str]] = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.found += [(name, value or "") for name, value in attrs]


def rows(files, name):
    return list(csv.DictReader(io.StringIO(files[name].decode())))


def schema():
    return json.loads(resources.files("comity.report").joinpath("assets/results.schema.json").read_text(encoding="utf-8"))


def test_same_results_same_bytes(results, files):
    assert render(copy.deepcopy(results)) == files


def test_a_kept_brief_is_the_brief_of_these_results_and_of_no_others(results, files, tmp_path, monkeypatch):
    cache = Cache(tmp_path)
    assert brief_module.rendered(results, cache) == files
    again = json.loads(json.dumps(results, sort_keys=True))  # as the cache of results hands them out
    monkeypatch.setattr(brief_module, "render", lambda other: {"brief.html": other["title"].encode()})
    assert brief_module.rendered(again, cache) == files
    other = copy.deepcopy(results) | {"title": "Other talks"}
    assert brief_module.rendered(other, cache) == {"brief.html": b"Other talks"}
    for entry in tmp_path.rglob("*.npz"):
        entry.write_bytes(entry.read_bytes()[:100])
    assert brief_module.rendered(results, cache) == {"brief.html": results["title"].encode()}


def test_the_page_asks_nothing_of_the_outside(page):
    read = Attributes(page)
    assert not {"script", "link", "iframe", "object", "embed", "img", "base", "form"} & set(read.tags)
    for name, value in read.found:
        assert not name.startswith("on"), f"{name} would run a script"
        assert name not in ("src", "style", "srcset", "action"), f"{name}={value}"
        if name.endswith("href"):
            assert value.startswith("#")
    assert set(re.findall(r"url\(([^)]{0,3})", page)) <= {"#pa", "#cr", "#la", "#se", "#tr", "#te"}
    assert "@import" not in page


def test_the_policy_admits_the_style_and_nothing_else(page):
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', page)[1]
    style = re.search(r"<style>(.*?)</style>", page, re.S)[1]
    admitted = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert policy == f"default-src 'none'; style-src 'sha256-{admitted}'; base-uri 'none'; form-action 'none'"


def test_sections_stand_in_their_order_and_are_numbered_through(page):
    order = [
        "relationship",
        "crises",
        "package",
        "packages",
        "fair",
        "credit",
        "counters",
        "trust",
        "mandate",
        "together",
        "others",
        "sectors",
        "limits",
        "method",
        "data",
        "reproduce",
    ]
    assert re.findall(r'<section id="(\w+)"', page) == order
    for kind in ("Table", "Figure"):
        numbers = [int(n) for n in re.findall(rf"<b>{kind} (\d+)\.</b>", page)]
        assert numbers == list(range(1, len(numbers) + 1))
        assert len(numbers) >= 7


def test_ids_in_the_page_are_unique(page):
    found = re.findall(r'\sid="([^"]+)"', page)
    assert len(found) == len(set(found))


def test_the_command_hashes_licence_and_boundaries_are_printed(results, page):
    assert results["manifest"]["command"] in page
    assert results["manifest"]["talks_sha256"] in page
    assert "CC BY 4.0" in page
    assert page.count(CREDIT) == 3, "on each of the two maps and in the foot"


def test_names_are_inert_in_page_and_tables(results):
    spoiled = copy.deepcopy(results)
    spoiled["title"] = spoiled["crises"][1]["name"] = spoiled["proposals"][0]["name"] = spoiled["parties"][0]["name"] = EVIL
    spoiled["proposals"][1]["reason"] = "x" * 4000
    spoiled["proposals"][1]["assumed"] = True
    written = render(spoiled)
    html = written["brief.html"].decode()
    assert "<script" not in html
    assert "&lt;script&gt;alert(1)" in html
    assert "\u202e" not in html
    assert "x" * 400 not in html
    for name, content in written.items():
        if name.endswith(".csv"):
            for cell in (cell for row in csv.reader(io.StringIO(content.decode())) for cell in row):
                assert not cell.startswith(("=", "@", "+")), f"{name}: {cell}"
                assert not cell.startswith("-") or float(cell) < 0, f"{name}: {cell}"


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@x", "\t=1", " =1", "\n@x"])
def test_a_spreadsheet_runs_no_text(cell):
    assert inert(cell).startswith("'")
    assert inert(-1.5) == -1.5


def test_every_package_is_in_the_tables(results, files):
    packages, outcomes = rows(files, "packages.csv"), rows(files, "outcomes.csv")
    assert len(packages) == 256
    assert sum(row["recommended"] == "yes" for row in packages) == 1
    states = len(results["crises"]) + 1
    assert len(outcomes) == 256 * states * 3
    best = results["best"]["package"]
    expected = next(r for r in outcomes if (r["package"], r["crisis"], r["iso3"]) == (best, "expected", "BLR"))
    assert float(expected["over_nothing_usd_mn"]) == pytest.approx(results["best"]["over_nothing"]["BLR"]["ev_usd_mn"], abs=0.002)
    assert {row["iso3"] for row in rows(files, "crises.csv")} >= {"BLR", "KAZ", "RUS", "USA", "ROW"}
    assert {"a", "b", "sector", "a_to_b_usd_mn"} <= set(rows(files, "relations.csv")[0])
    assert {"crisis", "iso3", "sector", "value_added_change_usd_mn"} <= set(rows(files, "sectors.csv")[0])


def whole(results):
    """Results with the positions that every run has."""
    parties = [party["iso3"] for party in results["parties"]]
    return results | {"positions": positions_of(parties, OTHERS)}


@pytest.mark.parametrize("make", [two_parties_in_a_union, three_parties_without_a_union, a_swap_of_favours])
def test_results_fit_the_schema_with_and_without_seal(make):
    jsonschema.Draft202012Validator.check_schema(schema())
    validator = jsonschema.Draft202012Validator(schema())
    validator.validate(whole(make()))
    validator.validate(json.loads(render(whole(make()))["results.json"]))


GAMES = ("bargaining", "shapley", "concessions", "counter_offers", "trust", "escape")


@pytest.mark.parametrize("key", [*GAMES, "counting", "governments", "positions", "stakes", "law", "not_touched", "sensitive"])
def test_the_schema_asks_for_every_part_of_the_talks(results, key):
    less = {name: value for name, value in whole(results).items() if name != key}
    assert not jsonschema.Draft202012Validator(schema()).is_valid(less)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda r: r.pop("best"),
        lambda r: r["packages"][0].update(residual="small"),
        lambda r: r["crises"][0].update(probability=1.2),
        lambda r: r["best"]["over_nothing"]["BLR"].pop("ev_usd_mn"),
        lambda r: r.update(schema="comity-talks-0"),
        lambda r: r["manifest"].pop("equilibria"),
    ],
)
def test_the_schema_refuses_what_is_not_results(results, spoil):
    spoiled = copy.deepcopy(whole(results))
    assert jsonschema.Draft202012Validator(schema()).is_valid(spoiled)
    spoil(spoiled)
    assert not jsonschema.Draft202012Validator(schema()).is_valid(spoiled)


def test_results_changed_by_hand_are_stamped(files):
    sealed = json.loads(files["results.json"])
    assert sealed["manifest"]["results_sha256"] == digest(sealed)
    assert not is_modified(sealed)
    assert b"Modified:" not in render(sealed)["brief.html"]
    sealed["best"]["over_nothing"]["KAZ"]["ev_usd_mn"] = 9999.0
    changed = render(sealed)
    assert b"Modified:" in changed["brief.html"]
    assert is_modified(json.loads(changed["results.json"])), "writing it again does not hide the change"


def test_files_are_written_whole_and_a_run_may_be_given(results, files, tmp_path):
    class Run:
        def __init__(self, results):
            self.results = results

    path = brief(Run(results), tmp_path / "out")
    assert path.read_bytes() == files["brief.html"]
    assert sorted(p.name for p in path.parent.iterdir()) == sorted(files)


def test_a_folder_that_is_a_file_is_a_clear_error(results, tmp_path):
    (tmp_path / "out").write_text("in the way")
    with pytest.raises(StorageError, match="cannot be written"):
        brief(results, tmp_path / "out")


def test_without_union_crisis_or_gain_the_page_still_stands():
    page = render(three_parties_without_a_union())["brief.html"].decode()
    assert "Members of" not in page
    assert "The union-wide" not in page
    page = render(two_parties_in_a_union(scale=-1))["brief.html"].decode()
    assert "nothing on the list helps" in page
    assert '<section id="sectors"' not in page
    calm = three_parties_without_a_union()
    calm["crises"] = calm["crises"][:1]
    calm["crises"][0]["probability"] = 1.0
    for table in ("by_sector", "world", "world_package"):
        calm["best"][table].pop("slump")
    for package in calm["packages"]:
        package["outcomes"].pop("slump")
    page = render(calm)["brief.html"].decode()
    assert "No crisis is on the list." in page
    assert '<section id="crises"' not in page


# -- figures and maps -------------------------------------------------------------------------------


def axes(node):
    """Every quantitative encoding of a specification."""
    if isinstance(node, dict):
        if node.get("type") == "quantitative":
            yield node
        for value in node.values():
            yield from axes(value)
    elif isinstance(node, list):
        for value in node:
            yield from axes(value)


@pytest.mark.parametrize("make", [two_parties_in_a_union, three_parties_without_a_union])
def test_every_axis_has_its_unit(make):
    story = Story(make())
    for spec in (
        all_packages(story),
        ladder(story),
        crises_alone(story),
        sector_effects(story),
        trade_by_sector(story.relations[0]),
    ):
        found = list(axes(spec))
        assert found
        assert all("USD mn" in axis["title"] or "per cent" in axis["title"] for axis in found)


def test_a_proposal_that_outweighs_all_others_splits_the_cloud():
    results = two_parties_in_a_union()
    assert "hconcat" not in all_packages(Story(results))
    for package in results["packages"]:
        if "p8" in package["proposals"]:
            for figure in package["over_nothing"].values():
                figure["ev_usd_mn"] += 5000
    panels = all_packages(Story(results))["hconcat"]
    assert [len(panel["data"]["values"]) for panel in panels] == [128, 128]


def test_ids_of_a_figure_do_not_depend_on_what_was_drawn_before():
    one = '<svg xmlns="x" width="3" height="4"><clipPath id="clip7"></clipPath><g clip-path="url(#clip7)" style="a:b"/></svg>'
    other = one.replace("clip7", "clip91")
    assert normalised(one, "crises") == normalised(other, "crises")
    assert "style" not in normalised(one, "crises")
    assert 'width="3"' not in normalised(one, "crises")


def test_a_loss_is_never_painted_like_a_gain():
    limits = breaks([-3.0, 1.0, 0.2, 5.0])
    assert all(colour(value, limits) in GAINS for value in (limits[0], limits[2], 99))
    assert all(colour(-value, limits) in LOSSES for value in (limits[0], limits[2], 99))
    assert colour(0.0, limits) == colour(-limits[0] / 2, limits) == NEUTRAL
    assert colour(-99, limits) == LOSSES[0], "the darkest for the largest loss"
    assert not set(GAINS) & set(LOSSES)


@pytest.mark.parametrize("values", [[], [0.0], [1e-9, -2e-9], [1e7, -3.0]])
def test_class_limits_rise(values):
    low, middle, high = breaks(values)
    assert 0 < low < middle < high


def test_small_economies_are_dots_and_the_map_says_whose_boundaries():
    drawn = choropleth({"SGP": 1.0, "MLT": -1.0, "HKG": 0.5, "KAZ": 2.0}, {"SGP": "Singapore"}, ["KAZ"], "%", "a map")
    assert drawn.count("<circle") == 3
    assert "Singapore: +1\u00a0%" in drawn
    assert CREDIT in drawn
    known = set(re.findall(r'id="land-(\w+)"', shapes()))
    assert known >= {"BLR", "KAZ", "USA", "TWN", "STP", "borders"}
    assert set(re.findall(r'href="#land-(\w+)"', drawn)) <= known


def test_every_economy_of_the_benchmark_is_on_the_map():
    from comity.data.load import load

    known = set(re.findall(r'id="land-(\w+)"', shapes()))
    assert {code for code in load("world-2022").economies if code != "ROW"} <= known


def test_coordinates_are_shortened_and_what_is_read_is_not() -> None:
    svg = normalised('<svg width="1" height="2"><g transform="translate(1.23456,7.0001)"/><text>+0.0025</text></svg>', "x")
    assert "translate(1.23,7)" in svg
    assert "<text>+0.0025</text>" in svg
