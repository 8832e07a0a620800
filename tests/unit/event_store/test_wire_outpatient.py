"""Appointment, encounter and invoice events come back from the store as they went in, reserved words included."""

from __future__ import annotations

import json

from event_store.aggregates.appointment.commands import CancelAppointment, CheckInPatient, RescheduleAppointment
from event_store.aggregates.encounter.commands import FinishEncounter, StartEncounter
from event_store.aggregates.invoice.commands import CreditLine, IssueCreditNote
from event_store.catalogue import decode_event, encode_payload
from tests.scenario import Scenario
from tests.unit.event_store.appointment.test_importing import line as imported_line
from tests.unit.event_store.clinic import DEPOSIT, DESK, DOCTOR, ENGINEER, FINANCE, a_clinic, booked, hold, ist
from tests.unit.event_store.invoice.test_issuing import invoice


def a_full_day() -> Scenario:
    world = a_clinic()
    world.when(imported_line(), actor=ENGINEER)
    world.when(hold("slot_fri18", "pat_bala"), actor=DESK, id="appt_held")
    booked(world, "appt_off", "slot_thu18", held=DEPOSIT)
    off = CancelAppointment(appointment_id="appt_off", initiator="patient", reason_code="cost")
    world.when(off, actor=DESK)
    booked(world, "appt_1", "slot_wed18")
    move = RescheduleAppointment(
        appointment_id="appt_1", new_slot_id="slot_tue18", initiator="patient", reason_code="other"
    )
    world.when(move, actor=DESK)
    world.at(ist(3, "18:00"))
    world.when(CheckInPatient(appointment_id="appt_1"), actor=DESK)
    world.when(StartEncounter(appointment_id="appt_1", class_="AMB"), actor=DOCTOR, id="enc_1")
    world.when(FinishEncounter(encounter_id="enc_1", outcome="resolved"), actor=DOCTOR)
    world.when(invoice(encounter_id="enc_1"), actor=DESK, id="inv_1")
    credit = IssueCreditNote(invoice_id="inv_1", lines=(CreditLine(line_no=1, amount_paise=1),), reason="rounding")
    world.when(credit, actor=FINANCE)
    return world


def test_every_event_is_read_as_it_was_written() -> None:
    kinds = set()
    for aggregate, _, event in a_full_day().log:
        if aggregate in ("appointment", "encounter", "invoice"):
            kinds.add(type(event).__name__)
            assert decode_event(type(event).__name__, event.version, encode_payload(event)) == event
    assert len(kinds) == 11


def test_reserved_words_have_their_wire_names() -> None:
    payloads = {type(event).__name__: json.loads(encode_payload(event)) for _, _, event in a_full_day().log}
    assert payloads["AppointmentRescheduled"]["from"]["slot_id"] == "slot_wed18"
    assert payloads["AppointmentRescheduled"]["to"]["slot_id"] == "slot_tue18"
    assert payloads["EncounterStarted"]["class"] == "AMB"
