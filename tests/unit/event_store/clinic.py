"""A small dermatology chain as events: what appointments, encounters and invoices are decided against in tests."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from event_store.aggregates.appointment.commands import BookAppointment, HoldAppointment
from event_store.aggregates.branch.events import BranchRegistered
from event_store.aggregates.patient.events import ConsentRecorded, PatientRegistered
from event_store.aggregates.payment.events import PaymentCaptured
from event_store.aggregates.policy.events import PolicyPublished, PolicyScope
from event_store.aggregates.practitioner.events import PractitionerRegistered
from event_store.aggregates.price.events import PriceScope, PriceSet
from event_store.aggregates.schedule.events import SchedulePublished, SlotsGenerated, SlotTimes
from event_store.aggregates.tenant.events import ServiceDefined, TenantRegistered
from mymedic.clock import INDIA
from mymedic.errors import Refused
from mymedic.messages import Actor, Command
from mymedic.policies import CancellationBody, DepositBody, PolicyBody
from tests.scenario import Scenario

LONG_AGO = datetime(2025, 1, 1, tzinfo=UTC)
TENANT = "ten_test"
DESK = Actor(type="user", id="stf_desk", roles=("FD",))
PATIENT = Actor(type="patient", id="pat_asha", roles=("PP",), patient_id="pat_asha")
DOCTOR = Actor(type="user", id="prac_rao", roles=("DR",), practitioner_id="prac_rao")
FINANCE = Actor(type="user", id="stf_books", roles=("FN",))
MANAGER = Actor(type="user", id="stf_head", roles=("CM",))
ENGINEER = Actor(type="user", id="stf_ops", roles=("EN",))
TIMER = Actor(type="system", id="process:timers", roles=("SY",))

PRICE = 80_000
DEPOSIT = 40_000


def ist(day: int, clock: str, month: int = 11) -> datetime:
    """A moment of November 2026 on Indian clocks."""
    hour, minute = map(int, clock.split(":"))
    return datetime(2026, month, day, hour, minute, tzinfo=INDIA).astimezone(UTC)


def a_slot(slot_id: str, start: datetime, capacity: int = 1, mode: Any = "in_person", minutes: int = 15) -> SlotTimes:
    return SlotTimes(
        slot_id=slot_id,
        start_at=start,
        end_at=start + timedelta(minutes=minutes),
        capacity=capacity,
        mode=mode,
    )


SLOTS = (
    a_slot("slot_tue18", ist(3, "18:00")),
    a_slot("slot_tue1815", ist(3, "18:15")),
    a_slot("slot_wed18", ist(4, "18:00")),
    a_slot("slot_thu18", ist(5, "18:00"), capacity=2),
    a_slot("slot_fri18", ist(6, "18:00")),
    a_slot("slot_mon10", ist(2, "10:00")),
    a_slot("slot_video", ist(3, "12:00"), mode="tele"),
)


def a_clinic(*, deposit: DepositBody | None = None, cancellation: CancellationBody | None = None) -> Scenario:
    """Monday 2026-11-02, 10:00 in India. Half of the price is asked as a deposit unless another body is given."""
    world = Scenario(TENANT, ist(2, "10:00"))
    world.given("tenant", TENANT, TenantRegistered(name="Skin", kind="chain", tz="Asia/Kolkata", state_code="KA"))
    for service_id, kind, gst_bps in (("svc_consult", "consultation", 0), ("svc_peel", "procedure", 1800)):
        world.given("tenant", TENANT, a_service(service_id, kind, gst_bps))
        world.given("price", service_id, a_price(service_id, PRICE))
    for branch_id in ("brn_south", "brn_north"):
        world.given("branch", branch_id, a_branch(branch_id))
    for practitioner_id in ("prac_rao", "prac_iyer"):
        world.given(
            "practitioner",
            practitioner_id,
            PractitionerRegistered(
                name=practitioner_id, specialty_id="spc_derm", registration_no=practitioner_id, roles=()
            ),
        )
    a_schedule(world, "sch_rao", "prac_rao", "brn_south", SLOTS)
    a_schedule(world, "sch_iyer", "prac_iyer", "brn_north", (a_slot("slot_iyer", ist(5, "11:00")),))
    for patient_id in ("pat_asha", "pat_bala"):
        a_patient(world, patient_id)
    publish(world, "deposit", deposit or DepositBody(mode="bps", bps=5000))
    if cancellation is not None:
        publish(world, "cancellation", cancellation)
    return world


def a_service(service_id: str, kind: Any, gst_bps: int) -> ServiceDefined:
    return ServiceDefined(
        service_id=service_id,
        code=service_id,
        name=service_id,
        kind=kind,
        specialty_id="spc_derm",
        sac="999312",
        gst_bps=gst_bps,
        duration_min=15,
        conversion_window_days=30,
    )


def a_price(service_id: str, amount_paise: int, **scope: str) -> PriceSet:
    level: Any = "_".join(sorted((name.removesuffix("_id") for name in scope), reverse=True)) or "tenant"
    key = "/".join([level, *scope.values()])
    return PriceSet(
        price_version_id=f"prc_{service_id}_{amount_paise}",
        service_id=service_id,
        scope=PriceScope(level=level, **scope),
        scope_key=key,
        amount_paise=amount_paise,
        tax_inclusive=True,
        gst_bps=0,
        effective_from=LONG_AGO,
    )


def a_branch(branch_id: str) -> BranchRegistered:
    return BranchRegistered(
        branch_id=branch_id,
        name=branch_id,
        city_id="cty_blr",
        pincode="560001",
        opened_on=date(2020, 1, 1),
        open_hours=(),
    )


def a_schedule(
    world: Scenario, schedule_id: str, practitioner_id: str, branch_id: str, slots: tuple[SlotTimes, ...]
) -> None:
    world.given(
        "schedule",
        schedule_id,
        SchedulePublished(
            practitioner_id=practitioner_id,
            branch_id=branch_id,
            service_ids=("svc_consult",),
            valid_from=date(2026, 11, 2),
            valid_to=date(2026, 11, 30),
            weekly=(),
        ),
        *(
            SlotsGenerated(business_date=on, slots=tuple(s for s in slots if s.start_at.astimezone(INDIA).date() == on))
            for on in sorted({slot.start_at.astimezone(INDIA).date() for slot in slots})
        ),
    )


def a_patient(world: Scenario, patient_id: str) -> None:
    world.given(
        "patient",
        patient_id,
        PatientRegistered(
            patient_id=patient_id,
            sex="female",
            birth_year=1990,
            registered_branch_id="brn_south",
            phone_hash="0" * 64,
            name_hash="0" * 64,
        ),
        ConsentRecorded(purpose="care", notice_version="1", given_by_role="patient"),
    )


def publish(world: Scenario, kind: Any, body: PolicyBody, **scope: str) -> None:
    """A policy from long ago on; its version id names kind and place."""
    level: Any = next(iter(scope), "tenant").removesuffix("_id")
    where = next(iter(scope.values()), "")
    world.given(
        "policy",
        f"{kind}-{level}" + (f":{where}" if where else ""),
        PolicyPublished(
            policy_version_id=f"pol_{kind}_{where or 'tenant'}",
            kind=kind,
            scope=PolicyScope(level=level, **scope),
            body=body,
            effective_from=LONG_AGO,
        ),
    )


def hold(slot_id: str = "slot_tue18", patient_id: str = "pat_asha", price: int = PRICE) -> HoldAppointment:
    return HoldAppointment(
        patient_id=patient_id,
        slot_id=slot_id,
        service_id="svc_consult",
        visit_type="new",
        quoted_price_paise=price,
        channel="portal",
    )


def book(slot_id: str = "slot_tue18", patient_id: str = "pat_asha", **changes: Any) -> BookAppointment:
    """A phone booking whose deposit the desk waives."""
    fields: dict[str, Any] = {
        "patient_id": patient_id,
        "slot_id": slot_id,
        "service_id": "svc_consult",
        "visit_type": "new",
        "quoted_price_paise": PRICE,
        "channel": "phone",
        "deposit_waiver_reason": "known to the doctor",
    }
    return BookAppointment(**{**fields, **changes})


def captured(
    world: Scenario, payment_id: str, appointment_id: str, amount_paise: int, at: datetime | None = None
) -> None:
    world.given(
        "payment",
        payment_id,
        PaymentCaptured(
            payment_id=payment_id,
            branch_id="brn_south",
            patient_id="pat_asha",
            appointment_id=appointment_id,
            purpose="deposit",
            amount_paise=amount_paise,
            currency="INR",
            mode="upi",
            channel="gateway",
            gateway="razorpay",
            gateway_payment_id=f"gw_{payment_id}",
            order_id=f"order_{payment_id}",
            captured_at=at or world.now,
            late_capture=False,
            source="webhook",
        ),
    )


def booked(world: Scenario, appointment_id: str = "appt_1", slot_id: str = "slot_tue18", held: int = 0) -> Scenario:
    """An appointment booked by the desk, with `held` paise captured for it in one payment."""
    world.when(book(slot_id), actor=DESK, id=appointment_id)
    if held:
        captured(world, f"pay_{appointment_id}", appointment_id, held)
    return world


def refused(world: Scenario, command: Command, actor: Actor = DESK, id: str | None = None) -> Refused:
    """The refusal of a command; the test fails when it is accepted."""
    with pytest.raises(Refused) as refusal:
        world.when(command, actor=actor, id=id)
    return refusal.value
