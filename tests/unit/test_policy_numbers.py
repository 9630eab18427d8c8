"""Numbers are read from their own text."""

from __future__ import annotations

import pytest

from comity.policy.numbers import fraction, number, truth


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("15%", 0.15),
        ("-40%", -0.40),
        ("−40 %", -0.40),
        ("0.15", 0.15),
        (".5", 0.5),
        ("+3.5%", 0.035),
        ("1e-3", 0.001),
        ("0", 0.0),
        ("250%", 2.5),
        ("0.1%", 0.001),
        (0.25, 0.25),
    ],
)
def test_fractions_and_per_cent(text: str, value: float):
    assert fraction(text) == value


@pytest.mark.parametrize(
    "text",
    [
        "NaN",
        ".nan",
        "inf",
        "-.inf",
        "1e309",
        "1e309%",
        "15,5",
        "1,500",
        "15,5%",
        "1_000",
        "0x10",
        "0102",
        "١٥%",
        "1 5",
        "5%%",
        "",
    ],
)
def test_what_is_no_finite_number_is_refused(text: str):
    with pytest.raises(ValueError, match=r"number|point"):
        number(text)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), True, None, [1], "yes"])
def test_what_python_calls_a_number_must_be_finite_too(value: object):
    with pytest.raises(ValueError, match="number"):
        number(value)


@pytest.mark.parametrize("text", ["15", "1", "-25", "1e3", 15])
def test_a_bare_number_that_looks_like_per_cent_asks_back(text: object):
    with pytest.raises(ValueError, match=r"would be -?\d+ %: write"):
        fraction(text)


def test_true_and_false_are_words_of_their_own():
    assert truth("true") is True
    assert truth(False) is False
    with pytest.raises(ValueError, match="neither true nor false"):
        truth("yes")
