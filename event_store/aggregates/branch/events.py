"""What happens to a branch."""

from mymedic.messages import Event

EVENTS: tuple[type[Event], ...] = ()
