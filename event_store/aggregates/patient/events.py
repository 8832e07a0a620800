"""What happens to a patient."""

from mymedic.messages import Event

EVENTS: tuple[type[Event], ...] = ()
