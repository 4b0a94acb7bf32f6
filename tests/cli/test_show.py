from __future__ import annotations

import json

from simulator.hardware import load, parameters


def test_machine_lists_every_parameter_with_its_origin(run) -> None:
    ran = run("show", "highlight")
    machine = load("highlight")
    assert ran.code == 0
    assert machine.digest in ran.out
    for parameter in parameters(machine):
        assert f" {parameter.path} " in ran.out
    assert "assumed: " in ran.out
    for statement in machine.fidelity.left_out:
        assert f"  - {statement}" in ran.out


def test_machine_as_json(run) -> None:
    document = json.loads(run("show", "highlight", "--json").out)
    assert document["schema_version"] == 1
    assert document["kind"] == "machine"
    assert document["parameters"]["glb.read_bandwidth"]["value"] == "42 B/cycle"
    assert document["parameters"]["glb.read_bandwidth"]["source"].startswith("SLA")


def test_trace(run, toy) -> None:
    ran = run("show", toy)
    assert ran.code == 0
    assert "s75/fc1" in ran.out
    assert "57,600" in ran.out
    document = json.loads(run("show", toy, "--json").out)
    assert (document["kind"], document["layers"][0]["name"]) == ("trace", "s75/fc1")


def test_a_trace_of_the_package_by_name(run) -> None:
    assert "s75/conv2" in run("trace", "info", "digits_cnn").out


def test_nothing_of_that_name(run, tmp_path) -> None:
    ran = run("show", tmp_path)
    assert ran.code == 2
    assert str(tmp_path) in ran.err
