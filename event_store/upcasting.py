"""Old event shapes to today's, one version at a time, applied on every read and never on disk (DOMAIN §3.3)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mymedic.errors import Refused
from mymedic.money import paise_from_rupees

Upcaster = Callable[[dict[str, Any]], dict[str, Any]]

_MODES = {"UPI": ("upi", "gateway"), "QR": ("upi", "static_qr"), "CARD": ("card", "pos"), "CASH": ("cash", "drawer")}


def captured_with_channel(payload: dict[str, Any]) -> dict[str, Any]:
    """PaymentCaptured 1 -> 2: rupees as text become paise; how the money came follows from mode and reference."""
    new = dict(payload)
    amount, mode, reference = new.pop("amount"), new.pop("mode"), new.pop("txn_ref", None)
    if mode not in _MODES:
        raise Refused("SCHEMA_VERSION_UNKNOWN", f"{mode!r} is no mode of PaymentCaptured version 1", value=mode)
    new["mode"], new["channel"] = _MODES[mode]
    if mode == "CARD" and (reference or "").startswith("pay_"):
        new["channel"] = "gateway"
    if reference:
        is_rrn = len(reference) == 12 and reference.isascii() and reference.isdigit()
        new["rrn" if is_rrn else "gateway_payment_id"] = reference
    return new | {
        "amount_paise": _paise(amount, "PaymentCaptured"),
        "currency": "INR",
        "captured_at": new.pop("ts"),
        "late_capture": False,
        "source": "legacy",
    }


def booked_with_past(payload: dict[str, Any]) -> dict[str, Any]:
    """AppointmentBooked 1 -> 2: nobody asked then; `walk_in`, `is_new_patient`, `prior_noshow_count` stay unsaid."""
    return payload


# (event type, from version) -> the function that gives the next version's payload
UPCASTERS: dict[tuple[str, int], Upcaster] = {
    ("PaymentCaptured", 1): captured_with_channel,
    ("AppointmentBooked", 1): booked_with_past,
}


def upcast(event_type: str, version: int, to_version: int, payload: dict[str, Any]) -> dict[str, Any]:
    """The payload as `to_version` would have written it."""
    for step in range(version, to_version):
        upcaster = UPCASTERS.get((event_type, step))
        if upcaster is None:
            raise Refused(
                "SCHEMA_VERSION_UNKNOWN",
                f"no way from version {step} of {event_type} to {step + 1}",
                event_type=event_type,
                version=step,
            )
        payload = upcaster(payload)
    return payload


def _paise(rupees: str, event_type: str) -> int:
    try:
        return paise_from_rupees(rupees)
    except Refused as refusal:
        raise Refused(
            "SCHEMA_VERSION_UNKNOWN", f"an amount of a stored {event_type}: {refusal.message}", value=rupees
        ) from refusal
