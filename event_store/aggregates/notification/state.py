"""What a decision needs to know of a notification."""

from __future__ import annotations

from msgspec import Struct

from event_store.aggregates.notification.events import NotificationRequested, NotificationStatusChanged
from mymedic.deciding import Guard, GuardChange
from mymedic.lives import machine
from mymedic.messages import Event

# How far a message came. A failure says less than any proof that it arrived, whichever is heard first.
RANK = {"requested": 0, "sent": 1, "failed": 2, "delivered": 3, "read": 4}


class State(Struct):
    exists: bool = False
    notification_id: str = ""
    patient_id: str = ""
    status: str = "requested"
    provider_message_ids: tuple[str, ...] = ()


def evolve(state: State, event: Event) -> None:
    """Fold one event into the state, in place."""
    match event:
        case NotificationRequested():
            state.exists = True
            state.patient_id = event.patient_id
        case NotificationStatusChanged():
            state.status = event.status
            if event.provider_message_id not in state.provider_message_ids:
                state.provider_message_ids = (*state.provider_message_ids, event.provider_message_id)


def guards(state: State, event: Event) -> GuardChange | None:
    """The unique facts that an event claims and gives back; `state` is the state before the event."""
    match event:
        case NotificationRequested():
            return GuardChange(claim=[Guard("notification", f"{event.template}/{event.related_ref}")])
        case NotificationStatusChanged(provider_message_id=id) if id not in state.provider_message_ids:
            return GuardChange(claim=[Guard("provider_message", id)])
    return None


MACHINES = (
    machine(
        "Notification",
        """
        NotificationRequested: - > requested
        NotificationStatusChanged: requested failed sent > delivered
        NotificationStatusChanged: requested sent > failed
        NotificationStatusChanged: requested delivered failed sent > read
        NotificationStatusChanged: requested > sent
        """,
    ),
)
