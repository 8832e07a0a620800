"""What a decision may ask about stored bodies, and what it may have done to them with the events that it decides.

Nothing is done while deciding: what was asked for is carried out in the transaction that appends the events, and the
keys are destroyed when it has been committed.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import NamedTuple, Protocol

from mymedic.messages import Id, Sha256, Value


class Replaced(Value, frozen=True, kw_only=True):
    """A body that is replaced, by the digests before and after. The event that holds this allows it."""

    event_id: Id
    old_digest: Sha256
    new_digest: Sha256


class Stored(NamedTuple):
    """Where an event stands, and whose personal data it may hold."""

    event_id: str
    event_type: str
    stream_id: str
    patient_id: str | None


class Retained(NamedTuple):
    """Events of one type in one stream about a patient: their retention classes, and when the last one happened."""

    stream_id: str
    event_type: str
    classes: tuple[str, ...]
    last_at: datetime


class Bodies(Protocol):
    """Stored bodies, as a decision sees them."""

    def find(self, event_id: str) -> Stored | None: ...

    def retained(self, patient_ids: Collection[str]) -> Sequence[Retained]:
        """What the log holds about these records, their own data-subject streams left out."""

    def sealed(self, patient_ids: Collection[str]) -> int:
        """How many events hold personal data under the keys of these records."""

    def redact(self, event_id: str, json_path: str) -> Replaced:
        """Take one field out of an event: out of the sealed part altogether, free text becomes `[redacted]`.

        VALIDATION_FAILED when there is no such field or it is neither sealed nor free text; INVALID_STATE when the
        key of the sealed part has been destroyed.
        """

    def strip(self, patient_ids: Collection[str], names: Collection[str]) -> Sequence[Replaced]:
        """Take fields of these names, sealed or clear, out of every event about these records."""

    def unseal_elsewhere(self, patient_ids: Collection[str]) -> Sequence[Replaced]:
        """Take the sealed part out of what is sealed with others' keys and names a payment of these records: bodies of
        webhooks, narrations of bank lines.
        """

    def destroy_keys(self, patient_ids: Collection[str]) -> Sequence[str]:
        """Destroy the keys of these records; their ids."""

    def chain_hash(self) -> str:
        """Where the tenant's hash chain ends before this decision."""
