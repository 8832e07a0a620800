"""What happens to a data subject: holds, erasures, redactions, and who looked. The stream's id is the patient's."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from msgspec import Meta

from mymedic.bodies import Replaced
from mymedic.messages import Count, Event, Id, Sha256, Text, Timestamp, Value
from mymedic.retention import RetentionClass

HoldScope = Literal["patient", "admission", "claim", "tenant"]
ErasureScope = Literal["full", "contact_only", "analytics"]
Method = Literal["keys_destroyed", "hashes_removed", "mentions_removed", "contact_removed", "pseudonym_rotated"]
JsonPath = Annotated[str, Meta(max_length=300, pattern=r"^\$(\.[A-Za-z_][A-Za-z0-9_]*|\[[0-9]+\])+(?!\n)$")]
FieldName = Annotated[str, Meta(pattern=r"^[a-z_][a-z0-9_.]{0,63}(?!\n)$")]

CARE = ("medico_legal",)


class DestructionCounts(Value, frozen=True, kw_only=True):
    """`events` lost their sealed part, `bodies` were replaced, `keys` destroyed."""

    events: Count
    bodies: Count
    keys: Count


class LegalHoldPlaced(Event, frozen=True, kw_only=True):
    """A hold on an admission or a claim stands on its patient's stream; one on the tenant on the tenant's own."""

    retention: ClassVar = CARE
    hold_id: Id
    scope: HoldScope
    admission_id: Id | None = None
    claim_id: Id | None = None
    reason: Text
    authority_ref: Text


class LegalHoldReleased(Event, frozen=True, kw_only=True):
    retention: ClassVar = CARE
    hold_id: Id
    reason: Text
    authority_ref: Text


class ErasureRequested(Event, frozen=True, kw_only=True):
    """`requested_by` wants it, `entered_by` asked for it; whoever approves is neither.

    `blocked_by`: the retention classes that had not run out on that day.
    """

    retention: ClassVar = CARE
    request_id: Id
    scope: ErasureScope
    requested_by: Id
    entered_by: Text
    earliest_execution_at: Timestamp
    blocked_by: tuple[RetentionClass, ...] = ()


class ErasureApproved(Event, frozen=True, kw_only=True):
    retention: ClassVar = CARE
    request_id: Id


class DestructionExecuted(Event, frozen=True, kw_only=True):
    """The keys that it names are destroyed once it is committed; the bodies that it names are replaced with it.

    `manifest_sha256` is that of the canonical JSON of `key_ids` and `replaced`.
    """

    retention: ClassVar = CARE
    request_id: Id
    certificate_id: Id
    scope: ErasureScope
    method: tuple[Method, ...]
    key_ids: tuple[Id, ...]
    counts: DestructionCounts
    before_chain_hash: Sha256
    manifest_sha256: Sha256
    replaced: tuple[Replaced, ...] = ()


class FieldRedacted(Event, frozen=True, kw_only=True):
    """`replaced` holds the digest of the body before and after; `cosigned_by` is the second pair of eyes."""

    retention: ClassVar = CARE
    event_id: Id
    json_path: JsonPath
    reason: Text
    authority: Text
    cosigned_by: Text
    replaced: tuple[Replaced, ...]


class PatientPseudonymised(Event, frozen=True, kw_only=True):
    """From now on the patient appears in analytics under the pseudonym of this epoch."""

    retention: ClassVar = CARE
    pseudonym_epoch: Count


class PiiAccessed(Event, frozen=True, kw_only=True):
    """Somebody read personal data by breaking the glass."""

    actor_id: Text
    fields: tuple[FieldName, ...]
    justification: Text


EVENTS: tuple[type[Event], ...] = (
    LegalHoldPlaced,
    LegalHoldReleased,
    ErasureRequested,
    ErasureApproved,
    DestructionExecuted,
    FieldRedacted,
    PatientPseudonymised,
    PiiAccessed,
)
