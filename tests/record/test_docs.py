"""docs/results.md names the states, fields and datasets there are."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

from simulator.hdf5 import Group
from simulator.record.layer_group import layer_group
from simulator.record.result import LayerResult, Result
from simulator.record.states import STATES
from simulator.report.colours import STATE

PAGE = (Path(__file__).parents[2] / "docs" / "results.md").read_text(encoding="utf-8")


def test_states_in_order_with_their_colours() -> None:
    shown = PAGE.split("<!-- states -->\n")[1].split("<!-- end -->")[0]
    assert re.findall(r"^\| `(\w+)` .* `(#\w+)` \|$", shown, re.MULTILINE) == [(s, STATE[s]) for s in STATES]


def test_every_field_is_explained() -> None:
    table = PAGE.split("## Fields of a layer")[1].split("##")[0]
    explained = set(re.findall(r"^\| `(\w+)`", table, re.MULTILINE)) | {"programs", "name", "lanes"}
    assert {field.name for field in dataclasses.fields(LayerResult)} <= explained
    assert all(hasattr(LayerResult, name) for name in ("edp", "utilisation"))


def test_every_dataset_is_in_the_schema(results: tuple[Result, Result]) -> None:
    schema = PAGE.split("## The file")[1].split("##")[0]
    shown = set(re.findall(r"`\.\.\./(\w+)`", schema))
    group = layer_group(results[0].layers[0])
    assert set(group.children) == shown
    assert all(f"`{name}`" in schema for name in group.attrs)
    assert isinstance(group.children["choices"], Group)
