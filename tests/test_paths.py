from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from simulator import paths
from simulator.errors import InputError


def test_the_machines_are_found() -> None:
    assert {"highlight.yaml", "tc.yaml"} <= set(paths.data_names("hwconfigs", ".yaml"))
    assert paths.data_path("hwconfigs", "tc.yaml").read_text(encoding="utf-8")


def test_an_unknown_file_is_named_with_the_nearest() -> None:
    with pytest.raises(
        InputError, match=r"hwconfigs/ has no 'highligth.yaml'; did you mean 'highlight.yaml'\?"
    ):
        paths.data_path("hwconfigs", "highligth.yaml")


def test_from_any_working_directory(tmp_path: Path) -> None:
    code = "from simulator.paths import data_path; print(data_path('hwconfigs', 'tc.yaml'))"
    run = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert Path(run.stdout.strip()).is_file()


def test_a_checkout_that_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paths, "find_spec", lambda name: None)
    assert paths.data_path("hwconfigs", "tc.yaml").is_file()


def test_an_incomplete_installation_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(paths, "find_spec", lambda name: None)
    monkeypatch.setattr(paths, "__file__", str(tmp_path / "simulator" / "paths.py"))
    with pytest.raises(InputError, match="traces/ is missing from this installation"):
        paths.data_root("traces")
