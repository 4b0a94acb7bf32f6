"""Records what a live PyTorch model multiplies, while it runs.

    with record(model) as recorder:
        model(images)
    trace = recorder.trace

Every operator the model runs passes PyTorch's dispatcher, below autograd and below the Python that calls it:
convolutions and matrix products are met there whoever asked for them, a module, a function or an ``@``. Attention is
computed in its plain form meanwhile, scores, softmax, weighted values, so that its two products are met as well. A
layer is called by the parameter that is its weights (``encoder.0.linear1``), else by the module that runs
(``attention.matmul``); what comes again gets ``#2``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator import transform
from simulator.errors import InputError
from simulator.frontend.arrays.array_file import kept
from simulator.frontend.imported import Imported
from simulator.frontend.torch.modules import Modules
from simulator.frontend.torch.outputs import SHAPES, Outputs
from simulator.frontend.torch.products import PRODUCTS, UNSUPPORTED, Called
from simulator.packages import package
from simulator.transform.quantise import KINDS
from simulator.workload.layer import Layer
from simulator.workload.model import Trace

LIMIT = 8 << 30
"""Bytes of operands that are recorded at most, unless told otherwise."""


class Recorder:
    """The products of a model, in running order; made by :func:`record`.

    Attributes
    ----------
    name : str
        Of the trace.
    limit : int
        Bytes of operands that are recorded at most.
    """

    def __init__(self, model: Any, name: str, quantise: str | None, limit: int) -> None:
        self.name, self.limit = name, limit
        self.modules = Modules(model)
        self._quantise = quantise
        self._outputs = Outputs(self.modules.held)
        self._layers: list[Layer] = []
        self._notes: list[str] = []
        self._others: Counter[str] = Counter()
        self._names: Counter[str] = Counter()
        self._bytes = 0
        self._found: Imported | None = None

    @property
    def trace(self) -> Trace:
        """The layers; once the recording is over.

        Raises
        ------
        InputError
            It is not over, or nothing was recorded.
        """
        return self.imported.trace

    @property
    def notes(self) -> tuple[str, ...]:
        """What was not understood, each with the module it is in; once the recording is over."""
        return self.imported.notes

    @property
    def imported(self) -> Imported:
        """Layers and notes together, as the readers of files give them."""
        if self._found is None:
            raise InputError(f"{self.name}: the recording is not over: leave the 'with' block first")
        return self._found

    def ran(self, operator: str, args: Any, kwargs: Any, output: Any) -> None:
        """Take note of an operator that ran (its name below the dispatcher), with what it was given and gave."""
        if not self.modules.running:
            return
        tensors = [each for each in _flat((args, kwargs)) if hasattr(each, "untyped_storage")]
        first = output[0] if isinstance(output, tuple | list) and output else output
        first = first if hasattr(first, "untyped_storage") else None
        library, _, short = operator.partition("::")
        self._outputs.ran(short, tensors, first)
        if tensors and all(self.modules.held(each) for each in tensors) and first is not None:
            self.modules.derived(first, tensors)
        if operator in PRODUCTS:
            self._product(operator, args, first)
        elif operator in UNSUPPORTED or library not in ("aten", "prim", "prims"):
            self._notes.append(
                f"{self.name}: module {self.modules.place}: operator {operator} is not read as a layer"
            )
        elif short not in SHAPES:
            self._others[short.rstrip("_")] += 1

    def _product(self, operator: str, args: Any, output: Any) -> None:
        weights = next(
            (each for each in args if _tensor(each) and each.dim() > 1 and self.modules.held(each)), None
        )
        base = self.modules.name(weights)
        self._names[base] += 1
        name = base if self._names[base] == 1 else f"{base}#{self._names[base]}"
        try:
            made = list(PRODUCTS[operator](Called(name, args, partial(self._array, name), self.modules.held)))
        except InputError as error:
            self._notes.append(f"{self.name}: module {self.modules.place}: {operator}: left out: {error}")
            return
        self.modules.recorded(weights)
        self._bytes += sum(_bytes(layer) for layer, _ in made)
        if self._bytes > self.limit:
            raise InputError(
                f"{self.name}: layer {name!r}: more than {self.limit:,} bytes of operands: record fewer calls or smaller inputs, "
                "or give a larger limit"
            )
        start, shape = len(self._layers), tuple(output.shape)
        self._layers += [layer for layer, _ in made]
        places = [place for _, place in made]
        self._outputs.follow(
            output, lambda mask, through: self._left(start, places, mask.reshape(shape), through)
        )

    def _left(
        self,
        start: int,
        places: list[Callable[[NDArray[Any]], NDArray[Any]]],
        mask: NDArray[np.bool_],
        through: list[str],
    ) -> None:
        """What the layers of an operator's output leave for memory."""
        told = {"outputs_after": ", ".join(through)} if through else {}
        for i, place in enumerate(places, start):
            layer = self._layers[i].with_outputs(np.ascontiguousarray(place(mask)))
            self._layers[i] = replace(layer, attrs={**layer.attrs, **told})

    def _array(self, name: str, tensor: Any) -> NDArray[Any]:
        torch = package("torch", "torch")
        if tensor.layout != torch.strided or tensor.is_quantized or tensor.is_meta:
            kind = "without data" if tensor.is_meta else f"of {tensor.dtype}, {tensor.layout}"
            raise InputError(f"a tensor {kind}: plain numbers are read")
        plain = tensor.detach().cpu().resolve_conj().resolve_neg()
        if plain.dtype == torch.bfloat16 or str(plain.dtype).startswith("torch.float8"):
            plain = plain.float()
        return np.array(kept(plain.contiguous().numpy(), f"layer {name!r}"))

    def close(self, whole: bool) -> None:
        """End the recording; of one that failed (not `whole`) nothing is kept."""
        if not whole:
            return
        self._outputs.close()
        notes = [*self._notes, *self.modules.notes(self.name)]
        if not self._layers:
            raise InputError("\n".join([f"{self.name}: no products were recorded", *notes]))
        if self._others:
            told = ", ".join(f"{count} {operator}" for operator, count in sorted(self._others.items()))
            notes.append(f"{self.name}: no layers, multiply no tensors: {told}")
        version = package("torch", "torch").__version__
        trace = Trace(
            self.name, tuple(self._layers), {"source": f"PyTorch {version}, recorded from a live model"}
        )
        if self._quantise is not None:
            trace = transform.quantise(trace, self._quantise)
        self._found = Imported(trace, tuple(notes))


@contextmanager
def record(
    model: Any, name: str | None = None, quantise: str | None = None, limit: int = LIMIT
) -> Iterator[Recorder]:
    """Record what a model multiplies in the block; only what runs inside the model's own forward.

    Parameters
    ----------
    model : torch.nn.Module
        Called in the block, as often as wanted.
    name : str, optional
        Of the trace; the model's class if not given.
    quantise : str, optional
        ``int8`` or ``int16``: quantise the operands (:func:`simulator.transform.quantise`); recorded outputs are
        dropped then.
    limit : int
        Bytes of operands that are recorded at most.

    Yields
    ------
    Recorder
        Its `trace` and `notes` are there once the block is left.

    Raises
    ------
    InputError
        PyTorch is missing, `model` is no module, another kind to quantise to, more bytes than `limit`, or no products
        at all.
    """
    torch = package("torch", "torch")
    if not isinstance(model, torch.nn.Module):
        raise InputError(f"model: {type(model).__name__}: must be a torch.nn.Module")
    if quantise is not None and quantise not in KINDS:
        raise InputError(f"quantise to {quantise!r}: choices: {', '.join(KINDS)}")
    recorder = Recorder(model, name or type(model).__name__, quantise, limit)
    whole = False
    try:
        with ExitStack() as stack:
            stack.enter_context(_plain_attention(torch))
            stack.enter_context(recorder.modules.followed())
            stack.enter_context(_mode(recorder))
            yield recorder
        whole = True
    finally:
        recorder.close(whole)


@contextmanager
def _plain_attention(torch: Any) -> Iterator[None]:
    """Attention as two products and a softmax, not one fused operator."""
    before = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)
    try:
        with torch.nn.attention.sdpa_kernel(torch.nn.attention.SDPBackend.MATH):
            yield
    finally:
        torch.backends.mha.set_fastpath_enabled(before)


def _mode(recorder: Recorder) -> Any:
    """What PyTorch calls with every operator that reaches the dispatcher."""
    base = package("torch.utils._python_dispatch", "torch").TorchDispatchMode

    class Mode(base):  # type: ignore[misc, valid-type]  # a class of PyTorch, known when it is installed
        def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            kwargs = kwargs or {}
            name = func._schema.name
            if name not in PRODUCTS:
                with self:  # made of other operators: those are what is recorded
                    made = func.decompose(*args, **kwargs)
                if made is not NotImplemented:
                    return made
            output = func(*args, **kwargs)
            recorder.ran(name, args, kwargs, output)
            return output

    return Mode()


def _flat(value: Any) -> Iterator[Any]:
    if isinstance(value, tuple | list):
        for each in value:
            yield from _flat(each)
    elif isinstance(value, dict):
        yield from _flat(list(value.values()))
    else:
        yield value


def _tensor(value: Any) -> bool:
    return hasattr(value, "untyped_storage")


def _bytes(layer: Layer) -> int:
    return sum(tensor.size * (tensor.bits or 8) // 8 for tensor in (layer.weights, layer.inputs))
