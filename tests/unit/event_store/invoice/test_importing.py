"""C127: billing of another system."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from event_store.aggregates.invoice.commands import CreditLine, ImportBilling, IssueCreditNote, WriteOffBalance
from event_store.aggregates.invoice.events import BillingImported
from event_store.answers import occurred_at
from mymedic.ids import derived_id
from mymedic.messages import Envelope
from tests.scenario import Scenario
from tests.unit.event_store.clinic import ENGINEER, FINANCE, TENANT, a_clinic, ist, refused

CHARGE = derived_id("inv", "old_books", "B-1")
IN_2019 = datetime(2019, 5, 4, 10, tzinfo=UTC)


def line(external_ref: str = "B-1", kind: Any = "charge", amount: int = 50_000, **changes: Any) -> ImportBilling:
    fields: dict[str, Any] = {
        "source_system": "old_books",
        "external_ref": external_ref,
        "patient_ref": "patient 7",
        "branch_ref": "brn_south",
        "kind": kind,
        "charge_ref": None if kind == "charge" else "B-1",
        "amount_paise": amount,
        "occurred_at": IN_2019,
    }
    return ImportBilling(**{**fields, **changes})


def imported(world: Scenario, command: ImportBilling) -> BillingImported:
    (event,) = world.when(command, actor=ENGINEER)
    assert isinstance(event, BillingImported)
    return event


def test_a_line_is_recorded_as_it_was_told() -> None:
    world = a_clinic()
    assert imported(world, line()) == BillingImported(
        source_system="old_books",
        external_ref="B-1",
        patient_ref="patient 7",
        branch_ref="brn_south",
        kind="charge",
        amount_paise=50_000,
        currency="INR",
    )
    state = world.state("invoice", CHARGE)
    assert (state.status, state.patient_id, state.branch_id) == ("imported", "patient 7", "brn_south")


def test_its_time_is_the_files_however_long_ago() -> None:
    envelope = Envelope(command=line(), command_id="cmd_1", tenant_id=TENANT, actor=ENGINEER, issued_at=ist(2, "10:00"))
    assert occurred_at(envelope, ist(2, "10:00")) == IN_2019


def test_a_branch_that_is_registered_nowhere_is_imputed() -> None:
    assert imported(a_clinic(), line(branch_ref="Fort")).is_imputed_branch
    assert not imported(a_clinic(), line(branch_ref=None)).is_imputed_branch


def test_a_line_is_imported_once() -> None:
    world = a_clinic()
    world.when(line(), actor=ENGINEER)
    assert refused(world, line(amount=49_999), ENGINEER).code == "ALREADY_EXISTS"
    assert imported(world, line(source_system="other_books")).kind == "charge"
    world.when(line("P-1", "payment"), actor=ENGINEER)
    assert refused(world, line("P-1", "payment", charge_ref="B-2"), ENGINEER).code == "ALREADY_EXISTS"


def test_a_foreign_currency_is_taken_only_when_somebody_says_so() -> None:
    world = a_clinic()
    assert refused(world, line(currency="USD"), ENGINEER).code == "CURRENCY_UNSUPPORTED"
    assert imported(world, line(currency="USD", is_taken_as_inr=True)).currency == "USD"


def test_charges_of_one_bill_are_added_up() -> None:
    world = a_clinic()
    for number in (1, 2):
        imported(world, line(f"C-{number}", "charge", 100, charge_ref="bill"))
    assert not imported(world, line("P-1", "payment", 200, charge_ref="bill")).flags
    assert imported(world, line("P-2", "payment", 1, charge_ref="bill")).flags == ("over_collected",)


@pytest.mark.parametrize(
    ("lines", "flagged"),
    [
        ([("charge", 100), ("payment", 100)], []),
        ([("charge", 100), ("payment", 60), ("payment", 41)], [2]),
        ([("payment", 101), ("charge", 100)], [1]),  # the charge came last: nobody knew before
        ([("payment", 100), ("charge", 100)], []),
        ([("charge", 100), ("payment", 100), ("adjustment", 1)], [2]),
        ([("charge", 100), ("transfer_in", 10), ("payment", 110)], []),
        ([("charge", 100), ("transfer_out", 100), ("payment", 1)], [2]),
        ([("payment", 100)], []),
    ],
)
def test_over_collection_is_flagged_and_never_refused(lines: list[tuple[str, int]], flagged: list[int]) -> None:
    world = a_clinic()
    events = [
        imported(world, line("B-1" if kind == "charge" else f"X-{place}", kind, amount))
        for place, (kind, amount) in enumerate(lines)
    ]
    assert [place for place, event in enumerate(events) if event.flags] == flagged


def test_history_is_no_invoice_of_ours() -> None:
    world = a_clinic()
    world.when(line(), actor=ENGINEER)
    credit = IssueCreditNote(invoice_id=CHARGE, lines=(CreditLine(line_no=1, amount_paise=1),), reason="none")
    assert refused(world, credit, FINANCE).code == "VALIDATION_FAILED"
    write_off = WriteOffBalance(invoice_id=CHARGE, amount_paise=1, reason="none")
    assert refused(world, write_off, FINANCE).code == "ALLOCATION_EXCEEDS_INVOICE"
