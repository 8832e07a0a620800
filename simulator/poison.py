"""Another tenant's door is handed what belongs to this one (F39): its order, its payment, a row of its money."""

from __future__ import annotations

from datetime import timedelta

from event_store.aggregates.payment.commands import RequestRefund
from simulator import files
from simulator.books.records import Line, Receipt
from simulator.calendar import day_of
from simulator.doors import Doors
from simulator.stage import House
from simulator.webhooks import Webhooks


class Poison:
    """Whatever the other tenant is told of our ids, it knows none of them, and nothing changes on either side."""

    def __init__(self, house: House, webhooks: Webhooks, doors: Doors) -> None:
        self._house = house
        self._webhooks = webhooks
        self._doors = doors

    def consider(self, receipt: Receipt) -> None:
        faults = self._house.faults
        others = [tenant for tenant in self._house.stage.tenants if tenant is not self._house.tenant]
        if not others or not faults.wants("F39", day_of(self._house.now)):
            return
        other = others[0]
        faults.place("F39", leg="L1", expected="none", ids=[receipt.id, other.id], branch_id=receipt.branch.id)
        self._webhooks.misdeliver(other.id, receipt)
        self._misfile(other.id, receipt)
        refund = RequestRefund(
            payment_id=receipt.id,
            refund_id=other.id_of("rfd", receipt.id),
            amount_paise=receipt.amount_paise,
            reason="goodwill",
            destination="source",
        )
        self._house.stage.desk.ask_in_vain("NOT_FOUND", other.id, other.finance, refund, receipt.id)

    def _misfile(self, tenant_id: str, receipt: Receipt) -> None:
        """A row of our payment in the other's file: held, so that it is news there and no money."""
        now, gateway = self._house.now, self._house.stage.profile.gateway.name
        amount, key = receipt.amount_paise, receipt.gateway_payment_id
        assert key is not None
        row = Line("held", "payment", key, amount, 0, 0, amount, 0, now - timedelta(minutes=1), receipt)
        self._doors.settlement_of(
            tenant_id, gateway, f"held-{now:%Y%m%d%H%M}.csv", files.razorpay_csv([(row, None)], now)
        )
