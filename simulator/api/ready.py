"""What a process that simulates layers must have anyway: the modules, and the kernels that every machine needs.

Imported by the process that others are forked from (:mod:`simulator.api.processes`): once instead of by each of them. What goes
wrong here goes wrong again, and is told, where a layer is simulated.
"""

from __future__ import annotations

from contextlib import suppress

import numpy as np

from simulator.api.simulation import simulate
from simulator.errors import SimulatorError
from simulator.workload.layer import gemm

with suppress(SimulatorError, OSError):
    simulate("tc", gemm(np.ones((8, 8), dtype=np.int8), np.ones((8, 8), dtype=np.int8)), verify=True)
