"""Statements of functions called by their address, as instructions of LLVM."""

from __future__ import annotations

import ast
from dataclasses import dataclass

from simulator.jit.body import Value
from simulator.jit.expressions import Expressions


@dataclass
class Statements(Expressions):
    """Instructions of a function.

    Attributes
    ----------
    returned : int
        Values it returns.
    """

    returned: int = 0

    def block(self, statements: list[ast.stmt]) -> None:
        """Write statements one after the other."""
        for statement in statements:
            self.statement(statement)

    def statement(self, node: ast.stmt) -> None:
        """Write a statement."""
        match node:
            case ast.Assign(targets=targets, value=value):
                found = self.value(value)
                for target in targets:
                    self.assign(target, found)
            case ast.AnnAssign(target=target, value=ast.expr() as value):
                self.assign(target, self.value(value))
            case ast.AugAssign():
                self.update(node)
            case ast.If(test=test, body=body, orelse=otherwise):
                self.conditional(test, body, otherwise)
            case ast.While():
                self.repeated(node)
            case ast.For():
                self.counted(node)
            case ast.Return(value=value):
                self.give(node, value)
            case ast.Break() | ast.Continue():
                self.jump(self.loops[-1][isinstance(node, ast.Break)])
            case ast.Expr(value=ast.Constant()) | ast.Pass():
                pass
            case ast.Expr(value=ast.Call() as call):
                self.value(call)
            case _:
                raise self.refused(node, "no such statement in functions called by their address")

    def assign(self, target: ast.expr, value: Value) -> None:
        """Set what is on the left of an assignment."""
        match target:
            case ast.Name(id=name) if name not in self.pointers:
                self.store(self.place(name, value), value)
            case ast.Subscript() if not isinstance(value, list):
                self.put(*self.address(target), value)
            case ast.Tuple(elts=parts) if isinstance(value, list) and len(parts) == len(value):
                for part, one in zip(parts, value, strict=True):
                    self.assign(part, one)
            case _:
                raise self.refused(target, "cannot be set to that")

    def put(self, kind: str, address: str, value: str) -> None:
        """Set an element behind a pointer."""
        if kind != "i64":
            value = self.let(f"trunc i64 {value} to {kind}")
        self.emit(f"store {kind} {value}, ptr {address}")

    def update(self, node: ast.AugAssign) -> None:
        """Change what is on the left of an assignment like ``+=``; its address is worked out once."""
        if isinstance(node.target, ast.Subscript):
            kind, address = self.address(node.target)
            old = self.let(f"load {kind}, ptr {address}")
            if kind != "i64":
                old = self.let(f"sext {kind} {old} to i64")
            self.put(kind, address, self.binary(node, node.op, old, self.one(node.value)))
            return
        assert isinstance(node.target, ast.Name)
        name = ast.copy_location(ast.Name(node.target.id, ast.Load()), node.target)
        old = self.one(name)
        self.assign(node.target, self.binary(node, node.op, old, self.one(node.value)))

    def conditional(self, test: ast.expr, body: list[ast.stmt], otherwise: list[ast.stmt]) -> None:
        """One block or another."""
        condition = self.condition(test)
        true, end = self.new_label("then"), self.new_label("endif")
        false = self.new_label("else") if otherwise else end
        self.branch(condition, true, false)
        self.label(true)
        self.block(body)
        if otherwise:
            if not self.ended:
                self.jump(end)
            self.label(false)
            self.block(otherwise)
        self.label(end)

    def repeated(self, node: ast.While) -> None:
        """A loop as long as something holds."""
        head, body = self.new_label("while"), self.new_label("body")
        done, end = self.new_label("done"), self.new_label("end")
        self.label(head)
        self.branch(self.condition(node.test), body, done)
        self.label(body)
        self.inside(node.body, head, end)
        if not self.ended:
            self.jump(head)
        self.label(done)
        self.block(node.orelse)
        self.label(end)

    def inside(self, body: list[ast.stmt], again: str, end: str) -> None:
        """The block of a loop."""
        self.loops.append((again, end))
        self.block(body)
        self.loops.pop()

    def counted(self, node: ast.For) -> None:
        """A loop over a range, or over the parts of a tuple as often as it has."""
        if isinstance(node.iter, ast.Tuple):
            end = self.new_label("end")
            for part in node.iter.elts:
                onward = self.new_label("next")
                self.assign(node.target, self.value(part))
                self.inside(node.body, onward, end)
                self.label(onward)
            self.block(node.orelse)
            self.label(end)
            return
        call = node.iter
        if not isinstance(call, ast.Call) or ast.unparse(call.func) != "range" or call.keywords:
            raise self.refused(node, "loops are over ranges and tuples")
        bounds = [self.one(argument) for argument in call.args]
        first, beyond = ("0", bounds[0]) if len(bounds) == 1 else (bounds[0], bounds[1])
        step = int(bounds[2]) if len(bounds) == 3 and bounds[2].lstrip("-").isdecimal() else 1
        if len(bounds) == 3 and (step == 0 or str(step) != bounds[2]):
            raise self.refused(node, "the step of a range is a number that is known and not zero")
        counter = self.place(f".{self.new_label('count')}", first)
        head, body = self.new_label("for"), self.new_label("body")
        onward, done, end = self.new_label("next"), self.new_label("done"), self.new_label("end")
        self.store(counter, first)
        self.label(head)
        value = self.load(counter)
        more = self.let(f"icmp {'slt' if step > 0 else 'sgt'} i64 {value}, {beyond}")
        self.branch(more, body, done)
        self.label(body)
        self.assign(node.target, value)
        self.inside(node.body, onward, end)
        self.label(onward)
        self.store(counter, self.let(f"add i64 {value}, {step}"))
        self.jump(head)
        self.label(done)
        self.block(node.orelse)
        self.label(end)

    def give(self, node: ast.Return, value: ast.expr | None) -> None:
        """Return."""
        found: Value = [] if value is None else self.value(value)
        parts = found if isinstance(found, list) else [found]
        if len(parts) != self.returned or any(isinstance(part, list) for part in parts):
            raise self.refused(node, f"{self.returned} values are declared")
        if self.returned < 2:
            self.emit("ret void" if not parts else f"ret i64 {parts[0]}")
        else:
            kind, whole = f"{{{', '.join(['i64'] * self.returned)}}}", "poison"
            for i, part in enumerate(parts):
                whole = self.let(f"insertvalue {kind} {whole}, i64 {part}, {i}")
            self.emit(f"ret {kind} {whole}")
        self.ended = True
