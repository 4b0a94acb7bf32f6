from __future__ import annotations

import contextlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.errors import InputError
from simulator.hardware.document import MAX_BYTES, parse, read


def test_plain_data_and_places() -> None:
    document = parse("a: 1\nb:\n  - {c: true, d: ~}\n  - '2'\n", "x.yaml")
    assert document.data == {"a": 1, "b": [{"c": True, "d": None}, "2"]}
    assert document.place(("b", 0, "d")) == "x.yaml:3:15"
    assert document.place(("b", 0, "missing")) == "x.yaml:3:5"
    assert document.place(()) == "x.yaml:1:1"
    assert document.faults == []


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("yes", "yes"),
        ("no", "no"),
        ("on", "on"),
        ("12:30", "12:30"),
        ("0777", "0777"),
        ("0x10", "0x10"),
        ("1e3", "1e3"),
        ("2020-01-01", "2020-01-01"),
        ("true", True),
        ("1_000", 1000),
        ("-3", -3),
        ("2.5", 2.5),
        (".inf", ".inf"),
        ("'4'", "4"),
        ("", None),
    ],
)
def test_only_what_looks_like_a_number_is_one(text: str, value: object) -> None:
    data = parse(f"no: {text}", "x.yaml").data
    assert data == {"no": value}
    assert type(data["no"]) is type(value)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("a: 1\na: 2", "x.yaml:2:1: a: duplicate key, first given in line 1"),
        ("b:\n  a: 1\n  'a': 2", "x.yaml:3:3: b.a: duplicate key, first given in line 2"),
        ("<<: {a: 1}", "x.yaml:1:1: machine: keys must be plain text; merge keys are not supported"),
        ("? [a]\n: 1", "x.yaml:1:3: machine: keys must be plain text; merge keys are not supported"),
        (
            "a: !!python/object:os.system x",
            "x.yaml:1:1: a: tag 'tag:yaml.org,2002:python/object:os.system' is not supported",
        ),
        ("a: !mine x", "x.yaml:1:1: a: tag '!mine' is not supported"),
    ],
)
def test_faults_of_the_text(text: str, fault: str) -> None:
    assert parse(text, "x.yaml").faults == [fault]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: [", "x.yaml:2:1: not YAML"),
        ("a: 1\n---\nb: 2", "x.yaml:2:1: not YAML"),
        ("a: \0", "x.yaml: not YAML: unacceptable character"),
        ("a: " + "[" * 100_000, "nested more than 40 deep"),
        ("\n".join(" " * i + "-" for i in range(1000)), "nested more than 40 deep"),
        ("&a [*a]", "an alias contains itself"),
        (
            "a: &a [1,1,1,1,1,1,1,1,1,1]\n"
            + "".join(
                f"{chr(98 + i)}: &{chr(98 + i)} [{','.join([f'*{chr(97 + i)}'] * 10)}]\n" for i in range(9)
            ),
            "far too many values",
        ),
    ],
)
def test_what_cannot_be_read_at_all(text: str, message: str) -> None:
    with pytest.raises(InputError, match=r"x\.yaml") as caught:
        parse(text, "x.yaml")
    assert message in str(caught.value)


def test_files_that_are_no_text(tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    with pytest.raises(InputError, match=r"x.yaml: No such file"):
        read(path)
    path.write_bytes(b"a: \xff")
    with pytest.raises(InputError, match=r"x.yaml: byte 3 is not UTF-8 text"):
        read(path)
    path.write_bytes(b"#" * (MAX_BYTES + 1))
    with pytest.raises(InputError, match=r"x.yaml: larger than 1048576 bytes"):
        read(path)


@given(st.text())
def test_any_text_is_read_or_refused_by_our_own_error(text: str) -> None:
    with contextlib.suppress(InputError):
        assert parse(text, "x.yaml").name == "x.yaml"
