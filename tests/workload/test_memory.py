"""Sizes are held against the memory there is, before any is taken."""

from __future__ import annotations

import resource

import pytest

from simulator.errors import InputError
from simulator.frontend.scalesim import Topology, trace_of
from simulator.workload import memory
from simulator.workload.recipes.zoo import NETWORKS


def test_half_of_the_memory_is_the_most(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "capacity", lambda: 2_000)
    memory.affordable("here", (10, 25), 4)
    with pytest.raises(
        InputError, match=r"here: shape \(10, 26\) takes .* at most .*, half of the memory there is"
    ):
        memory.affordable("here", (10, 26), 4)
    memory.affordable("an empty one", (1 << 40, 0), 4)


def test_a_limit_on_the_process_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = memory.capacity()
    assert whole > 1 << 28
    monkeypatch.setattr(resource, "getrlimit", lambda _: (1 << 20, 1 << 30))
    assert memory.capacity() == 1 << 20
    monkeypatch.setattr(resource, "getrlimit", lambda _: (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    assert memory.capacity() >= whole


def test_shapes_are_held_against_it() -> None:
    with pytest.raises(InputError, match=r"layer 'a': image: shape \(1, 1, 1048576, 1048576\)"):
        trace_of([Topology("a", "conv", (1 << 20, 1 << 20, 1, 1, 1, 1, 1 << 10))], "t")
    with pytest.raises(InputError, match=r"layer 'b': inputs: shape \(1048576, 1048576\)"):
        trace_of([Topology("b", "gemm", (1, 1 << 20, 1 << 20))], "t")
    network = NETWORKS["dlrm_shapes"]
    with pytest.raises(InputError, match=r"layer 'bottom\.0': shape \(13, 1073741824000\)"):
        network.make({**network.OPTIONS, "batch": 1_000 << 30}, lambda *_: None)
