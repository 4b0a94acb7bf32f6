"""A command loads numba without scipy's linear algebra, which is there for whoever asks for it."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys

import pytest

from simulator import jit

PROGRAM = """
import sys
import numpy as np
from simulator.sparsity.density import tile_counts
assert tile_counts(np.ones((3, 5), dtype=bool), 1, 2).tolist() == [[2, 2, 1]] * 3
print("scipy.linalg" in sys.modules)
import scipy.linalg
print(scipy.linalg.norm([3.0, 4.0]))
"""


@pytest.mark.skipif(
    not jit.ENABLED or importlib.util.find_spec("scipy") is None, reason="numba would not import scipy"
)
@pytest.mark.parametrize(("command", "imported"), [("1", "False"), ("", "True")])
def test_scipy_is_left_alone_in_commands(command: str, imported: str) -> None:
    environment = dict(os.environ) | {"SPARSECYCLE_COMMAND": command}
    run = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True, env=environment
    )
    assert run.stdout.split() == [imported, "5.0"]
