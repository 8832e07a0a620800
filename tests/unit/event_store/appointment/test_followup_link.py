"""An appointment for a follow-up tells its stream what becomes of it, and is free as was promised."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from event_store.aggregates.appointment.commands import (
    CancelAppointment,
    ConfirmAppointment,
    HoldAppointment,
    MarkAppointmentError,
    MarkNoShow,
    RescheduleAppointment,
    ReverseNoShow,
)
from event_store.aggregates.appointment.events import AppointmentBooked
from event_store.aggregates.encounter.events import EncounterCancelled
from event_store.aggregates.followup.commands import CloseFollowUp
from event_store.aggregates.followup.events import FollowUpBooked, FollowUpOverdue, FollowUpUnbooked
from event_store.aggregates.patient.events import PatientsMerged
from mymedic.policies import FollowUpBody
from tests.scenario import Scenario
from tests.unit.event_store.clinic import (
    DEPOSIT,
    DESK,
    DOCTOR,
    MANAGER,
    PATIENT,
    PRICE,
    TIMER,
    a_schedule,
    a_slot,
    book,
    captured,
    ist,
    publish,
    refused,
)
from tests.unit.event_store.followup.visits import a_visit, asked, complete, evaluated, request

LATER = (a_slot("slot_9", ist(9, "18:00")), a_slot("slot_10", ist(10, "18:00")), a_slot("slot_30", ist(30, "18:00")))

HOLD = HoldAppointment(
    patient_id="pat_asha",
    slot_id="slot_10",
    service_id="svc_consult",
    visit_type="follow_up",
    followup_id="fup_1",
    quoted_price_paise=PRICE,
    channel="portal",
)


def wanted(**changes: Any) -> Scenario:
    """Seen on the 2nd, wanted back on the 5th; free until the 9th."""
    world = asked(date(2026, 11, 5), **changes)
    a_schedule(world, "sch_far", "prac_rao", "brn_south", LATER)
    return world


def come_back(slot_id: str = "slot_thu18", price: int = 0, **changes: Any) -> Any:
    return book(
        slot_id,
        **{
            "visit_type": "follow_up",
            "followup_id": "fup_1",
            "quoted_price_paise": price,
            "deposit_waiver_reason": None if price == 0 else "known",
            **changes,
        },
    )


def linked() -> Scenario:
    world = wanted()
    world.when(come_back(), actor=DESK, id="appt_2")
    return world


def status(world: Scenario) -> tuple[str, str | None]:
    state = world.state("followup", "fup_1")
    return state.status, state.appointment_id


def test_a_booking_tells_the_follow_up_in_the_same_transaction() -> None:
    world = wanted()
    booked, told = world.when(come_back(), actor=DESK, id="appt_2")
    assert isinstance(booked, AppointmentBooked)
    assert (booked.followup_id, booked.price_quoted_paise, booked.list_price_paise) == ("fup_1", 0, PRICE)
    assert told == FollowUpBooked(appointment_id="appt_2", start_at=ist(5, "18:00"))
    assert world.log[-1][:2] == ("followup", "fup_1")
    assert status(world) == ("booked", "appt_2")


def test_a_hold_tells_it_when_it_is_confirmed() -> None:
    world = wanted()
    assert len(world.when(HOLD, actor=PATIENT, id="appt_2")) == 1
    assert status(world) == ("requested", None)
    captured(world, "pay_1", "appt_2", DEPOSIT)
    confirm = ConfirmAppointment(appointment_id="appt_2", payment_id="pay_1")
    _, told = world.when(confirm, actor=TIMER)
    assert told == FollowUpBooked(appointment_id="appt_2", start_at=ist(10, "18:00"))


def test_a_deposit_that_was_paid_confirms_though_the_follow_up_has_ended() -> None:
    world = wanted()
    world.when(HOLD, actor=PATIENT, id="appt_2")
    world.when(CloseFollowUp(followup_id="fup_1", outcome="cancelled"), actor=DESK)
    captured(world, "pay_1", "appt_2", DEPOSIT)
    (booked,) = world.when(ConfirmAppointment(appointment_id="appt_2", payment_id="pay_1"), actor=TIMER)
    assert isinstance(booked, AppointmentBooked)


def test_moving_tells_it_the_new_time() -> None:
    world = linked()
    move = RescheduleAppointment(
        appointment_id="appt_2", new_slot_id="slot_fri18", initiator="patient", reason_code="time_conflict"
    )
    assert world.when(move, actor=DESK)[1:] == [FollowUpBooked(appointment_id="appt_2", start_at=ist(6, "18:00"))]
    assert status(world) == ("booked", "appt_2")


def test_cancelling_makes_it_wait_again_and_another_may_be_booked() -> None:
    world = linked()
    cancel = CancelAppointment(appointment_id="appt_2", initiator="patient", reason_code="cost")
    assert world.when(cancel, actor=DESK)[1:] == [FollowUpUnbooked(appointment_id="appt_2", cause="cancelled")]
    assert status(world) == ("requested", None)
    world.when(come_back("slot_fri18"), actor=DESK, id="appt_3")
    assert status(world) == ("booked", "appt_3")


def test_a_no_show_makes_it_wait_again_and_its_reversal_books_it_again() -> None:
    world = linked().at(ist(5, "19:00"))
    no_show = MarkNoShow(appointment_id="appt_2")
    assert world.when(no_show, actor=DESK)[1:] == [FollowUpUnbooked(appointment_id="appt_2", cause="noshow")]
    assert status(world) == ("requested", None)
    back = ReverseNoShow(appointment_id="appt_2", reason="was in the queue")
    assert world.when(back, actor=DESK)[1:] == [FollowUpBooked(appointment_id="appt_2", start_at=ist(5, "18:00"))]
    assert status(world) == ("booked", "appt_2")


def test_a_reversal_does_not_take_it_from_the_appointment_that_was_booked_instead() -> None:
    world = linked().at(ist(5, "19:00"))
    world.when(MarkNoShow(appointment_id="appt_2"), actor=DESK)
    world.when(come_back("slot_9"), actor=DESK, id="appt_3")
    assert len(world.when(ReverseNoShow(appointment_id="appt_2", reason="was there"), actor=DESK)) == 1
    assert status(world) == ("booked", "appt_3")


def test_an_appointment_entered_in_error_is_none() -> None:
    world = linked()
    wrong = MarkAppointmentError(appointment_id="appt_2", reason="another patient")
    assert world.when(wrong, actor=MANAGER)[1:] == [FollowUpUnbooked(appointment_id="appt_2", cause="cancelled")]


def test_what_has_ended_is_told_nothing_more() -> None:
    world = linked()
    world.when(CloseFollowUp(followup_id="fup_1", outcome="declined"), actor=PATIENT)
    cancel = CancelAppointment(appointment_id="appt_2", initiator="patient", reason_code="cost")
    assert len(world.when(cancel, actor=DESK)) == 1
    assert status(world)[0] == "declined"


def test_one_appointment_ahead_at_a_time() -> None:
    refusal = refused(linked(), come_back("slot_fri18"))
    assert (refusal.code, refusal.details["appointment_id"]) == ("INVALID_STATE", "appt_2")


def test_an_appointment_that_took_place_for_another_follow_up_is_no_longer_ahead() -> None:
    """R-FU-1 gave its visit to the follow-up that was due first; this one may be booked again."""
    world = wanted()
    world.when(request(date(2026, 11, 4), reason="stitches"), actor=DOCTOR, id="fup_2")
    world.when(come_back(), actor=DESK, id="appt_2")
    a_visit(world, "enc_2", ist(5, "18:00"))
    world.given("appointment", "appt_2", world.state("appointment", "appt_2").fulfil("enc_2"))
    world.when(complete("enc_2", "fup_2"))
    world.at(ist(5, "19:00")).when(come_back("slot_9", PRICE), actor=DESK, id="appt_3")
    assert status(world) == ("booked", "appt_3")


def test_an_overdue_one_is_booked_and_a_lapsed_one_is_not() -> None:
    world = wanted().at(ist(13, "10:00")).given("followup", "fup_1", FollowUpOverdue(as_of=date(2026, 11, 13)))
    world.when(come_back("slot_30", PRICE), actor=DESK, id="appt_2")
    assert status(world) == ("booked", "appt_2")
    world = wanted().at(ist(13, "00:00", 12))  # its last day was the 12th; nobody has evaluated it
    a_schedule(world, "sch_dec", "prac_rao", "brn_south", (a_slot("slot_dec", ist(14, "10:00", 12)),))
    assert refused(world, come_back("slot_dec", PRICE)).code == "INVALID_STATE"
    evaluated(world, date(2026, 12, 13))
    assert refused(world, come_back("slot_dec", PRICE)).code == "INVALID_STATE"


def test_the_follow_up_of_another_patient_is_none() -> None:
    assert refused(wanted(), come_back(patient_id="pat_bala")).code == "NOT_FOUND"
    assert refused(wanted(), come_back(followup_id="fup_9")).code == "NOT_FOUND"
    merged = PatientsMerged(survivor_id="pat_bala", duplicate_id="pat_asha", reason="registered twice")
    world = wanted().given("patient", "pat_bala", merged)
    assert world.when(come_back(patient_id="pat_bala"), actor=DESK)


@pytest.mark.parametrize("same_practitioner", [True, False])
def test_a_visit_to_another_doctor_is_a_follow_up_only_where_that_was_asked_for(same_practitioner: bool) -> None:
    world = wanted(same_practitioner=same_practitioner)
    if same_practitioner:
        assert refused(world, come_back("slot_iyer", PRICE)).code == "VALIDATION_FAILED"
    else:  # but the policy gives a free visit to the same doctor only
        assert world.when(come_back("slot_iyer", PRICE), actor=DESK)


def test_free_until_the_day_that_was_promised() -> None:
    """R-POL follow_up: inside free_days of the encounter, that day included."""
    assert wanted().when(come_back("slot_9"), actor=DESK)
    assert refused(wanted(), come_back("slot_10")).code == "PRICE_CHANGED"
    assert wanted().when(come_back("slot_10", PRICE), actor=DESK)


def test_a_promise_outlives_a_change_of_policy() -> None:
    """R-POL-1: the follow-up pins the policy under which it was asked for."""
    world = wanted()
    publish(world, "follow_up", FollowUpBody(free_days=0, free_visits=0))
    booked = world.when(come_back(), actor=DESK)[0]
    assert isinstance(booked, AppointmentBooked) and booked.policy_version_ids[2] == "pol_default_follow_up"


def test_the_free_visits_are_counted_over_all_that_the_encounter_asked_for() -> None:
    world = linked()
    world.when(request(date(2026, 11, 6), reason="stitches"), actor=DOCTOR, id="fup_2")
    assert refused(world, come_back("slot_fri18", followup_id="fup_2")).code == "PRICE_CHANGED"
    assert world.when(come_back("slot_fri18", PRICE, followup_id="fup_2"), actor=DESK)


def test_only_a_visit_of_that_type_is_free_and_only_after_one_that_was_paid() -> None:
    assert refused(wanted(), come_back(visit_type="new")).code == "PRICE_CHANGED"
    world = wanted().given("encounter", "enc_1", EncounterCancelled(reason="opened by mistake"))
    assert refused(world, come_back()).code == "PRICE_CHANGED"
