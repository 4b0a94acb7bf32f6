"""What tiles of a convolution's matrix read, each element once."""

from __future__ import annotations

import numpy as np
import pytest

from simulator.workload.toeplitz import touched


def counted(
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


@pytest.mark.nojit
@pytest.mark.parametrize("seed", range(30))
def test_every_element_a_tile_reads_is_counted_once(seed: int) -> None:
    rng = np.random.default_rng(seed)

    def pick(least: int, most: int) -> int:
        return int(rng.integers(least, most + 1))

    def edges(size: int) -> np.ndarray:
        return np.array([0, *sorted(rng.integers(0, size + 1, 3).tolist()), size])

    b, c, groups, r, s, sh, sw = (
        pick(1, 2),
        pick(1, 4),
        pick(1, 2),
        pick(1, 3),
        pick(1, 3),
        pick(1, 2),
        pick(1, 2),
    )
    dh, dw, ph, pw = pick(1, 2), pick(1, 2), pick(0, 2), pick(0, 2)
    h, w = pick(dh * (r - 1) + 1, 8), pick(dw * (s - 1) + 1, 8)
    p, q = (h + 2 * ph - dh * (r - 1) - 1) // sh + 1, (w + 2 * pw - dw * (s - 1) - 1) // sw + 1
    images = rng.random((b, c * groups, h, w)) < 0.5
    cuts, window = (edges(c * r * s), edges(b * p * q)), np.array([c, s, q, p, sh, sw, dh, dw, ph, pw])
    group = pick(0, groups - 1)
    assert np.array_equal(touched(images, group, cuts, window), counted(images, group, cuts, window))
