"""History of another system: recorded as it was told, one event a line, nothing asked of it but sense."""

from __future__ import annotations

from collections.abc import Iterator

from event_store.aggregates.appointment.commands import ImportAppointment
from event_store.aggregates.appointment.events import AppointmentImported
from event_store.aggregates.appointment.state import State, external_key
from mymedic.clock import business_date
from mymedic.deciding import Context, Foreseen, check
from mymedic.errors import Refused
from mymedic.ids import derived_id
from mymedic.messages import Event


def imported_id(command: ImportAppointment, context: Context) -> str:
    """The same line of the same source is the same appointment, so a second import meets the first."""
    return derived_id("appt", command.source_system, command.external_ref)


def foreseen(command: ImportAppointment) -> Foreseen:
    """What `import_appointment` asks for."""
    practitioners = (("practitioner", command.practitioner_ref),) if command.practitioner_ref else ()
    own = ("appointment", derived_id("appt", command.source_system, command.external_ref))
    key = external_key(command.source_system, command.external_ref)
    return Foreseen((own, ("branch", command.branch_ref), *practitioners), (("external_ref", key),))


def import_appointment(state: State, command: ImportAppointment, context: Context) -> Iterator[Event]:
    if command.booked_at is not None:
        booked_on = business_date(command.booked_at, context.tz)
        if booked_on > command.start_on:
            raise Refused(
                "BOOKED_AFTER_START",
                "it was booked after its own day",
                booked_on=booked_on.isoformat(),
                start_on=command.start_on.isoformat(),
                external_ref=command.external_ref,
            )
    _check_times(command, context)
    yield AppointmentImported(
        source_system=command.source_system,
        external_ref=command.external_ref,
        patient_ref=command.patient_ref,
        branch_ref=command.branch_ref,
        practitioner_ref=command.practitioner_ref,
        service_ref=command.service_ref,
        booked_at=command.booked_at,
        start_on=command.start_on,
        start_at=command.start_at,
        time_precision=command.time_precision,
        outcome=command.outcome,
        cancelled_at=command.cancelled_at,
        price_quoted_paise=command.price_quoted_paise,
        is_imputed_branch=not context.state("branch", command.branch_ref).exists,
        is_imputed_practitioner=command.practitioner_ref is not None
        and not context.state("practitioner", command.practitioner_ref).exists,
    )


def _check_times(command: ImportAppointment, context: Context) -> None:
    """A time known to the day stays a day: an invented midnight would fill the early hours of every chart."""
    start_at = command.start_at
    check(
        (start_at is not None) == (command.time_precision == "minute"),
        "VALIDATION_FAILED",
        "start_at goes with time_precision minute",
        field="start_at",
    )
    check(
        start_at is None or business_date(start_at, context.tz) == command.start_on,
        "VALIDATION_FAILED",
        "start_at is on another day than start_on",
        field="start_at",
    )
