"""Arithmetic in attributes of v0.4 files: ``depth: bytes * 8 // width``.

Numbers, names and a few functions; nothing else runs.
"""

from __future__ import annotations

import ast
import math
import operator
from collections.abc import Callable, Mapping

Value = int | float
_BINARY: dict[type[ast.operator], Callable[[Value, Value], Value]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
}
_FUNCTIONS: dict[str, Callable[..., Value]] = {
    "min": min,
    "max": max,
    "abs": abs,
    "round": round,
    "int": int,
    "ceil": math.ceil,
    "floor": math.floor,
    "log2": math.log2,
    "sqrt": math.sqrt,
}
LONGEST = 300
LARGEST = 2.0**62


def evaluate(text: str, names: Mapping[str, object]) -> Value | None:
    """The value of an expression; None when it is no arithmetic over known names.

    Parameters
    ----------
    text : str
    names : mapping of str to object
        Values of names; those that are not numbers are unknown.
    """
    if len(text) > LONGEST:
        return None
    try:
        value = _value(ast.parse(text.strip(), mode="eval").body, names)
    except (SyntaxError, ValueError, ArithmeticError, TypeError, LookupError, RecursionError, MemoryError):
        return None
    return int(value) if isinstance(value, float) and value.is_integer() and abs(value) < LARGEST else value


def _value(node: ast.expr, names: Mapping[str, object]) -> Value:
    if isinstance(node, ast.Constant):
        return _number(node.value)
    if isinstance(node, ast.Name):
        return _number(names[node.id])
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return -_value(node.operand, names)
    if isinstance(node, ast.BinOp):
        left, right = _value(node.left, names), _value(node.right, names)
        if isinstance(node.op, ast.Pow):
            return _number(float(left) ** float(right))
        return _number(_BINARY[type(node.op)](left, right))
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and not node.keywords:
        return _number(_FUNCTIONS[node.func.id](*(_value(argument, names) for argument in node.args)))
    raise ValueError("not arithmetic")


def _number(value: object) -> Value:
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) <= LARGEST:
        raise ValueError("not a number of reasonable size")
    return value
