"""Tables stand between their marks, and nothing else of a page changes."""

from __future__ import annotations

from pathlib import Path

import pytest

from simulator.errors import InputError
from validation.markdown import rewrite, table


def test_a_table() -> None:
    rows = [("name", "kind", "size"), ("a", "b", "1")]
    assert table(rows, text=2) == ["| name | kind | size |", "| --- | --- | --: |", "| a | b | 1 |"]


def test_a_page_is_made_anew_between_its_marks(tmp_path: Path) -> None:
    target = tmp_path / "page.md"
    target.write_text("before\n<!-- tables -->\nold\n<!-- end -->\nafter\n")
    rewrite(target, "new \\1")
    assert target.read_text() == "before\n<!-- tables -->\nnew \\1\n<!-- end -->\nafter\n"


@pytest.mark.parametrize(("text", "found"), [("no marks", 0), ("<!-- tables --><!-- end -->" * 2, 2)])
def test_a_page_marks_one_place(tmp_path: Path, text: str, found: int) -> None:
    target = tmp_path / "page.md"
    target.write_text(text)
    with pytest.raises(InputError, match=f"has {found} places"):
        rewrite(target, "new")
    assert target.read_text() == text
