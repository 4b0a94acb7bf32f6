"""A small depthwise-separable network trained on handwritten digits, at four degrees of weight sparsity, in int8.

Data: scikit-learn's copy of the test set of "Optical Recognition of Handwritten Digits" (E. Alpaydin and C.
Kaynak, UCI Machine Learning Repository, doi 10.24432/C50P49, CC BY 4.0): 1,797 grey images of 8 x 8 pixels, 0..16.
A stratified quarter is held out for testing.

Network, after MobileNet (Howard et al., arXiv 1704.04861): conv 3x3 1->32, then three pairs of a depthwise 3x3
convolution (one filter per channel) and a pointwise 1x1 one: 32->64, 64->128 with stride 2 in its depthwise half,
128->64; fully connected 1024->10; ReLU between; no pooling, so every layer's outputs are the next layer's inputs.
Trained once dense; for each degree the pointwise and fully connected layers, 92 % of the weights, are pruned by
magnitude along K and fine-tuned with the masks fixed. The first convolution and the depthwise ones (K = 9) stay dense
at every degree, as is usual.

int8: symmetric per-tensor scales, zero points 0, no retraining. A layer's outputs are

    clip(rint((Z + bias) multiplier), low, 127),   low = 0 behind a ReLU, -127 for the last layer

with Z the integer einsum of the recorded operands and bias, multiplier in the layer's attributes. Recorded
are the operands of each layer on a few test images. Layers are named degree/layer.
"""

from __future__ import annotations

from simulator.workload.recipes import digits_trace
from simulator.workload.recipes.digits_trace import OPTIONS
from simulator.workload.recipes.training import Spec

__all__ = ["DEGREES", "LAYERS", "OPTIONS", "make"]

LAYERS = (
    Spec("conv1", 1, 32, 3, 1, 1, pruned=False),
    Spec("depthwise2", 32, 32, 3, 1, 1, groups=32, pruned=False),
    Spec("pointwise2", 32, 64, 1),
    Spec("depthwise3", 64, 64, 3, 2, 1, groups=64, pruned=False),
    Spec("pointwise3", 64, 128, 1),
    Spec("depthwise4", 128, 128, 3, 1, 1, groups=128, pruned=False),
    Spec("pointwise4", 128, 64, 1),
    Spec("fc", 1024, 10),
)

DEGREES = {
    "dense": "dense",
    "s50": "2:4",
    "s75": "C1(4:8)->C0(2:4)",
    "u75": "unstructured(1/4)",
}
"""Name of each degree and the pattern of the weights that are pruned."""

make = digits_trace.Recipe("digits_separable", str(__doc__).strip(), LAYERS, DEGREES).make
