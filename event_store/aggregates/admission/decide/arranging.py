"""An admission is asked for, taken in by the hospital, changed, and called off."""

from __future__ import annotations

from collections.abc import Iterator

from event_store.aggregates.admission.commands import (
    AcceptAdmission,
    CancelAdmission,
    RequestAdmission,
    UpdateAdmission,
)
from event_store.aggregates.admission.decide.moving import check_not_admitted
from event_store.aggregates.admission.events import (
    AdmissionAccepted,
    AdmissionCancelled,
    AdmissionPatch,
    AdmissionRequested,
    AdmissionUpdated,
    DiagnosisPii,
)
from event_store.aggregates.admission.state import State
from mymedic.deciding import Context, check
from mymedic.messages import Event, On
from mymedic.patients import check_present, same_patient


def request_admission(state: State, command: RequestAdmission, context: Context) -> Iterator[Event]:
    tenant = context.require("tenant", context.tenant_id)
    check(tenant.kind == "hospital", "FEATURE_NOT_ENABLED", f"a {tenant.kind} admits nobody", kind=tenant.kind)
    encounter = context.require("encounter", command.encounter_id)
    actor, branch_id = context.actor, encounter.branch_id
    check(
        actor.practitioner_id == encounter.practitioner_id,
        "FORBIDDEN",
        "the encounter is another doctor's",
    )
    check(
        actor.branch_scope == "*" or branch_id in actor.branch_scope,
        "FORBIDDEN_BRANCH",
        f"{branch_id} is not one of this actor's branches",
        branch_id=branch_id,
    )
    check_present(context, command.patient_id)
    check(
        same_patient(context, encounter.patient_id, command.patient_id),
        "VALIDATION_FAILED",
        "the encounter is another patient's",
        field="patient_id",
    )
    check(encounter.status != "cancelled", "INVALID_STATE", "the encounter is cancelled", status=encounter.status)
    check_not_admitted(command.patient_id, context)
    yield AdmissionRequested(
        admission_id=context.id,
        patient_id=command.patient_id,
        encounter_id=command.encounter_id,
        practitioner_id=command.practitioner_id,
        branch_id=branch_id,
        department_id=encounter.department_id,
        bed_class=command.bed_class,
        expected_los_days=command.expected_los_days,
        pii=DiagnosisPii(diagnosis_text=command.diagnosis_text) if command.diagnosis_text else None,
    )


def accept_admission(state: State, command: AcceptAdmission, context: Context) -> Iterator[Event]:
    check(state.status == "requested", "INVALID_STATE", f"the admission is {state.status}", status=state.status)
    yield AdmissionAccepted(his_visit_no=command.his_visit_no)


def update_admission(state: State, command: UpdateAdmission, context: Context) -> Iterator[Event]:
    check(
        state.status not in ("billed", "cancelled"),
        "INVALID_STATE",
        f"the admission is {state.status}",
        status=state.status,
    )
    check(command.patch != AdmissionPatch(), "VALIDATION_FAILED", "nothing is changed", field="patch")
    if command.patch.practitioner_id is not None:
        context.require("practitioner", command.patch.practitioner_id)
    yield AdmissionUpdated(patch=command.patch)


def cancel_admission(state: State, command: CancelAdmission, context: Context) -> Iterator[Event | On]:
    check(
        state.status in ("requested", "accepted", "admitted"),
        "INVALID_STATE",
        f"the admission is {state.status}",
        status=state.status,
    )
    check(
        state.charged_paise == 0,
        "CHARGES_EXIST",
        f"{state.charged_paise} paise are charged; reverse them first",
        charged_paise=state.charged_paise,
    )
    yield AdmissionCancelled(reason=command.reason)
    if state.bed_id is not None:
        since = state.stays[-1].since
        bed = context.require("bed", state.bed_id)
        yield On("bed", state.bed_id, bed.release(context.id, max(context.occurred_at, since)))
