"""What happens to a settlement file."""

from mymedic.messages import Event

EVENTS: tuple[type[Event], ...] = ()
