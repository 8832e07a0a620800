"""What happens to an advised service."""

from __future__ import annotations

from mymedic.messages import Event

EVENTS: tuple[type[Event], ...] = ()
