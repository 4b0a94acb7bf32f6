"""Any damage to a description gives a machine or our own error with a place, never another exception."""

from __future__ import annotations

import contextlib
import copy
from typing import Any

import yaml
from hypothesis import given
from hypothesis import strategies as st

from simulator.errors import InputError
from simulator.hardware import Machine, load, loads
from simulator.hardware.organisations.stationary import Stationary
from simulator.hardware.parameters import plain
from simulator.hardware.problems import allowed, specification

DATA = {name: plain(load(name)) for name in ("highlight", "systolic")}
WEIRD = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False),
    st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), max_size=8),
    st.sampled_from(
        ["unlimited", "64 B", "1 cycle", "auto", "1e30 B/cycle", "dense", "2:4", {}, [], [[]], {"value": 1}]
    ),
)


def _paths(data: Any, key: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    return [key, *(path for name, part in inner for path in _paths(part, (*key, name)))]


PATHS = [(name, path) for name, data in DATA.items() for path in _paths(data) if path]
KEYS = [(name, path) for name, path in PATHS if isinstance(path[-1], str)]
OPTIONAL = ("components.select", "components.compress", "components.fetch.padded")


def _at(data: Any, path: tuple[Any, ...]) -> Any:
    for part in path:
        data = data[part]
    return data


def _told(data: Any) -> list[str]:
    try:
        assert isinstance(loads(yaml.safe_dump(data, sort_keys=False), "x.yaml"), Machine)
    except InputError as error:
        return str(error).splitlines()
    return []


@given(
    st.sampled_from(sorted(DATA)).flatmap(
        lambda name: st.tuples(
            st.just(name),
            st.lists(
                st.tuples(st.sampled_from([path for home, path in PATHS if home == name]), WEIRD),
                min_size=1,
                max_size=4,
            ),
        )
    )
)
def test_any_value_anywhere(case: tuple[str, list[tuple[tuple[Any, ...], Any]]]) -> None:
    data = copy.deepcopy(DATA[case[0]])
    for path, value in case[1]:
        with contextlib.suppress(KeyError, TypeError, IndexError):
            _at(data, path[:-1])[path[-1]] = value
    assert all(line.startswith("x.yaml:") for line in _told(data))


@given(st.sampled_from([key for key in KEYS if key != ("systolic", ("organisation",))]))
def test_any_key_left_out(place: tuple[str, tuple[Any, ...]]) -> None:
    name, path = place
    data = copy.deepcopy(DATA[name])
    del _at(data, path[:-1])[path[-1]]
    told = _told(data)
    if path == ("organisation",) or ".".join(path) in OPTIONAL:
        assert told == []
    elif path[-1] in ("source", "assumed"):
        assert len(told) == 1
        assert "needs exactly one of" in told[0]
    else:
        assert len(told) == 1
        assert told[0].endswith(f": {'.'.join(path)}: missing; it is required")


@given(st.sampled_from([(name, path) for name, path in KEYS if len(path[-1]) > 3]))
def test_any_key_misspelt_is_one_line_with_the_right_one(place: tuple[str, tuple[Any, ...]]) -> None:
    machine, path = place
    data = copy.deepcopy(DATA[machine])
    home, name = _at(data, path[:-1]), path[-1]
    home[name[:-2] + name[-1] + name[-2]] = home.pop(name)
    told = [] if name[-1] == name[-2] else _told(data)
    assert name[-1] == name[-2] or (len(told) == 1 and f"did you mean {name!r}?" in told[0]), told


def test_the_keys_of_every_mapping_are_known() -> None:
    assert specification(("components", "glb", "row"), Stationary) is not None
    assert specification(("components", "glbb"), Stationary) is None
    assert allowed(("components", "glb", "row"), Stationary) == ["value", "source", "assumed"]
    assert allowed(("energy_table",), Stationary) == []
