"""What a live projection is: its read models, the events that feed it, and a pure fold for each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from event_store.recorded import Recorded
from mymedic.messages import Event
from projections.row import Row
from projections.view import View

Fold = Callable[[Recorded, Any, View], None]


@dataclass(frozen=True, slots=True)
class Projection:
    """`rows[0]` is what is published; others are the projection's own memory.

    `looks_at` names the aggregates whose states the folds ask for: an event of another one, which no fold wants either,
    is not even decoded. `version` is raised with every change that makes other rows out of the same events: the new
    version is built beside the old one and swapped in. `folds` see an event, its content, and the view; they send
    nothing and read no clock.
    """

    name: str
    version: int
    rows: tuple[type[Row], ...]
    looks_at: frozenset[str]
    folds: Mapping[type[Event], Fold]

    @property
    def row(self) -> type[Row]:
        return self.rows[0]


def folds(fold: Fold, *events: type[Event]) -> dict[type[Event], Fold]:
    """The same fold for several events."""
    return dict.fromkeys(events, fold)
