"""What happens to a bank statement."""

from mymedic.messages import Event

EVENTS: tuple[type[Event], ...] = ()
