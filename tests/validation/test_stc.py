"""The family's claims: the law against the published cycles, a row of each core, recorded cases of any folder."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

from simulator.errors import InputError
from validation.claims import stc, stc_case_study
from validation.registry import default_data

PROBLEM = """problem:
  instance:
    K: {k}
    M: 256
    N: 128
    densities:
      A: {{density: {a}, distribution: fixed-structured}}
      B: {{density: {b}, distribution: hypergeometric}}
"""


def test_the_law_matches_every_published_row() -> None:
    for name, pattern, cycles in stc.CYCLES:
        for layer, expected in zip(stc.LAYERS, cycles, strict=False):
            runs_as = stc.HALF if (name, pattern) == ("STC", stc.QUARTER) else pattern
            assert abs(stc.law(stc.CORES[name], runs_as, layer) - expected) <= Fraction(12, 10)


@pytest.mark.parametrize("name", stc.CORES)
def test_a_row_holds_and_shows_the_truth_beside(name: str) -> None:
    pattern = stc.DENSE if name == "TC" else stc.HALF if name == "STC" else stc.QUARTER
    core, layer = stc.CORES[name], (256, 1024, 256, "0.5")
    claim, truth = stc.row(core, pattern, layer, stc.law(core, pattern, layer), stc.LAW)
    assert claim.holds
    assert truth.kind == "information"
    assert truth.measured is not None
    assert truth.measured > (claim.measured or 0)
    assert "S3" in truth.note


def case(folder: Path, name: str, k: int, a: str, b: str, cycles: int) -> None:
    place = folder / "case" / name
    place.mkdir(parents=True)
    (place / "input.yaml").write_text(PROBLEM.format(k=k, a=a, b=b), encoding="utf-8")
    (place / "stats.txt").write_text(f"x\nCycles: {cycles}\n", encoding="utf-8")


def test_cases_are_read_from_any_folder(tmp_path: Path) -> None:
    case(tmp_path, "TC-x", 640, "1.0", "1.0", 512 * 40)
    case(tmp_path, "STC-x", 640, "0.5", "1.0", 512 * 20)
    case(tmp_path, "STC_flexible-x", 576, "0.33333", "1.0", 512 * 12 * 60 // 42 + 1)
    case(tmp_path, "STC_flexible-x-RLE", 576, "0.33333", "1.0", 512 * 12 * 58 // 42 + 4)  # 3 cycles too many
    case(tmp_path, "STC_flexible_dualCompress-x-RLE", 1024, "0.25", "0.5", 512 * 16 * 52 // 42 + 1)
    case(tmp_path, "STC_flexible_dualCompress-x", 1024, "0.25", "0.5", 512 * 16 * 52 // 42 + 1)
    case(tmp_path, "DSTC-x", 160, "0.5", "0.5", 1)
    claims = {c.name: c for c in stc_case_study.claims(tmp_path) if c.judged}
    verdicts = {name.rpartition(" / ")[2]: claim.verdict for name, claim in claims.items()}
    assert verdicts == {
        "STC-x": "holds",
        "STC_flexible-x": "holds",
        "STC_flexible-x-RLE": "fails",
        "STC_flexible_dualCompress-x-RLE": "holds",
        "STC_flexible_dualCompress-x": "holds",
        "TC-x": "holds",
    }


def test_the_bandwidth_is_that_of_the_case(tmp_path: Path) -> None:
    case(tmp_path, "STC-x", 640, "0.5", "1.0", 512 * 40)
    path = tmp_path / "case" / "STC-x" / "input.yaml"
    memory = "architecture: {subtree: [{local: [{name: SMEM, attributes: {read_bandwidth: 21}}]}]}\n"
    path.write_text(memory + path.read_text(encoding="utf-8"), encoding="utf-8")
    claim, _ = stc_case_study.claims(tmp_path)
    assert claim.holds


def test_what_no_machine_stands_for_is_said(tmp_path: Path) -> None:
    case(tmp_path, "STC_other-x", 640, "0.5", "1.0", 1)
    (claim,) = stc_case_study.claims(tmp_path)
    assert claim.verdict == "skipped"


def test_a_density_no_pattern_has_is_told(tmp_path: Path) -> None:
    case(tmp_path, "STC-x", 640, "0.1", "1.0", 1)
    with pytest.raises(InputError, match=r"densities\.A: 0\.1 is not that of 2 of 2 to 8"):
        list(stc_case_study.claims(tmp_path))


def dual(folder: Path, smem: int, compute: int, vectors: str = "M4 N2 K1") -> Path:
    """A case of the dual-side core with statistics by level."""
    case(folder, "DSTC-x", 256, "0.25", "0.5", smem)
    place = folder / "case" / "DSTC-x"
    levels = f"=== MAC ===\n    Cycles  : {compute}\n=== SMEM ===\n    Cycles  : {smem}\n"
    (place / "stats.txt").write_text(f"{levels}Cycles: {max(smem, compute)}\n", encoding="utf-8")
    entry = f"{{target: LRF, type: temporal, factors: {vectors}}}"
    (place / "map.yaml").write_text(f"mapping: [{entry}]\n", encoding="utf-8")
    return folder


def bytes_read(m: int, k: int, n: int, weights: float, inputs: float, a: int, b: int) -> float:
    """Oracle: values and bits of both operands, as often as units side by side do not share them."""
    return m * k * (weights + 1 / 8) * n / (32 * b) + k * n * (inputs + 1 / 8) * m / (32 * a)


def test_the_dual_side_core_reads_what_its_operand_vectors_say(tmp_path: Path) -> None:
    for at, (text, a, b) in enumerate((("M4 N2 K1", 4, 2), ("M2 N4 K1", 2, 4))):
        expected = round(bytes_read(256, 256, 128, 0.25, 0.5, a, b) / 42)
        for off, holds in ((1.0, True), (1.02, False)):
            folder = dual(tmp_path / f"{at}-{off}", round(expected * off), 100, text)
            (claim,) = (c for c in stc_case_study.claims(folder) if c.judged)
            assert claim.holds is holds, (text, off, claim)


def test_the_dual_side_core_is_not_judged_where_compute_sets_the_pace(tmp_path: Path) -> None:
    rows = list(stc_case_study.claims(dual(tmp_path, 4000, 4000)))
    assert [row.verdict for row in rows] == ["information", "information"]


def test_a_case_without_a_problem_is_told(tmp_path: Path) -> None:
    case(tmp_path, "TC-x", 16, "1.0", "1.0", 1)
    (tmp_path / "case" / "TC-x" / "input.yaml").write_text("problem: {}", encoding="utf-8")
    with pytest.raises(InputError, match="is no problem with M, K, N and densities"):
        list(stc_case_study.claims(tmp_path))


def test_recorded_cases_hold() -> None:
    data = default_data()
    folder = data / "sparseloop" / "stc_case_study" if data else None
    if folder is None or not folder.is_dir():
        pytest.skip("no recorded data: ../shared/data/sparseloop/stc_case_study is absent")
    claims = [claim for claim in stc_case_study.claims(folder) if claim.judged]
    assert len(claims) >= 40
    assert [claim.name for claim in claims if not claim.holds] == []
