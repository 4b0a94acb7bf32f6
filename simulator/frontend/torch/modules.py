"""Which module runs, what a model holds (parameters, buffers, and what is computed of them alone), and what was not met."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from simulator.frontend.torch.outputs import key

_LOOKED_UP = ("Embedding", "EmbeddingBag")


class Modules:
    """The modules of a model while it runs.

    Parameters
    ----------
    model : torch.nn.Module
    """

    def __init__(self, model: Any) -> None:
        self._model = model
        self._stack: list[str] = []
        self._called: set[str] = set()
        self._met: set[int] = set()
        self._alive: list[Any] = []
        self._owners: dict[int, list[str]] = {}
        self._sources: dict[int, set[int]] = {}
        named = [
            *model.named_parameters(remove_duplicate=False),
            *model.named_buffers(remove_duplicate=False),
        ]
        self._order = [
            name for name, _ in named
        ]  # parameters before buffers: a pruned weight is called by what was pruned
        for name, tensor in named:
            if key(tensor):
                self._owners.setdefault(key(tensor), []).append(name)
                self._alive.append(tensor)

    @property
    def running(self) -> bool:
        """Whether the model's forward runs."""
        return bool(self._stack)

    @property
    def place(self) -> str:
        """The module that runs, for messages."""
        return repr(self._stack[-1] or "(the model itself)")

    def held(self, tensor: Any) -> bool:
        """Whether a tensor is the model's own: a parameter or buffer, a view of one, or computed of such alone."""
        place = key(tensor)
        return place in self._owners or place in self._sources

    def derived(self, tensor: Any, of: list[Any]) -> None:
        """A tensor was computed of the model's own alone."""
        if not key(tensor) or key(tensor) in self._owners:
            return
        self._alive.append(tensor.untyped_storage())
        sources = self._sources.setdefault(key(tensor), set())
        for each in of:
            sources |= self._sources.get(key(each), set()) | ({key(each)} & self._owners.keys())

    def name(self, weights: Any) -> str:
        """What to call a product: by the parameter that is its weights, else by the module that runs."""
        module = self._stack[-1]
        for owner in self._owned(weights):
            if owner.rpartition(".")[0] == module:
                return _stem(owner) or type(self._model).__name__
        owners = self._owned(weights)
        return (
            _stem(owners[0]) or type(self._model).__name__
            if owners
            else f"{module}.matmul"
            if module
            else "matmul"
        )

    def _owned(self, weights: Any) -> list[str]:
        if weights is None:
            return []
        place = key(weights)
        if place in self._owners:
            return self._owners[place]
        names = [name for source in self._sources.get(place, ()) for name in self._owners[source]]
        return [name for name in self._order if name in names]

    def recorded(self, weights: Any) -> None:
        """A product with these weights was recorded."""
        if weights is not None:
            self._met |= self._sources.get(key(weights), set()) | {key(weights)}

    @contextmanager
    def followed(self) -> Iterator[None]:
        """Know which module runs, until left."""
        handles = []
        for name, module in self._model.named_modules(remove_duplicate=True):
            handles.append(module.register_forward_pre_hook(self._enter(name), prepend=True))
            handles.append(module.register_forward_hook(self._leave, always_call=True))
        try:
            yield
        finally:
            for handle in handles:
                handle.remove()
            self._stack.clear()

    def _enter(self, name: str) -> Any:
        def hook(module: Any, args: Any) -> None:
            if name and not self._stack:
                return  # a part that is called outside the model: not recorded, and not left either
            self._stack.append(name)
            self._called.add(name)

        return hook

    def _leave(self, module: Any, args: Any, output: Any) -> None:
        if self._stack:
            self._stack.pop()

    def notes(self, model: str) -> list[str]:
        """Modules whose weights no recorded product has, and whether the model was training."""
        notes = []
        for name, module in self._model.named_modules():
            weights = [each for each in module.parameters(recurse=False) if each.dim() > 1]
            if not weights or any(key(each) in self._met for each in weights):
                continue
            kind = type(module).__name__
            if kind in _LOOKED_UP:
                why = "its weights are looked up, not multiplied"
            elif name in self._called:
                why = "no product with its weights was recorded"
            else:
                why = "was not called"
            notes.append(f"{model}: module {name or '(the model itself)'!r} ({kind}): {why}")
        if self._model.training:
            notes.append(
                f"{model}: was in training mode: dropout and the statistics of a batch are in what is recorded"
            )
        return notes


def _stem(parameter: str) -> str:
    """The name of a parameter without what says that it is weights; empty where that is all it says."""
    for ending in (".weight", ".weight_orig", ".parametrizations.weight.original"):
        if f".{parameter}".endswith(ending):
            return parameter[: -len(ending)]
    return parameter.removesuffix("_weight")
