"""Payments as events and commands with everything filled in but what a test is about."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from event_store.aggregates.cash_session.events import CashSessionOpened
from event_store.aggregates.invoice.events import InvoiceIssued, InvoiceLine
from event_store.aggregates.payment import commands as c
from event_store.aggregates.payment import events as e
from mymedic.errors import Refused
from mymedic.messages import Actor, Command
from tests.scenario import Scenario
from tests.unit.event_store.clinic import DEPOSIT, DESK, PATIENT, TIMER, a_clinic, hold, ist

GATEWAY = Actor(type="integration", id="gateway:razorpay", roles=("IN",))
SAGA = Actor(type="system", id="process:cancellation", roles=("SY",))
CANCELLATION = "pol_default_cancellation"


def a_booking_desk() -> Scenario:
    """Monday 10:00: Asha holds `appt_1`, Tuesday 18:00, and has paid nothing; drawer session `cash_1` is open."""
    world = a_clinic()
    world.when(hold(), actor=PATIENT, id="appt_1", channel="portal")
    world.given(
        "cash_session",
        "cash_1",
        CashSessionOpened(branch_id="brn_south", drawer_id="drw_1", opening_float_paise=50_000),
    )
    return world


def initiate(**changes: Any) -> c.InitiatePayment:
    fields: dict[str, Any] = {
        "patient_id": "pat_asha",
        "appointment_id": "appt_1",
        "purpose": "deposit",
        "amount_paise": DEPOSIT,
        "mode": "upi",
        "gateway": "razorpay",
        "order_receipt": "r1",
        "expires_at": ist(2, "10:15"),
    }
    return c.InitiatePayment(**{**fields, **changes})


def initiated(world: Scenario, payment_id: str = "pay_1", **changes: Any) -> Scenario:
    """A payment of the deposit of `appt_1` that the gateway is waiting for, order `order_<payment id>`."""
    fields: dict[str, Any] = {
        "payment_id": payment_id,
        "branch_id": "brn_south",
        "patient_id": "pat_asha",
        "appointment_id": "appt_1",
        "purpose": "deposit",
        "amount_paise": DEPOSIT,
        "mode": "upi",
        "channel": "gateway",
        "gateway": "razorpay",
        "order_id": f"order_{payment_id}",
        "order_receipt": "r1",
        "expires_at": ist(2, "10:15"),
    }
    return world.given("payment", payment_id, e.PaymentInitiated(**{**fields, **changes}))


def capture(payment_id: str | None = "pay_1", **changes: Any) -> c.CapturePayment:
    fields: dict[str, Any] = {
        "payment_id": payment_id,
        "gateway": "razorpay",
        "gateway_payment_id": f"gw_{payment_id}",
        "amount_paise": DEPOSIT,
        "captured_at": ist(2, "10:05"),
        "source": "webhook",
    }
    return c.CapturePayment(**{**fields, **changes})


def captured(world: Scenario, payment_id: str = "pay_1", amount_paise: int = DEPOSIT, **changes: Any) -> Scenario:
    """Money of Asha's in hand: by default online, for `appt_1`, captured now."""
    fields: dict[str, Any] = {
        "payment_id": payment_id,
        "branch_id": "brn_south",
        "patient_id": "pat_asha",
        "appointment_id": "appt_1",
        "purpose": "deposit",
        "amount_paise": amount_paise,
        "currency": "INR",
        "mode": "upi",
        "channel": "gateway",
        "gateway": "razorpay",
        "gateway_payment_id": f"gw_{payment_id}",
        "captured_at": world.now,
        "late_capture": False,
        "source": "webhook",
    }
    return world.given("payment", payment_id, e.PaymentCaptured(**{**fields, **changes}))


def counter(**changes: Any) -> c.RecordCounterPayment:
    fields: dict[str, Any] = {
        "patient_id": "pat_asha",
        "branch_id": "brn_south",
        "purpose": "deposit",
        "appointment_id": "appt_1",
        "amount_paise": DEPOSIT,
        "mode": "cash",
        "channel": "drawer",
    }
    return c.RecordCounterPayment(**{**fields, **changes})


def invoiced(world: Scenario, invoice_id: str = "inv_1", total: int = 80_000, patient_id: str = "pat_asha") -> Scenario:
    line = InvoiceLine(line_no=1, taxable_paise=total, gst_paise=0, total_paise=total)
    issued = InvoiceIssued(
        invoice_no=invoice_id,
        patient_id=patient_id,
        branch_id="brn_south",
        lines=(line,),
        total_paise=total,
        taxable_paise=total,
        gst_paise=0,
    )
    return world.given("invoice", invoice_id, issued)


def allocated(invoice_id: str, amount_paise: int) -> e.PaymentAllocated:
    return e.PaymentAllocated(allocation_id=f"alloc_{invoice_id}", invoice_id=invoice_id, amount_paise=amount_paise)


def forfeited(forfeit_id: str, amount_paise: int, gst_paise: int = 0) -> e.DepositForfeited:
    return e.DepositForfeited(
        forfeit_id=forfeit_id,
        appointment_id="appt_1",
        amount_paise=amount_paise,
        gst_paise=gst_paise,
        basis="late_cancel",
        policy_version_id=CANCELLATION,
    )


def refund(amount_paise: int, reason: e.RefundReason = "goodwill", **changes: Any) -> c.RequestRefund:
    fields: dict[str, Any] = {
        "payment_id": "pay_1",
        "refund_id": "rfd_1",
        "amount_paise": amount_paise,
        "reason": reason,
        "destination": "source",
    }
    return c.RequestRefund(**{**fields, **changes})


def requested(amount_paise: int, refund_id: str = "rfd_1", **changes: Any) -> e.RefundRequested:
    fields: dict[str, Any] = {
        "refund_id": refund_id,
        "amount_paise": amount_paise,
        "reason": "goodwill",
        "destination": "source",
        "appointment_id": "appt_1",
        "requested_by": DESK.id,
    }
    return e.RefundRequested(**{**fields, **changes})


def approved(refund_id: str = "rfd_1") -> e.RefundApproved:
    return e.RefundApproved(refund_id=refund_id, approval="auto")


def sent(refund_id: str = "rfd_1", attempt: int = 1) -> e.RefundInitiated:
    return e.RefundInitiated(refund_id=refund_id, attempt=attempt, speed="normal")


def failed(refund_id: str = "rfd_1", final: bool = False) -> e.RefundFailed:
    return e.RefundFailed(refund_id=refund_id, error_code="GATEWAY_ERROR", final=final)


def paid_out(refund_id: str = "rfd_1", **changes: Any) -> c.RecordRefundProcessed:
    fields: dict[str, Any] = {
        "payment_id": "pay_1",
        "refund_id": refund_id,
        "gateway_refund_id": f"gw_{refund_id}",
        "processed_at": ist(2, "12:00"),
    }
    return c.RecordRefundProcessed(**{**fields, **changes})


def dispute(amount_paise: int, dispute_id: str = "dsp_1", payment_id: str = "pay_1") -> c.OpenDispute:
    return c.OpenDispute(
        payment_id=payment_id,
        dispute_id=dispute_id,
        gateway_dispute_id=f"gw_{dispute_id}",
        amount_paise=amount_paise,
        phase="chargeback",
        respond_by=ist(9, "18:00"),
        deduct_at_onset=True,
    )


def resolve(outcome: e.DisputeOutcome, deducted: int, dispute_id: str = "dsp_1") -> c.ResolveDispute:
    return c.ResolveDispute(dispute_id=dispute_id, outcome=outcome, amount_deducted_paise=deducted)


def opened(amount_paise: int, dispute_id: str = "dsp_1") -> e.DisputeOpened:
    return e.DisputeOpened(
        dispute_id=dispute_id,
        gateway_dispute_id=f"gw_{dispute_id}",
        amount_paise=amount_paise,
        phase="chargeback",
        respond_by=ist(9, "18:00"),
        deduct_at_onset=True,
    )


def code_of(world: Scenario, command: Command, actor: Actor = TIMER, at: datetime | None = None) -> str:
    """The code with which a command is refused; nothing is recorded then."""
    if at is not None:
        world.at(at)
    before = len(world.log)
    with pytest.raises(Refused) as refusal:
        world.when(command, actor=actor)
    assert len(world.log) == before
    return refusal.value.code
