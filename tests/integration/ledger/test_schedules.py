"""What decisions over whole organisations lean on: guards as claims, guards as indexes, and both after a replay."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from event_store.aggregates.appointment.commands import BookAppointment
from event_store.aggregates.branch.commands import CloseBranch
from event_store.aggregates.patient.commands import ConsentGiver, RecordConsent
from event_store.aggregates.policy.commands import PublishPolicy, RetirePolicy
from event_store.aggregates.policy.events import PolicyScope
from event_store.aggregates.practitioner.commands import RegisterPractitioner, UpdatePractitioner
from event_store.aggregates.practitioner.events import PractitionerRole
from event_store.aggregates.price.commands import RetirePrice, SetPrice
from event_store.aggregates.price.events import PriceScope
from event_store.aggregates.schedule.commands import BlockSchedule, OverrideSlot, PublishSchedule
from event_store.aggregates.schedule.events import WeeklyHours
from event_store.aggregates.tenant.commands import DefineService, DefineSpecialty
from event_store.rebuild import guard_differences
from mymedic.messages import Command
from mymedic.policies import DepositBody
from tests.integration.ledger.conftest import Bench
from tests.integration.ledger.people import BRANCH, TENANT, accepted, patient, register_tenant, submit

MONDAY = date(2026, 11, 2)


def weekly(start: str, end: str) -> tuple[WeeklyHours, ...]:
    return (WeeklyHours(dow=1, start=start, end=end, slot_minutes=15, capacity=1, mode="in_person"),)


def schedule(start: str, end: str) -> PublishSchedule:
    return PublishSchedule(
        practitioner_id="prac_rao",
        branch_id=BRANCH,
        service_ids=("svc_consult",),
        valid_from=MONDAY,
        valid_to=MONDAY + timedelta(days=83),
        weekly=weekly(start, end),
    )


class House:
    """A branch with a doctor, a service, a price and a schedule, all by command."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self._count = 0
        register_tenant(bench.store)
        self.does(DefineSpecialty(name="General", specialty_id="spc_gen"))
        self.does(
            DefineService(
                service_id="svc_consult",
                code="C1",
                name="Consultation",
                kind="consultation",
                specialty_id="spc_gen",
                sac="999312",
                gst_bps=0,
                duration_min=15,
            )
        )
        role = PractitionerRole(branch_id=BRANCH, share_bps=4000, from_=MONDAY)
        self.does(
            RegisterPractitioner(
                practitioner_id="prac_rao", name="Dr Rao", specialty_id="spc_gen", registration_no="1", roles=(role,)
            )
        )
        self.price()
        self.does(schedule("09:00", "12:00"), "sch_1")

    def price(self, **scope: Any) -> None:
        self.does(
            SetPrice(
                service_id="svc_consult",
                scope=PriceScope(level="branch" if scope else "tenant", **scope),
                amount_paise=50_000,
                tax_inclusive=True,
                effective_from=self.bench.clock.now(),
            )
        )

    def asks(self, command: Command, id: str | None = None) -> Any:
        self._count += 1
        return submit(self.bench.store, command, f"cmd_house_{self._count}", aggregate_id=id)

    def does(self, command: Command, id: str | None = None) -> None:
        accepted(self.asks(command, id))

    def refuses(self, command: Command) -> str:
        return self.asks(command).error.code

    def held(self, kind: str) -> list[str]:
        with self.bench.store.ledger.read() as reads:
            return [value for value, _, _ in reads.guards(TENANT, kind)]

    def slot_at(self, number: int) -> str:
        return list(self.bench.store.handler.state(TENANT, "schedule", "sch_1").slots)[number]

    def books(self, slot_id: str) -> None:
        self.does(patient(), "pat_asha")
        self.does(
            RecordConsent(
                patient_id="pat_asha", purpose="care", notice_version="1", given_by=ConsentGiver(role="patient")
            )
        )
        self.does(
            BookAppointment(
                patient_id="pat_asha",
                slot_id=slot_id,
                service_id="svc_consult",
                visit_type="new",
                quoted_price_paise=50_000,
                channel="phone",
            ),
            "appt_1",
        )


def test_a_practitioners_time_is_claimed_once_in_all_schedules(bench: Bench) -> None:
    house = House(bench)
    assert len(house.held("slot")) == 144
    assert len(house.held("practitioner_time")) == 144 * 3
    assert house.refuses(schedule("11:45", "13:00")) == "SLOT_OVERLAP"
    house.does(schedule("12:00", "13:00"))
    house.does(OverrideSlot(schedule_id="sch_1", slot_id=house.slot_at(5), action="close", reason="meeting"))
    assert len(house.held("practitioner_time")) == 144 * 3 + 48 * 3 - 3
    assert guard_differences(bench.store.ledger, bench.store.feed, TENANT) == []


def test_a_booking_is_found_from_its_slot_its_branch_and_its_practitioner(bench: Bench) -> None:
    house = House(bench)
    house.books(house.slot_at(20))
    leave = UpdatePractitioner(practitioner_id="prac_rao", active=False, effective_on=MONDAY)
    assert house.refuses(leave) == "SCHEDULE_HAS_BOOKINGS"
    assert house.refuses(CloseBranch(branch_id=BRANCH, closed_on=MONDAY, reason="lease")) == "SCHEDULE_HAS_BOOKINGS"
    start = bench.clock.now()
    block = BlockSchedule(
        schedule_id="sch_1", start=start, end=start + timedelta(days=30), reason="leave", on_conflict="reject"
    )
    assert house.refuses(block) == "SCHEDULE_HAS_BOOKINGS"
    house.does(CloseBranch(branch_id=BRANCH, closed_on=MONDAY + timedelta(days=30), reason="lease"))
    assert house.held("branch") == []
    assert guard_differences(bench.store.ledger, bench.store.feed, TENANT) == []


def test_patients_versions_and_prices_are_found_by_their_guards(bench: Bench) -> None:
    house = House(bench)
    house.does(patient(), "pat_asha")
    again = house.asks(patient())
    assert (again.error.code, again.error.details["candidates"]) == ("ALREADY_EXISTS", ["pat_asha"])
    house.price(branch_id=BRANCH)
    _, of_branch = bench.store.handler.state(TENANT, "price", "svc_consult").versions
    house.does(RetirePrice(price_version_id=of_branch, effective_to=bench.clock.now()))
    policy = PublishPolicy(
        kind="deposit",
        scope=PolicyScope(level="branch", branch_id=BRANCH),
        body=DepositBody(mode="bps", bps=5000),
        effective_from=bench.clock.now(),
    )
    house.does(policy)
    (version,) = house.held("policy_version")
    house.does(RetirePolicy(policy_version_id=version, effective_to=bench.clock.now() + timedelta(days=1)))
    assert guard_differences(bench.store.ledger, bench.store.feed, TENANT) == []
