"""What a decision needs to know of a data subject."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from msgspec import Struct

from event_store.aggregates.data_subject.events import (
    DestructionExecuted,
    ErasureApproved,
    ErasureRequested,
    ErasureScope,
    LegalHoldPlaced,
    LegalHoldReleased,
    PatientPseudonymised,
)
from mymedic.deciding import Guard, GuardChange
from mymedic.ids import is_tenant_id
from mymedic.lives import machine
from mymedic.messages import Event

# Ids of holds and requests find their subject by these guards.
HOLD, REQUEST = "legal_hold", "erasure_request"


class Request(Struct):
    scope: ErasureScope
    requested_by: str
    entered_by: str
    earliest_execution_at: datetime
    status: Literal["requested", "approved", "executed"] = "requested"


class State(Struct):
    """`data_subject_id` is a patient's id, or the tenant's for what concerns no single patient."""

    exists: bool = False
    data_subject_id: str = ""
    patient_id: str = ""
    holds: dict[str, str] = {}  # the active ones: hold_id -> scope
    requests: dict[str, Request] = {}
    is_erased: bool = False
    pseudonym_epoch: int = 0


def evolve(state: State, event: Event) -> None:
    """Fold one event into the state, in place."""
    state.exists = True
    if not is_tenant_id(state.data_subject_id):
        state.patient_id = state.data_subject_id
    match event:
        case LegalHoldPlaced():
            state.holds[event.hold_id] = event.scope
        case LegalHoldReleased():
            state.holds.pop(event.hold_id, None)
        case ErasureRequested():
            state.requests[event.request_id] = Request(
                event.scope, event.requested_by, event.entered_by, event.earliest_execution_at
            )
        case ErasureApproved():
            state.requests[event.request_id].status = "approved"
        case DestructionExecuted():
            state.requests[event.request_id].status = "executed"
            state.is_erased = state.is_erased or event.scope == "full"
        case PatientPseudonymised():
            state.pseudonym_epoch = event.pseudonym_epoch


def guards(state: State, event: Event) -> GuardChange | None:
    """The unique facts that an event claims and gives back; `state` is the state before the event."""
    match event:
        case LegalHoldPlaced():
            return GuardChange(claim=[Guard(HOLD, event.hold_id)])
        case ErasureRequested():
            return GuardChange(claim=[Guard(REQUEST, event.request_id)])
    return None


MACHINES = (
    machine(
        "Erasure request",
        """
        ErasureRequested: - > requested
        ErasureApproved: requested > approved
        DestructionExecuted: approved > executed
        """,
        lambda state: {id: request.status for id, request in state.requests.items()},
    ),
    machine(
        "Legal hold",
        """
        LegalHoldPlaced: - > placed
        LegalHoldReleased: placed > -
        """,
        lambda state: dict.fromkeys(state.holds, "placed"),
    ),
)
