"""Files of arrays (.npy, .npz, .safetensors, .smtx, .mtx) as layers, and layers as such files."""

from simulator.frontend.arrays.layers import Drawn, read_layers
from simulator.frontend.arrays.opening import SUFFIXES, VALUES, open_arrays
from simulator.frontend.arrays.writing import WRITABLE, write

__all__ = ["SUFFIXES", "VALUES", "WRITABLE", "Drawn", "open_arrays", "read_layers", "write"]
