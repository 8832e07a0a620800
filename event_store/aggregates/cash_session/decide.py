"""The rules of a cash drawer's session."""

from __future__ import annotations

from event_store.aggregates.cash_session.commands import (
    CloseCashSession,
    CountCashDrawer,
    OpenCashSession,
    RecordCashDeposit,
    RecordCashMovement,
)
from event_store.aggregates.cash_session.events import (
    CashDeposited,
    CashDrawerCounted,
    CashMovementRecorded,
    CashSessionClosed,
    CashSessionOpened,
)
from event_store.aggregates.cash_session.state import INFLOWS, State
from mymedic.deciding import Context, Decision, check, four_eyes
from mymedic.messages import Command, Event, On


def open_session(state: State, command: OpenCashSession, context: Context) -> list[Event]:
    context.require("branch", command.branch_id)
    drawer = f"{command.branch_id}#{command.drawer_id}"
    holder = context.holder("drawer", drawer)
    check(holder is None, "CASH_SESSION_OPEN", "the drawer has an open session", cash_session_id=holder)
    left = context.guard_detail("drawer_float", drawer)
    previous = int(left) if left is not None else None
    return [
        CashSessionOpened(
            branch_id=command.branch_id,
            drawer_id=command.drawer_id,
            opening_float_paise=command.opening_float_paise,
            previous_retained_paise=previous,
            flags=() if previous in (None, command.opening_float_paise) else ("float_mismatch",),
        )
    ]


def record_movement(state: State, command: RecordCashMovement, context: Context) -> list[Event]:
    check(state.status == "open", "INVALID_STATE", f"the session is {state.status}", status=state.status)
    check(
        command.kind in INFLOWS or command.amount_paise <= state.expected_paise,
        "CASH_INSUFFICIENT",
        "the drawer holds less than that",
        field="amount_paise",
    )
    return [CashMovementRecorded(kind=command.kind, amount_paise=command.amount_paise, reference=command.reference)]


def count_drawer(state: State, command: CountCashDrawer, context: Context) -> list[Event]:
    check(state.status != "closed", "INVALID_STATE", "the session is closed", status=state.status)
    return [
        CashDrawerCounted(
            denominations=command.denominations,
            counted_paise=sum(int(face) * count for face, count in command.denominations.items()),
            attempt=state.attempts + 1,
            counted_by=context.actor.id,
        )
    ]


def close_session(state: State, command: CloseCashSession, context: Context) -> list[Event]:
    check(state.status == "counted", "INVALID_STATE", f"the session is {state.status}", status=state.status)
    counted = state.counted_paise
    check(
        command.drop_paise + command.retained_float_paise == counted,
        "AMOUNT_MISMATCH",
        f"what is dropped and what is kept must add up to the {counted} paise counted",
        counted_paise=counted,
    )
    variance = counted - state.expected_paise
    return [
        CashSessionClosed(
            expected_paise=state.expected_paise,
            counted_paise=counted,
            variance_paise=variance,
            drop_paise=command.drop_paise,
            retained_float_paise=command.retained_float_paise,
            cosigned_by=_answering_for(variance, state, context),
        )
    ]


def _answering_for(variance_paise: int, state: State, context: Context) -> str | None:
    """Who of finance stands for a difference above the tolerance: closing it, or signing beside who closes it."""
    tolerance = context.state("tenant", context.tenant_id).settings.cash_tolerance_paise
    if abs(variance_paise) <= tolerance:
        return None
    if context.actor.has("FN") and context.actor.id != state.counted_by:
        return context.actor.id
    cosigner = four_eyes(context, second=("FN",))
    check(
        cosigner.id != state.counted_by,
        "FOUR_EYES_REQUIRED",
        "a difference this large is answered for by finance, and not by who counted",
        tolerance_paise=tolerance,
    )
    return cosigner.id


def record_deposit(state: State, command: RecordCashDeposit, context: Context) -> list[Event | On]:
    ids = command.cash_session_ids
    check(len(set(ids)) == len(ids), "VALIDATION_FAILED", "a session is named twice", field="cash_session_ids")
    shares = {id: context.require("cash_session", id).undeposited_paise for id in ids}
    due = sum(shares.values())
    check(
        command.amount_paise == due,
        "AMOUNT_MISMATCH",
        f"these sessions have {due} paise to deposit",
        field="amount_paise",
        undeposited_paise=due,
    )
    deposited = {
        id: CashDeposited(
            cash_session_ids=ids,
            bank_account_id=command.bank_account_id,
            deposit_slip_no=command.deposit_slip_no,
            amount_paise=share,
            deposited_on=command.deposited_on,
        )
        for id, share in shares.items()
        if share
    }
    return [event if id == context.id else On("cash_session", id, event) for id, event in deposited.items()]


DECISIONS: dict[type[Command], Decision] = {
    OpenCashSession: Decision(open_session, creates=True),
    RecordCashMovement: Decision(record_movement, target="cash_session_id"),
    CountCashDrawer: Decision(count_drawer, target="cash_session_id"),
    CloseCashSession: Decision(close_session, target="cash_session_id"),
    RecordCashDeposit: Decision(record_deposit, target=lambda command, context: command.cash_session_ids[0]),
}
