"""Deliveries in any order, any number of times, end in the same money."""

from __future__ import annotations

from typing import Any

import pytest

from event_store.aggregates.payment.commands import FailPayment
from integrations.gateway.webhooks import deliver, retry_parked
from tests.unit.integrations.conftest import TENANT, Clinic
from tests.unit.integrations.gateway.deliveries import (
    GATEWAY_PAYMENT,
    GATEWAY_REFUND,
    SECRET,
    body,
    initiated,
    payment_body,
    refund_body,
    refund_going_out,
    send,
    signed,
)


def payment(clinic: Clinic, payment_id: str) -> Any:
    return clinic.desk.state(TENANT, "payment", payment_id)


def test_a_capture_is_recorded_and_says_what_caused_it(clinic: Clinic) -> None:
    payment_id, order_id = initiated(clinic)
    outcome = send(clinic, payment_body("payment.captured", order_id), "evt_1")
    assert (outcome.status, outcome.http_status, outcome.command) == ("applied", 200, "CapturePayment")
    (accepted,), (captured,) = clinic.events("GatewayWebhookAccepted"), clinic.events("PaymentCaptured")
    assert captured.causation_id == accepted.event_id
    event: Any = captured.event
    assert (event.amount_paise, event.gateway_payment_id, event.rrn) == (40_000, GATEWAY_PAYMENT, "412345678901")
    assert event.captured_at.isoformat() == "2026-11-06T04:31:00+00:00", "the gateway's own time"
    assert payment(clinic, payment_id).status == "captured"


def test_no_name_number_or_address_is_left_in_the_clear(clinic: Clinic) -> None:
    _, order_id = initiated(clinic)
    send(clinic, payment_body("payment.captured", order_id), "evt_1")
    with clinic.store.ledger.read() as reads:
        clear = " ".join(str(row) for row in reads.rows("SELECT payload FROM event"))
        sealed = b" ".join(pii for (pii,) in reads.rows("SELECT pii FROM event WHERE pii IS NOT NULL"))
    for personal in ("asha.rao", "9812345678"):
        assert personal not in clear and personal.encode() not in sealed


def test_authorised_then_captured(clinic: Clinic) -> None:
    payment_id, order_id = initiated(clinic)
    assert send(clinic, payment_body("payment.authorized", order_id), "evt_1").command == "RecordAuthorization"
    assert payment(clinic, payment_id).status == "authorized"
    send(clinic, payment_body("payment.captured", order_id), "evt_2")
    assert payment(clinic, payment_id).status == "captured"


def test_f09_captured_before_authorised_is_the_same(clinic: Clinic) -> None:
    payment_id, order_id = initiated(clinic)
    send(clinic, payment_body("payment.captured", order_id), "evt_2")
    assert send(clinic, payment_body("payment.authorized", order_id), "evt_1").status == "applied"
    assert payment(clinic, payment_id).status == "captured"


@pytest.mark.parametrize("times", [2, 3, 4])
def test_f08_the_same_delivery_again_counts_once(clinic: Clinic, times: int) -> None:
    _, order_id = initiated(clinic)
    raw = payment_body("payment.captured", order_id)
    outcomes = [send(clinic, raw, "evt_1") for _ in range(times)]
    assert [outcome.status for outcome in outcomes] == ["applied"] + ["duplicate"] * (times - 1)
    assert {outcome.http_status for outcome in outcomes} == {200}
    assert len(clinic.events("PaymentCaptured")) == 1
    assert len(clinic.events("GatewayWebhookDuplicated")) == times - 1


def test_f08_the_same_payment_under_a_new_event_id_counts_once(clinic: Clinic) -> None:
    _, order_id = initiated(clinic)
    raw = payment_body("payment.captured", order_id)
    assert [send(clinic, raw, event_id).status for event_id in ("evt_1", "evt_2")] == ["applied", "applied"]
    assert len(clinic.events("PaymentCaptured")) == 1


def test_without_an_event_id_the_body_tells_deliveries_apart(clinic: Clinic) -> None:
    _, order_id = initiated(clinic)
    raw = payment_body("payment.captured", order_id)
    assert [send(clinic, raw).status for _ in range(2)] == ["applied", "duplicate"]
    assert send(clinic, raw, "not an id!").status == "duplicate"


def test_an_event_id_used_for_another_body_hides_nothing(clinic: Clinic) -> None:
    """The header is not signed: with an old body, somebody could use up the id of a delivery still to come."""
    payment_id, order_id = initiated(clinic)
    send(clinic, payment_body("payment.authorized", order_id), "evt_of_the_capture")
    assert send(clinic, payment_body("payment.captured", order_id), "evt_of_the_capture").status == "applied"
    assert payment(clinic, payment_id).status == "captured"


def test_a_failed_attempt_and_why(clinic: Clinic) -> None:
    payment_id, order_id = initiated(clinic)
    raw = payment_body("payment.failed", order_id, error_code="BAD_REQUEST_ERROR", error_reason="payment_cancelled")
    assert send(clinic, raw, "evt_1").status == "applied"
    (failed,) = clinic.events("PaymentFailed")
    assert failed.event.decline_type == "user_cancelled"  # type: ignore[attr-defined]
    assert payment(clinic, payment_id).status == "failed"


def test_a_failure_overtaken_by_a_capture_waits_for_nothing(clinic: Clinic) -> None:
    payment_id, order_id = initiated(clinic)
    send(clinic, payment_body("payment.captured", order_id), "evt_2")
    outcome = send(clinic, payment_body("payment.failed", order_id), "evt_1")
    assert (outcome.status, outcome.http_status, outcome.code) == ("orphan", 200, "INVALID_STATE")
    assert payment(clinic, payment_id).status == "captured"


def test_a_refund_goes_out_and_is_reported(clinic: Clinic) -> None:
    payment_id, order_id = initiated(clinic)
    send(clinic, payment_body("payment.captured", order_id), "evt_1")
    refund_going_out(clinic, payment_id)
    assert send(clinic, refund_body(), "evt_2").status == "applied"
    (processed,) = clinic.events("RefundProcessed")
    event: Any = processed.event
    assert (event.refund_id, event.gateway_refund_id, event.arn_or_rrn) == ("rfd_1", GATEWAY_REFUND, "10000000000000")
    assert payment(clinic, payment_id).status == "partially_refunded"


@pytest.mark.parametrize(("error_code", "final"), [("GATEWAY_ERROR", False), ("BAD_REQUEST_ERROR", True)])
def test_a_refund_that_failed(clinic: Clinic, error_code: str, final: bool) -> None:
    payment_id, order_id = initiated(clinic)
    send(clinic, payment_body("payment.captured", order_id), "evt_1")
    refund_going_out(clinic, payment_id)
    send(clinic, refund_body("refund.failed", error_code=error_code), "evt_2")
    (failed,) = clinic.events("RefundFailed")
    assert failed.event.final is final  # type: ignore[attr-defined]


def test_f09_a_refund_reported_before_its_capture_waits_for_it(clinic: Clinic) -> None:
    payment_id, order_id = initiated(clinic)
    outcome = send(clinic, refund_body(), "evt_2")
    assert (outcome.status, outcome.http_status, outcome.code) == ("parked", 200, "NOT_FOUND")
    send(clinic, payment_body("payment.captured", order_id), "evt_1")
    assert clinic.desk.state(TENANT, "settlement_file", "inbox-razorpay").parked["evt_2"].attempt == 2
    refund_going_out(clinic, payment_id)
    assert retry_parked(clinic.desk, TENANT) == [], "its time has not come"
    (retried,) = retry_parked(clinic.later(minutes=5).desk, TENANT)
    assert (retried.status, retried.attempt) == ("applied", 2)
    assert payment(clinic, payment_id).refunds["rfd_1"].status == "processed"
    assert retry_parked(clinic.later(days=1).desk, TENANT) == []


def test_f09_what_waits_for_a_payment_is_applied_when_it_comes(clinic: Clinic) -> None:
    """A dispute overtakes the capture: nothing is missing but the capture, so no timer is waited for."""
    payment_id, order_id = initiated(clinic)
    dispute = {"id": "disp_1", "payment_id": GATEWAY_PAYMENT, "amount": 40_000, "phase": "chargeback"}
    assert send(clinic, body("payment.dispute.created", "dispute", dispute), "evt_2").status == "parked"
    send(clinic, payment_body("payment.captured", order_id), "evt_1")
    assert payment(clinic, payment_id).status == "disputed"
    lost = body("payment.dispute.lost", "dispute", dispute | {"amount_deducted": 40_000})
    assert send(clinic, lost, "evt_3").status == "applied"
    assert payment(clinic, payment_id).status == "charged_back"


def test_a_payment_of_nobody_ends_as_an_orphan_in_the_inbox(clinic: Clinic) -> None:
    raw = payment_body("payment.captured", "order_of_another_shop")
    assert send(clinic, raw, "evt_1").status == "parked"
    statuses = []
    for _ in range(20):
        statuses += [outcome.status for outcome in retry_parked(clinic.later(hours=6).desk, TENANT)]
    assert statuses == ["parked"] * 10 + ["orphan"]
    last: Any = clinic.events("GatewayWebhookAttempted")[-1].event
    assert (last.outcome, last.attempt, last.retry_at) == ("orphan", 11, None)
    assert clinic.events("PaymentCaptured") == []


def test_a_redelivery_of_a_parked_delivery_is_tried_at_once(clinic: Clinic) -> None:
    payment_id, order_id = initiated(clinic)
    send(clinic, payment_body("payment.captured", order_id), "evt_1")
    assert send(clinic, refund_body(), "evt_2").status == "parked"
    refund_going_out(clinic, payment_id)
    assert send(clinic, refund_body(), "evt_2").status == "applied"


def test_parked_deliveries_outlive_the_process(clinic: Clinic) -> None:
    """The body comes back from the sealed part of the inbox, not from memory."""
    payment_id, order_id = initiated(clinic)
    send(clinic, payment_body("payment.captured", order_id), "evt_1")
    send(clinic, refund_body(), "evt_2")
    refund_going_out(clinic, payment_id)
    from event_store.handle import Handler
    from mymedic.ids import DerivedIds

    clinic.later(minutes=2)
    restarted = Handler(clinic.store.ledger, clinic.store.vault, clinic.clock, DerivedIds())
    assert [outcome.status for outcome in retry_parked(restarted, TENANT)] == ["applied"]


def test_a_crash_between_recording_and_applying_is_healed_by_the_redelivery(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    payment_id, order_id = initiated(clinic)
    raw, sound = payment_body("payment.captured", order_id), clinic.desk.submit

    def crashing(envelope: Any) -> Any:
        if type(envelope.command).__name__ == "CapturePayment":
            raise KeyboardInterrupt
        return sound(envelope)

    monkeypatch.setattr(clinic.desk, "submit", crashing)
    with pytest.raises(KeyboardInterrupt):
        send(clinic, raw, "evt_1")
    monkeypatch.setattr(clinic.desk, "submit", sound)
    assert send(clinic, raw, "evt_1").status == "duplicate"
    assert payment(clinic, payment_id).status == "captured"


def test_a_capture_with_another_amount_is_kept_as_an_orphan(clinic: Clinic) -> None:
    _, order_id = initiated(clinic)
    send(clinic, payment_body("payment.captured", order_id), "evt_1")
    outcome = send(clinic, payment_body("payment.captured", order_id, amount=50_000), "evt_2")
    assert (outcome.status, outcome.code) == ("orphan", "PAYMENT_DUPLICATE")


@pytest.mark.parametrize(
    ("other", "code"),
    [
        ({"currency": "USD"}, "CURRENCY_UNSUPPORTED"),
        ({"amount": 400.5}, "VALIDATION_FAILED"),
        ({"amount": 10**20}, "VALIDATION_FAILED"),
        ({"amount": -1}, "VALIDATION_FAILED"),
        ({"amount": None}, "VALIDATION_FAILED"),
        ({"id": "no id!"}, "VALIDATION_FAILED"),
        ({"card": {"last4": "12345"}}, "VALIDATION_FAILED"),
    ],
)
def test_an_authentic_delivery_that_cannot_be_applied_is_kept(clinic: Clinic, other: dict[str, Any], code: str) -> None:
    payment_id, order_id = initiated(clinic)
    outcome = send(clinic, payment_body("payment.captured", order_id, **other), "evt_1")
    assert (outcome.status, outcome.http_status, outcome.code) == ("orphan", 200, code)
    assert len(clinic.events("GatewayWebhookAccepted")) == 1
    assert payment(clinic, payment_id).status == "initiated"


def test_an_event_that_asks_for_nothing_is_only_recorded(clinic: Clinic) -> None:
    raw = body("invoice.paid", "invoice", {"id": "inv_1"})
    assert [send(clinic, raw, "evt_1").status for _ in range(2)] == ["ignored", "duplicate"]
    (accepted,) = clinic.events("GatewayWebhookAccepted")
    assert accepted.event.translated_command is None  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"[]",
        b"{",
        b'{"event":5,"payload":{}}',
        b'{"event":"payment.captured","payload":{}}',
        b"\xff",
        b"[" * 9_999,
    ],
)
def test_an_authentic_body_that_is_no_webhook_is_refused(clinic: Clinic, raw: bytes) -> None:
    before = len(clinic.events())
    outcome = send(clinic, raw, "evt_1")
    assert (outcome.status, outcome.code) == ("refused", "VALIDATION_FAILED")
    assert len(clinic.events()) == before


def test_tenants_have_inboxes_of_their_own(clinic: Clinic) -> None:
    """An unknown tenant learns nothing of the known one's deliveries."""
    _, order_id = initiated(clinic)
    raw = payment_body("payment.captured", order_id)
    send(clinic, raw, "evt_1")
    outcome = deliver(clinic.desk, "ten_other", signed(raw, SECRET, "evt_1"), raw, secrets=[SECRET])
    assert (outcome.status, outcome.code) == ("refused", "NOT_FOUND")


def test_every_command_that_a_delivery_can_ask_for_is_open_to_the_gateway() -> None:
    from integrations.gateway.translate_webhook import MAKERS

    assert FailPayment in {command for command, _ in MAKERS.values()}
    assert all("IN" in command.who for command, _ in MAKERS.values())
