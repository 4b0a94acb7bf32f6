"""A trained transformer in a file: its parameters in half precision, and the text to measure it on.

An .npz archive of plain arrays: the parameters by their names (float16), ``shape`` (text, JSON), ``held_out`` and
``calibration`` (uint8 numbers of characters), ``notes`` (text, JSON: licence, versions, seed, perplexity).
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from simulator.errors import InputError
from simulator.workload.networks.text import VOCABULARY, Tokens
from simulator.workload.networks.transformer import Shape, Transformer

_MOST = 1 << 24
"""Bytes of a member that are read at most."""


@dataclass(frozen=True)
class Trained:
    """A network with the text it is measured on.

    Attributes
    ----------
    network : Transformer
        Dense; every parameter is one of half precision.
    held_out : ndarray of uint8, shape (characters,)
        Text it was not trained on.
    calibration : ndarray of uint8, shape (sequences, context)
        Text of its training, to run through it for scales and second moments.
    notes : mapping
        Free: licence, versions, seed, perplexity.
    """

    network: Transformer
    held_out: Tokens
    calibration: Tokens
    notes: Mapping[str, Any]


def halved(network: Transformer) -> Transformer:
    """The network with every parameter rounded to half precision."""
    rounded = {
        name: array.astype(np.float16).astype(np.float32) for name, array in network.parameters.items()
    }
    return Transformer(network.shape, rounded, network.pattern)


def save(trained: Trained, path: str | Path) -> None:
    """Write a file; the same network gives the same bytes.

    Raises
    ------
    InputError
        It cannot be written.
    """
    arrays: dict[str, Any] = {
        name: array.astype(np.float16) for name, array in trained.network.parameters.items()
    }
    arrays |= {"held_out": trained.held_out, "calibration": trained.calibration}
    arrays |= {"shape": _text(asdict(trained.network.shape)), "notes": _text(trained.notes)}
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, array in arrays.items():
            member = io.BytesIO()
            np.lib.format.write_array(member, array, allow_pickle=False)
            archive.writestr(
                zipfile.ZipInfo(f"{name}.npy", (1980, 1, 1, 0, 0, 0)), member.getvalue(), zipfile.ZIP_DEFLATED
            )
    try:
        Path(path).write_bytes(content.getvalue())
    except OSError as error:
        raise InputError(f"{path}: cannot be written: {error.strerror or error}") from None


def load(path: str | Path) -> Trained:
    """Read a file.

    Raises
    ------
    InputError
        No such file, or one that does not hold a network; nothing in it is executed.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            arrays = {
                member.filename.removesuffix(".npy"): _array(archive, member) for member in archive.infolist()
            }
        shape, notes = (json.loads(str(arrays.pop(name))) for name in ("shape", "notes"))
        held, calibration = (_tokens(arrays.pop(name)) for name in ("held_out", "calibration"))
        floats = {name: array.astype(np.float32) for name, array in arrays.items()}
        if not all(np.isfinite(array).all() for array in floats.values()):
            raise ValueError("a parameter is not finite")
        return Trained(Transformer(Shape(**shape), floats), held, calibration, notes)
    except InputError as error:
        raise InputError(f"{path}: {error}") from None
    except Exception as error:  # archives, headers, JSON and types each fail in their own way
        told = " ".join(str(getattr(error, "strerror", None) or error).split()) or type(error).__name__
        raise InputError(f"{path}: holds no trained transformer: {told[:200]}") from None


def _text(value: Any) -> Any:
    return np.array(json.dumps(value, sort_keys=True))


def _array(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> Any:
    if member.file_size > _MOST:
        raise ValueError(f"{member.filename}: {member.file_size:,} bytes: at most {_MOST:,}")
    return np.lib.format.read_array(io.BytesIO(archive.read(member)), allow_pickle=False)


def _tokens(array: Any) -> Tokens:
    if array.dtype != np.uint8 or (array.size and int(array.max()) >= VOCABULARY):
        raise ValueError(f"text must be numbers of characters below {VOCABULARY}, uint8")
    return np.asarray(array, np.uint8)
