from pathlib import Path

import pytest

from simulator import InputError
from simulator.search.tasder import read, write


def test_what_is_written_is_read(tmp_path: Path) -> None:
    path = tmp_path / "series.yaml"
    choices = {"b/fc": ("inputs", "4:8+1:8"), "a": ("weights", "2:8")}
    write(path, choices, {"network": "n", "edp_ratio": 0.5})
    assert read(path) == choices
    assert path.read_text().startswith("network: n\n")
    with pytest.raises(InputError, match="cannot be written"):
        write(tmp_path / "no" / "x.yaml", {}, {})


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("{", "is no YAML"),
        ("3", "layers: must be a mapping"),
        ("layers: [1]", "layers: must be a mapping"),
        ("layers: {a: '2:4'}", r"layers\.a: '2:4': must be one of"),
        ("layers: {a: {weights: '2:4', inputs: '2:4'}}", r"layers\.a: .* must be one of"),
        ("layers: {a: {outputs: '2:4'}}", "must be one of"),
        ("layers: {a: {weights: 2}}", r"layers\.a\.weights: YAML reads 2:8 without quotes as a number \(2\)"),
        ("layers: {a: {weights: '5:4'}}", "N must be 1 to M"),
    ],
)
def test_what_is_no_series_file_is_one_clear_error(tmp_path: Path, text: str, rule: str) -> None:
    path = tmp_path / "bad.yaml"
    path.write_text(text)
    with pytest.raises(InputError, match=rule) as caught:
        read(path)
    assert str(path) in str(caught.value)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        read(tmp_path / "none.yaml")
