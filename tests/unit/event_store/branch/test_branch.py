"""C03, C04, C05."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from event_store.aggregates.appointment.commands import CancelAppointment
from event_store.aggregates.branch.commands import CloseBranch, RegisterBranch, UpdateBranch
from event_store.aggregates.branch.events import BranchClosed, BranchRegistered, BranchUpdated, OpenHours
from event_store.aggregates.cash_session.commands import OpenCashSession
from tests.scenario import Scenario
from tests.unit.event_store.clinic import DESK, MANAGER, a_clinic, booked, refused
from tests.unit.event_store.organisation import MONDAY, OPEN_HOURS, an_organisation

NINE_TO_FIVE = (OpenHours(dow=1, start="09:00", end="17:00"),)


def a_branch_command(**changes: Any) -> RegisterBranch:
    fields: dict[str, Any] = {
        "name": "North",
        "city_id": "cty_bengaluru",
        "pincode": "560024",
        "opened_on": MONDAY,
        "open_hours": OPEN_HOURS,
    }
    return RegisterBranch(**{**fields, **changes})


def update(effective_on: date = MONDAY, **changes: Any) -> UpdateBranch:
    return UpdateBranch(branch_id="brn_south", effective_on=effective_on, **changes)


def close(closed_on: date = MONDAY) -> CloseBranch:
    return CloseBranch(branch_id="brn_south", closed_on=closed_on, reason="lease ended")


def test_a_chain_registers_branches() -> None:
    world = an_organisation()
    (event,) = world.when(a_branch_command(branch_id="brn_north"), actor=MANAGER)
    assert isinstance(event, BranchRegistered)
    state = world.state("branch", "brn_north")
    assert (state.branch_id, state.name, state.city_id, state.status) == (
        "brn_north",
        "North",
        "cty_bengaluru",
        "active",
    )
    assert state.open_hours == OPEN_HOURS
    assert refused(world, a_branch_command(branch_id="brn_north"), MANAGER).code == "ALREADY_EXISTS"


def test_a_clinic_has_one_branch_at_a_time() -> None:
    world = an_organisation("clinic")
    assert refused(world, a_branch_command(), MANAGER).code == "FEATURE_NOT_ENABLED"
    world.when(close(), actor=MANAGER)
    world.when(a_branch_command(), actor=MANAGER)


@pytest.mark.parametrize(
    "open_hours",
    [
        (),
        (OpenHours(dow=1, start="17:00", end="09:00"),),
        (OpenHours(dow=1, start="09:00", end="13:00"), OpenHours(dow=1, start="12:59", end="17:00")),
    ],
)
def test_hours_end_after_they_start_and_do_not_overlap(open_hours: tuple[OpenHours, ...]) -> None:
    world = an_organisation()
    assert refused(world, a_branch_command(open_hours=open_hours), MANAGER).code == "VALIDATION_FAILED"
    assert refused(world, update(open_hours=open_hours), MANAGER).code == "VALIDATION_FAILED"


def test_a_lunch_break_and_a_whole_day_are_hours() -> None:
    spans = (
        OpenHours(dow=1, start="09:00", end="13:00"),
        OpenHours(dow=1, start="13:00", end="17:00"),
        OpenHours(dow=2, start="00:00", end="24:00"),
    )
    an_organisation().when(a_branch_command(open_hours=spans), actor=MANAGER)


def test_a_change_holds_from_its_day_on() -> None:
    world = an_organisation()
    later = MONDAY + timedelta(days=10)
    assert world.when(update(later, city_id="cty_pune", name="Pune"), actor=MANAGER) == [
        BranchUpdated(city_id="cty_pune", name="Pune", effective_on=later)
    ]
    world.when(update(MONDAY + timedelta(days=5), open_hours=NINE_TO_FIVE, name="Moving"), actor=MANAGER)
    state = world.state("branch", "brn_south")
    assert state.city_on(later - timedelta(days=1)) == "cty_bengaluru"
    assert state.city_on(later) == "cty_pune"
    assert (state.city_id, state.name) == ("cty_pune", "Pune")
    assert state.hours_on(MONDAY) == OPEN_HOURS
    assert state.hours_on(later) == NINE_TO_FIVE


def test_the_later_of_two_changes_of_one_day_wins() -> None:
    world = an_organisation()
    world.when(update(name="One"), actor=MANAGER)
    world.when(update(name="Two"), actor=MANAGER)
    assert world.state("branch", "brn_south").name == "Two"


def test_a_branch_is_not_changed_for_the_past_nor_by_nothing() -> None:
    world = an_organisation()
    yesterday = MONDAY - timedelta(days=1)
    assert refused(world, update(yesterday, name="Old"), MANAGER).code == "BACKDATED_CHANGE"
    assert refused(world, update(), MANAGER).code == "VALIDATION_FAILED"


def test_a_branch_closes_for_good() -> None:
    world = an_organisation()
    assert world.when(close(), actor=MANAGER) == [BranchClosed(closed_on=MONDAY, reason="lease ended")]
    state = world.state("branch", "brn_south")
    assert state.status == "closed"
    assert state.is_open_on(MONDAY - timedelta(days=1))
    assert not state.is_open_on(MONDAY)
    assert refused(world, close(), MANAGER).code == "BRANCH_CLOSED"
    assert refused(world, update(name="Again"), MANAGER).code == "BRANCH_CLOSED"


def test_a_branch_does_not_close_in_the_past() -> None:
    assert refused(an_organisation(), close(MONDAY - timedelta(days=1)), MANAGER).code == "VALIDATION_FAILED"


def with_a_booking() -> Scenario:
    """Booked for Tuesday 2026-11-03, 18:00."""
    return booked(a_clinic(), "appt_1", "slot_tue18")


def test_a_branch_with_bookings_stays_open() -> None:
    world = with_a_booking()
    refusal = refused(world, close(MONDAY + timedelta(days=1)), MANAGER)
    assert (refusal.code, refusal.details["appointment_ids"]) == ("SCHEDULE_HAS_BOOKINGS", ["appt_1"])


def test_bookings_before_the_last_day_and_cancelled_ones_do_not_keep_it_open() -> None:
    with_a_booking().when(close(MONDAY + timedelta(days=2)), actor=MANAGER)
    world = with_a_booking()
    cancel = CancelAppointment(appointment_id="appt_1", initiator="patient", reason_code="cost")
    world.when(cancel, actor=DESK)
    world.when(close(MONDAY), actor=MANAGER)


def test_a_branch_with_an_open_drawer_stays_open() -> None:
    world = an_organisation()
    world.when(OpenCashSession(branch_id="brn_south", drawer_id="drw_1", opening_float_paise=0), actor=DESK)
    assert refused(world, close(), MANAGER).code == "CASH_SESSION_OPEN"


def test_a_branch_with_a_patient_in_a_bed_stays_open() -> None:
    world = an_organisation()
    world.held["patient_admission", "pat_elsewhere"] = ("adm_1", "brn_north")
    assert world.when(close(), actor=MANAGER)
    world = an_organisation()
    world.held["patient_admission", "pat_asha"] = ("adm_1", "brn_south")
    refusal = refused(world, close(), MANAGER)
    assert (refusal.code, refusal.details["patient_ids"]) == ("PATIENT_ALREADY_ADMITTED", ["pat_asha"])
