"""Nodes of v0.4: fan-outs, inheritance, expressions, constraints as a mapping."""

from __future__ import annotations

import pytest

from simulator.errors import InputError
from simulator.frontend.timeloop import loads
from simulator.frontend.timeloop.expression import evaluate

PROBLEM = """
problem:
  shape:
    name: matvec
    dimensions: [M, K]
    data_spaces:
    - {name: A, projection: [[[M]], [[K]]]}
    - {name: B, projection: [[[K]]]}
    - {name: Z, projection: [[[M]]], read_write: true}
  instance: {M: 8, K: 4}
"""
ARCHITECTURE = """
variables: {bits: 8, bytes: 64}
architecture:
  version: 0.4
  nodes:
  - !Container {name: chip, attributes: {technology: 45nm, datawidth: bits}}
  - !Component
    name: DRAM
    class: DRAM
    attributes: {width: bits * 8}
    constraints: {temporal: {factors: [M=2], permutation: [M, K]}}
  - !Nothing
  - !Hierarchical
    nodes:
    - !Component
      name: Buffer
      class: storage
      attributes: {width: 8, depth: "min(bytes, 100) // 2", read_bandwidth: 2 ** 2 / 8}
      constraints:
        temporal: {factors: [K=4]}
        dataspace: {keep_only: [A, Z]}
  - !Component
    name: MAC
    class: intmac
    spatial: {meshX: 2, meshY: 2}
    constraints: {spatial: {factors: M=4, permutation: [M], split: 0}}
"""


def test_attributes_are_inherited_and_worked_out() -> None:
    point = loads(
        ARCHITECTURE.replace("split: 0", "split: 1").replace("meshX: 2, meshY: 2", "meshX: 4") + PROBLEM
    )
    dram, buffer, dummy = point.hierarchy.storage
    assert (dram.word_bits, dram.block_size) == (8, 8)
    assert (buffer.capacity, buffer.read_bandwidth) == (32, 0.5)
    assert dict(buffer.attributes) == {"technology": "45nm"}
    assert point.hierarchy.compute.word_bits == 8
    assert (dummy.name, dummy.instances, dummy.attributes) == ("inter_MAC_spatial", 1, ())


def test_constraints_are_the_mapping_where_there_is_no_other() -> None:
    point = loads(
        ARCHITECTURE.replace("split: 0", "split: 1").replace("meshX: 2, meshY: 2", "meshX: 4") + PROBLEM
    )
    dram, buffer, dummy = point.nest.levels
    assert [(loop.rank, loop.bound) for loop in (*dram.temporal, *buffer.temporal)] == [("M", 2), ("K", 4)]
    assert (buffer.keeps, dummy.keeps) == ({"A", "Z"}, frozenset())
    assert [(loop.rank, loop.bound, loop.axis) for loop in dummy.spatial] == [("M", 4, "X")]
    assert dummy.temporal == buffer.spatial == ()


def test_a_mapping_is_completed_by_the_nodes_own_order_and_bypasses() -> None:
    mapping = """
mapping:
- {target: DRAM, type: temporal, factors: M=2 K=2}
- {target: Buffer, type: temporal, factors: K=2}
- {target: MAC, type: spatial, factors: M=4, split: 1}
"""
    point = loads(ARCHITECTURE.replace("meshX: 2, meshY: 2", "meshX: 4") + PROBLEM + mapping)
    assert [loop.rank for loop in point.nest.levels[0].temporal] == ["K", "M"]
    assert point.nest.levels[1].keeps == {"A", "Z"}


def test_containers_multiply_and_what_is_not_modelled_is_told() -> None:
    text = ARCHITECTURE.replace("- !Nothing", "- !Container {name: tile, spatial: {meshY: 2}, networks: [x]}")
    text = text.replace("meshX: 2, meshY: 2", "meshX: 2").replace("factors: [M=2]", "factors: [M=1]")
    text = text.replace("permutation: [M], split: 0", "permutation: [M], split: 1").replace(
        "factors: M=4", "factors: M=2"
    )
    text = text.replace(
        "- !Container {name: tile,",
        "- !Container {name: tile, constraints: {spatial: {factors: M=4, split: 0}},",
    )
    with pytest.raises(
        Exception, match=r"spatial loops along Y \(M=4\) need 4 instances of 'Buffer'; there are 2"
    ):
        loads(text + PROBLEM)
    point = loads(
        text.replace("factors: M=4, split: 0", "factors: M=2, split: 0").replace(
            "factors: [M=1]", "factors: [M=2]"
        )
        + PROBLEM
    )
    assert [(s.name, s.mesh_x, s.mesh_y) for s in point.hierarchy.storage] == [
        ("DRAM", 1, 1),
        ("inter_tile_spatial", 1, 1),
        ("Buffer", 1, 2),
        ("inter_MAC_spatial", 1, 2),
    ]
    assert (point.hierarchy.compute.mesh_x, point.hierarchy.compute.mesh_y) == (2, 2)
    assert point.hierarchy.compute.path == "chip_top_level.MAC[1..4]"
    assert [note for note in point.unmodelled if "networks of tile" in note]


SIDE_BY_SIDE = """
architecture:
  version: 0.4
  nodes:
  - !Container {name: chip}
  - !Component {name: DRAM, class: DRAM, attributes: {width: 8, datawidth: 8}}
  - !Parallel
    nodes:
    - !Component
      name: left
      class: storage
      attributes: {width: 8, datawidth: 8, depth: 64}
      constraints: {dataspace: {keep: [A]}}
    - !Hierarchical
      nodes:
      - !Component
        name: upper
        class: storage
        attributes: {width: 8, datawidth: 8, depth: 64}
        constraints: {dataspace: {keep: [B, Z]}}
      - !Component
        name: lower
        class: storage
        attributes: {width: 8, datawidth: 8, depth: 64}
        constraints: {dataspace: {keep: [Z], bypass: [B]}}
  - !Component {name: MAC, class: compute, attributes: {datawidth: 8}}
"""


def test_side_by_side_each_branch_keeps_what_it_is_told() -> None:
    mapping = "mapping:\n- {target: DRAM, type: temporal, factors: M=8 K=4}\n"
    for text in (
        SIDE_BY_SIDE + PROBLEM + mapping,
        SIDE_BY_SIDE + PROBLEM.replace("M: 8, K: 4", "M: 1, K: 1"),
    ):
        kept = {level.level: level.keeps for level in loads(text).nest.levels}
        assert kept == {"DRAM": {"A", "B", "Z"}, "left": {"A"}, "upper": {"B", "Z"}, "lower": {"Z"}}


def test_a_level_told_twice_is_refused_though_nodes_tell_something() -> None:
    mapping = "mapping:\n- {target: DRAM, type: temporal, factors: M=8}\n- {target: DRAM, type: temporal, factors: K=4}\n"
    with pytest.raises(InputError, match="the temporal loops of this level are told twice"):
        loads(SIDE_BY_SIDE + PROBLEM + mapping)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("2 + 3 * 4", 14),
        ("-7 // 2", -4),
        ("2 ** 10", 1024),
        ("ceil(log2(1000))", 10),
        ("max(a, 3) % 5", 2),
        ("1 / 4", 0.25),
        ("45nm", None),
        ("unknown + 1", None),
        ("__import__('os')", None),
        ("a.real", None),
        ("9 ** 9 ** 9", None),
        ("1 / 0", None),
        ("(" * 400, None),
        ("'x' * 10", None),
        ("min()", None),
    ],
)
def test_expressions_are_arithmetic_and_nothing_else(text: str, value: float | None) -> None:
    assert evaluate(text, {"a": 7, "b": "text"}) == value


def test_a_node_without_tag_is_refused() -> None:
    with pytest.raises(InputError, match=r"a node is !Container.*here: no tag"):
        loads(ARCHITECTURE.replace("!Component\n    name: DRAM", "\n    name: DRAM") + PROBLEM)
