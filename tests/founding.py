"""A chain before its first patient calls: branch, services, prices, a policy, a doctor's schedule, two patients."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

from event_store.aggregates.branch.commands import RegisterBranch
from event_store.aggregates.branch.events import OpenHours
from event_store.aggregates.patient.commands import ConsentGiver, RecordConsent, RegisterPatient
from event_store.aggregates.patient.events import PatientPii
from event_store.aggregates.policy.commands import PublishPolicy
from event_store.aggregates.policy.events import PolicyScope
from event_store.aggregates.practitioner.commands import RegisterPractitioner
from event_store.aggregates.practitioner.events import PractitionerRole
from event_store.aggregates.price.commands import SetPrice
from event_store.aggregates.price.events import PriceScope
from event_store.aggregates.schedule.commands import PublishSchedule
from event_store.aggregates.schedule.events import WeeklyHours
from event_store.aggregates.tenant.commands import DefineService, DefineSpecialty, RegisterTenant
from mymedic.policies import DepositBody
from tests.chain import CONSULTATION, PEEL, PRICES, Chain
from tests.unit.event_store.clinic import ENGINEER, MANAGER


class Hours(NamedTuple):
    """Sessions of Dr Rao on some weekdays between two dates."""

    valid_from: date
    valid_to: date
    weekdays: Sequence[int]
    sessions: Sequence[tuple[str, str]]


EVENINGS = Hours(date(2026, 11, 3), date(2026, 11, 13), range(2, 6), (("18:00", "19:00"), ("23:30", "23:45")))


def founded(chain: Chain, hours: Hours = EVENINGS) -> Chain:
    """Dermatology in one branch; half of a price is asked for in advance.

    A consultation is exempt from tax, as is the laser; a peel is not.
    """
    chain.ask(RegisterTenant(name="Skin", kind="chain", state_code="KA"), ENGINEER, chain.tenant_id)
    chain.ask(DefineSpecialty(specialty_id="spc_derm", name="Dermatology"), MANAGER)
    for service_id, price in PRICES.items():
        _offer(chain, service_id, price)
    _ask_for_deposits(chain)
    _open_branch(chain)
    _employ(chain, hours)
    for patient_id, name, phone in (("pat_asha", "Asha", "+919812345678"), ("pat_bala", "Bala", "+919812345679")):
        _register(chain, patient_id, PatientPii(name=name, phone_e164=phone))
    return chain


def _offer(chain: Chain, service_id: str, price: int) -> None:
    service = DefineService(
        service_id=service_id,
        code=service_id,
        name=service_id,
        kind="consultation" if service_id == CONSULTATION else "procedure",
        specialty_id="spc_derm",
        sac="999312",
        gst_bps=1800 if service_id == PEEL else 0,
        duration_min=15,
    )
    chain.ask(service, MANAGER)
    scope = PriceScope(level="tenant")
    now = chain.clock.now()
    command = SetPrice(service_id=service_id, scope=scope, amount_paise=price, tax_inclusive=True, effective_from=now)
    chain.ask(command, MANAGER)


def _ask_for_deposits(chain: Chain) -> None:
    body, scope = DepositBody(mode="bps", bps=5000), PolicyScope(level="tenant")
    command = PublishPolicy(kind="deposit", scope=scope, body=body, effective_from=chain.clock.now())
    chain.ask(command, MANAGER)


def _open_branch(chain: Chain) -> None:
    branch = RegisterBranch(
        branch_id="brn_south",
        name="South",
        city_id="cty_bengaluru",
        pincode="560001",
        opened_on=date(2026, 1, 1),
        open_hours=tuple(OpenHours(dow=dow, start="00:00", end="24:00") for dow in range(1, 8)),
    )
    chain.ask(branch, MANAGER)


def _employ(chain: Chain, hours: Hours) -> None:
    role = PractitionerRole(branch_id="brn_south", share_bps=6000, from_=date(2026, 1, 1))
    doctor = RegisterPractitioner(
        practitioner_id="prac_rao", name="Dr Rao", specialty_id="spc_derm", registration_no="KMC 1", roles=(role,)
    )
    chain.ask(doctor, MANAGER)
    schedule = PublishSchedule(
        schedule_id="sch_rao",
        practitioner_id="prac_rao",
        branch_id="brn_south",
        service_ids=(CONSULTATION, PEEL),
        valid_from=hours.valid_from,
        valid_to=hours.valid_to,
        weekly=tuple(
            WeeklyHours(dow=dow, start=start, end=end, slot_minutes=15, capacity=1, mode="in_person")
            for dow in hours.weekdays
            for start, end in hours.sessions
        ),
    )
    chain.ask(schedule, MANAGER)


def _register(chain: Chain, patient_id: str, pii: PatientPii) -> None:
    person = RegisterPatient(patient_id=patient_id, pii=pii, sex="female", birth_year=1980, branch_id="brn_south")
    chain.ask(person)
    giver = ConsentGiver(role="patient")
    chain.ask(RecordConsent(patient_id=patient_id, purpose="care", notice_version="1", given_by=giver))
