"""C23, C24, C25: blocks and overrides."""

from __future__ import annotations

from typing import Any

import pytest

from event_store.aggregates.appointment.commands import CancelAppointment
from event_store.aggregates.schedule.commands import BlockSchedule, OverrideSlot, UnblockSchedule
from event_store.aggregates.schedule.events import ScheduleBlocked, ScheduleUnblocked, SlotOverridden
from tests.scenario import Scenario
from tests.unit.event_store.clinic import DESK, a_clinic, book, booked, ist, refused
from tests.unit.event_store.organisation import an_organisation, publish_schedule


def block(start: str = "18:00", end: str = "18:15", on_conflict: Any = "reject") -> BlockSchedule:
    return BlockSchedule(
        schedule_id="sch_rao", start=ist(3, start), end=ist(3, end), reason="leave", on_conflict=on_conflict
    )


def blocked(world: Scenario, command: BlockSchedule) -> ScheduleBlocked:
    (event,) = world.when(command, actor=DESK)
    assert isinstance(event, ScheduleBlocked)
    return event


def override(action: Any, slot_id: str | None = "slot_thu18", **changes: Any) -> OverrideSlot:
    return OverrideSlot(schedule_id="sch_rao", slot_id=slot_id, action=action, reason="asked", **changes)


def extra(start: str = "19:00", end: str = "19:15", **changes: Any) -> OverrideSlot:
    return override("add_extra", None, start=ist(3, start), end=ist(3, end), **changes)


def slot_state(world: Scenario, slot_id: str) -> str:
    return world.state("schedule", "sch_rao").slot(slot_id).state


def test_a_block_takes_the_slots_that_it_touches() -> None:
    world = a_clinic()
    event = blocked(world, block("18:14", "18:15"))
    assert (event.affected_slot_ids, event.affected_appointment_ids) == (("slot_tue18",), ())
    assert (slot_state(world, "slot_tue18"), slot_state(world, "slot_tue1815")) == ("blocked", "open")
    assert refused(world, book("slot_tue18")).code == "SLOT_BLOCKED"


def test_a_block_over_bookings_says_what_becomes_of_them() -> None:
    world = booked(a_clinic(), "appt_1", "slot_tue18")
    refusal = refused(world, block())
    assert (refusal.code, refusal.details["appointment_ids"]) == ("SCHEDULE_HAS_BOOKINGS", ["appt_1"])
    event = blocked(world, block("00:00", "23:59", "cancel_and_refund"))
    assert event.affected_slot_ids == ("slot_video", "slot_tue18", "slot_tue1815")
    assert (event.affected_appointment_ids, event.on_conflict) == (("appt_1",), "cancel_and_refund")


def test_a_cancelled_booking_is_in_nobodys_way() -> None:
    world = booked(a_clinic(), "appt_1", "slot_tue18")
    world.when(CancelAppointment(appointment_id="appt_1", initiator="patient", reason_code="cost"), actor=DESK)
    assert blocked(world, block()).affected_appointment_ids == ()


def test_a_block_ends_after_it_starts() -> None:
    assert refused(a_clinic(), block("18:00", "18:00")).code == "VALIDATION_FAILED"


def test_a_block_is_lifted_while_it_lasts() -> None:
    world = a_clinic()
    first, second = blocked(world, block()), blocked(world, block())
    lift = UnblockSchedule(schedule_id="sch_rao", block_id=first.block_id)
    assert world.when(lift, actor=DESK) == [ScheduleUnblocked(block_id=first.block_id)]
    assert slot_state(world, "slot_tue18") == "blocked"
    assert refused(world, lift).code == "INVALID_STATE"
    assert refused(world, UnblockSchedule(schedule_id="sch_rao", block_id="blk_none")).code == "NOT_FOUND"
    lift = UnblockSchedule(schedule_id="sch_rao", block_id=second.block_id)
    assert refused(world.at(ist(3, "18:15")), lift).code == "INVALID_STATE"
    world.at(ist(3, "18:14")).when(lift, actor=DESK)
    assert slot_state(world, "slot_tue18") == "open"


def test_an_extra_slot_takes_time_that_is_free() -> None:
    world = a_clinic()
    (event,) = world.when(extra(), actor=DESK)
    assert isinstance(event, SlotOverridden)
    slot = world.state("schedule", "sch_rao").slot(event.slot_id)
    assert (slot.start_at, slot.end_at, slot.capacity, slot.mode, slot.state) == (
        ist(3, "19:00"),
        ist(3, "19:15"),
        1,
        "in_person",
        "open",
    )
    assert world.held["slot", event.slot_id][0] == "sch_rao"
    world.when(book(event.slot_id), actor=DESK)
    assert refused(world, extra("19:10", "19:20")).code == "SLOT_OVERLAP"
    assert refused(world, extra("18:25", "18:35")).code == "SLOT_OVERLAP"


@pytest.mark.parametrize(
    "command",
    [
        extra("19:00", "19:00"),
        extra("19:00", "21:05"),
        extra("19:02", "19:15"),
        extra("19:00", "19:14"),
        override("add_extra", None, start=ist(3, "19:00")),
        override("add_extra", "slot_mine", start=ist(3, "19:00"), end=ist(3, "19:15")),
        override("raise_capacity"),
        override("raise_capacity", capacity=2),
        override("lower_capacity", capacity=2),
        override("change_mode"),
        override("change_mode", mode="in_person"),
    ],
)
def test_an_override_that_makes_no_sense_is_refused(command: OverrideSlot) -> None:
    assert refused(a_clinic(), command).code == "VALIDATION_FAILED"


def test_an_override_names_a_slot_of_the_schedule() -> None:
    for slot_id in (None, "slot_none", "slot_iyer"):
        assert refused(a_clinic(), override("close", slot_id)).code == "SLOT_NOT_FOUND"


def test_capacity_goes_up_and_down_to_what_is_taken() -> None:
    world = a_clinic()
    world.when(override("raise_capacity", capacity=3), actor=DESK)
    for number, patient in enumerate(("pat_asha", "pat_bala"), start=1):
        world.when(book("slot_thu18", patient), actor=DESK, id=f"appt_{number}")
    assert refused(world, override("lower_capacity", capacity=1)).code == "CAPACITY_BELOW_BOOKED"
    (event,) = world.when(override("lower_capacity", capacity=2, mode="tele"), actor=DESK)
    assert event == SlotOverridden(slot_id="slot_thu18", action="lower_capacity", capacity=2, reason="asked")
    assert world.state("schedule", "sch_rao").slot("slot_thu18").capacity == 2


def test_a_token_above_a_lowered_capacity_still_counts() -> None:
    world = a_clinic()
    for number, patient in enumerate(("pat_asha", "pat_bala"), start=1):
        world.when(book("slot_thu18", patient), actor=DESK, id=f"appt_{number}")
    world.when(CancelAppointment(appointment_id="appt_1", initiator="patient", reason_code="cost"), actor=DESK)
    world.when(override("lower_capacity", capacity=1), actor=DESK)
    assert refused(world, book("slot_thu18", "pat_asha")).code == "SLOT_UNAVAILABLE"


def test_a_slot_closes_when_nobody_holds_it_and_gives_its_time_back() -> None:
    world = booked(a_clinic(), "appt_1", "slot_tue18")
    assert refused(world, override("close", "slot_tue18")).code == "CAPACITY_BELOW_BOOKED"
    world.when(override("close", "slot_tue1815"), actor=DESK)
    assert slot_state(world, "slot_tue1815") == "closed"
    assert refused(world, book("slot_tue1815", "pat_bala")).code == "SLOT_UNAVAILABLE"
    assert refused(world, override("raise_capacity", "slot_tue1815", capacity=2)).code == "INVALID_STATE"
    assert "slot_tue1815" not in blocked(world, block("18:15", "18:30")).affected_slot_ids
    world.when(extra("18:15", "18:30"), actor=DESK)


def test_a_slot_changes_its_mode() -> None:
    world = a_clinic()
    world.when(override("change_mode", mode="both"), actor=DESK)
    assert world.state("schedule", "sch_rao").slot("slot_thu18").mode == "both"


def test_a_published_schedule_is_found_from_its_branch_and_its_practitioner() -> None:
    world = an_organisation()
    world.when(publish_schedule(), actor=DESK, id="sch_1")
    assert world.held["branch_schedule", "brn_south#sch_1"] == ("sch_1", "")
    assert world.held["practitioner_schedule", "prac_rao#sch_1"] == ("sch_1", "")
