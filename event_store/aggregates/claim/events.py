"""What happens to a claim: an insurer's cover is checked, its word is asked for, and its money comes or does not."""

from __future__ import annotations

from datetime import date
from typing import Annotated, ClassVar, Literal

from msgspec import Meta

from mymedic.messages import Bps, Count, Event, Id, LongText, Paise, PositivePaise, Text, Timestamp, Value

# A code of the hospital's own list: text about a patient is sealed and never stands in its place. A payer's own codes
# are any text, because nobody asked us when they chose them.
Code = Annotated[str, Meta(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9][A-Za-z0-9_.:/-]*(?!\n)$")]
Utr = Annotated[str, Meta(pattern=r"^[A-Za-z0-9]{1,32}(?!\n)$")]
Stage = Literal["preauth", "claim"]
Outcome = Literal["approved", "partially_approved", "rejected"]
Treatment = Literal["write_off", "bill_patient"]
# What a payer does is recorded, whatever we hold true, with what is odd about it (R-CMD-7).
Flag = Literal["amount_mismatch", "exceeds_approved", "exceeds_claim", "unexpected_state"]

INSURANCE = ("insurance",)
MONEY = ("insurance", "financial_gst")


class CoveragePii(Value, frozen=True, kw_only=True):
    member_id: Text
    policy_no: Text


class DiagnosisPii(Value, frozen=True, kw_only=True):
    diagnosis: tuple[Text, ...]


class RemarksPii(Value, frozen=True, kw_only=True):
    remarks: LongText


class QueryPii(Value, frozen=True, kw_only=True):
    text: LongText


class ClaimLine(Value, frozen=True, kw_only=True):
    """What of a line of the invoice is asked of the payer."""

    line_no: Count
    amount_paise: PositivePaise


class Disallowance(Value, frozen=True, kw_only=True):
    code: Text
    amount_paise: PositivePaise


class CoverageEligibilityRequested(Event, frozen=True, kw_only=True):
    retention: ClassVar = INSURANCE
    claim_id: Id
    branch_id: Id | None = None
    coverage_id: Id
    patient_id: Id
    payer_id: Id
    pii: CoveragePii | None = None


class CoverageEligibilityRecorded(Event, frozen=True, kw_only=True):
    """The payer's answer; `room_cap_paise` is what it pays for a bed-day at most."""

    retention: ClassVar = INSURANCE
    coverage_id: Id
    active: bool
    sum_insured_paise: Paise
    balance_paise: Paise
    copay_bps: Bps
    room_cap_paise: Paise | None = None
    flags: tuple[Flag, ...] = ()


class PreauthSubmitted(Event, frozen=True, kw_only=True):
    retention: ClassVar = ("insurance", "hospital")
    branch_id: Id | None = None
    admission_id: Id
    payer_id: Id
    coverage_id: Id
    amount_paise: PositivePaise
    procedures: tuple[Text, ...] = ()
    pii: DiagnosisPii | None = None


class PreauthApproved(Event, frozen=True, kw_only=True):
    """`approved_paise` is cumulative: it replaces what was approved before."""

    retention: ClassVar = INSURANCE
    approved_paise: Paise
    preauth_ref: Text
    flags: tuple[Flag, ...] = ()
    pii: RemarksPii | None = None


class PreauthRejected(Event, frozen=True, kw_only=True):
    """Of the preauthorisation, or, once one is approved, of the enhancement that was asked for."""

    retention: ClassVar = INSURANCE
    reason_code: Text | None = None
    flags: tuple[Flag, ...] = ()
    pii: RemarksPii | None = None


class PreauthEnhancementRequested(Event, frozen=True, kw_only=True):
    retention: ClassVar = INSURANCE
    additional_paise: PositivePaise
    reason_code: Code


class ClaimSubmitted(Event, frozen=True, kw_only=True):
    """From here on the payer owes `claimed_paise` of the invoice (INV-P3); the copay stays with the patient."""

    retention: ClassVar = MONEY
    branch_id: Id | None = None
    admission_id: Id | None = None
    invoice_id: Id
    claimed_paise: PositivePaise
    copay_paise: Paise
    over_preauth: bool
    lines: tuple[ClaimLine, ...] = ()
    documents_n: Count | None = None


class ClaimQueried(Event, frozen=True, kw_only=True):
    retention: ClassVar = INSURANCE
    query_id: Id
    stage: Stage
    due_at: Timestamp
    flags: tuple[Flag, ...] = ()
    pii: QueryPii | None = None


class ClaimQueryAnswered(Event, frozen=True, kw_only=True):
    retention: ClassVar = INSURANCE
    query_id: Id
    documents_n: Count
    pii: QueryPii | None = None


class ClaimAdjudicated(Event, frozen=True, kw_only=True):
    """A decision about the amount under adjudication.

    `approved_paise` and `disallowed_paise` are never more than that amount (INV-C1). What a payer decided above it
    stands apart in the `excess_…` fields, and the event is flagged `exceeds_claim`; the `reasons` add up to all that
    was disallowed.
    """

    retention: ClassVar = MONEY
    outcome: Outcome
    approved_paise: Paise
    disallowed_paise: Paise
    reasons: tuple[Disallowance, ...] = ()
    excess_approved_paise: Paise | None = None
    excess_disallowed_paise: Paise | None = None
    flags: tuple[Flag, ...] = ()


class ClaimReprocessRequested(Event, frozen=True, kw_only=True):
    retention: ClassVar = INSURANCE
    amount_paise: PositivePaise
    grounds_code: Code


class ClaimSettled(Event, frozen=True, kw_only=True):
    """Money from the payer: `net_paise` reaches the bank, the tax goes to the tax office in our name."""

    retention: ClassVar = MONEY
    settlement_ref: Text
    gross_paise: PositivePaise
    tds_paise: Paise
    other_deduction_paise: Paise
    net_paise: Paise
    utr: Utr
    paid_on: date
    flags: tuple[Flag, ...] = ()


class ClaimClosed(Event, frozen=True, kw_only=True):
    """`residual_paise` is what the payer will not pay of the claim: written off, or the patient's again."""

    retention: ClassVar = MONEY
    treatment: Treatment
    residual_paise: Paise


class ClaimCancelled(Event, frozen=True, kw_only=True):
    """All that was claimed is the patient's to pay again."""

    retention: ClassVar = INSURANCE
    reason: Text


EVENTS: tuple[type[Event], ...] = (
    CoverageEligibilityRequested,
    CoverageEligibilityRecorded,
    PreauthSubmitted,
    PreauthApproved,
    PreauthRejected,
    PreauthEnhancementRequested,
    ClaimSubmitted,
    ClaimQueried,
    ClaimQueryAnswered,
    ClaimAdjudicated,
    ClaimReprocessRequested,
    ClaimSettled,
    ClaimClosed,
    ClaimCancelled,
)
