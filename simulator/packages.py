"""Packages of the extras: asked for when something needs them, and told by the extra that brings them."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from simulator.errors import InputError


def package(name: str, extra: str) -> Any:
    """Import a package.

    Parameters
    ----------
    name : str
        Of the module to import, e.g. ``onnx.reference``.
    extra : str
        Of ``sparsecycle[...]`` that brings it.

    Raises
    ------
    InputError
        It is not installed; the message names the extra.
    """
    try:
        return import_module(name)
    except ImportError:
        top = name.partition(".")[0]
        raise InputError(
            f"this needs the package {top}, not installed: pip install 'sparsecycle[{extra}]'"
        ) from None
