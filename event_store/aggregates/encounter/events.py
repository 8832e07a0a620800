"""What happens to a encounter."""

from mymedic.messages import Event

EVENTS: tuple[type[Event], ...] = ()
