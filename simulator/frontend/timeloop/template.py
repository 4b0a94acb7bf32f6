"""Jinja2 templates, in which v0.4 files may be written: rendered in a sandbox, without data, before they are YAML."""

from __future__ import annotations

import re
from pathlib import Path

from simulator.errors import InputError
from simulator.hardware.document import MAX_BYTES, Document, parse, read

_TEMPLATE = re.compile(r"\{%|\{\{|\{#")
_COMMENT = re.compile(r"^\s*#.*$", re.M)


def read_rendered(path: Path) -> Document:
    """Read a YAML file, as a template where it is one; lines are then those of the rendered text.

    Raises
    ------
    InputError
        It cannot be read, or is a template that cannot be rendered.
    """
    text = _text(path)
    if text is None or not _TEMPLATE.search(_COMMENT.sub("", text)):
        return read(path, foreign=True)
    from jinja2 import StrictUndefined
    from jinja2.sandbox import SandboxedEnvironment

    environment = SandboxedEnvironment(undefined=StrictUndefined)
    try:
        rendered = environment.from_string(text).render()
    except Exception as error:
        line = getattr(error, "lineno", None)
        place = f"{path}:{line}" if line else str(path)
        raise InputError(f"{place}: Jinja2: {' '.join(str(error).split())}") from None
    if len(rendered) > MAX_BYTES:
        raise InputError(f"{path}: renders to more than {MAX_BYTES} characters")
    return parse(rendered, str(path), foreign=True)


def _text(path: Path) -> str | None:
    """The text where it is one of reasonable size; whatever is wrong with it is told by who reads it as YAML."""
    try:
        with path.open("rb") as stream:
            raw = stream.read(MAX_BYTES + 1)
        return raw.decode("utf-8-sig") if len(raw) <= MAX_BYTES else None
    except (OSError, UnicodeDecodeError):
        return None
