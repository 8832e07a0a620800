"""Refunds that the product has asked for are paid by whom it asked: the gateway or the front desk."""

from __future__ import annotations

from datetime import timedelta

from event_store.aggregates.payment.events import RefundInitiated, RefundRequested
from event_store.recorded import Recorded
from simulator.books.records import Refund
from simulator.desk import SimulationError
from simulator.drawers import Drawers
from simulator.gateway import Gateway
from simulator.stage import House


class RefundDesk:
    """Sees to it that every refund asked for is one that the books expect, to the paisa."""

    def __init__(self, house: House, gateway: Gateway, drawers: Drawers) -> None:
        self._house = house
        self._gateway = gateway
        self._drawers = drawers
        self._asked: dict[str, Refund] = {}
        house.stage.desk.watch("RefundRequested", self._note_request)
        house.stage.desk.watch("RefundInitiated", self._note_order)

    def _note_request(self, recorded: Recorded) -> None:
        event = recorded.event
        assert isinstance(event, RefundRequested)
        if recorded.tenant_id != self._house.tenant.id:
            return
        wanted = [
            refund
            for refund in self._house.ledger.refunds
            if not refund.id and refund.receipt.id == recorded.payment_id and refund.amount_paise == event.amount_paise
        ]
        if not wanted:
            raise SimulationError(f"{recorded.payment_id}: a refund of {event.amount_paise} that nobody is owed")
        wanted[0].id = event.refund_id
        self._asked[event.refund_id] = wanted[0]

    def _note_order(self, recorded: Recorded) -> None:
        event = recorded.event
        assert isinstance(event, RefundInitiated)
        refund = self._asked.pop(event.refund_id, None)
        if refund is None:
            return
        house = self._house
        if refund.destination == "cash":
            at = house.now + timedelta(minutes=2)
            house.plan(at, "9 pay out", refund.id, lambda: self._drawers.pay_out(refund))
        else:
            house.plan(house.now, "9 give back", refund.id, lambda: self._gateway.give_back(refund))

    def check_all_asked(self) -> None:
        """Money that is owed and was never asked for would be lost silently."""
        forgotten = [refund.receipt.id for refund in self._house.ledger.refunds if refund.processed_at is None]
        if forgotten:
            raise SimulationError(f"{self._house.tenant.id}: refunds of {', '.join(forgotten)} were never asked for")
