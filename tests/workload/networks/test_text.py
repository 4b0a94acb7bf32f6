"""Characters as numbers, and a corpus whose held-out part was never seen."""

from __future__ import annotations

import numpy as np

from simulator.workload.networks.text import VOCABULARY, corpus, decode, encode, split


def test_characters_come_back() -> None:
    text = "\n" + "".join(map(chr, range(32, 127)))
    tokens = encode(text)
    assert tokens.tolist() == list(range(VOCABULARY))
    assert decode(tokens) == text
    assert decode(encode("it’s “so” – é…")) == 'it\'s "so" - ?...'


def test_paragraphs_are_taken_once_and_every_tenth_group_is_held_out() -> None:
    pages = ["\n\n".join(f"paragraph {i}" for i in range(100)), "paragraph 3\n\n  paragraph   4\n\nnew"]
    found = split(pages)
    held = decode(found.held_out).split("\n\n")
    assert held == [f"paragraph {i}" for i in range(72, 80)]
    train = decode(found.train).split("\n\n")
    assert train == [f"paragraph {i}" for i in (*range(72), *range(80, 100))] + ["new"]


def test_the_manual_is_there() -> None:
    found = corpus()
    assert len(found.train) > 8 * len(found.held_out) > 100_000
    assert int(max(found.train.max(), found.held_out.max())) < VOCABULARY
    held = decode(found.held_out)
    train = set(decode(found.train).split("\n\n"))
    assert not train & set(held.split("\n\n"))
    assert len(found.sha256) == 64
    assert np.array_equal(encode(held), found.held_out)
