"""After any load, refusals and all, a ledger keeps the guards that its log gives (guards_equal_replay)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from random import Random
from typing import Any

import pytest

from event_store.aggregates.cash_session.commands import CloseCashSession, CountCashDrawer, OpenCashSession
from event_store.aggregates.invoice.commands import ImportBilling
from event_store.aggregates.patient.commands import RegisterPatient, UpdatePatient
from event_store.aggregates.patient.events import PatientPii, PatientPiiPatch
from event_store.aggregates.recon_case.commands import RunReconciliation
from event_store.aggregates.recon_case.events import OpenItem, RunScope
from event_store.aggregates.tenant.commands import DefineSpecialty
from event_store.ledger.verify import verify_chain
from event_store.rebuild import guard_differences
from mymedic.messages import Command
from tests.integration.ledger.conftest import Bench
from tests.integration.ledger.people import BRANCH, TENANT, ask, register_tenant

COMMANDS, GROUP = 160, 20
NAMES = ("Asha Rao", "asha  rao", "Ravi Iyer")


class Load:
    """Commands drawn by lot over few names, so that they get in each other's way."""

    def __init__(self, bench: Bench, seed: int) -> None:
        self.draw = Random(seed)
        self.now = bench.clock.now()
        self.kinds: list[Callable[[], tuple[Command, str | None]]] = [
            self.opens,
            self.counts,
            self.closes,
            self.registers,
            self.renames,
            self.imports,
            self.runs,
            self.defines,
        ]

    def one(self) -> tuple[Command, str | None]:
        """A command, and the id under which it may begin a stream."""
        return self.draw.choice(self.kinds)()

    def some(self, prefix: str, count: int = 4) -> str:
        return f"{prefix}_{self.draw.randrange(count)}"

    def opens(self) -> tuple[Command, str | None]:
        drawer = self.some("drw", 2)
        return OpenCashSession(branch_id=BRANCH, drawer_id=drawer, opening_float_paise=0), self.some("cash", 12)

    def counts(self) -> tuple[Command, str | None]:
        return CountCashDrawer(cash_session_id=self.some("cash", 12), denominations={"100": 0}), None

    def closes(self) -> tuple[Command, str | None]:
        return CloseCashSession(cash_session_id=self.some("cash", 12), retained_float_paise=0, drop_paise=0), None

    def registers(self) -> tuple[Command, str | None]:
        pii = PatientPii(name=self.draw.choice(NAMES), phone_e164="+919812345678")
        force = self.draw.random() < 0.5
        patient_id = self.some("pat")
        return RegisterPatient(
            pii=pii, sex="female", birth_year=1980, branch_id=BRANCH, force=force, patient_id=patient_id
        ), None

    def renames(self) -> tuple[Command, str | None]:
        return UpdatePatient(patient_id=self.some("pat"), pii_patch=PatientPiiPatch(name=self.draw.choice(NAMES))), None

    def imports(self) -> tuple[Command, str | None]:
        kind: Any = self.draw.choice(["charge", "payment"])
        ref = self.some("ref", 9)
        return ImportBilling(
            source_system="old",
            external_ref=ref,
            patient_ref="P",
            kind=kind,
            charge_ref=None if kind == "charge" else self.some("ref", 9),
            amount_paise=self.draw.randrange(1000),
            occurred_at=self.now - timedelta(days=400),
        ), None

    def runs(self) -> tuple[Command, str | None]:
        items = tuple(
            OpenItem(
                recon_item_id=f"L1:payment:pay_{number}",
                item_hash=f"{self.draw.randrange(3):032x}",
                opened_on=date(2026, 10, 30),
                open_paise=self.draw.randrange(1000),
            )
            for number in self.draw.sample(range(5), self.draw.randrange(5))
        )
        month = self.draw.choice([10, 11])
        return RunReconciliation(
            run_id=self.some("run", 20),
            as_of=self.now,
            scope=RunScope(from_=date(2026, month, 1), to=date(2026, month, 20)),
            input_seq=1,
            input_hash="1" * 64,
            output_hash="2" * 64,
            totals=(),
            debits_paise=0,
            credits_paise=0,
            trial_balance_hash="3" * 64,
            open_items=items,
        ), None

    def defines(self) -> tuple[Command, str | None]:
        return DefineSpecialty(name=self.some("Specialty", 6)), None


@pytest.mark.parametrize("seed", [1, 2])
def test_guards_equal_replay_after_a_random_load(bench: Bench, seed: int) -> None:
    register_tenant(bench.store)
    load = Load(bench, seed)
    verdicts: set[str] = set()
    for first in range(0, COMMANDS, GROUP):
        store = bench.store if load.draw.random() < 0.7 else bench.again()  # another process, now and then
        asked = [load.one() for _ in range(GROUP)]
        envelopes = [
            ask(store, command, f"cmd_{first + place}", aggregate_id=id) for place, (command, id) in enumerate(asked)
        ]
        verdicts |= {ack.error.code if ack.error else ack.status for ack in store.handler.submit_many(envelopes)}
        if store is not bench.store:
            store.close()
    assert {"accepted", "ALREADY_EXISTS", "CASH_SESSION_OPEN"} <= verdicts
    assert guard_differences(bench.store.ledger, bench.store.feed, TENANT) == []
    assert verify_chain(bench.store.ledger, TENANT).is_whole
