"""Every mistake is one error that names the file, the line, what is wrong and what could be meant."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from simulator.errors import InfeasibleError, InputError, SimulatorError
from simulator.frontend.timeloop import load
from simulator.frontend.timeloop.named import names
from simulator.paths import data_root

EXAMPLES = data_root("hwconfigs") / "design_points"

MISTAKES = {
    "misspelt dimension in a factor": (
        "matmul",
        "factors: K=4,",
        "factors: KK=4,",
        r"mapping\.1\.factors: no dimension 'KK'; did you mean 'K'\? choices: K, M, N",
    ),
    "factors that do not multiply to the bound": (
        "matmul",
        "factors: K=4,",
        "factors: K=2,",
        r"mapping: the factors of 'K', 2 x 4, make 8; its size is 16",
    ),
    "unknown level": (
        "matmul",
        "target: GLB",
        "target: GLBB",
        r"mapping\.1\.target: no level 'GLBB'; did you mean 'GLB'",
    ),
    "last round longer than the others": (
        "matmul",
        "factors: K=4,",
        "factors: 'K=4,5',",
        r"the last round has 1\.\.4",
    ),
    "a constraint for a mapping": (
        "matmul",
        "factors: K=4,",
        "factors: K<=4,",
        r"'K<=4' is a constraint of a search",
    ),
    "loops told twice": (
        "matmul",
        "- {target: GLB, type: temporal,",
        "- {target: DRAM, type: temporal,",
        r"the temporal loops of this level are told twice",
    ),
    "a leader that is no tensor": (
        "spmspm",
        "{target: A, condition_on: [B]}",
        "{target: A, condition_on: [C]}",
        r"condition_on\.0: no tensor 'C'; ",
    ),
    "a rule without leader": (
        "spmspm",
        "{target: A, condition_on: [B]}",
        "{target: A, condition_on: []}",
        r"skipping of 'A' has no leader",
    ),
    "a format with too few ranks": (
        "spmspm",
        "          - {format: UOP, payload_word_bits: 8}     # tiles",
        "          # tiles",
        r"data_spaces\.0: more ranks needed: 0 for 'A', beside 2 of the next memory, and the loops M",
    ),
    "an unknown format": ("spmspm", "format: CP", "format: CSR", r"unknown format 'CSR'; "),
    "an open rank below a compressed one": (
        "spmspm",
        "{format: CP, metadata_word_bits: 4}     # 4 b",
        "{format: CP}\n          - {format: UOP}     # 4 b",
        r"UOP keeps all coordinates and cannot lie below the compressed CP",
    ),
    "an entry wider than its storage": (
        "outer_product",
        "- {name: A, rank-application-order: inner-to-outer, ranks: [{format: B}, {format: B}]}",
        "- {name: A, ranks: [{format: B}, {format: B, metadata-word-bits: 9}]}",
        r"9 bits are wider than the metadata storage of 'LineBuffer', 4 bits",
    ),
    "a density above one": (
        "spmspm",
        "density: 0.25",
        "density: 1.25",
        r"density 1\.25 is not within 0\.\.1",
    ),
    "an unknown distribution": (
        "spmspm",
        "A: {distribution: hypergeometric",
        "A: {distribution: hypergeometrical",
        r"unknown distribution 'hypergeometrical'; did you mean 'hypergeometric'",
    ),
    "no size of a dimension": (
        "matmul",
        "instance: {M: 32,",
        "instance: {m: 32,",
        r"no size of dimension 'M'",
    ),
    "an unknown coefficient": (
        "conv_gating",
        "[[P, stride]",
        "[[P, strike]",
        r"unknown 'strike'; did you mean 'stride'",
    ),
    "no output": ("matmul", ", read_write: true", "", r"exactly one data space is written.*here: none"),
    "a width that is no multiple": (
        "matmul",
        "width: 64, datawidth: 8, read",
        "width: 60, datawidth: 8, read",
        r"60 bits is no mul",
    ),
    "a bandwidth of nothing": (
        "matmul",
        "read_bandwidth: 8",
        "read_bandwidth: 0",
        r"read_bandwidth: 0 is not above 0",
    ),
    "a duplicate key": (
        "matmul",
        "name: chip",
        "name: chip\n    name: chop",
        r"matmul.yaml:10:5: .*duplicate key, first given in line 9",
    ),
    "two spellings of a key": (
        "outer_product",
        "cluster-size: 1,",
        "cluster-size: 1, cluster_size: 1,",
        r"given twice, as 'cluster-size' and 'cluster_size'",
    ),
    "a misspelt key": (
        "matmul",
        "permutation: [K, M, N]",
        "permutaton: [K, M, N]",
        r"unknown key 'permutaton'; did you mean 'permuta",
    ),
    "an unknown tag": (
        "matmul",
        "!Container",
        "!Contaner",
        r"a node is !Container, !Component.*here: !Contaner",
    ),
    "a fan-out side by side": (
        "conv_gating",
        "name: ifmap_spad\n",
        "name: ifmap_spad\n      spatial: {meshX: 2}\n",
        r"nodes side by side \(!Parallel\) have no fan-out",
    ),
    "no multipliers": (
        "matmul",
        "class: compute",
        "class: storage",
        r"the last component must be the multipliers",
    ),
    "a latency without unit": (
        "matmul",
        "latency: 20 cycle",
        "latency: 20",
        r"cycles\.DRAM\.latency: 20: a quantity in cycle needs a unit",
    ),
    "cycles of an unknown level": (
        "matmul",
        "\n  GLB: {latency",
        "\n  GBL: {latency",
        r"no level 'GBL'; did you mean 'GLB'",
    ),
    "a huge number": ("matmul", "M: 32", f"M: {'9' * 5000}", r"is not a number|larger than"),
    "a section of the wrong kind": (
        "matmul",
        "mapping:\n",
        "mapping: all\nmappings:\n",
        r"mapping: 'all' is not a list",
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_mistake_is_told_with_its_place(mistake: str, tmp_path: Path) -> None:
    name, old, new, error = MISTAKES[mistake]
    text = (EXAMPLES / f"{name}.yaml").read_text()
    assert old in text, "the mistake must be one"
    file = tmp_path / f"{name}.yaml"
    file.write_text(text.replace(old, new, 1))
    with pytest.raises(InputError, match=error) as told:
        load(file)
    assert re.match(rf"{re.escape(str(file))}:[0-9]+:[0-9]+: ", str(told.value))


def changed(tmp_path: Path, name: str, old: str, new: str) -> Path:
    text = (EXAMPLES / f"{name}.yaml").read_text()
    assert old in text
    file = tmp_path / f"{name}.yaml"
    file.write_text(text.replace(old, new, 1))
    return file


def test_tile_that_just_fits_and_one_that_does_not(tmp_path: Path) -> None:
    needed = 16 * 16 + 16 * 16 + 16 * 16
    load(changed(tmp_path, "matmul", "{depth: 256,", f"{{depth: {needed // 8},"))
    file = changed(tmp_path, "matmul", "{depth: 256,", f"{{depth: {needed // 8 - 1},")
    with pytest.raises(
        InfeasibleError,
        match=rf"GLB: tiles need {needed} words \(A 256, B 256, Z 256\); it holds {needed - 8}",
    ):
        load(file)


def test_loops_that_just_fit_the_array_and_ones_that_do_not(tmp_path: Path) -> None:
    load(changed(tmp_path, "matmul", "meshX: 4, meshY: 4", "meshX: 4, meshY: 5"))
    file = changed(tmp_path, "matmul", "meshX: 4, meshY: 4", "meshX: 4, meshY: 3")
    with pytest.raises(
        InfeasibleError, match=r"spatial loops along Y \(N=4\) need 4 instances of 'spad'; there are 3"
    ):
        load(file)


def test_packing_counts_non_zeros_of_fixed_structure_only(tmp_path: Path) -> None:
    file = changed(
        tmp_path, "sparse_tensor_core", "distribution: fixed-structured", "distribution: hypergeometric"
    )
    with pytest.raises(InfeasibleError, match=r"along X \(K=8\) need 8 instances of 'LRF'; there are 4"):
        load(file)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "just text",
        "[1, 2]",
        "architecture: 1\nproblem: 2\nmapping: 3",
        "architecture: {nodes: [!Component {name: a}]}",
        "a: &a [*a]",
        "a: &a {<<: *a}",
        "a: &a [1,1,1,1,1,1,1,1,1]\n"
        + "".join(
            f"{c}: &{c} [{','.join([f'*{p}'] * 9)}]\n" for p, c in zip("abcdefgh", "bcdefghi", strict=True)
        ),
        "problem: {shape: cnn-layer}\narchitecture: {}\nmapping: []",
        "{" * 5000,
        "problem: !!python/object/apply:os.system ['true']",
        "\x00",
    ],
)
def test_hostile_texts_are_refused(text: str, tmp_path: Path) -> None:
    file = tmp_path / "x.yaml"
    file.write_text(text)
    with pytest.raises(InputError):
        load(file)


def _mutations(text: str) -> list[str]:
    """Truncations, lines left out, and every scalar replaced by one of another kind."""
    lines = text.splitlines(keepends=True)
    found = ["".join(lines[:end]) for end in range(0, len(lines), 2)] + [
        text[:end] for end in range(0, len(text), 97)
    ]
    found += ["".join(lines[:i] + lines[i + 1 :]) for i in range(len(lines))]
    scalars = re.finditer(r"(?<=: )[\w.]+|(?<=\[)\w+|(?<=[MNKPQRSCIJL]=)\d+", text)
    for place, match in enumerate(scalars):
        other = ("[]", "{}", "-1", "0", "x", "1.5", "~", "1e9", "'3'", "[[A]]")[place % 10]
        found.append(text[: match.start()] + other + text[match.end() :])
    return found


@pytest.mark.parametrize("name", names())
def test_mutations_are_read_or_refused_with_one_error(name: str, tmp_path: Path) -> None:
    text = (EXAMPLES / f"{name}.yaml").read_text()
    file = tmp_path / "mutated.yaml"
    errors = [_refused(file, mutation) for mutation in _mutations(text)]
    told = [error for error in errors if error is not None]
    assert len(told) > 50
    assert all(str(file) in error for error in told)


def _refused(file: Path, text: str) -> str | None:
    file.write_text(text)
    try:
        load(file)
    except SimulatorError as error:
        return str(error)
    return None


def test_entries_without_any_width_are_told(tmp_path: Path) -> None:
    file = changed(
        tmp_path, "spmspm", "- {format: CP, metadata_word_bits: 4}     # 4 b", "- {format: CP}     # 4 b"
    )
    (told,) = load(file).unmodelled
    assert "CP entries at 'DRAM' are told no width: 0 b" in told
