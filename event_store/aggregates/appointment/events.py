"""What happens to a appointment."""

from mymedic.messages import Event

EVENTS: tuple[type[Event], ...] = ()
