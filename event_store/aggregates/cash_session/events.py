"""What happens in a drawer between opening and closing, and to the cash that left it for the bank."""

from __future__ import annotations

from datetime import date
from typing import ClassVar, Literal

from mymedic.messages import Count, Event, Id, Paise, PositivePaise, SignedPaise, Text

MovementKind = Literal["sale_in", "refund_out", "petty_expense", "float_in", "bank_drop"]
# Face values in paise, as text: notes from 500 rupees down to the one rupee coin.
Denomination = Literal["50000", "20000", "10000", "5000", "2000", "1000", "500", "200", "100"]

MONEY = ("financial_gst",)


class CashSessionOpened(Event, frozen=True, kw_only=True):
    """`previous_retained_paise` is what the drawer's last session left in it; absent for the first ever."""

    retention: ClassVar = MONEY
    branch_id: Id
    drawer_id: Id
    opening_float_paise: Paise
    previous_retained_paise: Paise | None = None
    flags: tuple[Literal["float_mismatch"], ...] = ()


class CashMovementRecorded(Event, frozen=True, kw_only=True):
    retention: ClassVar = MONEY
    kind: MovementKind
    amount_paise: PositivePaise
    payment_id: Id | None = None
    refund_id: Id | None = None
    reference: Text | None = None


class CashDrawerCounted(Event, frozen=True, kw_only=True):
    """`counted_by` is the actor whom a co-signer must differ from."""

    retention: ClassVar = MONEY
    denominations: dict[Denomination, Count]
    counted_paise: Paise
    attempt: Count
    counted_by: Text


class CashSessionClosed(Event, frozen=True, kw_only=True):
    """`variance_paise` = counted - expected; drop + retained float = counted."""

    retention: ClassVar = MONEY
    expected_paise: Paise
    counted_paise: Paise
    variance_paise: SignedPaise
    drop_paise: Paise
    retained_float_paise: Paise
    cosigned_by: Text | None = None


class CashDeposited(Event, frozen=True, kw_only=True):
    """This session's share of a bank deposit; the shares of one slip stand on one stream each."""

    retention: ClassVar = MONEY
    cash_session_ids: tuple[Id, ...]
    bank_account_id: Id
    deposit_slip_no: Text
    amount_paise: PositivePaise
    deposited_on: date


EVENTS: tuple[type[Event], ...] = (
    CashSessionOpened,
    CashMovementRecorded,
    CashDrawerCounted,
    CashSessionClosed,
    CashDeposited,
)
