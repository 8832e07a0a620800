"""Single fields, pseudonyms, and the record of who looked."""

from __future__ import annotations

from collections.abc import Iterable

from event_store.aggregates.data_subject.commands import PseudonymisePatient, RecordPiiAccess, RedactField
from event_store.aggregates.data_subject.decide.holding import check_no_hold
from event_store.aggregates.data_subject.events import FieldRedacted, PatientPseudonymised, PiiAccessed
from event_store.aggregates.data_subject.state import State
from mymedic.deciding import Context, Decision, check, four_eyes
from mymedic.errors import Refused
from mymedic.messages import Command, Event
from mymedic.patients import check_present, records_of


def redact_field(state: State, command: RedactField, context: Context) -> Iterable[Event]:
    cosigner = four_eyes(context, "AU")
    is_of_patient = context.id != context.tenant_id
    check_no_hold(context, records_of(context, context.id) if is_of_patient else ())
    yield FieldRedacted(
        event_id=command.event_id,
        json_path=command.json_path,
        reason=command.reason,
        authority=command.authority,
        cosigned_by=cosigner.id,
        replaced=(context.bodies.redact(command.event_id, command.json_path),),
    )


def pseudonymise(state: State, command: PseudonymisePatient, context: Context) -> Iterable[Event]:
    check_present(context, command.patient_id)
    yield PatientPseudonymised(pseudonym_epoch=state.pseudonym_epoch + 1)


def record_access(state: State, command: RecordPiiAccess, context: Context) -> Iterable[Event]:
    context.require("patient", command.subject)
    reader = context.actor.on_behalf_of
    check(reader, "VALIDATION_FAILED", "an access is recorded on behalf of whoever reads", field="on_behalf_of")
    yield PiiAccessed(actor_id=reader or "", fields=command.fields, justification=command.justification)


def _of_event(command: RedactField, context: Context) -> str:
    """Whose the event is; the tenant's when it is about no patient."""
    stored = context.bodies.find(command.event_id)
    if stored is None:
        raise Refused("NOT_FOUND", f"there is no event {command.event_id}", id=command.event_id)
    return stored.patient_id or context.tenant_id


REDACTING: dict[type[Command], Decision] = {
    RedactField: Decision(redact_field, target=_of_event, creates=None),
    PseudonymisePatient: Decision(pseudonymise, target="patient_id", creates=None),
    RecordPiiAccess: Decision(record_access, target="subject", creates=None),
}
