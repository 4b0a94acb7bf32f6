"""Energy tables are read strictly."""

from __future__ import annotations

from pathlib import Path

import pytest

from simulator.energy import load, names
from simulator.energy.table_file import parse
from simulator.errors import InputError

GOOD = """\
name: mine
description: a table
rows:
  mac: {energy: "500 fJ", per: "one", node: "7 nm", source: "a book"}
  mux: {energy: "1 pJ", per: "one", node: "7 nm", assumed: "small"}
"""


def test_a_table_of_ones_own_by_path(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text(GOOD)
    table = load(file)
    assert (table.name, list(table.rows)) == ("mine", ["mac", "mux"])
    assert table.energy_pj({"mac": 4, "mux": 3}) == {"mac": 2.0, "mux": 3.0}
    assert (table.rows["mac"].assumed, table.rows["mux"].assumed) == (False, True)


def test_tables_that_come_with_the_package() -> None:
    assert names() == ("cmos45", "eyeriss45")
    with pytest.raises(InputError, match=r"unknown energy table 'cmos54'; did you mean 'cmos45'\?"):
        load("cmos54")


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"nowhere.yaml: no such file"):
        load(tmp_path / "nowhere.yaml")


def test_not_text(tmp_path: Path) -> None:
    file = tmp_path / "t.yaml"
    file.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match=r"t.yaml: byte 0 is not UTF-8 text"):
        load(file)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('"500 fJ"', "0.5", r"t:4:17: rows.mac.energy: '0.5': a quantity in pJ needs a unit"),
        ('"500 fJ"', '"5 pW"', r"t:4:17: rows.mac.energy: '5 pW': unknown pJ unit 'pW'"),
        ("source:", "sorce:", r"rows.mac: sorce: unknown key; did you mean 'source'"),
        (
            ', source: "a book"',
            "",
            r"t:4:8: rows.mac: has neither: must have exactly one of 'source', 'assumed'",
        ),
        (
            'source: "a book"',
            "source: a, assumed: b",
            r"rows.mac: has source and assumed: must have exactly one",
        ),
        ('per: "one", ', "", r"rows.mac.per: missing"),
        ('node: "7 nm"', 'node: ""', r"rows.mac.node: must be text that is not empty"),
        ("  mux:", "  mac:", r"t:5:3: rows: mac: given twice"),
        ("name: mine\n", "", r"name: missing"),
        ("name: mine", "nmae: mine", r"t:1:1: the file: nmae: unknown key; did you mean 'name'"),
        ("  mac: {", "  mac: [", r"not valid YAML"),
    ],
)
def test_faults_are_told_with_their_place(old: str, new: str, message: str) -> None:
    assert old in GOOD
    with pytest.raises(InputError, match=message):
        parse(GOOD.replace(old, new, 1), "t")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "the file: must be a mapping"),
        ("[1, 2]", "the file: must be a mapping"),
        ("name: a\ndescription: b\n", "rows: missing"),
        ("name: a\ndescription: b\nrows: {}\n", "rows: must hold at least one action"),
        ("name: a\ndescription: b\nrows: {mac: 3}\n", "rows.mac: must be a mapping"),
    ],
)
def test_what_is_no_table(text: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        parse(text, "t")


def test_all_faults_at_once() -> None:
    text = GOOD.replace('"500 fJ"', "1").replace('"1 pJ"', '"1 J"').replace("name:", "nam:")
    with pytest.raises(InputError) as caught:
        parse(text, "t")
    assert len(str(caught.value).splitlines()) == 4
