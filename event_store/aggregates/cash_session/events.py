"""What happens to a cash session."""

from mymedic.messages import Event

EVENTS: tuple[type[Event], ...] = ()
