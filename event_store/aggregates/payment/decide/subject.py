"""Whom and what a payment is for: the patient, and the appointment or invoice that it pays."""

from __future__ import annotations

from typing import Any

from mymedic.deciding import Context, check
from mymedic.errors import Refused
from mymedic.patients import same_patient

GONE = ("cancelled", "noshow", "entered-in-error")
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


def paid_for(context: Context, command: Any) -> tuple[Any, Any]:
    """(appointment, invoice) that a command names, each None when it names none; both of the paying patient."""
    context.require("patient", command.patient_id)
    check(
        command.appointment_id or command.invoice_id or command.admission_id,
        "VALIDATION_FAILED",
        "a payment is for an appointment, an invoice or an admission",
        field="appointment_id",
    )
    appointment = invoice = None
    if command.appointment_id:
        appointment = context.require("appointment", command.appointment_id)
        check_same_patient(context, command.patient_id, appointment.patient_id, "appointment_id")
    if command.invoice_id:
        invoice = context.require("invoice", command.invoice_id)
        check_same_patient(context, command.patient_id, invoice.patient_id, "invoice_id")
    return appointment, invoice
