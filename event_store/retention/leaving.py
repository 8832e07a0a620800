"""What of an event may leave the truth: no sealed part, no hash of a name, patients under their pseudonyms."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from event_store.catalogue import AGGREGATES

# Parts of an event that never leave the store, wherever they stand.
WITHHELD = frozenset({"pii", "phone_hash", "name_hash", "reason_hash"})
# Names of patient ids that do not end in `patient_id`.
PATIENT_FIELDS = frozenset({"survivor_id", "duplicate_id"})
PATIENT_PREFIX = f"{AGGREGATES['patient'].id_prefix}_"
# Streams that are named by a patient's id.
PATIENT_STREAMS = frozenset(one.stream for one in AGGREGATES.values() if f"{one.id_prefix}_" == PATIENT_PREFIX)
_PATIENT_IDS = re.compile(rf"(?<![A-Za-z0-9]){PATIENT_PREFIX}[A-Za-z0-9_.:-]+")

PatientKey = Callable[[str], str]


def is_patient_field(name: str) -> bool:
    """Whether a field of that name holds the id of a patient, whatever the id looks like."""
    return name.endswith("patient_id") or name in PATIENT_FIELDS


def leaving(value: Any, key: PatientKey) -> Any:
    """A JSON value as it may leave; `key` gives a patient's pseudonym. Ids of patients go wherever they stand."""
    if isinstance(value, dict):
        return {name: _member(name, part, key) for name, part in value.items() if name not in WITHHELD}
    if isinstance(value, list):
        return [leaving(part, key) for part in value]
    if isinstance(value, str) and PATIENT_PREFIX in value:
        return _PATIENT_IDS.sub(lambda found: key(found[0]), value)
    return value


def _member(name: str, value: Any, key: PatientKey) -> Any:
    return key(value) if is_patient_field(name) and isinstance(value, str) else leaving(value, key)


def leaving_stream(stream_id: str, key: PatientKey) -> str:
    """A stream's id as it may leave."""
    kind, _, id = stream_id.partition("-")
    return f"{kind}-{key(id)}" if kind in PATIENT_STREAMS else str(leaving(stream_id, key))
