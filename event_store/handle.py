"""authorise, load, decide, append: the one way in.

A process decides one command at a time, under the lock of the tenant's head row, and commits many in one durable
transaction. So a decision always sees the present, and nothing has to be decided twice.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

import msgspec

from event_store.appending import Appender
from event_store.authorise import authorise_role, authorise_target
from event_store.catalogue import owner_of
from event_store.context import DecisionContext
from event_store.ledger.session import Ledger, Reads, Session
from event_store.recorded import Recorded, recorded
from event_store.retention.keys import Vault
from event_store.retention.opening import opened_event
from event_store.states import States, stream_of
from mymedic.clock import Clock
from mymedic.errors import Refused
from mymedic.ids import IdFactory
from mymedic.messages import Ack, Envelope, ErrorBody, Event, On, canonical_json

_ACK = msgspec.json.Decoder(Ack)
OFFLINE_PAST = timedelta(hours=24)
OFFLINE_FUTURE = timedelta(minutes=2)


class Batch:
    """Commands decided one after another in one open transaction; durable together when the batch ends."""

    def __init__(self, handler: Handler, session: Session) -> None:
        self._handler = handler
        self.session = session
        self.recorded: list[Recorded] = []

    @property
    def clock(self) -> Clock:
        return self._handler.clock

    def handle(self, envelope: Envelope) -> Ack:
        return self._handler.answer(self.session, envelope, self.recorded.append)

    submit = handle  # so that whoever takes a handler can be given a batch

    def preview(self, envelope: Envelope) -> list[Event | On]:
        return self._handler.consider(self.session, envelope)

    def holder(self, tenant_id: str, kind: str, value: str) -> str | None:
        return _holder(self.session, tenant_id, kind, value)

    def opened(self, tenant_id: str, aggregate: str, id: str, version: int) -> Event:
        return opened_event(self.session, self._handler.vault, tenant_id, stream_of(aggregate, id), version)

    def take_recorded(self) -> list[Recorded]:
        """The events appended since the last call."""
        taken, self.recorded = self.recorded, []
        return taken

    def events(self, tenant_id: str, after_seq: int, limit: int) -> list[Recorded]:
        return [recorded(row) for row in self.session.events(tenant_id, after_seq, limit)]

    def state(self, tenant_id: str, aggregate: str, id: str) -> Any:
        return self._handler.peek(self.session, tenant_id, aggregate, id)

    def related(self, tenant_id: str, aggregate: str, kind: str, value: str) -> list[Any]:
        """States of that aggregate's streams with an event tagged `kind = value`."""
        return self._handler.peek_related(self.session, tenant_id, aggregate, kind, value)


class Handler:
    """Decides commands. One per process and ledger; calls from several threads take turns."""

    def __init__(self, ledger: Ledger, vault: Vault, clock: Clock, ids: IdFactory) -> None:
        self.ledger = ledger
        self.vault = vault
        self.clock = clock
        self._ids = ids
        self._mutex = threading.RLock()
        self._states: dict[str, States] = {}
        self._level: set[str] = set()

    def submit(self, envelope: Envelope) -> Ack:
        """Answer one command; durable when this returns."""
        return self.submit_many([envelope])[0]

    def submit_many(self, envelopes: Sequence[Envelope]) -> list[Ack]:
        """Answer commands in one durable transaction; each is accepted or rejected by itself."""
        try:
            commands: dict[str, list[str]] = {}
            for envelope in envelopes:
                commands.setdefault(envelope.tenant_id, []).append(envelope.command_id)
            with self._transaction(sorted(commands)) as session:
                for tenant_id, command_ids in commands.items():
                    session.expect(tenant_id, command_ids)
                return [self.answer(session, envelope) for envelope in envelopes]
        except Refused as refusal:  # the store itself: full, locked or gone; nothing was kept
            return [_rejected(envelope.command_id, refusal) for envelope in envelopes]

    @contextmanager
    def batch(self) -> Iterator[Batch]:
        """A batch of commands; when the block raises, none of them happened."""
        with self._transaction([]) as session:
            yield Batch(self, session)

    def state(self, tenant_id: str, aggregate: str, id: str) -> Any:
        """The present state of a stream. Read it, do not change it."""
        with self._mutex, self.ledger.read() as reads:
            return self._read_level(reads, tenant_id).get(reads, stream_of(aggregate, id)).state

    def preview(self, envelope: Envelope) -> list[Event | On]:
        """What a command would record if it came now. Records nothing; raises what would refuse it."""
        with self._mutex, self.ledger.read() as reads:
            return self.consider(reads, envelope)

    def holder(self, tenant_id: str, kind: str, value: str) -> str | None:
        """Id of the aggregate that holds a guard, or None when it is free."""
        with self.ledger.read() as reads:
            return _holder(reads, tenant_id, kind, value)

    def opened(self, tenant_id: str, aggregate: str, id: str, version: int) -> Event:
        """One event of a stream with its sealed part, for the machines that need it again; never for a person."""
        with self.ledger.read() as reads:
            return opened_event(reads, self.vault, tenant_id, stream_of(aggregate, id), version)

    def _read_level(self, reads: Reads, tenant_id: str) -> States:
        head = reads.head(tenant_id)
        states = self._states.setdefault(tenant_id, States(tenant_id, head.seq if head else 0))
        if head is not None and head.seq != states.seq:
            states.catch_up(reads, head.seq)
        return states

    @contextmanager
    def _transaction(self, tenants: Sequence[str]) -> Iterator[Session]:
        with self._mutex:
            self._level.clear()
            try:
                with self.ledger.write() as session, self.vault.group():
                    for tenant_id in tenants:  # in order, so that two processes cannot wait for each other
                        self._levelled(session, tenant_id)
                    yield session
            except BaseException:
                self._states.clear()  # they may hold events that were not kept
                raise

    def _levelled(self, session: Session, tenant_id: str) -> States:
        """The tenant's states, with its head locked and everything known up to it."""
        if tenant_id in self._level:
            return self._states[tenant_id]
        head = session.take(tenant_id)
        seq = head.seq if head else 0
        states = self._states.get(tenant_id)
        if states is None:
            states = self._states[tenant_id] = States(tenant_id, seq)
        elif states.seq != seq:
            states.catch_up(session, seq)
        self._level.add(tenant_id)
        return states

    def peek(self, session: Session, tenant_id: str, aggregate: str, id: str) -> Any:
        return self._levelled(session, tenant_id).get(session, stream_of(aggregate, id)).state

    def peek_related(self, session: Session, tenant_id: str, aggregate: str, kind: str, value: str) -> list[Any]:
        states = self._levelled(session, tenant_id)
        prefix = stream_of(aggregate, "")
        found = states.related(session, kind, value)
        return [states.get(session, stream_id).state for stream_id in found if stream_id.startswith(prefix)]

    def answer(self, session: Session, envelope: Envelope, keep: Callable[[Recorded], None] | None = None) -> Ack:
        """Decide one command inside an open transaction; `keep` is handed each event that it appended."""
        tenant_id = envelope.tenant_id
        states = self._levelled(session, tenant_id)
        fingerprint = ""
        try:
            authorise_role(envelope)
            fingerprint = _fingerprint(envelope)
            answered = session.command(tenant_id, envelope.command_id)
            if answered is not None:
                return _again(envelope, fingerprint, *answered)
            context, stream_id, decided = self._decide(session, states, envelope)
            appender = Appender(session, states, self.vault, envelope, context, stream_id)
            return appender.append(decided, fingerprint, keep)
        except Refused as refusal:
            ack = _rejected(envelope.command_id, refusal)
            if fingerprint and states.seq and not refusal.retryable and refusal.code != "IDEMPOTENCY_CONFLICT":
                session.log_command(tenant_id, envelope.command_id, fingerprint, msgspec.json.encode(ack).decode())
            return ack

    def consider(self, reads: Reads, envelope: Envelope) -> list[Event | On]:
        """Decide one command and keep nothing."""
        authorise_role(envelope)
        if isinstance(reads, Session):
            states = self._levelled(reads, envelope.tenant_id)
        else:
            states = self._read_level(reads, envelope.tenant_id)
        return self._decide(reads, states, envelope)[2]

    def _decide(
        self, reads: Reads, states: States, envelope: Envelope
    ) -> tuple[DecisionContext, str, list[Event | On]]:
        aggregate, decision = owner_of(type(envelope.command))
        now = self.clock.now()
        occurred_at = _occurred_at(envelope, now)
        context = DecisionContext(envelope, reads, states, self.vault, self._ids, now, occurred_at)
        self._require_tenant(envelope, context)
        if callable(decision.target):
            context.id = decision.target(envelope.command, context)
        else:
            named = getattr(envelope.command, decision.target) if decision.target else None
            context.id = named or envelope.aggregate_id or context.new_id(aggregate.id_prefix)
        stream_id = aggregate.stream_id(context.id)
        entry = states.get(reads, stream_id)
        authorise_target(envelope, entry.state)
        if decision.creates is True and entry.state.exists:
            raise Refused("ALREADY_EXISTS", f"{context.id} exists", id=context.id)
        if decision.creates is False and not entry.state.exists:
            raise Refused("NOT_FOUND", f"there is no {aggregate.name.replace('_', ' ')} {context.id}", id=context.id)
        if envelope.expected_version is not None and envelope.expected_version != entry.version:
            raise Refused(
                "VERSION_CONFLICT",
                f"{stream_id} is at version {entry.version}, not {envelope.expected_version}",
                version=entry.version,
            )
        return context, stream_id, list(decision.decide(entry.state, envelope.command, context))

    def _require_tenant(self, envelope: Envelope, context: DecisionContext) -> None:
        tenant = context.state("tenant", envelope.tenant_id)
        if not tenant.exists:
            if type(envelope.command).__name__ != "RegisterTenant":
                raise Refused("NOT_FOUND", "there is no such tenant")
        elif tenant.status == "suspended":
            raise Refused("TENANT_SUSPENDED", f"{envelope.tenant_id} is suspended")


def _holder(reads: Reads, tenant_id: str, kind: str, value: str) -> str | None:
    found = reads.guard((tenant_id, kind, value))
    return found[0] if found else None


def _fingerprint(envelope: Envelope) -> str:
    """What must be equal for two commands with one id to be the same command."""
    name = type(envelope.command).__name__
    return sha256(canonical_json([name, envelope.aggregate_id, envelope.command])).hexdigest()


def _again(envelope: Envelope, fingerprint: str, logged_fingerprint: str, logged_ack: str) -> Ack:
    if fingerprint != logged_fingerprint:
        raise Refused("IDEMPOTENCY_CONFLICT", "this command id was used before for another command")
    ack = _ACK.decode(logged_ack)
    return ack if ack.status == "rejected" else msgspec.structs.replace(ack, status="duplicate")


def _rejected(command_id: str, refusal: Refused) -> Ack:
    error = ErrorBody(
        code=refusal.code,
        message=refusal.message,
        details={name: value for name, value in refusal.details.items() if value is not None},
        retryable=refusal.retryable,
    )
    return Ack(status="rejected", command_id=command_id, error=error)


def _occurred_at(envelope: Envelope, now: datetime) -> datetime:
    """R-CMD-6: an offline client's own time counts when it is at most a day old and not ahead of us."""
    at = envelope.client_recorded_at
    if at is None:
        return envelope.issued_at
    if not now - OFFLINE_PAST <= at <= now + OFFLINE_FUTURE:
        raise Refused("CLOCK_SKEW", "client_recorded_at must lie between 24 h ago and 2 min from now")
    return at
