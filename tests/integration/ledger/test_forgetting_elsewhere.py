"""What banks and gateways say about a person stands under keys of its own, and goes with them: on every database."""

from __future__ import annotations

from typing import Any

import pytest

from event_store.aggregates.bank_statement.commands import BankLine
from event_store.aggregates.data_subject.commands import ApproveErasure, ExecuteDestruction, RequestErasure
from event_store.aggregates.data_subject.events import DestructionExecuted
from event_store.aggregates.tenant.commands import RegisterTenant
from event_store.ledger.verify import verify_chain
from tests.integration.ledger.conftest import Bench
from tests.unit.event_store.bank_statement.test_ingest_bank_statement import line, statement
from tests.unit.integrations.conftest import TENANT, Clinic
from tests.unit.integrations.gateway.deliveries import (
    initiated,
    payment_body,
    refund_body,
    refund_going_out,
    send,
)

RRN, ARN = "412345678901", "10000000000000"


@pytest.fixture
def clinic(bench: Bench) -> Clinic:
    clinic = Clinic(bench.store, bench.clock)
    clinic.ask(RegisterTenant(name="Doors", kind="chain", state_code="MH"), "EN", id=TENANT)
    return clinic


def erase(clinic: Clinic, patient_id: str) -> DestructionExecuted:
    clinic.later(days=8 * 366)
    clinic.ask(RequestErasure(patient_id=patient_id, scope="full", requested_by=patient_id, request_id="dst_1"), "CM")
    clinic.ask(ApproveErasure(request_id="dst_1"), "AU")
    clinic.later(hours=48).ask(ExecuteDestruction(request_id="dst_1"), "EN")
    event = clinic.events("DestructionExecuted")[0].event
    assert isinstance(event, DestructionExecuted)
    return event


def paid_by_upi(amount: int, reference: str, **other: Any) -> BankLine:
    fields = {"narration": f"UPI/{reference}/ASHA RAO", "counterparty_class": "upi_qr"}
    return line(amount, **(fields | {"rrn": reference} | other))


def is_sealed(clinic: Clinic, aggregate: str, event_type: str) -> list[bool]:
    """Of every such event, in order: whether its sealed part is there, and can be opened."""
    opened: list[Any] = [
        clinic.desk.opened(TENANT, aggregate, one.stream_id.partition("-")[2], one.stream_version)
        for one in clinic.events(event_type)
    ]
    return [event.pii is not None for event in opened]


def webhooks(clinic: Clinic) -> list[bool]:
    return is_sealed(clinic, "settlement_file", "GatewayWebhookAccepted")


def bank_lines(clinic: Clinic) -> list[bool]:
    return is_sealed(clinic, "bank_statement", "BankLineRecorded")


def test_webhooks_and_bank_lines_of_an_erased_person_are_unsealed(clinic: Clinic) -> None:
    payment_id, order_id = initiated(clinic)
    failed = payment_body("payment.failed", order_id, id="pay_Declined00001")
    captured = payment_body("payment.captured", order_id)
    of_others = payment_body("payment.captured", "order_elsewhere", id="pay_Elsewhere0001")
    for number, raw in enumerate((captured, failed, of_others)):  # declined first, and told of late
        send(clinic, raw, f"evt_{number}")
    refund_going_out(clinic, payment_id)
    send(clinic, refund_body("refund.failed"), "evt_refund_failed")
    clinic.ask(statement(paid_by_upi(40_000, RRN), paid_by_upi(700, "499999999999"), paid_by_upi(900, ARN)), "FN")
    assert all(webhooks(clinic) + bank_lines(clinic))
    patient_id = clinic.events("PaymentInitiated")[0].patient_id
    assert patient_id is not None
    done = erase(clinic, patient_id)
    assert webhooks(clinic) == [False, False, True, False]
    assert bank_lines(clinic) == [False, True, True]
    assert "mentions_removed" in done.method and done.counts.bodies == 5
    assert verify_chain(clinic.store.ledger, TENANT).problems == []


def test_what_comes_after_an_erasure_is_recorded_without_its_sealed_part(clinic: Clinic) -> None:
    payment_id, order_id = initiated(clinic)
    send(clinic, payment_body("payment.captured", order_id), "evt_1")
    refund_going_out(clinic, payment_id)
    patient_id = clinic.events("PaymentInitiated")[0].patient_id
    assert patient_id is not None
    erase(clinic, patient_id)
    assert send(clinic, refund_body(), "evt_2").status == "applied"
    clinic.ask(statement(paid_by_upi(40_000, RRN), paid_by_upi(700, "499999999999")), "FN")
    assert webhooks(clinic) == [False, False]
    assert bank_lines(clinic) == [False, True]
    assert clinic.events("RefundProcessed")
