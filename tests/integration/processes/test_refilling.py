"""S8: whoever waited longest is offered the seat that became free, and the next one when they do not take it."""

from __future__ import annotations

from datetime import date, timedelta

from event_store.aggregates.appointment.commands import CancelAppointment, JoinWaitlist, RescheduleAppointment
from event_store.aggregates.patient.commands import ConsentGiver, RecordConsent, RegisterPatient, WithdrawConsent
from event_store.aggregates.patient.events import PatientPii
from event_store.aggregates.schedule.commands import BlockSchedule, OverrideSlot, UnblockSchedule
from event_store.rebuild import guard_differences
from mymedic.messages import Actor
from tests.chain import BALA, Chain
from tests.unit.event_store.clinic import DESK, PATIENT, ist

UMA = Actor(type="patient", id="pat_uma", roles=("PP",), patient_id="pat_uma")


def with_uma(chain: Chain) -> Chain:
    person = RegisterPatient(
        patient_id="pat_uma",
        pii=PatientPii(name="Uma", phone_e164="+919812345670"),
        sex="female",
        birth_year=1980,
        branch_id="brn_south",
    )
    chain.ask(person)
    giver = ConsentGiver(role="patient")
    chain.ask(RecordConsent(patient_id="pat_uma", purpose="care", notice_version="1", given_by=giver))
    return chain


def join(chain: Chain, id: str, patient: Actor, first: int = 3, last: int = 5) -> None:
    command = JoinWaitlist(
        patient_id=patient.patient_id or "",
        specialty_id="spc_derm",
        branch_id="brn_south",
        earliest=date(2026, 11, first),
        latest=date(2026, 11, last),
    )
    chain.ask(command, patient, id, "portal")


def cancel(chain: Chain, id: str = "appt_1", patient: Actor = PATIENT) -> None:
    chain.ask(CancelAppointment(appointment_id=id, initiator="patient", reason_code="time_conflict"), patient)


def offered(chain: Chain) -> list[str | None]:
    return [each.appointment_id for each in chain.log() if each.event_type == "WaitlistOffered"]


def test_a_freed_seat_goes_down_the_queue_until_somebody_pays(chain: Chain) -> None:
    with_uma(chain).book("appt_1", 3, "18:00")
    join(chain, "wait_1", BALA)
    join(chain.at(2, "10:05"), "wait_2", UMA)
    before = chain.head()
    cancel(chain)
    assert chain.types_since(before) == ["AppointmentCancelled", "WaitlistOffered", "AppointmentHeld"]
    assert offered(chain) == ["wait_1"]
    (held,) = (one for one in chain.log() if one.event_type == "AppointmentHeld")
    assert (held.actor.id, held.channel) == ("process:refilling", "system")
    chain.at(2, "11:05")  # Bala did not answer within the hour
    assert offered(chain) == ["wait_1", "wait_2"]
    assert chain.state("appointment", "wait_1").is_hold_expired
    chain.captured(chain.order(40_000, patient=UMA, appointment_id="wait_2"), "gw_1")
    assert chain.state("appointment", "wait_2").status == "booked"
    assert chain.state("appointment", "wait_2").slot_id == chain.slot(3, "18:00")
    assert guard_differences(chain.store.ledger, chain.store.feed, chain.tenant_id) == []


def test_who_cannot_take_it_is_passed_over(chain: Chain) -> None:
    with_uma(chain).book("appt_1", 3, "18:00")
    join(chain, "wait_1", BALA)
    join(chain, "wait_2", UMA, 4, 5)  # not on Tuesday
    chain.ask(WithdrawConsent(patient_id="pat_bala", purpose="care"), BALA)
    cancel(chain)
    assert offered(chain) == []
    move = RescheduleAppointment(
        appointment_id=chain.book("appt_2", 4, "18:00"),
        new_slot_id=chain.slot(5, "18:00"),
        initiator="patient",
        reason_code="time_conflict",
    )
    chain.ask(move)
    assert offered(chain) == ["wait_2"]
    assert chain.state("appointment", "wait_2").slot_id == chain.slot(4, "18:00")


def test_time_that_is_given_back_or_added_is_offered(chain: Chain) -> None:
    with_uma(chain)
    block = BlockSchedule(
        schedule_id="sch_rao", start=ist(3, "00:00"), end=ist(3, "18:10"), reason="leave", on_conflict="reject"
    )
    chain.ask(block)
    (blocked,) = chain.events("ScheduleBlocked")
    join(chain, "wait_1", BALA)
    chain.ask(UnblockSchedule(schedule_id="sch_rao", block_id=blocked.block_id))
    assert offered(chain) == ["wait_1"]
    join(chain, "wait_2", UMA)
    extra = OverrideSlot(
        schedule_id="sch_rao", start=ist(3, "10:00"), end=ist(3, "10:15"), action="add_extra", reason="asked"
    )
    chain.ask(extra, DESK)
    assert offered(chain) == ["wait_1", "wait_2"]
    assert chain.state("appointment", "wait_2").start_at == ist(3, "10:00")


def test_nothing_is_offered_where_nobody_waits_or_the_seat_is_no_seat(chain: Chain) -> None:
    chain.book("appt_1", 3, "18:00")
    chain.book("appt_2", 3, "18:15", BALA)
    before = chain.head()
    cancel(chain)
    assert chain.types_since(before) == ["AppointmentCancelled"]
    join(chain, "wait_1", PATIENT)
    block = BlockSchedule(
        schedule_id="sch_rao",
        start=ist(3, "18:00"),
        end=ist(3, "18:30"),
        reason="leave",
        on_conflict="cancel_and_refund",
    )
    chain.ask(block)
    assert offered(chain) == []
    assert chain.clock.now() - ist(2, "10:00") < timedelta(minutes=1)
