"""The networks: trained, pruned to unstructured degrees by magnitude, fine-tuned, in int8."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from simulator.search.tasder.digits import DigitsSubject
from simulator.search.tasder.transformer import TransformerSubject
from simulator.workload.networks import text
from simulator.workload.networks.transformer import Transformer
from simulator.workload.networks.transformer_file import load
from simulator.workload.recipes import digits_cnn, digits_trace, text_transformer
from simulator.workload.recipes.int8 import quantise
from validation.studies.sdq.measure import networks as kept

DEGREES = {
    "dense": "dense",
    "50%": "unstructured(1/2)",
    "75%": "unstructured(1/4)",
    "90%": "unstructured(1/10)",
    "95%": "unstructured(1/20)",
}
"""Share of the weights that are zero, and the pattern they are pruned to."""

CHARACTERS = 1600
"""Of calibration text that the search measures on, 25 sequences; what it found is told on 33,607 held out."""

FINETUNED = 200
"""Steps of fine-tuning of a pruned transformer."""

IMAGES, SEQUENCES = 32, 8
"""Images, and sequences of 64 characters, whose products are simulated together."""

Subject = DigitsSubject | TransformerSubject
Tell = Callable[[int, int], None]


def cnn(seed: int, quick: bool, tell: Tell) -> Iterator[tuple[str, Subject]]:
    """The convolutional network of the recipe digits_cnn at every degree."""
    options: dict[str, Any] = {
        "seed": seed,
        "epochs": 8 if quick else 40,
        "finetune_epochs": 4 if quick else 20,
    }
    recipe = digits_trace.Recipe("digits", "", digits_cnn.LAYERS, DEGREES)
    found, trainer = digits_trace.networks(recipe, options, tell)
    data = trainer.data
    for degree, network in found.items():
        quantised = quantise(network, data.train_images)
        layers = digits_trace.record(degree, network, quantised, data.test_images[:IMAGES])
        yield degree, DigitsSubject(degree, quantised, layers, data.test_images, data.test_labels)


def transformer(seed: int, quick: bool, tell: Tell) -> Iterator[tuple[str, Subject]]:
    """The transformer of the recipe text_transformer at every degree; its dense network is the one kept here, if there is one."""
    steps = {"steps": 300, "finetune_steps": 30} if quick else {"finetune_steps": FINETUNED}
    options = {**text_transformer.OPTIONS, "seed": seed, **steps}
    found = text_transformer.train(options, tell, DEGREES, _kept(seed))
    for degree, network in found.networks.items():
        yield (
            degree,
            TransformerSubject(
                degree, network, found.calibration, found.corpus.held_out, SEQUENCES, CHARACTERS
            ),
        )


def _kept(seed: int) -> Transformer | None:
    """The dense network of a seed, if it is in the tree and was trained on the text that this Python ships."""
    path = kept().get(seed)
    if path is None:
        return None
    trained = load(path)
    return trained.network if trained.notes["data_sha256"] == text.corpus().sha256 else None


NETWORKS: dict[str, Callable[[int, bool, Tell], Iterator[tuple[str, Subject]]]] = {
    "CNN": cnn,
    "transformer": transformer,
}
