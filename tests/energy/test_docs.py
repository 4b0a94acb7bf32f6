"""docs/energy.md shows the table that is used, and its examples print what the page says."""

from __future__ import annotations

import contextlib
import io
import re
from pathlib import Path
from typing import Any

import pytest

from simulator.energy import load, names
from simulator.energy.table_file import parse

PAGE = (Path(__file__).parents[2] / "docs" / "energy.md").read_text(encoding="utf-8")
SLA = "Sparseloop MICRO 2022 public artifact, energy reference table, 45 nm"


@pytest.mark.parametrize("name", names())
def test_the_table_of_the_page_is_the_table_of_the_package(name: str) -> None:
    shown = PAGE.split(f"<!-- table: {name} -->\n")[1].split("<!-- end -->")[0].splitlines()[2:]
    cells = [tuple(cell.strip() for cell in line.strip("|").split("|")) for line in shown]
    rows = load(name).rows.values()
    assert [(c[0], c[1], float(c[2]), c[3]) for c in cells] == [
        (f"`{row.action}`", row.per, row.energy_pj, row.node) for row in rows
    ]
    origins = [("assumed: " if row.assumed else "") + row.origin.replace(SLA, "SLA") for row in rows]
    assert [c[4] for c in cells] == origins


def test_examples() -> None:
    table = parse(re.findall(r"^```yaml\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)[0], "docs/energy.md")
    assert table.energy_pj({"value_mux": 1}) == {"value_mux": 0.012}
    block = re.findall(r"^```python\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)[0]
    printed, space = io.StringIO(), dict[str, Any]()
    with contextlib.redirect_stdout(printed):
        exec(compile(block, "docs/energy.md", "exec"), space)
    assert [line for line in block.splitlines() if line.startswith("# ")] == [
        f"# {line}" for line in printed.getvalue().splitlines()
    ]
