"""What happens to an export."""

from __future__ import annotations

from mymedic.messages import Event

EVENTS: tuple[type[Event], ...] = ()
