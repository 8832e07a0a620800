"""What happens to a policy."""

from mymedic.messages import Event

EVENTS: tuple[type[Event], ...] = ()
