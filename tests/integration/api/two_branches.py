"""A second branch with a doctor of its own, and appointments with their payments in both."""

from __future__ import annotations

from datetime import date

from event_store.aggregates.appointment.commands import BookAppointment
from event_store.aggregates.branch.commands import RegisterBranch
from event_store.aggregates.branch.events import OpenHours
from event_store.aggregates.payment.commands import RecordCounterPayment
from event_store.aggregates.practitioner.commands import RegisterPractitioner
from event_store.aggregates.practitioner.events import PractitionerRole
from event_store.aggregates.schedule.commands import PublishSchedule
from event_store.aggregates.schedule.events import WeeklyHours
from mymedic.messages import Actor
from tests.chain import BALA, CONSULTATION, PEEL, PRICES, Chain
from tests.unit.event_store.clinic import DESK, MANAGER, PATIENT, ist

IYER = Actor(type="user", id="prac_iyer", roles=("DR",), practitioner_id="prac_iyer")
NORTHERN = Actor(type="user", id="stf_north", roles=("FD",), branch_scope=("brn_north",))
AUDITOR = Actor(type="user", id="stf_audit", roles=("AU",))
PROGRAM = Actor(type="integration", id="integration:his", roles=("IN",), branch_scope=("brn_south",))


def open_north(chain: Chain) -> None:
    """Dr Iyer sees people in the north on Wednesdays, from six to seven."""
    hours = tuple(OpenHours(dow=dow, start="00:00", end="24:00") for dow in range(1, 8))
    place = {"city_id": "cty_mysuru", "pincode": "570001", "opened_on": date(2026, 1, 1)}
    chain.ask(RegisterBranch(branch_id="brn_north", name="North", open_hours=hours, **place), MANAGER)
    role = PractitionerRole(branch_id="brn_north", share_bps=6000, from_=date(2026, 1, 1))
    who = {"name": "Dr Iyer", "specialty_id": "spc_derm", "registration_no": "KMC 2"}
    chain.ask(RegisterPractitioner(practitioner_id="prac_iyer", roles=(role,), **who), MANAGER)
    session = WeeklyHours(dow=3, start="18:00", end="19:00", slot_minutes=15, capacity=1, mode="in_person")
    schedule = PublishSchedule(
        schedule_id="sch_iyer",
        practitioner_id="prac_iyer",
        branch_id="brn_north",
        service_ids=(CONSULTATION, PEEL),
        valid_from=date(2026, 11, 3),
        valid_to=date(2026, 11, 13),
        weekly=(session,),
    )
    chain.ask(schedule, MANAGER)


def book_in_both(chain: Chain) -> None:
    """Asha on Tuesday and Bala after her, both in the south; Asha on Wednesday in the north."""
    chain.book("appt_asha", 3, "18:00", PATIENT)
    chain.book("appt_bala", 3, "18:15", BALA)
    (slot_id,) = chain.state("schedule", "sch_iyer").slot_ids_between(ist(4, "18:00"), ist(4, "18:01"))
    command = BookAppointment(
        patient_id="pat_asha",
        slot_id=slot_id,
        service_id=CONSULTATION,
        visit_type="new",
        quoted_price_paise=PRICES[CONSULTATION],
        channel="phone",
        deposit_waiver_reason="known to the doctor",
    )
    chain.ask(command, DESK, "appt_north", "phone")


def pay(chain: Chain, payment_id: str, appointment_id: str = "appt_bala") -> None:
    """At the counter, by card."""
    appointment = chain.state("appointment", appointment_id)
    command = RecordCounterPayment(
        patient_id=appointment.patient_id,
        branch_id=appointment.branch_id,
        purpose="balance",
        appointment_id=appointment_id,
        amount_paise=500,
        mode="card",
        channel="pos",
    )
    chain.ask(command, DESK, payment_id)
