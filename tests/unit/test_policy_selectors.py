"""One language for who and what, with candidates where a word is unknown or has two meanings."""

from __future__ import annotations

import pytest

from comity.data.load import load
from comity.errors import InputError
from comity.policy import selectors
from policy_world import ECONOMIES, SECTORS, small

WORLD = small()


def economies(*terms: str) -> list[str]:
    return [ECONOMIES[i] for i in selectors.economies(selectors.selector(terms), WORLD).indices]


def sectors(*terms: str) -> list[str]:
    return [SECTORS[i] for i in selectors.sectors(selectors.selector(terms), WORLD).indices]


@pytest.mark.parametrize(
    ("terms", "found"),
    [
        (["KAZ"], ["KAZ"]),
        (["Kazakhstan"], ["KAZ"]),
        (["  south   KOREA "], ["KOR"]),
        (["BY"], ["BLR"]),
        (["Belorussia"], ["BLR"]),
        (["EAEU"], ["BLR", "KAZ", "RUS"]),
        (["all"], list(ECONOMIES)),
        (["RUS, KOR"], ["RUS", "KOR"]),
        (["RUS", "KOR", "RUS"], ["RUS", "KOR"]),
        (["all except EAEU"], ["KOR", "ROW"]),
        (["all EXCEPT EAEU, ROW"], ["KOR"]),
        (["EAEU except BLR", "ROW"], ["KAZ", "RUS", "ROW"]),
    ],
)
def test_economies(terms: list[str], found: list[str]):
    assert economies(*terms) == found


@pytest.mark.parametrize(
    ("terms", "found"),
    [
        (["C10T12"], ["C10T12"]),
        (["Food, drinks and tobacco"], ["C10T12"]),
        (["goods"], list(SECTORS[:4])),
        (["A01..C10T12"], ["A01", "B06", "C10T12"]),
        (["B06 .. C29, K"], ["B06", "C10T12", "C29", "K"]),
        (["goods except A01..B06"], ["C10T12", "C29"]),
        (["all except services"], list(SECTORS[:4])),
    ],
)
def test_sectors(terms: list[str], found: list[str]):
    assert sectors(*terms) == found


@pytest.mark.parametrize(
    ("word", "told"),
    [
        ("Kazahstan", "did you mean Kazakhstan (KAZ)?"),
        ("KZA", "did you mean KAZ?"),
        ("Korea", "South Korea (KOR) or North Korea (PRK)"),
        ("Congo", "DR Congo (COD) or Republic of the Congo (COG)"),
        ("Kirgizia", "Kyrgyzstan (KGZ), which sits inside ROW"),
        ("ARM", "Armenia (ARM), which sits inside ROW"),
        ("Guinea..Mali", "Guinea"),
        ("EAEU2", "did you mean EAEU?"),
        ("Atlantis", "is no economy of this benchmark"),
        ("ON", "is no economy of this benchmark"),
        ("EAEU except EAEU", "leaves no economy"),
        ("all except EAEU except BLR", "may stand once"),
        ("KAZ,,BLR", "empty place"),
    ],
)
def test_an_unknown_or_ambiguous_economy_names_candidates(word: str, told: str):
    with pytest.raises(InputError) as caught:
        economies(word)
    assert told in str(caught.value)


@pytest.mark.parametrize(
    ("word", "told"),
    [
        ("food", "did you mean Food, drinks and tobacco (C10T12)?"),
        ("C28", "did you mean C29?"),
        ("C29..A01", "a range runs from one sector to a later one"),
        ("goods..K", "a range runs from one sector to a later one"),
    ],
)
def test_an_unknown_sector_names_candidates(word: str, told: str):
    with pytest.raises(InputError) as caught:
        sectors(word)
    assert told in str(caught.value)


@pytest.mark.parametrize("word", ["ВLR", "BLR, КAZ", "КАZ", "ВЕН", "ΚΑΖ", "all except ЕAEU"])
def test_letters_that_only_look_latin_are_refused_by_name(word: str):
    with pytest.raises(ValueError, match=r"(CYRILLIC|GREEK) CAPITAL LETTER .* only looks Latin"):
        selectors.selector(word)


def test_the_look_alike_message_offers_the_latin_code():
    with pytest.raises(ValueError, match="did you mean BLR in Latin letters"):
        selectors.selector("ВLR")


@pytest.mark.parametrize("value", ["", "  ", [], [""], None, 3, ["A"] * 300, "x" * 3000, [["A"]]])
def test_what_is_no_selector_is_refused(value: object):
    with pytest.raises(ValueError, match=r"must|too long"):
        selectors.selector(value)


def test_members_inside_row_are_named_and_not_dropped():
    assert selectors.economies(("EAEU",), WORLD).inside_row == ("KGZ",)
    assert selectors.label(("EAEU",), selectors.economies, WORLD) == "EAEU (without Kyrgyzstan, inside ROW)"
    assert selectors.economies(("all except EAEU",), WORLD).inside_row == ()


def test_a_name_that_is_a_sector_and_a_group_is_ambiguous():
    world = small(sector_groups={"motor vehicles": ("C29", "K")})
    with pytest.raises(InputError, match="may be the sector C29 or the group of C29, K"):
        selectors.sectors(("Motor vehicles",), world)
    assert selectors.sectors(("C29",), world).indices == (3,)


def test_every_economy_and_sector_of_the_world_answers_to_code_and_name():
    world = load()
    for i, code in enumerate(world.economies):
        for word in (code, world.economy_names[code]):
            assert selectors.economies((word,), world).indices == (i,), word
    for j, code in enumerate(world.sectors):
        for word in (code, world.sector_names[code]):
            assert selectors.sectors((word,), world).indices == (j,), word
    assert selectors.economies(("NO",), world).indices == (world.economies.index("NOR"),)
    assert set(selectors.economies(("EAEU",), world).inside_row) == {"ARM", "KGZ"}


def test_labels_are_names_where_few_are_listed():
    assert selectors.label(("BLR", "KAZ"), selectors.economies, WORLD) == "Belarus and Kazakhstan"
    assert selectors.label(("A01..B06",), selectors.sectors, WORLD) == "Crops and livestock; Crude oil and natural gas"
    assert selectors.label(("goods",), selectors.sectors, WORLD) == "all goods"
    assert selectors.label(("all except EAEU",), selectors.economies, WORLD) == "all except EAEU"
