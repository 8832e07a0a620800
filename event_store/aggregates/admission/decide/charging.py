"""What a stay costs, charge by charge, and what is taken back of it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from event_store.aggregates.admission.commands import PostAdmissionCharge
from event_store.aggregates.admission.events import AdmissionChargePosted
from event_store.aggregates.admission.state import State
from mymedic.clock import business_date
from mymedic.deciding import Context, check
from mymedic.errors import Refused
from mymedic.messages import Event

LATE = timedelta(hours=24)
MOST_PAISE = 10**14


def post_charge(state: State, command: PostAdmissionCharge, context: Context) -> Iterator[Event]:
    _check_open(state, context)
    check(
        command.charge_id not in state.charges,
        "ALREADY_EXISTS",
        f"{command.charge_id} is posted",
        id=command.charge_id,
    )
    service = _service(command.service_id, context)
    if command.practitioner_id is not None:
        context.require("practitioner", command.practitioner_id)
    last = business_date(state.discharged_at, context.tz) if state.discharged_at else context.today()
    check(command.service_date <= last, "VALIDATION_FAILED", f"nothing was done after {last}", field="service_date")
    total = command.qty * command.unit_price_paise
    check(total <= MOST_PAISE, "AMOUNT_INVALID", "the charge is larger than any amount here may be")
    if command.reversal_of is not None:
        _check_reversal(command.reversal_of, state, command)
    elif service.kind == "room":
        _check_room(state, command, context)
    yield AdmissionChargePosted(
        charge_id=command.charge_id,
        service_id=command.service_id,
        qty=command.qty,
        unit_price_paise=command.unit_price_paise,
        total_paise=total,
        service_on=command.service_date,
        practitioner_id=command.practitioner_id,
        reversal_of=command.reversal_of,
    )


def _check_open(state: State, context: Context) -> None:
    is_just_left = (
        state.status == "discharged"
        and state.discharged_at is not None
        and context.occurred_at <= state.discharged_at + LATE
    )
    check(
        state.status == "admitted" or is_just_left,
        "INVALID_STATE",
        "charges are posted during the stay and for 24 hours after it, until it is billed",
        status=state.status,
    )


def _service(service_id: str, context: Context) -> Any:
    service = context.state("tenant", context.tenant_id).service(service_id)
    if service is None:
        raise Refused("NOT_FOUND", f"there is no service {service_id}", id=service_id)
    return service


def _check_reversal(charge_id: str, state: State, command: PostAdmissionCharge) -> None:
    charge = state.charges.get(charge_id)
    if charge is None:
        raise Refused("NOT_FOUND", f"the admission has no charge {charge_id}", id=charge_id)
    is_same = (charge.service_id, charge.unit_price_paise) == (command.service_id, command.unit_price_paise)
    check(
        is_same and not charge.is_reversal,
        "VALIDATION_FAILED",
        "a reversal takes back a charge of the same service at the same price",
        field="reversal_of",
    )
    check(
        command.qty <= charge.standing_qty,
        "INVALID_STATE",
        f"{charge.standing_qty} of the charge are left to take back",
        standing_qty=charge.standing_qty,
    )


def _check_room(state: State, command: PostAdmissionCharge, context: Context) -> None:
    """A night costs one room charge: that of the date whose 00:00 finds the patient in a bed (the census)."""
    on: date = command.service_date
    check(command.qty == 1, "VALIDATION_FAILED", "a room is charged night by night", field="qty")
    check(
        state.bed_of_night(on, context.tz) is not None,
        "INVALID_STATE",
        f"the patient lay in no bed at 00:00 of {on}",
        field="service_date",
    )
    is_charged = any(_service(charge.service_id, context).kind == "room" for charge in state.charges_on(on))
    check(not is_charged, "ALREADY_EXISTS", f"the room is charged for {on}", field="service_date")
