"""The union's law: what a member may offer alone."""

from __future__ import annotations

import pytest

from comity.talks.law import left_out
from talks_text import CRISES, HEAD, PROPOSALS, bound, change, proposal, refused
from talks_world import WORLD


def lawful(*changes: str, conceded_by: str = "union") -> str:
    return HEAD + CRISES + "proposals:\n" + proposal("Law", *changes, conceded_by=conceded_by)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            lawful(change("tariff", importer="KAZ", exporter="KOR", sector="C29", rate="0")),
            "a member's own rate against the common external tariff of EAEU (C29 from KOR: BLR ",
        ),
        (
            lawful(
                change("tariff", importer="KAZ", exporter="KOR", sector="C29", rate="3%"),
                change("tariff", importer="[BLR, RUS]", exporter="KOR", sector="C29", rate="4%"),
            ),
            "BLR 4 %, KAZ 3 %, RUS 4 %",
        ),
        (
            lawful(change("tariff", importer="KAZ", exporter="BLR", sector="C29", rate="5%")),
            "a duty between members of EAEU (KAZ on C29 from BLR)",
        ),
        (lawful(change("embargo", importer="KAZ", exporter="BLR", sector="C29")), "an embargo between members"),
        (
            lawful(change("tariff", importer="EAEU", exporter="KOR", sector="C29", rate="3%"), conceded_by="KAZ"),
            "can be conceded only by the union",
        ),
    ],
)
def test_what_the_treaty_forbids_is_flagged_and_runs_only_when_allowed(text: str, told: str):
    error = refused(text)
    assert told in str(error)
    assert "--allow-violations" in str(error)
    assert error.problems[0].line == 7
    agenda = bound(text, allow_violations=True)
    assert any(flag.violation and told in flag.text for flag in agenda.flags)


@pytest.mark.parametrize(
    "text",
    [
        lawful(change("tariff", importer="EAEU", exporter="KOR", sector="C29", rate="3%")),
        lawful(change("tariff", importer="EAEU", exporter="KOR", sector="C29", add="-3%")),
        lawful(change("tariff", importer="KOR", exporter="KAZ", sector="C29", rate="0")),
        lawful(change("trade_cost", importer="KAZ", exporter="BLR", sector="C29", change="-3%")),
    ],
)
def test_what_the_treaty_allows_is_no_violation(text: str):
    assert not any(flag.violation for flag in bound(text).flags)


def test_facilitation_kept_from_other_members_is_noted():
    kept = bound(HEAD + CRISES + PROPOSALS)
    assert [(flag.violation, flag.proposal) for flag in kept.flags] == [(False, 0)]
    shared = bound(lawful(change("trade_cost", importer="EAEU", exporter="EAEU", sector="C29", change="-3%")))
    assert shared.flags == ()


@pytest.mark.parametrize(
    "changes",
    [
        (change("trade_cost", importer="KAZ", exporter="BLR", sector="C29", change="5%"),),
        (change("barrier", importer="KAZ", exporter="BLR", sector="C29", **{"from": "5%", "to": "10%"}),),
        (change("export_tax", importer="KAZ", exporter="BLR", sector="C29", rate="5%"),),
        tuple(
            change("trade_cost", importer=n, exporter=i, sector="C29", change="-3%")
            for n in ("BLR", "KAZ", "RUS")
            for i in ("BLR", "KAZ", "RUS")
            if n != i
        ),
        (
            change("trade_cost", importer="KAZ", exporter="BLR", sector="C29", change="-3%"),
            change("trade_cost", importer="KAZ", exporter="BLR", sector="C29", change="4%"),
        ),
        (change("trade_cost", importer="KAZ", exporter="EAEU", sector="C29", change="-3%"),),
    ],
)
def test_what_is_raised_or_opened_to_all_members_is_kept_from_none(changes: tuple[str, ...]):
    assert bound(lawful(*changes)).flags == ()


def test_easing_is_judged_sector_by_sector():
    rest = change("trade_cost", importer="KAZ", exporter="RUS", sector="B06", change="-3%")
    kept = bound(lawful(change("trade_cost", importer="KAZ", exporter="BLR", sector="C29", change="-3%"), rest))
    assert [(flag.violation, flag.proposal) for flag in kept.flags] == [(False, 0)]
    assert kept.union is not None
    assert left_out(kept.proposals[0].changes, kept.union, WORLD) == ("BLR", "RUS", "KGZ")


def test_a_party_outside_the_union_must_be_meant():
    text = (HEAD + CRISES + PROPOSALS).replace("[BLR, KAZ]", "[BLR, KAZ, KOR]")
    assert "KOR is no member of EAEU" in str(refused(text))
    assert any("KOR is no member" in flag.text for flag in bound(text, allow_violations=True).flags)
    said = bound(text + "outside_union: [KOR]\n")
    assert not any(flag.violation for flag in said.flags)
    assert said.members == ("BLR", "KAZ", "KOR", "RUS")
    assert "RUS is a member of EAEU" in str(refused(text + "outside_union: [RUS]\n"))


@pytest.mark.parametrize(
    ("union", "told"),
    [("OECD", "no customs union"), ("EAEUU", "did you mean EAEU?"), ("KAZ", "is no union"), ("all", "no customs union")],
)
def test_a_union_is_a_customs_union_of_the_benchmark(union: str, told: str):
    assert told in str(refused((HEAD + CRISES + PROPOSALS).replace("EAEU", union)))


def test_without_a_union_there_is_no_law():
    text = lawful(change("tariff", importer="KAZ", exporter="KOR", sector="C29", rate="0"), conceded_by="KAZ")
    agenda = bound(text.replace("union: EAEU\n", ""))
    assert agenda.union is None
    assert agenda.flags == ()
    assert agenda.members == ("BLR", "KAZ")
