"""P11: every drawer session, what should be in the drawer, and what was found."""

from __future__ import annotations

from datetime import date, datetime
from typing import ClassVar, Literal

import msgspec

from event_store.aggregates.cash_session import events as e
from event_store.recorded import Recorded
from projections.places import city_of, moved_with_branch
from projections.projection import Projection, folds
from projections.row import Row
from projections.view import View


class CashSession(Row, frozen=True, kw_only=True):
    """One row per drawer session. Amounts are paise; `variance_paise` is counted less expected, known at the close."""

    table: ClassVar = "proj_cash_session"
    key: ClassVar = ("cash_session_id",)
    lookups: ClassVar = ("branch_id",)
    indexes: ClassVar = (("branch_id", "business_date"), ("city_id", "business_date"), ("state", "business_date"))

    cash_session_id: str
    branch_id: str
    city_id: str | None
    drawer_id: str
    opened_by: str
    opened_at: datetime
    closed_at: datetime | None = None
    business_date: date
    opening_float_paise: int
    previous_retained_paise: int | None
    sale_in_paise: int = 0
    refund_out_paise: int = 0
    petty_paise: int = 0
    float_in_paise: int = 0
    bank_drop_paise: int = 0
    expected_paise: int
    counted_paise: int | None = None
    variance_paise: int | None = None
    drop_paise: int | None = None
    retained_float_paise: int | None = None
    state: Literal["open", "counted", "closed"] = "open"
    deposited_paise: int = 0


_COLUMN = {
    "sale_in": "sale_in_paise",
    "refund_out": "refund_out_paise",
    "petty_expense": "petty_paise",
    "float_in": "float_in_paise",
    "bank_drop": "bank_drop_paise",
}


def _on_opened(event: Recorded, happened: e.CashSessionOpened, view: View) -> None:
    on = view.day(event.occurred_at)
    view.put(
        CashSession(
            tenant_id=event.tenant_id,
            cash_session_id=event.stream_id.removeprefix("cash-"),
            branch_id=happened.branch_id,
            city_id=city_of(view, happened.branch_id, on),
            drawer_id=happened.drawer_id,
            opened_by=event.actor.id,
            opened_at=event.occurred_at,
            business_date=on,
            opening_float_paise=happened.opening_float_paise,
            previous_retained_paise=happened.previous_retained_paise,
            expected_paise=happened.opening_float_paise,
        )
    )


def _on_session(
    event: Recorded,
    happened: e.CashMovementRecorded | e.CashDrawerCounted | e.CashSessionClosed | e.CashDeposited,
    view: View,
) -> None:
    cash_session_id = event.stream_id.removeprefix("cash-")
    row = view.get(CashSession, cash_session_id)
    assert row is not None, "a session begins with its opening"
    state = view.state("cash_session", cash_session_id)
    row = msgspec.structs.replace(
        row, state=state.status, expected_paise=state.expected_paise, deposited_paise=state.deposited_paise
    )
    match happened:
        case e.CashMovementRecorded():
            column = _COLUMN[happened.kind]
            row = msgspec.structs.replace(row, **{column: getattr(row, column) + happened.amount_paise})
        case e.CashDrawerCounted():
            row = msgspec.structs.replace(row, counted_paise=happened.counted_paise)
        case e.CashSessionClosed():
            row = msgspec.structs.replace(
                row,
                closed_at=event.occurred_at,
                variance_paise=happened.variance_paise,
                drop_paise=happened.drop_paise,
                retained_float_paise=happened.retained_float_paise,
            )
    view.put(row)


PROJECTION = Projection(
    name="cash_session",
    version=1,
    rows=(CashSession,),
    looks_at=frozenset({"tenant", "branch", "cash_session"}),
    folds={e.CashSessionOpened: _on_opened}
    | folds(_on_session, e.CashMovementRecorded, e.CashDrawerCounted, e.CashSessionClosed, e.CashDeposited)
    | moved_with_branch(CashSession, lambda row: row.business_date),
)
