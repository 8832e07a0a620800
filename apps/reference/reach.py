"""What a command can come to: the events that its decision can record and the codes that it can be refused with.

Read from the source: everything that the decision can call is looked through for events that are made and codes that
are named, and the guards of each event for the code of a guard that another may hold. So it may find a code too many
(one that an earlier rule always answers first), and never one too few: a whole test run fails when a command did
something that is not found here (tests/provoked.py).
"""

from __future__ import annotations

import ast
import importlib
import inspect
from collections.abc import Iterable
from functools import cache
from types import FunctionType
from typing import Any, NamedTuple

from apps.reference.claims import claimed_kinds
from apps.reference.source import Called
from event_store.catalogue import AGGREGATES, EVENTS, owner_of
from event_store.context import DecisionContext
from event_store.retention.bodies import StoredBodies
from mymedic.deciding import GUARD_CODES
from mymedic.errors import CODES
from mymedic.messages import Command, Event

# What every command can be answered with before or around its own rules.
OF_EVERY_COMMAND = (
    *("UNAUTHENTICATED", "BODY_TOO_LARGE", "MEDIA_TYPE_UNSUPPORTED", "METHOD_NOT_ALLOWED", "RATE_LIMITED"),
    *("VALIDATION_FAILED", "TENANT_MISMATCH", "NOT_FOUND", "TENANT_SUSPENDED", "FORBIDDEN", "FORBIDDEN_BRANCH"),
    *("CLOCK_SKEW", "IDEMPOTENCY_CONFLICT", "VERSION_CONFLICT"),
    *("STORE_LOCKED", "STORE_UNAVAILABLE", "STORE_FULL"),
)
# Guards whose value holds an id that nobody else has, or that only make something findable: never in anybody's way.
_IN_NOBODYS_WAY = frozenset(
    {
        *("patient_likeness", "branch_schedule", "practitioner_schedule", "slot", "drawer_float", "recon_item"),
        *("followup_diary", "chain_manager"),
    }
)
# Kept by what comes after: only the event that takes a guard first can find it taken.
_TAKEN_WITH = {"followup_reason": "FollowUpRequested"}
_READ = ("mymedic", "event_store.aggregates", "event_store.context", "event_store.retention.bodies")


class Reach(NamedTuple):
    events: tuple[str, ...]
    codes: tuple[str, ...]


@cache
def reach_of(command: type[Command]) -> Reach:
    """Events in the order of the catalogue, codes in the order of the alphabet."""
    aggregate, decision = owner_of(command)
    search = _Search(aggregate.name)
    search.look_into(Called(_function(decision.decide), (("command", command),)))
    if callable(decision.target):
        search.look_into(Called(_function(decision.target), (("command", command),)))
    codes = set(search.codes)
    if decision.creates is not None:
        codes.add("ALREADY_EXISTS" if decision.creates else "NOT_FOUND")
    for event in search.events:
        codes |= guard_codes(event)
    return Reach(tuple(name for name in EVENTS if EVENTS[name] in search.events), tuple(sorted(codes)))


def guard_codes(event: type[Event]) -> set[str]:
    """The codes of the guards that an event claims, and that another may hold already."""
    owner = next(aggregate for aggregate in AGGREGATES.values() if event in aggregate.events)
    kinds = claimed_kinds(Called(_function(owner.guards), (("event", event),)))
    refusing = {kind for kind in kinds - _IN_NOBODYS_WAY if _TAKEN_WITH.get(kind, event.__name__) == event.__name__}
    return {GUARD_CODES.get(kind, "ALREADY_EXISTS") for kind in refusing}


class _Search:
    """Goes through everything that can be called from a decision, methods of states by their names."""

    def __init__(self, aggregate: str) -> None:
        self.events: set[type[Event]] = set()
        self.codes: set[str] = set()
        self._seen: set[Called] = set()
        self._classes: set[type] = {DecisionContext, StoredBodies}
        self._attributes: set[str] = set()
        self._add_states(aggregate)

    def look_into(self, called: Called) -> None:
        if called in self._seen or not called.function.__module__.startswith(_READ):
            return
        self._seen.add(called)
        calls = {id(node.func): node for node in called.nodes if isinstance(node, ast.Call)}
        for node in called.nodes:
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                self._text(node.value)
            elif isinstance(node, ast.Name | ast.Attribute):
                value = called.resolve(node)
                if value is None and isinstance(node, ast.Attribute):
                    self._attribute(node.attr)
                else:
                    self._value(called, value, calls.get(id(node)))

    def _value(self, called: Called, value: Any, call: ast.Call | None) -> None:
        if isinstance(value, FunctionType) and call is not None and value.__module__.startswith(_READ):
            self.look_into(called.passed_on(call, value))
        elif isinstance(value, type):
            if issubclass(value, Event):
                self.events |= {value} if call is not None else set()
            elif value.__module__.startswith(_READ) and not issubclass(value, Command | Exception):
                self._add_class(value)
        elif isinstance(value, str):
            self._text(value)
        else:
            for function in _functions(value):
                self.look_into(Called(function))

    def _text(self, text: str) -> None:
        if text in CODES:
            self.codes.add(text)
        elif text in AGGREGATES:
            self._add_states(text)

    def _add_states(self, aggregate: str) -> None:
        module = importlib.import_module(f"event_store.aggregates.{aggregate}.state")
        for value in vars(module).values():
            if isinstance(value, type) and value.__module__ == module.__name__:
                self._add_class(value)

    def _add_class(self, added: type) -> None:
        if added not in self._classes:
            self._classes.add(added)
            for name in list(self._attributes):
                self._method(added, name)

    def _attribute(self, name: str) -> None:
        if name not in self._attributes:
            self._attributes.add(name)
            for one in list(self._classes):
                self._method(one, name)

    def _method(self, owner: type, name: str) -> None:
        found = inspect.getattr_static(owner, name, None)
        for function in _functions(found):
            self.look_into(Called(function))


def _functions(value: Any) -> Iterable[FunctionType]:
    """The functions in or behind a value: itself, a property's getter, what a table of them holds."""
    if isinstance(value, property):
        value = value.fget
    elif isinstance(value, classmethod | staticmethod):
        value = value.__func__
    if isinstance(value, dict):
        value = tuple(value.values())
    if isinstance(value, tuple | list):
        return [function for one in value for function in _functions(one)]
    inner = inspect.unwrap(value) if callable(value) else None
    return [inner] if isinstance(inner, FunctionType) else []


def _function(value: Any) -> FunctionType:
    assert isinstance(value, FunctionType)
    return value
