"""The house as it is against the house as it is written down."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from configparser import ConfigParser
from pathlib import Path

import pytest

from simulator.registry import names

ROOT = Path(__file__).resolve().parents[2]
SOURCES = sorted((ROOT / "simulator").rglob("*.py"))
DATA = {"simulator.hwconfigs", "simulator.traces"}
UNSHIPPED = "validation.benchmarks"
"""Measured in a checkout only."""


@pytest.fixture(scope="module")
def layout() -> ConfigParser:
    config = ConfigParser()
    config.read(ROOT / "setup.cfg")
    return config


def _packages() -> set[str]:
    inits = [init for top in ("simulator", "validation") for init in (ROOT / top).rglob("__init__.py")]
    found = {".".join(init.parent.relative_to(ROOT).parts) for init in inits}
    return {name for name in found if not f"{name}.".startswith(f"{UNSHIPPED}.")}


def test_every_package_is_shipped(layout: ConfigParser) -> None:
    listed = layout["options"]["packages"].split()
    assert set(listed) == _packages() | DATA
    assert len(listed) == len(set(listed))


def test_every_room_has_a_floor(layout: ConfigParser) -> None:
    floors = re.split(r"[\s|]+", layout["importlinter:contract:floors"]["layers"].strip())
    rooms = {path.stem if path.is_file() else path.name for path in (ROOT / "simulator").iterdir()}
    rooms -= {"__init__", "__main__", "__pycache__", "py"}
    assert {floor.split(".")[0] for floor in floors} == rooms
    engine = {path.stem for path in (ROOT / "simulator" / "engine").iterdir()} - {"__init__", "__pycache__"}
    assert {floor.split(".")[1] for floor in floors if "." in floor} == engine


def test_engines_may_not_see_any_room_but_theirs(layout: ConfigParser) -> None:
    forbidden = set(layout["importlinter:contract:engines"]["forbidden_modules"].split())
    floors = re.split(r"[\s|]+", layout["importlinter:contract:floors"]["layers"].strip())
    rooms = {f"simulator.{floor}" for floor in floors}
    seen = {
        f"simulator.{room}"
        for room in ("plan", "engine.contract", "record", "jit", "units", "files", "errors")
    }
    assert forbidden == rooms - seen - {"simulator.engine.reference", "simulator.engine.fast"}


def test_contracts_hold() -> None:
    pytest.importorskip("importlinter")
    command = [
        sys.executable,
        "-c",
        "from importlinter.cli import lint_imports_command as c; c()",
        "--no-cache",
    ]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_files_and_functions_stay_readable(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 500
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            assert _length(node) <= 60, f"{path}:{node.lineno} {node.name}"


def _length(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines of a function without its docstring."""
    said = node.body[0] if ast.get_docstring(node) is not None else None
    words = said.end_lineno - said.lineno + 1 if said is not None and said.end_lineno is not None else 0
    return (node.end_lineno or node.lineno) - node.lineno + 1 - words


def test_no_engine_file_names_a_machine_a_datapath_or_a_format() -> None:
    machines = {path.stem for path in (ROOT / "hwconfigs").glob("*.yaml")}
    known = machines | set(names("datapath")) | set(names("format"))
    words = re.compile(rf"\b({'|'.join(sorted(known - {'dense'}))})\b", re.IGNORECASE)
    for path in (ROOT / "simulator" / "engine").rglob("*.py"):
        assert not words.search(path.read_text(encoding="utf-8")), path


def test_tests_stand_where_their_subject_stands() -> None:
    """A folder of tests named like a room has only folders that room has, or that are named like a file of it."""
    for folder in (ROOT / "tests").rglob("*"):
        inside = folder.relative_to(ROOT / "tests")
        if (
            folder.is_dir()
            and (ROOT / "simulator" / inside.parts[0]).is_dir()
            and "__pycache__" not in inside.parts
        ):
            subject = ROOT / "simulator" / inside
            found = subject.is_dir() or subject.with_suffix(".py").is_file()
            assert inside.name == "fixtures" or found, folder
