"""Expressions of functions called by their address, as instructions of LLVM.

As in Python, but for integers of 64 bits: ``//`` and ``%`` round down, ``and`` and ``or`` stop early and give an operand,
comparisons chain; sums and products wrap around.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

from simulator.jit.body import Body, Signature, Value

_SIMPLE: dict[type[ast.operator], str] = {
    ast.Add: "add", ast.Sub: "sub", ast.Mult: "mul", ast.BitAnd: "and", ast.BitOr: "or", ast.BitXor: "xor",
    ast.LShift: "shl", ast.RShift: "ashr",
}  # fmt: skip
_COMPARED: dict[type[ast.cmpop], str] = {
    ast.Eq: "eq", ast.NotEq: "ne", ast.Lt: "slt", ast.LtE: "sle", ast.Gt: "sgt", ast.GtE: "sge",
}  # fmt: skip
_SAME = ("int", "int64", "uint64")


@dataclass(frozen=True)
class Callee:
    """What a name that is called stands for: a function of the module being made, or an operation of LLVM."""

    symbol: str
    signature: Signature | None


@dataclass
class Expressions(Body):
    """Instructions, and what the names of the file mean.

    Attributes
    ----------
    names : dict of str to object
        Globals of the function.
    callee : callable
        What an object that is called stands for, None if it cannot be.
    """

    names: dict[str, Any] = field(default_factory=dict)
    callee: Callable[[Any], Callee | None] = lambda _: None

    def constant(self, node: ast.expr) -> Any:
        """What an expression of global names stands for, None if it is none."""
        if isinstance(node, ast.Constant):
            return node.value
        if isinstance(node, ast.Name) and node.id not in self.variables and node.id not in self.pointers:
            return self.names.get(node.id)
        if isinstance(node, ast.Attribute):
            owner = self.constant(node.value)
            return getattr(owner, node.attr, None) if isinstance(owner, ModuleType) else None
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            positive = self.constant(node.operand)
            return -positive if isinstance(positive, int) else None
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "len":
            sized = self.constant(node.args[0])
            return len(sized) if isinstance(sized, tuple) else None
        return None

    def one(self, node: ast.expr) -> str:
        """Operand of an expression that is an integer."""
        value = self.value(node)
        if isinstance(value, list):
            raise self.refused(node, "a tuple where an integer is due")
        return value

    def value(self, node: ast.expr) -> Value:
        """Operands of an expression."""
        if isinstance(known := self.constant(node), int):
            return str(int(known))
        match node:
            case ast.Name(id=name) if name in self.variables:
                return self.load(self.variables[name])
            case ast.Tuple(elts=parts):
                return [self.value(part) for part in parts]
            case ast.Subscript():
                return self.element(node)
            case ast.BinOp(left=left, op=operator, right=right):
                return self.binary(node, operator, self.one(left), self.one(right))
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return self.let(f"sub i64 0, {self.one(operand)}")
            case ast.UnaryOp(op=ast.Invert(), operand=operand):
                return self.let(f"xor i64 -1, {self.one(operand)}")
            case ast.BoolOp():
                return self.chosen_of(node)
            case ast.Compare() | ast.UnaryOp(op=ast.Not()):
                return self.let(f"zext i1 {self.condition(node)} to i64")
            case ast.IfExp():
                return self.either(node)
            case ast.Call():
                return self.call(node)
        raise self.refused(node, "no such expression in functions called by their address")

    def address(self, node: ast.Subscript) -> tuple[str, str]:
        """Type and address of an element behind a pointer."""
        if not isinstance(node.value, ast.Name) or node.value.id not in self.pointers:
            raise self.refused(node, "only what a pointer points to has elements")
        kind = self.pointers[node.value.id]
        return kind, self.let(f"getelementptr {kind}, ptr %p.{node.value.id}, i64 {self.one(node.slice)}")

    def element(self, node: ast.Subscript) -> Value:
        """An element behind a pointer, or of a tuple."""
        if isinstance(node.value, ast.Name) and node.value.id in self.variables:
            parts, index = self.variables[node.value.id], self.constant(node.slice)
            if not isinstance(parts, list) or not isinstance(index, int):
                raise self.refused(node, "only an element of known number of a tuple")
            return self.load(parts[index])
        kind, address = self.address(node)
        loaded = self.let(f"load {kind}, ptr {address}")
        return loaded if kind == "i64" else self.let(f"sext {kind} {loaded} to i64")

    def binary(self, node: ast.AST, operator: ast.operator, left: str, right: str) -> str:
        """Result of an operation."""
        if type(operator) in _SIMPLE:
            return self.let(f"{_SIMPLE[type(operator)]} i64 {left}, {right}")
        if not isinstance(operator, (ast.FloorDiv, ast.Mod)):
            raise self.refused(node, "no such operation on integers")
        whole = isinstance(operator, ast.FloorDiv)
        if right.isdecimal() and (by := int(right)) > 0 and by & (by - 1) == 0:
            return self.let(
                f"ashr i64 {left}, {by.bit_length() - 1}" if whole else f"and i64 {left}, {by - 1}"
            )
        rest = self.let(f"srem i64 {left}, {right}")
        signs = self.let(f"xor i64 {rest}, {right}")
        apart, some = self.let(f"icmp slt i64 {signs}, 0"), self.let(f"icmp ne i64 {rest}, 0")
        down = self.let(f"and i1 {apart}, {some}")
        if whole:
            quotient = self.let(f"sdiv i64 {left}, {right}")
            return self.let(f"add i64 {quotient}, {self.let(f'sext i1 {down} to i64')}")
        return self.let(f"add i64 {rest}, {self.let(f'select i1 {down}, i64 {right}, i64 0')}")

    def condition(self, node: ast.expr) -> str:
        """An i1: whether an expression is true."""
        match node:
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                return self.let(f"xor i1 {self.condition(operand)}, true")
            case ast.Compare(left=left, ops=operators, comparators=others):
                return self.compared(node, left, operators, others)
            case ast.BoolOp(op=operator, values=parts):
                return self.short(parts, isinstance(operator, ast.And))
        return self.let(f"icmp ne i64 {self.one(node)}, 0")

    def compared(
        self, node: ast.expr, left: ast.expr, operators: list[ast.cmpop], others: list[ast.expr]
    ) -> str:
        """An i1: whether all comparisons of a chain hold. All operands are worked out: they cost little and change nothing."""
        one, result = self.one(left), "true"
        for operator, other in zip(operators, others, strict=True):
            if isinstance(operator, (ast.In, ast.NotIn)) and isinstance(other, ast.Tuple):
                found = "false"
                for part in other.elts:
                    equal = self.let(f"icmp eq i64 {one}, {self.one(part)}")
                    found = self.let(f"or i1 {found}, {equal}")
                holds = found if isinstance(operator, ast.In) else self.let(f"xor i1 {found}, true")
            elif type(operator) in _COMPARED:
                two = self.one(other)
                holds = self.let(f"icmp {_COMPARED[type(operator)]} i64 {one}, {two}")
                one = two
            else:
                raise self.refused(node, "no such comparison of integers")
            result = holds if result == "true" else self.let(f"and i1 {result}, {holds}")
        return result

    def short(self, parts: list[ast.expr], every: bool) -> str:
        """An i1: whether every, or any, of some expressions is true; the rest is not looked at when that is clear."""
        end, seen = self.new_label("known"), list[str]()
        for part in parts[:-1]:
            condition, onward = self.condition(part), self.new_label("next")
            seen.append(f"[{'false' if every else 'true'}, %{self.at}]")
            self.branch(condition, *((onward, end) if every else (end, onward)))
            self.label(onward)
        last = self.condition(parts[-1])
        seen.append(f"[{last}, %{self.at}]")
        self.label(end)
        return self.let(f"phi i1 {', '.join(seen)}")

    def chosen_of(self, node: ast.BoolOp) -> str:
        """The operand that ``and`` or ``or`` gives."""
        every, end, seen = isinstance(node.op, ast.And), self.new_label("known"), list[str]()
        for part in node.values[:-1]:
            value, onward = self.one(part), self.new_label("next")
            true = self.let(f"icmp ne i64 {value}, 0")
            seen.append(f"[{value}, %{self.at}]")
            self.branch(true, *((onward, end) if every else (end, onward)))
            self.label(onward)
        last = self.one(node.values[-1])
        seen.append(f"[{last}, %{self.at}]")
        self.label(end)
        return self.let(f"phi i64 {', '.join(seen)}")

    def either(self, node: ast.IfExp) -> Value:
        """One expression or another."""
        condition = self.condition(node.test)
        true, false, end = self.new_label("true"), self.new_label("false"), self.new_label("end")
        self.branch(condition, true, false)
        self.label(true)
        yes = self.value(node.body)
        from_true = self.at
        self.jump(end)
        self.label(false)
        no = self.value(node.orelse)
        from_false = self.at
        self.label(end)

        def merged(one: Value, two: Value) -> Value:
            if isinstance(one, list) and isinstance(two, list) and len(one) == len(two):
                return [merged(a, b) for a, b in zip(one, two, strict=True)]
            if isinstance(one, list) or isinstance(two, list):
                raise self.refused(node, "a tuple and something else")
            return self.let(f"phi i64 [{one}, %{from_true}], [{two}, %{from_false}]")

        return merged(yes, no)

    def call(self, node: ast.Call) -> Value:
        """What a function gives."""
        if node.keywords:
            raise self.refused(node, "arguments by name")
        name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
        called = self.constant(node.func)
        if called is None and name in ("min", "max") and len(node.args) > 1:
            return self.extreme(name, [self.one(argument) for argument in node.args])
        if name in _SAME and len(node.args) == 1:
            return self.one(node.args[0])
        if called is None and name == "bool":
            return self.let(f"zext i1 {self.condition(node.args[0])} to i64")
        if called is None and name == "abs":
            return self.let(f"call i64 @llvm.abs.i64(i64 {self.one(node.args[0])}, i1 false)")
        callee = None if called is None else self.callee(called)
        if callee is None:
            raise self.refused(node, "is no function that can be called here")
        if callee.signature is None:
            last = ", i1 false" if callee.symbol == "ctlz" else ""
            return self.let(f"call i64 @llvm.{callee.symbol}.i64(i64 {self.one(node.args[0])}{last})")
        return self.passed(node, callee.symbol, callee.signature)

    def extreme(self, name: str, values: list[str]) -> str:
        """The least or greatest of some."""
        best = values[0]
        for value in values[1:]:
            best = self.let(f"call i64 @llvm.s{name}.i64(i64 {best}, i64 {value})")
        return best

    def passed(self, node: ast.Call, symbol: str, signature: Signature) -> Value:
        """What a function of the module gives."""
        if len(node.args) != len(signature.parameters):
            raise self.refused(node, f"{len(signature.parameters)} arguments are due")
        operands: list[str] = []
        for argument in node.args:
            if isinstance(argument, ast.Name) and argument.id in self.pointers:
                operands.append(f"ptr %p.{argument.id}")
            else:
                value = self.value(argument)
                operands += [f"i64 {part}" for part in (value if isinstance(value, list) else [value])]
        kinds = [kind for kind, _ in signature.operands()]
        if [operand.split()[0] for operand in operands] != kinds:
            raise self.refused(node, "arguments of other types than those declared")
        text = f'call {signature.result} @"{symbol}"({", ".join(operands)})'
        if signature.returned == 0:
            self.emit(text)
            return []
        result = self.let(text)
        if signature.returned == 1:
            return result
        kind = signature.result
        return [self.let(f"extractvalue {kind} {result}, {i}") for i in range(signature.returned)]
