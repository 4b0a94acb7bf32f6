"""Pictures at the widths of a paper: of that size exactly, nothing smaller than six points, none cut off."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from matplotlib.image import imread

from simulator import report
from simulator.errors import InputError
from simulator.record.result import Result
from simulator.report.paper import FORMATS, current, sized
from simulator.report.picture import PAPER_DPI

Pair = tuple[Result, Result]
PICTURES: dict[str, Callable[[Pair, Path], None]] = {
    "timeline": lambda r, path: report.timeline(r[0], None, path),
    "stalls": lambda r, path: report.stalls(r[0], path),
    "energy": lambda r, path: report.energy(r[0], path),
    "speedup": lambda r, path: report.speedup(r[0], r[1], path),
    "roofline": lambda r, path: report.roofline(r[0], path),
}


@pytest.mark.parametrize("width", ["single", "double"])
@pytest.mark.parametrize("kind", PICTURES)
def test_size_and_fonts(kind: str, width: str, results: Pair, tmp_path: Path) -> None:
    from matplotlib import rc_context

    with sized(width):
        PICTURES[kind](results, tmp_path / "a.png")
        PICTURES[kind](results, tmp_path / "a.pdf")
        with rc_context():
            PICTURES[kind](results, tmp_path / "a.svg")
    pixels = imread(tmp_path / "a.png")
    assert pixels.shape[1] == round(FORMATS[width].inches * PAPER_DPI)
    box = re.search(rb"/MediaBox \[ 0 0 ([\d.]+) ([\d.]+) \]", (tmp_path / "a.pdf").read_bytes())
    assert box is not None
    assert float(box[1]) == pytest.approx(72 * FORMATS[width].inches, abs=0.01)
    assert f'width="{72 * FORMATS[width].inches:g}pt"' in (tmp_path / "a.svg").read_text()
    edge = PAPER_DPI // 50  # a fiftieth of an inch all around is free: nothing is cut off
    frame = [pixels[:edge], pixels[-edge:], pixels[:, :edge], pixels[:, -edge:]]
    assert all((part[..., :3] > 0.98).all() for part in frame)


def test_no_text_is_smaller_than_six_points(
    results: Pair, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from matplotlib.figure import Figure
    from matplotlib.text import Text

    sizes: list[float] = []
    save = Figure.savefig

    def noted(self: Figure, *args: object, **options: object) -> None:
        save(self, *args, **options)
        sizes.extend(x.get_fontsize() for x in self.findobj(Text) if x.get_text() and x.get_visible())

    monkeypatch.setattr(Figure, "savefig", noted)
    for width in ("single", "double"):
        with sized(width):
            for draw in PICTURES.values():
                draw(results, tmp_path / "a.svg")
    assert len(sizes) > 200
    assert min(sizes) >= 6
    assert max(sizes) <= 8.1


def test_widths_are_set_back_and_known_by_name() -> None:
    with sized("single"):
        assert current() is FORMATS["single"]
    assert current() is FORMATS["screen"]
    with (
        pytest.raises(InputError, match=r"width 'sinlge': no such width; did you mean 'single'"),
        sized("sinlge"),
    ):
        pass
