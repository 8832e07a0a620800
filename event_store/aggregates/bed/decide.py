"""The rules of a bed. Who lies in it is decided by the admissions; here, where it stands and whether it is ready."""

from __future__ import annotations

from collections.abc import Iterable

from event_store.aggregates.bed.commands import RegisterBed, SetBedStatus
from event_store.aggregates.bed.events import BedRegistered, BedStatusChanged
from event_store.aggregates.bed.state import State
from mymedic.deciding import Context, Decision, check
from mymedic.messages import Command, Event


def register_bed(state: State, command: RegisterBed, context: Context) -> Iterable[Event]:
    tenant = context.require("tenant", context.tenant_id)
    check(tenant.kind == "hospital", "FEATURE_NOT_ENABLED", f"a {tenant.kind} has no beds", kind=tenant.kind)
    branch = context.require("branch", command.branch_id)
    check(branch.status == "active", "BRANCH_CLOSED", f"{command.branch_id} is closed")
    yield BedRegistered(
        branch_id=command.branch_id,
        ward=command.ward,
        room=command.room,
        label=command.label,
        class_=command.class_,
    )


def set_bed_status(state: State, command: SetBedStatus, context: Context) -> Iterable[Event]:
    check(
        state.status != "occupied",
        "BED_OCCUPIED",
        "a patient lies in the bed",
        admission_id=state.admission_id,
    )
    check(command.status != state.status, "INVALID_STATE", f"the bed is {state.status} already", status=state.status)
    yield BedStatusChanged(status=command.status)


DECISIONS: dict[type[Command], Decision] = {
    RegisterBed: Decision(register_bed, target="bed_id", creates=True),
    SetBedStatus: Decision(set_bed_status, target="bed_id"),
}
