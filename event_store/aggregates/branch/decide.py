"""The rules of a branch."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, time
from itertools import pairwise

from event_store.aggregates.branch.commands import CloseBranch, RegisterBranch, UpdateBranch
from event_store.aggregates.branch.events import BranchClosed, BranchRegistered, BranchUpdated, OpenHours
from event_store.aggregates.branch.state import State
from mymedic import bookings
from mymedic.counts import counted
from mymedic.deciding import Context, Decision, check
from mymedic.messages import Command, Event


def register_branch(state: State, command: RegisterBranch, context: Context) -> Iterable[Event]:
    tenant = context.require("tenant", context.tenant_id)
    check(
        tenant.kind != "clinic" or not context.guards("branch", "active#"),
        "FEATURE_NOT_ENABLED",
        "a clinic has one branch; a chain may have more",
    )
    _check_hours(command.open_hours)
    yield BranchRegistered(
        branch_id=context.id,
        name=command.name,
        city_id=command.city_id,
        pincode=command.pincode,
        opened_on=command.opened_on,
        open_hours=command.open_hours,
        hfr_id=command.hfr_id,
        gstin=command.gstin,
    )


def update_branch(state: State, command: UpdateBranch, context: Context) -> Iterable[Event]:
    check(state.status == "active", "BRANCH_CLOSED", f"{state.branch_id} is closed")
    check(
        command.effective_on >= context.today(),
        "BACKDATED_CHANGE",
        "a change of a branch begins today or later",
        field="effective_on",
    )
    check(
        any(value is not None for value in (command.name, command.city_id, command.open_hours)),
        "VALIDATION_FAILED",
        "nothing is changed",
    )
    if command.open_hours is not None:
        _check_hours(command.open_hours)
    yield BranchUpdated(
        name=command.name,
        city_id=command.city_id,
        open_hours=command.open_hours,
        effective_on=command.effective_on,
    )


def close_branch(state: State, command: CloseBranch, context: Context) -> Iterable[Event]:
    check(state.status == "active", "BRANCH_CLOSED", f"{state.branch_id} is closed")
    check(
        command.closed_on >= context.today(),
        "VALIDATION_FAILED",
        "a branch closes today or later",
        field="closed_on",
    )
    closing = datetime.combine(command.closed_on, time.min, context.tz)
    booked = bookings.of_schedules(context, "branch", state.branch_id, closing)
    check(
        not booked,
        "SCHEDULE_HAS_BOOKINGS",
        f"{counted(len(booked), 'appointment stands', 'appointments stand')} on or after {command.closed_on}",
        appointment_ids=[appointment.appointment_id for appointment in booked],
    )
    drawers = context.guards("drawer", f"{state.branch_id}#")
    check(not drawers, "CASH_SESSION_OPEN", "a cash drawer of the branch is still open", drawers=list(drawers))
    in_beds = [id for id in context.guards("patient_admission", "") if _is_here(context, id, state.branch_id)]
    check(
        not in_beds,
        "PATIENT_ALREADY_ADMITTED",
        f"{counted(len(in_beds), 'patient is', 'patients are')} admitted at the branch",
        patient_ids=in_beds,
    )
    yield BranchClosed(closed_on=command.closed_on, reason=command.reason)


def _is_here(context: Context, patient_id: str, branch_id: str) -> bool:
    """Admissions are unique per patient; the branch stands beside the guard."""
    return context.guard_detail("patient_admission", patient_id) == branch_id


def _check_hours(hours: Sequence[OpenHours]) -> None:
    check(hours, "VALIDATION_FAILED", "a branch is open at some time of the week", field="open_hours")
    spans = sorted((span.dow, span.start, span.end) for span in hours)
    in_order = all(start < end for _, start, end in spans)
    apart = all(one[0] != two[0] or one[2] <= two[1] for one, two in pairwise(spans))
    check(
        in_order and apart,
        "VALIDATION_FAILED",
        "the spans of a weekday end after they start and do not overlap",
        field="open_hours",
    )


DECISIONS: dict[type[Command], Decision] = {
    RegisterBranch: Decision(register_branch, target="branch_id", creates=True),
    UpdateBranch: Decision(update_branch, target="branch_id"),
    CloseBranch: Decision(close_branch, target="branch_id"),
}
