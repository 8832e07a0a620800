"""`mymedic serve` as it is run: a process that listens on loopback, reacts, and can be killed at any moment."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import grpc

from event_store.api.rpc.schema import schema
from tests.integration.api.conftest import refusal
from tests.serving import Home, serving
from tests.unit.event_store.clinic import DESK, MANAGER, PATIENT


def hold(home: Home) -> dict[str, Any]:
    return {
        "patient_id": "pat_asha",
        "slot_id": home.slot(after=timedelta(hours=30)),
        "service_id": "svc_consult",
        "visit_type": "new",
        "quoted_price_paise": 80_000,
        "channel": "portal",
    }


def test_a_server_answers_and_reacts_also_after_it_was_killed(tmp_path: Path) -> None:
    with serving(tmp_path) as home:
        asha = home.token(PATIENT)
        refusal(home.send("hold-appointment", hold(home), "mmt_guessed"), 401, "UNAUTHENTICATED")
        held = home.send("hold-appointment", hold(home), asha, X_Aggregate_Id="appt_1")
        assert held.json()["status"] == "accepted"
        order = {
            "patient_id": "pat_asha",
            "appointment_id": "appt_1",
            "purpose": "deposit",
            "amount_paise": 40_000,
            "mode": "upi",
            "gateway": "razorpay",
            "order_receipt": "r1",
            "expires_at": home.events("AppointmentHeld")[0].hold_expires_at.isoformat(),
        }
        assert home.send("initiate-payment", order, asha).status_code == 200
        (initiated,) = home.events("PaymentInitiated")
        paid = {
            "id": "pay_gateway_1",
            "order_id": initiated.order_id,
            "amount": 40_000,
            "currency": "INR",
            "method": "upi",
        }
        assert home.webhook("payment.captured", "payment", paid, "evt_gateway_1").json() == {"status": "applied"}

        # Durable is what was answered: whether or not the reaction had begun, it is there afterwards, once.
        home.stop(kill=True)
        home.start()
        home.until(lambda: home.events("AppointmentBooked"))
        assert home.webhook("payment.captured", "payment", paid, "evt_gateway_1").status_code == 200
        assert len(home.events("PaymentCaptured")) == len(home.events("AppointmentBooked")) == 1
        assert home.send("check-in-patient", {"appointment_id": "appt_1"}, home.token(DESK)).status_code == 409
        assert home.client is not None
        assert home.client.get("/ready").json() == {"status": "ready"}
        assert 'command="CheckInPatient",door="http",outcome="rejected"' in home.client.get("/metrics").text
        with grpc.insecure_channel(f"127.0.0.1:{home.grpc_port}") as channel:
            follow = channel.unary_stream("/mymedic.v1.Feed/Follow")
            body = schema().message("FollowRequest")(until_head=True).SerializeToString()
            events = follow(body, metadata=[("authorization", f"Bearer {home.token(MANAGER)}")], timeout=30)
            assert len(list(events)) == len(home.log())
        home.stop()
        assert "Traceback" not in home.output()
        lines = [json.loads(line) for line in home.output().splitlines()]
        answered = [line for line in lines if line["event"] == "answered"]
        assert {("HoldAppointment", "accepted"), ("HoldAppointment", "refused")} <= {
            (line["command"], line["outcome"]) for line in answered
        }
        assert "pat_asha" not in home.output()
