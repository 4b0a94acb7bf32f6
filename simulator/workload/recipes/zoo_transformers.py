"""Transformers and a recommendation model, product by product; sources in :mod:`simulator.workload.recipes.zoo`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from simulator.workload.recipes.attention import Attention
from simulator.workload.recipes.llama_7b_block import HEADS, WIDTH
from simulator.workload.recipes.llama_7b_block import products as projections
from simulator.workload.recipes.products import Product
from simulator.workload.recipes.synthetic import Spec


@dataclass(frozen=True)
class Stack:
    """Blocks of a transformer; queries, keys and values come of one product (`fused`) or of three."""

    blocks: int
    width: int
    hidden: int
    heads: int
    fused: bool = True
    causal: bool = False

    def specs(self, tokens: int, batch: int) -> Iterator[Spec]:
        """All blocks over `batch` sequences of `tokens`."""
        columns = tokens * batch
        for i in range(self.blocks):
            name = f"blocks.{i}"
            for role, times in (("qkv", 3),) if self.fused else (("q", 1), ("k", 1), ("v", 1)):
                yield Product(f"{name}.attention.{role}", times * self.width, self.width, columns)
            size = self.width // self.heads
            yield Attention(f"{name}.attention", self.heads * batch, size, tokens, tokens, self.causal)
            yield Product(f"{name}.attention.output", self.width, self.width, columns)
            yield Product(f"{name}.fc1", self.hidden, self.width, columns)
            yield Product(f"{name}.fc2", self.width, self.hidden, columns, activated=True)


_BASE, _LARGE = Stack(12, 768, 3072, 12, fused=False), Stack(24, 1024, 4096, 16, fused=False)
_PATCH, _PATCHES, _CLASSES = 16 * 16 * 3, (224 // 16) ** 2, 1000
_VOCABULARY = 50_257
_BOTTOM, _TOP = (13, 512, 256, 128), (1024, 1024, 512, 256, 1)
_VECTORS = 26 + 1
"""Of 26 embedding tables, and the output of the bottom MLP."""


def vit_b(batch: int) -> Iterator[Spec]:
    """ViT-B/16."""
    width = 768
    yield Product("patch_embed", width, _PATCH, _PATCHES * batch, pruned=False)
    yield from Stack(12, width, 3072, 12).specs(_PATCHES + 1, batch)
    yield Product("head", _CLASSES, width, batch, pruned=False)


def bert_base(tokens: int, batch: int) -> Iterator[Spec]:
    """BERT-base."""
    return _BASE.specs(tokens, batch)


def bert_large(tokens: int, batch: int) -> Iterator[Spec]:
    """BERT-large."""
    return _LARGE.specs(tokens, batch)


def gpt2(tokens: int, batch: int) -> Iterator[Spec]:
    """GPT-2, the smallest."""
    yield from Stack(12, 768, 3072, 12, causal=True).specs(tokens, batch)
    yield Product("head", _VOCABULARY, 768, batch, pruned=False)


def llama_7b_decode(context: int, batch: int) -> Iterator[Spec]:
    """A block of LLaMA-7B, one token of each sequence."""
    q, k, v, *others = projections(batch)
    yield from (q, k, v)
    yield Attention("attention", HEADS * batch, WIDTH // HEADS, 1, context, causal=True)
    yield from others


def dlrm(batch: int) -> Iterator[Spec]:
    """DLRM: ReLU between the layers of each MLP; the vectors that interact are embeddings but for one, and dense."""
    for i, (k, m) in enumerate(pairwise(_BOTTOM)):
        yield Product(f"bottom.{i}", m, k, batch, activated=i > 0, pruned=i > 0)
    yield Attention("interaction", batch, _BOTTOM[-1], _VECTORS, _VECTORS, weighted=False)
    yield Product("top.0", _TOP[0], _VECTORS * (_VECTORS - 1) // 2 + _BOTTOM[-1], batch)
    for i, (k, m) in enumerate(pairwise(_TOP), start=1):
        yield Product(f"top.{i}", m, k, batch, activated=True, pruned=m > 1)
