"""``python -m validation.studies.sdq.training [SEED...]``: the study's further networks, trained anew (minutes each; PyTorch).

Dense, as the recipe text_transformer trains its own, which is seed 0; parameters in half precision and the text they are measured
on.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from simulator.workload.networks.transformer import perplexity
from simulator.workload.networks.transformer_file import Trained, save
from simulator.workload.recipes.text_transformer import OPTIONS, train
from simulator.workload.recipes.torch_training import versions

FOLDER = Path(__file__).parent / "networks"


def main() -> None:
    """Train and write."""
    options = argparse.ArgumentParser(prog="python -m validation.studies.sdq.training")
    options.add_argument("seeds", nargs="*", type=int, metavar="SEED", help="1 and 2 if none is given")
    for seed in options.parse_args().seeds or (1, 2):
        found = train({**OPTIONS, "seed": seed}, _progress, {"dense": "dense"})
        network = found.networks["dense"]
        notes = {
            "seed": seed,
            "perplexity_float": perplexity(network, found.corpus.held_out),
            "data_sha256": found.corpus.sha256,
            "versions": versions("numpy", "torch"),
        }
        save(Trained(network, found.corpus.held_out, found.calibration, notes), FOLDER / f"seed{seed}.npz")
        sys.stdout.write(f"seed {seed}: perplexity {notes['perplexity_float']:.4f}\n")
        sys.stdout.flush()


def _progress(done: int, of: int) -> None:
    if done % 200 == 0:
        sys.stderr.write(f"{done} of {of} steps\n")


if __name__ == "__main__":
    main()
