"""Patients as their sealed parts tell of them, many at once."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date
from itertools import groupby
from typing import Any

import msgspec

from event_store.catalogue import EVENTS, Pasts, todays_fields
from event_store.ledger.reads import Reads
from event_store.ledger.schema import EVENT_COLUMNS
from event_store.retention.keys import Vault
from event_store.retention.opening import opened_pii
from mymedic.identity import IdentityField, Person

_TELLING = ("PatientRegistered", "PatientUpdated")
# What in the clear part says that this was given, whether or not it can still be read.
_GIVEN = {"name": "name_hash", "phone_e164": "phone_hash"}


def known_of(
    reads: Reads, vault: Vault, tenant_id: str, patient_ids: Collection[str], pasts: Pasts
) -> dict[str, dict[str, Any]]:
    """patient id -> what can be read of them today: name, phone_e164, dob, …; empty when nothing can."""
    streams = {f"patient-{patient_id}": patient_id for patient_id in patient_ids}
    rows = reads.bodies_of(tenant_id, list(streams), _TELLING)
    named = (dict(zip(EVENT_COLUMNS, row, strict=True)) for row in rows)
    found: dict[str, dict[str, Any]] = {patient_id: {} for patient_id in patient_ids}
    for stream_id, told in groupby(named, lambda row: str(row["stream_id"])):
        known = found[streams[stream_id]]
        for row in told:
            _learn(known, row, vault, pasts)
    return found


def _learn(known: dict[str, Any], row: Mapping[str, Any], vault: Vault, pasts: Pasts) -> None:
    tenant_id = row["tenant_id"]
    clear: dict[str, Any] = msgspec.json.decode(row["payload"])
    if row["schema_version"] < EVENTS[row["event_type"]].version:  # names stood in clear then
        clear = todays_fields(row["event_type"], row["schema_version"], row["payload"], pasts, tenant_id, row["seq"])
    told = opened_pii(vault, tenant_id, row) if row["pii"] is not None else clear.get("pii") or {}
    if told is None:  # it cannot be opened, so nobody knows what of the earlier still holds
        known.clear()
        return
    for name, given in _GIVEN.items():
        if given in clear and name not in told:
            known.pop(name, None)  # redacted: what was there before it is not what holds now
    known.update({name: value for name, value in told.items() if value is not None})


def person_of(
    patient_id: str, known: Mapping[str, Any], birth_year: int, fields: Collection[IdentityField], today: date
) -> Person:
    """What was asked for of what is known. Of somebody of whom nothing can be read, the year of birth is not told."""
    can_be_told = "name" in known or "phone_e164" in known
    values: dict[IdentityField, Any] = {
        "name": known.get("name"),
        "phone_e164": known.get("phone_e164"),
        "birth_year": birth_year if can_be_told else None,
        "age_years": _age(known.get("dob"), birth_year, today) if can_be_told else None,
    }
    asked: dict[str, Any] = {field: values[field] for field in values if field in fields}
    return Person(patient_id=patient_id, is_redacted=None in asked.values(), **asked)


def _age(dob: str | None, birth_year: int, today: date) -> int:
    if dob is None:
        return max(0, today.year - birth_year)
    born = date.fromisoformat(dob)
    return max(0, today.year - born.year - ((today.month, today.day) < (born.month, born.day)))
