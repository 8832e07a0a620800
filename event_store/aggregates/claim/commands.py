"""What may be asked of a claim, and what its payer may say."""

from __future__ import annotations

from datetime import date
from typing import Annotated, ClassVar, Literal

from msgspec import Meta

from event_store.aggregates.claim.events import ClaimLine, Code, Disallowance, Outcome, Stage, Treatment, Utr
from mymedic.messages import Bps, Command, Id, LongText, Paise, PositivePaise, Text, Timestamp

# Bounds keep one message from being larger than any real one.
Texts = Annotated[tuple[Text, ...], Meta(max_length=100)]
Lines = Annotated[tuple[ClaimLine, ...], Meta(max_length=999)]
Reasons = Annotated[tuple[Disallowance, ...], Meta(max_length=999)]


class CheckCoverage(Command, frozen=True, kw_only=True):
    """C102. Without `claim_id` a new id is made; the id of the coverage always is. `branch_id` is whose desk asks."""

    who: ClassVar[frozenset[str]] = frozenset({"FD"})
    patient_id: Id
    payer_id: Id
    member_id: Text
    policy_no: Text
    claim_id: Id | None = None
    branch_id: Id | None = None


class RecordCoverage(Command, frozen=True, kw_only=True):
    """C103."""

    who: ClassVar[frozenset[str]] = frozenset({"IN"})
    coverage_id: Id
    active: bool
    sum_insured_paise: Paise
    balance_paise: Paise
    copay_bps: Bps
    room_cap_paise: Paise | None = None


class SubmitPreauth(Command, frozen=True, kw_only=True):
    """C104."""

    who: ClassVar[frozenset[str]] = frozenset({"FD", "FN"})
    claim_id: Id
    admission_id: Id
    payer_id: Id
    coverage_id: Id
    amount_paise: PositivePaise
    diagnosis: Texts = ()
    procedures: Texts = ()


class RecordPreauthDecision(Command, frozen=True, kw_only=True):
    """C105. `approved_paise` is cumulative and 0 when rejected; an approval has a `preauth_ref`."""

    who: ClassVar[frozenset[str]] = frozenset({"IN"})
    claim_id: Id
    outcome: Literal["approved", "rejected"]
    approved_paise: Paise = 0
    preauth_ref: Text | None = None
    reason_code: Text | None = None
    remarks: LongText | None = None


class RequestPreauthEnhancement(Command, frozen=True, kw_only=True):
    """C106."""

    who: ClassVar[frozenset[str]] = frozenset({"FN"})
    claim_id: Id
    additional_paise: PositivePaise
    reason: Code


class SubmitClaim(Command, frozen=True, kw_only=True):
    """C107. `lines` empty: the invoice as a whole; otherwise they add up to what is claimed."""

    who: ClassVar[frozenset[str]] = frozenset({"FN"})
    claim_id: Id
    invoice_id: Id
    claimed_paise: PositivePaise
    copay_paise: Paise
    lines: Lines = ()
    documents: Texts = ()


class RaiseClaimQuery(Command, frozen=True, kw_only=True):
    """C108."""

    who: ClassVar[frozenset[str]] = frozenset({"IN"})
    claim_id: Id
    query_id: Id
    text: LongText
    due_at: Timestamp
    stage: Stage


class AnswerClaimQuery(Command, frozen=True, kw_only=True):
    """C109."""

    who: ClassVar[frozenset[str]] = frozenset({"FD", "FN"})
    claim_id: Id
    query_id: Id
    documents: Texts = ()
    text: LongText


class RecordClaimDecision(Command, frozen=True, kw_only=True):
    """C110. The reasons add up to what is disallowed."""

    who: ClassVar[frozenset[str]] = frozenset({"IN"})
    claim_id: Id
    outcome: Outcome
    approved_paise: Paise
    disallowed_paise: Paise
    reasons: Reasons = ()


class RequestClaimReprocess(Command, frozen=True, kw_only=True):
    """C111."""

    who: ClassVar[frozenset[str]] = frozenset({"FN"})
    claim_id: Id
    grounds: Code
    amount_paise: PositivePaise


class RecordClaimSettlement(Command, frozen=True, kw_only=True):
    """C112. A person may leave out the tax and the net: the payer's rate of the gross, and what is left of it."""

    who: ClassVar[frozenset[str]] = frozenset({"IN", "FN"})
    claim_id: Id
    settlement_ref: Text
    gross_paise: PositivePaise
    tds_paise: Paise | None = None
    other_deduction_paise: Paise = 0
    net_paise: Paise | None = None
    utr: Utr
    paid_on: date


class CloseClaim(Command, frozen=True, kw_only=True):
    """C113."""

    who: ClassVar[frozenset[str]] = frozenset({"FN"})
    claim_id: Id
    disallowance_treatment: Treatment


class CancelClaim(Command, frozen=True, kw_only=True):
    """C114."""

    who: ClassVar[frozenset[str]] = frozenset({"FN"})
    claim_id: Id
    reason: Text
