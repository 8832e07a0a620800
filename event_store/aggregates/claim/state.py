"""What a decision needs to know of a claim: how far it is, and the terms of INV-C1."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal

from msgspec import Struct, field

from event_store.aggregates.claim import events as e
from mymedic.deciding import Guard, GuardChange
from mymedic.lives import machine
from mymedic.messages import Event

Status = Literal[
    "draft",
    "eligibility_checked",
    "preauth_submitted",
    "preauth_queried",
    "preauth_approved",
    "preauth_rejected",
    "enhancement_submitted",
    "claim_submitted",
    "claim_queried",
    "approved",
    "partially_approved",
    "rejected",
    "reprocess_requested",
    "partially_settled",
    "settled",
    "closed",
    "cancelled",
]
# What a payer may query and has to decide, by stage; the queried status itself is told apart by `resume_status`.
AWAITING: dict[str, tuple[Status, ...]] = {
    "preauth": ("preauth_submitted", "enhancement_submitted"),
    "claim": ("claim_submitted", "reprocess_requested"),
}
QUERIED: dict[str, Status] = {"preauth": "preauth_queried", "claim": "claim_queried"}
PAYABLE = ("approved", "partially_approved", "partially_settled", "settled")
OVER = ("closed", "cancelled")


class Query(Struct):
    stage: e.Stage
    due_at: datetime
    is_open: bool = True


class Settlement(Struct, frozen=True):
    gross_paise: int
    tds_paise: int
    other_deduction_paise: int
    net_paise: int
    utr: str
    paid_on: date


class State(Struct):
    """Each `…_paise` is cumulative. `resume_status` is where a queried claim goes back to with the last answer."""

    exists: bool = False
    claim_id: str = ""
    coverage_id: str = ""
    patient_id: str = ""
    payer_id: str = ""
    branch_id: str | None = None
    admission_id: str | None = None
    invoice_id: str | None = None
    status: Status = "draft"
    resume_status: Status | None = None
    is_covered: bool = False
    copay_bps: int = 0  # the patient's share of a bill, as the payer said last
    requested_paise: int = 0
    enhancement_paise: int = 0  # of the requested, what is asked for on top and not decided yet
    preauth_paise: int = 0
    preauth_ref: str | None = None
    claimed_paise: int = 0
    copay_paise: int = 0
    approved_paise: int = 0
    disallowed_paise: int = 0
    last_decision: tuple[str, int, int] | None = None
    settlements: dict[str, Settlement] = field(default_factory=dict)
    queries: dict[str, Query] = field(default_factory=dict)
    treatment: e.Treatment | None = None
    residual_paise: int = 0

    @property
    def under_adjudication_paise(self) -> int:
        """What of the claimed the payer has still to decide (INV-C1)."""
        return self.claimed_paise - self.approved_paise - self.disallowed_paise

    @property
    def settled_gross_paise(self) -> int:
        return sum(one.gross_paise for one in self.settlements.values())

    @property
    def outstanding_paise(self) -> int:
        """What of the approved has not come; below zero when the payer has sent more than it approved."""
        return self.approved_paise - self.settled_gross_paise

    @property
    def to_come_paise(self) -> int:
        """As `outstanding_paise`, but nobody waits for the rest of a claim that is over; too much stays too much."""
        if self.status == "cancelled":
            return min(0, -self.settled_gross_paise)
        return min(0, self.outstanding_paise) if self.status == "closed" else self.outstanding_paise

    @property
    def query_due_at(self) -> datetime | None:
        """When the first of the payer's open queries has to be answered."""
        return min((query.due_at for query in self.queries.values() if query.is_open), default=None)

    def awaits(self, stage: e.Stage) -> bool:
        """Whether the payer owes a decision on this stage, or an answer of ours first."""
        return self.status in (*AWAITING[stage], QUERIED[stage])

    def claimed_of(self, invoice_id: str) -> int:
        """Paise of an invoice that this claim has moved to the payer and not given back (INV-P3)."""
        if invoice_id != self.invoice_id or self.status == "cancelled":
            return 0
        return self.claimed_paise - (self.residual_paise if self.treatment == "bill_patient" else 0)


def evolve(state: State, event: Event) -> None:
    """Fold one event into the state, in place."""
    match event:
        case e.CoverageEligibilityRequested():
            state.exists = True
            state.claim_id, state.coverage_id = event.claim_id, event.coverage_id
            state.patient_id, state.payer_id = event.patient_id, event.payer_id
            state.branch_id = event.branch_id
        case e.CoverageEligibilityRecorded():
            state.is_covered, state.copay_bps = event.active, event.copay_bps
            if state.status == "draft":
                state.status = "eligibility_checked"
        case e.ClaimQueried():
            if state.status in AWAITING[event.stage]:
                state.resume_status, state.status = state.status, QUERIED[event.stage]
            state.queries[event.query_id] = Query(event.stage, event.due_at)
        case e.ClaimQueryAnswered():
            _answer(state, event.query_id)
        case e.ClaimClosed():
            state.status, state.treatment, state.residual_paise = "closed", event.treatment, event.residual_paise
            _drop_queries(state, "preauth", "claim")
        case e.ClaimCancelled():
            state.status = "cancelled"
            _drop_queries(state, "preauth", "claim")
        case e.PreauthSubmitted() | e.PreauthApproved() | e.PreauthRejected() | e.PreauthEnhancementRequested():
            _evolve_preauth(state, event)
        case _:
            _evolve_money(state, event)


def _evolve_preauth(state: State, event: Event) -> None:
    match event:
        case e.PreauthSubmitted():
            state.status = "preauth_submitted"
            state.admission_id, state.branch_id = event.admission_id, event.branch_id or state.branch_id
            state.requested_paise = event.amount_paise
        case e.PreauthEnhancementRequested():
            state.status = "enhancement_submitted"
            state.enhancement_paise = event.additional_paise
            state.requested_paise += event.additional_paise
        case e.PreauthApproved():
            state.preauth_paise, state.preauth_ref = event.approved_paise, event.preauth_ref
            if state.awaits("preauth"):
                state.status, state.enhancement_paise = "preauth_approved", 0
                _drop_queries(state, "preauth")
        case e.PreauthRejected() if state.awaits("preauth"):
            # What was approved before stands; what was asked for on top of it is as if never asked for.
            state.status = "preauth_approved" if state.enhancement_paise else "preauth_rejected"
            state.requested_paise -= state.enhancement_paise
            state.enhancement_paise = 0
            _drop_queries(state, "preauth")


def _evolve_money(state: State, event: Event) -> None:
    match event:
        case e.ClaimSubmitted():
            state.status = "claim_submitted"
            state.invoice_id, state.branch_id = event.invoice_id, event.branch_id or state.branch_id
            state.admission_id = event.admission_id or state.admission_id
            state.claimed_paise, state.copay_paise = event.claimed_paise, event.copay_paise
            _drop_queries(state, "preauth")
        case e.ClaimAdjudicated():
            state.approved_paise += event.approved_paise
            state.disallowed_paise += event.disallowed_paise
            state.last_decision = (
                event.outcome,
                event.approved_paise + (event.excess_approved_paise or 0),
                event.disallowed_paise + (event.excess_disallowed_paise or 0),
            )
            if state.awaits("claim") and state.under_adjudication_paise == 0:
                state.status = _decided(state)
                _drop_queries(state, "claim")
        case e.ClaimReprocessRequested():
            state.status = "reprocess_requested"
            state.disallowed_paise -= event.amount_paise
        case e.ClaimSettled():
            state.settlements[event.settlement_ref] = Settlement(
                event.gross_paise,
                event.tds_paise,
                event.other_deduction_paise,
                event.net_paise,
                event.utr,
                event.paid_on,
            )
            if state.status in PAYABLE:
                state.status = _decided(state)


def _decided(state: State) -> Status:
    """Where a claim stands with everything decided: by all its decisions and settlements, not by the last one."""
    if state.approved_paise == 0:
        return "rejected"
    if state.settlements:
        return "settled" if state.outstanding_paise <= 0 else "partially_settled"
    return "partially_approved" if state.disallowed_paise else "approved"


def _answer(state: State, query_id: str) -> None:
    answered = state.queries[query_id]
    answered.is_open = False
    is_last = not any(query.is_open for query in state.queries.values() if query.stage == answered.stage)
    if is_last and state.status == QUERIED[answered.stage] and state.resume_status is not None:
        state.status, state.resume_status = state.resume_status, None


def _drop_queries(state: State, *stages: str) -> None:
    """Nobody waits for an answer any more."""
    state.resume_status = None
    for query in state.queries.values():
        if query.stage in stages:
            query.is_open = False


def guards(state: State, event: Event) -> GuardChange | None:
    """The unique facts that an event claims and gives back; `state` is the state before the event."""
    match event:
        case e.CoverageEligibilityRequested():
            return GuardChange(claim=[Guard("coverage", event.coverage_id)])
    return None


MACHINES = (
    machine(
        "Claim",
        """
        CoverageEligibilityRequested: - > draft
        CoverageEligibilityRecorded: draft > eligibility_checked
        PreauthSubmitted: eligibility_checked > preauth_submitted
        PreauthApproved: preauth_submitted enhancement_submitted preauth_queried > preauth_approved
        PreauthRejected: enhancement_submitted preauth_queried > preauth_approved
        PreauthRejected: preauth_submitted preauth_queried > preauth_rejected
        PreauthEnhancementRequested: preauth_approved > enhancement_submitted
        ClaimSubmitted: draft preauth_approved > claim_submitted
        ClaimQueried: claim_submitted reprocess_requested > claim_queried
        ClaimQueried: preauth_submitted enhancement_submitted > preauth_queried
        ClaimQueryAnswered: preauth_queried > preauth_submitted
        ClaimQueryAnswered: preauth_queried > enhancement_submitted
        ClaimQueryAnswered: claim_queried > claim_submitted
        ClaimQueryAnswered: claim_queried > reprocess_requested
        ClaimAdjudicated: claim_submitted claim_queried reprocess_requested > approved
        ClaimAdjudicated: claim_submitted claim_queried reprocess_requested > partially_approved
        ClaimAdjudicated: claim_submitted claim_queried reprocess_requested > partially_settled
        ClaimAdjudicated: claim_submitted claim_queried reprocess_requested > rejected
        ClaimAdjudicated: claim_submitted claim_queried reprocess_requested > settled
        ClaimReprocessRequested: partially_approved rejected > reprocess_requested
        ClaimSettled: approved partially_approved > partially_settled
        ClaimSettled: approved partially_approved partially_settled > settled
        ClaimClosed: partially_settled rejected settled > closed
        ClaimCancelled: draft eligibility_checked preauth_submitted preauth_queried preauth_approved > cancelled
        ClaimCancelled: preauth_rejected enhancement_submitted claim_submitted claim_queried > cancelled
        ClaimCancelled: approved partially_approved rejected reprocess_requested > cancelled
        """,
    ),
)
