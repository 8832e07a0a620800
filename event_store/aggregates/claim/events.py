"""What happens to a claim."""

from __future__ import annotations

from mymedic.messages import Event

EVENTS: tuple[type[Event], ...] = ()
