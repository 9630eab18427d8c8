"""Codes and names of countries: what is read, what is refused with which hint."""

from __future__ import annotations

import pytest

from comity.data.concord import candidates, countries, country, numeric
from comity.data.load import load
from comity.errors import InputError


def test_the_table_is_complete_and_unique():
    table = countries()
    assert len(table) == 249
    for key in ("iso2", "numeric", "name"):
        assert len({getattr(c, key) for c in table.values()}) == 249
    assert all(len(c.numeric) == 3 and c.numeric.isdigit() for c in table.values())


def test_every_economy_of_the_benchmark_but_row_has_a_number():
    missing = [code for code in load().economies if numeric(code) is None]
    assert missing == ["ROW"]


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("BLR", "BLR"), ("kaz", "KAZ"), ("NO", "NOR"), ("NA", "NAM"), ("BY", "BLR"), ("398", "KAZ"), (36, "AUS"),
        ("Kazakhstan", "KAZ"), ("cote d'ivoire", "CIV"), ("Turkey", "TUR"), ("the Gambia", "GMB"), ("Niger", "NER"),
        ("Guinea", "GIN"), ("Viet Nam", "VNM"), ("Czech Republic", "CZE"), ("Dominica", "DMA"),
    ],
)  # fmt: skip
def test_codes_and_names(written, meant):
    assert country(written).iso3 == meant


@pytest.mark.parametrize(
    ("written", "both"), [("Korea", {"KOR", "PRK"}), ("Congo", {"COD", "COG"}), ("Virgin Islands", {"VGB", "VIR"})]
)
def test_ambiguous_names_list_the_candidates(written, both):
    with pytest.raises(InputError, match="ambiguous") as refused:
        country(written)
    assert all(code in str(refused.value) for code in both)
    assert {c.iso3 for c in candidates(written)} == both


@pytest.mark.parametrize(
    ("written", "meant"),
    [("Kirgizia", "KGZ"), ("Kazahstan", "KAZ"), ("Belorussia", "BLR"), ("Swizerland", "CHE"), ("Burma", "MMR")],
)
def test_unknown_names_get_a_hint_and_are_not_guessed(written, meant):
    with pytest.raises(InputError, match=f"not known; did you mean .*{meant}"):
        country(written)


@pytest.mark.parametrize("written", ["ВLR", "KАZ", "Кazakhstan"])
def test_mixed_alphabets_are_refused(written):
    with pytest.raises(InputError, match="mixes alphabets") as refused:
        country(written)
    assert "did you mean" in str(refused.value)


@pytest.mark.parametrize("written", ["", "Atlantis", "Беларусь", "999"])
def test_nothing_near_means_no_hint(written):
    with pytest.raises(InputError, match="not known"):
        country(written)


def test_numeric_codes_keep_their_zeros():
    assert numeric("AUS") == "036"
    assert numeric("XXX") is None
