"""Results on disk: one HDF5 file, written whole or not at all, read back equal and checked.

Schema (``format`` = ``sparsecycle-result``; a list attribute names the rows of its dataset)::

    /                   machine, trace, trace_digest, rung, seed, engine, clock_hz, complete, config (YAML), digest, layers
    /versions           one attribute per package
    /layers/00000       name, cycles, bound, lanes, assumptions
      choices           one attribute per choice
      verification      mode, outputs, of, operands
      shape, macs, totals      one number per `name`
      nonzeros          rows `name`: non-zero elements, elements
      traffic, energy   one number per (`outer`, `inner`): component and tensor, component and action
      components        rows `name`, `group`, `kind`: lanes, work, demand
      intervals         state-cycles per bin, a row per (`component`, `state`) that occurs; `bin_width` in cycles
      programs          rows `name` of `component`: cycles in each of `states`
      grants            rows as in programs: items, sum of starts, of squared starts, of departures, modulo 2**64
      actions           one count per (`program`, `action`)
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from simulator import hdf5
from simulator.errors import InputError
from simulator.hdf5 import Group
from simulator.record.labelled import labels
from simulator.record.layer_group import layer_group, read_layer
from simulator.record.result import SCHEMA_VERSION, Result

KIND = "result"
_HEAD = ("machine", "trace", "trace_digest", "rung", "engine", "config")


def save(result: Result, path: str | Path) -> None:
    """Write a Result, whole or not at all.

    Raises
    ------
    InputError
        The folder does not exist or cannot be written.
    """
    attrs: dict[str, Any] = {name: getattr(result, name) for name in _HEAD}
    attrs |= {"seed": result.seed, "clock_hz": result.clock_hz, "complete": result.complete}
    attrs |= {"digest": result.digest, "layers": [layer.name for layer in result.layers]}
    layers = {f"{i:05d}": layer_group(layer) for i, layer in enumerate(result.layers)}
    tree = {"versions": Group(result.versions), "layers": Group({}, layers)}
    hdf5.write(path, KIND, SCHEMA_VERSION, attrs, tree)


def load(path: str | Path) -> Result:
    """Read a Result.

    Raises
    ------
    InputError
        Missing, damaged or not a Result; of a newer version; or its content does not give the digest it carries.
    """
    with hdf5.open(path, KIND, SCHEMA_VERSION) as tree:
        names = labels(tree, "layers", str)
        groups = tree.group("layers").groups
        if len(groups) != len(names):
            raise InputError(f"{path}: {len(groups)} layers stored, {len(names)} named")
        layers = tuple(read_layer(group) for group in groups.values())
        head = {name: tree.attr(name, str) for name in _HEAD}
        result = Result(
            **head,
            seed=tree.attr("seed", int),
            layers=layers,
            complete=tree.attr("complete", bool),
            versions={name: str(value) for name, value in tree.group("versions").attrs.items()},
            clock_hz=tree.attr("clock_hz", int),
        )
        if result.digest != tree.attr("digest", str):
            raise InputError(f"{path}: its content does not give its digest: the file was altered")
        return result
