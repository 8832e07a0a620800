"""S9: what patients are told of their appointments, once each, and only when they agreed to it."""

from __future__ import annotations

import pytest

from event_store.aggregates.appointment.commands import (
    BookAppointment,
    CancelAppointment,
    CheckInPatient,
    JoinWaitlist,
    RescheduleAppointment,
)
from event_store.aggregates.patient.commands import ConsentGiver, MergePatients, RecordConsent, WithdrawConsent
from event_store.aggregates.tenant.commands import UpdateTenantSettings
from event_store.aggregates.tenant.events import SettingsPatch
from tests.chain import BALA, CONSULTATION, Chain
from tests.unit.event_store.clinic import DESK, MANAGER, PATIENT, ist


def told(chain: Chain) -> list[tuple[str, str]]:
    """(template, of what), in order."""
    return [(event.template, event.related_ref) for event in chain.events("NotificationRequested")]


def move(chain: Chain, day: int) -> None:
    command = RescheduleAppointment(
        appointment_id="appt_1",
        new_slot_id=chain.slot(day, "18:00"),
        initiator="patient",
        reason_code="time_conflict",
    )
    chain.ask(command)


def test_a_booking_is_told_and_reminded_of_on_the_evening_before(chain: Chain) -> None:
    chain.hold("appt_1", 4, "18:00")
    assert told(chain) == []  # nothing is booked before it is paid
    chain.captured(chain.order(40_000, appointment_id="appt_1"), "gw_1")
    assert told(chain) == [("appointment_booked", "appt_1")]
    chain.at(3, "17:59")
    assert len(told(chain)) == 1
    chain.at(3, "18:00")
    assert told(chain)[1:] == [("appointment_reminder", "appt_1@2026-11-04")]
    reminder = chain.log()[-1]
    assert (reminder.occurred_at, reminder.actor.id) == (ist(3, "18:00"), "process:notifying")
    assert reminder.patient_id == "pat_asha"


def test_a_moved_appointment_is_reminded_of_before_its_new_day_alone(chain: Chain) -> None:
    chain.book("appt_1", 4, "18:00")
    move(chain, 6)
    assert told(chain) == [("appointment_booked", "appt_1"), ("appointment_moved", "appt_1#2")]
    chain.at(3, "20:00")
    assert len(told(chain)) == 2
    chain.at(5, "18:00")
    assert told(chain)[2:] == [("appointment_reminder", "appt_1@2026-11-06")]


def test_what_is_booked_after_its_evening_has_no_reminder(chain: Chain) -> None:
    chain.at(2, "18:30").book("appt_1", 3, "18:00")
    chain.at(3, "17:00").ask(CheckInPatient(appointment_id="appt_1"))
    assert told(chain) == [("appointment_booked", "appt_1")]


def test_a_cancellation_is_told_and_ends_the_reminder(chain: Chain) -> None:
    chain.book("appt_1", 4, "18:00")
    cancel = CancelAppointment(appointment_id="appt_1", initiator="provider", reason_code="provider_leave")
    chain.ask(cancel)
    chain.at(4, "20:00")
    assert told(chain) == [("appointment_booked", "appt_1"), ("appointment_cancelled", "appt_1")]


def test_who_stands_at_the_desk_is_told_nothing(chain: Chain) -> None:
    walk_in = BookAppointment(
        patient_id="pat_asha",
        slot_id=chain.slot(3, "18:00"),
        service_id=CONSULTATION,
        visit_type="new",
        quoted_price_paise=80_000,
        channel="walk_in",
        deposit_waiver_reason="is here",
        walk_in=True,
    )
    chain.at(3, "18:05").ask(walk_in, DESK, "appt_1", "walk_in")
    assert told(chain) == []


def test_whoever_is_offered_a_seat_hears_of_it_while_it_is_kept(chain: Chain) -> None:
    chain.book("appt_1", 4, "18:00")
    wait = JoinWaitlist(
        patient_id="pat_bala",
        specialty_id="spc_derm",
        branch_id="brn_south",
        earliest=ist(4, "00:00").date(),
        latest=ist(5, "00:00").date(),
    )
    chain.ask(wait, BALA, "appt_wait", "portal")
    chain.ask(CancelAppointment(appointment_id="appt_1", initiator="patient", reason_code="cost"), PATIENT)
    assert told(chain)[1:] == [("appointment_cancelled", "appt_1"), ("seat_offered", "appt_wait")]


def test_whose_record_is_merged_is_reminded_all_the_same(chain: Chain, caplog: pytest.LogCaptureFixture) -> None:
    """The booking stands under the duplicate's record; what is told, under the survivor's."""
    chain.book("appt_bala", 4, "18:15", BALA)
    merge = MergePatients(survivor_id="pat_asha", duplicate_id="pat_bala", reason="one woman, two files")
    chain.ask(merge, cosigner=MANAGER)
    chain.at(3, "18:00")
    assert told(chain)[1:] == [("appointment_reminder", "appt_bala@2026-11-04")]
    assert [event.patient_id for event in chain.events("NotificationRequested")] == ["pat_bala", "pat_asha"]
    assert caplog.messages == []


def test_without_consent_nothing_is_requested_and_nobody_is_alarmed(
    chain: Chain, caplog: pytest.LogCaptureFixture
) -> None:
    """The tenant asks for consent to any message; it is withdrawn between the booking and the reminder."""
    chain.ask(UpdateTenantSettings(patch=SettingsPatch(utility_needs_consent=True)), MANAGER)
    chain.book("appt_bala", 4, "18:15", BALA)
    assert told(chain) == []
    consent = RecordConsent(
        patient_id="pat_asha", purpose="messaging", notice_version="1", given_by=ConsentGiver(role="patient")
    )
    chain.ask(consent)
    chain.book("appt_1", 4, "18:00")
    chain.ask(WithdrawConsent(patient_id="pat_asha", purpose="messaging"))
    chain.at(4, "09:00")
    assert told(chain) == [("appointment_booked", "appt_1")]
    assert caplog.messages == []
