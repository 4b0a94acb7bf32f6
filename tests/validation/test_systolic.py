"""What the claims about systolic arrays rest on: the closed forms they quote, and a memory that a form does not see."""

from __future__ import annotations

from validation.claims import systolic


def folds(dataflow: str, shape: tuple[int, ...]) -> int:
    m, n, k, rows, columns = shape
    along = {"os": (m, n), "ws": (k, n), "is": (k, m)}[dataflow]
    return -(-along[0] // rows) * -(-along[1] // columns)


def test_the_reported_cycles_are_the_closed_forms_less_one() -> None:
    for dataflow, reported in systolic.REPORTED.items():
        for shape, cycles in zip(systolic.SHAPES, reported, strict=True):
            m, n, k, rows, columns = shape
            steps = {"os": k, "ws": m + rows, "is": n + rows}[dataflow] + rows + columns - 2
            assert cycles + 1 == folds(dataflow, shape) * steps


def test_the_mesh_takes_its_tiles_one_after_the_other() -> None:
    for (m, n, k, size), cycles in systolic.TILES.items():
        tiles = [(min(size, m - i), min(size, n - j)) for i in range(0, m, size) for j in range(0, n, size)]
        assert all(min(tile) > 1 for tile in tiles)
        assert cycles == sum(k + r + c + 3 for r, c in tiles)


def test_a_slow_memory_costs_cycles_and_both_engines_say_how_many() -> None:
    fast, reference, form = systolic.contention(8)
    assert fast.holds
    assert reference.holds
    assert form.measured is not None
    assert form.measured < (fast.measured or 0)
