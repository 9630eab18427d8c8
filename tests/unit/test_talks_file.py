"""The talks file: what it says, every fault by its line, what is not computed yet by name."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from comity.errors import InputError, NotYetError
from comity.policy.instruments import CommodityPrice, TradeCost
from comity.policy.scenario import Scenario
from comity.talks.file import TalksFile, check_file
from comity.talks.talks import Talks
from talks_text import CRISES, HEAD, PROPOSALS, WORLD, bound, change, proposal, refused

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


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


def test_all_faults_of_a_file_come_at_once_each_with_its_line():
    text = """Title: Talks
parties: [BLR, KAZ]
union: EAЕU
crises:
  - {name: A, probability: 0.9, shocks: [{trade_cost: {importer: all, exporter: all, sector: goods, change: 15,5}}]}
  - {name: a, probabilities: 0.2, probability: 0.2, shocks: []}
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


@pytest.mark.parametrize(
    ("rules", "told"),
    [
        ("{bargaining_weights: {BLR: 1}}", "no weight is given for KAZ"),
        ("{bargaining_weights: {BLR: 1, KAZ: 1, RUS: 1}}", "RUS is no party"),
        ("{bargaining_weights: {BLR: 1, KAZ: 0}}", "the weight of KAZ must be above zero"),
        ("{bargaining_weights: equal}", "must be a number for each party"),
        ("{transfers: true, largest_transfer_usd_mn: 0}", "is not above 0"),
        ("{transfers: true, largest_transfer_usd_mn: 1e309}", "largest_transfer_usd_mn"),
        ("{largest_transfer_usd_mn: 5}", "needs transfers: true"),
    ],
)
def test_rules_of_bargaining_that_make_no_sense_are_refused(rules: str, told: str):
    assert told in str(refused(HEAD + CRISES + PROPOSALS + f"rules: {rules}\n"))


def test_rules_of_bargaining_are_kept_by_code():
    rules = "rules: {transfers: true, largest_transfer_usd_mn: 500, bargaining_weights: {Kazakhstan: 2, BLR: 1}}\n"
    agenda = bound(HEAD + CRISES + PROPOSALS + rules)
    assert agenda.bargaining_weights == {"BLR": 1.0, "KAZ": 2.0}
    assert agenda.nash_weights is not None
    assert agenda.nash_weights.tolist() == [1.0, 2.0]
    assert agenda.largest_transfer == 500
    plain = bound(HEAD + CRISES + PROPOSALS)
    assert (plain.bargaining_weights, plain.nash_weights, plain.largest_transfer) == (None, None, None)


def test_many_parties_are_told_before_the_run_what_is_left_out_for_them():
    few, many = (
        Talks.from_yaml(HEAD.replace("[BLR, KAZ]", f"[{', '.join(parties)}]") + CRISES + PROPOSALS)
        for parties in (["BLR", "KAZ", "RUS"], ["BLR", "KAZ", "RUS", *(f"X{n:02}" for n in range(17))])
    )
    assert few.left_out == ()
    parts, core = many.left_out
    assert "between 20 parties would read the table at about" in parts
    assert "the core of 20 parties would compare 1,048,576 groups on 2 packages" in core


def test_weights_are_kept_by_code():
    agenda = bound(HEAD + CRISES + PROPOSALS + "objective: {losses: cvar-90, weights: {Kazakhstan: 1, BLR: 3}}\n")
    assert agenda.weights == {"BLR": 3.0, "KAZ": 1.0}
    assert agenda.losses == "cvar-90"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (HEAD + CRISES + PROPOSALS + "    escape: {Collapse: 10%}\n", "an escape clause"),
        (HEAD + CRISES + PROPOSALS.replace("trade_cost", "quota"), "a quota in a proposal"),
        (
            HEAD + CRISES + "proposals:\n" + "".join(proposal(f"P{i}", change("embargo", importer="KAZ")) for i in range(13)),
            "up to 12",
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


def test_a_file_of_the_full_format_is_refused_for_each_of_its_later_words():
    text = """title: Minsk and Nur-Sultan
parties: [BLR, KAZ]
closure: {factors: specific, deficits: with_trade, elasticities: crisis}
crises: []
proposals:
  - name: Dairy
    by: BLR
    conceded_by: KAZ
    changes: [{barrier: {importer: KAZ, exporter: BLR, sector: C10T12, from: 20%, to: 10%, rent_share: 0.5, rent_to: importer}}]
  - name: A quarter of the tractor maker
    by: BLR
    conceded_by: KAZ
    stake: {issuer: BLR, enterprise: A, sector: C29, enterprise_share: 50%, payout: 30%, sold: 25%, buyer: KAZ, source: a report}
governments: {KAZ: {sensitive: {C10T12: 3}}}
objective: {losses: expected, weights: equal, risk_aversion: 2}
rules: {nobody_worse_off: parties, escape_clauses: true, patience: 0.8}
"""
    with pytest.raises(NotYetError) as caught:
        TalksFile.from_yaml(text)
    assert [problem.line for problem in caught.value.problems] == [16]
    empty = refused("".join(line for line in text.splitlines(keepends=True) if "stake:" not in line))
    assert "proposals[2].changes is missing" in str(empty)


@pytest.mark.parametrize(("written", "read"), [("0.8", 0.8), ("95%", 0.95)])
def test_patience_is_what_a_dollar_next_year_is_worth(written: str, read: float):
    text = HEAD + CRISES + PROPOSALS
    assert TalksFile.from_yaml(text).rules.patience is None
    assert TalksFile.from_yaml(text + f"rules: {{patience: {written}}}\n").rules.patience == read


@pytest.mark.parametrize("written", ["0", "1", "-0.2", "80", "long"])
def test_a_patience_that_is_none_is_refused_at_its_line(written: str):
    text = HEAD + CRISES + PROPOSALS
    error = refused(text + f"rules: {{patience: {written}}}\n")
    assert "rules.patience" in str(error)
    assert error.problems[0].line == text.count("\n") + 1
    assert not isinstance(error, NotYetError)


def test_risk_aversion_is_a_number_of_at_least_zero():
    assert bound(HEAD + CRISES + PROPOSALS + "objective: {risk_aversion: 2}\n").risk_aversion == 2
    for written in ("-1", "high", "1000", "nan"):
        assert "objective.risk_aversion" in str(refused(HEAD + CRISES + PROPOSALS + f"objective: {{risk_aversion: {written}}}\n"))


def test_harmless_forms_of_later_words_are_fine():
    agenda = bound(
        HEAD + CRISES + PROPOSALS + "objective: {risk_aversion: 0}\nrules: {transfers: false, nobody_worse_off: union}\n"
    )
    assert agenda.nobody_worse_off == "union"


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
    assert len(agenda.trade) == 8
    assert [agenda.proposals[k].stake.sector for k in agenda.stakes] == ["C28", "C20"]
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
