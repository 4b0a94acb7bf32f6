"""What tiles of a convolution's matrix read, each element once, and what its rows hold."""

from __future__ import annotations

import numpy as np
import pytest

from simulator.workload.toeplitz import counted, gather, touched


def unique(
    images: np.ndarray, group: int, cuts: tuple[np.ndarray, np.ndarray], window: np.ndarray
) -> np.ndarray:
    """Elements and non-zeros of every tile, by the definition of the matrix."""
    c, s, q, p, sh, sw, dh, dw, ph, pw = window.tolist()
    found = np.zeros((len(cuts[1]) - 1, len(cuts[0]) - 1, 2), dtype=np.int64)
    for j, i in np.ndindex(found.shape[:2]):
        read = set()
        for k in range(cuts[0][i], cuts[0][i + 1]):
            for n in range(cuts[1][j], cuts[1][j + 1]):
                y, x = sh * (n // q % p) + dh * (k // c // s) - ph, sw * (n % q) + dw * (k // c % s) - pw
                if 0 <= y < images.shape[2] and 0 <= x < images.shape[3]:
                    read.add((n // q // p, group * c + k % c, y, x))
        found[j, i] = len(read), sum(bool(images[place]) for place in read)
    return found


def drawn(seed: int) -> tuple[np.random.Generator, np.ndarray, int, np.ndarray, tuple[int, int]]:
    """Images, a group, the window of a convolution over them, and the rows and columns of its matrix."""
    rng = np.random.default_rng(seed)

    def pick(least: int, most: int) -> int:
        return int(rng.integers(least, most + 1))

    b, c, groups, r, s, sh, sw = (
        pick(1, 2),
        pick(1, 4),
        pick(1, 2),
        pick(1, 3),
        pick(1, 3),
        pick(1, 2),
        pick(1, 2) if seed % 5 else 20,  # wider than any image
    )
    dh, dw, ph, pw = pick(1, 2), pick(1, 2), pick(0, 2), pick(0, 2) if seed % 5 else 30
    h, w = pick(dh * (r - 1) + 1, 8), pick(dw * (s - 1) + 1, 8)
    p, q = (h + 2 * ph - dh * (r - 1) - 1) // sh + 1, (w + 2 * pw - dw * (s - 1) - 1) // sw + 1
    images = rng.random((b, c * groups, h, w)) < 0.5
    window = np.array([c, s, q, p, sh, sw, dh, dw, ph, pw])
    return rng, images, pick(0, groups - 1), window, (c * r * s, b * p * q)


@pytest.mark.nojit
@pytest.mark.parametrize("seed", range(30))
def test_every_element_a_tile_reads_is_counted_once(seed: int) -> None:
    rng, images, group, window, size = drawn(seed)
    below, along = (np.array([0, *sorted(rng.integers(0, n + 1, 3).tolist()), n]) for n in size)
    cuts = below, along
    assert np.array_equal(touched(images, group, cuts, window), unique(images, group, cuts, window))


@pytest.mark.nojit
@pytest.mark.parametrize("seed", range(30))
def test_rows_are_counted_tile_by_tile(seed: int) -> None:
    rng, images, group, window, (rows, outputs) = drawn(seed)
    matrix, columns = np.zeros((rows, outputs), dtype=np.bool_), int(rng.integers(1, outputs + 2))
    gather(images, matrix, group, 0, 0, window)
    expected = np.add.reduceat(matrix, np.arange(0, outputs, columns), axis=1, dtype=np.int64)
    found = counted(images, group, rows // int(window[0]), columns, window)
    assert np.array_equal(found, expected)


def test_a_stride_takes_no_memory() -> None:
    images, step = np.ones((1, 2, 3, 4), dtype=bool), 1 << 40
    window = np.array([2, 1, 1, 1, step, step, 1, 1, 0, 0])
    assert counted(images, 0, 1, 1, window).tolist() == [[1], [1]]
