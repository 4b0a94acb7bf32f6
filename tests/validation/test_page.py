"""The page of claims and the claims are the same."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from validation.registry import SETS, measure
from validation.table import PAGE as HEAD

PAGE = Path(__file__).parents[2] / "docs" / "validation.md"
MAKE = "python -m validation --markdown > docs/validation.md"


def sections() -> dict[str, list[str]]:
    """Names of the claims of each set on the page."""
    parts = re.split(r"^## (.+)$", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
    cells = re.compile(r"^\| ((?:\\\||[^|])+?) \|", re.MULTILINE)
    return {name: cells.findall(body)[2:] for name, body in zip(parts[::2], parts[1::2], strict=True)}


def test_every_section_is_a_set_and_every_set_but_the_long_ones_a_section() -> None:
    assert list(sections()) == [name for name, found in SETS.items() if not found.long], f"run {MAKE}"


def test_nothing_on_the_page_failed_or_was_left_out() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert not re.search(r"\| (fails|skipped)(:[^|]*)? \|", text), f"run {MAKE}"
    assert text.startswith(HEAD), f"run {MAKE}"


@pytest.mark.parametrize("name", [name for name in sections() if name in ("highlight",)])
def test_claims_on_the_page_are_those_measured(name: str) -> None:
    ((_, claims),) = measure([name])
    assert [c.name.replace("|", "\\|") for c in claims] == sections()[name], f"run {MAKE}"
