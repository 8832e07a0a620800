"""What happens to a tenant."""

from mymedic.messages import Event

EVENTS: tuple[type[Event], ...] = ()
