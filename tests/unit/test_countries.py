"""Codes and names of countries: what is read, what is refused with which hint."""

from __future__ import annotations

import pytest

from comity.countries import countries, country_name, formerly, named, rearranged
from comity.data.load import load
from comity.errors import InputError
from comity.policy import selectors


def refused(word: str) -> str:
    """What the selectors tell one who writes this for an economy of the embedded world."""
    with pytest.raises((InputError, ValueError)) as caught:
        selectors.economies(selectors.selector(word), load())
    return str(caught.value)


def test_the_table_is_complete_and_unique():
    table = countries()
    assert len(table) == 249
    for key in ("iso2", "numeric", "name"):
        assert len({getattr(c, key) for c in table.values()}) == 249
    assert all(len(c.numeric) == 3 and c.numeric.isdigit() for c in table.values())


def test_every_economy_of_the_benchmark_but_row_is_in_the_table():
    assert [code for code in load().economies if code not in countries()] == ["ROW"]


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("BLR", "BLR"), ("kaz", "KAZ"), ("NO", "NOR"), ("NA", "NAM"), ("BY", "BLR"), ("398", "KAZ"), ("36", "AUS"),
        ("Kazakhstan", "KAZ"), ("cote d'ivoire", "CIV"), ("Turkey", "TUR"), ("the Gambia", "GMB"), ("Niger", "NER"),
        ("Guinea", "GIN"), ("Viet Nam", "VNM"), ("Czech Republic", "CZE"), ("Dominica", "DMA"), ("US", "USA"),
    ],
)  # fmt: skip
def test_codes_and_names(written: str, meant: str):
    assert [c.iso3 for c in named(written)] == [meant]


@pytest.mark.parametrize(
    ("written", "both"), [("Korea", {"KOR", "PRK"}), ("Congo", {"COD", "COG"}), ("Virgin Islands", {"VGB", "VIR"})]
)
def test_ambiguous_names_list_the_candidates(written: str, both: set[str]):
    assert {c.iso3 for c in named(written)} == both
    told = refused(written)
    assert "may be" in told
    assert all(code in told for code in both)


@pytest.mark.parametrize(("written", "meant"), [("Kirgizia", "KGZ"), ("Belorussia", "BLR"), ("Burma", "MMR")])
def test_former_names_are_kept_apart_from_those_in_use(written: str, meant: str):
    assert named(written) == ()
    assert [c.iso3 for c in formerly(written)] == [meant]


@pytest.mark.parametrize(
    ("written", "some"),
    [("USSR", {"RUS", "KAZ", "BLR"}), ("Yugoslavia", {"SRB", "HRV"}), ("Czechoslovakia", {"CZE", "SVK"})],
)
def test_the_name_of_a_state_that_fell_apart_is_ambiguous(written: str, some: set[str]):
    told = refused(written)
    assert "may be" in told
    assert all(code in told for code in some)


@pytest.mark.parametrize(
    ("written", "hint"),
    [
        ("Kazahstan", "Kazakhstan (KAZ)"), ("Swizerland", "Switzerland (CHE)"), ("Holand", "Netherlands (NLD)"),
        ("Birma", "Myanmar (MMR)"), ("Kiribaty", "Kiribati (KIR)"),
    ],
)  # fmt: skip
def test_unknown_names_get_a_hint_and_are_not_guessed(written: str, hint: str):
    assert named(written) == formerly(written) == ()
    assert f"did you mean {hint}?" in refused(written)


@pytest.mark.parametrize("written", ["ВLR", "KАZ", "Кazakhstan"])
def test_mixed_alphabets_are_refused(written: str):
    assert named(written) == ()
    told = refused(written)
    assert "CYRILLIC" in told
    assert "did you mean" in told


@pytest.mark.parametrize("written", ["Atlantis", "Беларусь", "999"])
def test_nothing_near_means_no_hint(written: str):
    assert named(written) == ()
    told = refused(written)
    assert "is no economy" in told
    assert "did you mean" not in told


def test_an_empty_word_means_no_country():
    assert named("") == formerly("") == ()


def test_numeric_codes_keep_their_zeros():
    assert countries()["AUS"].numeric == "036"


def test_what_is_no_country_keeps_its_code_as_name():
    assert country_name("KGZ") == "Kyrgyzstan"
    assert country_name("XXX") == "XXX"


@pytest.mark.parametrize(
    ("written", "meant"),
    [("KZA", ["KAZ"]), ("zak", ["KAZ"]), ("ASU", ["AUS", "SAU", "USA"]), ("AUS", ["SAU", "USA"]), ("ON", []), ("KZ", [])],
)
def test_letters_of_a_code_in_another_order(written: str, meant: list[str]):
    assert rearranged(written, load().economies) == meant


def test_two_swapped_neighbours_come_before_any_other_order():
    assert rearranged("ABC", ["CAB", "CBA", "ACB", "BAC", "ABC"]) == ["ACB", "BAC", "CAB", "CBA"]


def test_a_code_with_letters_in_another_order_is_suggested_first():
    assert refused("KZA").endswith("did you mean KAZ?")
    assert refused("RBL").endswith("did you mean BLR?")
    assert refused("AMR").endswith("did you mean MAR?")
    assert refused("KZG").endswith("did you mean KGZ?")
