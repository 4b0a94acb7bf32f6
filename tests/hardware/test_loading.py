from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.errors import InputError
from simulator.hardware import Machine, dump, load, loads, names, override, parameters

FIXTURES = Path(__file__).parent / "fixtures"
HIGHLIGHT = load("highlight")


@pytest.mark.parametrize("name", names())
def test_every_machine_loads_and_comes_back_from_its_dump(name: str) -> None:
    machine = load(name)
    assert machine.name == name
    again = loads(dump(machine))
    assert again == machine
    assert dump(again) == dump(machine)
    assert again.digest == machine.digest


@pytest.mark.parametrize("name", names())
def test_every_number_says_where_it_comes_from(name: str) -> None:
    for parameter in parameters(load(name)):
        if any(digit.isdigit() for digit in parameter.text) and not parameter.path.startswith(
            ("datapath", "energy")
        ):
            assert (parameter.source is None) != (parameter.assumed is None), parameter


@pytest.mark.parametrize("name", names())
def test_every_machine_says_what_it_is_not(name: str) -> None:
    fidelity = load(name).fidelity
    assert fidelity.modelled
    assert fidelity.left_out


def test_by_path(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(dump(HIGHLIGHT), encoding="utf-8")
    assert load(path) == load(str(path)) == HIGHLIGHT


def test_unknown_name_suggests_the_nearest() -> None:
    with pytest.raises(InputError, match=r"no machine called 'hihglight'.*did you mean 'highlight'\?"):
        load("hihglight")


def test_a_folder_is_no_machine(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is a folder, expected a machine"):
        load(tmp_path)


def test_all_mistakes_of_a_file_are_told_at_once() -> None:
    with pytest.raises(InputError) as caught:
        load(FIXTURES / "faults.yaml")
    told = str(caught.value).replace(f"{FIXTURES}/", "")
    assert told + "\n" == (FIXTURES / "faults.txt").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (
            "stationery",
            "m.yaml:3:1: organisation: 'stationery': unknown organisation 'stationery'; did you mean 'stationary'?",
        ),
        ("7", "m.yaml:3:1: organisation: 7: must be text"),
        ("[stationary]", "m.yaml:3:1: organisation: ['stationary']: must be text"),
    ],
)
def test_an_organisation_is_one_of_those_there_are(value: str, message: str) -> None:
    with pytest.raises(InputError) as caught:
        loads(f"name: x\ndescription: y\norganisation: {value}\n", "m.yaml")
    assert str(caught.value).startswith(message)


def test_a_machine_without_an_organisation_is_stationary() -> None:
    text = dump(HIGHLIGHT)
    assert "organisation: stationary\n" in text
    assert loads(text.replace("organisation: stationary\n", "")) == HIGHLIGHT


def test_the_digest_sees_values_only() -> None:
    text = dump(HIGHLIGHT)
    assert loads(text.replace("256 KiB", "262144 B")).digest == HIGHLIGHT.digest
    assert loads(text.replace("description: ", "description: other ")).digest == HIGHLIGHT.digest
    assert loads(text.replace("256 KiB", "255 KiB")).digest != HIGHLIGHT.digest
    assert loads(text.replace("gating: true", "gating: false")).digest != HIGHLIGHT.digest


@pytest.mark.parametrize(
    ("path", "text", "value"),
    [
        ("glb.read_bandwidth", "64 B/cycle", Fraction(64)),
        ("components.glb.read_bandwidth", "21 b/cycle", Fraction(21, 8)),
        ("glb.read_bandwidth", "unlimited", None),
        ("dram.latency", "7 cycle", 7),
        ("array.rows", "16", 16),
        ("array.rows", 16, 16),
        ("clock", "2 GHz", 2 * 10**9),
        ("value_bits.inputs", "4 b", 4),
        ("mapping.tile.N", "64", 64),
    ],
)
def test_override_of_a_quantity(path: str, text: str | int, value: Fraction | int | None) -> None:
    machine = override(HIGHLIGHT, {path: text})
    short = path.removeprefix("components.")
    changed = [p for p in parameters(machine) if p not in list(parameters(HIGHLIGHT))]
    assert [(p.path, p.source, p.assumed) for p in changed] == [(short, "override", None)]
    found: object = machine if short.split(".")[0] in Machine.model_fields else machine.components
    for part in short.split("."):
        found = found[part] if short.startswith("mapping.tile") and part == "N" else getattr(found, part)
    assert getattr(found, "value", found) == value
    assert loads(dump(machine)) == machine


@pytest.mark.parametrize(
    ("path", "text", "value"),
    [
        ("datapath.gating", "false", False),
        ("datapath.gating", False, False),
        ("datapath.inputs", "uncompressed", ("uncompressed",)),
        ("datapath.weights", "dense", "dense"),
        ("array.shared_window", "true", True),
        ("array.shared_window", "auto", "auto"),
        ("mapping.order", "M, N,K", ("M", "N", "K")),
        ("mapping.order", "auto", ()),
    ],
)
def test_override_of_a_choice(path: str, text: str | bool, value: object) -> None:
    machine = override(HIGHLIGHT, {path: text})
    part, name = path.split(".")
    home = getattr(machine, part) if part in Machine.model_fields else getattr(machine.components, part)
    assert getattr(home, name) == value


def test_override_leaves_the_machine_alone_and_goes_back_to_auto() -> None:
    tiled = override(HIGHLIGHT, {"mapping.tile.M": "128"})
    assert HIGHLIGHT.mapping.tile["M"] is None
    assert tiled.mapping.tile["M"] == 128
    assert override(tiled, {"mapping.tile.M": "auto"}) == HIGHLIGHT


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"glb.read_bandwith": "64 B/cycle"},
            "override glb.read_bandwith: unknown parameter; did you mean 'glb.read_bandwidth'?",
        ),
        (
            {"bandwidth": "64 B/cycle"},
            "override bandwidth: unknown parameter; did you mean 'dram.bandwidth'?",
        ),
        ({"name": "x"}, "override name: unknown parameter"),
        (
            {"glb.read_bandwidth": "64"},
            "override glb.read_bandwidth: '64': a quantity in byte/cycle needs a unit",
        ),
        (
            {"glb.row": "unlimited"},
            "override glb.row: 'unlimited': must be a finite quantity in byte; only bandwidths",
        ),
        ({"array.rows": "4 B"}, "override array.rows: '4 B': must be a whole number without a unit"),
        ({"array.rows": True}, "override array.rows: True: must be a whole number without a unit"),
        ({"mapping.tile.K": "big"}, "override mapping.tile.K: 'big': must be a whole number without a unit"),
        ({"array.accumulator": "8 b"}, "override machine: components.array.accumulator is 8 b, a product"),
        ({"glb.row": "20 B"}, "row is 20 B, metadata_word 8 B: a row must be a whole number of words"),
        ({"array.rows": "1000000", "array.macs": "1000"}, "at most 16777216 multipliers"),
        ({"mapping.order": "N,M"}, "override mapping.order: N, M: must name each of M, N, K once"),
        ({"datapath.gating": "yes"}, "override datapath.gating: 'yes': must be true or false"),
        ({"array.shared_window": "no"}, "override array.shared_window: 'no': must be True, False or 'auto'"),
    ],
)
def test_override_refuses(changes: dict[str, str | int | bool], message: str) -> None:
    with pytest.raises(InputError) as caught:
        override(HIGHLIGHT, changes)
    assert message in str(caught.value)


def test_override_tells_all_faults_at_once() -> None:
    with pytest.raises(InputError) as caught:
        override(HIGHLIGHT, {"dram.burst": "64", "glb.row": "1 bit", "drain.queue": "0"})
    assert len(str(caught.value).splitlines()) == 3


@given(st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), min_size=1).filter(str.strip))
def test_any_wording_survives_the_dump(words: str) -> None:
    machine = HIGHLIGHT.model_copy(update={"description": words})
    assert loads(dump(machine)).description == words
