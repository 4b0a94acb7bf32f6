"""What layers of one size share is what each would be told by itself, is bounded, and refers to no layer."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from functools import cache
from weakref import ref

import numpy as np
import pytest

import simulator
from simulator import Machine
from simulator.hardware import load, override
from simulator.lowering import alike, blocks, lower
from simulator.plan import Chunk
from simulator.sparsity.patterns import parse
from simulator.workload.layer import Layer

PATTERNS = {
    "tc": "dense", "stc": "2:4", "stc_dual": "2:8", "highlight": "C1(4:8)->C0(2:4)", "vegeta": "1:4", "s2ta": "4:8"
}  # fmt: skip
"""Machines, and what their weights follow."""


def product(pattern: str, seed: int, inputs: str = "unstructured(1/2)") -> Layer:
    """A small product whose zeros are drawn anew for every seed."""
    a = parse(pattern).generate((96, 128), seed=seed)
    b = parse(inputs).generate((128, 80), axis=0, seed=seed + 1)
    return simulator.gemm(a, b)


def layer(machine: str, seed: int) -> Layer:
    return product(PATTERNS[machine], seed, "4:8" if machine == "s2ta" else "unstructured(1/2)")


@cache
def made(machine: str, changes: tuple[tuple[str, str | int | bool], ...]) -> Machine:
    """A machine, the same one every time: layers share on that."""
    return override(load(machine), dict(changes))


def told(machine: str, some: Layer, changes: dict[str, str | int | bool] | None = None) -> list[object]:
    """All items of a plan, and its channels."""
    plan = lower(made(machine, tuple((changes or {}).items())), some).plan
    programs = [program for part in plan.components for program in part.programs]
    return [plan.channels, *([i for chunk in each.chunks() for i in chunk.items()] for each in programs)]


@pytest.fixture(autouse=True)
def nothing_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alike, "_latest", alike.Latest())


@pytest.mark.parametrize("machine", PATTERNS)
def test_a_layer_is_told_as_by_itself_after_another_of_its_size(
    machine: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, other = layer(machine, 1), layer(machine, 9)
    alone = [told(machine, first)]
    monkeypatch.setattr(alike, "_latest", alike.Latest())
    alone.append(told(machine, other))
    assert [told(machine, first), told(machine, other)] == alone
    assert len(alike._latest) in (1, 2)  # what both share, and how their windows are dealt
    assert sum(each.nbytes for each in alike._latest._known.values()) > 0


CHANGES = [
    {"glb.row": "32 B"}, {"dram.burst": "32 B"}, {"value_bits.inputs": "16 b"}, {"mapping.tile.K": "32"},
    {"datapath.gating": True}, {"drain.queue": "64"},
]  # fmt: skip


@pytest.mark.parametrize("changes", CHANGES)
def test_layers_share_on_one_machine_only(
    changes: dict[str, str | int | bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    some = layer("stc", 1)
    alone = told("stc", some)
    known = len(alike._latest)
    after = told("stc", some, changes)
    assert len(alike._latest) > known
    assert told("stc", some) == alone != after
    monkeypatch.setattr(alike, "_latest", alike.Latest())
    assert told("stc", some, changes) == after


def test_nothing_that_is_kept_refers_to_a_layer() -> None:
    some = layer("highlight", 1)
    told("highlight", some)
    gone = ref(some)
    del some
    gc.collect()
    assert gone() is None
    assert len(alike._latest) > 0


def chunk(size: int) -> Chunk:
    table = np.ones((size, 5), dtype=np.int64)
    return Chunk(table, np.zeros(table.shape, dtype=np.uint8), np.zeros(0, dtype=np.int32))


class Told:
    """Chunks that remember how often they were told."""

    def __init__(self, *chunks: Chunk) -> None:
        self.chunks, self.times = chunks, 0

    def __call__(self) -> Iterator[Chunk]:
        self.times += 1
        return iter(self.chunks)


def test_chunks_are_kept_when_they_were_read_to_the_end() -> None:
    known, tell = alike.Known(), Told(chunk(2), chunk(3))
    read = known.chunks("some", tell)
    assert next(read()) is tell.chunks[0]
    assert known.nbytes == 0
    assert [*read()] == [*read()] == [*tell.chunks]
    assert tell.times == 2
    assert known.nbytes == sum(each.nbytes for each in tell.chunks)


def test_what_is_large_is_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alike, "KEPT", 1000)
    known, tell = alike.Known(), Told(chunk(10), chunk(20))
    read = known.chunks("some", tell)
    assert [*read()] == [*read()] == [*tell.chunks]
    known.get("array", lambda: np.zeros(200))
    assert (tell.times, known.nbytes) == (2, 0)
    assert known.get("array", lambda: np.ones(3)).sum() == 3
    assert known.nbytes == 24


def test_the_oldest_sizes_are_dropped() -> None:
    latest = alike.Latest(most=3, size=1000)
    known = [latest.get(size) for size in "abc"]
    assert latest.get("a") is known[0]
    latest.get("d")  # without b, which was asked for before a was again
    assert latest.get("a") is known[0]
    assert latest.get("b") is not known[1]
    latest.get("b").get("much", lambda: [np.zeros(1000)])
    assert len(latest) == 3
    latest.get("e")
    assert len(latest) <= 2
    assert blocks.KEPT < alike.KEPT_OF_ALL
