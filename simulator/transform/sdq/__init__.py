"""Sparse decomposed quantization: weights as structured terms of outliers and inliers, each in a number format of its own.

Source: Jeong, Tsai, Keckler, Krishna, SDQ: Sparse Decomposed Quantization for LLM Inference, arXiv 2406.13868, as far as public.
"""

from simulator.transform.sdq.calibration import Calibration
from simulator.transform.sdq.decomposition import Decomposition, decompose
from simulator.transform.sdq.name import RATES, Bits, Config, Term, parse
from simulator.transform.sdq.rounding import dtype, rounded
from simulator.transform.sdq.sparsify import sparsify
from simulator.transform.sdq.split import METRICS, split
from simulator.transform.sdq.vectors import Scaled, scaled

__all__ = [
    "METRICS",
    "RATES",
    "Bits",
    "Calibration",
    "Config",
    "Decomposition",
    "Scaled",
    "Term",
    "decompose",
    "dtype",
    "parse",
    "rounded",
    "scaled",
    "sparsify",
    "split",
]
