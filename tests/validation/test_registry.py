"""Sets of claims are found by name, and read the folder they are given."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from importlib import import_module
from pathlib import Path

import pytest

from simulator.errors import InputError
from validation import registry
from validation.claims import Claim, within
from validation.registry import SETS, ClaimSet, chosen, measure, subject


def sizes(folder: Path) -> Iterator[Claim]:
    """Files of a folder, two expected."""
    yield within("files", 2, len(list(folder.iterdir())), "1", 0, "two")


@pytest.fixture
def recorded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(SETS, "sizes", ClaimSet(f"{__name__}:sizes", data="cases"))


@pytest.mark.parametrize("name", SETS)
def test_every_set_is_there_and_says_what_it_is_about(name: str) -> None:
    module, _, function = SETS[name].entry.partition(":")
    assert callable(getattr(import_module(module), function))
    assert subject(name).endswith((".", ":"))


def test_an_unknown_name_is_told_before_anything_is_measured() -> None:
    with pytest.raises(InputError, match="no claims called 'hihglight'; did you mean 'highlight'"):
        measure(["highlight", "hihglight"])


def test_sets_that_take_minutes_are_measured_when_they_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(SETS, "minutes", ClaimSet("no.module:ever", long=True))
    assert {"minutes", "highlight_edp"}.isdisjoint(chosen([]))
    assert "highlight" in chosen([])
    assert chosen(["minutes", "highlight", "minutes"]) == ("minutes", "highlight")


def test_recorded_cases_are_those_of_the_folder_given(recorded: None, tmp_path: Path) -> None:
    (tmp_path / "cases").mkdir()
    for i, verdict in enumerate(("fails", "fails", "holds", "fails")):
        ((name, (claim,)),) = measure(["sizes"], tmp_path)
        assert (name, claim.measured, claim.verdict) == ("sizes", Fraction(i), verdict)
        (tmp_path / "cases" / str(i)).touch()


def test_absent_data_are_a_skipped_claim_with_the_reason(
    recorded: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ((_, (claim,)),) = measure(["sizes"], tmp_path)
    assert (claim.verdict, claim.note) == ("skipped", f"{tmp_path}: has no folder 'cases'")
    monkeypatch.setattr(registry, "DATA", Path("nowhere"))
    ((_, (claim,)),) = measure(["sizes"])
    assert (claim.verdict, claim.note) == ("skipped", "no folder nowhere; give one with --data")


def test_a_folder_that_is_none_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is no folder of recorded data"):
        measure(["highlight"], tmp_path / "nowhere")


def test_the_default_folder_is_sought_from_here_then_from_the_project(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, project = tmp_path / "a" / "here", tmp_path / "b" / "project"
    for folder in (here, project):
        folder.mkdir(parents=True)
    monkeypatch.chdir(here)
    monkeypatch.setattr(registry, "ROOT", project)
    assert registry.default_data() is None
    (tmp_path / "b" / "shared" / "data").mkdir(parents=True)
    assert registry.default_data() == project / "../shared/data"
    (tmp_path / "a" / "shared" / "data").mkdir(parents=True)
    assert registry.default_data() == Path("../shared/data")
