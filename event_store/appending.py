"""From decided events to rows: envelope, keys, tags, guards, sealing, the hash chain, the answer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from event_store.catalogue import AGGREGATES, aggregate_of_stream, check_readable, encode_payload
from event_store.context import DecisionContext
from event_store.ledger.chain import body_digest, link
from event_store.ledger.reads import GuardKey, Head, Held
from event_store.ledger.schema import EVENT_COLUMNS
from event_store.ledger.session import Session
from event_store.recorded import Recorded
from event_store.retention.bodies import StoredBodies
from event_store.retention.keys import Vault
from event_store.states import States, keys_of, tags_of
from mymedic.clock import from_micros, micros
from mymedic.deciding import GUARD_CODES, GuardChange
from mymedic.errors import Refused
from mymedic.messages import Ack, Actor, Envelope, Event, On, canonical_json

# Where payload and sealed part stand among the columns; around them stands what is hashed with its value.
_BODY = EVENT_COLUMNS.index("payload")
_ACTORS: dict[Actor, str] = {}


def _actor_json(actor: Actor) -> str:
    found = _ACTORS.get(actor)
    if found is None:
        if len(_ACTORS) > 10_000:
            _ACTORS.clear()
        stored = {"type": actor.type, "id": actor.id, "roles": actor.roles, "on_behalf_of": actor.on_behalf_of}
        found = _ACTORS[actor] = canonical_json({k: v for k, v in stored.items() if v}).decode()
    return found


class Appender:
    """Appends what one command decided. Nothing reaches the session before every guard is seen to be free."""

    def __init__(
        self,
        session: Session,
        states: States,
        vault: Vault,
        envelope: Envelope,
        context: DecisionContext,
        stream_id: str,
    ) -> None:
        self._session = session
        self._states = states
        self._vault = vault
        self._envelope = envelope
        self._context = context
        self._stream_id = stream_id
        self._head = session.end_of(envelope.tenant_id)
        self._now, self._occurred_at = micros(context.now), micros(context.occurred_at)
        self._held: dict[GuardKey, Held] = {}
        self._released: set[GuardKey] = set()
        self._rows: list[tuple[Any, ...]] = []
        self._tags: list[tuple[str, str, str, int]] = []
        self._kept: list[Recorded] = []

    def append(self, decided: Sequence[Event | On], fingerprint: str, keep: Callable[[Recorded], None] | None) -> Ack:
        touched: set[str] = set()
        try:
            for item in decided:
                if isinstance(item, On):
                    stream_id, event = AGGREGATES[item.aggregate].stream_id(item.id), item.event
                else:
                    stream_id, event = self._stream_id, item
                touched.add(stream_id)
                self._add(stream_id, event, keep is not None)
        except BaseException:
            for stream_id in touched:  # they may have folded events that will not be kept
                self._states.forget(stream_id)
            self._states.forget_relations()
            raise
        entry = self._states.get(self._session, self._stream_id)
        ack = Ack(
            status="accepted",
            command_id=self._envelope.command_id,
            stream_id=self._stream_id,
            stream_version=entry.version,
            event_ids=tuple(row[2] for row in self._rows),
            first_seq=self._rows[0][1] if self._rows else None,
            last_seq=self._rows[-1][1] if self._rows else None,
        )
        tenant_id = self._envelope.tenant_id
        replacing = self._context.replacing
        if replacing is not None:
            self._released |= replacing.guards_lost()
        if self._released or self._held:
            self._session.change_guards(self._released, self._held)
        if self._rows:
            self._session.append(tenant_id, self._head, self._rows, self._tags)
            self._states.seq = self._head.seq
        if replacing is not None:
            self._replace(replacing)
        self._session.log_command(tenant_id, ack.command_id, fingerprint, msgspec.json.encode(ack).decode())
        if keep is not None:
            for one in self._kept:
                keep(one)
        return ack

    def _replace(self, replacing: StoredBodies) -> None:
        """Carry out what the decision asked for beside its events, in their transaction."""
        self._session.replace_bodies(replacing.replacements())
        for stream_id in replacing.streams():
            self._states.forget(stream_id)  # they may have been folded from what is gone now
        for subject in replacing.condemned:
            self._vault.condemn(self._envelope.tenant_id, subject, self._envelope.command_id)

    def _add(self, stream_id: str, event: Event, is_kept: bool) -> None:
        envelope, context, head = self._envelope, self._context, self._head
        tenant_id = envelope.tenant_id
        aggregate, id = aggregate_of_stream(stream_id)
        entry = self._states.begin(stream_id) if id in context.made else self._states.get(self._session, stream_id)
        change = aggregate.guards(entry.state, event)
        if change is not None:
            self._plan(change, id)
        aggregate.evolve(entry.state, event)
        entry.version += 1
        keys = keys_of(event, entry.state)
        tags = tags_of(keys, event, entry.state)
        self._states.applied(stream_id, tags)
        event_id = context.new_id("evt")
        key_id, sealed = self._seal(event, event_id, keys["patient_id"] or stream_id)
        policies = getattr(event, "policy_version_ids", None) or getattr(event, "policy_version_id", None)
        if isinstance(policies, str):
            policies = (policies,)
        hashed: dict[str, Any] = {  # in the order of EVENT_COLUMNS
            "tenant_id": tenant_id,
            "seq": head.seq + 1,
            "event_id": event_id,
            "stream_id": stream_id,
            "stream_version": entry.version,
            "event_type": type(event).__name__,
            "schema_version": event.version,
            "branch_id": keys["branch_id"] or envelope.branch_id,
            "patient_id": keys["patient_id"],
            "admission_id": keys["admission_id"],
            "claim_id": keys["claim_id"],
            "appointment_id": keys["appointment_id"],
            "payment_id": keys["payment_id"],
            "occurred_at": self._occurred_at,
            "recorded_at": max(self._now, head.recorded_at),
            "causation_id": envelope.causation_id or envelope.command_id,
            "correlation_id": envelope.correlation_id,
            "command_id": envelope.command_id,
            "actor": _actor_json(envelope.actor),
            "channel": envelope.channel,
            "policy_version_ids": canonical_json(policies).decode() if policies else None,
            "pii_key_id": key_id,
            "retention_class": ",".join(event.retention),
        }
        payload = encode_payload(event)
        check_readable(event, payload)
        digest = body_digest(payload, sealed)
        event_hash = link(head.event_hash, hashed, digest)
        values = tuple(hashed.values())
        self._rows.append(
            (*values[:_BODY], payload.decode(), sealed, *values[_BODY:], digest, head.event_hash, event_hash)
        )
        self._head = Head(head.seq + 1, event_hash, hashed["recorded_at"])
        self._tag(self._head.seq, tags)
        if is_kept:
            self._kept.append(_as_recorded(hashed, envelope, policies, event))

    def _seal(self, event: Event, event_id: str, subject: str) -> tuple[str | None, bytes | None]:
        """(key id, sealed bytes) of the personal data of an event, when it has any."""
        pii = getattr(event, "pii", None)
        if pii is None:
            return None, None
        sealed = self._vault.seal(self._envelope.tenant_id, subject, event_id, canonical_json(pii))
        return sealed or (None, None)

    def _tag(self, seq: int, tags: Sequence[tuple[str, str]]) -> None:
        envelope = self._envelope
        tenant_id = envelope.tenant_id
        self._tags += [(tenant_id, kind, value, seq) for kind, value in tags]
        self._tags.append((tenant_id, "actor", envelope.actor.id, seq))
        if envelope.correlation_id:
            self._tags.append((tenant_id, "correlation", envelope.correlation_id, seq))

    def _plan(self, change: GuardChange, id: str) -> None:
        """Note what the event claims and releases; refuse when another holds what it claims."""
        tenant_id = self._envelope.tenant_id
        for guard in change.release:
            key = (tenant_id, guard.kind, guard.value)
            self._released.add(key)
            self._held.pop(key, None)
        unknown: list[GuardKey] = []
        for guard in change.claim:
            key = (tenant_id, guard.kind, guard.value)
            if key in self._held:
                raise _taken(key)
            if key not in self._released:
                unknown.append(key)
        taken = self._session.taken(unknown) if unknown else None
        if taken is not None:
            raise _taken(taken)
        for guard in change.claim:
            self._held[tenant_id, guard.kind, guard.value] = Held(id, guard.detail)


def _taken(key: GuardKey) -> Refused:
    _, kind, value = key
    return Refused(GUARD_CODES.get(kind, "ALREADY_EXISTS"), f"{kind.replace('_', ' ')} {value} is taken", value=value)


def _as_recorded(hashed: dict[str, Any], envelope: Envelope, policies: Any, event: Event) -> Recorded:
    return Recorded(
        tenant_id=hashed["tenant_id"],
        seq=hashed["seq"],
        event_id=hashed["event_id"],
        stream_id=hashed["stream_id"],
        stream_version=hashed["stream_version"],
        event_type=hashed["event_type"],
        schema_version=hashed["schema_version"],
        branch_id=hashed["branch_id"],
        patient_id=hashed["patient_id"],
        admission_id=hashed["admission_id"],
        claim_id=hashed["claim_id"],
        appointment_id=hashed["appointment_id"],
        payment_id=hashed["payment_id"],
        occurred_at=from_micros(hashed["occurred_at"]),
        recorded_at=from_micros(hashed["recorded_at"]),
        causation_id=hashed["causation_id"],
        correlation_id=hashed["correlation_id"],
        command_id=hashed["command_id"],
        actor=envelope.actor,
        channel=envelope.channel,
        policy_version_ids=tuple(policies or ()),
        event=event,
    )
