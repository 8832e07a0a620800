"""An appointment's life through the real ledger: every command handled, every guard equal to its replay."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from event_store.aggregates.appointment import commands as appointment
from event_store.aggregates.branch.commands import RegisterBranch
from event_store.aggregates.branch.events import OpenHours
from event_store.aggregates.encounter.commands import FinishEncounter, StartEncounter
from event_store.aggregates.invoice.commands import IssueInvoice, NewLine
from event_store.aggregates.patient.commands import ConsentGiver, RecordConsent, RegisterPatient
from event_store.aggregates.patient.events import PatientPii
from event_store.aggregates.payment.commands import CapturePayment, InitiatePayment
from event_store.aggregates.policy.commands import PublishPolicy
from event_store.aggregates.policy.events import PolicyScope
from event_store.aggregates.practitioner.commands import RegisterPractitioner
from event_store.aggregates.practitioner.events import PractitionerRole
from event_store.aggregates.price.commands import SetPrice
from event_store.aggregates.price.events import PriceScope
from event_store.aggregates.schedule.commands import PublishSchedule
from event_store.aggregates.schedule.events import WeeklyHours
from event_store.aggregates.tenant.commands import DefineService, DefineSpecialty, RegisterTenant
from event_store.ledger import open_ledger
from event_store.rebuild import guard_differences
from event_store.retention.keys import Vault
from event_store.store import assemble
from mymedic.clock import ManualClock
from mymedic.ids import DerivedIds
from mymedic.messages import Ack, Actor, Command, Envelope
from mymedic.policies import DepositBody

MONDAY = datetime(2026, 11, 2, 4, 30, tzinfo=UTC)
TENANT = "ten_test"


class Chain:
    """A tenant on SQLite whose commands are all meant to be accepted."""

    def __init__(self, folder: Path) -> None:
        self.clock = ManualClock(MONDAY)
        self.store = assemble(
            open_ledger(f"sqlite:///{folder / 'ledger.sqlite'}"),
            Vault(folder / "keys.sqlite", bytes(32)),
            self.clock,
            DerivedIds(),
        )
        self._asked = 0

    def ask(self, command: Command, id: str | None = None, **actor: Any) -> Ack:
        self._asked += 1
        roles = tuple(sorted(type(command).who))
        ack = self.store.handler.submit(
            Envelope(
                command=command,
                command_id=f"cmd_{self._asked}",
                tenant_id=TENANT,
                actor=Actor(**{"type": "user", "id": "stf_any", "roles": roles, **actor}),
                issued_at=self.clock.now(),
                aggregate_id=id,
            )
        )
        assert ack.status == "accepted", ack.error
        return ack

    def state(self, aggregate: str, id: str) -> Any:
        return self.store.handler.state(TENANT, aggregate, id)


@pytest.fixture
def chain(tmp_path: Path) -> Iterator[Chain]:
    chain = Chain(tmp_path)
    found(chain)
    yield chain
    chain.store.close()


def found(chain: Chain) -> None:
    chain.ask(RegisterTenant(name="Skin", kind="chain", state_code="KA"), TENANT)
    chain.ask(
        RegisterBranch(
            branch_id="brn_south",
            name="South",
            city_id="cty_blr",
            pincode="560001",
            opened_on=date(2026, 1, 1),
            open_hours=tuple(OpenHours(dow=dow, start="08:00", end="21:00") for dow in range(1, 8)),
        )
    )
    chain.ask(DefineSpecialty(specialty_id="spc_derm", name="Dermatology"))
    chain.ask(
        DefineService(
            service_id="svc_consult",
            code="DERM",
            name="Consultation",
            kind="consultation",
            specialty_id="spc_derm",
            sac="999312",
            gst_bps=0,
            duration_min=15,
        )
    )
    chain.ask(
        RegisterPractitioner(
            practitioner_id="prac_rao",
            name="Dr Rao",
            specialty_id="spc_derm",
            registration_no="KMC 1",
            roles=(PractitionerRole(branch_id="brn_south", share_bps=6000, from_=date(2026, 1, 1)),),
        )
    )
    chain.ask(
        SetPrice(
            service_id="svc_consult",
            scope=PriceScope(level="tenant"),
            amount_paise=80_000,
            tax_inclusive=True,
            effective_from=MONDAY,
        )
    )
    chain.ask(
        PublishPolicy(
            kind="deposit",
            scope=PolicyScope(level="tenant"),
            body=DepositBody(mode="bps", bps=5000),
            effective_from=MONDAY,
        )
    )
    chain.ask(
        PublishSchedule(
            schedule_id="sch_rao",
            practitioner_id="prac_rao",
            branch_id="brn_south",
            service_ids=("svc_consult",),
            valid_from=date(2026, 11, 3),
            valid_to=date(2026, 11, 5),
            weekly=tuple(
                WeeklyHours(dow=dow, start="18:00", end="19:00", slot_minutes=15, capacity=1, mode="in_person")
                for dow in (2, 3)
            ),
        )
    )
    chain.ask(
        RegisterPatient(
            patient_id="pat_asha",
            pii=PatientPii(name="Asha", phone_e164="+919812345678"),
            sex="female",
            birth_year=1980,
            branch_id="brn_south",
        )
    )
    consent = RecordConsent(
        patient_id="pat_asha", purpose="care", notice_version="1", given_by=ConsentGiver(role="patient")
    )
    chain.ask(consent)


def slots(chain: Chain) -> list[str]:
    schedule = chain.state("schedule", "sch_rao")
    return list(schedule.slot_ids_between(MONDAY, None))


def booked(chain: Chain, slot_id: str) -> None:
    """Held, half of it paid through the gateway, confirmed."""
    chain.ask(
        appointment.HoldAppointment(
            patient_id="pat_asha",
            slot_id=slot_id,
            service_id="svc_consult",
            visit_type="new",
            quoted_price_paise=80_000,
            channel="portal",
        ),
        "appt_1",
    )
    initiated = chain.ask(
        InitiatePayment(
            patient_id="pat_asha",
            appointment_id="appt_1",
            purpose="deposit",
            amount_paise=40_000,
            mode="upi",
            gateway="razorpay",
            order_receipt="appt_1",
            expires_at=chain.clock.now() + timedelta(minutes=15),
        )
    )
    payment_id = (initiated.stream_id or "").removeprefix("payment-")
    chain.ask(
        CapturePayment(
            payment_id=payment_id,
            gateway="razorpay",
            gateway_payment_id="pay_DEMO0000000001",
            amount_paise=40_000,
            captured_at=chain.clock.now(),
            source="webhook",
        )
    )
    chain.ask(appointment.ConfirmAppointment(appointment_id="appt_1", payment_id=payment_id))


def test_from_hold_to_invoice(chain: Chain) -> None:
    first, second, *_ = slots(chain)
    booked(chain, first)
    chain.ask(
        appointment.RescheduleAppointment(
            appointment_id="appt_1", new_slot_id=second, initiator="patient", reason_code="time_conflict"
        )
    )
    chain.clock.move_to(datetime(2026, 11, 3, 12, 40, tzinfo=UTC))
    chain.ask(appointment.CheckInPatient(appointment_id="appt_1"))
    chain.ask(StartEncounter(appointment_id="appt_1", class_="AMB"), "enc_1")
    chain.ask(FinishEncounter(encounter_id="enc_1", outcome="resolved", notes="dry skin"), practitioner_id="prac_rao")
    chain.ask(
        IssueInvoice(
            patient_id="pat_asha",
            branch_id="brn_south",
            encounter_id="enc_1",
            lines=(
                NewLine(
                    line_no=1,
                    service_id="svc_consult",
                    practitioner_id="prac_rao",
                    qty=1,
                    unit_price_paise=80_000,
                    gst_bps=0,
                    tax_inclusive=True,
                ),
            ),
        ),
        "inv_1",
    )
    assert chain.state("appointment", "appt_1").status == "fulfilled"
    assert chain.state("invoice", "inv_1").invoice_no == "brn_south/FY2026-27/000001"
    assert guard_differences(chain.store.ledger, chain.store.feed, TENANT) == []
    last = chain.store.feed.read(TENANT, 0, 1000)[-1]
    assert (last.event_type, last.appointment_id, last.patient_id) == ("InvoiceIssued", "appt_1", "pat_asha")


def test_from_hold_to_cancellation(chain: Chain) -> None:
    booked(chain, slots(chain)[0])
    chain.clock.move_to(datetime(2026, 11, 3, 7, 30, tzinfo=UTC))
    cancel = appointment.CancelAppointment(appointment_id="appt_1", initiator="patient", reason_code="patient_request")
    chain.ask(cancel)
    recorded = chain.store.feed.read(TENANT, 0, 1000)[-1]
    event: Any = recorded.event
    assert recorded.policy_version_ids == ("pol_default_cancellation",)
    assert (event.lead_seconds, event.held_paise, event.forfeit_paise) == (18_000, 40_000, 20_000)
    assert guard_differences(chain.store.ledger, chain.store.feed, TENANT) == []


def test_a_doctor_cancels_their_own_appointments_only(chain: Chain) -> None:
    booked(chain, slots(chain)[0])
    cancel = appointment.CancelAppointment(appointment_id="appt_1", initiator="provider", reason_code="provider_leave")
    colleague = Envelope(
        command=cancel,
        command_id="cmd_colleague",
        tenant_id=TENANT,
        actor=Actor(type="user", id="prac_iyer", roles=("DR",), practitioner_id="prac_iyer"),
        issued_at=chain.clock.now(),
    )
    ack = chain.store.handler.submit(colleague)
    assert ack.error is not None and ack.error.code == "FORBIDDEN"
    chain.ask(cancel, roles=("DR",), practitioner_id="prac_rao")
