"""A patient, a gateway and a server: booked with a deposit, moved late, cancelled, refunded, and by nobody else."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from pathlib import Path

from tests.serving import Home, serving
from tests.unit.event_store.clinic import PATIENT

GATEWAY_PAYMENT, GATEWAY_REFUND = "pay_gateway_1", "rfnd_gateway_1"


def booked(home: Home, token: str) -> None:
    """A slot in some hours, held and paid for; the payment confirms it."""
    hold = {
        "patient_id": "pat_asha",
        "slot_id": home.slot(after=timedelta(hours=6)),
        "service_id": "svc_consult",
        "visit_type": "new",
        "quoted_price_paise": 80_000,
        "channel": "portal",
    }
    answer = home.send("hold-appointment", hold, token, X_Aggregate_Id="appt_1", X_Channel="portal")
    assert answer.status_code == 200, answer.text
    (held,) = home.events("AppointmentHeld")
    order = {
        "patient_id": "pat_asha",
        "appointment_id": "appt_1",
        "purpose": "deposit",
        "amount_paise": held.deposit_required_paise,
        "mode": "upi",
        "gateway": "razorpay",
        "order_receipt": "receipt",
        "expires_at": held.hold_expires_at.isoformat(),
    }
    assert home.send("initiate-payment", order, token).status_code == 200
    (initiated,) = home.events("PaymentInitiated")
    paid = {
        "id": GATEWAY_PAYMENT,
        "order_id": initiated.order_id,
        "amount": initiated.amount_paise,
        "currency": "INR",
        "method": "upi",
    }
    for _ in range(2):  # a gateway delivers at least once
        assert home.webhook("payment.captured", "payment", paid, "evt_captured").status_code == 200
    home.until(lambda: home.events("AppointmentBooked"))


def moved_late(home: Home, token: str) -> None:
    move = {
        "appointment_id": "appt_1",
        "new_slot_id": home.slot(after=timedelta(days=3)),
        "initiator": "patient",
        "reason_code": "time_conflict",
    }
    answer = home.send("reschedule-appointment", move, token, If_Match="2")
    assert answer.status_code == 200, answer.text


def cancelled(home: Home, token: str) -> None:
    """Sent twice under one key, as a telephone does that has lost its answer."""
    cancel = {"appointment_id": "appt_1", "initiator": "patient", "reason_code": "cost"}
    answers = [home.send("cancel-appointment", cancel, token, Idempotency_Key="key_cancel").json() for _ in range(2)]
    assert [answer["status"] for answer in answers] == ["accepted", "duplicate"]


def refunded(home: Home) -> None:
    (initiated,) = home.until(lambda: home.events("RefundInitiated"))
    sent = {"id": GATEWAY_REFUND, "payment_id": GATEWAY_PAYMENT, "amount": 20_000, "receipt": initiated.refund_id}
    assert home.webhook("refund.processed", "refund", sent, "evt_refunded").status_code == 200


def test_book_move_cancel_refund(tmp_path: Path) -> None:
    with serving(tmp_path) as home:
        token = home.token(PATIENT)
        booked(home, token)
        moved_late(home, token)
        cancelled(home, token)
        refunded(home)
        assert home.stop() in (0, -15)
        log = home.log()
        assert "Traceback" not in home.output()

    about = [one for one in log if one.appointment_id == "appt_1" or one.payment_id]
    assert Counter(one.event_type for one in about) == Counter(
        [
            "AppointmentHeld",
            "PaymentInitiated",
            "PaymentCaptured",
            "AppointmentBooked",
            "AppointmentRescheduled",
            "AppointmentCancelled",
            "DepositForfeited",
            "RefundRequested",
            "RefundApproved",
            "RefundInitiated",
            "RefundProcessed",
        ]
    )
    (cancellation,) = home.events("AppointmentCancelled")
    # Three days ahead costs nothing; but it was moved there from tonight (R-POL-4).
    assert (cancellation.tier_bps, cancellation.eff_bps) == (0, 5_000)
    assert (cancellation.held_paise, cancellation.forfeit_paise, cancellation.refund_paise) == (40_000, 20_000, 20_000)
    (processed,) = home.events("RefundProcessed")
    assert (processed.amount_paise, processed.gateway_refund_id) == (20_000, GATEWAY_REFUND)
    assert {one.actor.id for one in about} == {
        "pat_asha",
        "integration:razorpay",
        "process:booking",
        "process:deposit_plan",
    }
