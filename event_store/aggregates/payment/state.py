"""What a decision needs to know of a payment: the terms of INV-P1 and where each of them comes from."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from msgspec import Struct, field

from event_store.aggregates.payment import events as e
from mymedic.deciding import Context, Guard, GuardChange
from mymedic.lives import machine
from mymedic.messages import Event

RefundStatus = Literal["requested", "approved", "initiated", "processed", "failed", "rejected", "given_up"]
LIVE = ("initiated", "authorized")


class Allocation(Struct):
    invoice_id: str
    amount_paise: int


class Forfeit(Struct):
    amount_paise: int
    gst_paise: int
    is_reversed: bool = False


class Refund(Struct):
    amount_paise: int
    reason: e.RefundReason
    destination: e.Destination
    requested_by: str | None
    status: RefundStatus = "requested"
    attempts: int = 0
    gateway_refund_id: str | None = None

    @property
    def is_reserved(self) -> bool:
        """Whether the money is set aside or gone: from the request until it is rejected or finally failed."""
        return self.status not in ("rejected", "given_up")


class Dispute(Struct):
    amount_paise: int
    outcome: e.DisputeOutcome | None = None  # None while it is open
    uncovered_paise: int = 0  # of what the bank took: had been promised or paid to the payer already


class State(Struct):
    exists: bool = False
    payment_id: str = ""
    branch_id: str | None = None
    patient_id: str = ""
    appointment_id: str | None = None
    invoice_id: str | None = None
    admission_id: str | None = None
    purpose: e.Purpose | None = None
    mode: e.Mode | None = None
    channel: e.Channel | None = None
    gateway: str | None = None
    gateway_payment_id: str | None = None
    order_id: str | None = None
    rrn: str | None = None
    cash_session_id: str | None = None
    expires_at: datetime | None = None
    captured_at: datetime | None = None
    late_capture: bool = False
    progress: Literal["initiated", "authorized", "captured", "failed", "expired"] = "initiated"
    initiated_paise: int = 0
    captured_paise: int = 0
    reversed_paise: int = 0
    dispute_lost_covered_paise: int = 0
    allocations: list[Allocation] = field(default_factory=list)  # oldest first
    forfeits: dict[str, Forfeit] = field(default_factory=dict)  # oldest first
    refunds: dict[str, Refund] = field(default_factory=dict)
    disputes: dict[str, Dispute] = field(default_factory=dict)

    # Most payments have none of these, and every fold of a payment asks for all of them.

    @property
    def allocated_paise(self) -> int:
        return sum([allocation.amount_paise for allocation in self.allocations])

    @property
    def forfeited_paise(self) -> int:
        if not self.forfeits:
            return 0
        return sum(forfeit.amount_paise for forfeit in self.forfeits.values() if not forfeit.is_reversed)

    @property
    def refunded_or_reserved_paise(self) -> int:
        if not self.refunds:
            return 0
        return sum(refund.amount_paise for refund in self.refunds.values() if refund.is_reserved)

    @property
    def refunded_paise(self) -> int:
        if not self.refunds:
            return 0
        return sum(refund.amount_paise for refund in self.refunds.values() if refund.status == "processed")

    @property
    def open_dispute_paise(self) -> int:
        if not self.disputes:
            return 0
        return sum(dispute.amount_paise for dispute in self.disputes.values() if dispute.outcome is None)

    @property
    def has_open_dispute(self) -> bool:
        return bool(self.disputes) and any(dispute.outcome is None for dispute in self.disputes.values())

    @property
    def dispute_uncovered_paise(self) -> int:
        return sum(dispute.uncovered_paise for dispute in self.disputes.values())

    @property
    def available_paise(self) -> int:
        """What nothing else has a claim on (INV-P1); an open dispute takes nothing until it is lost."""
        return (
            self.captured_paise
            - self.allocated_paise
            - self.refunded_or_reserved_paise
            - self.forfeited_paise
            - self.reversed_paise
            - self.dispute_lost_covered_paise
        )

    @property
    def held_paise(self) -> int:
        """This payment's part of `held` in R-POL-2: available, less what is under dispute (R-POL-9)."""
        return max(0, self.available_paise - self.open_dispute_paise)

    @property
    def status(self) -> str:
        """One word for the payment; where several hold, the one that a person has to act on first."""
        if self.progress != "captured":
            return self.progress
        if self.reversed_paise:
            return "reversed"
        if self.has_open_dispute:
            return "disputed"
        if self.disputes and any(dispute.outcome == "lost" for dispute in self.disputes.values()):
            return "charged_back"
        refunded = self.refunded_paise
        if refunded:
            return "refunded" if refunded >= self.captured_paise else "partially_refunded"
        return "captured"

    def allocated_to(self, invoice_id: str) -> int:
        """Paise of this payment that stand against an invoice."""
        return sum(a.amount_paise for a in self.allocations if a.invoice_id == invoice_id)

    def allocate(self, context: Context, invoice_id: str, amount_paise: int) -> e.PaymentAllocated:
        """The event that puts paise of this payment against an invoice; the caller has seen that they are free."""
        allocation_id = context.new_id("alloc")
        return e.PaymentAllocated(allocation_id=allocation_id, invoice_id=invoice_id, amount_paise=amount_paise)

    def deallocate(self, invoice_id: str, amount_paise: int, reason: str) -> e.PaymentDeallocated:
        """The event that takes paise of this payment back from an invoice."""
        return e.PaymentDeallocated(invoice_id=invoice_id, amount_paise=amount_paise, reason=reason)


def evolve(state: State, event: Event) -> None:
    """Fold one event into the state, in place."""
    match event:
        case e.PaymentInitiated():
            _keep_subject(state, event)
            state.initiated_paise, state.expires_at = event.amount_paise, event.expires_at
        case e.PaymentAuthorized():
            state.progress = "authorized"
        case e.PaymentCaptured():
            _keep_subject(state, event)
            _capture(state, event)
        case e.PaymentFailed():
            state.progress = "failed"
        case e.PaymentExpired():
            state.progress = "expired"
        case e.PaymentAllocated():
            state.allocations.append(Allocation(event.invoice_id, event.amount_paise))
        case e.PaymentDeallocated():
            _deallocate(state, event)
        case e.PaymentReversed():
            state.reversed_paise = event.amount_paise
        case e.DepositForfeited():
            state.forfeits[event.forfeit_id] = Forfeit(event.amount_paise, event.gst_paise)
        case e.DepositForfeitReversed():
            state.forfeits[event.forfeit_id].is_reversed = True
        case _:
            _evolve_return(state, event)


def _evolve_return(state: State, event: Event) -> None:
    """Refunds and disputes: the two ways in which money goes back."""
    match event:
        case e.RefundRequested(refund_id=id, amount_paise=amount):
            state.refunds[id] = Refund(amount, event.reason, event.destination, event.requested_by)
        case e.RefundApproved():
            state.refunds[event.refund_id].status = "approved"
        case e.RefundRejected():
            state.refunds[event.refund_id].status = "rejected"
        case e.RefundInitiated():
            state.refunds[event.refund_id].status = "initiated"
            state.refunds[event.refund_id].attempts = event.attempt
        case e.RefundProcessed():
            state.refunds[event.refund_id].status = "processed"
            state.refunds[event.refund_id].gateway_refund_id = event.gateway_refund_id
        case e.RefundFailed():
            state.refunds[event.refund_id].status = "given_up" if event.final else "failed"
        case e.DisputeOpened():
            state.disputes[event.dispute_id] = Dispute(event.amount_paise)
        case e.DisputeResolved():
            state.disputes[event.dispute_id].outcome = event.outcome
            state.disputes[event.dispute_id].uncovered_paise = event.uncovered_paise
            state.dispute_lost_covered_paise += event.covered_paise


def _keep_subject(state: State, event: e.PaymentInitiated | e.PaymentCaptured) -> None:
    state.exists = True
    state.payment_id = event.payment_id or state.payment_id
    state.branch_id = event.branch_id or state.branch_id
    state.patient_id = event.patient_id
    state.appointment_id = event.appointment_id
    state.invoice_id = event.invoice_id
    state.admission_id = event.admission_id
    state.purpose = event.purpose
    state.mode = event.mode
    state.channel = event.channel
    state.gateway = event.gateway
    state.order_id = event.order_id


def _capture(state: State, event: e.PaymentCaptured) -> None:
    state.progress = "captured"
    state.captured_paise = event.amount_paise
    state.captured_at = event.captured_at
    state.late_capture = event.late_capture
    state.gateway_payment_id = event.gateway_payment_id
    state.rrn = event.rrn
    state.cash_session_id = event.cash_session_id


def _deallocate(state: State, event: e.PaymentDeallocated) -> None:
    left = event.amount_paise
    for allocation in reversed(state.allocations):
        if allocation.invoice_id == event.invoice_id:
            taken = min(left, allocation.amount_paise)
            allocation.amount_paise -= taken
            left -= taken
    state.allocations = [allocation for allocation in state.allocations if allocation.amount_paise]


def guards(state: State, event: Event) -> GuardChange | None:
    """The unique facts that an event claims and gives back; `state` is the state before the event."""
    if isinstance(event, e.PaymentInitiated):
        claim = [Guard("order", event.order_id)]
        if event.appointment_id:
            claim.append(Guard("live_payment", f"{event.appointment_id}#{event.purpose}"))
        return GuardChange(claim=claim)
    if isinstance(event, e.PaymentCaptured):
        claim = []
        if event.gateway_payment_id:
            claim.append(Guard("gateway_payment", f"{event.gateway}#{event.gateway_payment_id}"))
        if event.rrn:
            claim.append(Guard("rrn", event.rrn))
        return GuardChange(claim=claim, release=_live_payment(state))
    if isinstance(event, e.PaymentFailed | e.PaymentExpired):
        return GuardChange(release=_live_payment(state))
    if isinstance(event, e.PaymentReversed) and state.rrn:
        # An entry error is entered again with the same bank reference.
        return GuardChange(release=[Guard("rrn", state.rrn)])
    if isinstance(event, e.DisputeOpened):
        return GuardChange(claim=[Guard("dispute", event.dispute_id)])
    return None


def _live_payment(state: State) -> list[Guard]:
    if state.exists and state.progress in LIVE and state.appointment_id:
        return [Guard("live_payment", f"{state.appointment_id}#{state.purpose}")]
    return []


MACHINES = (
    machine(
        "Payment",
        """
        PaymentInitiated: - > initiated
        PaymentAuthorized: initiated > authorized
        PaymentCaptured: - initiated authorized failed expired > captured
        PaymentFailed: initiated authorized > failed
        PaymentExpired: initiated > expired
        PaymentReversed: captured > reversed
        RefundProcessed: captured > partially_refunded
        RefundProcessed: captured partially_refunded > refunded
        DisputeOpened: captured partially_refunded refunded charged_back > disputed
        DisputeResolved: disputed > captured
        DisputeResolved: disputed > partially_refunded
        DisputeResolved: disputed > refunded
        DisputeResolved: disputed > charged_back
        """,
    ),
    machine(
        "Refund",
        """
        RefundRequested: - > requested
        RefundApproved: requested > approved
        RefundRejected: requested approved > rejected
        RefundInitiated: approved failed > initiated
        RefundProcessed: requested approved initiated failed > processed
        RefundFailed: initiated > failed
        RefundFailed: initiated failed > given_up
        """,
        lambda state: {id: refund.status for id, refund in state.refunds.items()},
    ),
    machine(
        "Dispute",
        """
        DisputeOpened: - > open
        DisputeResolved: open > closed
        DisputeResolved: open > lost
        DisputeResolved: open > won
        """,
        lambda state: {id: dispute.outcome or "open" for id, dispute in state.disputes.items()},
    ),
)
