"""The talks file: every fault by its line, the union's law, what is not computed yet by name, harmless names."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from comity.errors import InputError, NotYetError
from comity.policy.describe import trade_touched
from comity.policy.instruments import CommodityPrice, TradeCost
from comity.policy.scenario import Scenario
from comity.policy.wedges import combine
from comity.talks.agenda import Agenda, union_wide
from comity.talks.file import TalksFile, check_file
from comity.talks.names import slug, slugs, visible
from policy_world import small

WORLD = small()
EXAMPLES = Path(__file__).resolve().parents[2] / "examples"

HEAD = """title: Talks
parties: [BLR, KAZ]
union: EAEU
"""
CRISES = """crises:
  - {name: Collapse, probability: 0.1, shocks: [{trade_cost: {importer: all, exporter: all, sector: goods, change: 15%}}]}
"""
PROPOSALS = """proposals:
  - name: Dairy
    by: BLR
    conceded_by: KAZ
    changes: [{trade_cost: {importer: KAZ, exporter: BLR, sector: C10T12, change: -8%}}]
"""


def bound(text: str, **options: Any) -> Agenda:
    return TalksFile.from_yaml(text).bind(WORLD, **options)


def refused(text: str, **options: Any) -> InputError:
    with pytest.raises(InputError) as caught:
        bound(text, **options)
    assert caught.value.exit_code == 2
    assert all(problem.line for problem in caught.value.problems), str(caught.value)
    return caught.value


def change(kind: str, **keys: str) -> str:
    return f"{{{kind}: {{{', '.join(f'{key}: {value}' for key, value in keys.items())}}}}}"


def proposal(name: str, *changes: str, by: str = "BLR", conceded_by: str = "KAZ") -> str:
    return f"  - {{name: {name}, by: {by}, conceded_by: {conceded_by}, changes: [{', '.join(changes)}]}}\n"


# -- what a file says --------------------------------------------------------------------------------


def test_a_small_file_says_what_it_says():
    agenda = bound(HEAD + CRISES + PROPOSALS)
    assert agenda.parties == ("BLR", "KAZ")
    assert agenda.union is not None
    assert agenda.union.members == ("BLR", "KAZ", "RUS")
    assert agenda.union.inside_row == (("KGZ", "Kyrgyzstan"),)
    assert (agenda.closure.factors, agenda.closure.deficits) == ("specific", "with_trade")
    assert [(c.id, c.probability) for c in agenda.crises] == [("none", 0.9), ("collapse", 0.1)]
    assert agenda.crises[0].shocks == ()
    offer = agenda.proposals[0]
    assert (offer.id, offer.by, offer.conceded_by) == ("dairy", ("BLR",), ("KAZ",))
    assert offer.changes == (TradeCost(importer="KAZ", exporter="BLR", sector="C10T12", change="-8%"),)
    assert (agenda.losses, agenda.weights, agenda.nobody_worse_off) == ("expected", "equal", "parties")


def test_python_says_the_same_as_a_file():
    cell = {"importer": "KAZ", "exporter": "BLR", "sector": "C10T12", "change": -0.08}
    shock = {"importer": "all", "exporter": "all", "sector": "goods", "change": 0.15}
    talks = TalksFile(
        title="Talks",
        parties=["BLR", "KAZ"],
        union="EAEU",
        crises=[{"name": "Collapse", "probability": 0.1, "shocks": [{"trade_cost": shock}]}],
        proposals=[{"name": "Dairy", "by": "BLR", "conceded_by": "KAZ", "changes": [{"trade_cost": cell}]}],
    )
    assert talks.bind(WORLD) == bound(HEAD + CRISES + PROPOSALS)
    with pytest.raises(InputError, match=r"probabilities sum to 1\.4"):
        TalksFile(
            **{
                **talks.model_dump(exclude_none=True),
                "crises": [{**c, "probability": 0.7, "name": n} for n in "ab" for c in [{"shocks": [{"trade_cost": shock}]}]],
            }
        )


def test_unquoted_no_and_by_are_norway_and_belarus():
    from comity.data.load import load

    text = "title: NO\nparties: [NO, BY]\n" + CRISES + PROPOSALS.replace("by: BLR", "by: BY").replace("KAZ", "NO")
    agenda = TalksFile.from_yaml(text).bind(load())
    assert agenda.title == "NO"
    assert agenda.parties == ("NOR", "BLR")


@pytest.mark.parametrize("word", ["ON", "Y", "off", "yes"])
def test_other_words_of_old_yaml_stay_words(word: str):
    error = refused(HEAD.replace("BLR, KAZ", f"{word}, KAZ") + CRISES + PROPOSALS.replace("BLR", "KAZ"))
    assert f"'{word}' is no economy" in str(error)


def test_a_list_and_the_union_offer_and_concede():
    wide = proposal(
        "Papers",
        change("trade_cost", importer="EAEU", exporter="EAEU", sector="goods", change="-3%"),
        by="[BLR, Kazakhstan]",
        conceded_by="union",
    )
    agenda = bound(HEAD + CRISES + PROPOSALS + wide)
    assert agenda.proposals[1].by == ("BLR", "KAZ")
    assert agenda.proposals[1].conceded_by == ("BLR", "KAZ", "RUS")
    assert ("Papers", "Kyrgyzstan") in agenda.inside_row


def test_a_change_may_be_conceded_by_somebody_else():
    text = HEAD + CRISES + PROPOSALS.replace("change: -8%}}]", "change: -8%}, conceded_by: BLR, reason: swap}]")
    offer = bound(text).proposals[0]
    assert offer.conceded_by == ("BLR",)
    assert offer.reason == "swap."


# -- faults by line ----------------------------------------------------------------------------------


def test_all_faults_of_a_file_come_at_once_each_with_its_line():
    text = """titel: Talks
parties: [BLR, KAZ]
union: EAЕU
crises:
  - {name: A, probability: 0.9, shocks: [{trade_cost: {importer: all, exporter: all, sector: goods, change: 15,5}}]}
  - {name: a, propability: 0.2, probability: 0.2, shocks: []}
proposals:
  - name: Dairy
    by: BLR
    conceded_by: KAZ
    assumed: true
    changes:
      - tariff: {importer: KAZ, exporter: BLR, sector: C10T12, rate: -150%}
objective: {losses: expekted}
rules: {nobody_worse_off: party}
"""
    error = refused(text)
    told = [(problem.line, problem.message) for problem in error.problems]
    for line, words in [
        (1, "did you mean 'title'?"),
        (3, "CYRILLIC"),
        (4, "sum to 1.1"),
        (5, "decimals with a point"),
        (6, "did you mean 'probability'?"),
        (6, "stands twice"),
        (6, "must not be empty"),
        (11, "needs a reason"),
        (13, "−100 % or less"),
        (14, "did you mean 'expected'?"),
        (15, "did you mean 'parties'?"),
    ]:
        assert any(number == line and words in message for number, message in told), (line, words, str(error))
    assert (1, "title is missing") in told


@pytest.mark.parametrize(
    ("probabilities", "told"),
    [
        (("0.7", "0.6"), "sum to 1.3"),
        (("50%", "60%"), "sum to 1.1"),
        (("-0.1", "0.2"), "not between 0 and 1"),
        (("1.5", "0"), "not between 0 and 1"),
        (("nan", "0"), "not a finite number"),
        (("1e309", "0"), "not a finite number"),
        (("0,1", "0"), "with a point"),
        (("'0,1'", "0"), "with a point"),
    ],
)
def test_impossible_probabilities_are_refused_with_their_sum(probabilities: tuple[str, str], told: str):
    lines = [CRISES.splitlines()[1].replace("Collapse", f"C{i}").replace("0.1", p) for i, p in enumerate(probabilities)]
    assert told in str(refused(HEAD + "crises:\n" + "\n".join(lines) + "\n" + PROPOSALS))


def test_all_on_one_crisis_is_allowed_and_the_remainder_is_no_crisis():
    certain = bound(HEAD + CRISES.replace("0.1", "100%") + PROPOSALS)
    assert [c.probability for c in certain.crises] == [0.0, 1.0]
    lines = "".join(CRISES.splitlines(keepends=True)[1].replace("Collapse", f"C{i}") for i in range(3))
    agenda = bound(HEAD + "crises:\n" + lines + PROPOSALS)
    assert agenda.crises[0].probability == pytest.approx(0.7, abs=1e-15)
    assert bound(HEAD + "crises: []\n" + PROPOSALS).crises[0].probability == 1.0


def test_selector_faults_carry_the_line_and_the_place():
    text = (
        HEAD.replace("KAZ", "Kirgizia") + CRISES.replace("exporter: all", "exporter: Korea") + PROPOSALS.replace("C10T12", "food")
    )
    error = refused(text)
    told = {problem.line: problem.message for problem in error.problems}
    assert "Kyrgyzstan (KGZ), which sits inside ROW" in told[2]
    assert told[5].startswith("crises[1].shocks[1]: exporter: 'Korea' may be")
    assert "did you mean Food, drinks and tobacco (C10T12)?" in told[10]


@pytest.mark.parametrize(
    ("parties", "told"),
    [
        ("[BLR]", "at least two parties"),
        ("BLR", "at least two parties"),
        ("[BLR, EAEU]", "'EAEU' is a group"),
        ("[BLR, KAZ, Belarus]", "BLR stands twice"),
        ("[BLR, ROW]", "cannot sit at a table"),
        ("[]", "list of them"),
    ],
)
def test_who_sits_at_the_table(parties: str, told: str):
    assert told in str(refused(HEAD.replace("[BLR, KAZ]", parties) + CRISES + PROPOSALS))


def test_who_offers_must_be_a_party():
    assert "RUS is no party" in str(refused(HEAD + CRISES + PROPOSALS.replace("by: BLR", "by: RUS")))
    without = (HEAD + CRISES + PROPOSALS).replace("union: EAEU\n", "").replace("conceded_by: KAZ", "conceded_by: union")
    assert "needs a union" in str(refused(without))


def test_a_proposal_moves_what_a_government_controls():
    text = HEAD + CRISES + "proposals:\n" + proposal("Rain", change("productivity", country="BLR", sector="A01", change="5%"))
    assert "'productivity' is no known key" in str(refused(text))


@pytest.mark.parametrize(
    ("weights", "told"),
    [
        ("{BLR: 1}", "no weight is given for KAZ"),
        ("{BLR: 1, KAZ: 1, RUS: 1}", "RUS is no party"),
        ("{BLR: -1, KAZ: 1}", "negative"),
        ("{BLR: 0, KAZ: 0}", "above zero"),
        ("people", "must be equal, gdp, population or"),
    ],
)
def test_weights_are_for_every_party_and_not_negative(weights: str, told: str):
    assert told in str(refused(HEAD + CRISES + PROPOSALS + f"objective: {{weights: {weights}}}\n"))


def test_weights_are_kept_by_code():
    agenda = bound(HEAD + CRISES + PROPOSALS + "objective: {losses: cvar-90, weights: {Kazakhstan: 1, BLR: 3}}\n")
    assert agenda.weights == {"BLR": 3.0, "KAZ": 1.0}
    assert agenda.losses == "cvar-90"


# -- two proposals on one line -----------------------------------------------------------------------


def test_duplicate_proposals_are_errors():
    again = PROPOSALS.split("\n", 1)[1]
    assert "'Dairy' stands twice" in str(refused(HEAD + CRISES + PROPOSALS + again))
    other = again.replace("Dairy", "Meat")
    assert "the same changes are proposed already as 'Dairy'" in str(refused(HEAD + CRISES + PROPOSALS + other))


def test_two_proposals_on_one_tariff_or_barrier_are_an_error():
    wide = change("tariff", importer="EAEU", exporter="KOR", sector="goods", rate="5%")
    narrow = change("tariff", importer="EAEU", exporter="[KOR, ROW]", sector="C29", add="-2%")
    text = HEAD + CRISES + "proposals:\n" + proposal("A", wide, conceded_by="union") + proposal("B", narrow, conceded_by="union")
    error = refused(text)
    assert "this and the proposal 'A' overlap: two instruments set the tariff of BLR on C29 from KOR" in str(error)
    assert error.problems[0].line == 8
    barriers = [
        change("barrier", importer="KAZ", exporter="BLR", sector="goods", **{"from": f, "to": "0"}) for f in ("20%", "10%")
    ]
    text = HEAD + CRISES + "proposals:\n" + proposal("A", barriers[0]) + proposal("B", barriers[1])
    assert "set the barrier of KAZ" in str(refused(text))


def test_two_tariffs_of_one_crisis_on_one_cell_are_an_error():
    shocks = ", ".join(change("tariff", importer="KOR", exporter=e, sector="goods", add="5%") for e in ("EAEU", "all"))
    text = HEAD + f"crises:\n  - {{name: War, probability: 0.1, shocks: [{shocks}]}}\n" + PROPOSALS
    assert "two instruments set the tariff of KOR" in str(refused(text))


def test_trade_costs_on_one_cell_multiply():
    text = (
        HEAD
        + CRISES
        + PROPOSALS
        + proposal("All", change("trade_cost", importer="KAZ", exporter="BLR", sector="goods", change="-2%"))
    )
    agenda = bound(text)
    cost = combine(WORLD, [(c, 1.0) for p in agenda.proposals for c in p.changes]).trade_cost
    assert cost is not None
    assert cost[1, 0, 2] == pytest.approx(0.92 * 0.98)


# -- not computed yet --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (HEAD + CRISES + PROPOSALS + "governments: {KAZ: {sensitive: {C10T12: 3}}}\n", "governments' weights"),
        (HEAD + CRISES + PROPOSALS + "objective: {risk_aversion: 2}\n", "risk aversion"),
        (HEAD + CRISES + PROPOSALS + "rules: {patience: 0.8}\n", "patience"),
        (HEAD + CRISES + PROPOSALS + "rules: {transfers: true}\n", "transfers"),
        (HEAD + CRISES + PROPOSALS + "closure: {elasticities: crisis}\n", "'crisis'"),
        (HEAD + CRISES + PROPOSALS + "closure: {final: 0.8}\n", "elasticity of substitution"),
        (HEAD + CRISES + PROPOSALS + "    stake: {issuer: BLR, sold: 25%}\n", "a stake in an enterprise"),
        (HEAD + CRISES + PROPOSALS + "    escape: {Collapse: 10%}\n", "an escape clause"),
        (HEAD + CRISES + PROPOSALS.replace("trade_cost", "export_tax"), "an export tax"),
        (
            HEAD
            + CRISES
            + PROPOSALS.replace("trade_cost", "barrier").replace("change: -8%", "from: 20%, to: 10%, rent_share: 0.5"),
            "a barrier with a rent",
        ),
        (
            HEAD + CRISES + "proposals:\n" + "".join(proposal(f"P{i}", change("embargo", importer="KAZ")) for i in range(9)),
            "up to 8",
        ),
    ],
)
def test_what_the_format_knows_and_this_version_does_not_compute(text: str, told: str):
    with pytest.raises(InputError) as caught:
        TalksFile.from_yaml(text)
    assert caught.value.exit_code == 2
    mine = [problem for problem in caught.value.problems if told in problem.message]
    assert mine
    assert mine[0].line
    if "up to" not in told:
        assert isinstance(caught.value, NotYetError)
        assert "not computed by this version" in mine[0].message


def test_harmless_forms_of_later_words_are_fine():
    agenda = bound(
        HEAD + CRISES + PROPOSALS + "objective: {risk_aversion: 0}\nrules: {transfers: false, nobody_worse_off: union}\n"
    )
    assert agenda.nobody_worse_off == "union"


# -- the union's law ---------------------------------------------------------------------------------


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


# -- names -------------------------------------------------------------------------------------------

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


# -- the union-wide version --------------------------------------------------------------------------


def test_a_bilateral_proposal_widens_to_every_ordered_pair_of_members():
    agenda = bound(HEAD + CRISES + PROPOSALS)
    wide = union_wide(agenda.proposals[0], ("BLR", "KAZ", "RUS"), WORLD)
    assert wide is not None
    cost = combine(WORLD, [(c, 1.0) for c in wide.changes]).trade_cost
    assert cost is not None
    for n in range(5):
        for i in range(5):
            assert cost[n, i, 2] == pytest.approx(0.92 if n != i and n < 3 and i < 3 else 1.0)
    assert (cost[:, :, [0, 1, 3, 4, 5]] == 1).all()
    assert trade_touched(wide.changes[0], WORLD) > trade_touched(agenda.proposals[0].changes[0], WORLD)


def two_way(first: str, second: str) -> Any:
    changes = [
        change("trade_cost", importer=n, exporter=i, sector="C29", change=size)
        for n, i, size in (("KAZ", "BLR", first), ("BLR", "KAZ", second))
    ]
    offer = bound(HEAD + CRISES + "proposals:\n" + proposal("Both", *changes)).proposals[0]
    wide = union_wide(offer, ("BLR", "KAZ", "RUS"), WORLD)
    assert wide is not None
    cost = combine(WORLD, [(c, 1.0) for c in wide.changes]).trade_cost
    assert cost is not None
    return cost[:3, :3, 3]


def test_both_directions_of_one_size_are_widened_once():
    assert two_way("-4%", "-4%") == pytest.approx(np.where(np.eye(3), 1, 0.96))


def test_directions_of_different_size_stay_and_the_others_get_the_smaller():
    expected = np.where(np.eye(3), 1, 0.95)
    expected[1, 0] = 0.90
    assert two_way("-10%", "-5%") == pytest.approx(expected)


def test_what_spans_the_union_stays_and_what_leaves_it_has_no_wide_version():
    everywhere = change("trade_cost", importer="EAEU", exporter="EAEU", sector="goods", change="-3%")
    leaving = change("trade_cost", importer="KAZ", exporter="KOR", sector="goods", change="-3%")
    agenda = bound(HEAD + CRISES + "proposals:\n" + proposal("In", everywhere) + proposal("Out", leaving))
    assert union_wide(agenda.proposals[0], ("BLR", "KAZ", "RUS"), WORLD) is agenda.proposals[0]
    assert union_wide(agenda.proposals[1], ("BLR", "KAZ", "RUS"), WORLD) is None


# -- checking a file, and the examples ---------------------------------------------------------------


def test_checking_a_file_tells_place_and_fault(tmp_path: Path):
    path = tmp_path / "deal.yaml"
    path.write_text(HEAD + CRISES + PROPOSALS.replace("BLR, sector", "Atlantis, sector"), encoding="utf-8")
    (problem,) = check_file(path)
    assert str(problem).startswith(f"{path}:10: proposals[1].changes[1]: exporter: 'Atlantis' is no economy")
    path.write_text(HEAD + "closure: {elasticities: fontagne}\nbenchmark: world-2022\n" + CRISES + PROPOSALS, encoding="utf-8")
    (problem,) = check_file(path)
    assert problem.line == 4
    assert "fontagne-2022" in problem.message
    path.write_text(HEAD + "benchmark: world-1922\n" + CRISES + PROPOSALS, encoding="utf-8")
    (problem,) = check_file(path)
    assert problem.line == 4
    assert "world-2022" in problem.message


@pytest.mark.parametrize("name", ["yerevan.yaml", "chile-korea.yaml"])
def test_the_examples_are_without_fault(name: str):
    assert check_file(EXAMPLES / name) == []


def test_yerevan_is_what_the_talks_are_about():
    talks = TalksFile.from_yaml(EXAMPLES / "yerevan.yaml")
    agenda = talks.bind(talks.load_benchmark())
    assert agenda.parties == ("BLR", "KAZ")
    assert "Yerevan, 1 October 2019" in agenda.title
    assert len(agenda.proposals) == 8
    assert len(agenda.crises) >= 5
    assert any(isinstance(shock, CommodityPrice) for crisis in agenda.crises for shock in crisis.shocks)
    assert all(entry.assumed and entry.reason for entry in (*agenda.crises[1:], *agenda.proposals))
    assert {name for _, name in agenda.inside_row} == {"Armenia", "Kyrgyzstan"}
    assert not any(flag.violation for flag in agenda.flags)
    wide = [p for p in agenda.proposals if set(p.by) == {"BLR", "KAZ", "RUS"}]
    assert len(wide) == 1


def test_the_reference_names_every_key_and_its_examples_are_valid():
    page = (EXAMPLES.parent / "docs" / "talks-file.md").read_text(encoding="utf-8")
    for key in TalksFile.known_keys():
        assert f"`{key}`" in page, key
    blocks = re.findall(r"```yaml\n(title: .*?)```", page, flags=re.DOTALL)
    assert blocks
    for block in blocks:
        if "proposals:" in block:
            talks = TalksFile.from_yaml(block)
            talks.bind(talks.load_benchmark())
        else:
            assert Scenario.from_yaml(block).instruments
