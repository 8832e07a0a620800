"""Which guards an event claims, read from the source of its aggregate's `guards`."""

from __future__ import annotations

import ast
from types import FunctionType

from apps.reference.source import Called
from mymedic.deciding import Guard, GuardChange


def claimed_kinds(guards: Called) -> set[str]:
    """The kinds of the guards that end up in `GuardChange(claim=...)`."""
    kinds: set[str] = set()
    for node in guards.nodes:
        if isinstance(node, ast.Call) and guards.resolve(node.func) is GuardChange:
            for word in node.keywords:
                if word.arg == "claim":
                    kinds |= _kinds(word.value, guards, set())
    return kinds


def _kinds(expression: ast.AST, called: Called, seen: set[str]) -> set[str]:
    """The kinds of all guards that an expression can hold."""
    kinds: set[str] = set()
    for node in ast.walk(expression):
        if isinstance(node, ast.Call):
            made = called.resolve(node.func)
            if made is Guard:
                kinds |= _kind(node.args[0], called)
            elif isinstance(made, FunctionType):
                kinds |= _all_kinds(called.passed_on(node, made))
        elif isinstance(node, ast.Name) and node.id not in seen:
            seen.add(node.id)
            for value in _assigned(node.id, called):
                kinds |= _kinds(value, called, seen)
    return kinds


def _all_kinds(called: Called) -> set[str]:
    kinds: set[str] = set()
    for node in called.nodes:
        if isinstance(node, ast.Return | ast.Yield) and node.value is not None:
            kinds |= _kinds(node.value, called, set())
    return kinds


def _assigned(name: str, called: Called) -> list[ast.expr]:
    """What a local name is ever given."""
    values: list[ast.expr] = []
    for node in called.nodes:
        if isinstance(node, ast.Assign):
            for target in node.targets:
                values += _given(name, target, node.value)
        elif isinstance(node, ast.AugAssign | ast.AnnAssign) and node.value is not None:
            values += _given(name, node.target, node.value)
        elif isinstance(node, ast.For | ast.comprehension):
            values += _given(name, node.target, node.iter)
        elif (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and isinstance(node.func.value, ast.Name)
            and node.func.value.id == name
        ):
            values += node.args
    return values


def _given(name: str, target: ast.expr, value: ast.expr) -> list[ast.expr]:
    if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
        pairs = zip(target.elts, value.elts, strict=True)
        return [given for one, part in pairs for given in _given(name, one, part)]
    return [value] if isinstance(target, ast.Name) and target.id == name else []


def _kind(argument: ast.expr, called: Called) -> set[str]:
    """The text of a guard's first argument: written there, a name of the module, or the first of what a call gives."""
    if isinstance(argument, ast.Starred) and isinstance(argument.value, ast.Call):
        function = called.resolve(argument.value.func)
        assert isinstance(function, FunctionType)
        inner = Called(function)
        returned = [node.value for node in inner.nodes if isinstance(node, ast.Return)]
        return {kind for value in returned if isinstance(value, ast.Tuple) for kind in _kind(value.elts[0], inner)}
    text = argument.value if isinstance(argument, ast.Constant) else called.resolve(argument)
    assert isinstance(text, str)
    return {text}
