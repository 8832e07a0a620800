"""The rules of a patient."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from event_store.aggregates.patient.commands import (
    MergePatients,
    PatientClearPatch,
    RecordConsent,
    RegisterPatient,
    UnmergePatients,
    UpdatePatient,
    WithdrawConsent,
)
from event_store.aggregates.patient.events import (
    FIRST_BIRTH_YEAR,
    ConsentPii,
    ConsentRecorded,
    ConsentWithdrawn,
    PatientPiiPatch,
    PatientRegistered,
    PatientsMerged,
    PatientsUnmerged,
    PatientUpdated,
)
from event_store.aggregates.patient.state import ADULT_AGE, State, likeness_prefix, name_key, phone_key
from mymedic.deciding import Context, Decision, check, four_eyes
from mymedic.errors import Refused
from mymedic.messages import Command, Event
from mymedic.patients import check_not_erased, check_not_merged, check_present, records_of, survivor_of


def register_patient(state: State, command: RegisterPatient, context: Context) -> Iterable[Event]:
    context.require("branch", command.branch_id)
    today = context.today()
    dob = command.pii.dob
    check(
        command.birth_year <= today.year and (dob is None or dob <= today),
        "VALIDATION_FAILED",
        "nobody is born in the future",
        field="birth_year",
    )
    check(
        dob is None or dob.year == command.birth_year,
        "VALIDATION_FAILED",
        "the year of birth is not that of the date of birth",
        field="birth_year",
    )
    _check_guardian(command, context)
    phone_hash, name_hash = _phone_hash(command.pii.phone_e164, context), _name_hash(command.pii.name, context)
    if not command.force:
        alike = context.guards("patient_likeness", likeness_prefix(phone_hash, name_hash))
        check(
            not alike,
            "ALREADY_EXISTS",
            "a patient of this name and phone is registered; register another with force",
            candidates=[value.rpartition("#")[2] for value in alike],
        )
    yield PatientRegistered(
        patient_id=context.id,
        sex=command.sex,
        birth_year=command.birth_year,
        city_id=command.city_id,
        registered_branch_id=command.branch_id,
        guardian_patient_id=command.guardian_patient_id,
        phone_hash=phone_hash,
        name_hash=name_hash,
        pii=command.pii,
    )


def _check_guardian(command: RegisterPatient, context: Context) -> None:
    """A minor has a guardian; whoever is named as one is a patient of full age."""
    today = context.today()
    if command.guardian_patient_id is not None:
        check(command.guardian_patient_id != context.id, "GUARDIAN_REQUIRED", "nobody is their own guardian")
        guardian = check_present(context, command.guardian_patient_id)
        check(not guardian.is_minor(today), "GUARDIAN_REQUIRED", "a guardian is of full age")
    else:
        age = _age(command.pii.dob, command.birth_year, today)
        check(age >= ADULT_AGE, "GUARDIAN_REQUIRED", "a patient under 18 needs a guardian", field="guardian_patient_id")


def _age(dob: date | None, birth_year: int, on: date) -> int:
    """Completed years; without the date of birth, those that the year of birth makes possible."""
    is_before_birthday = dob is not None and (on.month, on.day) < (dob.month, dob.day)
    return on.year - birth_year - is_before_birthday


def update_patient(state: State, command: UpdatePatient, context: Context) -> Iterable[Event]:
    check_present(context, state.patient_id)
    pii = command.pii_patch or PatientPiiPatch()
    clear = command.clear_patch or PatientClearPatch()
    check(
        pii != PatientPiiPatch() or clear != PatientClearPatch(),
        "VALIDATION_FAILED",
        "nothing is changed",
    )
    today, birth_year = context.today(), clear.birth_year
    if pii.dob is not None:
        check(
            pii.dob <= today and birth_year in (None, pii.dob.year),
            "VALIDATION_FAILED",
            "the date of birth lies in the future or in another year than the year of birth",
            field="pii_patch.dob",
        )
        birth_year = pii.dob.year
        check(
            birth_year >= FIRST_BIRTH_YEAR,
            "VALIDATION_FAILED",
            f"nobody here was born before {FIRST_BIRTH_YEAR}",
            field="pii_patch.dob",
        )
    check(
        birth_year is None or birth_year <= today.year,
        "VALIDATION_FAILED",
        "nobody is born in the future",
        field="clear_patch.birth_year",
    )
    check(
        birth_year is None or _age(pii.dob, birth_year, today) >= ADULT_AGE or state.guardian_patient_id,
        "GUARDIAN_REQUIRED",
        "a patient under 18 needs a guardian",
        field="clear_patch.birth_year",
    )
    yield PatientUpdated(
        sex=clear.sex,
        birth_year=birth_year,
        city_id=clear.city_id,
        phone_hash=_phone_hash(pii.phone_e164, context) if pii.phone_e164 else None,
        name_hash=_name_hash(pii.name, context) if pii.name else None,
        pii=command.pii_patch,
    )


def record_consent(state: State, command: RecordConsent, context: Context) -> Iterable[Event]:
    check_present(context, state.patient_id)
    check(
        command.expires_at is None or command.expires_at > context.occurred_at,
        "VALIDATION_FAILED",
        "a consent expires after it is given",
        field="expires_at",
    )
    if state.is_minor(context.today()):
        check(
            command.given_by.role == "guardian" and command.given_by.verified,
            "GUARDIAN_REQUIRED",
            "for a patient under 18 a verified guardian consents",
            field="given_by",
        )
    name = command.given_by.name
    yield ConsentRecorded(
        purpose=command.purpose,
        notice_version=command.notice_version,
        given_by_role=command.given_by.role,
        expires_at=command.expires_at,
        pii=ConsentPii(given_by_name=name) if name else None,
    )


def withdraw_consent(state: State, command: WithdrawConsent, context: Context) -> Iterable[Event]:
    # What counts is the survivor's consent: taken away from the duplicate's record, it would stand.
    check_not_merged(context, state.patient_id)
    check(
        command.purpose in state.consents,
        "INVALID_STATE",
        f"there is no consent to {command.purpose} to withdraw",
        purpose=command.purpose,
    )
    yield ConsentWithdrawn(purpose=command.purpose)


def merge_patients(state: State, command: MergePatients, context: Context) -> Iterable[Event]:
    four_eyes(context, "FD", "CM")
    check(
        command.survivor_id != command.duplicate_id,
        "VALIDATION_FAILED",
        "a record is not its own duplicate",
        field="duplicate_id",
    )
    # Both are survivors themselves, so that no cycle can close.
    check_present(context, command.survivor_id)
    check_present(context, command.duplicate_id)
    surviving, merged = records_of(context, command.survivor_id), records_of(context, command.duplicate_id)
    for patient_id in merged:
        check(
            context.holder("patient_admission", patient_id) is None,
            "PATIENT_ALREADY_ADMITTED",
            "the duplicate is in a bed; merge after the discharge",
            patient_id=patient_id,
        )
    _check_apart(context, surviving, merged)
    yield PatientsMerged(survivor_id=command.survivor_id, duplicate_id=command.duplicate_id, reason=command.reason)


def _check_apart(context: Context, surviving: Iterable[str], merged: Iterable[str]) -> None:
    """INV-A2 holds for the human being: two bookings at one time are first made one."""
    times, others = _times(context, surviving), _times(context, merged)
    clash = min(times.keys() & others.keys(), default=None)
    if clash is not None:
        raise Refused(
            "PATIENT_DOUBLE_BOOKED",
            "both records have an appointment at the same time",
            appointment_ids=[context.holder("patient_time", each[clash]) for each in (times, others)],
        )


def _times(context: Context, patient_ids: Iterable[str]) -> dict[str, str]:
    """5-minute bucket -> the guard that holds it for one of these records."""
    return {guard.rpartition("#")[2]: guard for id in patient_ids for guard in context.guards("patient_time", f"{id}#")}


def unmerge_patients(state: State, command: UnmergePatients, context: Context) -> Iterable[Event]:
    check(
        command.duplicate_id in state.duplicates,
        "INVALID_STATE",
        "that record was not merged into this one",
        duplicate_id=command.duplicate_id,
    )
    # An erasure took every record of the person; only the survivor's stream says so of the others.
    check_not_erased(context, survivor_of(context, state.patient_id))
    yield PatientsUnmerged(survivor_id=command.survivor_id, duplicate_id=command.duplicate_id)


def _phone_hash(phone: str, context: Context) -> str:
    return context.keyed_hash(phone_key(phone))


def _name_hash(name: str, context: Context) -> str:
    return context.keyed_hash(name_key(name))


DECISIONS: dict[type[Command], Decision] = {
    RegisterPatient: Decision(register_patient, target="patient_id", creates=True),
    UpdatePatient: Decision(update_patient, target="patient_id"),
    MergePatients: Decision(merge_patients, target="survivor_id"),
    UnmergePatients: Decision(unmerge_patients, target="survivor_id"),
    RecordConsent: Decision(record_consent, target="patient_id"),
    WithdrawConsent: Decision(withdraw_consent, target="patient_id"),
}
