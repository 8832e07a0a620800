"""A chain that has just opened, as events: what master data, schedules, prices and policies are decided against."""

from __future__ import annotations

from datetime import date
from typing import Any

from event_store.aggregates.branch.events import BranchRegistered, OpenHours
from event_store.aggregates.practitioner.events import PractitionerRegistered, PractitionerRole
from event_store.aggregates.schedule.commands import PublishSchedule
from event_store.aggregates.schedule.events import WeeklyHours
from event_store.aggregates.tenant.events import SpecialtyDefined, TenantRegistered
from tests.scenario import Scenario
from tests.unit.event_store.clinic import TENANT, a_service, ist

MONDAY = date(2026, 11, 2)
OPEN_HOURS = tuple(OpenHours(dow=dow, start="08:00", end="20:00") for dow in range(1, 7))


def an_organisation(kind: Any = "chain") -> Scenario:
    """Monday 2026-11-02, 10:00 in India: one branch, open from 8 to 20 but on Sundays, and one doctor there."""
    world = Scenario(TENANT, ist(2, "10:00"))
    world.given(
        "tenant",
        TENANT,
        TenantRegistered(name="Skin", kind=kind, tz="Asia/Kolkata", state_code="KA"),
        SpecialtyDefined(specialty_id="spc_derm", name="Dermatology"),
        a_service("svc_consult", "consultation", 0),
        a_service("svc_peel", "procedure", 1800),
    )
    world.given("branch", "brn_south", registered_branch("brn_south"))
    return world.given("practitioner", "prac_rao", registered_practitioner())


def registered_branch(branch_id: str, **changes: Any) -> BranchRegistered:
    fields: dict[str, Any] = {
        "branch_id": branch_id,
        "name": branch_id,
        "city_id": "cty_bengaluru",
        "pincode": "560001",
        "opened_on": date(2020, 1, 1),
        "open_hours": OPEN_HOURS,
    }
    return BranchRegistered(**{**fields, **changes})


def registered_practitioner(registration_no: str = "KMC 1", **changes: Any) -> PractitionerRegistered:
    role = PractitionerRole(branch_id="brn_south", share_bps=4000, from_=date(2020, 1, 1))
    fields: dict[str, Any] = {
        "name": "Dr Rao",
        "specialty_id": "spc_derm",
        "registration_no": registration_no,
        "roles": (role,),
    }
    return PractitionerRegistered(**{**fields, **changes})


def session(dow: int, start: str, end: str, minutes: int = 15, capacity: int = 1, mode: Any = "both") -> WeeklyHours:
    return WeeklyHours(dow=dow, start=start, end=end, slot_minutes=minutes, capacity=capacity, mode=mode)


def publish_schedule(**changes: Any) -> PublishSchedule:
    """Mondays and Wednesdays 18 to 19 for four weeks: four slots an evening, two tokens each."""
    fields: dict[str, Any] = {
        "practitioner_id": "prac_rao",
        "branch_id": "brn_south",
        "service_ids": ("svc_consult",),
        "valid_from": MONDAY,
        "valid_to": date(2026, 11, 29),
        "weekly": (session(1, "18:00", "19:00", capacity=2), session(3, "18:00", "19:00", capacity=2)),
    }
    return PublishSchedule(**{**fields, **changes})
