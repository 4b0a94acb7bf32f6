"""The study's operands, sums, orderings, page and picture, on a small product and layers of its networks."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest

import simulator
from simulator.energy import load as load_table
from simulator.hardware import load as load_machine
from simulator.sparsity.patterns import parse
from validation.claims import highlight_edp as claims
from validation.studies.highlight_edp import drawing, page, workloads
from validation.studies.highlight_edp.designs import DESIGNS, INPUTS, STC, WEIGHTS, Design
from validation.studies.highlight_edp.measure import Point, Table, Total, gain, measure, total

DOCUMENT = Path(__file__).parents[3] / "docs" / "studies" / "highlight_edp.md"
README = DOCUMENT.parents[2] / "README.md"
SMALL = 128


@cache
def small() -> Table:
    return measure([workloads.product(SMALL)])


def test_operands_have_the_zeros_that_are_said() -> None:
    for design in DESIGNS:
        for degrees, patterns in ((WEIGHTS, design.weights), (INPUTS, design.inputs)):
            for degree in degrees:
                kept = parse(patterns[degree]).generate((64, 64), seed=0).mean()
                expected = 1 if design.name == "tc" and degrees is WEIGHTS else 1 - degree / 100
                assert kept == expected, (design.name, patterns[degree])


def test_every_design_runs_every_degree_of_the_product() -> None:
    assert list(small()) == [Point("128^3", a, b) for a in WEIGHTS for b in INPUTS]
    assert all(list(row) == [design.name for design in DESIGNS] for row in small().values())


def test_a_run_is_that_of_the_simulator() -> None:
    a, b = parse("2:4").generate((SMALL, SMALL), seed=1), parse("unstructured(3/4)")
    layer = simulator.gemm(a, b.generate((SMALL, SMALL), axis=0, seed=2))
    found = simulator.simulate("stc", layer, verify=False)
    row = small()[Point("128^3", 50, 25)]["stc"]
    assert (row.cycles, row.energy_pj, row.busy) == (found.cycles, found.energy, found.busy["array"])
    assert row.edp == found.edp
    dram = sum(found.layers[0].energy_pj["dram"].values())
    assert row.on_chip.energy_pj == found.energy - dram > 0


@pytest.mark.parametrize("design", DESIGNS, ids=lambda design: design.name)
def test_every_action_of_every_design_has_a_price_at_45_nm(design: Design) -> None:
    weights = parse(design.weights[50]).generate((64, 64), seed=1)
    layer = simulator.gemm(weights, parse(design.inputs[50]).generate((64, 64), axis=0, seed=2))
    machine = load_machine(design.name)
    table = load_table(machine.energy_table)
    counted = {action for part in simulator.simulate(machine, layer).actions.values() for action in part}
    assert {"mac", "psum_read", "psum_write", "dram_read", "dram_write", "sram_read"} <= counted
    assert {table.rows[action].node for action in counted} == {"45 nm"}


def test_dstc_pays_its_accumulation_buffer_for_every_product() -> None:
    a, b = (np.random.default_rng(seed).random((SMALL, SMALL)) < 0.5 for seed in (1, 2))
    found = simulator.simulate("dstc", simulator.gemm(a, b)).layers[0]
    counts: Counter[str] = Counter()
    for actions in found.actions.values():
        counts.update(actions)
    products = int((a.astype(int) @ b.astype(int)).sum())
    assert counts["mac"] == counts["psum_write"] == products
    assert counts["psum_read"] == products + SMALL * SMALL
    rows = load_table("cmos45").rows
    assert rows["psum_read"].energy_pj + rows["psum_write"].energy_pj == pytest.approx(3.335)


def test_layers_count_as_often_as_they_occur() -> None:
    one = workloads.product(SMALL)
    thrice = replace(one, layers=((2, one.layers[0][1]), (1, one.layers[0][1])))
    single, triple = (total(STC, each, "2:4", "dense") for each in (one, thrice))
    assert (triple.cycles, triple.busy) == (3 * single.cycles, 3 * (single.busy or 0))
    assert triple.energy_pj == pytest.approx(3 * single.energy_pj)


def test_networks_are_whole() -> None:
    sizes = {each.name: sum(times for times, _ in each.layers) for each in workloads.networks()}
    assert sizes == {"ResNet-50": 54, "DeiT-small": 50, "Transformer-Big": 96}
    dense, kinds = parse("dense"), {}
    for each in workloads.networks():
        kinds[each.name] = sum(times * draw(dense, dense).einsum.macs for times, draw in each.layers)
    assert kinds["ResNet-50"] == 4_089_184_256
    assert kinds["Transformer-Big"] == 176_160_768 * 256
    assert kinds["DeiT-small"] == 21_233_664 * 197 + 384 * 768 * 196 + 384 * 1000


def test_the_orderings_that_do_not_depend_on_size_hold() -> None:
    found = {claim.name.split(": ")[1]: claim for claim in claims.orderings(small(), "128^3")}
    assert len(found) == 11
    assert found["zeros of the inputs change neither TC's cycles nor its energy"].holds
    assert found["HighLight's multipliers are busy 1/4 as long with 75% of the weights zero"].holds
    assert found["with nothing zero DSTC spends more energy than TC"].holds


@pytest.mark.parametrize(
    ("design", "change", "broken"),
    [
        ("tc", {"cycles": 1}, "zeros of the inputs change neither TC"),
        ("stc", {"energy_pj": 1.0}, "zeros of the inputs change neither STC"),
        ("highlight", {"busy": 1}, "HighLight's multipliers are busy 1/2"),
        ("dstc", {"cycles": 10**12}, "zeros of the inputs save DSTC"),
        ("s2ta", {"energy_pj": 1e18}, "zeros of the inputs beyond"),
    ],
)
def test_an_ordering_that_is_broken_at_a_point_fails(design: str, change: dict, broken: str) -> None:
    at = Point("128^3", 50, 50)
    table = {point: dict(row) for point, row in small().items()}
    table[at][design] = replace(table[at][design], **change)
    assert any(broken in claim.name and not claim.holds for claim in claims.orderings(table, "128^3"))


def test_the_geometric_mean_of_edp() -> None:
    rows = [{"tc": Total(cycles, None, 2.0), "highlight": Total(1, None, 1.0)} for cycles in (2, 8)]
    assert gain(rows, "tc") == pytest.approx(8.0)


def test_the_tables_have_a_row_per_point() -> None:
    text = page.tables(small())
    assert text.startswith("## Geometric means\n")
    assert len(re.findall(r"^\| \d+% \|", text, re.M)) == 12


def test_the_picture_tells_its_numbers_in_words(tmp_path: Path) -> None:
    table = {**small(), **{replace(p, workload="net"): row for p, row in small().items() if p.inputs == 50}}
    drawing.draw(table, tmp_path / "edp.svg")
    text = (tmp_path / "edp.svg").read_text()
    assert "A 75%, B 75%: TC 1, STC" in text
    assert "net, A 75%" in text


def test_the_documents_table_has_every_point() -> None:
    rows = re.findall(r"^\| (\d+)% \| (\d+)% \|", DOCUMENT.read_text(), re.M)
    degrees = [d for each in (workloads.product(), *workloads.networks()) for d in each.degrees]
    assert [(int(a), int(b)) for a, b in rows] == degrees


@pytest.mark.parametrize("name", ["stc", "s2ta", "highlight"])
def test_the_document_tells_what_the_machines_take_now(name: str) -> None:
    (design,) = (each for each in DESIGNS if each.name == name)
    found = total(design, workloads.product(), design.weights[75], design.inputs[0])
    (row,) = re.findall(r"^\| 75% \| 0% \|(.*)\|$", DOCUMENT.read_text().split("DeiT-small: ")[0], re.M)
    cell = row.split("|")[DESIGNS.index(design)].split(" · ")
    told = [cell[1], cell[2].strip()]
    make = "python -m validation.studies.highlight_edp --page docs/studies/highlight_edp.md"
    assert told == [f"{found.cycles / 1e3:,.0f}", f"{found.energy_pj / 1e6:,.0f}"], f"run {make}"


def test_the_readme_tells_the_documents_numbers() -> None:
    means = dict(re.findall(r"^\| 1024\^3, (12 points|best point) \| ([\d.]+)x", DOCUMENT.read_text(), re.M))
    told = re.search(r"gives ([\d.]+)x over the dense core .*, (\d+)x at best", README.read_text())
    assert told is not None
    assert told.groups() == (f"{float(means['12 points']):.1f}", f"{float(means['best point']):.0f}")
