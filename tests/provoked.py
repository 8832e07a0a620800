"""What a test run has seen happen: events that decisions gave, codes that something was refused with, moves of lives.

A run of the whole suite fails at its end when an event of the catalogue, a code or a move has no test at all, and when
a command gave an event or a code, or an event a move, that the reference does not name.
"""

from __future__ import annotations

import functools
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from apps.reference.reach import OF_EVERY_COMMAND, reach_of
from event_store.appending import Appender
from event_store.catalogue import AGGREGATES, COMMANDS, EVENTS
from event_store.handle import Handler
from event_store.ledger import verify
from mymedic.deciding import Aggregate
from mymedic.errors import CODES, Refused
from mymedic.lives import moves_between
from mymedic.messages import Ack, Command, Envelope, Event, On

TESTS = str(Path(__file__).parent)
_KINDS = ("events", "codes", "given", "refused", "moved")


class Seen:
    """Names of events and codes, of this process and of the workers that handed theirs in."""

    def __init__(self) -> None:
        self.events: set[str] = set()
        self.codes: set[str] = set()
        self.given: set[tuple[str, ...]] = set()  # (command, event)
        self.refused: set[tuple[str, ...]] = set()  # (command, code)
        self.moved: set[tuple[str, ...]] = set()  # (machine, status before, event, status after)
        self.is_by_luck = False  # a test with random histories is running: what it meets differs from run to run
        self._here = threading.local()

    def decided(self, command: type[Command], items: Iterable[Event | On]) -> None:
        names = {type(item.event if isinstance(item, On) else item).__name__ for item in items}
        self.events |= names
        self.given.update((command.__name__, name) for name in names)

    @property
    def is_keeping(self) -> bool:
        """Whether this thread folds decided events: histories that a test makes up do not count."""
        return getattr(self._here, "is_keeping", False) and not self.is_by_luck

    @contextmanager
    def keeping(self) -> Iterator[None]:
        """While what was decided is kept."""
        self._here.is_keeping = True
        try:
            yield
        finally:
            self._here.is_keeping = False

    @contextmanager
    def deciding(self, command: type[Command]) -> Iterator[None]:
        """While one command is decided and its events are kept."""
        try:
            with self.keeping():
                yield
        except Refused as refusal:
            self.refused.add((command.__name__, refusal.code))
            raise

    def handed_over(self) -> dict[str, list[Any]]:
        """As a worker sends it: plain lists."""
        return {name: sorted(getattr(self, name)) for name in _KINDS}

    def take(self, handed: dict[str, list[Any]]) -> None:
        for name in _KINDS:
            getattr(self, name).update(tuple(one) if isinstance(one, list) else one for one in handed[name])

    def missing(self) -> dict[str, list[str]]:
        """What a whole run must have seen and has not."""
        wanted = {
            "events that no decision gave": set(EVENTS) - self.events,
            "codes that nothing was refused with": set(CODES) - self.codes,
            "moves that no test makes": _written(declared() - self.moved),
            "moves that no machine has": _written(self.undeclared()),
            "events of a command that docs/reference does not name": _written(self.unnamed_events()),
            "codes of a command that docs/reference does not name": _written(self.unnamed_codes()),
        }
        return {what: sorted(names) for what, names in wanted.items() if names}

    def undeclared(self) -> set[tuple[str, ...]]:
        return self.moved - declared()

    def unnamed_events(self) -> set[tuple[str, ...]]:
        return {(command, event) for command, event in self.given if event not in reach_of(COMMANDS[command]).events}

    def unnamed_codes(self) -> set[tuple[str, ...]]:
        return {
            (command, code)
            for command, code in self.refused
            if code not in OF_EVERY_COMMAND and code not in reach_of(COMMANDS[command]).codes
        }


SEEN = Seen()


def declared() -> set[tuple[str, ...]]:
    """Every move of every machine, as they are seen."""
    machines = [machine for aggregate in AGGREGATES.values() for machine in aggregate.machines]
    return {(machine.title, *move) for machine in machines for move in machine.moves}


def _written(seen: set[tuple[str, ...]]) -> set[str]:
    return {" ".join(one) for one in seen}


def watch() -> None:
    """From now on, decisions and refusals of this process are seen. Refusals that a test makes itself do not count."""
    refuse, append, answer = Refused.__init__, Appender.append, Handler.answer

    @functools.wraps(refuse)
    def refusing(self: Refused, code: str, message: str, **details: Any) -> None:
        refuse(self, code, message, **details)
        if code not in SEEN.codes and not sys._getframe(1).f_code.co_filename.startswith(TESTS):
            SEEN.codes.add(code)

    @functools.wraps(append)
    def appending(self: Appender, decided: Sequence[Event | On], *rest: Any) -> Any:
        with SEEN.keeping():
            ack = append(self, decided, *rest)
        SEEN.decided(type(self._envelope.command), decided)
        return ack

    @functools.wraps(answer)
    def answering(self: Handler, session: Any, envelope: Envelope, *rest: Any, **settings: Any) -> Ack:
        ack = answer(self, session, envelope, *rest, **settings)
        if ack.error is not None:
            SEEN.refused.add((type(envelope.command).__name__, ack.error.code))
        return ack

    def telling(step: Callable[..., None]) -> Callable[..., None]:
        """A proof goes on after what it finds, so it tells a code instead of raising it."""

        @functools.wraps(step)
        def verifying(verdict: verify.Verdict, *rest: Any) -> None:
            step(verdict, *rest)
            SEEN.codes.update(problem.partition(":")[0] for problem in verdict.problems)

        return verifying

    verify._verify_row = telling(verify._verify_row)
    verify._verify_bodies = telling(verify._verify_bodies)
    Refused.__init__ = refusing  # type: ignore[method-assign]
    Appender.append = appending  # type: ignore[method-assign]
    Handler.answer = answering  # type: ignore[method-assign]
    for aggregate in AGGREGATES.values():
        if aggregate.machines:
            object.__setattr__(aggregate, "evolve", _following(aggregate))


def _following(aggregate: Aggregate) -> Callable[[Any, Event], None]:
    """The fold of an aggregate that also notes how the things in it moved."""
    evolve = aggregate.evolve

    @functools.wraps(evolve)
    def evolving(state: Any, event: Event) -> None:
        if not SEEN.is_keeping:
            evolve(state, event)
            return
        before = [machine.statuses(state) for machine in aggregate.machines]
        evolve(state, event)
        for machine, old in zip(aggregate.machines, before, strict=True):
            moves = moves_between(machine, old, type(event).__name__, machine.statuses(state))
            SEEN.moved.update((machine.title, *move) for move in moves)

    return evolving


def watch_problems() -> None:
    """The API refuses some requests before anything is raised: an unknown method, a body of another kind."""
    problems = sys.modules.get("event_store.api.problems")
    if problems is None or hasattr(problems.problem_of, "__wrapped__"):
        return
    problem_of = problems.problem_of

    @functools.wraps(problem_of)
    def telling(error: Any) -> Any:
        SEEN.codes.add(error.code)
        return problem_of(error)

    problems.problem_of = telling  # type: ignore[attr-defined]


def is_by_luck(item: pytest.Item) -> bool:
    """Whether a test makes up its histories anew in every run."""
    function = getattr(item, "obj", None)
    return item.path.is_relative_to(Path(TESTS) / "property") or getattr(function, "is_hypothesis_test", False)


def is_whole(config: pytest.Config) -> bool:
    """Whether every test of `make test` was asked for: nothing named, picked out or left out."""
    option = config.option
    everywhere = {config.rootpath, config.rootpath / "tests"}
    asked = {Path(config.invocation_params.dir, argument).resolve() for argument in config.args}
    picked = (option.keyword, option.deselect, option.ignore, option.ignore_glob, option.collectonly, option.maxfail)
    return asked <= everywhere and option.markexpr == "not faults" and not any(picked)
