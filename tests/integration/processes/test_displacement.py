"""S5: bookings in time that is no longer worked are cancelled by the provider, or stand and wait to be moved."""

from __future__ import annotations

from typing import Any

from event_store.aggregates.appointment.commands import RescheduleAppointment
from event_store.aggregates.practitioner.commands import SetTeleAvailability
from event_store.aggregates.schedule.commands import AmendSchedule, BlockSchedule
from event_store.aggregates.schedule.events import WeeklyHours
from event_store.rebuild import guard_differences
from tests.chain import BALA, Chain
from tests.unit.event_store.clinic import DESK, MANAGER, ist


def block(on_conflict: Any, reason: Any = "leave") -> BlockSchedule:
    return BlockSchedule(
        schedule_id="sch_rao", start=ist(3, "18:00"), end=ist(3, "19:00"), reason=reason, on_conflict=on_conflict
    )


def paid(chain: Chain) -> str:
    """Asha has paid for Tuesday 18:00, Bala's seat at 18:15 was waived."""
    chain.hold("appt_1", 3, "18:00")
    payment_id = chain.order(40_000, appointment_id="appt_1")
    chain.captured(payment_id, "gw_1")
    chain.book("appt_2", 3, "18:15", BALA)
    return payment_id


def test_a_blocked_evening_is_cancelled_and_refunded_in_full(chain: Chain) -> None:
    payment_id = paid(chain)
    chain.ask(block("cancel_and_refund", "emergency"))
    one, two = chain.events("AppointmentCancelled")
    assert {(each.initiator, each.reason_code, each.forfeit_paise) for each in (one, two)} == {
        ("provider", "emergency", 0)
    }
    assert chain.state("payment", payment_id).refunded_or_reserved_paise == 40_000
    assert [refund.reason for refund in chain.events("RefundRequested")] == ["provider_cancel"]
    blocked = next(each for each in chain.log() if each.event_type == "ScheduleBlocked")
    cancelled = [each for each in chain.log() if each.event_type == "AppointmentCancelled"]
    assert {each.causation_id for each in cancelled} == {blocked.event_id}


def test_who_was_moved_before_the_block_was_answered_is_left_alone(chain: Chain) -> None:
    paid(chain)
    with chain.paused():
        chain.ask(block("cancel_and_refund"))
        moved = RescheduleAppointment(
            appointment_id="appt_2",
            new_slot_id=chain.slot(5, "18:00"),
            initiator="provider",
            reason_code="provider_leave",
        )
        chain.ask(moved)
    chain.runner.drain(chain.tenant_id)
    assert [chain.state("appointment", id).status for id in ("appt_1", "appt_2")] == ["cancelled", "booked"]


def test_what_is_queued_stands(chain: Chain) -> None:
    paid(chain)
    before = chain.head()
    chain.ask(block("queue_for_reschedule"))
    withdrawn = SetTeleAvailability(
        practitioner_id="prac_rao", available=False, from_=ist(3, "00:00"), until=ist(4, "00:00")
    )
    chain.ask(withdrawn, MANAGER)
    assert chain.types_since(before) == ["ScheduleBlocked", "TeleAvailabilityChanged"]


def test_bookings_that_an_amended_week_displaces(chain: Chain) -> None:
    paid(chain)
    week = (WeeklyHours(dow=2, start="18:15", end="18:30", slot_minutes=15, capacity=1, mode="in_person"),)
    amend = AmendSchedule(schedule_id="sch_rao", from_date=ist(3, "10:00").date(), weekly=week, displace="cancel")
    chain.ask(amend, DESK)
    assert chain.state("appointment", "appt_1").status == "cancelled"
    assert chain.state("appointment", "appt_2").status == "booked"
    (cancelled,) = chain.events("AppointmentCancelled")
    assert (cancelled.initiator, cancelled.reason_code) == ("provider", "other")
    assert guard_differences(chain.store.ledger, chain.store.feed, chain.tenant_id) == []
