"""What happens to a price."""

from mymedic.messages import Event

EVENTS: tuple[type[Event], ...] = ()
