from __future__ import annotations

import pytest

from simulator.cli.plot import KINDS


@pytest.fixture(scope="module")
def out(toy, tmp_path_factory):
    """A run with its baseline."""
    from simulator import api

    folder = tmp_path_factory.mktemp("out")
    for name, machine in (("result.h5", "highlight"), ("baseline.h5", "tc")):
        api.simulate(machine, toy, engine="reference").save(folder / name)
    return folder


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind(run, out, kind) -> None:
    ran = run("plot", out, "--kind", kind)
    assert (ran.code, ran.err) == (0, "")
    assert ran.out == f"wrote {out / kind}.png\n"
    assert (out / f"{kind}.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.filterwarnings("error")
def test_names_the_font_does_not_have_are_drawn_without_a_word(run, tmp_path) -> None:
    import numpy as np

    import simulator

    layer = simulator.gemm(np.ones((4, 4), bool), np.ones((4, 4), bool), name="\u65e5\u672c")
    simulator.simulate("tc", layer, engine="reference").save(tmp_path / "result.h5")
    for kind in ("timeline", "stalls", "energy"):
        ran = run("plot", tmp_path, "--kind", kind)
        assert (ran.code, ran.err) == (0, "")


def test_one_layer_of_a_file_as_svg(run, out, tmp_path) -> None:
    target = tmp_path / "x.svg"
    assert run("plot", out / "result.h5", "--layer", "s0/fc2", "--output", target).code == 0
    assert "s0/fc2" in target.read_text(encoding="utf-8")


@pytest.mark.parametrize("kind", KINDS)
def test_several_results_for_a_paper(run, out, tmp_path, kind) -> None:
    target = tmp_path / f"{kind}.pdf"
    both = (out / "baseline.h5", out / "result.h5")
    ran = run(
        "plot",
        *both,
        "--kind",
        kind,
        "--width",
        "single",
        "--label",
        "core",
        "--label",
        "sparse",
        "-o",
        target,
    )
    assert (ran.code, ran.err) == (0, "")
    assert target.read_bytes().startswith(b"%PDF")


def test_labels_and_layers_of_several(run, out, tmp_path) -> None:
    both = (out / "baseline.h5", out / "result.h5")
    assert run("plot", *both, "--layer", "s0/fc2", "-o", tmp_path / "x.svg").code == 0
    text = (tmp_path / "x.svg").read_text(encoding="utf-8")
    assert "s0/fc2: toy on tc and highlight" in text
    assert "must be as many" in run("plot", *both, "--label", "one").err
    assert "there is only one" in run("plot", out, "--label", "one").err
    assert "must differ" in run("plot", out, out).err
    assert "no such layer" in run("plot", *both, "--layer", "s0/fc3").err


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--layer", "s0/fc3"], "--layer 's0/fc3': no such layer in the result; did you mean 's0/fc2'?"),
        (["--kind", "energy", "--layer", "s0/fc2"], "only the timeline draws a single layer"),
        (["--output", "x.gif"], "--output x.gif: must end in one of .png, .svg, .pdf"),
    ],
)
def test_refusals(run, out, options, message) -> None:
    ran = run("plot", out, *options)
    assert ran.code == 2
    assert message in ran.err


def test_what_is_no_run(run, toy, tmp_path) -> None:
    assert "has no result.h5" in run("plot", tmp_path).err
    assert "expected a result, got a trace" in run("plot", toy).err


def test_speedup_needs_a_baseline(run, out, tmp_path) -> None:
    (tmp_path / "result.h5").write_bytes((out / "result.h5").read_bytes())
    ran = run("plot", tmp_path, "--kind", "speedup")
    assert ran.code == 2
    assert "has no baseline.h5 to compare with" in ran.err
