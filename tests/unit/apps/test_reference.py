"""What the reference says of a command beside its fields: events, codes, samples; and of lives."""

from __future__ import annotations

from types import FunctionType

import msgspec
import pytest

from apps.reference.claims import claimed_kinds
from apps.reference.machines import machines_page
from apps.reference.reach import OF_EVERY_COMMAND, guard_codes, reach_of
from apps.reference.source import Called
from event_store.aggregates.staff.events import RoleGranted
from event_store.api.examples import example, full_example
from event_store.catalogue import AGGREGATES, COMMANDS, EVENTS, decode_event
from mymedic.errors import CODES
from mymedic.lives import NOT_THERE, Machine, Move, machine, moves_between

# The last two columns of the domain's table, for commands of every kind.
WANTED = {
    "CloseBranch": ("BranchClosed", "SCHEDULE_HAS_BOOKINGS CASH_SESSION_OPEN"),
    "PublishSchedule": ("SchedulePublished SlotsGenerated", "SLOT_OVERLAP PRACTITIONER_INACTIVE"),
    "HoldAppointment": ("AppointmentHeld", "SLOT_UNAVAILABLE PATIENT_DOUBLE_BOOKED PRICE_NOT_FOUND SLOT_BLOCKED"),
    "OfferWaitlistSlot": ("WaitlistOffered AppointmentHeld", "SLOT_UNAVAILABLE"),
    "MarkNoShow": ("AppointmentNoShow FollowUpUnbooked", "NOSHOW_TOO_EARLY"),
    "FinishEncounter": ("EncounterFinished AppointmentFulfilled", "INVALID_STATE"),
    "SetPrice": ("PriceSet", "PRICE_OVERLAP BACKDATED_CHANGE"),
    "CapturePayment": ("PaymentCaptured", "PAYMENT_DUPLICATE CURRENCY_UNSUPPORTED NOT_FOUND"),
    "RecordCounterPayment": ("PaymentCaptured CashMovementRecorded", "MODE_CHANNEL_INVALID RRN_REUSED"),
    "RejectRefund": ("RefundRejected", "INVALID_STATE"),
    "CloseCashSession": ("CashSessionClosed", "FOUR_EYES_REQUIRED"),
    "IngestSettlementFile": ("SettlementFileIngested SettlementLineRecorded", "FILE_DUPLICATE FILE_TOTAL_MISMATCH"),
    "TransferPatient": ("PatientTransferred BedOccupied BedReleased", "BED_OCCUPIED"),
    "AdmitPatient": ("PatientAdmitted BedOccupied", "BED_OCCUPIED BED_UNAVAILABLE PATIENT_ALREADY_ADMITTED"),
    "RecordClaimSettlement": ("ClaimSettled", "SETTLEMENT_EXCEEDS_APPROVED"),
    "ExecuteDestruction": ("DestructionExecuted PatientPseudonymised", "NOTICE_PERIOD_RUNNING LEGAL_HOLD_ACTIVE"),
}


@pytest.mark.parametrize("name", WANTED)
def test_the_domains_columns_are_found(name: str) -> None:
    events, codes = (set(names.split()) for names in WANTED[name])
    reach = reach_of(COMMANDS[name])
    assert events == set(reach.events)
    assert codes <= set(reach.codes)


def test_every_command_comes_to_something_and_every_event_comes_from_one() -> None:
    reached = {name: reach_of(command) for name, command in COMMANDS.items()}
    assert not [name for name, reach in reached.items() if not reach.events]
    assert {event for reach in reached.values() for event in reach.events} == set(EVENTS)
    assert {code for reach in reached.values() for code in reach.codes} | set(OF_EVERY_COMMAND) <= set(CODES)


def test_what_is_meant_for_another_class_is_left_out() -> None:
    """A command says nothing of the events of its neighbour with which it shares a function."""
    assert reach_of(COMMANDS["RegisterBed"]).events == ("BedRegistered",)
    assert reach_of(COMMANDS["RetireSchedule"]).events == ("SlotsRetired", "ScheduleRetired")
    assert "PERIOD_CLOSED" not in reach_of(COMMANDS["RegisterBed"]).codes


def test_only_claims_refuse_not_what_is_given_back() -> None:
    assert guard_codes(EVENTS["AppointmentHeld"]) == {"SLOT_UNAVAILABLE", "PATIENT_DOUBLE_BOOKED"}
    assert guard_codes(EVENTS["AppointmentCancelled"]) == set()
    assert guard_codes(EVENTS["PaymentCaptured"]) == {"PAYMENT_DUPLICATE", "RRN_REUSED"}
    assert guard_codes(EVENTS["PaymentReversed"]) == set()
    assert guard_codes(EVENTS["WaitlistJoined"]) == {"ALREADY_EXISTS"}
    guards = AGGREGATES["staff"].guards
    assert isinstance(guards, FunctionType)
    assert claimed_kinds(Called(guards, (("event", RoleGranted),))) == {"chain_manager"}


@pytest.mark.parametrize("name", COMMANDS)
def test_a_sample_of_a_command_is_one(name: str) -> None:
    command = COMMANDS[name]
    body = msgspec.json.encode(example(command))
    read = msgspec.json.decode(body, type=command)
    assert msgspec.json.decode(msgspec.json.encode(read), type=command) == read


@pytest.mark.parametrize("name", EVENTS)
def test_a_sample_of_an_event_is_one(name: str) -> None:
    sample = full_example(EVENTS[name])
    assert list(sample) == [field.encode_name for field in msgspec.structs.fields(EVENTS[name])]
    pii = sample.pop("pii", None)
    sealed = None if pii is None else msgspec.json.encode(pii)
    event = decode_event(name, EVENTS[name].version, msgspec.json.encode(sample), sealed)
    assert type(event) is EVENTS[name] and (getattr(event, "pii", None) is None) == (pii is None)


MACHINES = [machine for aggregate in AGGREGATES.values() for machine in aggregate.machines]


@pytest.mark.parametrize("one", MACHINES, ids=[one.title for one in MACHINES])
def test_a_life_begins_and_names_what_exists(one: Machine) -> None:
    assert {move.event for move in one.moves} <= set(EVENTS)
    assert len(set(one.moves)) == len(one.moves)
    reached, found = {NOT_THERE}, {NOT_THERE}
    while found:
        found = {move.after for move in one.moves if move.before in reached} - reached
        reached |= found
    assert {move.before for move in one.moves} | {move.after for move in one.moves} <= reached


def test_titles_are_unique() -> None:
    assert len({one.title for one in MACHINES}) == len(MACHINES)


def test_moves_are_what_an_event_changed() -> None:
    door = machine("Door", "Opened: - shut > open\nPainted: open > same", lambda state: state)
    assert door.moves == (Move("-", "Opened", "open"), Move("shut", "Opened", "open"), Move("open", "Painted", "open"))
    assert moves_between(door, {}, "Opened", {"": "open"}) == [Move("-", "Opened", "open")]
    assert moves_between(door, {"": "open"}, "Painted", {"": "open"}) == [Move("open", "Painted", "open")]
    assert moves_between(door, {"": "open"}, "Opened", {"": "open"}) == []
    assert moves_between(door, {"a": "open", "b": "shut"}, "Opened", {"b": "open"}) == [
        Move("open", "Opened", "-"),
        Move("shut", "Opened", "open"),
    ]


def test_a_status_with_a_hyphen_is_drawn_under_its_own_name() -> None:
    page = machines_page()
    assert 'state "checked-in" as checked_in' in page
    assert "    booked --> checked_in: PatientCheckedIn" in page
    assert "    booked --> booked: AppointmentRescheduled" in page
