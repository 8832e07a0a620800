"""P2: a doctor's tokens, and what a phone that was away is told."""

from __future__ import annotations

from event_store.aggregates.appointment.commands import CancelAppointment, RescheduleAppointment
from event_store.aggregates.appointment.events import AppointmentNoShow, NoShowReversed, PatientCheckedIn
from event_store.aggregates.encounter.events import EncounterCancelled, EncounterStarted
from event_store.aggregates.invoice.events import InvoiceIssued, InvoiceLine
from event_store.aggregates.payment.events import PaymentAllocated
from event_store.aggregates.schedule.commands import BlockSchedule, OverrideSlot
from event_store.aggregates.schedule.events import SlotOverridden
from projections.doctor_schedule import PROJECTION, DoctorSchedule, etag_of
from tests.scenario import Scenario
from tests.unit.event_store.clinic import DESK, DOCTOR, PRICE, a_clinic, booked, captured, ist
from tests.unit.projections.shown import Shown


def token(shown: Shown, slot_id: str, token_no: int = 1) -> DoctorSchedule:
    return shown.see().one(DoctorSchedule, slot_id=slot_id, token_no=token_no)


def changes(shown: Shown, since: int) -> set[tuple[str, int, bool]]:
    """What a phone that knows everything up to a seq asks for."""
    return {
        (row.slot_id, row.token_no, row.deleted) for row in shown.see().rows(DoctorSchedule) if row.last_seq > since
    }


def test_every_token_of_a_slot_has_a_row() -> None:
    shown = Shown(PROJECTION, a_clinic())
    assert [token(shown, "slot_thu18", no).status for no in (1, 2)] == ["free", "free"]


def test_a_booking_takes_a_token_and_a_move_gives_it_back() -> None:
    world = booked(a_clinic())
    shown = Shown(PROJECTION, world)
    taken = token(shown, "slot_tue18")
    assert (taken.appointment_id, taken.patient_id, taken.status) == ("appt_1", "pat_asha", "booked")
    assert (taken.visit_type, taken.mode, taken.is_new_patient, taken.balance_due_paise) == (
        "new",
        "in_person",
        True,
        PRICE,
    )
    seen = shown.seq
    move(world, "slot_thu18")
    assert (token(shown, "slot_tue18").status, token(shown, "slot_thu18").appointment_id) == ("free", "appt_1")
    assert token(shown, "slot_thu18").is_new_patient
    assert changes(shown, seen) == {("slot_tue18", 1, False), ("slot_thu18", 1, False)}


def move(world: Scenario, slot_id: str) -> None:
    world.when(
        RescheduleAppointment(
            appointment_id="appt_1", new_slot_id=slot_id, initiator="patient", reason_code="patient_request"
        ),
        actor=DESK,
    )


def test_what_goes_leaves_a_tombstone_and_what_stays_keeps_its_etag() -> None:
    world = booked(a_clinic(), slot_id="slot_thu18")
    shown = Shown(PROJECTION, world)
    seen, etag = shown.seq, etag_of(token(shown, "slot_thu18"))
    world.given(
        "schedule", "sch_rao", SlotOverridden(slot_id="slot_thu18", action="lower_capacity", capacity=1, reason="x")
    )
    assert changes(shown, seen) == {("slot_thu18", 2, True)}
    assert etag_of(token(shown, "slot_thu18")) == etag
    seen = shown.seq
    cancel = CancelAppointment(appointment_id="appt_1", initiator="provider", reason_code="provider_leave")
    world.when(cancel, actor=DESK)
    world.when(
        OverrideSlot(schedule_id="sch_rao", slot_id="slot_thu18", action="close", reason="short day"), actor=DOCTOR
    )
    assert changes(shown, seen) == {("slot_thu18", 1, True)}
    assert token(shown, "slot_thu18").status == "retired"
    assert etag_of(token(shown, "slot_thu18")) != etag


def test_a_capacity_that_rises_brings_a_token_back() -> None:
    world = a_clinic()
    shown = Shown(PROJECTION, world)
    for action, capacity, deleted in (("lower_capacity", 1, True), ("raise_capacity", 3, False)):
        command = OverrideSlot(
            schedule_id="sch_rao", slot_id="slot_thu18", action=action, capacity=capacity, reason="rooms"
        )
        world.when(command, actor=DOCTOR)
        assert token(shown, "slot_thu18", 2).deleted is deleted
    assert token(shown, "slot_thu18", 3).status == "free"


def test_a_no_show_stays_until_its_token_is_taken() -> None:
    world = booked(a_clinic())
    shown = Shown(PROJECTION, world)
    missed(world)
    assert token(shown, "slot_tue18").status == "noshow"
    captured(world, "pay_late", "appt_1", 500)
    world.given("appointment", "appt_1", NoShowReversed(reason="sat in another room"))
    assert token(shown, "slot_tue18").status == "checked-in"
    missed(world)
    booked(world, "appt_2")
    assert token(shown, "slot_tue18").appointment_id == "appt_2"
    captured(world, "pay_later", "appt_1", 500)
    assert token(shown, "slot_tue18").appointment_id == "appt_2"


def missed(world: Scenario) -> None:
    world.given(
        "appointment",
        "appt_1",
        AppointmentNoShow(
            start_at=ist(3, "18:00"),
            marked_by="staff",
            held_paise=0,
            forfeit_paise=0,
            refund_paise=0,
            policy_version_id="pol_default_cancellation",
        ),
    )


def test_a_block_shows_on_free_and_on_taken_tokens() -> None:
    world = booked(a_clinic(), slot_id="slot_thu18")
    shown = Shown(PROJECTION, world)
    world.when(
        BlockSchedule(
            schedule_id="sch_rao",
            start=ist(5, "18:00"),
            end=ist(5, "19:00"),
            reason="emergency",
            on_conflict="queue_for_reschedule",
        ),
        actor=DOCTOR,
    )
    taken, free = token(shown, "slot_thu18", 1), token(shown, "slot_thu18", 2)
    assert (taken.status, free.status) == ("booked", "blocked")
    assert taken.block_id == free.block_id is not None


def test_an_open_encounter_and_the_bill_are_seen() -> None:
    world = booked(a_clinic(), held=30_000)
    shown = Shown(PROJECTION, world)
    assert token(shown, "slot_tue18").balance_due_paise == PRICE - 30_000
    world.given("appointment", "appt_1", PatientCheckedIn(token_no=1, arrived_at=ist(3, "17:50"), minutes_late=0))
    world.given("encounter", "enc_1", started())
    assert token(shown, "slot_tue18").status == "arrived"
    world.given("encounter", "enc_1", EncounterCancelled(reason="wrong patient"))
    assert token(shown, "slot_tue18").status == "checked-in"
    world.given("encounter", "enc_2", started())
    world.given("invoice", "inv_1", billed(120_000))
    assert token(shown, "slot_tue18").balance_due_paise == 120_000
    world.given(
        "payment",
        "pay_appt_1",
        PaymentAllocated(allocation_id="alloc_1", invoice_id="inv_1", amount_paise=30_000),
    )
    assert token(shown, "slot_tue18").balance_due_paise == 90_000


def started() -> EncounterStarted:
    return EncounterStarted(
        appointment_id="appt_1",
        patient_id="pat_asha",
        practitioner_id="prac_rao",
        branch_id="brn_south",
        specialty_id="spc_derm",
        class_="AMB",
        started_at=ist(3, "18:05"),
        wait_seconds=900,
    )


def billed(paise: int) -> InvoiceIssued:
    return InvoiceIssued(
        invoice_no="S-1",
        patient_id="pat_asha",
        branch_id="brn_south",
        encounter_id="enc_2",
        appointment_id="appt_1",
        lines=(InvoiceLine(line_no=1, taxable_paise=paise, gst_bps=0, gst_paise=0, total_paise=paise),),
        total_paise=paise,
        taxable_paise=paise,
        gst_paise=0,
    )
