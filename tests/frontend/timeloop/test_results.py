"""Results: the text and the XML of a run say the same, and what the summary says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from frontend.timeloop import recorded

from simulator.errors import InputError
from simulator.frontend.timeloop import read_results
from simulator.record.estimate import Estimate


def files(name: str) -> tuple[Path, Path]:
    """The text and the XML of a case."""
    if name in recorded.LAYERS:
        folder = recorded.folder("eyeriss_v2_pe")
        return folder / f"{name}_sparseloop_stats.txt", folder / f"{name}_sparseloop_map+stats.xml"
    folder = recorded.folder(name)
    texts, documents = sorted(folder.glob("*stats.txt")), sorted(folder.glob("*stats.xml"))
    if not texts or not documents:
        pytest.skip(f"no results in {folder}")
    return texts[0], documents[0]


@pytest.mark.parametrize("name", recorded.CASES)
def test_text_and_xml_agree_and_sum_to_the_summary(name: str) -> None:
    text, document = files(name)
    point = recorded.point(name)
    told, kept = read_results(text, point), read_results(document, point)
    assert told.cycles == kept.cycles
    assert (told.computes, told.bound) == (kept.computes, kept.bound)
    assert [level.name for level in told.levels] == [
        level.level for level in point.nest.levels if level.keeps
    ]
    for mine, its in zip(told.levels, kept.levels, strict=True):
        assert (mine.name, mine.instances, mine.cycles) == (its.name, its.instances, its.cycles)
        assert set(mine.tensors) == set(its.tensors)
        for tensor, accesses in mine.tensors.items():
            for access, counts in accesses.items():
                other = its.tensors[tensor][access]
                for state in ("algorithmic", "actual", "gated", "skipped"):
                    a, b = float(getattr(counts, state)), float(getattr(other, state))
                    assert a == pytest.approx(b, rel=0.006, abs=0.01), (mine.name, tensor, access, state)
    _check_energy(text, told)


def _check_energy(text: Path, told: Estimate) -> None:
    summary = re.search(r"^Energy: ([0-9.]+) uJ", text.read_text(), re.M)
    assert summary is not None
    assert told.energy / 1e6 == pytest.approx(float(summary[1]), rel=1e-4, abs=0.006)


def test_counts_are_summed_over_instances_at_work() -> None:
    text, _ = files("sparseloop/v04/04.2.1-eyeriss-like-gating")
    told = read_results(text)
    weights = told.levels[-2].tensors["Weights"]["reads"]
    assert (weights.algorithmic, weights.actual, weights.gated) == (
        3833856 * 156,
        1054311 * 156,
        2779545 * 156,
    )
    assert told.cycles == 1916929
    assert told.bound == "weights_spad"


def test_entries_of_formats_become_metadata_words() -> None:
    case = "sparseloop/format_comparison/0.01_coordinate_list"
    text, _ = files(case)
    point = recorded.point(case)
    words = read_results(text, point).levels[0].tensors["A"]["metadata_reads"].actual
    width = point.hierarchy.storage[0].metadata_bits
    ranks = point.features.at("BackingStorage").representation("A")
    assert ranks is not None
    assert words * width == 16512 * (ranks.ranks[0].payload_bits or 0) + 24576 * (
        ranks.ranks[1].metadata_bits or 0
    )


SMALL = """Level 0
-------
=== MAC ===
    Instances             : 2 (2*1)
    Cycles                : 8
    Computes (total)      : 16
    Energy (total)        : 1.50 pJ
Level 1
-------
=== Mem ===
        Instances         : 1 (1*1)
    Cycles                : 8
    Bandwidth throttling  : 1.00
    A:
        Utilized instances (max)      : 1
        Scalar reads (per-instance)   : 16
        Scalar fills (per-instance)   : 0
        Scalar updates (per-instance) : 0
        Energy (total)                : 2.50 pJ
Networks
--------
Summary Stats
-------------
Cycles: 8
"""


def test_short_print_of_dense_runs(tmp_path: Path) -> None:
    file = tmp_path / "timeloop-model.stats.txt"
    file.write_text(SMALL)
    told = read_results(file)
    assert told.levels[0].tensors["A"]["reads"].actual == 16
    assert told.energy == 4.0


@pytest.mark.parametrize(
    ("old", "new", "error"),
    [
        ("Cycles: 8", "", "no 'Cycles:' below"),
        ("=== MAC ===", "", "no level with computes"),
        (
            ": 16\n        Scalar fills",
            ": many\n        Scalar fills",
            r"stats.txt:16: 'many' is not a number",
        ),
        ("=== M", "== M", "no level"),
    ],
)
def test_what_is_no_statistics_is_one_error(tmp_path: Path, old: str, new: str, error: str) -> None:
    file = tmp_path / "timeloop-model.stats.txt"
    file.write_text(SMALL.replace(old, new))
    with pytest.raises(InputError, match=error):
        read_results(file)


def test_xml_that_is_none_is_one_error(tmp_path: Path) -> None:
    file = tmp_path / "x.map+stats.xml"
    for text, error in (
        ("<a>", "not XML"),
        ("<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>", "defines entities"),
        ("<a/>", "no levels"),
    ):
        file.write_text(text)
        with pytest.raises(InputError, match=error):
            read_results(file)


def test_truncated_and_changed_statistics_are_read_or_refused(tmp_path: Path) -> None:
    file = tmp_path / "timeloop-model.stats.txt"
    changed = [SMALL[:end] for end in range(0, len(SMALL), 7)]
    changed += [
        SMALL.replace(old, new)
        for old in ("16", "8", "1.50", ": ", "Mem", "A:")
        for new in ("", "-", "1/0", "nan", "9" * 400, "1e999", "1e99999999")
    ]
    assert sum(_refused(file, text) for text in changed) > 10
    assert not _refused(file, SMALL)


def test_truncated_and_changed_xml_is_read_or_refused(tmp_path: Path) -> None:
    file = tmp_path / "x.map+stats.xml"
    level = (
        "<item><px><specs_><LevelSpecs><level_name>{name}</level_name></LevelSpecs>"
        "<instances><t_>1</t_></instances></specs_>{rest}</px></item>"
    )
    units = level.format(
        name="MAC",
        rest="<energy_>1.5</energy_><cycles_>8</cycles_><algorithmic_computes_>16</algorithmic_computes_>"
        "<random_computes_>16</random_computes_><gated_computes_>0</gated_computes_><skipped_computes_>0</skipped_computes_>",
    )
    keep = "<keep><PerDataSpace><item>0</item></PerDataSpace></keep><cycles>8</cycles><slowdown>1</slowdown>"
    memory = level.format(name="Mem", rest=f"<stats_>{keep}</stats_>")
    text = f"<boost_serialization><engine><topology_><levels_>{units}{memory}</levels_></topology_></engine></boost_serialization>"
    assert not _refused(file, text)
    changed = [text[:end] for end in range(0, len(text), 23)]
    changed += [
        text.replace(old, new)
        for old in ("8", "16", "item", "1.5", "<keep>")
        for new in ("", "x", "-1", "<a/>")
    ]
    assert sum(_refused(file, one) for one in changed) > len(changed) // 2


def _refused(file: Path, text: str) -> bool:
    file.write_text(text)
    try:
        read_results(file)
    except InputError:
        return True
    return False
