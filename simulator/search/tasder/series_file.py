"""The series of a network's layers as a small YAML file.

::

    network: digits_cnn            # for the reader
    machine: ttc_vegeta_m8
    layers:
      u90/conv2: {weights: "2:8"}
      u90/fc1: {inputs: "4:8+1:8"}

Layers that are not named run as they are. Other keys (objective, quality, cycles, ...) tell how it was found.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from simulator.errors import InputError
from simulator.search.tasder.greedy import Choice, Choices
from simulator.transform.tasd import SIDES, parse


def write(path: Path, choices: Choices, notes: Mapping[str, Any]) -> None:
    """Write a file; `notes` come before the layers.

    Raises
    ------
    InputError
        It cannot be written.
    """
    layers = {name: {side: series} for name, (side, series) in sorted(choices.items())}
    text = yaml.safe_dump({**notes, "layers": layers}, sort_keys=False, default_flow_style=None, width=110)
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise InputError(f"{path}: cannot be written: {error.strerror or error}") from None


def read(path: Path) -> dict[str, Choice]:
    """The choices of a file.

    Raises
    ------
    InputError
        No such file, or one that does not tell a series per layer; the message names the place.
    """
    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror or error}") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        told = " ".join(str(error).split())[:200]
        raise InputError(f"{path}: is no YAML: {told}") from None
    layers = data.get("layers") if isinstance(data, dict) else None
    if not isinstance(layers, dict):
        raise InputError(f"{path}: layers: must be a mapping of layers to weights or inputs and a series")
    return {str(name): _choice(f"{path}: layers.{name}", told) for name, told in layers.items()}


def _choice(place: str, told: object) -> Choice:
    if not isinstance(told, dict) or len(told) != 1 or next(iter(told)) not in SIDES:
        raise InputError(f"{place}: {told!r}: must be one of {{weights: SERIES}} and {{inputs: SERIES}}")
    ((side, series),) = told.items()
    if isinstance(series, int):
        raise InputError(f'{place}.{side}: YAML reads 2:8 without quotes as a number ({series}); write "2:8"')
    try:
        return str(side), parse(series).text
    except InputError as error:
        raise InputError(f"{place}.{side}: {error}") from None
