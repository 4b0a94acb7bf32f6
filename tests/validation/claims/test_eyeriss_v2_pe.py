"""The published cycles of a processing element, on layers made here and, where they are, on the recorded ones."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from pe_folder import make

from validation.claims.eyeriss_v2_pe import claims, run, tiled
from validation.oracles import csc
from validation.recorded.eyeriss_v2_pe import load
from validation.registry import default_data

FOLDER = default_data()
RECORDED = None if FOLDER is None else FOLDER / "eyeriss_v2_pe"


def test_layers_made_here_hold_and_a_wrong_number_fails(tmp_path: Path) -> None:
    make(tmp_path, {"a": (9, 10, 6), "b": (33, 5, 2)}, tile=(3, 5))
    judged = [claim for claim in claims(tmp_path) if claim.judged]
    assert [(claim.name[-1], claim.verdict) for claim in judged] == [("a", "holds"), ("b", "holds")]
    expected = json.loads((tmp_path / "expected.json").read_text())
    expected["layers"]["b"]["published_cycles"] += 1
    (tmp_path / "expected.json").write_text(json.dumps(expected))
    assert [claim.verdict for claim in claims(tmp_path) if claim.judged] == ["holds", "fails"]


def test_a_tile_that_does_not_fit_is_told_and_the_number_still_holds(tmp_path: Path) -> None:
    make(tmp_path, {"a": (8, 32, 6)}, tile=(4, 16))
    rows = {claim.name.split(",")[0]: claim for claim in claims(tmp_path)}
    assert rows["busy cycles of the multiplier"].verdict == "holds"
    assert (
        "the machine's own, 4 x 16 does not fit (machine 'eyeriss_v2_pe'"
        in rows["cycles of the whole run"].note
    )


def test_what_is_beside_a_claim_adds_up(tmp_path: Path) -> None:
    make(tmp_path, {"a": (16, 20, 8)}, tile=(8, 5))
    rows = {claim.name.split(",")[0]: claim for claim in claims(tmp_path)}
    waited = [rows[name].measured for name in rows if name.startswith("cycles the multiplier")]
    drained = (
        rows["cycles of the whole run"].measured
        - rows["busy cycles of the multiplier"].measured
        - sum(waited)
    )
    assert 0 <= drained < 40
    assert all(claim.measured >= 0 for claim in rows.values())


@pytest.mark.skipif(
    RECORDED is None or not RECORDED.is_dir(), reason="the recorded layers are not on this machine"
)
def test_recorded_layers_by_the_plain_loops() -> None:
    assert RECORDED is not None
    for case in load(RECORDED):
        assert csc.multiplications(case.weights.tolist(), case.inputs.tolist()) == case.published, case.name


@pytest.mark.skipif(
    RECORDED is None or not RECORDED.is_dir(), reason="the recorded layers are not on this machine"
)
def test_recorded_layers_hold_exactly() -> None:
    assert RECORDED is not None
    for case in load(RECORDED):
        tile, note = tiled(case)
        assert tile, note
        assert run(case, tile).busy["mac"] == case.published, case.name
