"""What happens to a data subject."""

from __future__ import annotations

from mymedic.messages import Event

EVENTS: tuple[type[Event], ...] = ()
