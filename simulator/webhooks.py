"""News from the gateway: signed bodies, and the ways in which their delivery goes wrong (F08, F09, F10)."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import msgspec

from integrations.gateway.webhooks import EVENT_ID_HEADER, SIGNATURE_HEADER, WebhookOutcome, deliver
from simulator.books.records import Dispute, Receipt, Refund
from simulator.calendar import day_of
from simulator.desk import SimulationError
from simulator.faults import WEBHOOK
from simulator.stage import House

SECOND = timedelta(seconds=1)
FAILURES = {
    "business": ("BAD_REQUEST_ERROR", "customer", "payment_declined"),
    "technical": ("GATEWAY_ERROR", "gateway", "gateway_technical_error"),
    "dropped": ("BAD_REQUEST_ERROR", "customer", "payment_cancelled"),
}


class Webhooks:
    """Delivers to the product's door, a few seconds after the fact."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._secret = house.stage.profile.gateway.webhook_secret
        self.duplicates = 0

    def captured(self, receipt: Receipt, then: Callable[[], None], before: Callable[[], None] = lambda: None) -> None:
        """Tell of a capture; `before` and `then` run around the delivery that counts."""
        house, at = self._house, self._house.now
        name = receipt.gateway_payment_id or ""
        fault = self._fault(receipt)
        body = self._payment_body("payment.captured", receipt, at)
        pause = house.stage.draws.of("webhook", house.tenant.id, name).between(2, 15) * SECOND

        def tell() -> None:
            if fault == "F10":
                self._deliver(f"{name}/captured", body, "refused", "SIGNATURE_INVALID", tampered=True)
            receipt.captured_at = at
            house.ledger.journal.captured(day_of(at), receipt)
            before()
            self._deliver(f"{name}/captured", body, "applied")
            if fault == "F08":
                self._repeat(name, body, receipt, at)
            elif fault == "F09":
                early = self._payment_body("payment.authorized", receipt, at - SECOND)
                self._deliver(f"{name}/authorized", early, "applied")
            then()

        house.plan(at + pause, "2 told", name, tell)

    def _fault(self, receipt: Receipt) -> str:
        faults, on = self._house.faults, day_of(self._house.now)
        name = faults.payment_fault(receipt)
        if receipt.is_late or name not in WEBHOOK or not faults.wants(name, on):
            return ""
        faults.place(name, leg="L1", expected="matched", ids=[receipt.id], branch_id=receipt.branch.id)
        return name

    def _repeat(self, name: str, body: bytes, receipt: Receipt, at: datetime) -> None:
        """The same news two to four times, and once more under another event id."""
        dice = self._house.stage.draws.of("redelivery", self._house.tenant.id, name)
        for _ in range(dice.between(1, 3)):
            self._deliver(f"{name}/captured", body, "duplicate")
            self.duplicates += 1
        again = self._payment_body("payment.captured", receipt, at)
        self._deliver(f"{name}/captured again", again, "applied")

    def failed(self, receipt: Receipt, outcome: str) -> None:
        body = self._payment_body("payment.failed", receipt, self._house.now, FAILURES[outcome])
        self._deliver(f"{receipt.gateway_payment_id}/failed", body, "applied")

    def refunded(self, refund: Refund) -> None:
        self._tell_refund(refund, "processed")

    def refund_failed(self, refund: Refund, error_code: str) -> None:
        self._tell_refund(refund, "failed", error_code=error_code)

    def disputed(self, dispute: Dispute, event: str) -> None:
        """`event`: created, won or lost."""
        now = self._house.now
        entity = {
            "id": dispute.id,
            "entity": "dispute",
            "payment_id": dispute.receipt.gateway_payment_id,
            "amount": dispute.amount_paise,
            "currency": "INR",
            "amount_deducted": 0 if event == "won" else dispute.amount_paise,
            "phase": "chargeback",
            "respond_by": _unix(dispute.opened_at + timedelta(days=7)),
            "status": {"created": "open"}.get(event, event),
            "created_at": _unix(dispute.opened_at),
        }
        self._deliver(f"{dispute.id}/{event}", _body(f"payment.dispute.{event}", entity, now), "applied")

    def misdeliver(self, tenant_id: str, receipt: Receipt) -> None:
        """Tell another tenant of our payment: a capture without an order of theirs finds nothing to capture."""
        body = self._payment_body("payment.captured", receipt, self._house.now)
        name = f"{receipt.gateway_payment_id}/captured"
        self._deliver(name, body, "parked", "NOT_FOUND", tenant_id=tenant_id)

    def _tell_refund(self, refund: Refund, status: str, **more: str) -> None:
        entity = {
            "id": refund.gateway_refund_id,
            "entity": "refund",
            "amount": refund.amount_paise,
            "currency": "INR",
            "payment_id": refund.receipt.gateway_payment_id,
            "notes": {"refund_id": refund.id},
            "receipt": refund.id,
            "acquirer_data": {"arn": None},
            "created_at": _unix(self._house.now),
            "status": status,
            "speed_processed": "instant" if refund.is_instant else "normal",
            **more,
        }
        body = _body(f"refund.{status}", entity, self._house.now)
        self._deliver(str(refund.gateway_refund_id), body, "applied")

    def _payment_body(
        self, event: str, receipt: Receipt, at: datetime, error: tuple[str, str, str] | None = None
    ) -> bytes:
        entity: dict[str, Any] = {
            "id": receipt.gateway_payment_id,
            "entity": "payment",
            "amount": receipt.amount_paise,
            "currency": "INR",
            "status": event.partition(".")[2],
            "order_id": receipt.order_id,
            "method": receipt.mode,
            "captured": event == "payment.captured",
            "vpa": f"patient{receipt.order_id[-6:].lower()}@okaxis"
            if receipt.mode == "upi" and receipt.order_id
            else None,
            "notes": [],
            "created_at": _unix(at),
        }
        if receipt.mode == "card":
            entity["card"] = {"type": receipt.card_type, "network": receipt.card_network, "last4": "1111"}
        if error:
            entity["error_code"], entity["error_source"], entity["error_reason"] = error
        return _body(event, entity, at)

    def _deliver(
        self,
        name: str,
        body: bytes,
        expected: str,
        code: str | None = None,
        *,
        tampered: bool = False,
        tenant_id: str | None = None,
    ) -> None:
        house, desk = self._house, self._house.stage.desk
        headers = {
            SIGNATURE_HEADER: hmac.digest(self._secret.encode(), body, hashlib.sha256).hex(),
            EVENT_ID_HEADER: house.tenant.id_of("evnt", name),
        }
        if tampered:
            body = body.replace(b'"amount":', b'"amount" :', 1)
        gateway = house.stage.profile.gateway.name
        tenant_id = tenant_id or house.tenant.id
        outcome: WebhookOutcome = deliver(desk.batch, tenant_id, headers, body, secrets=[self._secret], gateway=gateway)
        desk.follow_up()
        if outcome.status != expected or outcome.code != code:
            raise SimulationError(f"webhook {name}: {outcome.status} {outcome.code} {outcome.message}, not {expected}")


def _body(event: str, entity: dict[str, Any], at: datetime) -> bytes:
    kind: str = entity["entity"]
    document = {
        "entity": "event",
        "event": event,
        "contains": [kind],
        "payload": {kind: {"entity": entity}},
        "created_at": _unix(at),
    }
    return msgspec.json.encode(document)


def _unix(at: datetime) -> int:
    return int(at.timestamp())
