"""``python -m validation.benchmarks.checkpoint [--blocks N] [--sdq NAME] [--folder DIR]``: a large checkpoint decomposed.

A synthetic checkpoint of 2.1 GB in LLaMA's layout with LLaMA-7B's sizes (hidden 4096, 11008 in between, 32,000 tokens, four
blocks), random weights with a few large ones, is written and decomposed by the command in a process of its own, whose peak memory
and CPU time are told. Some minutes; 4 GB of disk, which is given back.
"""

from __future__ import annotations

import argparse
import math
import resource
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from simulator.frontend.checkpoint import Draft, layers, open_checkpoint


@dataclass(frozen=True)
class Sizes:
    """Of a network in LLaMA's layout; by default LLaMA-7B's (Touvron et al., arXiv 2302.13971, table 2), with few blocks."""

    hidden: int = 4096
    between: int = 11008
    vocabulary: int = 32_000
    blocks: int = 4

    @property
    def tensors(self) -> dict[str, tuple[int, ...]]:
        """Shapes by name."""
        found: dict[str, tuple[int, ...]] = {"model.embed_tokens.weight": (self.vocabulary, self.hidden)}
        for i in range(self.blocks):
            block = f"model.layers.{i}"
            found[f"{block}.input_layernorm.weight"] = (self.hidden,)
            for name in "qkvo":
                found[f"{block}.self_attn.{name}_proj.weight"] = (self.hidden, self.hidden)
            found[f"{block}.post_attention_layernorm.weight"] = (self.hidden,)
            for name in ("gate", "up"):
                found[f"{block}.mlp.{name}_proj.weight"] = (self.between, self.hidden)
            found[f"{block}.mlp.down_proj.weight"] = (self.hidden, self.between)
        return found | {"model.norm.weight": (self.hidden,), "lm_head.weight": (self.vocabulary, self.hidden)}

    @property
    def inputs(self) -> dict[str, int]:
        """K of the activations of layers, and of modules all of whose other layers share them."""
        found = {}
        for i in range(self.blocks):
            block = f"model.layers.{i}"
            found |= dict.fromkeys(
                (f"{block}.self_attn", f"{block}.self_attn.o_proj", f"{block}.mlp"), self.hidden
            )
            found[f"{block}.mlp.down_proj"] = self.between
        return found


def write(sizes: Sizes, folder: Path, samples: int = 128, seed: int = 0) -> tuple[Path, Path]:
    """Write ``model.safetensors`` and ``acts.npz``, a few rows at a time; (both paths)."""
    model, acts = folder / "model.safetensors", folder / "acts.npz"
    rng = np.random.default_rng(seed)
    shapes = sizes.tensors
    with Draft(model, {name: ("F16", shape) for name, shape in shapes.items()}, {"format": "pt"}) as draft:
        for name, shape in shapes.items():
            for start, some in _rows(shape):
                values = rng.standard_normal((some, *shape[1:]), dtype=np.float32) / math.sqrt(shape[-1])
                values *= 1 + 9 * (rng.random(values.shape, dtype=np.float32) < 0.003)
                draft.rows(name, start, values.astype(np.float16))
    spread = {name: np.exp(rng.standard_normal(depth)) for name, depth in sizes.inputs.items()}
    np.savez(
        acts,
        allow_pickle=False,
        **{
            name: (rng.standard_normal((samples, len(each))) * each).astype(np.float16)
            for name, each in spread.items()
        },
    )
    return model, acts


def _rows(shape: tuple[int, ...]) -> Iterator[tuple[int, int]]:
    step = max(1, (1 << 22) // math.prod(shape[1:]))
    for start in range(0, shape[0], step):
        yield start, min(step, shape[0] - start)


def main() -> None:
    """Write, decompose, measure."""
    options = argparse.ArgumentParser(prog="python -m validation.benchmarks.checkpoint")
    options.add_argument("--blocks", type=int, default=Sizes.blocks)
    options.add_argument("--sdq", default="SDQ-W7:8-1:8int8-6:8fp4")
    options.add_argument("--folder", type=Path, help="where to write; a temporary one if not given")
    given = options.parse_args()
    folder = Path(tempfile.mkdtemp(dir=given.folder))
    try:
        model, acts = write(Sizes(blocks=given.blocks), folder)
        size = model.stat().st_size
        sys.stdout.write(f"{model.name}: {size / 1e9:.2f} GB\n")
        out = folder / "decomposed.safetensors"
        arguments = ["decompose", model, "--sdq", given.sdq, "--calibration", acts, "-o", out]
        command = [sys.executable, "-c", "from simulator.cli.main import main; main()", *map(str, arguments)]
        sys.stdout.write(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        weights = sum(each.rows * each.depth for each in layers(open_checkpoint(out)))
        seconds = used.ru_utime + used.ru_stime
        sys.stdout.write(
            f"peak memory {used.ru_maxrss / 1024:.0f} MiB, {seconds:.0f} s of CPU, "
            f"{seconds / weights * 1e9:.0f} ns per weight; {out.stat().st_size / 1e9:.2f} GB written\n"
        )
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
