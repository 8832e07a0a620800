"""INV-A1 to INV-A4 after every step of random histories, and what the guards say against what the states say."""

from __future__ import annotations

from collections import Counter
from itertools import combinations

from event_store.aggregates.appointment.events import AppointmentBooked, AppointmentHeld, AppointmentRescheduled
from event_store.aggregates.appointment.state import ACTIVE
from mymedic.messages import Event
from mymedic.patients import survivor_of
from tests.property.outpatient_history import History, ended
from tests.scenario import ScenarioContext
from tests.unit.event_store.clinic import DESK

HISTORIES, STEPS = 120, 160
SEATED = ACTIVE | {"fulfilled"}  # a used token stays used
PINS = ("price_quoted_paise", "price_version_id", "list_price_paise", "policy_version_ids")


def check_tokens(history: History) -> None:
    """INV-A1."""
    slots = history.slots()
    seated = [each for each in history.appointments() if each.status in SEATED]
    tokens = Counter((each.slot_id, each.token_no) for each in seated)
    assert not tokens or max(tokens.values()) == 1
    for slot_id, taken in Counter(each.slot_id for each in seated).items():
        assert taken <= slots[slot_id].capacity, slot_id
    held = {value for kind, value in history.world.held if kind == "slot_token"}
    assert held == {f"{slot_id}#{token_no:02d}" for slot_id, token_no in tokens}


def check_patients(history: History) -> None:
    """INV-A2, of human beings: the survivor counts."""
    context = ScenarioContext(history.world, "cmd_look", DESK, None, "api")
    active = [each for each in history.appointments() if each.status in ACTIVE]
    for one, two in combinations(active, 2):
        if survivor_of(context, one.patient_id) == survivor_of(context, two.patient_id):
            assert one.end_at <= two.start_at or two.end_at <= one.start_at, (one, two)


def check_queue(history: History) -> None:
    waiting = {
        f"{each.branch_id}#{each.specialty_id}#{each.patient_id}"
        for each in history.appointments()
        if each.status == "waitlist"
    }
    assert waiting == {value for kind, value in history.world.held if kind == "waitlist"}


def check_money(events: list[Event], held: int | None) -> None:
    """INV-A4."""
    for event in ended(events):
        assert event.forfeit_paise + event.refund_paise == event.held_paise == held
        assert sum(part.forfeit_paise for part in event.plan) == event.forfeit_paise
        assert sum(part.refund_paise for part in event.plan) == event.refund_paise


def check_pins(history: History) -> None:
    """INV-A3: a booking repeats what its hold pinned; only a move may pin a price anew."""
    pinned: dict[str, AppointmentHeld] = {}
    bookings: Counter[str] = Counter()
    moved: set[str] = set()
    for aggregate, id, event in history.world.log:
        if aggregate != "appointment":
            continue
        if isinstance(event, AppointmentRescheduled) and event.price_version_id is not None:
            moved.add(id)
        if isinstance(event, AppointmentHeld):
            assert id not in pinned
            pinned[id] = event
        if isinstance(event, AppointmentBooked):
            bookings[id] += 1
            if id in pinned and id not in moved:
                assert [getattr(event, name) for name in PINS] == [getattr(pinned[id], name) for name in PINS]
    assert not bookings or max(bookings.values()) == 1


def check(history: History, events: list[Event], held: int | None) -> None:
    if events:
        check_tokens(history)
        check_patients(history)
        check_queue(history)
        check_money(events, held)


def test_the_invariants_hold_after_every_step() -> None:
    happened: Counter[str] = Counter()
    for seed in range(HISTORIES):
        history = History(seed, check)
        history.play(STEPS)
        check_pins(history)
        happened.update(type(event).__name__ for _, _, event in history.world.log)
    # the histories reach what they are about
    for name in (
        "AppointmentRescheduled",
        "AppointmentNoShow",
        "NoShowReversed",
        "AppointmentFulfilled",
        "WaitlistOffered",
        "ScheduleAmended",
        "SlotsRetired",
        "ScheduleRetired",
        "SlotOverridden",
        "PatientsMerged",
        "AppointmentEnteredInError",
    ):
        assert happened[name] >= 5, (name, happened)
