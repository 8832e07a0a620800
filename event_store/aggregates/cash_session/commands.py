"""What may be asked of a cash drawer's session."""

from __future__ import annotations

from datetime import date
from typing import Annotated, ClassVar, Literal

from msgspec import Meta

from event_store.aggregates.cash_session.events import Denomination
from mymedic.messages import Command, Count, Id, Paise, PositivePaise, Text


class OpenCashSession(Command, frozen=True, kw_only=True):
    """C79."""

    who: ClassVar = frozenset({"FD"})
    branch_id: Id
    drawer_id: Id
    opening_float_paise: Paise


class RecordCashMovement(Command, frozen=True, kw_only=True):
    """C80."""

    who: ClassVar = frozenset({"FD", "FN"})
    cash_session_id: Id
    kind: Literal["petty_expense", "float_in", "bank_drop"]
    amount_paise: PositivePaise
    reference: Text


class CountCashDrawer(Command, frozen=True, kw_only=True):
    """C81. How many of each note and coin; the counter is not told what is expected."""

    who: ClassVar = frozenset({"FD"})
    cash_session_id: Id
    denominations: dict[Denomination, Count]


class CloseCashSession(Command, frozen=True, kw_only=True):
    """C82. Above the tolerance somebody of finance who did not count closes it, or signs beside the front desk."""

    who: ClassVar = frozenset({"FD", "FN"})
    cash_session_id: Id
    retained_float_paise: Paise
    drop_paise: Paise


class RecordCashDeposit(Command, frozen=True, kw_only=True):
    """C83."""

    who: ClassVar = frozenset({"FN"})
    cash_session_ids: Annotated[tuple[Id, ...], Meta(min_length=1, max_length=500)]
    bank_account_id: Id
    deposit_slip_no: Text
    amount_paise: PositivePaise
    deposited_on: date
