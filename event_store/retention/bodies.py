"""`mymedic.bodies.Bodies` over the open transaction: what a decision asks for is prepared here, not yet done."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any, NamedTuple

import msgspec

from event_store.catalogue import Pasts, aggregate_of_stream, decode_event
from event_store.ledger.chain import body_digest
from event_store.ledger.reads import GuardKey, Reads
from event_store.ledger.schema import EVENT_COLUMNS
from event_store.ledger.session import Replacement, Session
from event_store.retention.elsewhere import named_elsewhere
from event_store.retention.fields import parsed, redacted_clear, without
from event_store.retention.keys import Vault, key_id_of
from event_store.retention.opening import opened_pii
from mymedic.bodies import Replaced, Retained, Stored
from mymedic.clock import from_micros
from mymedic.errors import Refused
from mymedic.messages import canonical_json

_SEQ, _TYPE, _VERSION, _PAYLOAD = (
    EVENT_COLUMNS.index(name) for name in ("seq", "event_type", "schema_version", "payload")
)
# Version 1 had in clear what is sealed or hashed today: what goes with which.
_IN_CLEAR = {
    ("PatientRegistered", 1): {
        "phone_hash": ("phone",),
        "phone_e164": ("phone",),
        "name_hash": ("name", "dob", "abha_number", "abha_address", "address"),
    }
}
_OWN_STREAM = "subject-"


class _New(NamedTuple):
    row: dict[str, Any]
    payload: str
    pii: bytes | None


class StoredBodies:
    """Of one decision. `condemned` and what `replacements` gives are carried out by whoever appends its events."""

    def __init__(self, reads: Reads, vault: Vault, tenant_id: str, pasts: Pasts | None = None) -> None:
        self._reads = reads
        self._vault = vault
        self._tenant_id = tenant_id
        self._pasts = pasts
        self._new: dict[str, _New] = {}
        self.condemned: list[str] = []

    def find(self, event_id: str) -> Stored | None:
        row = self._row(event_id)
        if row is None:
            return None
        return Stored(row["event_id"], row["event_type"], row["stream_id"], row["patient_id"])

    def retained(self, patient_ids: Collection[str]) -> Sequence[Retained]:
        last: dict[tuple[str, str, str], int] = {}
        for row in self._about(patient_ids):
            key = (row["stream_id"], row["event_type"], row["retention_class"])
            last[key] = max(last.get(key, row["occurred_at"]), row["occurred_at"])
        return [
            Retained(stream_id, event_type, tuple(classes.split(",")), from_micros(at))
            for (stream_id, event_type, classes), at in sorted(last.items())
            if not stream_id.startswith(_OWN_STREAM)
        ]

    def sealed(self, patient_ids: Collection[str]) -> int:
        return sum(row["pii"] is not None for row in self._about(patient_ids))

    def redact(self, event_id: str, json_path: str) -> Replaced:
        row = self._row(event_id)
        if row is None:
            raise Refused("NOT_FOUND", f"there is no event {event_id}", id=event_id)
        path = parsed(json_path)
        payload, pii = row["payload"], row["pii"]
        if path[0] == "pii":
            opened = self._opened(row)
            pii = self._sealed(row, without(opened, path[1:], json_path))
        else:
            clear = redacted_clear(row["event_type"], msgspec.json.decode(payload), path, json_path)
            payload = canonical_json(clear).decode()
        replaced = self._replace(row, payload, pii)
        if self.guards_lost():
            raise Refused("VALIDATION_FAILED", f"{json_path} is what makes something unique", field="json_path")
        return replaced

    def strip(self, patient_ids: Collection[str], names: Collection[str]) -> Sequence[Replaced]:
        replaced = []
        for row in self._about(patient_ids):
            payload, pii = row["payload"], row["pii"]
            clear: dict[str, Any] = msgspec.json.decode(payload)
            old = _IN_CLEAR.get((row["event_type"], row["schema_version"]), {})
            gone = {*names, *(one for name in names for one in old.get(name, ()))}
            if not clear.keys().isdisjoint(gone):
                payload = canonical_json({name: clear[name] for name in clear if name not in gone}).decode()
            opened = opened_pii(self._vault, self._tenant_id, row)
            if opened is not None and not opened.keys().isdisjoint(names):
                pii = self._sealed(row, {name: opened[name] for name in opened if name not in names})
            if (payload, pii) != (row["payload"], row["pii"]):
                replaced.append(self._replace(row, payload, pii))
        return replaced

    def unseal_elsewhere(self, patient_ids: Collection[str]) -> Sequence[Replaced]:
        payloads = (row["payload"] for row in self._about(patient_ids))
        found = [self._row(event_id) for event_id in named_elsewhere(self._reads, self._tenant_id, payloads)]
        return [self._replace(row, row["payload"], None) for row in found if row is not None]

    def destroy_keys(self, patient_ids: Collection[str]) -> Sequence[str]:
        self.condemned += patient_ids
        return [key_id_of(self._tenant_id, patient_id) for patient_id in patient_ids]

    def chain_hash(self) -> str:
        if isinstance(self._reads, Session):
            return self._reads.end_of(self._tenant_id).event_hash
        head = self._reads.head(self._tenant_id)
        assert head is not None, "a tenant that can be asked has a log"
        return head.event_hash

    def replacements(self) -> list[Replacement]:
        return [Replacement(new.payload, new.pii, self._tenant_id, new.row["seq"]) for new in self._new.values()]

    def streams(self) -> set[str]:
        """The streams some of whose bodies are replaced."""
        return {new.row["stream_id"] for new in self._new.values()}

    def guards_lost(self) -> set[GuardKey]:
        """What the new bodies do not claim any more: guards are always what a replay of the log gives."""
        lost: set[GuardKey] = set()
        for stream_id in self.streams():
            rows = self._reads.stream(self._tenant_id, stream_id)
            new = {one.row["seq"]: one.payload for one in self._new.values()}
            before = self._claimed(stream_id, ((row, row[_PAYLOAD]) for row in rows))
            after = self._claimed(stream_id, ((row, new.get(row[_SEQ], row[_PAYLOAD])) for row in rows))
            lost |= {(self._tenant_id, kind, value) for kind, value in before - after}
        return lost

    def _about(self, patient_ids: Collection[str]) -> Iterable[dict[str, Any]]:
        for patient_id in patient_ids:
            for row in self._reads.bodies_tagged(self._tenant_id, "patient", patient_id):
                yield dict(zip(EVENT_COLUMNS, row, strict=True))

    def _row(self, event_id: str) -> dict[str, Any] | None:
        row = self._reads.event(self._tenant_id, event_id)
        return dict(zip(EVENT_COLUMNS, row, strict=True)) if row is not None else None

    def _opened(self, row: dict[str, Any]) -> dict[str, Any]:
        opened = opened_pii(self._vault, self._tenant_id, row)
        if opened is None:
            raise Refused("INVALID_STATE", "nothing of the sealed part can be read any more", id=row["event_id"])
        return opened

    def _sealed(self, row: dict[str, Any], clear: dict[str, Any]) -> bytes | None:
        """The sealed part anew, under the same key; None when nothing is left of it."""
        if not clear:
            return None
        digest = body_digest(row["payload"].encode(), row["pii"])
        subject = row["patient_id"] or row["stream_id"]
        sealed = self._vault.seal(self._tenant_id, subject, row["event_id"], canonical_json(clear), digest)
        return sealed[1] if sealed else None

    def _replace(self, row: dict[str, Any], payload: str, pii: bytes | None) -> Replaced:
        self._new[row["event_id"]] = _New(row, payload, pii)
        return Replaced(
            event_id=row["event_id"],
            old_digest=body_digest(row["payload"].encode(), row["pii"]),
            new_digest=body_digest(payload.encode(), pii),
        )

    def _claimed(self, stream_id: str, bodies: Iterable[tuple[tuple[Any, ...], str]]) -> set[tuple[str, str]]:
        """(kind, value) of the guards that a stream with these bodies holds at its end."""
        aggregate, id = aggregate_of_stream(stream_id)
        state = aggregate.fresh(id)
        claimed: set[tuple[str, str]] = set()
        for row, payload in bodies:
            event = decode_event(row[_TYPE], row[_VERSION], payload, None, self._pasts, self._tenant_id, row[_SEQ])
            change = aggregate.guards(state, event)
            aggregate.evolve(state, event)
            if change is not None:
                claimed -= {(guard.kind, guard.value) for guard in change.release}
                claimed |= {(guard.kind, guard.value) for guard in change.claim}
        return claimed
