"""What happens to a payment."""

from mymedic.messages import Event

EVENTS: tuple[type[Event], ...] = ()
