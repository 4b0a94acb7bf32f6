"""Names of sparse decomposed quantization, as its paper writes them, and what they promise.

    SDQ-W7:8-1:8int8-6:8fp4       sparsified to 7:8 by Wanda; of every 8 weights 1 outlier in int8, 6 inliers in fp4
    S-S2:4                        sparsified only, by SparseGPT, in fp16                      (our spelling)
    Q-W8A8, Q-W4A16, Q-Wfp4Afp4   quantised only: weights, activations; 4 and 8 are integers  (our spelling)
    dense                         fp16

Methods: W Wanda, S SparseGPT, M magnitude (ours). With rates r relative to fp16, a term of N:M weights taking (N / M) / r::

    effective throughput = 1 / sum over terms of (N / M) / r           r = 1, 2, 4 of 16, 8, 4 bits
    bits per weight      = sum over terms of  N / M b + min(N ceil(log2 M), M) / M + scale bits / vector

r is of the slower of both operands. Outlier and inlier places are coordinates or a bitmask, whichever is smaller; dense terms have
none; scales lie over all coordinates of a vector. Source: Jeong et al., SDQ: Sparse Decomposed Quantization for LLM Inference
(arXiv 2406.13868) for the name, the decomposition and its headline of 4x; the rules of rates and bits are derived, and give that 4.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import NoReturn

from simulator.errors import InputError
from simulator.sparsity.numbers import Number, resolve

METHODS = {"W": "wanda", "S": "sparsegpt", "M": "magnitude"}
RATES: Mapping[str, int] = {"fp16": 1, "fp8": 2, "int8": 2, "fp4": 4, "int4": 4}
"""Multiplications per cycle relative to fp16."""

VECTOR = 16
"""Coordinates along K that share a scale (VS-Quant, arXiv 2102.04503: 16 to 64)."""

EXAMPLES = "'SDQ-W7:8-1:8int8-6:8fp4', 'S-S2:4', 'Q-W8A8', 'Q-Wfp4Afp4', 'dense'"
_SHORT = {"16": "fp16", "8": "int8", "4": "int4"}
_RULE = r"(\d{1,4}):(\d{1,4})"
_NUMBER = r"([a-z]+\d+|\d+)"
_SDQ = re.compile(rf"SDQ-([A-Z]){_RULE}-{_RULE}([a-z]+\d+)-{_RULE}([a-z]+\d+)")
_SPARSE = re.compile(rf"S-([A-Z]){_RULE}")
_QUANTISED = re.compile(rf"Q-W{_NUMBER}A{_NUMBER}")


def scale_bits(number: Number) -> int:
    """Bits of a vector's integer scale: 8 as in VS-Quant; 4 for fp8, whose exponent spans as much (keeps sums within 64 bits)."""
    return 4 if number.name == "fp8" else 8


@dataclass(frozen=True)
class Term:
    """One of the structured tensors weights become.

    Attributes
    ----------
    kept, length : int
        N of M along K.
    weights, inputs : str
        Number formats of the weights and of the activations they meet.
    """

    kept: int
    length: int
    weights: str
    inputs: str

    @property
    def density(self) -> Fraction:
        """N / M."""
        return Fraction(self.kept, self.length)

    @property
    def integral(self) -> bool:
        """Whether both operands are integer codes."""
        return resolve(self.weights).integral and resolve(self.inputs).integral

    @property
    def text(self) -> str:
        """As patterns of layers write it."""
        both = self.weights if self.weights == self.inputs else f"{self.weights}*{self.inputs}"
        return f"{self.kept}:{self.length} {both}"

    @property
    def place_bits(self) -> int:
        """Bits that tell where the weights of a block belong: the fewer of coordinates and a bitmask."""
        if self.kept == self.length:
            return 0
        return min(self.kept * (self.length - 1).bit_length(), self.length)


@dataclass(frozen=True)
class Bits:
    """Bits per weight of the dense tensor.

    Attributes
    ----------
    data, places, scales : float
    """

    data: float
    places: float
    scales: float

    @property
    def total(self) -> float:
        """All of them."""
        return self.data + self.places + self.scales


@dataclass(frozen=True)
class Config:
    """How weights are sparsified, decomposed and quantised.

    Attributes
    ----------
    method : str
        ``wanda``, ``sparsegpt``, ``magnitude``, or empty: nothing is dropped.
    sparsity : (int, int)
        N:M kept by it.
    terms : tuple of Term
        Outliers, then inliers; or one.
    vector : int
        Coordinates along K that share a scale.
    """

    method: str
    sparsity: tuple[int, int]
    terms: tuple[Term, ...]
    vector: int = VECTOR

    @property
    def name(self) -> str:
        """Canonical; :func:`parse` of it gives an equal configuration."""
        n, m = self.sparsity
        letter = next((key for key, method in METHODS.items() if method == self.method), "")
        if len(self.terms) == 2:
            parts = "-".join(f"{t.kept}:{t.length}{t.weights}" for t in self.terms)
            return f"SDQ-{letter}{n}:{m}-{parts}"
        (term,) = self.terms
        if self.method:
            return f"S-{letter}{n}:{m}"
        if term.weights == term.inputs == "fp16":
            return "dense"
        short = {full: key for key, full in _SHORT.items()}
        return f"Q-W{short.get(term.weights, term.weights)}A{short.get(term.inputs, term.inputs)}"

    @property
    def pattern(self) -> str:
        """Declared pattern of a decomposed layer's weights, whose K is that of every term one after the other."""
        return " + ".join(term.text for term in self.terms)

    @property
    def block(self) -> int:
        """Coordinates of K that must not be cut."""
        return self.terms[0].length

    def effective_throughput(self, rates: Mapping[str, int] = RATES) -> float:
        """Dense multiplications per cycle relative to dense fp16; see the module.

        Parameters
        ----------
        rates : mapping of str to int
            Multiplications per cycle of each number format, relative to one another; a machine's are
            ``machine.datapath.rates.numbers``.

        Raises
        ------
        InputError
            No rate for a format.
        """
        for name in ("fp16", *(name for term in self.terms for name in (term.weights, term.inputs))):
            if name not in rates:
                raise InputError(f"{self.name}: no rate for {name}; there are rates for {', '.join(rates)}")
        time = sum(term.density / min(rates[term.weights], rates[term.inputs]) for term in self.terms)
        return float(1 / (time * rates["fp16"]))

    def bits_per_weight(self) -> Bits:
        """Storage per weight of the dense tensor; see the module. Scales of a row, one for all of K, are left out."""
        data = places = scales = Fraction(0)
        for term in self.terms:
            number = resolve(term.weights)
            data += term.density * number.bits
            places += Fraction(term.place_bits, term.length)
            scales += Fraction(scale_bits(number), self.vector) if number.integral else 0
        return Bits(float(data), float(places), float(scales))

    def __str__(self) -> str:
        return self.name


def parse(name: str) -> Config:
    """Read a name.

    Raises
    ------
    InputError
        Not a name; an unknown method or number format; rules that do not fit each other.
    """
    if not isinstance(name, str):
        raise InputError(f"SDQ name {name!r}: must be text; for example {EXAMPLES}")
    if name == "dense":
        return Config("", (8, 8), (Term(8, 8, "fp16", "fp16"),))
    if (found := _QUANTISED.fullmatch(name)) is not None:
        weights, inputs = (_number(name, _SHORT.get(text, text)) for text in found.groups())
        if resolve(weights).bits > resolve(inputs).bits:
            _fail(name, f"weights of {weights} are wider than activations of {inputs}")
        return Config("", (8, 8), (Term(8, 8, weights, inputs),))
    if (found := _SPARSE.fullmatch(name)) is not None:
        letter, kept_text, length_text = found.groups()
        kept, length = _rule(name, kept_text, length_text)
        return Config(_method(name, letter), (kept, length), (Term(kept, length, "fp16", "fp16"),))
    if (found := _SDQ.fullmatch(name)) is None:
        _fail(name, "must be SDQ-<method>N:M-N:M<format>-N:M<format>")
    letter, *rest = found.groups()
    sparsity, outliers, inliers = (_rule(name, *rest[i : i + 2]) for i in (0, 2, 5))
    if len({m for _, m in (sparsity, outliers, inliers)}) > 1:
        _fail(name, "all rules must have the same M: outliers are chosen per block")
    if outliers[0] + inliers[0] != sparsity[0]:
        total = f"{outliers[0]} + {inliers[0]}"
        _fail(name, f"outliers and inliers must be what is kept: {total} is not {sparsity[0]}")
    numbers = [_number(name, rest[i]) for i in (4, 7)]
    terms = tuple(Term(*rule, n, n) for rule, n in zip((outliers, inliers), numbers, strict=True))
    if len({term.integral for term in terms}) > 1:
        _fail(name, "fp16 and narrower formats do not add up in one accumulator")
    return Config(_method(name, letter), sparsity, terms)


def _fail(name: str, rule: str) -> NoReturn:
    raise InputError(f"SDQ name {name!r}: {rule}; for example {EXAMPLES}")


def _method(name: str, letter: str) -> str:
    if letter not in METHODS:
        choices = ", ".join(f"{key} ({method})" for key, method in METHODS.items())
        _fail(name, f"method {letter!r}: choices: {choices}")
    return METHODS[letter]


def _rule(name: str, n: str, m: str) -> tuple[int, int]:
    kept, length = int(n), int(m)
    if not 1 <= kept <= length:
        _fail(name, f"rule {n}:{m}: must be 1 <= N <= M")
    return kept, length


def _number(name: str, number: str) -> str:
    try:
        return resolve(number).name
    except InputError as error:
        raise InputError(f"SDQ name {name!r}: {error}") from None
