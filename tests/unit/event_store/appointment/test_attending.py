"""Check-in, no-show, and the no-show that came after all."""

from __future__ import annotations

from typing import Any

import pytest

from event_store.aggregates.appointment.commands import CheckInPatient, MarkNoShow, ReverseNoShow
from event_store.aggregates.appointment.events import (
    AppointmentNoShow,
    NoShowReversed,
    PatientCheckedIn,
    PlannedMoney,
)
from event_store.aggregates.encounter.commands import StartEncounter
from event_store.aggregates.payment.events import RefundInitiated, RefundRequested
from event_store.aggregates.schedule.events import SlotOverridden
from mymedic.messages import Actor
from mymedic.policies import CancellationBody
from tests.scenario import Scenario
from tests.unit.event_store.clinic import DEPOSIT, DESK, DOCTOR, TIMER, a_clinic, book, booked, hold, ist, refused

CHECK_IN = CheckInPatient(appointment_id="appt_1")
NO_SHOW = MarkNoShow(appointment_id="appt_1")
REVERSE = ReverseNoShow(appointment_id="appt_1", reason="was in the queue")


@pytest.mark.parametrize(("clock", "late"), [("09:00", 0), ("18:00", 0), ("18:20", 20), ("23:59", 359)])
def test_check_in_is_open_all_day(clock: str, late: int) -> None:
    world = booked(a_clinic()).at(ist(3, clock))
    assert world.when(CHECK_IN, actor=DESK) == [
        PatientCheckedIn(token_no=1, arrived_at=ist(3, clock), minutes_late=late)
    ]
    assert world.state("appointment", "appt_1").status == "checked-in"


def test_check_in_the_day_before_and_the_day_after() -> None:
    world = booked(a_clinic()).at(ist(2, "23:59"))
    assert refused(world, CHECK_IN).code == "TOO_EARLY"
    world.at(ist(4, "00:00"))
    assert refused(world, CHECK_IN).code == "INVALID_STATE"


def test_check_in_with_another_token() -> None:
    world = booked(a_clinic()).at(ist(3, "18:00"))
    assert refused(world, CheckInPatient(appointment_id="appt_1", token_no=2)).code == "VALIDATION_FAILED"
    assert world.when(CheckInPatient(appointment_id="appt_1", token_no=1), actor=DESK)


def test_only_a_booking_is_checked_in() -> None:
    world = a_clinic()
    world.when(hold(), actor=DESK, id="appt_1")
    world.at(ist(3, "18:00"))
    assert refused(world, CHECK_IN).code == "INVALID_STATE"


@pytest.mark.parametrize(("actor", "marked_by"), [(DESK, "staff"), (DOCTOR, "doctor"), (TIMER, "timer")])
def test_r_pol_5_a_no_show_forfeits_what_is_held(actor: Actor, marked_by: Any) -> None:
    world = booked(a_clinic(), held=DEPOSIT).at(ist(3, "18:30"))
    assert world.when(NO_SHOW, actor=actor) == [
        AppointmentNoShow(
            start_at=ist(3, "18:00"),
            marked_by=marked_by,
            held_paise=DEPOSIT,
            forfeit_paise=DEPOSIT,
            refund_paise=0,
            plan=(PlannedMoney(payment_id="pay_appt_1", forfeit_paise=DEPOSIT, refund_paise=0),),
            policy_version_id="pol_default_cancellation",
        )
    ]
    assert not [kind for kind, _ in world.held if kind in ("slot_token", "patient_time")]


def test_r_pol_5_the_remainder_is_refunded() -> None:
    world = booked(a_clinic(cancellation=CancellationBody(noshow_forfeit_bps=2500)), held=20_001).at(ist(3, "19:00"))
    (event,) = world.when(NO_SHOW, actor=DESK)
    assert isinstance(event, AppointmentNoShow)
    assert (event.held_paise, event.forfeit_paise, event.refund_paise) == (20_001, 5_000, 15_001)


def test_the_patient_may_still_come() -> None:
    world = booked(a_clinic()).at(ist(3, "18:29"))
    assert refused(world, NO_SHOW).code == "NOSHOW_TOO_EARLY"
    world = booked(a_clinic(cancellation=CancellationBody(noshow_grace_seconds=0))).at(ist(3, "18:00"))
    assert world.when(NO_SHOW, actor=DESK)


def test_who_came_is_no_no_show() -> None:
    world = booked(a_clinic()).at(ist(3, "18:00"))
    world.when(CHECK_IN, actor=DESK)
    world.at(ist(3, "19:00"))
    assert refused(world, NO_SHOW).code == "INVALID_STATE"


def test_who_is_on_video_is_no_no_show() -> None:
    world = a_clinic()
    world.when(book("slot_video", visit_type="tele"), actor=DESK, id="appt_1")
    world.at(ist(3, "12:00"))
    world.when(StartEncounter(appointment_id="appt_1", class_="VR"), actor=DOCTOR, id="enc_1")
    world.at(ist(3, "13:00"))
    assert refused(world, NO_SHOW).code == "INVALID_STATE"


def no_show(held: int = 0) -> Scenario:
    body = CancellationBody(noshow_forfeit_bps=5000)
    world = booked(a_clinic(cancellation=body), held=held).at(ist(3, "18:30"))
    world.when(NO_SHOW, actor=DESK)
    return world


def test_a_no_show_is_reversed_on_its_day_and_takes_its_seat_again() -> None:
    world = no_show().at(ist(3, "19:00"))
    assert world.when(REVERSE, actor=DESK) == [NoShowReversed(reason="was in the queue")]
    assert world.state("appointment", "appt_1").status == "checked-in"
    assert world.held["slot_token", "slot_tue18#01"] == ("appt_1", "")


def test_inv_a1_a_no_show_whose_seat_is_gone_stays() -> None:
    world = booked(a_clinic(cancellation=CancellationBody(noshow_grace_seconds=0))).at(ist(3, "18:00"))
    world.when(NO_SHOW, actor=DESK)
    world.when(book("slot_tue18", "pat_bala", walk_in=True), actor=DESK)
    assert refused(world, REVERSE).code == "SLOT_UNAVAILABLE"
    world = booked(a_clinic(), "appt_1", "slot_thu18")
    world.when(book("slot_thu18", "pat_bala"), actor=DESK, id="appt_2")
    world.at(ist(5, "18:30")).when(NO_SHOW, actor=DESK)
    lower = SlotOverridden(slot_id="slot_thu18", action="lower_capacity", capacity=1, reason="short day")
    world.given("schedule", "sch_rao", lower)
    assert refused(world, REVERSE).code == "SLOT_UNAVAILABLE"


def test_a_no_show_of_yesterday_stays() -> None:
    assert refused(no_show().at(ist(4, "00:00")), REVERSE).code == "NOSHOW_REVERSAL_WINDOW"


def test_a_remainder_that_is_on_its_way_back_keeps_the_no_show() -> None:
    world = no_show(DEPOSIT)
    world.given(
        "payment",
        "pay_appt_1",
        RefundRequested(refund_id="rfd_1", amount_paise=20_000, reason="no_show_remainder", destination="source"),
    )
    world.at(ist(3, "18:40"))
    snapshot = world.state("payment", "pay_appt_1").refunds["rfd_1"].status
    assert snapshot == "requested"
    world.given("payment", "pay_appt_1", RefundInitiated(refund_id="rfd_1", attempt=1, speed="normal"))
    assert refused(world, REVERSE).code == "NOSHOW_REVERSAL_WINDOW"


def test_a_remainder_only_asked_for_is_taken_back() -> None:
    world = no_show(DEPOSIT)
    world.given(
        "payment",
        "pay_appt_1",
        RefundRequested(refund_id="rfd_1", amount_paise=20_000, reason="no_show_remainder", destination="source"),
    )
    assert world.when(REVERSE, actor=DESK)


def test_only_a_no_show_is_reversed() -> None:
    assert refused(booked(a_clinic()), REVERSE).code == "INVALID_STATE"
