"""Templates are rendered where jinja2 is installed, and refused with a reason where it is not."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import pytest

from simulator.errors import InputError
from simulator.frontend.timeloop import load
from simulator.paths import data_root

MATMUL = data_root("hwconfigs") / "design_points" / "matmul.yaml"
INSTALLED = find_spec("jinja2") is not None


def template(tmp_path: Path, size: str) -> Path:
    file = tmp_path / "template.yaml"
    file.write_text(MATMUL.read_text().replace("M: 32", f"M: {size}"))
    return file


@pytest.mark.skipif(not INSTALLED, reason="jinja2 is not installed")
def test_template_is_rendered(tmp_path: Path) -> None:
    assert load(template(tmp_path, "{{ 4 * 8 }}")).product == load(MATMUL).product


@pytest.mark.skipif(not INSTALLED, reason="jinja2 is not installed")
@pytest.mark.parametrize(
    "text",
    ["{{ nothing }}", "{{ 4 *", "{% for i in range(10**9) %}{% endfor %}", "{{ ''.__class__.__mro__ }}"],
)
def test_template_that_cannot_be_rendered_is_one_error(text: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"template\.yaml.*: "):
        load(template(tmp_path, text))


def test_template_without_the_package_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(name: str) -> None:
        raise ImportError(name)

    monkeypatch.setattr("simulator.frontend.timeloop.template.import_module", absent)
    with pytest.raises(InputError, match="is a Jinja2 template; install the package jinja2"):
        load(template(tmp_path, "{{ 4 * 8 }}"))
