"""A deposit is kept because the patient did not come, and given back when that proves wrong."""

from __future__ import annotations

from event_store.aggregates.payment.commands import ForfeitDeposit, ReverseForfeit
from event_store.aggregates.payment.events import DepositForfeited, DepositForfeitReversed
from event_store.aggregates.payment.state import State
from mymedic.deciding import Context, check
from mymedic.errors import Refused
from mymedic.messages import Event
from mymedic.money import tax_inside


def forfeit_deposit(state: State, command: ForfeitDeposit, context: Context) -> list[Event]:
    if command.amount_paise == 0:
        return []  # R-POL-8
    check(
        command.appointment_id == state.appointment_id,
        "VALIDATION_FAILED",
        "the payment is for another appointment",
        field="appointment_id",
    )
    appointment = context.require("appointment", command.appointment_id)
    # The pins begin with the one of cancellations.
    check(
        command.policy_version_id in appointment.policy_version_ids[:1],
        "VALIDATION_FAILED",
        "the cancellation policy that was pinned when the appointment was booked decides",
        field="policy_version_id",
    )
    service = context.require("tenant", context.tenant_id).service(appointment.service_id)
    _, gst_paise = tax_inside(command.amount_paise, service.gst_bps if service else 0)
    check(
        command.gst_paise == gst_paise,
        "VALIDATION_FAILED",
        f"what is kept is taxed as the service is: {gst_paise} paise of it",  # R-GST-1
        field="gst_paise",
        gst_paise=gst_paise,
    )
    # R-POL-7: money that came too late for the booking is given back whole.
    check(
        command.amount_paise <= state.available_paise and not state.late_capture,
        "FORFEIT_EXCEEDS_HELD",
        f"the payment has {0 if state.late_capture else state.available_paise} paise to keep",
        available_paise=state.available_paise,
    )
    return [
        DepositForfeited(
            forfeit_id=context.new_id("forf"),
            appointment_id=command.appointment_id,
            amount_paise=command.amount_paise,
            gst_paise=command.gst_paise,
            basis=command.basis,
            policy_version_id=command.policy_version_id,
        )
    ]


def reverse_forfeit(state: State, command: ReverseForfeit, context: Context) -> list[Event]:
    forfeit = state.forfeits.get(command.forfeit_id)
    if forfeit is None:
        raise Refused("NOT_FOUND", f"the payment has no forfeit {command.forfeit_id}", id=command.forfeit_id)
    check(not forfeit.is_reversed, "INVALID_STATE", "the forfeit is reversed already")
    return [
        DepositForfeitReversed(
            forfeit_id=command.forfeit_id,
            amount_paise=forfeit.amount_paise,
            gst_paise=forfeit.gst_paise,
            reason=command.reason,
        )
    ]
