"""Whom and what a payment is for: the patient, and the appointment, invoice or admission that it pays."""

from __future__ import annotations

from typing import Any, NamedTuple

from mymedic.deciding import Context, check
from mymedic.errors import Refused
from mymedic.patients import same_patient

GONE = ("cancelled", "noshow", "entered-in-error")
# purpose -> states of the admission in which it is paid
IPD = {
    "ipd_advance": ("requested", "accepted", "admitted", "discharged"),
    "ipd_final": ("discharged", "billed"),
}
PAIRS = {
    "upi": ("gateway", "pos", "static_qr"),
    "card": ("gateway", "pos"),
    "cash": ("drawer",),
    "netbanking": ("gateway",),
    "wallet": ("gateway",),
    "bank_transfer": ("direct_bank",),
}


def check_pair(mode: str, channel: str) -> None:
    """MODE_CHANNEL_INVALID unless money of this mode can come in through this channel."""
    check(channel in PAIRS[mode], "MODE_CHANNEL_INVALID", f"{mode} does not come in through {channel}", mode=mode)


def check_same_patient(context: Context, patient_id: str, other_id: str, field: str) -> None:
    if not same_patient(context, patient_id, other_id):
        raise Refused("VALIDATION_FAILED", f"the {field.removesuffix('_id')} is another patient's", field=field)


class Subject(NamedTuple):
    """What a payment is for; each None when the command names none."""

    appointment: Any
    invoice: Any
    admission: Any


def paid_for(context: Context, command: Any) -> Subject:
    """What a command names, all of it the paying patient's."""
    context.require("patient", command.patient_id)
    check(
        command.appointment_id or command.invoice_id or command.admission_id,
        "VALIDATION_FAILED",
        "a payment is for an appointment, an invoice or an admission",
        field="appointment_id",
    )
    appointment = invoice = admission = None
    if command.appointment_id:
        appointment = context.require("appointment", command.appointment_id)
        check_same_patient(context, command.patient_id, appointment.patient_id, "appointment_id")
    if command.invoice_id:
        invoice = context.require("invoice", command.invoice_id)
        check_same_patient(context, command.patient_id, invoice.patient_id, "invoice_id")
    if command.admission_id or command.purpose in IPD:
        admission = _admission(context, command, invoice)
    return Subject(appointment, invoice, admission)


def _admission(context: Context, command: Any, invoice: Any) -> Any:
    """An advance is paid until the bill is final, the rest once the patient is discharged."""
    check(command.admission_id, "VALIDATION_FAILED", f"{command.purpose} is for an admission", field="admission_id")
    check(command.purpose in IPD, "VALIDATION_FAILED", f"{command.purpose} is not for an admission", field="purpose")
    admission = context.require("admission", command.admission_id)
    check_same_patient(context, command.patient_id, admission.patient_id, "admission_id")
    check(
        invoice is None or invoice.admission_id == command.admission_id,
        "VALIDATION_FAILED",
        "the invoice is not of this admission",
        field="invoice_id",
    )
    check(
        admission.status in IPD[command.purpose],
        "INVALID_STATE",
        f"no {command.purpose} is taken for an admission that is {admission.status}",
        status=admission.status,
    )
    return admission
