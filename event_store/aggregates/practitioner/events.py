"""What happens to a practitioner."""

from mymedic.messages import Event

EVENTS: tuple[type[Event], ...] = ()
