"""Every picture: whole or not at all, equal bytes for equal results, said in words, honest in its geometry."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
import xml.etree.ElementTree as xml
from collections.abc import Callable
from pathlib import Path

import pytest
from matplotlib.image import imread

from simulator import report
from simulator.errors import InputError
from simulator.record.result import Result
from simulator.report.picture import DPI, WIDTH

Pair = tuple[Result, Result]
Draw = Callable[[Pair, Path], None]

PICTURES: dict[str, Draw] = {
    "timeline": lambda r, path: report.timeline(r[0], None, path),
    "layer": lambda r, path: report.timeline(r[0], "b/half", path),
    "stalls": lambda r, path: report.stalls(r[0], path),
    "energy": lambda r, path: report.energy(r[0], path),
    "speedup": lambda r, path: report.speedup(r[0], r[1], path),
    "roofline": lambda r, path: report.roofline(r[0], path),
}
each = pytest.mark.parametrize("draw", PICTURES.values(), ids=PICTURES)


@each
def test_same_result_same_bytes(draw: Draw, results: Pair, tmp_path: Path) -> None:
    first, second = tmp_path / "a.svg", tmp_path / "b.svg"
    draw(results, first)
    draw(results, second)
    assert first.read_bytes() == second.read_bytes()
    assert len(list(tmp_path.iterdir())) == 2


@pytest.mark.parametrize("suffix", ["png", "pdf"])
def test_same_bytes_in_the_other_formats(suffix: str, results: Pair, tmp_path: Path) -> None:
    first, second = tmp_path / f"a.{suffix}", tmp_path / f"b.{suffix}"
    report.speedup(*results, first)
    report.speedup(*results, second)
    assert first.read_bytes() == second.read_bytes()


@each
def test_readme_width_and_not_blank(draw: Draw, results: Pair, tmp_path: Path) -> None:
    draw(results, tmp_path / "a.png")
    pixels = imread(tmp_path / "a.png")
    assert pixels.shape[1] == WIDTH * DPI
    assert len({tuple(pixel) for pixel in pixels[:: DPI // 20, ::8, :3].reshape(-1, 3)}) > 3


@each
def test_words_for_those_who_do_not_see_it(draw: Draw, results: Pair, tmp_path: Path) -> None:
    draw(results, tmp_path / "a.svg")
    text = (tmp_path / "a.svg").read_text()
    xml.fromstring(text)
    described = text.split("<dc:description>")[1].split("</dc:description>")[0]
    assert "highlight" in described
    assert len(described) > 80
    assert "<dc:date>" not in text
    assert "http" not in described


@each
def test_a_wrong_suffix_and_a_missing_folder(draw: Draw, results: Pair, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"a.gif: pictures end in one of .png, .svg, .pdf"):
        draw(results, tmp_path / "a.gif")
    with pytest.raises(InputError, match=r"a.png: cannot be written"):
        draw(results, tmp_path / "no" / "a.png")
    assert list(tmp_path.iterdir()) == []


def test_a_user_s_own_style_changes_nothing(
    results: Pair, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import matplotlib

    report.speedup(*results, tmp_path / "a.svg")
    for name, value in {"font.size": 30.0, "axes.facecolor": "black", "savefig.transparent": True}.items():
        monkeypatch.setitem(matplotlib.rcParams, name, value)
    report.speedup(*results, tmp_path / "b.svg")
    assert (tmp_path / "a.svg").read_bytes() == (tmp_path / "b.svg").read_bytes()
    assert matplotlib.rcParams["font.size"] == 30.0


def test_an_old_picture_survives_a_failed_one(results: Pair, tmp_path: Path) -> None:
    report.stalls(results[0], tmp_path / "a.png")
    before = (tmp_path / "a.png").read_bytes()
    with pytest.raises(InputError, match="no cycles to draw"):
        report.stalls(dataclasses.replace(results[0], layers=()), tmp_path / "a.png")
    assert (tmp_path / "a.png").read_bytes() == before


def test_nothing_to_draw(results: Pair, tmp_path: Path) -> None:
    nothing = dataclasses.replace(results[0], layers=())
    for name, draw in PICTURES.items():
        with pytest.raises(InputError, match=r"no cycles|no energy|no layer|no roofline"):
            draw((nothing, results[1]), tmp_path / f"{name}.png")
    assert list(tmp_path.iterdir()) == []


def test_numbers_at_axes_are_written_plainly(results: Pair, tmp_path: Path) -> None:
    """Also where an axis spans less than a decade, and has no power of ten."""
    report.roofline(dataclasses.replace(results[0], layers=results[0].layers[:2]), tmp_path / "a.svg")
    text = (tmp_path / "a.svg").read_text()
    assert "mathdefault" not in text
    assert "<!-- 20 -->" in text


def test_an_unknown_layer_is_suggested(results: Pair, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no layer 'b/hafl' in the result; did you mean 'b/half'"):
        report.timeline(results[0], "b/hafl", tmp_path / "a.png")


def test_names_of_any_kind_are_drawn(results: Pair, tmp_path: Path) -> None:
    odd = ("$\\nonsense{$ & <b>", "ein sehr langer Name " * 4, "µ/…")
    layers = tuple(dataclasses.replace(a, name=b) for a, b in zip(results[0].layers, odd, strict=True))
    result = dataclasses.replace(results[0], layers=layers, complete=False)
    for draw in (lambda p: report.timeline(result, None, p), lambda p: report.stalls(result, p)):
        draw(tmp_path / "a.svg")
        xml.parse(tmp_path / "a.svg")


def test_importing_the_room_imports_no_matplotlib() -> None:
    code = "import sys, simulator.report; sys.exit('matplotlib' in sys.modules or 'rich' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
