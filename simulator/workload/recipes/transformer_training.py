"""Trains the transformer of :mod:`simulator.workload.networks.transformer`, prunes it, and fine-tunes what is left.

AdamW (Loshchilov and Hutter, arXiv 1711.05101) with decoupled decay of the weights of products only, cross entropy,
gradients clipped at norm 1, the rate rising over the first twentieth of the steps and falling along a cosine to a
tenth. Batches are 32 windows from seeded
places, a tenth of what enters the residual stream is dropped. Deterministic for locked versions on one machine.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.packages import package
from simulator.workload.networks.text import Tokens
from simulator.workload.networks.transformer import Shape, Transformer
from simulator.workload.networks.transformer_file import halved
from simulator.workload.pruning import keep
from simulator.workload.recipes.torch_training import deterministic

_BATCH, _RATE, _FINE_RATE, _DECAY, _DROPOUT = 32, 3e-3, 1e-3, 0.1, 0.1


class TransformerTrainer:
    """Trains transformers on a text.

    Parameters
    ----------
    text : ndarray of uint8, shape (characters,)
    shape : Shape
    seed : int
    progress : callable
        Called with every step that is done, in all that is trained.
    """

    def __init__(self, text: Tokens, shape: Shape, seed: int, progress: Callable[[], None]) -> None:
        self.torch = package("torch", "train")
        self.text, self.shape, self.seed, self.progress = text, shape, seed, progress

    def train(self, steps: int) -> Transformer:
        """A dense network from seeded weights, its parameters rounded to half precision."""
        rng = np.random.default_rng(self.seed)
        start: dict[str, NDArray[np.float32]] = {}
        for name, shape in self.shape.parameters.items():
            if name.endswith(".gain"):
                start[name] = np.ones(shape, np.float32)
            elif len(shape) == 1:
                start[name] = np.zeros(shape, np.float32)
            else:
                residual = name.endswith(("proj.weight", "fc2.weight"))
                spread = 0.02 if name in ("characters", "positions") else 1 / math.sqrt(shape[1])
                spread /= math.sqrt(2 * self.shape.blocks) if residual else 1
                start[name] = (rng.standard_normal(shape) * spread).astype(np.float32)
        return self._fit(Transformer(self.shape, start), steps, _RATE, {})

    def prune(self, dense: Transformer, pattern: str, steps: int) -> Transformer:
        """The blocks' weights pruned to a pattern by magnitude along K, fine-tuned with the masks fixed; the head stays dense."""
        masks = {name: keep(dense.weight(name), pattern) for name in self.shape.linears if name != "head"}
        pruned = {name: np.asarray(dense.weight(name) * mask) for name, mask in masks.items()}
        return self._fit(dense.with_weights(pruned, pattern), steps, _FINE_RATE, masks)

    def _fit(
        self, start: Transformer, steps: int, rate: float, masks: Mapping[str, NDArray[np.bool_]]
    ) -> Transformer:
        torch = self.torch
        told = {name: torch.tensor(array, requires_grad=True) for name, array in start.parameters.items()}
        fixed = [(told[f"{name}.weight"], torch.tensor(mask)) for name, mask in masks.items()]
        decayed = [told[f"{name}.weight"] for name in self.shape.linears]
        others = [each for each in told.values() if not any(each is weight for weight in decayed)]
        optimiser = torch.optim.AdamW(
            [{"params": decayed, "weight_decay": _DECAY}, {"params": others, "weight_decay": 0.0}]
        )
        rng, context = np.random.default_rng(self.seed + 1), self.shape.context
        text = torch.tensor(self.text.astype(np.int64))
        with deterministic(torch), torch.random.fork_rng(devices=[]):
            torch.manual_seed(self.seed)
            for step in range(steps):
                for group in optimiser.param_groups:
                    group["lr"] = rate * _share(step, steps)
                places = torch.tensor(rng.integers(0, len(self.text) - context, _BATCH))
                windows = text[places[:, None] + torch.arange(context + 1)]
                logits = self.logits(told, windows[:, :-1], _DROPOUT)
                loss = torch.nn.functional.cross_entropy(logits.flatten(0, 1), windows[:, 1:].flatten())
                optimiser.zero_grad()
                loss.backward()
                torch.nn.utils.clip_grad_norm_(list(told.values()), 1.0)
                optimiser.step()
                with torch.no_grad():
                    for weight, mask in fixed:
                        weight *= mask
                self.progress()
        arrays = {name: tensor.detach().numpy().copy() for name, tensor in told.items()}
        return halved(Transformer(self.shape, arrays, start.pattern))

    def logits(self, told: Mapping[str, Any], tokens: Any, dropout: float = 0.0) -> Any:
        """As :meth:`~simulator.workload.networks.transformer.Transformer.logits` without dropout; a test compares them."""
        functional, shape = self.torch.nn.functional, self.shape
        batch, length = tokens.shape
        size = shape.width // shape.heads

        def linear(name: str, x: Any) -> Any:
            return functional.linear(x, told[f"{name}.weight"], told[f"{name}.bias"])

        def norm(name: str, x: Any) -> Any:
            return functional.layer_norm(x, (shape.width,), told[f"{name}.gain"], told[f"{name}.offset"])

        def dropped(x: Any) -> Any:
            return functional.dropout(x, dropout, training=dropout > 0)

        x = dropped(told["characters"][tokens] + told["positions"][:length])
        for i in range(shape.blocks):
            name = f"blocks.{i}"
            qkv = linear(f"{name}.qkv", norm(f"{name}.norm1", x)).view(batch, length, 3, shape.heads, size)
            q, k, v = qkv.permute(2, 0, 3, 1, 4)
            mixed = functional.scaled_dot_product_attention(q, k, v, is_causal=True)
            x = x + dropped(linear(f"{name}.proj", mixed.transpose(1, 2).reshape(batch, length, shape.width)))
            hidden = linear(f"{name}.fc1", norm(f"{name}.norm2", x))
            hidden = (
                functional.relu(hidden)
                if shape.activation == "relu"
                else functional.gelu(hidden, approximate="tanh")
            )
            x = x + dropped(linear(f"{name}.fc2", hidden))
        return linear("head", norm("norm", x))


def _share(step: int, steps: int) -> float:
    """The learning rate at a step, of its highest."""
    rising = max(1, steps // 20)
    if step < rising:
        return (step + 1) / rising
    return 0.1 + 0.45 * (1 + math.cos(math.pi * (step - rising) / max(1, steps - rising)))
