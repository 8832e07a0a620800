"""What may be asked of a patient."""

from __future__ import annotations

from typing import ClassVar

from event_store.aggregates.patient.events import BirthYear, GivenBy, PatientPii, PatientPiiPatch, Purpose, Sex
from mymedic.messages import Command, Id, Text, Timestamp, Value


class PatientClearPatch(Value, frozen=True, kw_only=True):
    """What changes of a patient's readable data; None leaves it as it was."""

    sex: Sex | None = None
    birth_year: BirthYear | None = None
    city_id: Id | None = None


class ConsentGiver(Value, frozen=True, kw_only=True):
    """Who gave a consent: the patient, or a guardian whose identity was verified by whoever records it."""

    role: GivenBy
    name: Text | None = None
    verified: bool = False


class RegisterPatient(Command, frozen=True, kw_only=True):
    """C15. `force` registers beside a patient of the same name and phone. Without `patient_id` a new id is made."""

    who: ClassVar[frozenset[str]] = frozenset({"PP", "FD", "IN"})
    pii: PatientPii
    sex: Sex
    birth_year: BirthYear
    city_id: Id | None = None
    guardian_patient_id: Id | None = None
    branch_id: Id
    force: bool = False
    patient_id: Id | None = None


class UpdatePatient(Command, frozen=True, kw_only=True):
    """C16."""

    who: ClassVar[frozenset[str]] = frozenset({"PP", "FD", "IN"})
    patient_id: Id
    pii_patch: PatientPiiPatch | None = None
    clear_patch: PatientClearPatch | None = None


class MergePatients(Command, frozen=True, kw_only=True):
    """C17. Front desk and chain manager sign together."""

    who: ClassVar[frozenset[str]] = frozenset({"FD", "CM"})
    survivor_id: Id
    duplicate_id: Id
    reason: Text


class UnmergePatients(Command, frozen=True, kw_only=True):
    """C18."""

    who: ClassVar[frozenset[str]] = frozenset({"CM"})
    survivor_id: Id
    duplicate_id: Id


class RecordConsent(Command, frozen=True, kw_only=True):
    """C19."""

    who: ClassVar[frozenset[str]] = frozenset({"PP", "FD"})
    patient_id: Id
    purpose: Purpose
    notice_version: Text
    given_by: ConsentGiver
    expires_at: Timestamp | None = None


class WithdrawConsent(Command, frozen=True, kw_only=True):
    """C20."""

    who: ClassVar[frozenset[str]] = frozenset({"PP", "FD"})
    patient_id: Id
    purpose: Purpose
