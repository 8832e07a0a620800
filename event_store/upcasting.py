"""Old event shapes to today's, one version at a time, applied on every read and never on disk (DOMAIN §3.3)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Protocol, get_args

from event_store.aggregates.appointment.events import ReasonCode
from event_store.aggregates.patient.events import PatientPii
from event_store.aggregates.patient.state import name_key, phone_key
from event_store.aggregates.price.events import PriceScope
from event_store.aggregates.price.state import scope_key
from mymedic.clock import micros
from mymedic.errors import Refused
from mymedic.ids import derived_id
from mymedic.money import paise_from_rupees, round_half_up


class UpcastError(Refused):
    """A stored event has no exact reading in today's shape: every reader stops (SCHEMA_VERSION_UNKNOWN)."""

    def __init__(self, message: str, **details: Any) -> None:
        super().__init__("SCHEMA_VERSION_UNKNOWN", message, **details)


class Past(Protocol):
    """What an old event does not say itself, as it was just before the event."""

    tenant_id: str
    stream_id: str
    stream_version: int
    occurred_at: datetime

    def state(self) -> Any:
        """The event's own stream, folded."""

    def tenant(self) -> Any:
        """The tenant, folded: its services and settings then."""

    def keyed_hash(self, text: str) -> str:
        """HMAC under the tenant's analytics key."""


Upcaster = Callable[[dict[str, Any], Past | None], dict[str, Any]]

_MODES = {"UPI": ("upi", "gateway"), "QR": ("upi", "static_qr"), "CARD": ("card", "pos"), "CASH": ("cash", "drawer")}
_REASONS = frozenset(get_args(ReasonCode))
_INDIAN_MOBILE = re.compile(r"[6-9][0-9]{9}")


def captured_with_channel(payload: dict[str, Any], past: Past | None) -> dict[str, Any]:
    """PaymentCaptured 1 -> 2: rupees as text become paise; how the money came follows from mode and reference."""
    new = dict(payload)
    amount, mode, reference = new.pop("amount"), new.pop("mode"), new.pop("txn_ref", None)
    if mode not in _MODES:
        raise UpcastError(f"{mode!r} is no mode of PaymentCaptured version 1", value=mode)
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


def booked_with_past(payload: dict[str, Any], past: Past | None) -> dict[str, Any]:
    """AppointmentBooked 1 -> 2: nobody asked then; `walk_in`, `is_new_patient`, `prior_noshow_count` stay unsaid."""
    return payload


def cancelled_with_plan(payload: dict[str, Any], past: Past | None) -> dict[str, Any]:
    """AppointmentCancelled 1 -> 2: what was given up, as paise and as a share; the slot is the one held until then.

    `plan` stays empty: whoever needs it divides the amounts over the payments in order (R-POL-6).
    """
    past = _needed(past, "AppointmentCancelled")
    new = dict(payload)
    by_patient, reason = new.pop("by_patient"), new.pop("reason")
    forfeit, refund = (_paise(new.pop(name), "AppointmentCancelled") for name in ("forfeit", "refund"))
    held, appointment = forfeit + refund, past.state()
    if appointment.start_at is None:
        raise UpcastError(f"{past.stream_id} was cancelled before it had a time", stream_id=past.stream_id)
    share = round_half_up(forfeit * 10_000, held) if held else 0
    return new | {
        "initiator": "patient" if by_patient else "provider",
        "reason_code": reason if reason in _REASONS else "other",
        "lead_seconds": (micros(appointment.start_at) - micros(past.occurred_at)) // 1_000_000,
        "tier_bps": share,
        "eff_bps": share,
        "held_paise": held,
        "forfeit_paise": forfeit,
        "refund_paise": refund,
        "slot_id": appointment.slot_id,
        "token_no": appointment.token_no,
        "start_at": appointment.start_at,
        "policy_version_id": "pol_legacy",
    }


def priced_by_scope(payload: dict[str, Any], past: Past | None) -> dict[str, Any]:
    """PriceSet 1 -> 2: a branch's price in rupees, tax inside, at the rate that the service had then."""
    past = _needed(past, "PriceSet")
    code = payload["service_code"]
    services = past.tenant().services.values()
    service = next((one for one in services if one.code.strip().casefold() == code.strip().casefold()), None)
    if service is None:
        raise UpcastError(f"{past.tenant_id} had no service {code!r} when its price was set", value=code)
    scope = PriceScope(level="branch", branch_id=payload["branch_id"])
    key = scope_key(scope)
    effective_from = payload.get("effective_from") or past.occurred_at
    # A price had no end of its own then: the next one of the branch ended it.
    open_versions = [version for version in past.state().line(key, None) if version.effective_to is None]
    place = (past.tenant_id, past.stream_id, str(past.stream_version))
    return {
        "price_version_id": payload.get("price_version_id") or derived_id("prc", *place),
        "service_id": service.service_id,
        "scope": {"level": "branch", "branch_id": payload["branch_id"]},
        "scope_key": key,
        "amount_paise": _paise(payload["amount"], "PriceSet"),
        "tax_inclusive": True,
        "gst_bps": service.gst_bps,
        "effective_from": effective_from,
        "closes_version_id": open_versions[-1].price_version_id if open_versions else None,
    }


def registered_with_sealed_name(payload: dict[str, Any], past: Past | None) -> dict[str, Any]:
    """PatientRegistered 1 -> 2: who it is moves under `pii`, in memory; keyed hashes take its place.

    An erasure may have taken name or phone away; then there is neither hash nor `pii`.
    """
    past = _needed(past, "PatientRegistered")
    new = dict(payload)
    pii = {name: new.pop(name) for name in PatientPii.__struct_fields__ if name in new}
    phone = new.pop("phone", None)
    fields = {"patient_id": past.stream_id.partition("-")[2], **new}
    if phone is not None:
        pii["phone_e164"] = _e164(phone)
        fields["phone_hash"] = past.keyed_hash(phone_key(pii["phone_e164"]))
    if "name" in pii:
        fields["name_hash"] = past.keyed_hash(name_key(pii["name"]))
    if phone is not None and "name" in pii:
        fields["pii"] = {name: value for name, value in pii.items() if value is not None}
    return fields


# (event type, from version) -> the function that gives the next version's payload
UPCASTERS: dict[tuple[str, int], Upcaster] = {
    ("PaymentCaptured", 1): captured_with_channel,
    ("AppointmentBooked", 1): booked_with_past,
    ("AppointmentCancelled", 1): cancelled_with_plan,
    ("PriceSet", 1): priced_by_scope,
    ("PatientRegistered", 1): registered_with_sealed_name,
}


def upcast(
    event_type: str, version: int, to_version: int, payload: dict[str, Any], past: Past | None = None
) -> dict[str, Any]:
    """The payload as `to_version` would have written it."""
    for step in range(version, to_version):
        upcaster = UPCASTERS.get((event_type, step))
        if upcaster is None:
            raise UpcastError(
                f"no way from version {step} of {event_type} to {step + 1}", event_type=event_type, version=step
            )
        try:
            payload = upcaster(payload, past)
        except KeyError as error:
            raise UpcastError(
                f"a stored {event_type} of version {step} lacks {error}", event_type=event_type
            ) from error
    return payload


def require_chains(versions: Mapping[str, int]) -> None:
    """Every event can be read from version 1 on: asked when a store is opened, not when an old event turns up."""
    for name, version in versions.items():
        for step in range(1, version):
            if (name, step) not in UPCASTERS:
                raise UpcastError(
                    f"no way from version {step} of {name} to {step + 1}: this program cannot read old logs",
                    event_type=name,
                    version=step,
                )


def _needed(past: Past | None, event_type: str) -> Past:
    if past is None:
        raise UpcastError(f"an old {event_type} is read with the log that it stands in", event_type=event_type)
    return past


def _paise(rupees: str, event_type: str) -> int:
    try:
        paise = paise_from_rupees(rupees)
    except Refused as refusal:
        raise UpcastError(f"an amount of a stored {event_type}: {refusal.message}", value=rupees) from refusal
    if paise < 0:
        raise UpcastError(f"an amount of a stored {event_type} is negative", value=rupees)
    return paise


def _e164(phone: str) -> str:
    digits = phone.replace(" ", "").replace("-", "").removeprefix("+91").removeprefix("0")
    if _INDIAN_MOBILE.fullmatch(digits):
        return f"+91{digits}"
    if phone.startswith("+"):
        return phone
    raise UpcastError("a phone number of a stored PatientRegistered has no reading")
