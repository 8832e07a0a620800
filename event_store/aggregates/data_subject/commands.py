"""What may be asked about a data subject."""

from __future__ import annotations

from typing import Annotated, ClassVar

from msgspec import Meta

from event_store.aggregates.data_subject.events import ErasureScope, FieldName, JsonPath
from mymedic.messages import Command, Id, Text, Value


class HoldSubject(Value, frozen=True, kw_only=True):
    """What a legal hold is on: exactly one of these."""

    patient_id: Id | None = None
    admission_id: Id | None = None
    claim_id: Id | None = None
    tenant: bool = False


class PlaceLegalHold(Command, frozen=True, kw_only=True):
    """C117. Without `hold_id` a new id is made."""

    who: ClassVar[frozenset[str]] = frozenset({"AU"})
    subject: HoldSubject
    reason: Text
    authority_ref: Text
    hold_id: Id | None = None


class ReleaseLegalHold(Command, frozen=True, kw_only=True):
    """C117."""

    who: ClassVar[frozenset[str]] = frozenset({"AU"})
    hold_id: Id
    reason: Text
    authority_ref: Text


class RequestErasure(Command, frozen=True, kw_only=True):
    """C118. `requested_by` is whoever wants it: the patient, or who speaks for them. Without `request_id` a new id."""

    who: ClassVar[frozenset[str]] = frozenset({"PP", "CM", "AU"})
    patient_id: Id
    scope: ErasureScope
    requested_by: Id
    request_id: Id | None = None


class ApproveErasure(Command, frozen=True, kw_only=True):
    """C119, by another than the two of the request."""

    who: ClassVar[frozenset[str]] = frozenset({"AU"})
    request_id: Id


class ExecuteDestruction(Command, frozen=True, kw_only=True):
    """C120. There is no way back."""

    who: ClassVar[frozenset[str]] = frozenset({"SY", "EN"})
    request_id: Id


class RedactField(Command, frozen=True, kw_only=True):
    """C121, signed by a second person. `json_path` begins at the event: `$.pii.notes`, `$.reason`."""

    who: ClassVar[frozenset[str]] = frozenset({"AU"})
    event_id: Id
    json_path: JsonPath
    reason: Text
    authority: Text


class PseudonymisePatient(Command, frozen=True, kw_only=True):
    """C122."""

    who: ClassVar[frozenset[str]] = frozenset({"AU"})
    patient_id: Id


class RecordPiiAccess(Command, frozen=True, kw_only=True):
    """C125. `subject` is the patient; the system asks it on behalf of whoever reads."""

    who: ClassVar[frozenset[str]] = frozenset({"SY"})
    subject: Id
    fields: Annotated[tuple[FieldName, ...], Meta(min_length=1, max_length=50)]
    justification: Text
