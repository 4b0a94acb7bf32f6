"""A small convolutional network trained on handwritten digits, at four degrees of weight sparsity, in int8.

Data: scikit-learn's copy of the test set of "Optical Recognition of Handwritten Digits" (E. Alpaydin and C.
Kaynak, UCI Machine Learning Repository, doi 10.24432/C50P49, CC BY 4.0): 1,797 grey images of 8 x 8 pixels, 0..16.
A stratified quarter is held out for testing.

Network: conv 3x3 1->32, conv 3x3 32->64, conv 3x3 64->64 with stride 2, fully connected 1024->64, 64->10; ReLU
between; no pooling, so every layer's outputs are the next layer's inputs. Trained once dense; for each degree
pruned by magnitude along the flattened K = (R, S, C), channels fastest, and fine-tuned with the masks fixed.
The first convolution has one input channel and stays dense at every degree, as is usual.

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
    Spec("conv2", 32, 64, 3, 1, 1),
    Spec("conv3", 64, 64, 3, 2, 1),
    Spec("fc1", 1024, 64),
    Spec("fc2", 64, 10),
)

DEGREES = {
    "dense": "dense",
    "s50": "C1(4:4)->C0(2:4)",
    "s67": "C1(4:8)->C0(2:3)",
    "s75": "C1(4:8)->C0(2:4)",
}
"""Name of each degree and the weights' pattern."""

make = digits_trace.Recipe("digits_cnn", str(__doc__).strip(), LAYERS, DEGREES).make
