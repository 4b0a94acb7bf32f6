"""Journals: every layer added is there again, whatever end the file came to; nothing of another run is."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from simulator import InputError, Result
from simulator.record.journal import MAGIC, Journal

TOLD = {"machine": "highlight 1", "seed": "0"}


@pytest.fixture
def kept(results: tuple[Result, Result], tmp_path: Path) -> Path:
    """Layers 2 and 0 of a result, in that order."""
    path = tmp_path / "unfinished" / "a.journal"
    journal = Journal(path, TOLD)
    assert not path.exists()
    for index in (2, 0):
        journal.add(index, results[0].layers[index])
    journal.close()
    return path


def test_layers_are_read_back_whole(kept: Path, results: tuple[Result, Result]) -> None:
    journal = Journal(kept, TOLD)
    assert list(journal.layers) == [2, 0]
    journal.add(1, results[0].layers[1])
    journal.close()
    again = Journal(kept, TOLD)
    layers = tuple(again.layers[i] for i in range(3))
    assert replace(results[0], layers=layers).summary() == results[0].summary()
    again.remove()
    assert not kept.parent.exists()


def test_every_cut_leaves_the_layers_before_it(kept: Path, results: tuple[Result, Result]) -> None:
    whole = kept.read_bytes()
    journal = Journal(kept, TOLD)
    journal.add(1, results[0].layers[1])
    journal.close()
    full = kept.read_bytes()
    rng = range(0, len(full), max(1, len(full) // 60))
    for cut in (*rng, len(whole) - 1, len(whole), len(whole) + 1, len(full) - 1):
        kept.write_bytes(full[:cut])
        journal = Journal(kept, TOLD)
        expected = 3 if cut == len(full) else 2 if cut >= len(whole) else None
        assert expected is None or len(journal.layers) == expected, cut
        journal.add(1, results[0].layers[1])
        journal.close()
        again = Journal(kept, TOLD)
        assert 1 in again.layers
        assert set(journal.layers) == set(again.layers)
        again.close()


def test_a_damaged_record_and_what_follows_is_dropped(kept: Path) -> None:
    content = bytearray(kept.read_bytes())
    content[-5] ^= 1
    kept.write_bytes(content)
    journal = Journal(kept, TOLD)
    assert list(journal.layers) == [2]
    journal.close()


@pytest.mark.parametrize(
    ("told", "message"),
    [
        ({**TOLD, "seed": "1"}, r"seed 0 \(now 1\)"),
        ({**TOLD, "machine": "x" * 80}, "another machine"),
        ({"machine": "highlight 1"}, r"seed 0 \(now none\)"),
    ],
)
def test_another_run_is_refused(kept: Path, told: dict[str, str], message: str) -> None:
    before = kept.read_bytes()
    with pytest.raises(InputError, match=f"a.journal: is of another run, with {message}"):
        Journal(kept, told)
    assert kept.read_bytes() == before


def test_one_process_writes(kept: Path) -> None:
    first = Journal(kept, TOLD)
    with pytest.raises(InputError, match="another process is writing this run"):
        Journal(kept, TOLD)
    first.close()
    Journal(kept, TOLD).close()


def test_another_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.journal"
    path.write_bytes(b"sparsecycle-journey 1\n" + bytes(100))
    with pytest.raises(InputError, match="is not a journal"):
        Journal(path, TOLD)
    assert len(path.read_bytes()) == len(MAGIC) + 100


def test_a_run_begun_twice_at_once(kept: Path, results: tuple[Result, Result]) -> None:
    kept_layer = results[0].layers[0]
    other = Journal(kept.parent / "b.journal", TOLD)
    kept.rename(kept.parent / "b.journal")
    with pytest.raises(InputError, match="another process has begun this run"):
        other.add(0, kept_layer)
