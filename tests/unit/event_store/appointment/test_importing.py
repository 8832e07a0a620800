"""History of another system."""

from __future__ import annotations

from datetime import date
from typing import Any

from event_store.aggregates.appointment.commands import (
    CancelAppointment,
    CheckInPatient,
    ImportAppointment,
    MarkAppointmentError,
    MarkNoShow,
    RescheduleAppointment,
    ReverseNoShow,
)
from event_store.aggregates.appointment.events import AppointmentImported
from event_store.aggregates.encounter.commands import StartEncounter
from mymedic.ids import derived_id
from tests.scenario import Scenario
from tests.unit.event_store.clinic import DESK, ENGINEER, MANAGER, a_clinic, ist, refused

ID = derived_id("appt", "old_books", "5642903")


def line(**changes: Any) -> ImportAppointment:
    fields: dict[str, Any] = {
        "source_system": "old_books",
        "external_ref": "5642903",
        "patient_ref": "29872499824296",
        "branch_ref": "brn_south",
        "booked_at": ist(2, "18:38"),
        "start_on": date(2026, 11, 3),
        "time_precision": "day",
        "outcome": "noshow",
    }
    return ImportAppointment(**{**fields, **changes})


def brought_in(**changes: Any) -> Scenario:
    world = a_clinic()
    world.when(line(**changes), actor=ENGINEER)
    return world


def test_a_line_is_recorded_as_it_was_told() -> None:
    world = a_clinic()
    assert world.when(line(), actor=ENGINEER) == [
        AppointmentImported(
            source_system="old_books",
            external_ref="5642903",
            patient_ref="29872499824296",
            branch_ref="brn_south",
            booked_at=ist(2, "18:38"),
            start_on=date(2026, 11, 3),
            time_precision="day",
            outcome="noshow",
        )
    ]
    state = world.state("appointment", ID)
    assert (state.status, state.patient_id, state.branch_id) == ("noshow", "29872499824296", "brn_south")
    assert state.start_at is None


def test_the_same_line_is_imported_once() -> None:
    world = brought_in()
    assert refused(world, line(outcome="fulfilled"), ENGINEER).code == "ALREADY_EXISTS"
    assert world.when(line(source_system="other_books"), actor=ENGINEER)
    assert world.when(line(external_ref="5642904"), actor=ENGINEER)


def test_a_booking_after_its_own_day_is_refused_and_one_on_it_is_not() -> None:
    world = a_clinic()
    refusal = refused(world, line(booked_at=ist(4, "00:00")), ENGINEER)
    assert refusal.code == "BOOKED_AFTER_START"
    assert refusal.details["external_ref"] == "5642903"
    assert world.when(line(booked_at=ist(3, "23:59")), actor=ENGINEER)
    assert world.when(line(external_ref="5642904", booked_at=None), actor=ENGINEER)


def test_members_that_nobody_registered_are_flagged() -> None:
    world = a_clinic()
    (known,) = world.when(line(practitioner_ref="prac_rao"), actor=ENGINEER)
    (unknown,) = world.when(line(external_ref="x", branch_ref="JARDIM", practitioner_ref="Dr B"), actor=ENGINEER)
    assert isinstance(known, AppointmentImported) and isinstance(unknown, AppointmentImported)
    assert (known.is_imputed_branch, known.is_imputed_practitioner) == (False, False)
    assert (unknown.is_imputed_branch, unknown.is_imputed_practitioner) == (True, True)


def test_times_known_to_the_day_stay_so() -> None:
    world = a_clinic()
    at = ist(3, "10:00")
    assert refused(world, line(start_at=at), ENGINEER).code == "VALIDATION_FAILED"
    assert refused(world, line(time_precision="minute"), ENGINEER).code == "VALIDATION_FAILED"
    assert refused(world, line(time_precision="minute", start_at=ist(4, "10:00")), ENGINEER).code == "VALIDATION_FAILED"
    assert world.when(line(time_precision="minute", start_at=at), actor=ENGINEER)


def test_history_takes_no_slot_and_no_time() -> None:
    assert [key for key in brought_in(outcome="booked").held if key[0] in ("slot_token", "patient_time")] == []


def test_history_is_not_acted_upon_but_may_be_in_error() -> None:
    world = brought_in(outcome="booked").at(ist(3, "12:00"))
    for command in (
        CheckInPatient(appointment_id=ID),
        MarkNoShow(appointment_id=ID),
        ReverseNoShow(appointment_id=ID, reason="came"),
        CancelAppointment(appointment_id=ID, initiator="provider", reason_code="other"),
        RescheduleAppointment(appointment_id=ID, new_slot_id="slot_wed18", initiator="provider", reason_code="other"),
    ):
        assert refused(world, command, DESK).code == "INVALID_STATE"
    assert refused(world, StartEncounter(appointment_id=ID, class_="AMB"), DESK).code == "INVALID_STATE"
    error = MarkAppointmentError(appointment_id=ID, reason="another clinic's")
    assert world.when(error, actor=MANAGER)
    assert refused(world, error, MANAGER).code == "INVALID_STATE"


def test_a_cancelled_line_may_be_in_error_too() -> None:
    world = brought_in(outcome="cancelled", cancelled_at=ist(2, "20:00"))
    assert world.when(MarkAppointmentError(appointment_id=ID, reason="a test row"), actor=MANAGER)
