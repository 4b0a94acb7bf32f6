"""The page is whole in itself, small, well formed, and its numbers are the summary's."""

from __future__ import annotations

import base64
import dataclasses
import re
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path

import pytest

from simulator.errors import InputError
from simulator.record.result import Result
from simulator.report.html import report
from simulator.report.html.page import MOST_BYTES

Pair = tuple[Result, Result]
VOID = {"meta", "img", "br", "link", "input", "hr"}


class Checker(HTMLParser):
    """Holds what a page links to, its ids, its text, and whether its tags close."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.addresses: list[str] = []
        self.ids: list[str] = []
        self.alternatives: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in VOID:
            self.open.append(tag)
        given = dict(attrs)
        self.addresses += [given[name] or "" for name in ("src", "href") if name in given]
        self.ids += [given["id"] or ""] if "id" in given else []
        self.alternatives += [given.get("alt") or ""] if tag == "img" else []
        assert tag not in ("script", "iframe", "object", "link")

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def checked(path: Path) -> Checker:
    checker = Checker()
    checker.feed(path.read_text(encoding="utf-8"))
    checker.close()
    assert checker.open == []
    return checker


def test_the_page_needs_nothing_from_elsewhere(results: Pair, tmp_path: Path) -> None:
    report(*results, tmp_path / "r.html")
    page = checked(tmp_path / "r.html")
    assert (tmp_path / "r.html").stat().st_size < MOST_BYTES
    assert all(address.startswith(("data:image/", "#")) for address in page.addresses)
    assert {address[1:] for address in page.addresses if address.startswith("#")} <= set(page.ids)
    assert len(set(page.ids)) == len(page.ids)
    assert all(len(words) > 40 for words in page.alternatives)
    assert len(page.alternatives) == 8  # five of the whole trace, one of each layer
    text = (tmp_path / "r.html").read_text()
    for source in re.findall(r"data:image/svg\+xml;base64,([A-Za-z0-9+/=]+)", text):
        svg = base64.b64decode(source).decode()
        assert not re.findall(r'(?:href|src)="(?!#)', svg)


def test_numbers_are_those_of_the_summary(results: Pair, tmp_path: Path) -> None:
    report(*results, tmp_path / "r.html")
    page, summary = checked(tmp_path / "r.html"), results[0].summary()
    words = " ".join(page.text.split())
    assert f"{summary['cycles']:,}" in words
    assert summary["digest"] in words
    for layer in summary["layers"]:
        assert f"{layer['name']}" in words
        assert f"{layer['cycles']:,}" in words
        assert f"{layer['energy_pj'] / 1e6:.3f}" in words
    assert f"{results[1].cycles / results[0].cycles:.2f}x" in words
    assert "glb.read_bandwidth" in words or "read_bandwidth:" in words
    for kind in ("modelled", "approximated", "left out"):
        assert kind in words


def test_names_are_never_markup(results: Pair, tmp_path: Path) -> None:
    odd = ("<script>alert(1)</script>", "a & b", '"quoted"')
    layers = tuple(dataclasses.replace(a, name=b) for a, b in zip(results[0].layers, odd, strict=True))
    result = dataclasses.replace(results[0], layers=layers, complete=False, trace="<b>trace</b>")
    report(result, None, tmp_path / "r.html")
    page = checked(tmp_path / "r.html")
    assert "<script>alert(1)</script>" in page.text
    assert "The run was interrupted" in page.text


def test_a_network_of_54_layers_stays_small(results: Pair, tmp_path: Path) -> None:
    first, second = (
        dataclasses.replace(
            each,
            layers=tuple(
                dataclasses.replace(each.layers[i % 3], name=f"layer{i // 3}.{i % 3}.convolution")
                for i in range(54)
            ),
        )
        for each in results
    )
    report(first, second, tmp_path / "r.html")
    page = checked(tmp_path / "r.html")
    assert (tmp_path / "r.html").stat().st_size < MOST_BYTES
    assert len(page.alternatives) >= 5
    assert "layer17.2.convolution" in page.text


def test_equal_results_equal_bytes(results: Pair, tmp_path: Path) -> None:
    report(*results, tmp_path / "a.html")
    report(*results, tmp_path / "b.html")
    assert (tmp_path / "a.html").read_bytes() == (tmp_path / "b.html").read_bytes()


def test_refusals(results: Pair, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"ends in \.html"):
        report(*results, tmp_path / "r.pdf")
    with pytest.raises(InputError, match="no cycles to report"):
        report(dataclasses.replace(results[0], layers=()), None, tmp_path / "r.html")
    with pytest.raises(InputError, match="cannot be written"):
        report(results[0], None, tmp_path / "no" / "r.html")


@pytest.mark.skipif(shutil.which("chromium") is None, reason="no chromium on this machine")
def test_a_browser_shows_every_picture(results: Pair, tmp_path: Path) -> None:
    report(*results, tmp_path / "r.html")
    flags = (
        "--headless --no-sandbox --disable-gpu --no-first-run --disable-background-networking --disable-sync"
    )
    command = [
        "chromium",
        *flags.split(),
        f"--user-data-dir={tmp_path / 'profile'}",
        "--window-size=1100,3000",
    ]
    picture = tmp_path / "shot.png"
    subprocess.run(
        [*command, f"--screenshot={picture}", (tmp_path / "r.html").as_uri()],
        check=True,
        capture_output=True,
        timeout=120,
    )
    from matplotlib.image import imread

    pixels = imread(picture)[..., :3]
    busy = (abs(pixels - (0, 0x72 / 255, 0xB2 / 255)) < 0.01).all(axis=-1)
    assert busy.sum() > 20_000  # the timeline's blue: pictures inside the page are drawn
