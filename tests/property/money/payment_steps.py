"""What can happen to payments next: each step asks for something that the present state allows, or nearly allows."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

from event_store.aggregates.cash_session.commands import RecordCashMovement
from event_store.aggregates.claim.commands import CancelClaim, CloseClaim, RecordClaimDecision, SubmitClaim
from event_store.aggregates.claim.events import CoverageEligibilityRequested, Disallowance
from event_store.aggregates.invoice.commands import CreditLine, IssueCreditNote, WriteOffBalance
from event_store.aggregates.payment import commands as c
from event_store.aggregates.payment.events import PaymentInitiated
from event_store.aggregates.payment.state import State as Payment
from mymedic.messages import Actor, Command
from mymedic.receivables import outstanding
from tests.property.money.world import World
from tests.unit.event_store.clinic import DESK, FINANCE, MANAGER, TIMER, ist
from tests.unit.event_store.payment.till import CANCELLATION, GATEWAY, SAGA

PAYER = Actor(type="integration", id="tpa:suraksha", roles=("IN",))
LATER = ist(9, "18:00")
SOON = ist(2, "10:15")
PAID = ist(2, "12:00")
# What may follow, by where a refund stands; money that leaves after we gave a refund up is a fact all the same.
REFUND_PATHS = {
    "requested": ("approve", "approve send", "approve send paid", "reject", "approve reject paid", "paid"),
    "approved": ("send", "send paid", "send fail send paid", "send paid_cash", "send give_up paid", "reject", "paid"),
    "initiated": ("paid", "paid paid", "paid_cash", "fail", "give_up", "fail send paid", "fail send give_up"),
    "failed": ("send paid", "send fail", "send give_up", "give_up", "paid"),
    "rejected": ("paid", "send", "approve"),
    "given_up": ("paid", "send"),
    "processed": ("paid", "fail", "give_up"),
}


class Steps:
    """One history after another, drawn from one seed."""

    def __init__(self, world: World, seed: int) -> None:
        self.world = world
        self.draw = Random(seed)
        self.random = self.draw.random
        self.steps: tuple[Callable[[], Any], ...] = (
            *(self.pay_online, self.pay_at_the_counter, self.hear_again, self.dispute, self.reverse, self.claim),
            *(self.credit, self.write_off, self.move_cash, self.end_claim, self.look_into_dispute),
            *(self.deallocate, self.forfeit, self.reverse_forfeit, self.resolve) * 2,
            *(self.allocate, self.refund) * 3,
            *(self.follow_a_refund,) * 4,
        )

    def history(self, length: int) -> None:
        """A new history: money comes in, and then so many times whatever may happen to it."""
        self.world.begin()
        self.pay_online() if self.random() < 0.7 else self.pay_at_the_counter()
        for _ in range(length):
            self.one_of(self.steps)()

    def one_of(self, things: Any) -> Any:
        return things[int(self.random() * len(things))]

    def part(self, limit: int) -> int:
        """Some of it, all of it, or, seldom, one paisa too much."""
        kind = self.random()
        if kind < 0.5:
            return max(1, int(limit * self.random()))
        return limit + (kind > 0.97) or 1

    def payment(self, wanted: Callable[[Payment], object]) -> Payment | None:
        found = [one for one in self.world.payments.values() if wanted(one)]
        return self.one_of(found) if found else None

    def new(self, prefix: str) -> str:
        return self.world.new_id(prefix)

    def pay_online(self) -> None:
        live = self.world.holder("live_payment", "appt_1#procedure")
        if live is not None:
            self.capture(live, f"gw_{live}", self.world.payments[live].initiated_paise)
        if len(self.world.payments) > 2:
            return
        payment_id, amount = self.new("pay"), 1 + int(self.random() ** 2 * 900_000)
        kind = self.random()
        is_expired = 0.1 < kind < 0.2
        initiated = PaymentInitiated(
            payment_id=payment_id,
            branch_id="brn_south",
            patient_id="pat_asha",
            appointment_id="appt_1",
            purpose="procedure",
            amount_paise=amount,
            mode="upi",
            channel="gateway",
            gateway="razorpay",
            order_id=f"order_{payment_id}",
            order_receipt="r1",
            expires_at=self.world.now if is_expired else SOON,
        )
        self.world.give("payment", payment_id, initiated)
        if kind < 0.1:
            failing = c.FailPayment(
                payment_id=payment_id, error_code="X", error_source="bank", decline_type="technical"
            )
            self.world.ask(failing, GATEWAY)
        elif is_expired:
            self.world.ask(c.ExpirePayment(payment_id=payment_id), TIMER)
        elif kind < 0.3:
            self.world.ask(
                c.RecordAuthorization(payment_id=payment_id, gateway_payment_id="gw", authorized_at=SOON), GATEWAY
            )
        if kind < 0.97:
            self.capture(payment_id, f"gw_{payment_id}", amount + (kind > 0.93))

    def capture(self, payment_id: str, gateway_payment_id: str, amount: int) -> None:
        command = c.CapturePayment(
            payment_id=payment_id,
            gateway="razorpay",
            gateway_payment_id=gateway_payment_id,
            amount_paise=amount,
            rrn=f"6123456789{int(self.random() * 3):02d}" if self.random() < 0.4 else None,
            captured_at=SOON,
            source="webhook",
        )
        self.world.ask(command, GATEWAY)

    def hear_again(self) -> None:
        """The same capture once more, or a second one of the same order: money of its own."""
        payment = self.payment(lambda one: one.order_id and one.captured_paise)
        if payment is not None and payment.gateway_payment_id is not None:
            is_second = self.random() < 0.5 and len(self.world.payments) < 4
            gateway_payment_id = self.new("gw") if is_second else payment.gateway_payment_id
            self.capture(payment.payment_id, gateway_payment_id, payment.captured_paise)

    def pay_at_the_counter(self) -> None:
        if len(self.world.payments) > 2:
            return
        is_cash = self.random() < 0.6
        command = c.RecordCounterPayment(
            patient_id="pat_asha",
            branch_id="brn_south",
            purpose="procedure",
            appointment_id="appt_1",
            amount_paise=1 + int(self.random() ** 2 * 300_000),
            mode="cash" if is_cash else "upi",
            channel="drawer" if is_cash else "static_qr",
            cash_session_id="cash_1" if is_cash else None,
            rrn=None if is_cash else f"6123456789{int(self.random() * 3):02d}",
        )
        self.world.ask(command, DESK)

    def allocate(self) -> None:
        payment = self.payment(lambda one: one.available_paise)
        invoice_id = self.one_of(("inv_1", "inv_2"))
        due = outstanding(self.world, invoice_id)
        if payment is not None and due:
            amount = self.part(min(payment.available_paise, due))
            command = c.AllocatePayment(payment_id=payment.payment_id, invoice_id=invoice_id, amount_paise=amount)
            self.world.ask(command, DESK)

    def deallocate(self) -> None:
        payment = self.payment(lambda one: one.allocations)
        if payment is not None:
            invoice_id = self.one_of(payment.allocations).invoice_id
            amount = self.part(payment.allocated_to(invoice_id))
            command = c.DeallocatePayment(
                payment_id=payment.payment_id, invoice_id=invoice_id, amount_paise=amount, reason="r"
            )
            self.world.ask(command, FINANCE)

    def forfeit(self) -> None:
        payment = self.payment(lambda one: one.available_paise and not one.late_capture)
        if payment is not None:
            command = c.ForfeitDeposit(
                payment_id=payment.payment_id,
                appointment_id="appt_1",
                amount_paise=self.part(payment.available_paise),
                gst_paise=0,
                policy_version_id=CANCELLATION,
                basis="no_show",
            )
            self.world.ask(command, SAGA)

    def reverse_forfeit(self) -> None:
        payment = self.payment(lambda one: one.forfeits)
        if payment is not None:
            forfeit_id = self.one_of(list(payment.forfeits))
            self.world.ask(c.ReverseForfeit(payment_id=payment.payment_id, forfeit_id=forfeit_id, reason="r"), FINANCE)

    def reverse(self) -> None:
        payment = self.payment(lambda one: one.captured_paise and one.captured_paise == one.available_paise)
        if payment is not None:
            self.world.ask(c.ReversePayment(payment_id=payment.payment_id, reason="entry_error"), FINANCE)

    def refund(self) -> None:
        payment = self.payment(lambda one: one.available_paise and not one.has_open_dispute)
        if payment is None:
            return
        command = c.RequestRefund(
            payment_id=payment.payment_id,
            refund_id=self.new("rfd"),
            amount_paise=self.part(payment.available_paise),
            reason=self.one_of(("policy_cancel", "goodwill", "duplicate_capture")),
            destination=self.one_of(("source", "source", "cash", "bank_transfer")),
        )
        self.world.ask(command, self.one_of((DESK, SAGA)))

    def follow_a_refund(self) -> None:
        payment = self.payment(lambda one: one.refunds)
        if payment is None:
            return
        refund_id, refund = self.one_of(list(payment.refunds.items()))
        ids = {"payment_id": payment.payment_id, "refund_id": refund_id}
        for step in self.one_of(REFUND_PATHS[refund.status]).split():
            self.world.ask(*_of_a_refund(step, ids))

    def dispute(self) -> None:
        payment = self.payment(lambda one: one.captured_paise)
        if payment is None:
            return
        dispute_id = self.new("dsp")
        command = c.OpenDispute(
            payment_id=payment.payment_id,
            dispute_id=dispute_id,
            gateway_dispute_id=f"gw_{dispute_id}",
            amount_paise=self.part(payment.captured_paise) * (2 if self.random() < 0.1 else 1),
            phase="chargeback",
            respond_by=LATER,
            deduct_at_onset=self.random() < 0.5,
        )
        self.world.ask(command, GATEWAY)

    def _disputed(self) -> str | None:
        payment = self.payment(lambda one: one.has_open_dispute)
        if payment is None:
            return None
        return str(self.one_of([id for id, dispute in payment.disputes.items() if dispute.outcome is None]))

    def look_into_dispute(self) -> None:
        dispute_id = self._disputed()
        if dispute_id is not None:
            self.world.ask(c.UpdateDispute(dispute_id=dispute_id, status="under_review"), FINANCE)

    def resolve(self) -> None:
        dispute_id = self._disputed()
        if dispute_id is not None:
            payment = self.world.payments[self.world.holder("dispute", dispute_id) or ""]
            outcome = self.one_of(("won", "lost", "lost", "closed"))
            deducted = self.part(payment.disputes[dispute_id].amount_paise) if outcome == "lost" else 0
            command = c.ResolveDispute(dispute_id=dispute_id, outcome=outcome, amount_deducted_paise=deducted)
            self.world.ask(command, GATEWAY)

    def credit(self) -> None:
        invoice_id = self.one_of(("inv_1", "inv_2"))
        left = self.world.state("invoice", invoice_id).lines[1].total_paise
        if left:
            line = CreditLine(line_no=1, amount_paise=self.part(left))
            self.world.ask(IssueCreditNote(invoice_id=invoice_id, lines=(line,), reason="r"), FINANCE)

    def write_off(self) -> None:
        invoice_id = self.one_of(("inv_1", "inv_2"))
        due = outstanding(self.world, invoice_id)
        if due:
            amount = self.part(min(due, 20_000))
            self.world.ask(WriteOffBalance(invoice_id=invoice_id, amount_paise=amount, reason="r"), FINANCE)

    def claim(self) -> None:
        """A reimbursement: a part of an invoice goes to a payer."""
        invoice_id = self.one_of(("inv_1", "inv_2"))
        due = outstanding(self.world, invoice_id)
        if not due or len(self.world.claims) > 1:
            return
        claim_id = self.new("clm")
        asked = CoverageEligibilityRequested(
            claim_id=claim_id, coverage_id=f"cov_{claim_id}", patient_id="pat_asha", payer_id="pyr_1"
        )
        self.world.give("claim", claim_id, asked)
        command = SubmitClaim(claim_id=claim_id, invoice_id=invoice_id, claimed_paise=self.part(due), copay_paise=0)
        self.world.ask(command, FINANCE)

    def end_claim(self) -> None:
        open_claims = [one for one in self.world.claims.values() if one.status in ("claim_submitted", "rejected")]
        if not open_claims:
            return
        claim = self.one_of(open_claims)
        if self.random() < 0.4:
            self.world.ask(CancelClaim(claim_id=claim.claim_id, reason="r"), FINANCE)
            return
        left = claim.under_adjudication_paise
        if left:
            reasons = (Disallowance(code="X", amount_paise=left),)
            decided = RecordClaimDecision(
                claim_id=claim.claim_id,
                outcome="rejected",
                approved_paise=0,
                disallowed_paise=left,
                reasons=reasons,
            )
            self.world.ask(decided, PAYER)
        treatment = self.one_of(("bill_patient", "write_off"))
        self.world.ask(CloseClaim(claim_id=claim.claim_id, disallowance_treatment=treatment), FINANCE)

    def move_cash(self) -> None:
        kind = self.one_of(("petty_expense", "float_in", "bank_drop"))
        amount = self.part(self.world.cash or 1)
        command = RecordCashMovement(cash_session_id="cash_1", kind=kind, amount_paise=amount, reference="r")
        self.world.ask(command, DESK)


def _of_a_refund(step: str, ids: dict[str, str]) -> tuple[Command, Actor]:
    match step:
        case "approve":
            return c.ApproveRefund(**ids), MANAGER
        case "reject":
            return c.RejectRefund(**ids), FINANCE
        case "send":
            return c.InitiateRefund(speed="normal", **ids), SAGA
        case "fail" | "give_up":
            return c.RecordRefundFailed(error_code="X", final=step == "give_up", **ids), GATEWAY
        case "paid":
            paid = c.RecordRefundProcessed(gateway_refund_id=f"gw_{ids['refund_id']}", processed_at=PAID, **ids)
            return paid, GATEWAY
    return c.RecordRefundProcessed(processed_at=PAID, **ids), DESK
