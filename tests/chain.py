"""A clinic chain on a real store, its reactions running: commands and webhooks go in, money moves by itself."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from event_store.aggregates.appointment.commands import BookAppointment, CheckInPatient, HoldAppointment
from event_store.aggregates.encounter.commands import FinishEncounter, StartEncounter
from event_store.aggregates.payment.commands import InitiatePayment
from event_store.ledger import Ledger, open_ledger
from event_store.recorded import Recorded
from event_store.retention.keys import Vault
from event_store.store import Store, assemble
from integrations.desk import Desk
from integrations.gateway.webhooks import WebhookOutcome, deliver
from mymedic.clock import ManualClock
from mymedic.ids import DerivedIds
from mymedic.messages import Ack, Actor, Command, EntryChannel, Envelope
from processes.runner import Runner
from tests.unit.event_store.clinic import DESK, DOCTOR, PATIENT, ist

SECRET = "whsec_demo"
CONSULTATION, PROCEDURE, PEEL = "svc_consult", "svc_laser", "svc_peel"
PRICES = {CONSULTATION: 80_000, PROCEDURE: 250_000, PEEL: 118_000}


class Chain:
    """One tenant. `in_batch` runs the reactions inside each command's own transaction, as a simulation does; else
    they read the feed after it, as a server does."""

    def __init__(
        self,
        ledger: Ledger,
        vault: Vault,
        tenant_id: str = "ten_test",
        *,
        in_batch: bool = False,
        now: datetime | None = None,
    ) -> None:
        self.tenant_id = tenant_id
        self.clock = ManualClock(now or ist(1, "09:00"))
        self.store: Store = assemble(ledger, vault, self.clock, DerivedIds())
        self.runner = Runner(self.store.handler)
        self._in_batch = in_batch
        self._is_paused = False
        self._asked = 0

    def at(self, day: int, clock: str) -> Chain:
        """Let time pass until a moment of November 2026; timers go off on the way, each at its own time."""
        moment = ist(day, clock)
        while (due := self._next_due()) is not None and due <= moment:
            self.clock.move_to(due)
            self._ring()
        self.clock.move_to(moment)
        return self

    def ask(
        self,
        command: Command,
        actor: Actor = DESK,
        id: str | None = None,
        channel: EntryChannel = "console",
        cosigner: Actor | None = None,
    ) -> str:
        """Send a command that must be accepted, and let follow what follows; the id of what took it."""
        ack = self.send(command, actor, id, channel, cosigner)
        assert ack.error is None, ack.error
        return (ack.stream_id or "").partition("-")[2]

    def refused(self, command: Command, actor: Actor = DESK) -> str:
        """Send a command that must be refused; its code."""
        ack = self.send(command, actor)
        assert ack.error is not None, ack
        return ack.error.code

    def send(
        self,
        command: Command,
        actor: Actor = DESK,
        id: str | None = None,
        channel: EntryChannel = "console",
        cosigner: Actor | None = None,
    ) -> Ack:
        self._asked += 1
        envelope = Envelope(
            command=command,
            command_id=f"cmd_asked_{self._asked}",
            tenant_id=self.tenant_id,
            actor=actor,
            cosigner=cosigner,
            issued_at=self.clock.now(),
            channel=channel,
            aggregate_id=id,
        )
        with self.desk() as desk:
            return desk.submit(envelope)

    def webhook(self, event: str, name: str, entity: dict[str, Any]) -> WebhookOutcome:
        """Have the gateway deliver something that happens now."""
        body = json.dumps(
            {
                "entity": "event",
                "event": event,
                "created_at": int(self.clock.now().timestamp()),
                "payload": {name: {"entity": entity}},
            }
        ).encode()
        return self.deliver(body, signature(body))

    def deliver(self, body: bytes, signed: str) -> WebhookOutcome:
        headers = {
            "X-Razorpay-Signature": signed,
            "X-Razorpay-Event-Id": "evt_" + hashlib.sha256(body).hexdigest()[:14],
        }
        with self.desk() as desk:
            return deliver(desk, self.tenant_id, headers, body, secrets=[SECRET])

    @contextmanager
    def desk(self) -> Iterator[Desk]:
        """Where commands and files are handed in; what follows from them has happened when the block ends."""
        if not self._in_batch:
            yield self.store.handler
            if not self._is_paused:
                self.runner.drain(self.tenant_id)
            return
        with self.store.handler.batch() as batch:
            yield batch
            self.runner.react(batch.take_recorded(), batch)
            self.runner.mark(self.tenant_id, batch)

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Nothing is reacted to meanwhile, nor afterwards before something else happens."""
        self._is_paused = True
        yield
        self._is_paused = False

    def state(self, aggregate: str, id: str) -> Any:
        return self.store.handler.state(self.tenant_id, aggregate, id)

    def log(self) -> list[Recorded]:
        return self.store.feed.read(self.tenant_id, 0, 100_000)

    def events(self, *types: str) -> list[Any]:
        """The events of these types, in order."""
        return [recorded.event for recorded in self.log() if recorded.event_type in types]

    def types_since(self, seq: int) -> list[str]:
        """What happened after a seq, by name; what patients were told of it aside."""
        happened = [recorded.event_type for recorded in self.store.feed.read(self.tenant_id, seq, 100_000)]
        return [event_type for event_type in happened if event_type != "NotificationRequested"]

    def head(self) -> int:
        return self.store.feed.head(self.tenant_id)

    def slot(self, day: int, clock: str) -> str:
        """The slot that begins at a moment of November 2026."""
        moment = ist(day, clock)
        (slot_id,) = self.state("schedule", "sch_rao").slot_ids_between(moment, moment + timedelta(minutes=1))
        return str(slot_id)

    def hold(self, id: str, day: int, clock: str, patient: Actor = PATIENT, service: str = CONSULTATION) -> str:
        """The patient takes a slot on the portal and has a quarter of an hour to pay for it."""
        command = HoldAppointment(
            patient_id=patient.patient_id or "",
            slot_id=self.slot(day, clock),
            service_id=service,
            visit_type="new",
            quoted_price_paise=PRICES[service],
            channel="portal",
        )
        return self.ask(command, patient, id, "portal")

    def book(self, id: str, day: int, clock: str, patient: Actor = PATIENT, price: int = PRICES[CONSULTATION]) -> str:
        """The front desk books by phone and waives the deposit."""
        command = BookAppointment(
            patient_id=patient.patient_id or "",
            slot_id=self.slot(day, clock),
            service_id=CONSULTATION,
            visit_type="new",
            quoted_price_paise=price,
            channel="phone",
            deposit_waiver_reason="known to the doctor",
        )
        return self.ask(command, DESK, id, "phone")

    def visit(self, id: str, encounter_id: str) -> None:
        """The patient comes and is seen now."""
        self.ask(CheckInPatient(appointment_id=id))
        self.ask(StartEncounter(appointment_id=id, class_="AMB"), DOCTOR, encounter_id)
        self.ask(FinishEncounter(encounter_id=encounter_id, outcome="resolved"), DOCTOR)

    def order(self, amount_paise: int, *, patient: Actor = PATIENT, mode: Any = "upi", **what: Any) -> str:
        """Ask the gateway for money; the id of the payment that waits for it."""
        return self.ask(
            InitiatePayment(
                patient_id=patient.patient_id or "",
                purpose=what.pop("purpose", "deposit"),
                amount_paise=amount_paise,
                mode=mode,
                gateway="razorpay",
                order_receipt="receipt",
                expires_at=self.clock.now() + timedelta(minutes=15),
                **what,
            ),
            patient,
        )

    def captured(self, payment_id: str, gateway_payment_id: str, **other: Any) -> WebhookOutcome:
        """The gateway reports the money of an order; by UPI and as ordered unless told otherwise."""
        payment = self.state("payment", payment_id)
        entity = {
            "id": gateway_payment_id,
            "order_id": payment.order_id,
            "amount": payment.initiated_paise,
            "currency": "INR",
            "method": payment.mode,
            **other,
        }
        return self.webhook("payment.captured", "payment", entity)

    def refunded(self, payment_id: str, refund_id: str, gateway_refund_id: str) -> WebhookOutcome:
        """The gateway reports that a refund went out."""
        payment = self.state("payment", payment_id)
        return self.webhook(
            "refund.processed",
            "refund",
            {
                "id": gateway_refund_id,
                "payment_id": payment.gateway_payment_id,
                "amount": payment.refunds[refund_id].amount_paise,
                "receipt": refund_id,
            },
        )

    def _next_due(self) -> datetime | None:
        with self.store.handler.batch() as batch:
            return self.runner.next_due(self.tenant_id, batch)

    def _ring(self) -> None:
        if self._in_batch:
            with self.store.handler.batch() as batch:
                self.runner.fire_due(self.tenant_id, self.clock.now(), batch)
                self.runner.mark(self.tenant_id, batch)
        else:
            self.runner.tick(self.tenant_id)


BALA = Actor(type="patient", id="pat_bala", roles=("PP",), patient_id="pat_bala")


def signature(body: bytes) -> str:
    return hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()


@contextmanager
def opened(folder: Path) -> Iterator[tuple[Ledger, Vault]]:
    """A ledger and a vault in a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    ledger, vault = open_ledger(f"sqlite:///{folder / 'ledger.sqlite'}"), Vault(folder / "keys.sqlite", bytes(32))
    try:
        yield ledger, vault
    finally:
        ledger.close()
        vault.close()
