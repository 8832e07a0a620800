"""What a decision needs to know of an admission."""

from __future__ import annotations

from msgspec import Struct

from mymedic.deciding import GuardChange
from mymedic.messages import Event


class State(Struct):
    exists: bool = False


def evolve(state: State, event: Event) -> None:
    """Fold one event into the state, in place."""


def guards(state: State, event: Event) -> GuardChange | None:
    """The unique facts that an event claims and gives back; `state` is the state before the event."""
    return None
