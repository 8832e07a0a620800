"""An installation as small as can be, whose events come through the handler: one branch, one patient, some payments."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from event_store.aggregates.branch.commands import RegisterBranch
from event_store.aggregates.branch.events import OpenHours
from event_store.aggregates.invoice.commands import IssueInvoice, NewLine
from event_store.aggregates.patient.commands import RegisterPatient
from event_store.aggregates.patient.events import PatientPii
from event_store.aggregates.payment.commands import CapturePayment, InitiatePayment
from event_store.aggregates.tenant.commands import DefineService, DefineSpecialty, RegisterTenant
from event_store.aggregates.tenant.events import TenantKind
from event_store.store import Store, open_store
from mymedic.clock import ManualClock
from mymedic.ids import DerivedIds
from mymedic.messages import Ack, Actor, Command, Envelope
from mymedic.settings import Settings

MORNING = datetime(2026, 11, 2, 4, 30, tzinfo=UTC)


class Clinic:
    """A tenant whose commands are all meant to be accepted."""

    def __init__(self, store: Store, tenant_id: str, clock: ManualClock) -> None:
        self.store = store
        self.tenant_id = tenant_id
        self.clock = clock
        self._asked = store.feed.head(tenant_id)

    def ask(self, command: Command, id: str | None = None) -> Ack:
        self._asked += 1
        roles: Any = tuple(sorted(type(command).who))
        ack = self.store.handler.submit(
            Envelope(
                command=command,
                command_id=f"cmd_{self.tenant_id}_{self._asked}",
                tenant_id=self.tenant_id,
                actor=Actor(type="user", id="stf_any", roles=roles),
                issued_at=self.clock.now(),
                aggregate_id=id,
            )
        )
        assert ack.status == "accepted", ack.error
        return ack

    def pay(self, amount_paise: int) -> None:
        """Money through the gateway, captured at once."""
        self.clock.move_to(self.clock.now() + timedelta(minutes=1))
        initiated = self.ask(
            InitiatePayment(
                patient_id="pat_asha",
                invoice_id="inv_asha",
                purpose="procedure",
                amount_paise=amount_paise,
                mode="upi",
                gateway="razorpay",
                order_receipt=f"receipt {self._asked}",
                expires_at=self.clock.now() + timedelta(minutes=15),
            )
        )
        self.ask(
            CapturePayment(
                payment_id=(initiated.stream_id or "").removeprefix("payment-"),
                gateway="razorpay",
                gateway_payment_id=f"gw_{self.tenant_id}_{self._asked}",
                amount_paise=amount_paise,
                captured_at=self.clock.now(),
                source="webhook",
            )
        )


@contextmanager
def clinic(settings: Settings, tenant_id: str = "ten_skin", kind: TenantKind = "chain") -> Iterator[Clinic]:
    """The tenant in the installation's store; it is founded, with one payment, when it is not there yet."""
    clock = ManualClock(MORNING)
    with open_store(settings, clock, DerivedIds()) as store:
        found = Clinic(store, tenant_id, clock)
        recorded = store.feed.read(tenant_id, max(0, store.feed.head(tenant_id) - 1))
        if recorded:
            clock.move_to(recorded[-1].recorded_at)
        else:
            _begin(found, kind)
        yield found


def _begin(clinic: Clinic, kind: TenantKind) -> None:
    clinic.ask(RegisterTenant(name="Skin", kind=kind, state_code="KA"), clinic.tenant_id)
    clinic.ask(
        RegisterBranch(
            branch_id="brn_south",
            name="South",
            city_id="cty_bengaluru",
            pincode="560001",
            opened_on=date(2026, 1, 1),
            open_hours=tuple(OpenHours(dow=dow, start="08:00", end="21:00") for dow in range(1, 8)),
        )
    )
    clinic.ask(
        RegisterPatient(
            patient_id="pat_asha",
            pii=PatientPii(name="Asha", phone_e164="+919812345678"),
            sex="female",
            birth_year=1980,
            branch_id="brn_south",
        )
    )
    clinic.ask(DefineSpecialty(specialty_id="spc_derm", name="Dermatology"))
    clinic.ask(
        DefineService(
            service_id="svc_laser",
            code="LASER",
            name="Laser",
            kind="procedure",
            specialty_id="spc_derm",
            sac="999312",
            gst_bps=0,
            duration_min=15,
        )
    )
    line = NewLine(line_no=1, service_id="svc_laser", qty=1, unit_price_paise=10_000_000, gst_bps=0, tax_inclusive=True)
    clinic.ask(IssueInvoice(patient_id="pat_asha", branch_id="brn_south", lines=(line,)), "inv_asha")
    clinic.pay(80_000)


def settings_in(folder: Path) -> Settings:
    return Settings(home=folder, ledger_url=None)
