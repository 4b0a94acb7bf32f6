"""Patterns written down.

    pattern := "dense" | "recorded" | "unstructured(" density ")" | rule | rank ("->" rank)* | term ("+" term)*
    term    := number ":" number number_format ["*" number_format]      terms lie one after the other along K
    rank    := "C" number "(" rule ")"           numbered down to C0
    rule    := numbers ":" numbers               G:H
    numbers := number | "{" (number | number ".." number) ("," ...)* "}"
    density := decimal | number "/" number

Spaces are allowed between the parts. The rank notation is HighLight's (Wu et al., MICRO 2023, arXiv
2305.12718).
"""

from __future__ import annotations

import math
import re
from fractions import Fraction
from functools import lru_cache
from typing import NoReturn

from simulator.errors import InputError, suggest
from simulator.sparsity.numbers import resolve
from simulator.sparsity.patterns.dense import Dense
from simulator.sparsity.patterns.family import MAX_MEMBERS, Family, Numbers, set_text
from simulator.sparsity.patterns.hss import MAX_LENGTH, Hss
from simulator.sparsity.patterns.pattern import Pattern
from simulator.sparsity.patterns.recorded import Recorded
from simulator.sparsity.patterns.terms import Part, Terms
from simulator.sparsity.patterns.unstructured import MAX_DENOMINATOR, Unstructured

_WORDS = ("dense", "recorded", "unstructured")
_EXAMPLES = "'2:4', 'C1(4:8)->C0(2:4)', 'unstructured(0.5)', 'dense'"
_SPACE = re.compile(r"\s*")


class _Scanner:
    """Reads a text from left to right and says where it stopped."""

    def __init__(self, text: str) -> None:
        self._text = text
        self.at = 0
        self._skip()

    def _skip(self) -> None:
        match = _SPACE.match(self._text, self.at)
        self.at = match.end() if match else self.at

    def take(self, expression: str) -> str | None:
        """Consume what matches here, or nothing."""
        match = re.compile(expression).match(self._text, self.at)
        if match is None:
            return None
        self.at = match.end()
        self._skip()
        return match.group()

    def peek(self, expression: str) -> bool:
        """Whether this comes next."""
        return re.compile(expression).match(self._text, self.at) is not None

    def need(self, expression: str, what: str) -> str:
        """Consume what matches here, or fail."""
        found = self.take(expression)
        if found is None:
            rest = self._text[self.at : self.at + 12]
            self.fail(
                f"expected {what}, not {rest!r}" if rest else f"expected {what}, not the end of the text"
            )
        return found

    def fail(self, rule: str, at: int | None = None) -> NoReturn:
        """Raise the one error, with the column counted from 1."""
        column = (self.at if at is None else at) + 1
        raise InputError(f"pattern {self._text!r}, column {column}: {rule}; for example {_EXAMPLES}")


def parse(text: str) -> Pattern:
    """Read a pattern.

    Raises
    ------
    InputError
        Not a pattern; the message gives the column, the rule and examples.
    """
    if not isinstance(text, str):
        hint = (
            " (YAML reads an unquoted 2:4 as a number: write '2:4' in quotes)"
            if isinstance(text, int)
            else ""
        )
        raise InputError(f"pattern {text!r}: must be text{hint}; for example {_EXAMPLES}")
    return _parsed(text)


@lru_cache(maxsize=1024)
def _parsed(text: str) -> Pattern:
    scanner = _Scanner(text)
    start = scanner.at
    word = scanner.take("[a-z_]+")
    pattern = _ranks(scanner) if word is None else _word(scanner, word, start)
    scanner.need(r"\Z", "the end of the text")
    return pattern


def _word(scanner: _Scanner, word: str, start: int) -> Pattern:
    if word == "dense":
        return Dense()
    if word == "recorded":
        return Recorded()
    if word == "unstructured":
        return _unstructured(scanner)
    return scanner.fail(f"unknown pattern {word!r}; {suggest(word, _WORDS)}", start)


def _unstructured(scanner: _Scanner) -> Unstructured:
    scanner.need(r"\(", "'(' and a density")
    start = scanner.at
    number = scanner.need(r"[0-9]{1,64}(\.[0-9]{1,64}|\s*/\s*[0-9]{1,64})?", "a density such as 0.5")
    over, slash, under = number.partition("/")
    if slash and not int(under):
        scanner.fail("a density cannot be divided by 0", start)
    density = Fraction(int(over), int(under)) if slash else Fraction(over)
    if density > 1:
        scanner.fail(f"density {number}: must be between 0 and 1", start)
    if density.denominator > MAX_DENOMINATOR:
        scanner.fail(f"density {number}: finer than 1/{MAX_DENOMINATOR}", start)
    scanner.need(r"\)", "')'")
    return Unstructured(density)


def _ranks(scanner: _Scanner) -> Pattern:
    start = scanner.at
    named = scanner.take("C[0-9]{1,4}")
    if named is None:
        rule = _structured(scanner, start, [_rule(scanner)])
        return rule if scanner.peek(r"\Z") else _terms(scanner, rule, start)
    rules = [_bracketed(scanner)]
    for rank in reversed(range(int(named[1:]))):
        scanner.need("->", f"'->C{rank}(G:H)': ranks are numbered down to C0")
        scanner.need(f"C{rank}(?![0-9])", f"C{rank}: ranks are numbered down to C0")
        rules.append(_bracketed(scanner))
    return _structured(scanner, start, rules)


def _terms(scanner: _Scanner, rule: Pattern, start: int) -> Pattern:
    parts: list[Part] = []
    while True:
        if not scanner.peek("[a-z]"):
            scanner.need(r"\Z", "the end of the text, or the number format of a term such as int8")
        if not isinstance(rule, Hss):
            scanner.fail("a term is one rule N:M, not a family", start)
        weights = _number_format(scanner)
        inputs = _number_format(scanner) if scanner.take(r"\*") else weights
        parts.append(Part(rule, weights, inputs))
        if scanner.take(r"\+") is None:
            return Terms(tuple(parts))
        start = scanner.at
        rule = _structured(scanner, start, [_rule(scanner)])


def _number_format(scanner: _Scanner) -> str:
    start = scanner.at
    name = scanner.need("[a-z]+[0-9]*", "a number format such as int8")
    try:
        return resolve(name).name
    except InputError as error:
        scanner.fail(str(error), start)


def _bracketed(scanner: _Scanner) -> tuple[Numbers, Numbers]:
    scanner.need(r"\(", "'(' and a rule G:H")
    rule = _rule(scanner)
    scanner.need(r"\)", "')'")
    return rule


def _rule(scanner: _Scanner) -> tuple[Numbers, Numbers]:
    start = scanner.at
    kept = _numbers(scanner)
    scanner.need(":", "':' and a length H")
    lengths = _numbers(scanner)
    if kept[-1] > lengths[0]:
        scanner.fail(f"{set_text(kept)}:{set_text(lengths)}: every G must be at most every H", start)
    return kept, lengths


def _numbers(scanner: _Scanner) -> Numbers:
    if scanner.take("{") is None:
        return (_number(scanner),)
    found: set[int] = set()
    while True:
        start = scanner.at
        low = _number(scanner)
        high = _number(scanner) if scanner.take(r"\.\.") else low
        if high < low:
            scanner.fail(f"{low}..{high}: must run upwards", start)
        found.update(range(low, high + 1))
        if scanner.take(",") is None:
            scanner.need("}", "',' or '}'")
            return tuple(sorted(found))


def _number(scanner: _Scanner) -> int:
    start = scanner.at
    digits = scanner.need("[0-9]+", "a rule G:H, a number or a set such as {4..8}")
    if len(digits) > 9 or not 1 <= int(digits) <= MAX_LENGTH:
        scanner.fail(f"{digits}: must be between 1 and {MAX_LENGTH}", start)
    return int(digits)


def _structured(scanner: _Scanner, start: int, rules: list[tuple[Numbers, Numbers]]) -> Pattern:
    members = math.prod(len(kept) * len(lengths) for kept, lengths in rules)
    if members > MAX_MEMBERS:
        scanner.fail(f"a family of {members} members: at most {MAX_MEMBERS}", start)
    if members == 1:
        return Hss(tuple((kept[0], lengths[0]) for kept, lengths in rules))
    return Family(tuple(rules))
