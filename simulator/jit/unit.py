"""Functions of pointers and integers as one module of LLVM, without numba's analyses: for loops that step through words.

numba works out types, versions of variables and calling conventions of every function, again for every caller it is compiled into;
for tens of functions that only move words this takes most of a minute. Here their types are their annotations, so a
walk over each function's syntax tree writes the module, and LLVM alone optimises it, inlines and makes code, once.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from simulator.jit.body import POINTERS, Signature, TranslationError, signature
from simulator.jit.expressions import Callee
from simulator.jit.statements import Statements

Function = Callable[..., Any]
_DECLARED = (
    "declare i64 @llvm.smin.i64(i64, i64)",
    "declare i64 @llvm.smax.i64(i64, i64)",
    "declare i64 @llvm.abs.i64(i64, i1)",
    "declare i64 @llvm.ctlz.i64(i64, i1)",
    "declare i64 @llvm.ctpop.i64(i64)",
)


@dataclass(frozen=True)
class Source:
    """A function that may be part of a module, and whether it becomes part of the code of its callers."""

    function: Function
    inline: bool


def translate(
    public: Sequence[Function],
    sources: Callable[[Any], Source | None],
    operations: Callable[[Any], str | None],
) -> str:
    """Text of a module of LLVM.

    Parameters
    ----------
    public : sequence of functions
        Those to be found by their name, :func:`symbol`.
    sources : callable
        The function behind an object that is called, None if there is none.
    operations : callable
        The operation of LLVM (``ctpop``, ``ctlz``) an object stands for, None if it does not.

    Raises
    ------
    TranslationError
        A function uses what is not in the language; the message names its line.
    """
    texts: dict[str, str] = {}
    waiting = [Source(function, False) for function in public]
    exported = {symbol(function) for function in public}

    def callee(called: Any) -> Callee | None:
        operation = operations(called)
        if operation is not None:
            return Callee(operation, None)
        source = sources(called)
        if source is None:
            return None
        waiting.append(source)
        return Callee(symbol(source.function), signature(source.function.__annotations__))

    while waiting:
        source = waiting.pop()
        name = symbol(source.function)
        if name not in texts:
            texts[name] = _text(source, name in exported, callee)
    return "\n".join([*_DECLARED, *texts.values()])


def symbol(function: Function) -> str:
    """Name of a function in the module."""
    return f"{function.__module__}.{function.__qualname__}"


def _text(source: Source, exported: bool, callee: Callable[[Any], Callee | None]) -> str:
    function, types = source.function, signature(source.function.__annotations__)
    body = Statements(
        f"{function.__code__.co_filename}: {function.__qualname__}",
        names=function.__globals__,
        callee=callee,
        returned=types.returned,
    )
    for name, annotation in types.parameters:
        if annotation in POINTERS:
            body.pointers[name] = POINTERS[annotation]
        else:
            own = [operand for _, operand in Signature(((name, annotation),), 0).operands()]
            value = own if len(own) > 1 else own[0]
            body.store(body.place(name, value), value)
    body.block(_tree(function).body)
    if not body.ended:
        body.emit("ret void" if types.returned == 0 else f"ret {types.result} zeroinitializer")
        if types.returned == 1:
            body.lines[-1] = "  ret i64 0"
    operands = ", ".join(f"{kind} {name}" for kind, name in types.operands())
    linkage = "" if exported else "internal "
    inline = "alwaysinline " if source.inline and not exported else ""
    head = f'define {linkage}{types.result} @"{symbol(function)}"({operands}) {inline}nounwind {{\nentry:'
    return "\n".join([head, *body.entry, *body.lines, "}\n"])


def _tree(function: Function) -> ast.FunctionDef:
    code = function.__code__
    found = _functions(code.co_filename).get((function.__name__, code.co_firstlineno))
    if found is None:
        raise TranslationError(
            f"{code.co_filename}: no function {function.__qualname__} where it was defined"
        )
    return found


@cache
def _functions(path: str) -> dict[tuple[str, int], ast.FunctionDef]:
    """Functions of a file by name and first line, decorators included."""
    tree = ast.parse(Path(path).read_text("utf-8"))
    found = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    return {(x.name, min([x.lineno, *(d.lineno for d in x.decorator_list)])): x for x in found}
