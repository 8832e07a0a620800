"""Issuing an invoice: amounts and tax are computed here, line by line, never taken from the command."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from event_store.aggregates.invoice.commands import IssueInvoice, NewLine
from event_store.aggregates.invoice.events import InvoiceLine
from event_store.aggregates.invoice.state import MOST_PAISE, State
from mymedic.deciding import Context, check
from mymedic.errors import Refused
from mymedic.messages import Event
from mymedic.money import share_bps
from mymedic.patients import same_patient


def issue_invoice(state: State, command: IssueInvoice, context: Context) -> Iterator[Event]:
    numbers = [line.line_no for line in command.lines]
    check(len(set(numbers)) == len(numbers), "VALIDATION_FAILED", "a line number is used twice", field="lines")
    context.require("patient", command.patient_id)
    context.require("branch", command.branch_id)
    _check_admission(command, context)
    issued = state.issue(
        context,
        patient_id=command.patient_id,
        branch_id=command.branch_id,
        encounter_id=command.encounter_id,
        admission_id=command.admission_id,
        appointment_id=_appointment_of(command, context),
        lines=tuple(_line(state, line, context) for line in command.lines),
    )
    check(
        command.invoice_no in (None, issued.invoice_no),
        "VALIDATION_FAILED",
        "that is not the next number of the series",
        field="invoice_no",
        invoice_no=issued.invoice_no,
    )
    yield issued


def _appointment_of(command: IssueInvoice, context: Context) -> str | None:
    if command.encounter_id is None:
        return None
    encounter = context.require("encounter", command.encounter_id)
    check(
        same_patient(context, encounter.patient_id, command.patient_id),
        "VALIDATION_FAILED",
        "the encounter is another patient's",
        field="patient_id",
    )
    appointment_id: str = encounter.appointment_id
    return appointment_id


def _check_admission(command: IssueInvoice, context: Context) -> None:
    """What is billed beside the admission's own bill is still the same patient's, in the same hospital."""
    if command.admission_id is None:
        return
    admission = context.require("admission", command.admission_id)
    check(
        same_patient(context, admission.patient_id, command.patient_id),
        "VALIDATION_FAILED",
        "the admission is another patient's",
        field="patient_id",
    )
    check(
        admission.branch_id == command.branch_id,
        "VALIDATION_FAILED",
        "the admission is in another branch",
        field="branch_id",
    )
    check(admission.status != "cancelled", "INVALID_STATE", "the admission is cancelled", status=admission.status)


def _line(state: State, line: NewLine, context: Context) -> InvoiceLine:
    service = _service(line, context)
    gross = line.qty * line.unit_price_paise
    check(gross <= MOST_PAISE, "AMOUNT_INVALID", "the line is larger than any amount here may be", line_no=line.line_no)
    _check_discount(line, gross, context)
    return state.line(
        line.line_no,
        service_id=line.service_id,
        practitioner_id=line.practitioner_id,
        qty=line.qty,
        unit_price_paise=line.unit_price_paise,
        discount_paise=line.discount_paise,
        gst_bps=line.gst_bps,
        tax_inclusive=line.tax_inclusive,
        sac=service.sac,
        service_request_id=line.service_request_id,
    )


def _service(line: NewLine, context: Context) -> Any:
    tenant = context.state("tenant", context.tenant_id)
    service = tenant.service(line.service_id)
    if service is None:
        raise Refused("NOT_FOUND", f"there is no service {line.service_id}", id=line.service_id)
    check(
        line.gst_bps in tenant.settings.gst_bps_allowed,
        "VALIDATION_FAILED",
        "the tenant has no such rate of tax",
        line_no=line.line_no,
        gst_bps=line.gst_bps,
    )
    return service


def _check_discount(line: NewLine, gross: int, context: Context) -> None:
    check(
        line.discount_paise <= gross,
        "AMOUNT_INVALID",
        "the discount is more than the price",
        line_no=line.line_no,
        gross_paise=gross,
    )
    limits = context.state("tenant", context.tenant_id).settings.discount_limit_bps
    allowed = max((limits.get(role, 0) for role in context.actor.roles), default=0)
    check(
        line.discount_paise <= share_bps(gross, allowed),
        "FORBIDDEN",
        "so large a discount needs a chain manager",
        line_no=line.line_no,
        allowed_bps=allowed,
    )
