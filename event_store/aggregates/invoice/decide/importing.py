"""Billing of another system: recorded as it was told, one event a line; what looks wrong is flagged, never refused."""

from __future__ import annotations

from collections.abc import Iterator

from event_store.aggregates.invoice.commands import ImportBilling
from event_store.aggregates.invoice.events import BillingImported
from event_store.aggregates.invoice.state import State, external_key
from mymedic.deciding import Context, Foreseen, check
from mymedic.ids import derived_id
from mymedic.messages import Event


def imported_id(command: ImportBilling, context: Context) -> str:
    """What belongs to one bill stands in one stream, so that it can be added up, whichever line came first."""
    return derived_id("inv", command.source_system, command.charge_ref or command.external_ref)


def foreseen(command: ImportBilling) -> Foreseen:
    """What `import_billing` asks for."""
    id = derived_id("inv", command.source_system, command.charge_ref or command.external_ref)
    branches = (("branch", command.branch_ref),) if command.branch_ref else ()
    key = external_key(command.source_system, command.external_ref)
    return Foreseen((("invoice", id), *branches), (("external_ref", key),))


def import_billing(state: State, command: ImportBilling, context: Context) -> Iterator[Event]:
    check(
        command.currency == "INR" or command.is_taken_as_inr,
        "CURRENCY_UNSUPPORTED",
        f"amounts are in {command.currency}; say that they are taken as minor units of INR, for analysis only",
        field="currency",
    )
    check(
        context.holder("external_ref", external_key(command.source_system, command.external_ref)) is None,
        "ALREADY_EXISTS",
        "this line was imported before",
        field="external_ref",
        external_ref=command.external_ref,
    )
    yield BillingImported(
        source_system=command.source_system,
        external_ref=command.external_ref,
        patient_ref=command.patient_ref,
        branch_ref=command.branch_ref,
        kind=command.kind,
        charge_ref=command.charge_ref,
        amount_paise=command.amount_paise,
        currency=command.currency,
        method=command.method,
        is_imputed_branch=command.branch_ref is not None and not context.state("branch", command.branch_ref).exists,
        flags=("over_collected",) if state.imported.after(command.kind, command.amount_paise).is_over else (),
    )
