"""Checkpoints of large networks: read and written a few rows at a time, decomposed layer by layer."""

from simulator.frontend.checkpoint.decomposing import Decomposed, Job, decompose
from simulator.frontend.checkpoint.reading import Checkpoint, Whole, open_checkpoint
from simulator.frontend.checkpoint.stored import StoredLayer, layers
from simulator.frontend.checkpoint.tracing import trace_of
from simulator.frontend.checkpoint.writing import Draft

__all__ = [
    "Checkpoint",
    "Decomposed",
    "Draft",
    "Job",
    "StoredLayer",
    "Whole",
    "decompose",
    "layers",
    "open_checkpoint",
    "trace_of",
]
