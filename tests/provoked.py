"""What a test run has seen happen: events that decisions gave, codes that something was refused with.

A run of the whole suite fails at its end when an event of the catalogue or a code has no test at all.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import pytest

from event_store.appending import Appender
from event_store.catalogue import EVENTS
from event_store.ledger import verify
from mymedic.errors import CODES, Refused
from mymedic.messages import Event, On

TESTS = str(Path(__file__).parent)


class Seen:
    """Names of events and codes, of this process and of the workers that handed theirs in."""

    def __init__(self) -> None:
        self.events: set[str] = set()
        self.codes: set[str] = set()

    def decided(self, items: Iterable[Event | On]) -> None:
        self.events.update(type(item.event if isinstance(item, On) else item).__name__ for item in items)

    def handed_over(self) -> dict[str, list[str]]:
        """As a worker sends it: plain lists."""
        return {"events": sorted(self.events), "codes": sorted(self.codes)}

    def take(self, handed: dict[str, list[str]]) -> None:
        self.events.update(handed["events"])
        self.codes.update(handed["codes"])

    def missing(self) -> dict[str, list[str]]:
        """What a whole run must have seen and has not."""
        wanted = {
            "events that no decision gave": set(EVENTS) - self.events,
            "codes that nothing was refused with": set(CODES) - self.codes,
        }
        return {what: sorted(names) for what, names in wanted.items() if names}


SEEN = Seen()


def watch() -> None:
    """From now on, decisions and refusals of this process are seen. Refusals that a test makes itself do not count."""
    refuse, append = Refused.__init__, Appender.append

    @functools.wraps(refuse)
    def refusing(self: Refused, code: str, message: str, **details: Any) -> None:
        refuse(self, code, message, **details)
        if code not in SEEN.codes and not sys._getframe(1).f_code.co_filename.startswith(TESTS):
            SEEN.codes.add(code)

    @functools.wraps(append)
    def appending(self: Appender, decided: Sequence[Event | On], *rest: Any) -> Any:
        ack = append(self, decided, *rest)
        SEEN.decided(decided)
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


def is_whole(config: pytest.Config) -> bool:
    """Whether every test of `make test` was asked for: nothing named, picked out or left out."""
    option = config.option
    everywhere = {config.rootpath, config.rootpath / "tests"}
    asked = {Path(config.invocation_params.dir, argument).resolve() for argument in config.args}
    picked = (option.keyword, option.deselect, option.ignore, option.ignore_glob, option.collectonly, option.maxfail)
    return asked <= everywhere and option.markexpr == "not faults" and not any(picked)
