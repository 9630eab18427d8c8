"""Names of users are harmless wherever they go."""

from __future__ import annotations

import re

import pytest

from comity.talks.names import slug, slugs, visible
from talks_text import CRISES, HEAD, PROPOSALS, bound, refused

ODD = [
    "=HYPERLINK(0)",
    "<script>x",
    "../../etc/x",
    "CON",
    "none",
    "NOTHING",
    "a\u202eb",
    "🚜",
    "🚜🚜",
    "Молоко и мясо",
    "x" * 120,
    "é/è",
]


def test_slugs_of_odd_names_are_safe_and_different():
    ids = slugs(ODD, "proposal")
    assert all(re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", one) for one in ids), ids
    assert len(set(ids)) == len(ODD)
    assert not {"con", "none", "nothing", "nul"} & set(ids)
    assert max(map(len, ids)) <= 40
    assert slugs(reversed(ODD[-3:]), "proposal") == tuple(reversed(slugs(ODD[-3:], "proposal")))
    assert slug("Молоко и мясо", "proposal-1") == "moloko-i-myaso"


def test_equal_slugs_get_numbers():
    assert slugs(["A b", "a-b", "A, b!", "a b 2"], "x") == ("a-b", "a-b-2", "a-b-3", "a-b-2-2")


def test_a_mark_that_turns_writing_round_becomes_visible():
    assert visible("pay\u202e5") == "pay\ufffd5"
    text = HEAD + CRISES + PROPOSALS.replace("Dairy", '"pay\\u202e5"')
    assert bound(text).proposals[0].name == "pay\ufffd5"


@pytest.mark.parametrize("name", ["=HYPERLINK(0)", "<script>alert(1)</script>", "../../etc/x", "CON.pdf", "🚜 deal"])
def test_odd_names_are_kept_for_readers(name: str):
    offer = bound(HEAD + CRISES + PROPOSALS.replace("Dairy", f'"{name}"')).proposals[0]
    assert offer.name == name
    assert re.fullmatch(r"[a-z0-9-]+", offer.id)


@pytest.mark.parametrize(
    ("name", "told"), [("x" * 4000, "4,000 characters"), ("'  '", "must not be empty"), ("'!?'", "a letter or a digit")]
)
def test_names_that_are_too_long_or_empty_are_refused(name: str, told: str):
    assert told in str(refused(HEAD + CRISES + PROPOSALS.replace("Dairy", name)))
