"""YAML documents of recorded runs, read by the parser in C where there is one: ten times as fast as the one in Python."""

from __future__ import annotations

from typing import Any

import yaml

LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def parsed(text: str) -> Any:
    """What a document says, plain values only.

    Raises
    ------
    yaml.YAMLError
        It is none.
    """
    return yaml.load(text, Loader=LOADER)
