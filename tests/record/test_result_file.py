"""Results survive the disk, and a file that is not one is refused with one clear error."""

from __future__ import annotations

import contextlib
import dataclasses
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from simulator.errors import InputError
from simulator.hdf5 import Data
from simulator.record.intervals import IntervalLog
from simulator.record.layer_group import layer_group
from simulator.record.outcome import ComponentOutcome, ProgramOutcome
from simulator.record.result import LayerResult, Result, Verification
from simulator.record.result_file import load, save
from simulator.record.states import STATES

Pair = tuple[Result, Result]


def equal(a: Any, b: Any) -> bool:
    """Equality of nested dataclasses with arrays in them."""
    if isinstance(a, np.ndarray):
        return a.dtype == b.dtype and np.array_equal(a, b)
    if dataclasses.is_dataclass(a):
        names = [field.name for field in dataclasses.fields(a)]
        return type(a) is type(b) and all(equal(getattr(a, n), getattr(b, n)) for n in names)
    if isinstance(a, tuple):
        return len(a) == len(b) and all(equal(x, y) for x, y in zip(a, b, strict=True))
    return type(a) is type(b) and a == b


def test_round_trip(results: Pair, tmp_path: Path) -> None:
    for result in results:
        result.save(tmp_path / "r.h5")
        found = load(tmp_path / "r.h5")
        assert equal(found, result)
        assert found.digest == result.digest
        assert found.summary() == result.summary()


def test_energy_adds_up_in_the_same_order(results: Pair, tmp_path: Path) -> None:
    save(results[0], tmp_path / "r.h5")
    for found, layer in zip(load(tmp_path / "r.h5").layers, results[0].layers, strict=True):
        assert list(found.energy_pj) == list(layer.energy_pj)
        assert [list(a) for a in found.energy_pj.values()] == [list(a) for a in layer.energy_pj.values()]


def test_same_result_same_bytes(results: Pair, tmp_path: Path) -> None:
    save(results[0], tmp_path / "a.h5")
    save(results[0], tmp_path / "b.h5")
    assert (tmp_path / "a.h5").read_bytes() == (tmp_path / "b.h5").read_bytes()


def test_partial_and_empty_results(results: Pair, tmp_path: Path) -> None:
    for kept in (0, 1):
        partial = dataclasses.replace(results[0], layers=results[0].layers[:kept], complete=False)
        save(partial, tmp_path / "p.h5")
        found = load(tmp_path / "p.h5")
        assert equal(found, partial)
        assert (found.complete, len(found.layers)) == (False, kept)


def hand_made(cycles: int, width: int, bins: int, grants: tuple[int, int, int, int]) -> Result:
    counts = np.zeros((len(STATES), bins), dtype=np.int64)
    counts[0] = width
    counts[0, bins - 1 :] -= width * bins - cycles
    program = ProgramOutcome("p", counts.sum(axis=1), {}, grants)
    idle = ComponentOutcome("idle", "g", "sink", 1, IntervalLog(width, counts), 0, 0, ())
    busy = ComponentOutcome("busy", "g", "server", 3, IntervalLog(width, counts), 2**40, 7, (program,))
    layer = LayerResult(
        name="läyer/µ",
        shape={},
        cycles=cycles,
        components=(idle, busy),
        bound="g",
        totals={"g": 2**50},
        macs={"dense": 1, "effectual": 0, "slots": 1},
        nonzeros={},
        traffic={"dram": {}},
        choices={},
        assumptions=(),
        verification=Verification("off", 0, 1, "none"),
        energy_pj={"idle": {}, "busy": {"mac": 0.1}},
        lanes=1,
    )
    return Result("m", "t", "a: 1\n", "0", "S4", 5, (layer,))


@pytest.mark.parametrize(
    ("cycles", "width", "bins"),
    [(0, 1, 0), (1, 1, 1), (4096, 1, 4096), (4097, 2, 2049), (2_000_000, 512, 3907)],
)
def test_any_length_of_run_and_full_64_bit_fingerprints(
    cycles: int, width: int, bins: int, tmp_path: Path
) -> None:
    result = hand_made(cycles, width, bins, (2**64 - 1, 2**63, 0, 1))
    save(result, tmp_path / "r.h5")
    assert equal(load(tmp_path / "r.h5"), result)


def test_bins_take_the_narrowest_type(results: Pair) -> None:
    for cycles, width, bins, name in ((4096, 1, 4096, "uint8"), (2_000_000, 512, 3907, "uint16")):
        data = layer_group(hand_made(cycles, width, bins, (0, 0, 0, 0)).layers[0]).children["intervals"]
        assert isinstance(data, Data)
        assert data.array.dtype.name == name
        assert data.array.shape == (2, bins)


def test_a_log_that_is_not_canonical_is_never_written(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="not the canonical interval log of 4096 cycles"):
        save(hand_made(4096, 2, 2048, (0, 0, 0, 0)), tmp_path / "r.h5")
    assert list(tmp_path.iterdir()) == []


def test_every_dataset_has_units_and_a_long_name(results: Pair, tmp_path: Path) -> None:
    save(results[0], tmp_path / "r.h5")
    seen: list[str] = []

    def visit(name: str, node: Any) -> None:
        if isinstance(node, h5py.Dataset):
            assert node.attrs["units"]
            assert node.attrs["long_name"]
            seen.append(name.split("/")[-1])

    with h5py.File(tmp_path / "r.h5") as file:
        file.visititems(visit)
        assert file.attrs["format"] == "sparsecycle-result"
    assert len(seen) == 11 * len(results[0].layers)


def test_truncated_and_flipped_files_are_refused(results: Pair, tmp_path: Path) -> None:
    file = tmp_path / "r.h5"
    save(results[0], file)
    content, digest = file.read_bytes(), results[0].digest
    rng = np.random.default_rng(0)
    for cut in rng.integers(0, len(content), 20):
        file.write_bytes(content[:cut])
        with pytest.raises(InputError):
            load(file)
    for place in rng.integers(0, len(content), 100):
        damaged = bytearray(content)
        damaged[place] ^= 0x55
        file.write_bytes(bytes(damaged))
        with contextlib.suppress(InputError):
            assert load(file).digest == digest


def altered(results: Pair, file: Path) -> h5py.File:
    """A saved Result opened for changes, its checksums gone."""
    save(results[0], file)
    opened = h5py.File(file, "r+")
    del opened.attrs["tree_sha256"]
    opened.visititems(lambda _, node: node.attrs.pop("sha256", None) and None)
    return opened


def test_a_changed_number_is_noticed_by_the_digest(results: Pair, tmp_path: Path) -> None:
    file = tmp_path / "r.h5"
    with altered(results, file) as opened:
        opened["layers/00000/actions"][0] += 1
    with pytest.raises(InputError, match=r"r.h5: its content does not give its digest"):
        load(file)


@pytest.mark.parametrize(
    ("where", "name", "value", "message"),
    [
        ("layers/00001", "cycles", -5, r"layers/00001/intervals: shape"),
        ("layers/00001", "cycles", 2**40, r"layers/00001/intervals: shape"),
        ("layers/00001", "name", 3, r"attribute 'name' is 3: must be str"),
        ("layers/00001/totals", "name", ["x"], r"totals: 1 names in 'name' for"),
        ("layers/00001/traffic", "all_outer", "dram", r"'all_outer' is 'dram': must be a list of str"),
        ("", "layers", ["a", "b"], r"3 layers stored, 2 named"),
        ("", "complete", 1, r"attribute 'complete' is 1: must be bool"),
        ("", "format_version", 99, r"format_version 99: this version reads 1 to"),
        ("", "format", "sparsecycle-trace", r"is a sparsecycle trace, expected a result"),
    ],
)
def test_what_does_not_fit_together_is_refused(
    results: Pair, tmp_path: Path, where: str, name: str, value: Any, message: str
) -> None:
    file = tmp_path / "r.h5"
    with altered(results, file) as opened:
        (opened[where] if where else opened).attrs[name] = value
    with pytest.raises(InputError, match=message):
        load(file)


@pytest.mark.parametrize(
    ("dataset", "attribute", "message"),
    [
        ("intervals", "component", "no such component or state"),
        ("intervals", "state", "no such component or state"),
        ("programs", "component", "no such component"),
    ],
)
def test_rows_of_unknown_components_are_refused(
    results: Pair, tmp_path: Path, dataset: str, attribute: str, message: str
) -> None:
    file = tmp_path / "r.h5"
    with altered(results, file) as opened:
        node = opened[f"layers/00000/{dataset}"]
        names = list(node.attrs[attribute])
        node.attrs[attribute] = ["nobody", *names[1:]]
    with pytest.raises(InputError, match=message):
        load(file)


def test_nothing_is_left_of_a_failed_save(results: Pair, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be written"):
        save(results[0], tmp_path / "no" / "r.h5")
    assert list(tmp_path.iterdir()) == []
