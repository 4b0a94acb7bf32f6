"""``estimate``: machines on traces and design points, by every model."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from simulator.registry import names
from tests.cli.conftest import Run


def document(run: Run, *args: object) -> list[dict]:
    ran = run("estimate", *args, "--json")
    assert ran.code == 0, ran.err
    return json.loads(ran.out)["estimates"]


@pytest.mark.parametrize("model", [name for name in names("model") if name != "joint"])
def test_every_model_estimates_a_design_point(run: Run, model: str) -> None:
    (found,) = document(run, "matmul", "--model", model)
    assert found["cycles"] >= found["compute_cycles"] > 0
    assert bool(found["mimics"]) == model.startswith("sparseloop-")


@pytest.mark.parametrize("machine", ["highlight", "dstc", "eyeriss_v2_pe"])
def test_every_layer_of_a_trace_is_estimated(run: Run, toy: Path, machine: str) -> None:
    found = document(run, machine, toy)
    assert [each["name"] for each in found] == [f"s75/fc1 on {machine}", f"s0/fc2 on {machine}"]
    assert all(each["energy_pj"] > 0 for each in found)
    (chosen,) = document(run, machine, toy, "--layers", "s0/*")
    assert chosen["name"] == f"s0/fc2 on {machine}"


def test_declared_densities_are_those_of_the_trace_and_measured_ones_of_the_layer(
    run: Run, toy: Path
) -> None:
    dense, measured = (document(run, "eyeriss_v2_pe", toy, *more) for more in ((), ("--measured",)))
    assert dense[1]["cycles"] < measured[1]["cycles"]  # the second layer is denser than the trace's average
    assert dense[0]["cycles"] > measured[0]["cycles"]


def test_levels_tell_every_access(run: Run, toy: Path) -> None:
    out = run("estimate", "tc", toy, "--layers", "s0/*", "--levels").out
    assert "glb" in out
    assert "registers" in out
    assert "reads" in out


def test_a_parameter_changes_the_estimate(run: Run, toy: Path) -> None:
    slow = ("--set", "dram.bandwidth=1 B/cycle")
    assert document(run, "tc", toy, *slow)[0]["cycles"] > document(run, "tc", toy)[0]["cycles"]


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (
            ("systolic", "TOY"),
            "its organisation 'systolic' cannot be told as a design point; those that can: csc",
        ),
        (("highlight",), "an estimate of machine 'highlight' needs a layer or a trace"),
        (("spmspm", "TOY"), "has a product of its own: it takes no trace and no overrides"),
        (
            ("highlight", "TOY", "--problem", "x"),
            "--problem and --mapping are for specifications of Timeloop",
        ),
        (("vegeta", "TOY"), "machine 'vegeta' has no design point"),
        (("highlight", "TOY", "--layers", "z*"), "--layers 'z*': matches no layer"),
    ],
)
def test_mistakes_are_told(run: Run, toy: Path, args: tuple[str, ...], message: str) -> None:
    ran = run("estimate", *(str(toy) if arg == "TOY" else arg for arg in args))
    assert ran.code == 2
    assert message in ran.err
