from __future__ import annotations

import json

from simulator.workload import recipes


def test_recipes_are_listed_with_their_options(run) -> None:
    ran = run("trace", "recipes")
    assert ran.code == 0
    for name in recipes.names():
        assert f"{name}\n" in ran.out


def test_info(run, toy) -> None:
    ran = run("trace", "info", toy)
    assert ran.code == 0
    assert "note: made for tests" in ran.out
    document = json.loads(run("trace", "info", toy, "--json").out)
    assert document["schema_version"] == 1
    assert [layer["macs_counts"] for layer in document["layers"]] == [57600, 12800]


def test_no_such_trace_names_the_nearest(run) -> None:
    ran = run("trace", "info", "digts_cnn.h5")
    assert ran.code == 2
    told = "digts_cnn.h5: no such trace file; did you mean 'digits_cnn'?"
    assert ran.err == f"error: {told} choices: digits_cnn, digits_separable, text_transformer\n"


def test_no_such_recipe(run) -> None:
    ran = run("trace", "make", "digts_cnn")
    assert ran.code == 2
    assert "no recipe 'digts_cnn'; did you mean 'digits_cnn'?" in ran.err


def test_an_existing_file_is_not_overwritten(run, tmp_path) -> None:
    path = tmp_path / "x.h5"
    path.write_text("mine", encoding="utf-8")
    ran = run("trace", "make", "resnet50_shapes", "-o", path)
    assert ran.code == 2
    assert "give --force to overwrite it" in ran.err
    assert path.read_text(encoding="utf-8") == "mine"


def test_options_of_recipes_are_checked(run, tmp_path) -> None:
    ran = run("trace", "make", "resnet50_shapes", "-o", tmp_path / "x.h5", "--option", "sede=1")
    assert ran.code == 2
    assert "no option 'sede'; did you mean 'seed'?" in ran.err
    assert list(tmp_path.iterdir()) == []
