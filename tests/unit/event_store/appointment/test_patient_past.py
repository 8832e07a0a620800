"""What a booking knows of the patient's earlier appointments: first visit or not, and how many no-shows."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from event_store.aggregates.appointment.events import (
    AppointmentBooked,
    AppointmentImported,
    AppointmentNoShow,
    NoShowReversed,
)
from mymedic.policies import DepositBody, NoshowEscalation
from tests.unit.event_store.clinic import (
    DESK,
    PRICE,
    a_clinic,
    book,
    booked,
    ist,
)


def imported(days_ago: int, outcome: Any, patient_id: str = "pat_asha") -> AppointmentImported:
    return AppointmentImported(
        source_system="old_books",
        external_ref=f"row{days_ago}{outcome}",
        patient_ref=patient_id,
        branch_ref="brn_south",
        start_on=ist(2, "10:00").date() - timedelta(days=days_ago),
        time_precision="day",
        outcome=outcome,
    )


def test_no_shows_of_the_last_year_are_counted_and_may_raise_the_deposit() -> None:
    body = DepositBody(mode="bps", bps=1000, noshow_escalation=NoshowEscalation(threshold=2, bps=10_000))
    world = a_clinic(deposit=body)
    for days in (366, 365):
        world.given("appointment", f"appt_old{days}", imported(days, "noshow"))
    (first,) = world.when(book(), actor=DESK)
    assert isinstance(first, AppointmentBooked)
    assert (first.prior_noshow_count, first.deposit_required_paise) == (1, 8_000)
    world.given("appointment", "appt_old9", imported(9, "noshow"))
    (second,) = world.when(book("slot_wed18"), actor=DESK)
    assert isinstance(second, AppointmentBooked)
    assert (second.prior_noshow_count, second.deposit_required_paise) == (2, PRICE)


def test_another_patients_no_shows_do_not_count() -> None:
    world = a_clinic()
    world.given("appointment", "appt_old", imported(9, "noshow", "pat_bala"))
    (event,) = world.when(book(), actor=DESK)
    assert isinstance(event, AppointmentBooked) and event.prior_noshow_count == 0


def test_a_patient_is_new_until_a_visit_took_place_imported_ones_included() -> None:
    world = a_clinic()
    world.given("appointment", "appt_old", imported(900, "noshow"))
    (first,) = world.when(book(), actor=DESK)
    world.given("appointment", "appt_older", imported(950, "fulfilled"))
    (second,) = world.when(book("slot_wed18"), actor=DESK)
    assert isinstance(first, AppointmentBooked) and isinstance(second, AppointmentBooked)
    assert (first.is_new_patient, second.is_new_patient) == (True, False)


def test_a_reversed_no_show_does_not_count() -> None:
    world = booked(a_clinic())
    no_show = AppointmentNoShow(
        start_at=ist(3, "18:00"),
        marked_by="staff",
        held_paise=0,
        forfeit_paise=0,
        refund_paise=0,
        policy_version_id="pol_default_cancellation",
    )
    world.given("appointment", "appt_1", no_show).at(ist(3, "19:00"))
    (first,) = world.when(book("slot_wed18"), actor=DESK)
    world.given("appointment", "appt_1", NoShowReversed(reason="was in the queue"))
    (second,) = world.when(book("slot_thu18"), actor=DESK)
    assert isinstance(first, AppointmentBooked) and isinstance(second, AppointmentBooked)
    assert (first.prior_noshow_count, second.prior_noshow_count) == (1, 0)
