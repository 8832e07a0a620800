"""The source of a function, read for what can be reached in it when the class of one argument is known."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any, NamedTuple

Known = Mapping[str, type]  # parameter -> its class


class Called(NamedTuple):
    """A function with what is known of its arguments."""

    function: Any  # a FunctionType, which mypy would bind like a method
    known: tuple[tuple[str, type], ...] = ()

    @property
    def nodes(self) -> tuple[ast.AST, ...]:
        """Everything that can run, in no order; what is for another class of a known argument is left out."""
        return _nodes(self)

    def resolve(self, node: ast.expr) -> Any:
        """What a name or dotted name of a module stands for; None for what only a run knows."""
        if isinstance(node, ast.Name):
            return self.function.__globals__.get(node.id)
        if isinstance(node, ast.Attribute):
            base = self.resolve(node.value)
            return getattr(base, node.attr, None) if isinstance(base, ModuleType | type) else None
        return None

    def passed_on(self, call: ast.Call, function: FunctionType) -> Called:
        """A function that is called here, with what is known of the arguments that are handed on as they are."""
        known = dict(self.known)
        names = list(inspect.signature(function).parameters)
        pairs = [*zip(names, call.args, strict=False), *((word.arg, word.value) for word in call.keywords)]
        handed = {
            name: known[value.id]
            for name, value in pairs
            if name is not None and isinstance(value, ast.Name) and value.id in known
        }
        return Called(function, tuple(sorted(handed.items(), key=lambda one: one[0])))


@cache
def _body(function: FunctionType) -> Sequence[ast.AST]:
    if function.__name__ == "<lambda>":  # its source is the whole statement around it
        module = ast.parse(Path(function.__code__.co_filename).read_text(encoding="utf-8"))
        line = function.__code__.co_firstlineno
        return [node.body for node in ast.walk(module) if isinstance(node, ast.Lambda) and node.lineno == line]
    tree = ast.parse(textwrap.dedent(inspect.getsource(function))).body[0]
    assert isinstance(tree, ast.FunctionDef)
    return tree.body


@cache
def _nodes(called: Called) -> tuple[ast.AST, ...]:
    return tuple(_live(_body(called.function), called))


def _live(statements: Sequence[ast.AST], called: Called) -> Iterator[ast.AST]:
    """The nodes of statements that can run, until one that surely returns."""
    for statement in statements:
        yield from _live_node(statement, called)
        if _surely_leaves(statement, called):
            return


def _live_node(node: ast.AST, called: Called) -> Iterator[ast.AST]:
    if isinstance(node, ast.If | ast.IfExp):
        yield from _live_node(node.test, called)
        holds = _holds(node.test, called)
        branches: list[tuple[Any, bool]] = [(node.body, False), (node.orelse, True)]
        for branch, unless in branches:
            if holds is not unless:
                yield from _live(branch if isinstance(branch, list) else [branch], called)
    elif isinstance(node, ast.Match):
        yield from _live_node(node.subject, called)
        for case in _cases(node, called):
            yield from _live_node(case.guard, called) if case.guard else ()
            yield from _live(case.body, called)
    else:
        yield node
        for name, value in ast.iter_fields(node):
            if name in ("annotation", "returns"):
                continue
            inner = value if isinstance(value, list) else [value]
            parts = [one for one in inner if isinstance(one, ast.AST)]
            is_block = bool(parts) and all(isinstance(one, ast.stmt) for one in parts)
            yield from _live(parts, called) if is_block else (x for one in parts for x in _live_node(one, called))


def _surely_leaves(statement: ast.AST, called: Called) -> bool:
    if isinstance(statement, ast.Return | ast.Raise):
        return True
    if isinstance(statement, ast.If) and _holds(statement.test, called):
        return any(_surely_leaves(one, called) for one in statement.body)
    if isinstance(statement, ast.Match):
        cases = _cases(statement, called)
        is_sure = bool(cases) and _is_sure(cases[-1], statement, called)
        return is_sure and all(any(_surely_leaves(one, called) for one in case.body) for case in cases)
    return False


def _holds(test: ast.expr, called: Called) -> bool | None:
    """Of `isinstance(known, Class | Class)`: whether it holds; None when only a run knows."""
    if not (isinstance(test, ast.Call) and isinstance(test.func, ast.Name) and test.func.id == "isinstance"):
        return None
    subject, classes = test.args
    known = dict(called.known).get(subject.id) if isinstance(subject, ast.Name) else None
    if known is None:
        return None
    names = [node for node in ast.walk(classes) if isinstance(node, ast.Name | ast.Attribute)]
    found = [one for node in names if isinstance(one := called.resolve(node), type)]
    return any(issubclass(known, one) for one in found)


def _cases(match: ast.Match, called: Called) -> list[ast.match_case]:
    """The cases that can be taken."""
    found = []
    for case in match.cases:
        if _fits(case.pattern, match, called):
            found.append(case)
            if _is_sure(case, match, called):
                break
    return found


def _known_subject(match: ast.Match, called: Called) -> type | None:
    return dict(called.known).get(match.subject.id) if isinstance(match.subject, ast.Name) else None


def _fits(pattern: ast.pattern, match: ast.Match, called: Called) -> bool:
    known = _known_subject(match, called)
    if isinstance(pattern, ast.MatchOr):
        return any(_fits(one, match, called) for one in pattern.patterns)
    if known is not None and isinstance(pattern, ast.MatchClass):
        wanted = called.resolve(pattern.cls)
        return not isinstance(wanted, type) or issubclass(known, wanted)
    return True


def _is_sure(case: ast.match_case, match: ast.Match, called: Called) -> bool:
    if case.guard is not None:
        return False
    if isinstance(case.pattern, ast.MatchAs):
        return case.pattern.pattern is None
    classes = case.pattern.patterns if isinstance(case.pattern, ast.MatchOr) else [case.pattern]
    has_fitting = any(
        isinstance(one, ast.MatchClass) and not one.kwd_attrs and not one.patterns and _fits(one, match, called)
        for one in classes
    )
    return _known_subject(match, called) is not None and has_fitting
