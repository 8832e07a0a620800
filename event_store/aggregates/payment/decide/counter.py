"""Money taken at the counter, and a payment taken back whole because it never really was one."""

from __future__ import annotations

import re
from typing import Any

from event_store.aggregates.payment.commands import RecordCounterPayment, ReversePayment
from event_store.aggregates.payment.decide.subject import check_pair, paid_for
from event_store.aggregates.payment.events import PaymentCaptured, PaymentReversed
from event_store.aggregates.payment.state import State
from mymedic.deciding import Context, check
from mymedic.errors import Refused
from mymedic.messages import Event, On

_RRN = re.compile(r"[0-9]{12}")


def record_counter_payment(state: State, command: RecordCounterPayment, context: Context) -> list[Event | On]:
    paid_for(context, command)
    context.require("branch", command.branch_id)
    check(command.channel != "gateway", "MODE_CHANNEL_INVALID", "the counter takes nothing by gateway", field="channel")
    check_pair(command.mode, command.channel)
    _check_rrn(command, context)
    events: list[Event | On] = [
        PaymentCaptured(
            payment_id=context.id,
            branch_id=command.branch_id,
            patient_id=command.patient_id,
            appointment_id=command.appointment_id,
            invoice_id=command.invoice_id,
            admission_id=command.admission_id,
            purpose=command.purpose,
            amount_paise=command.amount_paise,
            currency="INR",
            mode=command.mode,
            channel=command.channel,
            rrn=command.rrn,
            auth_code=command.auth_code,
            card_network=command.card_network,
            card_type=command.card_type,
            card_last4=command.card_last4,
            terminal_id=command.terminal_id,
            cash_session_id=command.cash_session_id if command.mode == "cash" else None,
            captured_at=context.occurred_at,
            late_capture=False,
            source="counter",
        )
    ]
    if command.mode == "cash":
        session = open_drawer(context, command.branch_id, command.cash_session_id)
        tendered = command.tendered_paise
        check(
            tendered is None or tendered >= command.amount_paise,
            "VALIDATION_FAILED",
            "less was tendered than is paid",
            field="tendered_paise",
        )
        events.append(On("cash_session", session.cash_session_id, session.sale(context.id, command.amount_paise)))
    return events


def _check_rrn(command: RecordCounterPayment, context: Context) -> None:
    rrn = command.rrn
    if command.mode == "upi" or (command.mode == "card" and rrn):
        check(rrn and _RRN.fullmatch(rrn), "VALIDATION_FAILED", "the RRN has 12 digits", field="rrn")
    if rrn and context.holder("rrn", rrn):
        raise Refused("RRN_REUSED", f"RRN {rrn} belongs to another payment", rrn=rrn)


def open_drawer(context: Context, branch_id: str | None, cash_session_id: str | None) -> Any:
    """The open cash session of the branch that is named, or CASH_SESSION_REQUIRED."""
    if cash_session_id is None:
        raise Refused("CASH_SESSION_REQUIRED", "cash goes through an open cash session", field="cash_session_id")
    session = context.state("cash_session", cash_session_id)
    check(
        session.exists and session.status == "open" and session.branch_id == branch_id,
        "CASH_SESSION_REQUIRED",
        "that cash session is not open at this branch",
        field="cash_session_id",
    )
    return session


def reverse_payment(state: State, command: ReversePayment, context: Context) -> list[Event | On]:
    untouched = state.captured_paise and state.available_paise == state.captured_paise and not state.disputes
    check(
        untouched,
        "INVALID_STATE",
        "only a captured payment of which nothing is used can be reversed",
        status=state.status,
    )
    prefix = f"{state.gateway}#payment#{state.gateway_payment_id}#"
    is_settled = state.gateway_payment_id is not None and context.guards("settlement_line", prefix)
    check(not is_settled, "INVALID_STATE", "the gateway has settled this payment; refund it instead")
    events: list[Event | On] = [PaymentReversed(amount_paise=state.captured_paise, reason=command.reason)]
    if state.channel == "drawer":
        assert state.cash_session_id is not None
        session = context.state("cash_session", state.cash_session_id)
        check(session.status == "open", "INVALID_STATE", "its cash session is no longer open; refund it instead")
        check(session.expected_paise >= state.captured_paise, "CASH_INSUFFICIENT", "the drawer no longer holds it")
        movement = session.payout(state.payment_id, None, state.captured_paise, reference="reversal")
        events.append(On("cash_session", state.cash_session_id, movement))
    return events
