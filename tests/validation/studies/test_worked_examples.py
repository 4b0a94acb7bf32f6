"""The worked examples: one for every datapath, each with a table, and a picture that shows the run its Python makes."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

import simulator
from simulator.errors import InputError
from simulator.hardware import names
from simulator.report import timeline
from validation.studies.layer_timelines import LAYERS, run
from validation.studies.layer_timelines import picture as of_layer
from validation.studies.worked_examples import Example, examples

FOUND = list(examples())
MAKE = "python -m validation.studies.worked_examples"


def said(path: Path) -> str:
    """What a picture says of itself."""
    with Image.open(path) as picture:
        return str(picture.info["Description"])


@pytest.mark.parametrize("example", FOUND, ids=lambda example: example.picture.stem)
def test_the_picture_is_of_the_example(example: Example, tmp_path: Path) -> None:
    drawn = tmp_path / "drawn.png"
    timeline(example.run(), path=drawn)
    assert said(example.picture) == said(drawn), f"run {MAKE} {example.page}"


@pytest.mark.parametrize("name", LAYERS)
def test_the_picture_of_a_layer_is_of_that_layer(name: str, tmp_path: Path) -> None:
    drawn = tmp_path / "drawn.png"
    timeline(run(name), path=drawn)
    assert said(of_layer(name)) == said(drawn), f"run python -m validation.studies.layer_timelines {name}"


def test_every_section_has_a_table() -> None:
    assert [
        example.page.name
        for example in FOUND
        if "\n|---" not in example.text and "\n|--:" not in example.text
    ] == []


def test_every_datapath_has_an_example() -> None:
    kinds = {name: simulator.load(name).datapath.kind for name in names()}
    told = {kinds[example.run().machine] for example in FOUND}
    assert set(kinds.values()) - told == set()


def test_a_section_without_a_picture_is_refused(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("## A tile, step by step\n\n```python\nresult = 1\n```\n", encoding="utf-8")
    with pytest.raises(InputError, match="needs an example in Python and a picture"):
        list(examples([page]))
    page.write_text(page.read_text(encoding="utf-8") + "\n![x](x.png)\n", encoding="utf-8")
    (example,) = examples([page])
    with pytest.raises(InputError, match="leaves no Result"):
        example.run()
