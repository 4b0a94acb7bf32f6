"""safetensors (int8, fp16, bf16, fp32, ...), tensor by tensor through the package of that name.

The header is JSON and tensors are plain bytes behind it: nothing is executed. bfloat16 needs ml_dtypes, which gives NumPy the type.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from simulator.errors import InputError
from simulator.frontend.arrays.array_file import ArrayFile, Entry
from simulator.packages import package

_NAMES = {"F64": "float64", "F32": "float32", "F16": "float16", "BF16": "bfloat16", "BOOL": "bool"} | {
    f"{kind}{bits}": f"{word}{bits}"
    for kind, word in (("I", "int"), ("U", "uint"))
    for bits in (8, 16, 32, 64)
}


def open_safetensors(path: Path) -> ArrayFile:
    """The tensors of a file, read when asked for.

    Raises
    ------
    InputError
        The package is missing, or the file is not of this format, damaged or cut short.
    """
    module = package("safetensors", "models")
    package("ml_dtypes", "models")
    try:
        opened = module.safe_open(str(path), framework="numpy")
        entries = {name: _entry(opened.get_slice(name)) for name in opened.keys()}  # noqa: SIM118 (no mapping)
    except (module.SafetensorError, OSError, ValueError) as error:
        raise InputError(f"{path}: cannot be read as safetensors: {' '.join(str(error).split())}") from None

    def load(name: str) -> NDArray[Any]:
        try:
            array: NDArray[Any] = opened.get_tensor(name)
        except (module.SafetensorError, TypeError, ValueError, AttributeError) as error:
            raise InputError(f"{path}: {name}: cannot be read: {' '.join(str(error).split())}") from None
        return array

    return ArrayFile(str(path), entries, load, lambda: opened.__exit__(None, None, None))


def _entry(piece: Any) -> Entry:
    kind = str(piece.get_dtype())
    return Entry(tuple(int(size) for size in piece.get_shape()), _NAMES.get(kind, kind))
