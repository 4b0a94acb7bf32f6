"""Packages that only a format needs: asked for when a file of it is met."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from simulator.errors import InputError


def package(name: str, extra: str) -> Any:
    """Import a package.

    Raises
    ------
    InputError
        It is not installed; the message names the extra that brings it.
    """
    try:
        return import_module(name)
    except ImportError:
        top = name.partition(".")[0]
        raise InputError(
            f"this needs the package {top}, not installed: pip install 'sparsecycle[{extra}]'"
        ) from None
