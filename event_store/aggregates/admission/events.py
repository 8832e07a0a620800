"""What happens to an admission."""

from __future__ import annotations

from mymedic.messages import Event

EVENTS: tuple[type[Event], ...] = ()
