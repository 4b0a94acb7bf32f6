"""What is wrong with a description, all of it at once.

One line each: ``file:line:column: path.to.key: value: rule; choices``. A key that is missing and one that is unknown but
spelt almost alike are one mistake and one line.
"""

from __future__ import annotations

import difflib
import reprlib
from typing import Any, get_args

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from simulator.errors import InputError, suggest
from simulator.hardware.document import Document, Key, dotted
from simulator.hardware.machine import DEFAULT, Machine
from simulator.hardware.quantity import ONE_ORIGIN, Quantity
from simulator.hardware.specification import Specification
from simulator.registry import resolve

_RULES = {
    "bool_type": "must be true or false",
    "string_type": "must be text",
    "int_type": "must be a whole number",
    "tuple_type": "must be a list",
    "too_short": "must not be empty",
}


def check(document: Document) -> Machine:
    """The machine a document describes.

    Raises
    ------
    InputError
        With a line per problem.
    """
    lines = list(document.faults)
    machine = None
    try:
        model = organisation(document)
        machine = model.model_validate(document.data)
    except ValidationError as error:
        lines += _lines(document, error.errors(include_url=False), model)
    except InputError as error:
        lines.append(str(error))
    if machine is None or lines:
        raise InputError("\n".join(lines))
    return machine


def organisation(document: Document) -> type[Machine]:
    """The type of machine a document says it describes.

    Raises
    ------
    InputError
        With a line: it names no organisation there is.
    """
    data = document.data if isinstance(document.data, dict) else {}
    key = ("organisation",)
    near = difflib.get_close_matches(key[0], data.keys() - Machine.model_fields.keys(), n=1)
    if near and key[0] not in data:
        raise InputError(_line(document, (near[0],), f"unknown key; did you mean {key[0]!r}?")[1])
    name = data.get(key[0], DEFAULT)
    if not isinstance(name, str):
        raise InputError(_line(document, key, f"{_shown(name)}: {_RULES['string_type']}")[1])
    try:
        found: type[Machine] = resolve("organisation", name)
    except InputError as error:
        raise InputError(_line(document, key, f"{name!r}: {error}")[1]) from None
    return found


def _lines(document: Document, errors: list[ErrorDetails], root: type[Machine]) -> list[str]:
    found: list[tuple[tuple[int, int], str]] = []
    missing = {_key(e): e for e in errors if e["type"] == "missing"}
    for error in errors:
        key = _key(error)
        if error["type"] == "extra_forbidden":
            near = _nearest(key, missing)
            missing.pop((*key[:-1], near), None)
            found.append(_line(document, key, _unknown(key, near, root)))
        elif error["type"] == "origin":
            if not _misspelt_origin(key, errors):
                found.append(_line(document, key[:-1], ONE_ORIGIN))
        elif error["type"] != "missing":
            found.append(_line(document, key, _rule(key, error, root)))
    found += [_line(document, key, "missing; it is required") for key in missing]
    return [text for _, text in sorted(found)]


def _key(error: ErrorDetails) -> Key:
    return tuple(error["loc"])


def _line(document: Document, key: Key, rule: str) -> tuple[tuple[int, int], str]:
    place = document.place(key)
    line, column = place.rsplit(":", 2)[1:]
    return (int(line), int(column)), f"{place}: {dotted(key)}: {rule}"


def _nearest(key: Key, missing: dict[Key, ErrorDetails]) -> str:
    siblings = [str(other[-1]) for other in missing if other[:-1] == key[:-1]]
    near = difflib.get_close_matches(str(key[-1]), siblings, n=1)
    return near[0] if near else ""


def _misspelt_origin(key: Key, errors: list[ErrorDetails]) -> bool:
    """Whether the leaf around `key` has an unknown key that was meant to be its origin: one mistake, told once."""
    unknown = [
        str(_key(e)[-1]) for e in errors if e["type"] == "extra_forbidden" and _key(e)[:-1] == key[:-1]
    ]
    return any(difflib.get_close_matches(name, ("source", "assumed")) for name in unknown)


def _unknown(key: Key, near: str, root: type[Machine]) -> str:
    if near:
        return f"unknown key; did you mean {near!r}? (required, and missing)"
    return f"unknown key; {suggest(str(key[-1]), allowed(key[:-1], root))}"


def _rule(key: Key, error: ErrorDetails, root: type[Machine]) -> str:
    value, kind = error["input"], error["type"]
    if kind in ("model_type", "model_attributes_type"):
        return _mapping_rule(key, value, root)
    context = error.get("ctx", {})
    rule = _RULES.get(kind, error["msg"])
    if kind == "value_error":
        rule = str(context["error"])
    elif kind == "literal_error":
        rule = f"must be {context['expected']}"
    if isinstance(value, (dict, list, tuple)) or rule.startswith(repr(value)):
        return rule
    return f"{_shown(value)}: {rule}"


def _shown(value: Any) -> str:
    return "nothing" if value is None else reprlib.repr(value)


def _mapping_rule(key: Key, value: Any, root: type[Machine]) -> str:
    shown = _shown(value)
    model = specification(key, root)
    if model is not None and issubclass(model, Quantity):
        return f"{shown}: write {{value: ..., source: where it was read}} or {{value: ..., assumed: why}}"
    return f"{shown}: must be a mapping with the keys {', '.join(allowed(key, root))}"


def allowed(key: Key, root: type[Machine]) -> list[str]:
    """Keys the mapping at `key` of a machine of type `root` may have, in order; nothing where no mapping belongs."""
    model = specification(key, root)
    return [] if model is None else [field.alias or name for name, field in model.model_fields.items()]


def specification(key: Key, root: type[Machine]) -> type[Specification] | None:
    """The type of the mapping at `key` of a machine of type `root`, None where none belongs."""
    model: type[Specification] | None = root
    for part in key:
        field = model.model_fields.get(str(part)) if model is not None else None
        model = None if field is None else _model(field.annotation)
    return model


def _model(annotation: Any) -> type[Specification] | None:
    for kind in (annotation, *get_args(annotation)):
        if isinstance(kind, type) and issubclass(kind, Specification):
            return kind
    return None
