"""Whatever is done to a talks file, the answer is an agenda or a list of faults with lines: never a traceback."""

from __future__ import annotations

import re
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from comity.data.load import load
from comity.errors import InputError
from comity.policy.instruments import Barrier, Instrument, Tariff, TradeCost
from comity.policy.scenario import Scenario
from comity.talks.agenda import Agenda
from comity.talks.file import TalksFile

LINES = (Path(__file__).resolve().parents[2] / "examples" / "yerevan.yaml").read_text(encoding="utf-8").splitlines()
WORDS = """~ null [] {} NO 1e309 NaN -150% [[1]] '' all EAEU union KAZ KOR ROW goods true 0 1 100% ВLR *a &a !!int - : | >
C29..A01 KAZ..BLR 0102 15,5 cvar-90 0x1 é =1+1 <b>"""
HIDDEN = ("\t", "\u202e", "\x07", "")


def outcome(text: str) -> Agenda | InputError:
    """What a talks file comes to."""
    try:
        return TalksFile.from_yaml(text).bind(load())
    except InputError as error:
        return error


@st.composite
def mutilated(draw: st.DrawFn) -> str:
    """The first example with a few words, lines or indents changed."""
    lines = list(LINES)
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(lines) - 1))
        match draw(st.sampled_from(["word", "word", "drop", "twice", "indent"])):
            case "drop":
                lines[at] = ""
            case "twice":
                lines.insert(at, lines[at])
            case "indent":
                lines[at] = " " * draw(st.integers(0, 7)) + lines[at].lstrip()
            case _:
                words = list(re.finditer(r"[^\s{}\[\],:]+", lines[at]))
                if words:
                    word = draw(st.sampled_from(words))
                    lines[at] = (
                        lines[at][: word.start()] + draw(st.sampled_from((*WORDS.split(), *HIDDEN))) + lines[at][word.end() :]
                    )
    return "\n".join(lines) + "\n"


@settings(max_examples=150)
@given(mutilated())
def test_a_mutilated_file_gets_an_agenda_or_faults_with_lines(text: str):
    found = outcome(text)
    if isinstance(found, Agenda):
        assert abs(sum(crisis.probability for crisis in found.crises) - 1) < 1e-9
        assert found.parties
        return
    assert found.exit_code == 2
    assert found.problems
    assert str(found).encode()
    syntax = any("not valid YAML" in problem.message for problem in found.problems)
    assert syntax or all(problem.line for problem in found.problems), str(found)


CODES = st.sampled_from(["BLR", "KAZ", "RUS", "KOR", "ROW", "EAEU", "all", "all except KAZ, ROW"])
GOODS = st.sampled_from(["A01", "goods", "C10T12..K", "all except A01"])
SMALL = st.floats(-0.9, 0.9, allow_nan=False)
LEVEL = st.floats(0, 1)


@st.composite
def instruments(draw: st.DrawFn) -> Instrument:
    """A trade instrument of any size within the caps."""
    cells = {"importer": draw(CODES), "exporter": draw(CODES), "sector": draw(GOODS)}
    match draw(st.sampled_from(["rate", "add", "cost", "barrier"])):
        case "rate":
            return Tariff(**cells, rate=draw(SMALL))
        case "add":
            return Tariff(**cells, add=draw(SMALL))
        case "cost":
            return TradeCost(**cells, change=draw(SMALL))
        case _:
            return Barrier(**cells, from_=draw(LEVEL), to=draw(LEVEL))


@settings(max_examples=80)
@given(st.lists(instruments(), max_size=4), st.text(st.characters(exclude_categories=["C", "Z"]), max_size=40))
def test_a_scenario_survives_being_written(given_list: list[Instrument], title: str):
    scenario = Scenario(tuple(given_list), title=title)
    assert Scenario.from_yaml(scenario.to_yaml()) == scenario
