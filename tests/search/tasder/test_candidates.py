import numpy as np
import pytest

from simulator import InputError
from simulator.search.tasder.candidates import candidates, menu, pseudo_density


@pytest.mark.parametrize(
    ("ns", "length", "terms", "told"),
    [
        ([2, 4], 4, 2, ["2:4"]),
        ([4, 8], 8, 2, ["4:8"]),
        ([1, 2, 4], 4, 2, ["1:4", "2:4", "2:4+1:4"]),
        ([1, 2, 4, 8], 8, 2, ["1:8", "2:8", "2:8+1:8", "4:8", "4:8+1:8", "4:8+2:8"]),
        ([1, 2, 4, 8], 8, 3, ["1:8", "2:8", "2:8+1:8", "4:8", "4:8+1:8", "4:8+2:8", "4:8+2:8+1:8"]),
        ([1, 2, 4, 8], 8, 1, ["1:8", "2:8", "4:8"]),
    ],
)
def test_the_menu_has_every_number_kept_once(ns: list[int], length: int, terms: int, told: list[str]) -> None:
    assert [series.text for series in menu(ns, length, terms)] == told


def test_what_keeps_no_more_than_a_cheaper_one_is_not_worth_trying() -> None:
    sparse = np.tile(np.array([0, 5, 0, 0, 0, 0, 0, 0]), (4, 3))
    dense = np.random.default_rng(0).standard_normal((4, 24))
    series = menu([1, 2, 4, 8], 8, 2)
    found = candidates({"weights": sparse, "inputs": dense}, series, below=1)
    assert [(c.side, c.series.text) for c in found if c.side == "weights"] == [("weights", "1:8")]
    assert [c.series.text for c in found if c.side == "inputs"] == [s.text for s in series]
    assert found[0].dropped == 0
    assert [c.series.text for c in candidates({"inputs": dense}, series)] == [
        "4:8",
        "4:8+1:8",
        "4:8+2:8",
    ]  # 0.92 - 0.5
    kept = candidates({"inputs": dense}, series, least=0.9)
    assert kept
    assert all(c.dropped <= 0.1 for c in kept)


def test_pseudo_density() -> None:
    assert pseudo_density(np.zeros(5)) == 0
    assert pseudo_density(np.array([0, 0, 3, -3]), most=1) == 0.5
    assert pseudo_density(np.array([100, 1, 1, 1, 1]), most=0.9) == 0.2
    assert pseudo_density(np.ones(100)) == 0.99
    values = np.random.default_rng(0).standard_normal(100_000)
    gelu = values * 0.5 * (1 + np.tanh(0.7978845608 * (values + 0.044715 * values**3)))
    assert np.count_nonzero(gelu) == gelu.size  # no exact zero, yet half of it hardly counts
    assert 0.86 < pseudo_density(gelu) < 0.88
    assert 0.5 < pseudo_density(gelu, most=0.9) < 0.6
    with pytest.raises(InputError, match="pseudo-density"):
        pseudo_density(values, most=0)
