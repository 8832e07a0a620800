"""What may be asked of an admission."""

from __future__ import annotations

from datetime import date
from typing import ClassVar

from event_store.aggregates.admission.events import (
    AdmissionPatch,
    BedClass,
    Disposition,
    Quantity,
    StayDays,
)
from mymedic.messages import Command, Id, LongText, Paise, Text, Timestamp


class RequestAdmission(Command, frozen=True, kw_only=True):
    """C91. Without `admission_id` a new id is made."""

    who: ClassVar[frozenset[str]] = frozenset({"DR"})
    encounter_id: Id
    patient_id: Id
    practitioner_id: Id
    bed_class: BedClass
    expected_los_days: StayDays
    diagnosis_text: LongText | None = None
    admission_id: Id | None = None


class AcceptAdmission(Command, frozen=True, kw_only=True):
    """C92."""

    who: ClassVar[frozenset[str]] = frozenset({"IN", "FD"})
    admission_id: Id
    his_visit_no: Text


class AdmitPatient(Command, frozen=True, kw_only=True):
    """C93, ADT^A01."""

    who: ClassVar[frozenset[str]] = frozenset({"IN", "FD"})
    admission_id: Id
    bed_id: Id
    admitted_at: Timestamp


class TransferPatient(Command, frozen=True, kw_only=True):
    """C94, ADT^A02."""

    who: ClassVar[frozenset[str]] = frozenset({"IN", "FD"})
    admission_id: Id
    to_bed_id: Id
    at: Timestamp
    reason: Text


class UpdateAdmission(Command, frozen=True, kw_only=True):
    """C95, ADT^A08."""

    who: ClassVar[frozenset[str]] = frozenset({"IN", "FD"})
    admission_id: Id
    patch: AdmissionPatch


class PostAdmissionCharge(Command, frozen=True, kw_only=True):
    """C96, DFT^P03. The price includes the tax. With `reversal_of`, so many of that charge are taken back."""

    who: ClassVar[frozenset[str]] = frozenset({"IN", "FD"})
    admission_id: Id
    charge_id: Id
    service_id: Id
    qty: Quantity
    unit_price_paise: Paise
    service_date: date
    practitioner_id: Id | None = None
    reversal_of: Id | None = None


class DischargePatient(Command, frozen=True, kw_only=True):
    """C97, ADT^A03."""

    who: ClassVar[frozenset[str]] = frozenset({"IN", "DR"})
    admission_id: Id
    discharged_at: Timestamp
    disposition: Disposition
    summary_ref: Text | None = None


class CancelAdmission(Command, frozen=True, kw_only=True):
    """C98, ADT^A11."""

    who: ClassVar[frozenset[str]] = frozenset({"IN", "FD"})
    admission_id: Id
    reason: Text


class CancelDischarge(Command, frozen=True, kw_only=True):
    """C99, ADT^A13."""

    who: ClassVar[frozenset[str]] = frozenset({"IN"})
    admission_id: Id
    bed_id: Id


class FinalizeAdmissionBill(Command, frozen=True, kw_only=True):
    """C100."""

    who: ClassVar[frozenset[str]] = frozenset({"FN"})
    admission_id: Id
