"""A clinic's desk that asks as fast as it is answered: three commands, the plainest to the one with most guards."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import date, timedelta
from itertools import count, cycle, islice
from typing import NamedTuple

import msgspec

from event_store.aggregates.appointment.commands import BookAppointment
from event_store.aggregates.branch.commands import RegisterBranch
from event_store.aggregates.branch.events import OpenHours
from event_store.aggregates.cash_session.commands import OpenCashSession, RecordCashMovement
from event_store.aggregates.patient.commands import ConsentGiver, RecordConsent, RegisterPatient
from event_store.aggregates.patient.events import PatientPii
from event_store.aggregates.payment.commands import RecordCounterPayment
from event_store.aggregates.practitioner.commands import RegisterPractitioner
from event_store.aggregates.practitioner.events import PractitionerRole
from event_store.aggregates.price.commands import SetPrice
from event_store.aggregates.price.events import PriceScope
from event_store.aggregates.schedule.commands import PublishSchedule
from event_store.aggregates.schedule.events import WeeklyHours
from event_store.aggregates.tenant.commands import DefineService, DefineSpecialty, RegisterTenant
from event_store.batch import Batch
from event_store.store import Store
from mymedic.clock import business_date
from mymedic.messages import Actor, Command, Envelope

TENANT, BRANCH, SERVICE = "ten_bench", "brn_bench", "svc_consult"
# As many streams, and as long, as the peer's benchmark has.
DRAWERS, EVENTS_EACH = 100, 10
PATIENTS, DOCTORS, DAYS = 2_000, 4, 42
PRICE_PAISE = 80_000
DESK = Actor(type="user", id="stf_bench", roles=("FD",))
FOUNDER = Actor(type="user", id="stf_founder", roles=("CM", "EN", "FD", "FN"))
KINDS: dict[str, type[Command]] = {
    "movement": RecordCashMovement,
    "payment": RecordCounterPayment,
    "booking": BookAppointment,
}


class Request(NamedTuple):
    """A command as a client sends it: its idempotency key and its JSON body."""

    command_id: str
    body: bytes


def found(store: Store, kind: str) -> None:
    """The clinic in an empty store, with what requests of a kind need."""
    with store.handler.batch() as batch:
        founder = _Founder(batch)
        founder.house()
        if kind == "movement":
            founder.drawers()
        else:
            founder.doctors()
            founder.patients()
        if kind == "payment":
            for number, command in enumerate(islice(_bookings(batch), PATIENTS)):
                founder.ask(command, _appointment_id(number))


class _Founder:
    def __init__(self, batch: Batch) -> None:
        self._batch = batch
        self._asked = count(1)

    def ask(self, command: Command, id: str | None = None) -> None:
        ack = self._batch.handle(
            Envelope(
                command=command,
                command_id=f"cmd_found_{next(self._asked)}",
                tenant_id=TENANT,
                actor=FOUNDER,
                issued_at=self._batch.clock.now(),
                aggregate_id=id,
            )
        )
        self._batch.take_recorded()
        assert ack.error is None, ack.error

    def house(self) -> None:
        self.ask(RegisterTenant(name="Bench", kind="chain", state_code="KA"), TENANT)
        self.ask(
            RegisterBranch(
                branch_id=BRANCH,
                name="Bench",
                city_id="cty_bengaluru",
                pincode="560001",
                opened_on=date(2020, 1, 1),
                open_hours=tuple(OpenHours(dow=dow, start="06:00", end="22:00") for dow in range(1, 8)),
            )
        )
        self.ask(DefineSpecialty(specialty_id="spc_gen", name="General"))
        self.ask(
            DefineService(
                service_id=SERVICE,
                code="C1",
                name="Consultation",
                kind="consultation",
                specialty_id="spc_gen",
                sac="999312",
                gst_bps=0,
                duration_min=10,
            )
        )

    def drawers(self) -> None:
        for drawer in range(DRAWERS):
            opened = OpenCashSession(branch_id=BRANCH, drawer_id=f"drw_{drawer}", opening_float_paise=200_000)
            self.ask(opened, _session_id(drawer))
            for _ in range(EVENTS_EACH - 1):
                self.ask(_movement(drawer))

    def doctors(self) -> None:
        begins_at = self._batch.clock.now() + timedelta(seconds=0.1)
        self.ask(
            SetPrice(
                service_id=SERVICE,
                scope=PriceScope(level="tenant"),
                amount_paise=PRICE_PAISE,
                tax_inclusive=True,
                effective_from=begins_at,
            )
        )
        while self._batch.clock.now() < begins_at:
            time.sleep(0.01)
        first_day = business_date(self._batch.clock.now()) + timedelta(days=1)
        for doctor in range(DOCTORS):
            self._doctor(doctor, first_day)

    def patients(self) -> None:
        for number in range(PATIENTS):
            name, phone = f"Patient {number}", f"+9198{number:08d}"
            self.ask(
                RegisterPatient(
                    pii=PatientPii(name=name, phone_e164=phone), sex="female", birth_year=1980, branch_id=BRANCH
                ),
                _patient_id(number),
            )
            giver = ConsentGiver(role="patient")
            self.ask(RecordConsent(patient_id=_patient_id(number), purpose="care", notice_version="1", given_by=giver))

    def _doctor(self, doctor: int, first_day: date) -> None:
        role = PractitionerRole(branch_id=BRANCH, share_bps=4000, from_=first_day)
        self.ask(
            RegisterPractitioner(
                practitioner_id=f"prac_{doctor}",
                name=f"Doctor {doctor}",
                specialty_id="spc_gen",
                registration_no=str(doctor),
                roles=(role,),
            )
        )
        hours = [
            WeeklyHours(dow=dow, start="08:00", end="20:00", slot_minutes=10, capacity=2, mode="in_person")
            for dow in range(1, 8)
        ]
        self.ask(
            PublishSchedule(
                practitioner_id=f"prac_{doctor}",
                branch_id=BRANCH,
                service_ids=(SERVICE,),
                valid_from=first_day,
                valid_to=first_day + timedelta(days=DAYS - 1),
                weekly=tuple(hours),
            ),
            _schedule_id(doctor),
        )


def requests(store: Store, kind: str) -> Iterator[Request]:
    """Requests of one kind, each with an idempotency key of its own; bookings end when the seats are gone."""
    commands = {"movement": _movements, "payment": _payments, "booking": _bookings}[kind](store)
    for number, command in enumerate(commands, 1):
        yield Request(f"cmd_bench_{kind}_{number}", msgspec.json.encode(command))


def _movements(store: Store) -> Iterator[Command]:
    return (_movement(drawer) for drawer in cycle(range(DRAWERS)))


def _movement(drawer: int) -> RecordCashMovement:
    return RecordCashMovement(
        cash_session_id=_session_id(drawer), kind="float_in", amount_paise=10_000, reference="float from the safe"
    )


def _payments(store: Store) -> Iterator[Command]:
    """One payment by UPI for each booking, and again from the first: each has an RRN of its own."""
    for number in count():
        patient = number % PATIENTS
        yield RecordCounterPayment(
            patient_id=_patient_id(patient),
            branch_id=BRANCH,
            purpose="full",
            appointment_id=_appointment_id(patient),
            amount_paise=PRICE_PAISE,
            mode="upi",
            channel="pos",
            rrn=f"{number:012d}",
            terminal_id="pos-1",
        )


def _bookings(store: Store | Batch) -> Iterator[Command]:
    """The next free seat for the next patient, so that nobody is booked twice at one time."""
    handler = store if isinstance(store, Batch) else store.handler
    slots = [list(handler.state(TENANT, "schedule", _schedule_id(doctor)).slots) for doctor in range(DOCTORS)]
    seats = [slot_id for together in zip(*slots, strict=True) for slot_id in together for _ in range(2)]
    for number, slot_id in enumerate(seats):
        yield BookAppointment(
            patient_id=_patient_id(number % PATIENTS),
            slot_id=slot_id,
            service_id=SERVICE,
            visit_type="new",
            quoted_price_paise=PRICE_PAISE,
            channel="phone",
        )


def _session_id(drawer: int) -> str:
    return f"cash_{drawer:03d}"


def _patient_id(number: int) -> str:
    return f"pat_{number:05d}"


def _appointment_id(number: int) -> str:
    return f"appt_{number:05d}"


def _schedule_id(doctor: int) -> str:
    return f"sch_{doctor}"
