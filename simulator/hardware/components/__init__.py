"""Components of a machine, one noun per file."""

from simulator.hardware.components.array import Array
from simulator.hardware.components.compress import Compress
from simulator.hardware.components.distribute import Distribute
from simulator.hardware.components.drain import Drain
from simulator.hardware.components.dram import Dram
from simulator.hardware.components.fetch import Fetch
from simulator.hardware.components.glb import Glb
from simulator.hardware.components.select import Select
from simulator.hardware.components.sram import OperandSrams, Sram
from simulator.hardware.components.systolic_array import SystolicArray
from simulator.hardware.components.tasd import Tasd

__all__ = [
    "Array",
    "Compress",
    "Distribute",
    "Drain",
    "Dram",
    "Fetch",
    "Glb",
    "OperandSrams",
    "Select",
    "Sram",
    "SystolicArray",
    "Tasd",
]
