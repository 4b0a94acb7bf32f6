"""A folder of recorded layers of a processing element, made by hand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from validation.oracles import csc

MAPPING = """mapping:
- factors: M={outer_m} E=0 F=0 R=1 S=0 N=0 G=0 C={outer_c}
  permutation: REFSCMNG
  target: BackingStorage
  type: temporal
- factors: M=1 E=1 F=1 R=1 S=1 N=1 G=1 C=1
  target: weight_spad
  type: temporal
- bypass: [Inputs, Outputs]
  target: weight_spad
  type: bypass
- factors: M={m} E=1 F=1 R=0 S=1 N=1 G=1 C={c}
  permutation: MCRSEFGN
  target: psum_spad
  type: temporal
"""
PROBLEM = "problem: {{shape: {{name: conv}}, instance: {{M: {m}, E: {e}, F: {f}, R: 1, S: 1, N: 1, G: 1, C: {c}}}}}\n"


def make(folder: Path, layers: dict[str, tuple[int, int, int]], tile: tuple[int, int] = (4, 2)) -> None:
    """Random masks of (M, C, pixels) per layer, counted by the plain loops; pixels are 2 x half."""
    folder.mkdir(parents=True, exist_ok=True)
    expected: dict[str, Any] = {"layers": {}}
    for seed, (name, (m, c, pixels)) in enumerate(layers.items()):
        rng = np.random.default_rng(seed)
        weights, inputs = rng.random((m, c)) < 0.5, rng.random((pixels, c)) < 0.6
        np.savez(
            folder / f"{name}_masks.npz", weights=weights.astype(np.uint8), iacts=inputs.astype(np.uint8)
        )
        count = csc.multiplications(weights.tolist(), inputs.tolist())
        expected["layers"][name] = {"published_cycles": count, "M": m, "C": c, "pixels": pixels}
        loops = {"outer_m": -(-m // tile[0]), "outer_c": -(-c // tile[1]), "m": tile[0], "c": tile[1]}
        (folder / f"{name}_mapping.yaml").write_text(MAPPING.format(**loops))
        (folder / f"{name}_problem.yaml").write_text(PROBLEM.format(m=m, e=2, f=pixels // 2, c=c))
    (folder / "expected.json").write_text(json.dumps(expected))
