"""C21: a week's sessions become slots."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from event_store.aggregates.branch.events import BranchClosed, BranchUpdated, OpenHours
from event_store.aggregates.practitioner.events import PractitionerRole, PractitionerUpdated
from event_store.aggregates.schedule.events import SchedulePublished, SlotsGenerated, WeeklyHours
from mymedic.clock import INDIA, micros
from mymedic.errors import Refused
from mymedic.messages import Event
from tests.unit.event_store.clinic import DESK, ist, refused
from tests.unit.event_store.organisation import (
    MONDAY,
    an_organisation,
    publish_schedule,
    registered_branch,
    session,
)

ALL_DAY = tuple(OpenHours(dow=dow, start="00:00", end="24:00") for dow in range(1, 8))
A_WEEK = MONDAY + timedelta(days=6)


def generated(events: list[Event]) -> dict[date, list[tuple[str, str]]]:
    """Local start and end of every slot, by business date."""
    clock = [
        (
            event.business_date,
            [(f"{s.start_at.astimezone(INDIA):%H:%M}", f"{s.end_at.astimezone(INDIA):%H:%M}") for s in event.slots],
        )
        for event in events
        if isinstance(event, SlotsGenerated)
    ]
    assert [day for day, _ in clock] == sorted({day for day, _ in clock})
    return dict(clock)


def test_a_week_becomes_slots_one_event_a_day() -> None:
    world = an_organisation()
    events = world.when(publish_schedule(), actor=DESK, id="sch_1")
    assert isinstance(events[0], SchedulePublished)
    days = generated(events)
    assert list(days) == [MONDAY + timedelta(days=offset) for offset in (0, 2, 7, 9, 14, 16, 21, 23)]
    assert set(map(tuple, days.values())) == {
        (("18:00", "18:15"), ("18:15", "18:30"), ("18:30", "18:45"), ("18:45", "19:00"))
    }
    state = world.state("schedule", "sch_1")
    first = state.slot(next(iter(state.slots)))
    assert (first.start_at, first.end_at) == (ist(2, "18:00"), ist(2, "18:15"))
    assert (first.capacity, first.mode, first.state) == (2, "both", "open")
    assert (state.practitioner_id, state.branch_id, state.service_ids) == ("prac_rao", "brn_south", ("svc_consult",))
    assert world.held["slot", first.slot_id][0] == "sch_1"
    assert len(state.slots) == 32 == len({slot for kind, slot in world.held if kind == "slot"})
    assert state.slot("slot_none") is None


def test_a_rest_shorter_than_a_slot_stays_idle() -> None:
    command = publish_schedule(
        weekly=(session(1, "18:00", "18:59", 20), session(1, "09:00", "09:20", 20)), valid_to=A_WEEK
    )
    days = generated(an_organisation().when(command, actor=DESK))
    assert days == {MONDAY: [("09:00", "09:20"), ("18:00", "18:20"), ("18:20", "18:40")]}


def test_a_session_may_end_at_midnight() -> None:
    world = an_organisation()
    world.given("branch", "brn_south", BranchUpdated(open_hours=ALL_DAY, effective_on=MONDAY))
    command = publish_schedule(weekly=(session(1, "23:00", "24:00", 60),), valid_to=A_WEEK)
    (event,) = world.when(command, actor=DESK)[1:]
    assert isinstance(event, SlotsGenerated)
    assert (event.business_date, event.slots[0].end_at) == (MONDAY, ist(3, "00:00"))


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"service_ids": ("svc_none",)}, "NOT_FOUND"),
        ({"practitioner_id": "prac_none"}, "NOT_FOUND"),
        ({"branch_id": "brn_none"}, "PRACTITIONER_INACTIVE"),
        ({"valid_to": MONDAY - timedelta(days=1)}, "VALIDATION_FAILED"),
        ({"valid_to": MONDAY + timedelta(days=366)}, "VALIDATION_FAILED"),
        ({"weekly": (session(1, "19:00", "18:00"),)}, "VALIDATION_FAILED"),
        ({"weekly": (session(1, "18:00", "18:10"),)}, "VALIDATION_FAILED"),
        ({"weekly": (session(2, "18:00", "19:00"),), "valid_to": MONDAY}, "VALIDATION_FAILED"),
        ({"weekly": (session(1, "07:00", "09:00"),)}, "BRANCH_CLOSED"),
        ({"weekly": (session(7, "10:00", "11:00"),)}, "BRANCH_CLOSED"),
        ({"valid_from": date(2019, 12, 30), "valid_to": date(2020, 1, 30)}, "PRACTITIONER_INACTIVE"),
        ({"weekly": (session(1, "10:00", "11:00"), session(1, "10:55", "12:00"))}, "SLOT_OVERLAP"),
    ],
)
def test_a_schedule_is_refused(changes: dict[str, Any], code: str) -> None:
    assert refused(an_organisation(), publish_schedule(**changes)).code == code


def test_366_days_are_allowed() -> None:
    an_organisation().when(publish_schedule(valid_to=MONDAY + timedelta(days=365)), actor=DESK)


def test_a_practitioner_who_has_left_gets_no_schedule() -> None:
    world = an_organisation()
    world.given("practitioner", "prac_rao", PractitionerUpdated(active=False, effective_on=MONDAY))
    assert refused(world, publish_schedule()).code == "PRACTITIONER_INACTIVE"


def test_a_branch_that_closes_meanwhile_gets_no_schedule() -> None:
    world = an_organisation()
    world.given("branch", "brn_south", BranchClosed(closed_on=date(2026, 11, 29), reason="lease ended"))
    assert refused(world, publish_schedule()).code == "BRANCH_CLOSED"
    world.when(publish_schedule(valid_to=date(2026, 11, 28)), actor=DESK)


def test_a_practitioner_is_in_one_place_at_a_time() -> None:
    world = an_organisation().given("branch", "brn_north", registered_branch("brn_north"))
    roles = tuple(
        PractitionerRole(branch_id=branch_id, share_bps=4000, from_=MONDAY) for branch_id in ("brn_south", "brn_north")
    )
    world.given("practitioner", "prac_rao", PractitionerUpdated(roles=roles, effective_on=MONDAY))
    world.when(publish_schedule(), actor=DESK)
    elsewhere = publish_schedule(branch_id="brn_north", weekly=(session(1, "18:45", "20:00"),))
    assert refused(world, elsewhere).code == "SLOT_OVERLAP"
    world.when(publish_schedule(branch_id="brn_north", weekly=(session(1, "19:00", "20:00"),)), actor=DESK)


sessions = st.builds(
    WeeklyHours,
    dow=st.integers(1, 7),
    start=st.builds("{:02d}:{:02d}".format, st.integers(0, 23), st.sampled_from(range(0, 60, 5))),
    end=st.builds("{:02d}:{:02d}".format, st.integers(0, 23), st.integers(0, 59)),
    slot_minutes=st.sampled_from(range(5, 125, 5)),
    capacity=st.integers(1, 20),
    mode=st.sampled_from(["in_person", "tele", "both"]),
)


@settings(max_examples=60, deadline=None)
@given(weekly=st.lists(sessions, min_size=1, max_size=6), days=st.integers(0, 20))
def test_slots_lie_in_their_sessions_and_their_time_is_claimed_once(weekly: list[WeeklyHours], days: int) -> None:
    """Property: whatever week is accepted, slots do not overlap, guards cover them exactly, ids are their own."""
    world = an_organisation()
    world.given("branch", "brn_south", BranchUpdated(open_hours=ALL_DAY, effective_on=MONDAY))
    command = publish_schedule(weekly=tuple(weekly), valid_to=MONDAY + timedelta(days=days))
    try:
        world.when(command, actor=DESK, id="sch_1")
    except Refused as refusal:
        assert refusal.code in ("VALIDATION_FAILED", "SLOT_OVERLAP")
        return
    slots = sorted(world.state("schedule", "sch_1").slots.values(), key=lambda slot: slot.start_at)
    for one, two in pairwise(slots):
        assert one.end_at <= two.start_at
    for slot in slots:
        start, end = slot.start_at.astimezone(INDIA), slot.end_at.astimezone(INDIA)
        inside = [
            hours
            for hours in weekly
            if hours.dow == start.isoweekday()
            and hours.start <= f"{start:%H:%M}"
            and f"{end:%H:%M}" <= hours.end
            and (end - start) == timedelta(minutes=hours.slot_minutes)
        ]
        assert inside and MONDAY <= start.date() <= command.valid_to
    wanted = {
        f"prac_rao#{bucket}"
        for slot in slots
        for bucket in range(micros(slot.start_at) // 300_000_000, micros(slot.end_at) // 300_000_000)
    }
    assert {value for kind, value in world.held if kind == "practitioner_time"} == wanted


def test_slots_are_stored_in_utc() -> None:
    (_, event, *_) = an_organisation().when(publish_schedule(), actor=DESK)
    assert isinstance(event, SlotsGenerated)
    assert event.slots[0].start_at == datetime(2026, 11, 2, 12, 30, tzinfo=UTC)
    assert event.slots[0].start_at.tzinfo is UTC


def test_sessions_lie_in_the_hours_that_the_branch_is_known_to_have_later() -> None:
    world = an_organisation()
    shorter = tuple(OpenHours(dow=dow, start="08:00", end="18:30") for dow in range(1, 7))
    world.given("branch", "brn_south", BranchUpdated(open_hours=shorter, effective_on=A_WEEK))
    assert refused(world, publish_schedule()).code == "BRANCH_CLOSED"
    assert world.when(publish_schedule(valid_to=A_WEEK - timedelta(days=1)), actor=DESK)
