"""The Python examples of the README and the pages run as they are written."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import simulator
from simulator.hardware import parameters

ROOT = Path(__file__).parents[1]
MACHINES = sorted(str(page.relative_to(ROOT)) for page in (ROOT / "docs" / "machines").glob("*.md"))
PAGES = (
    "README.md",
    "docs/machine_model.md",
    "docs/highlight.md",
    "docs/memory.md",
    "docs/import.md",
    "docs/noc.md",
    "docs/compare.md",
    "docs/timeloop.md",
    "docs/analytical.md",
    "docs/tasd.md",
    *MACHINES,
)


def examples(page: str) -> list[str]:
    return re.findall(r"```python\n(.*?)```", (ROOT / page).read_text(), re.S)


@pytest.mark.parametrize("page", [page for page in PAGES if examples(page)])
def test_examples_run(page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for example in examples(page):
        exec(compile(example, page, "exec"), {})


def test_links_lead_somewhere() -> None:
    for page in [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")]:
        for target in re.findall(r"\]\(([^)#]+)\)", page.read_text()):
            assert target.startswith("http") or (page.parent / target).exists(), f"{page.name}: {target}"


def test_assumed_numbers_are_counted_right() -> None:
    told = re.search(r"\[(\d+) of its numbers\]", (ROOT / "README.md").read_text())
    assert told is not None
    assumed = [p for p in parameters(simulator.load("highlight")) if p.assumed]
    assert int(told.group(1)) == len(assumed)
