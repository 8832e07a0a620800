"""What happens to a invoice."""

from mymedic.messages import Event

EVENTS: tuple[type[Event], ...] = ()
