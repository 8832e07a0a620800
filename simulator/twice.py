"""Bills that are paid twice (F14): the second capture of an order is a payment that nobody wanted, and goes back."""

from __future__ import annotations

from datetime import timedelta

from event_store.aggregates.payment.events import PaymentCaptured
from event_store.recorded import Recorded
from simulator.books.records import Receipt
from simulator.calendar import day_of
from simulator.forfeits import Forfeits
from simulator.settlement import Settlement
from simulator.stage import House
from simulator.webhooks import Webhooks

SECOND = timedelta(seconds=1)


class Twice:
    """Has a payer press the button again."""

    def __init__(self, house: House, webhooks: Webhooks, settlement: Settlement, forfeits: Forfeits) -> None:
        self._house = house
        self._webhooks = webhooks
        self._settlement = settlement
        self._forfeits = forfeits
        self._unnamed: dict[str, Receipt] = {}
        house.stage.desk.watch("PaymentCaptured", self._note_capture)

    def consider(self, first: Receipt) -> None:
        house, on = self._house, day_of(self._house.now)
        if house.faults.payment_fault(first) != "F14" or not house.faults.wants("F14", on):
            return
        key = house.tenant.id_of("pay", "gateway", first.id, "twice")
        house.faults.place(
            "F14",
            leg="L1",
            expected="matched",
            ids=[first.id, key],
            branch_id=first.branch.id,
            amount_paise=first.amount_paise,
        )
        at = house.now + house.stage.draws.of("twice", first.id).between(30, 180) * SECOND
        house.plan(at, "2 paid", key, lambda: self._pay(first, key))

    def _pay(self, first: Receipt, key: str) -> None:
        second = Receipt("", first.branch, first.visit, first.purpose, first.amount_paise, first.mode, "gateway")
        second.gateway, second.gateway_payment_id, second.order_id = first.gateway, key, first.order_id
        second.card_type, second.card_network = first.card_type, first.card_network
        second.paid_at, second.is_extra, second.fault = self._house.now, True, "F14"
        self._unnamed[key] = second
        self._house.ledger.receipts.append(second)
        self._settlement.owe_payment(second)
        self._webhooks.captured(second, lambda: None, before=lambda: self._expect_back(second))

    def _expect_back(self, second: Receipt) -> None:
        self._forfeits.expect_refund(second.visit, second, second.amount_paise)

    def _note_capture(self, recorded: Recorded) -> None:
        """The product has made it a payment of its own: learn its id."""
        event = recorded.event
        assert isinstance(event, PaymentCaptured)
        second = self._unnamed.pop(event.gateway_payment_id or "", None)
        if second is not None:
            second.id = event.payment_id or ""
