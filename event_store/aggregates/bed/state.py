"""What a decision needs to know of a bed."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from event_store.aggregates.bed.events import (
    BedOccupied,
    BedRegistered,
    BedReleased,
    BedStatusChanged,
    SettableStatus,
)
from mymedic.deciding import Guard, GuardChange
from mymedic.lives import machine
from mymedic.messages import Event


class State(Struct):
    """`admission_id` is who lies in it now; `free_since` is when the last one left, None for a bed never used."""

    exists: bool = False
    bed_id: str = ""
    branch_id: str = ""
    ward: str = ""
    room: str = ""
    label: str = ""
    bed_class: str = ""
    status: str = ""
    admission_id: str | None = None
    last_admission_id: str | None = None
    free_since: datetime | None = None

    def occupy(self, admission_id: str, at: datetime) -> BedOccupied:
        """The event that puts a patient into this bed."""
        return BedOccupied(admission_id=admission_id, at=at)

    def release(self, admission_id: str, at: datetime, next_status: SettableStatus = "cleaning") -> BedReleased:
        """The event that takes the patient out of it; a bed that somebody lay in is cleaned before the next."""
        return BedReleased(admission_id=admission_id, at=at, next_status=next_status)


def evolve(state: State, event: Event) -> None:
    """Fold one event into the state, in place."""
    match event:
        case BedRegistered():
            state.exists, state.status = True, "available"
            state.branch_id, state.bed_class = event.branch_id, event.class_
            state.ward, state.room, state.label = event.ward, event.room, event.label
        case BedOccupied():
            state.status = "occupied"
            state.admission_id = state.last_admission_id = event.admission_id
        case BedReleased():
            state.status, state.admission_id, state.free_since = event.next_status, None, event.at
        case BedStatusChanged():
            state.status = event.status


def guards(state: State, event: Event) -> GuardChange | None:
    """A bed's place is its own. That one patient lies in it at most is the admissions' guard `bed`."""
    if isinstance(event, BedRegistered):
        place = (event.ward, event.room, event.label)
        written = "#".join(" ".join(part.casefold().split()) for part in place)
        return GuardChange(claim=[Guard("bed_label", f"{event.branch_id}#{written}")])
    return None


MACHINES = (
    machine(
        "Bed",
        """
        BedRegistered: - > available
        BedOccupied: available cleaning > occupied
        BedReleased: occupied > cleaning
        BedStatusChanged: cleaning out_of_service > available
        BedStatusChanged: available out_of_service > cleaning
        BedStatusChanged: available cleaning > out_of_service
        """,
    ),
)
