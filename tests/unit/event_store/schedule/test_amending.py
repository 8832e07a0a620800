"""C22, C27: a schedule takes another shape from a day on, or ends."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from event_store.aggregates.appointment.commands import CancelAppointment
from event_store.aggregates.branch.events import BranchClosed
from event_store.aggregates.patient.events import ConsentRecorded
from event_store.aggregates.practitioner.events import PractitionerUpdated
from event_store.aggregates.schedule.commands import AmendSchedule, BlockSchedule, OverrideSlot, RetireSchedule
from event_store.aggregates.schedule.events import (
    ScheduleAmended,
    ScheduleBlocked,
    ScheduleRetired,
    SlotsGenerated,
    SlotsRetired,
)
from mymedic.messages import Event
from tests.scenario import Scenario
from tests.unit.event_store.clinic import DESK, MANAGER, PRICE, a_patient, a_price, book, ist, refused
from tests.unit.event_store.organisation import MONDAY, an_organisation, publish_schedule, session

EVENING = session(3, "18:00", "19:00", capacity=2)  # Wednesdays, as published
NEXT_WEEK = MONDAY + timedelta(days=7)


def a_practice() -> Scenario:
    """Dr Rao's Mondays and Wednesdays 18 to 19; two patients who may book."""
    world = an_organisation()
    world.given("price", "svc_consult", a_price("svc_consult", PRICE))
    for patient_id in ("pat_asha", "pat_bala"):
        a_patient(world, patient_id)
        world.given("patient", patient_id, ConsentRecorded(purpose="care", notice_version="1", given_by_role="patient"))
    world.when(publish_schedule(), actor=DESK, id="sch_1")
    return world


def amend(*weekly: Any, start: date = MONDAY, displace: Any = None) -> AmendSchedule:
    return AmendSchedule(schedule_id="sch_1", from_date=start, weekly=weekly, displace=displace)


def slot_at(world: Scenario, day: int, clock: str) -> str:
    """The slot that is offered at a moment."""
    schedule = world.state("schedule", "sch_1")
    found = schedule.slot_ids_between(ist(day, clock), ist(day, clock) + timedelta(minutes=1))
    (slot_id,) = [id for id in found if id not in schedule.closed]
    return str(slot_id)


def of_type(events: list[Event], kind: type[Event]) -> list[Any]:
    return [event for event in events if isinstance(event, kind)]


def test_only_what_differs_comes_and_goes() -> None:
    world = a_practice()
    wednesday = slot_at(world, 4, "18:00")
    events = world.when(amend(session(2, "10:00", "10:30"), EVENING, start=NEXT_WEEK), actor=DESK)
    assert events[0] == ScheduleAmended(from_date=NEXT_WEEK, weekly=(session(2, "10:00", "10:30"), EVENING))
    assert [(e.business_date, len(e.slot_ids), e.reason) for e in of_type(events, SlotsRetired)] == [
        (NEXT_WEEK + timedelta(days=days), 4, "amended") for days in (0, 7, 14)
    ]
    assert [(e.business_date, len(e.slots)) for e in of_type(events, SlotsGenerated)] == [
        (NEXT_WEEK + timedelta(days=days), 2) for days in (1, 8, 15)
    ]
    assert slot_at(world, 4, "18:00") == wednesday  # before the day of the change, nothing moved
    assert refused(world, book(of_type(events, SlotsRetired)[0].slot_ids[0])).code == "SLOT_UNAVAILABLE"


def test_the_time_of_a_retired_slot_is_free_again() -> None:
    world = a_practice()
    world.when(amend(session(1, "18:05", "18:35", capacity=2), EVENING), actor=DESK)
    world.when(amend(session(1, "18:00", "19:00", capacity=2), EVENING), actor=DESK)
    assert world.state("schedule", "sch_1").slot(slot_at(world, 2, "18:00")).state == "open"


def test_a_slot_at_the_same_time_stays_itself_with_new_figures() -> None:
    world = a_practice()
    slot_id = slot_at(world, 4, "18:00")
    world.when(book(slot_id), actor=DESK, id="appt_1")
    events = world.when(amend(session(3, "18:00", "19:00", capacity=1, mode="in_person"), start=MONDAY), actor=DESK)
    (first, *_) = of_type(events, SlotsGenerated)
    assert slot_id in {slot.slot_id for slot in first.slots}
    slot = world.state("schedule", "sch_1").slot(slot_id)
    assert (slot.capacity, slot.mode, slot.state) == (1, "in_person", "open")
    assert refused(world, book(slot_id, "pat_bala")).code == "SLOT_UNAVAILABLE"


def test_no_fewer_tokens_than_are_taken() -> None:
    world = a_practice()
    slot_id = slot_at(world, 4, "18:00")
    for patient_id in ("pat_asha", "pat_bala"):
        world.when(book(slot_id, patient_id), actor=DESK)
    command = amend(session(1, "18:00", "19:00"), session(3, "18:00", "19:00", capacity=1), displace="cancel")
    assert refused(world, command).code == "CAPACITY_BELOW_BOOKED"


@pytest.mark.parametrize("displace", ["cancel", "requeue"])
def test_bookings_whose_time_disappears_are_displaced_or_in_the_way(displace: Any) -> None:
    world = a_practice()
    slot_id = slot_at(world, 2, "18:00")
    world.when(book(slot_id), actor=DESK, id="appt_1")
    refusal = refused(world, amend(EVENING))
    assert (refusal.code, refusal.details["appointment_ids"]) == ("SCHEDULE_HAS_BOOKINGS", ["appt_1"])
    events = world.when(amend(EVENING, displace=displace), actor=DESK)
    displaced = [event for event in of_type(events, SlotsRetired) if event.reason == f"displaced_{displace}"]
    assert [(event.business_date, event.slot_ids) for event in displaced] == [(MONDAY, (slot_id,))]
    assert world.state("appointment", "appt_1").status == "booked"
    # It still waits there: a later block of that time names it, and the schedule does not end under it.
    block = BlockSchedule(
        schedule_id="sch_1", start=ist(2, "18:00"), end=ist(2, "19:00"), reason="leave", on_conflict="cancel_and_refund"
    )
    (blocked,) = world.when(block, actor=DESK)
    assert isinstance(blocked, ScheduleBlocked) and blocked.affected_appointment_ids == ("appt_1",)
    assert refused(world, retire(MONDAY), MANAGER).code == "SCHEDULE_HAS_BOOKINGS"


def test_what_was_set_for_one_slot_stays() -> None:
    world = a_practice()
    wide, closed = slot_at(world, 4, "18:00"), slot_at(world, 4, "18:15")
    for slot_id, action, capacity in ((wide, "raise_capacity", 5), (closed, "close", None)):
        command = OverrideSlot(schedule_id="sch_1", slot_id=slot_id, action=action, capacity=capacity, reason="asked")
        world.when(command, actor=DESK)
    extra = OverrideSlot(
        schedule_id="sch_1", start=ist(3, "09:00"), end=ist(3, "09:30"), action="add_extra", reason="asked"
    )
    world.when(extra, actor=DESK)
    world.when(amend(session(3, "18:00", "19:00", capacity=1)), actor=DESK)
    state = world.state("schedule", "sch_1")
    assert (state.slot(wide).capacity, state.slot(closed).state) == (5, "closed")
    assert state.slot(slot_at(world, 3, "09:00")).state == "open"
    overlapping = amend(session(2, "09:15", "10:00"))
    assert refused(world, overlapping).code == "SLOT_OVERLAP"


def test_today_only_what_has_not_begun_changes() -> None:
    world = a_practice().at(ist(2, "18:20"))
    running = slot_at(world, 2, "18:15")
    events = world.when(amend(session(1, "18:00", "19:00", minutes=10), EVENING), actor=DESK)
    today = [event for event in events if getattr(event, "business_date", None) == MONDAY]
    assert [type(event) for event in today] == [SlotsRetired, SlotsGenerated]
    assert [f"{slot.start_at:%H:%M}" for slot in today[1].slots] == ["13:00", "13:10", "13:20"]  # 18:30 in India
    assert world.state("schedule", "sch_1").slot(running).state == "open"


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (amend(EVENING, start=MONDAY - timedelta(days=1)), "VALIDATION_FAILED"),
        (amend(EVENING, start=date(2026, 11, 30)), "INVALID_STATE"),
        (amend(session(3, "19:00", "18:00")), "VALIDATION_FAILED"),
        (amend(session(3, "19:00", "20:30")), "BRANCH_CLOSED"),
        (amend(EVENING, session(3, "18:30", "19:30")), "SLOT_OVERLAP"),
    ],
)
def test_an_amendment_is_refused(command: AmendSchedule, code: str) -> None:
    assert refused(a_practice(), command).code == code


def test_a_schedule_of_someone_who_left_or_of_a_closed_branch_is_not_amended() -> None:
    world = a_practice()
    world.given("practitioner", "prac_rao", PractitionerUpdated(active=False, effective_on=MONDAY))
    assert refused(world, amend(EVENING)).code == "PRACTITIONER_INACTIVE"
    world = a_practice()
    world.given("branch", "brn_south", BranchClosed(closed_on=NEXT_WEEK, reason="lease"))
    assert refused(world, amend(EVENING)).code == "BRANCH_CLOSED"


def retire(start: date = NEXT_WEEK) -> RetireSchedule:
    return RetireSchedule(schedule_id="sch_1", from_date=start)


def test_a_schedule_ends() -> None:
    world = a_practice()
    world.when(book(slot_at(world, 4, "18:00")), actor=DESK, id="appt_1")
    events = world.when(retire(), actor=MANAGER)
    assert events[0] == ScheduleRetired(from_date=NEXT_WEEK)
    assert {(event.reason, len(event.slot_ids)) for event in of_type(events, SlotsRetired)} == {("schedule_retired", 4)}
    assert len(events) == 1 + 6
    assert refused(world, retire(), MANAGER).code == "INVALID_STATE"
    assert refused(world, amend(EVENING, start=NEXT_WEEK)).code == "INVALID_STATE"
    late = OverrideSlot(
        schedule_id="sch_1", start=ist(9, "09:00"), end=ist(9, "09:30"), action="add_extra", reason="asked"
    )
    assert refused(world, late).code == "VALIDATION_FAILED"
    assert world.when(retire(MONDAY + timedelta(days=3)), actor=MANAGER) == [
        ScheduleRetired(from_date=MONDAY + timedelta(days=3))
    ]
    again = publish_schedule(valid_from=NEXT_WEEK, schedule_id="sch_2")
    assert world.when(again, actor=DESK)  # the practitioner's time is free


def test_a_schedule_does_not_end_under_its_bookings() -> None:
    world = a_practice()
    world.when(book(slot_at(world, 11, "18:00")), actor=DESK, id="appt_1")
    refusal = refused(world, retire(), MANAGER)
    assert (refusal.code, refusal.details["appointment_ids"]) == ("SCHEDULE_HAS_BOOKINGS", ["appt_1"])
    world.when(CancelAppointment(appointment_id="appt_1", initiator="provider", reason_code="other"), actor=DESK)
    assert world.when(retire(), actor=MANAGER)
    assert refused(a_practice(), retire(MONDAY - timedelta(days=1)), MANAGER).code == "VALIDATION_FAILED"
