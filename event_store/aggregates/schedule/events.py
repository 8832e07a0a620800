"""What happens to a schedule."""

from mymedic.messages import Event

EVENTS: tuple[type[Event], ...] = ()
