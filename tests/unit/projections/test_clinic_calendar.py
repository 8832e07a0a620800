"""P3: what the desk sees of a day, and what it is told to look at."""

from __future__ import annotations

from datetime import date

from event_store.aggregates.appointment.commands import ExpireHold, RescheduleAppointment
from event_store.aggregates.appointment.events import (
    AppointmentBooked,
    AppointmentCancelled,
    AppointmentEnteredInError,
    AppointmentImported,
    PatientCheckedIn,
)
from event_store.aggregates.practitioner.events import TeleAvailabilityChanged
from event_store.aggregates.schedule.commands import BlockSchedule, UnblockSchedule
from event_store.aggregates.schedule.events import ScheduleBlocked
from projections.clinic_calendar import PROJECTION, ClinicCalendar
from tests.scenario import Scenario
from tests.unit.event_store.clinic import DESK, DOCTOR, PATIENT, PRICE, TIMER, a_clinic, book, booked, hold, ist
from tests.unit.projections.shown import Shown
from tests.unit.projections.test_doctor_schedule import billed, started


def row(shown: Shown, appointment_id: str = "appt_1") -> ClinicCalendar:
    return shown.see().one(ClinicCalendar, appointment_id=appointment_id)


def test_a_visit_is_followed_from_booking_to_bill() -> None:
    world = booked(a_clinic(), held=30_000)
    shown = Shown(PROJECTION, world)
    found = row(shown)
    assert (found.branch_id, found.city_id, found.business_date) == ("brn_south", "cty_blr", date(2026, 11, 3))
    assert (found.status, found.paid_paise, found.due_paise) == ("booked", 30_000, PRICE - 30_000)
    assert found.flags == ("first_visit",)
    world.given("appointment", "appt_1", PatientCheckedIn(token_no=1, arrived_at=ist(3, "18:02"), minutes_late=2))
    world.given("encounter", "enc_2", started())
    found = row(shown)
    assert (found.status, found.encounter_id, found.wait_seconds) == ("arrived", "enc_2", 900)
    assert (found.arrived_at, found.flags) == (ist(3, "18:02"), ("late", "first_visit"))
    world.given("invoice", "inv_1", billed(120_000))
    assert row(shown).due_paise == 120_000


def test_a_move_takes_the_row_to_another_day() -> None:
    world = booked(a_clinic())
    shown = Shown(PROJECTION, world)
    world.when(
        RescheduleAppointment(
            appointment_id="appt_1", new_slot_id="slot_thu18", initiator="patient", reason_code="patient_request"
        ),
        actor=DESK,
    )
    assert row(shown).business_date == date(2026, 11, 5)


def test_holds_that_ran_out_errors_and_other_systems_are_not_in_the_calendar() -> None:
    world = booked(a_clinic(), "appt_wrong", "slot_wed18")
    shown = Shown(PROJECTION, world)
    world.when(hold(), actor=PATIENT, id="appt_held", channel="portal")
    assert row(shown, "appt_held").status == "pending"
    world.at(ist(2, "10:16")).when(ExpireHold(appointment_id="appt_held"), actor=TIMER)
    world.given("appointment", "appt_wrong", AppointmentEnteredInError(reason="typed twice"))
    world.given(
        "appointment",
        "appt_old",
        AppointmentImported(
            source_system="old",
            external_ref="1",
            patient_ref="pat_old",
            branch_ref="brn_south",
            start_on=date(2026, 10, 1),
            time_precision="day",
            outcome="fulfilled",
        ),
    )
    assert shown.see().rows(ClinicCalendar) == []


def test_nothing_is_due_for_what_was_cancelled() -> None:
    world = booked(a_clinic())
    shown = Shown(PROJECTION, world)
    cancelled = AppointmentCancelled(
        initiator="patient",
        reason_code="cost",
        lead_seconds=0,
        tier_bps=0,
        eff_bps=0,
        held_paise=0,
        forfeit_paise=0,
        refund_paise=0,
        policy_version_id="pol_default_cancellation",
    )
    world.given("appointment", "appt_1", cancelled)
    assert (row(shown).status, row(shown).due_paise) == ("cancelled", 0)


def test_many_no_shows_are_flagged() -> None:
    world = a_clinic()
    (happened,) = world.when(book(), actor=DESK, id="appt_0")
    assert isinstance(happened, AppointmentBooked)
    again = {name: getattr(happened, name) for name in happened.__struct_fields__}
    again |= {"slot_id": "slot_wed18", "prior_noshow_count": 2, "is_new_patient": False}
    again |= {"start_at": ist(4, "18:00"), "end_at": ist(4, "18:15")}
    world.given("appointment", "appt_1", AppointmentBooked(**again))
    assert row(Shown(PROJECTION, world)).flags == ("prior_noshow",)


def blocked(world: Scenario) -> ScheduleBlocked:
    (block,) = world.when(
        BlockSchedule(
            schedule_id="sch_rao",
            start=ist(3, "17:00"),
            end=ist(3, "19:00"),
            reason="leave",
            on_conflict="queue_for_reschedule",
        ),
        actor=DOCTOR,
    )
    assert isinstance(block, ScheduleBlocked)
    return block


def test_who_stands_under_a_block_is_to_be_moved_until_it_is_lifted_or_they_are() -> None:
    world = booked(a_clinic())
    shown = Shown(PROJECTION, world)
    block = blocked(world)
    assert "needs_reschedule" in row(shown).flags
    world.when(UnblockSchedule(schedule_id="sch_rao", block_id=block.block_id), actor=DOCTOR)
    assert "needs_reschedule" not in row(shown).flags
    blocked(world)
    assert "needs_reschedule" in row(shown).flags
    world.when(
        RescheduleAppointment(
            appointment_id="appt_1", new_slot_id="slot_thu18", initiator="provider", reason_code="provider_leave"
        ),
        actor=DESK,
    )
    assert "needs_reschedule" not in row(shown).flags


def test_who_has_come_is_not_to_be_moved() -> None:
    world = booked(a_clinic())
    shown = Shown(PROJECTION, world)
    blocked(world)
    world.given("appointment", "appt_1", PatientCheckedIn(token_no=1, arrived_at=ist(3, "17:50"), minutes_late=0))
    assert "needs_reschedule" not in row(shown).flags


def test_a_video_visit_is_to_be_moved_when_the_doctor_withdraws_video() -> None:
    world = a_clinic()
    world.when(book("slot_video", visit_type="tele"), actor=DESK, id="appt_1")
    shown = Shown(PROJECTION, world)
    assert "needs_reschedule" not in row(shown).flags
    world.given(
        "practitioner",
        "prac_rao",
        TeleAvailabilityChanged(available=False, from_at=ist(3, "00:00"), until_at=ist(4, "00:00")),
    )
    assert "needs_reschedule" in row(shown).flags
