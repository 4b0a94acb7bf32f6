"""Well-known networks by their shapes: what each is, where its shapes are published, and how its layers follow from them.

Masks only, nothing trained: weights follow `pattern` along K but for the first layer, depthwise layers and whatever
else its text says; inputs are non-zero with `density` where they come out of an activation function that makes zeros,
and dense elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from simulator.workload.model import Trace
from simulator.workload.recipes import zoo_convolutional as conv
from simulator.workload.recipes import zoo_transformers as transformers
from simulator.workload.recipes.masks import EXAMPLE, at_least_one
from simulator.workload.recipes.synthetic import Spec, trace

_COMMON = (
    "Weights follow `pattern` along K, inputs behind an activation function are non-zero with `density`, all else is dense. "
    "Masks only: nothing here is trained, only the shapes are the network's."
)


@dataclass(frozen=True)
class Network:
    """A recipe of shapes.

    Attributes
    ----------
    name : str
        Of the recipe and its trace.
    text : str
        What it is and the source of its shapes.
    specs : callable
        Its layers in running order, given the sizes.
    sizes : mapping of str to int
        What can be told of it, and the defaults: images or sequences at once, tokens.
    density : str
        Of activated inputs, by default.
    """

    name: str
    text: str
    specs: Callable[..., Iterable[Spec]]
    sizes: Mapping[str, int]
    density: str = "0.5"
    OPTIONS: dict[str, Any] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(
            self, "OPTIONS", {"pattern": EXAMPLE, "density": self.density, **self.sizes, "seed": 0}
        )

    @property
    def description(self) -> str:
        """For a reader."""
        return f"{self.text}\n\n{_COMMON}"

    def make(self, options: dict[str, Any], progress: Callable[[int, int], None]) -> Trace:
        """Draw the masks.

        Raises
        ------
        InputError
            A pattern nothing can be generated from, a density outside 0..1, or a size below 1.
        """
        sizes = {size: at_least_one(size, options[size]) for size in self.sizes}
        found = list(self.specs(**sizes))
        attrs = {**options, "recipe": self.name, "description": self.description}
        return trace(self.name, found, attrs, progress, sizes.get("batch", 1))


def _bert(size: str, shape: str, blocks: int, specs: Callable[..., Iterable[Spec]]) -> Network:
    text = f"""The {blocks} blocks of BERT-{size} with their attention; embeddings and task heads are left out.

Shapes: Devlin et al., BERT: pre-training of deep bidirectional transformers, 2018 (arXiv 1810.04805), section 3:
{shape}, hidden 4H. 512 tokens are the longest it was trained with; 384, as for SQuAD, is assumed. GELU
makes hardly any zeros: density 1 by default."""
    return Network(f"bert_{size}_shapes", text, specs, {"tokens": 384, "batch": 1}, "1")


_ALL = (
    Network(
        "alexnet_shapes",
        """The 8 weight layers of AlexNet, as two halves in its second, fourth and fifth convolution.

Shapes: Krizhevsky, Sutskever, Hinton, ImageNet classification with deep convolutional neural networks, NIPS 2012,
section 3.5 and figure 2. Images are 227 x 227: the 224 of the paper do not give its 55 x 55 outputs with stride
4.""",
        conv.alexnet,
        {"batch": 1},
    ),
    Network(
        "vgg16_shapes",
        """The 16 weight layers of VGG-16 on 224 x 224 images.

Shapes: Simonyan and Zisserman, Very deep convolutional networks for large-scale image recognition, 2014 (arXiv
1409.1556), table 1, column D.""",
        conv.vgg16,
        {"batch": 1},
    ),
    Network(
        "mobilenet_v1_shapes",
        """The 28 weight layers of MobileNet (width 1.0) on 224 x 224 images; depthwise layers stay dense.

Shapes: Howard et al., MobileNets: efficient convolutional neural networks for mobile vision applications, 2017 (arXiv
1704.04861), table 1; the last depthwise layer has stride 1, as the sizes of the table require (it prints 2).""",
        conv.mobilenet_v1,
        {"batch": 1},
    ),
    Network(
        "mobilenet_v2_shapes",
        """The 53 weight layers of MobileNetV2 (width 1.0) on 224 x 224 images; depthwise layers stay dense.

Shapes: Sandler et al., MobileNetV2: inverted residuals and linear bottlenecks, 2018 (arXiv 1801.04381), table 2.
Bottlenecks are linear: what expands them reads dense inputs.""",
        conv.mobilenet_v2,
        {"batch": 1},
    ),
    Network(
        "vit_b_shapes",
        """ViT-B/16 on 224 x 224 images: patch embedding, 12 blocks with their attention, classifier.

Shapes: Dosovitskiy et al., An image is worth 16x16 words, 2020 (arXiv 2010.11929), table 1: width 768, hidden 3072,
12 heads; 196 patches and a class token. GELU makes hardly any zeros: density 1 by default. Patch embedding and
classifier stay dense.""",
        transformers.vit_b,
        {"batch": 1},
        "1",
    ),
    _bert("base", "L=12, H=768, A=12", 12, transformers.bert_base),
    _bert("large", "L=24, H=1024, A=16", 24, transformers.bert_large),
    Network(
        "gpt2_shapes",
        """The 12 blocks of GPT-2 (the smallest) over a whole prompt, causal, and the scores of the next token.

Shapes: Radford et al., Language models are unsupervised multitask learners, 2019, table 2: 12 layers, width 768;
context 1024 and vocabulary 50,257 in section 2.3; 12 heads and a hidden width of 4 x 768 are those of the released
model (github.com/openai/gpt-2, src/model.py). GELU makes hardly any zeros: density 1 by default. The scores, of the
last position only, stay dense.""",
        transformers.gpt2,
        {"tokens": 1024, "batch": 1},
        "1",
    ),
    Network(
        "llama_7b_decode",
        """A block of LLaMA-7B decoding a token of every sequence: seven projections, and attention over `context` positions.

Shapes: Touvron et al., LLaMA: open and efficient foundation language models, 2023 (arXiv 2302.13971), table 2, and
the hidden width 11,008 of the released parameters (see llama_7b_block). Every sequence has keys and values of its
own. The gated SiLU makes no zeros: density 1 by default. Only one of the 32 blocks is made; `seed` makes others.""",
        transformers.llama_7b_decode,
        {"context": 2048, "batch": 1},
        "1",
    ),
    Network(
        "dlrm_shapes",
        """The products of DLRM: bottom MLP, interaction of 27 vectors of 128, top MLP; embeddings are looked up.

Structure: Naumov et al., Deep learning recommendation model for personalization and recommendation systems, 2019
(arXiv 1906.00091), section 2. Sizes: its public code, github.com/facebookresearch/dlrm, as MLPerf trains it on the
Criteo Terabyte data: bottom 13-512-256-128, 26 tables, top 1024-1024-512-256-1 over 27 x 26 / 2 products and the
bottom's 128 outputs. `batch` samples at once: 128 is assumed. Layers with 13 inputs or one output stay dense.""",
        transformers.dlrm,
        {"batch": 128},
    ),
)

NETWORKS = {network.name: network for network in _ALL}
"""By name of the recipe."""
