"""Text for a character-level language model: the reference manual that comes with Python.

Every Python ships the pages behind ``help("topic")`` as text, in the module ``pydoc_data.topics``: the language
reference, under the Python Software Foundation License Version 2. Its pages repeat one another, so every paragraph is
taken once; every tenth group of paragraphs is held out. The text differs a little between versions of Python: its
SHA-256 is recorded with what is trained on it.

A character is a number: 0 a line feed, 1 to 95 the printable characters of ASCII in order. Typographic quotes and
dashes become plain ones, anything else ``?``.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Tokens = NDArray[np.uint8]

VOCABULARY = 96
LICENCE = "Python Software Foundation License Version 2"
SOURCE = "the Python Language Reference, as shipped in pydoc_data.topics of the standard library"

_GROUP, _HELD = 8, 10
_PLAIN = str.maketrans({"‘": "'", "’": "'", "“": '"', "”": '"', "–": "-", "—": "-", "…": "...", "\t": "    "})


@dataclass(frozen=True)
class Corpus:
    """Characters to train on, and held out.

    Attributes
    ----------
    train, held_out : ndarray of uint8
        Numbers of characters, below :data:`VOCABULARY`.
    sha256 : str
        Of both together, in this order.
    """

    train: Tokens
    held_out: Tokens

    @property
    def sha256(self) -> str:
        """Of the training characters followed by those held out."""
        return hashlib.sha256(self.train.tobytes() + self.held_out.tobytes()).hexdigest()


def encode(text: str) -> Tokens:
    """Numbers of the characters of a text, uint8."""
    octets = np.frombuffer(text.translate(_PLAIN).encode("ascii", "replace"), np.uint8)
    known = np.where((octets >= 32) & (octets < 127), octets, ord("?"))
    return np.where(octets == ord("\n"), 0, known - 31).astype(np.uint8)


def decode(tokens: Tokens) -> str:
    """The text of numbers of characters."""
    return bytes(np.where(tokens == 0, ord("\n"), tokens + 31).astype(np.uint8)).decode("ascii")


def corpus() -> Corpus:
    """The manual of the Python that is running."""
    from pydoc_data import topics

    return split([topics.topics[name] for name in sorted(topics.topics)])


def split(pages: list[str]) -> Corpus:
    """Pages as a corpus: paragraphs once each, every tenth group of eight held out."""
    seen: set[str] = set()
    paragraphs = []
    for paragraph in (each for page in pages for each in page.split("\n\n")):
        words = " ".join(paragraph.split())
        if words and words not in seen:
            seen.add(words)
            paragraphs.append(paragraph.strip("\n"))
    groups = [paragraphs[start : start + _GROUP] for start in range(0, len(paragraphs), _GROUP)]
    parts = [
        encode(
            "\n\n".join(
                text for i, group in enumerate(groups) if (i % _HELD == _HELD - 1) is held for text in group
            )
        )
        for held in (False, True)
    ]
    return Corpus(*parts)
