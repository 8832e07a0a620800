"""Actors, and commands on their way in, for tests of the ledger."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from event_store.aggregates.branch.commands import RegisterBranch
from event_store.aggregates.branch.events import OpenHours
from event_store.aggregates.cash_session.commands import OpenCashSession, RecordCashMovement
from event_store.aggregates.patient.commands import RegisterPatient
from event_store.aggregates.patient.events import PatientPii
from event_store.aggregates.tenant.commands import RegisterTenant
from event_store.store import Store
from mymedic.messages import Ack, Actor, Command, Envelope

ENGINEER = Actor(type="user", id="stf_engineer", roles=("EN",))
MANAGER = Actor(type="user", id="stf_manager", roles=("CM",))
FRONT_DESK = Actor(type="user", id="stf_desk", roles=("FD",))
TENANT = "ten_test"
BRANCH = "brn_main"


def ask(store: Store, command: Command, command_id: str, **envelope: Any) -> Envelope:
    """The command in its envelope, asked by whoever may ask it."""
    actors = {"EN": ENGINEER, "CM": MANAGER, "FD": FRONT_DESK}
    actor = next((actor for role, actor in actors.items() if role in command.who), FRONT_DESK)
    issued_at: datetime = store.handler.clock.now()
    return Envelope(
        **{
            "command": command,
            "command_id": command_id,
            "tenant_id": TENANT,
            "actor": actor,
            "issued_at": issued_at,
            **envelope,
        }
    )


def submit(store: Store, command: Command, command_id: str, **envelope: Any) -> Ack:
    return store.handler.submit(ask(store, command, command_id, **envelope))


def accepted(ack: Ack) -> Ack:
    assert ack.status == "accepted", ack.error
    return ack


def register_tenant(store: Store, tenant_id: str = TENANT) -> None:
    command = RegisterTenant(name="Test", kind="chain", state_code="KA")
    accepted(submit(store, command, f"cmd_tenant_{tenant_id}", tenant_id=tenant_id))
    branch = RegisterBranch(
        name="Main",
        city_id="cty_bengaluru",
        pincode="560001",
        opened_on=date(2026, 1, 1),
        open_hours=(OpenHours(dow=1, start="09:00", end="18:00"),),
        branch_id=BRANCH,
    )
    accepted(submit(store, branch, f"cmd_branch_{tenant_id}", tenant_id=tenant_id))


def open_drawer(drawer: str = "drw_1") -> OpenCashSession:
    return OpenCashSession(branch_id=BRANCH, drawer_id=drawer, opening_float_paise=200_000)


def petty(session_id: str, amount_paise: int = 100) -> RecordCashMovement:
    return RecordCashMovement(
        cash_session_id=session_id, kind="float_in", amount_paise=amount_paise, reference="float from the safe"
    )


def patient(name: str = "Asha Rao", phone: str = "+919812345678") -> RegisterPatient:
    return RegisterPatient(pii=PatientPii(name=name, phone_e164=phone), sex="female", birth_year=1980, branch_id=BRANCH)
