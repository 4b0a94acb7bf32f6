"""The one door to HDF5: trees of attributes and arrays, written whole or not at all, read lazily and checked.

A file is a root with attributes, and under it groups (attributes and children) and datasets. The root
carries ``format`` (``sparsecycle-<kind>``), ``format_version``, ``tool_version`` and ``tree_sha256``; every
dataset ``units``, ``long_name`` and ``sha256``.

    sha256      = SHA-256 of the array's bytes, C order, little endian; checked when first read
    tree_sha256 = SHA-256 of every name, attribute, shape and type in the file; checked when opened

so a damaged file is refused, never read as other numbers. A file written by another program may leave both
checksums out. Datasets are written contiguous and uncompressed; compressed ones are read too. Links out of
the file, virtual and external storage and object types are refused, nothing is ever unpickled, and no more
memory is used than the file has bytes to justify.
"""

from simulator.hdf5.reading import Dataset, Node, Tree, kind_of, open
from simulator.hdf5.schema import PREFIX, Attribute
from simulator.hdf5.writing import Data, Group, write

__all__ = ["PREFIX", "Attribute", "Data", "Dataset", "Group", "Node", "Tree", "kind_of", "open", "write"]
