"""What a decision needs to know of a cash session: what should be in the drawer, and what left it for the bank."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from event_store.aggregates.cash_session.events import (
    CashDeposited,
    CashDrawerCounted,
    CashMovementRecorded,
    CashSessionClosed,
    CashSessionOpened,
)
from mymedic.deciding import Guard, GuardChange
from mymedic.lives import machine
from mymedic.messages import Event

INFLOWS = ("sale_in", "float_in")


class State(Struct):
    exists: bool = False
    cash_session_id: str = ""
    branch_id: str = ""
    drawer_id: str = ""
    status: Literal["open", "counted", "closed"] = "open"
    expected_paise: int = 0
    counted_paise: int = 0
    counted_by: str = ""
    attempts: int = 0
    retained_float_paise: int = 0
    dropped_paise: int = 0
    deposited_paise: int = 0

    @property
    def drawer(self) -> str:
        return f"{self.branch_id}#{self.drawer_id}"

    @property
    def undeposited_paise(self) -> int:
        """What was taken out for the bank and is not on a deposit slip yet."""
        return self.dropped_paise - self.deposited_paise

    def sale(self, payment_id: str, amount_paise: int) -> CashMovementRecorded:
        """The event that puts a cash payment into this drawer."""
        return CashMovementRecorded(kind="sale_in", amount_paise=amount_paise, payment_id=payment_id)

    def payout(
        self, payment_id: str, refund_id: str | None, amount_paise: int, reference: str | None = None
    ) -> CashMovementRecorded:
        """The event that takes a refund, or a reversed cash payment, out of this drawer."""
        return CashMovementRecorded(
            kind="refund_out",
            amount_paise=amount_paise,
            payment_id=payment_id,
            refund_id=refund_id,
            reference=reference,
        )


def evolve(state: State, event: Event) -> None:
    """Fold one event into the state, in place."""
    if isinstance(event, CashSessionOpened):
        state.exists = True
        state.branch_id = event.branch_id
        state.drawer_id = event.drawer_id
        state.expected_paise = event.opening_float_paise
    elif isinstance(event, CashMovementRecorded):
        state.expected_paise += event.amount_paise if event.kind in INFLOWS else -event.amount_paise
        if event.kind == "bank_drop":
            state.dropped_paise += event.amount_paise
    elif isinstance(event, CashDrawerCounted):
        state.status = "counted"
        state.counted_paise = event.counted_paise
        state.counted_by = event.counted_by
        state.attempts = event.attempt
    elif isinstance(event, CashSessionClosed):
        state.status = "closed"
        state.retained_float_paise = event.retained_float_paise
        state.dropped_paise += event.drop_paise
    elif isinstance(event, CashDeposited):
        state.deposited_paise += event.amount_paise


def guards(state: State, event: Event) -> GuardChange | None:
    """The unique facts that an event claims and gives back; `state` is the state before the event."""
    if isinstance(event, CashSessionOpened):
        drawer = f"{event.branch_id}#{event.drawer_id}"
        return GuardChange(claim=[Guard("drawer", drawer)], release=[Guard("drawer_float", drawer)])
    if isinstance(event, CashSessionClosed):
        # What stays in the drawer is what its next session should find there.
        left = Guard("drawer_float", state.drawer, str(event.retained_float_paise))
        return GuardChange(claim=[left], release=[Guard("drawer", state.drawer)])
    return None


MACHINES = (
    machine(
        "Cash session",
        """
        CashSessionOpened: - > open
        CashMovementRecorded: open > same
        CashDrawerCounted: open > counted
        CashDrawerCounted: counted > same
        CashSessionClosed: counted > closed
        """,
    ),
)
