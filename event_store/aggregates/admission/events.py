"""What happens to an admission: a stay in a bed, and what it costs."""

from __future__ import annotations

from datetime import date
from typing import Annotated, ClassVar, Literal

from msgspec import Meta

from mymedic.messages import Count, Event, Id, LongText, Paise, Text, Timestamp, Value

BedClass = Literal["general", "semi_private", "private", "icu"]
Disposition = Literal["home", "transfer", "lama", "expired"]
StayDays = Annotated[int, Meta(ge=0, le=3650)]
Quantity = Annotated[int, Meta(ge=1, le=100_000)]

CARE = ("hospital",)
CARE_AND_RECORD = ("hospital", "medico_legal")
CARE_AND_MONEY = ("hospital", "financial_gst")


class DiagnosisPii(Value, frozen=True, kw_only=True):
    diagnosis_text: LongText | None = None


class SummaryPii(Value, frozen=True, kw_only=True):
    summary_ref: Text | None = None


class AdmissionPatch(Value, frozen=True, kw_only=True):
    """What changes of an admission; None leaves it as it was."""

    practitioner_id: Id | None = None
    department_id: Id | None = None
    bed_class: BedClass | None = None
    expected_los_days: StayDays | None = None


class AdmissionRequested(Event, frozen=True, kw_only=True):
    retention: ClassVar = CARE_AND_RECORD
    admission_id: Id
    patient_id: Id
    encounter_id: Id
    practitioner_id: Id
    branch_id: Id
    department_id: Id | None = None
    bed_class: BedClass
    expected_los_days: StayDays
    pii: DiagnosisPii | None = None


class AdmissionAccepted(Event, frozen=True, kw_only=True):
    retention: ClassVar = CARE
    his_visit_no: Text


class PatientAdmitted(Event, frozen=True, kw_only=True):
    retention: ClassVar = CARE_AND_RECORD
    bed_id: Id
    admitted_at: Timestamp
    practitioner_id: Id


class PatientTransferred(Event, frozen=True, kw_only=True):
    retention: ClassVar = CARE
    from_bed_id: Id
    to_bed_id: Id
    at: Timestamp
    reason: Text


class AdmissionUpdated(Event, frozen=True, kw_only=True):
    retention: ClassVar = CARE
    patch: AdmissionPatch


class AdmissionChargePosted(Event, frozen=True, kw_only=True):
    """`total_paise` = quantity times price, tax included; with `reversal_of` it is taken back, not added."""

    retention: ClassVar = CARE_AND_MONEY
    charge_id: Id
    service_id: Id
    qty: Quantity
    unit_price_paise: Paise
    total_paise: Paise
    service_on: date
    practitioner_id: Id | None = None
    reversal_of: Id | None = None


class PatientDischarged(Event, frozen=True, kw_only=True):
    """`los_days` counts the midnights of the stay."""

    retention: ClassVar = CARE_AND_RECORD
    discharged_at: Timestamp
    disposition: Disposition
    los_days: Count
    pii: SummaryPii | None = None


class AdmissionCancelled(Event, frozen=True, kw_only=True):
    retention: ClassVar = CARE
    reason: Text


class DischargeCancelled(Event, frozen=True, kw_only=True):
    """`at` is when the stay goes on, as BedOccupied has it."""

    retention: ClassVar = CARE
    bed_id: Id
    at: Timestamp


class AdmissionBilled(Event, frozen=True, kw_only=True):
    """What was paid in advance is `advance_applied_paise` of the invoice plus `excess_paise` to give back."""

    retention: ClassVar = CARE_AND_MONEY
    invoice_id: Id
    total_paise: Paise
    advance_applied_paise: Paise
    excess_paise: Paise


EVENTS: tuple[type[Event], ...] = (
    AdmissionRequested,
    AdmissionAccepted,
    PatientAdmitted,
    PatientTransferred,
    AdmissionUpdated,
    AdmissionChargePosted,
    PatientDischarged,
    AdmissionCancelled,
    DischargeCancelled,
    AdmissionBilled,
)
