"""Files are read within bounds, as text, with lines; what is hostile is refused before anything is built."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from comity.errors import InputError
from comity.policy.reading import MAX_BYTES, MAX_NODES, parse, read


@contextmanager
def within_a_second() -> Iterator[None]:
    """A second of a processor that counts to two million in a twentieth of it: a slow or busy machine is given its share more."""
    begin = time.process_time()
    for _ in range(2_000_000):
        pass
    second = 20 * (time.process_time() - begin)
    begin = time.process_time()
    yield
    assert time.process_time() - begin < second


def refusal(source: str | Path) -> str:
    with pytest.raises(InputError) as caught:
        read(source)
    assert caught.value.exit_code == 2
    return str(caught.value)


def test_unquoted_no_on_and_y_are_words():
    document = parse("parties: [NO, BY]\nother: {ON: Y, off: yes}\ncode: 0102\nhuge: 1e309\n")
    assert document.root.plain() == {
        "parties": ["NO", "BY"],
        "other": {"ON": "Y", "off": "yes"},
        "code": "0102",
        "huge": "1e309",
    }


def test_only_an_unquoted_null_is_nothing():
    assert parse("a: ~\nb: 'null'\nc:\nd: ''\n").root.plain() == {"a": None, "b": "null", "c": None, "d": ""}


def test_every_value_knows_its_line():
    root = parse("title: x\n\ncrises:\n  - {name: a}\n  - name: b\n    shocks:\n      - 1\n").root
    assert root.line_of(("crises",)) == 3
    assert root.line_of(("crises", 0, "name")) == 4
    assert root.line_of(("crises", 1, "shocks", 0)) == 7
    assert root.line_of(("crises", 1, "missing", "deeper")) == 5


def test_all_duplicate_keys_are_told_with_their_lines():
    with pytest.raises(InputError) as caught:
        parse("a: 1\nb: {c: 1, c: 2}\na: 3\n", "deal.yaml")
    assert [str(problem) for problem in caught.value.problems] == [
        "deal.yaml:2: the key 'c' stands twice (first on line 2)",
        "deal.yaml:3: the key 'a' stands twice (first on line 1)",
    ]


@pytest.mark.parametrize(
    ("raw", "told"),
    [
        (b"", "empty"),
        (b"  \n\n", "empty"),
        (b"# only a remark\n", "nothing but comments"),
        ("title: x\n".encode("utf-16"), "UTF-16"),
        ("title: x\n".encode("utf-16-le"), "UTF-16"),
        ("title: x\nname: Минск и Астана\n".encode("cp1251"), "Windows-1251"),
        (b"title: x\nname: a\0b\n", "NUL byte"),
        (b'title: x\nname: "a\\0b"\n', "control character U+0000"),
        (b'name: "\\ud800"\n', "control character U+D800"),
        (b"a: [1\n", "not valid YAML"),
        (b"a: b: c\n", "not valid YAML"),
        (b"a: !!python/object:os.system ls\n", "tag"),
        (b"%YAML 1.1\n---\na: NO\n", "YAML 1.1"),
        (b"a: 1\n---\nb: 2\n", "second document"),
        (b"a: *b\n", "was not defined"),
        (b"? [a, b]\n: 1\n", "plain text"),
    ],
)
def test_what_is_no_plain_utf8_yaml_is_refused_by_name(tmp_path: Path, raw: bytes, told: str):
    path = tmp_path / "file.yaml"
    path.write_bytes(raw)
    message = refusal(path)
    assert told in message
    assert message.startswith(str(path))


def test_the_line_of_a_wrong_byte_is_told(tmp_path: Path):
    path = tmp_path / "file.yaml"
    path.write_bytes(b"title: x\r\nname: y\r\nby: \xcc\xe8\xed\xf1\xea\r\n")
    assert refusal(path).startswith(f"{path}:3: byte 0xCC")


def test_a_byte_order_mark_and_crlf_are_fine(tmp_path: Path):
    path = tmp_path / "file.yaml"
    path.write_bytes(b"\xef\xbb\xbftitle: x\r\nparties:\r\n  - BLR\r\n")
    document = read(path)
    assert document.root.plain() == {"title": "x", "parties": ["BLR"]}
    assert document.root.line_of(("parties", 0)) == 3


def test_200_mb_are_refused_without_reading_them(tmp_path: Path):
    path = tmp_path / "huge.yaml"
    with path.open("wb") as stream:
        stream.truncate(200 * 1024 * 1024)
    start = time.perf_counter()
    assert "204,800 KB" in refusal(path)
    assert time.perf_counter() - start < 0.2


@pytest.mark.parametrize("name", ["absent.yaml", "."])
def test_what_cannot_be_read_is_told(tmp_path: Path, name: str):
    assert "cannot be read" in refusal(tmp_path / name)


BOMB = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{new}: &{new} [{','.join([f'*{old}'] * 9)}]\n" for old, new in zip("abcdefgh", "bcdefghi", strict=True)
)
HOSTILE = {
    "alias bomb": (BOMB, f"{MAX_NODES:,} values"),
    "nested lists": ("a: " + "[" * 10_000 + "]" * 10_000, "nested deeper"),
    "nested on one line": ("- " * 10_000, "nested deeper"),
    "nested mappings": ("{a: " * 10_000 + "}" * 10_000, "nested deeper"),
    "recursive anchor": ("a: &a [*a]\n", "contains itself"),
    "recursive mapping": ("a: &a {b: {c: *a}}\n", "contains itself"),
    "many values": ("a: [" + "1," * 100_000 + "]", f"{MAX_NODES:,} values"),
    "just too large": ("a: " + "x" * MAX_BYTES, "KB that such a file may have"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_files_are_refused_within_a_second(tmp_path: Path, name: str):
    text, told = HOSTILE[name]
    path = tmp_path / "hostile.yaml"
    path.write_text(text, encoding="utf-8")
    with within_a_second():
        assert told in refusal(path)


@pytest.mark.parametrize("text", ["a: " + "x" * 250_000, "#\n" * 120_000 + "a: 1", "a: 1" + "\n" * 250_000])
def test_long_and_harmless_files_are_read_within_a_second(text: str):
    with within_a_second():
        assert "a" in parse(text).root.plain()


def test_reading_a_talks_file_loads_no_engine(tmp_path: Path):
    path = tmp_path / "bomb.yaml"
    path.write_text(BOMB, encoding="utf-8")
    program = (
        "import sys\n"
        "from comity.talks.file import check_file\n"
        f"problems = check_file({str(path)!r})\n"
        "print(len(problems), 'jax' in sys.modules, 'xarray' in sys.modules, 'pandas' in sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["1", "False", "False", "False"]
