"""The table of machines: every machine is in it, as it is described, with claims and pages that exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import simulator
from simulator.hardware import names
from validation.registry import SETS

TABLE = Path(__file__).parents[1] / "docs" / "machines" / "README.md"
ROW = re.compile(
    r"^\| \[`(\w+)`\]\(\.\./\.\./hwconfigs/(\w+)\.yaml\) \| `(\w+)` \| (.+?) \| (.+?) \| (.+?) \|$", re.M
)


def rows() -> dict[str, tuple[str, ...]]:
    """Cells by machine."""
    return {cells[0]: cells[1:] for cells in ROW.findall(TABLE.read_text(encoding="utf-8"))}


@pytest.mark.parametrize("name", names())
def test_every_machine_has_a_row_with_its_organisation_and_a_page(name: str) -> None:
    assert name in rows(), f"{TABLE}: add a row for hwconfigs/{name}.yaml"
    file, organisation, exploits, checked, page = rows()[name]
    assert (file, organisation) == (name, simulator.load(name).organisation)
    assert exploits
    assert checked
    assert re.search(r"\]\([^)]+\)", page)


def test_every_row_is_a_machine_and_names_claims_that_exist() -> None:
    assert set(rows()) <= set(names())
    for name, (*_, checked, _) in rows().items():
        told = re.findall(r"\((`\w+`)\)", checked)
        assert all(each.strip("`") in SETS for each in told), (name, told)


def test_gating_is_told_where_it_is_described() -> None:
    for name, (_, _, exploits, *_) in rows().items():
        if "gates" in exploits:
            assert simulator.load(name).datapath.gating, name
