"""Recipes: named ways to make a trace, each saying what it makes and what it may be told."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

from simulator.errors import InputError, suggest
from simulator.workload.model import Trace

Progress = Callable[[int, int], None]
"""Called now and then with (steps done, steps in all)."""

_ZOO = (
    "alexnet_shapes", "bert_base_shapes", "bert_large_shapes", "dlrm_shapes", "gpt2_shapes", "llama_7b_decode",
    "mobilenet_v1_shapes", "mobilenet_v2_shapes", "vgg16_shapes", "vit_b_shapes",
)  # fmt: skip
_RECIPES = dict.fromkeys(_ZOO, "simulator.workload.recipes.zoo") | {
    "deit_small_shapes": "simulator.workload.recipes.deit_small_shapes",
    "digits_cnn": "simulator.workload.recipes.digits_cnn",
    "digits_separable": "simulator.workload.recipes.digits_separable",
    "llama_7b_block": "simulator.workload.recipes.llama_7b_block",
    "resnet50_shapes": "simulator.workload.recipes.resnet50_shapes",
    "text_transformer": "simulator.workload.recipes.text_transformer",
    "transformer_big_shapes": "simulator.workload.recipes.transformer_big_shapes",
}


def names() -> tuple[str, ...]:
    """All recipes, sorted."""
    return tuple(sorted(_RECIPES))


def describe(name: str) -> str:
    """What the recipe makes, from what source, and its options with their defaults.

    Raises
    ------
    InputError
        No such recipe.
    """
    module = _module(name)
    options = "\n".join(f"    {key} = {value}" for key, value in module.OPTIONS.items())
    text = getattr(module, "description", None) or module.__doc__
    return f"{str(text).strip()}\n\nOptions and defaults:\n{options}\n"


def make(
    name: str,
    out_path: str | Path,
    options: Mapping[str, object] | None = None,
    progress: Progress | None = None,
) -> Trace:
    """Make a trace and write it, whole or not at all.

    Parameters
    ----------
    name : str
    out_path : str or Path
    options : mapping, optional
        Values, or their text as given on a command line; see :func:`describe`.
    progress : callable, optional

    Returns
    -------
    Trace
        What was written, in memory.

    Raises
    ------
    InputError
        No such recipe or option, a value of the wrong kind, a missing package, or a file that cannot be written.
    """
    from simulator.workload.trace_file import save

    target = Path(out_path)
    if not target.parent.is_dir():
        raise InputError(f"{target}: cannot be written: no folder {target.parent}")
    module = _module(name)
    trace: Trace = module.make(_settings(name, module.OPTIONS, options or {}), progress or _silent)
    save(trace, target)
    return trace


def _silent(done: int, steps: int) -> None:
    return None


def _module(name: str) -> Any:
    if name not in _RECIPES:
        raise InputError(f"no recipe {name!r}; {suggest(name, _RECIPES)}")
    module = import_module(_RECIPES[name])
    return module.NETWORKS[name] if name in _ZOO else module


def _settings(name: str, defaults: Mapping[str, Any], options: Mapping[str, object]) -> dict[str, Any]:
    """The defaults with the options over them, each of the type of its default."""
    settings = dict(defaults)
    for key, value in options.items():
        if key not in defaults:
            raise InputError(f"recipe {name!r}: no option {key!r}; {suggest(key, defaults)}")
        kind = type(defaults[key])
        try:
            settings[key] = kind(value)
        except (TypeError, ValueError):
            words = {int: "a whole number", float: "a number", str: "text"}[kind]
            raise InputError(f"recipe {name!r}: option {key}={value!r}: must be {words}") from None
        if kind is int and settings[key] < 0:
            raise InputError(f"recipe {name!r}: option {key}={value!r}: must not be negative")
    return settings
