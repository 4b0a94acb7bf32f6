"""Templates are rendered, in a sandbox, before they are YAML."""

from __future__ import annotations

from pathlib import Path

import pytest

from simulator.errors import InputError
from simulator.frontend.timeloop import load
from simulator.paths import data_root

MATMUL = data_root("hwconfigs") / "design_points" / "matmul.yaml"


def template(tmp_path: Path, size: str) -> Path:
    file = tmp_path / "template.yaml"
    file.write_text(MATMUL.read_text().replace("M: 32", f"M: {size}"))
    return file


def test_template_is_rendered(tmp_path: Path) -> None:
    assert load(template(tmp_path, "{{ 4 * 8 }}")).product == load(MATMUL).product


@pytest.mark.parametrize(
    "text",
    ["{{ nothing }}", "{{ 4 *", "{% for i in range(10**9) %}{% endfor %}", "{{ ''.__class__.__mro__ }}"],
)
def test_template_that_cannot_be_rendered_is_one_error(text: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"template\.yaml.*: "):
        load(template(tmp_path, text))
