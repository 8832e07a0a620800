"""A payment that waits for its gateway, and the gateway's deliveries about it."""

from __future__ import annotations

import hashlib
import hmac
import json
from datetime import date, timedelta
from typing import Any

from event_store.aggregates.branch.commands import RegisterBranch
from event_store.aggregates.branch.events import OpenHours
from event_store.aggregates.invoice.commands import IssueInvoice, NewLine
from event_store.aggregates.patient.commands import RegisterPatient
from event_store.aggregates.patient.events import PatientPii
from event_store.aggregates.payment.commands import InitiatePayment, InitiateRefund, RequestRefund
from event_store.aggregates.tenant.commands import DefineService, DefineSpecialty
from integrations.gateway.webhooks import WebhookOutcome, deliver
from tests.unit.integrations.conftest import TENANT, Clinic

SECRET = "whsec_demo"
GATEWAY_PAYMENT = "pay_Gateway000001"
GATEWAY_REFUND = "rfnd_Gateway00001"


def initiated(clinic: Clinic, amount_paise: int = 40_000) -> tuple[str, str]:
    """(payment id, order id) of an online payment by UPI."""
    hours = (OpenHours(dow=1, start="09:00", end="18:00"),)
    clinic.ask(
        RegisterBranch(
            name="South",
            city_id="cty_blr",
            pincode="560001",
            opened_on=date(2026, 1, 1),
            open_hours=hours,
            branch_id="brn_south",
        ),
        "CM",
    )
    asha = RegisterPatient(
        pii=PatientPii(name="Asha Rao", phone_e164="+919812345678"),
        sex="female",
        birth_year=1980,
        branch_id="brn_south",
    )
    patient_id = clinic.ask(asha, "FD").stream_id.partition("-")[2]
    clinic.ask(
        InitiatePayment(
            patient_id=patient_id,
            invoice_id=_invoiced(clinic, patient_id, amount_paise),
            purpose="procedure",
            amount_paise=amount_paise,
            mode="upi",
            gateway="razorpay",
            order_receipt="r1",
            expires_at=clinic.clock.now() + timedelta(minutes=15),
        ),
        "FD",
    )
    payment: Any = clinic.events("PaymentInitiated")[-1].event
    return payment.payment_id, payment.order_id


def _invoiced(clinic: Clinic, patient_id: str, amount_paise: int) -> str:
    """Something to pay for."""
    clinic.ask(DefineSpecialty(specialty_id="spc_derm", name="Dermatology"), "CM")
    clinic.ask(
        DefineService(
            service_id="svc_laser",
            code="LASER",
            name="Laser",
            kind="procedure",
            specialty_id="spc_derm",
            sac="999312",
            gst_bps=0,
            duration_min=15,
        ),
        "CM",
    )
    line = NewLine(
        line_no=1, service_id="svc_laser", qty=1, unit_price_paise=amount_paise, gst_bps=0, tax_inclusive=True
    )
    ack = clinic.ask(IssueInvoice(patient_id=patient_id, branch_id="brn_south", lines=(line,)), "FD")
    return str(ack.stream_id.partition("-")[2])


def refund_going_out(clinic: Clinic, payment_id: str, refund_id: str = "rfd_1", amount_paise: int = 20_000) -> None:
    clinic.ask(
        RequestRefund(
            payment_id=payment_id,
            refund_id=refund_id,
            amount_paise=amount_paise,
            reason="policy_cancel",
            destination="source",
        ),
        "SY",
    )
    clinic.ask(InitiateRefund(payment_id=payment_id, refund_id=refund_id, speed="normal"), "SY")


def payment_body(event: str, order_id: str, **other: Any) -> bytes:
    entity = {
        "id": GATEWAY_PAYMENT,
        "entity": "payment",
        "amount": 40_000,
        "currency": "INR",
        "order_id": order_id,
        "method": "upi",
        "vpa": "asha.rao@okaxis",
        "contact": "+919812345678",
        "fee": 0,
        "tax": 0,
        "acquirer_data": {"rrn": "412345678901"},
    } | other
    return body(event, "payment", entity)


def refund_body(event: str = "refund.processed", **other: Any) -> bytes:
    entity = {
        "id": GATEWAY_REFUND,
        "entity": "refund",
        "amount": 20_000,
        "payment_id": GATEWAY_PAYMENT,
        "receipt": "rfd_1",
        "acquirer_data": {"arn": "10000000000000"},
    } | other
    return body(event, "refund", entity)


def body(event: str, name: str, entity: dict[str, Any]) -> bytes:
    created_at = 1_793_939_460
    return json.dumps(
        {"entity": "event", "event": event, "created_at": created_at, "payload": {name: {"entity": entity}}}
    ).encode()


def signed(raw_body: bytes, secret: str = SECRET, event_id: str | None = None) -> dict[str, str]:
    headers = {"X-Razorpay-Signature": hmac.new(secret.encode(), raw_body, hashlib.sha256).hexdigest()}
    return headers | ({"X-Razorpay-Event-Id": event_id} if event_id else {})


def send(clinic: Clinic, raw_body: bytes, event_id: str | None = None) -> WebhookOutcome:
    """Deliver, a second after whatever came before."""
    return deliver(clinic.later().desk, TENANT, signed(raw_body, SECRET, event_id), raw_body, secrets=[SECRET])
