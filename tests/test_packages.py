"""Packages of the extras: there, or told by the extra that brings them."""

from __future__ import annotations

import math

import pytest

from simulator.errors import InputError
from simulator.packages import package


def test_a_module_that_is_there_is_given() -> None:
    assert package("math", "models") is math


@pytest.mark.parametrize("name", ["no_such_package", "no_such_package.part"])
def test_one_that_is_not_is_told_with_its_extra(name: str) -> None:
    with pytest.raises(InputError, match=r"needs the package no_such_package, .*'sparsecycle\[models\]'"):
        package(name, "models")
